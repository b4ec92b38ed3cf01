"""Mesurer un partage de quelques communes : tient-il sans l'une d'elles, est-il net, qu'est-ce qui distingue un groupe."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from abs.typologie.partition import affecter, arbre
from abs.typologie.variables import VariableActive

NUAGES: Final = 99


def accord_sans_une(reduites: np.ndarray, combien: int) -> float:
    """Mesurer ce qu'il reste d'un partage quand on retire les communes une à une.

    Parameters
    ----------
    reduites : numpy.ndarray
        Matrice (n, p) sans valeur manquante.
    combien : int
        Nombre de groupes.

    Returns
    -------
    float
        Indice de Rand ajusté moyen entre le partage et ceux que donnent les centres trouvés sans chaque commune.

    Notes
    -----
    Un rééchantillonnage ôterait plus d'un tiers de quelques dizaines de communes : ce serait un autre territoire.
    """
    from sklearn.metrics import adjusted_rand_score  # noqa: PLC0415 - import lent

    entier = affecter(reduites, arbre(reduites).centres(combien), 0)
    accords = [
        adjusted_rand_score(
            entier, affecter(reduites, arbre(np.delete(reduites, rang, axis=0)).centres(combien), 0)
        )
        for rang in range(len(reduites))
    ]
    return float(np.mean(accords))


def part_sans_coupure(reduites: np.ndarray, combien: int, graine: int) -> float:
    """Mesurer si un nuage sans coupure, de mêmes corrélations, se partage aussi nettement que ces communes.

    Parameters
    ----------
    reduites : numpy.ndarray
        Matrice (n, p) sans valeur manquante.
    combien : int
        Nombre de groupes.
    graine : int
        Graine du tirage.

    Returns
    -------
    float
        Part des nuages gaussiens tirés dont les groupes sont au moins aussi resserrés, de 0 à 1.

    Notes
    -----
    Un partage peut être stable et ne couper qu'une gradation continue : la stabilité seule ne prouve pas des groupes.
    """
    hasard, covariance = np.random.default_rng(graine), np.atleast_2d(np.cov(reduites.T))
    observee, forme = _part_interne(reduites, combien), (np.zeros(reduites.shape[1]), covariance)
    tires = [hasard.multivariate_normal(*forme, len(reduites)) for _ in range(NUAGES)]
    return sum(_part_interne(nuage, combien) <= observee for nuage in tires) / NUAGES


def _part_interne(reduites: np.ndarray, combien: int) -> float:
    """Part de la dispersion qui reste à l'intérieur des groupes."""
    classes = affecter(reduites, arbre(reduites).centres(combien), 0)
    interne = sum(
        ((reduites[classes == k] - reduites[classes == k].mean(axis=0)) ** 2).sum() for k in set(classes)
    )
    return float(interne / ((reduites - reduites.mean(axis=0)) ** 2).sum())


def traits_d_un_groupe(
    reduites: np.ndarray, dedans: np.ndarray, variables: Sequence[VariableActive], seuil: float, combien: int
) -> tuple[str, ...]:
    """Nommer ce qui distingue un groupe de l'ensemble, par ses valeurs-tests les plus fortes.

    Parameters
    ----------
    reduites : numpy.ndarray
        Matrice (n, p) d'écarts réduits ; NaN où la valeur manque.
    dedans : numpy.ndarray
        Vecteur (n,) de booléens : communes du groupe.
    variables : sequence of VariableActive
        Variables (p,).
    seuil : float
        Valeur-test sous laquelle un trait ne nomme pas.
    combien : int
        Nombre de traits au plus.

    Returns
    -------
    tuple of str
        Mots de la table de la typologie, du trait le plus net au moins net, par rapport à la moyenne des communes.
    """
    mesures = []
    for rang, variable in enumerate(variables):
        colonne = reduites[:, rang]
        la = np.isfinite(colonne)
        tous, siens = int(la.sum()), int((la & dedans).sum())
        ecart = float(colonne[la].std(ddof=1)) if tous > 1 else 0.0
        if not siens or siens == tous or ecart == 0:
            continue
        erreur = ecart * float(np.sqrt((tous - siens) / (tous - 1) / siens))
        mesures.append(((float(colonne[la & dedans].mean()) - float(colonne[la].mean())) / erreur, variable))
    nets = sorted((m for m in mesures if abs(m[0]) >= seuil), key=lambda m: -abs(m[0]))
    # « L'ensemble » de la typologie est ici la moyenne des communes, pas le chiffre de l'intercommunalité.
    return tuple(
        (v.haut if z > 0 else v.bas).replace("de l'ensemble", "de la moyenne des communes")
        for z, v in nets[:combien]
    )
