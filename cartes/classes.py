"""Ranger des valeurs en classes : au plus six, la référence imprimée comme une limite.

Fermeture des intervalles : la limite basse est comprise, la limite haute ne l'est pas, sauf dans
la dernière classe : ``[a, b[ [b, c[ … [y, z]``. Le classement porte sur les valeurs *telles
qu'elles sont écrites* (arrondies à ``decimales``) : un territoire affiché à 18,5 % est toujours
dans la classe qui commence à 18,5 %. L'optimisation de Jenks n'est pas offerte : ses limites
changent avec chaque jeu de valeurs, ce qui interdit de comparer deux cartes.

Limites imposées : elles sont gardées telles quelles ; des valeurs au-dehors sont refusées, et une
référence qui n'en est pas une est écrite à part, sans palette divergente (``bornes_communes`` sait
l'y inclure).
"""

from __future__ import annotations

import itertools
import math
import warnings
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from abs.formats import arrondir, avec_unite, nombre
from donnees_insee.erreurs import CarteImpossible, liste_de_fautes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

CLASSES_MAXIMUM = 6
Methode = Literal["quantiles", "arrondies"]


@dataclass(frozen=True)
class Discretisation:
    """Limites des classes d'une carte et nombre de territoires dans chacune.

    Parameters
    ----------
    bornes : tuple of float
        Limites croissantes, extrêmes compris : une de plus que de classes.
    effectifs : tuple of int
        Nombre de territoires par classe.
    reference : float or None
        Valeur de référence quand elle est l'une des limites ou hors de l'étendue.
    decimales : int, default 1
        Nombre de décimales auquel valeurs et limites sont écrites et comparées.

    Examples
    --------
    >>> discretiser([1, 2, 3, 4, 5, 6, 7, 8], decimales=0).bornes
    (1.0, 3.0, 5.0, 6.0, 8.0)
    """

    bornes: tuple[float, ...]
    effectifs: tuple[int, ...]
    reference: float | None = None
    decimales: int = 1

    @property
    def nombre(self) -> int:
        """Nombre réel de classes, ex æquo déduits."""
        return len(self.effectifs)

    @property
    def cotes(self) -> tuple[int, int] | None:
        """Nombre de classes sous et au-dessus de la référence ; ``None`` si une classe la chevauche."""
        if self.reference is None:
            return None
        dessous = sum(borne < self.reference for borne in self.bornes[: self.nombre])
        return dessous, self.nombre - dessous

    def classe(self, valeur: float) -> int:
        """Donner le rang de la classe d'une valeur."""
        ecrite = float(arrondir(valeur, self.decimales))
        return max(min(bisect_right(self.bornes, ecrite) - 1, self.nombre - 1), 0)

    def libelles(self, unite: str) -> tuple[str, ...]:
        """Écrire les classes en français, dans l'ordre croissant."""
        ecrites = [avec_unite(borne, unite, self.decimales) for borne in self.bornes]
        liaisons = ["à moins de"] * (self.nombre - 1) + ["à"]
        paires = zip(itertools.pairwise(self.bornes), itertools.pairwise(ecrites), liaisons, strict=True)
        return tuple(
            fin if bas == haut else f"de {nombre(bas, self.decimales)} {liaison} {fin}"
            for (bas, haut), (_, fin), liaison in paires
        )


def discretiser(
    valeurs: Iterable[float],
    *,
    reference: float | None = None,
    bornes: Sequence[float] | None = None,
    decimales: int = 1,
    methode: Methode = "quantiles",
    marges: Iterable[float] = (),
) -> Discretisation:
    """Calculer les classes d'une carte.

    Le nombre de classes suit la règle de Sturges (1 + log2 du nombre de valeurs), plafonné à six.
    Quand la référence est dans l'étendue, les classes sont partagées de part et d'autre d'elle
    selon le nombre de territoires, puis calculées séparément de chaque côté. Les ex æquo et les
    classes vides réduisent le nombre de classes, puis l'incertitude : une classe plus étroite que la marge médiane de
    ses territoires est réunie à sa voisine, la référence ne cédant sa place de limite qu'en dernier.

    Parameters
    ----------
    valeurs : iterable of float
        Valeurs présentes ; les NaN sont écartés.
    reference : float, optional
        Valeur à imprimer comme limite quand elle est dans l'étendue.
    bornes : sequence of float, optional
        Limites imposées, extrêmes compris ; elles sont gardées telles quelles.
    decimales : int, default 1
        Nombre de décimales écrites.
    methode : {"quantiles", "arrondies"}, default "quantiles"
        Effectifs égaux, ou limites rondes (1, 2, 5 × 10ⁿ).
    marges : iterable of float, default ()
        Marge de chaque valeur, dans le même ordre et la même unité ; NaN si elle n'est pas évaluée. Sans effet sur des
        limites imposées.

    Returns
    -------
    Discretisation
        Limites et effectifs.

    Raises
    ------
    CarteImpossible
        Aucune valeur, limites imposées fautives, ou valeurs hors des limites imposées.

    Examples
    --------
    >>> discretiser([1, 2, 3, 4, 5, 6, 7, 8], decimales=0).effectifs
    (2, 2, 1, 3)
    """
    recues, a_part = list(valeurs), list(marges)
    a_part += [math.nan] * (len(recues) - len(a_part))
    paires = sorted(
        (float(arrondir(v, decimales)), m) for v, m in zip(recues, a_part, strict=True) if not math.isnan(v)
    )
    ecrites = [v for v, _ in paires]
    repere = None if reference is None else float(arrondir(reference, decimales))
    if bornes is not None:
        limites = _verifier_bornes(bornes, ecrites, decimales)
        return _compter(limites, ecrites, repere, decimales)
    if not ecrites:
        raise CarteImpossible("Aucune valeur à ranger en classes : il en faut au moins une.")
    coupures = _coupures(ecrites, repere, methode, decimales)
    utiles = _sans_classe_etroite(paires, _sans_classe_vide(ecrites, coupures, repere), repere)
    return _compter((ecrites[0], *utiles, ecrites[-1]), ecrites, repere, decimales)


def bornes_communes(
    series: Iterable[Iterable[float]],
    *,
    reference: float | None = None,
    decimales: int = 1,
    methode: Methode = "quantiles",
) -> tuple[float, ...]:
    """Calculer les limites à imposer à plusieurs cartes que l'on veut comparer."""
    reunies = [valeur for serie in series for valeur in serie]
    return discretiser(reunies, reference=reference, decimales=decimales, methode=methode).bornes


def _coupures(ecrites: list[float], repere: float | None, methode: Methode, decimales: int) -> list[float]:
    """Proposer les limites intérieures, référence comprise."""
    classes = min(CLASSES_MAXIMUM, 1 + int(math.log2(len(ecrites))))
    if repere is None or not ecrites[0] < repere <= ecrites[-1]:
        return _limites(ecrites, classes, methode, decimales)
    # Deux classes au moins, sinon la référence ne séparerait rien.
    classes = max(classes, 2)
    if methode == "arrondies":
        return _avec_repere(_limites(ecrites, classes, methode, decimales), repere, classes)
    sous = [v for v in ecrites if v < repere]
    sur = [v for v in ecrites if v >= repere]
    part_sous = min(max(round(classes * len(sous) / len(ecrites)), 1), classes - 1)
    cotes = ((sous, part_sous), (sur, classes - part_sous))
    return [repere, *(c for cote, k in cotes for c in _limites(cote, k, methode, decimales))]


def _avec_repere(coupures: list[float], repere: float, classes: int) -> list[float]:
    """Ajouter la référence aux limites rondes, au besoin à la place de la plus proche."""
    gardees = [c for c in coupures if c != repere]
    while len(gardees) > classes - 2:
        gardees.remove(min(gardees, key=lambda c: abs(c - repere)))
    return [repere, *gardees]


def _limites(ecrites: list[float], classes: int, methode: Methode, decimales: int) -> list[float]:
    """Demander à numpy les quantiles d'une série, ou à mapclassify des limites rondes."""
    distinctes = sorted(set(ecrites))
    classes = min(classes, len(distinctes))
    if classes < 2:
        return []
    if methode == "arrondies":
        return _rondes(ecrites, classes, decimales)
    # L'interpolation linéaire de numpy est celle de mapclassify, qui ferait importer scikit-learn et scipy.
    coupures = np.unique(np.quantile(ecrites, np.arange(1, classes + 1) / classes))[:-1].tolist()
    # Quand la valeur la plus basse remplit à elle seule une classe, la suivante commence juste après.
    quantiles = [max(float(arrondir(b, decimales)), distinctes[1]) for b in coupures]
    return quantiles or [distinctes[-1]]


def _rondes(ecrites: list[float], classes: int, decimales: int) -> list[float]:
    """Chercher les limites rondes qui donnent le plus de classes sans dépasser le nombre demandé."""
    import mapclassify  # noqa: PLC0415 - 3 s à l'import : seulement pour des limites rondes

    with warnings.catch_warnings():
        # mapclassify avertit des ex æquo ; chez nous c'est la légende qui montre moins de classes.
        warnings.simplefilter("ignore", UserWarning)
        essais = [
            [float(arrondir(b, decimales)) for b in mapclassify.PrettyBreaks(ecrites, k=k).bins[:-1]]
            for k in range(classes, 2 * classes)
        ]
    utiles = [[b for b in essai if ecrites[0] < b <= ecrites[-1]] for essai in essais]
    # Le pas rond donne souvent moins de classes que demandé : on garde l'essai le plus fourni.
    return max((u for u in utiles if len(u) < classes), key=len, default=[])


def _sans_classe_vide(ecrites: list[float], coupures: list[float], repere: float | None) -> list[float]:
    """Retirer les limites qui n'isolent aucun territoire, jamais la référence."""
    gardees = sorted({c for c in coupures if ecrites[0] < c <= ecrites[-1]})
    rang = 0
    while rang < len(gardees):
        basse = gardees[rang - 1] if rang else ecrites[0]
        if any(basse <= v < gardees[rang] for v in ecrites):
            rang += 1
        elif gardees[rang] == repere:
            # La classe vide précède la référence : c'est la limite d'avant qui est de trop.
            del gardees[rang - 1]
            rang -= 1
        else:
            del gardees[rang]
    return gardees


def _sans_classe_etroite(
    paires: list[tuple[float, float]], coupures: list[float], repere: float | None
) -> list[float]:
    """Réunir les classes plus étroites que la marge médiane de leurs territoires, la plus étroite d'abord."""
    gardees = sorted(coupures)
    while gardees:
        limites = [paires[0][0], *gardees, paires[-1][0]]
        # Au-delà du maximum, pour que la dernière classe le prenne.
        rangs = np.searchsorted([*limites[:-1], math.inf], [v for v, _ in paires], side="right") - 1
        etroites = []
        for rang, (bas, haut) in enumerate(itertools.pairwise(limites)):
            marges = [m for (_, m), r in zip(paires, rangs, strict=True) if r == rang and not math.isnan(m)]
            mediane = float(np.median(marges)) if marges else 0.0
            if haut - bas < mediane:
                etroites.append(((haut - bas) / mediane, rang))
        if not etroites:
            break
        _, rang = min(etroites)
        autour = [c for c in limites[rang : rang + 2] if c in gardees]
        gardees.remove(min(autour, key=lambda c: (c == repere, -c if c == limites[rang] else c)))
    return gardees


def _verifier_bornes(bornes: Sequence[float], ecrites: list[float], decimales: int) -> tuple[float, ...]:
    """Contrôler des limites imposées : rien n'est étendu en silence."""
    limites = tuple(float(arrondir(b, decimales)) for b in bornes)
    fautes = []
    if not 2 <= len(limites) <= CLASSES_MAXIMUM + 1:
        fautes.append(f"{len(limites)} limites reçues ; il en faut de 2 à {CLASSES_MAXIMUM + 1}.")
    if any(suivante <= limite for limite, suivante in itertools.pairwise(limites)):
        fautes.append(f"les limites {list(bornes)} ne sont pas strictement croissantes à l'arrondi imprimé.")
    hors = [v for v in ecrites if limites and not limites[0] <= v <= limites[-1]]
    if hors:
        fautes.append(
            f"valeurs hors des limites : {len(hors)} ; étendue observée : de {nombre(ecrites[0], decimales)} "
            f"à {nombre(ecrites[-1], decimales)}. Élargir les limites extrêmes."
        )
    if fautes:
        raise CarteImpossible(liste_de_fautes("Les limites de classes imposées sont refusées :", fautes))
    return limites


def _compter(
    limites: tuple[float, ...], ecrites: list[float], repere: float | None, decimales: int
) -> Discretisation:
    """Compter les territoires par classe et dire si la référence sépare bien les classes."""
    sans_effectif = Discretisation(limites, (0,) * (len(limites) - 1), None, decimales)
    effectifs = [0] * sans_effectif.nombre
    for valeur in ecrites:
        effectifs[sans_effectif.classe(valeur)] += 1
    separe = repere is not None and (repere in limites or not limites[0] <= repere <= limites[-1])
    return Discretisation(limites, tuple(effectifs), repere if separe else None, decimales)
