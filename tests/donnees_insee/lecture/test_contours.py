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
        ("i.geoparquet", b"du texte"),
        ("i.geoparquet", b"PAR1 tronque"),
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


# -- communes ----------------------------------------------------------------------------------


def communes(codes=("34001", "2A004"), **colonnes) -> gpd.GeoDataFrame:
    formes = [shapely.box(3 + i / 10, 43, 3.05 + i / 10, 43.05) for i in range(len(codes))]
    return gpd.GeoDataFrame({**colonnes}, geometry=formes, crs="EPSG:4326")


V3 = {"INSEE_COM": ["34001", "2A004"], "NOM": ["Abeilhan", "Ajaccio"], "SIREN_EPCI": ["2", "3"]}
V4 = {
    "code_insee": ["34001", "2A004"],
    "nom_officiel": ["Abeilhan", "Ajaccio"],
    "code_insee_du_departement": ["34", "2A"],
    "codes_siren_des_epci": ["243400819", "242010056"],
}
LEGERE = {"code": ["34001", "2A004"], "nom": ["Abeilhan", "Ajaccio"]}


@pytest.mark.parametrize("attributs", [V3, V4, LEGERE], ids=["version 3", "version 4", "code et nom"])
def test_couche_de_communes(tmp_path, attributs):
    prete = lire_couche(ecrire(tmp_path, communes(**attributs), "communes-2026.gpkg"))
    assert (prete.source.id, prete.annee) == ("contours_communes", 2026)
    assert list(zip(prete.couche["code"], prete.couche["nom"], strict=True)) == [
        ("2A004", "Ajaccio"),
        ("34001", "Abeilhan"),
    ]
    assert list(prete.couche["commune"]) == list(prete.couche["code"])


def test_l_annee_d_une_couche_de_communes_n_est_jamais_devinee(tmp_path, bureau):
    octets = ecrire(tmp_path, communes(**LEGERE), "c.geojson").read_bytes()
    assert "--millesime AAAA" in bureau.refus("communes-34-herault.geojson", octets)
    (lot,) = bureau.deposer("communes-34-herault.geojson", octets, 2024).lots
    assert (lot.millesime, lot.d_ou) == (2024, "option --millesime")


@pytest.fixture
def bureau_instruit(bureau):
    """Un bureau dont la base sait que 34330 a rejoint 34001 le 1er janvier 2019."""
    bureau.deposer(
        "v_commune_2026.csv", "TYPECOM,COM,LIBELLE,COMPARENT\nCOM,34001,Abeilhan,\nCOM,2A004,Ajaccio,\n"
    )
    fusion = "".join(f"32,2019-01-01,COM,{c},A,COM,34001,Abeilhan\n" for c in ("34330", "34001"))
    bureau.deposer(
        "v_mvt_commune_2026.csv",
        f"MOD,DATE_EFF,TYPECOM_AV,COM_AV,LIBELLE_AV,TYPECOM_AP,COM_AP,LIBELLE_AP\n{fusion}",
    )
    return bureau


def test_l_histoire_des_communes_contredit_une_annee_fausse(tmp_path, bureau_instruit):
    anciennes = {"code": ["34001", "34330"], "nom": ["Abeilhan", "Ancienne"]}
    octets = ecrire(tmp_path, communes(**anciennes), "c.geojson").read_bytes()
    assert "celle de 2003 à 2018" in bureau_instruit.refus("communes.geojson", octets)
    raison = bureau_instruit.refus("communes.geojson", octets, 2024)
    assert "34330" in raison
    assert "2003 à 2018" in raison
    assert bureau_instruit.deposer("communes.geojson", octets, 2018).etat == "range"


def test_une_couche_entiere_d_une_autre_annee_manque_de_communes(tmp_path, bureau_instruit):
    recente = {"code": ["34001"], "nom": ["Abeilhan"]}
    octets = ecrire(tmp_path, communes(("34001",), **recente), "c.geojson").read_bytes()
    raison = bureau_instruit.refus("communes.geojson", octets, 2018)
    assert "y manquent" in raison
    assert "2019 à 2026" in raison
    assert bureau_instruit.deposer("communes.geojson", octets, 2025).etat == "range"


def test_une_annee_fausse_se_range_malgre_tout_si_l_analyste_le_veut(tmp_path, bureau_instruit):
    anciennes = {"code": ["34001", "34330"], "nom": ["Abeilhan", "Ancienne"]}
    chemin = ecrire(tmp_path, communes(**anciennes), "communes-2024.geojson")
    (depot,) = deposer(bureau_instruit.base, [chemin], malgre_les_ecarts=True)
    assert depot.etat == "range"
    assert any("34330" in r for r in depot.lots[0].remarques)


def test_le_geopackage_d_admin_express_donne_sa_seule_couche_de_communes(tmp_path):
    chemin = ecrire(tmp_path, communes(**V4), "ADE_4-0_GPKG_LAMB93_FXX-ED2026-01-19.gpkg", layer="commune")
    departement = {"code_insee": ["34", "2A"], "nom_officiel": ["Hérault", "Corse-du-Sud"]}
    arrondissement = {**V4, "code_insee_de_la_commune_de_rattach": ["75056", "75056"]}
    for nom, attributs in (("departement", departement), ("arrondissement_municipal", arrondissement)):
        communes(**attributs).to_file(chemin, layer=nom)
    chefs_lieux = communes(**V4)
    chefs_lieux.set_geometry(chefs_lieux.geometry.representative_point()).to_file(chemin, layer="chef_lieu")
    prete = lire_couche(chemin)
    assert (prete.source.id, prete.annee, len(prete.couche)) == ("contours_communes", 2026, 2)


@pytest.mark.parametrize(
    "attributs",
    [
        {"code": ["34", "2A"], "nom": ["Hérault", "Corse-du-Sud"]},
        {"code": ["Q1", "Q2"], "nom": ["Quartier 1", "Quartier 2"]},
        {"code_insee": ["34", "2A"], "nom_officiel": ["Hérault", "Corse-du-Sud"]},
        {"INSEE_COM": ["75056", "75056"], "INSEE_ARM": ["75101", "75102"], "NOM": ["1er", "2e"]},
    ],
    ids=["départements", "quartiers", "départements de l'IGN", "arrondissements municipaux"],
)
def test_une_autre_couche_est_refusee_avec_ses_attributs(tmp_path, erreur_claire, attributs):
    raison = erreur_claire(lambda: lire_couche(ecrire(tmp_path, communes(**attributs), "c-2026.gpkg")))
    assert f"Attributs reçus : {', '.join(attributs)}" in raison


# -- GeoParquet, archives de la Géoplateforme --------------------------------------------------


@pytest.mark.parametrize("nom", ["iris-2026.parquet", "iris-2026.geoparquet"])
def test_geoparquet(tmp_path, bureau, nom):
    table = couche().rename_geometry("geometrie")
    table.to_parquet(tmp_path / nom)
    depot = bureau.deposer(nom, (tmp_path / nom).read_bytes())
    (lot,) = depot.lots
    assert (depot.etat, lot.source, lot.millesime, lot.lignes) == ("range", "contours_iris", 2026, 3)
    relue = lire_couche(bureau.recus / nom).couche
    assert relue.total_bounds == pytest.approx([3, 43, 3.25, 43.05], abs=1e-6)


def test_parquet_sans_geometrie(tmp_path, bureau):
    import pandas as pd

    pd.DataFrame({"code": ["34001"], "nom": ["Abeilhan"]}).to_parquet(tmp_path / "c.parquet")
    octets = (tmp_path / "c.parquet").read_bytes()
    assert "aucune géométrie" in bureau.refus("c-2026.geoparquet", octets)
    assert "n'est reconnu pour aucune source" in bureau.refus("c-2026.parquet", octets)


def test_geoparquet_abime(tmp_path, bureau):
    couche().to_parquet(tmp_path / "i.parquet")
    octets = (tmp_path / "i.parquet").read_bytes()
    bureau.refus("i-2026.geoparquet", octets[: len(octets) // 2] + octets[-8:])
    bureau.refus("i-2026.geoparquet", octets.replace(b'"WKB"', b'"???"'))


def test_archive_de_la_geoplateforme(tmp_path, bureau):
    import py7zr

    nom = "CONTOURS-IRIS-PE_3-0__GPKG_WGS84G_FRA_2025-01-01"
    gpkg = ecrire(tmp_path, couche(), "contours-iris-pe.gpkg", layer="contours_iris_pe")
    livraison = "1_DONNEES_LIVRAISON_2026-09-00130/CONTOURS-IRIS-PE_3-0_GPKG_WGS84G_FRA-ED2025-01-01"
    dedans = f"{nom}/CONTOURS-IRIS-PE/{livraison}/contours-iris-pe.gpkg"
    with py7zr.SevenZipFile(tmp_path / "a.7z", "w") as archive:
        archive.write(gpkg, dedans)
        archive.writestr(b"%PDF", f"{nom}/CONTOURS-IRIS-PE/LISEZ-MOI.pdf")
        archive.writestr("0123 contours-iris-pe.gpkg", f"{dedans}.md5")
    depot = bureau.deposer(f"{nom}.7z", (tmp_path / "a.7z").read_bytes())
    (lot,) = depot.lots
    assert (depot.etat, lot.source, lot.lignes, lot.millesime) == ("range", "contours_iris", 3, 2025)
    assert lot.d_ou == "nom de l'archive"
