"""Contours du territoire fictif : IRIS des deux géographies et quartiers prioritaires."""

import itertools
import json
import math
from collections.abc import Sequence
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
_NOMS_IGN = {
    2016: ("INSEE_COM", "NOM_COM", "IRIS", "CODE_IRIS", "NOM_IRIS", "TYP_IRIS"),
    2022: ("code_insee", "nom_commune", "iris", "code_iris", "nom_iris", "type_iris"),
}
_NOMS_QPV = [
    *("code_qp", "lib_qp", "insee_reg", "lib_reg", "insee_dep", "lib_dep"),
    *("insee_com", "lib_com", "siren_epci", "lib_epci"),
]
_OUEST_EST, _SUD_NORD = (-10.0, 14.5), (-10.0, 9.5)
_CENTRE, _DEMI_AXES = (1.9, -0.5), (10.4, 7.3)
# Centre et rayon de chacune.
_VILLES = ((0.0, -0.2, 3.7), (-3.1, -3.6, 1.9), (4.3, 3.4, 1.7))


def _vers_degres(points: np.ndarray) -> np.ndarray:
    """Passer des kilomètres du plan fictif aux degrés, arrondis comme dans les fichiers."""
    x, y = _EN_DEGRES.transform(ORIGINE[0] + points[:, 0] * 1000, ORIGINE[1] + points[:, 1] * 1000)
    # L'ajout de zéro efface les « -0.0 ».
    return np.round(np.column_stack([x, y]), DECIMALES_DEGRES) + 0.0


def _semis(alea: Alea) -> np.ndarray:
    """Semer des points plus serrés en ville : leurs cellules donnent des limites d'allure naturelle."""
    points = []
    for pas, urbain in ((_FIN, True), (_LARGE, False)):
        colonnes, rangees = (int((fin - debut) / pas) for debut, fin in (_OUEST_EST, _SUD_NORD))
        for i, j in itertools.product(range(colonnes), range(rangees)):
            x = _OUEST_EST[0] + pas * (i + 0.15 + 0.7 * alea.uniforme("semis", pas, i, j, "x"))
            y = _SUD_NORD[0] + pas * (j + 0.15 + 0.7 * alea.uniforme("semis", pas, i, j, "y"))
            if any(math.hypot(x - cx, y - cy) < rayon for cx, cy, rayon in _VILLES) == urbain:
                points.append((round(x, 4), round(y, 4)))
    return np.array(points)


def _sur_terre(points: np.ndarray) -> np.ndarray:
    """Dire quels points sont dans le territoire, dont le bord ondule."""
    dx, dy = ((points - _CENTRE) / _DEMI_AXES).T
    angle = np.arctan2(dy, dx)
    bord = 1 + 0.07 * np.sin(3 * angle + 1) + 0.05 * np.sin(5 * angle) + 0.03 * np.sin(11 * angle)
    dedans: np.ndarray = np.hypot(dx, dy) < bord
    return dedans


def cellules(alea: Alea) -> Pieces:
    """Découper le territoire en petites cellules et les donner aux mailles."""
    points = _semis(alea)
    voronoi = shapely.get_parts(shapely.voronoi_polygons(shapely.MultiPoint(points), ordered=True))
    germes = np.array([(m.x, m.y) for m in MAILLES])
    resultat: Pieces = {m.code: [] for m in MAILLES}
    terre = _sur_terre(points)
    for point, cellule in zip(points[terre], voronoi[terre], strict=True):
        proche = int(np.argmin(np.hypot(*(germes - point).T)))
        sommets = _vers_degres(shapely.get_coordinates(cellule.exterior))
        # Une arête de moins d'un mètre devient un point, de la même façon chez les deux voisines.
        garde = np.append(True, np.any(np.diff(sommets, axis=0) != 0, axis=1))
        resultat[MAILLES[proche].code].append(shapely.Polygon(sommets[garde]))
    return resultat


def contour_qpv(quartier: Quartier) -> shapely.Polygon:
    """Dessiner un quartier prioritaire, qui ne suit pas les limites des IRIS."""
    (cx, cy), incline = quartier.centre, math.radians(quartier.inclinaison)
    t = 2 * np.pi * np.arange(28) / 28
    # Une ellipse un peu carrée, au bord irrégulier, ressemble aux périmètres dessinés à la rue.
    onde = 1 + 0.08 * np.sin(4 * t + cx) + 0.05 * np.sin(7 * t + cy)
    ellipse = np.column_stack([np.cos(t) * onde, np.sin(t) * onde]) * quartier.demi_axes
    rotation = np.array([[math.cos(incline), math.sin(incline)], [-math.sin(incline), math.cos(incline)]])
    return shapely.normalize(shapely.Polygon(_vers_degres(quartier.centre + ellipse @ rotation)))


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
    ecrits = [
        _collection(dossier / f"contours-iris-{annee + 2}-01-01.geojson", _iris(annee, noms, pieces))
        for annee, noms in _NOMS_IGN.items()
    ]
    return [*ecrits, ecrire_perimetres(dossier / "QP2015_territoire_fictif_WGS84.geojson", QPV)]


def ecrire_perimetres(chemin: Path, quartiers: Sequence[Quartier]) -> Path:
    """Écrire les périmètres d'une génération de quartiers prioritaires."""
    entites = []
    for quartier in quartiers:
        noms, epci = zip(*(COMMUNES[2022][c] for c in quartier.communes), strict=True)
        valeurs = [quartier.code, quartier.nom, *NIVEAUX["REG"], *NIVEAUX["DEP"]]
        valeurs += [", ".join(quartier.communes), ", ".join(noms), epci[0], EPCI[epci[0]]]
        entites.append((dict(zip(_NOMS_QPV, valeurs, strict=True)), contour_qpv(quartier)))
    return _collection(chemin, entites)
