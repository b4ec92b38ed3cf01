"""La place que prend un texte, à peu près : de quoi partager les colonnes d'un tableau et compter les pages."""

from __future__ import annotations

import math
from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

# Chasse des lettres d'Arial, en parts du corps.
_CHASSES: Final = (
    ("iljI|'’", 0.222),
    (".,:;!ft/ ·\u00a0", 0.278),
    ("r()[]-", 0.333),
    ("\u202f\u2009", 0.2),
    ("csçkvxyzJ", 0.5),
    ("+−<>=", 0.584),
    ("FTZ", 0.611),
    ("ABEKPSVXYÀÉÈ&", 0.667),
    ("CDHNRUw", 0.722),
    ("GOQ", 0.778),
    ("mM", 0.833),
    ("%œ", 0.9),
    ("WŒ", 0.95),
)
_CHASSE: Final[dict[str, float]] = defaultdict(
    lambda: 0.556, {lettre: chasse for lettres, chasse in _CHASSES for lettre in lettres}
)
GRAS: Final = 1.1
INTERLIGNE: Final = 1.15
LIGNES_D_ENTETE: Final = 3
# Un texte long ne prend pas toute la table ; un nom de fichier s'y coupe.
PART_MAXIMALE: Final = 1.2
MOT_MAXIMAL: Final = 0.2
# Une valeur, son unité et son signe : jamais sur deux lignes.
COURT: Final = 9.0


@lru_cache(maxsize=20_000)
def chasse(texte: str) -> float:
    """Mesurer un texte d'une ligne, en parts du corps."""
    return sum(map(_CHASSE.__getitem__, texte))


def lignes(texte: str, corps: float, largeur: float, *, gras: bool = False) -> int:
    """Compter les lignes d'un texte dans une largeur en points ; une ligne se coupe aux mots, donc un peu avant le bord."""
    facteur = corps * (GRAS if gras else 1.0)
    return sum(_lignes(ligne, facteur, max(largeur, corps)) for ligne in texte.split("\n"))


def _lignes(texte: str, facteur: float, largeur: float) -> int:
    if chasse(texte) * facteur <= largeur:
        return 1
    nombre, place = 1, 0.0
    for mot in texte.split(" "):
        long = chasse(mot) * facteur
        if place and place + long > largeur:
            nombre, place = nombre + 1, 0.0
        if long > largeur:
            nombre += math.ceil(long / largeur) - 1
        place += long + 0.278 * facteur
    return nombre


def largeurs_de_colonnes(
    colonnes: Sequence[Sequence[str]], corps: float, total: float, marge: float
) -> list[float]:
    """Partager une largeur en points entre des colonnes, chacune donnée par son en-tête puis ses cellules.

    Chaque colonne reçoit ce qui ne se coupe pas ; le reste va d'abord aux cellules, puis aux en-têtes, sur trois lignes.
    """
    facteur = corps * GRAS
    mots = [min(_insecable(textes) * facteur, MOT_MAXIMAL * total) + marge for textes in colonnes]
    utiles, entetes = (
        [max(min(plein, PART_MAXIMALE * total) - mot, 0.0) for plein, mot in zip(pleins, mots, strict=True)]
        for pleins in (
            [_plein(textes[1:]) * facteur + marge for textes in colonnes],
            [chasse(textes[0]) / LIGNES_D_ENTETE * facteur + marge for textes in colonnes],
        )
    )
    if sum(mots) > total:
        return [mot * total / sum(mots) for mot in mots]
    largeurs = _ajouter(mots, utiles, total)
    manques = [
        max(mot + besoin - large, 0.0) for mot, besoin, large in zip(mots, entetes, largeurs, strict=True)
    ]
    largeurs = _ajouter(largeurs, manques, total)
    # Tout tient : le blanc se partage.
    return [large + (total - sum(largeurs)) / len(largeurs) for large in largeurs]


def _ajouter(largeurs: Sequence[float], besoins: Sequence[float], total: float) -> list[float]:
    """Donner à chacun ce qu'il lui faut, ou sa part de ce qui reste."""
    part = min(1.0, (total - sum(largeurs)) / sum(besoins)) if sum(besoins) else 0.0
    return [large + part * besoin for large, besoin in zip(largeurs, besoins, strict=True)]


def _insecable(textes: Sequence[str]) -> float:
    """Mesurer ce qui ne se coupe pas : le plus long mot, ou toute la cellule d'une colonne de valeurs courtes."""
    plein = _plein(textes[1:])
    return max(*map(_plus_long_mot, textes), plein if plein <= COURT else 0.0, 0.0)


def _plus_long_mot(texte: str) -> float:
    # Une ligne se coupe aussi après un trait d'union.
    return max(map(chasse, texte.replace("-", "- ").split()), default=0.0)


def _plein(textes: Sequence[str]) -> float:
    return max((chasse(li) for texte in textes for li in texte.split("\n")), default=0.0)
