"""Contours du territoire fictif : IRIS des deux géographies et quartiers prioritaires."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pyproj
import shapely

from donnees_insee.demo.fabrique.alea import Alea
from donnees_insee.demo.fabrique.formats_bruts import ecrire
from donnees_insee.demo.fabrique.territoire import COMMUNES, EPCI, MAILLES, NIVEAUX, QPV, Quartier, iris_de

Pieces = dict[str, list[shapely.Polygon]]
# En Lambert-93, au milieu du golfe de Gascogne : aucune commune réelle ne peut être recouverte.
ORIGINE = (150_000.0, 6_480_000.0)
DECIMALES_DEGRES = 5
_EN_DEGRES = pyproj.Transformer.from_crs(2154, 4326, always_xy=True)
_FIN, _LARGE = 0.2, 0.5
_ETENDUE = {"ouest": -10.0, "est": 14.5, "sud": -10.0, "nord": 9.5}
_TERRE = {"centre": (1.9, -0.5), "demi_axes": (10.4, 7.3)}


def _vers_degres(points: np.ndarray) -> np.ndarray:
    """Passer des kilomètres du plan fictif aux degrés, arrondis comme dans les fichiers."""
    x, y = _EN_DEGRES.transform(ORIGINE[0] + points[:, 0] * 1000, ORIGINE[1] + points[:, 1] * 1000)
    # L'ajout de zéro efface les « -0.0 ».
    return np.round(np.column_stack([x, y]), DECIMALES_DEGRES) + 0.0


def _semis(alea: Alea) -> np.ndarray:
    """Semer des points plus serrés en ville : leurs cellules donnent des limites d'allure naturelle."""
    villes = [(0.0, -0.2, 3.7), (-3.1, -3.6, 1.9), (4.3, 3.4, 1.7)]

    def en_ville(x: float, y: float) -> bool:
        return any(math.hypot(x - cx, y - cy) < rayon for cx, cy, rayon in villes)

    points = []
    for pas, urbain in ((_FIN, True), (_LARGE, False)):
        for i in range(int((_ETENDUE["est"] - _ETENDUE["ouest"]) / pas)):
            for j in range(int((_ETENDUE["nord"] - _ETENDUE["sud"]) / pas)):
                x = _ETENDUE["ouest"] + pas * (i + 0.15 + 0.7 * alea.uniforme("semis", pas, i, j, "x"))
                y = _ETENDUE["sud"] + pas * (j + 0.15 + 0.7 * alea.uniforme("semis", pas, i, j, "y"))
                if en_ville(x, y) == urbain:
                    points.append((round(x, 4), round(y, 4)))
    return np.array(points)


def _est_terre(x: float, y: float) -> bool:
    """Dire si un point est dans le territoire, dont le bord ondule."""
    (cx, cy), (a, b) = _TERRE["centre"], _TERRE["demi_axes"]
    dx, dy = (x - cx) / a, (y - cy) / b
    angle = math.atan2(dy, dx)
    bord = 1 + 0.07 * math.sin(3 * angle + 1) + 0.05 * math.sin(5 * angle) + 0.03 * math.sin(11 * angle)
    return math.hypot(dx, dy) < bord


def cellules(alea: Alea) -> Pieces:
    """Découper le territoire en petites cellules et les donner aux mailles."""
    points = _semis(alea)
    voronoi = shapely.get_parts(shapely.voronoi_polygons(shapely.MultiPoint(points), ordered=True))
    germes = np.array([(m.x, m.y) for m in MAILLES])
    resultat: Pieces = {m.code: [] for m in MAILLES}
    for (x, y), cellule in zip(points, voronoi, strict=True):
        if not _est_terre(x, y):
            continue
        proche = int(np.argmin(np.hypot(germes[:, 0] - x, germes[:, 1] - y)))
        sommets = _vers_degres(shapely.get_coordinates(cellule.exterior))
        # Une arête de moins d'un mètre devient un point, de la même façon chez les deux voisines.
        garde = np.append(True, np.any(np.diff(sommets, axis=0) != 0, axis=1))
        resultat[MAILLES[proche].code].append(shapely.Polygon(sommets[garde]))
    return resultat


def contour_qpv(quartier: Quartier) -> shapely.Polygon:
    """Dessiner un quartier prioritaire, qui ne suit pas les limites des IRIS."""
    (cx, cy), (a, b) = quartier.centre, quartier.demi_axes
    incline = math.radians(quartier.inclinaison)
    points = []
    for t in (2 * math.pi * i / 28 for i in range(28)):
        # Une ellipse un peu carrée, au bord irrégulier, ressemble aux périmètres dessinés à la rue.
        onde = 1 + 0.08 * math.sin(4 * t + cx) + 0.05 * math.sin(7 * t + cy)
        u, v = a * math.cos(t) * onde, b * math.sin(t) * onde
        x = cx + u * math.cos(incline) - v * math.sin(incline)
        y = cy + u * math.sin(incline) + v * math.cos(incline)
        points.append((x, y))
    return shapely.normalize(shapely.Polygon(_vers_degres(np.array(points))))


def _collection(chemin: Path, entites: list[tuple[dict[str, str], shapely.Geometry]]) -> Path:
    """Écrire une collection GeoJSON, une entité par ligne."""
    lignes = []
    for attributs, contour in entites:
        geometrie = json.loads(shapely.to_geojson(shapely.orient_polygons(contour)))
        entite = {"type": "Feature", "properties": attributs, "geometry": geometrie}
        lignes.append(json.dumps(entite, ensure_ascii=False, separators=(",", ":")))
    crs = '"crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:OGC:1.3:CRS84"}}'
    corps = ",\n".join(lignes)
    debut = f'{{"type":"FeatureCollection","name":"{chemin.stem}",{crs},"features":[\n'
    return ecrire(chemin, f"{debut}{corps}\n]}}\n")


def _iris(annee: int, noms: tuple[str, ...], pieces: Pieces) -> list[tuple[dict[str, str], shapely.Geometry]]:
    """Dessiner les IRIS d'une géographie, avec leurs attributs."""
    entites = []
    for code, mailles in iris_de(annee).items():
        contour = shapely.coverage_union_all([cellule for m in mailles for cellule in pieces[m.code]])
        commune, maille = code[:5], mailles[0]
        nom = COMMUNES[annee][commune][0]
        valeurs = (commune, nom, code[5:], code, maille.libelle(annee), maille.nature)
        entites.append((dict(zip(noms, valeurs, strict=True)), shapely.normalize(contour)))
    return entites


def ecrire_geographie(dossier: Path, alea: Alea) -> list[Path]:
    """Écrire les trois fonds de carte."""
    pieces = cellules(alea)
    # Le recensement de 2016 est diffusé dans la géographie de 2018, celui de 2022 dans celle de 2024.
    noms_ign = {
        2016: ("INSEE_COM", "NOM_COM", "IRIS", "CODE_IRIS", "NOM_IRIS", "TYP_IRIS"),
        2022: ("code_insee", "nom_commune", "iris", "code_iris", "nom_iris", "type_iris"),
    }
    ecrits = [
        _collection(dossier / f"contours-iris-{annee + 2}-01-01.geojson", _iris(annee, noms, pieces))
        for annee, noms in noms_ign.items()
    ]
    (departement, nom_departement), (region, nom_region) = NIVEAUX["DEP"], NIVEAUX["REG"]
    quartiers = []
    for quartier in QPV:
        communes = [COMMUNES[2022][c] for c in quartier.communes]
        attributs = {
            "code_qp": quartier.code,
            "lib_qp": quartier.nom,
            "insee_reg": region,
            "lib_reg": nom_region,
            "insee_dep": departement,
            "lib_dep": nom_departement,
            "insee_com": ", ".join(quartier.communes),
            "lib_com": ", ".join(nom for nom, _ in communes),
            "siren_epci": communes[0][1],
            "lib_epci": EPCI[communes[0][1]],
        }
        quartiers.append((attributs, contour_qpv(quartier)))
    return [*ecrits, _collection(dossier / "QP2015_territoire_fictif_WGS84.geojson", quartiers)]
