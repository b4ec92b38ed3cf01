"""Les définitions des indicateurs, un fichier TOML par thème, et les tables que les autres dossiers lisent."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any


@cache
def table(nom: str) -> dict[str, Any]:
    """Lire une table de ce dossier."""
    return tomllib.loads((resources.files("abs.definitions") / nom).read_text(encoding="utf-8"))


def dire(groupe: str, cle: str, **mots: object) -> str:
    """Écrire une phrase des études, d'après son gabarit."""
    return str(table("_etudes.toml")[groupe][cle]).format(**mots)
