"""Le même recensement tenu de deux éditions, de deux géographies, de deux parutions : une révision, dite, jamais refusée."""

from __future__ import annotations

from pathlib import Path

import pytest

from donnees_insee.base.base import Base
from donnees_insee.depot.depot import Depot, deposer, retirer

ENTETE = "GEO;GEO_OBJECT;SEX;AGE;RP_MEASURE;OBS_STATUS;TIME_PERIOD;OBS_VALUE\n"


def fichier(dossier: Path, edition: int, valeurs: dict[int, float], *, codes: tuple[str, ...] = ("01001",),
            prefixe: str = "", nom: str = "") -> Path:  # fmt: skip
    dossier.mkdir(exist_ok=True)
    chemin = dossier / (nom or f"DS_RP_POPULATION_PRINC_{edition}_data.csv")
    chemin.write_text(
        ENTETE
        + "".join(f"{prefixe}{c};COM;_T;_T;POP;A;{a};{v}\n" for c in codes for a, v in valeurs.items()),
        encoding="utf-8",
    )
    return chemin


def deposer_un(base: Base, chemin: Path, **options: str) -> Depot:
    (depot,) = deposer(base, [chemin], **options)  # type: ignore[arg-type]
    return depot


def population(base: Base, annee: int) -> float:
    return float(base.lire("rp_melodi", annee, "commune").at["01001", "P_POP"])


@pytest.mark.parametrize("ordre", [(2022, 2023), (2023, 2022)])
def test_la_plus_recente_des_editions_est_lue_quel_que_soit_l_ordre(
    tmp_path: Path, ordre: tuple[int, int]
) -> None:
    base = Base(tmp_path / "base")
    valeurs = {2022: {2012: 100.0, 2016: 105.0, 2022: 110.0}, 2023: {2012: 98.0, 2017: 104.0, 2023: 111.0}}
    depots = [deposer_un(base, fichier(tmp_path / "recus", e, valeurs[e])) for e in ordre]
    assert [d.etat for d in depots] == ["range", "range"]
    dites = [r for lot in depots[1].lots for r in lot.remarques if "révision" in r]
    assert len(dites) == 1
    assert f"2012 est tenu aussi de l'édition {ordre[0]}" in dites[0]
    assert ("reste la seule lue" in dites[0]) == (ordre[0] == 2023)
    assert base.millesimes("rp_melodi") == [2012, 2016, 2017, 2022, 2023]
    assert population(base, 2012) == 98
    assert base.edition("rp_melodi", 2012) == (2023, 0)
    assert base.edition("rp_melodi", 2016) == (2022, 0)


def test_regardee_jusqu_a_une_annee_la_base_ne_prefere_pas_une_edition_plus_recente(tmp_path: Path) -> None:
    base = Base(tmp_path / "base")
    for edition, valeur in ((2022, 100.0), (2023, 98.0)):
        deposer_un(base, fichier(tmp_path / "recus", edition, {2012: valeur, edition: 110.0}))
    assert population(base.jusqu_a(2022), 2012) == 100
    assert population(base.jusqu_a(2023), 2012) == 98
    # À défaut d'une édition plus ancienne, la seule tenue vaut.
    assert population(base.jusqu_a(2012), 2023) == 110


def test_la_meme_edition_en_deux_geographies_est_une_revision(tmp_path: Path) -> None:
    base = Base(tmp_path / "base")
    ancien = fichier(tmp_path / "a", 2023, {2023: 100.0}, codes=("01001", "01002"), prefixe="2025-COM-")
    deposer_un(base, ancien)
    depot = deposer_un(base, fichier(tmp_path / "b", 2023, {2023: 130.0}, prefixe="2026-COM-"))
    assert depot.etat == "range"
    (dite,) = (r for r in depot.lots[0].remarques if "révision" in r)
    assert "en géographie 2025" in dite
    assert "avec 1 lignes de moins" in dite
    assert (population(base, 2023), base.geographie("rp_melodi", 2023, "commune")) == (130, 2026)
    # Une table ne mêle pas deux géographies : la commune qu'une fusion a fait disparaître n'y revient pas.
    assert list(base.lire("rp_melodi", 2023, "commune").index) == ["01001"]
    recent = next(p for p in base.parts() if p.geographie == 2026)
    retirer(base, recent.chemin.name[:12])
    assert population(base, 2023) == 100


@pytest.mark.parametrize("national_d_abord", [True, False])
def test_un_extrait_plus_recent_ne_cache_pas_la_table_entiere(tmp_path: Path, national_d_abord: bool) -> None:
    base = Base(tmp_path / "base")
    codes = tuple(f"01{n:03}" for n in range(1, 9))
    entier = fichier(tmp_path / "a", 2023, {2012: 100.0, 2023: 110.0}, codes=codes)
    extrait = fichier(tmp_path / "b", 2024, {2012: 99.0, 2024: 111.0})
    deux = (entier, extrait) if national_d_abord else (extrait, entier)
    depots = [deposer_un(base, chemin) for chemin in deux]
    assert base.edition("rp_melodi", 2012) == (2023, 0)
    assert len(base.lire("rp_melodi", 2012, "commune")) == len(codes)
    # Sa propre date n'est tenue que de lui.
    assert population(base, 2024) == 111
    (dite,) = (r for lot in depots[1].lots for r in lot.remarques if "révision" in r)
    assert "bien plus complète" in dite
    assert ("qui reste la seule lue : ce fichier n'en a que 1" in dite) == national_d_abord


def test_plus_de_trois_dates_ne_font_pas_un_fichier_du_recensement(tmp_path: Path) -> None:
    base = Base(tmp_path / "base")
    depot = deposer_un(base, fichier(tmp_path, 2023, {1968: 1.0, 2017: 2.0, 2023: 3.0, 2025: 4.0}))
    assert depot.etat == "refuse"
    assert "porte 4 dates (1968, 2017, 2023, 2025)" in depot.raison
    assert not base.parts()


def test_un_fichier_paru_de_nouveau_remplace_l_ancien_du_meme_jeu_seulement(tmp_path: Path) -> None:
    base = Base(tmp_path / "base")
    deposer_un(base, fichier(tmp_path / "a", 2023, {2023: 100.0}), paru_le="2026-06-30")
    diplomes = tmp_path / "DS_RP_DIPLOMES_PRINC_2023_data.csv"
    diplomes.write_text(
        ENTETE.replace("AGE;", "AGE;EDUC;") + "01001;COM;_T;Y_GE15;_T;POP;A;2023;80\n", encoding="utf-8"
    )
    deposer_un(base, diplomes, paru_le="2026-06-30")
    depot = deposer_un(base, fichier(tmp_path / "b", 2023, {2023: 101.0}), paru_le="2026-08-06")
    assert depot.etat == "range"
    assert any("fichier paru le 2026-06-30" in r for r in depot.lots[0].remarques)
    lue = base.lire("rp_melodi", 2023, "commune").loc["01001"]
    assert (lue["P_POP"], lue["P_NSCOL15P"]) == (101, 80)


def test_deux_fichiers_d_une_meme_publication_qui_se_contredisent_sont_refuses(tmp_path: Path) -> None:
    base = Base(tmp_path / "base")
    deposer_un(base, fichier(tmp_path / "a", 2023, {2023: 100.0}))
    depot = deposer_un(base, fichier(tmp_path / "b", 2023, {2023: 900.0}))
    assert depot.etat == "refuse"
    assert "contredit un fichier déjà déposé" in depot.raison
    assert population(base, 2023) == 100


def test_une_edition_a_venir_n_est_que_des_lignes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Le recensement de 2024, les naissances de 2026 : aucun code, une ligne d'enquêtes dans le dossier de l'analyste."""
    from abs.indicateurs.annees_comparables import enquetes_disjointes
    from donnees_insee.catalogue.catalogue import relire

    base = Base(tmp_path / "base")
    deposer_un(base, fichier(tmp_path / "a", 2024, {2013: 90.0, 2018: 95.0, 2024: 100.0}))
    naissances = tmp_path / "DS_ETAT_CIVIL_NAIS_COMMUNES_2026_data.csv"
    naissances.write_text(
        "GEO;GEO_OBJECT;EC_MEASURE;FREQ;OBS_STATUS;TIME_PERIOD;OBS_VALUE\n01001;COM;LVB;A;A;2026;7\n",
        encoding="utf-8",
    )
    deposer_un(base, naissances)
    assert base.millesimes("rp_melodi") == [2013, 2018, 2024]
    assert base.lire("etat_civil", 2026, "commune").at["01001", "NAISSANCES"] == 7
    assert not enquetes_disjointes(2013, 2024)
    table = tmp_path / "catalogue" / "reference"
    table.mkdir(parents=True)
    (table / "enquetes_annuelles.csv").write_text(
        "millesime;enquetes;fondement\n2024;2022 2023 2024 2025 2026;essai\n", encoding="utf-8"
    )
    monkeypatch.setenv("ABS_CATALOGUE", str(tmp_path / "catalogue"))
    relire()
    try:
        assert enquetes_disjointes(2013, 2024)
        assert enquetes_disjointes(2018, 2024)
    finally:
        monkeypatch.delenv("ABS_CATALOGUE")
        relire()
