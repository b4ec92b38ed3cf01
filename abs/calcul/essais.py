"""Ce qui situe les territoires d'un diagnostic, et les fichiers d'essai dont il est tiré."""

from collections.abc import Iterable
from typing import Final

from abs.calcul.table_longue import Chiffre, Ensembles
from donnees_insee.base.base import Base
from donnees_insee.base.essai import fichiers_d_essai

# Ce qui situe les territoires, sans porter de chiffre.
SOURCES_DE_LIEUX: Final = (
    "contours_iris",
    "contours_communes",
    "contours_qpv",
    "qpv_liste",
    "appartenance",
    "reference_iris",
)
LIEUX_DES_QPV: Final = frozenset({"contours_qpv", "qpv_liste"})


def lieux_employes(ensembles: Ensembles) -> list[str]:
    """Lister les sources qui situent ces territoires."""
    sans_objet = set() if ensembles.qpv else set(LIEUX_DES_QPV)
    if not ensembles.par_commune:
        sans_objet.add("contours_communes")
    return [s for s in SOURCES_DE_LIEUX if s not in sans_objet]


def essais_employes(base: Base, ensembles: Ensembles, chiffres: Iterable[Chiffre]) -> tuple[str, ...]:
    """Nommer les fichiers d'essai dont un diagnostic tire des chiffres ou des lieux."""
    lues = {(c.source, c.millesime) for c in chiffres if c.a_une_valeur}
    lues |= {(s, p.millesime) for s in lieux_employes(ensembles) for p in base.parts_de(s)}
    return fichiers_d_essai(base, lues)
