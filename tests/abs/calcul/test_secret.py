"""Le secret : aucune cellule cachée ne se retrouve, ni par différence, ni par les bornes."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abs.calcul.secret import CelluleSensible, Emboitement, sous_le_seuil
from tests.abs.calcul.masques import masquer

SEUIL = 5


def cellule(code, haut, bas=math.nan, *, montrable=True, seuil=SEUIL, part=True):
    return CelluleSensible(code, haut, bas, seuil, montrable, part)


# -- cas connus --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("haut", "bas", "cache"),
    [
        (4, 100, True), (5, 100, False), (96, 100, True), (95, 100, False), (0, 100, True), (100, 100, True),
        (4, math.nan, True), (5, math.nan, False), (math.nan, 100, True), (3, 4, True),
    ],
)  # fmt: skip
def test_l_effectif_son_total_et_son_complement_comptent(haut, bas, cache):
    assert sous_le_seuil(haut, bas, SEUIL) is cache


def test_sans_seuil_rien_n_est_cache():
    assert not sous_le_seuil(0, 10, 0)
    assert masquer([cellule("a", 0, 3, seuil=0)]) == set()


def test_un_rapport_qui_n_est_pas_une_part_n_a_pas_de_complement():
    assert sous_le_seuil(98, 100, SEUIL)
    assert not sous_le_seuil(98, 100, SEUIL, part=False)


def test_une_seule_cellule_cachee_en_cache_une_seconde():
    table = [cellule("t", 103, 400), cellule("a", 3, 100), cellule("b", 40, 150), cellule("c", 60, 150)]
    assert masquer(table, [Emboitement("t", ("a", "b", "c"))]) == {"a", "b"}


def test_deux_cachees_dont_la_somme_est_sous_le_seuil_en_cachent_une_troisieme():
    table = [cellule("t", 103, 400), cellule("a", 1, 100), cellule("b", 2, 150), cellule("c", 100, 150)]
    assert masquer(table, [Emboitement("t", ("a", "b", "c"))]) == {"a", "b", "c"}


def test_une_ligne_interne_ne_se_retrouve_pas_par_difference():
    table = [cellule("t", 300, 900), cellule("a", 100, 300, montrable=False), cellule("b", 90, 300)]
    table.append(cellule("c", 110, 300))
    assert masquer(table, [Emboitement("t", ("a", "b", "c"))]) == {"a", "b"}


def test_le_reste_non_recu_suffit_s_il_est_grand_et_ne_suffit_pas_s_il_est_petit():
    grand = [cellule("t", 200, 900), cellule("a", 3, 100), cellule("b", 40, 150)]
    assert masquer(grand, [Emboitement("t", ("a", "b"))]) == {"a"}
    petit = [cellule("t", 102, 900), cellule("a", 50, 450), cellule("b", 50, 400)]
    assert masquer(petit, [Emboitement("t", ("a", "b"))]) == {"a"}


def test_un_qpv_ne_trahit_pas_le_reste_de_sa_commune():
    liens = [Emboitement("ville", ("qpv",), partition=False)]
    assert masquer([cellule("ville", 53, 500), cellule("qpv", 50, 200)], liens) == {"qpv"}
    assert masquer([cellule("ville", 80, 500), cellule("qpv", 50, 200)], liens) == set()


def test_un_contenant_cache_ne_se_refait_pas_par_ses_contenus():
    table = [cellule("t", 90, 300, montrable=False), cellule("a", 40, 150), cellule("b", 50, 150)]
    assert masquer(table, [Emboitement("t", ("a", "b"))]) == {"t", "a"}


def test_deux_etages_sont_proteges_ensemble():
    """La commune cachée se referait par ses IRIS, et ses IRIS par elle."""
    table = [
        cellule("epci", 200, 800), cellule("A", 3, 100), cellule("B", 97, 300), cellule("C", 100, 400),
        cellule("a1", 1, 50), cellule("a2", 2, 50), cellule("b1", 47, 150), cellule("b2", 50, 150),
    ]  # fmt: skip
    liens = [
        Emboitement("epci", ("A", "B", "C")),
        Emboitement("A", ("a1", "a2")),
        Emboitement("B", ("b1", "b2")),
    ]
    caches = masquer(table, liens)
    assert {"A", "a1", "a2", "B"} <= caches
    assert caches & {"b1", "b2"}, "B se referait par ses deux IRIS"
    assert "epci" not in caches


def test_deux_totaux_qui_se_recoupent_ne_trahissent_pas_une_commune():
    """Chaque total seul est sûr ; leur différence donnerait d, à cheval sur deux découpages."""
    table = [
        cellule("epci", 59, 400), cellule("departement", 61, 400), cellule("a", 3, 100), cellule("b", 6, 100),
        cellule("c", 50, 200), cellule("d", 2, 100), cellule("e", 50, 100),
    ]  # fmt: skip
    liens = [Emboitement("epci", ("a", "b", "c")), Emboitement("departement", ("a", "b", "d", "e"))]
    caches = masquer(table, liens)
    assert {"a", "b", "d"} <= caches
    assert caches & {"c", "e", "epci", "departement"}, "d = département − e − (EPCI − c)"


def test_un_total_atteint_par_ce_qui_est_montre_ne_trahit_pas_un_zero():
    """A est cachée, mais un de ses IRIS montré vaut déjà tout le reste de l'EPCI : B ne pourrait être que zéro."""
    table = [
        cellule("E", 60, 400), cellule("A", 10, 100), cellule("B", 0, 100), cellule("C", 50, 200),
        cellule("a1", 10, 50), cellule("a2", 0, 50),
    ]  # fmt: skip
    liens = [Emboitement("E", ("A", "B", "C")), Emboitement("A", ("a1", "a2"))]
    caches = masquer(table, liens)
    assert {"A", "B", "a2"} <= caches
    assert caches & {"a1", "C", "E"}


def test_un_chiffre_deja_masque_par_le_producteur_est_protege():
    table = [
        cellule("t", 100, 300),
        cellule("a", math.nan, math.nan),
        cellule("b", 40, 150),
        cellule("c", 55, 100),
    ]
    assert masquer(table, [Emboitement("t", ("a", "b", "c"))]) == {"a", "b"}


# -- propriétés --------------------------------------------------------------------------------


@st.composite
def tables(tirer):
    """Un EPCI, ses communes, leurs IRIS : des comptes exacts, certains petits, certaines lignes internes."""
    communes = tirer(st.integers(1, 4))
    cellules, liens, de_l_epci = [], [], []
    petit = st.one_of(st.integers(0, 6), st.integers(0, 60))
    for c in range(communes):
        iris = []
        for i in range(tirer(st.integers(1, 4))):
            haut = tirer(petit)
            iris.append((f"{c}{i}", haut, haut + tirer(petit) + 1))
        total = (f"C{c}", sum(h for _, h, _ in iris), sum(b for _, _, b in iris))
        de_l_epci.append(total)
        recus = [ligne for ligne in iris if tirer(st.integers(0, 5)) > 0]
        cellules += recus
        if recus:
            liens.append(Emboitement(total[0], tuple(c for c, _, _ in recus)))
    cellules += de_l_epci
    cellules.append(("E", sum(h for _, h, _ in de_l_epci), sum(b for _, _, b in de_l_epci)))
    liens.append(Emboitement("E", tuple(c for c, _, _ in de_l_epci)))
    table = [cellule(c, h, b, montrable=tirer(st.integers(0, 7)) > 0) for c, h, b in cellules]
    return table, liens


def _equations(table, liens, caches):
    """Ce qu'un lecteur sait : chaque total est la somme de ses parties, un reste compris s'il manque des lignes."""
    par_code = {c.code: c for c in table}
    inconnues = [c.code for c in table if c.code in caches]
    for lien in liens:
        ecart = par_code[lien.contenant].denominateur - sum(par_code[c].denominateur for c in lien.contenus)
        inconnues += [("reste", lien.contenant)] if ecart > 0 else []
    lignes, seconds = [], []
    for lien in liens:
        ligne = np.zeros(len(inconnues))
        second = 0.0
        for code, signe in [*((c, 1) for c in lien.contenus), (lien.contenant, -1)]:
            if code in caches:
                ligne[inconnues.index(code)] = signe
            else:
                second -= signe * par_code[code].numerateur
        if ("reste", lien.contenant) in inconnues:
            ligne[inconnues.index(("reste", lien.contenant))] = 1
        lignes.append(ligne)
        seconds.append(second)
    return inconnues, np.array(lignes), np.array(seconds)


@settings(max_examples=150, deadline=None)
@given(tables())
def test_aucune_cellule_cachee_ne_se_retrouve_par_difference(cas):
    table, liens = cas
    caches = masquer(table, liens)
    inconnues, lignes, _ = _equations(table, liens, caches)
    for code in caches:
        vecteur = np.zeros(len(inconnues))
        vecteur[inconnues.index(code)] = 1
        rang = np.linalg.matrix_rank(lignes)
        assert np.linalg.matrix_rank(np.vstack([lignes, vecteur])) == rang + 1, code


@settings(max_examples=150, deadline=None)
@given(tables())
def test_ce_qui_doit_etre_cache_l_est_et_un_total_montre_ne_trahit_pas_un_petit_reste(cas):
    table, liens = cas
    caches = masquer(table, liens)
    par_code = {c.code: c for c in table}
    for c in table:
        assert c.code in caches or (c.montrable and not sous_le_seuil(c.numerateur, c.denominateur, SEUIL))
    for lien in liens:
        if lien.contenant in caches:
            continue
        montres = [par_code[c] for c in lien.contenus if c not in caches]
        haut = par_code[lien.contenant].numerateur - sum(c.numerateur for c in montres)
        bas = par_code[lien.contenant].denominateur - sum(c.denominateur for c in montres)
        assert (haut, bas) == (0, 0) or not sous_le_seuil(haut, bas, SEUIL)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 9)), min_size=2, max_size=4), st.booleans())
def test_les_bornes_ne_fixent_aucune_cellule(paires, interne):
    """Par énumération : chaque cellule cachée garde au moins deux valeurs possibles."""
    table = [cellule(f"i{k}", h, h + c) for k, (h, c) in enumerate(paires)]
    table[0] = cellule("i0", *(table[0].numerateur, table[0].denominateur), montrable=not interne)
    total = cellule("t", sum(c.numerateur for c in table), sum(c.denominateur for c in table))
    caches = masquer([*table, total], [Emboitement("t", tuple(c.code for c in table))])
    if "t" in caches:
        return
    cachees = [c for c in table if c.code in caches]
    reste = int(sum(c.numerateur for c in cachees))
    possibles = [v for v in itertools.product(range(reste + 1), repeat=len(cachees)) if sum(v) == reste]
    for rang in range(len(cachees)):
        assert len({v[rang] for v in possibles}) > 1


@settings(max_examples=50, deadline=None)
@given(tables())
def test_le_choix_ne_depend_pas_de_l_ordre_des_lignes(cas):
    table, liens = cas
    assert masquer(table, liens) == masquer(table[::-1], liens)
