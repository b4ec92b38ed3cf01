"""La géographie réelle d'une année à l'autre : listes publiées retrouvées, fusions connues, totaux conservés."""

from __future__ import annotations

import functools
import io
import zipfile
from collections import Counter

import pandas as pd
import pytest

from donnees_insee.geographie.groupes import appliquer, passage_communes
from donnees_insee.geographie.mouvements import HistoireDesCommunes

pytestmark = pytest.mark.reel

ARRONDISSEMENTS = 45


def lire(chemin, separateur=","):
    return pd.read_csv(chemin, sep=separateur, dtype=str, keep_default_na=False, encoding="utf-8-sig")


@pytest.fixture(scope="module")
def passe(donnees_reelles):
    dossier = donnees_reelles / "geographie"
    return HistoireDesCommunes(
        lire(dossier / "v_mvt_commune_2026.csv"), lire(dossier / "v_commune_2026.csv"), 2026
    )


@pytest.fixture(scope="module")
def passer(passe):
    """Un passage par couple d'années, formé une fois."""
    return functools.cache(lambda de, a: passage_communes(passe, de, a))


@pytest.fixture(scope="module")
def comparateur(donnees_reelles):
    with zipfile.ZipFile(donnees_reelles / "communes" / "base_cc_comparateur_csv.zip") as archive:
        octets = archive.read("base_cc_comparateur.CSV")
    table = lire(io.BytesIO(octets), ";").set_index("CODGEO")
    return table[["P18_POP", "P13_POP"]].apply(pd.to_numeric)


def test_nombre_de_communes(passe):
    """2026 est compté dans la liste publiée ; les autres années sont retrouvées en remontant les mouvements."""
    comptes = {n: len(passe.communes_en(n)) for n in (2015, 2019, 2020, 2021, 2022, 2024, 2025, 2026)}
    assert comptes == {
        2015: 36658, 2019: 34970, 2020: 34968, 2021: 34965, 2022: 34955, 2024: 34935, 2025: 34875, 2026: 34875,
    }  # fmt: skip
    assert len(passe.arrondissements) == ARRONDISSEMENTS


def test_listes_publiees_retrouvees(passe, donnees_reelles, comparateur):
    """Des fichiers indépendants des mouvements portent exactement les communes retrouvées en les remontant."""
    from python_calamine import CalamineWorkbook

    geographie = donnees_reelles / "geographie"
    classeur = CalamineWorkbook.from_path(geographie / "table-appartenance-geo-communes-22.xlsx")
    appartenance = {ligne[0] for ligne in classeur.get_sheet_by_name("COM").to_python()[6:]}
    assert appartenance == passe.communes_en(2022)
    assert set(lire(geographie / "EPCI_2020.csv", ";")["CODGEO"]) == passe.communes_en(2020)
    legales = lire(donnees_reelles / "communes" / "t-popref-com.csv")
    communes = set(legales.loc[(legales["com_annee"] == "2024") & (legales["com_type"] == "COM"), "com_code"])
    assert {c for c in communes if not c.startswith(("975", "977", "978", "98"))} == passe.communes_en(2024)
    for recus, annee in (
        (comparateur.index, 2021),
        (lire(geographie / "iris_2021.csv", ";")["DEPCOM"], 2021),
    ):
        trouvees = passe.annees_compatibles(recus)
        assert (trouvees.annees, trouvees.inconnus, trouvees.absents) == ((annee,), (), ())


def test_filosofi_2021_des_communes_est_dans_la_geographie_de_2024(passe, donnees_reelles):
    """Le fichier ne le dit pas ; ses communes ne sont ensemble dans aucune autre liste."""
    recus = lire(donnees_reelles / "filosofi" / "cc_filosofi_2021_COM.csv", ";")["CODGEO"]
    trouvees = passe.annees_compatibles(recus)
    assert (trouvees.annees, trouvees.inconnus, trouvees.absents) == ((2024,), (), ())


def test_les_communes_de_2020_et_2021_vont_toutes_en_2026(passe, donnees_reelles):
    dossier = donnees_reelles / "geographie"
    epci = set(lire(dossier / "EPCI_2020.csv", ";")["CODGEO"])
    iris = set(lire(dossier / "iris_2021.csv", ";")["DEPCOM"])
    for codes, annee in ((epci, 2020), (iris, 2021)):
        passage = passage_communes(passe, annee, 2026)
        assert not passage.non_apparies
        assert codes <= passage.avant.keys()
        assert set(passage.apres) == passe.communes_en(2026) | passe.arrondissements


@pytest.mark.parametrize(
    ("de", "a", "code", "avant", "apres", "nature"),
    [
        (2018, 2019, "85194", ("85060", "85166", "85194"), ("85194",), "fusion"),
        (2024, 2025, "93066", ("93059", "93066"), ("93066",), "fusion"),
        (2023, 2024, "85084", ("85084",), ("85084", "85165", "85212"), "scission"),
        (2015, 2024, "85165", ("85165",), ("85165",), "identique"),
        (2023, 2024, "60054", ("60054",), ("60054", "60694"), "scission"),
        (2018, 2024, "60694", ("60455", "60694"), ("60694",), "fusion"),
        (2017, 2018, "50592", ("14513", "50592"), ("50592",), "fusion"),
        (2016, 2026, "12218", ("12076",), ("12218",), "nouveau code"),
        (1975, 2026, "2A004", ("20004",), ("2A004",), "nouveau code"),
        (2015, 2026, "97411", ("97411",), ("97411",), "identique"),
        (2015, 2026, "75113", ("75113",), ("75113",), "identique"),
    ],
)
def test_cas_connus(passer, de, a, code, avant, apres, nature):
    passage = passer(de, a)
    groupe = passage.groupes[passage.apres[code]]
    assert (groupe.avant, groupe.apres, groupe.nature) == (avant, apres, nature)


def test_raisons(passe):
    raisons = {c: passe.raison(c, 2020) for c in ("85060", "97701", "20004", "34172")}
    assert raisons["34172"] is None
    assert "Les Sables-d'Olonne (85194)" in raisons["85060"]
    assert "collectivité d'outre-mer" in raisons["97701"]
    assert "Ajaccio (2A004)" in raisons["20004"]
    mayotte = [n for n in passage_communes(passe, 2011, 2012).non_apparies if n.cote == "apres"]
    assert len(mayotte) == 17
    assert all(n.code.startswith("976") for n in mayotte)


@pytest.mark.parametrize("annee", [2022, 2024, 2026])
def test_population_du_recensement_conservee(passe, comparateur, annee):
    """Le comparateur est dans la géographie de 2021 : son total se retrouve dans les suivantes."""
    passage = passage_communes(passe, 2021, annee)
    assert not passage.non_apparies
    assert set(comparateur.index) <= passage.avant.keys()
    porte = appliquer(passage, comparateur, ["P18_POP", "P13_POP"])
    assert ((porte.sum() - comparateur.sum()).abs() < 1e-3).all()
    # Mayotte n'a pas de population en 2013 : ces communes seules restent sans chiffre.
    assert {c[:3] for c in porte.index[porte.isna().any(axis=1)]} <= {"976"}


def test_toutes_les_annees_se_partitionnent(passe, passer):
    for de, a in ((2015, 2026), (1968, 2026)):
        passage = passer(de, a)
        ecarts = Counter(n.cote for n in passage.non_apparies)
        assert len(passage.avant) + ecarts["avant"] == len(passe.communes_en(de)) + ARRONDISSEMENTS
        assert len(passage.apres) + ecarts["apres"] == len(passe.communes_en(a)) + ARRONDISSEMENTS


def test_les_sables_d_olonne(base_reelle):
    """De six à quinze IRIS : détecté, expliqué par la fusion de 2019, sans qu'aucun IRIS ait été redécoupé."""
    from donnees_insee.geographie.dans_le_temps import changements

    constat = changements(base_reelle, "85194")
    assert constat.comptes == (6, 15)
    natures = Counter(g.nature for g in constat.iris.passage.groupes.values())
    assert natures == {"identique": 6, "nouveau code": 9}
    assert not constat.iris.passage.non_apparies
    texte = "\n".join(constat.phrases())
    assert "6 IRIS en 2015 au plus tard, 15 en 2021" in texte
    assert "Château-d'Olonne 5, Olonne-sur-Mer 4, Les Sables-d'Olonne 6" in texte
    assert "a absorbé Château-d'Olonne (85060) et Olonne-sur-Mer (85166) au 1er janvier 2019" in texte
    assert "851660104 → 851940204 Avenue Mitterrand Ouest" in texte
    # Les habitants de 2016, encore dans les anciens codes, se lisent dans les nouveaux.
    avant = base_reelle.lire("rp_population", 2016, "iris", prefixes=["85194", "85060", "85166"])
    porte = appliquer(constat.iris.passage, avant, ["P_POP"])
    assert len(avant) > 0
    assert porte["P_POP"].sum() == pytest.approx(avant["P_POP"].sum())
    assert set(porte.index) <= set(constat.iris.passage.apres.values())


def test_finistere_par_les_contours_et_par_les_codes(passe, donnees_reelles):
    """Les deux voies, contours et codes, donnent les mêmes 449 groupes : six communes ont fusionné, rien d'autre."""
    import geopandas as gpd

    from donnees_insee.geographie.changements_iris import comparer_iris, recouvrements

    dossier = donnees_reelles / "geographie"
    avant = gpd.read_file(dossier / "iris_29.geojson").rename(
        columns={"CODE_IRIS": "code", "INSEE_COM": "commune", "NOM_IRIS": "nom"}
    )
    apres = gpd.read_file(dossier / "iris_22_29_33_64_recents.topojson").set_crs("EPSG:4326")
    apres = apres.rename(columns={"code_iris": "code", "code_insee": "commune", "nom_iris": "nom"})
    apres = apres[apres["code"].str.startswith("29")]
    communes = passage_communes(passe, 2015, 2025)
    par_contours = comparer_iris(avant, apres, communes, recouvrements(avant, apres)).passage
    par_codes = comparer_iris(avant, apres, communes).passage
    assert par_contours == par_codes
    assert Counter(g.nature for g in par_contours.groupes.values()) == {"identique": 443, "fusion": 6}
    assert not par_contours.non_apparies
