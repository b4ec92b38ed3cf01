"""Le document Word : styles seuls, sommaire rempli, légendes en champs, images en deux formes, signets, gabarit."""

import base64
import io
import os
import re
import shutil
import subprocess
import zipfile

import docx
import pytest
from docx.enum.section import WD_ORIENT
from docx.oxml.ns import qn
from docx.shared import Cm, RGBColor
from PIL import Image
from typer.testing import CliRunner

from abs.graphiques.demandes import DemandeDeGraphique, Serie, Valeur
from carnets.commande.application import app
from carnets.documents.word.briques import ESPACES
from carnets.documents.word.gabarit import VARIABLE
from carnets.documents.word.odt import ecrire_odt
from carnets.documents.word.styles import TABLE
from carnets.documents.word.word import ecrire_docx
from cartes.papier.mise_en_page import DOCUMENT
from donnees_insee.erreurs import ParametreInvalide

HOSTILE = '<img src=x onerror=alert(1)> & "fin"\x0b'
VECTEUR = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20"><script>alert(1)</script>'
    '<rect width="9" height="9" onload="alert(1)"/></svg>'
)
SVG_BLIP = f"{{{ESPACES['asvg']}}}svgBlip"
PROSE = (
    "<p>Un mot <strong>fort</strong>, <em>penché et <strong>les deux</strong></em>,\n"
    '<a href="https://exemple.fr/a?b=1&amp;c=2">dehors</a>, <a href="javascript:alert(1)">piège</a>, '
    '<a href="#tableau-large">le détail</a>.</p><script>alert(1)</script>'
    "<ol><li>un<ul><li>dedans</li></ul></li><li>deux</li></ol><h3>Sous-titre</h3>"
    "<table><thead><tr><th>A</th><th>B</th></tr></thead><tbody><tr><td>1</td></tr></tbody></table>"
    '<p><img src="https://exemple.fr/espion.png" alt="espion"></p>'
)


def _png(largeur=300, hauteur=150):
    rendu = io.BytesIO()
    Image.new("RGB", (largeur, hauteur), "navy").save(rendu, "png")
    return f"data:image/png;base64,{base64.b64encode(rendu.getvalue()).decode()}"


def _demande(nom):
    parts = (Valeur("Oui", 62.0, "62 %"), Valeur("Non", 38.0, "38 %"))
    return DemandeDeGraphique(
        nom, "gaufre", "Surtout oui", "En % des réponses", (Serie("Ville", parts),)
    ).en_donnees()


def _titre(texte, rang, ancre=""):
    return {"genre": "titre", "texte": texte, "rang": rang, "ancre": ancre, "surtitre": "", "sous_titre": ""}


def _chiffre(valeur, sujet, **autres):
    vide = {"complement": "", "date": "2022", "graphiques": [], "absence": ""}
    return vide | {"libelle": sujet.lower(), "valeur": valeur, "sujet": sujet} | autres


def _tableau(code, colonnes, classe="chiffre"):
    entetes = [{"texte": f"Colonne {n}", "classe": "entete"} for n in range(colonnes)]
    lignes = [
        [{"texte": "Ensemble", "classe": "sujet"}] + [{"texte": "1", "classe": classe}] * (colonnes - 1),
        [{"texte": HOSTILE, "classe": "entete"}] + [{"classe": "absent"}] * (colonnes - 1),
    ]
    return {
        "genre": "tableau",
        "code": code,
        "titre": f"Table {code}",
        "entetes": entetes,
        "lignes": lignes,
        "notes": ["* fragile."],
        "classe": "",
    }


def _image(adresse, legende):
    return {
        "genre": "image",
        "adresse": adresse,
        "alternatif": f"Ce que montre {legende}",
        "legende": legende,
        "classe": "",
    }


BLOCS = [
    _titre(HOSTILE, 1)
    | {"surtitre": "Analyse des besoins sociaux", "sous_titre": "établi le 30 novembre 2026"},
    {"genre": "note", "texte": "Fichiers d'essai.", "classe": "alerte", "fort": "Données d'essai."},
    _titre("L'essentiel", 2, "essentiel"),
    {
        "genre": "phrases",
        "classe": "messages",
        "phrases": [{"titre": f"Message {n}", "texte": "Ce qu'il dit."} for n in range(3)],
    },
    {
        "genre": "chiffres_cles",
        "chiffres": [
            _chiffre("48 004", "Habitants", graphiques=[_demande("mini")]),
            _chiffre("", "Emploi", absence="secret statistique"),
        ],
    },
    {"genre": "saut"},
    _titre("Ressources", 2, "revenus-et-vie"),
    {"genre": "note", "texte": "Le bas de l'échelle est plus bas.", "classe": "message", "fort": ""},
    _titre("Ce que cela dit", 3),
    {
        "genre": "phrases",
        "classe": "",
        "phrases": [{"texte": "Une phrase.", "details": [{"libelle": "RSA", "valeur": "9 %"}]}],
    },
    {"genre": "graphique", "demande": _demande("seul"), "largeur": "pleine"},
    {"genre": "graphique", "demande": _demande("gauche"), "largeur": "demi"},
    {"genre": "graphique", "demande": _demande("droite"), "largeur": "demi"},
    _image(_png(), "la carte"),
    _image(f"data:image/svg+xml;base64,{base64.b64encode(VECTEUR.encode()).decode()}", "le dessin"),
    _tableau("etroit", 4),
    {"genre": "prose", "html": PROSE, "signature": "Ce qu'en dit le CCAS"},
    {"genre": "prose", "html": "<p>Autre texte.</p>", "signature": "Ce qu'en dit le CCAS"},
    {
        "genre": "note",
        "texte": "Qui n'a aucun droit ouvert ?",
        "classe": "demande",
        "fort": "Ce que cela demande.",
    },
    _titre("Carte interactive", 2, "carte"),
    {"genre": "interactive", "titre": "Carte", "page": "<script>alert(1)</script>"},
    {"genre": "saut"},
    _titre("Annexes", 2, "annexes"),
    _titre("Tableaux larges", 3),
    _tableau("large", 9),
    {"genre": "liste", "classe": "silences", "puces": [{"texte": "rien", "fort": "Un écart", "fin": " fin"}]},
    {
        "genre": "liens",
        "classe": "renvois",
        "liens": [["Chapitre", "#revenus-et-vie"], ["Ailleurs", "#nulle-part"]],
    },
]


@pytest.fixture(scope="module")
def chemin(tmp_path_factory):
    return ecrire_docx(BLOCS, f"Portrait · {HOSTILE}", tmp_path_factory.mktemp("word") / "portrait.docx")


@pytest.fixture(scope="module")
def petit(chemin):
    return docx.Document(str(chemin))


@pytest.fixture(scope="module")
def document(demo_ecrite):
    return docx.Document(str(demo_ecrite.dossier / "portrait.docx"))


def _champs(document):
    """Chaque champ du corps : son ordre, et ce qu'il affiche avant toute mise à jour."""
    lus, pile = [], []
    for noeud in document.element.body.iter(qn("w:fldChar"), qn("w:instrText"), qn("w:t")):
        if noeud.tag == qn("w:fldChar"):
            genre = noeud.get(qn("w:fldCharType"))
            if genre == "begin":
                pile.append(["", ""])
            elif genre == "end":
                lus.append(tuple(texte.strip() for texte in pile.pop()))
        elif pile:
            pile[-1][noeud.tag == qn("w:t")] += noeud.text
    assert not pile
    return lus


def _signets(document):
    return {s.get(qn("w:name")) for s in document.element.body.iter(qn("w:bookmarkStart"))}


def _sommaire(document):
    (sommaire,) = document.element.body.findall(qn("w:sdt"))
    for lien in sommaire.iter(qn("w:hyperlink")):
        texte, *_, page = [t.text for t in lien.iter(qn("w:t"))]
        yield lien.get(qn("w:anchor")), texte, int(page)


def _par_style(document, nom):
    return [p.text for p in document.paragraphs if p.style.name == nom]


# -- sommaire, légendes, renvois -------------------------------------------------------------------


@pytest.mark.carnet
@pytest.mark.parametrize("lequel", ["petit", "document"])
def test_le_sommaire_tient_chaque_titre_avec_son_lien_et_sa_page_avant_toute_mise_a_jour(lequel, request):
    document = request.getfixturevalue(lequel)
    titres = [p.text for p in document.paragraphs if p.style.name.startswith("Heading")]
    entrees = list(_sommaire(document))
    assert [texte for _, texte, _ in entrees] == titres
    assert {ancre for ancre, _, _ in entrees} <= _signets(document)
    pages = [page for _, _, page in entrees]
    assert pages == sorted(pages)
    assert pages[0] >= 2
    assert any(ordre.startswith('TOC \\o "1-3"') for ordre, _ in _champs(document))


def test_les_legendes_sont_des_champs_deja_remplis_et_les_renvois_menent_a_elles(petit):
    champs = _champs(petit)
    assert [rendu for ordre, rendu in champs if ordre.startswith("SEQ Figure")] == list("12345")
    assert [rendu for ordre, rendu in champs if ordre.startswith("SEQ Tableau")] == ["1", "2"]
    # Le texte de l'analyste renvoie au tableau large, qui vient après lui.
    (renvoi,) = [(ordre, rendu) for ordre, rendu in champs if ordre.startswith("REF")]
    assert renvoi[1] == "Tableau 2"
    assert renvoi[0].split()[1] in _signets(petit)
    assert "Tableau 1. Table etroit" in _par_style(petit, "Titre de tableau")
    assert any("Surtout oui. En % des réponses." in t for t in _par_style(petit, "Caption"))


def test_les_titres_sont_ceux_des_blocs_et_l_ecran_n_y_est_pas(petit):
    assert _par_style(petit, "Heading 1") == ["L'essentiel", "Ressources", "Annexes"]
    assert _par_style(petit, "Title") == [HOSTILE.replace("\x0b", "")]
    assert _par_style(petit, "Alerte") == ["Données d'essai. Fichiers d'essai."]
    assert _par_style(petit, "Demande")[0].startswith("Ce que cela demande. Qui")
    sauts = [p.text for p in petit.paragraphs if p.paragraph_format.page_break_before]
    # Les annexes commencent déjà une section.
    assert sauts == ["Ressources"]


def test_les_fiches_et_les_messages_sont_cote_a_cote(petit):
    messages, fiches = petit.tables[:2]
    assert len(fiches.rows[0].cells) == 3
    assert [c.paragraphs[0].text for c in messages.rows[0].cells] == [
        "1 Message 0",
        "2 Message 1",
        "3 Message 2",
    ]
    assert [c.paragraphs[1].style.name for c in fiches.rows[0].cells[:2]] == ["Chiffre clé", "Chiffre absent"]
    assert fiches.rows[0].cells[1].paragraphs[1].text == "secret statistique"
    assert {t.style.name for t in (messages, fiches)} == {"Fiches"}


# -- styles seuls ----------------------------------------------------------------------------------


@pytest.mark.carnet
@pytest.mark.parametrize("lequel", ["petit", "document"])
def test_aucun_morceau_n_a_d_autre_forme_que_son_style_et_aucune_cellule_de_fond(lequel, request):
    corps = request.getfixturevalue(lequel).element.body
    reglages = {enfant.tag for forme in corps.iter(qn("w:rPr")) for enfant in forme}
    assert reglages <= {qn("w:rStyle")}
    assert not list(corps.iter(qn("w:shd"), qn("w:tcBorders"), qn("w:jc"), qn("w:spacing")))
    connus = {
        s.get(qn("w:styleId")) for s in request.getfixturevalue(lequel).styles.element.iter(qn("w:style"))
    }
    employes = {s.get(qn("w:val")) for s in corps.iter(qn("w:pStyle"), qn("w:rStyle"), qn("w:tblStyle"))}
    assert employes <= connus


@pytest.mark.carnet
@pytest.mark.parametrize("lequel", ["petit", "document"])
def test_les_tableaux_repetent_leur_en_tete_et_ne_coupent_pas_leurs_lignes(lequel, request):
    tableaux = [t for t in request.getfixturevalue(lequel).tables if t.style.name == "Tableau"]
    assert len(tableaux) >= 3
    for table in tableaux:
        assert table.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None
        assert all(ligne._tr.trPr.find(qn("w:cantSplit")) is not None for ligne in table.rows)
        assert len({len(ligne.cells) for ligne in table.rows}) == 1


def test_un_tableau_large_a_sa_page_en_paysage_avec_le_titre_qui_l_annonce(petit):
    assert [s.orientation for s in petit.sections] == [
        *(WD_ORIENT.PORTRAIT, WD_ORIENT.PORTRAIT, WD_ORIENT.LANDSCAPE, WD_ORIENT.PORTRAIT)
    ]
    corps = list(petit.element.body)
    fins = [n for n, e in enumerate(corps) if e.find(f"{qn('w:pPr')}/{qn('w:sectPr')}") is not None]
    paysage = corps[fins[1] + 1 : fins[2] + 1]
    assert "".join(t.text for t in paysage[0].iter(qn("w:t"))) == "Annexes"
    assert [e.tag for e in paysage].count(qn("w:tbl")) == 1
    large = [
        int(c.get(qn("w:w"))) for c in next(e for e in paysage if e.tag == qn("w:tbl")).iter(qn("w:gridCol"))
    ]
    assert sum(large) / 20 == pytest.approx(Cm(29.7 - 3.6).pt, abs=1)


@pytest.mark.carnet
def test_en_tete_pied_et_proprietes(document):
    section = document.sections[1]
    assert "Arzance-la-Ville" in section.header.paragraphs[0].text
    pied = "".join(i.text for i in section.footer._element.iter(qn("w:instrText")))
    assert pied.split() == ["PAGE", "NUMPAGES"]
    assert document.sections[0].header.paragraphs[0].text == ""
    assert document.core_properties.language == "fr-FR"
    assert (document.core_properties.author, document.core_properties.comments) == ("", "")
    assert "Arzance-la-Ville" in document.core_properties.title
    assert "besoins sociaux" in document.core_properties.subject
    assert any("Territoire fictif" in p.text for p in document.paragraphs)


# -- images ----------------------------------------------------------------------------------------


@pytest.mark.carnet
def test_chaque_graphique_est_en_points_fins_et_en_vecteur_et_chaque_image_dit_ce_qu_elle_montre(document):
    dessins = list(document.element.body.iter(qn("wp:inline")))
    assert len(dessins) >= 20
    numeros = [d.find(qn("wp:docPr")).get("id") for d in dessins]
    assert len(set(numeros)) == len(numeros)
    for dessin in dessins:
        assert len(dessin.find(qn("wp:docPr")).get("descr")) > 40
        (points,) = dessin.iter(qn("a:blip"))
        image = Image.open(io.BytesIO(document.part.related_parts[points.get(qn("r:embed"))].blob))
        assert image.width / (int(dessin.find(qn("wp:extent")).get("cx")) / 914_400) >= 219
        for vecteur in points.iter(SVG_BLIP):
            svg = document.part.related_parts[vecteur.get(qn("r:embed"))].blob
            assert svg.startswith(b"<svg")
            # Aucune lettre n'attend une police que le poste n'aurait pas.
            assert b"<text" not in svg
    cartes = [d for d in dessins if not list(d.iter(SVG_BLIP))]
    assert len(dessins) - len(cartes) >= 15
    assert {int(d.find(qn("wp:extent")).get("cx")) for d in cartes} == {
        Cm(TABLE["page"]["largeur_d_image_cm"]),
    }
    assert Cm(TABLE["page"]["largeur_d_image_cm"]).pt == pytest.approx(DOCUMENT.imprimee, abs=0.1)


def test_deux_demi_graphiques_sont_cote_a_cote_a_leur_taille(petit):
    (paire,) = [
        t
        for t in petit.tables
        if len(t.columns) == 2 and t.style.name == "Fiches" and "Figure 2" in t.cell(0, 0).text
    ]
    largeurs = [int(e.get("cx")) for e in paire._tbl.iter(qn("wp:extent"))]
    assert largeurs == [Cm(8.4)] * 2
    assert "Figure 3" in paire.cell(0, 1).text


# -- texte de l'analyste, injection ----------------------------------------------------------------


def test_le_texte_de_l_analyste_est_entre_deux_signets_apparies(petit):
    noms = [s.get(qn("w:name")) for s in petit.element.body.iter(qn("w:bookmarkStart"))]
    assert [n for n in noms if n.startswith("abs_")] == [
        *("abs_debut_revenus_et_vie", "abs_fin_revenus_et_vie"),
        *("abs_debut_revenus_et_vie_2", "abs_fin_revenus_et_vie_2"),
    ]
    corps = list(petit.element.body)
    debut, fin = (
        next(
            n
            for n, e in enumerate(corps)
            if any(s.get(qn("w:name")) == nom for s in e.iter(qn("w:bookmarkStart")))
        )
        for nom in ("abs_debut_revenus_et_vie", "abs_fin_revenus_et_vie")
    )
    lu = "".join(t.text for e in corps[debut : fin + 1] for t in e.iter(qn("w:t")))
    assert lu.startswith("Un mot fort, penché et les deux, dehors")
    assert "Ce qu'en dit le CCAS" not in lu
    styles = {m.text: m.style.name for p in petit.paragraphs for m in p.runs}
    assert (styles["fort"], styles["les deux"]) == ("Strong", "Gras italique")
    listes = {p.text: p for p in petit.paragraphs if p.style.name.startswith("List")}
    rangs = {mot: listes[mot]._p.pPr.numPr.ilvl.val for mot in ("un", "dedans", "deux")}
    assert rangs == {"un": 0, "dedans": 1, "deux": 0}
    assert listes["dedans"].style.name == "List Bullet"
    assert _par_style(petit, "Heading 3") == ["Sous-titre"]


def test_rien_de_ce_qu_un_texte_porte_ne_s_execute_ni_n_appelle_le_dehors(chemin, petit):
    with zipfile.ZipFile(chemin) as lu:
        parties = {n: lu.read(n).decode("utf-8", "replace") for n in lu.namelist() if not n.endswith(".png")}
    liens = [r.target_ref for r in petit.part.rels.values() if r.is_external]
    assert liens == ["https://exemple.fr/a?b=1&c=2"]
    for nom, texte in parties.items():
        assert "<script" not in texte, nom
        assert "onload" not in texte, nom
        assert "espion.png" not in texte, nom
        assert "javascript:" not in texte, nom
    textes = [p.text for p in petit.paragraphs]
    assert "Image non montrée : espion" in textes
    assert petit.core_properties.title == f"Portrait · {HOSTILE}".replace("\x0b", "")
    assert petit.tables[-1].cell(2, 0).text == HOSTILE.replace("\x0b", "")


@pytest.mark.carnet
def test_les_chiffres_que_la_page_deplie_ne_sont_pas_dans_le_document(document):
    textes = [p.text for p in document.paragraphs]
    assert any("soit" in t and "points de" in t for t in textes)
    assert not [t for t in textes if "Les chiffres de cette phrase" in t or "<" in t or "Atelier(" in t]
    assert not [t for table in document.tables for t in [table.cell(0, 0).text] if t == "Territoire"]


def test_tout_bloc_s_ecrit_seul_vide_ou_dans_un_autre_ordre(tmp_path):
    vides = [
        {"genre": "chiffres_cles", "chiffres": []},
        {"genre": "phrases", "phrases": [], "classe": "messages"},
        {"genre": "liste", "puces": [], "classe": ""},
        {"genre": "saut"},
        _tableau("vide", 0) | {"lignes": []},
        {"genre": "prose", "html": "", "signature": ""},
        {"genre": "prose", "html": "<table><tr><td>seule</td></tr></table>", "signature": ""},
    ]
    for blocs in ([], *([b] for b in vides), vides, [*vides, *BLOCS[::-1], BLOCS[0]]):
        ecrit = docx.Document(str(ecrire_docx(blocs, "Portrait", tmp_path / "p.docx")))
        assert "Portrait" in [*_par_style(ecrit, "Title"), ecrit.core_properties.title]
    assert _par_style(ecrit, "Heading 1")[-1] == HOSTILE.replace("\x0b", "")
    numeros = [s.get(qn("w:id")) for s in ecrit.element.body.iter(qn("w:bookmarkStart"))]
    assert len(set(numeros)) == len(numeros)


# -- gabarit d'une ville ---------------------------------------------------------------------------


@pytest.fixture
def mairie(tmp_path):
    """Un modèle Word : un titre rouge, un en-tête à soi, un texte d'exemple."""
    modele = docx.Document()
    modele.styles["Heading 1"].font.color.rgb = RGBColor(0xAA, 0, 0)
    modele.sections[0].header.paragraphs[0].text = "Ville d'Essai"
    modele.sections[0].left_margin = Cm(4)
    modele.add_paragraph("Texte d'exemple à ôter")
    rendu = io.BytesIO()
    modele.save(rendu)
    with zipfile.ZipFile(rendu) as lu, zipfile.ZipFile(tmp_path / "mairie.dotx", "w") as ecrit:
        for nom in lu.namelist():
            ecrit.writestr(nom, lu.read(nom).replace(b"document.main+xml", b"template.main+xml"))
    return tmp_path / "mairie.dotx"


def test_les_styles_de_la_ville_l_emportent_et_les_notres_completent(mairie, tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(mairie))
    ecrit = docx.Document(str(ecrire_docx(BLOCS, "Portrait", tmp_path / "p.docx")))
    assert ecrit.styles["Heading 1"].font.color.rgb == RGBColor(0xAA, 0, 0)
    assert ecrit.sections[0].header.paragraphs[0].text == "Ville d'Essai"
    assert "NUMPAGES" in ecrit.sections[-1].footer._element.xml
    assert {round(s.left_margin.cm, 2) for s in ecrit.sections} == {4}
    # Rien ne dépasse des marges de la ville.
    place = ecrit.sections[0].page_width - ecrit.sections[0].left_margin - ecrit.sections[0].right_margin
    assert all(int(e.get("cx")) <= place + 10 for e in ecrit.element.body.iter(qn("wp:extent")))
    etroits = [t for t in ecrit.tables if len(t.columns) < 8]
    assert all(sum(c.width for c in t.columns) <= place + 10_000 for t in etroits)
    assert ecrit.styles["Demande"].base_style.name == "Encadré"
    assert _par_style(ecrit, "Heading 1") == ["L'essentiel", "Ressources", "Annexes"]
    assert not [p for p in ecrit.paragraphs if "exemple à ôter" in p.text]


def test_un_gabarit_illisible_se_dit_avant_tout_calcul(tmp_path, monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    faux = tmp_path / "mairie.dotx"
    faux.write_text("pas un modèle")
    resultat = CliRunner().invoke(
        app, ["portrait", "99001", "--gabarit", str(faux), "--sortie", str(tmp_path)]
    )
    assert isinstance(resultat.exception, ParametreInvalide)
    assert "ne s'ouvre pas" in str(resultat.exception)
    assert VARIABLE not in os.environ


# -- traitement de texte ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def soffice():
    programme = shutil.which("soffice") or shutil.which("libreoffice")
    if programme is None:
        if os.environ.get("ABS_EXIGER_BUREAUTIQUE"):
            pytest.fail("LibreOffice est exigé et n'est pas installé.")
        pytest.skip("LibreOffice n'est pas installé : conversion du DOCX passée.")
    return programme


MACRO = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE script:module PUBLIC "-//OpenOffice.org//DTD OfficeDocument 1.0//EN" "module.dtd">
<script:module xmlns:script="http://openoffice.org/2000/script" script:name="Module1" script:language="StarBasic">
Sub Relire(source As String, pdf As String, texte As String)
  Dim cache(0) As New com.sun.star.beans.PropertyValue
  cache(0).Name = "Hidden" : cache(0).Value = True
  d = StarDesktop.loadComponentFromURL(ConvertToURL(source), "_blank", 0, cache())
  Dim filtre(0) As New com.sun.star.beans.PropertyValue
  filtre(0).Name = "FilterName"
  For i = 0 To d.DocumentIndexes.Count - 1
    d.DocumentIndexes.getByIndex(i).update()
  Next i
  d.TextFields.refresh()
  filtre(0).Value = "writer_pdf_Export"
  d.storeToURL(ConvertToURL(pdf), filtre())
  n = FreeFile
  Open texte For Output As #n
  Print #n, d.DocumentIndexes.getByIndex(0).Anchor.String
  Close #n
  d.close(True)
End Sub
</script:module>
"""


def _relire_par_libreoffice(soffice, source, dossier):
    """Mettre à jour le sommaire par UNO, exporter en PDF, et donner ce que le sommaire dit alors."""
    profil = dossier / "profil"
    bibliotheque = profil / "user" / "basic" / "Standard"
    commun = [soffice, "--headless", f"-env:UserInstallation={profil.as_uri()}"]
    subprocess.run([*commun, "--terminate_after_init"], check=True, capture_output=True, timeout=180)
    (bibliotheque / "Module1.xba").write_text(MACRO, encoding="utf-8")
    liste = bibliotheque / "script.xlb"
    lue = liste.read_text(encoding="utf-8")
    if 'library:name="Module1"' not in lue:
        liste.write_text(
            lue.replace(
                "</library:library>", ' <library:element library:name="Module1"/>\n</library:library>'
            )
        )
    appel = f"macro:///Standard.Module1.Relire({source},{dossier}/relu.pdf,{dossier}/sommaire.txt)"
    subprocess.run([*commun, appel], check=True, capture_output=True, timeout=180)
    return (dossier / "sommaire.txt").read_text(encoding="utf-8", errors="replace")


@pytest.mark.bureautique
def test_apres_une_mise_a_jour_par_libreoffice_le_sommaire_dit_les_pages_du_pdf(
    soffice, demo_ecrite, tmp_path
):
    source = demo_ecrite.dossier / "portrait.docx"
    sommaire = _relire_par_libreoffice(soffice, source, tmp_path)
    pages = subprocess.run(
        ["pdftotext", "-layout", tmp_path / "relu.pdf", "-"], check=True, capture_output=True, text=True
    ).stdout.split("\f")
    ecrites = list(_sommaire(docx.Document(str(source))))
    relues = [int(n) for n in re.findall(r"\t(\d+)\s*$", sommaire, re.MULTILINE)]
    assert len(relues) == len(ecrites)
    # Avant toute mise à jour, une page près ; après, la page même où le titre est imprimé.
    assert max(abs(e[2] - n) for e, n in zip(ecrites, relues, strict=True)) <= 2
    for (_, texte, _), page in zip(ecrites, relues, strict=True):
        assert texte[:30] in re.sub(r"\s+", " ", pages[page - 1]), (texte, page)


@pytest.mark.bureautique
@pytest.mark.parametrize("avec_libreoffice", [True, False])
def test_l_odt_garde_titres_legendes_tableaux_et_images(avec_libreoffice, soffice, tmp_path, monkeypatch):
    if not avec_libreoffice:
        monkeypatch.setattr("carnets.documents.word.odt.LIBREOFFICE", ())
    with zipfile.ZipFile(ecrire_odt(BLOCS, "Portrait", tmp_path / "p.odt")) as lu:
        contenu = lu.read("content.xml").decode()
        assert lu.read("mimetype") == b"application/vnd.oasis.opendocument.text"
    assert contenu.count("<text:h ") == 6
    assert contenu.count("<table:table-header-rows>") == 3
    assert contenu.count("<svg:desc") == 6
    assert "Tableau 2" in re.sub("<[^>]+>", "", contenu)
    if avec_libreoffice:
        assert {f'text:name="abs_{borne}_revenus_et_vie"' in contenu for borne in ("debut", "fin")} == {True}
    assert "<script" not in contenu
