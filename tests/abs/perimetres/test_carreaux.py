"""Compter par carreaux : entiers, traversés, bornes, part imputée, et ce qui est refusé."""

import math

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from abs.perimetres.carreaux import (
    Carreaux,
    carreaux_du_polygone,
    parts_de_surface,
    polygone_du_code,
)
from abs.perimetres.comptage import compter, grandeurs
from abs.perimetres.transferts import TransfertRefuse, publier
from abs.statuts import Statut
from donnees_insee.base.base import Base
from donnees_insee.erreurs import DonneeAbsente
from tests.parts_d_essai import poser

EST, NORD = 3_800_000, 2_400_000


def code(colonne, ligne, cote=200):
    return f"CRS3035RES{cote}mN{NORD + ligne * cote}E{EST + colonne * cote}"


def chiffre(estimation):
    return publier(
        estimation, territoire="T", indicateur="carreaux_ind", source="grille", millesime=2019, periode="2019"
    )


def carre(colonne, ligne, largeur):
    """Un carré de `largeur` mètres dont le coin sud-ouest est celui d'un carreau."""
    x, y = EST + colonne * 200, NORD + ligne * 200
    return shapely.box(x, y, x + largeur, y + largeur)


def tirage(valeurs, parts):
    table = pd.DataFrame(
        {"IND": valeurs, "I_EST_200": "0"}, index=[code(i, 0) for i in range(len(valeurs))], dtype=object
    ).astype({"IND": float})
    return Carreaux(table, np.array(parts, float))


def test_le_code_dit_la_projection_le_cote_et_le_coin():
    assert polygone_du_code("CRS3035RES200mN2838600E3746000") == (3035, 200, 3746000, 2838600)
    with pytest.raises(DonneeAbsente, match="ne se lit pas"):
        polygone_du_code("200mN28386E37460")


def test_les_parts_sont_mesurees_carreau_par_carreau():
    parts = parts_de_surface([code(0, 0), code(1, 0), code(2, 0), code(0, 2)], carre(0, 0, 250))
    assert parts.tolist() == [1.0, 0.25, 0.0, 0.0]


def test_l_estimation_ajoute_aux_entiers_la_part_des_traverses():
    estimation = compter(tirage([100, 40], [1, 0.25]), ("IND",))["IND"]
    assert (estimation.valeur, estimation.basse, estimation.haute) == (110, 100, 140)
    rendu = chiffre(estimation)
    assert (rendu.statut, rendu.niveau, rendu.valeur) == (Statut.ESTIME, "perimetre", 110)
    assert (rendu.borne_basse, rendu.borne_haute) == (100, 140)
    assert "1 carreau de 200 m entier et 1 traversé" in rendu.note


def test_sans_carreau_coupe_ni_impute_le_compte_est_calcule():
    assert chiffre(compter(tirage([100, 40], [1, 1]), ("IND",))["IND"]).statut == Statut.CALCULE


def test_un_carreau_impute_reste_une_estimation_et_sa_part_est_dite():
    carreaux = tirage([30, 10], [1, 1])
    carreaux.table["I_EST_200"] = ["0", "1"]
    assert carreaux.part_imputee == 0.25
    rendu = chiffre(compter(carreaux, ("IND",))["IND"])
    assert rendu.statut == Statut.ESTIME
    assert "25 % des personnes dans des carreaux imputés" in rendu.note


@pytest.mark.parametrize(("traverse", "publie"), [(50, True), (56, False)])
def test_des_bornes_plus_larges_que_la_moitie_de_l_estimation_sont_refusees(traverse, publie):
    rendu = chiffre(compter(tirage([100, traverse], [1, 0.1]), ("IND",))["IND"])
    assert rendu.a_une_valeur is publie
    assert math.isnan(rendu.valeur) is not publie
    assert publie or "bornes trop écartées" in rendu.note


def test_une_valeur_absente_n_est_pas_zero():
    rendu = chiffre(compter(tirage([100, np.nan], [1, 0.5]), ("IND",))["IND"])
    assert rendu.statut == Statut.INDISPONIBLE
    assert "1 carreau(x) sur 2 sans valeur pour IND" in rendu.note


def test_une_variable_que_la_grille_n_a_pas_est_indisponible():
    assert "ne contient pas la variable MEN" in chiffre(compter(tirage([9], [1]), ("MEN",))["MEN"]).note


@pytest.mark.parametrize("variable", ["IND_SNV", "MED", "MEN_SURF", "TP60"])
def test_ni_moyenne_ni_mediane_ni_variable_inconnue(variable):
    with pytest.raises(TransfertRefuse, match=f"{variable} n'est pas un compte"):
        compter(tirage([10], [1]), ("IND", variable))


def test_la_part_de_menages_pauvres_est_un_rapport_de_sommes():
    table = pd.DataFrame(
        {"IND": [1.0] * 3, "MEN": [100.0, 50.0, 20.0], "MEN_PAUV": [10.0, 5.0, 10.0], "I_EST_200": "0"},
        index=[code(i, 0) for i in range(3)],
    )
    lue = compter(Carreaux(table, np.array([1, 0.5, 0.5])), ("PART_MEN_PAUV",))["PART_MEN_PAUV"]
    assert lue.valeur == pytest.approx(100 * 17.5 / 135)
    assert lue.numerateur == 17.5
    assert lue.basse == pytest.approx(100 * 15 / 150)
    assert lue.haute == pytest.approx(100 * 20 / 120)


def comptes_et_parts():
    carreau = st.tuples(
        st.integers(0, 500), st.one_of(st.just(1.0), st.floats(0.001, 0.999)), st.floats(0, 1)
    )
    return st.lists(carreau, min_size=1, max_size=12)


@given(comptes_et_parts())
def test_l_estimation_est_toujours_dans_ses_bornes(carreaux):
    menages, parts, pauvrete = map(np.array, zip(*carreaux, strict=True))
    table = pd.DataFrame(
        {"IND": menages * 2.0, "MEN": menages * 1.0, "MEN_PAUV": menages * pauvrete},
        index=[code(i, 0) for i in range(len(menages))],
    )
    lues = compter(Carreaux(table, parts))
    for nom in ("IND", "MEN", "MEN_PAUV", "PART_MEN_PAUV"):
        assert lues[nom].manque or lues[nom].basse <= lues[nom].valeur <= lues[nom].haute


@given(comptes_et_parts(), st.integers(0, 2**12 - 1))
def test_la_borne_d_une_part_couvre_toute_repartition_des_carreaux_traverses(carreaux, masque):
    """Quels que soient les carreaux traversés qui sont vraiment dedans, le vrai rapport est entre les bornes."""
    menages, parts, pauvrete = map(np.array, zip(*carreaux, strict=True))
    dedans = np.array([p == 1 or bool(masque >> i & 1) for i, p in enumerate(parts)])
    table = pd.DataFrame(
        {"IND": menages * 1.0, "MEN": menages * 1.0, "MEN_PAUV": menages * pauvrete},
        index=[code(i, 0) for i in range(len(menages))],
    )
    lue = compter(Carreaux(table, parts), ("PART_MEN_PAUV",))["PART_MEN_PAUV"]
    if menages[dedans].sum() > 0 and not lue.manque:
        vraie = 100 * (menages * pauvrete)[dedans].sum() / menages[dedans].sum()
        assert lue.basse - 1e-9 <= vraie <= lue.haute + 1e-9


@settings(max_examples=40)
@given(st.lists(st.integers(0, 900), min_size=16, max_size=16), st.floats(50, 750), st.floats(50, 750))
def test_une_partition_complete_conserve_le_total(valeurs, x, y):
    codes = [code(i % 4, i // 4) for i in range(16)]
    table = pd.DataFrame({"IND": np.array(valeurs, float)}, index=codes)
    coupes = [
        shapely.box(EST, NORD, EST + x, NORD + y),
        shapely.box(EST + x, NORD, EST + 800, NORD + y),
        shapely.box(EST, NORD + y, EST + 800, NORD + 800),
    ]
    total = 0.0
    for morceau in coupes:
        parts = parts_de_surface(codes, morceau)
        total += compter(Carreaux(table[parts > 0], parts[parts > 0]), ("IND",))["IND"].valeur
    assert total == pytest.approx(sum(valeurs))


# -- par la base ---------------------------------------------------------------------------------


@pytest.fixture
def base_grille(tmp_path):
    base = Base(tmp_path / "base")
    fins = pd.DataFrame(
        {"code": [code(i, j) for i in range(5) for j in range(5)], "IND": 8.0, "LCOG_GEO": "99001"}
    )
    gros = pd.DataFrame({"code": [code(0, 0, 1000)], "IND": 200.0, "LCOG_GEO": "99001"})
    for nom, table in (("fins", fins), ("gros", gros)):
        poser(base, table.sort_values("code", ignore_index=True), "grille", 2019, "carreau", nom)
    return base


def en_degres(forme):
    return gpd.GeoSeries([forme], crs=3035).to_crs(4326).iloc[0]


def test_les_carreaux_de_1_km_ne_s_ajoutent_pas_a_ceux_de_200_m(base_grille):
    lus = carreaux_du_polygone(base_grille, en_degres(carre(1, 1, 400).buffer(30)))
    assert lus.cote == 200
    assert compter(lus, ("IND",))["IND"].basse == 4 * 8


def test_une_commune_hors_de_la_grille_deposee_empeche_de_conclure(base_grille):
    forme = en_degres(carre(1, 1, 400))
    lus = carreaux_du_polygone(base_grille, forme, communes=frozenset({"99001", "99002"}))
    rendu = chiffre(compter(lus, ("IND",))["IND"])
    assert rendu.statut == Statut.INDISPONIBLE
    assert "ne couvre pas 99002" in rendu.note


def test_une_couverture_que_rien_ne_verifie_est_dite(base_grille):
    forme = en_degres(carre(1, 1, 400))
    for communes, dite in ((frozenset({"99001"}), False), (frozenset(), True)):
        lus = carreaux_du_polygone(base_grille, forme, communes=communes)
        assert ("rien ne dit si la grille" in compter(lus, ("IND",))["IND"].note) is dite


def test_hors_de_la_grille_il_n_y_a_pas_zero_habitant(base_grille):
    rendu = chiffre(
        compter(carreaux_du_polygone(base_grille, en_degres(carre(90, 90, 400))), ("IND",))["IND"]
    )
    assert rendu.statut == Statut.INDISPONIBLE
    assert "aucun carreau" in rendu.note


def test_sans_grille_la_phrase_dit_quoi_deposer(base_grille, tmp_path):
    with pytest.raises(DonneeAbsente, match="Données carroyées"):
        carreaux_du_polygone(Base(tmp_path / "vide"), en_degres(carre(0, 0, 200)))
    with pytest.raises(DonneeAbsente, match=r"2015 \(millésimes tenus : 2019\)"):
        carreaux_du_polygone(base_grille, en_degres(carre(0, 0, 200)), 2015)


def test_un_perimetre_demesure_est_refuse(base_grille):
    with pytest.raises(TransfertRefuse, match="trop grand"):
        carreaux_du_polygone(base_grille, shapely.box(0, 45, 4, 49))


def test_les_comptes_declares_sont_des_colonnes_de_la_grille():
    from donnees_insee.catalogue.catalogue import source

    motifs = source("grille").motifs
    declares = set(grandeurs()["comptes"]) | {
        p[k] for p in grandeurs()["parts"].values() for k in ("numerateur", "denominateur")
    }
    assert all(any(m.brut.fullmatch(v) for m in motifs) for v in declares)
