"""Préparer une fois les contours que plusieurs cartes montrent : projeter, simplifier, tracer, situer."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import shapely

from cartes.geometrie import Contours, contour_d_ensemble, projection_locale, reprojeter, simplifier

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.path import Path

# Un portrait montre une poignée de fonds (IRIS, quartiers, communes), chacun à deux échelles.
FONDS_GARDES: Final = 32


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
def chemins(contours: Contours) -> tuple[Path, ...]:
    """Changer chaque contour en chemin à dessiner."""
    from cartes.papier.trace import chemin  # noqa: PLC0415 - matplotlib seulement quand on dessine

    return tuple(chemin(geometrie) for geometrie in contours.couche.geometry)


@lru_cache(maxsize=FONDS_GARDES)
def chemin_d_ensemble(contours: Contours) -> Path:
    """Tracer le contour extérieur de l'ensemble."""
    from cartes.papier.trace import chemin  # noqa: PLC0415 - matplotlib seulement quand on dessine

    return chemin(contour_d_ensemble(contours.couche))


@lru_cache(maxsize=FONDS_GARDES)
def lieux(contours: Contours) -> np.ndarray:
    """Situer un point dans chaque territoire."""
    places: Any = shapely.get_coordinates(shapely.point_on_surface(contours.couche.geometry.to_numpy()))
    return places
