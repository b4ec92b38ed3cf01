"""`abs verifier` relit Word, l'ODT, le PDF, les diapositives et les graphiques : un nombre changé y est pris et nommé."""

from __future__ import annotations

import io
import re
import shutil
import zipfile
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import openpyxl
import pikepdf
import pytest

from carnets.documents.carnet_lu import blocs_du_carnet
from carnets.documents.preuve.preuve_lue import lire_preuve
from carnets.documents.preuve.relecture_graphiques import controler_graphiques
from carnets.documents.preuve.relecture_textes import controler_carnet, controler_textes, reduire
from carnets.exports_anticipes import RENDUS
from donnees_insee.erreurs import FichierIllisible

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.carnet
TITRE = "Portrait de territoire · essai"
ECRITS = ("docx", "odt", "pdf", "pptx")


def rendre(blocs: list[dict], forme: str, dossier: Path) -> Path:
    module, fonction = RENDUS[forme]
    chemin = dossier / f"portrait.{forme}"
    getattr(import_module(module), fonction)(blocs, TITRE, chemin, "portrait")
    return chemin


@pytest.fixture(scope="module")
def rendus(demo_ecrite, tmp_path_factory):
    """Le portrait de démonstration dans les formats que l'essai relit."""
    dossier = Path(shutil.copytree(demo_ecrite.dossier, tmp_path_factory.mktemp("relus") / "portrait"))
    blocs = blocs_du_carnet(dossier / "carnet.ipynb")
    for forme in ECRITS:
        rendre(blocs, forme, dossier)
    return dossier


@pytest.fixture
def copie(rendus, tmp_path):
    return Path(shutil.copytree(rendus, tmp_path / "portrait"))


def changer(chemin: Path, partie: str, faire: Callable[[bytes], bytes]) -> None:
    """Récrire une partie d'une archive, la première dont le nom convient et que le changement touche."""
    with zipfile.ZipFile(chemin) as archive:
        parties = {n: archive.read(n) for n in archive.namelist()}
    noms = [n for n in parties if re.fullmatch(partie, n) and faire(parties[n]) != parties[n]]
    assert noms, f"rien à changer dans {partie}"
    parties[noms[0]] = faire(parties[noms[0]])
    with zipfile.ZipFile(chemin, "w", zipfile.ZIP_DEFLATED) as archive:
        for nom, octets in parties.items():
            archive.writestr(nom, octets)


def remplacer(motif: str, neuf: str) -> Callable[[bytes], bytes]:
    return lambda octets: re.sub(motif, neuf, octets.decode(), count=1).encode()


@pytest.mark.parametrize("forme", ECRITS)
def test_un_document_tel_qu_il_est_ecrit_n_a_pas_d_ecart(rendus, forme):
    bilan = controler_textes(rendus / f"portrait.{forme}", lire_preuve(rendus))
    assert bilan.ecarts == []
    assert bilan.egaux > (50 if forme == "pptx" else 300)


# Un taux d'une phrase, un chiffre d'une cellule, le même dans ce que dit une image.
PHRASE = r"(des actifs de 15 à 64 ans sont au chômage[^<]{0,60}?)\d+,\d"
CELLULE = {
    "docx": r"(<w:t(?: [^>]*)?>)\d+,\d(\s?%</w:t>)",
    "odt": r"(>)\d+,\d(\s?%</text:p>)",
}
IMAGE = {
    "docx": r'(descr="[^"]{20,400}?)\d+,\d',
    "odt": r"(<svg:(?:desc|title)>[^<]{20,400}?)\d+,\d",
    "pptx": r'(descr="[^"]{20,400}?)\d+,\d',
}
PARTIES = {"docx": "word/document.xml", "odt": "content.xml", "pptx": r"ppt/slides/slide\d+\.xml"}


@pytest.mark.parametrize("forme", ["docx", "odt", "pptx"])
@pytest.mark.parametrize("endroit", ["phrase", "image"])
def test_un_nombre_change_est_pris(copie, forme, endroit):
    chemin = copie / f"portrait.{forme}"
    motif = PHRASE if endroit == "phrase" else IMAGE[forme]
    changer(chemin, PARTIES[forme], remplacer(motif, r"\g<1>98,7"))
    ecarts = controler_textes(chemin, lire_preuve(copie)).ecarts
    assert ecarts
    assert all("98,7" in e.trouve for e in ecarts)
    assert {e.cellule for e in ecarts} == {"corps" if endroit == "phrase" else "texte de remplacement"}


@pytest.mark.parametrize("forme", ["docx", "odt"])
def test_une_cellule_changee_est_prise(copie, forme):
    chemin = copie / f"portrait.{forme}"
    changer(chemin, PARTIES[forme], remplacer(CELLULE[forme], r"\g<1>98,7\g<2>"))
    ecarts = controler_textes(chemin, lire_preuve(copie)).ecarts
    assert ecarts
    assert all("98,7" in e.trouve for e in ecarts)


@pytest.mark.parametrize("genre", ["phrases", "tableau"])
def test_un_pdf_qui_n_ecrit_pas_le_chiffre_de_son_bloc_est_pris(copie, genre):
    blocs = blocs_du_carnet(copie / "carnet.ipynb")
    for bloc in blocs:
        textes = (
            bloc.get("phrases", ())
            if genre == "phrases"
            else [c for li in bloc.get("lignes", ()) for c in li]
        )
        change = next((t for t in textes if re.search(r"\d,\d", t["texte"])), None)
        if bloc["genre"] == genre and change is not None:
            change["texte"] = re.sub(r"\d,\d", "8,9", change["texte"], count=1)
            break
    ecarts = controler_textes(rendre(blocs, "pdf", copie), lire_preuve(copie)).ecarts
    assert ecarts
    assert all("8,9" in e.trouve for e in ecarts)


def test_un_texte_de_remplacement_change_dans_le_pdf_est_pris(copie):
    chemin = copie / "portrait.pdf"
    with pikepdf.open(chemin, allow_overwriting_input=True) as pdf:
        figures = [
            o
            for o in pdf.objects
            if isinstance(o, pikepdf.Dictionary) and re.search(r"\d,\d", str(o.get("/Alt", "")))
        ]
        figures[0]["/Alt"] = pikepdf.String(re.sub(r"\d+,\d", "98,7", str(figures[0]["/Alt"]), count=1))
        pdf.save(chemin)
    ecarts = controler_textes(chemin, lire_preuve(copie)).ecarts
    assert {e.cellule for e in ecarts} == {"texte de remplacement"}


def test_les_graphiques_modifiables_tels_qu_ecrits_n_ont_pas_d_ecart(rendus):
    preuve = lire_preuve(rendus)
    for nom in ("portrait.pptx", "tableaux.xlsx"):
        bilan = controler_graphiques(rendus / nom, preuve)
        assert (bilan.ecarts, dict(bilan.non_verifiables)) == ([], {})
        assert bilan.egaux > 100


VALEUR_GARDEE = r"(?s)(<c:val>.*?<c:v>)[\d.]+(</c:v>)"


@pytest.mark.parametrize(
    ("nom", "partie"),
    [("portrait.pptx", r"ppt/charts/chart\d+\.xml"), ("tableaux.xlsx", r"xl/charts/chart\d+\.xml")],
)
def test_une_valeur_gardee_changee_est_prise(copie, nom, partie):
    changer(copie / nom, partie, remplacer(VALEUR_GARDEE, r"\g<1>98.7654\g<2>"))
    ecarts = controler_graphiques(copie / nom, lire_preuve(copie)).ecarts
    assert {e.trouve for e in ecarts} == {"98,7654"}


def test_une_cellule_changee_dans_le_classeur_incorpore_est_prise(copie):
    def alterer(octets: bytes) -> bytes:
        classeur = openpyxl.load_workbook(io.BytesIO(octets))
        classeur.active["B2"] = 98.7654
        sortie = io.BytesIO()
        classeur.save(sortie)
        return sortie.getvalue()

    changer(copie / "portrait.pptx", r"ppt/embeddings/.*\.xlsx", alterer)
    (ecart,) = controler_graphiques(copie / "portrait.pptx", lire_preuve(copie)).ecarts
    assert ecart.attendu == "98,7654"


def test_un_chiffre_change_dans_le_carnet_est_pris(copie):
    carnet = copie / "carnet.ipynb"
    texte = carnet.read_text(encoding="utf-8")
    # Une valeur de cellule : dans le carnet, un bloc est un texte JSON dans un texte JSON.
    change = re.sub(r'(\\"texte\\":\\")\d+(?:,\d)?(.%\\",\\"reference)', r"\g<1>98,7\g<2>", texte, count=1)
    assert change != texte
    carnet.write_text(change, encoding="utf-8")
    assert any("98,7" in e.trouve for e in controler_carnet(carnet, lire_preuve(copie)).ecarts)


def test_une_phrase_recrite_ou_otee_par_l_analyste_n_est_pas_un_ecart(copie):
    chemin = copie / "portrait.docx"
    changer(chemin, PARTIES["docx"], remplacer(PHRASE, r"\g<1>environ un habitant sur dix, soit 1"))
    assert controler_textes(chemin, lire_preuve(copie)).ecarts == []


def test_une_coupe_de_ligne_ou_une_espace_ne_change_pas_un_texte():
    assert reduire("17\u202f810 €, revenu dispo\u00ad-\nnible") == reduire("17810 €,\u00a0revenu disponible")
    assert reduire("en 2022\n18 %") != reduire("en 202218 %")
    assert reduire("12,5 %") != reduire("12,6 %")


def test_un_document_illisible_le_dit(tmp_path):
    faux = tmp_path / "portrait.docx"
    faux.write_bytes(b"pas une archive")
    with pytest.raises(FichierIllisible, match=r"portrait\.docx"):
        controler_textes(faux, None)
