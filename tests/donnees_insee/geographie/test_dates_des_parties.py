"""La date d'une partie d'édition QPV : prouvée par un fichier tenu, sinon par la table, sinon inconnue."""

import pandas as pd
import pytest

from donnees_insee.base.base import Base
from donnees_insee.geographie.dates_des_parties import dates
from tests.parts_d_essai import poser

QPV = [f"QP99{n:04d}" for n in range(6)]


@pytest.fixture
def base(tmp_path):
    return Base(tmp_path)


def ranger(base, identifiant, millesime, niveau="qpv", **colonnes):
    codes = colonnes.pop("codes", QPV)
    table = pd.DataFrame({"code": codes, **colonnes})
    poser(base, table, identifiant, millesime, niveau, "essai-0")


def test_des_medianes_egales_a_un_fichier_date_prouvent_l_annee(base):
    medianes = [11000.0, 12000.0, 13000.0, 14000.0, 15000.0, 16000.0]
    ranger(base, "qpv_revenus", 2031, DISP_MED=medianes)
    ranger(base, "qpv_filosofi", 2027, DISP_MED=medianes)
    ranger(base, "qpv_filosofi", 2026, DISP_MED=[m - 300 for m in medianes])
    lues = dates(base)
    assert lues.annee("qpv_revenus", 2031, "DISP_TP60") == 2027
    assert lues.periode("qpv_revenus", 2031, "DISP_MED") == "revenus 2027, édition QPV 2031"
    # Dans le même fichier, une autre partie reste de date inconnue.
    assert lues.annee("qpv_revenus", 2031, "C") is None
    assert lues.periode("qpv_revenus", 2031, "C") == "édition 2031"


def test_une_edition_sans_preuve_est_de_date_inconnue_et_jamais_devinee(base):
    ranger(base, "qpv_revenus", 2018, DISP_MED=[11000.0] * 6)
    assert dates(base).annee("qpv_revenus", 2018, "DISP_MED") is None


def test_la_table_du_catalogue_vaut_quand_rien_n_est_tenu(base):
    ranger(base, "qpv_revenus", 2022, DISP_MED=[11000.0] * 6)
    assert dates(base).annee("qpv_revenus", 2022, "DISP_MED") == 2018


def test_un_temoin_tenu_qui_differe_dement_la_table(base):
    ranger(base, "qpv_revenus", 2022, DISP_MED=[11000.0 + n for n in range(6)])
    ranger(base, "qpv_filosofi", 2018, DISP_MED=[15000.0 + n for n in range(6)])
    assert dates(base).annee("qpv_revenus", 2022, "DISP_MED") is None


def test_deux_temoins_egaux_ne_departagent_pas(base):
    for annee in (2026, 2027):
        ranger(base, "qpv_filosofi", annee, DISP_MED=[11000.0] * 6)
    ranger(base, "qpv_revenus", 2031, DISP_MED=[11000.0] * 6)
    assert dates(base).annee("qpv_revenus", 2031, "DISP_MED") is None


def test_la_population_se_date_par_celle_de_la_commune_et_les_taux_restent_inconnus(base):
    villes = [f"99{n:03d}" for n in range(6)]
    ranger(base, "appartenance", 2030, "commune", codes=villes, LIBGEO=[f"Ville {v}" for v in villes],
           EPCI=["999900001"] * 6, LIBEPCI=["Ensemble"] * 6, DEP=["99"] * 6, REG=["99"] * 6)  # fmt: skip
    populations = [1000.0 * (n + 1) for n in range(6)]
    qpv = [f"QP099{n:03d}" for n in range(6)]
    # Le dernier quartier est à cheval : la population qu'il porte est celle de deux communes.
    noms = [*(f"Ville {v}" for v in villes[:5]), f"Ville {villes[0]}, Ville {villes[5]}"]
    ranger(base, "qpv_demographie", 2031, codes=qpv, LIB_COM=noms, POP_MUN=[100.0] * 6,
           POP_COM=[*populations[:5], populations[0] + populations[5]], TX_TOT_0A24=[30.0] * 6)  # fmt: skip
    ranger(base, "comparateur", 2028, "commune", codes=villes, P_POP=populations)
    lues = dates(base)
    assert lues.annee("qpv_demographie", 2031, "POP_MUN") == 2028
    assert lues.annee("qpv_demographie", 2031, "TX_TOT_0A24") is None


def test_une_source_ordinaire_a_la_date_de_son_millesime(base):
    assert dates(base).annee("filosofi", 2021, "DISP_MED") == 2021
    assert dates(base).annee("qpv_filosofi", 2018, "DISP_MED") == 2018
    assert dates(base).annee("qpv_demographie_2024", 2022, "PARTPOPET") == 2022
