"""Les expressions des définitions : quatre opérations sur des variables, et l'absence qui se propage."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from abs.indicateurs.formules import formule
from donnees_insee.erreurs import IndicateurInconnu


def calculer(texte: str, **valeurs: list[float]) -> np.ndarray:
    return formule(texte).calculer({k: np.array(v, dtype=float) for k, v in valeurs.items()})


@pytest.mark.parametrize(
    "texte",
    [
        "",
        "   ",
        "A +",
        "A B",
        "A ** 2",
        "A // B",
        "A % B",
        "A @ B",
        "-A",
        "+A",
        "not A",
        "A < B",
        "A and B",
        "A if B else C",
        "(A, B)",
        "[A]",
        "A[0]",
        "A.real",
        "abs(A)",
        "__import__('os').system('true')",
        "(lambda: 1)()",
        "'texte'",
        "None",
        "A := 1",
        "A; B",
        "A\nB",
        "f'{A}'",
        "1j",
        "...",
        "*A",
        "await A",
    ],
)
def test_une_expression_qui_n_est_pas_une_somme_de_variables_est_refusee(texte: str) -> None:
    with pytest.raises(IndicateurInconnu, match="L'expression"):
        formule(texte)


def test_le_refus_cite_l_expression_et_ce_qui_ne_va_pas() -> None:
    with pytest.raises(IndicateurInconnu, match=r"« P_POP / max\(A, B\) » contient « max\(A, B\) »"):
        formule("P_POP / max(A, B)")


@pytest.mark.parametrize(
    ("texte", "attendu"),
    [
        ("A + B * C", 14.0),
        ("(A + B) * C", 20.0),
        ("A - B - C", -5.0),
        ("C / B / A", 4 / 3 / 2),
        ("100 * A / C", 50.0),
        ("1.5 * C", 6.0),
    ],
)
def test_les_quatre_operations_suivent_les_priorites_usuelles(texte: str, attendu: float) -> None:
    assert calculer(texte, A=[2], B=[3], C=[4]) == pytest.approx([attendu], abs=0, rel=1e-15)


def test_les_variables_sont_dites_une_fois_chacune_dans_l_ordre() -> None:
    assert formule("C_FAMMONO / (C_FAMMONO + C_COUPAENF)").variables == ("C_FAMMONO", "C_COUPAENF")


@pytest.mark.parametrize("texte", ["A + B", "A - B", "A * B", "A / B", "0 * A + B", "B / A"])
def test_une_variable_absente_rend_le_resultat_absent_meme_multipliee_par_zero(texte: str) -> None:
    resultat = calculer(texte, A=[np.nan, 1.0], B=[2.0, 2.0])
    assert np.isnan(resultat[0])
    assert np.isfinite(resultat[1])


def test_une_division_par_zero_donne_une_absence_jamais_un_infini() -> None:
    resultat = calculer("A / B", A=[0.0, 5.0, -5.0, 6.0], B=[0.0, 0.0, 0.0, 3.0])
    assert np.isnan(resultat[:3]).all()
    assert resultat[3] == 2.0


# Des comptes : zéro, ou au moins un millième d'habitant.
nombres = st.one_of(st.just(float("nan")), st.just(0.0), st.floats(1e-3, 1e6))


@given(st.lists(st.tuples(nombres, nombres, nombres), min_size=1, max_size=8))
def test_le_calcul_vectoriel_est_celui_de_chaque_ligne(lignes: list[tuple[float, float, float]]) -> None:
    a, b, c = (list(colonne) for colonne in zip(*lignes, strict=True))
    ensemble = calculer("(A - B) / (A + C)", A=a, B=b, C=c)
    for rang, (x, y, z) in enumerate(lignes):
        attendu = float("nan") if np.isnan([x, y, z]).any() or x + z == 0 else (x - y) / (x + z)
        assert ensemble[rang] == attendu or (np.isnan(ensemble[rang]) and not np.isfinite(attendu))
