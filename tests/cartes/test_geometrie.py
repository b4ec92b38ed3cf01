"""Géométrie : projection du lieu, frontières simplifiées ensemble, longueurs rondes."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from cartes.geometrie import (
    LAMBERT_93,
    barre_d_echelle,
    contour_d_ensemble,
    emprise,
    projection_locale,
    simplifier,
    tailles_rondes,
)


def test_projection_selon_le_lieu(territoires) -> None:
    assert projection_locale(territoires().to_crs(4326)) == LAMBERT_93
    reunion = territoires(crs="EPSG:2975", origine=(340_000.0, 7_650_000.0))
    assert projection_locale(reunion).to_epsg() == 32740


def _dentelee(table):
    """Ajouter des sommets à toutes les frontières, comme sur un vrai contour."""
    return table.set_geometry(shapely.segmentize(table.geometry.to_numpy(), 20.0), crs=table.crs)


def test_la_simplification_n_ouvre_pas_de_vide(territoires) -> None:
    dentelee = _dentelee(territoires())
    simple = simplifier(dentelee, 30)
    assert simple.count_coordinates().sum() < dentelee.count_coordinates().sum() / 4
    assert shapely.coverage_is_valid(simple.geometry.to_numpy())
    ensemble = contour_d_ensemble(simple)
    assert len(shapely.get_rings(ensemble)) == 1
    assert ensemble.area == pytest.approx(36 * 500**2)
    assert list(simple["code"]) == list(dentelee["code"])


def test_une_couche_qui_se_recouvre_reste_intacte(territoires) -> None:
    table = _dentelee(territoires())
    table.loc[0, "geometry"] = table.loc[0, "geometry"].buffer(50)
    assert simplifier(table, 30) is table
    assert contour_d_ensemble(table).area > 0


def test_emprise_avec_marge(territoires) -> None:
    ouest, sud, est, nord = emprise(territoires(), 0.1)
    assert (est - ouest, nord - sud) == (3600, 3600)


@pytest.mark.parametrize(
    ("largeur", "texte"), [(9_000, "2 km"), (1_999, "200 m"), (400, "100 m"), (123_456, "20 km")]
)
def test_barre_d_echelle(largeur: float, texte: str) -> None:
    longueur, ecrit = barre_d_echelle(largeur)
    assert ecrit.replace("\u00a0", " ") == texte
    assert longueur <= largeur / 4


@pytest.mark.parametrize(
    ("maximum", "attendu"), [(3490, (2000, 500, 100)), (1, (1,)), (7, (5, 1)), (0, ()), (48, (20, 5, 1))]
)
def test_tailles_rondes(maximum: float, attendu: tuple[float, ...]) -> None:
    assert tailles_rondes(maximum) == attendu
    assert all(np.isfinite(tailles_rondes(maximum)))
