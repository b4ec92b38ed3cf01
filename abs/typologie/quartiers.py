"""Dire dans quelles classes se trouvent les quartiers prioritaires, par les IRIS qui les recouvrent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from abs.territoires.territoires import Territoire, Territoires
from donnees_insee.base.base import Base
from donnees_insee.base.parts import part_lisible
from donnees_insee.geographie.changements_iris import PROJECTION

if TYPE_CHECKING:
    import geopandas as gpd

# Un IRIS qui ne porte qu'un dixième du quartier n'en dit rien : les deux traits ne sont pas levés au même mètre.
PART_MINIMALE: Final = 0.10
COLONNES: Final = ("qpv", "nom_qpv", "code", "part_du_qpv")


def contours_des_iris(base: Base, codes: list[str]) -> tuple[gpd.GeoDataFrame | None, str]:
    """Prendre les contours d'IRIS dans la couche qui en porte le plus."""
    import geopandas as gpd  # noqa: PLC0415 - import lent, réservé aux cartes

    meilleure, annee_retenue, nombre = None, "", 0
    communes = sorted({c[:5] for c in codes})
    for annee, chemin in base.couches("contours_iris"):
        with part_lisible(chemin):
            couche = gpd.read_parquet(chemin, filters=[("commune", "in", communes)])
        couche = couche[couche["code"].isin(codes)]
        if len(couche) > nombre:
            meilleure, nombre = couche[["code", "geometry"]].reset_index(drop=True), len(couche)
            annee_retenue = "année non précisée" if annee is None else str(annee)
    return meilleure, annee_retenue


def contours_des_qpv(base: Base, qpv: list[Territoire]) -> gpd.GeoDataFrame | None:
    """Prendre les périmètres de quartiers prioritaires."""
    import geopandas as gpd  # noqa: PLC0415 - import lent, réservé aux cartes

    for _, chemin in base.couches("contours_qpv"):
        with part_lisible(chemin):
            couche = gpd.read_parquet(chemin, filters=[("code", "in", [t.code for t in qpv] or [""])])
        if len(couche):
            return couche[["code", "nom", "geometry"]].sort_values("code", ignore_index=True)
    return None


def iris_des_qpv(iris: gpd.GeoDataFrame, qpv: gpd.GeoDataFrame) -> pd.DataFrame:
    """Lister les IRIS qui portent au moins un dixième de la surface d'un quartier prioritaire."""
    gauche, droite = iris.to_crs(PROJECTION), qpv.to_crs(PROJECTION)
    lignes = []
    for quartier in droite.itertuples():
        forme = quartier.geometry if quartier.geometry.is_valid else quartier.geometry.buffer(0)
        parts = gauche.geometry.make_valid().intersection(forme).area / forme.area
        lignes += [
            (quartier.code, quartier.nom, code, part)
            for code, part in zip(gauche["code"], parts, strict=True)
            if part >= PART_MINIMALE
        ]
    return pd.DataFrame(lignes, columns=list(COLONNES)).sort_values(["qpv", "code"], ignore_index=True)


def quartiers_classes(base: Base, sujet: Territoire, iris: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Dire la classe des IRIS qui recouvrent chaque quartier prioritaire du sujet."""
    vide = pd.DataFrame(columns=[*COLONNES, "classe"])
    qpv = Territoires(base).qpv_du(sujet)
    if not qpv:
        return vide, f"La base ne tient aucun quartier prioritaire pour {sujet.nom}."
    perimetres = contours_des_qpv(base, qpv)
    couche, _ = contours_des_iris(base, list(iris["code"]))
    if perimetres is None or couche is None:
        quoi = "les périmètres des quartiers prioritaires" if perimetres is None else "les contours des IRIS"
        return vide, f"Les quartiers prioritaires ne sont pas situés : la base ne tient pas {quoi}."
    liste = iris_des_qpv(couche, perimetres)
    liste["classe"] = liste["code"].map(iris.set_index("code")["classe"]).fillna(0).astype(int)
    phrase = (
        "Un quartier prioritaire n'a pas de classe : voici celle des IRIS qui portent au moins un dixième de sa "
        "surface. Ces IRIS débordent du quartier, et leur situation n'est pas la sienne."
    )
    return liste, phrase
