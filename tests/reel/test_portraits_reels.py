"""Des portraits entiers sur les fichiers réels : Montpellier, Clermont-Ferrand, de petites communes."""

import html
import re

import geopandas as gpd
import pandas as pd
import pytest

from abs.portrait.portrait import composer
from abs.territoires.demande import Demande
from carnets.moteur import produire

pytestmark = [pytest.mark.reel, pytest.mark.carnet]


@pytest.fixture(scope="module")
def montpellier(base_reelle, tmp_path_factory):
    parametres = {"territoire": "34172", "millesime": 2016, "formats": "html,docx,xlsx,gpkg,csv,cartes",
                  "dossier_donnees": str(base_reelle.dossier)}  # fmt: skip
    return produire(parametres, tmp_path_factory.mktemp("reel"))


@pytest.fixture(scope="module")
def clermont(base_reelle, tmp_path_factory):
    parametres = {"territoire": "63113", "millesime": 2020, "millesimes": "caf=2018", "formats": "html,docx",
                  "dossier_donnees": str(base_reelle.dossier)}  # fmt: skip
    return produire(parametres, tmp_path_factory.mktemp("reel"))


def test_montpellier_ecrit_ses_documents_et_ses_cartes(montpellier):
    noms = {str(f.relative_to(montpellier.dossier)) for f in montpellier.fichiers}
    assert {
        "portrait.html",
        "portrait.docx",
        "tableaux.xlsx",
        "territoire.gpkg",
        "preuve/diagnostic.parquet",
    } <= noms
    assert sum(n.endswith(".png") for n in noms) >= 6


def test_montpellier_dessine_ses_douze_qpv_et_les_compare(montpellier, base_reelle):
    page = html.unescape((montpellier.dossier / "portrait.html").read_text(encoding="utf-8"))
    assert len(set(re.findall(r"QP0340\d\d", page))) == 12
    for nom in ("Mosson", "Celleneuve", "Petit Bard Pergola", "Près D'Arènes"):
        assert nom in page
    qpv = gpd.read_file(montpellier.dossier / "territoire.gpkg", layer="qpv")
    assert len(qpv) == 12
    assert qpv.geometry.notna().all()


def test_le_gpkg_de_montpellier_se_joint_par_code_iris(montpellier, donnees_reelles):
    couche = gpd.read_file(montpellier.dossier / "territoire.gpkg", layer="iris").set_index("code_iris")
    fichier = donnees_reelles / "filosofi" / "BASE_TD_FILO_DISP_IRIS_2016.csv"
    brut = pd.read_csv(fichier, sep=";", dtype=str, encoding="utf-8-sig")
    attendues = brut[brut["COM"] == "34172"].set_index("IRIS")["DISP_MED16"].astype(float)
    assert len(attendues) == 84
    lues = couche["niveau_vie_median"].dropna()
    assert set(lues.index) == set(attendues.index)
    assert (lues == attendues.reindex(lues.index)).all()


def test_les_iris_sans_chiffre_disent_pourquoi(montpellier):
    page = html.unescape((montpellier.dossier / "portrait.html").read_text(encoding="utf-8"))
    assert "Sans chiffre, IRIS d'activité ou divers, hors du champ de la source" in page
    assert "effectif non diffusé par la Cnaf" in page


def test_clermont_n_a_pas_de_carte_et_le_dit(clermont):
    page = (clermont.dossier / "portrait.html").read_text(encoding="utf-8")
    assert "Portrait sans carte" in page
    assert "data:image/png" not in page
    assert not (clermont.dossier / "cartes").exists()


def test_le_tableau_qpv_de_clermont_est_celui_que_la_ville_a_publie(base_reelle):
    """Quatorze cellules sur quinze telles qu'imprimées ; la quinzième, arrondie deux fois par la ville, est 16 %."""
    portrait = composer(base_reelle, Demande("63113", 2020, {"caf": 2018}))
    tableau = portrait.chapitre("qpv").tableaux[0]
    colonnes = [c.texte for c in tableau.entetes]
    lignes = {
        ligne[0].texte: {n: c.texte.replace("\u00a0", " ") for n, c in zip(colonnes, ligne, strict=True)}
        for ligne in tableau.lignes
    }
    attendu = {
        "Moins de 25 ans, en % de la population": ("36 %", "38 %", "41 %"),
        "Moins de 20 ans pour une personne de 60 ans et plus": ("1,5", "1,6", "2,2"),
        "Familles monoparentales, en % des foyers allocataires Caf": ("11 %", "19 %", "21 %"),
        "Couples avec enfants, en % des foyers allocataires Caf": ("16 %", "28 %", "33 %"),
        "Couples avec trois enfants ou plus, en % des foyers allocataires Caf": ("7 %", "11 %", "16 %"),
    }
    for libelle, cellules in attendu.items():
        ligne = lignes[libelle]
        assert (ligne["Saint-Jacques"], ligne["Fontaine Du Bac"], ligne["La Gauthière"]) == cellules
    # La ville met ses chiffres de 2018 à côté d'une édition dont rien n'établit l'année : ici, rien ne s'y compare.
    details = {ligne[0].texte: ligne[colonnes.index("Clermont-Ferrand")] for ligne in tableau.lignes}
    assert {details[libelle].texte for libelle in attendu} == {"nc"}
    sien = portrait.diagnostic.chiffre(portrait.sujet, "part_familles_monoparentales_caf")
    assert (round(sien.valeur), sien.statut) == (11, "partiel")
    assert sien.note.startswith("calculé sur 41 IRIS sur 42 (au moins 99,7")


@pytest.mark.parametrize(("code", "nom"), [("49020", "Beaucouzé"), ("29061", "Gouesnou")])
def test_une_petite_commune_a_un_portrait_clair(base_reelle, code, nom):
    portrait = composer(base_reelle, Demande(code))
    assert portrait.titre == nom
    assert sum(not f.absence for f in portrait.fiches) >= 3


def test_une_commune_absente_de_toutes_les_statistiques_le_dit(base_reelle):
    """75056 est chiffrée ; une commune d'outre-mer sans aucun fichier ne l'est pas, et l'avertissement le dit."""
    portrait = composer(base_reelle, Demande("97601", 2016))
    assert all(f.absence for f in portrait.fiches)
    assert any("Aucun des fichiers déposés" in a for a in portrait.avertissements)
