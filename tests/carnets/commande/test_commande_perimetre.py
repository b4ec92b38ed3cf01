"""`abs perimetre` : un fichier, une frange ou un QPV donnent des tableaux ; une demande fautive, une phrase."""

import frictionless
import geopandas as gpd
import pandas as pd
import pytest

from tests.carnets.commande.test_commande import est_une_phrase, lancer


@pytest.fixture
def abs_perimetre(base_demo, request):
    def appeler(*arguments):
        return lancer("perimetre", *arguments, donnees=base_demo.dossier, cwd=request.config.rootpath)

    return appeler


@pytest.fixture
def deux_perimetres(base_demo, tmp_path):
    """La réunion de deux IRIS voisins, et un cercle en leur milieu."""
    couche = base_demo.lire_couche(base_demo.couches("contours_iris")[-1][1])
    reunion = couche[couche["code"].isin(["990010101", "990010102"])].union_all()
    chemin = tmp_path / "zones.geojson"
    formes = [reunion, reunion.centroid.buffer(0.004)]
    gpd.GeoDataFrame({"nom": ["Deux IRIS", "Moitié"]}, geometry=formes, crs=couche.crs).to_file(chemin)
    return chemin


def test_un_fichier_donne_un_tableau_par_perimetre(abs_perimetre, deux_perimetres, base_demo, tmp_path):
    resultat = abs_perimetre(
        deux_perimetres, "--indicateurs", "population,niveau_vie_median", "--sortie", tmp_path / "s"
    )
    assert resultat.returncode == 0, resultat.stderr
    entier, coupe = resultat.stdout.split("Moitié", 1)
    assert "réunion d'IRIS entiers" in entier
    assert "2 sur 2" in entier
    assert "périmètre qui coupe des IRIS" in coupe
    assert "(niveau_vie_median) est une médiane" in coupe
    assert "ne tient pas de carreaux" in coupe
    table = pd.read_csv(tmp_path / "s" / "deux-iris.csv", sep=";", decimal=",", encoding="utf-8-sig")
    attendue = base_demo.lire("rp_population", 2022, "iris", codes=["990010101", "990010102"])["P_POP"].sum()
    assert table.set_index("indicateur").at["population", "valeur"] == pytest.approx(attendue)
    assert set(table["statut"]) == {"calcule"}
    for paquet in ("deux-iris", "moitie"):
        lu = frictionless.Package(str(tmp_path / "s" / f"{paquet}.datapackage.json"))
        assert all(c.description for c in lu.resources[0].schema.fields)
        assert lu.validate().flatten(["type", "note"]) == []


def test_un_qpv_donne_le_profil_de_ses_iris(abs_perimetre, tmp_path):
    resultat = abs_perimetre("--qpv", "qp099001", "--sortie", tmp_path / "s")
    assert resultat.returncode == 0, resultat.stderr
    assert "Les Tilleuls Nord" in resultat.stdout
    assert "pas du QPV" in resultat.stdout
    table = pd.read_csv(
        tmp_path / "s" / "profil-qp099001.csv", sep=";", encoding="utf-8-sig", dtype={"iris": str}
    )
    assert set(table["iris"]) == {"990010301", "990010302"}


def test_une_frange_liste_les_iris_qu_elle_touche(abs_perimetre):
    resultat = abs_perimetre("--qpv", "QP099001", "--frange", "200")
    assert resultat.returncode == 0, resultat.stderr
    assert "Frange de 200 m autour de Les Tilleuls" in resultat.stdout
    assert "Gare" in resultat.stdout


@pytest.mark.parametrize(
    ("arguments", "attendu"),
    [
        ((), "ni l’un ni l’autre"),
        (("zone.geojson", "--qpv", "QP099001"), "les deux"),
        (("zone.geojson", "--frange", "200"), "donnez aussi --qpv"),
        (("absente.geojson",), "n'existe pas"),
        (("--qpv", "QP099001", "--frange", "2"), "de 10 à 5000 mètres"),
        (("--qpv", "QP000000"), "n'est dans aucune couche"),
        (("--qpv", "QP099001", "--indicateurs", "part_hlmm"), "Vouliez-vous dire part_hlm"),
        (("--qpv", "QP099001", "--millesime", "1990"), "Millésimes tenus"),
    ],
)
def test_une_demande_fautive_est_une_phrase(abs_perimetre, arguments, attendu):
    resultat = abs_perimetre(*arguments)
    est_une_phrase(resultat)
    assert attendu in resultat.stderr
