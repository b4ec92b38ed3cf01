"""Les carreaux de Filosofi d'un polygone : les prendre dans la base, et compter dedans, avec bornes et part imputée."""

import math
import re
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS
from shapely.geometry.base import BaseGeometry

from abs.definitions import dire, table
from abs.perimetres.transferts import Estimation, TransfertRefuse
from donnees_insee.base.base import Base
from donnees_insee.catalogue.catalogue import sources
from donnees_insee.erreurs import DonneeAbsente, liste_de_fautes

CODE: Final = re.compile(r"CRS(\d+)RES(\d+)mN(\d+)E(\d+)")
# Projection de la grille selon le territoire : métropole, Martinique (UTM 20 N), La Réunion (UTM 40 S).
PROJECTIONS: Final = (3035, 5490, 2975)
COTES: Final = (200, 1000)
ENTIER: Final = 1 - 1e-9
MAXIMUM: Final = 400_000


@dataclass(frozen=True)
class Carreaux:
    """Les carreaux qui touchent un polygone, et la part de leur surface qui est dedans."""

    table: pd.DataFrame
    parts: np.ndarray
    cote: int = 200
    millesime: int | None = None
    remarque: str = ""
    couverture_verifiee: bool = True

    @property
    def entiers(self) -> np.ndarray:
        """Carreaux entièrement dans le polygone."""
        return self.parts >= ENTIER

    @property
    def part_imputee(self) -> float:
        """Part des personnes estimées qui vivent dans un carreau imputé pour secret ; NaN si elle est inconnue."""
        drapeau = next((d for d in ("I_EST_200", "I_EST_1KM", "I_EST_CR") if d in self.table), None)
        if drapeau is None or "IND" not in self.table:
            return float("nan")
        poids = self.table["IND"].to_numpy(float) * self.parts
        imputes = pd.to_numeric(self.table[drapeau], errors="coerce").to_numpy(float) > 0
        return float(poids[imputes].sum() / poids.sum()) if poids.sum() > 0 else float("nan")


def polygone_du_code(code: str) -> tuple[int, int, int, int]:
    """Lire dans le code d'un carreau sa projection, son côté et son coin sud-ouest."""
    lu = CODE.fullmatch(code)
    if lu is None:
        raise DonneeAbsente(dire("perimetres", "code_de_carreau", code=code))
    return int(lu[1]), int(lu[2]), int(lu[4]), int(lu[3])


def carreaux_du_polygone(
    base: Base, polygone: BaseGeometry, millesime: int | None = None, communes: frozenset[str] = frozenset()
) -> Carreaux:
    """Prendre dans la base les carreaux qui touchent un polygone."""
    tenus = base.millesimes("grille", "carreau")
    if not tenus or (millesime is not None and millesime not in tenus):
        mots = {"voulu": "" if millesime is None else f" {millesime}", "grille": sources()["grille"]}
        liste = ", ".join(map(str, tenus)) or "aucun"
        raise DonneeAbsente(dire("perimetres", "sans_carreaux", tenus=liste, **mots))
    annee = tenus[-1] if millesime is None else millesime
    projetes = [(epsg, p) for epsg in PROJECTIONS if (p := _projeter(polygone, epsg)) is not None]
    for cote, (epsg, projete) in product(COTES, projetes):
        table = base.lire("grille", annee, "carreau", codes=_codes_possibles(projete, epsg, cote))
        if len(table):
            touches = parts_de_surface([str(c) for c in table.index], projete)
            garde = touches > 0
            return _avec_remarque(base, Carreaux(table[garde], touches[garde], cote, annee), communes)
    vide = pd.DataFrame(index=pd.Index([], name="code", dtype="str"))
    remarque = "aucun carreau habité de la grille déposée ne touche le périmètre"
    return Carreaux(vide, np.zeros(0), millesime=annee, remarque=remarque)


def _avec_remarque(base: Base, trouves: Carreaux, communes: frozenset[str]) -> Carreaux:
    """Dire les communes que la grille déposée ne nomme nulle part : leurs carreaux manquent, ils ne valent pas zéro."""
    if not len(trouves.parts):
        return replace(trouves, remarque="aucun carreau habité ne touche le périmètre")
    if "LCOG_GEO" not in trouves.table or not communes:
        return replace(trouves, couverture_verifiee=False)
    absentes = communes - _communes_nommees(trouves.table)
    if absentes:
        toute = base.lire("grille", trouves.millesime, "carreau", colonnes=["LCOG_GEO"])
        absentes -= _communes_nommees(toute)
    if not absentes:
        return trouves
    raison = f"la grille déposée ne couvre pas {', '.join(sorted(absentes)[:5])}, que le périmètre touche"
    return replace(trouves, remarque=raison)


def _communes_nommees(table: pd.DataFrame) -> set[str]:
    textes = table["LCOG_GEO"].dropna().astype(str).unique()
    return {t[i : i + 5] for t in textes for i in range(0, len(t), 5)}


def _projeter(polygone: BaseGeometry, epsg: int) -> BaseGeometry | None:
    """Porter le polygone dans la projection de la grille ; ``None`` s'il n'y est pas à sa place."""
    aire = CRS.from_epsg(epsg).area_of_use
    centre = polygone.representative_point()
    if aire is None or not (aire.west <= centre.x <= aire.east and aire.south <= centre.y <= aire.north):
        return None
    return gpd.GeoSeries([polygone], crs="EPSG:4326").to_crs(epsg).make_valid().iloc[0]


def _codes_possibles(projete: BaseGeometry, epsg: int, cote: int) -> list[str]:
    ouest, sud, est, nord = (int(v // cote) * cote for v in projete.bounds)
    nombre = ((est - ouest) // cote + 1) * ((nord - sud) // cote + 1)
    if nombre > MAXIMUM:
        raise TransfertRefuse(dire("perimetres", "trop_grand", nombre=nombre, cote=cote))
    coins = product(range(sud, nord + 1, cote), range(ouest, est + 1, cote))
    return [f"CRS{epsg}RES{cote}mN{n}E{e}" for n, e in coins]


def parts_de_surface(codes: list[str], projete: BaseGeometry) -> np.ndarray:
    """Mesurer la part de la surface de chaque carreau qui est dans un polygone."""
    boites = boites_des_codes(codes)
    parts = np.zeros(len(boites))
    shapely.prepare(projete)
    dedans = shapely.contains_properly(projete, boites)
    parts[dedans] = 1.0
    autres = ~dedans & shapely.intersects(projete, boites)
    parts[autres] = shapely.area(shapely.intersection(boites[autres], projete)) / shapely.area(boites[autres])
    return np.where(parts >= ENTIER, 1.0, parts)


def boites_des_codes(codes: list[str]) -> np.ndarray:
    """Dessiner les carrés de plusieurs codes, dans la projection de leur grille."""
    lus = np.array([polygone_du_code(c) for c in codes], dtype=float).reshape(-1, 4)
    est, nord, cote = lus[:, 2], lus[:, 3], lus[:, 1]
    return np.asarray(shapely.box(est, nord, est + cote, nord + cote))


def grandeurs() -> dict[str, dict[str, Any]]:
    """Lire les comptes et les parts que la grille permet."""
    return table("_carreaux")


def compter(carreaux: Carreaux, codes: tuple[str, ...] = ()) -> dict[str, Estimation]:
    """Compter dans un polygone, avec ses bornes."""
    comptes, parts = grandeurs()["comptes"], grandeurs()["parts"]
    if refuses := [c for c in codes if c not in comptes and c not in parts]:
        debut = dire("perimetres", "grille", comptes=", ".join(comptes), parts=", ".join(parts))
        fautes = [f"{c} n'est pas un compte de la grille." for c in refuses]
        raise TransfertRefuse(liste_de_fautes(debut, fautes))
    voulus = codes or (*comptes, *parts)
    return {c: _part(carreaux, parts[c]) if c in parts else _compte(carreaux, c) for c in voulus}


def exiger_un_compte_de_la_grille(variable: str) -> None:
    """Refuser une variable de la grille qui n'est pas un compte."""
    comptes = grandeurs()["comptes"]
    if variable not in comptes:
        raise TransfertRefuse(
            dire("perimetres", "pas_un_compte", variable=variable, comptes=", ".join(comptes))
        )


def _manque(carreaux: Carreaux, *variables: str) -> str:
    """Dire ce qui manque aux variables : un carreau sans valeur n'est pas un carreau vide."""
    if carreaux.remarque:
        return carreaux.remarque
    for variable in variables:
        if variable not in carreaux.table:
            return f"la grille déposée ne contient pas la variable {variable}"
        if vides := int(carreaux.table[variable].isna().sum()):
            return f"{vides} carreau(x) sur {len(carreaux.table)} sans valeur pour {variable}"
    return ""


def _note(carreaux: Carreaux) -> str:
    entiers, coupes = int(carreaux.entiers.sum()), int((~carreaux.entiers).sum())
    x, s = ("x", "s") if entiers > 1 else ("", "")
    mots = [
        f"{entiers} carreau{x} de {carreaux.cote} m entier{s} et {coupes} traversé{'s' if coupes > 1 else ''}",
        "part imputée inconnue"
        if np.isnan(carreaux.part_imputee)
        else f"{100 * carreaux.part_imputee:.0f} % des personnes dans des carreaux imputés",
    ]
    if not carreaux.couverture_verifiee:
        mots.append("rien ne dit si la grille déposée couvre tout le périmètre")
    return " ; ".join(mots)


def _estimer(
    carreaux: Carreaux, trois: tuple[float, float, float], comptes: tuple[float, float] = (math.nan, math.nan)
) -> Estimation:
    """Former l'estimation d'un compte ou d'une part : exacte si aucun carreau n'est coupé ni imputé."""
    exacte = bool(carreaux.entiers.all()) and carreaux.part_imputee == 0
    return Estimation("carreaux", *trois, *comptes, exacte=exacte, note=_note(carreaux))


def _compte(carreaux: Carreaux, variable: str) -> Estimation:
    if manque := _manque(carreaux, variable):
        return Estimation("carreaux", float("nan"), manque=manque)
    valeurs = carreaux.table[variable].to_numpy(float)
    # Trois sommes dans le même ordre : l'arrondi ne peut pas faire sortir l'estimation de ses bornes.
    basse, estimee, haute = (
        float((valeurs * poids).sum()) for poids in (carreaux.entiers, carreaux.parts, np.ones(len(valeurs)))
    )
    return _estimer(carreaux, (estimee, basse, haute))


def _part(carreaux: Carreaux, definition: dict[str, str]) -> Estimation:
    """Rapport de sommes ; ses bornes sont exactes, quelle que soit la part de chaque carreau traversé."""
    variables = (definition["numerateur"], definition["denominateur"])
    if manque := _manque(carreaux, *variables):
        return Estimation("carreaux", float("nan"), manque=manque)
    hauts, bas = (carreaux.table[v].to_numpy(float) for v in variables)
    numerateur, denominateur = float((hauts * carreaux.parts).sum()), float((bas * carreaux.parts).sum())
    if denominateur <= 0:
        return Estimation("carreaux", float("nan"), manque="aucun ménage dans le périmètre")
    valeur = 100 * numerateur / denominateur
    basse, haute = (100 * _rapport_extreme(hauts, bas, carreaux.entiers, sens) for sens in (-1, 1))
    trois = (valeur, min(basse, valeur), max(haute, valeur))
    return _estimer(carreaux, trois, (numerateur, denominateur))


def _rapport_extreme(hauts: np.ndarray, bas: np.ndarray, entiers: np.ndarray, sens: int) -> float:
    """Chercher le rapport le plus haut (ou le plus bas) : un carreau traversé y est tout entier ou pas du tout."""
    h, b = float(hauts[entiers].sum()), float(bas[entiers].sum())
    coupes = ~entiers & (bas > 0)
    rapports = hauts[coupes] / bas[coupes]
    ordre = np.argsort(-sens * rapports, kind="stable")
    cumul_h = h + np.concatenate([[0.0], np.cumsum(hauts[coupes][ordre])])
    cumul_b = b + np.concatenate([[0.0], np.cumsum(bas[coupes][ordre])])
    possibles = cumul_h[cumul_b > 0] / cumul_b[cumul_b > 0]
    return float(possibles.max() if sens > 0 else possibles.min())
