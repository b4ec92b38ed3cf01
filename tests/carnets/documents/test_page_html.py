"""Du carnet exécuté aux blocs du document : les nôtres tels quels, ceux de l'analyste à leur place."""

from __future__ import annotations

import base64
import json

import nbformat
import pandas as pd
import pytest

from abs.blocs.blocs import CarteInteractive, Image, Note, Titre
from carnets.documents.carnet_lu import blocs_du_carnet, texte_saisi
from carnets.documents.montre import Montre
from carnets.documents.rendu import ecrire_html, rendre_blocs, sommaire
from carnets.moteur import chemin_du_carnet

PIXEL = base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()


def _code(*affiches: object, etiquette: str = "") -> nbformat.NotebookNode:
    """Une cellule qui a montré ces objets comme Jupyter les montre."""
    cellule = nbformat.v4.new_code_cell("montrer()")
    for affiche in affiches:
        donnees = affiche if isinstance(affiche, dict) else affiche._repr_mimebundle_()
        cellule.outputs.append(nbformat.v4.new_output("display_data", json.loads(json.dumps(donnees))))
    cellule.metadata["tags"] = [etiquette] if etiquette else []
    return cellule


def _texte(source: str, *etiquettes: str) -> nbformat.NotebookNode:
    return nbformat.v4.new_markdown_cell(source, metadata={"tags": list(etiquettes)})


@pytest.fixture
def lire(tmp_path):
    def lire(*cellules: nbformat.NotebookNode):
        chemin = tmp_path / "carnet.ipynb"
        nbformat.write(nbformat.v4.new_notebook(cells=list(cellules)), chemin)
        return blocs_du_carnet(chemin)

    return lire


def test_nos_blocs_sont_lus_tels_quels_et_une_image_n_est_gardee_qu_une_fois(lire) -> None:
    adresse = f"data:image/png;base64,{PIXEL}"
    montre = Montre([Note("Élèves d'ici : 12\u00a0% <b>"), Image(adresse, "Une carte", "Légende")])
    assert json.dumps(montre._repr_mimebundle_()).count(PIXEL) == 1
    lus = lire(_code(montre), _code(Montre([Note("service")]), etiquette="exports"))
    rendu = rendre_blocs(lus)
    assert "Élèves d&#39;ici : 12\u00a0% &lt;b&gt;" in rendu
    assert f'<img src="{adresse}" alt="Une carte">' in rendu
    assert "service" not in rendu


def test_la_carte_a_parcourir_est_dans_la_page(lire) -> None:
    lus = lire(
        _code(Montre([Titre("Carte à parcourir"), CarteInteractive("<p>carte</p>", "Carte interactive")]))
    )
    assert "srcdoc" in rendre_blocs(lus)


def test_ce_que_l_analyste_ajoute_entre_a_sa_place(lire) -> None:
    table = pd.DataFrame({"aides": [12]}, index=["Bois-Joli"])
    lus = lire(
        _code(Montre([Note("avant")])),
        _texte("## Nos permanences\n\nDeux **lieux**.\n\n| a | b |\n|---|---|\n| 1 | 2 |"),
        _code({"text/html": table._repr_html_(), "text/plain": "table"}),
        _code({"image/png": PIXEL, "text/plain": "<Figure>"}),
        _code(Montre([Note("après")])),
    )
    rendu = rendre_blocs(lus)
    places = [
        rendu.index(m)
        for m in ("avant", 'id="nos-permanences"', "<strong>lieux", "Bois-Joli", PIXEL, "après")
    ]
    assert places == sorted(places)
    assert "<style" not in rendu
    assert sommaire(lus, "portrait") == [("nos-permanences", "Nos permanences")]


def test_un_chapitre_vide_n_a_pas_de_titre_et_un_theme_garde_son_ancre(lire) -> None:
    lus = lire(
        _texte("## Quartiers prioritaires de la politique de la ville"),
        _code(Montre([])),
        _texte("## Logement"),
        _code(Montre([Note("dit")])),
    )
    assert [b.get("ancre") for b in lus] == ["logement", None]


@pytest.mark.parametrize("saisi", ["", "Les demandes **augmentent**."])
def test_le_texte_du_ccas_entre_s_il_est_ecrit(lire, saisi) -> None:
    source = f"**Ce qu'en dit le CCAS**\n\n<!-- Double-cliquez ici. -->\n{saisi}"
    assert texte_saisi(source) == saisi
    rendu = rendre_blocs(lire(_texte(source, "prose")))
    assert ("signature" in rendu) == bool(saisi)
    assert "Double-cliquez" not in rendu


def test_un_texte_tape_sur_la_ligne_de_l_invitation_n_est_pas_perdu() -> None:
    prose = next(c for c in nbformat.read(chemin_du_carnet(), 4).cells if c.id == "texte-emploi")
    assert texte_saisi(prose.source) == ""
    assert texte_saisi(f"{prose.source} La suite.") == "La suite."
    assert texte_saisi("Tout a été remplacé.") == "Tout a été remplacé."


def test_la_page_a_un_sommaire_de_ses_parties(lire, tmp_path) -> None:
    lus = lire(_code(Montre([Titre("Ville", 1), Titre("L'essentiel en bref", ancre="essentiel"), Note("x")])))
    page = ecrire_html(lus, "Portrait", tmp_path / "p.html").read_text(encoding="utf-8")
    assert '<a href="#essentiel">L&#39;essentiel</a>' in page
