"""Le contrat du diagnostic : ses colonnes, ses statuts, ses bornes, et l'absence qui reste une absence."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from abs.calcul.calcul import ABSENT, AUTRE_GENERATION, raison_d_absence
from abs.calcul.diagnostic import diagnostiquer
from abs.calcul.table_longue import COLONNES, Diagnostic
from abs.indicateurs.indicateurs import indicateur, indicateurs, tous_les_indicateurs
from abs.statuts import SANS_VALEUR, Fiabilite, Statut
from abs.territoires.demande import Demande
from abs.territoires.territoires import Territoire
from donnees_insee.base.base import Base
from donnees_insee.catalogue.catalogue import source, sources
from donnees_insee.erreurs import DonneeAbsente, TerritoireInconnu
from tests.parts_d_essai import poser

if TYPE_CHECKING:
    from pathlib import Path

CONTRAT = [
    "territoire", "niveau", "geographie", "indicateur", "definition", "millesime", "periode", "annee_donnees", "valeur",
    "numerateur", "denominateur", "marge", "borne_basse", "borne_haute", "couverture", "statut", "fiabilite",
    "note", "source",
]  # fmt: skip
CLE = ["territoire", "niveau", "geographie", "indicateur", "definition", "millesime", "source"]
SUJETS = ["99001", "99002", "99005", "99015", "999900001", "99", "QP099003", "990010404"]


@pytest.fixture(
    scope="module", params=[(s, m) for s in SUJETS for m in (None, 2016)], ids=lambda p: f"{p[0]}-{p[1]}"
)
def diagnostic(request: pytest.FixtureRequest, base_demo: Base) -> Diagnostic:
    return diagnostiquer(base_demo, Demande(*request.param))


@pytest.fixture(scope="module")
def table(diagnostic: Diagnostic) -> pd.DataFrame:
    """Les chiffres des fichiers publiés ; ceux des sources locales ont leurs essais (test_locales.py)."""
    entiere = diagnostic.table()
    return entiere[~entiere["source"].str.endswith("source locale")].reset_index(drop=True)


def test_les_colonnes_sont_celles_du_contrat_dans_l_ordre(table: pd.DataFrame) -> None:
    assert list(table.columns) == CONTRAT == list(COLONNES)
    assert len(table) > 50


def test_les_types_sont_ceux_du_contrat(table: pd.DataFrame) -> None:
    assert table["millesime"].dtype == "Int64"
    for colonne in (
        "valeur",
        "numerateur",
        "denominateur",
        "marge",
        "borne_basse",
        "borne_haute",
        "couverture",
    ):
        assert table[colonne].dtype == np.float64
    for colonne in (
        "territoire",
        "niveau",
        "geographie",
        "definition",
        "periode",
        "statut",
        "note",
        "source",
    ):
        assert table[colonne].dtype == "str"
        assert table[colonne].notna().all()


def test_statuts_fiabilites_indicateurs_et_sources_sont_connus(table: pd.DataFrame) -> None:
    assert set(table["statut"]) <= {
        "publie", "calcule", "estime", "partiel", "secret", "indisponible", "sans_objet",
    }  # fmt: skip
    assert set(table["fiabilite"]) <= {"bonne", "moyenne", "fragile", "non_evaluee"}
    assert set(table["indicateur"]) <= set(tous_les_indicateurs())
    assert set(table["source"]) <= set(sources())
    assert {str(s) for s in Statut} == set(Statut)
    assert {str(f) for f in Fiabilite} == set(Fiabilite)


def test_une_ligne_est_unique(table: pd.DataFrame) -> None:
    assert not table.duplicated(CLE).any()


def test_une_valeur_est_la_si_et_seulement_si_le_statut_l_admet(table: pd.DataFrame) -> None:
    admise = ~table["statut"].isin({str(s) for s in SANS_VALEUR})
    assert (table["valeur"].notna() == admise).all()


def test_un_chiffre_absent_n_a_ni_compte_ni_marge_ni_fiabilite_et_dit_pourquoi(table: pd.DataFrame) -> None:
    absents = table[table["valeur"].isna()]
    for colonne in ("numerateur", "denominateur", "marge", "borne_basse", "borne_haute"):
        assert absents[colonne].isna().all()
    assert (absents["fiabilite"] == "non_evaluee").all()
    assert (absents["note"].str.len() > 5).all()


def test_un_pourcentage_est_entre_zero_et_cent(table: pd.DataFrame) -> None:
    pourcentages = [c for c, i in indicateurs().items() if i.unite == "%"]
    ici = table[table["indicateur"].isin(pourcentages)]
    for colonne in ("valeur", "borne_basse", "borne_haute"):
        assert ici[colonne].dropna().between(0, 100).all()


def test_la_valeur_est_le_rapport_de_ses_comptes(table: pd.DataFrame) -> None:
    avec = table[table["numerateur"].notna() & table["denominateur"].notna()]
    facteur = np.array([indicateur(c).facteur for c in avec["indicateur"]])
    assert (avec["valeur"] == facteur * avec["numerateur"] / avec["denominateur"]).all()
    assert (avec["denominateur"] > 0).all()


def test_numerateur_et_denominateur_vont_ensemble(table: pd.DataFrame) -> None:
    assert (table["numerateur"].notna() == table["denominateur"].notna()).all()


def test_les_bornes_encadrent_la_valeur_et_suivent_la_marge(table: pd.DataFrame) -> None:
    avec = table[table["marge"].notna()]
    assert (avec["marge"] >= 0).all()
    assert (avec["borne_basse"] <= avec["valeur"]).all()
    assert (avec["valeur"] <= avec["borne_haute"]).all()
    assert np.allclose(avec["borne_basse"], np.maximum(avec["valeur"] - avec["marge"], 0))
    assert np.allclose(avec["borne_haute"], np.minimum(avec["valeur"] + avec["marge"], 100))
    sans = table[table["marge"].isna()]
    assert sans[["borne_basse", "borne_haute"]].isna().all(axis=None)


def test_la_marge_ecrite_est_celle_de_la_formule(table: pd.DataFrame) -> None:
    recensement = [s for s, fiche in sources().items() if fiche.famille == "recensement"]
    avec = table[table["marge"].notna() & table["source"].isin(recensement)]
    for ligne in avec.itertuples():
        effet = indicateur(ligne.indicateur).effet_de_sondage
        p = ligne.numerateur / ligne.denominateur
        attendues = [
            196 * math.sqrt(effet * (1 - f) * p * (1 - p) / (f * ligne.denominateur)) for f in (0.40, 0.25)
        ]
        assert min(abs(ligne.marge - a) for a in attendues) < 1e-9


def test_la_couverture_dit_ce_que_dit_le_statut(table: pd.DataFrame) -> None:
    assert table["couverture"].dropna().between(0, 1).all()
    assert table.loc[table["statut"] == "partiel", "couverture"].between(0.95, 1).all()
    assert (table.loc[table["statut"].isin({"publie", "calcule"}), "couverture"] == 1).all()
    assert table.loc[table["statut"] == "partiel", "note"].str.contains(r"calculé sur \d+ \w+ sur \d+").all()


def test_une_mediane_un_quantile_ou_un_indice_filosofi_est_publie_ou_absent(table: pd.DataFrame) -> None:
    filosofi = table[table["source"].isin({"filosofi", "filosofi_declare", "qpv_filosofi", "qpv_revenus"})]
    filosofi = filosofi[filosofi["indicateur"].map(lambda c: indicateur(c).nature == "mediane")]
    assert len(filosofi)
    assert set(filosofi["statut"]) <= {"publie", "secret", "indisponible", "sans_objet"}
    medianes = [c for c, i in indicateurs().items() if i.nature == "mediane"]
    groupes = table[table["indicateur"].isin(medianes) & table["niveau"].isin({"quartier", "perimetre"})]
    assert groupes["valeur"].isna().all()


def test_un_total_n_est_jamais_partiel(table: pd.DataFrame) -> None:
    totaux = [c for c, i in indicateurs().items() if i.nature == "effectif"]
    assert "partiel" not in set(table.loc[table["indicateur"].isin(totaux), "statut"])


def test_caf_sur_recensement_est_toujours_estime_et_dit_sa_seconde_date(table: pd.DataFrame) -> None:
    mixtes = [c for c, i in indicateurs().items() if any(le.source_denominateur for le in i.lectures)]
    ici = table[table["indicateur"].isin(mixtes) & table["valeur"].notna()]
    assert set(ici["statut"]) <= {"estime"}
    assert ici["note"].str.contains("dénominateur : (?:recensement|population municipale)").all()


def test_chaque_chiffre_porte_sa_date_et_sa_geographie(table: pd.DataFrame) -> None:
    avec = table[table["valeur"].notna()]
    assert (avec["periode"].str.len() > 3).all()
    for ligne in avec.itertuples():
        attendue = source(ligne.source).geographie_de(int(ligne.millesime), str(ligne.niveau))
        assert ligne.geographie == ("" if attendue is None else str(attendue))


def test_la_definition_nomme_la_serie_quand_il_y_en_a_plusieurs(table: pd.DataFrame) -> None:
    for ligne in table[table["valeur"].notna()].itertuples():
        admises = {
            le.definition
            for le in indicateur(ligne.indicateur).lectures
            if le.source.id == ligne.source and le.vaut_pour(int(ligne.millesime))
        }
        assert ligne.definition in admises


def dates_lues(diagnostic: Diagnostic, code: str) -> set[int | None]:
    ensembles = diagnostic.ensembles
    chiffres = [diagnostic.chiffre(t, code) for t in (ensembles.sujet, *ensembles.references)]
    return {c.annee_donnees for c in chiffres if c is not None and c.a_une_valeur}


def test_une_ligne_une_date_le_sujet_et_ses_references_ont_des_donnees_de_la_meme_annee(
    diagnostic: Diagnostic,
) -> None:
    assert not {code: d for code in indicateurs() if len(d := dates_lues(diagnostic, code)) > 1}


def test_un_qpv_de_date_inconnue_n_a_aucune_reference(diagnostic: Diagnostic) -> None:
    ensembles = diagnostic.ensembles
    for code in indicateurs():
        lus = [
            c
            for t in ensembles.qpv
            if (c := diagnostic.chiffre(t, code, "qpv")) is not None and c.a_une_valeur
        ]
        a_cote = [diagnostic.chiffre(t, code, "qpv_sujet") for t in (ensembles.sujet, *ensembles.references)]
        if any(c.annee_donnees is None for c in lus):
            assert not [c for c in a_cote if c is not None and c.niveau != "qpv" and c.a_une_valeur]


def test_les_mailles_sont_toutes_lues_au_meme_millesime(diagnostic: Diagnostic) -> None:
    for groupe, territoires in (
        ("mailles", diagnostic.ensembles.mailles),
        ("quartiers", diagnostic.ensembles.quartiers),
        ("qpv", diagnostic.ensembles.qpv),
    ):
        for code in indicateurs():
            chiffres = [diagnostic.chiffre(t, code, groupe) for t in territoires]
            dates = {c.millesime for c in chiffres if c is not None and c.a_une_valeur}
            assert len(dates) <= 1


def test_aucune_donnee_n_est_posterieure_au_millesime_demande_hors_qpv(
    diagnostic: Diagnostic, table: pd.DataFrame
) -> None:
    if diagnostic.demande.millesime is None:
        assert table["millesime"].max() <= 2024
        return
    # À côté d'un QPV dont aucune édition n'est aussi ancienne, les autres se lisent à l'année de ses données.
    lus = {c for c in diagnostic.millesimes if c[0] != "qpv_sujet"}
    dates = [diagnostic.millesimes[c] for c in lus if c[0] != "qpv" and diagnostic.millesimes[c] is not None]
    assert max(dates, default=0) <= diagnostic.demande.millesime


def test_le_diagnostic_est_reproductible(base_demo: Base, table_demo: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(diagnostiquer(base_demo, Demande("99001")).table(), table_demo)


def test_le_nom_donne_le_meme_diagnostic_que_le_code(base_demo: Base, table_demo: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(diagnostiquer(base_demo, Demande("arzance la ville")).table(), table_demo)


def test_les_ensembles_de_la_demonstration_sont_ceux_annonces(diagnostic_demo: Diagnostic) -> None:
    ensembles = diagnostic_demo.ensembles
    assert len(ensembles.mailles) == 22
    assert len(ensembles.qpv) == 4
    assert len(ensembles.quartiers) == 5
    assert ensembles.tous()[0] is ensembles.sujet


def test_chaque_indicateur_est_dit_pour_le_sujet_present_ou_absent(
    diagnostic_demo: Diagnostic, table_demo: pd.DataFrame
) -> None:
    du_sujet = set(table_demo.loc[table_demo["territoire"] == "99001", "indicateur"])
    hors_qpv = {
        c
        for c, i in tous_les_indicateurs().items()
        if i.lu_pour_la_commune or any(le.source.niveaux != ("qpv",) for le in i.lectures)
    }
    assert du_sujet - set(diagnostic_demo.locales.indicateurs) == hors_qpv
    assert diagnostic_demo.ensembles.sujet.code == "99001"


def test_l_iris_d_activite_est_sans_objet_pour_filosofi_et_garde_ses_comptes_du_recensement(
    table_demo: pd.DataFrame,
) -> None:
    ici = table_demo[table_demo["territoire"] == "990010404"].set_index("indicateur")
    assert ici.loc["niveau_vie_median", "statut"] in {"sans_objet", "indisponible"}
    assert ici.loc["population", "valeur"] == pytest.approx(10, abs=1)


def test_un_petit_compte_secret_de_la_caf_est_secret_pas_zero(table_demo: pd.DataFrame) -> None:
    caches = table_demo[
        (table_demo["source"] == "caf")
        & (table_demo["niveau"] == "iris")
        & (table_demo["statut"] == "secret")
    ]
    assert {"990010404", "990010601"} <= set(caches["territoire"])
    assert caches["valeur"].isna().all()
    ville = table_demo[(table_demo["territoire"] == "99001") & (table_demo["indicateur"] == "allocataires")]
    assert list(ville["statut"]) == ["indisponible"]


def test_la_reference_france_reste_indisponible_quand_la_base_ne_tient_qu_un_departement(
    table_demo: pd.DataFrame,
) -> None:
    france = table_demo[table_demo["niveau"] == "france"]
    assert set(france["statut"]) == {"indisponible"}


def test_un_millesime_impose_a_une_famille_ne_change_que_cette_famille(
    base_demo: Base, table_demo: pd.DataFrame
) -> None:
    imposee = diagnostiquer(base_demo, Demande("99001", millesimes={"caf": 2016})).table()
    caf = imposee[(imposee["source"] == "caf") & imposee["valeur"].notna()]
    assert set(caf["millesime"]) == {2016}
    autres = [
        t[t["source"].isin({"rp_population", "rp_menages", "filosofi"})].reset_index(drop=True)
        for t in (imposee, table_demo)
    ]
    pd.testing.assert_frame_equal(*autres)


@pytest.mark.parametrize("texte", ["", "99999", "Atlantide", "<b>"])
def test_un_territoire_absent_est_refuse(base_demo: Base, texte: str) -> None:
    with pytest.raises(TerritoireInconnu):
        diagnostiquer(base_demo, Demande(texte))


def test_une_demande_impossible_est_refusee_avant_tout_calcul(base_demo: Base) -> None:
    with pytest.raises(DonneeAbsente):
        diagnostiquer(base_demo, Demande("territoire qui n'existe pas", 1990))


def test_le_suivi_dit_chaque_indicateur_une_fois(base_demo: Base) -> None:
    suivis: list[str] = []
    diagnostiquer(base_demo, Demande("99015"), suivis.append)
    assert suivis == [i.libelle for i in tous_les_indicateurs().values()]


def base_de_medianes(dossier: Path, lues: dict[tuple[int, str], dict[str, float]]) -> Base:
    """Une commune, son EPCI, et des médianes Filosofi selon (millésime, niveau)."""
    base = Base(dossier)
    commune = pd.DataFrame(
        {
            "code": ["99001"],
            "LIBGEO": "Ville",
            "EPCI": "999900001",
            "LIBEPCI": "Ensemble",
            "DEP": "99",
            "REG": "98",
        }
    )
    poser(base, commune, "appartenance", 2024, "commune", "x-0")
    for (annee, niveau), medianes in lues.items():
        table = pd.DataFrame({"code": list(medianes), "DISP_MED": list(medianes.values())})
        poser(base, table, "filosofi", annee, niveau, "x-0")
    return base


def test_la_comparaison_se_fait_a_la_date_la_plus_recente_commune_au_sujet_et_a_une_reference(
    tmp_path: Path,
) -> None:
    base = base_de_medianes(
        tmp_path,
        {
            (2021, "commune"): {"99001": 21_000.0},
            (2018, "commune"): {"99001": 18_000.0},
            (2018, "epci"): {"999900001": 18_500.0},
            (2016, "commune"): {"99001": 16_000.0},
            (2016, "epci"): {"999900001": 16_500.0},
        },
    )
    diagnostic = diagnostiquer(base, Demande("99001"))
    sujet, epci = diagnostic.ensembles.sujet, diagnostic.ensembles.references[0]
    lus = [diagnostic.chiffre(t, "niveau_vie_median") for t in (sujet, epci)]
    assert [(c.millesime, c.valeur) for c in lus if c is not None] == [(2018, 18_000.0), (2018, 18_500.0)]


def test_faute_de_date_commune_le_sujet_est_lu_a_sa_date_et_la_reference_reste_absente(
    tmp_path: Path,
) -> None:
    base = base_de_medianes(
        tmp_path, {(2021, "commune"): {"99001": 21_000.0}, (2018, "epci"): {"999900001": 18_500.0}}
    )
    diagnostic = diagnostiquer(base, Demande("99001"))
    sujet, epci = diagnostic.ensembles.sujet, diagnostic.ensembles.references[0]
    du_sujet, de_l_epci = (diagnostic.chiffre(t, "niveau_vie_median") for t in (sujet, epci))
    assert du_sujet is not None
    assert (du_sujet.millesime, du_sujet.valeur) == (2021, 21_000.0)
    assert de_l_epci is None or not de_l_epci.a_une_valeur


@pytest.mark.parametrize(
    ("niveau", "code", "tenus", "attendu"),
    [
        # L'extrait d'un autre département ne garde aucune ligne d'ici : ce n'est pas une affaire de quartiers.
        ("commune", "34172", [], ABSENT),
        ("commune", "34172", ["34001"], ABSENT),
        ("qpv", "QN03404M", [], ABSENT),
        ("qpv", "QN03404M", ["QN03405M"], ABSENT),
        ("qpv", "QN03404M", ["QP034001"], AUTRE_GENERATION),
    ],
)
def test_seul_un_quartier_prioritaire_est_d_une_autre_generation(niveau, code, tenus, attendu):
    assert raison_d_absence(Territoire(code, niveau, code), tenus) == attendu
