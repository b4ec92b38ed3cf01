"""L'ordre de grandeur de l'incertitude d'un chiffre, et le degré de fiabilité qui en découle.

La marge n'est pas un intervalle de confiance : c'est un ordre de grandeur, tiré du plan de sondage du recensement
(cinquièmes d'adresses, 40 % des logements des communes de 10 000 habitants ou plus sur cinq ans), avec un effet
de sondage forfaitaire par famille d'indicateurs. Elle ignore les non-réponses et les erreurs de déclaration.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from abs.indicateurs.indicateurs import Indicateur, Lecture
from abs.statuts import Fiabilite

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

SEUIL_GRANDE_COMMUNE: Final = 10_000
TAUX_DE_SONDAGE: Final = 0.40
TAUX_COMPLEMENTAIRE_PETITE_COMMUNE: Final = 0.25
QUANTILE: Final = 1.96
NUMERATEUR_MINIMUM: Final = 20.0
PART_FRAGILE: Final = 0.30
PART_MOYENNE: Final = 0.15
ARRONDIS_DE_L_INSEE: Final = {
    "1": "taux arrondi par l'Insee au point près",
    "2": "taux arrondi par l'Insee à deux points près",
}
LABELS_PRUDENTS: Final = frozenset({"2", "3", "4"})
BAISSE: Final = {
    Fiabilite.BONNE: Fiabilite.MOYENNE,
    Fiabilite.MOYENNE: Fiabilite.FRAGILE,
    Fiabilite.FRAGILE: Fiabilite.FRAGILE,
    Fiabilite.NON_EVALUEE: Fiabilite.NON_EVALUEE,
}


MARGE_D_UN_QPV: Final = "marge approchée, tirée de la population du quartier que publie le fichier"


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
    habitants_du_qpv: float | None = None,
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
    habitants_du_qpv : float or None, default None
        Population du quartier prioritaire, quand le taux publié vient du recensement : le fichier ne donne pas d'autre
        effectif, et la marge n'en est que plus approchée.

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
    partie = lecture.source.partie_de(lecture.variables[0]) if lecture.variables else None
    if partie is not None and partie.sondage:
        return _taux_d_un_qpv(indicateur, valeur, habitants_du_qpv)
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
    if incertitude in ARRONDIS_DE_L_INSEE:
        marge = 0.5 if incertitude == "1" else 1.0
        fiabilite = Fiabilite.BONNE if incertitude == "1" else Fiabilite.MOYENNE
        return Appreciation(marge, fiabilite, (ARRONDIS_DE_L_INSEE[incertitude],))
    return Appreciation(None, Fiabilite.BONNE)


def _taux_d_un_qpv(indicateur: Indicateur, valeur: float, habitants: float | None) -> Appreciation:
    """Donner l'ordre de grandeur de l'incertitude d'un taux du recensement publié pour un quartier prioritaire."""
    if indicateur.unite != "%" or not habitants or math.isnan(habitants):
        return Appreciation(None, Fiabilite.NON_EVALUEE)
    marge = marge_de_sondage(min(max(valeur / 100, 0), 1), habitants, indicateur.effet_de_sondage)
    return Appreciation(marge, degre(valeur, marge), (MARGE_D_UN_QPV,))


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


def taux_de_sondage(population: float | None, *, complementaire: bool) -> float | None:
    """Donner le taux de sondage du recensement dans une commune.

    Parameters
    ----------
    population : float or None
        Population de la commune ; ``None`` si elle n'est pas connue.
    complementaire : bool
        Vrai pour l'exploitation complémentaire (variables ``C_``).

    Returns
    -------
    float or None
        0,40 dès 10 000 habitants ; en dessous, 1 (recensement exhaustif) ou 0,25 pour l'exploitation
        complémentaire ; ``None`` si la population n'est pas connue.
    """
    if population is None or math.isnan(population):
        return None
    if population >= SEUIL_GRANDE_COMMUNE:
        return TAUX_DE_SONDAGE
    return TAUX_COMPLEMENTAIRE_PETITE_COMMUNE if complementaire else 1.0


def marge_par_strates(strates: Iterable[tuple[float, float, float]], effet: float) -> float:
    """Estimer la marge d'une proportion dont les composantes n'ont pas toutes le même taux de sondage.

    Parameters
    ----------
    strates : iterable of tuple of float
        Une ligne (numérateur, dénominateur, taux de sondage) par composante ; un taux de 1 n'apporte pas de variance.
    effet : float
        Effet de sondage D de la famille de l'indicateur.

    Returns
    -------
    float
        Marge en points : celle de :func:`marge_de_sondage` quand toutes les composantes ont le même taux.
    """
    sommes: dict[float, tuple[float, float]] = {}
    for haut, bas, taux in strates:
        deja = sommes.get(taux, (0.0, 0.0))
        sommes[taux] = (deja[0] + haut, deja[1] + bas)
    total = sum(bas for _, bas in sommes.values())
    if total <= 0:
        return math.nan
    carres = [
        (bas / total * marge_de_sondage(min(max(haut / bas, 0), 1), bas, effet, taux)) ** 2
        for taux, (haut, bas) in sommes.items()
        if bas > 0
    ]
    return math.sqrt(sum(carres))


def marge_de_difference(premiere: float, seconde: float) -> float:
    """Estimer la marge de la différence de deux proportions mesurées indépendamment.

    Parameters
    ----------
    premiere, seconde : float
        Marges des deux proportions, en points.

    Returns
    -------
    float
        ``√(m1² + m2²)`` ; NaN si l'une n'est pas évaluée.
    """
    return math.hypot(premiere, seconde)


def effet_de_sondage_observe(
    avant: npt.NDArray[np.float64],
    apres: npt.NDArray[np.float64],
    denominateurs: npt.NDArray[np.float64],
    taux: float = TAUX_DE_SONDAGE,
) -> float:
    """Retrouver l'ordre de grandeur de l'effet de sondage dans deux millésimes qui partagent quatre enquêtes sur cinq.

    Parameters
    ----------
    avant, apres : numpy.ndarray
        Vecteurs (n,) des proportions des mêmes IRIS aux deux millésimes consécutifs.
    denominateurs : numpy.ndarray
        Vecteur (n,) des dénominateurs pondérés.
    taux : float, default 0.40
        Taux de sondage f de cinq enquêtes.

    Returns
    -------
    float
        Moyenne, sur les IRIS, du carré de l'écart (moins l'évolution de l'ensemble) rapporté à sa variance sous D = 1.

    Notes
    -----
    Un millésime est la moyenne de cinq enquêtes annuelles, chacune d'un cinquième de l'échantillon. Avec
    ``V = D (1 − f) p (1 − p) / (f N)`` la variance d'un millésime, une enquête seule a la variance ``5 V``. Les quatre
    enquêtes communes s'annulent dans la différence : il reste ``(x_nouvelle − x_ancienne) / 5``, dont la variance est
    ``2 × 5 V / 25 = 2 V / 5`` si les deux enquêtes sont indépendantes. D est donc la moyenne de
    ``écart² / (2/5 × V(D = 1))``. C'est un ordre de grandeur : une vraie évolution de l'IRIS, un redressement ou une
    grande adresse recensée d'un bloc l'augmentent ; un tirage qui évite les adresses déjà recensées le change aussi.
    """
    ensemble = float(np.average(apres - avant, weights=denominateurs))
    proportions = (avant + apres) / 2
    variance = (1 - taux) * proportions * (1 - proportions) / (taux * denominateurs)
    utiles = variance > 0
    return float(np.mean((apres - avant - ensemble)[utiles] ** 2 / (2 / 5 * variance[utiles])))
