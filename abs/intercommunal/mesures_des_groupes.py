"""Mesurer un partage de quelques communes : tient-il sans l'une d'elles, est-il net, qu'est-ce qui distingue un groupe."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from abs.intercommunal.plan import plan
from abs.typologie.partition import affecter, arbre
from abs.typologie.variables import VariableActive

NUAGES: Final = 99


def accord_sans_une(reduites: np.ndarray, combien: int) -> float:
    """Mesurer ce qu'il reste d'un partage quand on retire les communes une à une."""
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
    """Mesurer si un nuage sans coupure, de mêmes corrélations, se partage aussi nettement que ces communes."""
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
    reduites: np.ndarray,
    dedans: np.ndarray,
    variables: Sequence[VariableActive],
    seuil: float,
    combien: int,
    *,
    partage: float = 0.0,
    etablis: np.ndarray | None = None,
    brutes: np.ndarray | None = None,
) -> tuple[str, ...]:
    """Nommer ce qui distingue un groupe de l'ensemble, par ses valeurs-tests les plus fortes."""
    mesures = []
    for rang, variable in enumerate(variables):
        colonne = reduites[:, rang]
        la = np.isfinite(colonne)
        tous, siens = int(la.sum()), int((la & dedans).sum())
        ecart = float(colonne[la].std(ddof=1)) if tous > 1 else 0.0
        if not siens or siens == tous or ecart == 0:
            continue
        erreur = ecart * float(np.sqrt((tous - siens) / (tous - 1) / siens))
        cote = float(np.sign(colonne[la & dedans].mean() - colonne[la].mean()))
        # Le lecteur compare à la moyenne des chiffres imprimés, que les extrêmes écrêtés déplaceraient.
        lue = colonne if brutes is None else brutes[:, rang]
        du_cote = int((np.sign(lue[la & dedans] - lue[la].mean()) == cote).sum())
        dementi = etablis is not None and bool((etablis[dedans, rang] == -cote).any())
        if du_cote < partage * siens or dementi:
            continue
        mesures.append(((float(colonne[la & dedans].mean()) - float(colonne[la].mean())) / erreur, variable))
    nets = sorted((m for m in mesures if abs(m[0]) >= seuil), key=lambda m: -abs(m[0]))
    return tuple(mots_du_trait(v, haut=z > 0) for z, v in nets[:combien])


def mots_du_trait(variable: VariableActive, *, haut: bool) -> str:
    """Écrire un trait pour des communes."""
    # « L'ensemble » de la typologie est ici la moyenne des communes, pas le chiffre de l'intercommunalité.
    mot = variable.haut if haut else variable.bas
    return str(plan()["groupes"]["mots"].get(mot, mot)).replace("de l'ensemble", "de la moyenne des communes")
