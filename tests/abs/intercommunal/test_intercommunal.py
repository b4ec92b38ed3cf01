"""La comparaison intercommunale sur le territoire fictif : mêmes chiffres que les portraits, rien d'affirmé à tort."""

import math
from dataclasses import replace

import numpy as np
import pytest

from abs.calcul.diagnostic import Diagnostiqueur
from abs.intercommunal.comparaison import (
    comparer_l_intercommunalite,
    lignes_des_communes,
    portee_par_les_rangs,
    sans_la_tete,
)
from abs.intercommunal.groupes import (
    _mots_de_la_coupure,
    accord_sans_une,
    part_sans_coupure,
    traits_d_un_groupe,
)
from abs.intercommunal.pairs_des_communes import _population_absente
from abs.intercommunal.plan import lire
from abs.intercommunal.releve import DiagnostiqueurIntercommunal, ordre_des_noms
from abs.intercommunal.tables_annexes import groupes, poids
from abs.phrases.ecriture import reference
from abs.phrases.significativite import DIFFERENTS
from abs.statuts import Statut
from abs.territoires.demande import Demande
from abs.typologie.variables import table, trait_de_population
from donnees_insee.erreurs import IndicateurInconnu, ParametreInvalide

EPCI = "999900001"


@pytest.fixture(scope="module")
def comparaison(base_demo):
    return comparer_l_intercommunalite(base_demo, Demande(EPCI))


@pytest.mark.parametrize("code", ["99001", "99004", "99009"])
def test_les_chiffres_sont_ceux_des_portraits(base_demo, comparaison, code):
    """À la même date, le chiffre d'une commune est celui que donne son propre portrait."""
    seule = Diagnostiqueur(base_demo, Demande(code)).assembler()
    sienne = next(t for t in comparaison.diagnostic.ensembles.mailles if t.code == code)
    compares = 0
    for indicateur in comparaison.classements:
        ici = comparaison.diagnostic.chiffre(sienne, indicateur, "mailles")
        la = seule.chiffre(seule.ensembles.sujet, indicateur)
        if ici is None or la is None or (ici.millesime, ici.source) != (la.millesime, la.source):
            continue
        compares += 1
        assert ici.statut == la.statut, indicateur
        assert ici.valeur == pytest.approx(la.valeur, nan_ok=True), indicateur
    assert compares > 60


def test_chaque_indicateur_a_une_seule_date(comparaison):
    diagnostic = comparaison.diagnostic
    for code in comparaison.classements:
        lus = [
            diagnostic.chiffre(t, code, "mailles") for t in diagnostic.ensembles.tous() if t.niveau != "qpv"
        ]
        dates = {(c.millesime, c.source, c.definition) for c in lus if c is not None and c.a_une_valeur}
        assert len({d[0] for d in dates}) <= 1, code


def test_le_poids_de_la_ville_centre_est_un_rapport_de_comptes(comparaison):
    poids = comparaison.centre
    assert poids.centre.code == "99001"
    diagnostic = comparaison.diagnostic
    communes = {t.code: t for t in diagnostic.ensembles.mailles}
    for ligne in poids.sans_elle:
        lus = [
            diagnostic.chiffre(t, ligne.indicateur.code, "mailles")
            for c, t in communes.items()
            if c != "99001"
        ]
        haut = sum(c.numerateur for c in lus)
        bas = sum(c.denominateur for c in lus)
        assert ligne.reste.valeur == pytest.approx(ligne.indicateur.facteur * haut / bas), (
            ligne.indicateur.code
        )
    assert {s.indicateur.nature for s in poids.sans_elle} <= {"taux", "indice"}
    assert not {"niveau_vie_median", "taux_pauvrete_60"} & {s.indicateur.code for s in poids.sans_elle}
    habitants = next(p for p in poids.parts if p.libelle == "Habitants")
    assert habitants.pourcentage == pytest.approx(100 * habitants.au_centre / habitants.en_tout)
    # Le quartier à cheval sur deux communes n'est attribué à aucune.
    en_qpv = next(p for p in poids.parts if "quartiers prioritaires" in p.libelle)
    assert 0 < en_qpv.pourcentage < 100


def test_les_groupes_ne_lisent_que_des_situations(comparaison):
    partage = comparaison.partage
    assert partage.groupes
    assert not [v.code for v in partage.variables if trait_de_population(v.indicateur, table().neutres)]
    classees = [t.code for g in partage.groupes for t in g.communes]
    toutes = {t.code for t in comparaison.diagnostic.ensembles.mailles}
    assert len(classees) == len(set(classees))
    assert set(classees) | {t.code for t in partage.non_classees} == toutes
    assert partage.stabilite >= 0.8


def test_sans_assez_de_variables_les_groupes_sont_refuses(base_demo):
    """Une seule variable de situation ne fait pas un profil."""
    seule = comparer_l_intercommunalite(base_demo, Demande(EPCI), ["taux_chomage_rp", "part_hlm"])
    assert not seule.partage.groupes
    assert "il faut au moins 3 variables de situation" in seule.partage.refus
    assert set(seule.classements) == {"population", "taux_chomage_rp", "part_hlm"}
    assert [d.indicateur for d in seule.cartes] == ["taux_chomage_rp", "part_hlm"]


def test_deux_paquets_sont_nets_et_un_nuage_ne_l_est_pas():
    """Un nuage sans coupure peut se partager de façon stable : seul le tirage au sort dit qu'il n'a pas de groupes."""
    hasard = np.random.default_rng(1)
    nets = np.concatenate([hasard.normal(-3, 0.3, (8, 3)), hasard.normal(3, 0.3, (8, 3))])
    nuage = hasard.normal(0, 1, (16, 3))
    assert accord_sans_une(nets, 2) == pytest.approx(1.0)
    assert part_sans_coupure(nets, 2, 1) < 0.05
    assert accord_sans_une(nuage, 2) > 0.8
    assert part_sans_coupure(nuage, 2, 1) > 0.05


def test_un_groupe_se_nomme_par_ce_qui_le_distingue():
    variables = table().actives[:2]
    reduites = np.array([[2.0, 0.1], [2.2, -0.1], [-0.9, 0.0], [-1.1, 0.1], [-1.0, -0.1], [-1.2, 0.0]])
    dedans = np.array([True, True, False, False, False, False])
    noms = [traits_d_un_groupe(reduites, ceux, variables, 1.5, 3) for ceux in (dedans, ~dedans)]
    assert noms == [
        ("niveaux de vie au-dessus de la moyenne des communes",),
        ("niveaux de vie au-dessous de la moyenne des communes",),
    ]


def test_un_trait_que_le_groupe_ne_partage_pas_ne_le_nomme_pas():
    """Ni un trait de moyenne que deux communes sur cinq démentent, ni un trait qu'une flèche contredit."""
    variables = table().actives[:1]
    reduites = np.array([[3.0], [3.0], [2.5], [-0.1], [-0.2], [-2.0], [-2.0], [-2.0], [-1.2], [-1.0]])
    dedans = np.arange(10) < 5
    nomme = (reduites, dedans, variables, 1.5, 3)
    assert traits_d_un_groupe(*nomme)
    assert not traits_d_un_groupe(*nomme, partage=0.8)
    etablis = np.zeros((10, 1))
    assert traits_d_un_groupe(*nomme, partage=0.6, etablis=etablis)
    etablis[4, 0] = -1
    assert not traits_d_un_groupe(*nomme, partage=0.6, etablis=etablis)


def test_un_nom_de_groupe_ne_contredit_aucune_fleche(comparaison):
    """Chômage élevé, bâti récent : Saint-Maur-d'Arzance et Arzance-la-Ville, dans le même groupe, disent l'inverse."""
    mots = {v.haut: (v.code, 1) for v in table().actives} | {v.bas: (v.code, -1) for v in table().actives}
    sens = {"▲": 1, "▼": -1, "": 0}
    lus = 0
    for groupe in comparaison.partage.groupes:
        for ecrit in groupe.traits:
            trait = ecrit.replace("de la moyenne des communes", "de l'ensemble")
            if trait not in mots:
                continue
            lus += 1
            code, cote = mots[trait]
            positions = [comparaison.classements[code].positions[t.code] for t in groupe.communes]
            assert -cote not in {sens[p.signe] for p in positions}, (groupe.nom, trait)
            toutes = [
                p.chiffre.valeur
                for p in comparaison.classements[code].positions.values()
                if p.chiffre.a_une_valeur and p.chiffre.fiabilite != "fragile"
            ]
            moyenne = sum(toutes) / len(toutes)
            du_cote = [cote * (p.chiffre.valeur - moyenne) > 0 for p in positions]
            assert sum(du_cote) >= 0.8 * len(du_cote), (groupe.nom, trait)
    assert lus >= 3


def test_la_commune_qui_s_ecarte_du_trait_de_son_groupe_est_nommee(comparaison):
    """La Ferté-Bruyère a moins de logements vacants que la moyenne, dans un groupe où ils sont nombreux."""
    if not any("vacance des logements élevée" in g.traits for g in comparaison.partage.groupes):
        pytest.fail("le territoire fictif n'a plus de groupe à la vacance élevée")
    notes = groupes(comparaison.diagnostic, comparaison.partage)[0].notes
    assert any("« vacance des logements élevée » : La Ferté-Bruyère s'en écarte" in n for n in notes), notes


@pytest.mark.parametrize(
    ("part", "debut"),
    [
        (0.04, "Les groupes sont nets"),
        (0.06, "Une coupure entre ces groupes n'est pas établie : 6"),
        (0.3, "Il n'y a pas de coupure naturelle"),
    ],
)
def test_une_coupure_peu_sure_n_est_pas_dite_absente(part, debut):
    assert _mots_de_la_coupure(part).startswith(debut)


def test_la_ville_centre_a_le_meme_verdict_dans_les_deux_tableaux(comparaison):
    assert len(comparaison.centre.sans_elle) > 10
    for ligne in comparaison.centre.sans_elle:
        position = comparaison.classements[ligne.indicateur.code].positions["99001"]
        assert ligne.comparaison == position.comparaison, ligne.indicateur.code
    assert comparaison.classements["taux_chomage_rp"].positions["99001"].signe == "▲"


def test_le_meme_chiffre_a_le_meme_arrondi_et_le_changement_se_refait(comparaison):
    themes = {
        c.reference: c.texte.split("\u00a0▲")[0].removesuffix(" ▲").removesuffix(" ▼")
        for liste in comparaison.themes.values()
        for t in liste
        for ligne in t.lignes
        for c in ligne
        if c.reference
    }
    tableau = next(t for t in poids(comparaison.centre) if t.code == "centre-sans-elle")
    compares = 0
    for ligne in tableau.lignes:
        for c in ligne[1:4]:
            if c.reference in themes:
                compares += 1
                assert themes[c.reference] == c.texte
        assert "-" not in ligne[4].texte
        assert ligne[5].classe == "texte"
    assert compares > 30
    # 15,6 et 12,4 s'écrivent 16 et 12 : la différence écrite est celle des valeurs écrites.
    monoparentales = next(li for li in tableau.lignes if li[0].texte.startswith("Familles monoparentales"))
    assert [c.texte for c in monoparentales[1:3]] == ["16\u00a0%", "12\u00a0%"]
    assert monoparentales[4].texte == "\u22124\u00a0points"


def test_la_part_des_quartiers_prioritaires_est_un_minorant(comparaison):
    tableau = next(t for t in poids(comparaison.centre) if t.code == "centre-parts")
    ligne = next(li for li in tableau.lignes if "quartiers prioritaires" in li[0].texte)
    assert ligne[3].texte.startswith("au moins 77,8")
    assert any("à cheval" in n and "Les Moulins-Les Forges" in n for n in tableau.notes)


def test_un_chiffre_estime_ou_partiel_porte_sa_marque(comparaison):
    marques = 0
    par_reference = {reference(c): c for c in comparaison.diagnostic.chiffres}
    tableaux = [t for liste in comparaison.themes.values() for t in liste]
    for tableau in tableaux:
        lus = [c for ligne in tableau.lignes for c in ligne if c.reference and c.classe == "chiffre"]
        for signe, statut in (("e", Statut.ESTIME), ("p", Statut.PARTIEL)):
            siens = [c for c in lus if par_reference[c.reference].statut == statut]
            marques += len(siens)
            assert all(f"\u00a0{signe}" in c.texte for c in siens)
            assert bool(siens) == any(n.startswith(f"{signe} : ") for n in tableau.notes)
    assert marques > 10


def test_une_population_publiee_pour_quelques_communes_n_est_pas_dite_absente(comparaison):
    communes = comparaison.diagnostic.ensembles.mailles
    quelques = {t.code for t in communes[:3]}
    chiffres = [
        c for c in comparaison.diagnostic.chiffres if c.indicateur != "population" or c.territoire in quelques
    ]
    diagnostic = replace(comparaison.diagnostic, chiffres=chiffres)
    mots = _population_absente(diagnostic, communes)
    assert mots == "la population n'est publiée, dans les fichiers admis, que pour 3 communes sur 10"
    assert comparaison.centre.d_apres.endswith("2022")


def test_les_communes_suivent_l_ordre_francais():
    noms = ["Vaux", "Étampes", "L'Isle/Arzance", "Évry", "Le Crès", "Fabrègues", "Œuilly", "Cournonsec"]
    assert sorted(noms, key=ordre_des_noms) == [
        "Cournonsec", "Le Crès", "Étampes", "Évry", "Fabrègues", "L'Isle/Arzance", "Œuilly", "Vaux",
    ]  # fmt: skip


def test_une_famille_d_indicateurs_n_a_qu_une_phrase(comparaison):
    revenus = {"niveau_vie_median", "premier_decile", "premier_quartile", "taux_pauvrete_60"}
    for fiche in comparaison.fiches:
        dites = [p.references[0].split("|")[2] for p in fiche.phrases]
        assert len(revenus & set(dites)) <= 1, (fiche.territoire.nom, dites)


def test_une_fiche_n_ecrit_que_des_ecarts_etablis_pour_toutes_les_communes(comparaison):
    ecrites = 0
    for fiche in comparaison.fiches:
        for phrase in fiche.phrases:
            indicateur = phrase.references[0].split("|")[2]
            position = comparaison.classements[indicateur].positions[fiche.territoire.code]
            assert position.comparaison.verdict in DIFFERENTS
            assert comparaison.classements[indicateur].indicateur.sens != "neutre"
            assert phrase.references[0].startswith(f"{fiche.territoire.code}|commune|")
            ecrites += 1
    assert ecrites > 10


def test_l_essentiel_n_annonce_une_premiere_place_que_si_le_rang_la_porte(comparaison):
    assert comparaison.essentiel
    for phrase in comparaison.essentiel:
        indicateur = phrase.references[0].split("|")[2]
        classement = comparaison.classements[indicateur]
        assert portee_par_les_rangs(phrase, classement)
        if phrase.affirmations:
            continue
        assert " ; " not in phrase.texte.replace("\u00a0", " ").replace("\u202f", " ")
        assert "plus élevé" not in phrase.texte
    seule = next(
        p for p in comparaison.essentiel if any(a.verdict.startswith("seul") for a in p.affirmations)
    )
    classement = comparaison.classements[seule.references[0].split("|")[2]]
    incertaines = {c: replace(p, fourchette=None) for c, p in classement.positions.items()}
    assert not portee_par_les_rangs(seule, replace(classement, positions=incertaines))
    assert sans_la_tete(seule).texte.endswith(").")


def test_chaque_chiffre_porte_sa_ligne_du_diagnostic(comparaison):
    connues = {reference(c) for c in comparaison.diagnostic.chiffres}
    tableaux = [t for liste in comparaison.themes.values() for t in liste] + comparaison.qpv
    tableaux += [f.tableau for f in comparaison.fiches if f.tableau]
    chiffrees = [c for t in tableaux for ligne in t.lignes for c in ligne if c.texte[:1].isdigit()]
    sans = [c for c in chiffrees if not c.reference and c.classe not in {"date", "entete"}]
    assert not sans
    citees = {c.reference for c in chiffrees if c.reference}
    assert len(citees) > 200
    assert citees <= connues


def test_un_secret_reste_un_secret(comparaison):
    """Six communes n'ont pas de taux de pauvreté publié : ni zéro, ni rang, et leur raison."""
    secretes = [
        ligne
        for ligne in lignes_des_communes(comparaison)
        if ligne["reference"].split("|")[2] == "taux_pauvrete_60" and ligne["statut"] == "secret statistique"
    ]
    assert len(secretes) == 6
    assert all(ligne["valeur"] is None and ligne["rang_premier"] is None for ligne in secretes)
    cellules = [
        c.texte
        for t in comparaison.themes["revenus"]
        for ligne in t.lignes
        for c in ligne
        if "taux_pauvrete_60" in c.reference
    ]
    assert not any(math.isclose(0.0, float(c.split("\u00a0")[0].replace(",", "."))) for c in cellules
                   if c[0].isdigit())  # fmt: skip


def test_les_quartiers_prioritaires_nomment_leurs_communes(comparaison):
    textes = " ".join(c.detail for t in comparaison.qpv for c in (*t.entetes, *(li[0] for li in t.lignes)))
    assert "QN09903M · Arzance-la-Ville, L'Isle/Arzance" in textes


def test_les_comparables_manquants_disent_pourquoi(comparaison):
    """Le territoire fictif a trop peu de communes de même taille : rien n'est écrit, et cela se dit."""
    assert {q.question.code for q in comparaison.pairs} == {"revenus", "emploi"}
    for question in comparaison.pairs:
        assert not question.places
        assert len(question.refus) == 10
        assert all(
            "communes de taille comparable que la base tient :" in raison and "plus de 10" in raison
            for _, raison in question.refus
        )


@pytest.mark.parametrize("code", ["99001", "99"])
def test_une_commune_ou_un_departement_ne_se_compare_pas_ainsi(base_demo, code):
    with pytest.raises(ParametreInvalide, match="attend une intercommunalité"):
        DiagnostiqueurIntercommunal(base_demo, Demande(code))


def test_un_indicateur_inconnu_est_refuse(base_demo):
    with pytest.raises(IndicateurInconnu, match="part_des_chats"):
        comparer_l_intercommunalite(base_demo, Demande(EPCI), ["part_des_chats"])


def test_un_plan_qui_nomme_un_indicateur_inconnu_est_refuse():
    texte = """
[tableaux]
emploi = ["taux_inconnu"]
[cartes]
liste = ["carte_inconnue"]
familles = []
[fiche]
indicateurs = []
[pairs.resultats]
[centre]
comptes = []
"""
    with pytest.raises(ParametreInvalide, match=r"(?s)taux_inconnu.*carte_inconnue"):
        lire(texte)
