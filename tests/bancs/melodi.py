"""Banc : déposer un fichier national de Melodi de dix millions de lignes, contre une conversion nue par DuckDB.

Le fichier est à la disposition exacte de DS_RP_EMPLOI_LR_PRINC, l'un des deux plus longs : trois recensements, tous les
niveaux, guillemets compris. Notre bras est ``deposer`` entier, base neuve : empreinte, reconnaissance, tour en tables
larges, contrat des codes, relations entre variables, parts, copie de l'original, reçu. Le rival ne fait que lire le
CSV en texte et l'écrire en Parquet, dans la même mémoire.
"""

from __future__ import annotations

import shutil
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import duckdb
import pyarrow.parquet as pq
from outils import Ligne, alterner, comparer
from preparation import memoire, par_abs

from donnees_insee.base.base import Base
from donnees_insee.base.base import _lire_et_reunir as lire_et_reunir

if TYPE_CHECKING:
    from collections.abc import Sequence

NOM: Final = "DS_RP_EMPLOI_LR_PRINC_2023_data.csv"
BUT: Final = 2.0
BUT_LECTURE: Final = 1.5
NOUS: Final = "abs : deposer"
LIRE: Final = "abs : Base.lire d'une commune, trois recensements"
COMMUNE: Final = "20000"
# Par territoire et par recensement : trois sexes, neuf positions d'activité, quatre tranches d'âge.
LIGNES_PAR_TERRITOIRE: Final = 3 * 9 * 4 * 3


def fabriquer(dossier: Path, lignes: int) -> Path:
    """Écrire le fichier ; les effectifs s'emboîtent, pour que les relations du catalogue tiennent."""
    chemin = dossier / NOM
    communes = max(10, lignes // LIGNES_PAR_TERRITOIRE - 2 * lignes // 100_000)
    with duckdb.connect() as connexion:
        connexion.execute(f"""
            copy (
                select code as "GEO", niveau as "GEO_OBJECT", sexe as "SEX", statut as "EMPSTA_ENQ", age as "AGE",
                       '_T' as "EDUC", 'POP' as "RP_MEASURE", 'A' as "FREQ", 'A' as "OBS_STATUS",
                       annee as "TIME_PERIOD", round(poids * part * s * a, 5) as "OBS_VALUE"
                from (
                    select 'COM' as niveau, lpad((10000 + i)::varchar, 5, '0') as code, 40 + i % 997 as poids
                    from range({communes}) t(i)
                    union all select 'EPCI', (200000000 + i)::varchar, 30000 from range({max(2, communes // 27)}) t(i)
                    union all select 'UU2020', lpad((10000 + i)::varchar, 5, '0'), 9000 from range({communes // 14}) t(i)
                    union all select 'DEP', lpad((i + 1)::varchar, 2, '0'), 700000 from range(19) t(i)
                ),
                (values ('_T', 1.0), ('1T2', 0.7), ('1', 0.6), ('2', 0.1), ('31', 0.1), ('33', 0.1), ('35T36', 0.1),
                        ('35', 0.05), ('36', 0.05)) as statuts(statut, part),
                (values ('_T', 1.0), ('F', 0.5), ('M', 0.5)) as sexes(sexe, s),
                (values ('Y15T64', 1.0), ('Y15T24', 0.25), ('Y25T54', 0.5), ('Y55T64', 0.25)) as ages(age, a),
                (values (2012), (2017), (2023)) as annees(annee)
            ) to '{chemin}' (format csv, delimiter ';', header, force_quote ("GEO", "GEO_OBJECT", "SEX", "EMPSTA_ENQ",
                             "AGE", "EDUC", "RP_MEASURE", "FREQ", "OBS_STATUS"))
        """)
    return chemin


def par_duckdb(fichier: Path, dossier: Path) -> None:
    """Convertir sans rien regarder."""
    with duckdb.connect(config={"memory_limit": "500MB", "temp_directory": str(dossier)}) as connexion:
        connexion.execute("set preserve_insertion_order=false")
        connexion.execute(
            f"copy (select * from read_csv('{fichier}', delim=';', header=true, all_varchar=true)) "
            f"to '{dossier / 'nu.parquet'}' (format parquet, compression lz4)"
        )


def temps(fichier: Path, repetitions: int) -> list[Ligne]:
    """Mesurer le dépôt, sa mémoire de pointe, puis la lecture d'une commune."""
    rival = "DuckDB : conversion nue en Parquet"
    with tempfile.TemporaryDirectory(prefix="abs-banc-melodi-") as racine:

        def neuf() -> Path:
            return Path(tempfile.mkdtemp(dir=racine))

        def vider() -> None:
            # Chaque dépôt garde une copie de l'original : sept copies chasseraient du cache le fichier à lire.
            for ancien in Path(racine).iterdir():
                shutil.rmtree(ancien)

        bras = {rival: lambda: par_duckdb(fichier, neuf()), NOUS: lambda: par_abs([fichier], neuf())}
        lignes = comparer(alterner(bras, repetitions, vider), NOUS, [rival], BUT)
        lignes.append(memoire([fichier]))
        base = neuf()
        par_abs([fichier], base)
        return lignes + _lecture(base / "base", repetitions)


def _lecture(dossier: Path, repetitions: int) -> list[Ligne]:
    parts = [p.chemin for p in Base(dossier).parts() if p.niveau == "commune"]
    rival = "pyarrow : read_table filtré des mêmes parts"
    bras = {rival: partial(_par_pyarrow, parts), LIRE: partial(_par_base, dossier)}
    return comparer(alterner(bras, 20 * repetitions), LIRE, [rival], BUT_LECTURE)


def _par_pyarrow(parts: Sequence[Path]) -> int:
    return sum(pq.read_table(p, filters=[("code", "==", COMMUNE)]).num_rows for p in parts)


def _par_base(dossier: Path) -> int:
    # Rien en mémoire : les bases d'un même processus partagent leurs lectures.
    lire_et_reunir.cache_clear()
    base = Base(dossier)
    return sum(len(base.lire("rp_melodi", a, "commune", codes=[COMMUNE])) for a in (2012, 2017, 2023))
