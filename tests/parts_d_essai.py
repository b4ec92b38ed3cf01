"""Poser dans une base une table d'essai avec le reçu sans lequel elle ne serait pas lue."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from donnees_insee.base.recus import LotRecu, Recu

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    import pyarrow as pa

    from donnees_insee.base.base import Base


def poser(
    base: Base, table: pa.Table | pd.DataFrame, source: str, millesime: int | None, niveau: str, nom: str
) -> Path:
    sha = hashlib.sha256(f"{source} {millesime} {niveau} {nom}".encode()).hexdigest()
    chemin = base.chemin_de_part(source, millesime, niveau, sha[:14])
    base.ranger(table, chemin)
    lot = LotRecu(source, millesime, niveau, len(table), table.shape[1] - 1, nom)
    base.ranger_recu(Recu(sha, f"{nom}.csv", "", 0, "2024-01-01T00:00:00Z", (lot,)))
    return chemin
