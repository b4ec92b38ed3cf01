"""Classes : petits vecteurs connus, ex æquo, référence comme limite, limites imposées."""

from __future__ import annotations

import math
import warnings

import mapclassify
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abs.formats import arrondir
from cartes.classes import CLASSES_MAXIMUM, _limites, bornes_communes, discretiser
from donnees_insee.erreurs import CarteImpossible


def test_quantiles_d_un_petit_vecteur() -> None:
    classes = discretiser([1, 2, 3, 4, 5, 6, 7, 8])
    assert classes.bornes == (1.0, 2.8, 4.5, 6.3, 8.0)
    assert classes.effectifs == (2, 2, 2, 2)
    assert classes.reference is None


def test_la_reference_est_une_limite() -> None:
    classes = discretiser(range(1, 11), reference=4.5)
    assert 4.5 in classes.bornes
    assert classes.cotes == (2, 2)
    assert sum(classes.effectifs) == 10


@pytest.mark.parametrize(("reference", "cotes"), [(0.5, (0, 4)), (99.0, (4, 0))])
def test_reference_hors_de_l_etendue(reference: float, cotes: tuple[int, int]) -> None:
    classes = discretiser(range(1, 11), reference=reference)
    assert reference not in classes.bornes
    assert classes.cotes == cotes


def test_les_ex_aequo_reduisent_le_nombre_de_classes() -> None:
    classes = discretiser([1, 1, 1, 1, 1, 1, 1, 1, 2, 2])
    assert classes.nombre == 2
    assert classes.bornes == (1.0, 2.0, 2.0)
    assert classes.effectifs == (8, 2)
    assert classes.libelles("%") == ("de 1,0 à moins de 2,0\u00a0%", "2,0\u00a0%")


def test_une_seule_valeur() -> None:
    classes = discretiser([17.04, 17.0])
    assert classes.effectifs == (2,)
    assert classes.libelles("%") == ("17,0\u00a0%",)


def test_limites_rondes_avec_la_reference() -> None:
    classes = discretiser(range(1, 88), methode="arrondies", reference=33)
    assert 33 in classes.bornes
    assert {20.0, 60.0} <= set(classes.bornes)
    assert classes.nombre <= CLASSES_MAXIMUM


def test_la_limite_basse_est_comprise() -> None:
    classes = discretiser([1, 10, 20, 30], bornes=(0, 10, 20, 30))
    assert classes.effectifs == (1, 1, 2)
    assert [classes.classe(v) for v in (9.9, 10, 20, 30)] == [0, 1, 2, 2]


def test_le_classement_suit_la_valeur_ecrite() -> None:
    # 9,96 s'écrit « 10,0 » : il serait incompréhensible de le voir dans « moins de 10,0 ».
    assert discretiser([1, 9.96, 20], bornes=(0, 10, 20)).effectifs == (1, 2)


def test_libelles_francais() -> None:
    classes = discretiser([12, 18.5, 30], bornes=(12, 18.5, 1234.5))
    assert classes.libelles("%") == (
        "de 12,0 à moins de 18,5\u00a0%",
        "de 18,5 à 1\u202f234,5\u00a0%",
    )


def test_limites_imposees_fautives_toutes_dites() -> None:
    with pytest.raises(CarteImpossible, match="strictement croissantes") as erreur:
        discretiser([1, 50], bornes=(0, 10, 10, 20))
    assert "valeurs hors des limites : 1" in str(erreur.value)
    with pytest.raises(CarteImpossible, match="il en faut de 2 à 7"):
        discretiser([1], bornes=range(9))


def test_limites_imposees_et_reference_qui_n_en_est_pas() -> None:
    classes = discretiser([1, 15], bornes=(0, 10, 20), reference=12)
    assert classes.bornes == (0.0, 10.0, 20.0)
    assert classes.cotes is None


def test_aucune_valeur() -> None:
    with pytest.raises(CarteImpossible, match="au moins une"):
        discretiser([math.nan])


def test_bornes_communes_a_deux_cartes() -> None:
    series = ([1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 80.0])
    bornes = bornes_communes(series, reference=5)
    assert (bornes[0], bornes[-1]) == (1.0, 80.0)
    for serie in series:
        assert sum(discretiser(serie, bornes=bornes).effectifs) == 4


@given(
    valeurs=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60),
    reference=st.none() | st.floats(-1e6, 1e6),
    decimales=st.integers(-1, 2),
    methode=st.sampled_from(["quantiles", "arrondies"]),
)
def test_chaque_valeur_est_dans_une_classe_et_une_seule(valeurs, reference, decimales, methode) -> None:
    classes = discretiser(valeurs, reference=reference, decimales=decimales, methode=methode)
    assert 1 <= classes.nombre <= CLASSES_MAXIMUM
    assert sum(classes.effectifs) == len(valeurs)
    assert all(effectif > 0 for effectif in classes.effectifs)
    assert list(classes.bornes) == sorted(classes.bornes)
    # Une limite est exactement le nombre que lit le lecteur.
    assert all(borne == float(arrondir(borne, decimales)) for borne in classes.bornes)
    for valeur in valeurs:
        ecrite = float(arrondir(valeur, decimales))
        rang = classes.classe(valeur)
        assert classes.bornes[rang] <= ecrite <= classes.bornes[rang + 1]
        derniere = rang == classes.nombre - 1
        assert derniere or ecrite < classes.bornes[rang + 1]
    ecrites = [float(arrondir(v, decimales)) for v in valeurs]
    if reference is not None:
        repere = float(arrondir(reference, decimales))
        if min(ecrites) <= repere <= max(ecrites):
            assert repere in classes.bornes


@settings(deadline=None)
@given(st.lists(st.integers(0, 1000), min_size=2, max_size=80), st.integers(2, 6))
def test_les_quantiles_sont_ceux_de_mapclassify(entiers: list[int], classes: int) -> None:
    """Les mêmes limites que la bibliothèque de référence, au dernier bit de calcul près."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        attendues = mapclassify.Quantiles(entiers, k=classes).bins[:-1]
    notres = _limites([float(n) for n in sorted(entiers)], classes, "quantiles", 6)
    distinctes = sorted(set(entiers))
    if len(distinctes) >= max(classes, 2):
        assert (
            set(notres) == {max(round(float(b), 6), distinctes[1]) for b in attendues} or len(attendues) == 0
        )


@given(
    st.lists(st.tuples(st.floats(0, 100), st.floats(0, 40) | st.just(math.nan)), min_size=1, max_size=60),
    st.none() | st.floats(0, 100),
)
def test_aucune_classe_n_est_plus_etroite_que_la_marge_mediane_de_ses_territoires(
    paires: list[tuple[float, float]], reference: float | None
) -> None:
    """Avant : des IRIS à ± 4 points étaient rangés en classes d'un point."""
    valeurs, marges = zip(*paires, strict=True)
    classes = discretiser(valeurs, reference=reference, marges=marges)
    assert sum(classes.effectifs) == len(valeurs)
    if classes.nombre == 1:
        return
    for rang in range(classes.nombre):
        siennes = [m for v, m in paires if classes.classe(v) == rang and not math.isnan(m)]
        largeur = classes.bornes[rang + 1] - classes.bornes[rang]
        assert largeur >= (float(np.median(siennes)) if siennes else 0)


def test_la_reference_cede_sa_limite_en_dernier() -> None:
    valeurs = [float(v) for v in range(20)]
    assert discretiser(valeurs, reference=10.0, marges=[3.0] * 20).reference == 10.0
    assert discretiser(valeurs, reference=10.0, marges=[15.0] * 20).nombre == 1
