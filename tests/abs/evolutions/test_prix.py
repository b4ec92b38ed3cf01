"""Les euros constants : la table des prix, sa cohérence, et le refus d'une année qui n'y est pas."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abs.evolutions.evolutions import en_euros_de, indices_des_prix, indices_tenus
from donnees_insee.base.base import Base
from donnees_insee.depot.depot import deposer
from donnees_insee.erreurs import DonneeAbsente, TableNonConforme

if TYPE_CHECKING:
    from pathlib import Path

# Hausses annuelles moyennes que l'Insee a publiées, arrondies au dixième.
HAUSSES = {
    2011: 2.1,
    2012: 2.0,
    2013: 0.9,
    2014: 0.5,
    2015: 0.0,
    2016: 0.2,
    2017: 1.0,
    2018: 1.8,
    2019: 1.1,
    2020: 0.5,
    2021: 1.6,
    2022: 5.2,
    2023: 4.9,
    2024: 2.0,
}


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


def base_avec(dossier: Path, lignes: str) -> Base:
    fichier = dossier / "prix_2025.csv"
    fichier.write_text(f"annee;indice\n{lignes}", encoding="utf-8")
    base = Base(dossier / "donnees")
    deposer(base, [fichier])
    return base


def test_un_indice_depose_dans_une_autre_base_prolonge_la_table(tmp_path: Path) -> None:
    # 100 en 2025 : 2023 et 2024 raccordent la série à 100 en 2015.
    tenus = indices_tenus(base_avec(tmp_path, "2023;97,16\n2024;99,10\n2025;100\n"))
    assert tenus[2025].indice == pytest.approx(119.82 / 0.9910, abs=0.05)
    assert tenus[2019] == indices_des_prix()[2019]
    assert en_euros_de(100, 2024, 2025, tenus) == pytest.approx(100 / 0.9910, abs=0.1)


@pytest.mark.parametrize("lignes", ["2030;100\n", "2015;100\n2019;120\n"])
def test_un_indice_depose_qui_ne_se_raccorde_pas_est_refuse(tmp_path: Path, lignes: str) -> None:
    with pytest.raises(TableNonConforme, match="ne se raccorde pas"):
        indices_tenus(base_avec(tmp_path, lignes))
