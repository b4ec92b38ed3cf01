"""Les définitions : chacune complète, juste, vivante, et neutre quand elle décrit une population."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from abs.definitions import table
from abs.indicateurs import indicateurs as module
from abs.indicateurs.indicateurs import Indicateur, Lecture, charger, identites, indicateur, indicateurs
from donnees_insee.catalogue.catalogue import sources
from donnees_insee.catalogue.tables import plan
from donnees_insee.erreurs import DonneeAbsente, IndicateurInconnu
from donnees_insee.lecture.reconnaissance import traduire

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

ATTENDUS = (
    "part_moins_25_ans",
    "indice_jeunesse",
    "part_65_ans_plus",
    "part_menages_1_personne",
    "part_familles_monoparentales",
    "part_menages_monoparentaux",
    "part_etrangers",
    "taux_chomage_rp",
    "taux_emploi",
    "part_cadres",
    "part_cadres_15_ans_plus",
    "part_ouvriers_employes",
    "part_sans_diplome",
    "niveau_vie_median",
    "taux_pauvrete_60",
    "rapport_interdecile",
    "part_prestations_sociales",
    "part_hlm",
    "part_proprietaires",
    "part_logements_vacants",
    "part_familles_monoparentales_caf",
    "part_couples_avec_enfants_caf",
    "part_couples_3_enfants_caf",
)

# Indicateurs dont la source n'est pas dans la démonstration, et pourquoi.
SANS_VALEUR_DANS_LA_DEMONSTRATION: dict[str, str] = {}

# Ce que comptent les variables d'une population, jamais d'une situation : âge, sexe, nationalité, origine,
# parents isolés, taille de la famille ou du ménage, logement HLM.
POPULATION = re.compile(
    r"(?:P_POP(?:\d{4}|\d\dP|F|_ETR|_IMM)"
    r"|C_(?:MEN)?FAMMONO|AM|C_COUPAENF|ACAVENF|AC3ENF|AI|C_NE24F\dP?|C_MENPSEUL|C_PMEN"
    r"|P_POP\w+_PSEUL|P_RP_LOCHLMV|P_NPER_RP_LOCHLMV"
    r"|TX_TOT_(?:0A24|60ETPLUS|ET|MEN1)|TX_F|IND_JEUNE)"
)
NEUTRES = (
    "part_0_2_ans",
    "part_0_17_ans",
    "part_moins_25_ans",
    "part_18_24_ans",
    "part_60_ans_plus",
    "part_65_ans_plus",
    "part_75_ans_plus",
    "part_80_ans_plus",
    "part_80_ans_seuls",
    "part_55_79_ans_seuls",
    "indice_jeunesse",
    "indice_vieillissement",
    "dependance_demographique",
    "part_femmes",
    "part_etrangers",
    "part_immigres",
    "part_menages_1_personne",
    "taille_menages",
    "part_familles_monoparentales",
    "part_monoparentales_avec_enfants",
    "part_menages_monoparentaux",
    "part_familles_nombreuses",
    "part_couples_avec_enfants",
    "part_familles_monoparentales_caf",
    "part_couples_avec_enfants_caf",
    "part_couples_3_enfants_caf",
    "part_isoles_caf",
    "part_hlm",
    "part_personnes_hlm",
)

DEFINITIONS = sorted(indicateurs())
LECTURES = [(code, rang) for code, i in indicateurs().items() for rang in range(len(i.lectures))]


def lecture(code: str, rang: int) -> Lecture:
    return indicateur(code).lectures[rang]


def series(une: Lecture) -> set[str]:
    """Séries P et C d'un rapport, dénominateur venu d'ailleurs compris."""
    formules = [f for f in (une.numerateur, une.denominateur) if f is not None]
    return {v[0] for f in formules for v in f.variables if re.match(r"[PC]_", v)}


def test_le_catalogue_compte_au_moins_soixante_indicateurs_dans_les_cinq_themes() -> None:
    assert len(indicateurs()) >= 60
    assert {i.theme for i in indicateurs().values()} == set(module.THEMES)


@pytest.mark.parametrize("code", ATTENDUS)
def test_les_indicateurs_dont_le_reste_depend_existent(code: str) -> None:
    assert indicateur(code).code == code


@pytest.mark.parametrize("code", DEFINITIONS)
def test_une_definition_est_complete_et_ecrite_en_francais(code: str) -> None:
    i = indicateur(code)
    assert re.fullmatch(r"[a-z][a-z0-9_]*", code)
    assert i.libelle
    assert i.libelle[0].isupper()
    assert i.libelle_court != code
    assert i.definition.endswith(".")
    assert i.phrase.count("{v}") == 1
    assert i.phrase.format(v="X") != i.phrase
    assert not i.phrase.endswith(".")
    assert i.theme in module.THEMES
    assert set(i.transversaux) <= set(table("_libelles")["transversaux"])
    assert set(i.publics) <= set(table("_libelles")["publics"])
    assert i.seuil_pratique > 0
    assert i.effet_de_sondage >= 2


@pytest.mark.parametrize("code", [c for c in DEFINITIONS if indicateur(c).facteur == 100])
def test_le_libelle_d_un_pourcentage_porte_son_denominateur(code: str) -> None:
    assert re.search(r"en % (des|de la|du) \w+|pour 100 \w+", indicateur(code).libelle_court), indicateur(
        code
    ).libelle_court


@pytest.mark.parametrize(
    "code", [c for c in DEFINITIONS if indicateur(c).nature == "indice" and c != "indice_gini"]
)
def test_le_libelle_d_un_rapport_dit_ce_qui_est_rapporte_a_quoi(code: str) -> None:
    assert re.search(r" pour | par |rapporté|/", indicateur(code).libelle_court), indicateur(
        code
    ).libelle_court


@pytest.mark.parametrize(
    ("code", "mot"),
    [
        ("part_familles_monoparentales", "des familles"),
        ("part_menages_monoparentaux", "des ménages"),
        ("part_monoparentales_avec_enfants", "des familles avec enfants"),
        ("part_familles_monoparentales_caf", "des foyers allocataires"),
        ("part_cadres", "des actifs de 15-64 ans"),
        ("part_cadres_15_ans_plus", "des 15 ans et plus"),
        ("part_sans_diplome", "des 15 ans et plus non scolarisés"),
        ("part_hlm", "déclaratif"),
        ("taux_chomage_rp", "au sens du recensement"),
        ("part_prestations_sociales", "du revenu disponible"),
    ],
)
def test_les_libelles_faciles_a_confondre_se_distinguent(code: str, mot: str) -> None:
    assert mot in indicateur(code).libelle_court


def test_aucun_libelle_ne_dit_logements_sociaux_pour_les_hlm_du_recensement() -> None:
    for code in ("part_hlm", "part_personnes_hlm"):
        i = indicateur(code)
        assert "logements sociaux" not in f"{i.libelle} {i.libelle_court} {i.phrase}".lower()


def test_deux_indicateurs_n_ont_pas_le_meme_libelle() -> None:
    for champ in ("libelle", "libelle_court"):
        par_libelle: dict[str, list[str]] = {}
        for code, i in indicateurs().items():
            if i.lectures[0].source.niveaux != ("qpv",):
                par_libelle.setdefault(getattr(i, champ), []).append(code)
        assert not {k: v for k, v in par_libelle.items() if len(v) > 1}


@pytest.mark.parametrize(("code", "rang"), LECTURES)
def test_un_rapport_ne_melange_jamais_exploitations_principale_et_complementaire(
    code: str, rang: int
) -> None:
    assert len(series(lecture(code, rang))) <= 1


@pytest.mark.parametrize(("code", "rang"), [(c, r) for c, r in LECTURES if plan(lecture(c, r).source.id)])
def test_les_variables_sont_au_plan_de_la_source_pour_toute_la_duree_de_la_serie(
    code: str, rang: int
) -> None:
    une = lecture(code, rang)
    premiere, derniere = max(une.de, 2006), min(une.a, 2022)
    for variable in une.variables:
        periodes = [(v.de, v.a or 9999) for v in plan(une.source.id) if v.nom == variable]
        assert periodes, f"{variable} n'est pas au plan de {une.source.id}"
        assert any(de <= premiere and a >= derniere for de, a in periodes), (
            f"{variable} est publiée sur {periodes}, la série va de {premiere} à {derniere}"
        )


def test_le_denominateur_venu_d_ailleurs_est_au_plan_de_sa_source() -> None:
    venus = [une for i in indicateurs().values() for une in i.lectures if une.source_denominateur is not None]
    assert venus
    for une in venus:
        assert une.source_denominateur is not None
        assert une.denominateur is not None
        ailleurs = une.source_denominateur
        connues = {v.nom for v in plan(ailleurs.id)} or {
            v for v in une.denominateur.variables if traduire(ailleurs, v) is not None
        }
        assert set(une.denominateur.variables) <= connues


def test_les_series_d_une_meme_source_ne_se_recouvrent_pas() -> None:
    for code, i in indicateurs().items():
        for source in {le.source.id for le in i.lectures}:
            plages = sorted((le.de, le.a) for le in i.lectures if le.source.id == source)
            for (_, fin), (debut, _) in pairwise(plages):
                assert fin < debut, f"{code} : deux séries de {source} valent la même année"


def test_les_series_d_une_rupture_portent_des_noms_differents() -> None:
    # Construits avant 1946 : les colonnes ont changé de nom en 2022, la définition non.
    for code, i in indicateurs().items():
        if code == "part_logements_avant_1946":
            continue
        for source in {le.source.id for le in i.lectures}:
            noms = [le.definition for le in i.lectures if le.source.id == source]
            assert len(set(noms)) == len(noms), f"{code} : deux séries de {source} ont le même nom {noms}"


@pytest.mark.parametrize("code", NEUTRES)
def test_une_part_de_population_est_neutre(code: str) -> None:
    assert indicateur(code).sens == "neutre"


@pytest.mark.parametrize("code", [c for c in DEFINITIONS if indicateur(c).sens != "neutre"])
def test_une_fragilite_ne_compte_jamais_une_population(code: str) -> None:
    for une in indicateur(code).lectures:
        comptees = (une.variable,) if une.variable else une.numerateur.variables  # type: ignore[union-attr]
        assert not [v for v in comptees if POPULATION.fullmatch(v)]


def test_le_motif_des_populations_reconnait_celles_de_la_regle() -> None:
    # Garde-fou de l'essai précédent : il doit voir chaque indicateur neutre compté par des variables.
    vus = set()
    for code in NEUTRES:
        for une in indicateur(code).lectures:
            comptees = (une.variable,) if une.variable else une.numerateur.variables  # type: ignore[union-attr]
            if any(POPULATION.fullmatch(v) for v in comptees):
                vus.add(code)
    assert vus == set(NEUTRES)


@pytest.mark.parametrize("code", DEFINITIONS)
def test_aucun_indicateur_n_est_mort(
    code: str, table_demo: pd.DataFrame, table_demo_2016: pd.DataFrame
) -> None:
    if code in SANS_VALEUR_DANS_LA_DEMONSTRATION:
        pytest.skip(SANS_VALEUR_DANS_LA_DEMONSTRATION[code])
    chiffrees = set(table_demo.loc[table_demo["valeur"].notna(), "source"])
    if not {une.source.id for une in indicateur(code).lectures} & chiffrees:
        pytest.skip("Le territoire fictif ne tient pas la source de cet indicateur.")
    valeurs = [t.loc[t["indicateur"] == code, "valeur"].notna().sum() for t in (table_demo, table_demo_2016)]
    assert sum(valeurs) > 0


def test_aucune_exception_n_est_inutile(table_demo: pd.DataFrame) -> None:
    vivants = set(table_demo.loc[table_demo["valeur"].notna(), "indicateur"])
    assert not vivants & set(SANS_VALEUR_DANS_LA_DEMONSTRATION)
    assert set(SANS_VALEUR_DANS_LA_DEMONSTRATION) <= set(indicateurs())


@pytest.mark.parametrize("source", sorted(identites()))
def test_une_identite_ne_melange_pas_les_series_et_ne_se_cite_pas(source: str) -> None:
    assert source in sources()
    for variable, expression in identites()[source].items():
        assert {v[:2] for v in expression.variables} == {variable[:2]}
        assert variable not in expression.variables


@pytest.mark.parametrize(
    ("code", "millesime", "numerateur", "denominateur"),
    [
        ("part_familles_monoparentales", 2022, "C_FAMMONO", "C_FAM"),
        ("part_menages_monoparentaux", 2022, "C_MENFAMMONO", "C_MEN"),
        ("part_monoparentales_avec_enfants", 2022, "C_FAMMONO", "C_FAMMONO + C_COUPAENF"),
        ("part_familles_monoparentales_caf", 2020, "AM", "A"),
        ("part_sans_diplome", 2010, "P_NSCOL15P_DIPL0 + P_NSCOL15P_CEP + P_NSCOL15P_BEPC", "P_NSCOL15P"),
        ("part_sans_diplome", 2015, "P_NSCOL15P_DIPLMIN", "P_NSCOL15P"),
        ("part_sans_diplome", 2017, "P_NSCOL15P_DIPLMIN + P_NSCOL15P_BEPC", "P_NSCOL15P"),
        ("part_hlm", 2022, "P_RP_LOCHLMV", "P_RP"),
        ("part_moins_25_ans", 2022, "P_POP0002 + P_POP0305 + P_POP0610 + P_POP1117 + P_POP1824", "P_POP"),
        ("indice_jeunesse", 2022, "P_POP0019", "P_POP6074 + P_POP75P"),
        ("taux_chomage_rp", 2022, "P_CHOM1564", "P_ACT1564"),
        ("taux_emploi", 2022, "P_ACTOCC1564", "P_POP1564"),
        ("part_cadres", 2021, "C_ACT1564_CS3", "C_ACT1564"),
        ("part_cadres", 2022, "C_ACT1564_STAT_GSEC13_23", "C_ACT1564"),
    ],
)
def test_les_definitions_faciles_a_manquer_sont_celles_du_projet(
    code: str, millesime: int, numerateur: str, denominateur: str
) -> None:
    une = next(le for le in indicateur(code).lectures if le.vaut_pour(millesime))
    assert une.numerateur is not None
    assert une.denominateur is not None
    assert une.numerateur.texte == numerateur
    assert une.denominateur.texte == denominateur


def test_aucun_diplome_n_existe_que_depuis_2017() -> None:
    assert not any(le.vaut_pour(2016) for le in indicateur("part_aucun_diplome").lectures)
    assert any(le.vaut_pour(2017) for le in indicateur("part_aucun_diplome").lectures)


@pytest.mark.parametrize(
    "code", ["niveau_vie_median", "taux_pauvrete_60", "rapport_interdecile", "indice_gini", "premier_decile"]
)
def test_un_quantile_ou_un_taux_filosofi_est_lu_jamais_calcule(code: str) -> None:
    assert all(une.est_publiee and une.numerateur is None for une in indicateur(code).lectures)


def test_une_mediane_n_a_jamais_de_numerateur() -> None:
    for i in indicateurs().values():
        if i.nature == "mediane":
            assert all(une.est_publiee for une in i.lectures), i.code


def test_caf_sur_recensement_est_dit_pour_cent_menages() -> None:
    for i in indicateurs().values():
        for une in i.lectures:
            if une.source_denominateur is not None:
                assert i.unite.startswith("pour 10")
                assert "sources" in i.definition or "MSA" in i.definition
            if une.source_denominateur is not None and une.source.producteur == "Cnaf":
                assert i.unite == "pour 100 ménages"
                assert "MSA" in i.definition


def test_un_code_inconnu_propose_les_plus_proches() -> None:
    with pytest.raises(IndicateurInconnu, match="part_hlm"):
        indicateur("part_hml")


def ecrire(tmp_path: Path, texte: str) -> Path:
    fichier = tmp_path / "demographie.toml"
    fichier.write_text(texte, encoding="utf-8")
    return fichier


def test_l_analyste_ajoute_un_indicateur_avec_quelques_lignes(tmp_path: Path) -> None:
    ajout = ecrire(
        tmp_path,
        '[part_11_17_ans]\nlibelle = "Part des 11-17 ans"\ndefinition = "Habitants de 11 à 17 ans."\nunite = "%"\n'
        'source = "rp_population"\nnumerateur = "P_POP1117"\ndenominateur = "P_POP"\n',
    )
    nouveau = charger(ajout)["part_11_17_ans"]
    assert isinstance(nouveau, Indicateur)
    assert nouveau.theme == "demographie"
    assert nouveau.facteur == 100
    assert nouveau.sens == "neutre"
    assert "part_11_17_ans" not in indicateurs()


def test_toutes_les_fautes_d_un_fichier_sont_dites_ensemble(tmp_path: Path) -> None:
    ajout = ecrire(
        tmp_path,
        '[un]\nlibelle = "Un"\ndefinition = "Un."\nunite = "%"\nsens = "travers"\nsource = "caf"\nnumerateur = "AM"\n'
        '[deux]\nlibelle = "Deux"\ndefinition = "Deux."\nunite = "%"\nsource = "caf"\nnumerateur = "AM ** 2"\n'
        'denominateur = "A"\n'
        '[trois]\nlibelle = "Trois"\ndefinition = "Trois."\nunite = "%"\n'
        '[quatre]\nlibelle = "Quatre"\ndefinition = "Quatre."\nunite = "%"\nsource = "caf"\nvariable = "A"\n'
        'numerateur = "AM"\ndenominateur = "A"\n',
    )
    with pytest.raises(IndicateurInconnu) as erreur:
        charger(ajout)
    message = str(erreur.value)
    for faute in (
        "un : sens « travers » inconnu",
        "un : source caf : le dénominateur manque",
        "deux : L'expression « AM ** 2 »",
        "trois : aucune source",
        "quatre : source caf : il faut soit une variable, soit un numérateur",
    ):
        assert faute in message


def test_une_source_hors_catalogue_est_refusee(tmp_path: Path) -> None:
    ajout = ecrire(
        tmp_path,
        '[x]\nlibelle = "X"\ndefinition = "X."\nunite = "%"\nsource = "rpls"\nnumerateur = "A"\ndenominateur = "A"\n',
    )
    with pytest.raises((IndicateurInconnu, DonneeAbsente), match="rpls"):
        charger(ajout)


def test_l_analyste_ne_peut_pas_meler_les_deux_exploitations(tmp_path: Path) -> None:
    ajout = ecrire(
        tmp_path,
        '[x]\nlibelle = "X"\ndefinition = "X."\nunite = "%"\nsource = "rp_menages"\n'
        'numerateur = "C_MENPSEUL"\ndenominateur = "P_POP15P"\n',
    )
    with pytest.raises(IndicateurInconnu, match="x :"):
        charger(ajout)


def test_un_champ_mal_ecrit_est_dit_en_francais(tmp_path: Path) -> None:
    ajout = ecrire(
        tmp_path, '[x]\nlibele = "X"\ndefinition = "X."\nunite = "%"\nsource = "caf"\nnumerateur = "A"\n'
    )
    with pytest.raises(IndicateurInconnu) as erreur:
        charger(ajout)
    assert "libele" in str(erreur.value)
    assert "unexpected keyword" not in str(erreur.value)
