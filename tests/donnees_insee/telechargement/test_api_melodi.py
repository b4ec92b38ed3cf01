"""L'API de Melodi pour un territoire : quota, pages, coupures, réponses vides, et le CSV qui en sort."""

from __future__ import annotations

import csv
import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from donnees_insee.base.base import Base
from donnees_insee.depot.depot import Depot, deposer
from donnees_insee.erreurs import ParametreInvalide
from donnees_insee.telechargement import territoire_melodi
from donnees_insee.telechargement.api_melodi import Cadence, JeuInconnu, observations, territoire_de_l_api
from donnees_insee.telechargement.reception import Reglages
from donnees_insee.telechargement.reseau import TelechargementImpossible
from donnees_insee.telechargement.territoire_melodi import ecrire_csv, telecharger_un_territoire
from tests.donnees_insee.serveur_fautif import Page

if TYPE_CHECKING:
    from tests.donnees_insee.serveur_fautif import Serveur

JEU = "DS_POPULATIONS_REFERENCE"
CHEMIN = f"/melodi/data/{JEU}?GEO=COM-44109&idTerritoire=TRUE&maxResult=100000"
JSON = {"Content-Type": "application/json"}


class Horloge:
    """Une horloge qui n'avance que lorsqu'on dort."""

    def __init__(self) -> None:
        self.instant = 0.0
        self.attentes: list[float] = []

    def dormir(self, duree: float) -> None:
        self.attentes.append(duree)
        self.instant += duree

    def cadence(self) -> Cadence:
        return Cadence(maintenant=lambda: self.instant, dormir=self.dormir)


class Guichet:
    """L'API d'essai : ce qu'on lui pose, ce qu'on lui demande."""

    def __init__(self, serveur: Serveur) -> None:
        self.serveur, self.horloge = serveur, Horloge()
        self.api = f"https://{serveur.hote}/melodi"
        self.reglages = Reglages(
            frozenset({serveur.hote}),
            tentatives=3,
            lecture=2.0,
            connexion=2.0,
            hasard=lambda bas, haut: (bas + haut) / 2,
        )

    def poser(self, *pages: Page, chemin: str = CHEMIN) -> None:
        self.serveur.poser(chemin, *pages)

    def demander(self, territoire: str = "COM-44109", jeu: str = JEU) -> list[dict[str, Any]]:
        return observations(jeu, territoire, self.reglages, self.horloge.cadence(), api=self.api)


@pytest.fixture
def guichet(serveur: Serveur, en_ligne: Path) -> Guichet:
    return Guichet(serveur)


def observation(
    valeur: Any, geo: str = "2025-COM-44109", mesure: str = "OBS_VALUE_NIVEAU", **autres: str
) -> dict[str, Any]:
    dimensions = {"GEO": geo, "FREQ": "A", "TIME_PERIOD": "2023", "POPREF_MEASURE": "PMUN"} | autres
    return {"dimensions": dimensions, "measures": {mesure: {} if valeur is None else {"value": valeur}}}


def page(*lues: dict[str, Any], **paging: Any) -> Page:
    return Page(
        json.dumps({"identifier": JEU, "observations": lues, "paging": paging}).encode(), entetes=JSON
    )


# -- demander ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("donne", "attendu"),
    [
        ("44109", "COM-44109"),
        ("2A004", "COM-2A004"),
        ("13201", "ARM-13201"),
        ("69123", "COM-69123"),
        ("244400404", "EPCI-244400404"),
        ("69", "DEP-69"),
        ("reg-84", "REG-84"),
        ("2025-COM-44109", "COM-44109"),
        ("FRANCE-FM", "FRANCE-FM"),
    ],
)
def test_un_code_s_ecrit_comme_l_api_l_attend(donne: str, attendu: str) -> None:
    assert territoire_de_l_api(donne) == attendu


@pytest.mark.parametrize("donne", ["EPCI-244400404*COM", "Nantes", "COM-4410", "QN06301M", "441090101", ""])
def test_un_seul_territoire_connu_de_l_api_est_admis(donne: str) -> None:
    with pytest.raises(ParametreInvalide, match="seul code"):
        territoire_de_l_api(donne)


def test_les_pages_sont_suivies_jusqu_a_la_derniere(guichet: Guichet) -> None:
    suite = f"{guichet.api}/data/{JEU}?page=2"
    guichet.poser(page(observation(1.0), next=suite, isLast=False))
    guichet.poser(page(observation(2.0), next=suite, isLast=True), chemin=f"/melodi/data/{JEU}?page=2")
    assert [o["measures"]["OBS_VALUE_NIVEAU"]["value"] for o in guichet.demander()] == ["1.0", "2.0"]


def test_des_pages_qui_tournent_en_rond_sont_refusees(guichet: Guichet) -> None:
    guichet.poser(page(observation(1.0), next=f"https://{guichet.serveur.hote}{CHEMIN}", isLast=False))
    with pytest.raises(TelechargementImpossible, match="sans fin"):
        guichet.demander()


def test_une_suite_hors_des_hotes_admis_n_est_pas_suivie(guichet: Guichet) -> None:
    guichet.poser(page(observation(1.0), next="https://ailleurs.example/x", isLast=False))
    with pytest.raises(TelechargementImpossible, match="pas au catalogue"):
        guichet.demander()


def test_le_quota_depasse_fait_attendre_trente_secondes(guichet: Guichet) -> None:
    guichet.poser(Page(b"", 429), page(observation(1.0)))
    assert len(guichet.demander()) == 1
    assert guichet.horloge.attentes == [30.0]


def test_trente_requetes_par_minute_au_plus() -> None:
    horloge = Horloge()
    cadence = horloge.cadence()
    for _ in range(31):
        cadence.attendre_son_tour()
    assert horloge.attentes == [60.0]
    cadence.attendre_son_tour()
    assert horloge.attentes == [60.0]


@pytest.mark.parametrize(
    "fautive",
    [
        Page(b"oups", 503),
        Page(b"oups", 500, {"Content-Type": "text/html"}),
        Page(b'{"observ' * 40, couper_apres=20),
    ],
    ids=["panne", "erreur", "coupure"],
)
def test_une_panne_passagere_est_reessayee(guichet: Guichet, fautive: Page) -> None:
    guichet.poser(fautive, page(observation(1.0)))
    assert len(guichet.demander()) == 1
    assert guichet.horloge.attentes == [1.0]


def test_une_panne_qui_dure_se_dit(guichet: Guichet) -> None:
    guichet.poser(Page(b"oups", 503))
    with pytest.raises(TelechargementImpossible, match="3 essais ; le dernier : le serveur a répondu 503"):
        guichet.demander()


def test_un_jeu_inconnu_est_dit_sans_insister(guichet: Guichet) -> None:
    texte = "Le serveur a rencontré une erreur inattendue.".encode()
    guichet.poser(Page(texte, 500, {"Content-Type": "text/plain;charset=UTF-8"}))
    with pytest.raises(JeuInconnu, match="ne connaît pas"):
        guichet.demander()
    assert len(guichet.serveur.demandes) == 1


def test_une_reponse_qui_n_est_pas_celle_de_l_api_est_refusee(guichet: Guichet) -> None:
    guichet.poser(Page(b"<html>maintenance</html>"))
    with pytest.raises(TelechargementImpossible, match="autre chose que des observations"):
        guichet.demander()


def test_un_compte_annonce_qui_n_est_pas_recu_est_refuse(guichet: Guichet) -> None:
    guichet.poser(page(observation(1.0), count=2))
    with pytest.raises(TelechargementImpossible, match="annonce 2 observations et 1"):
        guichet.demander()


# -- écrire ------------------------------------------------------------------------------------


def lire(chemin: Path) -> list[dict[str, str]]:
    with chemin.open(encoding="utf-8", newline="") as flux:
        return list(csv.DictReader(flux, delimiter=";"))


def test_le_csv_a_la_disposition_de_melodi_et_une_valeur_absente_reste_vide(tmp_path: Path) -> None:
    lues = [
        observation("327734.0"),
        observation(None, POPREF_MEASURE="PCAP") | {"attributes": {"OBS_STATUS": "K"}},
        observation("7", mesure="OBS_VALUE_INDICE", POPREF_MEASURE="PTOT"),
    ]
    ecrire_csv(lues, tmp_path / "a.csv")
    entete = (tmp_path / "a.csv").read_text(encoding="utf-8").splitlines()[0]
    assert entete == '"GEO";"GEO_OBJECT";"FREQ";"POPREF_MEASURE";"OBS_STATUS";"TIME_PERIOD";"OBS_VALUE"'
    assert [
        (r["GEO"], r["GEO_OBJECT"], r["OBS_STATUS"], r["OBS_VALUE"]) for r in lire(tmp_path / "a.csv")
    ] == [
        ("2025-COM-44109", "COM", "", "327734.0"),
        ("2025-COM-44109", "COM", "K", ""),
        ("2025-COM-44109", "COM", "", "7"),
    ]


def test_un_territoire_sans_annee_de_geographie_est_refuse(tmp_path: Path) -> None:
    with pytest.raises(TelechargementImpossible, match="2025-COM-44109"):
        ecrire_csv([observation("1", geo="44109")], tmp_path / "a.csv")


# -- déposer -----------------------------------------------------------------------------------


def test_chaque_jeu_dit_ce_qu_il_est_devenu(guichet: Guichet, tmp_path: Path) -> None:
    base = Base(tmp_path / "base")
    vide, sans = "DS_BPE", "DS_FILOSOFI_CC"
    adresse = "/melodi/data/{}?GEO=COM-44109&idTerritoire=TRUE&maxResult=100000"
    guichet.poser(page(count=0), chemin=adresse.format(vide))
    guichet.poser(Page('{"erreur": "Aucun territoire trouvé"}'.encode()), chemin=adresse.format(sans))
    guichet.poser(Page(b"x", 500, {"Content-Type": "text/plain"}))
    resultats = telecharger_un_territoire(
        base, [vide, sans, JEU], "44109", guichet.reglages, cadence=guichet.horloge.cadence(), api=guichet.api
    )
    assert [(r.jeu, r.etat) for r in resultats] == [(vide, "vide"), (sans, "vide"), (JEU, "echec")]
    assert "aucune observation pour COM-44109" in resultats[0].phrase
    assert not base.recus()
    assert not list((tmp_path / "base").rglob("*.csv"))


def test_le_csv_est_depose_par_le_chemin_ordinaire(
    guichet: Guichet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recus: list[tuple[str, list[dict[str, str]]]] = []

    def noter(_: Base, chemins: list[Path]) -> list[Depot]:
        recus.extend((c.name, lire(c)) for c in chemins)
        return [Depot(chemins[0].name, "refuse", raison="pas encore lu.")]

    monkeypatch.setattr(territoire_melodi, "deposer", noter)
    guichet.poser(page(observation(1.0)))
    base = Base(tmp_path / "base")
    (resultat,) = telecharger_un_territoire(
        base, [JEU], "44109", guichet.reglages, cadence=guichet.horloge.cadence(), api=guichet.api
    )
    ((nom, lignes),) = recus
    assert nom == f"{JEU}_COM-44109_api.csv"
    assert [r["OBS_VALUE"] for r in lignes] == ["1.0"]
    assert resultat.etat == "echec"
    assert "leur dépôt est refusé. pas encore lu." in resultat.phrase


def test_la_commande_dit_chaque_jeu_et_sort_en_erreur_si_rien_n_est_depose(
    guichet: Guichet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from carnets.commande import telechargement

    guichet.poser(page(count=0))
    monkeypatch.setenv("ABS_DONNEES", str(tmp_path / "base"))
    monkeypatch.setattr("donnees_insee.telechargement.reseau.hotes_permis", lambda: guichet.reglages.hotes)
    prendre = partial(telecharger_un_territoire, cadence=guichet.horloge.cadence(), api=guichet.api)
    monkeypatch.setattr(territoire_melodi, "telecharger_un_territoire", prendre)
    with pytest.raises(TelechargementImpossible, match="n'a rien donné à déposer pour 44109"):
        telechargement.sources_telecharger([JEU.lower()], territoire="44109")
    assert f"vide     {JEU} : l'API n'a aucune observation pour COM-44109" in capsys.readouterr().out


# -- les réponses enregistrées -----------------------------------------------------------------


def rejouer(guichet: Guichet, donnees_nouvelles: Path) -> None:
    """Poser sur le serveur d'essai chaque réponse enregistrée, à son adresse."""
    for fichier in sorted((donnees_nouvelles / "melodi_api").glob("get_*.json")):
        lu = json.loads(fichier.read_text(encoding="utf-8"))
        parties = urlsplit(lu["url"])
        corps = lu.get("corps_texte") if lu["corps"] is None else json.dumps(lu["corps"])
        chemin = parties.path + (f"?{parties.query}" if parties.query else "")
        guichet.poser(
            Page(str(corps).encode(), lu["statut"], {"Content-Type": lu["content_type"]}), chemin=chemin
        )


@pytest.mark.reel
def test_les_reponses_enregistrees_se_rejouent(
    guichet: Guichet, donnees_nouvelles: Path, tmp_path: Path
) -> None:
    rejouer(guichet, donnees_nouvelles)
    ecrire_csv(guichet.demander("DEP-69"), tmp_path / "rhone.csv")
    assert {
        (r["POPREF_MEASURE"], r["GEO"], r["GEO_OBJECT"], r["OBS_VALUE"]) for r in lire(tmp_path / "rhone.csv")
    } == {
        ("PMUN", "2025-DEP-69", "DEP", "1914667.0"),
        ("PCAP", "2025-DEP-69", "DEP", "25348.0"),
        ("PTOT", "2025-DEP-69", "DEP", "1940015.0"),
    }
    base = Base(tmp_path / "base")
    (depot,) = deposer(base, [tmp_path / "rhone.csv"])
    (lot,) = depot.lots
    assert (lot.source, lot.niveau, lot.geographie) == ("populations_legales", "departement", 2025)
    lue = base.lire("populations_legales", lot.millesime, "departement").loc["69"]
    assert lue[["POPREF_MUN", "POPREF_A_PART", "POPREF_TOT"]].tolist() == [1914667, 25348, 1940015]


@pytest.mark.reel
def test_une_reponse_enregistree_vide_et_un_jeu_inconnu(guichet: Guichet, donnees_nouvelles: Path) -> None:
    dossier = donnees_nouvelles / "melodi_api"
    for nom, chemin in (
        ("get_data_popref_empty_1", CHEMIN),
        ("get_data_not_exist_1", CHEMIN.replace(JEU, "DS_NEXISTEPAS")),
    ):
        lu = json.loads((dossier / f"{nom}.json").read_text(encoding="utf-8"))
        corps = lu.get("corps_texte") or json.dumps(lu["corps"])
        guichet.poser(Page(corps.encode(), lu["statut"], {"Content-Type": lu["content_type"]}), chemin=chemin)
    assert guichet.demander() == []
    with pytest.raises(JeuInconnu):
        guichet.demander(jeu="DS_NEXISTEPAS")
