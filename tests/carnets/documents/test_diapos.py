"""Les diapositives : les chiffres des graphiques modifiables, rien qui déborde, rien qui s'exécute."""

from __future__ import annotations

import io
import shutil
import subprocess
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pikepdf
import pytest
from pptx import Presentation
from pptx.util import Pt

from abs.graphiques.demandes import DemandeDeGraphique
from carnets.documents.carnet_lu import blocs_du_carnet
from carnets.documents.diapos.diapos import ecrire_pptx
from carnets.documents.diapos.mesure import INTERLIGNE, Paragraphe, hauteur
from carnets.documents.diapos.natif import natif
from donnees_insee.erreurs import ParametreInvalide

PIEGE = "<img src=x onerror=alert(1)>"
FORMULE = '=HYPERLINK("http://mal.example";"ici")'
LONG = "Un territoire dont les ressources, l'emploi et le logement s'écartent de ceux de ses voisins "


@pytest.fixture(scope="session")
def blocs(demo_ecrite):
    return blocs_du_carnet(demo_ecrite.dossier / "carnet.ipynb")


@pytest.fixture(scope="session")
def fichier(blocs, tmp_path_factory):
    return ecrire_pptx(
        blocs, "Portrait d'Arzance-la-Ville", tmp_path_factory.mktemp("diapos") / "portrait.pptx"
    )


def graphiques(fichier):
    return [(p, f) for p in Presentation(fichier).slides for f in p.shapes if getattr(f, "has_chart", False)]


def test_un_graphique_natif_porte_les_chiffres_du_diagnostic_et_son_classeur_les_memes(
    demo_ecrite, blocs, fichier
):
    table = pd.read_parquet(demo_ecrite.dossier / "preuve" / "diagnostic.parquet")
    cles = ["territoire", "niveau", "indicateur", "definition", "millesime", "source"]
    tenus = {
        "|".join(str(v) for v in ligne[:-1]): ligne[-1]
        for ligne in table[[*cles, "valeur"]].fillna({"definition": ""}).itertuples(index=False)
    }
    demandes = [DemandeDeGraphique.depuis(b["demande"]) for b in blocs if b["genre"] == "graphique"]
    poses, references = graphiques(fichier), set()
    assert len(poses) >= 15
    for (_, forme), demande in zip(poses, [d for d in demandes if natif(d)], strict=True):
        valeurs = {round(v.valeur, 9) for v in demande.valeurs() if not v.manque}
        references |= {(v.reference, v.valeur) for v in demande.valeurs() if v.reference and not v.manque}
        feuille = openpyxl.load_workbook(io.BytesIO(forme.chart.part.chart_workbook.xlsx_part.blob)).active
        for colonne, serie in enumerate(forme.chart.plots[0].series, start=2):
            lues = list(serie.values)
            assert {round(abs(v), 9) for v in lues if v is not None} <= {abs(v) for v in valeurs}
            assert [feuille.cell(n, colonne).value for n in range(2, len(lues) + 2)] == pytest.approx(lues)
    connues = [(r, v) for r, v in references if r in tenus]
    assert len(connues) > 100
    assert all(abs(tenus[r] - v) < 1e-9 for r, v in connues)


def test_chaque_visuel_se_decrit_chaque_diapo_a_son_titre_son_pied_et_ses_notes(fichier):
    pages = list(Presentation(fichier).slides)
    assert all(p.shapes.title.text for p in pages)
    for page in pages[1:]:
        visuels = [f for f in page.shapes if f.shape_type in (3, 13)]
        assert len(visuels) <= 1
        assert all(len(f._element.xpath(".//p:cNvPr/@descr")[0]) > 40 for f in visuels)
        assert page._element.xpath(".//a:fld[@type='slidenum']")
        assert any(f.name == "Source et date" and f.text_frame.text for f in page.shapes)
        assert not visuels or page.notes_slide.notes_text_frame.text
        assert set(page._element.xpath(".//a:rPr/@lang")) == {"fr-FR"}


def debordements(fichier):
    """Relever ce qui sort de la page, ou d'un cadre à la police écrite."""
    presentation, fautes = Presentation(fichier), []
    for rang, page in enumerate(presentation.slides, start=1):
        for forme in page.shapes:
            dedans = (
                forme.left >= 0
                and forme.top >= 0
                and forme.left + forme.width <= presentation.slide_width
                and forme.top + forme.height <= presentation.slide_height
            )
            haute = 0.0
            cadre = forme.text_frame if forme.has_text_frame else None
            if cadre is not None and cadre.text:
                largeur = (forme.width - cadre.margin_left - cadre.margin_right) / 12700
                for p in cadre.paragraphs:
                    corps = max((m.font.size.pt for m in p.runs), default=11)
                    gras = any(m.font.bold for m in p.runs)
                    retrait = 0 if p._p.pPr is None else int(p._p.pPr.get("marL", 0)) / 12700
                    haute += hauteur([Paragraphe(p.text, gras=gras)], corps, largeur - retrait)
                    haute += (p.space_before or Pt(0)).pt
                haute += (cadre.margin_top + cadre.margin_bottom) / 12700
            if not dedans or haute > forme.height / 12700 + INTERLIGNE:
                fautes.append((rang, forme.name, haute, forme.height / 12700))
    return fautes


@pytest.fixture(scope="session")
def hostile(tmp_path_factory):
    """Un document dont tout est trop long, ou piégé, dans un ordre que rien n'attend."""
    demande = {
        "nom": "essai", "genre": "barres", "titre": LONG * 4, "sous_titre": LONG * 3, "source": LONG * 3,
        "series": [
            {"nom": nom, "valeurs": [{"libelle": FORMULE, "valeur": 62.0, "texte": "62 %"},
                                     {"libelle": "Reste", "valeur": 38.0, "texte": "38 %", "role": "reste"}]}
            for nom in (PIEGE, FORMULE)
        ],
    }  # fmt: skip
    phrase = {"texte": LONG * 6, "references": ["a|b"], "titre": LONG}
    fiche = {"libelle": LONG * 2, "valeur": "1 234 567 habitants", "complement": LONG * 4, "date": LONG}
    prose = f"<p>{LONG * 30}</p><ul><li>{FORMULE}</li></ul><script>alert(1)</script><pre>{PIEGE}</pre>"
    documents = [
        {"genre": "note", "texte": LONG * 5, "classe": "demande", "fort": ""},
        {
            "genre": "chiffres_cles",
            "chiffres": [fiche] * 7 + [{**fiche, "sujet": "Âges", "absence": LONG * 9}],
        },
        {"genre": "titre", "texte": PIEGE, "rang": 1, "ancre": "", "surtitre": LONG, "sous_titre": LONG * 9},
        {"genre": "note", "texte": LONG * 12, "classe": "alerte", "fort": FORMULE},
        {"genre": "titre", "texte": LONG * 2, "rang": 2, "ancre": "emploi"},
        {"genre": "note", "texte": FORMULE, "classe": "message", "fort": ""},
        {"genre": "graphique", "demande": demande, "largeur": "pleine"},
        {"genre": "phrases", "phrases": [phrase] * 3, "classe": "messages"},
        {"genre": "prose", "html": prose, "signature": "Ce qu'en dit le CCAS"},
        {
            "genre": "image",
            "adresse": "data:image/svg+xml;base64,PHN2Zy8+",
            "alternatif": PIEGE,
            "legende": "",
        },
        {"genre": "image", "adresse": "data:image/png;base64,AAAA", "alternatif": LONG, "legende": LONG * 3},
        {"genre": "titre", "texte": "Sans rien", "rang": 2, "ancre": "rien"},
        {"genre": "saut"},
        {"genre": "liste", "classe": "debat", "puces": [{"texte": LONG * 2, "fort": FORMULE, "fin": ""}] * 9},
        {"genre": "titre", "texte": "Annexes", "rang": 2, "ancre": "annexes"},
        {"genre": "phrases", "phrases": [{**phrase, "texte": "EN ANNEXE"}], "classe": ""},
    ]
    return ecrire_pptx(documents, PIEGE, tmp_path_factory.mktemp("hostile") / "essai.pptx")


def test_rien_ne_deborde_et_ce_qui_ne_tient_pas_passe_a_la_suite(fichier, hostile):
    assert debordements(fichier) == []
    assert debordements(hostile) == []
    pages = list(Presentation(hostile).slides)
    textes = [f.text_frame.text for p in pages for f in p.shapes if f.has_text_frame]
    prose = " ".join(t for p in pages if p.shapes.title.text.startswith("Ce qu'en dit")
                     for f in p.shapes if f.name == "Texte" for t in [f.text_frame.text])  # fmt: skip
    assert prose.split() == [*(LONG * 30).split(), *FORMULE.split()]
    assert not any("EN ANNEXE" in t for t in textes)
    titres = [p.shapes.title.text for p in pages]
    assert {"Ce que cela demande", "À débattre", "Trois messages à retenir"} <= set(titres)
    assert sum(t.startswith("À débattre") for t in titres) >= 2


def test_une_carte_n_est_montree_qu_une_fois_et_un_nombre_s_ecrit_a_la_francaise(blocs, fichier):
    montrees = [b["alternatif"] for b in blocs if b["genre"] == "image"]
    assert len(set(montrees)) < len(montrees)
    pages = list(Presentation(fichier).slides)
    dites = [f._element.nvPicPr.cNvPr.get("descr") for p in pages for f in p.shapes if f.shape_type == 13]
    assert len(set(dites)) == len(dites)
    codes = [c.get("formatCode") for _, f in graphiques(fichier) for c in f.chart._chartSpace.iter("{*}dLbl")
             for c in c.iter("{*}numFmt")]  # fmt: skip
    assert codes
    assert all(c.startswith("[$-40C]") for c in codes)
    assert not [p.shapes.title.text for p in pages if p.shapes.title.text.endswith(".")]


def test_un_nom_piege_reste_un_texte(hostile):
    with zipfile.ZipFile(hostile) as contenu:
        liens = [n for n in contenu.namelist() if n.endswith(".rels") and b"External" in contenu.read(n)]
        assert liens == []
        classeurs = [n for n in contenu.namelist() if n.endswith(".xlsx")]
        assert classeurs
        for nom in classeurs:
            feuille = openpyxl.load_workbook(io.BytesIO(contenu.read(nom))).active
            cellules = [c for ligne in feuille for c in ligne if c.value is not None]
            assert {c.data_type for c in cellules} == {"s", "n"}
            assert FORMULE in {c.value for c in cellules}
    pages = Presentation(hostile).slides
    assert pages[0].shapes.title.text == PIEGE
    assert not any("alert(1)" in f.text_frame.text for p in pages for f in p.shapes
                   if f.has_text_frame and f.name == "Texte")  # fmt: skip


def test_le_gabarit_de_la_ville_porte_les_diapositives(blocs, tmp_path):
    modele = Presentation()
    modele.slides.add_slide(modele.slide_layouts[5]).shapes.title.text = "Exemple de la mairie"
    modele.slide_layouts[5].name = "Message de la mairie"
    modele.save(tmp_path / "mairie.pptx")
    with (
        zipfile.ZipFile(tmp_path / "mairie.pptx") as lu,
        zipfile.ZipFile(tmp_path / "mairie.potx", "w") as ecrit,
    ):
        for nom in lu.namelist():
            octets = lu.read(nom).replace(b"presentation.main+xml", b"template.main+xml")
            ecrit.writestr(nom, octets)
    sortie = ecrire_pptx(blocs[:8], "Portrait", tmp_path / "p.pptx", "portrait", tmp_path / "mairie.potx")
    pages = list(Presentation(sortie).slides)
    assert "Exemple de la mairie" not in [p.shapes.title.text for p in pages]
    assert pages[1].slide_layout.name == "Message de la mairie"
    assert debordements(sortie) == []
    (tmp_path / "faux.potx").write_bytes(b"rien")
    with pytest.raises(ParametreInvalide, match="enregistrez-la de nouveau"):
        ecrire_pptx(blocs[:3], "Portrait", tmp_path / "q.pptx", "portrait", tmp_path / "faux.potx")


@pytest.mark.bureautique
def test_libreoffice_ouvre_les_diapositives_une_page_chacune(fichier, tmp_path):
    soffice = shutil.which("soffice")
    if soffice is None or not (Path(soffice).resolve().parent / "libsdlo.so").is_file():
        pytest.skip(
            "LibreOffice Impress manque (paquet libreoffice-impress) : rien ne rend les diapositives."
        )
    profil = f"-env:UserInstallation={(tmp_path / 'profil').as_uri()}"
    commande = [soffice, profil, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path), str(fichier)]
    subprocess.run(commande, check=True, capture_output=True, timeout=240)
    with pikepdf.open(tmp_path / "portrait.pdf") as lu:
        assert len(lu.pages) == len(Presentation(fichier).slides)
