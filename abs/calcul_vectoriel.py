"""Calculer un indicateur pour toutes les lignes d'une table d'un coup : mêmes chiffres que ligne à ligne."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from abs.indicateurs import Indicateur, Lecture
from abs.lecture import Comptes, Lecteur
from abs.statuts import Statut

STATUTS: Final = tuple(Statut)
_RANGS: Final = {statut: rang for rang, statut in enumerate(STATUTS)}


@dataclass(frozen=True)
class Serie:
    """Un indicateur pour toutes les lignes d'une table.

    Attributes
    ----------
    indicateur : str
        Code de l'indicateur.
    rangs : dict of str to int
        Code de territoire → rang dans les vecteurs.
    valeurs : numpy.ndarray
        Vecteur (n,) dans l'unité d'affichage ; NaN où le chiffre manque.
    statuts : numpy.ndarray
        Vecteur (n,) de rangs dans ``STATUTS``.
    """

    indicateur: str
    rangs: dict[str, int]
    valeurs: np.ndarray
    statuts: np.ndarray

    def statut(self, code: str) -> Statut:
        """Dire le statut du chiffre d'un territoire.

        Parameters
        ----------
        code : str
            Code présent dans la table.

        Returns
        -------
        Statut
            Ce qu'est le chiffre, ou pourquoi il manque.
        """
        return STATUTS[self.statuts[self.rangs[code]]]


def series(
    lecteur: Lecteur, indicateurs: Iterable[Indicateur], millesime: int, niveau: str = "iris"
) -> dict[str, Serie]:
    """Calculer des indicateurs pour tous les territoires d'un niveau.

    Parameters
    ----------
    lecteur : Lecteur
        Lecteur de la base ; sans préfixe, il lit toute la France.
    indicateurs : iterable of Indicateur
        Définitions.
    millesime : int
        Millésime.
    niveau : str, default "iris"
        Niveau publié.

    Returns
    -------
    dict of str to Serie
        Les indicateurs qu'une lecture chiffre à ce niveau et à ce millésime, dans l'ordre donné ; un
        dénominateur pris dans une autre source demande un territoire, et n'est pas calculé ici.
    """
    tenues = {p.source for p in lecteur.base.parts() if (p.millesime, p.niveau) == (millesime, niveau)}
    trouvees = {}
    for indicateur in indicateurs:
        for lecture in indicateur.lectures:
            seule = lecture.source_denominateur is None
            if seule and lecture.source.id in tenues and lecture.vaut_pour(millesime):
                lus = lecteur.comptes(lecture, millesime, niveau)
                trouvees[indicateur.code] = _serie(indicateur, lecture, lus)
                break
    return trouvees


def _serie(indicateur: Indicateur, lecture: Lecture, lus: Comptes) -> Serie:
    nature = Statut.CALCULE
    if lecture.est_publiee:
        nature, valeurs = Statut.PUBLIE, lus.publiee
    elif lecture.denominateur is None:
        # Un effectif lu tel quel est publié ; reconstitué, il est calculé.
        nature, valeurs = Statut.CALCULE if lus.remarque else Statut.PUBLIE, lus.numerateur
    else:
        with np.errstate(divide="ignore", invalid="ignore"):
            valeurs = indicateur.facteur * lus.numerateur
            valeurs /= lus.denominateur
    statuts = np.full(len(valeurs), _RANGS[nature], np.int8)
    if lecture.denominateur is not None:
        nuls = lus.denominateur == 0
        np.copyto(valeurs, np.nan, where=nuls)
        # Ajouter l'écart entre deux rangs coûte sept fois moins que choisir ligne à ligne.
        statuts += nuls.view(np.int8) * np.int8(_RANGS[Statut.SANS_OBJET] - _RANGS[nature])
    if not lus.complet:
        # La raison d'une absence passe avant un dénominateur nul.
        for cause in set(lus.statut) - {""}:
            statuts[lus.statut == cause] = _RANGS[cause]
    return Serie(indicateur.code, lus.rangs, valeurs, statuts)
