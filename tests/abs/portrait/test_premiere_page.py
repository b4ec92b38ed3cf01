"""La première page : messages, fiches, évolution permise ou tue, scénario annoncé, forces et faiblesses."""

import math
from dataclasses import replace

import pandas as pd
import pytest

from abs.calcul.diagnostic import diagnostiquer
from abs.calcul.table_longue import Diagnostic
from abs.definitions import table
from abs.indicateurs.annees_comparables import enquetes_disjointes
from abs.indicateurs.indicateurs import indicateurs
from abs.phrases.preuves import Appuis
from abs.portrait.chapitres import autour
from abs.portrait.population import phrases_de_tete, population_d_avant, scenario_75_ans, silences_de_tete
from abs.portrait.portrait import composer
from abs.portrait.premiere_page import bilan, de_premiere_page, ecart_etabli, fiches, messages
from abs.territoires.demande import Demande


def lisible(texte):
    return texte.replace("\u00a0", " ").replace("\u202f", " ")


def modifie(diagnostic, indicateur, **autres):
    """Le même diagnostic, dont les chiffres d'un indicateur sont changés."""
    chiffres = [replace(c, **autres) if c.indicateur == indicateur else c for c in diagnostic.chiffres]
    return Diagnostic(diagnostic.demande, diagnostic.ensembles, chiffres, [], diagnostic.millesimes)


SUJETS = ["Habitants", "Âges", "Ménages et familles", "Ressources", "Emploi", "Logement"]


def test_six_fiches_dans_un_ordre_fixe_chacune_avec_sa_date_et_son_graphique(diagnostic_demo):
    composees = fiches(diagnostic_demo)
    assert [f.sujet for f in composees] == SUJETS
    assert all(f.date and f.reference == f.references[0] and not f.absence for f in composees)
    # La courbe des habitants demande d'autres dates, que le seul diagnostic n'a pas.
    assert [f.sujet for f in composees if not f.graphiques] == ["Habitants"]
    # Le chiffre est écrit en grand : ses mots ne le répètent pas.
    assert all(f.valeur not in f.libelle for f in composees)


@pytest.mark.parametrize(
    ("autres", "mots"),
    [
        ({"fiabilite": "fragile"}, "chiffre trop fragile"),
        ({"statut": "secret", "valeur": math.nan}, "secret statistique"),
        (
            {"statut": "indisponible", "valeur": math.nan, "note": "il manque le fichier « x »"},
            "fichier non déposé",
        ),
    ],
)
def test_une_fiche_sans_chiffre_dit_pourquoi_en_trois_mots(diagnostic_demo, autres, mots):
    sans = diagnostic_demo
    for plan in table("_portrait")["fiches"]:
        if plan["sujet"] == "Logement":
            for code in (*plan["indicateurs"], *plan["suites"]):
                sans = modifie(sans, code, **autres)
    (vide,) = [f for f in fiches(sans) if f.absence]
    assert (vide.sujet, vide.valeur, vide.absence, vide.graphiques) == ("Logement", "nc", mots, ())


def test_trois_messages_un_par_cause_tous_etablis(diagnostic_demo):
    tous = messages(diagnostic_demo)
    choisis = de_premiere_page(tous)
    assert len(choisis) == 3
    assert len({m.theme for m in choisis}) == 3
    for m in tous:
        assert any(a.verdict in {"plus", "moins"} for a in m.phrase.affirmations)
        assert m.en_tete.startswith(m.titre[:10])
        assert " que " in m.en_tete
    causes = table("_portrait")["messages"]
    portees = [{r.split("|")[2] for r in m.phrase.references} for m in tous]
    assert all(sum(bool(p & set(codes)) for p in portees) <= 1 for codes in causes.values())


def test_un_message_disparait_avec_son_ecart(diagnostic_demo):
    assert ecart_etabli(diagnostic_demo, "part_menages_1_personne") == "plus"
    titres = {m.titre for m in messages(diagnostic_demo)}
    sans = modifie(diagnostic_demo, "part_menages_1_personne", fiabilite="fragile")
    assert titres - {m.titre for m in messages(sans)} == {"Plus de personnes seules"}
    assert ecart_etabli(sans, "part_menages_1_personne") == ""


@pytest.mark.parametrize(
    ("ancien", "recent", "permis"),
    [(2016, 2022, True), (2017, 2022, False), (2011, 2016, True), (2012, 2016, False), (2014, 2020, True),
     (2015, 2020, False), (2022, 2016, False), (2016, 2016, False), (1802, 2016, False)],
)  # fmt: skip
def test_deux_recensements_ne_se_comparent_que_sans_enquete_commune(ancien, recent, permis):
    assert enquetes_disjointes(ancien, recent) is permis


def recensement(codes, habitants):
    return pd.DataFrame({"code": codes, "P_POP": [float(h) for h in habitants]})


@pytest.mark.parametrize(
    ("avant", "fin"),
    [
        (1500, ("3 000 habitants (recensement 2022), soit 1 500 de plus qu'en 2016 (1 500) : + 12,2 % par an en moyenne,"
               " à territoire inchangé.")),
        (3300, ("3 000 habitants (recensement 2022), soit 300 de moins qu'en 2016 (3 300) : − 1,6 % par an en moyenne,"
               " à territoire inchangé.")),
        (3001, "3 000 habitants (recensement 2022) ; la population est stable depuis 2016 (3 001), à territoire inchangé."),
    ],
)  # fmt: skip
def test_l_evolution_se_dit_entre_deux_millesimes_permis(atelier, avant, fin):
    codes = ["990010101", "990010102"]
    tables = {
        ("rp_population", 2016): recensement(codes, [avant - 1000, 1000]),
        ("rp_population", 2022): recensement(codes, [1500, 1500]),
    }
    base = atelier(tables, {"99001": "999900001"}).base
    diagnostic = diagnostiquer(base, Demande("99001"))
    phrases = phrases_de_tete(diagnostic, population_d_avant(base, diagnostic))
    assert lisible(phrases[0].texte) == f"À Commune 99001, on compte {fin}"
    assert [r.split("|")[4] for r in phrases[0].references] == ["2022", "2016"]
    portrait = composer(base, Demande("99001"))
    assert portrait.tete == phrases
    assert [a.date for a in Appuis(portrait.diagnostic).de(phrases[0].references)] == [
        "recensement 2022",
        "recensement 2016",
    ]
    assert [s.libelles[0] for s in silences_de_tete(diagnostic, phrases)] == [
        "75 ans et plus dans dix ans (scénario)"
    ]


@pytest.mark.parametrize(
    ("annee", "codes", "raison"),
    [
        (
            2018,
            ["990010101", "990010102"],
            "les recensements antérieurs déposés partagent des enquêtes annuelles",
        ),
        (
            2016,
            ["990010101", "990010102", "990010109"],
            "rien n'établit que le territoire de la commune est resté le même",
        ),
        (2023, ["990010101", "990010102"], "aucun recensement antérieur à celui-ci"),
    ],
    ids=["enquêtes communes", "IRIS différents", "aucun antérieur"],
)
def test_l_evolution_se_tait_sans_preuve_et_dit_la_seule_cause(atelier, annee, codes, raison):
    tables = {
        ("rp_population", annee): recensement(["990010101", "990010102"], [500, 1000]),
        ("rp_population", 2022): recensement(codes, [1500] * len(codes)),
    }
    base = atelier(tables, {"99001": "999900001"}).base
    diagnostic = diagnostiquer(base, Demande("99001", 2022))
    phrases = phrases_de_tete(diagnostic, population_d_avant(base, diagnostic))
    assert not [p.texte for p in phrases if str(annee) in p.texte]
    assert not [r for p in phrases for r in p.references if f"|{annee}|" in r]
    dites = {s.libelles[0]: s.raison for s in silences_de_tete(diagnostic, phrases)}
    assert raison in dites["Évolution de la population"]
    assert " ou " not in dites["Évolution de la population"]


def test_le_scenario_se_dit_scenario_et_vient_des_tranches_publiees(diagnostic_demo):
    texte = lisible(scenario_75_ans(diagnostic_demo).texte)
    assert "sans départ, décès ni arrivée" in texte
    assert texte.startswith("Scénario, et non prévision : ")
    sujet = diagnostic_demo.ensembles.sujet
    for code in ("part_65_ans_plus", "part_75_ans_plus"):
        compte = round(diagnostic_demo.chiffre(sujet, code).numerateur, -1)
        assert f"environ {compte:,.0f}".replace(",", " ") in texte
    assert "2032" in texte


@pytest.mark.parametrize("autres", [{"fiabilite": "fragile"}, {"statut": "secret"}, {"statut": "partiel"}])
def test_le_scenario_se_tait_sans_tranches_solides(diagnostic_demo, autres):
    assert scenario_75_ans(modifie(diagnostic_demo, "part_75_ans_plus", **autres)) is None


def test_aucun_indicateur_neutre_n_est_une_force_ni_une_faiblesse(diagnostic_demo):
    codes = {p.indicateur.code for p in bilan(diagnostic_demo).points()}
    assert len(codes) >= 5
    assert not codes & {i.code for i in indicateurs().values() if i.sens == "neutre"}
    assert not codes & {
        "part_etrangers",
        "part_immigres",
        "part_familles_monoparentales",
        "part_hlm",
        "part_65_ans_plus",
    }


def test_une_force_et_une_faiblesse_changent_avec_le_sens_de_l_ecart(diagnostic_demo):
    sujet = diagnostic_demo.ensembles.sujet
    code = "taux_pauvrete_60"
    assert code in codes(bilan(diagnostic_demo).faiblesses)
    chiffres = [
        replace(c, valeur=5.0) if (c.indicateur, c.territoire) == (code, sujet.code) else c
        for c in diagnostic_demo.chiffres
    ]
    mieux = Diagnostic(
        diagnostic_demo.demande, diagnostic_demo.ensembles, chiffres, [], diagnostic_demo.millesimes
    )
    assert code in codes(bilan(mieux).forces)
    assert code not in codes(bilan(mieux).faiblesses)


def codes(points):
    return {q.indicateur.code for p in points for q in (p, *p.details)}


def test_les_mesures_d_un_meme_fait_sont_un_seul_message(diagnostic_demo):
    """Médiane, pauvreté, premier décile, prestations : la famille a un message, les autres mesures le détaillent."""
    points = bilan(diagnostic_demo).faiblesses
    familles = table("_portrait")["familles"]
    for liste in familles.values():
        assert sum(p.indicateur.code in liste for p in points) <= 1
    (revenus,) = (p for p in points if p.indicateur.code in familles["niveaux_de_vie"])
    assert revenus.indicateur.code == "niveau_vie_median"
    assert "taux_pauvrete_60" in {d.indicateur.code for d in revenus.details}
    assert {d.indicateur.code for d in revenus.details} <= set(familles["niveaux_de_vie"])


def test_un_chiffre_ancien_ne_voisine_pas_avec_un_recent_de_la_meme_source(diagnostic_demo):
    """Le premier quartile de la démonstration est de 2016, sa médiane de 2021 : un seul est une faiblesse."""
    points = bilan(diagnostic_demo)
    dates = {}
    for p in points.points():
        dates.setdefault(p.chiffre.source, set()).add(p.chiffre.millesime)
    assert all(len(annees) == 1 for annees in dates.values())
    assert dates["filosofi"] == {2021}
    assert {(p.indicateur.code, p.chiffre.millesime) for p in points.anciens} == {("premier_quartile", 2016)}


def test_un_ecart_de_sens_contraires_n_est_ni_force_ni_faiblesse(diagnostic_demo):
    code = "taux_pauvrete_60"
    epci, departement = (t for t, _ in autour(diagnostic_demo, code) if t.role in {"epci", "departement"})
    voulues = {epci.code: 10.0, departement.code: 40.0}
    chiffres = [
        replace(c, valeur=voulues.get(c.territoire, c.valeur)) if c.indicateur == code else c
        for c in diagnostic_demo.chiffres
    ]
    partage = Diagnostic(
        diagnostic_demo.demande, diagnostic_demo.ensembles, chiffres, [], diagnostic_demo.millesimes
    )
    assert code not in {p.indicateur.code for p in bilan(partage).points()}
