"""Les chiffres du projet refaits depuis les fichiers publiés, et comparés à ce que d'autres ont publié."""

from __future__ import annotations

import csv
import io
import math
import zipfile
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from python_calamine import CalamineWorkbook

from abs.calcul.diagnostic import diagnostiquer
from abs.formats import nombre as ecrire
from abs.territoires.demande import Demande
from donnees_insee.erreurs import TerritoireInconnu

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from donnees_insee.base.base import Base

pytestmark = pytest.mark.reel

Lignes = dict[str, dict[str, str]]
PRECISION = 0.0051  # la clé de réponse est arrondie au centième


def lire(chemin: Path, cle: str, separateur: str = ";") -> Lignes:
    with chemin.open(encoding="utf-8-sig", newline="") as flux:
        return {ligne[cle]: ligne for ligne in csv.DictReader(flux, delimiter=separateur)}


def nombre(texte: str) -> float:
    propre = texte.replace("\u202f", "").replace("\u00a0", "").replace(" ", "").replace(",", ".")
    try:
        return float(propre)
    except ValueError:
        return math.nan


@pytest.fixture(scope="module")
def portrait(base_reelle: Base) -> Callable[..., pd.DataFrame]:
    """Table d'un diagnostic, calculée une fois par demande."""
    tenues: dict[tuple, pd.DataFrame] = {}

    def donner(code: str, millesime: int | None = None, **millesimes: int) -> pd.DataFrame:
        cle = (code, millesime, *sorted(millesimes.items()))
        if cle not in tenues:
            tenues[cle] = diagnostiquer(base_reelle, Demande(code, millesime, millesimes)).table()
        return tenues[cle]

    return donner


@pytest.fixture(scope="module")
def cle_de_reponse(donnees_reelles: Path) -> pd.DataFrame:
    fichiers = sorted((donnees_reelles / "cle_de_reponse").glob("agg_iris_*.parquet"))
    return pd.concat([pd.read_parquet(f).set_index("code") for f in fichiers])


def iris(table: pd.DataFrame, indicateur: str, millesime: int | None = None) -> pd.DataFrame:
    ici = table[(table["niveau"] == "iris") & (table["indicateur"] == indicateur)]
    if millesime is not None:
        ici = ici[ici["millesime"] == millesime]
    return ici.set_index("territoire")


def un(table: pd.DataFrame, indicateur: str, territoire: str, millesime: int | None = None) -> pd.Series:
    ici = table[(table["territoire"] == territoire) & (table["indicateur"] == indicateur)]
    ici = ici if millesime is None else ici[ici["millesime"] == millesime]
    # Département et région portent parfois le même code ; une même commune, deux dates.
    assert len(ici) == 1, f"{indicateur} {territoire} {millesime} : {len(ici)} ligne(s)"
    return ici.iloc[0]


def ecart_a_la_cle(lus: pd.DataFrame, cle: pd.Series) -> pd.Series:
    valeurs, attendues = lus["valeur"].dropna(), cle.dropna()
    communs = valeurs.index.intersection(attendues.index)
    return (valeurs[communs] - attendues[communs]).abs()


# -- Montpellier 2016 ---------------------------------------------------------------------------------


def test_montpellier_2016_les_84_medianes_sont_les_cellules_brutes(
    portrait: Callable, donnees_reelles: Path
) -> None:
    brut = lire(donnees_reelles / "filosofi" / "BASE_TD_FILO_DISP_IRIS_2016.csv", "IRIS")
    attendues = {i: nombre(ligne["DISP_MED16"]) for i, ligne in brut.items() if i.startswith("34172")}
    lues = iris(portrait("34172", 2016), "niveau_vie_median", 2016)
    publiees = lues["valeur"].dropna()
    assert len(attendues) == len(publiees) == 84
    assert {str(i): v for i, v in publiees.items()} == attendues
    assert set(lues.loc[publiees.index, "statut"]) == {"publie"}
    # Les quatre autres IRIS (88 en tout) sont d'activité ou divers : hors du champ de Filosofi.
    assert len(lues) == 88
    assert set(lues.loc[lues["valeur"].isna(), "statut"]) == {"sans_objet"}


@pytest.mark.parametrize(
    ("indicateur", "colonne"),
    [
        ("taux_pauvrete_60", "DISP_TP6016"),
        ("rapport_interdecile", "DISP_RD16"),
        ("part_prestations_sociales", "DISP_PPSOC16"),
        ("premier_decile", "DISP_D116"),
        ("indice_gini", "DISP_GI16"),
        ("part_minima_sociaux", "DISP_PPMINI16"),
    ],
)
def test_montpellier_2016_filosofi_est_cellule_pour_cellule_celui_du_fichier(
    indicateur: str, colonne: str, portrait: Callable, donnees_reelles: Path
) -> None:
    brut = lire(donnees_reelles / "filosofi" / "BASE_TD_FILO_DISP_IRIS_2016.csv", "IRIS")
    lues = iris(portrait("34172", 2016), indicateur, 2016)["valeur"]
    publiees = 0
    for code, ligne in brut.items():
        if code.startswith("34172"):
            attendue = nombre(ligne[colonne])
            assert lues[code] == attendue or (math.isnan(lues[code]) and math.isnan(attendue))
            publiees += not math.isnan(attendue)
    assert publiees >= 80


def test_montpellier_2016_les_medianes_au_dessus_de_l_iris_sont_celles_de_leur_fichier(
    portrait: Callable, donnees_reelles: Path
) -> None:
    table = portrait("34172", 2016)
    for niveau, fichier, code, dans_le_fichier in (
        ("commune", "COM", "34172", "34172"),
        ("epci", "EPCI", "243400017", "243400017"),
        ("departement", "DEP", "34", "34"),
        ("region", "REG", "76", "76"),
        ("france", "METROPOLE", "METRO", "1"),
    ):
        brut = lire(donnees_reelles / "filosofi" / f"FILO2016_DISP_{fichier}.csv", "CODGEO")[dans_le_fichier]
        lu = un(table[table["niveau"] == niveau], "niveau_vie_median", code, 2016)
        assert (lu["valeur"], lu["statut"]) == (nombre(brut["Q216"]), "publie")
    assert un(table, "niveau_vie_median", "34172", 2016)["valeur"] == 17_814
    assert un(table, "niveau_vie_median", "METRO", 2016)["valeur"] == 20_809


def test_montpellier_2016_le_taux_de_pauvrete_de_la_ville_n_est_pas_dans_le_fichier(
    portrait: Callable,
) -> None:
    lu = un(portrait("34172", 2016), "taux_pauvrete_60", "34172", 2016)
    assert lu["statut"] == "indisponible"
    assert math.isnan(lu["valeur"])
    assert "DISP_TP60" in lu["note"]


def test_montpellier_2016_une_somme_incomplete_du_recensement_dit_sa_couverture(portrait: Callable) -> None:
    # L'extrait n'a que 83 IRIS sur 88, mais 95,1 % des habitants : 275 895 en 2016, sur les 290 053 que le
    # comparateur donne à la ville en 2018 ; un total, lui, n'est jamais donné incomplet.
    table = portrait("34172", 2016)
    for indicateur in ("part_cadres_15_ans_plus", "part_75_ans_plus", "part_retraites"):
        lu = un(table, indicateur, "34172", 2016)
        assert lu["statut"] == "partiel"
        assert lu["couverture"] == pytest.approx(275_895.16 / 290_053, abs=5e-5)
        assert "83 IRIS sur 88 (environ 95,1\xa0% de l'ensemble, base recensement 2018)" in lu["note"]
    total = un(table, "population", "34172", 2016)
    assert total["statut"] == "indisponible"
    assert "seulement 83 IRIS sur 88" in total["note"]
    # Trois IRIS retirés, d'au plus 99 allocataires chacun, à côté de 91 323 publiés.
    for indicateur, colonne in (
        ("part_familles_monoparentales_caf", "AM"),
        ("part_couples_avec_enfants_caf", "ACAVENF"),
    ):
        lu = un(table, indicateur, "34172", 2016)
        assert lu["statut"] == "partiel", colonne
        assert lu["couverture"] == pytest.approx(91_323 / (91_323 + 3 * 99), abs=5e-5)


def test_montpellier_a_ses_douze_qpv_lus_a_leur_propre_edition(base_reelle: Base) -> None:
    diagnostic = diagnostiquer(base_reelle, Demande("34172", 2016))
    assert [q.code for q in diagnostic.ensembles.qpv] == [f"QP0340{n:02d}" for n in range(4, 16)]
    assert any("QPV" in r and "2016" in r for r in diagnostic.remarques), diagnostic.remarques


def test_montpellier_2016_la_caf_partielle_est_le_rapport_des_sommes_du_fichier(
    portrait: Callable, donnees_reelles: Path
) -> None:
    brut = lire(donnees_reelles / "caf" / "data_CAF_2016_IRIS.csv", "CODGEO")
    ville = {i: ligne for i, ligne in brut.items() if i.startswith("34172")}
    for indicateur, colonne in (
        ("part_familles_monoparentales_caf", "AM"),
        ("part_couples_avec_enfants_caf", "ACAVENF"),
        ("part_couples_3_enfants_caf", "AC3ENF"),
        ("part_allocataires_rsa", "ARSAS"),
    ):
        presents = [v for v in ville.values() if not math.isnan(nombre(v[colonne]) + nombre(v["A"]))]
        lu = un(portrait("34172", 2016), indicateur, "34172", 2016)
        assert lu["numerateur"] == sum(nombre(v[colonne]) for v in presents)
        assert lu["denominateur"] == sum(nombre(v["A"]) for v in presents)
        assert f"calculé sur {len(presents)} IRIS sur {len(ville)}" in lu["note"]


# -- la clé de réponse ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("code", "compares"), [("34172", 83), ("49007", 58), ("85191", 19)])
@pytest.mark.parametrize(
    ("indicateur", "colonne"),
    [("part_cadres_15_ans_plus", "dsp_csp_cadres_pct_16"), ("part_retraites", "dsp_csp_retraites_pct_16")],
)
def test_les_categories_de_2016_egalent_la_cle_iris_par_iris(
    code: str, compares: int, indicateur: str, colonne: str, portrait: Callable, cle_de_reponse: pd.DataFrame
) -> None:
    ecarts = ecart_a_la_cle(iris(portrait(code, 2016), indicateur, 2016), cle_de_reponse[colonne])
    assert len(ecarts) == compares
    assert ecarts.max() < PRECISION


@pytest.mark.parametrize(
    ("categorie", "colonne"),
    [(5, "employes"), (6, "ouvriers"), (4, "profint"), (8, "inactifs"), (2, "artis")],
)
def test_les_huit_categories_du_denominateur_sont_celles_de_la_cle(
    categorie: int, colonne: str, portrait: Callable, cle_de_reponse: pd.DataFrame, donnees_reelles: Path
) -> None:
    """Aucun indicateur n'a ces catégories pour numérateur : c'est notre dénominateur que la clé vérifie."""
    brut = lire(donnees_reelles / "recensement" / "base-ic-evol-struct-pop-2016_extrait.csv", "IRIS")
    lus = iris(portrait("34172", 2016), "part_cadres_15_ans_plus", 2016).dropna(subset=["valeur"])
    attendus = cle_de_reponse[f"dsp_csp_{colonne}_pct_16"]
    for code, ligne in lus.iterrows():
        part = 100 * float(brut[code][f"C16_POP15P_CS{categorie}"]) / ligne["denominateur"]
        assert part == pytest.approx(attendus[code], abs=PRECISION)
    assert len(lus) == 83


@pytest.mark.parametrize(("code", "compares"), [("34172", 85), ("49007", 58), ("85191", 19), ("75056", 864)])
@pytest.mark.parametrize(
    ("indicateur", "colonne"),
    [("niveau_vie_median", "rev_disp_med_21"), ("taux_pauvrete_60", "rev_disp_txpauv_21")],
)
def test_filosofi_2021_egale_la_cle_exactement(
    code: str, compares: int, indicateur: str, colonne: str, portrait: Callable, cle_de_reponse: pd.DataFrame
) -> None:
    lus = iris(portrait(code), indicateur, 2021)
    ecarts = ecart_a_la_cle(lus, cle_de_reponse[colonne])
    assert len(ecarts) == compares
    assert ecarts.max() == 0
    # Rien n'est publié chez nous que la clé n'ait pas, et l'inverse.
    de_la_ville = cle_de_reponse.loc[cle_de_reponse.index.isin(lus.index), colonne].dropna()
    assert set(de_la_ville.index) == set(lus["valeur"].dropna().index)


def test_les_bas_revenus_declares_de_2021_sont_ceux_que_la_cle_appelle_pauvrete(
    portrait: Callable, cle_de_reponse: pd.DataFrame
) -> None:
    """La colonne rev_txpauv_21 est DEC_TP60, avant prestations : jusqu'à 21 points de plus que le taux de pauvreté."""
    table = portrait("34172")
    ecarts = ecart_a_la_cle(iris(table, "taux_bas_revenus_declares", 2021), cle_de_reponse["rev_txpauv_21"])
    assert len(ecarts) == 85
    assert ecarts.max() == 0
    faux = ecart_a_la_cle(iris(table, "taux_pauvrete_60", 2021), cle_de_reponse["rev_txpauv_21"])
    assert faux.max() == 21


def test_filosofi_2019_sans_notes_ni_libelles_egale_la_cle(
    portrait: Callable, cle_de_reponse: pd.DataFrame
) -> None:
    ecarts = ecart_a_la_cle(
        iris(portrait("34172", 2019), "niveau_vie_median", 2019), cle_de_reponse["rev_disp_med_19"]
    )
    assert len(ecarts) == 84
    assert ecarts.max() == 0


def test_les_75_ans_et_plus_different_de_la_cle_par_le_seul_arrondi_de_ses_comptes(
    portrait: Callable, cle_de_reponse: pd.DataFrame
) -> None:
    lus = iris(portrait("34172", 2016), "part_75_ans_plus", 2016).dropna(subset=["valeur"])
    ecarts = ecart_a_la_cle(lus, cle_de_reponse["dmv_75p_pct_16"])
    assert len(ecarts) == 83
    assert 0.01 < ecarts.max() < 0.04
    arrondis = 100 * lus["numerateur"].round() / lus["denominateur"].round()
    assert (arrondis - cle_de_reponse.loc[lus.index, "dmv_75p_pct_16"]).abs().max() < PRECISION
    populations = iris(portrait("34172", 2016), "population", 2016)["valeur"].dropna()
    assert (populations.round() == cle_de_reponse.loc[populations.index, "P16_POP"]).all()


# -- les IRIS d'outre-mer ------------------------------------------------------------------------------


def feuille(chemin: Path) -> Lignes:
    rangees = CalamineWorkbook.from_path(chemin).get_sheet_by_name("C.O.M").to_python()
    debut = next(n for n, r in enumerate(rangees) if r[0] == "IRIS" and r[1] == "DEP")
    return {str(r[0]): dict(zip(rangees[debut], r, strict=True)) for r in rangees[debut + 1 :]}


RAPPORTS_COM = {
    "part_hlm": ("logement", ["P16_RP_LOCHLMV"], ["P16_RP"], 100),
    "part_proprietaires": ("logement", ["P16_RP_PROP"], ["P16_RP"], 100),
    "part_logements_vacants": ("logement", ["P16_LOGVAC"], ["P16_LOG"], 100),
    "part_familles_monoparentales": ("couples-familles-menages", ["C16_FAMMONO"], ["C16_FAM"], 100),
    "part_menages_monoparentaux": ("couples-familles-menages", ["C16_MENFAMMONO"], ["C16_MEN"], 100),
    "part_menages_1_personne": ("couples-familles-menages", ["C16_MENPSEUL"], ["C16_MEN"], 100),
    "indice_jeunesse": ("evol-struct-pop", ["P16_POP0019"], ["P16_POP6074", "P16_POP75P"], 1),
    "part_65_ans_plus": ("evol-struct-pop", ["P16_POP65P"], ["P16_POP"], 100),
    "part_moins_25_ans": (
        "evol-struct-pop",
        ["P16_POP0002", "P16_POP0305", "P16_POP0610", "P16_POP1117", "P16_POP1824"],
        ["P16_POP"],
        100,
    ),
    "part_etrangers": ("evol-struct-pop", ["P16_POP_ETR"], ["P16_POP"], 100),
}
COMMUNES_COM = ("97501", "97502", "97701", "97801")


@pytest.mark.parametrize("indicateur", RAPPORTS_COM)
def test_outre_mer_chaque_rapport_est_celui_des_cellules_du_classeur(
    indicateur: str, portrait: Callable, donnees_reelles: Path
) -> None:
    theme, haut, bas, facteur = RAPPORTS_COM[indicateur]
    brut = feuille(donnees_reelles / "recensement" / f"base-ic-{theme}-2016-com.xls")
    assert len(brut) == 16
    compares = 0
    for commune in COMMUNES_COM:
        table = portrait(commune, 2016)
        membres = [i for i in brut if i.startswith(commune)]
        assert membres
        lectures = [("commune", commune, membres)]
        if len(membres) > 1:
            lectures += [("iris", i, [i]) for i in membres]
        for niveau, code, codes in lectures:
            lu = un(table[table["niveau"] == niveau], indicateur, code, 2016)
            denominateur = math.fsum(float(brut[i][v]) for i in codes for v in bas)
            if denominateur == 0:
                assert lu["statut"] == "sans_objet"
                continue
            attendu = facteur * math.fsum(float(brut[i][v]) for i in codes for v in haut) / denominateur
            assert lu["valeur"] == pytest.approx(attendu, rel=1e-12)
            assert lu["statut"] == "calcule"
            compares += 1
    # 15 IRIS dans trois communes découpées, et quatre communes dont une d'un seul IRIS.
    assert compares == 15 + 4


# -- Paris ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def activite_paris(donnees_reelles: Path) -> Lignes:
    brut = lire(donnees_reelles / "recensement" / "base-ic-activite-residents-2016_75_92.csv", "IRIS")
    return {i: ligne for i, ligne in brut.items() if i.startswith("75")}


@pytest.mark.parametrize(
    ("indicateur", "haut", "bas"),
    [
        ("taux_chomage_rp", "P16_CHOM1564", "P16_ACT1564"),
        ("taux_chomage_15_24", "P16_CHOM1524", "P16_ACT1524"),
        ("taux_emploi", "P16_ACTOCC1564", "P16_POP1564"),
        ("part_cadres", "C16_ACT1564_CS3", "C16_ACT1564"),
    ],
)
def test_paris_2016_chaque_iris_et_la_ville_sont_ceux_du_fichier(
    indicateur: str, haut: str, bas: str, portrait: Callable, activite_paris: Lignes
) -> None:
    table = portrait("75056", 2016)
    lus = iris(table, indicateur, 2016)
    assert len(activite_paris) == 992
    assert set(lus.index) == set(activite_paris)
    for code, ligne in activite_paris.items():
        if float(ligne[bas]) == 0:
            assert lus.loc[code, "statut"] == "sans_objet"
        else:
            assert lus.loc[code, "valeur"] == pytest.approx(
                100 * float(ligne[haut]) / float(ligne[bas]), rel=1e-12
            )
    ville = un(table[table["niveau"] == "commune"], indicateur, "75056", 2016)
    assert ville["numerateur"] == sum(float(ligne[haut]) for ligne in activite_paris.values())
    assert ville["denominateur"] == sum(float(ligne[bas]) for ligne in activite_paris.values())
    assert ville["statut"] == "calcule"


def test_paris_2016_le_taux_d_emploi_et_le_chomage_des_jeunes_egalent_la_cle(
    portrait: Callable, cle_de_reponse: pd.DataFrame
) -> None:
    table = portrait("75056", 2016)
    for indicateur, colonne, compares in (
        ("taux_emploi", "eco_txemp_1564_16", 950),
        ("taux_chomage_15_24", "soc_txchom_1524_16", 936),
    ):
        ecarts = ecart_a_la_cle(iris(table, indicateur, 2016), cle_de_reponse[colonne])
        assert len(ecarts) == compares
        assert ecarts.max() < PRECISION


def test_paris_2016_la_cle_du_chomage_divise_des_chomeurs_p_par_des_actifs_c(
    portrait: Callable, cle_de_reponse: pd.DataFrame, activite_paris: Lignes
) -> None:
    """La clé mêle exploitation principale et complémentaire : 514 IRIS sur 947 diffèrent, jusqu'à 2,1 points."""
    cle = cle_de_reponse["soc_txchom_1564_16"]
    ecarts = ecart_a_la_cle(iris(portrait("75056", 2016), "taux_chomage_rp", 2016), cle)
    assert len(ecarts) == 947
    assert (ecarts > PRECISION).sum() == 514
    assert 2.1 < ecarts.max() < 2.2
    melange = {
        i: 100 * float(v["P16_CHOM1564"]) / float(v["C16_ACT1564"])
        for i, v in activite_paris.items()
        if i in ecarts.index and float(v["C16_ACT1564"]) > 0
    }
    # Le reste (0,2 point au plus) vient des entiers de notre fichier, quand la clé a les décimales.
    assert max(abs(x - cle[i]) for i, x in melange.items()) < 0.2


@pytest.mark.parametrize(
    ("annee", "colonnes", "ecrit"),
    [
        (2010, ["NSCOL15P_DIPL0", "NSCOL15P_CEP", "NSCOL15P_BEPC"], "22,2"),
        (2015, ["NSCOL15P_DIPLMIN"], "18,9"),
    ],
)
def test_paris_part_sans_diplome_avant_et_apres_le_changement_de_colonnes(
    annee: int, colonnes: list[str], ecrit: str, portrait: Callable, donnees_reelles: Path
) -> None:
    brut = lire(donnees_reelles / "recensement" / f"base-ic-diplomes-formation-{annee}_75.csv", "IRIS", ",")
    aa = annee % 100
    haut = sum(float(ligne[f"P{aa}_{c}"]) for ligne in brut.values() for c in colonnes)
    bas = sum(float(ligne[f"P{aa}_NSCOL15P"]) for ligne in brut.values())
    table = portrait("75056", annee)
    lu = un(table[table["niveau"] == "commune"], "part_sans_diplome", "75056", annee)
    assert (lu["numerateur"], lu["denominateur"], lu["statut"]) == (haut, bas, "calcule")
    assert ecrire(lu["valeur"], 1) == ecrit
    assert lu["definition"]
    marge = 196 * math.sqrt(3 * 0.6 * (haut / bas) * (1 - haut / bas) / (0.4 * bas))
    assert lu["marge"] == pytest.approx(marge, rel=1e-9)


def test_paris_les_deux_series_de_diplomes_portent_des_noms_differents(portrait: Callable) -> None:
    noms = {a: set(iris(portrait("75056", a), "part_sans_diplome", a)["definition"]) for a in (2010, 2015)}
    assert len(noms[2010]) == len(noms[2015]) == 1
    assert noms[2010] != noms[2015]


# -- Clermont-Ferrand ----------------------------------------------------------------------------------

SAINT_JACQUES, FONTAINE_DU_BAC, LA_GAUTHIERE = "QP063002", "QP063005", "QP063004"
TABLEAU_DE_CLERMONT = {
    "part_moins_25_ans": (0, ("36", "38", "41")),
    "indice_jeunesse": (1, ("1,5", "1,6", "2,2")),
    "part_familles_monoparentales_caf": (0, ("11", "19", "21")),
    # Saint-Jacques : 209 / 1 269 = 16,47 %, imprimé 17 % par la ville (arrondi deux fois).
    "part_couples_avec_enfants_caf": (0, ("16", "28", "33")),
    "part_couples_3_enfants_caf": (0, ("7", "11", "16")),
}


@pytest.fixture(scope="module")
def clermont(portrait: Callable) -> pd.DataFrame:
    return portrait("63113", 2020, caf=2018)


@pytest.mark.parametrize("indicateur", TABLEAU_DE_CLERMONT)
def test_clermont_les_cellules_des_qpv_sont_celles_que_la_ville_imprime(
    indicateur: str, clermont: pd.DataFrame
) -> None:
    decimales, imprimees = TABLEAU_DE_CLERMONT[indicateur]
    for qpv, imprimee in zip((SAINT_JACQUES, FONTAINE_DU_BAC, LA_GAUTHIERE), imprimees, strict=True):
        lu = un(clermont, indicateur, qpv, 2020)
        assert ecrire(lu["valeur"], decimales) == imprimee
        assert lu["periode"]


def test_clermont_saint_jacques_couples_avec_enfants_vaut_209_sur_1269(clermont: pd.DataFrame) -> None:
    lu = un(clermont, "part_couples_avec_enfants_caf", SAINT_JACQUES, 2020)
    assert (lu["numerateur"], lu["denominateur"]) == (209, 1269)
    assert lu["valeur"] == pytest.approx(16.4696, abs=1e-4)


@pytest.mark.parametrize(
    ("indicateur", "numerateur", "ecrit"),
    [
        ("part_familles_monoparentales_caf", 4823, "11"),
        ("part_couples_avec_enfants_caf", 7919, "18"),
        ("part_couples_3_enfants_caf", 2423, "5"),
    ],
)
def test_clermont_la_caf_de_la_ville_est_la_somme_de_41_iris_sur_42(
    indicateur: str, numerateur: int, ecrit: str, clermont: pd.DataFrame
) -> None:
    lu = un(clermont, indicateur, "63113", 2018)
    assert (lu["numerateur"], lu["denominateur"]) == (numerateur, 44_428)
    assert lu["statut"] == "partiel"
    # L'IRIS retiré compte au plus 99 allocataires.
    assert lu["couverture"] == pytest.approx(44_428 / (44_428 + 99), abs=5e-5)
    assert "41 IRIS sur 42 (au moins 99,7\xa0% de l'ensemble)" in lu["note"]
    assert ecrire(lu["valeur"], 0) == ecrit
    # Le total, lui, n'est pas donné : il y manque un IRIS.
    total = un(clermont, "allocataires", "63113")
    assert total["statut"] == "indisponible"


def test_clermont_la_population_municipale_de_2018_est_celle_du_comparateur(clermont: pd.DataFrame) -> None:
    lu = un(clermont, "population", "63113", 2018)
    assert (lu["valeur"], lu["statut"], lu["source"]) == (146_734, "publie", "comparateur")


def test_clermont_les_taux_de_la_ville_sont_ceux_du_comparateur(
    clermont: pd.DataFrame, donnees_reelles: Path
) -> None:
    with zipfile.ZipFile(donnees_reelles / "communes" / "base_cc_comparateur_csv.zip") as archive:
        nom = next(n for n in archive.namelist() if not n.lower().startswith("meta"))
        texte = archive.read(nom).decode("utf-8-sig")
    brut = next(
        ligne for ligne in csv.DictReader(io.StringIO(texte), delimiter=";") if ligne["CODGEO"] == "63113"
    )
    v = {k: nombre(x) for k, x in brut.items() if k.startswith("P18_")}
    for indicateur, attendu in (
        ("taux_chomage_rp", 100 * v["P18_CHOM1564"] / v["P18_ACT1564"]),
        ("taux_activite", 100 * v["P18_ACT1564"] / v["P18_POP1564"]),
        ("taux_emploi", 100 * (v["P18_ACT1564"] - v["P18_CHOM1564"]) / v["P18_POP1564"]),
        ("part_proprietaires", 100 * v["P18_RP_PROP"] / v["P18_RP"]),
        ("part_logements_vacants", 100 * v["P18_LOGVAC"] / v["P18_LOG"]),
    ):
        assert un(clermont, indicateur, "63113", 2018)["valeur"] == pytest.approx(attendu, rel=1e-12)


# -- petites communes ----------------------------------------------------------------------------------


def test_beaucouze_sans_iris_s_appuie_sur_les_sources_communales(
    base_reelle: Base, donnees_reelles: Path
) -> None:
    diagnostic = diagnostiquer(base_reelle, Demande("49020"))
    table = diagnostic.table()
    assert diagnostic.ensembles.mailles == ()
    assert diagnostic.ensembles.qpv == ()
    assert not len(table[table["niveau"] == "iris"])
    roles = [r.role for r in diagnostic.ensembles.references]
    assert roles == ["epci", "epci_hors_centre", "strate", "departement", "region", "france"]
    mediane = lire(donnees_reelles / "filosofi" / "FILO2018_DISP_COM.csv", "CODGEO")["49020"]["Q218"]
    lu = un(table, "niveau_vie_median", "49020", 2018)
    assert (lu["valeur"], lu["statut"]) == (nombre(mediane), "publie")
    chomage = un(table, "taux_chomage_rp", "49020", 2018)
    assert chomage["source"] == "comparateur"
    assert "exhaustivement" in chomage["note"]
    assert math.isnan(chomage["marge"])
    assert un(table, "part_familles_monoparentales", "49020")["statut"] == "indisponible"


def test_gouesnou_a_ses_quatre_iris_et_son_taux_de_pauvrete_arrondi(base_reelle: Base) -> None:
    diagnostic = diagnostiquer(base_reelle, Demande("29061"))
    table = diagnostic.table()
    assert len(diagnostic.ensembles.mailles) == 4
    lu = un(table, "taux_pauvrete_60", "29061", 2021)
    assert (lu["valeur"], lu["statut"]) == (5.0, "publie")
    assert set(table.loc[table["valeur"].isna(), "statut"]) <= {"secret", "indisponible", "sans_objet"}


@pytest.mark.parametrize("code", ["98999", "01999", "00000", "75999"])
def test_une_commune_absente_de_tous_les_fichiers_est_refusee(code: str, base_reelle: Base) -> None:
    with pytest.raises(TerritoireInconnu, match=f"« {code} »"):
        diagnostiquer(base_reelle, Demande(code))


def test_une_commune_de_quelques_centaines_d_habitants_garde_ses_secrets(base_reelle: Base) -> None:
    diagnostic = diagnostiquer(base_reelle, Demande("01001"))
    table = diagnostic.table()
    du_sujet = table[table["territoire"] == "01001"]
    secrets = du_sujet[du_sujet["statut"] == "secret"]
    assert {"taux_pauvrete_60", "part_prestations_sociales"} & set(secrets["indicateur"])
    assert secrets["valeur"].isna().all()
    assert un(table, "population", "01001", 2022)["valeur"] == 859


@pytest.mark.parametrize(
    ("code", "annee", "imposes"),
    [("34172", 2016, {}), ("63113", 2020, {"caf": 2018}), ("75056", 2016, {}), ("97701", 2016, {})],
)
def test_le_contrat_tient_sur_les_fichiers_reels(
    code: str, annee: int, imposes: dict, portrait: Callable
) -> None:
    table = portrait(code, annee, **imposes)
    cle = ["territoire", "niveau", "geographie", "indicateur", "definition", "millesime", "source"]
    assert not table.duplicated(cle).any()
    admise = ~table["statut"].isin({"secret", "indisponible", "sans_objet"})
    assert (table["valeur"].notna() == admise).all()
    avec = table[table["numerateur"].notna() & table["denominateur"].notna()]
    ecart = (avec["valeur"] / (avec["numerateur"] / avec["denominateur"])).dropna()
    assert ecart.map(lambda x: math.isclose(x, 100) or math.isclose(x, 1)).all()
    bornes = table.dropna(subset=["marge"])
    assert (bornes["borne_basse"] <= bornes["valeur"]).all()
    assert (bornes["valeur"] <= bornes["borne_haute"]).all()
