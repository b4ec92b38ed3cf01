"""Répartir des comptes d'IRIS selon la population des carreaux : une estimation et ses bornes, jamais un taux."""

from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from abs.perimetres.carreaux import (
    Carreaux,
    boites_des_codes,
    exiger_un_compte_de_la_grille,
    polygone_du_code,
)
from abs.perimetres.transferts import Estimation, exiger_une_variable_sommable

COLONNES: Final = ("part", "basse", "haute")
INCONNUE: Final = (np.nan, np.nan, np.nan)
# Au-dessous de cette part de sa surface, un carreau ne touche un morceau que par l'arrondi des coordonnées.
POUSSIERE: Final = 1e-9


def poids_des_iris(
    iris: gpd.GeoDataFrame, polygone: BaseGeometry, carreaux: Carreaux, variable: str = "IND"
) -> pd.DataFrame:
    """Mesurer la part de la population de chaque IRIS qui est dans un polygone, d'après les carreaux."""
    exiger_un_compte_de_la_grille(variable)
    codes = [str(c) for c in carreaux.table.index]
    if not codes:
        return pd.DataFrame(np.nan, index=pd.Index(iris["code"], name="code"), columns=list(COLONNES))
    epsg = polygone_du_code(codes[0])[0]
    formes = np.asarray(iris.to_crs(epsg).geometry.make_valid())
    decoupe = gpd.GeoSeries([polygone], crs="EPSG:4326").to_crs(epsg).make_valid().iloc[0]
    boites = boites_des_codes(codes)
    rangs_iris, rangs_carreaux = shapely.STRtree(boites).query(formes, predicate="intersects")
    morceaux = shapely.intersection(boites[rangs_carreaux], formes[rangs_iris])
    surfaces = shapely.area(boites)[rangs_carreaux]
    avec = shapely.area(morceaux) / surfaces
    dans = np.minimum(shapely.area(shapely.intersection(morceaux, decoupe)) / surfaces, avec)
    lignes = pd.DataFrame(
        {
            "code": iris["code"].to_numpy()[rangs_iris],
            "personnes": carreaux.table[variable].to_numpy(float)[rangs_carreaux],
            "dans": np.where(dans > POUSSIERE, dans, 0.0),
            "hors": np.where(avec - dans > POUSSIERE, avec - dans, 0.0),
        }
    )
    groupes = {str(c): g for c, g in lignes.groupby("code")}
    parts = {c: _part(groupes[c]) if c in groupes else INCONNUE for c in map(str, iris["code"])}
    return pd.DataFrame.from_dict(parts, orient="index", columns=list(COLONNES)).rename_axis("code")


def _part(groupe: pd.DataFrame) -> tuple[float, float, float]:
    """Partager un IRIS : un carreau que coupe le périmètre peut être tout d'un côté, ce qui écarte les bornes."""
    p, dans, hors = (groupe[c].to_numpy(float) for c in ("personnes", "dans", "hors"))
    if np.isnan(p).any():
        return INCONNUE
    if not hors.any():
        return (1.0, 1.0, 1.0)
    if not dans.any():
        return (0.0, 0.0, 0.0)
    dedans, dehors = float((p * dans).sum()), float((p * hors).sum())
    if dedans + dehors <= 0:
        return (np.nan, 0.0, 1.0)
    coupes = (dans > 0) & (hors > 0)
    tous = dedans + dehors
    incertains = float((p * (dans + hors))[coupes].sum())
    basse = float((p * dans)[~coupes].sum()) / tous
    part = dedans / tous
    return (part, min(basse, part), max(min(basse + incertains / tous, 1.0), part))


def reponderer(
    comptes: pd.Series, poids: pd.DataFrame, variable: str, univers: pd.Series | None = None
) -> Estimation:
    """Répartir un compte d'IRIS dans un périmètre, avec ses bornes."""
    exiger_une_variable_sommable(variable)
    touches = poids[(poids["haute"] > 0) | poids["haute"].isna()]
    lus = comptes.reindex(touches.index).to_numpy(float)
    part, basse, haute = (touches[c].to_numpy(float) for c in COLONNES)
    # Sans personne à répartir, la part inconnue d'un IRIS vide ne change rien.
    part, basse, haute = (np.where((lus == 0) & np.isnan(v), 0.0, v) for v in (part, basse, haute))
    if manque := _manque(poids, touches, lus, part):
        return Estimation("iris_reponderes", float("nan"), manque=manque)
    tous = np.full(len(lus), np.nan) if univers is None else univers.reindex(touches.index).to_numpy(float)
    entiers = basse >= 1.0
    # Un compte de l'exploitation complémentaire peut dépasser d'un rien la population principale.
    borne = np.where(np.isnan(tous), np.inf, np.maximum(tous, lus))
    with np.errstate(invalid="ignore"):
        au_moins = np.where(np.isinf(borne), 0.0, np.maximum(lus - borne * (1 - basse), 0.0))
        au_plus = np.where(np.isinf(borne), lus, np.minimum(lus, borne * haute))
    # IRIS par IRIS, l'arrondi ne doit pas faire sortir l'estimation de ses bornes.
    estimes = lus * part
    trois = (estimes, np.minimum(au_moins, estimes), np.maximum(au_plus, estimes))
    valeur, bas, haut = (float(np.where(entiers, lus, bornes).sum()) for bornes in trois)
    note = f"{int(entiers.sum())} IRIS entiers et {int((~entiers).sum())} coupés, répartis selon les carreaux"
    exacte = bool(len(entiers) and entiers.all())
    return Estimation("iris_reponderes", valeur, bas, haut, exacte=exacte, note=note)


def _manque(poids: pd.DataFrame, touches: pd.DataFrame, lus: np.ndarray, part: np.ndarray) -> str:
    if poids.empty:
        return "aucun IRIS connu ne touche le périmètre"
    if sans_compte := [str(c) for c in touches.index[np.isnan(lus)]]:
        return f"{len(sans_compte)} IRIS sur {len(lus)} sans chiffre ({', '.join(sans_compte[:4])})"
    if sans_carreau := [str(c) for c in touches.index[np.isnan(part)]]:
        return f"la grille ne compte personne dans {len(sans_carreau)} IRIS ({', '.join(sans_carreau[:4])})"
    return ""
