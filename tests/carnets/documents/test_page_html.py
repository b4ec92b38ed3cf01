"""Du carnet au corps HTML : les fragments bout à bout valent ce que nbconvert rendrait ; le reste passe par lui."""

from __future__ import annotations

import nbformat
import pytest
from bs4 import BeautifulSoup

from carnets.documents.fragments import _par_nbconvert, corps_du_carnet


def _cellule(*fragments: str, etiquette: str = "") -> nbformat.NotebookNode:
    cellule = nbformat.v4.new_code_cell("calculer()")
    cellule.outputs = [
        nbformat.v4.new_output("display_data", {"text/html": f, "text/plain": "texte"}) for f in fragments
    ]
    cellule.metadata["tags"] = [etiquette] if etiquette else []
    return cellule


@pytest.fixture
def ecrire(tmp_path):
    def ecrire(*cellules: nbformat.NotebookNode):
        chemin = tmp_path / "carnet.ipynb"
        nbformat.write(nbformat.v4.new_notebook(cells=list(cellules)), chemin)
        return chemin

    return ecrire


def _arbre(corps: str) -> list[tuple[str, str]]:
    balises = BeautifulSoup(corps, "html.parser").find_all(lambda balise: balise.name != "div")
    return [(b.name, str(sorted(b.attrs.items())) + b.get_text()) for b in balises]


def test_les_fragments_valent_ce_que_nbconvert_rend(ecrire) -> None:
    fragments = (
        "<h2>Emploi &amp; revenus</h2>\n<p>Élèves d'ici : 12\u00a0%</p>",
        '<figure><img src="data:image/png;base64,AA==" alt="Carte"></figure>',
    )
    carnet = ecrire(_cellule(*fragments), _cellule("<p>service</p>", etiquette="exports"), _cellule())
    corps = corps_du_carnet(carnet)
    assert _arbre(corps) == _arbre(_par_nbconvert(carnet))
    assert "Élèves d'ici" in corps
    assert "service" not in corps


@pytest.mark.parametrize(
    "ajout",
    [
        nbformat.v4.new_markdown_cell("Un mot de **l'analyste**"),
        nbformat.v4.new_code_cell(
            "print()", outputs=[nbformat.v4.new_output("stream", text="Un mot de l'analyste")]
        ),
    ],
    ids=["texte", "impression"],
)
def test_ce_que_l_analyste_ajoute_est_rendu(ecrire, ajout) -> None:
    corps = corps_du_carnet(ecrire(_cellule("<p>livré</p>"), ajout))
    assert "analyste" in corps
    assert "<p>livré</p>" in corps


def test_les_cellules_de_service_restent_cachees(ecrire) -> None:
    notice = nbformat.v4.new_markdown_cell("mode d'emploi", metadata={"tags": ["notice"]})
    assert "mode d'emploi" not in corps_du_carnet(ecrire(notice, _cellule("<p>livré</p>")))
