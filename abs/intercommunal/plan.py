"""Le plan de la comparaison intercommunale : quels indicateurs, dans quel ordre, avec quels réglages."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any, Final

from abs.indicateurs.indicateurs import THEMES, indicateurs
from donnees_insee.erreurs import ParametreInvalide, liste_de_fautes

FICHIER: Final = "_intercommunal.toml"


@cache
def plan() -> dict[str, Any]:
    """Lire le plan livré avec le projet."""
    return lire((resources.files("abs.definitions") / FICHIER).read_text(encoding="utf-8"))


def lire(texte: str) -> dict[str, Any]:
    """Lire un plan et vérifier que chaque indicateur nommé existe."""
    brut = tomllib.loads(texte)
    nommes = {
        "tableaux": [c for theme in THEMES for c in brut["tableaux"].get(theme, [])],
        "cartes": [
            *brut["cartes"]["liste"],
            *(c for f in brut["cartes"]["familles"] for c in f["indicateurs"]),
        ],
        "fiche": brut["fiche"]["indicateurs"],
        "pairs": [c for liste in brut["pairs"]["resultats"].values() for c in liste],
        "centre": [ligne["indicateur"] for ligne in brut["centre"]["comptes"]],
    }
    fautes = [
        f"[{partie}] nomme « {code} », qui n'est pas un indicateur défini ; `abs indicateurs` en donne la liste"
        for partie, codes in nommes.items()
        for code in codes
        if code not in indicateurs()
    ]
    if fautes:
        raise ParametreInvalide(
            liste_de_fautes("Le plan de la comparaison intercommunale est fautif :", fautes)
        )
    return brut
