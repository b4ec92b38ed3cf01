"""Mesurer ce que deux couches d'IRIS ont en commun : quels IRIS d'avant recouvrent quels IRIS d'après."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

if TYPE_CHECKING:
    import geopandas as gpd

# Deux IRIS se recouvrent si leur surface commune atteint cette part du plus petit des deux. Entre les contours du
# Finistère d'environ 2015 et ceux de 2025, inégalement simplifiés, deux voisins inchangés ont jusqu'à 19 % de surface
# commune par le seul effet du trait ; deux IRIS réellement réunis en ont plus de 93 %.
SEUIL: Final = 0.25
# Projection équivalente de l'Europe : une surface s'y mesure de la Guadeloupe à La Réunion à la même échelle des deux
# côtés, et seuls des rapports de surfaces sont employés.
PROJECTION: Final = "EPSG:6933"
COLONNES: Final = ("avant", "apres", "part_avant", "part_apres")


def recouvrements(avant: gpd.GeoDataFrame, apres: gpd.GeoDataFrame, seuil: float = SEUIL) -> pd.DataFrame:
    """Lister les couples d'IRIS de deux couches qui partagent du territoire."""
    couches = [_en_surfaces(couche) for couche in (avant, apres)]
    rangs_apres, rangs_avant = couches[1].sindex.query(couches[0].geometry, predicate="intersects")[::-1]
    gauche = couches[0].iloc[rangs_avant].reset_index(drop=True)
    droite = couches[1].iloc[rangs_apres].reset_index(drop=True)
    commune = gauche.geometry.intersection(droite.geometry).area
    table = pd.DataFrame(
        {
            "avant": gauche["code"].astype(str),
            "apres": droite["code"].astype(str),
            "part_avant": commune / gauche.geometry.area,
            "part_apres": commune / droite.geometry.area,
        },
        columns=list(COLONNES),
    )
    retenus = table[["part_avant", "part_apres"]].max(axis=1) >= seuil
    return table[retenus].sort_values(["avant", "apres"], ignore_index=True)


def _en_surfaces(couche: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    propre = couche[["code", "geometry"]].to_crs(PROJECTION)
    propre["geometry"] = propre.geometry.make_valid()
    return propre[propre.geometry.area > 0].reset_index(drop=True)
