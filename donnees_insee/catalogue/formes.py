"""Les formes déclarées : à quels noms de colonnes reconnaître un fichier à remettre en forme."""

from __future__ import annotations

import tomllib
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from typing import Any


@dataclass(frozen=True)
class Forme:
    """Une mise en forme déclarée dans ``reference/formes.toml``."""

    nom: str
    colonnes: frozenset[str]
    genre: str
    reglages: dict[str, Any] = field(default_factory=dict)


@lru_cache(maxsize=1)
def formes() -> tuple[Forme, ...]:
    """Lire les mises en forme déclarées."""
    fichier = resources.files("donnees_insee.catalogue") / "reference" / "formes.toml"
    lues = tomllib.loads(fichier.read_text(encoding="utf-8"))["formes"]
    return tuple(
        Forme(f.pop("nom"), frozenset(f.pop("colonnes")), f.pop("genre"), f) for f in map(dict, lues)
    )


def en_capitales(nom: str) -> str:
    """Ramener un nom de colonne ou une modalité à des capitales sans accents ni espaces de bord."""
    nu = unicodedata.normalize("NFKD", nom.replace("’", "'").strip().upper())
    return " ".join("".join(c for c in nu if not unicodedata.combining(c)).split())


def colonnes_libellees() -> frozenset[str]:
    """Donner les noms en toutes lettres qui, dans un classeur, font une ligne d'en-tête."""
    return frozenset(c for forme in formes() for c in forme.colonnes if " " in c)
