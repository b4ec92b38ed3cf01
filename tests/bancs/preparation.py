"""Banc : déposer les cinq bases de France, contre une conversion nue de CSV en Parquet.

Notre bras est ``deposer`` entier, base neuve : empreinte sha256, examen des octets (encodage, fins de ligne,
octets nuls), reconnaissance, lecture, contrat des codes, contradictions, parts Parquet, copie de l'original, reçu.
Les rivaux ne font que lire avec les mêmes types (codes en texte, le reste en flottants) et écrire avec la même
compression ; chacun est mesuré avec ses groupes de lignes par défaut, et avec les nôtres.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import zipfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import duckdb
import pandas as pd
from outils import Ligne, alterner, comparer

from donnees_insee.base.base import Base
from donnees_insee.base.parts import COMPRESSION, TAILLE_DE_GROUPE
from donnees_insee.demo.fabrique.formats_bruts import lire_toml
from donnees_insee.depot.depot import deposer

GEO_2022 = lire_toml("recensement.toml")["geographie"]["2022"].split()

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

BUT: Final = 1.5
MEMOIRE: Final = 1024
NOUS: Final = "abs : deposer les cinq fichiers"
# Sous Linux, ru_maxrss garde à travers exec la pointe du processus qui a lancé celui-ci : VmHWM, non.
ENFANT: Final = """
import re, resource, sys
from pathlib import Path
from donnees_insee.base.base import Base
from donnees_insee.depot.depot import deposer
depots = deposer(Base(Path(sys.argv[1])), [Path(f) for f in sys.argv[2:]], malgre_les_ecarts=True)
assert all(d.etat == "range" for d in depots), depots
etat = Path("/proc/self/status")
pointe = re.search(r"VmHWM:\\s+(\\d+) kB", etat.read_text()) if etat.is_file() else None
print(pointe[1] if pointe else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def par_pandas(fichiers: Sequence[Path], dossier: Path, groupe: int | None = None) -> None:
    """Convertir avec pandas, lu et écrit par pyarrow."""
    for fichier in fichiers:
        lue = pd.read_csv(fichier, sep=";", engine="pyarrow", dtype=dict.fromkeys(GEO_2022, "str"))
        reglages = {} if groupe is None else {"row_group_size": groupe}
        lue.to_parquet(dossier / f"{fichier.stem}.parquet", compression=COMPRESSION, index=False, **reglages)


def par_duckdb(fichiers: Sequence[Path], dossier: Path, groupe: int | None = None) -> None:
    """Convertir avec DuckDB, d'un seul ordre par fichier."""
    for fichier in fichiers:
        with fichier.open(encoding="utf-8") as flux:
            noms = flux.readline().strip().split(";")
        colonnes = ", ".join(f"'{n}': '{'VARCHAR' if n in GEO_2022 else 'DOUBLE'}'" for n in noms)
        reglages = "" if groupe is None else f", row_group_size {groupe}"
        with duckdb.connect() as connexion:
            connexion.sql(
                f"copy (select * from read_csv('{fichier}', delim=';', header=true, auto_detect=false, "
                f"columns={{{colonnes}}})) to '{dossier / fichier.stem}.parquet' "
                f"(format parquet, compression {COMPRESSION}{reglages})"
            )


def par_abs(fichiers: Sequence[Path], dossier: Path) -> None:
    """Déposer comme l'analyste, dans une base neuve."""
    depots = deposer(Base(dossier / "base"), fichiers, malgre_les_ecarts=True)
    assert all(d.etat == "range" for d in depots), depots


def _apres_extraction(
    convertir: Callable[[Sequence[Path], Path], None], archives: Sequence[Path], dossier: Path
) -> None:
    for archive in archives:
        with zipfile.ZipFile(archive) as ouverte:
            ouverte.extract(next(n for n in ouverte.namelist() if not n.startswith("meta_")), dossier)
    convertir(sorted(dossier.glob("*.CSV")), dossier)


def _dans_un_dossier_neuf(geste: Callable[[Path], None], racine: Path) -> None:
    geste(Path(tempfile.mkdtemp(dir=racine)))


def temps(fichiers: Sequence[Path], repetitions: int, *, zips: bool = False) -> list[Ligne]:
    """Mesurer la préparation ; pour des zips, l'extraction est comptée des deux côtés."""
    conversions = {
        "pandas (moteur pyarrow)": par_pandas,
        f"pandas (moteur pyarrow), groupes de {TAILLE_DE_GROUPE}": partial(
            par_pandas, groupe=TAILLE_DE_GROUPE
        ),
        "DuckDB": par_duckdb,
        f"DuckDB, groupes de {TAILLE_DE_GROUPE}": partial(par_duckdb, groupe=TAILLE_DE_GROUPE),
    }
    rivaux = {
        nom: partial(_apres_extraction, convertir, fichiers) if zips else partial(convertir, fichiers)
        for nom, convertir in conversions.items()
    }
    with tempfile.TemporaryDirectory(prefix="abs-banc-") as racine:
        gestes = {**rivaux, NOUS: partial(par_abs, fichiers)}
        # Les dossiers écrits ne sont ôtés qu'à la fin : effacer n'est le travail d'aucun bras.
        bras = {n: partial(_dans_un_dossier_neuf, g, Path(racine)) for n, g in gestes.items()}
        return comparer(alterner(bras, repetitions), NOUS, list(rivaux), BUT)


def memoire(fichiers: Sequence[Path]) -> Ligne:
    """Mesurer la mémoire de pointe d'un dépôt, dans un processus neuf."""
    dossier = Path(tempfile.mkdtemp(prefix="abs-banc-memoire-"))
    try:
        rendu = subprocess.run(
            [sys.executable, "-c", ENFANT, str(dossier / "base"), *map(str, fichiers)],
            capture_output=True,
            text=True,
            check=True,
        )
    finally:
        shutil.rmtree(dossier, ignore_errors=True)
    # En octets sous macOS, en Kio ailleurs.
    pointe = int(rendu.stdout) / (1024**2 if sys.platform == "darwin" else 1024)
    return Ligne(
        f"abs : mémoire de pointe ({fichiers[0].suffix.lower()})",
        f"{pointe:.0f} Mio",
        "",
        "",
        f"≤ {MEMOIRE} Mio",
        pointe <= MEMOIRE,
    )
