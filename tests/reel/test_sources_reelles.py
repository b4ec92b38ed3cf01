"""Équipements, carreaux, géographie, table d'un tiers : recomptés depuis les fichiers bruts, par un autre chemin."""

from __future__ import annotations

import csv
import math
import random
import sqlite3
import zipfile
from collections import Counter

import duckdb
import pytest

from donnees_insee.codes import normaliser, reference
from donnees_insee.preparation.preparation import codes_de_l_annee

pytestmark = pytest.mark.reel


@pytest.fixture(scope="module")
def equipements_bruts(donnees_reelles) -> list[dict[str, str]]:
    with (donnees_reelles / "bpe/bpe2019_94.csv").open(encoding="utf-8", newline="") as flux:
        return list(csv.DictReader(flux, delimiter=";"))


def test_chaque_equipement_est_compte_une_fois(base_reelle, equipements_bruts):
    assert len(equipements_bruts) == 47171
    assert len(base_reelle.lire("equipements", 2019, "equipement")) == 47171
    suivis = codes_de_l_annee(2019)
    comptes = Counter((e["DEPCOM"], suivis[e["TYPEQU"]]) for e in equipements_bruts if e["TYPEQU"] in suivis)
    communes = base_reelle.lire("equipements", 2019, "commune")
    presents = {suivis[e["TYPEQU"]] for e in equipements_bruts if e["TYPEQU"] in suivis}
    assert set(communes.columns) == presents
    assert len(communes) == len({e["DEPCOM"] for e in equipements_bruts}) == 47
    for commune in communes.index:
        for variable in presents:
            assert communes.loc[commune, variable] == comptes[commune, variable], (commune, variable)
    assert communes["EQ_GENERALISTES"].sum() == 928


def test_les_iris_redonnent_les_communes(base_reelle):
    communes = base_reelle.lire("equipements", 2019, "commune")
    iris = base_reelle.lire("equipements", 2019, "iris")
    sommes = iris.groupby(iris.index.str[:5]).sum()
    assert sommes.loc[communes.index, communes.columns].equals(communes)


def test_les_coordonnees_na_sont_absentes_et_non_nulles(base_reelle, equipements_bruts):
    lus = base_reelle.lire("equipements", 2019, "equipement")
    sans = sum(e["LAMBERT_X"] == "NA" for e in equipements_bruts)
    assert sans == 1842
    assert lus["LAMBERT_X"].isna().sum() == sans
    assert (lus["LAMBERT_X__statut"].dropna() == "na").all()


def test_les_types_suivis_sont_bien_nommes(base_reelle):
    """Chaque code suivi en 2021 est à la nomenclature de l'Insee, sous un libellé qui dit la même chose."""
    nomenclature = base_reelle.lire("equipements_nomenclature", 2021, "type_d_equipement")["LIB_TYPEQU"]
    assert len(nomenclature) == 188
    # Noms que l'Insee écrit autrement que nous.
    autres = {
        "A122": "pole emploi", "D401": "hebergement", "D402": "soins a domicile", "D502": "accueil du jeune enfant",
        "D106": "urgences",
    }  # fmt: skip
    for t in reference("types_equipements"):
        if int(t["de"]) <= 2021 and (not t["a"] or int(t["a"]) >= 2021):
            officiel, mot = normaliser(nomenclature[t["code"]]), normaliser(t["libelle"]).split()[0]
            assert autres.get(t["code"], mot) in officiel, (t["code"], officiel, mot)


@pytest.mark.parametrize(
    ("fichier", "annee", "identifiant", "n"),
    [("carreaux_200m.gpkg", 2019, "idcar_200m", 965), ("carreaux.gpkg", 2017, "Id_carr1km", None)],
)
def test_les_carreaux_sont_ceux_du_fichier(base_reelle, donnees_reelles, fichier, annee, identifiant, n):
    """Relus par SQLite, sans passer par GDAL ni par le projet."""
    lus = base_reelle.lire("grille", annee, "carreau")
    connexion = sqlite3.connect(f"file:{donnees_reelles / 'carroyage' / fichier}?mode=ro", uri=True)
    tables = [t for (t,) in connexion.execute("select table_name from gpkg_contents")]
    bruts: dict[str, tuple] = {}
    for table in tables:
        noms = {c[1].lower() for c in connexion.execute(f'pragma table_info("{table}")')}
        if {"men_pauv", identifiant.lower()} <= noms:
            lignes = connexion.execute(f'select {identifiant}, ind, men, men_pauv, ind_snv from "{table}"')
            bruts.update({ligne[0]: ligne[1:] for ligne in lignes})
    connexion.close()
    assert set(lus.index) == set(bruts)
    assert n is None or len(lus) == n
    for code in random.Random(5).sample(sorted(bruts), 40):
        assert lus.loc[code, ["IND", "MEN", "MEN_PAUV", "IND_SNV"]].tolist() == list(bruts[code]), code


def test_la_table_d_un_tiers_est_lue_telle_quelle(base_reelle, donnees_reelles):
    lue = base_reelle.lire("indicateurs_externes", None, "iris")
    with duckdb.connect() as connexion:
        connexion.execute("set TimeZone = 'UTC'")
        chemin = str(donnees_reelles / "cle_de_reponse/agg_iris_*.parquet")
        brute = connexion.sql(
            f"select code, dsp_csp_cadres_pct_16, rev_disp_med_21, P22_POP from '{chemin}' order by code"
        ).fetchall()
    assert len(lue) == len(brute) == 577 + 362 + 992 + 325
    for code, cadres, mediane, population in random.Random(3).sample(brute, 60):
        voulues = ["DSP_CSP_CADRES_PCT_16", "REV_DISP_MED_21", "P22_POP"]
        for variable, brut in zip(voulues, (cadres, mediane, population), strict=True):
            ici = lue.loc[code, variable]
            absent = brut is None or math.isnan(brut)
            assert math.isnan(ici) if absent else ici == brut, (code, variable)


def test_le_comparateur_est_celui_du_zip(base_reelle, donnees_reelles):
    archive = zipfile.ZipFile(donnees_reelles / "communes/base_cc_comparateur_csv.zip")
    texte = archive.read("base_cc_comparateur.CSV").decode("utf-8-sig")
    bruts = {r["CODGEO"]: r for r in csv.DictReader(texte.splitlines(), delimiter=";")}
    lu = base_reelle.lire("comparateur", 2018, "commune")
    assert len(lu) == len(bruts)
    for code in [*random.Random(1).sample(sorted(bruts), 40), "01001", "2A004", "97411"]:
        for variable, nom in (("P_POP", "P18_POP"), ("P_LOGVAC", "P18_LOGVAC"), ("SUPERF", "SUPERF")):
            assert lu.loc[code, variable] == pytest.approx(float(bruts[code][nom]), rel=1e-12), (code, nom)


def test_le_code_officiel_garde_ses_communes_et_ses_mouvements(base_reelle, donnees_reelles):
    with (donnees_reelles / "geographie/v_commune_2026.csv").open(encoding="utf-8-sig", newline="") as flux:
        brutes = Counter(r["TYPECOM"] for r in csv.DictReader(flux))
    assert base_reelle.lire("cog", 2026, "commune")["TYPECOM"].value_counts().to_dict() == dict(brutes)
    mouvements = base_reelle.lire("mouvements_communes", 2026, "mouvement")
    assert len(mouvements) == 13734
    vers_les_sables = mouvements[
        (mouvements["COM_AP"] == "85194")
        & (mouvements["DATE_EFF"] == "2019-01-01")
        & (mouvements["TYPECOM_AP"] == "COM")
    ]
    assert {"85060", "85166"} <= set(vers_les_sables["COM_AV"])


def test_les_etablissements_territoriaux_couvrent_la_metropole_du_grand_paris(base_reelle):
    from abs.territoires.territoires import Territoires
    from donnees_insee import codes

    appartenance = base_reelle.lire("appartenance", 2020, "commune")
    metropole = set(appartenance.index[appartenance["EPCI"] == codes.METROPOLE_DU_GRAND_PARIS])
    assert metropole == set(codes.etablissements_territoriaux())
    plaine = Territoires(base_reelle, 2020).trouver("Plaine Commune (EPT)")
    assert (plaine.code, plaine.niveau, len(plaine.composantes)) == ("T6", "epci", 9)
