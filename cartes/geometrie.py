"""Préparer les géométries : projection métrique, frontières simplifiées ensemble, longueurs rondes."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import shapely

from abs.formats import avec_unite

if TYPE_CHECKING:
    import geopandas as gpd

LAMBERT_93 = "EPSG:2154"
GEOGRAPHIQUE = "EPSG:4326"
# Cinq décimales de degré font un mètre, vingt fois moins que la simplification d'une agglomération.
DECIMALES_DE_DEGRE = 5
# Emprise de la France métropolitaine en degrés (ouest, sud, est, nord).
_METROPOLE = (-5.5, 41.0, 10.0, 51.5)
# Un portrait montre une poignée de fonds (IRIS, quartiers, communes), chacun à deux échelles.
FONDS_GARDES: Final = 32
# Mètres carrés : aucune commune enclavée n'en a si peu.
TROU_PERDU: Final = 1.0


@lru_cache(maxsize=8)
def _systeme(nom: str) -> Any:
    """Lire une fois la définition d'un système de coordonnées, qui coûte plus que de projeter une commune."""
    import pyproj  # noqa: PLC0415 - import lent, réservé aux cartes

    return pyproj.CRS.from_user_input(nom)


def reprojeter(couche: gpd.GeoDataFrame, systeme: Any) -> gpd.GeoDataFrame:
    """Changer de système de coordonnées."""
    return couche.to_crs(_systeme(systeme) if isinstance(systeme, str) else systeme)


def projection_locale(couche: gpd.GeoDataFrame) -> Any:
    """Choisir une projection en mètres adaptée au lieu."""
    ouest, sud, est, nord = reprojeter(couche, GEOGRAPHIQUE).total_bounds
    dans_la_metropole = (
        ouest >= _METROPOLE[0] and sud >= _METROPOLE[1] and est <= _METROPOLE[2] and nord <= _METROPOLE[3]
    )
    return LAMBERT_93 if dans_la_metropole else couche.estimate_utm_crs()


def simplifier(couche: gpd.GeoDataFrame, tolerance: float) -> gpd.GeoDataFrame:
    """Simplifier les frontières partagées ensemble, sans ouvrir de vide entre deux voisins.

    Une couche qui n'est pas une partition propre (recouvrements, vides) est rendue telle quelle :
    une carte un peu plus lourde vaut mieux qu'une carte trouée.
    """
    if tolerance <= 0:
        return couche
    # Des sommets partagés à quelques nanomètres près après projection : on les ramène au centimètre.
    geometries = shapely.set_precision(couche.geometry.to_numpy(), 0.01, mode="pointwise")
    geometries = np.array([_sans_trou_perdu(g) for g in geometries])
    if not shapely.coverage_is_valid(geometries):
        return couche
    simples = shapely.coverage_simplify(geometries, tolerance)
    if shapely.is_empty(simples).any() or not shapely.is_valid(simples).all():
        return couche
    return couche.set_geometry(simples, crs=couche.crs)


def _sans_trou_perdu(geometrie: Any) -> Any:
    """Boucher les trous de moins d'un mètre carré qu'une réunion d'IRIS laisse : GEOS s'arrête sur eux."""
    parties = shapely.get_parts(geometrie)
    perdus = [[r for r in p.interiors if shapely.Polygon(r).area < TROU_PERDU] for p in parties]
    if not any(perdus):
        return geometrie
    pleines = [
        shapely.Polygon(p.exterior, [r for r in p.interiors if r not in siens])
        for p, siens in zip(parties, perdus, strict=True)
    ]
    return pleines[0] if len(pleines) == 1 else shapely.MultiPolygon(pleines)


def contour_d_ensemble(couche: gpd.GeoDataFrame) -> Any:
    """Tracer le contour extérieur de l'ensemble des territoires."""
    geometries = couche.geometry.to_numpy()
    if shapely.coverage_is_valid(geometries):
        return shapely.coverage_union_all(geometries)
    return shapely.union_all(shapely.make_valid(geometries))


def emprise(couche: gpd.GeoDataFrame, marge: float = 0.03) -> tuple[float, float, float, float]:
    """Calculer l'emprise à dessiner, avec une marge."""
    ouest, sud, est, nord = (float(borne) for borne in couche.total_bounds)
    ajout = max(est - ouest, nord - sud) * marge
    return ouest - ajout, sud - ajout, est + ajout, nord + ajout


def direction_du_nord(couche: gpd.GeoDataFrame) -> tuple[float, float]:
    """Donner le vecteur unité qui mène au nord vrai, dans la projection d'une couche, en son milieu."""
    import geopandas as gpd  # noqa: PLC0415 - import lent, réservé aux cartes

    ouest, sud, est, nord = couche.total_bounds
    ici = gpd.GeoSeries(shapely.points([(ouest + est) / 2], [(sud + nord) / 2]), crs=couche.crs)
    lieu = ici.to_crs(GEOGRAPHIQUE)
    pole = lieu.translate(yoff=0.01).to_crs(couche.crs)
    x, y = float(pole.x[0] - ici.x[0]), float(pole.y[0] - ici.y[0])
    longueur = math.hypot(x, y)
    return x / longueur, y / longueur


def _rond_inferieur(valeur: float) -> float:
    """Descendre au nombre rond (1, 2 ou 5 × 10ⁿ) le plus proche."""
    ordre = 10.0 ** math.floor(math.log10(valeur))
    return max(facteur for facteur in (1, 2, 5) if facteur * ordre <= valeur * (1 + 1e-9)) * ordre


def barre_d_echelle(largeur: float) -> tuple[float, str]:
    """Choisir une barre d'échelle ronde, d'un quart de la largeur au plus."""
    longueur = _rond_inferieur(largeur / 4)
    if longueur >= 1000:
        return longueur, avec_unite(longueur / 1000, "km")
    return longueur, avec_unite(longueur, "m", 0 if longueur >= 1 else 2)


def tailles_rondes(maximum: float) -> tuple[float, ...]:
    """Choisir jusqu'à trois effectifs ronds pour la légende des cercles, du plus grand au plus petit."""
    if maximum <= 0:
        return ()
    grand = _rond_inferieur(maximum)
    tailles = [grand, *(_rond_inferieur(grand / diviseur) for diviseur in (4, 16))]
    plancher = 1.0 if maximum >= 1 else 0.0
    return tuple(dict.fromkeys(t for t in tailles if t >= plancher))


def centres(couche: gpd.GeoDataFrame) -> list[list[float]]:
    """Situer un point dans chaque territoire : latitude et longitude, arrondies comme les contours."""
    points = couche.geometry.representative_point()
    return [[round(float(degre), DECIMALES_DE_DEGRE) for degre in (lieu.y, lieu.x)] for lieu in points]


@dataclass(frozen=True, eq=False)
class Contours:
    """Contours reconnus à leur contenu : deux cartes du même fond partagent tout ce qui s'en déduit."""

    couche: gpd.GeoDataFrame
    empreinte: str

    def __eq__(self, autre: object) -> bool:
        return isinstance(autre, Contours) and autre.empreinte == self.empreinte

    def __hash__(self) -> int:
        return hash(self.empreinte)


def contours_de(table: gpd.GeoDataFrame) -> Contours:
    """Reconnaître les contours d'une table."""
    calcul = hashlib.sha256(str(table.crs).encode())
    for octets in shapely.to_wkb(table.geometry.to_numpy()):
        calcul.update(octets)
    return Contours(table[["geometry"]], calcul.hexdigest())


@lru_cache(maxsize=FONDS_GARDES)
def projetes(contours: Contours) -> Contours:
    """Projeter en mètres, dans la projection du lieu."""
    couche = reprojeter(contours.couche, projection_locale(contours.couche))
    return Contours(couche, f"{contours.empreinte} projetés")


@lru_cache(maxsize=FONDS_GARDES)
def simplifies(contours: Contours, tolerance: float) -> Contours:
    """Simplifier ensemble les frontières partagées."""
    return Contours(simplifier(contours.couche, tolerance), f"{contours.empreinte} à {tolerance!r} m")


@lru_cache(maxsize=FONDS_GARDES)
def lieux(contours: Contours) -> np.ndarray:
    """Situer un point dans chaque territoire."""
    places: Any = shapely.get_coordinates(shapely.point_on_surface(contours.couche.geometry.to_numpy()))
    return places
