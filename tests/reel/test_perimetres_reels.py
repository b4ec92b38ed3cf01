"""Montpellier et Étampes : ce que se trompe la pondération par surface, et ce que donnent de vrais carreaux."""

import sys

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from abs.perimetres.perimetre_libre import etudier
from abs.perimetres.perimetres import PerimetreDIris
from abs.perimetres.profil_qpv import contour_de_qpv, profil_des_iris
from abs.perimetres.transferts import TransfertRefuse, publier
from abs.statuts import Statut
from tests.abs.fabrique_de_carreaux import selon_la_surface

pytestmark = pytest.mark.reel
VOISINAGE = ("34172", "34123", "34116", "34129", "34057")
QPV_DE_MONTPELLIER = [f"QP0340{rang:02d}" for rang in range(4, 16)]


@pytest.fixture(scope="module")
def iris_34(base_reelle):
    for _, chemin in base_reelle.couches("contours_iris"):
        couche = base_reelle.lire_couche(chemin)
        if couche["code"].str.startswith("34172").any():
            return couche[couche["code"].str.startswith("34")].reset_index(drop=True)
    return pytest.fail("les contours d'IRIS de l'Hérault ne sont pas dans la base réelle")


def population_des_iris(base, codes):
    lecteur = PerimetreDIris(base, "Montpellier", codes)
    from abs.indicateurs.indicateurs import indicateur

    lues = {c: lecteur.chiffre_d_iris(indicateur("population"), c, 2016) for c in codes}
    return pd.Series({c: lu.valeur for c, lu in lues.items() if lu is not None and lu.a_une_valeur})


def test_la_surface_se_trompe_sur_les_qpv_de_montpellier_et_ne_se_publie_pas(base_reelle, iris_34, capsys):
    officielles = base_reelle.lire("qpv_demographie", 2019, "qpv", codes=QPV_DE_MONTPELLIER)["POP_MUN"]
    assert len(officielles) == 12
    comptes = population_des_iris(base_reelle, [c for c in iris_34["code"] if c.startswith(VOISINAGE)])
    lignes, ecarts = [], []
    for code in QPV_DE_MONTPELLIER:
        nom, contour, _ = contour_de_qpv(base_reelle, code)
        touches = iris_34[iris_34.intersects(contour)]
        lue = selon_la_surface(comptes, touches[touches["code"].isin(comptes.index)], contour, "P_POP")
        sans = int((~touches["code"].isin(comptes.index)).sum())
        ecart = lue.valeur / officielles[code] - 1
        if not sans:
            ecarts.append(ecart)
        lignes.append(
            f"  {code} {nom[:28]:<28}{officielles[code]:8.0f}{lue.valeur:10.0f}{100 * ecart:+9.1f} %"
            + (f"  ({sans} IRIS sans chiffre : écart laissé hors de la médiane)" if sans else "")
        )
        with pytest.raises(TransfertRefuse, match="ne se publie jamais"):
            publier(
                lue,
                territoire=code,
                indicateur="population",
                source="rp_population",
                millesime=2016,
                periode="",
            )
    absolus = np.abs(ecarts)
    assert len(ecarts) >= 8
    with capsys.disabled():
        sys.stdout.write(
            "\nPopulation des QPV de Montpellier : officielle, puis IRIS 2016 répartis selon la surface\n"
            + "\n".join(lignes)
            + f"\n  écart absolu médian {100 * np.median(absolus):.1f} % ({len(ecarts)} QPV), "
            f"le plus grand {100 * absolus.max():.1f} %\n"
        )
    assert absolus.max() > 0.2
    assert np.median(absolus) > 0.05


def test_le_profil_d_un_qpv_met_cote_a_cote_des_iris_bien_differents(base_reelle):
    nom, contour, _ = contour_de_qpv(base_reelle, "QP034005")
    profil = profil_des_iris(base_reelle, nom, contour, ("taux_pauvrete_60",))
    taux = [c.valeur for c in profil.chiffres.values() if c.a_une_valeur]
    assert len(taux) >= 5
    assert max(taux) - min(taux) > 15
    assert {c.niveau for c in profil.chiffres.values()} == {"iris"}


def test_des_iris_entiers_de_montpellier_donnent_leur_somme(base_reelle, iris_34):
    codes = ["341720701", "341720702", "341720703"]
    surface = iris_34[iris_34["code"].isin(codes)].union_all()
    dossier = etudier(base_reelle, "Trois IRIS", surface, ("population", "niveau_vie_median"))
    assert dossier.touches.entiers == tuple(codes)
    population = next(c for c in dossier.chiffres if c.indicateur == "population")
    assert population.valeur == pytest.approx(population_des_iris(base_reelle, codes).sum())
    etendue = dossier.etendues[0]
    assert etendue.connus == 3
    assert etendue.basse < etendue.haute


def test_les_carreaux_d_etampes_comptent_un_polygone_trace_a_la_main(base_reelle):
    trace = shapely.Polygon(
        [(2.148, 48.428), (2.172, 48.426), (2.178, 48.440), (2.160, 48.447), (2.146, 48.440)]
    )
    dossier = etudier(base_reelle, "Centre d'Étampes", trace)
    chiffres = {c.indicateur: c for c in dossier.chiffres}
    assert chiffres["carreaux_ind"].millesime == 2019
    # Les attributs du fichier d'origine, sommés sans passer par la base.
    grille = base_reelle.lire("grille", 2019, "carreau")
    coins = grille.index.str.extract(r"N(\d+)E(\d+)").astype(int).to_numpy()
    carres = gpd.GeoSeries(
        shapely.box(coins[:, 1], coins[:, 0], coins[:, 1] + 200, coins[:, 0] + 200), crs=3035
    )
    plan = gpd.GeoSeries([trace], crs=4326).to_crs(3035).iloc[0]
    parts = carres.intersection(plan).area.to_numpy() / 200**2
    for code, variable in (("carreaux_ind", "IND"), ("carreaux_men_pauv", "MEN_PAUV")):
        assert chiffres[code].statut == Statut.ESTIME
        assert chiffres[code].valeur == pytest.approx((grille[variable] * parts).sum(), rel=1e-6)
        assert chiffres[code].borne_haute == pytest.approx(grille[variable][parts > 0].sum())
    assert 10 < chiffres["carreaux_part_men_pauv"].valeur < 20
    assert "carreaux imputés" in chiffres["carreaux_ind"].note
