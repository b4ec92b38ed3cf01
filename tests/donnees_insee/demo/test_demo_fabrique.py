"""Le territoire fictif : archive, formats des producteurs, identités, cas difficiles."""

from __future__ import annotations

import io
import json
import re
import zipfile
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from donnees_insee.demo import ARCHIVE, COMMUNE_DEMO, EPCI_DEMO, extraire_demo
from donnees_insee.demo.fabrique.alea import Alea, repartir
from donnees_insee.demo.fabrique.fabriquer import fabriquer

if TYPE_CHECKING:
    from pathlib import Path

THEMES = (
    "evol-struct-pop",
    "couples-familles-menages",
    "logement",
    "activite-residents",
    "diplomes-formation",
)
GEO_2016 = "IRIS;REG;DEP;UU2010;COM;LIBCOM;TRIRIS;GRD_QUART;LIBIRIS;TYP_IRIS;MODIF_IRIS;LAB_IRIS"
GEO_2022 = "IRIS;COM;TYP_IRIS;LAB_IRIS"
# En-tête observé sur le fichier publié en 2025.
POPULATION_2022 = (
    "P22_POP;P22_POP0002;P22_POP0305;P22_POP0610;P22_POP1117;P22_POP1824;P22_POP2539;P22_POP4054;P22_POP5564;"
    "P22_POP6579;P22_POP80P;P22_POP0014;P22_POP1529;P22_POP3044;P22_POP4559;P22_POP6074;P22_POP75P;P22_POP0019;"
    "P22_POP2064;P22_POP65P;P22_POPH;P22_H0014;P22_H1529;P22_H3044;P22_H4559;P22_H6074;P22_H75P;P22_H0019;"
    "P22_H2064;P22_H65P;P22_POPF;P22_F0014;P22_F1529;P22_F3044;P22_F4559;P22_F6074;P22_F75P;P22_F0019;P22_F2064;"
    "P22_F65P;C22_POP15P;C22_POP15P_STAT_GSEC11_21;C22_POP15P_STAT_GSEC12_22;C22_POP15P_STAT_GSEC13_23;"
    "C22_POP15P_STAT_GSEC14_24;C22_POP15P_STAT_GSEC15_25;C22_POP15P_STAT_GSEC16_26;C22_POP15P_STAT_GSEC32;"
    "C22_POP15P_STAT_GSEC40;C22_H15P;C22_H15P_STAT_GSEC11_21;C22_H15P_STAT_GSEC12_22;C22_H15P_STAT_GSEC13_23;"
    "C22_H15P_STAT_GSEC14_24;C22_H15P_STAT_GSEC15_25;C22_H15P_STAT_GSEC16_26;C22_H15P_STAT_GSEC32;"
    "C22_H15P_STAT_GSEC40;C22_F15P;C22_F15P_STAT_GSEC11_21;C22_F15P_STAT_GSEC12_22;C22_F15P_STAT_GSEC13_23;"
    "C22_F15P_STAT_GSEC14_24;C22_F15P_STAT_GSEC15_25;C22_F15P_STAT_GSEC16_26;C22_F15P_STAT_GSEC32;"
    "C22_F15P_STAT_GSEC40;P22_POP_FR;P22_POP_ETR;P22_POP_IMM;P22_PMEN;P22_PHORMEN"
)
DIPLOMES_2016 = (
    "P16_POP0205;P16_POP0610;P16_POP1114;P16_POP1517;P16_POP1824;P16_POP2529;P16_POP30P;P16_SCOL0205;P16_SCOL0610;"
    "P16_SCOL1114;P16_SCOL1517;P16_SCOL1824;P16_SCOL2529;P16_SCOL30P;P16_NSCOL15P;P16_NSCOL15P_DIPLMIN;"
    "P16_NSCOL15P_CAPBEP;P16_NSCOL15P_BAC;P16_NSCOL15P_SUP;P16_HNSCOL15P;P16_HNSCOL15P_DIPLMIN;"
    "P16_HNSCOL15P_CAPBEP;P16_HNSCOL15P_BAC;P16_HNSCOL15P_SUP;P16_FNSCOL15P;P16_FNSCOL15P_DIPLMIN;"
    "P16_FNSCOL15P_CAPBEP;P16_FNSCOL15P_BAC;P16_FNSCOL15P_SUP"
)
QUANTILES = ("D1", "D2", "Q1", "D3", "D4", "MED", "D6", "D7", "Q3", "D8", "D9")
FILOSOFI_2021 = (
    "IRIS;DISP_TP6021;DISP_INCERT21;DISP_Q121;DISP_MED21;DISP_Q321;DISP_EQ21;DISP_D121;DISP_D221;DISP_D321;"
    "DISP_D421;DISP_D621;DISP_D721;DISP_D821;DISP_D921;DISP_RD21;DISP_S80S2021;DISP_GI21;DISP_PACT21;DISP_PTSA21;"
    "DISP_PCHO21;DISP_PBEN21;DISP_PPEN21;DISP_PPAT21;DISP_PPSOC21;DISP_PPFAM21;DISP_PPMINI21;DISP_PPLOGT21;"
    "DISP_PIMPOT21;DISP_NOTE21"
)
CAF_2022 = (
    "CODGEO;NOTE;A;PERCOU;AI;AM;ACSSENF;ACAVENF;AC3ENF;ENF;ENF_2;ENF_3_5;ENF_6_10;ENF_11_14;ENF_15_17;ENF_18_24;"
    "A_ETUD;A_NETUD_24;AAL;AAPL;AAAH;APPA;ARSAS"
)
CAF_2016 = "CODGEO;LIBGEO;DEPCOM;LIBCOM;EPCI;REG;" + CAF_2022.removeprefix("CODGEO;") + ";APRES50;APRES100"
CC_2021 = (
    "NBMENFISC21;NBPERSMENFISC21;MED21;PIMP21;TP6021;TP60AGE121;TP60AGE221;TP60AGE321;TP60AGE421;TP60AGE521;"
    "TP60AGE621;TP60TOL121;TP60TOL221;PACT21;PTSA21;PCHO21;PBEN21;PPEN21;PPAT21;PPSOC21;PPFAM21;PPMINI21;"
    "PPLOGT21;PIMPOT21;D121;D921;RD21"
)
FILO_2016 = (
    "CODGEO;LIBGEO;NBMEN16;NBPERS16;NBUC16;Q116;Q216;Q316;Q3_Q1;D116;D216;D316;D416;D616;D716;D816;D916;RD;"
    "S80S2016;GI16;PACT16;PTSA16;PCHO16;PBEN16;PPEN16;PPAT16;PPSOC16;PPFAM16;PPMINI16;PPLOGT16;PIMPOT16"
)


@pytest.fixture(scope="module")
def brut(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return extraire_demo(tmp_path_factory.mktemp("demo"))


def texte_du_recensement(brut: Path, theme: str, annee: int) -> str:
    nom = f"base-ic-{theme}-{annee}"
    if annee == 2016:
        return (brut / f"{nom}.CSV").read_text("latin-1" if theme == "logement" else "utf-8")
    with zipfile.ZipFile(brut / f"{nom}_csv.zip") as archive:
        assert archive.namelist() == [f"{nom}.CSV", f"meta_{nom}.CSV"]
        assert archive.read(f"meta_{nom}.CSV").decode("utf-8-sig").startswith("COD_VAR;LIB_VAR;LIB_VAR_LONG;")
        return archive.read(f"{nom}.CSV").decode()


@pytest.fixture(scope="module")
def recensement(brut: Path) -> dict[int, pd.DataFrame]:
    tables = {}
    for annee in (2016, 2022):
        pieces = []
        for theme in THEMES:
            lu = pd.read_csv(io.StringIO(texte_du_recensement(brut, theme, annee)), sep=";", dtype=str)
            lu = lu.set_index("IRIS").rename(columns=lambda c: re.sub(r"^([PC])\d\d_", r"\1_", c))
            pieces.append(lu)
        tout = pd.concat(pieces, axis=1)
        tout = tout.loc[:, ~tout.columns.duplicated()]
        variables = [c for c in tout.columns if c.startswith(("P_", "C_"))]
        tables[annee] = tout.assign(**{c: pd.to_numeric(tout[c]) for c in variables})
    return tables


def lire(brut: Path, nom: str, *, virgule: bool = False) -> pd.DataFrame:
    lu = pd.read_csv(brut / nom, sep=";", dtype=str, keep_default_na=False, encoding="utf-8-sig")
    lu = lu.loc[:, [c for c in lu.columns if not c.startswith("Unnamed")]]
    return lu.replace(",", ".", regex=True) if virgule else lu


def test_archive_refaite_a_l_identique(brut: Path, tmp_path: Path) -> None:
    ecrits = fabriquer(tmp_path / "a")
    assert [f.name for f in ecrits] == sorted(f.name for f in brut.iterdir())
    for fichier in ecrits:
        assert fichier.read_bytes() == (brut / fichier.name).read_bytes(), fichier.name


def test_deux_fabrications_donnent_les_memes_octets(tmp_path: Path) -> None:
    un, deux = (fabriquer(tmp_path / d, graine=7) for d in "ab")
    assert [f.read_bytes() for f in un] == [f.read_bytes() for f in deux]


def test_une_autre_graine_donne_d_autres_effectifs(brut: Path, tmp_path: Path) -> None:
    fabriquer(tmp_path, graine=1)
    nom = "base-ic-evol-struct-pop-2016.CSV"
    assert (tmp_path / nom).read_bytes() != (brut / nom).read_bytes()


def test_taille() -> None:
    assert ARCHIVE.stat().st_size < 1_000_000


def test_les_services_ne_sont_d_aucun_departement_reel(brut: Path) -> None:
    colonnes = {
        "BPE24_territoire_fictif.csv": ("DEPCOM", "DCIRIS", "DEP"),
        "dares_defm_communales-brutes.csv": ("Code commune", "Code département"),
        "s_ben_com_f.csv": ("numcomdo",),
        "txcouv_pe_com.csv": ("numcom", "numepci"),
        "txcouv_pe_dep.csv": ("numdep",),
        "ndur_s_qf_400_iris_f.csv": ("numcomdo",),
    }
    for nom, codes in colonnes.items():
        lu = lire(brut, nom)
        assert len(lu)
        assert all(lu[c].str.startswith("99").all() for c in codes), nom


def test_aucun_departement_reel(brut: Path) -> None:
    for fichier in brut.iterdir():
        if fichier.suffix == ".csv":
            texte = fichier.read_text("utf-8-sig")
            codes = [
                ligne.split(";")[0].strip('"').split(",")[0].strip('"') for ligne in texte.splitlines()[1:]
            ]
            # Une date ou une édition n'est pas un code de territoire.
            codes = [c for c in codes if not re.fullmatch(r"20\d\d(?:-1?[0-9T]\d?)?", c)]
            assert all(re.match(r"9[89]|Q[PN]099|Ensemble$", c) for c in codes), fichier.name
    for fichier in brut.glob("contours-iris-*"):
        proprietes = [f["properties"] for f in json.loads(fichier.read_text("utf-8"))["features"]]
        assert all(v.startswith("99") for p in proprietes for k, v in p.items() if k.lower() == "code_iris")
        # En pleine mer : aucune jointure spatiale avec un fichier réel ne peut aboutir.
        ouest, sud, est, nord = gpd.read_file(fichier).total_bounds
        assert -4.5 < ouest < est < -3.5
        assert 45 < sud < nord < 45.5


@pytest.mark.parametrize(("annee", "geo"), [(2016, GEO_2016), (2022, GEO_2022)])
@pytest.mark.parametrize("theme", THEMES)
def test_entetes_du_recensement(brut: Path, theme: str, annee: int, geo: str) -> None:
    entete = texte_du_recensement(brut, theme, annee).splitlines()[0]
    assert entete.startswith(geo + ";")
    connus = {("evol-struct-pop", 2022): POPULATION_2022, ("diplomes-formation", 2016): DIPLOMES_2016}
    if (theme, annee) in connus:
        assert entete == f"{geo};{connus[theme, annee]}"
    # Nombre total de colonnes : vu sur les fichiers, sauf activité et logement 2022 (une source citée).
    publies = {
        ("activite-residents", 2016): 114,
        ("activite-residents", 2022): 119,
        ("evol-struct-pop", 2022): 76,
        ("evol-struct-pop", 2016): 84,
        ("couples-familles-menages", 2016): 72,
        ("logement", 2016): 102,
        ("logement", 2022): 101,
    }
    assert len(entete.split(";")) == publies.get((theme, annee), len(entete.split(";")))


def test_ruptures_entre_les_deux_millesimes(recensement: dict[int, pd.DataFrame]) -> None:
    avant, apres = set(recensement[2016]), set(recensement[2022])
    assert {
        "P_NSCOL15P_SUP",
        "C_ACT1564_CS3",
        "P_RP_ACH19",
        "C_ACTOCC15P_DROU",
        "P_HCHOM1564",
    } <= avant - apres
    nouvelles = {"P_NSCOL15P_BEPC", "C_ACT1564_STAT_GSEC13_23", "C_ACTOCC1564_STAT_GSEC13", "P_RP_ACH1919"}
    nouvelles |= {"C_RP_SUROCC_MOD", "C_ACTOCC15P_VELO", "P_CHOM_DIPLMIN", "P_RP_CGAZV", "P_MEN_ANEM30P"}
    assert nouvelles <= apres - avant


def identites(annee: int) -> list[tuple[str, str]]:
    cs = [f"CS{k}" for k in range(1, 9)]
    if annee == 2022:
        cs = [f"STAT_GSEC{c}" for c in ("11_21", "12_22", "13_23", "14_24", "15_25", "16_26", "32", "40")]
    ach = ("ACH19 ACH45 ACH70 ACH90 ACH05 ACH13", "ACH1919 ACH1945 ACH1970 ACH1990 ACH2005 ACH2019")
    niveaux = ("DIPLMIN CAPBEP BAC SUP", "DIPLMIN BEPC CAPBEP BAC SUP2 SUP34 SUP5")
    modes = ("PAS MAR DROU VOIT TCOM", "PAS MAR VELO 2ROUESMOT VOIT TCOM")
    rang = int(annee == 2022)

    def avec(racine: str, noms: str) -> str:
        return " ".join(racine + n for n in noms.split())

    liste = [
        ("P_POP", avec("P_POP", "0002 0305 0610 1117 1824 2539 4054 5564 6579 80P")),
        ("P_POP", avec("P_POP", "0014 1529 3044 4559 6074 75P")),
        ("P_POP", "P_POP0019 P_POP2064 P_POP65P"),
        ("P_POP", "P_POPH P_POPF"),
        ("P_POP", "P_POP_FR P_POP_ETR"),
        ("P_POP", "P_PMEN P_PHORMEN"),
        ("P_POP65P", "P_POP6579 P_POP80P"),
        ("P_POPH", avec("P_H", "0014 1529 3044 4559 6074 75P")),
        ("P_POP1564", "P_ACT1564 P_INACT1564"),
        ("P_ACT1564", "P_ACTOCC1564 P_CHOM1564"),
        ("P_ACT1564", "P_HACT1564 P_FACT1564"),
        ("P_INACT1564", "P_ETUD1564 P_RETR1564 P_AINACT1564"),
        ("P_CHOM1564", "P_CHOM1524 P_CHOM2554 P_CHOM5564"),
        ("P_ACTOCC15P", "P_SAL15P P_NSAL15P"),
        ("P_SAL15P", avec("P_SAL15P_", "CDI CDD INTERIM EMPAID APPR")),
        ("P_ACTOCC15P", "P_ACTOCC15P_ILT1 P_ACTOCC15P_ILT2P"),
        ("P_ACTOCC15P_ILT2P", avec("P_ACTOCC15P_ILT", "2 3 4 5")),
        ("C_ACTOCC15P", avec("C_ACTOCC15P_", modes[rang])),
        ("C_POP15P", avec("C_POP15P_", " ".join(cs))),
        ("C_POP15P", "C_H15P C_F15P"),
        ("C_MEN", "C_MENPSEUL C_MENSFAM C_MENFAM"),
        ("C_MENPSEUL", "C_MENHSEUL C_MENFSEUL"),
        ("C_MENFAM", "C_MENCOUPSENF C_MENCOUPAENF C_MENFAMMONO"),
        ("C_PMEN", "C_PMEN_MENPSEUL C_PMEN_MENSFAM C_PMEN_MENFAM"),
        ("C_MEN", avec("C_MEN_", " ".join(cs))),
        ("C_FAM", "C_COUPAENF C_FAMMONO C_COUPSENF"),
        ("C_FAM", avec("C_NE24F", "0 1 2 3 4P")),
        ("P_POP15P", avec("P_POP", "1524 2554 5579 80P")),
        ("P_POP15P_PSEUL", " ".join(f"P_POP{a}_PSEUL" for a in ("1524", "2554", "5579", "80P"))),
        ("P_LOG", "P_RP P_RSECOCC P_LOGVAC"),
        ("P_RP", "P_RP_PROP P_RP_LOC P_RP_GRAT"),
        ("P_RP", avec("P_RP_", "1P 2P 3P 4P 5PP")),
        ("P_RP", avec("P_RP_", "M30M2 3040M2 4060M2 6080M2 80100M2 100120M2 120M2P")),
        ("P_RP_ACHTOT", avec("P_RP_", ach[rang])),
        ("P_MEN", avec("P_MEN_ANEM", "0002 0204 0509 10P")),
        ("P_NPER_RP", "P_NPER_RP_PROP P_NPER_RP_LOC P_NPER_RP_GRAT"),
        ("P_RP_VOIT1P", "P_RP_VOIT1 P_RP_VOIT2P"),
        ("P_NSCOL15P", avec("P_NSCOL15P_", niveaux[rang])),
        ("P_NSCOL15P", "P_HNSCOL15P P_FNSCOL15P"),
    ]
    if annee == 2022:
        liste += [
            ("P_ACT1564", avec("P_ACT_", niveaux[1])),
            ("P_CHOM1564", avec("P_CHOM_", niveaux[1])),
            ("P_MEN_ANEM10P", avec("P_MEN_ANEM", "1019 2029 30P")),
        ]
    return liste


@pytest.mark.parametrize("annee", [2016, 2022])
def test_identites_du_recensement(recensement: dict[int, pd.DataFrame], annee: int) -> None:
    table = recensement[annee]
    for total, parts in identites(annee):
        ecart = (table[total] - table[parts.split()].sum(axis=1)).abs().max()
        assert ecart < 5e-5, (total, parts, ecart)


@pytest.mark.parametrize("annee", [2016, 2022])
def test_inclusions_du_recensement(recensement: dict[int, pd.DataFrame], annee: int) -> None:
    t = recensement[annee]
    variables = t[[c for c in t.columns if c.startswith(("P_", "C_"))]].dropna(axis=1)
    assert (variables >= 0).all().all()
    for petit, grand in [
        ("P_RP_LOCHLMV", "P_RP_LOC"),
        ("P_NPER_RP_LOCHLMV", "P_NPER_RP_LOC"),
        ("P_SCOL1824", "P_POP1824"),
        ("P_POP80P_PSEUL", "P_POPMEN80P"),
        ("P_POPMEN80P", "P_POP80P"),
        ("P_HACTOCC1564", "P_HACT1564"),
        ("P_SAL15P_TP", "P_SAL15P"),
    ]:
        assert (t[petit] <= t[grand] + 1e-5).all(), (petit, grand)
    cs = [c for c in t.columns if c.startswith("C_ACT1564_")]
    assert len(cs) == 6
    assert (t[cs].sum(axis=1) < t["C_ACT1564"] + 1e-5).all()
    # Deux exploitations : proches, jamais confondues.
    grands = t[t["P_POP"] > 300]
    rapport = grands["C_ACT1564"] / grands["P_ACT1564"]
    assert rapport.between(0.97, 1.03).all()
    assert (rapport != 1).all()


def test_petites_communes_en_entiers_grandes_en_decimales(recensement: dict[int, pd.DataFrame]) -> None:
    for table in recensement.values():
        principales = table[["P_POP", "P_ACT1564", "P_RP", "P_NSCOL15P"]]
        petites = ~table["COM"].isin(["99001", "99002"])
        assert (principales[petites] == principales[petites].round()).all().all()
        ville = principales[table["COM"] == COMMUNE_DEMO]
        assert (ville != ville.round()).any().all()


def test_evolution_plausible(recensement: dict[int, pd.DataFrame]) -> None:
    def taux(annee: int, haut: str, bas: str) -> float:
        return float(recensement[annee][haut].sum() / recensement[annee][bas].sum())

    assert 0.01 < taux(2022, "P_POP65P", "P_POP") - taux(2016, "P_POP65P", "P_POP") < 0.03
    assert 0.005 < taux(2022, "C_FAMMONO", "C_FAM") - taux(2016, "C_FAMMONO", "C_FAM") < 0.03
    assert taux(2022, "P_CHOM1564", "P_ACT1564") < taux(2016, "P_CHOM1564", "P_ACT1564")
    assert 0.15 < taux(2022, "P_POP65P", "P_POP") < 0.25


def test_structure_spatiale(recensement: dict[int, pd.DataFrame]) -> None:
    t = recensement[2022]
    hlm = t["P_RP_LOCHLMV"] / t["P_RP"]
    chomage = t["P_CHOM1564"] / t["P_ACT1564"]
    grands = t["P_POP"] > 500
    assert set(hlm[grands].nlargest(2).index) == {"990010301", "990010302"}
    assert set(chomage[grands].nlargest(2).index) == {"990010301", "990010302"}
    assert (t["P_POP1824"] / t["P_POP"])[grands].idxmax() == "990010201"


def test_iris_scinde_commune_fusionnee_iris_d_activite(recensement: dict[int, pd.DataFrame]) -> None:
    avant, apres = recensement[2016], recensement[2022]
    assert set(avant.index) - set(apres.index) == {"990010504", "990100000"}
    assert set(apres.index) - set(avant.index) == {"990010505", "990010506"}
    assert avant["COM"].nunique() == apres["COM"].nunique() + 1 == 15
    activite = apres[apres["TYP_IRIS"] == "A"]
    assert activite["P_POP"].round().tolist() == [10]
    assert apres["TYP_IRIS"].value_counts().to_dict() == {"H": 28, "Z": 11, "A": 1, "D": 1}
    assert (apres.loc[apres["TYP_IRIS"] == "Z", "LAB_IRIS"] == "5").all()
    assert apres.loc[apres["COM"] == COMMUNE_DEMO].shape[0] == 22
    assert apres.loc[apres["COM"] == COMMUNE_DEMO, "P_POP"].sum() == pytest.approx(48_000, rel=0.005)


@pytest.mark.parametrize(
    ("nom", "annee"), [("contours-iris-2018-01-01", 2016), ("contours-iris-2024-01-01", 2022)]
)
def test_contours(brut: Path, recensement: dict[int, pd.DataFrame], nom: str, annee: int) -> None:
    fond = gpd.read_file(brut / f"{nom}.geojson")
    anciens = ["INSEE_COM", "NOM_COM", "IRIS", "CODE_IRIS", "NOM_IRIS", "TYP_IRIS"]
    recents = ["code_insee", "nom_commune", "iris", "code_iris", "nom_iris", "type_iris"]
    assert list(fond.columns[:-1]) == (anciens if annee == 2016 else recents)
    assert shapely.coverage_is_valid(fond.geometry.values)
    assert fond.geometry.is_valid.all()
    assert (fond.geometry.geom_type == "Polygon").all()
    code = anciens[3] if annee == 2016 else recents[3]
    assert set(fond[code]) == set(recensement[annee].index)
    coordonnees = shapely.get_coordinates(fond.geometry.values)
    assert np.array_equal(coordonnees, np.round(coordonnees, 5))


def test_qpv(brut: Path) -> None:
    quartiers = gpd.read_file(brut / "QP2015_territoire_fictif_WGS84.geojson")
    noms = "code_qp lib_qp insee_reg lib_reg insee_dep lib_dep insee_com lib_com siren_epci lib_epci"
    assert list(quartiers.columns[:-1]) == noms.split()
    assert quartiers["code_qp"].tolist() == ["QP099001", "QP099002", "QP099003"]
    assert quartiers.set_index("code_qp").loc["QP099003", "insee_com"] == "99001, 99002"
    fond = gpd.read_file(brut / "contours-iris-2024-01-01.geojson").to_crs(2154).dissolve("code_insee")
    a_cheval = fond.intersection(quartiers.to_crs(2154).geometry.iloc[2]).area
    assert set(a_cheval[a_cheval > 0].index) == {"99001", "99002"}
    demographie = lire(brut, "data_DEMO_2022_V1_QP.csv")
    assert demographie["CODGEO"].tolist() == ["Ensemble", "QP099001", "QP099002", "QP099003"]
    assert "\u202f" in demographie["POP_MUN"][1]
    effectifs = demographie[["POP_MUN", "A", "ENF"]].replace("\u202f", "", regex=True).astype(int)
    assert effectifs.iloc[0].tolist() == effectifs.iloc[1:].sum().tolist()
    emploi = lire(brut, "IPRO_2022.csv")
    for parts in (["ABC_F", "ABC_H"], ["ABC_25", "ABC_2649", "ABC_50"], ["ABC_FR", "ABC_E"]):
        assert (emploi["ABC"].astype(int) == emploi[parts].astype(int).sum(axis=1)).all()
    revenus = lire(brut, "REVN_2022.csv")
    assert revenus["DISP_D1"].tolist()[2] == ""
    assert (revenus["DISP_Q2"].astype(int) > revenus["DISP_Q1"].astype(int)).all()


def test_filosofi_iris(brut: Path, recensement: dict[int, pd.DataFrame]) -> None:
    assert (brut / "BASE_TD_FILO_IRIS_2021_DISP.csv").read_text("utf-8").splitlines()[0] == FILOSOFI_2021
    for nom, annee, yy in (
        ("BASE_TD_FILO_DISP_IRIS_2016.csv", 2016, "16"),
        ("BASE_TD_FILO_IRIS_2021_DISP.csv", 2022, "21"),
    ):
        lu = lire(brut, nom, virgule=True).set_index("IRIS")
        rp = recensement[annee]
        assert set(lu.index) == set(rp.index[rp["TYP_IRIS"] != "Z"])
        assert set(lu.index[lu[f"DISP_MED{yy}"] == "nd"]) == {"990010404", "990010601"}
        assert (lu[f"DISP_MED{yy}"] == "ns").sum() == 1
        nombres = lu.apply(pd.to_numeric, errors="coerce").dropna(subset=[f"DISP_MED{yy}"])
        quantiles = [f"DISP_{q}{yy}" for q in QUANTILES]
        assert (nombres[quantiles].diff(axis=1).iloc[:, 1:] > 0).all().all()
        rapport = nombres[f"DISP_D9{yy}"] / nombres[f"DISP_D1{yy}"]
        assert np.allclose(rapport, nombres[f"DISP_RD{yy}"], atol=0.051)
        pauvrete = nombres[[f"DISP_TP60{yy}", f"DISP_MED{yy}"]].dropna()
        assert pauvrete.corr("spearman").iloc[0, 1] < -0.9
        parts = nombres[[f"DISP_{p}{yy}" for p in ("PACT", "PPEN", "PPAT", "PPSOC", "PIMPOT")]].sum(axis=1)
        assert np.allclose(parts, 100, atol=0.05)
        activite = nombres[[f"DISP_{p}{yy}" for p in ("PTSA", "PCHO", "PBEN")]].sum(axis=1)
        assert np.allclose(activite, nombres[f"DISP_PACT{yy}"], atol=0.05)
    recent = lire(brut, "BASE_TD_FILO_IRIS_2021_DISP.csv", virgule=True).set_index("IRIS")
    assert "s" in set(recent["DISP_TP6021"])
    assert set(recent["DISP_INCERT21"]) == {"1", "2", "so"}
    deux = recent[recent["DISP_INCERT21"] == "2"]["DISP_TP6021"]
    assert (pd.to_numeric(deux, errors="coerce").dropna() % 2 == 0).all()


@pytest.mark.parametrize("niveau", ["COM", "EPCI", "DEP", "REG"])
def test_filosofi_autres_niveaux(brut: Path, niveau: str) -> None:
    cles = lire(brut, f"cc_filosofi_2021_{niveau}.csv")
    libelle = [] if niveau == "COM" else ["LIBGEO"]
    assert list(cles.columns) == ["CODGEO", *libelle, *CC_2021.split(";")]
    detail = lire(brut, f"FILO2016_DISP_{niveau}.csv")
    assert list(detail.columns) == FILO_2016.split(";")
    if niveau == "COM":
        cles, detail = cles.set_index("CODGEO"), detail.set_index("CODGEO")
        assert cles.loc["99015", "MED21"] == "s"
        assert cles.loc["99007", "TP6021"] == "s" != cles.loc["99007", "MED21"]
        assert detail.loc["99015", "Q216"] == ""
        assert (cles != "").all().all()
    if niveau == "EPCI":
        assert EPCI_DEMO in set(cles["CODGEO"])
        assert cles["LIBGEO"].str.contains("territoire fictif").all()


def test_caf(brut: Path, recensement: dict[int, pd.DataFrame]) -> None:
    for annee, entete in ((2016, CAF_2016), (2022, CAF_2022)):
        lu = lire(brut, f"data_CAF_{annee}_IRIS.csv")
        assert list(lu.columns) == entete.split(";")
        lu = lu.replace("\u202f", "", regex=True).set_index("CODGEO")
        blancs = lu.index[lu["A"] == ""]
        assert set(blancs) == {"990010404", "990010601"}
        n = lu.drop(index=blancs)[entete.split(";")[entete.split(";").index("A") :]].apply(pd.to_numeric)
        assert (n["A"] >= 100).all()
        assert (n["A"] == n[["AI", "AM", "ACSSENF", "ACAVENF"]].sum(axis=1)).all()
        assert (n["AC3ENF"].fillna(0) <= n["ACAVENF"]).all()
        assert (n["AAPL"] <= n["AAL"]).all()
        enfants = ["ENF_2", "ENF_3_5", "ENF_6_10", "ENF_11_14", "ENF_15_17", "ENF_18_24"]
        assert (n["ENF"] == n[enfants].sum(axis=1)).all()
        menages = recensement[annee].loc[n.index, "C_MEN"]
        assert (n["A"] < menages).all()


def test_references(brut: Path, recensement: dict[int, pd.DataFrame]) -> None:
    for annee in (2018, 2024):
        appartenance = lire(brut, f"EPCI_{annee}.csv")
        assert list(appartenance.columns) == ["CODGEO", "LIBGEO", "EPCI", "LIBEPCI", "DEP", "REG"]
        assert set(appartenance["CODGEO"]) == set(recensement[annee - 2]["COM"])
        assert appartenance.groupby("EPCI").size().to_dict() == {
            EPCI_DEMO: 10 + (annee == 2018),
            "999900002": 4,
        }
    iris = lire(brut, "iris_2024.csv")
    colonnes = "CODE_IRIS LIB_IRIS TYP_IRIS GRD_QUART DEPCOM LIBCOM UU2020 REG DEP"
    assert list(iris.columns) == colonnes.split()
    assert set(iris["CODE_IRIS"]) == set(recensement[2022].index)
    assert {"L'Isle/Arzance", "Saint-Maur-d'Arzance"} <= set(iris["LIBCOM"])
    quartiers = lire(brut, "quartiers.csv")
    assert list(quartiers.columns) == ["IRIS", "QUARTIER"]
    assert quartiers["QUARTIER"].nunique() == 5
    ville = recensement[2022].index[recensement[2022]["COM"] == COMMUNE_DEMO]
    assert set(quartiers["IRIS"]) == set(ville)
    populations = pd.read_csv(brut / "t-popref-com.csv", dtype={"com_code": str})
    du_recensement = recensement[2022].groupby("COM")["P_POP"].sum().round()
    en_2022 = populations[populations["popref_annee"] == 2022].set_index("com_code")["popref_mun"]
    assert en_2022.to_dict() == du_recensement.to_dict()
    locale = lire(brut, "source_locale_aides_facultatives.csv")
    attendues = "territoire date indicateur numerateur denominateur producteur diffusion seuil"
    assert list(locale.columns) == attendues.split()
    assert set(locale["diffusion"]) == {"interne", "publique"}
    assert (locale["numerateur"].astype(int) < locale["seuil"].astype(int)).any()


@pytest.mark.parametrize("entier", [True, False])
def test_repartir_ne_perd_rien(entier: bool) -> None:
    for total in (0.0, 1.0, 10.0, 97.0):
        parts = repartir(total, [0.2, 0.3, 0.0, 0.5], entier=entier)
        assert sum(parts) == pytest.approx(total, abs=1e-9)
        assert min(parts) >= 0
    assert repartir(5.0, [0.0, 0.0]) == [0.0, 0.0]


def test_alea_ne_depend_que_de_la_cle() -> None:
    un, deux = Alea(3), Alea(3)
    un.normal("avant")
    assert un.normal("x", 1) == deux.normal("x", 1) != Alea(4).normal("x", 1)
    tirages = [un.normal("x", i) for i in range(2000)]
    assert abs(np.mean(tirages)) < 0.1
    assert 0.9 < np.std(tirages) < 1.1
