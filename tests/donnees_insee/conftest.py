"""Petits fichiers d'essai, dans les formats des producteurs, et de quoi les déposer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from donnees_insee.base.base import Base
from donnees_insee.depot.depot import Depot, deposer
from donnees_insee.erreurs import ErreurAbs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RECENSEMENT = (
    "IRIS;COM;TYP_IRIS;LAB_IRIS;P16_POP;P16_POP0002;P16_POP65P\n"
    "010040101;01004;H;1;1200.5;40.25;200\n"
    "2A0040101;2A004;H;1;900;30;150.75\n"
    "974110101;97411;A;5;10;0;1\n"
)


class Bureau:
    """Un dossier où l'analyste pose des fichiers, et la base où ils vont."""

    def __init__(self, dossier: Path) -> None:
        self.recus = dossier / "reçus"
        self.recus.mkdir()
        self.base = Base(dossier / "base")

    def poser(self, nom: str, contenu: str | bytes) -> Path:
        chemin = self.recus / nom
        chemin.write_bytes(contenu if isinstance(contenu, bytes) else contenu.encode())
        return chemin

    def deposer(self, nom: str, contenu: str | bytes, millesime: int | None = None) -> Depot:
        (depot,) = deposer(self.base, [self.poser(nom, contenu)], millesime=millesime)
        return depot

    def refus(self, nom: str, contenu: str | bytes, millesime: int | None = None) -> str:
        """Déposer un mauvais fichier : refusé avec une phrase, et la base inchangée."""
        avant = self.photo()
        depot = self.deposer(nom, contenu, millesime)
        assert depot.etat == "refuse", depot
        assert self.photo() == avant
        verifier_la_phrase(depot.raison)
        return depot.raison

    def photo(self) -> dict[str, bytes]:
        """Tous les fichiers de la base et leurs octets, le verrou à part."""
        racine = self.base.dossier
        tous = (f for f in racine.rglob("*") if f.is_file() and not f.name.startswith(".verrou"))
        return {str(f.relative_to(racine)): f.read_bytes() for f in tous}


def verifier_la_phrase(raison: str) -> None:
    assert len(raison) > 30, raison
    assert raison.rstrip().endswith((".", ")")), raison
    for intrus in ("Traceback", "imprévue", "<class", "Invalid Input Error", "None"):
        assert intrus not in raison, raison


@pytest.fixture
def bureau(tmp_path: Path) -> Bureau:
    return Bureau(tmp_path)


@pytest.fixture
def recensement() -> str:
    return RECENSEMENT


@pytest.fixture
def erreur_claire() -> Callable[[Callable[[], object]], str]:
    """Exécuter un geste qui doit échouer par une ErreurAbs bien écrite."""

    def executer(geste: Callable[[], object]) -> str:
        with pytest.raises(ErreurAbs) as prise:
            geste()
        verifier_la_phrase(str(prise.value))
        return str(prise.value)

    return executer


@pytest.fixture
def nouveau_bureau(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Bureau]:
    """Donner des bureaux neufs, pour comparer des dépôts."""
    return lambda: Bureau(tmp_path_factory.mktemp("bureau"))
