"""La typologie : ce qui peut être actif, une partition qui se retrouve, des classes dites sans juger."""

import dataclasses
import re
from importlib import resources

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abs.calcul.lecture import Lecteur
from abs.indicateurs.indicateurs import indicateur, indicateurs
from abs.territoires.territoires import Territoires
from abs.typologie import classes, etude, modele, rendu, transfert
from abs.typologie.donnees import Colonne, Espace, Iris, lire_les_iris
from abs.typologie.variables import FICHIER, lire, table, trait_de_population, verifier_les_actives
from donnees_insee.erreurs import DonneeAbsente, ParametreInvalide

NEUTRES = [
    "part_moins_25_ans",
    "part_18_24_ans",
    "part_75_ans_plus",
    "indice_jeunesse",
    "indice_vieillissement",
    "dependance_demographique",
    "part_retraites",
    "part_pensions",
    "part_etrangers",
    "part_immigres",
    "part_femmes",
    "taux_emploi_femmes",
    "part_familles_monoparentales",
    "part_menages_monoparentaux",
    "part_familles_monoparentales_caf",
    "part_isoles_caf",
    "part_familles_nombreuses",
    "part_couples_3_enfants_caf",
    "part_couples_avec_enfants",
    "taille_menages",
    "personnes_par_logement",
    "part_hlm",
    "part_personnes_hlm",
    "logements_sociaux_pour_100_logements",
    "part_menages_1_personne",
    "part_80_ans_seuls",
    "part_allocataires_aah",
]
REGLES = table().regles


def nuages(centres, par_nuage=70, etendue=0.25, graine=3):
    hasard = np.random.default_rng(graine)
    return np.vstack([hasard.normal(c, etendue, (par_nuage, len(c))) for c in centres])


@pytest.mark.parametrize("code", NEUTRES)
def test_un_indicateur_neutre_n_est_jamais_actif(code):
    ligne = {"indicateur": code, "haut": "haut", "bas": "bas", "raison": "une raison écrite ne suffit pas"}
    fautes = verifier_les_actives([ligne], table().neutres)
    assert len(fautes) == 1
    assert "décrit une population" in fautes[0]


def test_aucune_variable_active_livree_ne_decrit_une_population():
    for variable in table().actives:
        assert not trait_de_population(variable.indicateur, table().neutres), variable.code
        assert variable.indicateur.theme != "demographie", variable.code
        assert variable.indicateur.sens != "neutre" or variable.raison, variable.code


def test_tous_les_indicateurs_de_demographie_hors_population_sont_refuses():
    refuses = {c for c, i in indicateurs().items() if trait_de_population(i, table().neutres)}
    restes = {
        c for c, i in indicateurs().items() if i.theme == "demographie" and i.nature != "effectif"
    } - refuses
    # Être logé en établissement, ou en quartier prioritaire, n'est ni un âge ni une famille ; ce n'est pas actif non plus.
    assert restes == {"part_population_hors_menages", "part_population_en_qpv"}


def test_une_table_fautive_dit_toutes_ses_fautes():
    texte = (resources.files("abs.definitions") / FICHIER).read_text(encoding="utf-8")
    ajout = '\n[[actives]]\nindicateur = "part_hlm"\nhaut = "a"\nbas = "b"\n'
    ajout += '\n[[actives]]\nindicateur = "part_locataires"\nhaut = "a"\nbas = "b"\n'
    with pytest.raises(ParametreInvalide, match=r"(?s)part_hlm.*logement social.*part_locataires.*raison"):
        lire(texte + ajout)


def test_les_mots_des_classes_ne_jugent_ni_ne_nomment_une_population():
    mots = [m for v in table().actives for m in (v.haut, v.bas)]
    interdits = (
        r"précar|défavoris|difficile|sensible|ghetto|exclu|assist|problém|jeune|âgé|étrang|immigr|famille"
    )
    interdits += r"|monoparent|femme|pauvres\b|cause|parce que|à cause"
    assert not [m for m in mots if re.search(interdits, m)]


@given(
    st.lists(st.floats(-1e4, 1e4), min_size=8, max_size=60).filter(lambda v: max(v) - min(v) > 1e-2),
    st.integers(0, 2**31),
)
@settings(max_examples=60, deadline=None)
def test_l_echelle_est_ponderee_et_ecretee(brutes, graine):
    valeurs = np.array(brutes)[:, None]
    poids = np.random.default_rng(graine).uniform(500, 5000, len(brutes))
    mesure = modele.echelle(valeurs, poids, 0.02)
    reduites = mesure.appliquer(valeurs)[:, 0]
    assert np.average(reduites, weights=poids) == pytest.approx(0, abs=1e-6)
    if mesure.haut[0] > mesure.bas[0]:
        assert np.average(reduites**2, weights=poids) == pytest.approx(1, rel=1e-4)
    # Rien ne dépasse les bornes, même une valeur jamais vue.
    assert mesure.appliquer(np.array([[1e9]]))[0, 0] == mesure.appliquer(mesure.haut[None, :])[0, 0]


def test_les_variables_qui_se_repetent_sont_ecartees_dans_l_ordre():
    matrice = np.array([[1, 0.9, 0.2], [0.9, 1, 0.86], [0.2, 0.86, 1]])
    gardees, ecartees = modele.retenir(matrice, ["a", "b", "c"], 0.85)
    assert gardees == [0, 2]
    assert ecartees == [("b", "a", 0.9)]


def test_des_groupes_nets_sont_retrouves_et_leur_nombre_est_stable():
    reduites = nuages([(-3, 0, 0), (3, 0, 1), (0, 4, -1)])
    stables = modele.stabilites(reduites, range(3, 6), 12, 1)
    assert stables[3] > 0.98
    assert stables[3] > stables[5]
    obtenues = modele.affecter(reduites, modele.partager(reduites, 3), 0)
    assert [len(set(obtenues[i : i + 70])) for i in (0, 70, 140)] == [1, 1, 1]
    nombre, phrase = etude.choisir_le_nombre(reduites, {3: stables[3]}, table())
    assert nombre == 3
    assert "stabilité atteint 0,7" in phrase


def test_sans_groupes_aucun_nombre_n_est_dit_stable():
    reduites = np.random.default_rng(5).normal(size=(150, 6))
    stables = modele.stabilites(reduites, range(4, 7), 10, 1)
    assert max(stables.values()) < REGLES.stabilite
    _, phrase = etude.choisir_le_nombre(reduites, stables, table())
    assert "faute de mieux" in phrase
    assert "incertaines" in phrase


def test_deux_variables_manquent_au_plus():
    centres = np.array([[-2.0, -2, -2, -2], [2, 2, 2, 2]])
    rien = np.nan
    lignes = np.array([[2.0, 2, rien, rien], [2, rien, rien, rien], [-2, -1, -2, rien], [rien] * 4])
    assert modele.affecter(lignes, centres, 2).tolist() == [2, 0, 1, 0]


CODES = ["niveau_vie_median", "part_allocataires_rsa", "part_revenus_activite", "rapport_interdecile"]
ACTIVES = {v.code: v for v in table().actives}


def fabriquer(jeunes=()):
    """Trois groupes d'IRIS fictifs, dans une étude complète."""
    brutes = nuages([(0.7, 30, 60, 2), (1.0, 15, 70, 3), (1.4, 5, 75, 5)], 60, 0.08)
    codes = [f"99001{i:04d}" for i in range(1, 181)]
    colonnes = [
        Colonne(ACTIVES[c], "filosofi", "filosofi", "", 2016, pd.Series(brutes[:, j], index=codes),
                pd.Series(0.01, index=codes), 20_000.0 if ACTIVES[c].euros else None)
        for j, c in enumerate(CODES)
    ]  # fmt: skip
    population = pd.Series(np.linspace(600, 4000, 180), index=codes)
    iris = Iris(population, 2016, pd.Series(dict(jeunes), dtype=float), None)
    return codes, colonnes, iris


SUJET = etude.Territoire("99001", "commune", "Ville d'essai", composantes=("99001",))


# Quatre rééchantillons suffisent à ces trois groupes nets ; la stabilité elle-même s'éprouve plus haut.
LEGERE = dataclasses.replace(table(), regles=dataclasses.replace(REGLES, reechantillons=4, classes_maximum=5))


def apprendre(codes, colonnes, iris):
    return etude.apprendre(SUJET, Espace("essai", tuple(codes), "Phrase."), colonnes, iris, LEGERE, [])


@pytest.fixture(scope="module")
def appris():
    return apprendre(*fabriquer())


def test_l_ordre_des_lignes_ne_change_rien(appris):
    codes, colonnes, iris = fabriquer()
    melange = np.random.default_rng(9).permutation(codes).tolist()
    autres = [dataclasses.replace(c, valeurs=c.valeurs.reindex(melange)) for c in colonnes]
    ailleurs = Iris(iris.population.reindex(melange), 2016, iris.etudiants, None)
    assert apprendre(melange, autres, ailleurs).en_json() == appris.en_json()


def test_les_centres_gardes_redonnent_les_memes_classes(appris):
    codes, colonnes, _ = fabriquer()
    valeurs = modele.matrice(colonnes, codes).to_numpy()
    relu = modele.depuis_json(appris.en_json())
    assert relu.classer(valeurs, 2).tolist() == appris.classer(valeurs, 2).tolist()
    assert relu.en_json() == appris.en_json()
    assert relu.effectifs == tuple(np.bincount(relu.classer(valeurs, 2))[1:])


@pytest.mark.parametrize(
    "texte", ["", "{}", "[]", '{"format": "autre"}', '{"format": "abs-typologie-1", "centres": 3}']
)
def test_un_fichier_qui_n_est_pas_un_modele_est_refuse(texte):
    with pytest.raises(ParametreInvalide, match=r"modele\.json"):
        modele.depuis_json(texte)


def test_la_classe_la_plus_modeste_est_nommee_par_ses_trois_traits(appris):
    nom = classes.nom_propose(appris, table(), 1)
    assert "niveaux de vie au-dessous de l'ensemble" in nom
    assert nom.count(",") == 2
    # Une valeur-test a le signe de l'écart, et la première classe est celle du niveau de vie le plus bas.
    assert appris.tests[0][0] < -2 < 2 < appris.tests[-1][0]


def test_un_secteur_etudiant_est_nomme_ainsi_avant_tout(appris):
    codes, _, _ = fabriquer()
    jeunes = {c: 45.0 if i < 60 else 8.0 for i, c in enumerate(codes)}
    avec = apprendre(*fabriquer(jeunes))
    assert avec.etudiantes
    for k in avec.etudiantes:
        assert classes.nom_propose(avec, table(), k).startswith("secteurs étudiants")
    assert not appris.etudiantes
    assert any("IRIS étudiant ne peut pas être reconnu" in p for p in appris.phrases)


def test_un_nom_confirme_est_garde_tant_que_la_classe_est_la_meme(appris):
    proposes = {k: classes.nom_propose(appris, table(), k) for k in range(1, appris.nombre + 1)}
    texte = classes.fichier_des_noms(appris, table(), {1: 'Les "Hauts" \\ côté'})
    confirmes, perimes = classes.lire_les_noms(texte, proposes)
    assert confirmes == {1: 'Les "Hauts" \\ côté'}
    assert not perimes
    noms = classes.noms(appris, table(), confirmes)
    assert noms[1] == 'Les "Hauts" \\ côté'
    assert noms[2].endswith("(proposition)")
    confirmes, perimes = classes.lire_les_noms(texte, {**proposes, 1: "autre chose"})
    assert not confirmes
    assert "traits ont changé" in perimes[0]
    with pytest.raises(ParametreInvalide, match="noms de classes"):
        classes.lire_les_noms("pas du toml", proposes)


def test_ce_qui_met_un_iris_a_part_est_dit(appris):
    centre = appris.centres[0].copy()
    assert classes.ecarts_a_la_classe(appris, table(), centre, 1) == ""
    centre[1] += 4
    assert classes.ecarts_a_la_classe(appris, table(), centre, 1).endswith("plus haut que sa classe")


# -- report à une autre année --------------------------------------------------------------------


def apprise(code, source, famille, annee, definition=""):
    return modele.VariableApprise(code, source, famille, definition, annee, None, 0, 1, 0, 1)


@pytest.mark.parametrize(
    ("variable", "annee", "attendu"),
    [
        (apprise("niveau_vie_median", "filosofi", "filosofi", 2016), 2018, "loyer de solidarité"),
        (apprise("niveau_vie_median", "filosofi", "filosofi", 2018), 2021, ""),
        (apprise("niveau_vie_median", "filosofi", "filosofi", 2018), 2019, "partagent des données"),
        (apprise("part_allocataires_rsa", "caf", "caf", 2018), 2020, "prime d'activité"),
        (apprise("part_allocataires_rsa", "caf", "caf", 2016), 2018, ""),
        (apprise("taux_chomage_rp", "rp_activite", "recensement", 2016), 2022, ""),
        (apprise("taux_chomage_rp", "rp_activite", "recensement", 2016), 2021, "6 ans"),
        (apprise("taux_chomage_rp", "rp_activite", "recensement", 2016), 2016, ""),
        (apprise("part_cadres", "rp_activite", "recensement", 2016, "catégorie socioprofessionnelle (PCS 2003)"), 2022,
         "définition change"),
    ],
)  # fmt: skip
def test_rien_ne_passe_une_rupture(variable, annee, attendu):
    lecture = next(
        x for x in indicateur(variable.code).lectures if x.source.id == variable.source and x.vaut_pour(annee)
    )
    raison = transfert.obstacle(variable, lecture, annee, table())
    assert attendu in raison
    assert bool(raison) == bool(attendu)


@pytest.fixture(scope="module")
def etude_demo(base_demo):
    return etude.mener(base_demo, "99001", 2016)


def test_la_demonstration_est_typee_et_dit_ses_limites(etude_demo):
    appris, iris = etude_demo.modele, etude_demo.iris
    assert REGLES.actives_minimum <= len(appris.variables) <= REGLES.actives_maximum
    assert any("essai, à ne pas publier" in p for p in appris.phrases)
    assert (iris["classe"] > 0).sum() >= 15
    classees = iris[iris["classe"] > 0]
    assert (classees["population"] >= REGLES.habitants_classement).all()
    assert not set(classees["type"]) & {"A", "D"}
    assert iris.loc[iris["classe"] == 0, "etat"].str.contains("non classé|sans objet").all()


def test_aucune_paire_active_ne_depasse_la_correlation_admise(base_demo, etude_demo):
    appris = etude_demo.modele
    codes = list(appris.appris)
    lecteur = Lecteur(base_demo, None)
    iris = lire_les_iris(Territoires(base_demo), lecteur, table(), 2016)
    reduites = appris.echelle.appliquer(modele.matrice(etude_demo.colonnes, codes).to_numpy())
    matrice = modele.correlations(reduites, iris.population[codes].to_numpy())
    assert np.abs(matrice - np.eye(len(matrice))).max() <= REGLES.correlation_maximale
    assert (iris.population[codes] >= REGLES.habitants_apprentissage).all()
    assert any("est écartée : sa corrélation" in p for p in appris.phrases)


def test_la_meme_etude_donne_les_memes_fichiers(base_demo, etude_demo):
    encore = etude.mener(base_demo, "99001", 2016)
    assert encore.modele.en_json() == etude_demo.modele.en_json()
    assert rendu.en_csv(encore.iris) == rendu.en_csv(etude_demo.iris)


def test_reporter_a_la_meme_date_redonne_les_memes_classes(base_demo, etude_demo):
    _, iris, _ = transfert.reporter(base_demo, "99001", etude_demo.modele, 2016)
    assert iris["classe"].tolist() == etude_demo.iris["classe"].tolist()
    assert iris["classe_relative"].tolist() == etude_demo.iris["classe"].tolist()
    assert set(iris["changement"]) <= {"même classe", "non comparable"}


def test_une_autre_date_par_dessus_des_ruptures_est_refusee(base_demo, etude_demo):
    with pytest.raises(ParametreInvalide, match=r"(?s)ne se reporte pas.*Apprenez une typologie"):
        transfert.reporter(base_demo, "99001", etude_demo.modele, 2022)


def test_un_changement_n_est_annonce_qu_au_dela_des_marges(base_demo, etude_demo, monkeypatch):
    """Sans les ruptures, la démonstration va de 2016 à 2022 : des changements, dont certains restent dans les marges."""
    souple = dataclasses.replace(table(), ruptures=(), regles=dataclasses.replace(REGLES, manques_admis=4))
    monkeypatch.setattr(transfert, "table", lambda: souple)
    _, iris, phrases = transfert.reporter(base_demo, "99001", etude_demo.modele, 2022)
    changes = (iris["classe"] > 0) & (iris["classe_avant"] > 0) & (iris["classe"] != iris["classe_avant"])
    assert changes.any()
    assert set(iris.loc[changes, "changement"]) <= {"change de classe", "dans les marges : non annoncé"}
    assert "dans les marges : non annoncé" in set(iris["changement"])
    assert any("Laissée de côté" in p for p in phrases)


def test_un_territoire_sans_iris_est_refuse_en_une_phrase(base_demo):
    with pytest.raises(ParametreInvalide, match="Donnez le code de sa commune"):
        etude.mener(base_demo, "990010101")


def test_trop_peu_de_variables_est_refuse(etude_demo):
    with pytest.raises(DonneeAbsente, match="au moins 4 variables"):
        etude.exiger_des_variables(etude_demo.colonnes[:3], ["taux_chomage_rp"], "Arzance", table())


def test_le_csv_garde_les_codes_et_n_execute_rien():
    texte = rendu.en_csv(
        pd.DataFrame({"code": ["010010000"], "nom": ["=1+1"], "x": [0.5], "y": [float("nan")]})
    )
    assert texte.splitlines() == ["code;nom;x;y", "010010000;'=1+1;0,5;"]
