"""Ce que l'analyste a écrit dans Word ou LibreOffice revient dans ses textes, et ce qui n'a pas pu revenir est dit."""

import json
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abs.phrases.citations import remplacer
from carnets.prose.documents_rapportes import rapporter
from carnets.prose.paragraphes import (
    CITATION,
    NUMERO,
    PUCE,
    SIMPLE,
    Morceau,
    Paragraphe,
    ligne,
    paragraphes_du_markdown,
)
from carnets.prose.retour import revenir
from carnets.reprise import empreinte
from donnees_insee.erreurs import FichierIllisible, ParametreInvalide

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
SOURCE = """Le chômage touche **{{ taux_chomage_rp }}** des actifs, contre {{taux_chomage_rp|departement}} ailleurs.

* une _permanence_
* un forum, [le site](https://exemple.fr/a?b=1&c=2)

Fin."""
CITES = {"taux_chomage_rp": "15,3\u00a0%", "taux_chomage_rp | departement": "13,3\u00a0%"}
NUMEROS = """<w:numbering {w}>
<w:abstractNum w:abstractNumId="4"><w:lvl w:ilvl="0"><w:numFmt w:val="bullet"/></w:lvl></w:abstractNum>
<w:num w:numId="7"><w:abstractNumId w:val="4"/></w:num></w:numbering>"""
STYLES = """<w:styles {w}>
<w:style w:type="paragraph" w:styleId="Prose"><w:name w:val="Prose"/><w:rPr><w:i/></w:rPr></w:style>
<w:style w:type="character" w:styleId="Fort"><w:name w:val="Strong"/><w:rPr><w:b/></w:rPr></w:style></w:styles>"""
LIENS = """<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId9"
 Target="https://exemple.fr/a?b=1&amp;c=2" TargetMode="External" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink"/></Relationships>"""
PUCE_WORD = '<w:numPr><w:ilvl w:val="0"/><w:numId w:val="7"/></w:numPr>'


def r(texte, proprietes=""):
    return f'<w:r w:rsidR="00A1"><w:rPr>{proprietes}</w:rPr><w:t xml:space="preserve">{texte}</w:t></w:r>'


def p(*contenu, proprietes=""):
    return f'<w:p w:rsidR="00B2"><w:pPr><w:pStyle w:val="Prose"/>{proprietes}</w:pPr>{"".join(contenu)}</w:p>'


def signet(nom, numero):
    return f'<w:bookmarkStart w:id="{numero}" w:name="abs_{nom}"/><w:bookmarkEnd w:id="{numero}"/>'


DEBUT, FIN = signet("debut_emploi", 1), signet("fin_emploi", 2)
# Un chiffre coupé en trois, des fautes soulignées, une forme donnée par un style de caractère.
PREMIER = p(
    r("Le chômage "), '<w:proofErr w:type="spellStart"/>', r("tou"), r("che "), '<w:proofErr w:type="spellEnd"/>',
    r("15", '<w:rStyle w:val="Fort"/>'), r(",3", "<w:b/>"), r("\u00a0%", '<w:b w:val="1"/>'), r(" des actifs, contre 13,"),
    r("3\u00a0%", '<w:b w:val="0"/>'), r(" ailleurs."),
)  # fmt: skip
LISTE = p(r("une "), r("permanence", "<w:i/>"), proprietes=PUCE_WORD) + p(
    r("un forum, "), f'<w:hyperlink r:id="rId9">{r("le site", "<w:u/>")}</w:hyperlink>', proprietes=PUCE_WORD
)
DERNIER = p(r("Fin."))
AUTRE = p(r("Les phrases de l'outil.")).replace("Prose", "Corps")


def ecrire_docx(chemin, corps):
    with zipfile.ZipFile(chemin, "w") as archive:
        archive.writestr(
            "word/document.xml", f"<w:document {W}><w:body>{AUTRE}{corps}{AUTRE}</w:body></w:document>"
        )
        archive.writestr("word/numbering.xml", NUMEROS.format(w=W))
        archive.writestr("word/styles.xml", STYLES.format(w=W))
        archive.writestr("word/_rels/document.xml.rels", LIENS)
    return chemin


@pytest.fixture
def livraison(tmp_path):
    """Un portrait livré : son carnet, et le texte qu'il tenait."""
    dossier, tenus = tmp_path / "sorties" / "portrait-x-1-2016", tmp_path / "sorties" / "textes" / "34172"
    dossier.mkdir(parents=True)
    tenus.mkdir(parents=True)
    (tenus / "emploi.md").write_text(SOURCE, encoding="utf-8")
    cellule = {
        "cell_type": "markdown",
        "id": "texte-emploi",
        "source": f"**Ce qu'en dit le CCAS**\n\n{SOURCE}",
        "metadata": {"tags": ["prose"], "abs": {"cites": CITES, "texte": empreinte(SOURCE)}},
    }
    titre = {"cell_type": "markdown", "id": "t", "metadata": {}}
    titre |= {"source": "## Emploi et formation"}
    ajoutee = {"cell_type": "markdown", "id": "a", "metadata": {}, "source": "Nos permanences."}
    carnet = {
        "cells": [titre, cellule, ajoutee],
        "metadata": {"papermill": {"parameters": {"territoire": "34172"}}},
    }
    (dossier / "carnet.ipynb").write_text(json.dumps(carnet), encoding="utf-8")
    return dossier


def texte(livraison):
    return (livraison.parent / "textes" / "34172" / "emploi.md").read_text(encoding="utf-8").strip()


def reprise(livraison, corps):
    return rapporter(ecrire_docx(livraison / "portrait.docx", corps))


@pytest.mark.parametrize(
    "corps",
    [
        DEBUT + PREMIER + LISTE + DERNIER + FIN,
        # Les signets au bord intérieur du premier et du dernier paragraphe, comme LibreOffice les enregistre.
        PREMIER.replace("</w:pPr>", f"</w:pPr>{DEBUT}", 1)
        + LISTE
        + DERNIER.replace("</w:p>", f"{FIN}</w:p>"),
        # Une révision acceptée n'est plus que du texte ; une table de contrôle entoure le bloc.
        f"<w:sdt><w:sdtContent>{DEBUT}{PREMIER}{LISTE}{DERNIER}{FIN}</w:sdtContent></w:sdt>",
    ],
)
def test_un_document_enregistre_sans_rien_changer_ne_change_rien(livraison, corps):
    retour = reprise(livraison, corps)
    assert (retour.repris, retour.dits) == ([], [])
    assert texte(livraison) == SOURCE


def test_une_phrase_changee_garde_ses_citations_et_le_reste_son_ecriture(livraison):
    loin = PREMIER.replace("ailleurs", "au loin &lt;b&gt;")
    retour = reprise(livraison, DEBUT + loin + LISTE + DERNIER + FIN)
    assert retour.repris == ["emploi"]
    change = SOURCE.replace(
        "{{taux_chomage_rp|departement}} ailleurs", r"{{ taux_chomage_rp | departement }} au loin \<b>"
    )
    assert texte(livraison) == change


def test_un_chiffre_retape_l_emporte_et_c_est_dit(livraison):
    retour = reprise(livraison, DEBUT + PREMIER.replace(">15<", ">115<") + LISTE + DERNIER + FIN)
    assert "**115,3\u00a0%** des actifs, contre {{ taux_chomage_rp | departement }}" in texte(livraison)
    assert [d for d in retour.dits if "{{ taux_chomage_rp }}" in d and "l'emporte" in d]


def test_un_paragraphe_ajoute_revient_dans_ou_juste_apres_le_bloc(livraison):
    ajout = p(r("Un accueil "), r("le mardi", "<w:b/>"), r(", {{ population }} habitants."))
    retour = reprise(livraison, DEBUT + PREMIER + ajout + LISTE + DERNIER + FIN + p(r("Après la fin.")))
    assert texte(livraison) == SOURCE.replace(
        "\n\n*", "\n\nUn accueil **le mardi**, {{ population }} habitants.\n\n*", 1
    ).replace("Fin.", "Fin.\n\nAprès la fin.")
    assert [d for d in retour.dits if "« Après la fin. »" in d]


def test_les_revisions_en_attente_sont_prises_ou_otees_et_dites(livraison):
    dernier = p(
        f'<w:ins w:id="3" w:author="A">{r("Enfin")}</w:ins>',
        '<w:del w:id="4" w:author="A"><w:r><w:delText>Fin</w:delText></w:r></w:del>',
        r("."),
    )
    fondu = '<w:rPr><w:del w:id="5" w:author="A"/></w:rPr>'
    coupe = p(r("Une phrase "), proprietes=fondu) + p(r("en deux."))
    retour = reprise(livraison, DEBUT + PREMIER + LISTE + coupe + dernier + FIN)
    assert texte(livraison).endswith("\n\nUne phrase en deux.\n\nEnfin.")
    assert ["1 insertion" in "".join(retour.dits), "1 suppression" in "".join(retour.dits)] == [True, True]


@pytest.mark.parametrize(
    ("corps", "dit"),
    [
        (DEBUT + PREMIER + LISTE + DERNIER, "le signet de fin du texte a été supprimé"),
        (PREMIER + LISTE + DERNIER + FIN, "finit par « Fin. »"),
        (PREMIER + LISTE + DERNIER, "n'a plus ses signets"),
        (DEBUT + FIN, "a été effacé"),
        (DEBUT + PREMIER + LISTE + p("<w:r><w:drawing/></w:r>", r("Fin.")) + FIN, "1 image(s)"),
        (DEBUT + PREMIER + FIN.replace("emploi", "lune") + LISTE + DERNIER + FIN, "lune : le carnet livré"),
    ],
)
def test_rien_ne_se_perd_en_silence(livraison, corps, dit):
    retour = reprise(livraison, corps)
    assert dit in "\n".join(retour.dits)
    assert (texte(livraison) == SOURCE) == ("effacé" not in dit)


def test_un_texte_change_aussi_dans_le_dossier_n_est_pas_ecrase(livraison):
    tenu = livraison.parent / "textes" / "34172" / "emploi.md"
    tenu.write_text("Changé ici.", encoding="utf-8")
    retour = reprise(livraison, DEBUT + p(r("Changé là.")) + FIN)
    assert "à la fois" in "".join(retour.dits)
    assert texte(livraison) == "Changé ici."


@pytest.mark.parametrize(
    ("nom", "contenu", "erreur", "dit"),
    [
        ("x.pdf", b"", ParametreInvalide, "on attend un document .docx ou .odt"),
        ("x.docx", b"PK rien", FichierIllisible, "ne se lit pas"),
        ("seul/x.docx", b"", ParametreInvalide, "n'est pas à côté de lui"),
    ],
)
def test_un_document_qui_ne_se_reprend_pas_est_refuse_en_une_phrase(livraison, nom, contenu, erreur, dit):
    fichier = livraison / nom
    fichier.parent.mkdir(exist_ok=True)
    fichier.write_bytes(contenu)
    with pytest.raises(erreur, match=dit):
        rapporter(fichier)


MORCEAUX = st.builds(
    Morceau,
    st.text(alphabet="ab 1.-#>=*_|\\[]<`~()&;\n", min_size=1, max_size=8),
    st.booleans(),
    st.booleans(),
    st.sampled_from(["", "https://exemple.fr/a"]),
)


@given(st.lists(MORCEAUX, max_size=5), st.sampled_from([SIMPLE, PUCE, NUMERO, CITATION]))
def test_ce_qui_est_ecrit_en_markdown_se_relit_a_l_identique(morceaux, genre):
    def lisible(suite):
        return [(c, m.forme) for m in suite for c in m.texte if not c.isspace()]

    ecrit = Paragraphe(genre, 0, morceaux)
    relus = paragraphes_du_markdown(ligne(ecrit))
    assert [(q.genre, lisible(q.morceaux)) for q in relus] == [(genre, lisible(morceaux))] * (not ecrit.vide)


@given(st.permutations(SOURCE.split("\n\n")), st.integers(0, 3))
def test_deplacer_ou_oter_des_paragraphes_ne_change_pas_leur_ecriture(blocs, gardes):
    voulu = "\n\n".join(blocs[:gardes])
    revenu = revenir(SOURCE, CITES, paragraphes_du_markdown(remplacer(voulu, CITES)))
    assert [("{{" in b) for b in revenu.texte.split("\n\n")] == [("{{" in b) for b in voulu.split("\n\n")]
    assert bool(revenu.perdues) == ("{{" not in voulu)
