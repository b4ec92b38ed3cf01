"""Banc : lire une commune de cinquante IRIS dans les cinq bases, contre une lecture filtrée nue.

Notre bras ouvre chaque fois une ``Base`` neuve (rien en mémoire), liste ses parts, et rend cinq tables pandas
indexées par code. Le rival lit les mêmes parts, dont il connaît déjà les chemins, avec ``pyarrow.parquet.read_table``
et un filtre sur le code, sans rien faire d'autre.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import duckdb
import pandas as pd
import pyarrow.parquet as pq
from france import ANNEE, COMMUNE, SOURCES
from outils import Ligne, alterner, comparer, en_mots

from donnees_insee.base.base import Base
from donnees_insee.demo.fabrique.formats_bruts import lire_toml

GEO_2022 = lire_toml("recensement.toml")["geographie"]["2022"].split()

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

BUT: Final = 1.5
BUT_CSV: Final = 20.0
NOUS: Final = "abs : Base.lire des cinq sources"
FILTRE: Final = [("code", ">=", COMMUNE), ("code", "<", COMMUNE + "\uffff")]


def par_abs(dossier: Path) -> list[int]:
    base = Base(dossier)
    return [len(base.lire(s, ANNEE, "iris", prefixes=[COMMUNE])) for s in SOURCES.values()]


def par_pyarrow(parts: Sequence[Path], *, pandas: bool = False) -> list[int]:
    tables = [pq.read_table(part, filters=FILTRE) for part in parts]
    return [len(t.to_pandas()) if pandas else t.num_rows for t in tables]


def csv_par_pandas(fichiers: Sequence[Path]) -> list[int]:
    lues = [pd.read_csv(f, sep=";", engine="pyarrow", dtype=dict.fromkeys(GEO_2022, "str")) for f in fichiers]
    return [int(t["IRIS"].str.startswith(COMMUNE).sum()) for t in lues]


def csv_par_duckdb(fichiers: Sequence[Path]) -> list[int]:
    with duckdb.connect() as connexion:
        return [
            connexion.sql(
                f"select * from read_csv('{f}', delim=';', header=true, all_varchar=true) "
                f"where starts_with(IRIS, '{COMMUNE}')"
            )
            .to_arrow_table()
            .num_rows
            for f in fichiers
        ]


def temps(dossier: Path, fichiers: Sequence[Path], repetitions: int) -> list[Ligne]:
    """Mesurer la lecture d'une commune."""
    base = Base(dossier)
    parts = [p.chemin for s in SOURCES.values() for p in base.parts() if p.source == s]
    attendu = par_abs(dossier)
    assert par_pyarrow(parts) == attendu == csv_par_pandas(fichiers) == csv_par_duckdb(fichiers)
    nus = {
        "pyarrow.read_table filtrée": partial(par_pyarrow, parts),
        "pyarrow.read_table filtrée, puis pandas": partial(par_pyarrow, parts, pandas=True),
    }
    entiers = {
        "le CSV, pandas (moteur pyarrow)": partial(csv_par_pandas, fichiers),
        "le CSV, DuckDB (filtré)": partial(csv_par_duckdb, fichiers),
    }
    nous = {NOUS: partial(par_abs, dossier)}
    lignes = comparer(alterner({**nus, **nous}, repetitions), NOUS, list(nus), BUT)
    mesures = alterner({**entiers, **nous}, repetitions)
    plus_vite = min((mesures[n] for n in entiers), key=lambda m: m.mediane)
    gain = plus_vite.mediane / mesures[NOUS].mediane
    lignes += [Ligne(mesures[n].bras, en_mots(mesures[n].mediane), mesures[n].etendue) for n in entiers]
    lignes.append(
        Ligne(
            f"abs contre {plus_vite.bras}",
            en_mots(mesures[NOUS].mediane),
            mesures[NOUS].etendue,
            f"{gain:.0f} fois plus vite",
            f"≥ {BUT_CSV:g} fois",
            gain >= BUT_CSV,
        )
    )
    return lignes
