"""Reconnaître et lire un GeoParquet, que le GDAL livré ici ne lit pas."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.parquet as pq

from donnees_insee.erreurs import ErreurAbs, FichierIllisible, SourceNonReconnue
from donnees_insee.lecture.brut import nature
from donnees_insee.lecture.pilotes import PILOTES
from donnees_insee.lecture.tables import recompter, refuser_un_parquet_demesure

if TYPE_CHECKING:
    import geopandas as gpd

EXTENSIONS: Final = frozenset({".parquet", ".geoparquet"})


def est_une_couche(chemin: Path) -> bool:
    """Dire si un fichier se lit comme une couche ; un Parquet en est une quand il déclare une géométrie."""
    extension = chemin.suffix.lower()
    return extension in PILOTES.keys() | {".geoparquet"} or (
        extension == ".parquet" and nature(chemin) == "parquet" and _declare_une_geometrie(chemin)
    )


def _declare_une_geometrie(chemin: Path) -> bool:
    try:
        return b"geo" in (pq.read_schema(chemin).metadata or {})
    except (pa.ArrowException, OSError, ValueError):
        return False  # la lecture de la table dira ce qui l'empêche de s'ouvrir


def lire_geoparquet(chemin: Path) -> gpd.GeoDataFrame:
    """Lire un GeoParquet et recompter ses lignes par un second chemin."""
    import geopandas as gpd  # noqa: PLC0415 - import lent, réservé aux couches

    if not _declare_une_geometrie(chemin):
        raise SourceNonReconnue(
            f"« {chemin.name} » ne déclare aucune géométrie : ce n'est pas une couche de contours. Si c'est une table, "
            "donnez-lui l'extension .parquet."
        )
    try:
        refuser_un_parquet_demesure(chemin)
        lue = gpd.read_parquet(chemin)
        recompter(chemin, [], len(lue))
    except ErreurAbs:
        raise
    except Exception as cause:
        # Arrow, DuckDB, pyproj et shapely ont chacun leurs erreurs, en anglais.
        raise FichierIllisible(
            f"« {chemin.name} » ne s'ouvre pas comme un GeoParquet ({type(cause).__name__}). Téléchargez-le de nouveau."
        ) from cause
    return lue
