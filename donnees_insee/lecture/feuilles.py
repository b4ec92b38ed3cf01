"""Lire un classeur dans un processus à part : un classeur abîmé peut épuiser la mémoire ou l'abattre.

Ce programme est lancé par ``donnees_insee.lecture.tables`` ; il n'importe rien du projet pour partir vite.
"""

import pickle
import sys
from contextlib import suppress
from pathlib import Path

MEMOIRE = 4 * 1024**3


def limiter_la_memoire() -> None:
    """Borner la mémoire de ce processus, là où le système le permet."""
    with suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415 - n'existe pas sous Windows

        resource.setrlimit(resource.RLIMIT_AS, (MEMOIRE, MEMOIRE))


def principal(classeur: Path, sortie: Path) -> None:
    """Écrire dans un fichier les cellules de toutes les feuilles."""
    from python_calamine import CalamineWorkbook  # noqa: PLC0415 - après la borne de mémoire

    with classeur.open("rb") as flux:
        ouvert = CalamineWorkbook.from_filelike(flux)
        feuilles = {
            n: ouvert.get_sheet_by_name(n).to_python(skip_empty_area=False) for n in ouvert.sheet_names
        }
    with sortie.open("wb") as flux:
        pickle.dump(feuilles, flux, protocol=pickle.HIGHEST_PROTOCOL)


if __name__ == "__main__":
    limiter_la_memoire()
    principal(Path(sys.argv[1]), Path(sys.argv[2]))
