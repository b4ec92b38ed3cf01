"""Le GeoPackage : joint par code, titré en français, sans zéro à la place d'une absence."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely

from abs.blocs.blocs import DemandeDeCarte
from abs.calcul.diagnostic import Diagnostic, diagnostiquer
from abs.indicateurs.indicateurs import indicateurs
from abs.territoires.demande import Demande
from carnets.documents.geopaquet import ecrire_gpkg
from carnets.documents.style_qgis import alias_des_champs, style_de_carte
from cartes.apparence import apparences
from cartes.carte import CarteThematique
from cartes.fonds import Fonds, carte
from donnees_insee.demo import COMMUNE_DEMO, EPCI_DEMO
from tests.carnets.documents.imprimee import habit, imprimee, regles

if TYPE_CHECKING:
    from pathlib import Path

    from donnees_insee.base.base import Base


@pytest.fixture(scope="session")
def diagnostic(base_demo: Base) -> Diagnostic:
    return diagnostiquer(base_demo, Demande(COMMUNE_DEMO))


@pytest.fixture(scope="session")
def couches(base_demo: Base, diagnostic: Diagnostic) -> dict[str, gpd.GeoDataFrame]:
    e = diagnostic.ensembles
    lues = {}
    for nom, source, territoires in (("iris", "contours_iris", e.mailles), ("qpv", "contours_qpv", e.qpv)):
        couche = base_demo.lire_couche(base_demo.couches(source)[-1][1])
        lues[nom] = couche[couche["code"].isin([t.code for t in territoires])]
    # Un contour manque : l'IRIS doit rester dans la table, sans géométrie.
    lues["iris"] = lues["iris"][lues["iris"]["code"] != "990010102"]
    lues["quartiers"] = lues["iris"].iloc[:0]
    return lues


@pytest.fixture(scope="session")
def cartes(base_demo: Base, diagnostic: Diagnostic) -> list[CarteThematique]:
    """Des classes, des cercles, des valeurs écrites ; des chiffres secrets, fragiles, sans objet."""
    fonds = Fonds(base_demo, diagnostic)
    codes = ("population", "part_moins_25_ans", "part_hlm", "taux_pauvrete_60", "niveau_vie_median")
    return [carte(fonds, DemandeDeCarte(c, "mailles", indicateurs()[c].libelle)) for c in codes]


@pytest.fixture(scope="session")
def geopaquet(
    diagnostic: Diagnostic,
    couches: dict[str, gpd.GeoDataFrame],
    cartes: list[CarteThematique],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    return ecrire_gpkg(diagnostic, couches, tmp_path_factory.mktemp("gpkg") / "territoire.gpkg", cartes)


def _demander(chemin: Path, requete: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(chemin)) as lien:
        return lien.execute(requete).fetchall()


def _styles(chemin: Path, couche: str) -> dict[str, str]:
    lus = _demander(chemin, f"SELECT styleName, styleQML FROM layer_styles WHERE f_table_name = '{couche}'")
    return {str(nom): str(qml) for nom, qml in lus}


def test_couches_et_tables_sont_la(geopaquet: Path) -> None:
    geometries = dict(pyogrio.list_layers(geopaquet).tolist())
    assert {n for n, g in geometries.items() if g} == {"iris", "qpv"}
    assert {"quartiers", "commune", "definitions", "diagnostic", "layer_styles"} <= set(geometries)


def test_iris_porte_chaque_indicateur_du_diagnostic(geopaquet: Path, diagnostic: Diagnostic) -> None:
    lignes = pyogrio.read_dataframe(geopaquet, layer="iris", read_geometry=False).to_dict("records")
    couche = {ligne["code_iris"]: ligne for ligne in lignes}
    assert set(couche) == {t.code for t in diagnostic.ensembles.mailles}
    for territoire in diagnostic.ensembles.mailles:
        for code in indicateurs():
            chiffre = diagnostic.chiffre(territoire, code, "mailles")
            lue = couche[territoire.code][code]
            if chiffre is None or not chiffre.a_une_valeur:
                assert pd.isna(lue)
            else:
                assert lue == chiffre.valeur
                assert couche[territoire.code][f"{code}_date"] == chiffre.periode
            if chiffre is not None:
                assert couche[territoire.code][f"{code}_statut"] == chiffre.statut
                assert couche[territoire.code][f"{code}_fiabilite"] == chiffre.fiabilite


def test_absence_est_nulle_jamais_zero(geopaquet: Path) -> None:
    lignes = _demander(geopaquet, "SELECT allocataires, typeof(allocataires), allocataires_statut FROM iris")
    absents = [ligne for ligne in lignes if ligne[2] in {"secret", "indisponible"}]
    assert absents
    assert {ligne[1] for ligne in absents} == {"null"}
    types = {r[1]: r[2] for r in _demander(geopaquet, "PRAGMA table_info(iris)")}
    assert {types[code] for code in indicateurs()} == {"REAL"}


def test_couche_se_joint_a_une_autre_table_par_code_iris(
    geopaquet: Path, couches: dict[str, gpd.GeoDataFrame]
) -> None:
    lue = gpd.read_file(geopaquet, layer="iris")
    jointe = couches["iris"][["code"]].merge(lue, left_on="code", right_on="code_iris")
    assert len(jointe) == len(couches["iris"])


def test_metropole_est_en_lambert_93_et_iris_sans_contour_est_garde(geopaquet: Path) -> None:
    couche = gpd.read_file(geopaquet, layer="iris")
    assert couche.crs.to_epsg() == 2154
    assert couche.loc[couche.geometry.isna(), "code_iris"].tolist() == ["990010102"]


def test_outre_mer_garde_sa_projection(
    diagnostic: Diagnostic, couches: dict[str, gpd.GeoDataFrame], tmp_path: Path
) -> None:
    ailleurs = couches["iris"].copy()
    ailleurs["geometry"] = ailleurs.geometry.translate(xoff=59.0, yoff=-66.0)
    chemin = ecrire_gpkg(diagnostic, {"iris": ailleurs}, tmp_path / "ailleurs.gpkg")
    assert gpd.read_file(chemin, layer="iris").crs.to_epsg() == 4326


def test_champs_ont_un_titre_accentue(geopaquet: Path) -> None:
    titres = {
        (table, colonne): (nom, titre)
        for table, colonne, nom, titre in _demander(
            geopaquet, "SELECT table_name, column_name, name, title FROM gpkg_data_columns"
        )
    }
    assert titres["iris", "taux_pauvrete_60"] == ("Taux de pauvreté au seuil de 60 % (%)",) * 2
    assert titres["qpv", "taux_pauvrete_60_fiabilite"][0].endswith(": fiabilité")
    for couche in ("iris", "qpv", "quartiers", "commune"):
        colonnes = {r[1] for r in _demander(geopaquet, f"PRAGMA table_info({couche})")} - {"fid", "geom"}
        assert {c for t, c in titres if t == couche} == colonnes
    extensions = _demander(
        geopaquet, "SELECT table_name FROM gpkg_extensions WHERE extension_name = 'gpkg_schema'"
    )
    assert ("gpkg_data_columns",) in extensions


def test_chaque_iris_a_dans_son_style_la_couleur_et_les_marques_de_la_carte_imprimee(
    geopaquet: Path, cartes: list[CarteThematique]
) -> None:
    styles = _styles(geopaquet, "iris")
    assert len(styles) == len(cartes)
    for dessin in cartes:
        qml = styles[f"{indicateurs()[dessin.code].libelle}, {dessin.date}"]
        peints: dict[str, list[str]] = {c: [] for c in dessin.territoires["code"]}
        for _, filtre, couches in regles(qml):
            for (code,) in (
                _demander(geopaquet, f"SELECT code_iris FROM iris WHERE {filtre}") if couches else ()
            ):
                peints[code] += map(habit, couches)
        marques = {c: {h for h in p if h != "signe"} for c, p in peints.items()}
        assert marques == {c: {fond, *signes} for c, (fond, signes) in imprimee(dessin).items()}
        assert {c for c, p in peints.items() if "signe" in p} == (
            set(dessin.valides["code"]) if dessin.en_cercles else set()
        )


@pytest.mark.parametrize("decimales", [0, 1])
def test_une_valeur_a_mi_chemin_est_classee_comme_elle_s_ecrit(decimales: int) -> None:
    """18,45 s'écrit 18,5 : la carte le range avec 18,5, et −18,45 avec −18,5."""
    valeurs = [signe * n / 100 for n in range(0, 4000, 5) for signe in (1, -1)]
    territoires = gpd.GeoDataFrame(
        {"code": [str(i) for i in range(len(valeurs))], "nom": "x", "valeur": valeurs},
        geometry=[shapely.box(3 + i / 1e3, 43, 3 + (i + 1) / 1e3, 43.001) for i in range(len(valeurs))],
        crs=4326,
    ).assign(statut="publie", fiabilite="bonne")
    dite = {"nature": "taux", "unite": "%", "source": "Essai", "date": "2022", "geographie": "2022"}
    voulues = (
        {"bornes": (-40, -18.5, -1, 0, 0.1, 18.5, 40), "decimales": decimales}
        if decimales
        else {"decimales": 0}
    )
    dessin = CarteThematique(
        code="v", titre="Essai", sous_titre="x", territoires=territoires, **(dite | voulues)
    )
    qml = style_de_carte(dessin, "Essai", pd.DataFrame(territoires[["code"]]), "code", alias_des_champs([]))
    with closing(sqlite3.connect(":memory:")) as base:
        base.execute("CREATE TABLE t (code TEXT, v REAL, v_statut TEXT, v_fiabilite TEXT)")
        lignes = [(c, v, "publie", "bonne") for c, v in zip(territoires["code"], valeurs, strict=True)]
        base.executemany("INSERT INTO t VALUES (?, ?, ?, ?)", lignes)
        peints = [
            (code, habit(couche))
            for _, filtre, couches in regles(qml)
            for couche in couches
            for (code,) in base.execute(f"SELECT code FROM t WHERE {filtre}")
        ]
    assert sorted(peints) == sorted(
        (c, a.couleur) for c, a in zip(territoires["code"], apparences(dessin), strict=True)
    )


def test_une_regle_par_statut_une_iris_d_activite_est_sans_objet(
    geopaquet: Path, diagnostic: Diagnostic
) -> None:
    activite = {t.code for t in diagnostic.ensembles.mailles if t.type_iris in {"A", "D"}}
    chiffrees = _demander(geopaquet, "SELECT code_iris FROM iris WHERE part_hlm IS NOT NULL")
    assert activite & {code for (code,) in chiffrees}
    voulu = indicateurs()["part_hlm"].libelle
    titre, qml = next((t, q) for t, q in _styles(geopaquet, "iris").items() if t.startswith(voulu))
    filtres = {dit: filtre for dit, filtre, _ in regles(qml)}
    attendues = {
        titre,
        "Chiffre publié ou calculé (Arzance-la-Ville : 21,8\u00a0%)",
        "Valeur partielle",
        "Valeur estimée",
        "Chiffre fragile",
    }
    assert attendues | {"Secret statistique", "Indisponible", "Sans objet"} <= set(filtres)
    muets = _demander(geopaquet, f"SELECT code_iris FROM iris WHERE {filtres['Sans objet']}")
    assert activite <= {code for (code,) in muets}


def test_style_par_defaut_est_celui_de_la_premiere_page_et_titre_la_couche(geopaquet: Path) -> None:
    defaut = dict(_demander(geopaquet, "SELECT f_table_name, styleName FROM layer_styles WHERE useAsDefault"))
    assert defaut["iris"].startswith("Taux de pauvreté au seuil de 60 %, revenus 20")
    assert defaut["qpv"] == "Quartiers prioritaires 2024"
    titres = dict(_demander(geopaquet, "SELECT table_name, identifier FROM gpkg_contents"))
    assert titres["iris"] == f"IRIS · {defaut['iris']}"
    assert titres["qpv"] == "Quartiers prioritaires 2024"
    trait = [couches for _, _, couches in regles(_styles(geopaquet, "qpv")[defaut["qpv"]])]
    assert [p.get("v") for c in trait[0] for p in c if p.get("k") == "line_color"][-1] == "26,26,26,255"


def test_style_nomme_chaque_champ_en_francais(geopaquet: Path) -> None:
    for qml in _styles(geopaquet, "iris").values():
        lu = ET.fromstring(qml.split("\n", 1)[1])
        assert lu.get("styleCategories").startswith("Symbology|Fields")
        alias = {a.get("field"): a.get("name") for a in lu.find("aliases")}
        colonnes = {r[1] for r in _demander(geopaquet, "PRAGMA table_info(iris)")} - {"fid", "geom"}
        assert set(alias) == colonnes
        assert alias["taux_pauvrete_60"] == "Taux de pauvreté au seuil de 60 % (%)"


def test_geopaquet_est_de_la_version_1_2_et_ses_dates_sont_iso(geopaquet: Path) -> None:
    assert _demander(geopaquet, "PRAGMA user_version") == [(10200,)]
    for (date,) in _demander(geopaquet, "SELECT update_time FROM layer_styles"):
        assert datetime.fromisoformat(date).tzinfo is not None
    assert _demander(geopaquet, "SELECT data_type FROM gpkg_contents WHERE table_name = 'layer_styles'") == [
        ("attributes",)
    ]


def test_perimetre_qui_se_recoupe_est_ecrit_valide(
    diagnostic: Diagnostic, couches: dict[str, gpd.GeoDataFrame], tmp_path: Path
) -> None:
    tordus = couches["qpv"].copy()
    papillon = shapely.Polygon([(3.0, 43.0), (3.01, 43.01), (3.01, 43.01), (3.01, 43.0), (3.0, 43.01)])
    tordus.loc[tordus.index[0], "geometry"] = papillon
    lue = gpd.read_file(ecrire_gpkg(diagnostic, {"qpv": tordus}, tmp_path / "qpv.gpkg"), layer="qpv")
    assert lue.geometry.is_valid.all()
    assert set(lue.geom_type) <= {"Polygon", "MultiPolygon"}
    aire = tordus.geometry.iloc[:1].to_crs(2154).make_valid().area.iloc[0]
    assert lue.geometry.area.iloc[0] == pytest.approx(aire)


def test_un_nom_hostile_reste_un_texte_dans_le_style(cartes: list[CarteThematique]) -> None:
    nom = "<img src=x onerror=alert(1)> & \"'"
    table = pd.DataFrame(cartes[1].territoires[["code"]]).assign(part_moins_25_ans_statut="calcule")
    qml = style_de_carte(cartes[1], nom, table, "code", alias_des_champs([("code", nom)]))
    assert next(regles(qml))[0] == nom
    assert "<img" not in qml


def test_definitions_et_diagnostic_sont_complets(geopaquet: Path, diagnostic: Diagnostic) -> None:
    assert _demander(geopaquet, "SELECT COUNT(*) FROM diagnostic") == [(len(diagnostic.chiffres),)]
    lues = _demander(geopaquet, "SELECT indicateur, libelle, definition, formule, source FROM definitions")
    assert [ligne[0] for ligne in lues] == list(diagnostic.indicateurs)
    assert all(all(ligne) for ligne in lues)


def test_sans_contours_les_tables_d_attributs_sont_ecrites(diagnostic: Diagnostic, tmp_path: Path) -> None:
    chemin = ecrire_gpkg(diagnostic, {}, tmp_path / "sans.gpkg")
    geometries = dict(pyogrio.list_layers(chemin).tolist())
    assert not any(geometries.values())
    table = pyogrio.read_dataframe(chemin, layer="iris", read_geometry=False)
    assert len(table) == len(diagnostic.ensembles.mailles)
    assert table["code_iris"].is_unique


def test_ecriture_repetee_donne_le_meme_contenu(
    diagnostic: Diagnostic, couches: dict[str, gpd.GeoDataFrame], geopaquet: Path, tmp_path: Path
) -> None:
    chemin = tmp_path / "territoire.gpkg"
    ecrire_gpkg(diagnostic, couches, chemin)
    ecrire_gpkg(diagnostic, couches, chemin)
    assert [f.name for f in tmp_path.iterdir()] == ["territoire.gpkg"]
    for couche in ("iris", "qpv"):
        pd.testing.assert_frame_equal(
            pd.DataFrame(gpd.read_file(chemin, layer=couche)),
            pd.DataFrame(gpd.read_file(geopaquet, layer=couche)),
        )


def test_portrait_d_un_iris_et_d_une_intercommunalite(base_demo: Base, tmp_path: Path) -> None:
    seul = ecrire_gpkg(diagnostiquer(base_demo, Demande("990010101")), {}, tmp_path / "iris.gpkg")
    assert _demander(seul, "SELECT code_iris FROM iris") == [("990010101",)]
    epci = diagnostiquer(base_demo, Demande(EPCI_DEMO))
    ensemble = ecrire_gpkg(epci, {}, tmp_path / "epci.gpkg")
    lues = _demander(ensemble, "SELECT code_commune FROM communes")
    assert [ligne[0] for ligne in lues] == [t.code for t in epci.ensembles.mailles]


def test_commune_sujet_n_est_pas_ecrite_deux_fois(
    diagnostic: Diagnostic, couches: dict[str, gpd.GeoDataFrame], tmp_path: Path
) -> None:
    fondue = couches["iris"].dissolve().assign(code=COMMUNE_DEMO, nom="Arzance-la-Ville")
    chemin = ecrire_gpkg(diagnostic, {"communes": fondue}, tmp_path / "communes.gpkg")
    noms = {n for n, _ in pyogrio.list_layers(chemin).tolist()}
    assert "communes" in noms
    assert "commune" not in noms
    attendu = diagnostic.chiffre(diagnostic.ensembles.sujet, "part_hlm").valeur
    assert _demander(chemin, "SELECT part_hlm FROM communes") == [(attendu,)]
