"""Ce que chaque chiffre est devenu d'un portrait à l'autre, là où les règles de comparaison admettent de les rapprocher."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from abs.calcul.sources_recues import est_locale
from abs.calcul.table_longue import Chiffre, Diagnostic
from abs.changements.ancien import Ancien, Fichiers, Lot
from abs.definitions import table
from abs.evolutions.evolutions import Evolution, Mesure, Verdict, evaluer
from abs.evolutions.resultats import ETABLIS
from abs.indicateurs.annees_comparables import juger, lectures_de
from abs.indicateurs.indicateurs import Indicateur
from abs.phrases.ecriture import raison_publique
from abs.territoires.territoires import Territoire
from donnees_insee.base.base import Base
from donnees_insee.erreurs import DonneeAbsente, ParametreInvalide, TableNonConforme
from donnees_insee.geographie.dans_le_temps import histoire
from donnees_insee.geographie.groupes import passage_communes

DITS: Final[dict[str, str]] = table("_changements")["raisons"]
# Deux lectures d'un même fichier peuvent différer au dernier chiffre d'un flottant.
EGALITE: Final = 1e-9


class Sort(StrEnum):
    """Ce qu'un chiffre est devenu."""

    INCHANGE = "inchangé"
    BOUGE = "a bougé"
    STABLE = "n'a pas bougé de façon établie"
    REVISE = "a été révisé"
    INCOMPARABLE = "ne se compare pas"
    PARU = "est nouveau"
    PERDU = "n'est plus donné"


@dataclass(frozen=True)
class Devenir:
    """Un chiffre, avant et maintenant, et ce qu'on peut en dire."""

    indicateur: Indicateur
    sort: Sort
    avant: Chiffre | None = None
    apres: Chiffre | None = None
    raison: str = ""
    evolution: Evolution | None = None


@dataclass(frozen=True)
class Comparaison:
    """Un portrait et celui d'avant, prêts à être rapprochés."""

    ancien: Ancien
    diagnostic: Diagnostic
    lots: Mapping[Lot, Fichiers]
    base: Base

    def devenirs(self) -> list[Devenir]:
        """Dire ce qu'est devenu chaque chiffre du territoire."""
        sujet = self.diagnostic.ensembles.sujet
        lus = (
            (i, self.ancien.chiffre(sujet, i.code), self.diagnostic.chiffre(sujet, i.code))
            for i in self.diagnostic.indicateurs.values()
        )
        return [d for i, avant, apres in lus if (d := self._devenir(i, avant, apres)) is not None]

    def _devenir(
        self, indicateur: Indicateur, avant: Chiffre | None, apres: Chiffre | None
    ) -> Devenir | None:
        eu, tenu = (c is not None and c.a_une_valeur for c in (avant, apres))
        if not eu and not tenu:
            return None
        if not tenu:
            raison = raison_publique(apres) if apres is not None else DITS["sans_chiffre"]
            return Devenir(indicateur, Sort.PERDU, avant, apres, raison)
        if avant is None or apres is None or not eu:
            return Devenir(indicateur, Sort.PARU, avant, apres)
        if (avant.source, avant.millesime, avant.definition) == (
            apres.source,
            apres.millesime,
            apres.definition,
        ):
            egaux = math.isclose(avant.valeur, apres.valeur, rel_tol=EGALITE)
            return Devenir(indicateur, Sort.INCHANGE if egaux else Sort.REVISE, avant, apres)
        if raison := self.refus(indicateur, avant, apres):
            return Devenir(indicateur, Sort.INCOMPARABLE, avant, apres, raison)
        return self._evoluer(indicateur, avant, apres)

    def _evoluer(self, indicateur: Indicateur, avant: Chiffre, apres: Chiffre) -> Devenir:
        sujet = self.diagnostic.ensembles.sujet
        de, a = _annees(avant, apres)
        lectures = lectures_de(indicateur, apres.source, de, a)
        avis = juger(indicateur, *lectures, de, a) if lectures else None
        mesures = [Mesure(c.valeur, c.numerateur, c.denominateur, c.marge) for c in (avant, apres)]
        lieu = (sujet.code, sujet.nom, sujet.niveau)
        posee = Evolution(indicateur.code, apres.source, de, a, *lieu, mesures[0], mesures[1])
        jugee = posee if avis is None else evaluer(indicateur, posee, avis)
        if jugee.verdict == Verdict.NON_COMPARABLE:
            return Devenir(indicateur, Sort.INCOMPARABLE, avant, apres, jugee.raison)
        sort = Sort.BOUGE if jugee.verdict in ETABLIS else Sort.STABLE
        return Devenir(indicateur, sort, avant, apres, jugee.raison, jugee)

    def refus(self, indicateur: Indicateur, avant: Chiffre, apres: Chiffre) -> str:
        """Dire pourquoi deux chiffres ne se comparent pas ; vide s'ils se comparent."""
        de, a = _annees(avant, apres)
        cas = {
            "source_recue": est_locale(avant) or est_locale(apres),
            "autre_source": avant.source != apres.source,
            "autre_definition": avant.definition != apres.definition,
            "sans_annee": not de or not a,
            "plus_recent": de >= a,
            "autre_lecture": not lectures_de(indicateur, apres.source, de, a),
        }
        if empeche := next((nom for nom, vrai in cas.items() if vrai), ""):
            return DITS[empeche]
        regles = self._regles(indicateur, apres.source, de, a)
        return regles or self._autre_edition(avant, apres) or self._autre_territoire(avant, apres)

    def _regles(self, indicateur: Indicateur, source: str, de: int, a: int) -> str:
        lectures = lectures_de(indicateur, source, de, a)
        try:
            return " ".join(juger(indicateur, *lectures, de, a).refus) if lectures else ""
        except TableNonConforme as refus:
            return str(refus)

    def _fichiers(self, chiffre: Chiffre, lots: Mapping[Lot, Fichiers]) -> list[Fichiers]:
        return [
            f
            for (source, annee, _), f in lots.items()
            if (source, annee) == (chiffre.source, chiffre.millesime)
        ]

    def _autre_edition(self, avant: Chiffre, apres: Chiffre) -> str:
        """Une évolution ne mêle pas deux éditions d'un même jeu."""
        deux = [
            {f.edition for f in self._fichiers(c, lots)}
            for c, lots in ((avant, self.ancien.lots), (apres, self.lots))
        ]
        return DITS["autre_edition"] if deux[0] and deux[1] and not deux[0] & deux[1] else ""

    def _autre_territoire(self, avant: Chiffre, apres: Chiffre) -> str:
        """Dire si les limites du territoire ont changé entre les deux géographies des fichiers."""
        sujet = self.diagnostic.ensembles.sujet
        if sujet.niveau not in {"commune", "qpv"}:
            mailles = {t.code for t in self.diagnostic.ensembles.mailles}
            return "" if mailles == self.ancien.mailles else DITS["autre_perimetre"]
        annees = [
            max((f.geographie or 0 for f in self._fichiers(c, lots)), default=0) or c.millesime or 0
            for c, lots in ((avant, self.ancien.lots), (apres, self.lots))
        ]
        return "" if sujet.niveau == "qpv" or annees[0] >= annees[1] else self._autres_limites(sujet, *annees)

    def _autres_limites(self, sujet: Territoire, de: int, a: int) -> str:
        try:
            passage = passage_communes(histoire(self.base), de, a).restreindre(sujet.composantes)
        except (DonneeAbsente, ParametreInvalide):
            # Sans histoire des communes, un même code est tenu pour un même territoire, comme dans les évolutions.
            return ""
        return DITS["autres_limites"].format(de=de, a=a) if passage.changes else ""


def _annees(avant: Chiffre, apres: Chiffre) -> tuple[int, int]:
    return int(avant.annee_donnees or 0), int(apres.annee_donnees or 0)
