"""Un périmètre d'IRIS entiers : rapport de sommes, totaux conservés, absences gardées, médianes jamais moyennées."""

import math

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from abs.perimetres.iris_touches import Recouvrement, recouvrement
from abs.perimetres.perimetre_libre import etudier
from abs.perimetres.perimetres import PerimetreDIris
from abs.perimetres.profil_qpv import compte_pour_le_profil, contour_de_qpv, frange, profil_des_iris
from abs.perimetres.transferts import TransfertRefuse
from abs.statuts import Statut
from abs.territoires.demande import Demande
from donnees_insee.base.base import Base
from donnees_insee.depot.retrait import retirer
from donnees_insee.erreurs import DonneeAbsente, ParametreInvalide
from tests.abs.conftest import monter
from tests.abs.fabrique_de_carreaux import COTE, EST, NORD, en_degres, fabriquer
from tests.parts_d_essai import poser

SANS_HLM = 3  # rang de l'IRIS dont les HLM manquent
MEDIANES = [12_000.0, 14_000.0, 20_000.0, np.nan, 17_000.0, 11_000.0, 16_000.0, 23_000.0]


@pytest.fixture(scope="module")
def connu():
    return fabriquer(5, habitants=6_000, nombre_d_iris=8)


@pytest.fixture(scope="module")
def base(connu, tmp_path_factory) -> Base:
    """Huit IRIS : recensement, HLM (un manque), médianes (une secrète), contours, grille et deux QPV."""
    iris = connu.iris.sort_values("code", ignore_index=True)
    population = iris[["code", "P_POP", "P_POP0014"]]
    hlm = pd.DataFrame(
        {"code": iris["code"], "P_RP": 100.0 + 10 * iris.index, "P_RP_LOCHLMV": 5.0 * iris.index}
    )
    hlm.loc[SANS_HLM, "P_RP_LOCHLMV"] = np.nan
    revenus = pd.DataFrame({"code": iris["code"], "DISP_MED": MEDIANES})
    revenus["DISP_MED__statut"] = [None if m == m else "s" for m in MEDIANES]  # noqa: PLR0124 - NaN
    tables = {("rp_population", 2016): population, ("rp_logement", 2016): hlm, ("filosofi", 2016): revenus}
    montee = monter(tmp_path_factory.mktemp("perimetres"), tables, {"99001": "200000001"}).base
    contours = iris[["code", "nom", "commune", "geometry"]].assign(nom_commune="Essai", type="H").to_crs(4326)
    poser(montee, contours, "contours_iris", 2016, "iris", "c")
    grille = connu.grille.reset_index().assign(LCOG_GEO="99001")
    poser(montee, grille, "grille", 2019, "carreau", "g")
    qpv = gpd.GeoDataFrame(
        {
            "code": ["QP099001", "QP099002"],
            "nom": ["Nord", "Sud"],
            "commune": "99001",
            "nom_commune": "Essai",
            "type": None,
        },
        geometry=[carre(2500, 2500, 800), carre(3400, 2500, 500)],
        crs=3035,
    ).to_crs(4326)
    poser(montee, qpv, "contours_qpv", 2015, "qpv", "q")
    return montee


def carre(x, y, largeur):
    return shapely.box(EST + x, NORD + y, EST + x + largeur, NORD + y + largeur)


def codes_de(connu):
    return sorted(connu.iris["code"])


sous_ensembles = st.sets(st.integers(0, 7), min_size=1).map(sorted)
LENT = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@LENT
@given(sous_ensembles)
def test_un_taux_est_le_rapport_des_sommes_quel_que_soit_le_groupement(connu, base, rangs):
    codes = codes_de(connu)
    lu = PerimetreDIris(base, "P", [codes[i] for i in rangs]).chiffre("part_hlm")
    if SANS_HLM in rangs:
        # L'IRIS sans chiffre n'est pas compté comme zéro HLM : partiel s'il pèse peu, absent sinon.
        assert lu.statut in {Statut.PARTIEL, Statut.INDISPONIBLE}
        assert lu.couverture < 1
        rangs = [r for r in rangs if r != SANS_HLM]
    if lu.a_une_valeur:
        haut, bas = sum(5.0 * r for r in rangs), sum(100.0 + 10 * r for r in rangs)
        assert (lu.numerateur, lu.denominateur) == pytest.approx((haut, bas))
        assert lu.valeur == pytest.approx(100 * haut / bas)
    assert lu.niveau == "perimetre"


@LENT
@given(st.lists(st.integers(0, 2), min_size=8, max_size=8))
def test_une_partition_d_iris_conserve_la_population(connu, base, etiquettes):
    codes, total = codes_de(connu), 0.0
    for etiquette in set(etiquettes):
        lu = PerimetreDIris(base, "P", [c for c, e in zip(codes, etiquettes, strict=True) if e == etiquette])
        total += lu.chiffre("population").valeur
    assert total == pytest.approx(len(connu.points))


@LENT
@given(sous_ensembles)
def test_une_mediane_reste_l_etendue_des_iris(connu, base, rangs):
    codes = codes_de(connu)
    perimetre = PerimetreDIris(base, "P", [codes[i] for i in rangs])
    with pytest.raises(TransfertRefuse, match="ne se moyenne pas"):
        perimetre.chiffre("niveau_vie_median")
    lue, connues = perimetre.etendue("niveau_vie_median"), [MEDIANES[i] for i in rangs if i != SANS_HLM]
    assert (lue.connus, lue.total) == (len(connues), len(rangs))
    if connues:
        assert (lue.basse, lue.haute) == (min(connues), max(connues))
        assert lue.iris_bas == codes[MEDIANES.index(min(connues))]
    else:
        assert math.isnan(lue.basse)
    assert ("secret" in lue.absences) is (SANS_HLM in rangs)


@pytest.mark.parametrize("code", ["taux_pauvrete_60", "niveau_vie_median", "rapport_interdecile"])
def test_ce_que_le_producteur_publie_sans_comptes_est_refuse(connu, base, code):
    with pytest.raises(TransfertRefuse, match="Demandez l'étendue"):
        PerimetreDIris(base, "P", codes_de(connu)).chiffre(code)


def test_une_reunion_d_iris_est_reconnue_et_exacte(connu, base):
    choisis = connu.iris.iloc[[1, 4]]
    dossier = etudier(base, "Deux IRIS", en_degres(choisis.union_all()), ["population", "niveau_vie_median"])
    assert dossier.touches.entiers == tuple(sorted(choisis["code"]))
    population = next(c for c in dossier.chiffres if c.indicateur == "population")
    assert (population.valeur, population.statut) == (choisis["P_POP"].sum(), Statut.CALCULE)
    assert [e.indicateur for e in dossier.etendues] == ["niveau_vie_median"]


def test_un_perimetre_qui_coupe_des_iris_est_estime_et_ne_prend_aucun_taux(connu, base):
    cercle = shapely.Point(EST + COTE / 2, NORD + COTE / 2).buffer(2_200)
    dossier = etudier(base, "Cercle", en_degres(cercle), ["population", "part_hlm", "niveau_vie_median"])
    assert dossier.touches.entiers == ()
    par_code = {c.indicateur: c for c in dossier.chiffres}
    vrai = connu.vrai(cercle)
    for code in ("population", "carreaux_ind"):
        assert par_code[code].statut == Statut.ESTIME
        assert par_code[code].borne_basse <= vrai <= par_code[code].borne_haute
        assert par_code[code].valeur == pytest.approx(vrai, rel=0.1)
    assert "part_hlm" not in par_code
    assert not dossier.etendues
    refus = " ".join(dossier.remarques)
    assert "(part_hlm) est un taux" in refus
    assert "(niveau_vie_median) est une médiane" in refus
    assert list(dossier.table()["niveau"].unique()) == ["perimetre"]


def test_la_grille_la_plus_recente_qui_couvre_le_perimetre_est_prise(connu, base, tmp_path):
    """Une grille plus récente mais déposée pour un autre lieu ne cache pas celle d'ici ; la demande reste la règle."""
    ailleurs = pd.DataFrame({"code": ["CRS3035RES200mN2838600E3746000"], "IND": [9.0], "LCOG_GEO": ["91223"]})
    part = poser(base, ailleurs, "grille", 2021, "carreau", "ailleurs")
    try:
        cercle = en_degres(shapely.Point(EST + COTE / 2, NORD + COTE / 2).buffer(2_200))
        lus = etudier(base, "Cercle", cercle).chiffres
        assert {c.millesime for c in lus if c.source == "grille"} == {2019}
        refuse = etudier(base, "Cercle", cercle, demande=Demande("", 2018))
        assert not [c for c in refuse.chiffres if c.source == "grille"]
        assert "Aucun millésime de carreaux n'est admis" in " ".join(refuse.remarques)
    finally:
        retirer(base, part.name[:12])


def test_un_perimetre_qui_deborde_des_contours_ne_prend_pas_de_compte_d_iris(connu, base):
    dossier = etudier(base, "Débord", en_degres(carre(-2000, 2000, 4000)))
    assert not [c for c in dossier.chiffres if c.indicateur == "population"]
    assert "ne couvrent que" in " ".join(dossier.remarques)


def test_une_commune_touchee_par_le_seul_trait_n_est_pas_attendue_dans_la_grille():
    table = pd.DataFrame(
        {"nom": "", "part_iris": [1.0, 1e-4], "part_perimetre": [0.9999, 1e-4]},
        index=["990010001", "990020001"],
    )
    touches = Recouvrement(table, None, None)
    assert touches.communes == {"99001"}
    assert touches.entiers == ("990010001",)


def test_un_petit_iris_coupe_suffit_a_ne_pas_etre_une_reunion_d_iris():
    table = pd.DataFrame(
        {"nom": "", "part_iris": [1.0, 0.5], "part_perimetre": [0.995, 0.005]},
        index=["990010001", "990010002"],
    )
    assert Recouvrement(table, None, None).entiers == ()


def test_le_profil_garde_un_iris_pour_sa_part_ou_pour_celle_du_qpv():
    table = pd.DataFrame({"part_iris": [0.5, 0.002, 0.002], "part_perimetre": [0.002, 0.5, 0.002]})
    assert compte_pour_le_profil(table).tolist() == [True, True, False]


def test_hors_de_tout_contour_la_phrase_dit_quoi_deposer(base):
    with pytest.raises(DonneeAbsente, match="Déposez les contours"):
        recouvrement(base, shapely.box(5.0, 48.0, 5.1, 48.1))


def test_le_millesime_demande_est_respecte(connu, base):
    lu = PerimetreDIris(base, "P", codes_de(connu), Demande("P", 2015)).chiffre("population")
    assert lu.statut == Statut.INDISPONIBLE


# -- franges et profil de QPV ----------------------------------------------------------------------


def test_la_frange_a_la_bonne_largeur_et_laisse_les_qpv_dehors(base):
    nom, contour, tous = contour_de_qpv(base, "QP099001")
    assert nom == "Nord"
    seule, nette = frange(contour, 200), frange(contour, 200, tous)
    plan = gpd.GeoSeries([seule, nette], crs=4326).to_crs(3035)
    attendue = 4 * 800 * 200 + math.pi * 200**2
    assert plan.area.iloc[0] == pytest.approx(attendue, rel=0.02)
    assert plan.area.iloc[0] - plan.area.iloc[1] == pytest.approx(100 * 500, rel=0.05)
    assert seule.intersection(contour).area == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("metres", [0, -50, 60_000, float("nan")])
def test_une_distance_absurde_est_refusee(metres):
    with pytest.raises(ParametreInvalide, match="de 10 à 5000 mètres"):
        frange(shapely.box(0, 45, 0.01, 45.01), metres)


def test_un_qpv_inconnu_est_dit(base):
    with pytest.raises(DonneeAbsente, match="QP099009"):
        contour_de_qpv(base, "QP099009")


def test_le_profil_montre_les_iris_cote_a_cote_et_aucun_taux_du_qpv(connu, base):
    _, contour, _ = contour_de_qpv(base, "QP099001")
    profil = profil_des_iris(base, "Nord", contour, ("niveau_vie_median", "part_hlm"))
    assert profil.iris["part_perimetre"].sum() == pytest.approx(1, abs=0.02)
    for code, ligne in profil.iris.iterrows():
        forme = connu.iris.set_index("code").geometry[code]
        commune = forme.intersection(carre(2500, 2500, 800)).area
        assert ligne["part_iris"] == pytest.approx(commune / forme.area, abs=0.01)
    assert {c.niveau for c in profil.chiffres.values()} == {"iris"}
    assert {iris for iris, _ in profil.chiffres} == set(profil.iris.index)
    assert "pas du QPV" in profil.avertissement
