"""Dire si deux chiffres diffèrent : leurs marges, un seuil pratique, et Bonferroni pour un extrême.

Rien ici n'écrit de phrase : ces fonctions décident seulement de ce qu'une phrase aurait le droit de dire.
"""

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from statistics import NormalDist
from typing import Final

from abs.calcul.table_longue import Chiffre, de_meme_date
from abs.indicateurs.fiabilite import QUANTILE
from abs.indicateurs.indicateurs import Indicateur
from abs.statuts import Fiabilite, Statut
from abs.territoires.territoires import Territoire

RISQUE: Final = 0.05
ARRONDI_CAF: Final = 2.0
CONTENANTS: Final = frozenset({"epci", "departement", "region"})
STATUTS_COMPARES: Final = frozenset({Statut.PUBLIE, Statut.CALCULE, Statut.PARTIEL})


class Verdict(StrEnum):
    """Ce que deux chiffres permettent de dire l'un de l'autre."""

    PLUS = "plus"
    MOINS = "moins"
    COMPARABLE = "comparable"
    DANS_LA_MARGE = "dans_la_marge"
    NON_EVALUE = "non_evalue"
    MEME_ECRITURE = "meme_ecriture"


DIFFERENTS: Final = frozenset({Verdict.PLUS, Verdict.MOINS})
DITS: Final = DIFFERENTS | {Verdict.COMPARABLE}


@dataclass(frozen=True)
class Comparaison:
    """Le résultat d'une comparaison : le verdict et les nombres qui le portent."""

    verdict: Verdict
    ecart: float = math.nan
    marge: float = math.nan
    seuil: float = math.nan


def marge_de(indicateur: Indicateur, chiffre: Chiffre) -> float | None:
    """Donner la marge avec laquelle un chiffre se compare."""
    if chiffre.statut not in STATUTS_COMPARES or indicateur.nature == "effectif":
        return None
    if chiffre.fiabilite in {Fiabilite.FRAGILE, Fiabilite.NON_EVALUEE} or not math.isfinite(chiffre.valeur):
        return None
    marge = 0.0 if math.isnan(chiffre.marge) else chiffre.marge
    if chiffre.source.startswith("caf") and chiffre.denominateur > 0:
        part = chiffre.valeur / indicateur.facteur
        arrondi = indicateur.facteur * ARRONDI_CAF * math.sqrt(1 + part * part) / chiffre.denominateur
        marge = max(marge, arrondi)
    if chiffre.statut == Statut.PARTIEL:
        # La part manquante pourrait être toute d'un côté : l'écart doit tenir même alors.
        if indicateur.unite != "%" or not 0 < chiffre.couverture <= 1:
            return None
        marge += (1 - chiffre.couverture) * max(chiffre.valeur, 100 - chiffre.valeur)
    return marge


def seuil_de(indicateur: Indicateur, repere: float) -> float:
    """Donner l'écart au-dessous duquel deux valeurs ne sont pas dites différentes."""
    if indicateur.nature == "mediane":
        return indicateur.seuil_pratique / 100 * abs(repere)
    return indicateur.seuil_pratique


def elargissement(essais: int) -> float:
    """Donner le facteur de Bonferroni qui élargit une marge à 95 % quand on fait plusieurs comparaisons."""
    if essais <= 1:
        return 1.0
    return NormalDist().inv_cdf(1 - RISQUE / (2 * essais)) / QUANTILE


def reste(indicateur: Indicateur, partie: Chiffre, tout: Chiffre) -> Chiffre | None:
    """Ôter une partie du tout qui la contient, pour ne pas comparer un IRIS à lui-même."""
    haut, bas = tout.numerateur - partie.numerateur, tout.denominateur - partie.denominateur
    if not (math.isfinite(haut) and math.isfinite(bas)) or haut < 0 or bas <= 0:
        return None
    part = haut / bas
    propre = partie.valeur / indicateur.facteur
    variance = propre * (1 - propre) / partie.denominateur if partie.denominateur > 0 else 0
    marge = partie.marge
    if not math.isnan(marge) and variance > 0:
        # Même plan de sondage pour les deux : seuls changent la proportion et l'effectif.
        marge = partie.marge * math.sqrt(max(part * (1 - part), 0) / bas / variance)
    return replace(tout, valeur=part * indicateur.facteur, numerateur=haut, denominateur=bas, marge=marge)


def comparer(indicateur: Indicateur, chiffre: Chiffre, autre: Chiffre, essais: int = 1) -> Comparaison:
    """Comparer deux chiffres : l'écart doit passer la marge, puis le seuil pratique."""
    if not de_meme_date(chiffre, autre) or chiffre.definition != autre.definition:
        return Comparaison(Verdict.NON_EVALUE)
    marges = [marge_de(indicateur, c) for c in (chiffre, autre)]
    if marges[0] is None or marges[1] is None:
        return Comparaison(Verdict.NON_EVALUE)
    marge = elargissement(essais) * math.hypot(marges[0], marges[1])
    # Les valeurs sont des flottants : un écart de 2 points exactement ne doit pas se lire 1,9999.
    ecart = round(chiffre.valeur - autre.valeur, 9)
    seuil = seuil_de(indicateur, autre.valeur)
    if abs(ecart) < seuil:
        verdict = Verdict.COMPARABLE if marge <= seuil else Verdict.DANS_LA_MARGE
    elif abs(ecart) <= marge or _sous_le_seuil(ecart, seuil + arrondi_publie(indicateur, chiffre, autre)):
        verdict = Verdict.DANS_LA_MARGE
    else:
        verdict = Verdict.PLUS if ecart > 0 else Verdict.MOINS
    return Comparaison(verdict, ecart, marge, seuil)


def _sous_le_seuil(ecart: float, seuil: float) -> bool:
    """Comparer à neuf décimales : 0,2 + 0,05 + 0,05 dépasse 0,3 en binaire, et un écart de 0,3 l'atteint pourtant."""
    return round(abs(ecart), 9) < round(seuil, 9)


def arrondi_publie(indicateur: Indicateur, *chiffres: Chiffre) -> float:
    """Donner ce que l'arrondi du producteur peut cacher d'un écart entre deux rapports interdéciles."""
    if indicateur.nature != "indice" or indicateur.seuil_pratique > 1:
        return 0.0
    arrondis = [c for c in chiffres if c.statut == Statut.PUBLIE and round(c.valeur, 1) == c.valeur]
    return 0.05 * len(arrondis)


def comparer_au_tout(indicateur: Indicateur, partie: Chiffre, tout: Chiffre, essais: int = 1) -> Comparaison:
    """Comparer une partie au tout qui la contient : le test porte sur le reste du tout."""
    directe = comparer(indicateur, partie, tout, essais)
    autre = reste(indicateur, partie, tout)
    if autre is None or directe.verdict in {Verdict.NON_EVALUE, Verdict.COMPARABLE}:
        return directe
    seuil_passe = abs(directe.ecart) >= directe.seuil
    au_reste = comparer(indicateur, partie, autre, essais)
    if not seuil_passe or au_reste.verdict not in DIFFERENTS:
        return replace(directe, verdict=Verdict.DANS_LA_MARGE)
    return replace(directe, verdict=au_reste.verdict, marge=au_reste.marge)


def verdict(
    indicateur: Indicateur, sujet: Territoire, chiffre: Chiffre, t: Territoire, c: Chiffre
) -> Comparaison:
    """Comparer le sujet à une référence, ou au reste de sa commune s'il en est une partie."""
    if t.role == "commune" and sujet.niveau in {"iris", "quartier"}:
        return comparer_au_tout(indicateur, chiffre, c)
    directe = comparer(indicateur, chiffre, c)
    if directe.verdict != Verdict.COMPARABLE or sujet.niveau != "commune" or t.role not in CONTENANTS:
        return directe
    # Une ville pèse dans le tout qui la contient : « comparable » doit aussi valoir pour le reste de ce tout.
    autre = reste(indicateur, chiffre, c)
    if autre is None or comparer(indicateur, chiffre, autre).verdict == Verdict.COMPARABLE:
        return directe
    return replace(directe, verdict=Verdict.DANS_LA_MARGE)
