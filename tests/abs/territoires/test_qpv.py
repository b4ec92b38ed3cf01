"""Un quartier prioritaire : ses chiffres à leur date, sa place parmi les autres, ses communes."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from abs.calcul.diagnostic import diagnostiquer
from abs.calcul.table_longue import Chiffre, de_meme_date
from abs.evolutions.releve import relever
from abs.indicateurs.indicateurs import indicateur
from abs.phrases.significativite import Verdict, comparer
from abs.portrait.chapitre_qpv import chapitre_qpv
from abs.portrait.portrait import composer
from abs.portrait.positions_qpv import mots_des_positions, phrase_d_un_qpv, position
from abs.statuts import Fiabilite, Statut
from abs.territoires.demande import Demande
from abs.territoires.territoires import Territoire
from donnees_insee.erreurs import ParametreInvalide

POUV, MED, JEUNES = (indicateur(c) for c in ("taux_pauvrete_60", "niveau_vie_median", "part_moins_25_ans"))


def quartier(rang: int, valeur: float, **autres) -> tuple[Territoire, Chiffre]:
    code = f"QP99900{rang}"
    chiffre = Chiffre(code, "qpv", "taux_pauvrete_60", "qpv_revenus", Statut.PUBLIE, 2022, periode="édition 2022",
                      valeur=valeur, fiabilite=Fiabilite.BONNE, couverture=1.0, annee_de_partie=None)  # fmt: skip
    return Territoire(code, "qpv", f"Quartier {rang}", 2015, ("99001",)), replace(chiffre, **autres)


def lisible(texte: str) -> str:
    return texte.replace("\u00a0", " ").replace("\u202f", " ")


# -- dates -------------------------------------------------------------------------------------


def test_une_edition_de_date_inconnue_ne_se_compare_qu_a_elle_meme():
    (_, un), (_, autre) = quartier(1, 50), quartier(2, 30)
    commune = replace(
        un, territoire="99001", niveau="commune", source="filosofi", annee_de_partie=0, valeur=20
    )
    assert de_meme_date(un, autre)
    assert not de_meme_date(un, commune)
    assert comparer(POUV, un, commune).verdict == Verdict.NON_EVALUE
    # La même année écrite par deux éditions de date inconnue ne prouve rien.
    assert not de_meme_date(un, replace(un, source="qpv_filosofi"))


def test_une_edition_dont_l_annee_est_prouvee_se_compare_a_cette_annee_et_a_elle_seule():
    _, un = quartier(1, 50, annee_de_partie=2018)
    commune = replace(
        un, territoire="99001", niveau="commune", source="filosofi", valeur=20, annee_de_partie=0
    )
    assert comparer(POUV, un, replace(commune, millesime=2018)).verdict == Verdict.PLUS
    assert comparer(POUV, un, replace(commune, millesime=2022)).verdict == Verdict.NON_EVALUE


# -- places ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("valeurs", "attendu"),
    [
        ((60, 40, 41, 42), ("seul", True, 1)),
        ((20, 40, 41, 42), ("seul", False, 4)),
        ((60, 59.5, 41, 42, 43, 44), ("parmi", True, 1)),
        ((42.5, 60, 59, 20, 42), ("rang", False, 3)),
        ((50, 50, 50), None),
        ((60, 40), None),
    ],
)
def test_la_place_suit_les_ecarts_etablis(valeurs, attendu):
    tous = [quartier(n, v) for n, v in enumerate(valeurs, start=1)]
    lue = position(POUV, *tous[0], tous, "de la commune")
    assert (None if lue is None else (lue.cas, lue.haut, lue.rang)) == attendu


def test_une_marge_qui_couvre_l_ecart_ne_laisse_qu_un_rang_indicatif():
    tous = [quartier(n, v, marge=9.0) for n, v in enumerate((45, 40, 38, 35), start=1)]
    lue = position(POUV, *tous[0], tous, "de la commune")
    assert lue.cas == "rang"
    assert mots_des_positions(POUV, [lue]) == (
        "1er des 4 quartiers prioritaires de la commune, par ordre décroissant (rang indicatif)"
    )


@pytest.mark.parametrize(
    "autres", [{"fiabilite": Fiabilite.FRAGILE}, {"statut": Statut.SECRET, "valeur": math.nan}]
)
def test_un_chiffre_fragile_ou_absent_n_a_pas_de_place(autres):
    tous = [quartier(n, v) for n, v in enumerate((60, 40, 41, 42), start=1)]
    tous[0] = (tous[0][0], replace(tous[0][1], **autres))
    assert position(POUV, *tous[0], tous, "de la commune") is None


def test_la_phrase_dit_la_place_dans_la_commune_puis_dans_l_intercommunalite():
    tous = [quartier(n, v) for n, v in enumerate((60, 40, 41, 42, 59.9), start=1)]
    lieu, sien = tous[0]
    places = [
        position(POUV, lieu, sien, tous[:4], "de la commune"),
        position(POUV, lieu, sien, tous, "de l'intercommunalité"),
    ]
    dite = phrase_d_un_qpv(POUV, lieu, sien, [], places)
    assert lisible(dite.texte) == (
        "Dans le quartier prioritaire Quartier 1, 60,0 % des habitants vivent sous le seuil de pauvreté (édition 2022) ; "
        "c'est le taux le plus élevé des 4 quartiers prioritaires de la commune ; c'est un taux parmi les plus élevés des "
        "5 quartiers prioritaires de l'intercommunalité."
    )
    assert [a.verdict for a in dite.affirmations] == ["seul_haut", "parmi_haut"]


def test_une_place_seule_dans_l_intercommunalite_dit_aussi_celle_de_la_commune():
    tous = [quartier(n, v) for n, v in enumerate((60, 40, 41, 42, 43), start=1)]
    lieu, sien = tous[0]
    places = [
        position(POUV, lieu, sien, tous[:4], "de la commune"),
        position(POUV, lieu, sien, tous, "de l'intercommunalité"),
    ]
    texte = phrase_d_un_qpv(POUV, lieu, sien, [], places).texte
    assert texte.count("le plus élevé") == 1
    assert "des 5 quartiers" in lisible(texte)


# -- portraits de la démonstration -------------------------------------------------------------


def test_le_portrait_d_un_quartier_montre_ses_propres_chiffres_des_la_premiere_page(base_demo):
    portrait = composer(base_demo, Demande("QP099001"))
    chiffrees = [f for f in portrait.fiches if not f.absence]
    assert len(chiffrees) >= 5
    assert all("|qpv|" in f.reference for f in chiffrees)
    assert sum(len(c.phrases) for c in portrait.chapitres) >= 15


def test_un_quartier_a_cheval_n_a_pas_la_commune_d_une_seule(base_demo):
    portrait = composer(base_demo, Demande("QP099003"))
    roles = [t.role for t in portrait.diagnostic.ensembles.references]
    assert "commune" not in roles
    assert roles.count("commune_du_qpv") == 2
    assert any("s'étend sur Arzance-la-Ville et L'Isle/Arzance" in a for a in portrait.avertissements)


def test_le_chapitre_de_la_commune_donne_ses_deux_reperes_ou_nc(base_demo):
    diagnostic = diagnostiquer(base_demo, Demande("99001", qpv=2015))
    chapitre = chapitre_qpv(diagnostic)
    (tableau,) = chapitre.tableaux
    tetes = [e.texte for e in tableau.entetes]
    assert tetes[-3:-1] == [
        "Arzance-la-Ville",
        next(t.nom for t in diagnostic.ensembles.references if t.role == "epci"),
    ]
    lignes = {ligne[0].texte: ligne for ligne in tableau.lignes}
    jeunes = lignes["Moins de 25 ans, en % de la population"]
    assert [c.texte for c in jeunes[-3:-1]] == ["nc", "nc"]
    assert "n'est pas établie" in jeunes[-2].aide
    mediane = lignes["Niveau de vie médian annuel par unité de consommation"]
    assert all(c.texte.strip("*").endswith("€") for c in mediane[1:-1])
    assert mediane[-1].texte == "revenus 2021"
    assert chapitre.phrases


def test_la_part_de_la_commune_en_quartier_vient_de_ses_seuls_quartiers(base_demo):
    diagnostic = diagnostiquer(base_demo, Demande("99001", qpv=2015))
    (part,) = (c for c in diagnostic.chiffres if c.indicateur == "part_population_en_qpv")
    assert part.statut == Statut.CALCULE
    assert part.valeur == pytest.approx(100 * part.numerateur / part.denominateur)
    # L'autre commune n'a qu'un quartier à cheval, qui porte la population des deux : rien ne se dit d'elle.
    voisine = next(t for t in diagnostic.ensembles.qpv if len(t.composantes) > 1).composantes[1]
    autre = diagnostiquer(base_demo, Demande(voisine, qpv=2015))
    assert not [c for c in autre.chiffres if c.indicateur == "part_population_en_qpv" and c.a_une_valeur]


def test_une_evolution_de_quartier_dit_ce_que_la_base_tient(base_demo):
    with pytest.raises(ParametreInvalide) as faute:
        relever(base_demo, "QP099001", 2016, 2022)
    message = str(faute.value)
    assert "est un quartier prioritaire" in message
    assert "taux du recensement : année des données inconnue (édition 2022)" in message
    assert "données de 2018 (édition 2022) et de 2021" in message
    assert "abs portrait QP099001" in message


def test_l_ordre_prefere_une_annee_connue_a_une_edition_plus_recente(base_demo):
    diagnostic = diagnostiquer(base_demo, Demande("QP099001"))
    lu = diagnostic.chiffre(diagnostic.ensembles.sujet, MED.code)
    assert (lu.source, lu.annee_donnees) == ("qpv_filosofi", 2021)
    assert diagnostic.chiffre(diagnostic.ensembles.sujet, JEUNES.code).annee_donnees is None
