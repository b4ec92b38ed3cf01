"""Un territoire dont chaque habitant est connu : ses IRIS, ses carreaux, et le vrai compte de n'importe quel polygone."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from abs.perimetres.carreaux import Carreaux, parts_de_surface
from abs.perimetres.transferts import Estimation, exiger_une_variable_sommable
from donnees_insee.geographie.recouvrements import recouvrements

EST, NORD, COTE = 3_800_000, 2_400_000, 6_000
ORIGINE = np.array([EST, NORD])


@dataclass(frozen=True)
class TerritoireConnu:
    """Habitants (points EPSG:3035, jeunes ou non), IRIS et grille de 200 m tirés d'une même graine."""

    points: np.ndarray
    jeunes: np.ndarray
    iris: gpd.GeoDataFrame
    grille: pd.DataFrame

    def vrai(self, polygone, masque=None) -> int:
        points = self.points if masque is None else self.points[masque]
        return int(shapely.contains_xy(polygone, points[:, 0], points[:, 1]).sum())

    def carreaux(self, polygone) -> Carreaux:
        parts = parts_de_surface(list(self.grille.index), polygone)
        return Carreaux(self.grille[parts > 0], parts[parts > 0], millesime=2019)


def fabriquer(graine: int, habitants: int = 30_000, nombre_d_iris: int = 30) -> TerritoireConnu:
    """Grouper les habitants en hameaux serrés et en quartiers lâches, puis compter par IRIS et par carreau."""
    alea = np.random.default_rng(graine)
    foyers = alea.uniform(600, COTE - 600, (25, 2))
    choix = alea.choice(25, habitants, p=alea.dirichlet(np.full(25, 0.7)))
    etalement = alea.uniform(80, 420, 25)[choix]
    points = np.clip(foyers[choix] + alea.normal(0, 1, (habitants, 2)) * etalement[:, None], 1, COTE - 1)
    points += ORIGINE
    jeunes = alea.random(habitants) < alea.uniform(0.1, 0.5, 25)[choix]
    emprise = shapely.box(EST, NORD, EST + COTE, NORD + COTE)
    germes = shapely.MultiPoint(ORIGINE + alea.uniform(0, COTE, (nombre_d_iris, 2)))
    cellules = [c.intersection(emprise) for c in shapely.voronoi_polygons(germes, extend_to=emprise).geoms]
    codes = [f"99001{i + 1:04d}" for i in range(len(cellules))]
    compte = [shapely.contains_xy(c, points[:, 0], points[:, 1]) for c in cellules]
    iris = gpd.GeoDataFrame(
        {
            "code": codes,
            "nom": [f"Iris {c}" for c in codes],
            "commune": "99001",
            "P_POP": [float(c.sum()) for c in compte],
            "P_POP0014": [float((c & jeunes).sum()) for c in compte],
        },
        geometry=cellules,
        crs=3035,
    )
    coins = (points // 200 * 200).astype(int)
    table = pd.DataFrame(
        {"code": [f"CRS3035RES200mN{n}E{e}" for e, n in coins], "IND": 1.0, "JEUNES": jeunes * 1.0}
    )
    grille = table.groupby("code").sum().assign(I_EST_200="0", LCOG_GEO="99001")
    return TerritoireConnu(points, jeunes, iris, grille)


def en_degres(polygone):
    return gpd.GeoSeries([polygone], crs=3035).to_crs(4326).iloc[0]


def cercles(graine: int, nombre: int, rayons=(350, 1000)) -> list:
    alea = np.random.default_rng(graine)
    centres = ORIGINE + alea.uniform(1000, COTE - 1000, (nombre, 2))
    return [shapely.Point(*c).buffer(r) for c, r in zip(centres, alea.uniform(*rayons, nombre), strict=True)]


def selon_la_surface(comptes, iris, polygone, variable) -> Estimation:
    """Répartir un compte d'IRIS selon la surface, pour mesurer ce que cette méthode se trompe."""
    exiger_une_variable_sommable(variable)
    cible = gpd.GeoDataFrame({"code": ["P"]}, geometry=[polygone], crs="EPSG:4326")
    parts = recouvrements(cible, iris, seuil=0.0).set_index("apres")["part_apres"]
    lus = comptes.reindex(parts.index)
    if lus.isna().any() or parts.empty:
        return Estimation("surface", float("nan"), manque=f"{int(lus.isna().sum())} IRIS sans chiffre")
    return Estimation("surface", float((lus * parts).sum()), 0.0, float(lus[parts > 0].sum()))
