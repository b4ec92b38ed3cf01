"""Un document que LibreOffice a rouvert, corrigé par UNO, puis enregistré, rend encore les textes de l'analyste."""

import os
import shutil
import subprocess
from html import escape

import docx
import pytest
from docx.oxml import OxmlElement
from docx.oxml.ns import qn

from carnets.prose.lecture_docx import lire_docx
from carnets.prose.lecture_odt import lire_odt
from carnets.prose.paragraphes import ligne

pytestmark = pytest.mark.bureautique
LIEN = "https://exemple.fr/a?b=1&c=2"
TYPE_DE_LIEN = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink"
LU = [
    "Le chômage touche **15,3\u00a0%** des actifs, contre 13,3\u00a0% ailleurs.",
    "- une *permanence*",
    f"- un forum, [le site]({LIEN})",
    "Fin.",
]
CORRIGE = [
    LU[0].replace("ailleurs", "dans le département"),
    "- une *halte*",
    *LU[2:],
    "Un paragraphe de plus.",
]
# Une macro de LibreOffice parle à UNO sans le module Python, que tous les postes n'ont pas.
MACRO = """Sub Corriger(entree As String, sortie As String)
  Dim cache(0) As New com.sun.star.beans.PropertyValue
  cache(0).Name = "Hidden" : cache(0).Value = True
  doc = StarDesktop.loadComponentFromURL(ConvertToURL(entree), "_blank", 0, cache())
  remplacer = doc.createReplaceDescriptor()
  remplacer.SearchString = "ailleurs" : remplacer.ReplaceString = "dans le département"
  doc.replaceAll(remplacer)
  chercher = doc.createSearchDescriptor() : chercher.SearchString = "Fin."
  curseur = doc.Text.createTextCursorByRange(doc.findFirst(chercher).End)
  doc.Text.insertControlCharacter(curseur, com.sun.star.text.ControlCharacter.PARAGRAPH_BREAK, False)
  doc.Text.insertString(curseur, "Un paragraphe de plus.", False)
  doc.RecordChanges = True
  chercher.SearchString = "permanence"
  trouve = doc.findFirst(chercher)
  trouve.String = "halte"
  Dim filtre(0) As New com.sun.star.beans.PropertyValue
  filtre(0).Name = "FilterName" : filtre(0).Value = "MS Word 2007 XML"
  doc.storeToURL(ConvertToURL(sortie & ".docx"), filtre())
  filtre(0).Value = "writer8"
  doc.storeToURL(ConvertToURL(sortie & ".odt"), filtre())
  doc.close(True)
End Sub"""
SCRIPT = "http://openoffice.org/2000"
BASIC = {
    "Standard/Module1.xba": f'<script:module xmlns:script="{SCRIPT}/script" script:name="Module1" '
    f'script:language="StarBasic">{escape(MACRO)}</script:module>',
    "Standard/script.xlb": f'<library:library xmlns:library="{SCRIPT}/library" library:name="Standard">'
    '<library:element library:name="Module1"/></library:library>',
    "script.xlc": f'<library:libraries xmlns:library="{SCRIPT}/library" xmlns:xlink="http://www.w3.org/1999/xlink">'
    '<library:library library:name="Standard" xlink:href="$(USER)/basic/Standard/script.xlb/" xlink:type="simple" '
    'library:link="false"/></library:libraries>',
}


def signet(nom, numero):
    bouts = OxmlElement("w:bookmarkStart"), OxmlElement("w:bookmarkEnd")
    for bout in bouts:
        bout.set(qn("w:id"), str(numero))
    bouts[0].set(qn("w:name"), nom)
    return bouts


def document(chemin, *, autour):
    """Un texte entre ses signets, posés autour de ses paragraphes ou dedans."""
    doc = docx.Document()
    doc.add_paragraph("Une phrase de l'outil.")
    doc.styles.add_style("Prose", 1).font.italic = True
    premier = doc.add_paragraph(style="Prose")
    for texte, gras in (
        ("Le chômage touche ", False),
        ("15,3\u00a0%", True),
        (" des actifs, contre 13,3\u00a0% ailleurs.", False),
    ):
        premier.add_run(texte).bold = gras
    puce = doc.add_paragraph("une ", style="List Bullet")
    puce.add_run("permanence").italic = True
    puce = doc.add_paragraph("un forum, ", style="List Bullet")
    lien = OxmlElement("w:hyperlink")
    lien.set(qn("r:id"), doc.part.relate_to(LIEN, TYPE_DE_LIEN, is_external=True))
    lien.append(puce.add_run("le site")._r)
    puce._p.append(lien)
    dernier = doc.add_paragraph("Fin.", style="Prose")
    doc.add_heading("Logement", 2)
    for bout in signet("abs_debut_sante_education", 1):
        (premier._p if autour else premier.runs[0]._r).addprevious(bout)
    for bout in reversed(signet("abs_fin_sante_education", 2)):
        (dernier._p if autour else dernier.runs[0]._r).addnext(bout)
    doc.save(chemin)
    return chemin


@pytest.fixture(scope="module")
def lancer(tmp_path_factory):
    """De quoi lancer LibreOffice, sa macro posée dans un profil neuf."""
    soffice = shutil.which("soffice") or shutil.which("libreoffice")
    if soffice is None:
        if os.environ.get("ABS_EXIGER_BUREAUTIQUE"):
            pytest.fail("LibreOffice est exigé et n'est pas installé.")
        pytest.skip("LibreOffice n'est pas installé : aller-retour d'un document passé.")
    profil = tmp_path_factory.mktemp("profil")

    def executer(*quoi):
        commande = [
            soffice,
            "--headless",
            "--norestore",
            f"-env:UserInstallation=file://{profil}",
            *map(str, quoi),
        ]
        subprocess.run(commande, check=True, capture_output=True, timeout=180)

    # Son premier lancement remplit le profil ; la macro y est posée ensuite.
    executer("--terminate_after_init")
    for nom, contenu in BASIC.items():
        fichier = profil / "user" / "basic" / nom
        fichier.parent.mkdir(parents=True, exist_ok=True)
        fichier.write_text(f'<?xml version="1.0" encoding="UTF-8"?>\n{contenu}', encoding="utf-8")
    return executer


def lus(fichier):
    (bloc,) = (lire_odt if fichier.suffix == ".odt" else lire_docx)(fichier).blocs.values()
    assert bloc.ferme
    return [ligne(p) for p in [*bloc.paragraphes, *bloc.suite]], dict(bloc.comptes)


@pytest.mark.parametrize("autour", [True, False])
def test_un_document_corrige_par_uno_rend_ses_textes(lancer, tmp_path, autour):
    source = document(tmp_path / "portrait.docx", autour=autour)
    assert lus(source) == (LU, {})
    lancer(f'macro:///Standard.Module1.Corriger("{source}","{tmp_path / "corrige"}")')
    for extension in ("docx", "odt"):
        assert lus(tmp_path / f"corrige.{extension}") == (CORRIGE, {"inserts": 1, "supprimes": 1})


def test_un_document_passe_en_odt_puis_revenu_en_docx_rend_ses_textes(lancer, tmp_path):
    source = document(tmp_path / "portrait.docx", autour=True)
    lancer("--convert-to", "odt", "--outdir", tmp_path / "odt", source)
    lancer("--convert-to", "docx", "--outdir", tmp_path / "docx", tmp_path / "odt" / "portrait.odt")
    assert lus(tmp_path / "odt" / "portrait.odt") == lus(tmp_path / "docx" / "portrait.docx") == (LU, {})
