"""Le dossier des fichiers récents, déposé dans une base neuve : chaque fichier a le verdict que la table annonçait.

``verdicts_donnees_nouvelles.csv`` : un fichier à une ligne par lot, ou une seule s'il est refusé ou
laissé. « option » est l'année d'un second dépôt avec --millesime.
"""

from __future__ import annotations

import csv
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from donnees_insee.base.base import Base
from donnees_insee.depot.depot import Depot, deposer, fichiers_a_deposer

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.reel

TABLE = Path(__file__).parents[1] / "donnees_insee/verdicts_donnees_nouvelles.csv"
ETATS = {"range": "range", "refuse": "refuse", "laisse": "documentation"}
# Une raison qui vaudrait pour n'importe quel fichier n'en dit rien.
GENERIQUES = (
    "n'est reconnu pour aucune source",
    "n'est pas une couche géographique",
    "ne s'ouvre pas comme une couche",
)


def _lignes() -> list[list[dict[str, str]]]:
    with TABLE.open(encoding="utf-8", newline="") as flux:
        lues = list(csv.DictReader(flux, delimiter=";"))
    return [list(siennes) for _, siennes in groupby(lues, lambda li: (li["fichier"], li["option"]))]


def _essais() -> list[object]:
    return [
        pytest.param(
            siennes,
            id=siennes[0]["fichier"] + (f" --millesime {o}" if (o := siennes[0]["option"]) else ""),
        )
        for siennes in _lignes()
    ]


@pytest.fixture(scope="module")
def verdict(donnees_nouvelles, tmp_path_factory) -> Callable[[str, str], Depot | None]:
    """Déposer le dossier entier, fichier par fichier, puis ce qui se redépose avec une année."""
    base = Base(tmp_path_factory.mktemp("base_nouvelle"))
    rendus: dict[tuple[str, str], Depot] = {}

    def rendre(fichier: Path, option: str = "") -> None:
        relatif = fichier.relative_to(donnees_nouvelles).as_posix()
        for depot in deposer(base, [fichier], millesime=int(option) if option else None):
            membre = depot.nom.removeprefix(fichier.name)
            rendus[relatif + membre.replace("\\", "/"), option] = depot

    for fichier in fichiers_a_deposer([donnees_nouvelles]):
        rendre(fichier)
    for siennes in _lignes():
        if siennes[0]["option"]:
            rendre(donnees_nouvelles / siennes[0]["fichier"], siennes[0]["option"])
    return lambda fichier, option: rendus.get((fichier, option))


def test_tous_les_fichiers_du_dossier_ont_leur_ligne(donnees_nouvelles):
    annonces = {siennes[0]["fichier"].partition(" → ")[0] for siennes in _lignes()}
    assert annonces == {
        f.relative_to(donnees_nouvelles).as_posix() for f in fichiers_a_deposer([donnees_nouvelles])
    }


@pytest.mark.parametrize("attendus", _essais())
def test_verdict(attendus, verdict):
    premier = attendus[0]
    depot = verdict(premier["fichier"], premier["option"])
    assert depot is not None
    assert depot.etat == ETATS[premier["verdict"]], depot.raison
    assert premier["raison"] in depot.raison
    assert not [g for g in GENERIQUES if g in depot.raison], depot.raison
    rendus = {
        (lot.source, str(lot.millesime or ""), lot.niveau, str(lot.lignes))
        for lot in depot.lots
        if depot.etat == "range"
    }
    annonces = {
        (li["source"], li["millesime"], li["niveau"], li["lignes"]) for li in attendus if li["source"]
    }
    assert rendus == annonces
