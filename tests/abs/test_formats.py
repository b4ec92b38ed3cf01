"""L'écriture des nombres : un seul arrondi, la moitié vers le haut, les espaces françaises."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abs.formats import arrondir, avec_unite, nombre

FINE, INSECABLE = "\u202f", "\u00a0"


@pytest.mark.parametrize(
    ("valeur", "decimales", "attendu"),
    [
        (0.145, 2, "0.15"),
        (2.5, 0, "3"),
        (0.5, 0, "1"),
        (1.005, 2, "1.01"),
        (16.47, 0, "16"),
        (2.675, 2, "2.68"),
        (20394.0, -1, "20390"),
        (20395.0, -1, "20400"),
        (20350.0, -2, "20400"),
        (99.95, 1, "100.0"),
    ],
)
def test_l_arrondi_suit_l_ecriture_decimale_la_moitie_vers_le_haut(
    valeur: float, decimales: int, attendu: str
) -> None:
    assert arrondir(valeur, decimales) == Decimal(attendu)


@given(st.floats(-1e9, 1e9), st.integers(-2, 3))
def test_l_arrondi_reste_a_moins_d_un_demi_pas(valeur: float, decimales: int) -> None:
    pas = Decimal(1).scaleb(-decimales)
    rendu = arrondir(valeur, decimales)
    assert abs(rendu - Decimal(repr(valeur))) <= pas / 2
    assert rendu % pas == 0


def test_les_milliers_sont_separes_par_une_espace_fine_et_la_virgule_est_decimale() -> None:
    assert nombre(1234567.84, 1) == f"1{FINE}234{FINE}567,8"
    assert nombre(146734) == f"146{FINE}734"


def test_les_decimales_demandees_sont_toujours_ecrites() -> None:
    assert nombre(22, 1) == "22,0"
    assert nombre(20394, -1) == f"20{FINE}390"


@pytest.mark.parametrize("absent", [None, float("nan")])
def test_une_absence_s_ecrit_par_un_tiret_sans_unite(absent: float | None) -> None:
    assert nombre(absent) == "–"
    assert avec_unite(absent, "%", 1) == "–"


def test_un_zero_s_ecrit_zero_et_non_un_tiret() -> None:
    assert avec_unite(0.0, "%", 1) == f"0,0{INSECABLE}%"


def test_l_unite_suit_une_espace_insecable_et_manque_quand_elle_est_vide() -> None:
    assert avec_unite(22.24, "%", 1) == f"22,2{INSECABLE}%"
    assert avec_unite(18480, "€", -1) == f"18{FINE}480{INSECABLE}€"
    assert avec_unite(0.9548, "", 1) == "1,0"
