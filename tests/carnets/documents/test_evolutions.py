"""Le carnet et la commande des évolutions : mêmes chiffres, rien n'est calculé dans le carnet, tout est échappé."""

import json

import frictionless
import pandas as pd
import papermill
import pytest
from typer.testing import CliRunner

from carnets.ateliers.evolutions import EvolutionsOuvertes
from carnets.commande.application import app
from carnets.moteur import chemin_du_carnet
from donnees_insee.erreurs import ParametreInvalide

CARNET = chemin_du_carnet().with_name("20_evolutions.ipynb")


def lire(chemin):
    return pd.read_csv(chemin, sep=";", decimal=",", dtype={"territoire": str})


def test_le_carnet_execute_ecrit_les_memes_lignes_que_la_commande(base_demo, tmp_path, monkeypatch):
    monkeypatch.setenv("ABS_DONNEES", str(base_demo.dossier))
    commande = ["evolution", "99001", "--de", "2016", "--a", "2022", "--indicateurs", "taux_chomage_rp"]
    lancee = CliRunner().invoke(app, [*commande, "--sortie", str(tmp_path / "commande")])
    assert lancee.exit_code == 0, lancee.output
    execute = tmp_path / "carnet.ipynb"
    papermill.execute_notebook(
        str(CARNET),
        str(execute),
        parameters={
            "indicateurs": "taux_chomage_rp",
            "dossier_sortie": str(tmp_path / "carnet"),
            "dossier_donnees": str(base_demo.dossier),
        },
        progress_bar=False,
        log_output=False,
        extra_arguments=["--Application.log_level=50"],
    )
    nom = "evolutions_99001_2016_2022.csv"
    premier, second = (lire(tmp_path / d / nom) for d in ("commande", "carnet"))
    pd.testing.assert_frame_equal(premier, second)
    assert "La Plaine Nord + La Plaine Sud" in set(premier["nom"])
    paquet = frictionless.Package(str(tmp_path / "commande" / nom.replace(".csv", ".datapackage.json")))
    assert all(c.description for c in paquet.resources[0].schema.fields)
    assert paquet.validate().flatten(["type", "note"]) == []
    cellules = json.loads(execute.read_text(encoding="utf-8"))["cells"]
    affiches = "".join(
        "".join(s.get("data", {}).get("text/html", "")) for c in cellules for s in c.get("outputs", ())
    )
    assert affiches.count("<table") == 1
    assert "non significatif" in affiches


def test_un_nom_de_territoire_est_echappe(base_demo):
    atelier = EvolutionsOuvertes("99001", 2016, 2022, "taux_chomage_rp", "", str(base_demo.dossier))
    ligne = atelier.releve.mailles["taux_chomage_rp"][0]
    object.__setattr__(ligne, "nom", "<img src=x onerror=alert(1)>")
    assert "<img" not in atelier.tableaux()._repr_html_()
    assert "&lt;img" in atelier.tableaux()._repr_html_()


@pytest.mark.parametrize(("territoire", "de"), [(1001, 2016), ("", 2016), ("99001", 16)])
def test_des_parametres_fautifs_sont_refuses_avant_tout_calcul(territoire, de):
    with pytest.raises(ParametreInvalide, match="paramètres du carnet"):
        EvolutionsOuvertes(territoire, de, 2022)


def test_la_commande_refuse_sans_rien_ecrire(base_demo, tmp_path, monkeypatch):
    monkeypatch.setenv("ABS_DONNEES", str(base_demo.dossier))
    lancee = CliRunner().invoke(
        app, ["evolution", "99001", "--de", "2001", "--a", "2003", "--sortie", str(tmp_path)]
    )
    assert isinstance(lancee.exception, ParametreInvalide)
    assert "La base ne tient aucun indicateur" in str(lancee.exception)
    assert not list(tmp_path.iterdir())
