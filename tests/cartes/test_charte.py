"""La charte : une seule source des couleurs, que la feuille de style de l'atlas ne contredit pas."""

from __future__ import annotations

from importlib import resources

from abs.statuts import SANS_VALEUR
from cartes.charte import COULEURS, ETATS, POLICE


def test_chaque_statut_sans_valeur_a_son_apparence() -> None:
    assert set(ETATS) == {"zero", *SANS_VALEUR}


def test_la_page_de_l_atlas_suit_la_charte() -> None:
    styles = resources.files("cartes.ecran").joinpath("atlas.css").read_text(encoding="utf-8")
    assert f'"{POLICE}", ' in styles
    assert f"color: {COULEURS['encre']}" in styles
    assert f"color: {COULEURS['mention']}" in styles
