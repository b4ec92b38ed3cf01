"""Les exemples des docstrings disent ce que le code fait."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

RACINE = Path(__file__).parents[2]
PAQUETS = ("donnees_insee", "abs", "cartes", "carnets")
MODULES = sorted(
    ".".join(fichier.relative_to(RACINE).with_suffix("").parts)
    for paquet in PAQUETS
    for fichier in (RACINE / paquet).rglob("*.py")
    if ">>> " in fichier.read_text(encoding="utf-8")
)


def test_des_exemples_existent():
    assert "donnees_insee.depot.vraisemblance" in MODULES


@pytest.mark.parametrize("nom", MODULES)
def test_les_exemples_sont_vrais(nom):
    bilan = doctest.testmod(importlib.import_module(nom))
    assert bilan.attempted
    assert bilan.failed == 0
