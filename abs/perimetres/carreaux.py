"""Prendre dans la base les carreaux de Filosofi qui touchent un polygone, et la part de chacun qui est dedans."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from abs.perimetres.transferts import TransfertRefuse
from donnees_insee.base.base import Base
from donnees_insee.catalogue.catalogue import sources
from donnees_insee.erreurs import DonneeAbsente

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

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
        raise DonneeAbsente(
            f"Le code de carreau « {code} » ne se lit pas ; on attend CRS<projection>RES<côté>mN<ordonnée>E<abscisse>. "
            "Déposez le fichier de carreaux tel que l'INSEE le publie."
        )
    return int(lu[1]), int(lu[2]), int(lu[4]), int(lu[3])


def carreaux_du_polygone(
    base: Base, polygone: BaseGeometry, millesime: int | None = None, communes: frozenset[str] = frozenset()
) -> Carreaux:
    """Prendre dans la base les carreaux qui touchent un polygone."""
    tenus = base.millesimes("grille", "carreau")
    if not tenus or (millesime is not None and millesime not in tenus):
        raise DonneeAbsente(
            f"La base ne tient pas de carreaux{'' if millesime is None else f' {millesime}'} (millésimes tenus : "
            f"{', '.join(map(str, tenus)) or 'aucun'}). Déposez {sources()['grille'].rappel_demande}."
        )
    annee = tenus[-1] if millesime is None else millesime
    for cote in COTES:
        for epsg in PROJECTIONS:
            projete = _projeter(polygone, epsg)
            if projete is None:
                continue
            table = base.lire("grille", annee, "carreau", codes=_codes_possibles(projete, epsg, cote))
            if len(table):
                touches = parts_de_surface([str(c) for c in table.index], projete)
                garde = touches > 0
                trouves = Carreaux(table[garde], touches[garde], cote, annee)
                return _avec_remarque(base, trouves, communes)
    vide = pd.DataFrame(index=pd.Index([], name="code", dtype="str"))
    return Carreaux(
        vide,
        np.zeros(0),
        millesime=annee,
        remarque="aucun carreau habité de la grille déposée ne touche le périmètre",
    )


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
    import geopandas as gpd  # noqa: PLC0415 - import lent
    from pyproj import CRS  # noqa: PLC0415 - import lent

    aire = CRS.from_epsg(epsg).area_of_use
    centre = polygone.representative_point()
    if aire is None or not (aire.west <= centre.x <= aire.east and aire.south <= centre.y <= aire.north):
        return None
    return gpd.GeoSeries([polygone], crs="EPSG:4326").to_crs(epsg).make_valid().iloc[0]


def _codes_possibles(projete: BaseGeometry, epsg: int, cote: int) -> list[str]:
    ouest, sud, est, nord = (int(v // cote) * cote for v in projete.bounds)
    nombre = ((est - ouest) // cote + 1) * ((nord - sud) // cote + 1)
    if nombre > MAXIMUM:
        raise TransfertRefuse(
            f"Le périmètre s'étend sur {nombre} carreaux de {cote} m : il est trop grand pour un comptage par carreaux. "
            "Demandez la commune, l'intercommunalité ou le département qui le contient."
        )
    return [
        f"CRS{epsg}RES{cote}mN{n}E{e}"
        for n in range(sud, nord + 1, cote)
        for e in range(ouest, est + 1, cote)
    ]


def parts_de_surface(codes: list[str], projete: BaseGeometry) -> np.ndarray:
    """Mesurer la part de la surface de chaque carreau qui est dans un polygone."""
    import shapely  # noqa: PLC0415 - import lent

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
    import shapely  # noqa: PLC0415 - import lent

    lus = np.array([polygone_du_code(c) for c in codes], dtype=float).reshape(-1, 4)
    est, nord, cote = lus[:, 2], lus[:, 3], lus[:, 1]
    return np.asarray(shapely.box(est, nord, est + cote, nord + cote))
