"""Lire dans la base les contours voulus ; une commune sans IRIS prend le sien d'une couche de communes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from donnees_insee.base.couches import restaurer
from donnees_insee.base.parts import EtatDeFichier, etat_de_fichier, part_lisible
from donnees_insee.catalogue.catalogue import source

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import geopandas as gpd

    from donnees_insee.base.base import Base

IRIS: Final = "contours_iris"
COMMUNES: Final = "contours_communes"


# Deux portraits voisins lisent les mêmes contours : ils ne sont gardés que tant que le fichier ne change pas.
@lru_cache(maxsize=16)
def _couche(fichier: EtatDeFichier, colonne: str, valeurs: tuple[str, ...]) -> gpd.GeoDataFrame:
    import geopandas as gpd  # noqa: PLC0415 - import lent, réservé aux cartes

    with part_lisible(fichier.chemin):
        return gpd.read_parquet(fichier.chemin, filters=[(colonne, "in", list(valeurs))])


def couches(
    base: Base, identifiant: str, colonne: str, valeurs: Iterable[str]
) -> list[tuple[int | None, gpd.GeoDataFrame]]:
    """Lire de chaque couche tenue les lignes voulues, s'il y en a ; à copier avant de les changer."""
    voulues = tuple(sorted(valeurs))
    lues = [
        (annee, _couche(etat_de_fichier(ch), colonne, voulues)) for annee, ch in base.couches(identifiant)
    ]
    return [(annee, couche) for annee, couche in lues if len(couche)]


@dataclass(frozen=True)
class ContoursDeCommunes:
    """Des contours de communes, l'année de leur géographie et la source d'où ils viennent."""

    couche: gpd.GeoDataFrame | None
    geographie: str
    origine: str = IRIS

    @property
    def des_iris(self) -> bool:
        """Dire si chaque contour est la réunion de ceux des IRIS de la commune."""
        return self.origine == IRIS

    @property
    def source(self) -> str:
        """Dire d'où viennent ces contours."""
        return source(self.origine).titre_court + (", réunis par commune" if self.des_iris else "")


def reunir(contours: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Réunir les contours qui portent le même code."""
    fondus = contours[["code", "nom", "geometry"]].dissolve("code", aggfunc="first").reset_index()
    return fondus.assign(nom=fondus["nom"].map(str))[["code", "nom", "geometry"]]


def contours_de_communes(
    base: Base, noms: Mapping[str, str], voulues: set[str], iris: gpd.GeoDataFrame | None, geographie: str
) -> ContoursDeCommunes:
    """Réunir les IRIS par commune ; si des communes y manquent, prendre la couche de communes qui en a davantage."""
    reunis = None
    if iris is not None:
        nommes = iris["commune"].map(noms).fillna(iris["nom_commune"])
        reunis = reunir(iris.assign(code=iris["commune"], nom=nommes))
    tenues = 0 if reunis is None else len(voulues & set(reunis["code"]))
    par_annee = _couches_par_annee(base, voulues) if tenues < len(voulues) else {}
    annee, couche = max(par_annee.items(), key=lambda c: (len(c[1]), c[0]), default=(0, None))
    if couche is None or len(couche) <= tenues:
        return ContoursDeCommunes(reunis, geographie)
    return ContoursDeCommunes(
        couche.assign(nom=couche["code"].map(noms).fillna(couche["nom"])), str(annee), COMMUNES
    )


def _couches_par_annee(base: Base, voulues: set[str]) -> dict[int, gpd.GeoDataFrame]:
    """Réunir les couches de communes d'une même année : deux années mêlées se recouvriraient après une fusion."""
    import pandas as pd  # noqa: PLC0415 - import lent, réservé aux cartes

    lues = couches(base, COMMUNES, "code", voulues)
    reunies = {}
    for annee in {a for a, _ in lues if a is not None}:
        siennes = [c for a, c in lues if a == annee]
        toutes = restaurer(base, pd.concat(siennes).drop_duplicates("code"))
        reunies[annee] = toutes[["code", "nom", "geometry"]].reset_index(drop=True)
    return reunies


def a_deposer(*, par_commune: bool) -> str:
    """Dire quels contours déposer pour dessiner des IRIS, ou des communes."""
    voulues = (COMMUNES, IRIS) if par_commune else (IRIS,)
    return ", ou ".join(source(s).rappel_demande for s in voulues)
