"""Le document Word : styles de titres, en-têtes de tableaux, légendes, textes de remplacement, passage par LibreOffice."""

import os
import shutil
import subprocess

import docx
import pytest
from docx.oxml.ns import qn
from docx.shared import Cm

from carnets.documents.word import LARGEUR_D_IMAGE_EN_CM, LARGEUR_EN_CM, MARGE_EN_CM
from cartes.papier.mise_en_page import LARGEUR_IMPRIMEE

pytestmark = pytest.mark.carnet


@pytest.fixture(scope="module")
def document(demo_ecrite):
    return docx.Document(str(demo_ecrite.dossier / "portrait.docx"))


def test_les_titres_ont_des_styles_de_titres(document):
    styles = {p.style.name for p in document.paragraphs if p.text.strip()}
    assert {"Heading 1", "Heading 2", "Heading 3"} <= styles
    assert next(p for p in document.paragraphs if p.style.name == "Heading 1").text == "Arzance-la-Ville"


def test_les_tableaux_ont_une_ligne_d_en_tete_repetee(document):
    assert len(document.tables) >= 10
    for table in document.tables:
        assert table.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None


def test_les_legendes_ont_un_style(document):
    styles = [p.style.name for p in document.paragraphs]
    assert styles.count("Table Caption") >= 10
    assert styles.count("Image Caption") >= 5


def test_chaque_image_a_un_texte_de_remplacement(document):
    proprietes = document.element.body.findall(f".//{qn('wp:docPr')}")
    assert len(proprietes) >= 5
    assert all(len(p.get("descr") or "") > 40 for p in proprietes)


def test_les_chiffres_que_la_page_deplie_ne_sont_pas_dans_le_document(document):
    textes = [p.text for p in document.paragraphs]
    assert any("soit" in t and "points de" in t for t in textes)
    assert not [t for t in textes if "Les chiffres de cette phrase" in t]
    assert not [t for table in document.tables for t in [table.cell(0, 0).text] if t == "Territoire"]


def test_le_document_est_en_francais_et_dit_que_le_territoire_est_fictif(document):
    assert document.core_properties.language == "fr-FR"
    assert any("Territoire fictif" in p.text for p in document.paragraphs)


def test_aucune_balise_ni_code_ne_reste(document):
    texte = "\n".join(p.text for p in document.paragraphs)
    assert "<" not in texte
    assert "Atelier(" not in texte


@pytest.mark.bureautique
def test_libreoffice_ouvre_le_document(demo_ecrite, tmp_path):
    soffice = shutil.which("soffice") or shutil.which("libreoffice")
    if soffice is None:
        if os.environ.get("ABS_EXIGER_BUREAUTIQUE"):
            pytest.fail("LibreOffice est exigé et n'est pas installé.")
        pytest.skip("LibreOffice n'est pas installé : conversion du DOCX passée.")
    subprocess.run(
        [
            soffice,
            "--headless",
            f"-env:UserInstallation=file://{tmp_path}/profil",
            "--convert-to",
            "pdf",
            "--outdir",
            str(tmp_path),
            str(demo_ecrite.dossier / "portrait.docx"),
        ],
        check=True,
        capture_output=True,
        timeout=180,
    )
    pdf = (tmp_path / "portrait.pdf").read_bytes()
    assert pdf.startswith(b"%PDF")
    assert len(pdf) > 200_000


def test_une_image_n_est_pas_recopiee_dans_ses_proprietes(document):
    decrites = document.element.body.findall(f".//{qn('pic:cNvPr')}")
    assert len(decrites) >= 5
    assert all(len(p.get("descr") or "") < 400 for p in decrites)


def test_une_cellule_recopiee_vaut_une_cellule_mise_en_forme(document):
    """Les propriétés de chaque cellule de chiffre sont celles de la première de son espèce."""
    table = max(document.tables, key=lambda t: len(t.rows))
    corps = [c for ligne in table.rows[1:] for c in ligne.cells[1:]]
    assert len(corps) > 50
    for cellule in corps:
        assert cellule.width == corps[0].width
        for paragraphe in cellule.paragraphs:
            assert paragraphe.paragraph_format.space_after.pt == 1
            assert {m.font.size.pt for m in paragraphe.runs} <= {7.5, 8.5}


def test_une_carte_est_posee_a_la_largeur_pour_laquelle_ses_textes_sont_faits():
    """Avant : 14 cm, où la légende descendait à 4,7 points."""
    assert Cm(LARGEUR_D_IMAGE_EN_CM).pt == pytest.approx(LARGEUR_IMPRIMEE, abs=0.1)
    assert LARGEUR_D_IMAGE_EN_CM <= LARGEUR_EN_CM - 2 * MARGE_EN_CM
