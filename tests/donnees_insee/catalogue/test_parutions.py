"""Ce qui a paru et ce qu'il faut attendre : la table livrée, une ligne de l'analyste, les phrases."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from donnees_insee.catalogue import catalogue, tables
from donnees_insee.catalogue.catalogue import source, sources
from donnees_insee.catalogue.parutions import Parution, parutions, suite
from donnees_insee.erreurs import TableNonConforme

EN_NOVEMBRE_2026 = date(2026, 11, 30)
ENTETE = "source;delai;derniere;parue_le;precision;certitude;preuve\n"


def test_chaque_ligne_nomme_une_source_et_une_preuve():
    for lue in parutions().values():
        assert lue.source in sources()
        assert lue.certitude in tables.CERTITUDES
        assert lue.preuve
        assert lue.derniere >= max((m.annee for m in source(lue.source).millesimes), default=0)


def test_la_date_connue_suit_le_delai_dit():
    """Une ligne dont la parution n'a pas suivi le délai annoncé ferait attendre le mauvais mois."""
    for lue in parutions().values():
        annee, mois = map(int, lue.parue_le.split("-")[:2])
        assert (annee - lue.derniere - 1) * 12 + mois == lue.delai, lue


def test_le_recensement_2024_est_attendu_en_juin_2027():
    assert suite(source("rp_population"), 2022, EN_NOVEMBRE_2026) == [
        "2023 est paru le 30 juin 2026 (communes et au-dessus), à déposer",
        "2024 attendu en juin 2027",
    ]
    assert suite(source("rp_population"), 2023, EN_NOVEMBRE_2026) == ["2024 attendu en juin 2027"]


def test_un_millesime_qui_n_existe_pas_est_dit_et_jamais_attendu():
    absent, autre_methode = suite(source("filosofi"), 2021, EN_NOVEMBRE_2026)
    assert absent.startswith("Filosofi 2022 n'existe pas")
    assert "autre méthode" in autre_methode
    sautee = replace(source("filosofi_2"), absences={2024: "2024 n'existe pas"})
    assert suite(sautee, 2023, EN_NOVEMBRE_2026) == ["2024 n'existe pas", "2025 attendu en mai 2028"]


def test_un_mois_passe_n_est_plus_attendu():
    attendue = Parution("x", 7, 2024, "2025-07", "", "V1", "p").attendue
    assert attendue(2025, date(2026, 7, 31)) == "2025 attendu en juillet 2026"
    assert attendue(2025, date(2026, 8, 1)) == "2025 attendu en juillet 2026, sans doute paru : à chercher"
    assert attendue(2025, date(2026, 1, 1)) == "2025 attendu en juillet 2026"


def test_un_mois_de_decembre():
    attendue = Parution("x", 24, 2023, "2025-12", "", "V1", "p").attendue
    assert attendue(2024, EN_NOVEMBRE_2026) == "2024 attendu en décembre 2026"


@pytest.fixture
def dossier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "reference").mkdir()
    monkeypatch.setenv("ABS_CATALOGUE", str(tmp_path))
    catalogue.relire()
    yield tmp_path / "reference"
    monkeypatch.undo()
    catalogue.relire()


def test_une_ligne_de_l_analyste_suffit_l_an_prochain(dossier: Path):
    (dossier / "parutions.csv").write_text(
        ENTETE + "rp_population;30;2024;2027-06-29;;V1;page d'insee.fr\n", encoding="utf-8"
    )
    catalogue.relire()
    assert suite(source("rp_population"), 2023, date(2027, 7, 1)) == [
        "2024 est paru le 29 juin 2027, à déposer",
        "2025 attendu en juin 2028",
    ]


def test_un_jeu_de_melodi_renomme_n_est_qu_une_ligne(dossier: Path):
    from donnees_insee.telechargement.catalogue_melodi import jeu_nomme

    (dossier.parent / "melodi").mkdir()
    (dossier.parent / "melodi" / "jeux.csv").write_text(
        "jeu;source;mesure;dimensions;seules;colonnes_renommees;autres_noms;contenu\n"
        "DS_BPE_COMMUNES;equipements_comptes;BPE_MEASURE;FACILITY_TYPE;;;DS_BPE;dénombrement des équipements\n",
        encoding="utf-8",
    )
    catalogue.relire()
    assert jeu_nomme("DS_BPE").nom == "DS_BPE_COMMUNES"


def test_une_ligne_fautive_se_dit(dossier: Path):
    (dossier / "parutions.csv").write_text(ENTETE + "filosofi;un an;2021;2024;;V1;p\n", encoding="utf-8")
    catalogue.relire()
    with pytest.raises(TableNonConforme, match=r"ligne de « filosofi ».*sept colonnes"):
        parutions()
