"""Une évolution : deux mesures de même territoire, leur écart, sa marge ; ce qui manque ne vaut jamais zéro."""

from __future__ import annotations

import math
import tomllib
from dataclasses import replace
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from abs.evolutions.evolutions import SANS_SOMME, TROP_PETIT, Evolution, Mesure, Verdict, evaluer, mesurer
from abs.evolutions.lieux import geographie_constante
from abs.evolutions.releve import relever
from abs.evolutions.tableaux import ligne, mots_du_choix, resume, signe
from abs.indicateurs.annees_comparables import Avis
from abs.indicateurs.fiabilite import (
    marge_de_difference,
    marge_de_sondage,
    marge_par_strates,
    taux_de_sondage,
)
from abs.indicateurs.indicateurs import indicateur, indicateurs
from donnees_insee.base.base import Base
from donnees_insee.depot.journal import retirer
from donnees_insee.erreurs import ParametreInvalide
from donnees_insee.geographie.groupes import appliquer
from tests.abs.effets_de_sondage import effet_de_sondage_observe

if TYPE_CHECKING:
    from collections.abc import Callable


CHOMAGE = indicateur("taux_chomage_rp")


def evolution(
    avant: Mesure, apres: Mesure, code: str = "taux_chomage_rp", de: int = 2010, a: int = 2015
) -> Evolution:
    return Evolution(code, "rp_activite", de, a, "990010101", "Essai", "iris", avant, apres)


# -- marges -------------------------------------------------------------------------------------


def test_la_marge_d_une_difference_est_la_racine_de_la_somme_des_carres() -> None:
    assert marge_de_difference(3.0, 4.0) == pytest.approx(5.0)
    assert math.isnan(marge_de_difference(3.0, math.nan))


@pytest.mark.parametrize(
    ("population", "complementaire", "attendu"),
    [
        (10_000, False, 0.40),
        (10_000, True, 0.40),
        (9_999, False, 1.0),
        (9_999, True, 0.25),
        (None, False, None),
    ],
)
def test_le_taux_de_sondage_depend_de_la_commune_et_de_l_exploitation(
    population: float | None, complementaire: bool, attendu: float | None
) -> None:
    assert taux_de_sondage(population, complementaire=complementaire) == attendu


def test_une_petite_commune_n_a_pas_de_marge_et_cela_est_dit() -> None:
    mesures = [mesurer(CHOMAGE, [(haut, 1000.0, 1.0)]) for haut in (100.0, 150.0)]
    trouvee = evaluer(CHOMAGE, evolution(*mesures), Avis())
    assert trouvee.verdict == Verdict.NOTABLE
    assert trouvee.ecart == pytest.approx(5.0)
    assert "recensée exhaustivement" in trouvee.raison


def test_la_complementaire_d_une_petite_commune_garde_une_marge_au_quart_des_menages() -> None:
    cadres = indicateur("part_cadres")
    mesure = mesurer(cadres, [(200.0, 1000.0, 0.25)])
    assert mesure.marge == pytest.approx(100 * 1.96 * math.sqrt(4 * 0.75 * 0.2 * 0.8 / (0.25 * 1000)))


def test_des_strates_de_meme_taux_ont_la_marge_de_leur_somme() -> None:
    strates = [(60.0, 400.0, 0.4), (30.0, 600.0, 0.4)]
    assert marge_par_strates(strates, 2) == pytest.approx(marge_de_sondage(0.09, 1000, 2))


def test_seule_la_part_sondee_d_un_groupe_a_une_marge() -> None:
    strates = [(60.0, 400.0, 0.4), (30.0, 600.0, 1.0)]
    assert marge_par_strates(strates, 2) == pytest.approx(0.4 * marge_de_sondage(0.15, 400, 2))


# -- mesures et verdicts ------------------------------------------------------------------------


def test_un_groupe_est_mesure_par_le_rapport_des_sommes() -> None:
    mesure = mesurer(CHOMAGE, [(50.0, 100.0, 0.4), (50.0, 900.0, 0.4)])
    assert mesure.valeur == pytest.approx(10.0)


@given(st.lists(st.tuples(st.floats(0, 1e4), st.floats(1, 1e5)), min_size=1, max_size=8), st.data())
def test_un_compte_absent_rend_la_mesure_absente(
    unites: list[tuple[float, float]], data: st.DataObject
) -> None:
    strates = [(h, b, 0.4) for h, b in unites]
    rang = data.draw(st.integers(0, len(strates) - 1))
    haut, bas, taux = strates[rang]
    strates[rang] = data.draw(st.sampled_from([(math.nan, bas, taux), (haut, math.nan, taux)]))
    assert mesurer(CHOMAGE, strates).manque


def test_une_mesure_absente_n_est_pas_comparable_et_sa_date_est_dite() -> None:
    trouvee = evaluer(
        CHOMAGE, evolution(Mesure(10.0, marge=1.0), Mesure(raison="absent du fichier déposé")), Avis()
    )
    assert trouvee.verdict == Verdict.NON_COMPARABLE
    assert trouvee.raison == "2015 : absent du fichier déposé"
    assert math.isnan(trouvee.ecart)
    assert ligne(trouvee)[3:6] == ("–", "–", "–")


def test_un_effectif_nul_n_est_jamais_significatif() -> None:
    mesures = [mesurer(CHOMAGE, [(haut, 200.0, 0.4)]) for haut in (0.0, 60.0)]
    trouvee = evaluer(CHOMAGE, evolution(*mesures), Avis())
    assert trouvee.verdict == Verdict.SANS_MARGE
    assert trouvee.raison == TROP_PETIT


@pytest.mark.parametrize(("ecart", "attendu"), [(2.9, Verdict.SIGNIFICATIF), (2.8, Verdict.NON_SIGNIFICATIF)])
def test_un_ecart_est_significatif_au_dela_de_sa_marge(ecart: float, attendu: str) -> None:
    avant, apres = Mesure(10.0, marge=2.0), Mesure(10.0 + ecart, marge=2.0)
    assert evaluer(CHOMAGE, evolution(avant, apres), Avis()).verdict == attendu


def test_des_taux_arrondis_n_annoncent_rien_sous_deux_points() -> None:
    pauvrete = indicateur("taux_pauvrete_60")
    avant, apres = Mesure(15.0, marge=0.5), Mesure(16.9, marge=0.5)
    ligne_lue = evolution(avant, apres, "taux_pauvrete_60", 2019, 2021)
    assert evaluer(pauvrete, ligne_lue, Avis(seuil=2.0)).verdict == Verdict.FAIBLE
    assert evaluer(pauvrete, ligne_lue, Avis()).verdict == Verdict.SIGNIFICATIF
    # Un arrondi n'est pas un test : Filosofi, sans sondage, n'est jamais dit « non significatif ».
    de_filosofi = replace(ligne_lue, source="filosofi")
    assert evaluer(pauvrete, de_filosofi, Avis(seuil=2.0)).verdict == Verdict.FAIBLE


def test_un_refus_des_regles_ne_laisse_aucun_ecart() -> None:
    trouvee = evaluer(CHOMAGE, evolution(Mesure(1.0), Mesure(9.0)), Avis(refus=("Raison.",)))
    assert (trouvee.verdict, trouvee.raison) == (Verdict.NON_COMPARABLE, "Raison.")
    assert math.isnan(trouvee.ecart)


def test_les_montants_sont_en_euros_de_la_seconde_date_ou_refuses() -> None:
    median = indicateur("niveau_vie_median")
    lue = evolution(Mesure(20_000.0), Mesure(20_000.0), "niveau_vie_median", 2013, 2016)
    trouvee = evaluer(median, lue, Avis())
    assert trouvee.ecart == pytest.approx(20_000 * (1 - 100.19 / 99.45))
    absente = evaluer(median, replace(lue, a=2035), Avis())
    assert absente.verdict == Verdict.NON_COMPARABLE
    assert "2035" in absente.raison


@pytest.mark.parametrize(
    ("code", "source", "avant", "apres", "attendu", "ecrit"),
    [
        (
            "part_allocataires_rsa",
            "caf",
            12.0,
            14.5,
            Verdict.NOTABLE,
            "hausse notable (seuil pratique : 2,0 pt)",
        ),
        (
            "part_allocataires_rsa",
            "caf",
            12.0,
            10.5,
            Verdict.FAIBLE,
            "écart faible (seuil pratique : 2,0 pt)",
        ),
        (
            "taux_pauvrete_60",
            "filosofi",
            20.0,
            17.0,
            Verdict.NOTABLE,
            "baisse notable (seuil pratique : 2,0 pt)",
        ),
    ],
)
def test_une_source_sans_sondage_est_jugee_au_seuil_pratique(
    code: str, source: str, avant: float, apres: float, attendu: str, ecrit: str
) -> None:
    lue = replace(evolution(Mesure(avant), Mesure(apres), code, 2014, 2017), source=source)
    trouvee = evaluer(indicateur(code), lue, Avis())
    assert trouvee.verdict == attendu
    assert ligne(trouvee)[6].replace("\u00a0", " ") == ecrit
    assert "significatif" not in " ".join(resume([trouvee]) + mots_du_choix([], [trouvee] * 50))


def test_rien_de_teste_n_est_dit_sans_ecart_significatif() -> None:
    jamais = [evaluer(CHOMAGE, evolution(Mesure(10.0), Mesure(20.0)), Avis())] * 50
    assert jamais[0].verdict == Verdict.SANS_MARGE
    assert mots_du_choix([], jamais)[0].startswith("Aucun écart n'a pu être jugé")


def test_un_montant_dit_partout_l_annee_de_ses_euros() -> None:
    lue = replace(
        evolution(Mesure(20_000.0), Mesure(22_000.0), "niveau_vie_median", 2014, 2017), source="filosofi"
    )
    constante = evaluer(indicateur("niveau_vie_median"), lue, Avis())
    ecrits = [x.replace("\u00a0", " ").replace("\u202f", " ") for x in ligne(constante)]
    assert ecrits[2:5] == ["20 250 € de 2017", "22 000 € de 2017", "+1 750 € de 2017"]
    assert constante.avant.valeur == pytest.approx(20_000 * 101.23 / 99.96)
    assert constante.avant.publiee == 20_000
    # Un montant qui n'a pas pu être converti n'est pas dit en euros de l'autre année.
    refusee = evaluer(indicateur("niveau_vie_median"), replace(lue, apres=Mesure(raison="absent")), Avis())
    assert ligne(refusee)[2].replace("\u00a0", " ").replace("\u202f", " ") == "20 000 € de 2014"


def test_un_ecart_nul_a_l_arrondi_n_a_pas_de_signe() -> None:
    assert signe(-0.04, "pt", 1) == "0,0\u00a0pt"
    assert signe(-1.25, "pt", 1) == "−1,3\u00a0pt"
    assert signe(1.2, "pt", 1) == "+1,2\u00a0pt"


# -- effets de sondage --------------------------------------------------------------------------


def test_les_definitions_portent_l_effet_de_sondage_de_leur_famille() -> None:
    texte = (resources.files("abs") / "definitions" / "_effets_de_sondage.toml").read_text(encoding="utf-8")
    familles = tomllib.loads(texte)
    attendus = {code: f["effet"] for f in familles.values() for code in f["indicateurs"]}
    assert all(f["preuve"] and f["certitude"] for f in familles.values())
    for code, definition in indicateurs().items():
        assert definition.effet_de_sondage == attendus.get(code, familles["defaut"]["effet"]), code
    assert set(attendus) <= set(indicateurs())


def test_l_effet_de_sondage_est_retrouve_sur_un_tirage_simule() -> None:
    hasard = np.random.default_rng(2016)
    n, denominateur, part, effet = 20_000, 1500.0, 0.12, 3.0
    variance = effet * 0.6 * part * (1 - part) / (0.4 * denominateur)
    enquetes = part + hasard.normal(0, math.sqrt(5 * variance), (6, n))
    avant, apres = enquetes[:5].mean(axis=0), enquetes[1:].mean(axis=0)
    assert effet_de_sondage_observe(avant, apres, np.full(n, denominateur)) == pytest.approx(effet, rel=0.1)


# -- géographie constante -----------------------------------------------------------------------

CODES = st.sets(
    st.sampled_from([f"9900{c}01{n:02d}" for c in (1, 2, 3) for n in range(1, 7)] + ["990040000"]), min_size=1
)


def liste(codes: set[str]) -> pd.DataFrame:
    rangs = sorted(codes)
    return pd.DataFrame(
        {"code": rangs, "nom": [f"Iris {c}" for c in rangs], "commune": [c[:5] for c in rangs]}
    )


@given(CODES, CODES, st.data())
def test_chaque_code_est_dans_un_groupe_ou_liste_et_les_totaux_sont_conserves(
    tmp_path_factory: pytest.TempPathFactory, avant: set[str], apres: set[str], data: st.DataObject
) -> None:
    trouvee = geographie_constante(base_vide(tmp_path_factory), (liste(avant), liste(apres)), (2018, 2024))
    passage = trouvee.iris.passage
    listes = {(n.cote, n.code) for n in passage.non_apparies}
    for cote, codes, groupes in (("avant", avant, passage.avant), ("apres", apres, passage.apres)):
        assert {c for c in codes if c in groupes} | {c for k, c in listes if k == cote} == codes
        assert not {c for k, c in listes if k == cote} & groupes.keys()
    assert "990040000" not in passage.avant, "une commune sans IRIS ne se compare pas sans histoire"
    comptes = data.draw(st.lists(st.integers(0, 5000), min_size=len(avant), max_size=len(avant)))
    table = pd.DataFrame({"haut": [float(c) for c in comptes]}, index=sorted(avant))
    # Ce qui est porté dans les groupes et ce qui est laissé de côté redonnent le total.
    complets = appliquer(passage, table, ["haut"])["haut"].dropna()
    assert complets.sum() == sum(
        v for c, v in table["haut"].items() if passage.avant.get(c) in complets.index
    )


def base_vide(fabrique: pytest.TempPathFactory) -> Base:
    return Base(fabrique.getbasetemp() / "base_vide")


# -- la démonstration ---------------------------------------------------------------------------


def test_l_iris_scinde_de_la_demonstration_est_compare_par_la_somme(base_demo: Base) -> None:
    releve = relever(base_demo, "99001", 2016, 2022, ["taux_chomage_rp"])
    groupe = next(e for e in releve.mailles["taux_chomage_rp"] if e.nature == "scission")
    assert (groupe.codes_de, groupe.codes_a) == (("990010504",), ("990010505", "990010506"))
    brut = base_demo.lire("rp_activite", 2022, "iris").loc[["990010505", "990010506"]]
    attendu = 100 * brut["P_CHOM1564"].sum() / brut["P_ACT1564"].sum()
    assert groupe.apres.valeur == pytest.approx(attendu)
    marge = marge_de_sondage(attendu / 100, brut["P_ACT1564"].sum(), CHOMAGE.effet_de_sondage)
    assert groupe.apres.marge == pytest.approx(marge)
    assert groupe.marge == pytest.approx(math.hypot(groupe.avant.marge, marge))
    assert any("8,1" in p and "comparés par groupe" in p for p in releve.geographie)


def test_la_commune_fusionnee_de_la_demonstration_est_comparee_a_ses_deux_communes(base_demo: Base) -> None:
    releve = relever(base_demo, "999900001", 2016, 2022, ["taux_chomage_rp"])
    fusion = next(e for e in releve.mailles["taux_chomage_rp"] if e.code == "99009")
    assert (fusion.nature, fusion.codes_de, fusion.codes_a) == ("fusion", ("99009", "99010"), ("99009",))
    brut = base_demo.lire("rp_activite", 2016, "iris").loc[["990090000", "990100000"]]
    assert fusion.avant.valeur == pytest.approx(100 * brut["P_CHOM1564"].sum() / brut["P_ACT1564"].sum())
    assert "Les communes 99009, 99010 sont comparées ensemble à 99009." in releve.geographie


def test_la_demonstration_refuse_2016_2021_avec_les_dates_qui_conviendraient(base_demo: Base) -> None:
    with pytest.raises(ParametreInvalide) as refus:
        relever(base_demo, "99001", 2016, 2021, ["population", "part_65_ans_plus"])
    assert "partagent 1 enquête (2018)" in str(refus.value)
    assert "2016 → 2022 ou 2015 → 2021" in str(refus.value)


def test_deux_dates_a_l_envers_sont_refusees(base_demo: Base) -> None:
    with pytest.raises(ParametreInvalide, match="n'est pas avant"):
        relever(base_demo, "99001", 2022, 2016)


def sans_liste_de_reference(petite: Any) -> Base:
    """Ôter la liste des IRIS, qui les dirait tous présents aux deux dates : il ne reste que les fichiers."""
    (part,) = (p for p in petite.base.parts() if (p.source, p.millesime) == ("reference_iris", 2018))
    retirer(petite.base, part.chemin.name[:12])
    return petite.base


def test_une_mediane_n_est_jamais_calculee_sur_des_iris_reunis(atelier: Callable[..., Any]) -> None:
    def filosofi(codes: list[str], median: float) -> pd.DataFrame:
        return pd.DataFrame({"code": codes, "DISP_MED": median, "DISP_TP60": 20.0})

    petite = atelier(
        {
            ("filosofi", 2013): filosofi(["990010101", "990010102"], 20_000.0),
            ("filosofi", 2016): filosofi(["990010101", "990010103", "990010104"], 22_000.0),
        },
        {"99001": "999900001"},
    )
    releve = relever(
        sans_liste_de_reference(petite), "99001", 2013, 2016, ["niveau_vie_median", "taux_pauvrete_60"]
    )
    for code in ("niveau_vie_median", "taux_pauvrete_60"):
        par_code = {e.code: e for e in releve.mailles[code]}
        reunis = par_code["990010103+1"]
        assert reunis.verdict == Verdict.NON_COMPARABLE
        assert SANS_SOMME in reunis.raison
        assert math.isnan(reunis.ecart)
        assert not math.isnan(par_code["990010101"].ecart)
        assert all(e.verdict == Verdict.NON_COMPARABLE for e in releve.totaux[code])


def test_un_iris_absent_d_un_seul_fichier_n_est_pas_un_redecoupage(atelier: Callable[..., Any]) -> None:
    def filosofi(codes: list[str]) -> pd.DataFrame:
        return pd.DataFrame({"code": codes, "DISP_MED": 20_000.0, "DISP_TP60": 20.0})

    tous = ["990010101", "990010102", "990010103"]
    petite = atelier(
        {("filosofi", 2013): filosofi(tous), ("filosofi", 2016): filosofi(tous[:2])}, {"99001": "999900001"}
    )
    releve = relever(sans_liste_de_reference(petite), "99001", 2013, 2016, ["taux_pauvrete_60"])
    assert [e.code for e in releve.mailles["taux_pauvrete_60"]] == tous[:2]
    assert all(e.nature == "identique" for e in releve.mailles["taux_pauvrete_60"])
    assert any("990010103" in p and "laissé de côté" in p for p in releve.geographie)


def test_un_iris_sans_chiffre_laisse_son_groupe_sans_chiffre(atelier: Callable[..., Any]) -> None:
    def activite(lignes: dict[str, tuple[float, float]]) -> pd.DataFrame:
        return pd.DataFrame(
            [
                {"code": c, "P_CHOM1564": h, "P_ACT1564": b, "P_POP1564": 12_000.0}
                for c, (h, b) in lignes.items()
            ]
        )

    petite = atelier(
        {
            ("rp_activite", 2010): activite({"990010101": (100.0, 1000.0), "990010102": (90.0, 900.0)}),
            ("rp_activite", 2015): activite(
                {"990010101": (120.0, 1000.0), "990010103": (50.0, 500.0), "990010104": (math.nan, 400.0)}
            ),
        },
        {"99001": "999900001"},
    )
    releve = relever(sans_liste_de_reference(petite), "99001", 2010, 2015, ["taux_chomage_rp"])
    par_code = {e.code: e for e in releve.mailles["taux_chomage_rp"]}
    assert par_code["990010103+1"].verdict == Verdict.NON_COMPARABLE
    assert "unités réunies" in par_code["990010103+1"].raison
    assert par_code["990010101"].ecart == pytest.approx(2.0)
    assert releve.totaux["taux_chomage_rp"][0].verdict == Verdict.NON_COMPARABLE
