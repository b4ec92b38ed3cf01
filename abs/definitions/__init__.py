"""Les définitions des indicateurs, un fichier TOML par thème, et les tables de mots et de règles qui les suivent."""

import tomllib
from functools import cache
from importlib import resources
from typing import Any


def texte(nom: str) -> str:
    """Lire le texte d'un fichier de définitions."""
    return (resources.files(__name__) / f"{nom}.toml").read_text(encoding="utf-8")


@cache
def table(nom: str) -> dict[str, Any]:
    """Lire un fichier de définitions, une fois."""
    return tomllib.loads(texte(nom))


def dire(groupe: str, cle: str, **mots: object) -> str:
    """Écrire une phrase des études, d'après son gabarit."""
    return str(table("_etudes")[groupe][cle]).format(**mots)
