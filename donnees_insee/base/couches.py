"""Ce que la base sait dire de ses contours : couches tenues, présence d'un contour, lecture d'une couche."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pyarrow.parquet as pq

from donnees_insee.base.noms_restaures import TablesDeReference, restaurer
from donnees_insee.base.parts import Part, part_lisible

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import geopandas as gpd


class LectureDesCouches:
    """La part de la base qui lit les contours ; la base dit quelles parts elle tient."""

    def parts(self) -> tuple[Part, ...]:
        """Lister les parts de la base."""
        raise NotImplementedError

    def couches(self, source: str) -> list[tuple[int | None, Path]]:
        """Lister les couches de contours tenues."""
        return [(p.millesime, p.chemin) for p in self.parts() if p.source == source]

    def a_des_contours(self, communes: Iterable[str]) -> bool:
        """Dire si une couche de contours d'IRIS porte au moins une de ces communes."""
        filtre = [("commune", "in", sorted(communes))]
        return any(
            pq.read_table(chemin, columns=["code"], filters=filtre).num_rows > 0
            for _, chemin in self.couches("contours_iris")
        )

    def lire_couche(self, chemin: Path) -> gpd.GeoDataFrame:
        """Lire une couche de contours rangée."""
        import geopandas as gpd  # noqa: PLC0415 - import lent, réservé aux cartes

        with part_lisible(chemin):
            # La base est cette classe complétée ; elle seule sait lire les tables de référence.
            return restaurer(cast("TablesDeReference", self), gpd.read_parquet(chemin))
