"""Dire dans quelles classes se trouvent les quartiers prioritaires, par les IRIS qui les recouvrent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import pandas as pd

from abs.definitions import dire
from abs.territoires.territoires import Territoire, Territoires
from donnees_insee.base.base import Base
from donnees_insee.base.parts import part_lisible
from donnees_insee.geographie.recouvrements import recouvrements

if TYPE_CHECKING:
    import geopandas as gpd

# Un IRIS qui ne porte qu'un dixième du quartier n'en dit rien : les deux traits ne sont pas levés au même mètre.
PART_MINIMALE: Final = 0.10
COLONNES: Final = ("qpv", "nom_qpv", "code", "part_du_qpv")


def _couches(
    base: Base, source: str, colonne: str, voulus: list[str]
) -> Iterator[tuple[int | None, gpd.GeoDataFrame]]:
    """Lire dans chaque couche tenue les seuls contours voulus."""
    import geopandas as gpd  # noqa: PLC0415 - import lent, réservé aux cartes

    for annee, chemin in base.couches(source):
        with part_lisible(chemin):
            couche = gpd.read_parquet(chemin, filters=[(colonne, "in", voulus or [""])])
        yield annee, couche


def contours_des_iris(base: Base, codes: list[str]) -> tuple[gpd.GeoDataFrame | None, str]:
    """Prendre les contours d'IRIS dans la couche qui en porte le plus."""
    lues = _couches(base, "contours_iris", "commune", sorted({c[:5] for c in codes}))
    siennes = [(annee, couche[couche["code"].isin(codes)]) for annee, couche in lues]
    annee, meilleure = max(siennes, key=lambda lue: len(lue[1]), default=(None, ()))
    if not len(meilleure):
        return None, ""
    dite = "année non précisée" if annee is None else str(annee)
    return meilleure[["code", "geometry"]].reset_index(drop=True), dite


def contours_des_qpv(base: Base, qpv: list[Territoire]) -> gpd.GeoDataFrame | None:
    """Prendre les périmètres de quartiers prioritaires."""
    lues = _couches(base, "contours_qpv", "code", [t.code for t in qpv])
    trouvee = next((couche for _, couche in lues if len(couche)), None)
    return (
        None
        if trouvee is None
        else trouvee[["code", "nom", "geometry"]].sort_values("code", ignore_index=True)
    )


def iris_des_qpv(iris: gpd.GeoDataFrame, qpv: gpd.GeoDataFrame) -> pd.DataFrame:
    """Lister les IRIS qui portent au moins un dixième de la surface d'un quartier prioritaire."""
    couples = recouvrements(qpv, iris, PART_MINIMALE)
    couples = couples[couples["part_avant"] >= PART_MINIMALE]
    noms = couples["avant"].map(qpv.set_index("code")["nom"])
    lus = (couples["avant"], noms, couples["apres"], couples["part_avant"])
    return pd.DataFrame(dict(zip(COLONNES, lus, strict=True))).reset_index(drop=True)


def quartiers_classes(base: Base, sujet: Territoire, iris: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Dire la classe des IRIS qui recouvrent chaque quartier prioritaire du sujet."""
    vide = pd.DataFrame(columns=[*COLONNES, "classe"])
    qpv = Territoires(base).qpv_du(sujet)
    if not qpv:
        return vide, dire("typologie", "sans_qpv", nom=sujet.nom)
    perimetres = contours_des_qpv(base, qpv)
    couche, _ = contours_des_iris(base, list(iris["code"]))
    if perimetres is None or couche is None:
        quoi = "les périmètres des quartiers prioritaires" if perimetres is None else "les contours des IRIS"
        return vide, dire("typologie", "qpv_non_situes", quoi=quoi)
    liste = iris_des_qpv(couche, perimetres)
    liste["classe"] = liste["code"].map(iris.set_index("code")["classe"]).fillna(0).astype(int)
    return liste, dire("typologie", "qpv")
