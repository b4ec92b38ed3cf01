"""Les périmètres reçus : lus, nommés, situés, ou refusés avec toutes leurs fautes."""

import json

import geopandas as gpd
import pytest
import shapely

from donnees_insee.erreurs import FichierIllisible, TableNonConforme
from donnees_insee.lecture.perimetre_recu import lire_perimetres

CARRE = shapely.box(3.80, 43.60, 3.85, 43.65)


def ecrire(dossier, formes, fichier="zone.geojson", crs=4326, **attributs):
    chemin = dossier / fichier
    gpd.GeoDataFrame(attributs, geometry=formes, crs=crs).to_file(chemin)
    return chemin


def test_un_geojson_et_un_gpkg_donnent_la_meme_surface(tmp_path):
    lus = lire_perimetres(ecrire(tmp_path, [CARRE], nom_du_projet=["x"]))
    assert [(p.nom, p.remarque) for p in lus] == [("zone", "")]
    plan = gpd.GeoSeries([CARRE], crs=4326).to_crs(2154).iloc[0]
    autre = lire_perimetres(ecrire(tmp_path, [plan], "zone.gpkg", 2154))
    assert autre[0].surface.symmetric_difference(CARRE).area < 1e-9


def test_chaque_surface_porte_son_nom(tmp_path):
    deux = [CARRE, shapely.affinity.translate(CARRE, 0.2, 0)]
    assert [p.nom for p in lire_perimetres(ecrire(tmp_path, deux, Nom=["Gare", "Port"]))] == ["Gare", "Port"]
    assert [p.nom for p in lire_perimetres(ecrire(tmp_path, deux, nom=["Gare", None]))] == [
        "zone 1",
        "zone 2",
    ]


def test_un_contour_qui_se_recoupe_est_repare_et_dit(tmp_path):
    noeud = shapely.Polygon([(3.8, 43.6), (3.85, 43.65), (3.85, 43.6), (3.8, 43.65)])
    (lu,) = lire_perimetres(ecrire(tmp_path, [noeud]))
    assert lu.surface.is_valid
    assert lu.surface.area > 0
    assert "se recoupe" in lu.remarque


def test_toutes_les_fautes_sont_dites_a_la_fois(tmp_path):
    formes = [shapely.Point(3.8, 43.6), shapely.box(43.60, 3.80, 43.65, 3.85), CARRE, CARRE, None]
    chemin = ecrire(tmp_path, formes, nom=["Point", "Inversé", "Double", "Double", "Vide"])
    with pytest.raises(TableNonConforme) as refus:
        lire_perimetres(chemin)
    for attendu in (
        "« Point » n'est pas une surface",
        "« Inversé » est hors de France",
        "s'appellent Double",
        "« Vide » est vide",
    ):
        assert attendu in str(refus.value)


@pytest.mark.parametrize(
    "nom", ["absent.geojson", "note.txt", "casse.geojson", "deux.gpkg", "sans.shp", "page.json"]
)
def test_ce_qui_n_est_pas_une_couche_est_refuse_en_une_phrase(tmp_path, nom):
    (tmp_path / "note.txt").write_text("bonjour", encoding="utf-8")
    (tmp_path / "casse.geojson").write_text('{"type": "FeatureCollection", "features": [', encoding="utf-8")
    (tmp_path / "page.json").write_text("<html><body>Connexion</body></html>", encoding="utf-8")
    for couche in ("a", "b"):
        gpd.GeoDataFrame(geometry=[CARRE], crs=4326).to_file(tmp_path / "deux.gpkg", layer=couche)
    gpd.GeoDataFrame({"n": [1]}, geometry=[CARRE], crs=4326).to_file(tmp_path / "sans.shp")
    (tmp_path / "sans.prj").unlink()
    with pytest.raises(FichierIllisible, match=nom.split(".")[0]):
        lire_perimetres(tmp_path / nom)


def test_une_couche_vide_n_est_pas_un_perimetre(tmp_path):
    chemin = tmp_path / "vide.geojson"
    chemin.write_text(json.dumps({"type": "FeatureCollection", "features": []}), encoding="utf-8")
    with pytest.raises((TableNonConforme, FichierIllisible)):
        lire_perimetres(chemin)


def test_outre_mer_est_en_france(tmp_path):
    assert lire_perimetres(ecrire(tmp_path, [shapely.box(55.4, -20.9, 55.5, -20.8)]))[0].nom == "zone"
