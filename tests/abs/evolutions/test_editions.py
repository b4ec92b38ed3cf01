"""Les recensements de Melodi dans le temps : ce qui se compare dans une édition, et deux éditions jamais mêlées."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from abs.calcul import lecture
from abs.calcul.calcul import Calculateur
from abs.calcul.dans_le_temps import suivre
from abs.calcul.diagnostic import Diagnostiqueur
from abs.evolutions.releve import Releveur, relever
from abs.indicateurs.annees_comparables import juger, lectures_de
from abs.indicateurs.indicateurs import indicateur
from abs.territoires.demande import Demande
from donnees_insee.base.base import Base
from donnees_insee.catalogue.catalogue import source
from donnees_insee.demo import extraire_demo
from donnees_insee.depot.depot import deposer
from donnees_insee.erreurs import ParametreInvalide

ENTETE = "GEO;GEO_OBJECT;SEX;AGE;RP_MEASURE;OBS_STATUS;TIME_PERIOD;OBS_VALUE\n"


def population(dossier: Path, edition: int, valeurs: dict[int, tuple[float, float]]) -> Path:
    chemin = dossier / f"DS_RP_POPULATION_PRINC_{edition}_data.csv"
    lignes = (
        f"99004;COM;_T;{age};POP;A;{annee};{v}\n"
        for annee, (tous, vieux) in valeurs.items()
        for age, v in (("_T", tous), ("Y_GE65", vieux))
    )
    chemin.write_text(ENTETE + "".join(lignes), encoding="utf-8")
    return chemin


@pytest.fixture
def base(tmp_path: Path) -> Base:
    """Lormeaux-le-Haut, son intercommunalité, et rien d'autre."""
    tenue = Base(tmp_path / "base")
    recus = extraire_demo(tmp_path / "demo")
    assert [d.etat for d in deposer(tenue, [recus / "EPCI_2024.csv"])] == ["range"]
    return tenue


def deposer_editions(base: Base, dossier: Path, *editions: int) -> None:
    annees = {2022: (2011, 2016, 2022), 2023: (2012, 2017, 2023)}
    for edition in editions:
        valeurs = {a: (1000.0 + a - 2000, 200.0 + a - 2000) for a in annees[edition]}
        assert [d.etat for d in deposer(base, [population(dossier, edition, valeurs)])] == ["range"]


@pytest.mark.parametrize(
    ("de", "a", "admis"),
    [(2012, 2017, True), (2017, 2023, True), (2012, 2023, True), (2011, 2016, True), (2016, 2022, True),
     (2018, 2023, False), (2016, 2017, False), (2017, 2022, False)],
)  # fmt: skip
def test_seules_les_enquetes_disjointes_se_comparent(de: int, a: int, admis: bool) -> None:
    definition = indicateur("part_65_ans_plus")
    lues = lectures_de(definition, "rp_melodi", de, a)
    assert lues is not None
    avis = juger(definition, *lues, de, a)
    assert avis.comparable == admis
    if (de, a) == (2018, 2023):
        assert "partagent 1 enquête (2020)" in avis.refus[0]


@pytest.mark.parametrize(
    "code", ["part_familles_monoparentales", "part_couples_avec_enfants", "part_menages_monoparentaux"]
)
def test_familles_et_menages_ne_se_comparent_pas_de_2017_a_2023(code: str) -> None:
    definition = indicateur(code)
    lues = lectures_de(definition, "rp_melodi", 2017, 2023)
    assert lues is not None
    assert "feuille de logement" in " ".join(juger(definition, *lues, 2017, 2023).refus)


def test_une_evolution_refuse_de_meler_deux_editions(base: Base, tmp_path: Path) -> None:
    deposer_editions(base, tmp_path, 2022, 2023)
    with pytest.raises(ParametreInvalide) as refus:
        relever(base, "99004", 2016, 2023, ["part_65_ans_plus"])
    dit = str(refus.value)
    assert "de l'édition 2022" in dit
    assert "de l'édition 2023" in dit
    assert "2017 → 2023" in dit
    (evolution,) = relever(base, "99004", 2017, 2023, ["part_65_ans_plus"]).totaux["part_65_ans_plus"]
    assert evolution.ecart == pytest.approx(100 * (223 / 1023 - 217 / 1017))


def calculateur(base: Base, millesime: int | None = None) -> Calculateur:
    return Diagnostiqueur(base, Demande("99004", millesime)).calculateur


def test_une_courbe_ne_mele_pas_deux_editions_et_dit_les_dates_tues(base: Base, tmp_path: Path) -> None:
    deposer_editions(base, tmp_path, 2022, 2023)
    sujet = Diagnostiqueur(base, Demande("99004")).sujet
    suite = suivre(calculateur(base), indicateur("part_65_ans_plus"), source("rp_melodi"), sujet)
    assert suite is not None
    assert suite.annees == (2012, 2017, 2023)
    assert suite.autres_editions == (2011, 2016, 2022)
    assert not suite.ruptures
    ancienne = suivre(
        calculateur(base, 2022), indicateur("part_65_ans_plus"), source("rp_melodi"), sujet, jusqu_a=2022
    )
    assert ancienne is not None
    assert ancienne.annees == (2011, 2016, 2022)


def test_une_commune_absente_d_un_fichier_national_a_zero_equipement_d_un_extrait_inconnu(
    base: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fichier = tmp_path / "DS_BPE_2024_data.csv"
    fichier.write_text(
        "GEO;GEO_OBJECT;FACILITY_DOM;FACILITY_SDOM;FACILITY_TYPE;BPE_MEASURE;TIME_PERIOD;OBS_VALUE\n"
        "99001;COM;D;D2;D265;FACILITIES;2024;40\n99002;COM;D;D2;D265;FACILITIES;2024;3\n",
        encoding="utf-8",
    )
    assert [d.etat for d in deposer(base, [fichier])] == ["range"]
    definition = indicateur("generalistes_10000")
    lectures = [li for li in definition.lectures if li.source.id == "bpe_communes"]

    def numerateurs() -> list[float]:
        calcul = calculateur(base)
        lus = calcul.lecteur.comptes(lectures[0], 2024, "commune")
        return [float(lus.prendre(lus.numerateur, [c])[0]) for c in ("99001", "99004")]

    assert numerateurs() == pytest.approx([40, float("nan")], nan_ok=True)
    monkeypatch.setattr(lecture, "COMMUNES_D_UN_FICHIER_NATIONAL", 2)
    assert numerateurs() == [40, 0]


def test_ni_un_arrondissement_ni_une_commune_nee_depuis_ne_valent_zero(
    base: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Un fichier national de 2019 donne Paris d'une ligne, et ne pouvait pas avoir une commune de 2024."""
    tenues = {"75056": 900.0, "01001": 4.0}
    monkeypatch.setattr(lecture, "COMMUNES_D_UN_FICHIER_NATIONAL", 2)
    monkeypatch.setattr(base, "codes", lambda *_: pa.chunked_array([list(tenues)]))
    monkeypatch.setattr(base, "geographie", lambda *_: 2019)
    lecteur = lecture.Lecteur(base, None, ["01001", "01002", "01003", "75056", "75101"])
    lue = pd.DataFrame(
        {"NB_D265": tenues.values(), "NB_D265__statut": pd.array([None, None], "string")}, index=[*tenues]
    )
    monkeypatch.setattr(lecteur, "_communes_d_alors", lambda *_: {"01001", "01002", "75056", "75101"})
    entiere = lecteur._avec_les_absentes(lue, "bpe_communes", 2019)
    assert entiere["NB_D265"].to_dict() == {"01001": 4, "01002": 0, "75056": 900}
    assert entiere["NB_D265__statut"].isna().all()


def test_le_releve_lit_la_meme_geographie_aux_deux_dates(base: Base, tmp_path: Path) -> None:
    """D'une même édition, une commune ne change pas : aucune histoire des communes n'est demandée."""
    deposer_editions(base, tmp_path, 2023)
    releve = Releveur(base, "99004", 2012, 2023).relever(["population"])
    (evolution,) = releve.totaux["population"]
    assert (evolution.avant.valeur, evolution.apres.valeur) == (1012, 1023)
