"""La couverture d'un groupe se pèse : au dénominateur publié, à la population connue, au nombre en dernier."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from abs.calcul.composantes import Elements

NAN = float("nan")


def elements(poids, places=None):
    poids = np.array(poids, dtype=float)
    return Elements([str(n) for n in range(len(poids))], np.array(places or range(len(poids))), poids)


def test_un_numerateur_cache_ne_pese_que_son_denominateur():
    """Dix IRIS, un petit se tait : compté en IRIS, 90 % ; en allocataires, 99 %."""
    lus = elements([NAN] * 10)
    presents = np.array([True] * 9 + [False])
    assert lus.couverture(presents, np.array([990.0 / 9] * 9 + [10.0])) == pytest.approx(0.99)


def test_un_denominateur_cache_pese_au_plus_le_seuil_du_producteur():
    lus = elements([NAN] * 10)
    presents = np.array([True] * 9 + [False])
    assert lus.couverture(presents, np.array([1000.0] * 9 + [NAN]), plafond=99) == pytest.approx(9000 / 9099)
    # Absent du fichier, il n'est pas caché sous le seuil : il pèse comme les autres.
    absent = elements([NAN] * 10, [*range(9), -1])
    assert absent.couverture(presents, np.array([1000.0] * 9 + [NAN]), plafond=99) == pytest.approx(0.9)


def test_sans_denominateur_la_population_du_territoire_pese_ce_qui_manque():
    lus = elements([100.0] * 9 + [NAN], [*range(9), -1])
    presents, bas = np.array([True] * 9 + [False]), np.array([40.0] * 9 + [NAN])
    assert lus.couverture(presents, bas, population=920.0) == pytest.approx(900 / 920)
    # Une population plus ancienne que la somme des IRIS ne rend pas la couverture supérieure à un.
    assert 0.99 < lus.couverture(presents, bas, population=850.0) < 1


def test_sans_rien_de_connu_une_composante_pese_comme_les_autres():
    lus = elements([NAN] * 4)
    assert lus.couverture(
        np.array([True, True, True, False]), np.array([10.0, 20.0, 30.0, NAN])
    ) == pytest.approx(0.75)


@given(
    st.lists(st.tuples(st.floats(0, 1e5), st.booleans(), st.booleans()), min_size=1, max_size=20),
    st.one_of(st.none(), st.floats(0, 1e6)),
    st.one_of(st.none(), st.floats(0, 100)),
)
def test_la_couverture_est_une_part_et_n_est_entiere_que_complete(lignes, population, plafond):
    bas = np.array([NAN if cache else v for v, cache, _ in lignes])
    presents = np.array([not cache and present for _, cache, present in lignes])
    lue = elements([v for v, *_ in lignes]).couverture(presents, bas, population=population, plafond=plafond)
    assert 0 <= lue <= 1
    assert (lue == 1) == bool(presents.all())
