"""Dire ce qu'est un fichier connu qui n'est d'aucune source, et quoi déposer à sa place."""

import json
import tomllib
from collections.abc import Iterable
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Final

TABLE: Final = resources.files("donnees_insee.catalogue") / "reference" / "fichiers_de_tiers.toml"
# Les listes connues font moins d'un mégaoctet ; au-delà, un JSON est une couche ou n'est pas pour nous.
JSON_LU: Final = 32 * 1024**2


@lru_cache(maxsize=1)
def _connus() -> tuple[tuple[frozenset[str], str, str], ...]:
    lus = tomllib.loads(TABLE.read_text(encoding="utf-8"))["fichiers"]
    return tuple((frozenset(f["colonnes"]), f["ce_que_c_est"], f["que_faire"]) for f in lus)


def refus_d_un_tiers(noms: Iterable[str], fichier: str) -> str | None:
    """Dire ce qu'est un fichier d'après ses colonnes, s'il est de ceux qu'on rencontre."""
    hauts = {n.strip().upper() for n in noms}
    for colonnes, ce_que_c_est, que_faire in _connus():
        if colonnes <= hauts:
            return f"« {fichier} » est {ce_que_c_est}. {que_faire}"
    return None


def refus_d_un_json(chemin: Path) -> str | None:
    """Dire ce qu'est une liste JSON d'après les clés de son premier élément."""
    if chemin.suffix.lower() != ".json" or chemin.stat().st_size > JSON_LU:
        return None
    try:
        lu = json.loads(chemin.read_bytes().decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    premier = lu[0] if isinstance(lu, list) and lu else None
    return refus_d_un_tiers(premier, chemin.name) if isinstance(premier, dict) else None
