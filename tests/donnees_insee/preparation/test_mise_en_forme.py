"""Les fichiers en lignes, à codes composés ou à noms en toutes lettres deviennent des tables de la base."""

from __future__ import annotations

import openpyxl
import pyarrow as pa
import pytest

from donnees_insee.base.base import Base
from donnees_insee.catalogue.tables import formes, nature_non_additive, reference
from donnees_insee.depot.depot import deposer
from donnees_insee.lecture.brut import TableBrute
from donnees_insee.preparation.mise_en_forme import mettre_en_forme
from donnees_insee.preparation.preparation import codes_de_l_annee

SDMX = "FILOSOFI_MEASURE;GEO;GEO_OBJECT;UNIT_MEASURE;CONF_STATUS;OBS_STATUS;UNIT_MULT;TIME_PERIOD;OBS_VALUE\n"


def deposer_texte(tmp_path, nom, texte, **options):
    fichier = tmp_path / nom
    fichier.write_text(texte, encoding="utf-8")
    base = Base(tmp_path / "base")
    return base, deposer(base, [fichier], **options)


@pytest.mark.parametrize("forme", formes(), ids=lambda f: f.nom)
def test_chaque_forme_est_complete(forme):
    assert forme.genre in {"pivot", "renommer", "par_annee", "prefixes", "quartiers"}
    assert all(c == c.upper() for c in forme.colonnes)
    if forme.genre == "pivot":
        assert {"territoire", "mesure", "valeur", "annee", "gabarits"} <= set(forme.reglages)


def test_filosofi_en_lignes_devient_large_par_niveau(tmp_path):
    lignes = (
        "MED_SL;34172;COM;EUR_YR;F;A;0;2021;19870\nPR_MD60;34172;COM;PT;F;A;0;2021;27.5\n"
        "MED_SL;01002;COM;EUR_YR;C;A;0;2021;\n"
        "MED_SL;243400017;EPCI;EUR_YR;F;A;0;2021;21340\nMED_SL;34;DEP;EUR_YR;F;A;0;2021;20920\n"
        "MED_SL;76;REG;EUR_YR;F;A;0;2021;21510\nMED_SL;FM;FRANCE;EUR_YR;F;A;0;2021;23080\n"
        "MED_SL;00355;UU2020;EUR_YR;F;A;0;2021;20000\nTRUC;34172;COM;EUR_YR;F;A;0;2021;1\n"
    )
    base, (depot,) = deposer_texte(tmp_path, "DS_FILOSOFI_CC_data.csv", SDMX + lignes)
    assert depot.etat == "range", depot.raison
    assert {(lot.source, lot.millesime, lot.niveau) for lot in depot.lots} == {
        ("filosofi", 2021, n) for n in ("commune", "epci", "departement", "region", "france")
    }
    communes = base.lire("filosofi", 2021, "commune")
    assert communes.loc["34172", "DISP_MED"] == 19870
    assert communes.loc["34172", "DISP_TP60"] == 27.5
    assert communes["DISP_MED__statut"]["01002"] == "c"
    assert base.lire("filosofi", 2021, "france").index.tolist() == ["METRO"]


def test_filosofi_2023_ne_rejoint_jamais_la_serie(tmp_path):
    lignes = "MED_SL;34172;COM;EUR_YR;F;A;0;2023;21000\nPR_MD60;34172;COM;PT;F;A;0;2023;28\n"
    base, (depot,) = deposer_texte(tmp_path, "DS_FILOSOFI_CC_2023_data.csv", SDMX + lignes)
    assert [(lot.source, lot.millesime) for lot in depot.lots] == [("filosofi_2", 2023)]
    assert not base.millesimes("filosofi")


def test_deux_valeurs_pour_une_meme_mesure_sont_refusees(tmp_path):
    lignes = "MED_SL;34172;COM;EUR_YR;F;A;0;2021;19870\nMED_SL;34172;COM;EUR_MTH;F;A;0;2021;1650\n"
    base, (depot,) = deposer_texte(tmp_path, "double.csv", SDMX + lignes)
    assert depot.etat == "refuse"
    assert "34172 · MED_SL : 2 valeurs différentes" in depot.raison
    assert not base.parts()


def test_caf_par_commune_donne_une_table_par_annee(tmp_path):
    texte = (
        "dtreffre;numcomdo;nomcom;indfoy_ndur;indnbp_ndur;indfoy_rsa\n"
        "2023-12;34172;MONTPELLIER;80000;150000;14000\n2024-12;34172;MONTPELLIER;80500;150500;13500\n"
        "2024-12;;;15;20;5\n"
    )
    base, (depot,) = deposer_texte(tmp_path, "s_ben_com_f.csv", texte)
    assert base.millesimes("caf_communes") == [2023, 2024]
    assert base.lire("caf_communes", 2024, "commune").loc["34172", "INDFOY_RSA"] == 13500
    assert any("sans code" in r for lot in depot.lots for r in lot.remarques)
    # Deux sources de la Cnaf, jamais une seule série.
    assert not base.millesimes("caf")


def test_quotient_familial_a_l_iris_compose_son_code(tmp_path):
    texte = (
        "dtreffre;numcomdo;nomcom;numirisd;qf_400;indfoy_ndur\n"
        "2024-12;34172;MONTPELLIER;0101;Moins de 400;120\n2024-12;34172;MONTPELLIER;0101;Entre 400 et 799;95\n"
        "2024-12;34172;MONTPELLIER;0101;Inconnu;5\n2024-12;34172;MONTPELLIER;0102;Moins de 400;10\n"
    )
    base, (depot,) = deposer_texte(tmp_path, "ndur_s_qf_400_iris_f.csv", texte)
    assert depot.etat == "range", depot.raison
    lue = base.lire("caf_quotient", 2024, "iris")
    assert lue.loc["341720101", "QF_MOINS_DE_400"] == 120
    assert lue.loc["341720101", "QF_TOTAL"] == 220
    # Une tranche absente du fichier reste absente : ce n'est pas zéro.
    assert lue.loc["341720102", "QF_ENTRE_400_ET_799"] != lue.loc["341720102", "QF_ENTRE_400_ET_799"]


def test_demandeurs_d_emploi_ne_garde_que_le_total_du_quatrieme_trimestre(tmp_path):
    entete = (
        "Date;Code région;Région;Code département;Département;Code commune;Commune;Type de données;Catégorie;"
        "Sexe;Tranche d'âge;Nombre de demandeurs d'emploi\n"
    )
    ligne = "{};76;Occitanie;34;Hérault;34172;Montpellier;Brutes;{};{};{};{}\n"
    texte = entete + "".join(
        ligne.format(*v)
        for v in [
            ("2024-T4", "ABC", "Total", "Total", 30125),
            ("2024-T4", "ABC", "Femme", "Total", 15000),
            ("2024-T4", "A", "Total", "Total", 18000),
            ("2024-T3", "ABC", "Total", "Total", 29999),
            ("2023-T4", "ABC", "Total", "Total", 29000),
        ]
    )
    base, (depot,) = deposer_texte(tmp_path, "dares_defm_communales-brutes.csv", "\ufeff" + texte)
    assert depot.etat == "range", depot.raison
    assert base.lire("demandeurs_emploi", 2024, "commune").loc["34172"].to_dict() == {
        "DEFM_A": 18000,
        "DEFM_ABC": 30125,
    }
    assert base.lire("demandeurs_emploi", 2023, "commune").loc["34172", "DEFM_ABC"] == 29000


def test_demandeurs_d_emploi_aux_noms_techniques_donnent_la_meme_table(tmp_path):
    entete = "date;code_commune;nombre_de_demandeurs_d_emploi;sexe;tranche_d_age;categorie\n"
    lignes = "2024-T4;34172;30125;Total;Total;ABC\n2024-T4;34172;15000;Femmes;Total;ABC\n"
    lignes += "2023-T4;34172;29000;Total;Total;ABC\n"
    base, (depot,) = deposer_texte(tmp_path, "dares_defm_communales-brutes.csv", entete + lignes)
    assert depot.etat == "range", depot.raison
    assert base.millesimes("demandeurs_emploi") == [2023, 2024]
    assert base.lire("demandeurs_emploi", 2024, "commune").loc["34172"].to_dict() == {"DEFM_ABC": 30125}


def test_un_fichier_dont_aucune_ligne_n_est_gardee_est_refuse_avec_ce_qu_on_attendait(tmp_path):
    entete = "date;code_commune;nombre_de_demandeurs_d_emploi;sexe;tranche_d_age;categorie\n"
    base, (depot,) = deposer_texte(tmp_path, "dares.csv", entete + "2024-T3;34172;30125;Total;Total;ABC\n")
    assert depot.etat == "refuse"
    assert "aucune ligne à garder" in depot.raison
    assert "une fin en « T4 » dans DATE" in depot.raison
    assert not base.recus()


PETITE_ENFANCE = {
    "com": ("numcom;nomcom;numepci;nomepci", "34172;Montpellier;243400017;Métropole", "34172", "commune"),
    "epci": ("numepci;nomepci;numdep;nomdep", "243400017;Métropole;34;Hérault", "243400017", "epci"),
    "dep": ("numdep;nomdep;numregi;nomregi", "34;Hérault;76;Occitanie", "34", "departement"),
    "reg": ("numregi;nomregi", "76;Occitanie", "76", "region"),
}


@pytest.mark.parametrize("echelle", PETITE_ENFANCE)
def test_couverture_petite_enfance_se_lit_a_chaque_niveau(tmp_path, echelle):
    cles, valeurs, code, niveau = PETITE_ENFANCE[echelle]
    taux = ["txcouv_psu_col", "txcouv_eaje", "txcouv_prescol", "txcouv_am_ind", "txcouv_gad_ind", "txcouv"]
    entete = f"annee;{cles};" + ";".join(f"{t}_{echelle}" for t in taux) + "\n"
    lignes = f"2023;{valeurs};15.5;20.1;3;31.9;;60.9\n2022;{valeurs};15;19.5;3;32;2;59.5\n"
    base, (depot,) = deposer_texte(tmp_path, f"txcouv_pe_{echelle}.csv", "\ufeff" + entete + lignes)
    assert depot.etat == "range", depot.raison
    assert {lot.ou for lot in depot.lots} == {("caf_petite_enfance", a, niveau) for a in (2022, 2023)}
    lue = base.lire("caf_petite_enfance", 2023, niveau)
    assert list(lue.index) == [code]
    assert lue.loc[code, "TXCOUV"] == 60.9
    assert lue.loc[code, "TXCOUV_PSU_COL"] == 15.5
    # Une part laissée vide n'est pas zéro.
    assert lue.loc[code, "TXCOUV_GAD_IND"] != lue.loc[code, "TXCOUV_GAD_IND"]


def test_couverture_petite_enfance_nationale_porte_une_date_et_des_noms_courts(tmp_path):
    texte = (
        "annee;national;txcouv_psu_nat;txcouv_eaje_nat;txcouv_am_nat;txcouv_gad_nat;txcouv_nat\n"
        "2023-01-01;FRANCE ENTIERE HORS MAYOTTE;19;22;31;2;60\n"
    )
    base, (depot,) = deposer_texte(tmp_path, "txcouv_pe_nat.csv", texte)
    assert depot.etat == "range", depot.raison
    # La France hors Mayotte n'est pas la métropole : son code n'est pas celui qu'une référence va chercher.
    assert base.lire("caf_petite_enfance", 2023, "france").loc["FRANCE", "TXCOUV_AM_IND"] == 31


def test_la_ligne_des_communes_sans_intercommunalite_est_mise_de_cote(tmp_path):
    texte = "annee;numepci;nomepci;txcouv_epci\n2023;243400017;Métropole;60\n2023;XX;XX;150\n"
    base, (depot,) = deposer_texte(tmp_path, "txcouv_pe_epci.csv", texte)
    assert depot.etat == "range", depot.raison
    assert base.lire("caf_petite_enfance", 2023, "epci").index.tolist() == ["243400017"]
    assert "mise de côté" in depot.lots[0].remarques[0]


def test_un_taux_de_couverture_ne_s_additionne_jamais():
    assert nature_non_additive("TXCOUV") == nature_non_additive("TXCOUV_EAJE") == "un taux de couverture"


def test_accessibilite_aux_soins_se_lit_par_ses_noms_en_toutes_lettres(tmp_path):
    livre = openpyxl.Workbook()
    livre.remove(livre.active)
    for annee, apl in ((2023, 3.5), (2024, 3.25)):
        feuille = livre.create_sheet(f"APL {annee}")
        for titre in (
            "Indicateur d'accessibilité",
            None,
            f"Millésime : {annee}",
            None,
            None,
            None,
            None,
            None,
        ):
            feuille.append([titre])
        feuille.append(
            ["Code commune INSEE", "Commune", "APL aux médecins généralistes",
             "APL aux médecins généralistes de 65 ans et moins ",
             "Population standardisée 2022 pour la médecine générale ", "Population totale 2022"]
        )  # fmt: skip
        feuille.append(
            [None, None, "Nombre de consultations", "Nombre de consultations", "habitants", "habitants"]
        )
        feuille.append(["34172", "Montpellier", apl, apl - 0.5, 299000.5, 302454])
        feuille.append(["2A004", "Ajaccio", 2.5, 2.0, 70000, 71000])
    livre.save(tmp_path / "Indicateur_APL_medecins.xlsx")
    base = Base(tmp_path / "base")
    (depot,) = deposer(base, [tmp_path / "Indicateur_APL_medecins.xlsx"])
    assert depot.etat == "range", depot.raison
    assert base.millesimes("accessibilite_soins") == [2023, 2024]
    lue = base.lire("accessibilite_soins", 2024, "commune")
    assert lue.loc["34172", "APL_GENERALISTES"] == 3.25
    assert lue.loc["34172", "APL_GENERALISTES_65"] == 2.75
    assert lue.loc["2A004", "APL_POPULATION_STANDARDISEE"] == 70000


def test_equipements_situes_sont_comptes_par_commune_et_par_iris(tmp_path):
    texte = (
        '"REG";"DEP";"DEPCOM";"DCIRIS";"AN";"TYPEQU";"LAMBERT_X";"LAMBERT_Y";"QUALITE_XY"\n'
        '11;"94";"94033";"94033_0110";2019;"D201";662380.6;6861389.8;"Bonne"\n'
        '11;"94";"94033";"94033_0110";2019;"D201";662380.6;6861389.8;"Bonne"\n'
        '11;"94";"94033";"94033_0111";2019;"D301";NA;NA;"type_équipement_non_géolocalisé"\n'
        '11;"94";"94054";"94054";2019;"A206";659308.1;6854818.6;"Acceptable"\n'
        '11;"94";"94033";"CSZ";2019;"D201";659308.1;6854818.6;"Acceptable"\n'
    )
    base, (depot,) = deposer_texte(tmp_path, "bpe.csv", texte)
    assert depot.etat == "range", depot.raison
    communes = base.lire("equipements", 2019, "commune")
    assert communes.loc["94033", ["EQ_GENERALISTES", "EQ_PHARMACIES", "EQ_POSTES"]].tolist() == [3, 1, 0]
    assert communes.loc["94054", ["EQ_GENERALISTES", "EQ_POSTES"]].tolist() == [0, 1]
    iris = base.lire("equipements", 2019, "iris")
    assert iris.loc["940330110", "EQ_GENERALISTES"] == 2
    assert iris.loc["940540000", "EQ_POSTES"] == 1
    assert "1 équipement(s) sans IRIS lisible, gardés à la commune" in " ".join(depot.lots[0].remarques)


def test_deux_listes_d_equipements_d_une_meme_commune_ne_s_ajoutent_pas(tmp_path):
    entete = "DEPCOM;DCIRIS;AN;TYPEQU;LAMBERT_X;LAMBERT_Y\n"
    base, _ = deposer_texte(tmp_path, "bpe_a.csv", entete + "94033;94033_0110;2019;D201;1;2\n")
    (tmp_path / "bpe_b.csv").write_text(
        entete + "94033;94033_0111;2019;D301;3;4\n94054;94054;2019;D301;3;4\n"
    )
    (depot,) = deposer(base, [tmp_path / "bpe_b.csv"])
    assert depot.etat == "refuse"
    assert "94033" in depot.raison
    assert base.lire("equipements", 2019, "commune").index.tolist() == ["94033"]


def test_equipements_par_iris_en_lignes(tmp_path):
    texte = (
        "GEO;GEO_OBJECT;FACILITY_DOM;FACILITY_SDOM;FACILITY_TYPE;OBS_VALUE\n"
        "940330110;IRIS;D;D2;D265;4\n940330110;IRIS;D;D3;D307;1\n940330110;IRIS;_T;_T;_T;250\n"
    )
    base, (depot,) = deposer_texte(tmp_path, "ds_bpe_iris_2024_geo_2024.csv", texte, millesime=None)
    # Deux fois la même année dans le nom : elle n'est pas ambiguë.
    assert depot.etat == "range", depot.raison
    assert base.lire("equipements_comptes", 2024, "iris").loc["940330110", "EQ_GENERALISTES"] == 4


def test_un_nombre_tu_ou_un_type_absent_du_fichier_n_est_pas_zero(tmp_path):
    texte = (
        "DEPCOM;DCIRIS;AN;TYPEQU;NB_EQUIP\n94033;94033_0110;2019;D201;4\n94033;94033_0111;2019;D201;s\n"
        "94033;94033_0110;2019;D301;1\n94054;94054;2019;D301;2\n"
    )
    base, (depot,) = deposer_texte(tmp_path, "bpe_ensemble.csv", texte)
    assert depot.etat == "range", depot.raison
    communes = base.lire("equipements_comptes", 2019, "commune")
    assert communes["EQ_GENERALISTES"].isna()["94033"]
    assert communes.loc["94054", "EQ_GENERALISTES"] == 0
    assert "EQ_DENTISTES" not in communes
    assert base.lire("equipements_comptes", 2019, "iris").loc["940330110", "EQ_GENERALISTES"] == 4


def test_la_renumerotation_de_2024_est_une_table():
    assert codes_de_l_annee(2023)["D201"] == codes_de_l_annee(2024)["D265"] == "EQ_GENERALISTES"
    assert codes_de_l_annee(2020)["D301"] == codes_de_l_annee(2021)["D307"] == "EQ_PHARMACIES"
    assert "D201" not in codes_de_l_annee(2024)
    assert "D265" not in codes_de_l_annee(2023)
    for annee in range(2013, 2027):
        suivis = [
            t["variable"]
            for t in reference("types_equipements")
            if int(t["de"]) <= annee and (not t["a"] or annee <= int(t["a"]))
        ]
        assert len(suivis) == len(set(suivis)), annee


def test_parc_social_separe_iris_et_communes(tmp_path):
    base, _ = deposer_texte(tmp_path, "data_RPLS2024_Iris.csv", "CodGeo;nbLsPls;txVac\n341720101;250;2,5\n")
    (tmp_path / "data_RPLS2024_COM.csv").write_text(
        "CodGeo;nbLsPls;txVac\n34172;25000;3,1\n75056;1;2\n75113;1;2\n"
    )
    deposer(base, [tmp_path / "data_RPLS2024_COM.csv"], millesime=2024)
    assert {(p.niveau) for p in base.parts()} <= {"iris", "commune"}
    assert base.lire("parc_social", 2024, "commune").loc["34172", "NBLSPLS"] == 25000


def test_mouvement_sans_commune_d_avant_garde_sa_ligne(tmp_path):
    texte = (
        "MOD,DATE_EFF,TYPECOM_AV,COM_AV,LIBELLE_AV,TYPECOM_AP,COM_AP,LIBELLE_AP\n"
        "20,2011-03-31,,,,COM,97601,Acoua\n32,2019-01-01,COM,85166,Olonne-sur-Mer,COM,85194,Les Sables-d'Olonne\n"
    )
    base, (depot,) = deposer_texte(tmp_path, "v_mvt_commune_2026.csv", texte)
    assert depot.etat == "range", depot.raison
    lue = base.lire("mouvements_communes", 2026, "mouvement")
    assert lue.loc["97601", "COM_AP"] == "97601"
    assert lue["COM_AV"].isna()["97601"]
    assert lue.loc["85166", "COM_AP"] == "85194"


def test_correspondance_des_qpv_a_noms_pleins_d_espaces(tmp_path):
    texte = (
        '"QP2024 ";"Label_QP2024";"Statut ";"QP2015_1";"Label_QP2015_1";"QP2015_2";"Label_QP2015_2"\n'
        '"QN03401M";"La Mosson";"Modifié";"QP034001";"Mosson";"";""\n'
    )
    base, (depot,) = deposer_texte(tmp_path, "liste-correspondance-qp2024-qp2015.csv", texte)
    assert depot.etat == "range", depot.raison
    assert base.lire("qpv_correspondance", None, "qpv").loc["QN03401M", "QP2015_1"] == "QP034001"


def test_qpv_2024_demographie_en_chameau(tmp_path):
    texte = (
        "codeQPV;libQPV;listeDepcom;listeLibDepcom;popMuniQPV;indiceJeunesse;partPop0_14;partMen1p\n"
        "QN03401M;La Mosson;34172;Montpellier;21000;2.1;25.5;ns\n"
    )
    base, (depot,) = deposer_texte(tmp_path, "estimations-demographiques_2022_QP.csv", texte)
    assert depot.etat == "range", depot.raison
    lue = base.lire("qpv_demographie_2024", 2022, "qpv")
    assert lue.loc["QN03401M", "PARTPOP0_14"] == 25.5
    assert lue.loc["QN03401M", "PARTMEN1P__statut"] == "ns"


def test_une_table_ordinaire_n_est_pas_touchee():
    table = TableBrute(("IRIS", "P21_POP"), pa.table({"IRIS": ["010010000"], "P21_POP": ["1"]}), "f.csv")
    assert mettre_en_forme(table) == [table]
