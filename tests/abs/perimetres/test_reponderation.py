"""Répartir des comptes d'IRIS par les carreaux : bornes, absences, refus, totaux conservés."""

import math

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from abs.indicateurs.indicateurs import indicateurs
from abs.perimetres.reponderation import poids_des_iris, reponderer
from abs.perimetres.transferts import (
    Estimation,
    TransfertRefuse,
    exiger_un_compte,
    exiger_une_variable_sommable,
    publier,
)
from abs.statuts import Statut
from tests.abs.fabrique_de_carreaux import COTE, EST, NORD, en_degres, fabriquer, selon_la_surface


@pytest.fixture(scope="module")
def petit():
    return fabriquer(5, habitants=4_000, nombre_d_iris=8)


def chiffre(estimation, code="population"):
    return publier(
        estimation,
        territoire="T",
        indicateur=code,
        source="rp_population",
        millesime=2016,
        periode="recensement 2016",
    )


def poids(**parts):
    return pd.DataFrame.from_dict(parts, orient="index", columns=["part", "basse", "haute"])


def test_des_iris_entiers_donnent_leur_somme_exacte():
    lue = reponderer(pd.Series({"A": 10.0, "B": 5.0}), poids(A=(1, 1, 1), B=(0, 0, 0)), "P_POP")
    assert (lue.valeur, lue.basse, lue.haute, lue.exacte) == (10, 10, 10, True)


def test_sans_univers_un_iris_coupe_peut_tout_donner_ou_rien():
    lue = reponderer(pd.Series({"A": 10.0, "B": 6.0}), poids(A=(1, 1, 1), B=(0.5, 0.4, 0.6)), "P_POP0014")
    assert (lue.valeur, lue.basse, lue.haute) == (13, 10, 16)


def test_la_population_borne_elle_meme_ce_qu_un_morceau_peut_porter():
    """60 jeunes sur 100 habitants, dont 40 à 60 dans le morceau : au moins 20 jeunes, au plus 60."""
    comptes, population = pd.Series({"B": 60.0}), pd.Series({"B": 100.0})
    coupe = poids(B=(0.5, 0.6, 0.8))
    lue = reponderer(comptes, coupe.assign(part=0.7), "P_POP0014", population)
    assert (lue.basse, lue.haute) == pytest.approx((20, 60))
    tous = reponderer(population, coupe.assign(part=0.7), "P_POP", population)
    assert (tous.basse, tous.valeur, tous.haute) == pytest.approx((60, 70, 80))


def test_un_iris_sans_chiffre_ne_vaut_pas_zero():
    rendu = chiffre(reponderer(pd.Series({"A": 10.0}), poids(A=(1, 1, 1), B=(0.1, 0, 0.2)), "P_POP"))
    assert rendu.statut == Statut.INDISPONIBLE
    assert math.isnan(rendu.valeur)
    assert "1 IRIS sur 2 sans chiffre (B)" in rendu.note


def test_un_morceau_que_la_grille_dit_desert_compte_zero_sans_etre_dit_exact():
    lue = reponderer(pd.Series({"A": 9.0}), poids(A=(0, 0, 0)), "P_POP")
    assert (chiffre(lue).valeur, chiffre(lue).statut) == (0, Statut.ESTIME)
    assert "aucun IRIS connu" in reponderer(pd.Series({"A": 9.0}), poids(), "P_POP").manque


def test_un_iris_que_la_grille_dit_vide_ne_se_partage_pas():
    coupe = poids(A=(1, 1, 1), B=(np.nan, 0, 1))
    assert (
        "ne compte personne dans 1 IRIS (B)"
        in reponderer(pd.Series({"A": 9.0, "B": 3.0}), coupe, "P_POP").manque
    )
    assert reponderer(pd.Series({"A": 9.0, "B": 0.0}), coupe, "P_POP").valeur == 9


def test_des_bornes_trop_ecartees_sont_refusees_et_dites():
    rendu = chiffre(reponderer(pd.Series({"A": 1000.0}), poids(A=(0.5, 0.2, 0.8)), "P_POP"))
    assert rendu.statut == Statut.INDISPONIBLE
    assert "bornes trop écartées : de 0,0 à 1\N{NARROW NO-BREAK SPACE}000" in rendu.note


@pytest.mark.parametrize(
    "variable", ["DISP_MED", "MED", "DISP_D9", "DISP_TP60", "DISP_GI", "Q1", "TX_CHOM", "L_NBPERS"]
)
def test_une_variable_qui_n_est_pas_un_compte_est_refusee(variable):
    with pytest.raises(TransfertRefuse, match="elle ne se somme pas"):
        exiger_une_variable_sommable(variable)
    with pytest.raises(TransfertRefuse, match=variable):
        reponderer(pd.Series({"A": 1.0}), poids(A=(1, 1, 1)), variable)
    with pytest.raises(TransfertRefuse, match=variable):
        selon_la_surface(pd.Series({"A": 1.0}), None, None, variable)


def test_aucun_taux_mediane_ou_indice_du_projet_ne_se_transfere():
    """Toutes les définitions y passent : seuls les effectifs portés par les IRIS sont rendus."""
    transferables, refuses = set(), {}
    for code, definition in indicateurs().items():
        try:
            lecture = exiger_un_compte(definition)
        except TransfertRefuse as refus:
            refuses[definition.libelle] = str(refus)
            continue
        assert lecture.denominateur is None
        assert not lecture.variable
        assert definition.nature == "effectif"
        transferables.add(code)
    assert all(nom in phrase and "ne se transfère pas" in phrase for nom, phrase in refuses.items())
    assert "population" in transferables
    assert not {"niveau_vie_median", "taux_pauvrete_60", "part_moins_25_ans"} & transferables


@pytest.mark.parametrize("methode", ["surface", "centre", "au_jugé"])
def test_une_methode_d_epreuve_ne_devient_jamais_un_chiffre(methode):
    with pytest.raises(TransfertRefuse, match="ne se publie jamais"):
        chiffre(Estimation(methode, 1000.0, 990.0, 1010.0))


def test_la_ponderation_par_surface_existe_mais_ne_se_publie_pas(petit):
    carre = shapely.box(EST, NORD, EST + COTE / 2, NORD + COTE / 2)
    lue = selon_la_surface(petit.iris.set_index("code")["P_POP"], petit.iris, en_degres(carre), "P_POP")
    assert lue.basse <= lue.valeur <= lue.haute
    with pytest.raises(TransfertRefuse, match="Donnez un périmètre fait d'IRIS entiers"):
        chiffre(lue)
    sans = selon_la_surface(pd.Series(dtype=float), petit.iris, en_degres(carre), "P_POP")
    assert "sans chiffre" in sans.manque


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 5000), st.integers(0, 5000), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1)
        ),
        min_size=1,
        max_size=8,
    ),
    st.booleans(),
)
def test_l_estimation_est_toujours_dans_ses_bornes(lignes, avec_univers):
    codes = [f"I{i}" for i in range(len(lignes))]
    trois = {c: sorted(ligne[2:]) for c, ligne in zip(codes, lignes, strict=True)}
    coupe = poids(**{c: (m, b, h) for c, (b, m, h) in trois.items()})
    population = pd.Series([max(a, b) for a, b, *_ in lignes], codes, dtype=float)
    comptes = pd.Series([min(a, b) for a, b, *_ in lignes], codes, dtype=float)
    lue = reponderer(comptes, coupe, "P_POP0014", population if avec_univers else None)
    if not lue.manque:
        assert lue.basse <= lue.valeur <= lue.haute
        brute = float((comptes * coupe["part"])[coupe["haute"] > 0].sum())
        assert lue.valeur == pytest.approx(brute, abs=1e-6)


@settings(max_examples=12, deadline=None)
@given(st.floats(0.1, 0.9), st.floats(0.1, 0.9))
def test_une_partition_complete_conserve_le_total(petit, x, y):
    """Trois morceaux qui couvrent tout : aucun habitant n'est perdu ni compté deux fois."""
    est, nord, bord = EST + x * COTE, NORD + y * COTE, 500
    morceaux = [
        shapely.box(EST - bord, NORD - bord, est, nord),
        shapely.box(est, NORD - bord, EST + COTE + bord, nord),
        shapely.box(EST - bord, nord, EST + COTE + bord, NORD + COTE + bord),
    ]
    comptes = petit.iris.set_index("code")["P_POP0014"]
    grille = petit.carreaux(petit.iris.union_all())
    parts = [poids_des_iris(petit.iris, en_degres(m.segmentize(200)), grille) for m in morceaux]
    assert sum(p["part"] for p in parts).to_numpy() == pytest.approx(np.ones(len(petit.iris)), abs=1e-4)
    total = sum(reponderer(comptes, p, "P_POP0014").valeur for p in parts)
    assert total == pytest.approx(comptes.sum(), rel=1e-4)
    for p in parts:
        assert ((p["basse"] <= p["part"]) & (p["part"] <= p["haute"])).all()


def test_une_somme_de_niveaux_de_vie_ne_sert_pas_de_poids(petit):
    with pytest.raises(TransfertRefuse, match="IND_SNV n'est pas un compte"):
        poids_des_iris(petit.iris, None, petit.carreaux(petit.iris.union_all()), "IND_SNV")


def test_une_grille_sans_valeur_sous_un_iris_ne_donne_pas_de_poids(petit):
    grille = petit.carreaux(petit.iris.union_all())
    grille.table["IND"] = np.nan
    carre = shapely.box(EST, NORD, EST + COTE / 2, NORD + COTE / 2)
    coupe = poids_des_iris(petit.iris, en_degres(carre), grille)
    assert coupe["part"].isna().all()
    assert "ne compte personne" in reponderer(petit.iris.set_index("code")["P_POP"], coupe, "P_POP").manque
