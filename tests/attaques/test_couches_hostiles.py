"""Aucune couche reçue n'atteint le réseau ni un autre fichier du disque, à aucune des portes."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import geopandas as gpd
import pyogrio
import pytest
from shapely.geometry import box

from donnees_insee.erreurs import ErreurAbs
from donnees_insee.lecture.perimetre_recu import lire_perimetres
from donnees_insee.lecture.pilotes import PILOTES, adresse
from donnees_insee.lecture.tables import lire_carreaux

QPV = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "properties": {"code_qp": "QP034005", "lib_qp": "La Paillade"},
            "geometry": {"type": "Polygon", "coordinates": [[[3, 43], [3.1, 43], [3.1, 43.1], [3, 43]]]},
        }
    ],
}


def _definitions(url: str, autre: str) -> dict[str, str]:
    """Des contenus que GDAL, laissé libre, ouvre en allant chercher autre chose que le fichier."""
    lien = {"type": "link", "properties": {"href": f"{url}/crs", "type": "proj4"}}
    echappe = json.dumps(QPV | {"crs": lien}).replace('"crs"', '"\\u0043r\\u0053"')
    commande = f"gdal vector pipeline ! read {url}/x.geojson ! write --format stream x"
    return {
        "wfs": f"<OGRWFSDataSource><URL>{url}/wfs</URL></OGRWFSDataSource>",
        "vrt": f'<OGRVRTDataSource><OGRVRTLayer name="secret"><SrcDataSource>{autre}</SrcDataSource>'
        "</OGRVRTLayer></OGRVRTDataSource>",
        "gdalg": json.dumps({"type": "gdal_streamed_alg", "command_line": commande}),
        "lien": json.dumps(QPV | {"crs": lien}),
        "url": json.dumps(QPV | {"crs": {"type": "URL", "properties": {"url": f"{url}/crs"}}}),
        "echappe": echappe,
    }


@pytest.fixture
def secret(tmp_path):
    """Une couche saine du disque, que rien ne doit atteindre par une autre."""
    chemin = tmp_path / "secret.geojson"
    chemin.write_text(json.dumps(QPV), encoding="utf-8")
    return chemin


@pytest.mark.parametrize("extension", sorted(PILOTES))
@pytest.mark.parametrize("quoi", ["wfs", "vrt", "gdalg", "lien", "url", "echappe"])
def test_une_definition_n_est_pas_une_couche(bureau, temoin, secret, monkeypatch, quoi, extension):
    monkeypatch.setenv("ABS_HORS_LIGNE", "1")
    contenu = _definitions(temoin.adresse, str(secret))[quoi]
    nom = f"qpv_2024{extension}"
    bureau.refus(nom, contenu)
    with pytest.raises(ErreurAbs):
        lire_perimetres(bureau.recus / nom)
    if extension in {".gpkg", ".shp"}:
        with pytest.raises(ErreurAbs):
            lire_carreaux(bureau.recus / nom)
    assert temoin.recus == []


def test_un_crs_nomme_reste_admis(bureau):
    nomme = QPV | {"crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}}
    assert bureau.deposer("qpv_2024.geojson", json.dumps(nomme)).etat == "range"


def test_le_mot_crs_dans_un_attribut_n_arrete_rien(bureau):
    suite = json.loads(json.dumps(QPV))
    suite["features"][0]["properties"] |= {"crs": "WGS 84", "note": '"crs": {"type": "link"}'}
    assert bureau.deposer("qpv_2024.geojson", json.dumps(suite)).etat == "range"


@pytest.mark.parametrize("extension", [".gpkg", ".shp", ".geojson"])
def test_les_vraies_couches_passent(tmp_path, extension):
    couche = gpd.GeoDataFrame({"nom": ["Centre"]}, geometry=[box(3, 43, 3.1, 43.1)], crs="EPSG:4326")
    chemin = tmp_path / f"perimetre{extension}"
    couche.to_file(chemin)
    assert len(lire_perimetres(chemin)) == 1


def test_une_table_virtuelle_ou_une_autre_base_sqlite_sont_refusees(tmp_path, erreur_claire):
    couche = gpd.GeoDataFrame({"nom": ["Centre"]}, geometry=[box(3, 43, 3.1, 43.1)], crs="EPSG:4326")
    virtuel, autre = tmp_path / "virtuel.gpkg", tmp_path / "autre.gpkg"
    pyogrio.write_dataframe(couche, virtuel, driver="GPKG")
    with closing(sqlite3.connect(virtuel)) as base:
        base.execute("create virtual table ailleurs using fts5(texte)")
        base.commit()
    with closing(sqlite3.connect(autre)) as base:
        base.execute("create table t(a)")
        base.commit()
    assert "tables virtuelles (ailleurs" in erreur_claire(lambda: adresse(virtuel))
    assert "autre base SQLite" in erreur_claire(lambda: adresse(autre))
