"""Un chiffre du diagnostic : sa valeur, ses comptes, sa date, son statut et sa source, jamais séparés."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from abs.definitions import table
from abs.statuts import SANS_VALEUR, Fiabilite
from abs.territoires.territoires import Territoire

# Ordre de préférence entre deux lectures d'un même chiffre.
RANG: Final[dict[str, int]] = table("_libelles")["preferences"]

# Année des données d'un chiffre qui n'est pas tiré d'une édition : celle de son millésime.
DU_MILLESIME: Final = 0


# Ce que la note d'un chiffre partiel dit d'abord.
CALCULE_SUR: Final = "calculé sur "
# Ce qui distingue une ligne du diagnostic de toutes les autres : la référence que les documents écrivent.
CLE: Final = ("territoire", "niveau", "indicateur", "definition", "millesime", "source")


@dataclass(frozen=True)
class Chiffre:
    """Un chiffre du diagnostic : une ligne de la table longue, jamais un nombre nu.

    Attributes
    ----------
    millesime : int or None
        Millésime du fichier, ou édition d'un tableau de quartiers prioritaires.
    annee_de_partie : int or None
        Année des données d'une partie d'édition ; ``None`` quand rien ne l'établit, 0 pour qui a celle du millésime.

    Examples
    --------
    >>> Chiffre("34172", "commune", "part_hlm", "rp_logement", "indisponible").a_une_valeur
    False
    """

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
    annee_de_partie: int | None = DU_MILLESIME

    @property
    def annee_donnees(self) -> int | None:
        """Année des données ; ``None`` quand rien n'établit celle d'une édition de quartiers prioritaires."""
        return self.millesime if self.annee_de_partie == DU_MILLESIME else self.annee_de_partie

    @property
    def cle(self) -> tuple[str | int | None, ...]:
        """Donner ce qui distingue cette ligne de toutes les autres."""
        return tuple(getattr(self, nom) for nom in CLE)

    @property
    def a_une_valeur(self) -> bool:
        """Dire si le chiffre peut être écrit."""
        return self.statut not in SANS_VALEUR


def de_meme_date(un: Chiffre, autre: Chiffre) -> bool:
    """Dire si deux chiffres d'un même indicateur peuvent être mis côte à côte : données de la même année."""
    if (un.source, un.millesime) == (autre.source, autre.millesime):
        return True
    return un.annee_donnees is not None and un.annee_donnees == autre.annee_donnees


Lus = Sequence[tuple[Territoire, Chiffre | None]]


def chiffres_de(lus: Iterable[tuple[Territoire, Chiffre | None]]) -> list[tuple[Territoire, Chiffre]]:
    """Garder les territoires dont le chiffre a une valeur."""
    return [(t, c) for t, c in lus if c is not None and c.a_une_valeur]
