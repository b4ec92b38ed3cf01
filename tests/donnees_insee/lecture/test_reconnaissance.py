"""Pour quoi un fichier est pris : en-têtes recopiés des fichiers publiés, année par année."""

from __future__ import annotations

import pytest

from donnees_insee.erreurs import SourceNonReconnue
from donnees_insee.lecture.reconnaissance import annee_du_nom, annees_dans, reconnaitre

GEO_2010 = "IRIS REG DEP UU2010 COM LIBCOM TRIRIS GRD_QUART LIBIRIS TYP_IRIS MODIF_IRIS LAB_IRIS"
GEO_2020 = "IRIS COM TYP_IRIS LAB_IRIS"
CAF = "A PERCOU AI AM ACSSENF ACAVENF AC3ENF ENF ENF_2 ENF_3_5 A_ETUD A_NETUD_24 AAL AAPL AAAH APPA ARSAS"
DEMO = "POP_MUN POP_COM_QP POP_COM LIB_COM TX_F TX_TOT_0A24 IND_JEUNE TX_TOT_MEN1 A PERCOU AM AI ACAVENF NOTE_CNAF"

# (nom du fichier, colonnes, source, millésime, variables attendues)
CAS = {
    "population 2016": (
        "base-ic-evol-struct-pop-2016.CSV",
        f"{GEO_2010} P16_POP P16_POP0002 P16_POP0305 P16_POP65P C16_POP15P C16_POP15P_CS3 P16_PHORMEN",
        "rp_population", 2016, {"P_POP", "C_POP15P_CS3", "LIBIRIS"},
    ),
    "population 2022, PCS 2020": (
        "base-ic-evol-struct-pop-2022.CSV",
        f"{GEO_2020} P22_POP P22_POP0002 P22_POP80P C22_POP15P C22_POP15P_STAT_GSEC13_23 P22_POP_IMM",
        "rp_population", 2022, {"P_POP", "C_POP15P_STAT_GSEC13_23"},
    ),
    "activité 2010": (
        "base-ic-activite-residents-2010_75.csv",
        f"{GEO_2010} P10_POP1564 P10_POP1524 P10_ACT1564 P10_CHOM1564 C10_ACT1564 C10_ACT1564_CS3",
        "rp_activite", 2010, {"P_ACT1564", "C_ACT1564_CS3"},
    ),
    "activité 2022, PCS 2020": (
        "base-ic-activite-residents-2022.CSV",
        f"{GEO_2020} P22_POP1564 P22_ACT1564 P22_CHOM1564 C22_ACT1564 C22_ACT1564_STAT_GSEC13_23",
        "rp_activite", 2022, {"C_ACT1564_STAT_GSEC13_23"},
    ),
    "diplômes 2010": (
        "base-ic-diplomes-formation-2010_75.csv",
        f"{GEO_2010} P10_POP0205 P10_SCOL0205 P10_NSCOL15P P10_NSCOL15P_DIPL0 P10_NSCOL15P_CEP P10_NSCOL15P_BACP2",
        "rp_diplomes", 2010, {"P_NSCOL15P_DIPL0", "P_NSCOL15P_BACP2"},
    ),
    "diplômes 2015": (
        "base-ic-diplomes-formation-2015_75.csv",
        f"{GEO_2010} P15_POP0205 P15_SCOL0205 P15_NSCOL15P P15_NSCOL15P_DIPLMIN P15_NSCOL15P_SUP",
        "rp_diplomes", 2015, {"P_NSCOL15P_DIPLMIN", "P_NSCOL15P_SUP"},
    ),
    "diplômes 2020": (
        "base-ic-diplomes-formation-2020.CSV",
        f"{GEO_2020} P20_POP0205 P20_SCOL0205 P20_NSCOL15P P20_NSCOL15P_DIPLMIN P20_NSCOL15P_BEPC P20_NSCOL15P_SUP5",
        "rp_diplomes", 2020, {"P_NSCOL15P_SUP5"},
    ),
    "ménages 2016": (
        "base-ic-couples-familles-menages-2016.CSV",
        f"{GEO_2010} C16_MEN C16_MENPSEUL C16_FAM C16_FAMMONO P16_POP15P P16_POPMEN15P C16_NE24F3",
        "rp_menages", 2016, {"C_FAMMONO", "C_NE24F3"},
    ),
    "logement 2017, suroccupation ancienne": (
        "base-ic-logement-2017.CSV",
        f"{GEO_2010} P17_LOG P17_RP P17_RP_ACHTOT P17_RP_ACH14 C17_RP_HSTU1P C17_RP_HSTU1P_SUROCC",
        "rp_logement", 2017, {"P_RP_ACHDER", "C_RP_HSTU1P_SUROCC"},
    ),
    "logement 2022, suroccupation nouvelle": (
        "base-ic-logement-2022.CSV",
        f"{GEO_2020} P22_LOG P22_RP P22_RP_ACHTOT P22_RP_ACH1919 C22_RP_NORME C22_RP_SUROCC_MOD",
        "rp_logement", 2022, {"P_RP_ACH1919", "C_RP_SUROCC_MOD"},
    ),
    "Filosofi IRIS 2016, tableur": (
        "BASE_TD_FILO_DISP_IRIS_2016.csv",
        "IRIS LIBIRIS COM LIBCOM DISP_TP6016 DISP_Q116 DISP_MED16 DISP_S80S2016 DISP_GI16",
        "filosofi", 2016, {"DISP_TP60", "DISP_S80S20"},
    ),
    "Filosofi IRIS 2021": (
        "BASE_TD_FILO_IRIS_2021_DISP.csv",
        "IRIS DISP_TP6021 DISP_INCERT21 DISP_Q121 DISP_MED21 DISP_D921 DISP_RD21 DISP_S80S2021 DISP_NOTE21",
        "filosofi", 2021, {"DISP_INCERT", "DISP_NOTE", "DISP_MED"},
    ),
    "Filosofi déclaré 2021": (
        "BASE_TD_FILO_IRIS_2021_DEC.csv",
        "IRIS DEC_PIMP21 DEC_TP6021 DEC_INCERT21 DEC_Q121 DEC_MED21 DEC_NOTE21",
        "filosofi_declare", 2021, {"DEC_MED", "DEC_PIMP"},
    ),
    "Filosofi communes 2018": (
        "FILO2018_DISP_COM.csv",
        "CODGEO LIBGEO NBMEN18 NBPERS18 NBUC18 Q118 Q218 Q318 Q3_Q1 D118 D918 RD S80S2018 GI18 PACT18",
        "filosofi", 2018, {"DISP_MED", "DISP_RD", "DISP_GI", "NB_MENAGES"},
    ),
    "Filosofi chiffres clés 2021": (
        "cc_filosofi_2021_COM.csv",
        "CODGEO NBMENFISC21 NBPERSMENFISC21 MED21 PIMP21 TP6021 TP60AGE121 TP60TOL221 PPSOC21 D121 D921 RD21",
        "filosofi", 2021, {"DISP_MED", "DISP_TP60AGE1", "DEC_PIMP"},
    ),
    "CAF 2016": ("data_CAF_2016_IRIS.csv", f"CODGEO LIBGEO DEPCOM LIBCOM EPCI REG NOTE {CAF} APRES50", "caf", 2016, {"AM"}),
    "CAF 2018": ("data_CAF_2018_IRIS.csv", f"CODGEO LIBGEO DEPCOM LIBCOM EPCI UU REG NOTE {CAF}", "caf", 2018, {"UU"}),
    "CAF 2020": ("data_CAF_2020_IRIS.csv", f"CODGEO NOTE {CAF}", "caf", 2020, {"NOTE_CNAF", "A_NETUD_24"}),
    "QPV démographie 2019": ("DEMO_2019.csv", f"CODGEO LIBGEO {DEMO}", "qpv_demographie", 2019, {"TX_TOT_0A24"}),
    "QPV démographie 2021": ("data_DEMO_2021_V1_QP.csv", f"CODGEO {DEMO} NOTE_RP", "qpv_demographie", 2021, {"NOTE_RP"}),
    "QPV emploi 2022": (
        "IPRO_2022.csv",
        "CODGEO LIBGEO TX_TOT_EMPL TX_F_EMPL TX_TOT_EDLIM CA NOTE_ASP ABC ABC_F A A_F",
        "qpv_emploi", 2022, {"TX_TOT_EDLIM", "ABC"},
    ),
    "QPV emploi, colonne d'avant 2021": (
        "IPRO_2020.csv", "CODGEO TX_TOT_EMPL TX_TOT_EPREC ABC", "qpv_emploi", 2020, {"TX_TOT_EDLIM"},
    ),
    "QPV revenus 2022": (
        "REVN_2022.csv",
        "CODGEO LIBGEO PMIMP DECUC_Q2 BREV DISP_Q2 DISP_Q1 TP60 DISP_D1D9 PACT NOTE_FILO C C_C2SP A",
        "qpv_revenus", 2022, {"DISP_MED", "DISP_TP60", "DISP_RD", "C_C2SP"},
    ),
    "QPV revenus 2018, suffixe _A18": (
        "data_filo18_qp_revdis.csv",
        "CODGEO DISP_Q1_A18 DISP_MED_A18 DISP_GINI_A18 DISP_TP60_A18 DISP_NOTE_A18",
        "qpv_filosofi", 2018, {"DISP_MED", "DISP_GI", "NOTE_FILO"},
    ),
    "QPV revenus 2016, en minuscules": (
        "data_filo16_qp_revdis.csv",
        "codgeo disp_q1_a16 disp_q2_a16 disp_q1q3q2_a16 disp_d1d9_a16 disp_gini_a16 disp_s80s20_a16 tp60_a16 note",
        "qpv_filosofi", 2016, {"DISP_MED", "DISP_RD", "DISP_TP60", "DISP_EQ", "NOTE_FILO"},
    ),
    "QPV revenus 2018, édition": (
        "REVN_2018.csv",
        "CODGEO LIBGEO PMIMP DECUC_Q2 BREV DISP_Q2 DISP_Q1 TP60 PACT CCMUC A",
        "qpv_revenus", 2018, {"DISP_MED", "DISP_TP60"},
    ),
    "QPV, liste": ("qp.csv", "code_qp nom_qp nom_commune pop_mun ind_jeune tx_f", "qpv_liste", None, {"LIBGEO", "LIB_COM"}),
    "comparateur": (
        "base_cc_comparateur.CSV",
        "CODGEO P18_POP P13_POP SUPERF NAIS1318 P18_MEN P18_LOG P18_RP NBMENFISC19 MED19 TP6019 P13_EMPLT",
        "comparateur", 2018, {"P_POP", "SUPERF"},
    ),
    "appartenance": ("EPCI_2020.csv", "CODGEO LIBGEO EPCI LIBEPCI DEP REG", "appartenance", 2020, {"EPCI"}),
    "liste d'IRIS": (
        "iris_2021.csv", "CODE_IRIS LIB_IRIS TYP_IRIS GRD_QUART DEPCOM LIBCOM UU2020 REG DEP",
        "reference_iris", 2021, {"DEPCOM"},
    ),
    "populations légales": (
        "t-popref-com.csv", "com_code com_annee com_type popref_annee popref_mun popref_tot",
        "populations_legales", None, {"POPREF_MUN"},
    ),
    "quartiers": ("quartiers.csv", "IRIS QUARTIER", "quartiers", None, {"QUARTIER"}),
    "source locale": (
        "aides.csv", "territoire date indicateur numerateur denominateur producteur diffusion seuil",
        "locale", None, {"NUMERATEUR", "DIFFUSION"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("cas", CAS.values(), ids=CAS.keys())
def test_fichiers_publies(cas):
    nom, colonnes, source, millesime, variables = cas
    lot = reconnaitre(colonnes.split(), nom)
    assert (lot.source.id, lot.millesime) == (source, millesime)
    assert variables <= {c.variable for c in lot.colonnes}


@pytest.mark.parametrize("cas", CAS.values(), ids=CAS.keys())
def test_l_ordre_et_la_casse_des_colonnes_ne_comptent_pas(cas):
    nom, colonnes, source, millesime, _ = cas
    droit = reconnaitre(colonnes.split(), nom)
    envers = reconnaitre([c.swapcase() for c in colonnes.split()][::-1], nom)
    assert (envers.source.id, envers.millesime) == (source, millesime)
    assert {c.variable for c in envers.colonnes} == {c.variable for c in droit.colonnes}


def test_une_autre_annee_est_ecartee_et_dite():
    nom, colonnes, *_ = CAS["comparateur"]
    lot = reconnaitre(colonnes.split(), nom)
    assert {"P13_POP", "P13_EMPLT"} <= set(lot.ecartees)
    assert [c.brut for c in lot.colonnes if c.variable == "P_POP"] == ["P18_POP"]


@pytest.mark.parametrize(
    ("colonnes", "attendue"),
    [
        ("DEPCOM DCIRIS TYPEQU LAMBERT_X AN", "equipements"),
        ("DEPCOM DCIRIS TYPEQU NB_EQUIP AN", "equipements_comptes"),
        ("Idcar_200m Ind Men Men_pauv Ind_snv", "grille"),
        ("CODE_MVT MOD DATE_EFF COM_AV COM_AP", "mouvements_communes"),
        ("TYPECOM COM REG LIBELLE COMPARENT", "cog"),
        ("CodGeo nbLsPls txVac", "parc_social"),
        ("CODGEO P22_LOG P22_RP P16_LOG P16_RP", "rp_logement"),
    ],
)
def test_sources_de_reference_sont_reconnues(colonnes, attendue):
    assert reconnaitre(colonnes.split(), "f_2022.csv").source.id == attendue


def test_base_cc_lit_l_annee_la_plus_recente():
    """Une base communale porte trois recensements : le dernier est retenu, les autres sont dits."""
    lot = reconnaitre(
        ["CODGEO", "P22_LOG", "P22_RP", "P16_LOG", "P16_RP", "P11_LOG"], "base-cc-logement-2022.CSV"
    )
    assert lot.millesime == 2022
    assert set(lot.ecartees) == {"P16_LOG", "P16_RP", "P11_LOG"}


def test_colonnes_inconnues(erreur_claire):
    assert "abs sources lister" in erreur_claire(lambda: reconnaitre(["nom", "prenom"], "amis.csv"))


def test_deux_sources_possibles(erreur_claire):
    """POP0610 et POP1824 sont à la fois dans la population et dans les diplômes."""
    raison = erreur_claire(lambda: reconnaitre(["IRIS", "P16_POP0610", "P16_POP1824"], "extrait.csv"))
    assert "départagent pas" in raison


@pytest.mark.parametrize(
    ("nom", "annees"),
    [
        ("BASE_TD_FILO_DEC_IRIS_2020", [2020]),
        ("base-ic-evol-struct-pop-2016_extrait.csv", [2016]),
        ("EPCI_au_01-01-2024.xlsx", [2024]),
        ("contours-iris-2018-01-01", [2018]),
        ("QP2024_France_LB93.shp", [2024]),
        ("fichier 2015 à 2020.csv", [2015, 2020]),
        ("n7708995.zip", []),
        ("20240115_export.csv", []),
        ("bpe1989.csv", []),
        ("iris75.csv", []),
    ],
)
def test_annees_dans_un_nom(nom, annees):
    assert annees_dans(nom) == annees


def test_annee_du_titre_d_une_feuille():
    assert annee_du_nom("table.xlsx", "Communes au 1er janvier 2022") == (2022, "titre de la feuille")
    assert annee_du_nom("table-2021.xlsx", "Communes au 01/01/2022") == (2021, "nom du fichier")
    assert annee_du_nom("table 2020 2021.xlsx", "au 01/01/2022") == (None, "")


@pytest.mark.parametrize(
    "nom", ["demographie_QPV2024.csv", "data_qp2024_demo.csv", "QN-2024 démographie.csv"]
)
def test_une_generation_de_qpv_dans_un_nom_n_est_pas_l_annee_des_donnees(nom):
    with pytest.raises(SourceNonReconnue, match="Redéposez-le avec --millesime"):
        reconnaitre(["codeQPV", "popMuniQPV", "indiceJeunesse", "partPopEt"], nom)
    lot = reconnaitre(["codeQPV", "popMuniQPV", "indiceJeunesse", "partPopEt"], f"estimations_2022_{nom}")
    assert (lot.source.id, lot.millesime) == ("qpv_demographie_2024", 2022)
