"""Choisir les couleurs : lisibles par les daltoniens, et un gris propre à chaque classe à l'impression."""

from itertools import pairwise

from cartes.charte import CHARTE, COULEURS

_RAMPES: dict[str, list[str]] = CHARTE["rampes"]
_DIVERGENTES: dict[str, list[str]] = CHARTE["divergentes"]
PALETTES_SEQUENTIELLES: tuple[str, ...] = tuple(_RAMPES)
PALETTES_DIVERGENTES: tuple[str, ...] = tuple(_DIVERGENTES)
SEQUENTIELLE_PAR_DEFAUT = "bleus"
DIVERGENTE_PAR_DEFAUT = "bleu_orange"

# Clartés L* des classes extrêmes : ni confondues avec le papier, ni si sombres que les hachures s'y perdent.
_CLARTE_MAXIMALE = 91.0
_CLARTE_MINIMALE = 32.0

# Au-dessus, les hachures d'un chiffre fragile sont sombres ; au-dessous, blanches.
CLARTE_DES_HACHURES = 50.0


def clarte(couleur: str) -> float:
    """Mesurer la clarté CIE L* d'une couleur, c'est-à-dire son gris à l'impression."""
    composantes = [int(couleur[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    rouge, vert, bleu = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in composantes)
    luminance = 0.2126 * rouge + 0.7152 * vert + 0.0722 * bleu
    return 116 * luminance ** (1 / 3) - 16 if luminance > 0.008856 else 903.3 * luminance


def contraste(couleur: str, sombre: str) -> str:
    """Choisir l'encre qui se lit sur une couleur : sombre sur une classe claire, celle du papier sur une sombre."""
    return sombre if clarte(couleur) > CLARTE_DES_HACHURES else COULEURS["papier"]


def _teinte(rampe: str, clarte_voulue: float) -> str:
    """Trouver dans une rampe la couleur d'une clarté donnée (interpolation entre deux teintes voisines)."""
    couleurs = _RAMPES[rampe]
    paires = list(pairwise(couleurs))
    # La première paire dont la couleur sombre atteint la clarté voulue ; à défaut, la plus sombre.
    claire, sombre = next((paire for paire in paires if clarte(paire[1]) <= clarte_voulue), paires[-1])
    etendue = clarte(claire) - clarte(sombre)
    part = min(max((clarte(claire) - clarte_voulue) / etendue, 0.0), 1.0)
    melange = (
        round(int(claire[i : i + 2], 16) * (1 - part) + int(sombre[i : i + 2], 16) * part) for i in (1, 3, 5)
    )
    return "#" + "".join(f"{composante:02x}" for composante in melange)


def _clartes(nombre: int) -> list[float]:
    """Répartir les clartés de la plus claire à la plus foncée, à écarts égaux."""
    if nombre == 1:
        return [(_CLARTE_MAXIMALE + _CLARTE_MINIMALE) / 2]
    pas = (_CLARTE_MAXIMALE - _CLARTE_MINIMALE) / (nombre - 1)
    return [_CLARTE_MAXIMALE - pas * rang for rang in range(nombre)]


def couleurs_sequentielles(nombre: int, palette: str | None = None) -> tuple[str, ...]:
    """Donner une couleur par classe, de la plus claire (valeurs basses) à la plus foncée."""
    rampe = palette or SEQUENTIELLE_PAR_DEFAUT
    return tuple(_teinte(rampe, niveau) for niveau in _clartes(nombre))


def couleurs_divergentes(dessous: int, dessus: int, palette: str | None = None) -> tuple[str, ...]:
    """Donner une couleur par classe, de part et d'autre d'une référence.

    De chaque côté, plus une classe est loin de la référence, plus elle est sombre. Une palette symétrique donnerait deux
    fois le même gris à l'impression : ici tout un côté est plus clair que l'autre, d'un écart double de celui qui sépare
    deux classes voisines, si bien qu'un tirage gris dit encore de quel côté est chaque territoire.
    """
    basse, haute = _DIVERGENTES[palette or DIVERGENTE_PAR_DEFAUT]
    # Une clarté de plus que de classes : celle qui n'est pas prise sépare les deux côtés.
    niveaux = _clartes(dessous + dessus + 1)
    bas = [_teinte(basse, niveau) for niveau in niveaux[:dessous]]
    haut = [_teinte(haute, niveau) for niveau in niveaux[dessous + 1 :]]
    return (*reversed(bas), *haut)
