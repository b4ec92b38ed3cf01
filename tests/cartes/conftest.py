"""Territoires d'essai : une grille de carrés où chaque statut est présent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pytest
import shapely

from cartes.carte import CarteThematique
from cartes.specification import Reference, Superposition

if TYPE_CHECKING:
    from collections.abc import Callable

COTE = 6
ORIGINE = (770_000.0, 6_280_000.0)  # près de Montpellier, en Lambert-93


def grille(
    cote: int = COTE, crs: str = "EPSG:2154", origine: tuple[float, float] = ORIGINE
) -> gpd.GeoDataFrame:
    x0, y0 = origine
    lignes = [(i, j) for j in range(cote) for i in range(cote)]
    return gpd.GeoDataFrame(
        {
            "code": [f"01{rang:07d}" for rang in range(len(lignes))],
            "nom": [f"Quartier {rang}" for rang in range(len(lignes))],
            "valeur": np.arange(len(lignes), dtype=float) + 10.0,
            "statut": "publie",
            "fiabilite": "bonne",
        },
        geometry=[
            shapely.box(x0 + 500 * i, y0 + 500 * j, x0 + 500 * (i + 1), y0 + 500 * (j + 1)) for i, j in lignes
        ],
        crs=crs,
    )


def grille_de_tous_les_statuts() -> gpd.GeoDataFrame:
    table = grille()
    for rang, statut in enumerate(("secret", "indisponible", "sans_objet")):
        table.loc[rang, ["statut", "valeur"]] = [statut, np.nan]
    table.loc[3, "statut"] = "estime"
    table.loc[4, "statut"] = "partiel"
    table.loc[5, "statut"] = "calcule"
    table.loc[6, "fiabilite"] = "fragile"
    return table


def fabriquer(**changements: Any) -> CarteThematique:
    champs: dict[str, Any] = {
        "code": "taux_essai",
        "titre": "Taux d'essai",
        "sous_titre": "Part des ménages d'essai parmi les ménages",
        "territoires": grille(),
        "nature": "taux",
        "unite": "%",
        "decimales": 1,
        "source": "Source d'essai",
        "date": "2016",
        "geographie": "2019",
    }
    return CarteThematique(**{**champs, **changements})


@pytest.fixture
def carte() -> Callable[..., CarteThematique]:
    return fabriquer


@pytest.fixture
def territoires() -> Callable[..., gpd.GeoDataFrame]:
    return grille


@pytest.fixture
def tous_les_statuts() -> gpd.GeoDataFrame:
    return grille_de_tous_les_statuts()


@pytest.fixture
def reference() -> Reference:
    return Reference("Commune", 22.2)


@pytest.fixture
def quartiers_prioritaires() -> Superposition:
    x, y = ORIGINE
    couches = gpd.GeoDataFrame(
        {"code": ["QP001", "QP002"], "nom": ["La Rive", "Le Lointain"]},
        geometry=[
            shapely.box(x + 300, y + 300, x + 1200, y + 900),
            shapely.box(x + 9e4, y, x + 9.1e4, y + 1e3),
        ],
        crs="EPSG:2154",
    )
    return Superposition("Quartiers prioritaires", couches, etiquette="nom")
