"""Un nom, un libellé, un texte hostiles : dans chaque format ce sont des mots, que rien n'exécute ni ne va chercher."""

from __future__ import annotations

import csv
import io
import math
import os
import re
import shutil
import zipfile
from html.parser import HTMLParser
from importlib import import_module

import pikepdf
import pytest
from lxml import etree

from abs.blocs.blocs import (
    Cellule,
    ChiffreCle,
    ChiffresCles,
    Graphique,
    Image,
    Liste,
    Note,
    PhraseAppuyee,
    Phrases,
    Prose,
    Puce,
    Tableau,
    Titre,
    entete,
    retourner,
)
from abs.evolutions.evolutions import Evolution, Mesure, Verdict
from abs.evolutions.resultats import Releve
from abs.graphiques.demandes import DemandeDeGraphique, Serie, Valeur
from abs.territoires.territoires import Territoire
from carnets.documents.carnet_lu import en_html
from carnets.documents.csv_long import ecrire_evolutions
from carnets.documents.infographies.infographies import ecrire_infographies
from carnets.exports_anticipes import RENDUS
from tests.carnets.documents.document_d_essai import FORMULE, PIEGE, PROSE

REFERENCE = "99001|commune|taux_chomage_rp||2022|rp_activite"
DEBUTS = ("=1+1", "+33", "-1", "@SOMME(A1)")
# Ce que le texte de l'analyste a le droit d'appeler : les deux liens qu'on suit en cliquant.
LIENS = {"https://example.org/a_b#c"}
EXECUTE = re.compile(rb"<img |<script|javascript:|vbscript:|DDEAUTO|INCLUDEPICTURE|espion", re.IGNORECASE)


def _blocs():
    part = Valeur(FORMULE, 62.0, "62 %"), Valeur("Reste", 38.0, "38 %", role="reste")
    demande = DemandeDeGraphique(
        "essai", "barres", PIEGE, FORMULE, (Serie(PIEGE, part), Serie(FORMULE, part))
    )
    cellules = [Cellule(t, aide=PIEGE, detail=FORMULE) for t in (PIEGE, FORMULE, *DEBUTS)]
    return retourner(
        (
            Titre(PIEGE, 1, surtitre=FORMULE, sous_titre=PIEGE),
            Titre("L'essentiel", ancre="essentiel"),
            ChiffresCles((ChiffreCle(FORMULE, "12 %", PIEGE, "2022", REFERENCE, sujet=PIEGE),)),
            Titre(FORMULE, ancre="logement"),
            Note(PIEGE, "alerte", FORMULE),
            Phrases((PhraseAppuyee(PIEGE, ()), PhraseAppuyee(FORMULE, ()))),
            Liste((Puce(PIEGE, fort=FORMULE),)),
            Graphique(demande),
            Image("http://example.org/espion.png", PIEGE, FORMULE),
            Tableau("essai", PIEGE, tuple(entete(c.texte) for c in cellules), (tuple(cellules),), (FORMULE,)),
            Prose(en_html(PROSE), "Ce qu'en dit le CCAS"),
        )
    )


def _ecrire(format_, dossier):
    module, fonction = RENDUS[format_]
    return getattr(import_module(module), fonction)(_blocs(), f"Portrait · {PIEGE}", dossier / f"p.{format_}")


class _Balises(HTMLParser):
    """Relire une page comme un navigateur : ses balises, leurs attributs, ce qu'elles iraient chercher."""

    def __init__(self, page):
        super().__init__()
        self.balises, self.attributs, self.adresses, self.mots = set(), set(), set(), ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.balises.add(tag)
        self.attributs |= {nom for nom, _ in attrs}
        self.adresses |= {v for n, v in attrs if n in ("src", "href", "action", "data", "srcset") and v}

    def handle_data(self, data):
        self.mots += data


def test_la_page_montre_les_mots_et_n_a_ni_script_ni_ressource_du_dehors(tmp_path):
    page = _Balises(_ecrire("html", tmp_path).read_text(encoding="utf-8"))
    assert page.mots.count(PIEGE) >= 6
    assert page.mots.count(FORMULE) >= 6
    assert not page.balises & {"script", "iframe", "object", "embed", "form", "base"}
    assert not [a for a in page.attributs if a.startswith("on")]
    dehors = {a for a in page.adresses if a != "data:," and not a.startswith(("#", "data:image/"))}
    assert dehors == LIENS


def _parties(chemin):
    with zipfile.ZipFile(chemin) as lu:
        return {n: lu.read(n) for n in lu.namelist()}


def _externes(parties):
    """Donner ce que les parties d'un document iraient chercher, ou suivraient."""
    cibles = set()
    for nom, contenu in parties.items():
        if nom.endswith(".rels"):
            cibles |= {
                e.get("Target") for e in etree.fromstring(contenu) if e.get("TargetMode") == "External"
            }
    return cibles


def _mots(contenu):
    return "".join(etree.fromstring(contenu).itertext())


def test_word_garde_les_mots_sans_champ_ni_lien_que_ceux_de_l_analyste(tmp_path):
    parties = _parties(_ecrire("docx", tmp_path))
    assert _externes(parties) == LIENS
    document = parties["word/document.xml"]
    assert _mots(document).count(PIEGE) >= 6
    champs = re.findall(rb"<w:instrText[^>]*>([^<]*)<", document)
    assert {c.split()[0] for c in champs} <= {b"TOC", b"PAGEREF", b"SEQ", b"REF", b"PAGE", b"NUMPAGES"}
    assert not [n for n, c in parties.items() if not n.endswith(".png") and EXECUTE.search(c)]


@pytest.mark.bureautique
@pytest.mark.parametrize("avec_libreoffice", [True, False])
def test_l_odt_garde_les_mots_sans_formule_ni_script(avec_libreoffice, tmp_path, monkeypatch):
    if not avec_libreoffice:
        monkeypatch.setattr("carnets.documents.word.odt.LIBREOFFICE", ())
    elif shutil.which("soffice") is None:
        if os.environ.get("ABS_EXIGER_BUREAUTIQUE"):
            pytest.fail("LibreOffice est exigé et n'est pas installé.")
        pytest.skip("LibreOffice n'est pas installé : conversion passée.")
    parties = _parties(_ecrire("odt", tmp_path))
    contenu = parties["content.xml"]
    mots = _mots(contenu)
    assert mots.count(PIEGE) >= 6
    assert all(d in mots for d in (FORMULE, *DEBUTS))
    assert b"table:formula" not in contenu
    assert b"<script" not in contenu
    assert b"event-listener" not in contenu
    dehors = re.findall(rb'xlink:href="((?:https?|ftp|file|javascript|//)[^"]*)"', contenu)
    assert {a.decode() for a in dehors} == LIENS
    assert not [n for n in parties if n.startswith(("Basic/", "Scripts/"))]


def test_le_pdf_n_execute_rien_et_ne_suit_que_le_lien_de_l_analyste(tmp_path):
    chemin = _ecrire("pdf", tmp_path)
    adresses = set()
    with pikepdf.open(chemin) as lu:
        assert not {"/OpenAction", "/AA"} & set(lu.Root.keys())
        assert "/Names" not in lu.Root or "/JavaScript" not in lu.Root.Names
        for page in lu.pages:
            for note in page.get("/Annots", ()):
                action = note.get("/A", {})
                assert action.get("/S", "/URI") in ("/URI", "/GoTo")
                adresses |= {str(action["/URI"])} if "/URI" in action else set()
        titre = str(lu.docinfo["/Title"])
    assert adresses == LIENS
    assert PIEGE in titre


def test_les_diapositives_gardent_les_mots_et_leurs_classeurs_n_ont_pas_de_formule(tmp_path):
    parties = _parties(_ecrire("pptx", tmp_path))
    assert not {c for c in _externes(parties) if c.startswith(("http", "file"))}
    mots = "".join(_mots(c) for n, c in parties.items() if re.match(r"ppt/slides/slide\d+\.xml", n))
    assert mots.count(PIEGE) >= 4
    classeurs = [zipfile.ZipFile(io.BytesIO(c)) for n, c in parties.items() if n.endswith(".xlsx")]
    assert classeurs
    for classeur in classeurs:
        assert not [n for n in classeur.namelist() if b"<f>" in classeur.read(n)]
    assert not [n for n, c in parties.items() if n.endswith((".xml", ".rels")) and EXECUTE.search(c)]


def test_une_infographie_est_un_dessin_sans_lien_et_ses_legendes_n_ont_pas_de_formule(tmp_path):
    ecrits = ecrire_infographies(_blocs(), PIEGE, tmp_path)
    dessins = [e.read_bytes() for e in ecrits if e.suffix == ".svg"]
    assert len(dessins) == 3
    for dessin in dessins:
        racine = etree.fromstring(dessin)
        assert not [
            e for e in racine.iter() if etree.QName(e).localname in ("script", "image", "a", "foreignObject")
        ]
        assert not [a for e in racine.iter() for a in e.attrib if etree.QName(a).localname.startswith("on")]
        assert PIEGE in "".join(racine.itertext())
    lues = list(csv.reader((tmp_path / "legendes.csv").read_text("utf-8-sig").splitlines(), delimiter=";"))
    assert not [c for ligne in lues for c in ligne if c.startswith(("=", "+", "-", "@"))]


def test_une_cellule_du_csv_des_evolutions_n_est_jamais_une_formule(tmp_path):
    releve = Releve(Territoire("99001", "commune", PIEGE, None, ("99001",)), 2016, 2022)
    for nom in (FORMULE, *DEBUTS, PIEGE):
        ligne = Evolution("taux_chomage_rp", "rp_activite", 2016, 2022, "99001", nom, "commune",
                          Mesure(12.0), Mesure(11.0), ecart=-1.0, marge=math.nan, verdict=Verdict.SANS_MARGE)  # fmt: skip
        releve.totaux.setdefault("taux_chomage_rp", []).append(ligne)
    chemin = ecrire_evolutions(releve, tmp_path)
    lignes = list(csv.DictReader(chemin.read_text("utf-8-sig").splitlines(), delimiter=";"))
    assert [li["nom"] for li in lignes] == [f"'{d}" for d in (FORMULE, *DEBUTS)] + [PIEGE]
    # Un nombre négatif, lui, reste un nombre.
    assert {li["ecart"] for li in lignes} == {"-1,0"}
