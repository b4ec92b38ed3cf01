"""L'ordre de grandeur de l'incertitude d'un chiffre, et le degré de fiabilité qui en découle.

La marge n'est pas un intervalle de confiance : c'est un ordre de grandeur, tiré du plan de sondage du recensement
(cinquièmes d'adresses, 40 % des logements des communes de 10 000 habitants ou plus sur cinq ans), avec un effet
de sondage forfaitaire par famille d'indicateurs. Elle ignore les non-réponses et les erreurs de déclaration.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from abs.indicateurs.indicateurs import Indicateur, Lecture
from abs.statuts import Fiabilite

SEUIL_GRANDE_COMMUNE: Final = 10_000
TAUX_DE_SONDAGE: Final = 0.40
TAUX_COMPLEMENTAIRE_PETITE_COMMUNE: Final = 0.25
QUANTILE: Final = 1.96
NUMERATEUR_MINIMUM: Final = 20.0
PART_FRAGILE: Final = 0.30
PART_MOYENNE: Final = 0.15
LABELS_PRUDENTS: Final = frozenset({"2", "3", "4"})
BAISSE: Final = {Fiabilite.BONNE: Fiabilite.MOYENNE, Fiabilite.MOYENNE: Fiabilite.FRAGILE}
MARGE_D_UN_QPV: Final = "marge approchée, tirée de la population du quartier que publie le fichier"


@dataclass(frozen=True)
class Appreciation:
    """Marge et fiabilité d'un chiffre, avec les mots qui les expliquent."""

    marge: float | None
    fiabilite: Fiabilite
    notes: tuple[str, ...] = ()


BON: Final = Appreciation(None, Fiabilite.BONNE)
NON_EVALUE: Final = Appreciation(None, Fiabilite.NON_EVALUEE)
TROP_PETIT: Final = Appreciation(None, Fiabilite.FRAGILE, ("effectif trop petit pour être commenté",))
# Ce que vaut un taux selon l'arrondi que dit la colonne INCERT.
ARRONDIS_DE_L_INSEE: Final = {
    "1": Appreciation(0.5, Fiabilite.BONNE, ("taux arrondi par l'Insee au point près",)),
    "2": Appreciation(1.0, Fiabilite.MOYENNE, ("taux arrondi par l'Insee à deux points près",)),
}


def marge_de_sondage(
    proportion: float, denominateur: float, effet: float, taux: float = TAUX_DE_SONDAGE
) -> float:
    """Estimer la marge d'une proportion du recensement, en points de pourcentage."""
    # Une proportion hors de 0 à 1, un arrondi du producteur, n'a pas de marge.
    variance = effet * (1 - taux) * proportion * (1 - proportion) / (taux * denominateur)
    return 100 * QUANTILE * math.sqrt(max(variance, 0.0))


def apprecier(
    indicateur: Indicateur,
    lecture: Lecture,
    *,
    valeur: float,
    numerateur: float | None,
    denominateur: float | None,
    population_commune: float | None,
    notes_producteur: dict[str, str],
    habitants_du_qpv: float | None = None,
) -> Appreciation:
    """Apprécier la fiabilité d'un chiffre qui a une valeur."""
    au_recensement = lecture.source.famille == "recensement"
    partie = lecture.source.partie_de(lecture.variables[0]) if lecture.variables else None
    if indicateur.nature == "effectif":
        return NON_EVALUE if au_recensement else BON
    if not au_recensement and partie is not None and partie.sondage:
        return _taux_d_un_qpv(indicateur, valeur, habitants_du_qpv)
    if not au_recensement and lecture.est_publiee:
        return _publiee(lecture, notes_producteur)
    minimums = ((numerateur, NUMERATEUR_MINIMUM), (denominateur, indicateur.denominateur_minimum))
    if any(compte is not None and compte < minimum for compte, minimum in minimums):
        return TROP_PETIT
    if au_recensement:
        label = notes_producteur.get("LAB_IRIS", "")
        return _recensement(indicateur, lecture, valeur, denominateur, population_commune, label)
    return _comptes_administratifs(notes_producteur)


def _recensement(
    indicateur: Indicateur,
    lecture: Lecture,
    valeur: float,
    denominateur: float | None,
    population: float | None,
    label: str,
) -> Appreciation:
    complementaire = any(v.startswith("C_") for v in lecture.variables)
    taux = taux_de_sondage(population, complementaire=complementaire)
    if taux is None:
        return replace(NON_EVALUE, notes=("population de la commune inconnue : marge non évaluée",))
    if taux == 1:
        return replace(BON, notes=("commune recensée exhaustivement : pas de marge de sondage",))
    if indicateur.unite != "%" or not denominateur:
        return NON_EVALUE
    marge = marge_de_sondage(valeur / 100, denominateur, indicateur.effet_de_sondage, taux)
    fiabilite = degre(valeur, marge)
    if complementaire and label in LABELS_PRUDENTS:
        mots = f"IRIS de label {label} : exploitation complémentaire à lire avec prudence"
        return Appreciation(marge, BAISSE.get(fiabilite, fiabilite), (mots,))
    return Appreciation(marge, fiabilite)


def degre(valeur: float, marge: float) -> Fiabilite:
    """Traduire une marge en degré de fiabilité."""
    repere = min(valeur, 100 - valeur)
    if repere <= 0 or marge > PART_FRAGILE * repere:
        return Fiabilite.FRAGILE
    return Fiabilite.MOYENNE if marge > PART_MOYENNE * repere else Fiabilite.BONNE


def _publiee(lecture: Lecture, notes: dict[str, str]) -> Appreciation:
    precision = next(
        (v for k, v in notes.items() if k.startswith(("DISP_NOTE", "DEC_NOTE", "NOTE_FILO"))), "0"
    )
    # Chaque fichier Filosofi dit l'arrondi de son propre taux, disponible (DISP) ou déclaré (DEC).
    incertitude = notes.get(lecture.variable.removesuffix("TP60") + "INCERT", "")
    if precision not in {"0", "", "so"}:
        return Appreciation(None, Fiabilite.FRAGILE, (f"note de précaution {precision} du producteur",))
    return ARRONDIS_DE_L_INSEE.get(incertitude, BON)


def _taux_d_un_qpv(indicateur: Indicateur, valeur: float, habitants: float | None) -> Appreciation:
    """Donner l'ordre de grandeur de l'incertitude d'un taux du recensement publié pour un quartier prioritaire."""
    if indicateur.unite != "%" or not habitants or math.isnan(habitants):
        return NON_EVALUE
    marge = marge_de_sondage(valeur / 100, habitants, indicateur.effet_de_sondage)
    return Appreciation(marge, degre(valeur, marge), (MARGE_D_UN_QPV,))


def _comptes_administratifs(notes: dict[str, str]) -> Appreciation:
    drapeaux = {k: v for k, v in notes.items() if k.startswith("NOTE_") and v not in {"0", ""}}
    mots = tuple(f"{k} = {v} (qualité signalée par le producteur)" for k, v in drapeaux.items())
    return Appreciation(None, Fiabilite.MOYENNE, mots) if drapeaux else BON


def taux_de_sondage(population: float | None, *, complementaire: bool) -> float | None:
    """Donner le taux de sondage du recensement dans une commune."""
    if population is None or math.isnan(population):
        return None
    if population >= SEUIL_GRANDE_COMMUNE:
        return TAUX_DE_SONDAGE
    return TAUX_COMPLEMENTAIRE_PETITE_COMMUNE if complementaire else 1.0


def marge_par_strates(strates: Iterable[tuple[float, float, float]], effet: float) -> float:
    """Estimer la marge d'une proportion dont les composantes n'ont pas toutes le même taux de sondage."""
    sommes: dict[float, tuple[float, float]] = {}
    for haut, bas, taux in strates:
        deja = sommes.get(taux, (0.0, 0.0))
        sommes[taux] = (deja[0] + haut, deja[1] + bas)
    total = sum(bas for _, bas in sommes.values())
    if total <= 0:
        return math.nan
    marges = (
        bas / total * marge_de_sondage(haut / bas, bas, effet, taux)
        for taux, (haut, bas) in sommes.items()
        if bas > 0
    )
    return math.sqrt(sum(marge**2 for marge in marges))


def marge_de_difference(premiere: float, seconde: float) -> float:
    """Estimer la marge de la différence de deux proportions mesurées indépendamment."""
    return math.hypot(premiere, seconde)
