"""L'évolution d'un indicateur entre deux dates : euros constants, deux mesures, leur écart, sa marge, ce qu'on en dit."""

import csv
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from typing import Final

from abs.definitions import dire
from abs.indicateurs.annees_comparables import Avis
from abs.indicateurs.fiabilite import NUMERATEUR_MINIMUM, marge_de_difference, marge_par_strates
from abs.indicateurs.indicateurs import Indicateur
from donnees_insee.base.base import Base
from donnees_insee.catalogue.catalogue import source
from donnees_insee.catalogue.tables import CERTITUDES, dossiers
from donnees_insee.erreurs import DonneeAbsente, TableNonConforme, liste_de_fautes

PRIX: Final = "prix"
# Deux séries de l'indice, métropole ou France, révisées ou non, s'écartent de moins que cela.
ECART_D_INDICE: Final = 0.003


@dataclass(frozen=True)
class IndiceAnnuel:
    """L'indice moyen d'une année : sa valeur (base 100 en 2015), d'où elle vient, à quel point elle est sûre."""

    annee: int
    indice: float
    source: str
    certitude: str


@cache
def indices_des_prix() -> dict[int, IndiceAnnuel]:
    """Lire la table des prix, puis les lignes que l'analyste ajoute dans ``ABS_CATALOGUE``."""
    lus: dict[int, IndiceAnnuel] = {}
    fautes: list[str] = []
    for dossier in dossiers():
        fichier = dossier.joinpath("reference", "prix.csv")
        texte = fichier.read_text(encoding="utf-8-sig") if fichier.is_file() else ""
        for rang, ligne in enumerate(csv.DictReader(texte.splitlines(), delimiter=";"), start=2):
            try:
                annee, indice = int(ligne["annee"]), float(ligne["indice"])
                lus[annee] = IndiceAnnuel(annee, indice, ligne["source"], ligne["certitude"])
            except (KeyError, TypeError, ValueError) as cause:
                fautes.append(f"ligne {rang} : {cause}.")
                continue
            if indice <= 0 or ligne["certitude"] not in CERTITUDES.values():
                fautes.append(f"ligne {rang} : indice {indice} ou certitude « {ligne['certitude']} ».")
    if fautes:
        debut = "La table des prix est fautive ; colonnes attendues : annee;indice;source;certitude."
        raise TableNonConforme(liste_de_fautes(debut, fautes))
    return lus


def indices_tenus(base: Base) -> Mapping[int, IndiceAnnuel]:
    """Joindre à la table du projet l'indice que l'analyste a déposé."""
    connus, annees = indices_des_prix(), base.millesimes(PRIX)
    if not annees:
        return connus
    depose = base.lire(PRIX, max(annees), "annee")["INDICE"].dropna()
    lus = {int(code): float(v) for code, v in depose.items()}
    rapports = [connus[a].indice / v for a, v in lus.items() if a in connus and v > 0]
    if not rapports or max(rapports) / min(rapports) - 1 > ECART_D_INDICE:
        bornes = {"annee": max(annees), "debut": min(connus), "fin": max(connus)}
        raise TableNonConforme(dire("evolutions", "prix_sans_raccord", ecart=100 * ECART_D_INDICE, **bornes))
    rapport = sum(rapports) / len(rapports)
    origine = (f"fichier déposé ({PRIX})", "sûre")
    return connus | {a: IndiceAnnuel(a, v * rapport, *origine) for a, v in lus.items()}


def en_euros_de(montant: float, de: int, a: int, tenus: Mapping[int, IndiceAnnuel] | None = None) -> float:
    """Exprimer un montant d'une année en euros d'une autre."""
    tenus = indices_des_prix() if tenus is None else tenus
    if absents := [str(annee) for annee in (de, a) if annee not in tenus]:
        connus = ", ".join(map(str, sorted(tenus))) or "aucune"
        mots = {"absents": " et de ".join(absents), "connus": connus}
        raise DonneeAbsente(dire("evolutions", "prix_absent", **mots))
    return montant * tenus[a].indice / tenus[de].indice


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
    haut, bas = math.fsum(u[0] for u in unites), math.fsum(u[1] for u in unites)
    if not unites or math.isnan(haut) or math.isnan(bas):
        return Mesure(raison="chiffre absent du fichier")
    if bas == 0:
        return Mesure(numerateur=haut, denominateur=bas, raison="dénominateur nul")
    mesure = Mesure(indicateur.facteur * haut / bas, haut, bas)
    if not sonde or indicateur.unite != "%":
        return mesure
    if haut < NUMERATEUR_MINIMUM or bas < indicateur.denominateur_minimum:
        return replace(mesure, raison=TROP_PETIT)
    connues = [(h, b, t) for h, b, t in unites if t is not None]
    if len(connues) < len(unites):
        return replace(mesure, raison=POPULATION_INCONNUE)
    return replace(mesure, marge=marge_par_strates(connues, indicateur.effet_de_sondage))


def evaluer(
    indicateur: Indicateur,
    evolution: Evolution,
    avis: Avis,
    indices: Mapping[int, IndiceAnnuel] | None = None,
    famille: str = "",
) -> Evolution:
    """Donner l'écart, sa marge et ce qu'on peut en dire."""
    avant, apres, annees = evolution.avant, evolution.apres, (evolution.de, evolution.a)
    manques = [f"{a} : {m.raison}" for a, m in zip(annees, (avant, apres), strict=True) if m.manque]
    if indicateur.unite == "€" and not manques:
        tenus = indices_des_prix() if indices is None else indices
        if absents := [str(annee) for annee in annees if annee not in tenus]:
            manques = [f"indice des prix absent de reference/prix.csv pour {' et '.join(absents)}"]
    if avis.refus or manques:
        raison = " ".join(avis.refus) or manques[0]
        return replace(evolution, verdict=Verdict.NON_COMPARABLE, raison=raison)
    if indicateur.unite == "€":
        constant = en_euros_de(avant.valeur, *annees, indices)
        avant = replace(avant, valeur=constant, publiee=avant.valeur)
        apres = replace(apres, publiee=apres.valeur)
    ecart = apres.valeur - avant.valeur
    marge = marge_de_difference(avant.marge, apres.marge)
    seuil = seuil_d_evolution(indicateur, avant.valeur)
    if (famille or source(evolution.source).famille) in FAMILLES_EXHAUSTIVES:
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
    verdicts = Counter(e.verdict for e in evolutions)
    nets = verdicts[Verdict.SIGNIFICATIF]
    return nets, nets + verdicts[Verdict.NON_SIGNIFICATIF]


def part_notable(evolutions: Iterable[Evolution]) -> tuple[int, int, int]:
    """Compter les hausses et les baisses notables parmi les écarts jugés au seuil pratique."""
    juges = [e for e in evolutions if e.verdict in {Verdict.NOTABLE, Verdict.FAIBLE}]
    hausses = sum(e.verdict == Verdict.NOTABLE and e.ecart > 0 for e in juges)
    return hausses, sum(e.verdict == Verdict.NOTABLE for e in juges) - hausses, len(juges)
