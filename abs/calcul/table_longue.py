"""La table longue d'un portrait : ses territoires, tous ses chiffres, et la lecture d'un chiffre à la bonne date."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import pandas as pd

from abs.calcul.chiffre import Chiffre
from abs.calcul.secret import DecisionDeSecret
from abs.indicateurs.indicateurs import Indicateur, indicateurs
from abs.territoires.demande import Demande
from abs.territoires.territoires import Territoire
from donnees_insee.base.publications import Publication

COLONNES: Final = (
    "territoire",
    "niveau",
    "geographie",
    "indicateur",
    "definition",
    "millesime",
    "periode",
    "annee_donnees",
    "valeur",
    "numerateur",
    "denominateur",
    "marge",
    "borne_basse",
    "borne_haute",
    "couverture",
    "statut",
    "fiabilite",
    "note",
    "source",
)

TEXTES: Final = tuple(nom for nom in COLONNES if Chiffre.__annotations__.get(nom) == "str")


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

    def tous(self) -> tuple[Territoire, ...]:
        """Donner tous les territoires, le sujet en tête."""
        return (
            self.sujet,
            *self.references,
            *self.mailles,
            *self.qpv,
            *self.quartiers,
            *self.qpv_autour,
        )


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

    @cached_property
    def indicateurs(self) -> dict[str, Indicateur]:
        """Indicateurs du projet, puis ceux que des sources locales ajoutent."""
        return {**indicateurs(), **self.locales.indicateurs}

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

    def sujet_du_detail(self, indicateur: str) -> Chiffre | None:
        """Donner le chiffre du sujet à la date où ses mailles sont chiffrées."""
        lus = (self.chiffre(t, indicateur, "mailles") for t in self.ensembles.mailles)
        if not any(c is not None and c.a_une_valeur for c in lus):
            return None
        return self.chiffre(self.ensembles.sujet, indicateur, "mailles")

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
        for annee in ("millesime", "annee_donnees"):
            table[annee] = table[annee].astype("Int64")
        for colonne in TEXTES:
            table[colonne] = table[colonne].astype("str")
        return table.sort_values(
            ["niveau", "territoire", "indicateur", "millesime", "source"], ignore_index=True
        )
