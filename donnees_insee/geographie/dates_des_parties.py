"""Dater les parties d'une édition : l'année de ses données, et comment on la sait ; inconnue quand rien ne la prouve."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from donnees_insee import codes
from donnees_insee.catalogue.catalogue import source, sources
from donnees_insee.catalogue.tables import dates_des_parties
from donnees_insee.geographie.appartenances import geographie

if TYPE_CHECKING:
    from donnees_insee.base.base import Base, VueDeBase
    from donnees_insee.catalogue.catalogue import Partie

# Presque tous égaux : un fichier corrigé après coup garde quelques écarts. Deux nombres à quatre chiffres ou plus, égaux
# à l'unité à ceux d'une seule année, ne le sont pas par hasard.
COMPARES_MINIMUM: Final = 2
PART_EGALE: Final = 0.95
DEMI_UNITE: Final = 0.5
# Sous cette part d'égalités, un témoin de l'année annoncée la contredit.
PART_CONTRAIRE: Final = 0.5
INCONNUE: Final = "rien n'établit l'année de ces données"


@dataclass(frozen=True)
class DateDePartie:
    """La date d'une partie d'édition."""

    source: str
    partie: str
    edition: int
    annee: int | None
    preuve: str

    @property
    def phrase(self) -> str:
        """Dire la date de la partie."""
        if self.annee is None:
            return f"{self.partie} : année des données inconnue ({self.preuve})"
        return f"{self.partie} : données de {self.annee} ({self.preuve})"


class Dates:
    """Les dates des parties d'édition que tient une base."""

    def __init__(self, base: Base) -> None:
        self.base = base
        self._etablies: dict[tuple[str, str, int], DateDePartie] = {}

    def annee(self, identifiant: str, millesime: int | None, variable: str) -> int | None:
        """Donner l'année des données d'une variable."""
        partie = source(identifiant).partie_de(variable)
        if partie is None or partie.du_millesime or millesime is None:
            return millesime
        return self.de(identifiant, partie, millesime).annee

    def periode(self, identifiant: str, millesime: int | None, variable: str) -> str:
        """Dire la période d'une variable : l'année de ses données, ou la seule édition."""
        lue = source(identifiant)
        partie = lue.partie_de(variable)
        annee = self.annee(identifiant, millesime, variable)
        if partie is None or annee is None:
            return lue.periode_de(millesime)
        return partie.periode.format(annee=annee, millesime=millesime)

    def de(self, identifiant: str, partie: Partie, edition: int) -> DateDePartie:
        """Dater une partie d'édition : par un fichier tenu qui lui est égal, sinon par la table du catalogue."""
        cle = (identifiant, partie.nom, edition)
        if cle not in self._etablies:
            self._etablies[cle] = self._dater(identifiant, partie, edition)
        return self._etablies[cle]

    def des_editions_tenues(self) -> list[DateDePartie]:
        """Dater toutes les parties de toutes les éditions tenues."""
        return [
            self.de(s.id, partie, edition)
            for s in sources().values()
            if s.parties
            for edition in self.base.millesimes(s.id)
            for partie in s.parties
            if not partie.du_millesime
        ]

    def _dater(self, identifiant: str, partie: Partie, edition: int) -> DateDePartie:
        annoncee, preuve = dates_des_parties().get((identifiant, partie.nom, edition), (None, ""))
        egalites = self._egalites(identifiant, partie, edition)
        prouvees = {e.annee: e for e in egalites if e.egaux >= PART_EGALE * e.compares}
        if len(prouvees) == 1:
            (seule,) = prouvees.values()
            return DateDePartie(identifiant, partie.nom, edition, seule.annee, seule.phrase(partie))
        if len(prouvees) > 1:
            annees = " et ".join(map(str, sorted(prouvees)))
            preuve = f"des fichiers tenus de {annees} lui sont égaux : ils ne la départagent pas"
            return DateDePartie(identifiant, partie.nom, edition, None, preuve)
        # Une somme d'IRIS peut n'être qu'un extrait : elle prouve, mais ne contredit pas.
        contraires = [
            e for e in egalites if e.annee == annoncee and e.entier and e.egaux < PART_CONTRAIRE * e.compares
        ]
        if contraires:
            return DateDePartie(identifiant, partie.nom, edition, None, contraires[0].contraire(partie))
        return DateDePartie(identifiant, partie.nom, edition, annoncee, preuve or INCONNUE)

    def _egalites(self, identifiant: str, partie: Partie, edition: int) -> list[_Egalite]:
        """Comparer une partie à chaque fichier tenu qui pourrait la dater."""
        if not partie.variable:
            return []
        lues = self.base.lire(identifiant, edition, "qpv", colonnes=[partie.variable])
        if partie.variable not in lues:
            return []
        valeurs = lues[partie.variable].dropna()
        trouvees = []
        for temoin, variable, niveau in partie.temoins:
            for annee in self.base.millesimes(temoin, niveau):
                autres = self._temoin(temoin, annee, variable, niveau, valeurs.index)
                communs = valeurs.index.intersection(autres.index)
                if len(communs) < COMPARES_MINIMUM:
                    continue
                # Un producteur arrondit parfois à l'unité ce qu'un autre fichier donne avec ses décimales.
                ecarts = np.abs(valeurs[communs].to_numpy(float) - autres[communs].to_numpy(float))
                egaux = int((ecarts <= DEMI_UNITE).sum())
                trouvees.append(_Egalite(temoin, annee, egaux, len(communs), niveau != "iris"))
        return trouvees

    def _temoin(self, identifiant: str, annee: int, variable: str, niveau: str, qpv: pd.Index) -> pd.Series:
        """Lire un témoin, ramené aux quartiers ; un quartier à cheval n'a pas la population d'une commune."""
        lues = self.base.lire(identifiant, annee, niveau, colonnes=[variable])
        if variable not in lues:
            return pd.Series(dtype=float)
        serie = lues[variable].dropna()
        if niveau == "qpv":
            return serie
        if niveau == "iris":
            serie = serie.groupby([codes.ville_de_l_arrondissement(str(c)[:5]) for c in serie.index]).sum()
        communes = geographie(self.base).qpv["communes"].reindex(qpv).dropna()
        seules = {q: c[0] for q, c in communes.items() if len(c) == 1 and c[0] in serie.index}
        return pd.Series({q: float(serie[c]) for q, c in seules.items()}, dtype=float)


@dataclass(frozen=True)
class _Egalite:
    temoin: str
    annee: int
    egaux: int
    compares: int
    entier: bool

    def phrase(self, partie: Partie) -> str:
        return (
            f"{partie.variable} égal à « {source(self.temoin).titre} » {self.annee} pour {self.egaux} quartiers "
            f"sur {self.compares}"
        )

    def contraire(self, partie: Partie) -> str:
        return (
            f"{partie.variable} n'est égal à « {source(self.temoin).titre} » {self.annee} que pour {self.egaux} "
            f"quartiers sur {self.compares}"
        )


def dates(base: Base) -> Dates:
    """Donner les dates des parties d'édition d'une base, établies une fois tant que ses fichiers ne changent pas."""
    # Une base qui prépare ses parts à la demande n'a pas de vue qui les dise d'avance.
    return Dates(base) if base.a_la_demande else _partagees(base.vue())


@lru_cache(maxsize=4)
def _partagees(vue: VueDeBase) -> Dates:
    return Dates(vue.base)
