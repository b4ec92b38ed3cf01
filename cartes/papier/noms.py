"""Les noms écrits sur la carte imprimée : ceux des territoires extrêmes d'abord, jamais l'un sur l'autre."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cartes.apparence import apparences
from cartes.papier.mise_en_page import INTERLIGNE, Page
from cartes.papier.reperes import Boite, occupes, vue
from cartes.papier.trace import largeur_du_texte

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# Les plus hauts, les plus bas : au-delà, la carte deviendrait un texte. Un nom qui en touche un autre laisse sa place au
# territoire suivant, tant qu'il reste parmi les premiers.
HAUTS: Final = 4
BAS: Final = 2
ESSAIS: Final = 3
REMARQUABLES: Final = 5
AUTOUR: Final = 3.0


@dataclass(frozen=True)
class Nom:
    """Un nom à écrire : son milieu, en mètres, et ses lignes."""

    x: float
    y: float
    lignes: tuple[str, ...]


def noms_a_ecrire(page: Page, places: Sequence[tuple[float, float]]) -> list[Nom]:
    """Choisir les noms qui tiennent dans le cadre sans se toucher, le plus remarquable d'abord."""
    gardes: list[Nom] = []
    places_prises = occupes(page)
    for rangs, combien in _remarquables(page):
        bout = len(gardes) + combien
        for rang in rangs:
            territoire = page.carte.territoires.iloc[rang]
            lignes = str(territoire["nom"]), page.carte.ecrire(territoire["valeur"])
            nom = _dans_le_cadre(page, places[rang], lignes)
            libre = not any(_se_touchent(_boite(page, nom), pris) for pris in places_prises)
            if len(gardes) < bout and libre:
                places_prises.append(_boite(page, nom))
                gardes.append(nom)
    return gardes


def _remarquables(page: Page) -> list[tuple[list[int], int]]:
    """Donner les territoires au chiffre solide, les plus hauts puis les plus bas, et combien en nommer."""
    looks = apparences(page.carte)
    valeurs = page.carte.territoires["valeur"].tolist()
    solides = [n for n, look in enumerate(looks) if not look.etat and not look.fragile]
    ranges = sorted(solides, key=lambda n: -valeurs[n])
    # Un cinquième au plus : un nom au milieu de la série ne dirait rien.
    hauts = ranges[: max(HAUTS, min(HAUTS * ESSAIS, len(ranges) // REMARQUABLES))]
    bas = ranges[len(hauts) :][::-1][: max(BAS, min(BAS * ESSAIS, len(ranges) // REMARQUABLES))]
    return [(hauts, HAUTS), (bas, BAS)]


def _taille(page: Page, lignes: Iterable[str]) -> tuple[float, float]:
    """Mesurer un nom, en mètres du terrain."""
    textes = list(lignes)
    largeur = max(largeur_du_texte(t, page.format.corps) for t in textes) + 2 * AUTOUR
    hauteur = len(textes) * page.format.corps * INTERLIGNE + AUTOUR
    return largeur * page.metres_par_point, hauteur * page.metres_par_point


def _dans_le_cadre(page: Page, place: tuple[float, float], lignes: tuple[str, ...]) -> Nom:
    """Rentrer un nom dans la place de la carte, sans l'éloigner de son territoire."""
    bornes, tailles = vue(page), _taille(page, lignes)
    x, y = (
        min(max(p, bas + taille / 2), haut - taille / 2)
        for p, bas, haut, taille in zip(place, bornes[:2], bornes[2:], tailles, strict=True)
    )
    return Nom(x, y, lignes)


def _boite(page: Page, nom: Nom) -> Boite:
    largeur, hauteur = _taille(page, nom.lignes)
    return nom.x - largeur / 2, nom.y - hauteur / 2, nom.x + largeur / 2, nom.y + hauteur / 2


def _se_touchent(a: Boite, b: Boite) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
