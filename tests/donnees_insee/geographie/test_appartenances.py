"""Qui contient qui : arrondissements, communes sans IRIS, listes d'IRIS de plusieurs années, QPV."""

from __future__ import annotations

import json

import pytest

from donnees_insee import codes
from donnees_insee.geographie.appartenances import Geographie, normaliser

REFERENCE = "CODE_IRIS;LIB_IRIS;TYP_IRIS;DEPCOM;LIBCOM;REG;DEP\n"
COMMUNES = (
    "CODGEO;LIBGEO;EPCI;LIBEPCI;DEP;REG\n"
    "34172;Montpellier;243400017;Montpellier Méditerranée Métropole;34;76\n"
    "34057;Castelnau-le-Lez;243400017;Montpellier Méditerranée Métropole;34;76\n"
    "34001;Saint-Étienne-d'Albagnan;200066348;CC du Minervois;34;76\n"
    "75056;Paris;200054781;Métropole du Grand Paris;75;11\n"
    "75101;Paris 1er Arrondissement;200054781;Métropole du Grand Paris;75;11\n"
    "69123;Lyon;200046977;Métropole de Lyon;69;84\n"
    "13055;Marseille;200054807;Aix-Marseille-Provence;13;93\n"
    "2A004;Ajaccio;242010056;CA du Pays Ajaccien;2A;94\n"
    "97411;Saint-Denis;249740119;CINOR;974;04\n"
    "29155;Ouessant;ZZZZZZZZZ;;29;53\n"
)


@pytest.fixture
def geo(bureau):
    bureau.deposer("appartenance_2022.csv", COMMUNES)
    bureau.deposer(
        "iris_2018.csv",
        REFERENCE
        + "341720101;Comédie;H;34172;Montpellier;76;34\n341720102;Gare;H;34172;Montpellier;76;34\n"
        + "751010101;Louvre 1;H;75101;Paris 1er;11;75\n751020201;Vivienne;H;75102;Paris 2e;11;75\n"
        + "693810101;Terreaux;H;69381;Lyon 1er;84;69\n132010101;Belsunce;H;13201;Marseille 1er;93;13\n"
        + "340010000;Saint-Étienne-d'Albagnan;Z;34001;Saint-Étienne-d'Albagnan;76;34\n",
    )
    bureau.deposer(
        "iris_2021.csv",
        REFERENCE
        + "341720101;Comédie;H;34172;Montpellier;76;34\n341720103;Gare nord;H;34172;Montpellier;76;34\n"
        + "341720104;Gare sud;H;34172;Montpellier;76;34\n",
    )
    bureau.deposer(
        "DEMO_2019.csv",
        "CODGEO;LIBGEO;LIB_COM;POP_MUN;TX_TOT_0A24\n"
        "QP034001;Deux rives;Montpellier, Castelnau le lez;1;2\nQP02A001;Les Salines;Ajaccio;1;2\n"
        "QP974001;Le Chaudron;Saint-Denis;1;2\nQP034002;Ailleurs;Commune Inconnue;1;2\n",
    )
    return Geographie(bureau.base)


@pytest.mark.parametrize(
    ("ecrit", "compare"),
    [
        ("Saint-Étienne", "saint etienne"),
        ("ST ETIENNE", "saint etienne"),
        ("Ste-Foy-lès-Lyon", "sainte foy les lyon"),
        ("L'Haÿ-les-Roses", "l hay les roses"),
        ("Œuilly", "oeuilly"),
        ("  Aÿ -- Champagne ", "ay champagne"),
        ("", ""),
    ],
)
def test_normaliser(ecrit, compare):
    assert normaliser(ecrit) == compare == codes.normaliser(ecrit)


@pytest.mark.parametrize(
    ("commune", "ville", "departement"),
    [
        ("75113", "75056", "75"),
        ("75056", "75056", "75"),
        ("69381", "69123", "69"),
        ("69380", "69123", "69"),
        ("69259", "69259", "69"),
        ("13201", "13055", "13"),
        ("13001", "13001", "13"),
        ("2A004", "2A004", "2A"),
        ("97411", "97411", "974"),
        ("98818", "98818", "988"),
    ],
)
def test_ville_et_departement(commune, ville, departement):
    assert codes.ville_de_l_arrondissement(commune) == ville
    assert codes.departement_de_la_commune(commune) == departement


def test_communes(geo):
    table = geo.communes
    assert table.loc["34172", "nom"] == "Montpellier"
    assert table.loc["34001", "nom"] == "Saint-Étienne-d'Albagnan"
    assert table.loc["97411", "departement"] == "974"
    # Connue par la seule liste d'IRIS.
    assert table.loc["75102", "nom"] == "Paris 2e"
    assert table.index.is_unique


def test_epci(geo):
    assert geo.epci["243400017"] == "Montpellier Méditerranée Métropole"
    assert "ZZZZZZZZZ" not in geo.epci.index
    assert geo.communes_de("epci", "243400017") == ["34057", "34172"]
    assert geo.communes_de("departement", "75") == ["75056"]
    assert geo.communes_de("epci", "000000000") == []


@pytest.mark.parametrize(
    ("ville", "attendus"),
    [
        ("75056", ["751010101", "751020201"]),
        ("75102", ["751020201"]),
        ("69123", ["693810101"]),
        ("13055", ["132010101"]),
        ("34001", ["340010000"]),
    ],
)
def test_iris_des_villes_a_arrondissements(geo, ville, attendus):
    assert [c for c, _, _ in geo.codes_d_iris(ville, set(attendus))] == attendus


def test_liste_d_iris_par_annee_et_par_codes_vus(geo):
    ancienne, recente = {"341720101", "341720102"}, {"341720101", "341720103", "341720104"}
    assert set(geo.iris("34172", ancienne, 2021).index) == ancienne
    assert set(geo.iris("34172", recente, 2018).index) == recente
    communs = {"341720101"}
    assert set(geo.iris("34172", communs, 2018).index) == ancienne
    assert set(geo.iris("34172", communs, 2022).index) == recente
    assert geo.iris("34172", recente).loc["341720103", "nom"] == "Gare nord"


def test_commune_sans_liste(geo):
    assert geo.codes_d_iris("49020", {"490200000"}) == [("490200000", None, "Z")]
    assert geo.codes_d_iris("49020", set()) == []


def test_qpv(geo):
    table = geo.qpv
    assert table.loc["QP034001", "nom"] == "Deux rives"
    assert table.loc["QP034001", "communes"] == ("34172", "34057")
    assert table.loc["QP02A001", "communes"] == ("2A004",)
    assert table.loc["QP974001", "communes"] == ("97411",)
    assert table.loc["QP034002", "communes"] == ()
    assert set(table["generation"]) == {2015}


def test_qpv_des_contours(bureau):
    entite = {
        "type": "Feature",
        "properties": {"code_qp": "QN03401M", "lib_qp": "Mosson", "insee_com": "34172,34057"},
        "geometry": {
            "type": "Polygon",
            "coordinates": [[[3.8, 43.6], [3.9, 43.6], [3.9, 43.7], [3.8, 43.6]]],
        },
    }
    assert (
        bureau.deposer("QP2024.geojson", json.dumps({"type": "FeatureCollection", "features": [entite]})).etat
        == "range"
    )
    table = Geographie(bureau.base).qpv
    assert table.loc["QN03401M", "communes"] == ("34172", "34057")
    assert table.loc["QN03401M", "generation"] == 2024


def test_liste_d_iris_sans_types(bureau):
    depot = bureau.deposer("iris_2021.csv", "CODE_IRIS;LIB_IRIS;DEPCOM\n341720101;Comédie;34172\n")
    assert depot.etat == "range", depot.raison
    assert Geographie(bureau.base).codes_d_iris("34172", set()) == [("341720101", "Comédie", "")]


def test_base_vide(bureau):
    geo = Geographie(bureau.base)
    assert geo.communes.empty
    assert geo.epci.empty
    assert geo.qpv.empty
    assert geo.communes_de("epci", "243400017") == []


def test_demo(base_demo):
    geo = Geographie(base_demo)
    assert len(geo.communes_de("epci", "999900001")) == 10
    assert geo.communes.loc["99002", "nom"] == "L'Isle/Arzance"
    assert len(geo.qpv.loc["QP099003", "communes"]) == 2
    ancienne = Geographie(base_demo, 2018)
    assert len(ancienne.communes_de("epci", "999900001")) == 11
    vus = set(base_demo.lire("rp_population", 2016, "iris", prefixes=["99001"]).index)
    assert set(geo.iris("99001", vus, 2018).index) == vus
    vus = set(base_demo.lire("rp_population", 2022, "iris", prefixes=["99001"]).index)
    assert set(geo.iris("99001", vus, 2024).index) == vus
