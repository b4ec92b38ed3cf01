"""Le PDF relu : arbre de structure, polices, bords de page, affiche d'une page, et rien de reçu n'y est interprété."""

import base64
import io
import json
import re
import shutil
import subprocess
from collections import Counter
from importlib import import_module
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from PIL import Image

from abs.blocs.blocs import Note
from carnets.documents.arbre_de_prose import en_arbre
from carnets.documents.arbre_de_prose import texte as texte_de_l_arbre
from carnets.documents.pdf.figures import Figures
from carnets.documents.pdf.pdf import ecrire_pdf
from carnets.documents.pdf.tableaux import tableaux
from carnets.exports_anticipes import RENDUS
from tests.carnets.documents import document_d_essai as essai

Mot = tuple[float, float, float, float, str]
BLOCS = essai.document()
TITRE = f"Portrait de territoire · {BLOCS[0]['texte']}"


@pytest.fixture(scope="module")
def dossier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Le portrait complet, écrit une fois : il porte chaque genre de bloc et tous les pièges."""
    chemin = tmp_path_factory.mktemp("pdf") / "portrait.pdf"
    module, fonction = RENDUS["pdf"]
    assert getattr(import_module(module), fonction)(BLOCS, TITRE, chemin, "portrait") == chemin
    return chemin.parent


def elements(noeud: Any) -> list[tuple[str, Any]]:
    """L'arbre de structure sous un nœud, à plat, dans l'ordre de lecture."""
    if isinstance(noeud, pikepdf.Array):
        return [vu for enfant in noeud for vu in elements(enfant)]
    if not isinstance(noeud, pikepdf.Dictionary) or "/S" not in noeud:
        return []
    return [(str(noeud.S), noeud), *elements(noeud.get("/K", pikepdf.Array()))]


def mots(pdf: Path) -> list[list[Mot]]:
    """Les mots de chaque page et leur boîte, rapportés à la page."""
    if not shutil.which("pdftotext"):
        pytest.skip("pdftotext n'est pas installé : les bords des pages ne sont pas relus.")
    html = subprocess.run(
        ["pdftotext", "-bbox", str(pdf), "-"], capture_output=True, text=True, check=True
    ).stdout
    pages = []
    for taille, page in re.findall(r"<page (.*?)>(.*?)</page>", html, re.DOTALL):
        large, haute = (float(n) for n in re.findall(r'"([\d.]+)"', taille))
        boites = re.findall(r'xMin="(.*?)" yMin="(.*?)" xMax="(.*?)" yMax="(.*?)">(.*?)</word>', page)
        pages.append(
            [
                (float(a) / large, float(b) / haute, float(c) / large, float(d) / haute, m)
                for a, b, c, d, m in boites
            ]
        )
    return pages


def chevauchements(page: list[Mot]) -> list[tuple[str, str]]:
    """Les mots dont les boîtes se recouvrent, une fois ôté l'interligne qu'elles comptent."""
    serres = [(a + 0.001, b + 0.3 * (d - b), c - 0.001, d - 0.3 * (d - b), m) for a, b, c, d, m in page]
    return [
        (un[4], autre[4])
        for un, autre in combinations(serres, 2)
        if un[0] < autre[2] and autre[0] < un[2] and un[1] < autre[3] and autre[1] < un[3]
    ]


def texte(pdf: Path) -> str:
    """Le texte, lignes réunies."""
    if not shutil.which("pdftotext"):
        pytest.skip("pdftotext n'est pas installé : le texte n'est pas relu.")
    lu = subprocess.run(["pdftotext", str(pdf), "-"], capture_output=True, text=True, check=True).stdout
    return re.sub(r"\s+", " ", lu)


@pytest.mark.parametrize("nom", ["portrait.pdf", "essentiel.pdf"])
def test_le_pdf_est_balise_pour_qui_l_ecoute(dossier, nom):
    with pikepdf.open(dossier / nom) as pdf:
        titre = BLOCS[0]["texte"] if nom == "essentiel.pdf" else TITRE
        assert str(pdf.Root.Lang).startswith("fr")
        assert pdf.Root.ViewerPreferences.DisplayDocTitle
        assert pdf.open_metadata()["pdfuaid:part"] == "1"
        assert pdf.open_metadata()["dc:title"] == titre
        arbre = elements(pdf.Root.StructTreeRoot.K)
        compte = Counter(genre for genre, _ in arbre)
        assert compte["/H1"] == 1
        rangs = [int(genre[2:]) for genre, _ in arbre if re.fullmatch(r"/H\d", genre)]
        assert all(suivant <= rang + 1 for rang, suivant in pairwise(rangs))
        figures = [noeud for genre, noeud in arbre if genre == "/Figure"]
        # Cinq petits graphiques (sept dessins moins l'absente) et une carte au moins.
        assert len(figures) >= 6
        assert all(len(str(noeud.get("/Alt", ""))) > 15 for noeud in figures)
        tables = [noeud for genre, noeud in arbre if genre == "/Table"]
        assert len(tables) == (4 if nom == "portrait.pdf" else 0)
        assert all("/TH" in [genre for genre, _ in elements(table)] for table in tables)


@pytest.mark.parametrize("nom", ["portrait.pdf", "essentiel.pdf"])
def test_toutes_les_polices_sont_dans_le_fichier(dossier, nom):
    with pikepdf.open(dossier / nom) as pdf:
        polices = [
            o
            for o in pdf.objects
            if isinstance(o, pikepdf.Dictionary) and o.get("/Type") == "/FontDescriptor"
        ]
        assert polices
        assert all({"/FontFile", "/FontFile2", "/FontFile3"} & set(p.keys()) for p in polices)
        assert {str(p.FontName).split("+")[-1].split("-")[0] for p in polices} <= {
            "DejaVuSans",
            "DejaVuSansMono",
        }


@pytest.mark.parametrize("nom", ["portrait.pdf", "essentiel.pdf"])
def test_rien_ne_sort_de_la_page_ne_se_chevauche_ni_n_est_vide(dossier, nom):
    pages = mots(dossier / nom)
    assert len(pages) == 1 if nom == "essentiel.pdf" else len(pages) > 5
    # L'en-tête et le pied font une douzaine de mots.
    assert all(len(page) > 25 for page in pages)
    assert not [m for page in pages for m in page if min(m[:2]) < 0.02 or max(m[2:4]) > 0.98]
    assert not [dits for page in pages for dits in chevauchements(page)]


def test_ce_qui_est_recu_se_lit_et_ne_s_interprete_pas(dossier):
    lu, brut = texte(dossier / "portrait.pdf"), (dossier / "portrait.pdf").read_bytes()
    assert essai.PIEGE in lu
    assert essai.PIEGE_TYPST in lu
    assert essai.FORMULE in lu.replace("\u200b", "")
    assert "alert(2)" not in lu
    with pikepdf.open(dossier / "portrait.pdf") as pdf:
        gestes = [a.A for page in pdf.pages for a in page.get("/Annots", []) if "/A" in a]
        adresses = {str(geste.URI) for geste in gestes if "/URI" in geste}
    assert adresses == {"https://example.org/a_b#c"}
    assert b"/JavaScript" not in brut
    assert "Venue du dehors" in lu
    assert "Une image abîmée" in lu


def test_les_chapitres_sont_numerotes_les_annexes_lettrees_et_tout_est_au_sommaire(dossier):
    lu = texte(dossier / "portrait.pdf")
    for titre in ("1 · Ressources et niveaux de vie", "2 · Logement", "A · Sources"):
        # Le sommaire, l'en-tête courant et le titre lui-même.
        assert lu.count(titre) >= 3
    assert "Ce que nous ne savons pas. Le non" in lu
    assert "Ce que cela demande. Les aides" in lu
    assert "Figure 3. Un habitant sur cinq" in lu
    assert "Tableau 2. Un tableau large (suite)" in lu
    with pikepdf.open(dossier / "portrait.pdf") as pdf, pdf.open_outline() as signets:
        racine = signets.root[0]
        assert [s.title for s in racine.children][1:] == [
            "1 · Ressources et niveaux de vie",
            "2 · Logement",
            "Annexes",
            "A · Sources",
        ]


def test_un_tableau_trop_large_passe_en_paysage_et_l_entete_se_repete(dossier):
    with pikepdf.open(dossier / "portrait.pdf") as pdf:
        couches = [float(p.MediaBox[2]) > float(p.MediaBox[3]) for p in pdf.pages]
    assert couches.count(True) == 1
    pages = mots(dossier / "portrait.pdf")
    assert sum("Formule" in [m[4] for m in page] for page in pages) >= 2


def test_l_affiche_tient_sur_une_page_quoi_qu_elle_porte(dossier, tmp_path):
    with Image.open(dossier / "essentiel.png") as image:
        assert image.size == (1240, 1754)
        assert image.convert("L").getextrema()[0] < 60
    page = essai.premiere_page("Une commune au nom interminable-lès-Bains-sur-Mer-en-Val-d'Arzance")
    bavarde = Note("Ce que l'on ne sait pas. " * 300, "ignore")
    longue = essai.retourner(
        [*page, *[n for n in page if n.genre == "note"] * 6, bavarde, bavarde, *page[3:5]]
    )
    ecrire_pdf(longue, "Longue", tmp_path / "portrait.pdf")
    assert len(mots(tmp_path / "essentiel.pdf")) == 1
    assert "La suite est dans le document complet." in texte(tmp_path / "essentiel.pdf")
    entier = mots(tmp_path / "portrait.pdf")
    assert len(entier) > 3
    # Ce que l'affiche laisse est tout entier dans le document, sur autant de pages qu'il faut, sans en sortir.
    assert sum(m[4] == "sait" for page in entier for m in page) == 600
    assert max(m[3] for page in entier for m in page) < 0.98
    # Sans fiches ni messages, comme un portrait d'avant ; sans chapitre de l'essentiel, pas d'affiche.
    simple = [b for b in essai.retourner(page) if b["genre"] not in ("phrases", "chiffres_cles", "image")]
    ecrire_pdf(simple, "Simple", tmp_path / "simple" / "portrait.pdf")
    assert len(mots(tmp_path / "simple" / "essentiel.pdf")) == 1
    ecrire_pdf(
        [b for b in simple if b.get("ancre") != "essentiel"], "Sans", tmp_path / "sans" / "portrait.pdf"
    )
    assert not (tmp_path / "sans" / "essentiel.pdf").exists()


def test_deux_ecritures_font_le_meme_fichier(dossier, tmp_path):
    ecrire_pdf(json.loads(json.dumps(BLOCS)), TITRE, tmp_path / "portrait.pdf")
    assert (tmp_path / "portrait.pdf").read_bytes() == (dossier / "portrait.pdf").read_bytes()


def test_un_document_vide_ou_sans_titre_s_ecrit(tmp_path):
    chemin = ecrire_pdf([], "Rien \ud800\x00\x07 😀 中", tmp_path / "rien.pdf", "evolutions")
    # Aucune police livrée ne dessine un idéogramme : un cadre le remplace, et le document s'écrit.
    assert "Rien" in texte(chemin)
    assert "□" in texte(chemin)
    titre = {"genre": "titre", "rang": 2, "texte": "Un chapitre au nom long " * 20, "ancre": ""}
    ecrire_pdf([titre, essai.retourner(essai.chapitres())[1]], "Un titre long " * 30, chemin, "evolutions")
    assert not [m for page in mots(chemin) for m in page if m[1] < 0.02]
    assert [f.name for f in tmp_path.iterdir()] == ["rien.pdf"]


def test_la_prose_garde_ce_qui_se_lit_et_rien_de_ce_qui_s_execute():
    arbre = en_arbre("<p>a<p>b <b>c<i>d</b>e<script>f</script><ul><li>g<li>h</ul>" + "<span><b>" * 500)
    plat = json.dumps(arbre)
    assert [n["forme"] for n in arbre[:3]] == ["paragraphe", "paragraphe", "puces"]
    assert len(arbre[2]["enfants"]) == 2
    assert "f" not in re.findall(r'"(\w)"', plat)
    assert plat.count("gras") < 30
    table = en_arbre("<table><tr><td colspan=2>a</td></tr><tr><td>b</td><td>c</td><td>d</td></tr></table>")
    assert (table[0]["colonnes"], len(table[0]["entetes"]), len(table[0]["lignes"][0])) == (3, 3, 3)


def test_chaque_rendu_lit_le_meme_arbre():
    arbre = en_arbre(
        "<div>un</div><div>deux</div><p>20\u00a0% \n de <a href='javascript:alert(1)'>x</a></p>"
        "<embed src=x><pre>\na  b\n</pre>"
    )
    # Deux blocs ne se collent pas, une espace insécable reste, une balise sans fin ne tait pas la suite.
    assert [n["forme"] for n in arbre] == ["paragraphe"] * 3 + ["brut"]
    assert texte_de_l_arbre(arbre) == "undeux20\u00a0% de xa\u00a0 b"
    assert arbre[2]["enfants"][1]["adresse"] == "javascript:alert(1)"


def test_une_image_hostile_laisse_sa_description():
    figures = Figures()
    bombe = '<!DOCTYPE s [<!ENTITY a "aaaa">]><svg xmlns="http://www.w3.org/2000/svg">&a;</svg>'
    for adresse in (
        "http://example.org/x.png",
        "data:image/png;base64,AAAA",
        f"data:image/svg+xml,{bombe}",
        "x",
    ):
        assert figures.image(adresse, "ce qu'elle montre")["texte"].endswith("ce qu'elle montre")
    assert not figures.fichiers
    # Ce qu'un appareil ou un tableur enregistre autrement (couleurs d'imprimerie, BMP) est refait, non refusé.
    for forme, couleurs in (("JPEG", "CMYK"), ("BMP", "RGB")):
        sortie = io.BytesIO()
        Image.new(couleurs, (40, 20)).save(sortie, forme)
        adresse = f"data:image/x;base64,{base64.b64encode(sortie.getvalue()).decode()}"
        assert figures.image(adresse, "Photo")["rapport"] == 2
    assert all(octets.startswith(b"\x89PNG") for octets in figures.fichiers.values())


def test_chaque_suite_d_un_tableau_reprend_sa_premiere_colonne():
    bloc = next(b for b in BLOCS if b["genre"] == "tableau")
    parts = list(tableaux(bloc))
    assert [len(p["entetes"]) for p in parts] == [14, 3]
    assert {p["lignes"][0]["cellules"][0]["texte"] for p in parts} == {"Les Tilleuls"}
    assert [bool(p["notes"]) for p in parts] == [False, True]
