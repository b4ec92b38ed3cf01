"""Le carnet et la commande des évolutions : mêmes chiffres, rien n'est calculé dans le carnet, tout est échappé."""

import json

import frictionless
import pandas as pd
import papermill
import pytest
from typer.testing import CliRunner

from abs.blocs.blocs import Liste, Note, Tableau
from abs.evolutions import document
from abs.evolutions.resultats import ETABLIS, saillants
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
    sortie = ["--formats", "html,docx", "--sortie", str(tmp_path)]
    lancee = CliRunner().invoke(app, [*commande, *sortie])
    assert lancee.exit_code == 0, lancee.output
    (tmp_path / "evolutions-arzance-la-ville-99001-2016-2022").rename(tmp_path / "commande")
    page = (tmp_path / "commande" / "evolutions.html").read_text(encoding="utf-8")
    # Le seul indicateur demandé : sa phrase, sa pente, sa courbe et celle de la population, le tableau de ses mailles.
    assert "17,6 % en 2016, 15,3 % en 2022 (−2,3 pt, marge ± 1,2)" in page.replace("\u00a0", " ").replace(
        "\u202f", " "
    )
    assert page.count("<table") == 1
    assert page.count('src="data:image/svg+xml') == 3
    assert (tmp_path / "commande" / "evolutions.docx").is_file()
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


def test_le_document_dit_ce_qui_a_vraiment_change_et_met_le_reste_en_annexe(base_demo):
    atelier = EvolutionsOuvertes("99001", 2016, 2022, "", "", str(base_demo.dossier))
    releve, choisis = atelier.releve, saillants(atelier.releve)
    assert {e.verdict for e in choisis} <= ETABLIS
    assert all(e.notable for e in choisis)
    # Les 18-24 ans scolarisés et ceux qui ne le sont pas sont un seul fait.
    assert not [(a, b) for a in choisis for b in choisis if a.ecart == -b.ecart]
    puces = [p for b in document.essentiel(releve) if isinstance(b, Liste) for p in b.puces]
    assert len(puces) == len(choisis) >= 2
    (pentes,) = document.pentes(releve)
    assert {s.nom for s in pentes.demande.series} <= {p.fort for p in puces}
    (annexe,) = [b for b in document.tableaux(releve) if isinstance(b, Tableau)]
    assert len(annexe.lignes) == len(releve.totaux)
    # La population se lit depuis 1968 ; ce qui n'a que deux dates est une pente, non une courbe.
    courbes = [b.demande for b in document.courbes(releve)]
    assert courbes[0].nom == "courbe-population_depuis_1968"
    assert all(len(d.series[0].presentes) >= 3 for d in courbes)
    assert {d.nom.removeprefix("courbe-") for d in courbes[1:]} <= {e.indicateur for e in choisis}
    # Aucune maille n'a d'écart établi : une carte ne montrerait que le hasard du sondage.
    assert not any(e.verdict in ETABLIS for siennes in releve.mailles.values() for e in siennes)
    assert atelier.carte().blocs == []


def test_un_releve_ou_rien_n_est_assez_grand_le_dit(base_demo):
    releve = EvolutionsOuvertes("99001", 2016, 2022, "part_femmes", "", str(base_demo.dossier)).releve
    assert saillants(releve) == []
    (note,) = [b for b in document.essentiel(releve) if isinstance(b, Note)]
    assert "aucun écart" in note.texte


def test_la_commande_refuse_un_format_qu_elle_n_ecrit_pas(base_demo, tmp_path, monkeypatch):
    monkeypatch.setenv("ABS_DONNEES", str(base_demo.dossier))
    commande = ["evolution", "99001", "--de", "2016", "--a", "2022", "--formats", "pdf,xlsx"]
    lancee = CliRunner().invoke(app, [*commande, "--sortie", str(tmp_path)])
    assert isinstance(lancee.exception, ParametreInvalide)
    assert "xlsx" in str(lancee.exception)
    assert not list(tmp_path.iterdir())


def test_la_commande_refuse_sans_rien_ecrire(base_demo, tmp_path, monkeypatch):
    monkeypatch.setenv("ABS_DONNEES", str(base_demo.dossier))
    lancee = CliRunner().invoke(
        app, ["evolution", "99001", "--de", "2001", "--a", "2003", "--sortie", str(tmp_path)]
    )
    assert isinstance(lancee.exception, ParametreInvalide)
    assert "La base ne tient aucun indicateur" in str(lancee.exception)
    assert not list(tmp_path.iterdir())
