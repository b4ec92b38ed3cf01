"""Les règles de comparaison : marge de l'écart, seuil pratique, reste de la commune, Bonferroni, rangs."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abs.calcul.table_longue import Chiffre
from abs.indicateurs.fiabilite import marge_de_sondage
from abs.indicateurs.indicateurs import indicateur
from abs.phrases.etendue import classables, extremes
from abs.phrases.significativite import Verdict, comparer, comparer_au_tout, elargissement, marge_de, reste
from abs.statuts import Fiabilite, Statut
from abs.territoires.territoires import Territoire

TAUX = indicateur("taux_chomage_rp")
MEDIANE = indicateur("niveau_vie_median")
RAPPORT = indicateur("rapport_interdecile")


def chiffre(valeur, marge=0.4, **autres):
    base = Chiffre("99001", "commune", "taux_chomage_rp", "rp_activite", Statut.CALCULE, 2022, valeur=valeur,
                   marge=marge, fiabilite=Fiabilite.BONNE, couverture=1.0)  # fmt: skip
    return replace(base, **autres)


def iris(rang, valeur, marge=0.1, type_iris="H", **autres):
    code = f"99001{rang:04d}"
    return Territoire(code, "iris", f"Iris {rang}", type_iris=type_iris), chiffre(
        valeur, marge, territoire=code, niveau="iris", **autres
    )


@pytest.mark.parametrize(
    ("a", "b", "attendu"),
    [
        ((15.0, 0.4), (13.0, 0.4), Verdict.PLUS),
        ((13.0, 0.4), (15.0, 0.4), Verdict.MOINS),
        ((14.9, 0.4), (13.0, 0.4), Verdict.COMPARABLE),
        ((15.0, 1.5), (13.0, 1.5), Verdict.DANS_LA_MARGE),
        ((14.0, 3.0), (13.0, 0.1), Verdict.DANS_LA_MARGE),
        ((15.1, 1.2), (13.0, 1.6), Verdict.PLUS),
        ((15.0, 1.2), (13.0, 1.6), Verdict.DANS_LA_MARGE),
    ],
)
def test_un_taux_differe_au_dela_de_la_marge_et_de_deux_points(a, b, attendu):
    assert comparer(TAUX, chiffre(*a), chiffre(*b)).verdict == attendu


@pytest.mark.parametrize(
    ("definition", "a", "b", "attendu"),
    [
        (MEDIANE, 20_600.0, 20_000.0, Verdict.PLUS),
        (MEDIANE, 20_590.0, 20_000.0, Verdict.COMPARABLE),
        (MEDIANE, 19_400.0, 20_000.0, Verdict.MOINS),
        (RAPPORT, 3.4, 3.2, Verdict.PLUS),
        (RAPPORT, 3.3, 3.2, Verdict.COMPARABLE),
    ],
)
def test_le_seuil_suit_la_nature(definition, a, b, attendu):
    assert comparer(definition, chiffre(a, math.nan), chiffre(b, math.nan)).verdict == attendu


@pytest.mark.parametrize(
    "autres",
    [
        {"fiabilite": Fiabilite.FRAGILE},
        {"fiabilite": Fiabilite.NON_EVALUEE},
        {"statut": Statut.ESTIME},
        {"statut": Statut.SECRET},
        {"millesime": 2016},
        {"definition": "autre série"},
        {"statut": Statut.PARTIEL, "couverture": math.nan},
    ],
)
def test_ce_qui_ne_s_evalue_pas_ne_se_compare_pas(autres):
    assert comparer(TAUX, chiffre(30.0, **autres), chiffre(10.0)).verdict == Verdict.NON_EVALUE


def test_un_partiel_se_compare_si_l_ecart_tient_quelle_que_soit_la_part_manquante():
    presque = {"statut": Statut.PARTIEL, "couverture": 0.96}
    assert comparer(TAUX, chiffre(30.0, **presque), chiffre(27.5)).verdict == Verdict.DANS_LA_MARGE
    assert comparer(TAUX, chiffre(30.0, **presque), chiffre(25.0)).verdict == Verdict.PLUS


def test_les_arrondis_de_la_caf_donnent_une_marge():
    caf = chiffre(40.0, math.nan, source="caf", numerateur=40.0, denominateur=100.0)
    assert marge_de(TAUX, caf) == pytest.approx(100 * 2 * math.sqrt(1.16) / 100)


def test_un_iris_est_compare_au_reste_de_sa_commune():
    commune = chiffre(20.0, 0.5, numerateur=200.0, denominateur=1000.0)
    partie = chiffre(30.0, 2.0, numerateur=120.0, denominateur=400.0, niveau="iris")
    autre = reste(TAUX, partie, commune)
    assert (autre.numerateur, autre.denominateur) == (80.0, 600.0)
    assert autre.valeur == pytest.approx(100 * 80 / 600)
    # La marge du reste est celle que donnerait le même plan de sondage.
    effet = 3.0
    exacte = replace(partie, marge=marge_de_sondage(0.3, 400, effet))
    assert reste(TAUX, exacte, commune).marge == pytest.approx(marge_de_sondage(80 / 600, 600, effet))
    assert comparer_au_tout(TAUX, partie, commune).verdict == Verdict.PLUS


def test_une_partie_qui_fait_presque_tout_ne_se_distingue_pas_du_tout():
    commune = chiffre(20.0, 0.1, numerateur=200.0, denominateur=1000.0)
    partie = chiffre(20.5, 0.2, numerateur=195.0, denominateur=951.0)
    assert comparer_au_tout(TAUX, partie, commune).verdict not in {Verdict.PLUS, Verdict.MOINS}


def test_bonferroni_elargit_avec_le_nombre_de_comparaisons():
    assert elargissement(1) == 1
    assert elargissement(20) == pytest.approx(3.0233 / 1.96, rel=1e-3)
    assert elargissement(100) > elargissement(20)


def test_la_plus_elevee_se_distingue_de_toutes():
    mailles = [iris(r, 10.0 + r) for r in range(1, 9)] + [iris(9, 30.0)]
    tete = extremes(TAUX, mailles, chiffre(14.0), haut=True)
    assert tete.seul
    assert [t.nom for t, _ in tete.mailles] == ["Iris 9"]


def test_deux_premieres_proches_sont_parmi_les_plus_elevees():
    mailles = [iris(r, 10.0) for r in range(1, 8)] + [iris(8, 30.0), iris(9, 31.0)]
    tete = extremes(TAUX, mailles, chiffre(14.0), haut=True)
    assert not tete.seul
    assert [t.nom for t, _ in tete.mailles] == ["Iris 9", "Iris 8"]


def test_bonferroni_retient_ce_qu_une_comparaison_seule_dirait():
    mailles = [iris(r, 10.0, 1.0) for r in range(1, 20)] + [iris(20, 13.0, 1.9)]
    assert comparer(TAUX, mailles[-1][1], mailles[0][1]).verdict == Verdict.PLUS
    assert not extremes(TAUX, mailles, None, haut=True).mailles


def test_les_iris_d_activite_et_de_moins_de_200_habitants_n_ont_pas_de_rang():
    mailles = [iris(1, 10.0), iris(2, 99.0, type_iris="A"), iris(3, 98.0), iris(4, 12.0, type_iris="Z")]
    assert [t.nom for t, _ in classables(mailles, {"990010003": 150.0, "990010001": 200.0})] == [
        "Iris 1",
        "Iris 4",
    ]


valeurs = st.floats(0, 100, allow_nan=False)
marges = st.floats(0, 20, allow_nan=False)


@given(valeurs, marges, valeurs, marges, st.integers(1, 200))
def test_une_difference_est_dite_seulement_si_les_deux_regles_tiennent(v1, m1, v2, m2, essais):
    dit = comparer(TAUX, chiffre(v1, m1), chiffre(v2, m2), essais).verdict
    ecart = round(v1 - v2, 9)
    if dit in {Verdict.PLUS, Verdict.MOINS}:
        assert abs(ecart) > math.sqrt(m1**2 + m2**2)
        assert abs(ecart) >= 2
        assert (dit == Verdict.PLUS) == (ecart > 0)
    if dit == Verdict.COMPARABLE:
        assert abs(ecart) < 2


@given(st.lists(st.tuples(valeurs, marges), min_size=6, max_size=30), st.booleans())
def test_une_tete_unique_passe_le_test_contre_toutes_les_autres(liste, haut):
    mailles = [iris(r, v, m) for r, (v, m) in enumerate(liste)]
    tete = extremes(TAUX, mailles, chiffre(50.0), haut=haut)
    if tete.seul:
        premier = tete.mailles[0][1]
        for _, c in mailles:
            if c is not premier:
                ecart = (premier.valeur - c.valeur) * (1 if haut else -1)
                assert ecart >= 2 - 1e-9
                assert ecart > math.hypot(premier.marge, c.marge)
