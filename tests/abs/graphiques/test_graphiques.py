"""Les demandes de graphique : chaque valeur a sa ligne, chaque titre est vrai, ce qui manque est dit."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import pytest

from abs.calcul.dans_le_temps import suivre
from abs.calcul.diagnostic import Diagnostiqueur, diagnostiquer
from abs.calcul.table_longue import Diagnostic
from abs.definitions import table
from abs.graphiques.demandes import DemandeDeGraphique
from abs.graphiques.ecriture import libelle
from abs.graphiques.graphiques import graphique, graphiques_du_theme, noms_de_graphiques
from abs.graphiques.plans import mots, plans
from abs.graphiques.points import mailles
from abs.graphiques.references import tracees
from abs.graphiques.temps import courbe, pente, suivre_les_indicateurs
from abs.indicateurs.indicateurs import THEMES, indicateur, indicateurs, tous_les_indicateurs
from abs.phrases.ecriture import reference
from abs.phrases.etendue import mailles_classables
from abs.phrases.significativite import Verdict, comparer, comparer_au_tout
from abs.portrait.portrait import composer
from abs.statuts import Statut
from abs.territoires.demande import Demande
from carnets.documents.csv_long import table_lisible
from donnees_insee.catalogue.catalogue import source
from donnees_insee.erreurs import DonneeAbsente, ParametreInvalide

CHAPITRES = (*THEMES, "qpv")
SUJETS = ["99001", "99002", "99004", "99010", "99015", "999900001", "99", "QP099001", "990010404"]
ATTENDUS = [
    "pyramide_quinquennale", "ages", "familles", "menages", "seuls", "deciles", "pauvrete_sur_100", "ressources", "activite",
    "emploi_femmes", "categories", "deplacements", "diplomes", "scolarisation", "occupation", "logements", "soins", "qpv",
]  # fmt: skip
AFFIRMATION = re.compile(r", (plus bas|plus élevé|plus|moins) qu|, niveau (comparable) ")
VERDICTS = {
    "plus": Verdict.PLUS, "plus élevé": Verdict.PLUS, "moins": Verdict.MOINS, "plus bas": Verdict.MOINS,
    "comparable": Verdict.COMPARABLE,
}  # fmt: skip


def lisible(texte):
    return texte.replace("\u00a0", " ").replace("\u202f", " ")


def suivi(base, code, millesime=None):
    """Le diagnostic d'un territoire, ses courbes suivies."""
    diagnostiqueur = Diagnostiqueur(base, Demande(code, millesime))
    diagnostic = diagnostiqueur.assembler()
    suivre_les_indicateurs(diagnostic, diagnostiqueur.calculateur)
    return diagnostic


def tous(diagnostic) -> list[DemandeDeGraphique]:
    return [g for chapitre in CHAPITRES for g in graphiques_du_theme(diagnostic, chapitre)]


def modifie(diagnostic, **autres):
    chiffres = [replace(c, **autres) for c in diagnostic.chiffres]
    return Diagnostic(diagnostic.demande, diagnostic.ensembles, chiffres, [], diagnostic.millesimes)


@pytest.fixture(
    scope="module", params=[(s, m) for s in SUJETS for m in (None, 2016)], ids=lambda p: f"{p[0]}-{p[1]}"
)
def diagnostic(request, base_demo):
    return suivi(base_demo, *request.param)


def test_la_ville_a_ses_graphiques_dans_l_ordre_des_chapitres(diagnostic_demo):
    noms = [g.nom for g in tous(diagnostic_demo)]
    assert noms == ATTENDUS
    assert set(noms) < set(noms_de_graphiques())


def test_chaque_valeur_est_celle_de_sa_ligne(diagnostic):
    lignes = {reference(c): c for c in diagnostic.chiffres}
    vues = 0
    for g in tous(diagnostic):
        assert set(g.references) <= set(lignes), g.nom
        for v in g.valeurs():
            if v.manque:
                assert v.raison, (g.nom, v)
                assert v.texte in {"nc", "secret", "s. o."}
            elif v.reference:
                assert v.valeur == lignes[v.reference].valeur, (g.nom, v)
                assert v.fragile == (lignes[v.reference].fiabilite == "fragile")
                vues += 1
            else:
                assert v.origines, (g.nom, v)
                assert set(v.origines) <= set(lignes)
    assert vues or diagnostic.ensembles.sujet.niveau == "qpv"


def test_les_parts_font_cent_et_un_reste_se_recalcule(diagnostic):
    lignes = {reference(c): c for c in diagnostic.chiffres}
    for g in tous(diagnostic):
        if g.genre not in {"barres", "gaufre"}:
            continue
        for serie in g.series:
            assert math.fsum(v.valeur for v in serie.valeurs) == pytest.approx(100, abs=0.5), g.nom
            for v in serie.valeurs:
                if v.role == "reste":
                    assert v.valeur == pytest.approx(100 - sum(lignes[r].valeur for r in v.origines))
                elif v.origines:
                    tout, *ote = (lignes[r] for r in v.origines)
                    comptes = tout.numerateur - sum(c.numerateur for c in ote)
                    assert v.valeur == pytest.approx(100 * comptes / tout.denominateur)
                if v.origines:
                    assert any(v.libelle in note for note in g.notes)


def test_un_titre_n_affirme_que_ce_qu_une_comparaison_etablit(diagnostic):
    lignes = {reference(c): c for c in diagnostic.chiffres}
    for g in tous(diagnostic):
        assert 0 < len(g.titre) <= 90
        affirme = AFFIRMATION.search(lisible(g.titre))
        if affirme is None:
            assert not re.search(r"\b(plus|moins|comparable) (?:bas |élevé )?(?:que|qu'|dans)", g.titre), (
                g.titre
            )
            continue
        du_sujet, autre = (lignes[r] for r in g.references)
        une_partie = du_sujet.niveau == "iris" and autre.niveau == "commune"
        juger = comparer_au_tout if une_partie else comparer
        trouve = juger(indicateur(du_sujet.indicateur), du_sujet, autre).verdict
        assert trouve == VERDICTS[affirme[1] or affirme[2]], g.titre


def test_la_ville_affirme_et_se_tait_quand_les_marges_l_interdisent(diagnostic_demo):
    dits = [g.titre for g in tous(diagnostic_demo) if AFFIRMATION.search(lisible(g.titre))]
    assert len(dits) >= 6
    assert not [
        g.titre for g in tous(modifie(diagnostic_demo, marge=5000.0)) if AFFIRMATION.search(lisible(g.titre))
    ]


def test_un_chiffre_fragile_ne_fait_pas_de_titre(diagnostic_demo):
    for g in tous(modifie(diagnostic_demo, fiabilite="fragile")):
        assert g.titre == plans()[g.nom].titre
        debut = "À certains âges" if g.genre == "pyramide" else "Fragile"
        assert any(note.startswith(debut) for note in g.notes), g.nom


def test_une_demande_se_lit_sans_la_voir_et_se_relit_en_donnees(diagnostic):
    for g in tous(diagnostic):
        assert g.alternatif.endswith(".")
        assert re.search(r"\d", g.alternatif), g.nom
        assert g.source
        assert "{" not in "".join((g.titre, g.sous_titre, g.alternatif, *g.notes))
        assert DemandeDeGraphique.depuis(g.en_donnees()).en_donnees() == g.en_donnees()


def test_les_references_sont_a_la_date_du_sujet_et_ne_le_repetent_pas(diagnostic):
    lignes = {reference(c): c for c in diagnostic.chiffres}
    sujet = diagnostic.ensembles.sujet
    for g in tous(diagnostic):
        if g.genre != "points":
            continue
        for serie in g.series:
            premiere, *autres = serie.valeurs
            assert premiere.role == "sujet"
            repere = lignes[premiere.reference]
            assert all(lignes[v.reference].annee_donnees == repere.annee_donnees for v in autres)
            assert all(lignes[v.reference].territoire != sujet.code for v in autres if v.role != "maille")


def test_un_territoire_n_est_pas_sa_propre_reference(diagnostic_demo):
    """Paris est une commune et un département : son département ne lui est pas comparé."""
    ensembles = diagnostic_demo.ensembles
    memes = [replace(t, composantes=ensembles.sujet.composantes) if t.role == "departement" else t
             for t in ensembles.references]  # fmt: skip
    d = Diagnostic(diagnostic_demo.demande, replace(ensembles, references=tuple(memes)), [])
    assert "departement" in [t.role for t in tracees(diagnostic_demo)]
    assert "departement" not in [t.role for t in tracees(d)]


def test_les_points_d_iris_sont_habites_et_ne_montrent_pas_du_doigt(diagnostic_demo):
    sans_place = set(table("_portrait")["sans_place"])
    vus = set()
    for g in tous(diagnostic_demo):
        for v in g.valeurs():
            if v.role == "maille":
                code = v.reference.split("|")[2]
                vus.add(code)
                assert v.reference.split("|")[0] in {
                    t.code for t, _ in mailles_classables(diagnostic_demo, code)
                }
    assert "part_prestations_sociales" in vus
    assert not vus & sans_place
    sujet = diagnostic_demo.ensembles.sujet
    assert not mailles(diagnostic_demo, "part_etrangers", diagnostic_demo.lu(sujet, "part_etrangers"))


def test_une_maille_d_une_autre_date_n_est_pas_tracee(diagnostic_demo):
    code = "taux_emploi"
    dates = diagnostic_demo.millesimes | {("mailles", code): 2016}
    anciens = [replace(c, millesime=2016) if (c.niveau, c.indicateur) == ("iris", code) else c
               for c in diagnostic_demo.chiffres]  # fmt: skip
    sujet = next(c for c in anciens if (c.territoire, c.indicateur) == ("99001", code))
    anciens.append(replace(sujet, millesime=2016))
    d = Diagnostic(diagnostic_demo.demande, diagnostic_demo.ensembles, anciens, [], dates)
    lues = {s.nom: s for s in graphique(d, "activite").series}
    avant = {s.nom: s for s in graphique(diagnostic_demo, "activite").series}
    nom = libelle(indicateur(code))
    assert any(v.role == "maille" for v in avant[nom].valeurs)
    assert not any(v.role == "maille" for v in lues[nom].valeurs)


def test_la_pyramide_compte_toute_la_population(diagnostic_demo):
    g = graphique(diagnostic_demo, "pyramide")
    assert [len(s.valeurs) for s in g.series] == [6] * 4
    assert [s.role for s in g.series] == ["sujet", "sujet", "reference", "reference"]
    for cotes in (g.series[:2], g.series[2:]):
        assert math.fsum(v.valeur for s in cotes for v in s.valeurs) == pytest.approx(100)
    # 75 ans et plus : hommes et femmes ensemble refont l'indicateur des tableaux.
    plus_75 = diagnostic_demo.lu(diagnostic_demo.ensembles.sujet, "part_75_ans_plus").valeur
    assert sum(s.valeurs[-1].valeur for s in g.series[:2]) == pytest.approx(plus_75)


def test_les_parts_d_age_restent_hors_des_documents(base_demo, diagnostic_demo):
    codes = {c for c, i in tous_les_indicateurs().items() if i.usage == "graphique"}
    # Douze parts par quinze ans, quarante par cinq ans, la série depuis 1968 et ses trois soldes.
    assert len(codes) == 12 + 40 + 4
    assert not codes & set(indicateurs())
    assert not codes & set(diagnostic_demo.indicateurs)
    lues = table_lisible(diagnostic_demo)
    siennes = lues[lues["indicateur"].isin(codes)]
    assert set(siennes["indicateur"]) == codes
    assert siennes["libelle"].str.len().min() > 0
    assert "iris" not in set(siennes["niveau"])
    portrait = composer(base_demo, Demande("99001"))
    cites = [r for c in portrait.chapitres for p in c.phrases for r in p.references]
    cites += [
        x.reference for c in portrait.chapitres for t in c.tableaux for ligne in t.lignes for x in ligne
    ]
    assert not codes & {r.split("|")[2] for r in cites if r}


def test_le_tableau_des_quartiers_a_le_territoire_en_repere(diagnostic_demo):
    g = graphique(diagnostic_demo, "qpv")
    repere, *quartiers = g.series
    assert repere.role == "reference"
    assert {s.nom for s in quartiers} == {t.titre for t in diagnostic_demo.ensembles.qpv}
    pauvretes = [s.valeurs[0].valeur for s in quartiers]
    assert pauvretes == sorted(pauvretes, reverse=True)
    assert all(v.raison for v in repere.valeurs if v.manque)


def test_sans_donnee_aucun_graphique_et_la_phrase_dit_quoi_deposer(base_demo, diagnostic_demo):
    vide = Diagnostic(diagnostic_demo.demande, diagnostic_demo.ensembles, [])
    manque = modifie(diagnostic_demo, statut=Statut.INDISPONIBLE, valeur=math.nan, note="fichier déposé vide")
    assert tous(vide) == tous(manque) == []
    with pytest.raises(
        DonneeAbsente, match=r"pyramide.*à Arzance-la-Ville.: fichier déposé.*vide.*déposez la base"
    ):
        graphique(manque, "pyramide")
    for nom in noms_de_graphiques():
        with pytest.raises(DonneeAbsente, match=nom):
            graphique(vide, nom)


def test_un_nom_inconnu_propose_les_plus_proches(diagnostic_demo):
    with pytest.raises(ParametreInvalide, match="Vouliez-vous dire pyramide"):
        graphique(diagnostic_demo, "pyramid")


def test_la_moitie_des_lignes_suffit_et_les_autres_disent_leur_raison(diagnostic_demo):
    absents = {"taux_activite", "taux_emploi", "taux_chomage_rp"}

    def sans(codes):
        chiffres = [
            replace(c, statut=Statut.SECRET, valeur=math.nan) if c.indicateur in codes else c
            for c in diagnostic_demo.chiffres
        ]
        return Diagnostic(
            diagnostic_demo.demande, diagnostic_demo.ensembles, chiffres, [], diagnostic_demo.millesimes
        )

    g = graphique(sans(absents), "activite")
    assert [s.valeurs[0].manque for s in g.series] == [False, False, False]
    assert any(n.startswith("Sans chiffre pour le territoire") for n in g.notes)
    assert "Sans chiffre" in g.alternatif
    with pytest.raises(DonneeAbsente):
        graphique(sans({*absents, "part_temps_partiel"}), "activite")


def test_deux_dates_d_une_meme_famille_ne_se_melangent_pas(diagnostic_demo):
    """Premier et troisième quartiles n'ont que 2016 : le graphique garde 2021, et le dit."""
    g = graphique(diagnostic_demo, "deciles")
    assert {v.reference.split("|")[4] for v in g.valeurs()} == {"2021"}
    assert g.echelle_commune
    assert any("Premier quartile" in note for note in g.notes)


def test_une_courbe_et_une_pente_ont_chaque_date_dans_la_table(base_demo):
    """L'Isle n'a pas changé d'IRIS entre 2016 et 2022 ; Arzance, si, et rien n'établit son territoire."""
    d = suivi(base_demo, "99002")
    g = graphique(d, "courbe_population")
    assert [v.libelle for v in g.series[0].valeurs] == ["2016", "2022"]
    assert lisible(g.titre) == "Habitants : 10 601 en 2016, 10 783 en 2022"
    assert graphique(d, "pente_65_ans").genre == "pente"
    with pytest.raises(DonneeAbsente, match="Rien n'établit que le territoire"):
        graphique(suivi(base_demo, "99001"), "courbe_population")


def population(annees):
    import pandas as pd

    codes = ["990010101", "990010102"]
    ages = {"P_POP": [900.0, 1100.0], "P_POP65P": [200.0, 180.0]}
    cadres = {
        "C_ACT1564": [400.0, 500.0],
        "C_ACT1564_CS3": [40.0, 60.0],
        "C_ACT1564_STAT_GSEC13_23": [44.0, 66.0],
    }
    return {("rp_population", a): pd.DataFrame({"code": codes, **ages}) for a in annees} | {
        ("rp_activite", a): pd.DataFrame({"code": codes, **cadres}) for a in annees
    }


def test_une_annee_trop_proche_est_tue_et_une_definition_changee_rompt_la_serie(atelier):
    petit = atelier(population((2006, 2011, 2012, 2016, 2022)), {"99001": "999900001"})
    commune = petit.territoires.trouver("99001")

    def suite(code, nom):
        return suivre(petit.calculateur, indicateur(code), source(nom), commune)

    ages = suite("part_65_ans_plus", "rp_population")
    assert (ages.annees, ages.ecartees, ages.ruptures) == ((2006, 2011, 2016, 2022), (2012,), [])
    # Une courbe s'arrête à la date du portrait.
    bornee = suivre(
        petit.calculateur, indicateur("part_65_ans_plus"), source("rp_population"), commune, (), 2016
    )
    assert bornee.annees == (2006, 2011, 2016)
    cadres = suite("part_cadres", "rp_activite")
    assert cadres.ruptures == [(2016, 2022)]
    assert cadres.portion == (2022,)
    assert cadres.liee


def test_un_millesime_inconnu_des_tables_rompt_la_serie_au_lieu_de_l_arreter(atelier):
    petit = atelier(population((2011, 2016, 2061)), {"99001": "999900001"})
    commune = petit.territoires.trouver("99001")
    lue = suivre(petit.calculateur, indicateur("part_65_ans_plus"), source("rp_population"), commune)
    assert lue.ruptures == [(2016, 2061)]
    assert "2061" in lue.raisons[2016, 2061]


def test_un_quartier_seul_n_a_pas_d_etendue(base_demo):
    g = graphique(diagnostiquer(base_demo, Demande("99002", qpv=2015)), "qpv")
    assert lisible(g.titre) == "RSA parmi les allocataires : 19 % dans le quartier prioritaire"
    assert not re.search(r"de \d+.% \(.*à \d", g.alternatif)


def test_une_courbe_rompue_le_dit_et_la_pente_se_refuse(atelier, diagnostic_demo):
    petit = atelier(population((2011, 2016, 2022)), {"99001": "999900001"})
    commune = petit.territoires.trouver("99001")
    suite = suivre(petit.calculateur, indicateur("part_cadres"), source("rp_activite"), commune)
    ensembles = replace(diagnostic_demo.ensembles, sujet=commune)
    d = Diagnostic(diagnostic_demo.demande, ensembles, [], suites={"part_cadres": suite})
    g = courbe(replace(plans()["courbe_chomage"], indicateurs=("part_cadres",)), d)
    assert g.ruptures == (("2016", "2022"),)
    assert any("2016 et 2022" in note for note in g.notes)
    # Un titre ne met pas côte à côte deux dates qu'une rupture sépare.
    assert g.titre == plans()["courbe_chomage"].titre
    with pytest.raises(DonneeAbsente):
        pente(replace(plans()["pente_emploi"], indicateurs=("part_cadres",)), d)


def test_la_table_des_graphiques_ne_nomme_que_ce_qui_existe():
    connus = tous_les_indicateurs()
    for plan in plans().values():
        assert plan.theme in CHAPITRES or plan.theme.startswith("fiche_")
        assert plan.codes, plan.nom
        assert set(plan.codes) | set(plan.messages) <= set(connus), plan.nom
        assert not plan.messages or set(plan.messages) <= set(indicateurs())
        assert len(plan.titre) <= 90
        assert sum(not p.indicateur for p in plan.parts) <= 1
    for groupe in ("libelles", "faits", "courts"):
        assert set(mots(groupe)) <= set(connus), groupe
    assert all(fait.count("{v}") == 1 for fait in mots("faits").values())


def test_un_graphique_ne_juge_ni_n_explique():
    refuses = [m for liste in table("_phrases")["refuses"].values() for m in liste]
    ecrits = [p.titre for p in plans().values()] + [
        n for p in plans().values() for n in (p.sous_titre, *p.notes)
    ]
    for groupe in ("faits", "titres", "libelles", "courts", "motifs"):
        ecrits += mots(groupe).values()
    for texte in ecrits:
        assert not [m for m in refuses if re.search(rf"\b{re.escape(m)}\b", texte, re.IGNORECASE)], texte


def test_une_commune_sans_iris_a_ses_graphiques_sans_points_de_maille(base_demo):
    d = diagnostiquer(base_demo, Demande("99004"))
    assert not d.ensembles.mailles
    trouves = tous(d)
    assert {"pyramide_quinquennale", "occupation", "deciles"} <= {g.nom for g in trouves}
    assert not [v for g in trouves for v in g.valeurs() if v.role == "maille"]
