"""`abs verifier` : tout chiffre d'un portrait se refait, et un chiffre changé à la main est pris et nommé."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import frictionless
import openpyxl
import pandas as pd
import pytest
from typer.testing import CliRunner

from abs.calcul.difference import absente, reference_de
from carnets.commande.application import app
from carnets.documents.preuve.preuve_lue import lire_preuve
from carnets.documents.preuve.relecture_classeur import controler_classeur
from carnets.documents.preuve.relecture_fichiers import controler_csv, controler_gpkg, controler_paquet
from carnets.documents.preuve.relecture_page import DOCUMENT as DATES
from carnets.documents.preuve.relecture_page import controler_dates, controler_html
from carnets.documents.preuve.verification import verifier_sortie
from carnets.moteur import produire
from donnees_insee.base.base import Base
from donnees_insee.erreurs import FichierIllisible

pytestmark = pytest.mark.carnet
FICHIERS = {"tableaux.xlsx", "diagnostic.csv", "datapackage.json", "territoire.gpkg", "portrait.html"}
PEU = {DATES: 50, "datapackage.json": 40, "tableaux.xlsx, graphiques": 100}
DOCUMENTS = FICHIERS | {DATES, "carnet.ipynb", "portrait.docx", "tableaux.xlsx, graphiques"}


@pytest.fixture
def copie(demo_ecrite, tmp_path):
    """Une copie du portrait de démonstration, à abîmer."""
    return Path(shutil.copytree(demo_ecrite.dossier, tmp_path / "portrait"))


@pytest.fixture(scope="module")
def ecrit_de_2015(base_demo, tmp_path_factory):
    """Le même portrait sur les quartiers de 2015, dont l'année des données n'est pas toujours établie."""
    demande = {
        "territoire": "99001",
        "qpv": 2015,
        "formats": "html",
        "dossier_donnees": str(base_demo.dossier),
    }
    return produire(demande, tmp_path_factory.mktemp("qpv_2015"))


@pytest.fixture
def copie_de_2015(ecrit_de_2015, tmp_path):
    return Path(shutil.copytree(ecrit_de_2015.dossier, tmp_path / "portrait"))


@pytest.fixture(scope="module")
def verification(demo_ecrite, base_demo):
    avant = {f: f.stat().st_mtime_ns for f in base_demo.dossier.rglob("*")}
    faite = verifier_sortie(demo_ecrite.dossier, base_demo)
    assert {f: f.stat().st_mtime_ns for f in base_demo.dossier.rglob("*")} == avant, "la base a été écrite"
    return faite


# -- tout est égal -----------------------------------------------------------------------------


def test_chaque_ligne_du_diagnostic_est_refaite_a_partir_des_fichiers_bruts(verification, demo_ecrite):
    table = pd.read_parquet(demo_ecrite.dossier / "preuve" / "diagnostic.parquet")
    assert verification.refaits.ecarts == []
    assert verification.refaits.egaux == len(table) > 3000
    assert not verification.ensemble.non_verifiables
    assert verification.sans_faute


def test_chaque_document_est_compare_et_tout_y_est_egal(verification):
    assert {b.document for b in verification.documents} == DOCUMENTS
    assert [e.phrase() for b in verification.documents for e in b.ecarts] == []
    assert all(b.egaux > PEU.get(b.document, 300) for b in verification.documents)


def test_la_seconde_voie_refait_des_rapports_d_iris_sans_les_lecteurs_du_projet(verification):
    assert verification.seconde_voie.egaux > 300
    assert verification.seconde_voie.ecarts == []


# -- un chiffre changé à la main ---------------------------------------------------------------


def test_les_cellules_changees_dans_le_classeur_sont_nommees_et_elles_seules(copie):
    """Réenregistré sans calcul, le classeur ne garde que ses formules : les autres cellules restent égales."""
    chemin = copie / "tableaux.xlsx"
    classeur = openpyxl.load_workbook(chemin)
    taux, secrets = [], []
    for feuille in classeur.worksheets[2:]:
        if feuille["A6"].value != "Groupe":
            continue
        for ligne in feuille.iter_rows(min_row=20):
            taux += [
                c for c in ligne if isinstance(c.value, str) and c.value.startswith("=IF(") and "*" in c.value
            ]
            secrets += [c for c in ligne if c.value == "secret"]
    compte = taux[0].parent.cell(taux[0].row, taux[0].column - 2)
    compte.value += 1
    taux[10].value = taux[10].value.replace("*", "1*", 1)
    taux[20].value = 12.3
    secrets[0].value = 0
    comparaison = classeur["Comparaison"]
    renvois = [
        c for ligne in comparaison.iter_rows(min_row=4) for c in ligne if str(c.value).startswith("='")
    ]
    renvois[0].value = renvois[1].value
    classeur.save(chemin)
    ecarts = controler_classeur(chemin, lire_preuve(copie)).ecarts
    assert {e.document for e in ecarts} == {"tableaux.xlsx"}
    visees = [
        (c.parent.title, c.coordinate) for c in (compte, taux[0], taux[10], taux[20], secrets[0], renvois[0])
    ]
    nommees = {tuple(e.cellule.split(",")[0].split("!")) for e in ecarts}
    assert nommees == set(visees)
    assert any(e.attendu == "secret" and e.trouve == "0" for e in ecarts)


def test_une_valeur_changee_dans_le_csv_est_nommee(copie):
    chemin = copie / "diagnostic.csv"
    lignes = chemin.read_text(encoding="utf-8-sig").splitlines()
    rang = next(i for i, x in enumerate(lignes) if '"population"' in x and '"publie"' in x)
    cellules = lignes[rang].split(";")
    place = lignes[0].split(";").index('"valeur"')
    cellules[place] = "12345,5"
    lignes[rang] = ";".join(cellules)
    chemin.write_text("\r\n".join(lignes) + "\r\n", encoding="utf-8-sig", newline="")
    (ecart,) = controler_csv(chemin, lire_preuve(copie)).ecarts
    assert ecart.cellule == f"ligne {rang + 1}, valeur"
    assert "|population|" in ecart.reference
    assert ecart.trouve == "12345,5"


def test_chaque_csv_est_valide_et_decrit(demo_ecrite):
    """Chacun a sa description, chaque colonne la sienne, en français ; frictionless les valide toutes."""
    dossier = demo_ecrite.dossier
    paquet = json.loads((dossier / "datapackage.json").read_text(encoding="utf-8"))
    decrits = {r["path"] for r in paquet["resources"]}
    assert decrits == {f.relative_to(dossier).as_posix() for f in dossier.rglob("*.csv")}
    assert all(c["description"] for r in paquet["resources"] for c in r["schema"]["fields"])
    assert all((dossier / r).with_suffix(".csvt").is_file() for r in decrits)
    assert frictionless.validate(str(dossier / "datapackage.json")).flatten(["type", "note"]) == []


@pytest.mark.parametrize(
    ("fichier", "avant", "apres", "nomme"),
    [
        ("datapackage.json", '"primaryKey"', '"cle"', "diagnostic.csv primaryKey"),
        ("datapackage.json", '"type": "integer"', '"type": "number"', "diagnostic.csv, colonne millesime"),
        ("datapackage.json", '"preuve/secret.csv"', '"../secret.csv"', "preuve/secret.csv"),
        ("diagnostic.csvt", '"Real"', '"String"', "diagnostic.csvt"),
    ],
)
def test_une_description_changee_est_nommee(copie, fichier, avant, apres, nomme):
    chemin = copie / fichier
    chemin.write_text(chemin.read_text(encoding="utf-8").replace(avant, apres, 1), encoding="utf-8")
    ecarts = controler_paquet(copie / "datapackage.json", lire_preuve(copie)).ecarts
    assert nomme in {e.cellule for e in ecarts}


def test_une_description_illisible_est_dite(copie):
    (copie / "datapackage.json").write_text('{"resources": 3}', encoding="utf-8")
    with pytest.raises(FichierIllisible, match="resources"):
        controler_paquet(copie / "datapackage.json", lire_preuve(copie))


def test_une_ligne_otee_du_csv_est_nommee(copie):
    chemin = copie / "diagnostic.csv"
    lignes = chemin.read_text(encoding="utf-8-sig").splitlines()
    del lignes[10]
    chemin.write_text("\r\n".join(lignes) + "\r\n", encoding="utf-8-sig", newline="")
    (ecart,) = controler_csv(chemin, lire_preuve(copie)).ecarts
    assert ecart.cellule == "ligne absente"


@pytest.mark.parametrize(
    ("champ", "valeur"), [("part_hlm", 99.9), ("part_hlm", None), ("part_hlm_statut", "publie")]
)
def test_un_attribut_change_dans_le_geopaquet_est_nomme(copie, champ, valeur):
    chemin = copie / "territoire.gpkg"
    with closing(sqlite3.connect(chemin)) as base, base:
        (code,) = base.execute("SELECT code_iris FROM iris WHERE part_hlm > 0 LIMIT 1").fetchone()
        # Les déclencheurs de l'index spatial appellent des fonctions que SQLite seul n'a pas.
        for (nom,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            base.execute(f'DROP TRIGGER "{nom}"')
        base.execute(f"UPDATE iris SET {champ} = ? WHERE code_iris = ?", (valeur, code))
    (ecart,) = controler_gpkg(chemin, lire_preuve(copie)).ecarts
    assert f"code_iris = {code}, part_hlm" in ecart.cellule
    assert ecart.document == "territoire.gpkg"


def test_un_chiffre_change_dans_la_page_est_nomme(copie):
    chemin = copie / "portrait.html"
    page = chemin.read_text(encoding="utf-8")
    debut = page.index('<td class="chiffre" data-reference="')
    fin = page.index("</td>", debut)
    ouvre = page.index(">", debut)
    chemin.write_text(page[: ouvre + 1] + "77,7 %" + page[fin:], encoding="utf-8")
    (ecart,) = controler_html(chemin, lire_preuve(copie)).ecarts
    assert ecart.trouve == "77,7 %"
    assert ecart.reference in page[debut:ouvre]


def test_une_page_qui_met_deux_annees_cote_a_cote_est_refusee(copie_de_2015):
    """Un « nc » remplacé par un chiffre juste, mais d'une autre année que les quartiers de sa ligne, est pris."""
    page, preuve = copie_de_2015 / "portrait.html", lire_preuve(copie_de_2015)
    assert controler_dates(page, preuve).ecarts == []
    texte = page.read_text(encoding="utf-8")
    quartier = next(
        x for x in preuve.lignes.values()
        if x["niveau"] == "qpv" and absente(x["annee_donnees"]) and x["indicateur"] == "part_moins_25_ans"
        and not absente(x["valeur"])
    )  # fmt: skip
    commune = next(
        r for r, x in preuve.lignes.items()
        if x["niveau"] == "commune" and x["indicateur"] == "part_moins_25_ans" and not absente(x["valeur"])
    )  # fmt: skip
    depart = texte.index(f'data-reference="{reference_de(quartier)}"')
    rang = texte.index('<td class="absent"', depart)
    trafiquee = (
        texte[:rang]
        + f'<td class="chiffre" data-reference="{commune}"'
        + texte[rang + len('<td class="absent"') :]
    )
    page.write_text(trafiquee, encoding="utf-8")
    (ecart,) = {e.reference: e for e in controler_dates(page, preuve).ecarts}.values()
    assert ecart.reference == "part_moins_25_ans"
    assert "année inconnue" in ecart.trouve
    # Sans référence, un nombre dans une cellule qui devait dire « nc » l'est aussi.
    nu = texte[:rang] + texte[rang:].replace(">nc<", ">35 %<", 1)
    page.write_text(nu, encoding="utf-8")
    assert [e.trouve for e in controler_dates(page, preuve).ecarts] == ["35 %"]


def test_une_phrase_qui_cite_deux_annees_est_refusee(copie_de_2015):
    page, preuve = copie_de_2015 / "portrait.html", lire_preuve(copie_de_2015)
    texte = page.read_text(encoding="utf-8")
    sienne = next(
        r for r, x in preuve.lignes.items()
        if x["niveau"] == "qpv" and absente(x["annee_donnees"]) and not absente(x["valeur"])
        and f'<li data-reference="{r}' in texte
    )  # fmt: skip
    autre = next(
        r for r, x in preuve.lignes.items()
        if x["niveau"] == "commune" and x["indicateur"] == sienne.split("|")[2] and not absente(x["valeur"])
    )  # fmt: skip
    page.write_text(
        texte.replace(f'<li data-reference="{sienne}', f'<li data-reference="{autre} {sienne}', 1),
        encoding="utf-8",
    )
    (ecart,) = controler_dates(page, preuve).ecarts
    assert ecart.cellule.startswith("phrase")


def test_le_sujet_redit_a_la_date_de_sa_carte_n_est_pas_une_comparaison(tmp_path):
    """Une commune peut être dite à deux dates ; la référence à qui on la compare, à la première seulement."""
    lignes = {
        f"{qui}|{annee}": {
            "indicateur": "niveau_vie_median", "territoire": qui, "niveau": "commune", "annee_donnees": annee,
            "statut": "publie", "valeur": 20_000.0, "source": "filosofi", "millesime": annee,
        }
        for qui in ("ville", "voisine") for annee in (2018, 2021)
    }  # fmt: skip
    page = tmp_path / "portrait.html"

    def ecarts(*references):
        page.write_text(f'<ul><li data-reference="{" ".join(references)}">x</li></ul>', encoding="utf-8")
        return controler_dates(page, SimpleNamespace(lignes=lignes)).ecarts

    assert ecarts("ville|2018", "voisine|2018", "ville|2021") == []
    assert ecarts("ville|2021", "voisine|2018")
    assert ecarts("ville|2018", "voisine|2021", "ville|2021")
    assert ecarts("ville|2018", "voisine|2018", "voisine|2021")


def test_sans_sa_base_un_document_n_est_pas_dit_juste(copie, monkeypatch, tmp_path):
    """Les comptes des documents tombent juste entre eux : rien ne dit pour autant que leurs chiffres viennent des bruts."""
    recu = json.loads((copie / "preuve" / "recu.json").read_text(encoding="utf-8"))
    for cle in ("fichiers_de_la_base", "fichiers"):
        for fichier in recu[cle]:
            fichier["sha256"] = "0" * 64
    (copie / "preuve" / "recu.json").write_text(json.dumps(recu), encoding="utf-8")
    monkeypatch.setenv("ABS_DONNEES", str(tmp_path / "vide"))
    rendu = CliRunner().invoke(app, ["verifier", str(copie)])
    assert rendu.exit_code == 3
    assert "Aucun chiffre différent" not in rendu.output
    assert "Rien n'est vérifié" in rendu.output


def test_les_chiffres_changes_dans_la_preuve_sont_nommes(copie, base_demo):
    chemin = copie / "preuve" / "diagnostic.parquet"
    table = pd.read_parquet(chemin)
    rangs = table.index[(table["statut"] == "calcule") & (table["numerateur"] > 0)]
    attendus = set()
    for rang, champ in zip(rangs[5:9], ("valeur", "numerateur", "statut", "note"), strict=True):
        table.loc[rang, champ] = "estime" if champ in {"statut", "note"} else table.loc[rang, champ] + 0.001
        attendus.add((champ, table.loc[rang, "territoire"], table.loc[rang, "indicateur"]))
    table.to_parquet(chemin, index=False)
    v = verifier_sortie(copie, base_demo)
    assert not [e for b in v.documents for e in b.ecarts], "les documents, eux, disent encore le vrai"
    trouves = {(e.cellule, e.reference.split("|")[0], e.reference.split("|")[2]) for e in v.refaits.ecarts}
    assert trouves == attendus
    assert v.seconde_voie.ecarts or all("|iris|" not in e.reference for e in v.refaits.ecarts)
    assert not v.sans_faute


# -- les fichiers bruts ------------------------------------------------------------------------


def _copie_de_la_base(base_demo, dossier):
    return Base(Path(shutil.copytree(base_demo.dossier, dossier)))


def _brut(base, debut):
    return next(f for f in (base.dossier / "brut").rglob("*") if f.name.startswith(debut))


def test_un_fichier_brut_altere_ou_absent_est_nomme_et_ses_chiffres_ne_sont_pas_dits_egaux(
    copie, base_demo, tmp_path
):
    base = _copie_de_la_base(base_demo, tmp_path / "base")
    altere, absent = _brut(base, "base-ic-logement-2022"), _brut(base, "base-ic-diplomes-formation-2022")
    altere.write_bytes(altere.read_bytes() + b"\n")
    shutil.rmtree(absent.parent)
    v = verifier_sortie(copie, base)
    assert not v.sans_faute, "un fichier altéré est une faute"
    assert [altere.name in faute for faute in v.fautes] == [True]
    assert any(absent.name in remarque for remarque in v.remarques)
    assert v.refaits.ecarts == [], "ce qu'on n'a pas pu refaire n'est pas dit différent"
    raisons = " ".join(v.refaits.non_verifiables)
    assert altere.name in raisons
    assert absent.name in raisons
    table = pd.read_parquet(copie / "preuve" / "diagnostic.parquet")
    perdues = table["source"].isin(["rp_logement", "rp_diplomes"]) & (table["millesime"] == 2022)
    assert 1000 < v.refaits.egaux <= len(table) - int(table.loc[perdues, "valeur"].notna().sum())


def test_une_table_de_la_base_trafiquee_ne_trompe_pas(copie, base_demo, tmp_path):
    """Le contrôle ne lit que les fichiers bruts : une base préparée fausse ne change rien à son verdict."""
    base = _copie_de_la_base(base_demo, tmp_path / "base")
    for part in (base.dossier / "base" / "rp_logement").rglob("*.parquet"):
        table = pd.read_parquet(part)
        table["P_RP_LOCHLMV"] = 1.0
        table.to_parquet(part, index=False)
    for nom in FICHIERS:
        (copie / nom).unlink()
    v = verifier_sortie(copie, base)
    assert v.sans_faute
    assert not v.refaits.non_verifiables


# -- la commande -------------------------------------------------------------------------------


def test_la_commande_dit_ses_comptes_et_sort_en_faute_au_premier_ecart(copie, base_demo, monkeypatch):
    monkeypatch.setenv("ABS_DONNEES", str(base_demo.dossier))
    for nom in FICHIERS - {"diagnostic.csv"}:
        (copie / nom).unlink()
    chemin = copie / "diagnostic.csv"
    chemin.write_text(
        chemin.read_text(encoding="utf-8-sig").replace('"calcule"', '"publie"', 1), encoding="utf-8-sig"
    )
    faux = CliRunner().invoke(app, ["verifier", str(copie)])
    assert faux.exit_code == 1
    assert "différent  diagnostic.csv" in faux.output


def test_un_dossier_sans_preuve_est_refuse(tmp_path):
    with pytest.raises(
        FichierIllisible, match=r"il y manque preuve/diagnostic\.parquet et preuve/recu\.json"
    ):
        lire_preuve(tmp_path)


def test_une_preuve_d_avant_se_verifie_tant_que_ses_fichiers_sont_la(copie, base_demo):
    recu = copie / "preuve" / "recu.json"
    contenu = json.loads(recu.read_text(encoding="utf-8"))
    del contenu["dates_de_lecture"], contenu["territoires"]
    recu.write_text(json.dumps(contenu), encoding="utf-8")
    v = verifier_sortie(copie, base_demo)
    assert {b.document for b in v.documents} == DOCUMENTS
    assert v.sans_faute


# -- les décisions de secret -------------------------------------------------------------------


def test_les_decisions_de_secret_sont_dans_la_preuve_sans_aucun_nombre_cache(demo_ecrite):
    lues = pd.read_csv(
        demo_ecrite.dossier / "preuve" / "secret.csv", sep=";", dtype=str, encoding="utf-8-sig"
    )
    table = pd.read_parquet(demo_ecrite.dossier / "preuve" / "diagnostic.parquet")
    secrets = table[table["statut"] == "secret"]
    assert len(secrets) > 0
    assert len(lues[lues["decision"] != "sous_total_refuse"]) == len(secrets)
    assert set(lues["decision"]) <= {"cache_par_le_producteur", "masque", "sous_total_refuse"}
    assert "valeur" not in lues.columns


def test_la_population_d_avant_que_cite_la_premiere_page_est_refaite_elle_aussi(base_demo, tmp_path):
    """L'Isle n'a pas changé d'IRIS entre 2016 et 2022 : sa première page dit son évolution."""
    demande = {"territoire": "99002", "formats": "html,csv", "dossier_donnees": str(base_demo.dossier)}
    dossier = produire(demande, tmp_path).dossier
    table = pd.read_parquet(dossier / "preuve" / "diagnostic.parquet")
    assert {2016, 2022} <= set(table.loc[table["indicateur"] == "population", "millesime"])
    bilan = verifier_sortie(dossier, base_demo)
    assert bilan.sans_faute, bilan.ensemble.ecarts
