"""Couches d'IRIS et de QPV : ce qui est pris, ce qui est refusé, et la phrase du refus."""

from __future__ import annotations

import json

import geopandas as gpd
import pytest
import shapely

from donnees_insee.depot.depot import deposer
from donnees_insee.lecture.contours import lire_couche

CODES = ["340010101", "340010102", "2A0040101"]


def couche(codes=CODES, crs="EPSG:4326", **colonnes) -> gpd.GeoDataFrame:
    formes = [shapely.box(3 + i / 10, 43, 3.05 + i / 10, 43.05) for i in range(len(codes))]
    table = {"CODE_IRIS": codes, "NOM_IRIS": [f"Iris n°{i}" for i in range(len(codes))], **colonnes}
    return gpd.GeoDataFrame(table, geometry=formes, crs="EPSG:4326").to_crs(crs)


def ecrire(tmp_path, table, nom="contours-2021.gpkg", **options):
    table.to_file(tmp_path / nom, **options)
    return tmp_path / nom


@pytest.mark.parametrize("nom", ["contours-2021.gpkg", "contours-2021.geojson", "contours-2021.shp"])
@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:2154"])
def test_formats_et_projections(tmp_path, nom, crs):
    prete = lire_couche(ecrire(tmp_path, couche(crs=crs), nom))
    assert (prete.source.id, prete.annee) == ("contours_iris", 2021)
    assert list(prete.couche["code"]) == sorted(CODES)
    assert list(prete.couche["commune"]) == ["2A004", "34001", "34001"]
    assert prete.couche.crs == "EPSG:4326"
    assert prete.couche.total_bounds == pytest.approx([3, 43, 3.25, 43.05], abs=1e-6)


def test_qpv(tmp_path):
    table = couche(["QP034001"]).rename(columns={"CODE_IRIS": "code_qp", "NOM_IRIS": "lib_qp"})
    prete = lire_couche(ecrire(tmp_path, table.assign(insee_com="34172, 34057"), "QP2015.geojson"))
    assert (prete.source.id, prete.annee) == ("contours_qpv", 2015)
    assert prete.couche["commune"][0] == "34172, 34057"


def test_annee(tmp_path, erreur_claire):
    chemin = ecrire(tmp_path, couche(), "contours.gpkg")
    assert lire_couche(chemin).annee is None
    assert lire_couche(chemin, 2022).annee == 2022
    datee = ecrire(tmp_path, couche(), "contours-2021.gpkg")
    assert "--millesime" in erreur_claire(lambda: lire_couche(datee, 2022))


def test_sans_systeme_de_coordonnees(tmp_path, erreur_claire):
    chemin = ecrire(tmp_path, couche(), "iris.shp")
    chemin.with_suffix(".prj").unlink()
    assert ".prj manque" in erreur_claire(lambda: lire_couche(chemin))


def test_shapefile_sans_index_ou_sans_attributs(tmp_path, erreur_claire):
    sans_shx = ecrire(tmp_path, couche(), "a.shp")
    sans_shx.with_suffix(".shx").unlink()
    assert ".shx" in erreur_claire(lambda: lire_couche(sans_shx))
    sans_dbf = ecrire(tmp_path, couche(), "b.shp")
    sans_dbf.with_suffix(".dbf").unlink()
    assert ".dbf" in erreur_claire(lambda: lire_couche(sans_dbf))


def test_toutes_les_fautes(tmp_path, erreur_claire):
    table = couche(["340010101", "340010101", "34001", "340010104"])
    table.loc[3, "geometry"] = None
    raison = erreur_claire(lambda: lire_couche(ecrire(tmp_path, table)))
    for faute in ("en double", "mal formé", "vide", "340010104"):
        assert faute in raison


def test_codes_vides(tmp_path, erreur_claire):
    table = couche(["340010101", None])
    assert "(vide)" in erreur_claire(lambda: lire_couche(ecrire(tmp_path, table, "i.geojson")))


def test_points_refuses(tmp_path, erreur_claire):
    table = couche(["340010101"]).set_geometry([shapely.Point(3, 43)])
    assert "surfaces" in erreur_claire(lambda: lire_couche(ecrire(tmp_path, table)))


def test_projection_fausse_ou_coordonnees_echangees(tmp_path, erreur_claire):
    lambert = couche(crs="EPSG:2154").set_crs("EPSG:4326", allow_override=True)
    raison = erreur_claire(lambda: lire_couche(ecrire(tmp_path, lambert, "l.geojson")))
    assert "hors de France" in raison
    echangees = couche().set_geometry(
        couche().geometry.map(lambda g: shapely.transform(g, lambda c: c[:, ::-1]))
    )
    assert "échangées" in erreur_claire(lambda: lire_couche(ecrire(tmp_path, echangees, "e.geojson")))


def test_outre_mer_n_est_pas_hors_de_france(tmp_path):
    table = couche(["974110101"]).set_geometry([shapely.box(55, -21, 55.1, -20.9)])
    assert len(lire_couche(ecrire(tmp_path, table)).couche) == 1


def test_gpkg_a_deux_couches(tmp_path, erreur_claire):
    chemin = ecrire(tmp_path, couche(), layer="contours_iris")
    emprise = gpd.GeoDataFrame({"id": [1]}, geometry=[shapely.box(0, 40, 5, 50)], crs="EPSG:4326")
    emprise.to_file(chemin, layer="emprise")
    assert len(lire_couche(chemin).couche) == 3
    couche().to_file(chemin, layer="contours_iris_bis")
    assert "contient 3 couches" in erreur_claire(lambda: lire_couche(chemin))


def test_gpkg_avec_styles_de_qgis(tmp_path):
    import sqlite3

    chemin = ecrire(tmp_path, couche())
    with sqlite3.connect(chemin) as connexion:
        connexion.execute("create table layer_styles (id integer primary key, styleqml text)")
        connexion.execute(
            "insert into gpkg_contents (table_name, data_type, identifier) values ('layer_styles','attributes','s')"
        )
    assert len(lire_couche(chemin).couche) == 3


@pytest.mark.parametrize(
    ("nom", "octets"),
    [
        ("i.geojson", b'{"type": "FeatureCollection", "features": []}'),
        ("i.geojson", b'{"a": 1}'),
        ("i.json", b"[1, 2"),
        ("i.geojson", b'{"type": "FeatureCollection", "features": [{"type": "Feature", "prop'),
        ("i.gpkg", b"SQLite format 3\x00 tronque"),
        ("i.gpkg", b"du texte"),
        ("i.shp", b"\x00\x00\x27\x0a" + b"\x00" * 200),
        ("i.geojson", b"<html>404</html>"),
        ("i.geojson", b"PK\x03\x04 une archive"),
        ("i.topojson", b'{"type": "Topology", "objects": {}, "arcs": []}'),
    ],
)
def test_couches_illisibles(bureau, nom, octets):
    bureau.refus(nom, octets)


def test_attributs_inconnus(bureau):
    entite = {
        "type": "Feature",
        "properties": {"nom": "x"},
        "geometry": {"type": "Point", "coordinates": [3, 43]},
    }
    texte = json.dumps({"type": "FeatureCollection", "features": [entite]})
    assert "CODE_IRIS" in bureau.refus("i.geojson", texte)


def test_couche_sans_geometrie(bureau):
    entite = {"type": "Feature", "properties": {"CODE_IRIS": "340010101"}, "geometry": None}
    texte = json.dumps({"type": "FeatureCollection", "features": [entite]})
    assert "géométrie" in bureau.refus("i.geojson", texte)


def test_shapefile_garde_avec_ses_compagnons(bureau):
    chemin = ecrire(bureau.recus, couche(), "iris.shp")
    # Un disque de Windows donne souvent des extensions en capitales.
    for suffixe in (".dbf", ".shx", ".prj"):
        chemin.with_suffix(suffixe).rename(chemin.with_suffix(suffixe.upper()))
    (depot,) = deposer(bureau.base, [bureau.recus])
    assert depot.etat == "range", depot.raison
    gardes = {f.suffix.lower() for f in (bureau.base.dossier / "brut").rglob("iris.*")}
    assert gardes >= {".shp", ".shx", ".dbf", ".prj"}
    # D'autres attributs sous la même géométrie : ce n'est pas le même fichier.
    for suffixe in (".DBF", ".SHX", ".PRJ", ".cpg"):
        chemin.with_suffix(suffixe).unlink()
    ecrire(bureau.recus, couche(NOM_COM="Agde"), "iris.shp")
    assert [d.etat for d in deposer(bureau.base, [chemin])] == ["range"]


def test_topojson_en_degres(tmp_path):
    topologie = {
        "type": "Topology",
        "objects": {"iris": {"type": "GeometryCollection", "geometries": [
            {"type": "Polygon", "arcs": [[0]], "properties": {"DCOMIRIS": "340010101"}}]}},
        "arcs": [[[3, 43], [3.1, 43], [3.1, 43.1], [3, 43]]],
    }  # fmt: skip
    chemin = tmp_path / "iris.topojson"
    chemin.write_text(json.dumps(topologie))
    prete = lire_couche(chemin)
    assert "TopoJSON" in prete.remarques[0]
    assert list(prete.couche["code"]) == ["340010101"]
