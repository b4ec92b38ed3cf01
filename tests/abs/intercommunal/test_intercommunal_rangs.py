"""Les rangs d'une intercommunalité : une fourchette contient toujours la vraie place, et ne sépare pas l'indistinct."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abs.calcul.table_longue import Chiffre
from abs.indicateurs.indicateurs import indicateur
from abs.intercommunal.rangs import classer, comparer_au_reste, mots_du_rang, ranger, rangs_compatibles
from abs.intercommunal.releve import date_commune
from abs.phrases.significativite import Verdict
from abs.statuts import Fiabilite, Statut
from abs.territoires.territoires import Territoire

TAUX = indicateur("taux_chomage_rp")
MEDIANE = indicateur("niveau_vie_median")

# Des centièmes entiers : les égalités y sont exactes.
centiemes = st.integers(0, 10_000)
communes_observees = st.lists(
    st.tuples(centiemes, st.integers(0, 800), st.integers(-100, 100)), min_size=1, max_size=14
)


def chiffre(rang, valeur, marge=0.0, **autres):
    base = Chiffre(f"990{rang:02d}", "commune", TAUX.code, "rp_activite", Statut.CALCULE, 2022, valeur=valeur,
                   numerateur=valeur * 10, denominateur=1000.0, marge=marge, fiabilite=Fiabilite.BONNE,
                   couverture=1.0)  # fmt: skip
    return replace(base, **autres)


def commune(rang):
    return Territoire(f"990{rang:02d}", "commune", f"Commune {rang}", None, (f"990{rang:02d}",), "commune")


def ensemble(valeur=10.0):
    return chiffre(99, valeur, niveau="epci", numerateur=valeur * 200, denominateur=20_000.0)


@given(communes_observees)
def test_la_fourchette_contient_toujours_la_vraie_place(observees):
    """La vraie valeur est n'importe où dans la marge : sa vraie place est toujours dans la fourchette."""
    vraies = [v + m * part / 100 for v, m, part in observees]
    places = rangs_compatibles([v for v, _, _ in observees], [m for _, m, _ in observees])
    for vraie, (premiere, derniere) in zip(vraies, places, strict=True):
        assert premiere <= 1 + sum(autre > vraie + 1e-6 for autre in vraies)
        assert derniere >= len(vraies) - sum(autre < vraie - 1e-6 for autre in vraies)


@given(communes_observees, st.floats(0, 50))
def test_un_seuil_pratique_ne_fait_qu_elargir(observees, seuil):
    valeurs, marges = [v for v, _, _ in observees], [m for _, m, _ in observees]
    etroites, larges = rangs_compatibles(valeurs, marges), rangs_compatibles(valeurs, marges, seuil)
    assert all(la[0] <= et[0] <= et[1] <= la[1] for et, la in zip(etroites, larges, strict=True))


@given(st.lists(centiemes, min_size=1, max_size=14, unique=True))
def test_sans_marge_ni_seuil_le_rang_est_exact(valeurs):
    places = rangs_compatibles(valeurs, [0.0] * len(valeurs))
    ordre = sorted(valeurs, reverse=True)
    assert places == [(ordre.index(v) + 1, ordre.index(v) + 1) for v in valeurs]


@given(communes_observees, st.randoms(use_true_random=False))
def test_l_ordre_des_communes_ne_change_rien(observees, hasard):
    melange = list(range(len(observees)))
    hasard.shuffle(melange)

    def places(ordre):
        return rangs_compatibles([observees[r][0] for r in ordre], [observees[r][1] for r in ordre])

    droites, melangees = places(range(len(observees))), places(melange)
    assert [droites[r] for r in melange] == melangees


@given(st.floats(5, 30), st.lists(st.floats(-0.9, 0.9), min_size=5, max_size=12))
def test_des_communes_indistinctes_n_ont_pas_de_rang(niveau, ecarts):
    """Moins de deux points d'écart entre les extrêmes, c'est le seuil pratique du taux : aucune place ne s'écrit."""
    lues = [(commune(r), chiffre(r, niveau + e)) for r, e in enumerate(ecarts)]
    classement = classer(TAUX, lues, ensemble(niveau), {})
    assert not classement.refus
    assert all(p.fourchette is None for p in classement.positions.values())
    assert {p.silence for p in classement.positions.values()} == {"ne se distingue d'aucune autre"}


def test_une_marge_elargie_reunit_ce_que_les_marges_seules_separent():
    """Deux intervalles qui se touchent presque ne sont plus disjoints une fois élargis au nombre de communes."""
    deux = [chiffre(0, 20.0, 2.4), chiffre(1, 15.0, 2.4)]
    assert rangs_compatibles([20.0, 15.0], [2.4, 2.4]) == [(1, 1), (2, 2)]
    assert ranger(TAUX, [*deux, *(chiffre(r, 1.0, 0.1) for r in range(2, 8))])[:2] == [(1, 2), (1, 2)]


def test_un_chiffre_fragile_secret_ou_estime_n_a_pas_de_rang():
    lues = [(commune(r), chiffre(r, 5.0 + 4 * r)) for r in range(12)]
    lues[3] = (lues[3][0], replace(lues[3][1], fiabilite=Fiabilite.FRAGILE))
    lues[4] = (lues[4][0], replace(lues[4][1], statut=Statut.SECRET, valeur=float("nan")))
    classement = classer(TAUX, lues, ensemble(), {"99000": 12_000.0, "99011": 199.0})
    assert (
        classement.refus == "9 communes sur 12 seulement ont un chiffre assez solide ; il en faut 80\u00a0%"
    )
    assert classement.positions["99003"].silence == "chiffre fragile"
    assert classement.positions["99005"].silence == classement.refus
    suffisant = [*lues, *((commune(r), chiffre(r, 60.0 + 4 * r)) for r in range(12, 18))]
    classement = classer(TAUX, suffisant, ensemble(), {"99011": 199.0})
    silences = {c: p.silence for c, p in classement.positions.items() if p.silence}
    assert silences == {
        "99003": "chiffre fragile",
        "99004": "secret statistique",
        "99011": "moins de 200 habitants",
    }
    assert classement.rangees == 15
    assert classement.positions["99017"].fourchette == (1, 1)


@pytest.mark.parametrize(
    ("code", "combien", "raison"),
    [
        ("population", 8, "un effectif suit la taille de la commune : il ne se range pas"),
        ("taux_chomage_rp", 4, "moins de 5 communes ont un chiffre assez solide pour être rangées"),
    ],
)
def test_ce_qui_ne_se_range_pas_dit_pourquoi(code, combien, raison):
    lues = [(commune(r), chiffre(r, 10.0 * r, indicateur=code)) for r in range(combien)]
    classement = classer(indicateur(code), lues, None, {})
    assert classement.refus == raison
    assert all(p.fourchette is None for p in classement.positions.values())


def test_une_mediane_ne_se_range_qu_au_dela_de_trois_pour_cent():
    valeurs = [20_000.0, 20_500.0, 22_000.0, 24_000.0, 26_000.0]
    lus = [chiffre(r, v, indicateur=MEDIANE.code, statut=Statut.PUBLIE, numerateur=float("nan"),
                   denominateur=float("nan")) for r, v in enumerate(valeurs)]  # fmt: skip
    assert ranger(MEDIANE, lus) == [(4, 5), (4, 5), (3, 3), (2, 2), (1, 1)]


def test_l_ecart_se_juge_face_au_reste_de_l_intercommunalite():
    """Une ville qui pèse l'essentiel de l'ensemble se compare aux autres, pas à elle-même."""
    ville = chiffre(0, 20.0, numerateur=3_000.0, denominateur=15_000.0)
    autres = [(commune(r), chiffre(r, 8.0)) for r in range(1, 6)]
    tout = ensemble(17.0)
    position = classer(TAUX, [(commune(0), ville), *autres], tout, {}).positions["99000"]
    assert position.comparaison.verdict == Verdict.PLUS
    assert position.signe == "▲"
    assert position.fourchette == (1, 1)


def test_un_ecart_petit_avec_l_ensemble_et_net_avec_le_reste_a_sa_fleche():
    """La ville fait l'ensemble : 1,9 point la sépare de lui, 4,9 points du reste ; une seule réponse partout."""
    ville = chiffre(0, 15.3, numerateur=3_060.0, denominateur=20_000.0)
    tout = ensemble(13.4)
    tout = replace(tout, numerateur=4_355.0, denominateur=32_500.0)
    lu = comparer_au_reste(TAUX, ville, tout, 1)
    assert lu.verdict == Verdict.PLUS
    assert lu.ecart == pytest.approx(15.3 - 100 * 1_295 / 12_500)
    position = classer(TAUX, [(commune(0), ville)], tout, {}).positions["99000"]
    assert position.signe == "▲"


def test_deux_rapports_publies_a_trois_dixiemes_se_distinguent():
    """2,8 et 3,1 publiés au dixième : 0,2 de seuil et 0,1 d'arrondi font 0,3, atteint exactement."""
    rapport = indicateur("rapport_interdecile")
    nan = float("nan")
    bas, haut = (
        chiffre(r, v, indicateur=rapport.code, statut=Statut.PUBLIE, numerateur=nan, denominateur=nan)
        for r, v in enumerate((2.8, 3.1))
    )
    assert comparer_au_reste(rapport, bas, haut, 1).verdict == Verdict.MOINS
    assert comparer_au_reste(rapport, replace(bas, valeur=2.9), haut, 1).verdict not in {
        Verdict.PLUS,
        Verdict.MOINS,
    }
    assert ranger(rapport, [bas, haut]) == [(2, 2), (1, 1)]


def test_des_chiffres_estimes_ne_sont_pas_dits_peu_solides():
    lues = [(commune(r), chiffre(r, 10.0 + 5 * r, statut=Statut.ESTIME)) for r in range(6)]
    classement = classer(TAUX, lues, ensemble(), {})
    assert classement.refus == "chiffre estimé, qui croise deux sources"
    assert {p.silence for p in classement.positions.values()} == {"chiffre estimé, qui croise deux sources"}
    lues[5] = (commune(5), chiffre(5, 40.0))
    assert (
        classer(TAUX, lues, ensemble(), {}).refus
        == "5 chiffres sur 6 sont estimés, ils croisent deux sources"
    )


def test_l_ecart_est_elargi_au_nombre_de_communes_comparees():
    """Un écart qui tient seul, mais pas parmi trente communes, n'a pas de flèche ; les non rangées comptent."""
    limite = chiffre(0, 14.0, 2.8, fiabilite=Fiabilite.BONNE)
    fragiles = [(commune(r), chiffre(r, 10.0, 9.0, fiabilite=Fiabilite.FRAGILE)) for r in range(1, 30)]
    seule = classer(TAUX, [(commune(0), limite)], ensemble(), {}).positions["99000"]
    parmi = classer(TAUX, [(commune(0), limite), *fragiles], ensemble(), {}).positions["99000"]
    assert (seule.signe, parmi.signe) == ("▲", "")


def test_les_mots_d_un_rang():
    assert [mots_du_rang(f) for f in (None, (1, 1), (1, 3), (4, 4), (5, 12))] == [
        "", "1er", "1er à 3e", "4e", "5e à 12e",
    ]  # fmt: skip


def essai(annee, valeurs, reference):
    lus = [chiffre(r, v, millesime=annee) for r, v in enumerate(valeurs)]
    if reference:
        lus.append(ensemble())
    return annee, lus


@pytest.mark.parametrize(
    ("essais", "attendue"),
    [
        ([essai(2021, [1.0] * 9, True), essai(2018, [1.0] * 10, True)], 2021),
        ([essai(2021, [1.0] * 3, True), essai(2018, [1.0] * 10, True)], 2018),
        ([essai(2021, [1.0] * 10, False), essai(2018, [1.0] * 10, True)], 2018),
        ([essai(2021, [1.0] * 10, False), essai(2018, [1.0] * 2, True)], 2021),
        ([], None),
    ],
)
def test_une_seule_date_pour_toutes_les_communes(essais, attendue):
    """La plus récente presque aussi remplie que la mieux remplie, avec une référence quand il y en a une."""
    choisie = date_commune(essais, {f"990{r:02d}" for r in range(10)})
    assert (None if choisie is None else choisie[0]) == attendue
