"""Juger l'écart d'une commune avec le reste de son intercommunalité : une seule réponse pour tout le document."""

from __future__ import annotations

from dataclasses import replace

from abs.calcul.chiffre import Chiffre
from abs.indicateurs.indicateurs import Indicateur
from abs.phrases.significativite import Comparaison, Verdict, arrondi_publie, comparer, reste, seuil_de


def seuil_avec_arrondi(indicateur: Indicateur, repere: float, *chiffres: Chiffre) -> float:
    """Donner l'écart à partir duquel deux chiffres diffèrent : le seuil pratique, plus l'arrondi du producteur."""
    # 0,2 + 0,05 + 0,05 dépasse 0,3 en flottants : un écart publié de 0,3 y serait tu.
    return round(seuil_de(indicateur, repere) + arrondi_publie(indicateur, *chiffres), 9)


def comparer_au_reste(
    indicateur: Indicateur, commune: Chiffre, ensemble: Chiffre, essais: int
) -> Comparaison:
    """Comparer une commune au reste de son intercommunalité, ou à l'ensemble quand le reste ne se calcule pas."""
    if (commune.millesime, commune.definition) != (ensemble.millesime, ensemble.definition):
        return Comparaison(Verdict.NON_EVALUE)
    autre = reste(indicateur, commune, ensemble)
    if autre is None:
        autre = ensemble
    lue = comparer(indicateur, commune, autre, essais)
    assez = abs(lue.ecart) >= seuil_avec_arrondi(indicateur, autre.valeur, commune, autre)
    if lue.verdict == Verdict.DANS_LA_MARGE and assez and abs(lue.ecart) > lue.marge:
        return replace(lue, verdict=Verdict.PLUS if lue.ecart > 0 else Verdict.MOINS)
    return lue
