"""Comparer des chiffres : l'absence n'est jamais zéro, un arrondi affiché reste dans son pas."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from abs.calcul.difference import Bilan, comparer_tables, lisible, memes, refaire_rapport, reference_de
from abs.calcul.table_longue import COLONNES
from abs.formats import nombre

finis = st.floats(allow_nan=False, allow_infinity=False, width=64)


def table(*valeurs: float, **champs: object) -> pd.DataFrame:
    lignes = [
        dict.fromkeys(COLONNES, "") | {"territoire": f"{k:05d}", "millesime": 2016, "valeur": v} | champs
        for k, v in enumerate(valeurs)
    ]
    return pd.DataFrame(lignes, columns=list(COLONNES))


@given(finis)
def test_un_nombre_n_est_jamais_une_absence(valeur: float) -> None:
    assert memes(valeur, valeur)
    for absence in (None, math.nan, pd.NA, ""):
        assert memes(absence, None)
        assert not memes(valeur, absence)
        assert not memes(absence, valeur)


@given(st.floats(0.001, 1e9), st.floats(1e-6, 1))
def test_un_ecart_visible_est_pris(valeur: float, part: float) -> None:
    assert not memes(valeur, valeur * (1 + part))


@given(st.floats(-1e7, 1e7), st.integers(0, 3))
def test_un_arrondi_bien_ecrit_est_lisible_et_un_autre_ne_l_est_pas(valeur: float, decimales: int) -> None:
    assert lisible(f"{nombre(valeur, decimales)} %*", valeur)
    assert not lisible(f"{nombre(valeur + 3 * 10.0**-decimales, decimales)} %", valeur)


@pytest.mark.parametrize("texte", ["nc", "", "secret", "–"])
def test_un_mot_n_est_pas_un_nombre(texte: str) -> None:
    assert not lisible(texte, 0.0)


def test_des_euros_arrondis_a_la_centaine_restent_lisibles() -> None:
    assert lisible("17 800 €", 17_812.0, arrondi_a=100)
    assert not lisible("17 900 €", 17_812.0, arrondi_a=100)


def test_une_ligne_de_trop_une_de_moins_une_repetee_sont_des_ecarts() -> None:
    juste = table(1.0, 2.0)
    assert comparer_tables("d", juste, juste).egaux == 2
    assert [e.trouve for e in comparer_tables("d", juste, table(1.0)).ecarts] == ["aucune ligne"]
    assert [e.attendu for e in comparer_tables("d", table(1.0), juste).ecarts] == ["aucune ligne"]
    assert [e.trouve for e in comparer_tables("d", table(1.0), pd.concat([table(1.0)] * 2)).ecarts] == [
        "2 lignes"
    ]


def test_une_ligne_excusee_n_est_ni_egale_ni_differente() -> None:
    fausse = table(1.0)
    excuses = {reference_de(fausse.iloc[0].to_dict()): "fichier absent"}
    bilan = comparer_tables("d", table(9.0), fausse, excuses)
    assert (bilan.egaux, bilan.ecarts, dict(bilan.non_verifiables)) == (0, [], {"fichier absent": 1})


def test_deux_champs_faux_d_une_ligne_ne_comptent_qu_une_ligne() -> None:
    bilan = comparer_tables("d", table(1.0), table(2.0, statut="secret"))
    assert {e.cellule for e in bilan.ecarts} == {"valeur", "statut"}
    assert bilan.egaux == 0


def test_un_rapport_sans_toutes_ses_cellules_n_est_pas_refait() -> None:
    assert refaire_rapport("A", "B", 100, {"A": 1.0, "B": 4.0}) == (25.0, 1.0, 4.0)
    assert refaire_rapport("A", "B", 100, {"A": 1.0}) is None
    assert refaire_rapport("A", "B", 100, {"A": 1.0, "B": 0.0}) is None


def test_un_ecart_s_ecrit_en_une_phrase() -> None:
    bilan = Bilan("t.xlsx")
    bilan.comparer("F!C7", "34172|commune", 12.5, None)
    assert bilan.ecarts[0].phrase() == "t.xlsx, F!C7 (34172|commune) : attendu 12,5, trouvé rien"
