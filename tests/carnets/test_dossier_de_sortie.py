"""Relancer ne détruit rien : ce que l'analyste a changé, ajouté ou laissé ouvert reste là, octet pour octet."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path

import docx
import nbformat
import pytest
from typer.testing import CliRunner

from carnets.commande.application import app
from carnets.dossier_de_sortie import EMPREINTES, changements, dossier_de_sortie
from donnees_insee.erreurs import SortieImpossible

JOUR = date.today().isoformat()  # noqa: DTZ011 - le jour du poste, comme la commande


def ecrire(voulu: Path, contenu: str = "un", **options) -> tuple[Path, str]:
    with dossier_de_sortie(voulu, **options) as chantier:
        (chantier.provisoire / "portrait.docx").write_text(contenu, encoding="utf-8")
        (chantier.provisoire / "cartes").mkdir()
        (chantier.provisoire / "cartes" / "a.png").write_bytes(b"image")
    return chantier.final, chantier.avis


def lu(dossier: Path) -> str:
    return (dossier / "portrait.docx").read_text(encoding="utf-8")


def octets(dossier: Path) -> dict[str, str]:
    return {
        f.relative_to(dossier).as_posix(): hashlib.sha256(f.read_bytes()).hexdigest()
        for f in dossier.rglob("*")
        if f.is_file()
    }


# -- la place ----------------------------------------------------------------------------------


def test_un_dossier_intact_se_refait_a_sa_place(tmp_path):
    voulu = tmp_path / "portrait"
    assert ecrire(voulu) == (voulu, "")
    # Ce que le système y pose de lui-même n'est pas un changement.
    (voulu / "Thumbs.db").write_bytes(b"x")
    assert ecrire(voulu, "deux") == (voulu, "")
    assert lu(voulu) == "deux"
    assert [d.name for d in tmp_path.iterdir()] == ["portrait"]


@pytest.mark.parametrize(
    ("changer", "mot"),
    [
        (lambda d: (d / "portrait.docx").write_text("relu", encoding="utf-8"), "modifié : portrait.docx"),
        (lambda d: (d / "note.txt").write_text("à dire", encoding="utf-8"), "ajouté : note.txt"),
        (lambda d: (d / "cartes" / "a.png").unlink(), "ôté : cartes/a.png"),
        (
            lambda d: (d / "~$rtrait.docx").write_bytes(b"verrou"),
            "ouvert dans un autre programme : ~$rtrait.docx",
        ),
        (lambda d: (d / ".~lock.portrait.docx#").write_bytes(b"v"), "ouvert dans un autre programme"),
        (lambda d: (d / EMPREINTES).unlink(), "rien n'y dit comment il a été écrit"),
        (lambda d: (d / EMPREINTES).write_text("{", encoding="utf-8"), "rien n'y dit"),
    ],
)
def test_un_dossier_change_n_est_pas_touche_et_les_deux_chemins_sont_dits(tmp_path, changer, mot):
    voulu = tmp_path / "portrait"
    ecrire(voulu)
    changer(voulu)
    avant = octets(voulu)
    final, avis = ecrire(voulu, "deux")
    assert octets(voulu) == avant
    assert final == tmp_path / f"portrait-{JOUR}"
    assert lu(final) == "deux"
    assert mot in avis
    assert str(voulu) in avis
    assert str(final) in avis


def test_les_places_du_jour_se_suivent_et_aucune_n_est_perdue(tmp_path):
    voulu = tmp_path / "portrait"
    gardes = {}
    for rang in range(3):
        final, _ = ecrire(voulu, f"{rang}")
        (final / "note.txt").write_text(f"note {rang}", encoding="utf-8")
        gardes[final.name] = octets(final)
    assert list(gardes) == ["portrait", f"portrait-{JOUR}", f"portrait-{JOUR}-2"]
    assert {d.name: octets(d) for d in tmp_path.iterdir()} == gardes


def test_remplacer_garde_l_ancien_sous_un_autre_nom(tmp_path):
    voulu = tmp_path / "portrait"
    ecrire(voulu)
    (voulu / "note.txt").write_text("à dire", encoding="utf-8")
    avant = octets(voulu)
    final, avis = ecrire(voulu, "deux", remplacer=True)
    assert (final, lu(voulu)) == (voulu, "deux")
    (garde,) = (d for d in tmp_path.iterdir() if d != voulu)
    assert octets(garde) == avant
    assert str(garde) in avis


def test_un_document_ouvert_sous_windows_est_une_phrase_pas_une_perte(tmp_path, monkeypatch):
    """Là-bas, le système refuse de déplacer un dossier dont un document est ouvert."""
    voulu = tmp_path / "portrait"
    ecrire(voulu)
    avant, deplacer = octets(voulu), Path.replace

    def refuser(chemin, cible):
        if chemin == voulu:
            raise PermissionError(13, "Le fichier est utilisé par un autre processus")
        return deplacer(chemin, cible)

    monkeypatch.setattr(Path, "replace", refuser)
    final, avis = ecrire(voulu, "deux")
    assert octets(voulu) == avant
    assert lu(final) == "deux"
    assert "ouvert" in avis
    (voulu / "note.txt").write_text("x", encoding="utf-8")
    with pytest.raises(SortieImpossible, match="rien n'a été changé"):
        ecrire(voulu, "trois", remplacer=True)
    assert lu(voulu) == "un"


def test_un_echec_ne_touche_a_rien(tmp_path):
    voulu = tmp_path / "portrait"
    ecrire(voulu)
    avant = octets(voulu)
    with pytest.raises(ZeroDivisionError), dossier_de_sortie(voulu):
        _ = 1 / 0
    assert octets(voulu) == avant
    assert [d.name for d in tmp_path.iterdir()] == ["portrait"]


def test_un_fichier_que_l_analyste_remplit_est_relu_et_garde(tmp_path):
    voulu = tmp_path / "typologie"
    for contenu in ("noms proposés", "noms confirmés"):
        with dossier_de_sortie(voulu, repris=("noms.csv",)) as chantier:
            (chantier.provisoire / "noms.csv").write_text(contenu, encoding="utf-8")
        if contenu == "noms proposés":
            (voulu / "noms.csv").write_text("écrit à la main", encoding="utf-8")
    assert chantier.final == voulu
    assert (voulu / "noms.csv").read_text(encoding="utf-8") == "noms confirmés"
    assert (voulu / "noms-precedent.csv").read_text(encoding="utf-8") == "écrit à la main"


# -- par la commande ---------------------------------------------------------------------------


@pytest.mark.carnet
def test_relancer_par_la_commande_laisse_le_docx_la_note_et_le_carnet_octet_pour_octet(
    base_demo, tmp_path, monkeypatch
):
    monkeypatch.setenv("ABS_DONNEES", str(base_demo.dossier))
    commande = ["portrait", "99005", "--sortie", str(tmp_path), "--formats", "html,docx,csv"]
    premier = CliRunner().invoke(app, commande)
    assert premier.exit_code == 0, premier.output
    (dossier,) = (d for d in tmp_path.iterdir() if d.is_dir())
    assert changements(dossier).aucun

    document = docx.Document(dossier / "portrait.docx")
    document.add_paragraph("Phrase que l'analyste a tapée.")
    document.save(dossier / "portrait.docx")
    (dossier / "note pour l'élu.txt").write_text("à dire en conseil", encoding="utf-8")
    carnet = nbformat.read(dossier / "carnet.ipynb", as_version=4)
    carnet.cells.append(nbformat.v4.new_markdown_cell("Ma cellule."))
    nbformat.write(carnet, dossier / "carnet.ipynb")
    avant = octets(dossier)

    second = CliRunner().invoke(app, commande)
    assert second.exit_code == 0, second.output
    assert octets(dossier) == avant
    a_cote = dossier.with_name(f"{dossier.name}-{JOUR}")
    assert (a_cote / "portrait.html").is_file()
    assert str(dossier) in second.output
    assert str(a_cote) in second.output
    # Le dossier d'à côté est intact : relancer le refait, sans en ajouter un troisième.
    assert CliRunner().invoke(app, commande).exit_code == 0
    assert sorted(d.name for d in tmp_path.iterdir()) == [dossier.name, a_cote.name]
    assert octets(dossier) == avant
    # Tout ce que la commande a écrit a son empreinte, et rien d'autre.
    connues = json.loads((a_cote / EMPREINTES).read_text(encoding="utf-8"))
    assert connues == {n: e for n, e in octets(a_cote).items() if n != EMPREINTES.as_posix()}
