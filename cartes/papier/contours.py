"""Préparer une fois les contours que plusieurs cartes montrent : projeter, simplifier, tracer, situer."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import shapely

from cartes.geometrie import contour_d_ensemble, projection_locale, reprojeter, simplifier

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy as np
    from matplotlib.path import Path

# Un portrait montre une poignée de fonds (IRIS, quartiers, communes), chacun à deux échelles.
FONDS_GARDES: Final = 32


@dataclass(frozen=True, eq=False)
class Contours:
    """Contours reconnus à leur contenu : deux cartes du même fond partagent tout ce qui s'en déduit.

    Parameters
    ----------
    couche : geopandas.GeoDataFrame
        Géométries seules, dans un système de coordonnées connu.
    empreinte : str
        Ce qui les identifie : empreinte de leurs coordonnées et de leur système.
    """

    couche: gpd.GeoDataFrame
    empreinte: str

    def __eq__(self, autre: object) -> bool:
        return isinstance(autre, Contours) and autre.empreinte == self.empreinte

    def __hash__(self) -> int:
        return hash(self.empreinte)


def contours_de(table: gpd.GeoDataFrame) -> Contours:
    """Reconnaître les contours d'une table.

    Parameters
    ----------
    table : geopandas.GeoDataFrame
        Table dont le système de coordonnées est connu.

    Returns
    -------
    Contours
        Les mêmes géométries, dans le même ordre, sans les autres colonnes.
    """
    calcul = hashlib.sha256(str(table.crs).encode())
    for octets in shapely.to_wkb(table.geometry.to_numpy()):
        calcul.update(octets)
    return Contours(table[["geometry"]], calcul.hexdigest())


@lru_cache(maxsize=FONDS_GARDES)
def projetes(contours: Contours) -> Contours:
    """Projeter en mètres, dans la projection du lieu.

    Parameters
    ----------
    contours : Contours
        Contours dans un système quelconque.

    Returns
    -------
    Contours
        Contours projetés.
    """
    couche = reprojeter(contours.couche, projection_locale(contours.couche))
    return Contours(couche, f"{contours.empreinte} projetés")


@lru_cache(maxsize=FONDS_GARDES)
def simplifies(contours: Contours, tolerance: float) -> Contours:
    """Simplifier ensemble les frontières partagées.

    Parameters
    ----------
    contours : Contours
        Contours projetés.
    tolerance : float
        Tolérance en mètres.

    Returns
    -------
    Contours
        Contours simplifiés, ou les mêmes si la couche n'est pas une partition propre.
    """
    return Contours(simplifier(contours.couche, tolerance), f"{contours.empreinte} à {tolerance!r} m")


@lru_cache(maxsize=FONDS_GARDES)
def chemins(contours: Contours) -> tuple[Path, ...]:
    """Changer chaque contour en chemin à dessiner.

    Parameters
    ----------
    contours : Contours
        Contours projetés.

    Returns
    -------
    tuple of matplotlib.path.Path
        Un chemin par territoire.
    """
    from cartes.papier.trace import chemin  # noqa: PLC0415 - matplotlib seulement quand on dessine

    return tuple(chemin(geometrie) for geometrie in contours.couche.geometry)


@lru_cache(maxsize=FONDS_GARDES)
def chemin_d_ensemble(contours: Contours) -> Path:
    """Tracer le contour extérieur de l'ensemble.

    Parameters
    ----------
    contours : Contours
        Contours projetés.

    Returns
    -------
    matplotlib.path.Path
        Chemin d'ensemble.
    """
    from cartes.papier.trace import chemin  # noqa: PLC0415 - matplotlib seulement quand on dessine

    return chemin(contour_d_ensemble(contours.couche))


@lru_cache(maxsize=FONDS_GARDES)
def lieux(contours: Contours) -> np.ndarray:
    """Situer un point dans chaque territoire.

    Parameters
    ----------
    contours : Contours
        Contours projetés.

    Returns
    -------
    numpy.ndarray
        Abscisses et ordonnées, une ligne par territoire.
    """
    places: Any = shapely.get_coordinates(shapely.point_on_surface(contours.couche.geometry.to_numpy()))
    return places
