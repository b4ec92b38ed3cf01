"""Tenir un fichier de verrou : deux programmes n'écrivent pas au même endroit, et un programme tué rend le sien."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from donnees_insee.erreurs import SortieImpossible, cause_en_clair

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from io import BufferedRandom
    from pathlib import Path

PAS: Final = 0.2


class VerrouPris(SortieImpossible):
    """Un autre programme tient déjà ce verrou."""


@contextmanager
def tenir(
    chemin: Path, pris: str, *, attente: float = 0.0, attendre: Callable[[], None] | None = None
) -> Iterator[None]:
    """Tenir seul un fichier de verrou."""
    try:
        flux = chemin.open("a+b")
    except OSError as cause:
        raise SortieImpossible(
            f"Le dossier « {chemin.parent} » refuse l'écriture ({cause_en_clair(cause)}). Vérifiez vos droits."
        ) from cause
    fin = time.monotonic() + attente
    with flux:
        while not _prendre(flux):
            if time.monotonic() >= fin:
                raise VerrouPris(pris)
            if attendre is not None:
                attendre()
                attendre = None
            time.sleep(PAS)
        yield


def _prendre(flux: BufferedRandom) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt  # noqa: PLC0415 - propre à Windows

            msvcrt.locking(flux.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl  # noqa: PLC0415 - propre aux systèmes POSIX

            fcntl.flock(flux, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
