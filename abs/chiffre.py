"""Un chiffre du diagnostic : sa valeur, ses comptes, sa date, son statut et sa source, jamais séparés."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from abs.statuts import SANS_VALEUR, Fiabilite, Statut

# Ordre de préférence entre deux lectures d'un même chiffre.
RANG: Final[dict[str, int]] = {
    Statut.PUBLIE: 0,
    Statut.CALCULE: 0,
    Statut.ESTIME: 1,
    Statut.PARTIEL: 2,
    Statut.SECRET: 3,
    Statut.SANS_OBJET: 4,
    Statut.INDISPONIBLE: 5,
}


@dataclass(frozen=True)
class Chiffre:
    """Un chiffre du diagnostic : une ligne de la table longue, jamais un nombre nu."""

    territoire: str
    niveau: str
    indicateur: str
    source: str
    statut: str
    millesime: int | None = None
    geographie: str = ""
    definition: str = ""
    periode: str = ""
    valeur: float = math.nan
    numerateur: float = math.nan
    denominateur: float = math.nan
    marge: float = math.nan
    borne_basse: float = math.nan
    borne_haute: float = math.nan
    couverture: float = math.nan
    fiabilite: str = Fiabilite.NON_EVALUEE
    note: str = ""

    @property
    def a_une_valeur(self) -> bool:
        """Dire si le chiffre peut être écrit."""
        return self.statut not in SANS_VALEUR
