"""Les chiffres d'une réunion d'IRIS entiers : rapports de sommes exacts, étendue des médianes, jamais une moyenne."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from abs.calcul.calcul import Calculateur
from abs.calcul.chiffre import Chiffre
from abs.indicateurs.indicateurs import Indicateur, Lecture, indicateur
from abs.perimetres.transferts import TransfertRefuse
from abs.statuts import LIBELLES_STATUT, Statut
from abs.territoires.demande import Demande
from abs.territoires.territoires import Territoire, Territoires
from donnees_insee.base.base import Base


@dataclass(frozen=True)
class Etendue:
    """Les valeurs publiées d'un indicateur dans les IRIS d'un périmètre : la plus basse, la plus haute, sans moyenne."""

    indicateur: str
    basse: float
    haute: float
    iris_bas: str
    iris_haut: str
    connus: int
    total: int
    periode: str
    absences: str


class PerimetreDIris:
    """Les chiffres d'une réunion d'IRIS entiers."""

    def __init__(self, base: Base, nom: str, iris: Sequence[str], demande: Demande | None = None) -> None:
        self.base = base
        self.nom = nom
        self.iris = tuple(sorted(set(iris)))
        self.demande = demande or Demande(nom)
        # Le calcul connaît les réunions d'IRIS sous le nom de quartier ; le chiffre rendu dit « périmètre ».
        self._groupe = Territoire(nom, "quartier", nom, composantes=self.iris, libelle=nom)
        self._calculateur = Calculateur(base, Territoires(base), self._groupe, self.demande)

    def chiffre(self, code: str) -> Chiffre:
        """Donner le rapport de sommes exact, ou la somme exacte, d'un indicateur."""
        definition = indicateur(code)
        lectures = [le for le in _a_l_iris(definition) if not le.est_publiee]
        if not lectures:
            raise TransfertRefuse(
                f"« {definition.libelle} » ({code}) est publié sans ses comptes, ou pas à l'IRIS : il ne se somme pas "
                "et ne se moyenne pas sur plusieurs IRIS. Demandez l'étendue des valeurs des IRIS."
            )
        premier: Chiffre | None = None
        for annee in self._annees(lectures):
            lu = self._calculateur.chiffre(definition, self._groupe, annee, lectures)
            if lu is not None and lu.a_une_valeur:
                return replace(lu, niveau="perimetre")
            premier = premier or lu
        if premier is not None:
            return replace(premier, niveau="perimetre")
        source = lectures[0].source
        note = f"aucun fichier « {source.titre} » à l'IRIS dans la base"
        return Chiffre(self.nom, "perimetre", code, source.id, Statut.INDISPONIBLE, note=note)

    def etendue(self, code: str) -> Etendue:
        """Donner la plus basse et la plus haute valeur publiée parmi les IRIS."""
        definition = indicateur(code)
        lectures = _a_l_iris(definition)
        vide = Etendue(
            code, math.nan, math.nan, "", "", 0, len(self.iris), "", "aucun fichier à l'IRIS dans la base"
        )
        for annee in self._annees(lectures):
            chiffres = [self.chiffre_d_iris(definition, c, annee, lectures) for c in self.iris]
            connus = sorted((c for c in chiffres if c is not None and c.a_une_valeur), key=lambda c: c.valeur)
            raisons = Counter(
                f"{LIBELLES_STATUT[c.statut]} ({c.note})" if c is not None else "absent du fichier"
                for c in chiffres
                if c is None or not c.a_une_valeur
            )
            absences = " ; ".join(f"{n} × {r}" for r, n in raisons.items())
            if connus:
                bas, haut = connus[0], connus[-1]
                bornes = (bas.valeur, haut.valeur, bas.territoire, haut.territoire)
                return Etendue(code, *bornes, len(connus), len(self.iris), bas.periode, absences)
            vide = replace(vide, absences=absences)
        return vide

    def chiffre_d_iris(
        self, definition: Indicateur, code: str, annee: int, lectures: Sequence[Lecture] | None = None
    ) -> Chiffre | None:
        """Lire le chiffre d'un IRIS, tel que le producteur le donne."""
        territoire = Territoire(code, "iris", code, composantes=(code,))
        return self._calculateur.chiffre(definition, territoire, annee, lectures or _a_l_iris(definition))

    def annees(self, definition: Indicateur) -> list[int]:
        """Lister les millésimes admis où un indicateur existe à l'IRIS."""
        return self._annees(_a_l_iris(definition))

    def _annees(self, lectures: Sequence[Lecture]) -> list[int]:
        tenues = {
            a
            for le in lectures
            for a in self.demande.vintages(self.base, le.source.id)
            if a in set(self.base.millesimes(le.source.id, "iris")) and le.vaut_pour(a)
        }
        return sorted(tenues, reverse=True)


def _a_l_iris(definition: Indicateur) -> list[Lecture]:
    return [le for le in definition.lectures if "iris" in le.source.niveaux]
