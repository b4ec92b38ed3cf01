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
    ("iljI|'’.,:;!", 0.25),
    ("ftr()[]- /·\u00a0\u202f\u2009", 0.31),
    ("ckszvxyJ", 0.5),
    ("mM%", 0.85),
    ("wWŒœ", 0.8),
    ("ABEKPSVXY&", 0.67),
    ("CDHNRUwGOQ", 0.75),
)
_CHASSE: Final[dict[str, float]] = defaultdict(
    lambda: 0.556, {lettre: chasse for lettres, chasse in _CHASSES for lettre in lettres}
)
GRAS: Final = 1.06
INTERLIGNE: Final = 1.15
LIGNES_D_ENTETE: Final = 3
# Un texte long ne prend pas toute la table ; un nom de fichier s'y coupe.
PART_MAXIMALE: Final = 1.2
MOT_MAXIMAL: Final = 0.2


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

    Chaque colonne reçoit son plus long mot ; le reste va où il y a le plus à dire, un en-tête pouvant tenir en trois lignes.
    """
    facteur = corps * GRAS
    mots = [
        min(max(map(_plus_long_mot, textes)) * facteur, MOT_MAXIMAL * total) + marge for textes in colonnes
    ]
    pleines = [_plein(textes) * facteur + marge for textes in colonnes]
    besoins = [
        max(min(plein, PART_MAXIMALE * total) - mot, 0.0) for plein, mot in zip(pleines, mots, strict=True)
    ]
    reste = total - sum(mots)
    if reste < 0:
        return [mot * total / sum(mots) for mot in mots]
    if sum(besoins) <= reste:
        # Tout tient sur une ligne : le blanc se partage.
        surplus = (reste - sum(besoins)) / len(mots)
        return [mot + besoin + surplus for mot, besoin in zip(mots, besoins, strict=True)]
    return [mot + reste * besoin / sum(besoins) for mot, besoin in zip(mots, besoins, strict=True)]


def _plus_long_mot(texte: str) -> float:
    # Une ligne se coupe aussi après un trait d'union.
    return max(map(chasse, texte.replace("-", "- ").split()), default=0.0)


def _plein(textes: Sequence[str]) -> float:
    entete, *cellules = textes
    return max(
        [chasse(entete) / LIGNES_D_ENTETE, *(chasse(li) for texte in cellules for li in texte.split("\n"))]
    )
