"""Ce qu'une partie des carnets dit sans le calculer : sa table de textes, et ses modèles de pages."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment


@lru_cache
def textes(partie: str) -> dict[str, Any]:
    """Lire une fois la table des textes d'un paquet."""
    return tomllib.loads((resources.files(partie) / "textes.toml").read_text(encoding="utf-8"))


@lru_cache
def environnement(partie: str) -> Environment:
    """Préparer les modèles d'un paquet : tout texte y est échappé, et un nom inconnu y est une erreur."""
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 - import réservé au rendu

    return Environment(
        loader=PackageLoader(partie, "modeles"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
