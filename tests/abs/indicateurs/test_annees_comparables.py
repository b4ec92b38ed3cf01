"""Ce qui se compare d'une année à l'autre : les règles du fichier, appliquées et mises à l'épreuve."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from abs.indicateurs.annees_comparables import (
    enquetes_communes,
    juger,
    lectures_de,
    lire_les_regles,
    plus_proches,
    regles,
    regles_de,
)
from abs.indicateurs.indicateurs import indicateur, indicateurs
from donnees_insee.catalogue.catalogue import sources
from donnees_insee.catalogue.tables import enquetes_annuelles
from donnees_insee.erreurs import TableNonConforme

ANNEES = sorted(enquetes_annuelles())


def avis(code: str, source: str, de: int, a: int) -> object:
    definition = indicateur(code)
    lectures = lectures_de(definition, source, de, a)
    assert lectures is not None
    return juger(definition, *lectures, de, a)


def refuse(code: str, source: str, de: int, a: int) -> str:
    trouve = avis(code, source, de, a)
    return " ".join(trouve.refus)  # type: ignore[attr-defined]


@given(st.sampled_from(ANNEES), st.sampled_from(ANNEES))
def test_sont_refuses_exactement_les_millesimes_qui_partagent_une_enquete(x: int, y: int) -> None:
    de, a = sorted((x, y))
    if de == a:
        assert "n'est pas avant" in refuse("taux_chomage_rp", "rp_activite", de, a)
        return
    partagees = set(enquetes_annuelles()[de]) & set(enquetes_annuelles()[a])
    assert set(enquetes_communes(de, a)) == partagees
    assert bool(refuse("taux_chomage_rp", "rp_activite", de, a)) == bool(partagees)


def test_paris_2015_2016_est_refuse_avec_les_enquetes_et_les_dates_proches() -> None:
    raison = refuse("taux_chomage_rp", "rp_activite", 2015, 2016)
    assert "2015 et 2016 partagent 4 enquêtes (2014, 2015, 2016, 2017)" in raison
    chomage = indicateur("taux_chomage_rp")
    assert plus_proches(chomage, "rp_activite", 2015, 2016, [2010, 2015, 2016]) == ((2010, 2016),)


def test_2016_2021_est_refuse_et_propose_2016_2022_et_2015_2021() -> None:
    assert "partagent 1 enquête (2018)" in refuse("taux_chomage_rp", "rp_activite", 2016, 2021)
    chomage = indicateur("taux_chomage_rp")
    assert plus_proches(chomage, "rp_activite", 2016, 2021, ANNEES) == ((2016, 2022), (2015, 2021))


@pytest.mark.parametrize(("de", "a"), [(2014, 2020), (2015, 2021), (2016, 2022), (2010, 2015), (2011, 2016)])
def test_cinq_ans_suffisent_jusqu_a_2018_six_ensuite(de: int, a: int) -> None:
    assert not refuse("taux_emploi", "rp_activite", de, a)
    assert refuse("taux_emploi", "rp_activite", de + 1, a)


def test_les_diplomes_se_comparent_par_leur_definition_et_elle_est_dite() -> None:
    admis = avis("part_sans_diplome", "rp_diplomes", 2010, 2015)
    assert admis.comparable  # type: ignore[attr-defined]
    assert "sans diplôme ou au plus brevet" in admis.notes[0]  # type: ignore[attr-defined]
    assert avis("part_sans_diplome", "rp_diplomes", 2015, 2021).comparable  # type: ignore[attr-defined]


def test_aucun_diplome_n_a_pas_de_lecture_avant_2017() -> None:
    assert lectures_de(indicateur("part_aucun_diplome"), "rp_diplomes", 2015, 2021) is None


def test_les_categories_et_la_suroccupation_ne_passent_pas_2022() -> None:
    assert "PCS 2020" in refuse("part_cadres", "rp_activite", 2016, 2022)
    assert "remplacées au millésime 2022" in refuse("part_suroccupation", "rp_logement", 2017, 2023)
    assert not refuse("part_cadres", "rp_activite", 2015, 2021)


def test_la_feuille_de_logement_de_2018_separe_les_familles_et_elles_seules() -> None:
    assert "feuille de logement" in refuse("part_familles_monoparentales", "rp_menages", 2016, 2022)
    assert not refuse("part_familles_monoparentales", "rp_menages", 2010, 2015)
    assert not refuse("part_menages_1_personne", "rp_menages", 2016, 2022)


@pytest.mark.parametrize(
    ("de", "a", "mots"),
    [
        (2016, 2017, "consécutifs"),
        (2016, 2018, "loyer de solidarité"),
        (2019, 2022, "n'existe pas"),
        (2021, 2023, "autre méthode"),
    ],
)
def test_filosofi_refuse(de: int, a: int, mots: str) -> None:
    assert mots in refuse("niveau_vie_median", "filosofi", de, a)


def test_filosofi_2021_n_annonce_rien_sous_deux_points_et_parle_de_la_crise_sanitaire() -> None:
    admis = avis("taux_pauvrete_60", "filosofi", 2019, 2021)
    assert admis.comparable  # type: ignore[attr-defined]
    assert admis.seuil == 2.0  # type: ignore[attr-defined]
    assert any("crise sanitaire" in n for n in admis.notes)  # type: ignore[attr-defined]
    assert avis("niveau_vie_median", "filosofi", 2019, 2021).seuil == 0  # type: ignore[attr-defined]


def test_la_caf_ne_passe_pas_la_prime_d_activite() -> None:
    assert "prime d'activité" in refuse("part_isoles_caf", "caf", 2018, 2020)
    assert not refuse("part_isoles_caf", "caf", 2016, 2018)


def test_deux_generations_de_quartiers_ne_se_comparent_pas() -> None:
    par_famille = {s.famille: s for s in sources().values()}
    lecture = next(li for li in indicateur("taux_pauvrete_60").lectures if li.source.famille == "qpv")
    autre = replace(lecture, source=par_famille["qpv_2024"])
    refus = juger(indicateur("taux_pauvrete_60"), lecture, autre, 2018, 2024).refus
    assert any("n'ont pas le même périmètre" in r for r in refus)


def test_un_millesime_sans_enquetes_connues_ne_se_devine_pas() -> None:
    with pytest.raises(TableNonConforme, match="2031"):
        enquetes_communes(2016, 2031)


def test_chaque_regle_vise_une_source_et_des_variables_qui_existent() -> None:
    toutes, equivalences = regles()
    assert set(equivalences) <= set(indicateurs())
    lectures = [li for i in indicateurs().values() for li in i.lectures]
    for regle in toutes:
        assert regle.raison.endswith(".")
        assert regle.source
        if regle.code != "qpv_generations":
            assert any(regle.vise(li) for li in lectures), f"{regle.code} ne vise aucun indicateur"


def test_un_fichier_de_regles_fautif_dit_toutes_ses_fautes() -> None:
    texte = (
        '[[regles]]\ncode = "a"\ngenre = "devin"\nraison = "r"\nsource = "s"\ncertitude = "sûre"\n'
        '[[regles]]\ncode = "b"\ngenre = "rupture"\nraison = "r"\nsource = "s"\ncertitude = "certaine"\n'
        '[[equivalences]]\nindicateur = "i"\nleve = ["z"]\nraison = "r"\n'
    )
    with pytest.raises(TableNonConforme) as faute:
        lire_les_regles(texte)
    for mots in ("devin", "le champ avant manque", "certaine", "règle « z » inconnue"):
        assert mots in str(faute.value)


def test_un_ept_est_mis_en_garde_et_une_commune_non() -> None:
    from abs.indicateurs.annees_comparables import mises_en_garde

    assert "n'est pas un EPCI à fiscalité propre" in mises_en_garde("T6")[0]
    assert mises_en_garde("75056") == mises_en_garde("243400017") == ()


def test_les_ruptures_d_une_source_sont_celles_de_ses_regles() -> None:
    assert [r.quand for r in regles_de("filosofi") if r.quand] == [
        "2017/2018",
        "2022 n'existe pas",
        "2022/2023",
    ]
    assert [r.quand for r in regles_de("rp_diplomes") if r.rompt] == ["2016/2017"]
    assert "questionnaire 2018" in [r.quand for r in regles_de("rp_menages")]
    # La réforme de la prime d'activité ne dit rien des places d'accueil.
    assert [r.quand for r in regles_de("caf_communes")] == ["2018/2019"]
    assert regles_de("caf_petite_enfance") == []
