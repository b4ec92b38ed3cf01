"""Les euros constants : la table des prix, sa cohérence, et le refus d'une année qui n'y est pas."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abs.prix import en_euros_de, indices_des_prix
from donnees_insee.erreurs import DonneeAbsente

# Hausses annuelles moyennes que l'Insee a publiées, arrondies au dixième.
HAUSSES = {2011: 2.1, 2012: 2.0, 2013: 0.9, 2014: 0.5, 2015: 0.0, 2016: 0.2, 2017: 1.0, 2018: 1.8, 2019: 1.1}


def test_les_indices_redonnent_les_hausses_publiees() -> None:
    tenus = indices_des_prix()
    for avant, apres in itertools.pairwise(sorted(tenus)):
        assert apres == avant + 1
        hausse = 100 * (tenus[apres].indice / tenus[avant].indice - 1)
        assert round(hausse, 1) == pytest.approx(HAUSSES[apres], abs=1e-9)


def test_un_montant_de_2012_en_euros_de_2017() -> None:
    assert en_euros_de(20_000, 2012, 2017) == pytest.approx(20_000 * 101.23 / 98.61)


@given(st.floats(1, 1e6), st.sampled_from([2010, 2014, 2019]), st.sampled_from([2011, 2016, 2018]))
def test_l_aller_et_retour_rend_le_montant(montant: float, de: int, a: int) -> None:
    assert en_euros_de(en_euros_de(montant, de, a), a, de) == pytest.approx(montant)


def test_une_annee_absente_est_refusee() -> None:
    with pytest.raises(DonneeAbsente, match=r"2035.*reference/prix\.csv"):
        en_euros_de(20_000, 2016, 2035)
