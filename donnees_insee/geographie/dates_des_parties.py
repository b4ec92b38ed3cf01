"""Dater les parties d'une édition : l'année de leurs données, inconnue quand rien ne la prouve."""

from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Final

import numpy as np
import pandas as pd

from donnees_insee import codes
from donnees_insee.base.base import Base
from donnees_insee.catalogue.catalogue import Partie, source
from donnees_insee.catalogue.tables import dates_des_parties
from donnees_insee.geographie.appartenances import Geographie, geographie

# Presque tous égaux : un fichier corrigé après coup garde quelques écarts. Deux nombres à quatre chiffres ou plus, égaux
# à l'unité à ceux d'une seule année, ne le sont pas par hasard.
COMPARES_MINIMUM: Final = 2
PART_EGALE: Final = 0.95
DEMI_UNITE: Final = 0.5
# Sous cette part d'égalités, un témoin de l'année annoncée la contredit.
PART_CONTRAIRE: Final = 0.5


class Dates:
    """Les dates des parties d'édition que tient une base."""

    def __init__(self, tenue: Geographie) -> None:
        self.base, self.geographie = tenue.base, tenue
        self.de = cache(self._dater)

    def annee(self, identifiant: str, millesime: int | None, variable: str) -> int | None:
        """Donner l'année des données d'une variable."""
        partie = source(identifiant).partie_de(variable)
        if partie is None or partie.du_millesime or millesime is None:
            return millesime
        return self.de(identifiant, partie, millesime)

    def periode(self, identifiant: str, millesime: int | None, variable: str) -> str:
        """Dire la période d'une variable : l'année de ses données, ou la seule édition."""
        lue = source(identifiant)
        partie = lue.partie_de(variable)
        annee = self.annee(identifiant, millesime, variable)
        if partie is None or annee is None:
            return lue.periode_de(millesime)
        return partie.periode.format(annee=annee, millesime=millesime)

    def _dater(self, identifiant: str, partie: Partie, edition: int) -> int | None:
        """Dater une partie d'édition : par un fichier tenu qui lui est égal, sinon par la table du catalogue."""
        annoncee, _ = dates_des_parties().get((identifiant, partie.nom, edition), (None, ""))
        egalites = list(self._egalites(identifiant, partie, edition))
        prouvees = {annee for annee, part, _ in egalites if part >= PART_EGALE}
        if prouvees:
            # Des fichiers de plusieurs années qui lui sont égaux ne la départagent pas.
            return prouvees.pop() if len(prouvees) == 1 else None
        # Une somme d'IRIS peut n'être qu'un extrait : elle prouve, mais ne contredit pas.
        contredite = any(a == annoncee and entier and part < PART_CONTRAIRE for a, part, entier in egalites)
        return None if contredite else annoncee

    def _egalites(self, identifiant: str, partie: Partie, edition: int) -> Iterator[tuple[int, float, bool]]:
        """Comparer une partie à chaque fichier tenu qui pourrait la dater : son année, la part d'égaux, s'il est entier."""
        valeurs = self._lire(identifiant, edition, "qpv", partie.variable)
        for temoin, variable, niveau in partie.temoins:
            for annee in self.base.millesimes(temoin, niveau):
                autres = self._temoin(temoin, annee, variable, niveau, valeurs.index)
                communs = valeurs.index.intersection(autres.index)
                if len(communs) < COMPARES_MINIMUM:
                    continue
                # Un producteur arrondit parfois à l'unité ce qu'un autre fichier donne avec ses décimales.
                ecarts = np.abs(valeurs[communs].to_numpy(float) - autres[communs].to_numpy(float))
                yield annee, float((ecarts <= DEMI_UNITE).mean()), niveau != "iris"

    def _lire(self, identifiant: str, annee: int, niveau: str, variable: str) -> pd.Series:
        lues = self.base.lire(identifiant, annee, niveau, colonnes=[variable])
        return lues[variable].dropna() if variable in lues else pd.Series(dtype=float)

    def _temoin(self, identifiant: str, annee: int, variable: str, niveau: str, qpv: pd.Index) -> pd.Series:
        """Lire un témoin, ramené aux quartiers ; un quartier à cheval n'a pas la population d'une commune."""
        serie = self._lire(identifiant, annee, niveau, variable)
        if niveau == "qpv" or serie.empty:
            return serie
        if niveau == "iris":
            serie = serie.groupby([codes.ville_de_l_arrondissement(str(c)[:5]) for c in serie.index]).sum()
        communes = self.geographie.qpv["communes"].reindex(qpv).dropna()
        seules = {q: c[0] for q, c in communes.items() if len(c) == 1 and c[0] in serie.index}
        return pd.Series({q: float(serie[c]) for q, c in seules.items()}, dtype=float)


_partagees = lru_cache(maxsize=4)(Dates)


def dates(base: Base) -> Dates:
    """Donner les dates des parties d'édition d'une base, établies une fois tant que ses fichiers ne changent pas."""
    return _partagees(geographie(base))
