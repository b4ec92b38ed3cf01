"""Quels IRIS un polygone touche, pour quelle part, et s'il n'en coupe aucun."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pandas as pd

from donnees_insee.base.base import Base
from donnees_insee.erreurs import DonneeAbsente

if TYPE_CHECKING:
    import geopandas as gpd
    from shapely.geometry.base import BaseGeometry

# Deux tracés du même IRIS ne coïncident jamais au mètre : au-delà de cette part, il est tenu pour entier.
ENTIER: Final = 0.99
POUSSIERE: Final = 1e-6
TRAIT: Final = 1e-3


@dataclass(frozen=True)
class Recouvrement:
    """Les IRIS que touche un polygone."""

    table: pd.DataFrame
    iris: gpd.GeoDataFrame
    annee: int | None

    @property
    def couverture(self) -> float:
        """Part du périmètre que les contours tenus couvrent."""
        return float(self.table["part_perimetre"].sum())

    @property
    def entiers(self) -> tuple[str, ...]:
        """IRIS du périmètre s'il n'en coupe aucun ; vide sinon."""
        dedans = self.table[self.table["part_iris"] >= ENTIER]
        coupes = self.table["part_iris"].between(1 - ENTIER, ENTIER, inclusive="neither")
        if coupes.any() or dedans["part_perimetre"].sum() < ENTIER:
            return ()
        return tuple(sorted(str(c) for c in dedans.index))

    @property
    def communes(self) -> frozenset[str]:
        """Communes des IRIS touchés, sauf celles que le périmètre ne touche que par l'épaisseur du trait."""
        touches = self.table.index[self.table["part_perimetre"] >= TRAIT]
        return frozenset(str(c)[:5] for c in touches)


def recouvrement(base: Base, polygone: BaseGeometry) -> Recouvrement:
    """Trouver les IRIS que touche un polygone, dans la couche tenue qui le couvre le mieux."""
    trouves = []
    for annee, chemin in base.couches("contours_iris"):
        couche = base.lire_couche(chemin)
        proches = couche.iloc[couche.sindex.query(polygone, predicate="intersects")]
        if len(proches):
            trouves.append(_mesurer(polygone, proches.reset_index(drop=True), annee))
    if not trouves:
        raise DonneeAbsente(
            "Aucun contour d'IRIS de la base ne touche ce périmètre. Déposez les contours d'IRIS de l'IGN pour ce "
            "département, et vérifiez que le périmètre est bien en France (longitude, puis latitude)."
        )
    return max(trouves, key=lambda r: (round(r.couverture, 3), r.annee or 0))


def _mesurer(polygone: BaseGeometry, proches: gpd.GeoDataFrame, annee: int | None) -> Recouvrement:
    import geopandas as gpd  # noqa: PLC0415 - import lent

    from donnees_insee.geographie.changements_iris import recouvrements  # noqa: PLC0415 - import lent

    cible = gpd.GeoDataFrame({"code": ["P"]}, geometry=[polygone], crs="EPSG:4326")
    couples = recouvrements(cible, proches, seuil=POUSSIERE)
    table = pd.DataFrame(
        {
            "nom": proches.set_index("code")["nom"].reindex(couples["apres"]).fillna("").to_numpy(),
            "part_iris": couples["part_apres"].to_numpy(),
            "part_perimetre": couples["part_avant"].to_numpy(),
        },
        index=pd.Index(couples["apres"], name="code"),
    )
    return Recouvrement(table, proches[proches["code"].isin(table.index)].reset_index(drop=True), annee)
