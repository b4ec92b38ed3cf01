"""Ce que la base sait dire de ses contours : couches tenues, contours présents, couche lue, noms rendus à leurs accents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

import pyarrow.parquet as pq

from donnees_insee.base.noms_d_iris import PERDU
from donnees_insee.base.parts import Part, part_lisible

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import geopandas as gpd
    import pandas as pd

Tableau = TypeVar("Tableau", bound="pd.DataFrame")
# Colonne qui nomme → colonne du code qu'elle nomme.
NOMS_ET_CODES = (("nom", "code"), ("nom_commune", "commune"))


class LectureDesCouches(Protocol):
    """La part de la base qui lit les contours ; la base dit quelles parts et quelles tables elle tient."""

    def parts(self) -> tuple[Part, ...]:
        """Lister les parts de la base."""

    def millesimes(self, source: str, niveau: str | None = None) -> list[int]:
        """Lister les millésimes tenus d'une source."""

    def lire(self, source: str, millesime: int | None, niveau: str) -> pd.DataFrame:
        """Lire une table de la base."""

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
            return restaurer(self, gpd.read_parquet(chemin))


def restaurer(base: LectureDesCouches, table: Tableau) -> Tableau:
    """Remplacer chaque nom qui porte une lettre perdue par celui que la table de référence donne au même code."""
    references: dict[str, str] | None = None
    for nom, code in NOMS_ET_CODES:
        if nom not in table or code not in table:
            continue
        perdus = table[nom].astype(str).str.contains(PERDU)
        if not perdus.any():
            continue
        references = noms_de_reference(base) if references is None else references
        trouves = table.loc[perdus, code].astype(str).map(references)
        table = table.assign(**{nom: table[nom].mask(perdus, trouves.fillna(table[nom]))})
    return table


def noms_de_reference(base: LectureDesCouches) -> dict[str, str]:
    """Lire les noms d'IRIS et de communes que des tables donnent sans lettre perdue."""
    noms: dict[str, str] = {}
    lus = [
        ("reference_iris", "iris", "LIB_IRIS"),
        ("appartenance", "commune", "LIBGEO"),
        ("cog", "commune", "LIBELLE"),
    ]
    for source, niveau, colonne in lus:
        for annee in base.millesimes(source, niveau):
            table = base.lire(source, annee, niveau)
            if source == "reference_iris" and {"DEPCOM", "LIBCOM"} <= set(table.columns):
                communes = table.dropna(subset=["DEPCOM", "LIBCOM"]).drop_duplicates("DEPCOM")
                noms |= dict(zip(communes["DEPCOM"].astype(str), communes["LIBCOM"].astype(str), strict=True))
            if colonne in table:
                noms |= {str(c): str(n) for c, n in table[colonne].dropna().items()}
    return {c: n for c, n in noms.items() if PERDU not in n}
