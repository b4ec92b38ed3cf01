"""L'évolution d'un indicateur entre deux dates : deux mesures, leur écart, sa marge, et ce qu'on peut en dire."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from abs.evolutions.prix import en_euros_de, indices_des_prix
from abs.indicateurs.fiabilite import NUMERATEUR_MINIMUM, marge_de_difference, marge_par_strates
from donnees_insee.catalogue.catalogue import source
from donnees_insee.erreurs import DonneeAbsente

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from abs.evolutions.prix import IndiceAnnuel
    from abs.indicateurs.annees_comparables import Avis
    from abs.indicateurs.indicateurs import Indicateur

SANS_SOMME: Final = "une médiane, un taux ou un indice publié ne se calcule pas sur des unités réunies"
TROP_PETIT: Final = "effectif trop petit pour être commenté"
POPULATION_INCONNUE: Final = "population de la commune inconnue : marge non évaluée"
# Ce que ces fichiers donnent vient de toute la population visée, sans sondage : un écart s'y juge au seuil pratique.
FAMILLES_EXHAUSTIVES: Final = frozenset({"filosofi", "filosofi_2", "caf", "caf_ouverte"})


class Verdict(StrEnum):
    """Ce qu'on peut dire d'un écart entre deux dates : d'un sondage, au regard de sa marge ; sinon, du seuil pratique."""

    SIGNIFICATIF = "significatif"
    NON_SIGNIFICATIF = "non significatif"
    NOTABLE = "notable"
    FAIBLE = "faible"
    NON_COMPARABLE = "non comparable"
    SANS_MARGE = "marge non évaluée"


@dataclass(frozen=True)
class Mesure:
    """Un indicateur à une date, sur un groupe de même territoire."""

    valeur: float = math.nan
    numerateur: float = math.nan
    denominateur: float = math.nan
    marge: float = math.nan
    raison: str = ""
    publiee: float = math.nan

    @property
    def manque(self) -> bool:
        """Dire si la valeur manque."""
        return math.isnan(self.valeur)


@dataclass(frozen=True)
class Evolution:
    """L'évolution d'un indicateur sur un territoire constant : une ligne de tableau."""

    indicateur: str
    source: str
    de: int
    a: int
    code: str
    nom: str
    niveau: str
    avant: Mesure
    apres: Mesure
    nature: str = "identique"
    codes_de: tuple[str, ...] = ()
    codes_a: tuple[str, ...] = ()
    ecart: float = math.nan
    marge: float = math.nan
    verdict: str = Verdict.NON_COMPARABLE
    raison: str = ""
    notable: bool = False


def mesurer(
    indicateur: Indicateur, strates: Iterable[tuple[float, float, float | None]], *, sonde: bool = True
) -> Mesure:
    """Mesurer un rapport sur un groupe : le rapport des sommes, et sa marge."""
    unites = list(strates)
    haut = math.fsum(u[0] for u in unites) if unites else math.nan
    bas = math.fsum(u[1] for u in unites) if unites else math.nan
    if math.isnan(haut) or math.isnan(bas):
        return Mesure(raison="chiffre absent du fichier")
    if bas == 0:
        return Mesure(numerateur=haut, denominateur=bas, raison="dénominateur nul")
    mesure = Mesure(indicateur.facteur * haut / bas, haut, bas)
    if not sonde or indicateur.unite != "%":
        return mesure
    if haut < NUMERATEUR_MINIMUM or bas < indicateur.denominateur_minimum:
        return replace(mesure, raison=TROP_PETIT)
    if any(taux is None for _, _, taux in unites):
        return replace(mesure, raison=POPULATION_INCONNUE)
    connues = [(h, b, t) for h, b, t in unites if t is not None]
    return replace(mesure, marge=marge_par_strates(connues, indicateur.effet_de_sondage))


def evaluer(
    indicateur: Indicateur,
    evolution: Evolution,
    avis: Avis,
    indices: Mapping[int, IndiceAnnuel] | None = None,
) -> Evolution:
    """Donner l'écart, sa marge et ce qu'on peut en dire."""
    if avis.refus:
        return replace(evolution, verdict=Verdict.NON_COMPARABLE, raison=" ".join(avis.refus))
    for annee, mesure in ((evolution.de, evolution.avant), (evolution.a, evolution.apres)):
        if mesure.manque:
            return replace(evolution, verdict=Verdict.NON_COMPARABLE, raison=f"{annee} : {mesure.raison}")
    avant, apres = evolution.avant, evolution.apres
    if indicateur.unite == "€":
        try:
            constant = en_euros_de(avant.valeur, evolution.de, evolution.a, indices)
        except DonneeAbsente:
            tenus = indices_des_prix() if indices is None else indices
            absents = [str(annee) for annee in (evolution.de, evolution.a) if annee not in tenus]
            raison = f"indice des prix absent de reference/prix.csv pour {' et '.join(absents)}"
            return replace(evolution, verdict=Verdict.NON_COMPARABLE, raison=raison)
        avant = replace(avant, valeur=constant, publiee=avant.valeur)
        apres = replace(apres, publiee=apres.valeur)
    ecart = apres.valeur - avant.valeur
    marge = marge_de_difference(avant.marge, apres.marge)
    seuil = seuil_d_evolution(indicateur, avant.valeur)
    if source(evolution.source).famille in FAMILLES_EXHAUSTIVES:
        verdict: str = _au_seuil(ecart, seuil, avis.seuil)
        raison = avant.raison or apres.raison
    else:
        verdict, raison = _verdict(ecart, marge, avant, apres, seuil, avis.seuil)
    notable = abs(ecart) >= max(seuil, avis.seuil)
    jugee = replace(evolution, ecart=ecart, marge=marge, verdict=verdict, raison=raison, notable=notable)
    return replace(jugee, avant=avant, apres=apres)


def seuil_d_evolution(indicateur: Indicateur, avant: float) -> float:
    """Donner l'écart à partir duquel une évolution mérite d'être dite."""
    if indicateur.unite == "€" or indicateur.nature == "effectif":
        return indicateur.seuil_pratique / 100 * abs(avant)
    return indicateur.seuil_pratique


def _au_seuil(ecart: float, seuil: float, arrondi: float) -> Verdict:
    return Verdict.NOTABLE if abs(ecart) >= max(seuil, arrondi) else Verdict.FAIBLE


def _verdict(
    ecart: float, marge: float, avant: Mesure, apres: Mesure, seuil: float, arrondi: float
) -> tuple[str, str]:
    if arrondi and abs(ecart) < arrondi:
        return Verdict.FAIBLE, f"moins de {arrondi:g} points entre des taux arrondis"
    if math.isnan(marge):
        return Verdict.SANS_MARGE, avant.raison or apres.raison
    if marge == 0:
        return _au_seuil(ecart, seuil, arrondi), "commune recensée exhaustivement"
    return (Verdict.SIGNIFICATIF if abs(ecart) > marge else Verdict.NON_SIGNIFICATIF), ""


def part_significative(evolutions: Iterable[Evolution]) -> tuple[int, int]:
    """Compter les écarts significatifs parmi ceux dont la marge est évaluée."""
    evalues = [e.verdict for e in evolutions if e.verdict in {Verdict.SIGNIFICATIF, Verdict.NON_SIGNIFICATIF}]
    return evalues.count(Verdict.SIGNIFICATIF), len(evalues)


def part_notable(evolutions: Iterable[Evolution]) -> tuple[int, int, int]:
    """Compter les hausses et les baisses notables parmi les écarts jugés au seuil pratique."""
    juges = [e for e in evolutions if e.verdict in {Verdict.NOTABLE, Verdict.FAIBLE}]
    hausses = sum(e.verdict == Verdict.NOTABLE and e.ecart > 0 for e in juges)
    return hausses, sum(e.verdict == Verdict.NOTABLE for e in juges) - hausses, len(juges)
