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
    """Une mise en forme déclarée dans ``reference/formes.toml``.

    Attributes
    ----------
    nom : str
        Nom français, pour les messages.
    colonnes : frozenset of str
        Colonnes qui la font reconnaître, en capitales sans accents.
    genre : str
        ``pivot``, ``renommer``, ``par_annee`` ou ``prefixes``.
    reglages : dict
        Le reste de la déclaration.
    """

    nom: str
    colonnes: frozenset[str]
    genre: str
    reglages: dict[str, Any] = field(default_factory=dict)


@lru_cache(maxsize=1)
def formes() -> tuple[Forme, ...]:
    """Lire les mises en forme déclarées.

    Returns
    -------
    tuple of Forme
        Dans l'ordre du fichier : la première qui convient l'emporte.
    """
    fichier = resources.files("donnees_insee.catalogue") / "reference" / "formes.toml"
    lues = tomllib.loads(fichier.read_text(encoding="utf-8"))["formes"]
    return tuple(
        Forme(f.pop("nom"), frozenset(f.pop("colonnes")), f.pop("genre"), f) for f in map(dict, lues)
    )


def en_capitales(nom: str) -> str:
    """Ramener un nom de colonne ou une modalité à des capitales sans accents ni espaces de bord.

    Parameters
    ----------
    nom : str
        Nom publié.

    Returns
    -------
    str
        Nom comparable ; l'apostrophe typographique devient droite.
    """
    nu = unicodedata.normalize("NFKD", nom.replace("’", "'").strip().upper())
    return " ".join("".join(c for c in nu if not unicodedata.combining(c)).split())


def colonnes_libellees() -> frozenset[str]:
    """Donner les noms en toutes lettres qui, dans un classeur, font une ligne d'en-tête.

    Returns
    -------
    frozenset of str
        En capitales sans accents.
    """
    return frozenset(c for forme in formes() for c in forme.colonnes if " " in c)
