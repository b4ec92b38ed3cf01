"""Les chiffres de la démonstration refaits à partir des fichiers bruts, sans passer par les lecteurs du projet."""

from __future__ import annotations

import csv
import io
import math
import zipfile
from typing import TYPE_CHECKING

import pytest

from abs.calcul.diagnostic import diagnostiquer
from abs.territoires.demande import Demande

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    import pandas as pd

    from donnees_insee.base.base import Base

Lignes = dict[str, dict[str, str]]

THEMES = {
    "pop": "evol-struct-pop",
    "men": "couples-familles-menages",
    "log": "logement",
    "act": "activite-residents",
    "dip": "diplomes-formation",
}

# Écrits ici de mémoire des définitions, avec les noms publiés de 2022 : rien n'est relu dans abs/definitions.
RAPPORTS_2022 = {
    "part_moins_25_ans": ("pop", "P22_POP0002 P22_POP0305 P22_POP0610 P22_POP1117 P22_POP1824", "P22_POP"),
    "part_0_2_ans": ("pop", "P22_POP0002", "P22_POP"),
    "part_65_ans_plus": ("pop", "P22_POP65P", "P22_POP"),
    "part_60_ans_plus": ("pop", "P22_POP6074 P22_POP75P", "P22_POP"),
    "part_80_ans_plus": ("pop", "P22_POP80P", "P22_POP"),
    "part_femmes": ("pop", "P22_POPF", "P22_POP"),
    "part_etrangers": ("pop", "P22_POP_ETR", "P22_POP"),
    "part_immigres": ("pop", "P22_POP_IMM", "P22_POP"),
    "part_menages_1_personne": ("men", "C22_MENPSEUL", "C22_MEN"),
    "part_familles_monoparentales": ("men", "C22_FAMMONO", "C22_FAM"),
    "part_menages_monoparentaux": ("men", "C22_MENFAMMONO", "C22_MEN"),
    "part_monoparentales_avec_enfants": ("men", "C22_FAMMONO", "C22_FAMMONO C22_COUPAENF"),
    "part_80_ans_seuls": ("men", "P22_POP80P_PSEUL", "P22_POPMEN80P"),
    "taux_chomage_rp": ("act", "P22_CHOM1564", "P22_ACT1564"),
    "taux_emploi": ("act", "P22_ACTOCC1564", "P22_POP1564"),
    "taux_chomage_15_24": ("act", "P22_CHOM1524", "P22_ACT1524"),
    "part_cadres": ("act", "C22_ACT1564_STAT_GSEC13_23", "C22_ACT1564"),
    "part_ouvriers_employes": ("act", "C22_ACT1564_STAT_GSEC15_25 C22_ACT1564_STAT_GSEC16_26", "C22_ACT1564"),
    "part_temps_partiel": ("act", "P22_SAL15P_TP", "P22_SAL15P"),
    "part_sans_diplome": ("dip", "P22_NSCOL15P_DIPLMIN P22_NSCOL15P_BEPC", "P22_NSCOL15P"),
    "part_aucun_diplome": ("dip", "P22_NSCOL15P_DIPLMIN", "P22_NSCOL15P"),
    "part_diplomes_superieur": (
        "dip", "P22_NSCOL15P_SUP2 P22_NSCOL15P_SUP34 P22_NSCOL15P_SUP5", "P22_NSCOL15P",
    ),
    "scolarisation_18_24_ans": ("dip", "P22_SCOL1824", "P22_POP1824"),
    "part_hlm": ("log", "P22_RP_LOCHLMV", "P22_RP"),
    "part_proprietaires": ("log", "P22_RP_PROP", "P22_RP"),
    "part_logements_vacants": ("log", "P22_LOGVAC", "P22_LOG"),
    "part_suroccupation": (
        "log",
        "C22_RP_SUROCC_MOD C22_RP_SUROCC_ACC",
        "C22_RP_NORME C22_RP_SOUSOCC_MOD C22_RP_SOUSOCC_ACC C22_RP_SOUSOCC_TACC C22_RP_SUROCC_MOD C22_RP_SUROCC_ACC",
    ),
}  # fmt: skip
INDICES_2022 = {
    "indice_jeunesse": ("pop", "P22_POP0019", "P22_POP6074 P22_POP75P", 1),
    "indice_vieillissement": ("pop", "P22_POP65P", "P22_POP0019", 100),
    "taille_menages": ("men", "C22_PMEN", "C22_MEN", 1),
    "rapport_ouvriers_employes_cadres": (
        "act", "C22_ACT1564_STAT_GSEC15_25 C22_ACT1564_STAT_GSEC16_26", "C22_ACT1564_STAT_GSEC13_23", 1,
    ),
}  # fmt: skip
RAPPORTS_2016 = {
    "part_cadres": ("act", "C16_ACT1564_CS3", "C16_ACT1564"),
    "part_cadres_15_ans_plus": ("pop", "C16_POP15P_CS3", " ".join(f"C16_POP15P_CS{n}" for n in range(1, 9))),
    "part_sans_diplome": ("dip", "P16_NSCOL15P_DIPLMIN", "P16_NSCOL15P"),
    "part_diplomes_superieur": ("dip", "P16_NSCOL15P_SUP", "P16_NSCOL15P"),
    "part_logements_avant_1946": ("log", "P16_RP_ACH19 P16_RP_ACH45", "P16_RP_ACHTOT"),
    "part_hlm": ("log", "P16_RP_LOCHLMV", "P16_RP"),
    "taux_chomage_rp": ("act", "P16_CHOM1564", "P16_ACT1564"),
    "part_familles_monoparentales": ("men", "C16_FAMMONO", "C16_FAM"),
}


def lire(texte: str, cle: str) -> Lignes:
    return {
        ligne[cle]: ligne
        for ligne in csv.DictReader(io.StringIO(texte.removeprefix("\ufeff")), delimiter=";")
    }


def nombre(texte: str) -> float:
    propre = texte.replace("\u202f", "").replace("\u00a0", "").replace(",", ".")
    return float(propre) if propre not in {"", "s", "ns", "nd", "so"} else math.nan


@pytest.fixture(scope="module")
def recensement(brut_demo: Path) -> Callable[[str, int], Lignes]:
    lus: dict[tuple[str, int], Lignes] = {}

    def donner(theme: str, annee: int) -> Lignes:
        if (theme, annee) not in lus:
            nom = f"base-ic-{THEMES[theme]}-{annee}"
            if annee == 2016:
                texte = (brut_demo / f"{nom}.CSV").read_text("latin-1" if theme == "log" else "utf-8")
            else:
                with zipfile.ZipFile(brut_demo / f"{nom}_csv.zip") as archive:
                    texte = archive.read(f"{nom}.CSV").decode()
            lus[theme, annee] = lire(texte, "IRIS")
        return lus[theme, annee]

    return donner


@pytest.fixture(scope="module")
def groupes(brut_demo: Path, recensement: Callable[[str, int], Lignes]) -> dict[tuple[str, str], set[str]]:
    """IRIS de 2022 de chaque territoire, refaits depuis EPCI_2024.csv et quartiers.csv."""
    epci = lire((brut_demo / "EPCI_2024.csv").read_text("utf-8"), "CODGEO")
    quartiers = lire((brut_demo / "quartiers.csv").read_text("utf-8"), "IRIS")
    iris = set(recensement("pop", 2022))
    membres = {c for c, ligne in epci.items() if ligne["EPCI"] == "999900001"}
    trouves = {
        ("commune", "99001"): {i for i in iris if i[:5] == "99001"},
        ("epci", "999900001"): {i for i in iris if i[:5] in membres},
        ("perimetre", "999900001-hors-99001"): {i for i in iris if i[:5] in membres - {"99001"}},
        ("departement", "99"): set(iris),
        ("region", epci["99001"]["REG"]): set(iris),
    }
    for nom, code in (
        ("Centre", "centre"),
        ("Université-Saint-Aubin", "universite-saint-aubin"),
        ("Tilleuls-Verrerie", "tilleuls-verrerie"),
        ("Faubourgs", "faubourgs"),
        ("Coteaux et Plaine", "coteaux-et-plaine"),
    ):
        trouves["quartier", f"99001-{code}"] = {
            i for i, ligne in quartiers.items() if ligne["QUARTIER"] == nom
        }
    trouves |= {("iris", i): {i} for i in trouves["commune", "99001"]}
    return trouves


def somme(table: Lignes, iris: Iterable[str], variables: str) -> float:
    return math.fsum(nombre(table[i][v]) for i in iris for v in variables.split())


def un_chiffre(
    table: pd.DataFrame, niveau: str, territoire: str, indicateur: str, millesime: int
) -> pd.Series:
    ici = table[
        (table["niveau"] == niveau) & (table["territoire"] == territoire) & (table["indicateur"] == indicateur)
        & (table["millesime"] == millesime)
    ]  # fmt: skip
    assert len(ici) == 1, f"{indicateur} {niveau} {territoire} {millesime} : {len(ici)} ligne(s)"
    return ici.iloc[0]


@pytest.mark.parametrize("indicateur", [*RAPPORTS_2022, *INDICES_2022])
def test_chaque_rapport_de_2022_est_celui_des_fichiers_bruts_a_tous_les_niveaux(
    indicateur: str, table_demo: pd.DataFrame, groupes: dict, recensement: Callable
) -> None:
    theme, haut, bas, facteur = (
        (*RAPPORTS_2022.get(indicateur, ()), 100) if indicateur in RAPPORTS_2022 else INDICES_2022[indicateur]
    )
    brut = recensement(theme, 2022)
    compares = 0
    for (niveau, code), iris in groupes.items():
        attendu_haut, attendu_bas = somme(brut, iris, haut), somme(brut, iris, bas)
        lu = un_chiffre(table_demo, niveau, code, indicateur, 2022)
        if attendu_bas == 0:
            assert lu["statut"] == "sans_objet"
            continue
        assert lu["statut"] == "calcule"
        assert lu["valeur"] == pytest.approx(facteur * attendu_haut / attendu_bas, rel=1e-12)
        assert lu["denominateur"] == pytest.approx(attendu_bas, rel=1e-12)
        compares += 1
    assert compares >= 30


@pytest.mark.parametrize("indicateur", sorted(RAPPORTS_2016))
def test_chaque_rapport_de_2016_est_celui_des_fichiers_bruts(
    indicateur: str, table_demo_2016: pd.DataFrame, recensement: Callable
) -> None:
    theme, haut, bas = RAPPORTS_2016[indicateur]
    brut = recensement(theme, 2016)
    de_la_ville = [i for i in brut if i[:5] == "99001"]
    assert len(de_la_ville) == 21
    for niveau, code, iris in [("commune", "99001", de_la_ville), *[("iris", i, [i]) for i in de_la_ville]]:
        attendu_bas = somme(brut, iris, bas)
        lu = un_chiffre(table_demo_2016, niveau, code, indicateur, 2016)
        if attendu_bas == 0:
            assert lu["statut"] == "sans_objet"
            continue
        assert lu["valeur"] == pytest.approx(100 * somme(brut, iris, haut) / attendu_bas, rel=1e-12)
        assert lu["statut"] == "calcule"


def test_la_population_est_la_somme_des_iris_de_chaque_territoire(
    table_demo: pd.DataFrame, groupes: dict, recensement: Callable
) -> None:
    brut = recensement("pop", 2022)
    for (niveau, code), iris in groupes.items():
        lu = un_chiffre(table_demo, niveau, code, "population", 2022)
        assert lu["valeur"] == pytest.approx(somme(brut, iris, "P22_POP"), rel=1e-12)


FILOSOFI_IRIS = {
    "niveau_vie_median": "DISP_MED21",
    "taux_pauvrete_60": "DISP_TP6021",
    "rapport_interdecile": "DISP_RD21",
    "part_prestations_sociales": "DISP_PPSOC21",
    "premier_decile": "DISP_D121",
    "indice_gini": "DISP_GI21",
}


@pytest.mark.parametrize(("indicateur", "colonne"), FILOSOFI_IRIS.items())
def test_filosofi_a_l_iris_est_la_cellule_du_fichier(
    indicateur: str, colonne: str, table_demo: pd.DataFrame, brut_demo: Path, groupes: dict
) -> None:
    brut = lire((brut_demo / "BASE_TD_FILO_IRIS_2021_DISP.csv").read_text("utf-8"), "IRIS")
    publies = absents = 0
    for iris in groupes["commune", "99001"]:
        cellule = brut.get(iris, {}).get(colonne, "")
        lu = un_chiffre(table_demo, "iris", iris, indicateur, 2021)
        if math.isnan(nombre(cellule)):
            assert math.isnan(lu["valeur"])
            assert lu["statut"] in {"secret", "indisponible", "sans_objet"}
            assert cellule != "s" or lu["statut"] == "secret"
            absents += 1
        else:
            assert lu["valeur"] == nombre(cellule)
            assert lu["statut"] == "publie"
            publies += 1
    assert publies >= 18
    assert absents >= 1


@pytest.mark.parametrize(
    ("niveau", "code", "fichier"),
    [
        ("commune", "99001", "COM"),
        ("epci", "999900001", "EPCI"),
        ("departement", "99", "DEP"),
        ("region", "98", "REG"),
    ],
)
def test_filosofi_au_dessus_de_l_iris_est_la_cellule_du_fichier_de_ce_niveau(
    niveau: str, code: str, fichier: str, table_demo: pd.DataFrame, brut_demo: Path
) -> None:
    brut = lire((brut_demo / f"cc_filosofi_2021_{fichier}.csv").read_text("utf-8"), "CODGEO")[code]
    for indicateur, colonne in (
        ("niveau_vie_median", "MED21"),
        ("taux_pauvrete_60", "TP6021"),
        ("part_prestations_sociales", "PPSOC21"),
        ("part_menages_imposes", "PIMP21"),
        ("premier_decile", "D121"),
        ("rapport_interdecile", "RD21"),
    ):
        lu = un_chiffre(table_demo, niveau, code, indicateur, 2021)
        assert (lu["valeur"], lu["statut"]) == (nombre(brut[colonne]), "publie")
    ancien = lire((brut_demo / f"FILO2016_DISP_{fichier}.csv").read_text("utf-8"), "CODGEO")[code]
    assert un_chiffre(table_demo, niveau, code, "indice_gini", 2016)["valeur"] == nombre(ancien["GI16"])


CAF = {
    "part_familles_monoparentales_caf": "AM",
    "part_couples_avec_enfants_caf": "ACAVENF",
    "part_couples_3_enfants_caf": "AC3ENF",
    "part_allocataires_rsa": "ARSAS",
    "part_allocataires_aide_logement": "AAL",
}


@pytest.mark.parametrize(("indicateur", "colonne"), CAF.items())
def test_la_caf_a_l_iris_et_dans_la_ville_est_celle_du_fichier(
    indicateur: str,
    colonne: str,
    table_demo: pd.DataFrame,
    brut_demo: Path,
    groupes: dict,
    recensement: Callable,
) -> None:
    brut = lire((brut_demo / "data_CAF_2022_IRIS.csv").read_text("utf-8"), "CODGEO")
    ville = groupes["commune", "99001"]
    presents = {
        i for i in ville if i in brut and not math.isnan(nombre(brut[i][colonne]) + nombre(brut[i]["A"]))
    }
    assert 15 < len(presents) < 22
    for iris in ville:
        lu = un_chiffre(table_demo, "iris", iris, indicateur, 2022)
        if iris in presents:
            attendu = 100 * nombre(brut[iris][colonne]) / nombre(brut[iris]["A"])
            assert (lu["valeur"], lu["statut"]) == (pytest.approx(attendu, rel=1e-12), "calcule")
        else:
            assert lu["statut"] == "secret"
    # Un IRIS du fichier sans nombre d'allocataires en a 99 au plus : c'est ce qu'il pèse.
    comptes = {i: nombre(brut[i]["A"]) for i in ville if i in brut}
    couverture = somme(brut, presents, "A") / math.fsum(99 if math.isnan(a) else a for a in comptes.values())
    assert couverture >= 0.95
    lu = un_chiffre(table_demo, "commune", "99001", indicateur, 2022)
    assert lu["statut"] == "partiel"
    assert lu["couverture"] == pytest.approx(couverture, abs=5e-5)
    assert (lu["numerateur"], lu["denominateur"]) == (
        somme(brut, presents, colonne),
        somme(brut, presents, "A"),
    )
    assert f"calculé sur {len(presents)} IRIS sur {len(ville)}" in lu["note"]


def test_caf_pour_cent_menages_divise_deux_fichiers(
    table_demo: pd.DataFrame, brut_demo: Path, recensement: Callable
) -> None:
    brut = lire((brut_demo / "data_CAF_2022_IRIS.csv").read_text("utf-8"), "CODGEO")
    menages = recensement("men", 2022)
    for iris in ("990010101", "990010301"):
        lu = un_chiffre(table_demo, "iris", iris, "allocataires_pour_100_menages", 2022)
        attendu = 100 * nombre(brut[iris]["A"]) / nombre(menages[iris]["C22_MEN"])
        assert (lu["valeur"], lu["statut"]) == (pytest.approx(attendu, rel=1e-12), "estime")


# Le fichier qui porte l'année de ses revenus est préféré à l'édition.
DES_REVENUS = {
    "niveau_vie_median", "taux_pauvrete_60", "rapport_interdecile", "premier_decile", "part_prestations_sociales",
}  # fmt: skip


@pytest.mark.parametrize("qpv", ["QN09901I", "QN09902M", "QN09903M", "QN09904N"])
def test_les_qpv_de_2024_sont_les_cellules_de_leurs_tables(
    qpv: str, table_demo: pd.DataFrame, brut_demo: Path
) -> None:
    fichier = brut_demo / "estimations_demographiques_2022_QP2024.csv"
    demographie = lire(fichier.read_text("utf-8"), "codeQPV")[qpv]
    revenus = lire((brut_demo / "data_filo21_qp2024_revdis.csv").read_text("utf-8"), "CODGEO")[qpv]
    publies = {
        "population": demographie["popMuniQPV"],
        "indice_jeunesse": demographie["indiceJeunesse"],
        "part_etrangers": demographie["partPopEt"],
        "part_immigres": demographie["partPopImmi"],
        "part_menages_1_personne": demographie["partMen1p"],
        "part_menages_6_personnes": demographie["partMen6pp"],
        "niveau_vie_median": revenus["DISP_MED_A21"],
        "taux_pauvrete_60": revenus["DISP_TP60_A21"],
    }
    for indicateur, cellule in publies.items():
        lu = un_chiffre(table_demo, "qpv", qpv, indicateur, 2021 if indicateur in DES_REVENUS else 2022)
        if math.isnan(nombre(cellule)):
            assert lu["statut"] == "indisponible"
        else:
            assert (lu["valeur"], lu["statut"]) == (nombre(cellule), "publie")


@pytest.fixture(scope="module")
def table_des_qpv_2015(base_demo: Base) -> pd.DataFrame:
    return diagnostiquer(base_demo, Demande("99001", qpv=2015)).table()


@pytest.mark.parametrize("qpv", ["QP099001", "QP099002", "QP099003"])
def test_les_qpv_sont_les_cellules_des_tables_qpv(
    qpv: str, table_des_qpv_2015: pd.DataFrame, brut_demo: Path
) -> None:
    demographie = lire((brut_demo / "data_DEMO_2022_V1_QP.csv").read_text("utf-8"), "CODGEO")[qpv]
    revenus = lire((brut_demo / "data_filo21_qp_revdis.csv").read_text("utf-8"), "CODGEO")[qpv]
    edition = lire((brut_demo / "REVN_2022.csv").read_text("utf-8"), "CODGEO")[qpv]
    emploi = lire((brut_demo / "IPRO_2022.csv").read_text("utf-8"), "CODGEO")[qpv]
    publies = {
        "population": demographie["POP_MUN"],
        "part_moins_25_ans": demographie["TX_TOT_0A24"],
        "part_60_ans_plus": demographie["TX_TOT_60ETPLUS"],
        "indice_jeunesse": demographie["IND_JEUNE"],
        "part_etrangers": demographie["TX_TOT_ET"],
        "part_menages_1_personne": demographie["TX_TOT_MEN1"],
        "niveau_vie_median": revenus["DISP_MED_A21"],
        "taux_pauvrete_60": revenus["DISP_TP60_A21"],
        "rapport_interdecile": revenus["DISP_RD_A21"],
        "premier_decile": revenus["DISP_D1_A21"],
        "part_prestations_sociales": revenus["DISP_PPSOC_A21"],
        "taux_emploi_qpv": emploi["TX_TOT_EMPL"],
        "part_emploi_duree_limitee": emploi["TX_TOT_EDLIM"],
        "demandeurs_emploi_abc": emploi["ABC"],
    }
    tus = 0
    for indicateur, cellule in publies.items():
        annee = 2021 if indicateur in DES_REVENUS else 2022
        lu = un_chiffre(table_des_qpv_2015, "qpv", qpv, indicateur, annee)
        if math.isnan(nombre(cellule)):
            assert lu["statut"] == "indisponible"
            tus += 1
        else:
            assert (lu["valeur"], lu["statut"]) == (nombre(cellule), "publie")
    assert tus == (3 if qpv == "QP099003" else 0)
    for indicateur, table, haut, bas in (
        ("part_familles_monoparentales_caf", demographie, ["AM"], "A"),
        ("part_couples_avec_enfants_caf", demographie, ["ACAVENF"], "A"),
        ("part_allocataires_rsa", edition, ["ARSAS"], "A"),
        ("part_c2s", edition, ["C_C2SNP", "C_C2SP"], "C"),
    ):
        lu = un_chiffre(table_des_qpv_2015, "qpv", qpv, indicateur, 2022)
        attendu = 100 * sum(nombre(table[v]) for v in haut) / nombre(table[bas])
        assert (lu["valeur"], lu["statut"]) == (pytest.approx(attendu, rel=1e-12), "calcule")


def test_une_commune_sans_iris_se_lit_dans_sa_ligne_0000(base_demo: Base, recensement: Callable) -> None:
    table = diagnostiquer(base_demo, Demande("99005")).table()
    menages, population = recensement("men", 2022)["990050000"], recensement("pop", 2022)["990050000"]
    lu = un_chiffre(table, "commune", "99005", "part_familles_monoparentales", 2022)
    assert lu["valeur"] == pytest.approx(
        100 * float(menages["C22_FAMMONO"]) / float(menages["C22_FAM"]), rel=1e-12
    )
    p = lu["valeur"] / 100
    attendue = 196 * math.sqrt(3 * 0.75 * p * (1 - p) / (0.25 * float(menages["C22_FAM"])))
    assert lu["marge"] == pytest.approx(attendue, rel=1e-9)
    agee = un_chiffre(table, "commune", "99005", "part_65_ans_plus", 2022)
    assert agee["valeur"] == pytest.approx(
        100 * float(population["P22_POP65P"]) / float(population["P22_POP"]), rel=1e-12
    )
    assert math.isnan(agee["marge"])
    assert "exhaustivement" in agee["note"]


def test_la_commune_fusionnee_compte_dans_l_epci_de_2016_pas_dans_celui_de_2022(
    base_demo: Base, recensement: Callable
) -> None:
    table = diagnostiquer(base_demo, Demande("999900001", 2016, geographie=2018)).table()
    brut = recensement("pop", 2016)
    attendue = math.fsum(
        nombre(v["P16_POP"]) for i, v in brut.items() if i[:5] in {f"990{n:02d}" for n in range(1, 12)}
    )
    assert un_chiffre(table, "epci", "999900001", "population", 2016)["valeur"] == pytest.approx(
        attendue, rel=1e-12
    )
