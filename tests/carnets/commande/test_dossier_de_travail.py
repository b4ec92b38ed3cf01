"""Un dossier de travail se fait d'un geste, se retrouve depuis ses sous-dossiers, et n'écrase rien."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from carnets.commande import productions
from carnets.commande.application import app
from carnets.reglages import lire_les_reglages
from donnees_insee.erreurs import ErreurAbs, ParametreInvalide


@pytest.fixture
def dossier(base_demo, tmp_path, monkeypatch):
    """Un dossier de travail neuf, où l'on se trouve, deux étages plus bas."""
    monkeypatch.setenv("ABS_DONNEES", str(base_demo.dossier))
    monkeypatch.setenv("ABS_CHARTE", "")
    voulu = tmp_path / "travail"
    fait = CliRunner().invoke(
        app, ["nouveau", str(voulu), "--territoire", "Arzance-la-Ville", "--formats", "csv"]
    )
    assert fait.exit_code == 0, fait.output
    monkeypatch.chdir(voulu / "textes" / "99001")
    return voulu


def test_il_porte_reglages_carnets_textes_et_mode_d_emploi(dossier):
    assert {f.name for f in dossier.iterdir()} == {
        "abs.toml",
        "charte.toml",
        "LISEZMOI.md",
        "carnets",
        "textes",
    }
    assert lire_les_reglages(dossier)["territoire"] == "99001"
    textes = {f.stem: f.read_text(encoding="utf-8") for f in (dossier / "textes" / "99001").iterdir()}
    assert {"essentiel", "emploi", "sante-education"} <= textes.keys()
    assert set(textes.values()) == {""}
    carnet = json.loads((dossier / "carnets" / "10_portrait_de_territoire.ipynb").read_text(encoding="utf-8"))
    assert 'territoire: str = "99001"' in "".join(carnet["cells"][1]["source"])
    assert "{{ taux_pauvrete_60 | departement }}" in (dossier / "LISEZMOI.md").read_text(encoding="utf-8")


def test_la_commande_y_prend_ses_reglages_et_ce_qu_on_lui_dit_l_emporte(dossier, monkeypatch):
    recus = []

    def noter(parametres, sortie, **reste):
        recus.append((parametres["territoire"], parametres["formats"], Path(sortie).resolve()))

    monkeypatch.setattr(productions, "_ecrire_le_portrait", noter)
    for arguments in (
        ["portrait"],
        ["portrait", "99003", "--formats", "html", "--sortie", str(dossier.parent)],
        ["demo"],
    ):
        lance = CliRunner().invoke(app, arguments)
        assert lance.exit_code == 0, lance.output
    assert recus[:2] == [("99001", "csv", dossier), ("99003", "html", dossier.parent)]
    assert recus[2][1:] == (productions.TOUS_LES_FORMATS, Path("sorties").resolve())


def test_hors_d_un_dossier_de_travail_le_territoire_est_demande(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(app, ["portrait"]).exit_code == 2


def test_il_ne_se_refait_pas_et_n_ecrase_rien(dossier, monkeypatch):
    texte = dossier / "textes" / "99001" / "emploi.md"
    texte.write_text("À moi.", encoding="utf-8")
    refus = CliRunner().invoke(app, ["nouveau", str(dossier), "--territoire", "99001"])
    assert isinstance(refus.exception, ErreurAbs)
    (dossier / "abs.toml").unlink()
    assert CliRunner().invoke(app, ["nouveau", str(dossier), "--territoire", "99001"]).exit_code == 0
    assert texte.read_text(encoding="utf-8") == "À moi."


@pytest.mark.parametrize(
    ("contenu", "dit"),
    [
        ('teritoire = "1"', "« teritoire » n'est pas un réglage"),
        ("territoire = 1004", "on attend un code ou un nom, entre guillemets"),
        ('millesime = "2016"', "on attend une année"),
        ("territoire = ", "ne se lisent pas"),
    ],
)
def test_un_reglage_fautif_est_refuse_en_une_phrase(tmp_path, contenu, dit):
    (tmp_path / "abs.toml").write_text(contenu, encoding="utf-8")
    with pytest.raises(ParametreInvalide, match=dit):
        lire_les_reglages(tmp_path)
