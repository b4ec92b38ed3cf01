"""L'ordre de grandeur de l'incertitude d'un chiffre, et le degré de fiabilité qui en découle.

La marge n'est pas un intervalle de confiance : c'est un ordre de grandeur, tiré du plan de sondage du recensement
(cinquièmes d'adresses, 40 % des logements des communes de 10 000 habitants ou plus sur cinq ans), avec un effet
de sondage forfaitaire par famille d'indicateurs. Elle ignore les non-réponses et les erreurs de déclaration.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from abs.indicateurs import Indicateur, Lecture
from abs.statuts import Fiabilite

SEUIL_GRANDE_COMMUNE: Final = 10_000
TAUX_DE_SONDAGE: Final = 0.40
TAUX_COMPLEMENTAIRE_PETITE_COMMUNE: Final = 0.25
QUANTILE: Final = 1.96
NUMERATEUR_MINIMUM: Final = 20.0
PART_FRAGILE: Final = 0.30
PART_MOYENNE: Final = 0.15
LABELS_PRUDENTS: Final = frozenset({"2", "3", "4"})
BAISSE: Final = {
    Fiabilite.BONNE: Fiabilite.MOYENNE,
    Fiabilite.MOYENNE: Fiabilite.FRAGILE,
    Fiabilite.FRAGILE: Fiabilite.FRAGILE,
    Fiabilite.NON_EVALUEE: Fiabilite.NON_EVALUEE,
}


@dataclass(frozen=True)
class Appreciation:
    """Marge et fiabilité d'un chiffre, avec les mots qui les expliquent."""

    marge: float | None
    fiabilite: Fiabilite
    notes: tuple[str, ...] = ()


def marge_de_sondage(
    proportion: float, denominateur: float, effet: float, taux: float = TAUX_DE_SONDAGE
) -> float:
    """Estimer la marge d'une proportion du recensement, en points de pourcentage.

    Parameters
    ----------
    proportion : float
        Proportion, de 0 à 1.
    denominateur : float
        Dénominateur pondéré, dans sa propre unité.
    effet : float
        Effet de sondage D de la famille de l'indicateur.
    taux : float, default 0.40
        Taux de sondage f.

    Returns
    -------
    float
        ``100 × 1,96 × √(D (1 − f) p (1 − p) / (f N))``.

    Notes
    -----
    Formule d'un sondage aléatoire simple sans remise, multipliée par l'effet de sondage D (règle 3 de
    la conception du projet).
    """
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
) -> Appreciation:
    """Apprécier la fiabilité d'un chiffre qui a une valeur.

    Parameters
    ----------
    indicateur : Indicateur
        Définition.
    lecture : Lecture
        Lecture qui a donné la valeur.
    valeur : float
        Valeur dans l'unité d'affichage.
    numerateur, denominateur : float or None
        Comptes, s'ils existent.
    population_commune : float or None
        Population de la commune (ou du groupe) ; ``None`` si elle n'est pas connue.
    notes_producteur : dict of str to str
        Drapeaux du producteur (``LAB_IRIS``, ``DISP_NOTE``, ``DISP_INCERT``, ``NOTE_CNAF``…).

    Returns
    -------
    Appreciation
        Marge en points (ou ``None``), fiabilité et notes.
    """
    famille = lecture.source.famille
    if indicateur.nature == "effectif":
        return Appreciation(None, Fiabilite.NON_EVALUEE if famille == "recensement" else Fiabilite.BONNE)
    if famille == "recensement":
        return _recensement(
            indicateur, lecture, valeur, numerateur, denominateur, population_commune, notes_producteur
        )
    if lecture.est_publiee:
        return _publiee(lecture, notes_producteur)
    return _comptes_administratifs(indicateur, numerateur, denominateur, notes_producteur)


def _recensement(
    indicateur: Indicateur,
    lecture: Lecture,
    valeur: float,
    numerateur: float | None,
    denominateur: float | None,
    population: float | None,
    notes: dict[str, str],
) -> Appreciation:
    complementaire = any(v.startswith("C_") for v in lecture.variables)
    mots: list[str] = []
    if _trop_petit(indicateur, numerateur, denominateur):
        return Appreciation(None, Fiabilite.FRAGILE, ("effectif trop petit pour être commenté",))
    if population is None:
        return Appreciation(
            None, Fiabilite.NON_EVALUEE, ("population de la commune inconnue : marge non évaluée",)
        )
    if population < SEUIL_GRANDE_COMMUNE and not complementaire:
        return Appreciation(
            None, Fiabilite.BONNE, ("commune recensée exhaustivement : pas de marge de sondage",)
        )
    if indicateur.unite != "%" or not denominateur:
        return Appreciation(None, Fiabilite.NON_EVALUEE)
    taux = TAUX_DE_SONDAGE if population >= SEUIL_GRANDE_COMMUNE else TAUX_COMPLEMENTAIRE_PETITE_COMMUNE
    marge = marge_de_sondage(min(max(valeur / 100, 0), 1), denominateur, indicateur.effet_de_sondage, taux)
    fiabilite = degre(valeur, marge)
    if complementaire and notes.get("LAB_IRIS") in LABELS_PRUDENTS:
        fiabilite = BAISSE[fiabilite]
        mots.append(f"IRIS de label {notes['LAB_IRIS']} : exploitation complémentaire à lire avec prudence")
    return Appreciation(marge, fiabilite, tuple(mots))


def degre(valeur: float, marge: float) -> Fiabilite:
    """Traduire une marge en degré de fiabilité.

    Parameters
    ----------
    valeur : float
        Pourcentage, de 0 à 100.
    marge : float
        Marge en points.

    Returns
    -------
    Fiabilite
        ``fragile`` si la marge dépasse 30 % du taux ou de son complément (le plus petit), ``moyenne`` au-dessus
        de 15 %, ``bonne`` sinon.
    """
    repere = min(valeur, 100 - valeur)
    if repere <= 0:
        return Fiabilite.FRAGILE
    if marge > PART_FRAGILE * repere:
        return Fiabilite.FRAGILE
    return Fiabilite.MOYENNE if marge > PART_MOYENNE * repere else Fiabilite.BONNE


def _trop_petit(indicateur: Indicateur, numerateur: float | None, denominateur: float | None) -> bool:
    petit_haut = numerateur is not None and numerateur < NUMERATEUR_MINIMUM
    petit_bas = denominateur is not None and denominateur < indicateur.denominateur_minimum
    return petit_haut or petit_bas


def _publiee(lecture: Lecture, notes: dict[str, str]) -> Appreciation:
    precision = next(
        (v for k, v in notes.items() if k.startswith(("DISP_NOTE", "DEC_NOTE", "NOTE_FILO"))), "0"
    )
    # Chaque fichier Filosofi dit l'arrondi de son propre taux, disponible (DISP) ou déclaré (DEC).
    incertitude = notes.get(lecture.variable.removesuffix("TP60") + "INCERT", "")
    if precision not in {"0", "", "so"}:
        return Appreciation(None, Fiabilite.FRAGILE, (f"note de précaution {precision} du producteur",))
    if incertitude in {"1", "2"}:
        marge = 0.5 if incertitude == "1" else 1.0
        fiabilite = Fiabilite.BONNE if incertitude == "1" else Fiabilite.MOYENNE
        return Appreciation(marge, fiabilite, (f"taux arrondi par l'Insee à {incertitude} point(s)",))
    if lecture.source.famille == "qpv" and lecture.source.id != "qpv_revenus":
        return Appreciation(None, Fiabilite.NON_EVALUEE)
    return Appreciation(None, Fiabilite.BONNE)


def _comptes_administratifs(
    indicateur: Indicateur, numerateur: float | None, denominateur: float | None, notes: dict[str, str]
) -> Appreciation:
    drapeaux = {k: v for k, v in notes.items() if k.startswith("NOTE_") and v not in {"0", ""}}
    if _trop_petit(indicateur, numerateur, denominateur):
        return Appreciation(None, Fiabilite.FRAGILE, ("effectif trop petit pour être commenté",))
    if drapeaux:
        return Appreciation(
            None,
            Fiabilite.MOYENNE,
            tuple(f"{k} = {v} (qualité signalée par le producteur)" for k, v in drapeaux.items()),
        )
    return Appreciation(None, Fiabilite.BONNE)
