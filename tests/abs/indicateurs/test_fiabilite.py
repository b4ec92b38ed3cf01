"""L'ordre de grandeur de l'incertitude : la formule refaite à la main, et les seuils qui en découlent."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abs.indicateurs.fiabilite import Appreciation, apprecier, degre, marge_de_sondage
from abs.indicateurs.indicateurs import indicateur
from abs.statuts import Fiabilite

GRANDE, PETITE = 48_000.0, 3_000.0


def juger(code: str = "part_hlm", rang: int = 0, **changements: Any) -> Appreciation:
    definition = indicateur(code)
    champs: dict[str, Any] = {
        "valeur": 25.0,
        "numerateur": 500.0,
        "denominateur": 2000.0,
        "population_commune": GRANDE,
        "notes_producteur": {},
    }
    return apprecier(definition, definition.lectures[rang], **{**champs, **changements})


def test_la_marge_est_celle_de_la_formule_calculee_a_la_main() -> None:
    # 1,96 × √(3 × 0,6 × 0,25 × 0,75 / (0,4 × 2 000)) = 1,96 × √(0,3375 / 800) = 4,02576…
    assert marge_de_sondage(0.25, 2000, 3) == pytest.approx(4.02576, abs=1e-5)
    # 1,96 × √(2 × 0,75 × 0,1 × 0,9 / (0,25 × 400)) = 1,96 × √(0,135 / 100) = 7,20150…
    assert marge_de_sondage(0.10, 400, 2, 0.25) == pytest.approx(7.20150, abs=1e-5)


@given(st.floats(0, 1), st.floats(1, 1e6), st.sampled_from([2.0, 3.0, 4.0]), st.sampled_from([0.25, 0.4]))
def test_la_marge_suit_sa_formule_partout(p: float, n: float, effet: float, taux: float) -> None:
    attendue = 100 * 1.96 * math.sqrt(effet * (1 - taux) / taux) * math.sqrt(p * (1 - p)) / math.sqrt(n)
    assert marge_de_sondage(p, n, effet, taux) == pytest.approx(attendue, rel=1e-9, abs=1e-12)


def test_la_marge_est_nulle_aux_bornes_et_la_meme_pour_le_complement() -> None:
    assert marge_de_sondage(0, 500, 3) == 0
    assert marge_de_sondage(1, 500, 3) == 0
    assert marge_de_sondage(0.2, 500, 3) == pytest.approx(marge_de_sondage(0.8, 500, 3))


@pytest.mark.parametrize(
    ("code", "effet"),
    [
        ("taux_chomage_rp", 2),
        ("taux_chomage_15_24", 2),
        ("taux_emploi", 4),
        ("part_cadres", 4),
        ("part_cadres_15_ans_plus", 4),
        ("part_proprietaires", 4),
        ("part_hlm", 4),
        ("part_etrangers", 4),
        ("part_immigres", 4),
        ("part_moins_25_ans", 3),
        ("part_sans_diplome", 3),
        ("part_familles_monoparentales", 3),
    ],
)
def test_l_effet_de_sondage_est_celui_de_la_famille(code: str, effet: float) -> None:
    attendue = 100 * 1.96 * math.sqrt(effet * 0.6 * 0.25 * 0.75 / (0.4 * 2000))
    assert juger(code).marge == pytest.approx(attendue, rel=1e-12)


@pytest.mark.parametrize(
    ("valeur", "marge", "attendu"),
    [
        (20.0, 3.0, Fiabilite.BONNE),
        (20.0, 3.001, Fiabilite.MOYENNE),
        (20.0, 6.0, Fiabilite.MOYENNE),
        (20.0, 6.001, Fiabilite.FRAGILE),
        (80.0, 6.0, Fiabilite.MOYENNE),
        (80.0, 6.001, Fiabilite.FRAGILE),
        (95.0, 1.4, Fiabilite.MOYENNE),
        (50.0, 15.0, Fiabilite.MOYENNE),
        (0.0, 0.0, Fiabilite.FRAGILE),
        (100.0, 0.0, Fiabilite.FRAGILE),
    ],
)
def test_le_degre_compare_la_marge_au_plus_petit_du_taux_et_de_son_complement(
    valeur: float, marge: float, attendu: Fiabilite
) -> None:
    assert degre(valeur, marge) == attendu


def test_un_numerateur_de_moins_de_vingt_est_fragile_sans_marge_ecrite() -> None:
    juge = juger(valeur=1.0, numerateur=19.99)
    assert juge.fiabilite == Fiabilite.FRAGILE
    assert juge.marge is None
    assert juger(valeur=50.0, numerateur=20.0, denominateur=4000.0).marge is not None


def test_un_denominateur_sous_son_minimum_est_fragile() -> None:
    minimum = indicateur("part_hlm").denominateur_minimum
    assert minimum == 50
    assert juger(valeur=60.0, numerateur=29.9, denominateur=minimum - 0.01).fiabilite == Fiabilite.FRAGILE
    assert juger(valeur=60.0, numerateur=30.0, denominateur=minimum).marge is not None


def test_sous_dix_mille_habitants_le_recensement_principal_n_a_pas_de_marge_et_le_dit() -> None:
    juge = juger(population_commune=9_999.0)
    assert juge.marge is None
    assert juge.fiabilite == Fiabilite.BONNE
    assert any("exhaustivement" in n for n in juge.notes)
    assert juger(population_commune=10_000.0).marge is not None


def test_sous_dix_mille_habitants_l_exploitation_complementaire_est_au_quart() -> None:
    attendue = 100 * 1.96 * math.sqrt(3 * 0.75 * 0.25 * 0.75 / (0.25 * 2000))
    assert juger("part_familles_monoparentales", population_commune=PETITE).marge == pytest.approx(attendue)


def test_une_population_inconnue_laisse_la_fiabilite_non_evaluee_et_le_dit() -> None:
    juge = juger(population_commune=None)
    assert juge == Appreciation(None, Fiabilite.NON_EVALUEE, juge.notes)
    assert any("inconnue" in n for n in juge.notes)


@pytest.mark.parametrize("label", ["2", "3", "4"])
def test_un_iris_de_label_prudent_perd_un_degre_pour_les_variables_complementaires(label: str) -> None:
    sans = juger("part_familles_monoparentales", denominateur=20_000.0, numerateur=5_000.0)
    avec = juger(
        "part_familles_monoparentales",
        denominateur=20_000.0,
        numerateur=5_000.0,
        notes_producteur={"LAB_IRIS": label},
    )
    assert sans.fiabilite == Fiabilite.BONNE
    assert avec.fiabilite == Fiabilite.MOYENNE
    assert avec.marge == sans.marge


@pytest.mark.parametrize(
    ("code", "label"),
    [("part_hlm", "2"), ("part_familles_monoparentales", "1"), ("part_familles_monoparentales", "5")],
)
def test_le_label_ne_change_rien_a_l_exploitation_principale_ni_aux_bons_labels(
    code: str, label: str
) -> None:
    grand = {"denominateur": 20_000.0, "numerateur": 5_000.0}
    assert juger(code, **grand, notes_producteur={"LAB_IRIS": label}) == juger(code, **grand)


@pytest.mark.parametrize(("incertitude", "marge"), [("1", 0.5), ("2", 1.0)])
def test_le_taux_de_pauvrete_arrondi_par_l_insee_a_la_marge_de_son_arrondi(
    incertitude: str, marge: float
) -> None:
    juge = juger(
        "taux_pauvrete_60",
        valeur=19.0,
        numerateur=None,
        denominateur=None,
        notes_producteur={"DISP_INCERT": incertitude},
    )
    assert juge.marge == marge
    assert juge.fiabilite in {Fiabilite.BONNE, Fiabilite.MOYENNE}


def test_l_incertitude_du_taux_de_pauvrete_ne_touche_pas_la_mediane() -> None:
    juge = juger(
        "niveau_vie_median",
        valeur=19_000.0,
        numerateur=None,
        denominateur=None,
        notes_producteur={"DISP_INCERT": "2"},
    )
    assert juge == Appreciation(None, Fiabilite.BONNE)


def test_une_note_de_precaution_de_filosofi_rend_fragile() -> None:
    for note in ("1", "2"):
        juge = juger(
            "niveau_vie_median",
            valeur=19_000.0,
            numerateur=None,
            denominateur=None,
            notes_producteur={"DISP_NOTE": note},
        )
        assert juge.fiabilite == Fiabilite.FRAGILE
    sans = juger(
        "niveau_vie_median",
        valeur=19_000.0,
        numerateur=None,
        denominateur=None,
        notes_producteur={"DISP_NOTE": "0"},
    )
    assert sans.fiabilite == Fiabilite.BONNE


def test_une_note_de_la_cnaf_baisse_la_fiabilite_et_se_lit() -> None:
    code = "part_familles_monoparentales_caf"
    assert juger(code).fiabilite == Fiabilite.BONNE
    juge = juger(code, notes_producteur={"NOTE_CNAF": "3"})
    assert juge.fiabilite == Fiabilite.MOYENNE
    assert "NOTE_CNAF = 3" in " ".join(juge.notes)
    assert juger(code, valeur=1.0, numerateur=19.0).fiabilite == Fiabilite.FRAGILE


def test_un_effectif_du_recensement_n_est_pas_evalue_celui_de_la_caf_est_bon() -> None:
    assert (
        juger("population", valeur=48_000.0, numerateur=None, denominateur=None).fiabilite
        == Fiabilite.NON_EVALUEE
    )
    assert (
        juger("allocataires", valeur=9_795.0, numerateur=None, denominateur=None).fiabilite == Fiabilite.BONNE
    )


def test_un_indice_du_recensement_n_a_pas_de_marge_en_points() -> None:
    juge = juger("indice_jeunesse", valeur=0.95, numerateur=11_000.0, denominateur=12_000.0)
    assert juge == Appreciation(None, Fiabilite.NON_EVALUEE)


def test_la_marge_d_une_valeur_hors_bornes_reste_calculable() -> None:
    # Des totaux arrondis par le producteur donnent parfois 100,2 % : la proportion est ramenée à 1.
    definition = replace(indicateur("part_hlm"), denominateur_minimum=0)
    juge = apprecier(
        definition, definition.lectures[0], valeur=100.2, numerateur=501.0, denominateur=500.0,
        population_commune=GRANDE, notes_producteur={},
    )  # fmt: skip
    assert juge.marge == 0
    assert juge.fiabilite == Fiabilite.FRAGILE


def test_les_bas_revenus_declares_arrondis_ont_aussi_la_marge_de_leur_arrondi() -> None:
    juge = juger(
        "taux_bas_revenus_declares",
        valeur=30.0,
        numerateur=None,
        denominateur=None,
        notes_producteur={"DEC_INCERT": "2"},
    )
    assert juge.marge == 1.0
