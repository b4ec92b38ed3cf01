"""Le moteur : un portrait complet, rien à moitié écrit, un échec gardé et expliqué."""

import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pandas as pd
import papermill
import pytest

from abs.calcul.diagnostic import COLONNES
from carnets import moteur
from carnets.moteur import CarnetEnEchec, chemin_du_carnet, produire
from donnees_insee.erreurs import SortieImpossible, TerritoireInconnu

pytestmark = pytest.mark.carnet


def test_la_demonstration_ecrit_tous_ses_documents(demo_ecrite):
    noms = {str(f.relative_to(demo_ecrite.dossier)) for f in demo_ecrite.fichiers}
    attendus = {
        "portrait.html",
        "portrait.docx",
        "tableaux.xlsx",
        "territoire.gpkg",
        "diagnostic.csv",
        "diagnostic.csvt",
        "datapackage.json",
        "carnet.ipynb",
        "preuve/diagnostic.parquet",
        "preuve/recu.json",
        "preuve/secret.csv",
    }
    assert attendus <= {n.replace("\\", "/") for n in noms}
    for extension in ("png", "svg", "html"):
        assert sum(n.startswith("cartes") and n.endswith(extension) for n in noms) >= 5


def test_le_diagnostic_de_preuve_a_le_contrat(demo_ecrite):
    table = pd.read_parquet(demo_ecrite.dossier / "preuve" / "diagnostic.parquet")
    assert tuple(table.columns) == COLONNES
    assert set(table["statut"]) <= {
        "publie",
        "calcule",
        "estime",
        "partiel",
        "secret",
        "indisponible",
        "sans_objet",
    }
    assert set(table["fiabilite"]) <= {"bonne", "moyenne", "fragile", "non_evaluee"}
    assert table["millesime"].dtype == "Int64"


def test_le_recu_nomme_les_fichiers_et_leurs_empreintes(demo_ecrite):
    recu = json.loads((demo_ecrite.dossier / "preuve" / "recu.json").read_text(encoding="utf-8"))
    assert recu["territoire"]["code"] == "99001"
    assert len(recu["fichiers"]) >= 10
    assert all(len(f["sha256"]) == 64 for f in recu["fichiers"])


def test_deux_portraits_successifs_ne_laissent_qu_un_dossier(demo_ecrite, base_demo):
    parent = demo_ecrite.dossier.parent
    produire(
        {"territoire": "99001", "formats": "html", "dossier_donnees": str(base_demo.dossier)}, parent / "bis"
    )
    produire(
        {"territoire": "99001", "formats": "html", "dossier_donnees": str(base_demo.dossier)}, parent / "bis"
    )
    assert [d.name for d in (parent / "bis").iterdir()] == ["portrait-arzance-la-ville-99001-dernier"]


def test_un_dossier_de_sortie_relatif_recoit_tout_a_sa_place(base_demo, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    parametres = {
        "territoire": "99003",
        "formats": "csv",
        "dossier_donnees": os.path.relpath(base_demo.dossier),
    }
    production = produire(parametres, Path("sorties"))
    attendu = tmp_path / "sorties" / "portrait-saint-maur-d-arzance-99003-dernier"
    noms = {str(f.relative_to(attendu)) for f in production.fichiers}
    assert noms == {
        "carnet.ipynb",
        "datapackage.json",
        "diagnostic.csv",
        "diagnostic.csvt",
        str(Path("preuve/diagnostic.parquet")),
        str(Path("preuve/empreintes.json")),
        str(Path("preuve/recu.json")),
        str(Path("preuve/secret.csv")),
        str(Path("preuve/secret.csvt")),
    }
    assert list((tmp_path / "sorties").iterdir()) == [attendu]


def test_un_territoire_inconnu_est_refuse_avant_papermill(base_demo, tmp_path):
    with pytest.raises(TerritoireInconnu, match="Vouliez-vous dire"):
        produire(
            {"territoire": "Arzanse-la-Ville", "dossier_donnees": str(base_demo.dossier)}, tmp_path / "s"
        )
    assert not (tmp_path / "s").exists()


def test_un_carnet_qui_echoue_est_garde_et_rien_d_autre_n_est_ecrit(base_demo, tmp_path, monkeypatch):
    casse = json.loads(chemin_du_carnet().read_text(encoding="utf-8"))
    casse["cells"][3]["source"] = ["raise ValueError('panne voulue')"]
    faux = tmp_path / "faux.ipynb"
    faux.write_text(json.dumps(casse), encoding="utf-8")
    monkeypatch.setattr(moteur, "chemin_du_carnet", lambda: faux)
    with pytest.raises(CarnetEnEchec, match="panne voulue"):
        produire({"territoire": "99001", "dossier_donnees": str(base_demo.dossier)}, tmp_path / "s")
    restes = [f.name for f in (tmp_path / "s").iterdir()]
    assert restes == ["portrait-arzance-la-ville-99001-dernier-en-echec.ipynb"]
    assert "panne voulue" in (tmp_path / "s" / restes[0]).read_text(encoding="utf-8")


def test_un_dossier_de_sortie_interdit_est_explique(base_demo, tmp_path):
    (tmp_path / "fichier").write_text("je ne suis pas un dossier", encoding="utf-8")
    with pytest.raises(SortieImpossible, match="ne peut pas être créé"):
        produire(
            {"territoire": "99001", "dossier_donnees": str(base_demo.dossier)}, tmp_path / "fichier" / "sous"
        )


def test_papermill_seul_execute_le_carnet(base_demo, tmp_path):
    """La commande papermill d'un atelier quelconque, sans le moteur du projet."""
    sortie = tmp_path / "sortie.ipynb"
    subprocess.run(
        [
            sys.executable,
            "-m",
            "papermill",
            str(chemin_du_carnet()),
            str(sortie),
            "-r",
            "territoire",
            "99003",
            "-p",
            "millesime",
            "2022",
            "-p",
            "dossier_donnees",
            str(base_demo.dossier),
            "--no-progress-bar",
        ],
        check=True,
        capture_output=True,
        cwd=tmp_path,
        timeout=300,
    )
    texte = sortie.read_text(encoding="utf-8")
    assert "Saint-Maur-d" in texte
    assert '"output_type": "error"' not in texte


def test_dans_un_carnet_une_erreur_attendue_est_une_phrase_sans_pile_d_appels(tmp_path):
    """Avant : sur un dossier vide, dix mille caractères de pile au-dessus de la phrase utile."""
    sorti = tmp_path / "sorti.ipynb"
    with pytest.raises(papermill.PapermillExecutionError, match="est vide"):
        papermill.execute_notebook(
            str(chemin_du_carnet()),
            str(sorti),
            {"territoire": "34172", "dossier_donnees": str(tmp_path / "vide")},
            progress_bar=False,
        )
    fautes = [
        o for c in nbformat.read(sorti, 4).cells for o in c.get("outputs", ()) if o["output_type"] == "error"
    ]
    assert [len(f["traceback"]) for f in fautes] == [1]
    assert fautes[0]["traceback"][0].startswith("DonneeAbsente : La base")
    cadres = [
        "".join(o["data"].get("text/html", ""))
        for c in nbformat.read(sorti, 4).cells
        for o in c.get("outputs", ())
        if o["output_type"] == "display_data"
    ]
    assert [
        "<details>" in c and "La base" in c.split("<details>")[0]
        for c in cadres
        if "abs-erreur" in c.split("</style>")[-1]
    ] == [True]
