"""Un chiffre jamais séparé de son statut ni de sa source, et la table longue d'un portrait, qui les tient tous."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, pairwise
from typing import Final, get_type_hints

import pandas as pd

from abs.calcul.secret import DecisionDeSecret
from abs.definitions import table
from abs.indicateurs.indicateurs import Indicateur, indicateurs, tous_les_indicateurs
from abs.statuts import SANS_VALEUR, Fiabilite, Statut
from abs.territoires.demande import Demande
from abs.territoires.territoires import Territoire
from donnees_insee.base.publications import Publication

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


COLONNES: Final[tuple[str, ...]] = tuple(table("_lecture")["colonnes"])
TEXTES: Final = tuple(nom for nom in COLONNES if get_type_hints(Chiffre).get(nom) is str)


def mots_de_couverture(chiffre: Chiffre) -> str:
    """Dire sur quoi un chiffre partiel a été calculé."""
    if chiffre.statut != Statut.PARTIEL:
        return ""
    return next((m for m in chiffre.note.split(" ; ") if m.startswith(CALCULE_SUR)), "")


@dataclass(frozen=True)
class DonneesLocales:
    """Ce que les sources locales ajoutent à un diagnostic."""

    indicateurs: dict[str, Indicateur] = field(default_factory=dict)
    comptes: dict[str, tuple[str, str]] = field(default_factory=dict)
    reserves: dict[str, int] = field(default_factory=dict)
    decisions: list[DecisionDeSecret] = field(default_factory=list)
    montres: set[Publication] = field(default_factory=set)
    sus: dict[tuple[str, str, str], frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Ensembles:
    """Les territoires d'un portrait, rangés par usage."""

    sujet: Territoire
    references: tuple[Territoire, ...]
    mailles: tuple[Territoire, ...]
    qpv: tuple[Territoire, ...]
    quartiers: tuple[Territoire, ...]
    qpv_autour: tuple[Territoire, ...] = ()

    @property
    def par_commune(self) -> bool:
        """Dire si les mailles sont des communes."""
        return bool(self.mailles) and self.mailles[0].niveau == "commune"

    def tous(self) -> tuple[Territoire, ...]:
        """Donner tous les territoires, le sujet en tête."""
        autour = (self.references, self.mailles, self.qpv, self.quartiers, self.qpv_autour)
        return (self.sujet, *chain.from_iterable(autour))


@dataclass(frozen=True)
class Suite:
    """Un indicateur aux dates successives d'une source : le sujet en tête, et où la série se rompt."""

    source: str
    annees: tuple[int, ...]
    series: tuple[tuple[Territoire, tuple[Chiffre | None, ...]], ...]
    raisons: dict[tuple[int, int], str] = field(default_factory=dict)
    ecartees: tuple[int, ...] = ()
    # Dates tenues d'une autre édition seulement.
    autres_editions: tuple[int, ...] = ()

    @property
    def ruptures(self) -> list[tuple[int, int]]:
        """Dates voisines qui ne se comparent pas."""
        return sorted(self.raisons)

    @property
    def portion(self) -> tuple[int, ...]:
        """Années que rien ne sépare de la dernière."""
        debut = max((apres for _, apres in self.ruptures), default=0)
        return tuple(a for a in self.annees if a >= debut)

    @property
    def liee(self) -> bool:
        """Dire si deux dates au moins se comparent."""
        return bool(set(pairwise(self.annees)) - set(self.raisons))


@dataclass
class Diagnostic:
    """Tous les chiffres d'un portrait."""

    demande: Demande
    ensembles: Ensembles
    chiffres: list[Chiffre]
    remarques: list[str] = field(default_factory=list)
    millesimes: dict[tuple[str, str], int | None] = field(default_factory=dict)
    posterieures: dict[str, set[int]] = field(default_factory=dict)
    locales: DonneesLocales = field(default_factory=DonneesLocales)
    sans_evolution: str = ""
    suites: dict[str, Suite] = field(default_factory=dict)
    # Fichiers d'essai dont il est tiré : tout document qui en sort le dit.
    essais: tuple[str, ...] = ()
    # Période d'un chiffre tenu, mais à une autre date que celle des QPV : par territoire et indicateur.
    ailleurs: dict[tuple[str, str], str] = field(default_factory=dict)

    @cached_property
    def indicateurs(self) -> dict[str, Indicateur]:
        """Indicateurs que les documents montrent : ceux du projet, puis ceux que des sources locales ajoutent."""
        return {**indicateurs(), **self.locales.indicateurs}

    @cached_property
    def definitions(self) -> dict[str, Indicateur]:
        """Définitions de toutes les lignes, celles que seul un graphique montre comprises."""
        return {**tous_les_indicateurs(), **self.locales.indicateurs}

    @cached_property
    def _index(self) -> dict[tuple[str, str, str], list[Chiffre]]:
        rangs: dict[tuple[str, str, str], list[Chiffre]] = {}
        for chiffre in self.chiffres:
            rangs.setdefault((chiffre.territoire, chiffre.niveau, chiffre.indicateur), []).append(chiffre)
        return rangs

    def chiffre(self, territoire: Territoire, indicateur: str, groupe: str = "comparaison") -> Chiffre | None:
        """Donner le chiffre d'un territoire, à la date du groupe où on le lit."""
        candidats = self._index.get((territoire.code, territoire.niveau, indicateur), [])
        groupe = self._groupe_lu(territoire, indicateur, groupe)
        date = self.millesimes.get((groupe, indicateur))
        if date is None:
            return candidats[0] if candidats and groupe != "qpv_sujet" else None
        # Un chiffre d'une autre date ne se glisse jamais dans une comparaison.
        return next((c for c in candidats if c.millesime == date), None)

    def lu(self, territoire: Territoire, indicateur: str, groupe: str = "comparaison") -> Chiffre | None:
        """Donner le chiffre d'un territoire, s'il a une valeur."""
        chiffre = self.chiffre(territoire, indicateur, groupe)
        return chiffre if chiffre is not None and chiffre.a_une_valeur else None

    def lus(self, territoires: Iterable[Territoire], indicateur: str, groupe: str = "comparaison") -> Lus:
        """Mettre à côté de chaque territoire son chiffre, à la date du groupe."""
        return [(t, self.chiffre(t, indicateur, groupe)) for t in territoires]

    def sujet_du_detail(self, indicateur: str) -> Chiffre | None:
        """Donner le chiffre du sujet à la date où ses mailles sont chiffrées."""
        chiffre = self.chiffre(self.ensembles.sujet, indicateur, "mailles")
        return chiffre if chiffres_de(self.lus(self.ensembles.mailles, indicateur, "mailles")) else None

    def _groupe_lu(self, territoire: Territoire, indicateur: str, groupe: str) -> str:
        """Dire de quel groupe vient la date d'un chiffre : à côté d'un QPV, tout se lit à l'année de ses données."""
        if territoire.niveau == "qpv":
            return "qpv"
        if groupe in {"qpv", "qpv_sujet"} or self.ensembles.sujet.niveau == "qpv":
            recu = indicateur in self.locales.indicateurs
            return groupe if recu and groupe != "qpv_sujet" else "qpv_sujet"
        return groupe

    def table(self) -> pd.DataFrame:
        """Écrire le diagnostic comme le contrat du projet le fixe."""
        table = pd.DataFrame({nom: [getattr(c, nom) for c in self.chiffres] for nom in COLONNES})
        types = {**dict.fromkeys(TEXTES, "str"), "millesime": "Int64", "annee_donnees": "Int64"}
        ordre = ["niveau", "territoire", "indicateur", "millesime", "source"]
        return table.astype(types).sort_values(ordre, ignore_index=True)
