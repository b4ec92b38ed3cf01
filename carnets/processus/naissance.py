"""Faire naître un processus neuf, d'un serveur préchauffé là où le système dédouble, et ne rien laisser vivre après lui."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys
import threading
import time
import types
import warnings
from contextlib import contextmanager, suppress
from multiprocessing import connection, forkserver
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from carnets.processus.prechauffage import BASE, PRECHAUFFAGE, VARIABLES_SANS_FILS
from donnees_insee.erreurs import ErreurAbs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# « spawn » fait sur Linux ce que fait Windows : un interpréteur neuf, plus lent à partir.
DEMARRAGE: Final = "ABS_DEMARRAGE"
CARNETS: Final = "carnets.processus.prechauffage:prechauffer"
CAMPAGNE: Final = "carnets.processus.prechauffage:prechauffer_la_campagne"
MORT_AVEC_LE_PARENT: Final = 1
AGONIE: Final = 1.0
REPLI: Final = (
    "Le processus préchauffé ne démarre pas (tué par le système, ou plusieurs fils après le préchauffage). "
    "Chaque carnet aura son propre interpréteur : le travail est le même, plus lent à partir."
)


class ProcessusMort(ErreurAbs):
    """Le processus est mort avant de répondre."""


class _Reglages:
    """Ce que ce processus sait des processus qu'il fait naître."""

    neuf = False
    sans_serveur = False
    prechauffage = CARNETS
    base = ""


def demarrage() -> str:
    """Dire comment naît un processus : ``forkserver``, ``spawn``, ou ``fork`` dans un processus déjà neuf."""
    if (
        os.environ.get(DEMARRAGE) == "spawn"
        or _Reglages.sans_serveur
        or "forkserver" not in multiprocessing.get_all_start_methods()
    ):
        return "spawn"
    if _Reglages.neuf:
        # Arrow a pu lancer les siens, au repos, et les refait après un dédoublement ; un fil de Python, lui, en tiendrait
        # un verrou que l'enfant attendrait sans fin.
        return "fork" if threading.active_count() == 1 else "spawn"
    return "forkserver"


def nombre_de_fils() -> int:
    """Compter les fils d'exécution de ce processus."""
    taches = Path("/proc/self/task")
    return len(list(taches.iterdir())) if taches.is_dir() else threading.active_count()


def precharger(base: Path | None = None, *, campagne: bool = False) -> None:
    """Lancer le serveur préchauffé sans l'attendre : les premières demandes attendent dans sa file."""
    if base is not None or campagne:
        _Reglages.base, _Reglages.prechauffage = str(base or ""), CAMPAGNE if campagne else CARNETS
    if demarrage() != "forkserver":
        return
    forkserver.set_forkserver_preload(["carnets.processus.serveur"])
    choisi = os.environ.get(PRECHAUFFAGE, _Reglages.prechauffage)
    with _naissance(**VARIABLES_SANS_FILS, **{PRECHAUFFAGE: choisi, BASE: _Reglages.base}):
        forkserver.ensure_running()


@contextmanager
def _naissance(**variables: str) -> Iterator[None]:
    """Faire naître sans rien importer du dossier courant, et sans exécuter une seconde fois le programme principal."""
    avant, principal = dict(os.environ), sys.modules["__main__"]
    os.environ |= {"PYTHONSAFEPATH": "1"} | variables
    sys.modules["__main__"] = types.ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = principal
        for nom in ("PYTHONSAFEPATH", *variables):
            if nom in avant:
                os.environ[nom] = avant[nom]
            else:
                del os.environ[nom]


class Processus:
    """Un processus neuf et son tube ; à employer avec ``with``, qui ne laisse vivre ni lui ni ce qu'il a lancé."""

    def __init__(self, faire: Callable[..., None], *arguments: Any) -> None:
        monde = (dict(os.environ), str(Path.cwd()))
        for _ in range(2):
            with suppress(EOFError, ConnectionError):
                self._naitre(faire, monde, arguments)
                return
            # Le serveur a pu être tué : un autre prend sa place au second essai, une fois qu'il a fini de mourir.
            time.sleep(AGONIE)
        _Reglages.sans_serveur = True
        warnings.warn(REPLI, stacklevel=2)
        self._naitre(faire, monde, arguments)

    def _naitre(self, faire: Callable[..., None], monde: tuple[dict[str, str], str], arguments: Any) -> None:
        self.methode = demarrage()
        contexte = multiprocessing.get_context(self.methode)
        self.tube, bout = contexte.Pipe()
        processus = contexte.Process(  # type: ignore[attr-defined]
            target=_vivre, args=(faire, bout, self.methode, monde, arguments)
        )
        try:
            if self.methode == "forkserver":
                precharger()
            with _naissance():
                processus.start()
        except BaseException:
            self.tube.close()
            raise
        finally:
            bout.close()
        self.processus = processus

    def attendre(self, delai: float | None = None) -> bool:
        """Attendre une réponse ou la mort ; faux si le délai passe d'abord."""
        return bool(connection.wait(self.attendables, delai))

    @property
    def attendables(self) -> list[Any]:
        """Ce que ``multiprocessing.connection.wait`` surveille."""
        return [self.tube, self.processus.sentinel]

    def recevoir(self) -> Any:
        """Lire la réponse arrivée."""
        try:
            if self.tube.poll() or self.processus.is_alive() or self.tube.poll():
                return self.tube.recv()
        except (EOFError, OSError):
            pass
        raise ProcessusMort("Le processus est mort avant de répondre.")

    def envoyer(self, message: Any) -> None:
        """Envoyer un message ; un processus déjà mort le dira à la lecture."""
        with suppress(OSError):
            self.tube.send(message)

    def tuer(self) -> None:
        """Tuer le processus et ce qu'il a lancé."""
        if self.methode != "fork" and hasattr(os, "killpg") and self.processus.pid:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.processus.pid, signal.SIGKILL)
        self.processus.kill()
        self.processus.join(10)
        self.tube.close()
        with suppress(ValueError):
            self.processus.close()

    def __enter__(self) -> Self:
        """Rendre le processus."""
        return self

    def __exit__(self, *_: object) -> None:
        """Tuer le processus et ce qu'il a lancé."""
        self.tuer()


def _vivre(
    faire: Callable[..., None],
    tube: connection.Connection,
    methode: str,
    monde: tuple[dict[str, str], str],
    arguments: tuple[Any, ...],
) -> None:
    """Être le processus neuf : muet, dans sa propre session, avec l'environnement et le dossier de qui l'a demandé."""
    _Reglages.neuf = True
    rien = os.open(os.devnull, os.O_RDWR)
    for flux in (1, 2):
        os.dup2(rien, flux)
    if methode != "fork" and hasattr(os, "setsid"):
        os.setsid()
    _mourir_avec_le_lanceur(methode)
    environnement, dossier = monde
    os.environ.clear()
    os.environ.update(environnement)
    os.chdir(dossier)
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        # Deux enfants d'un même processus ne tirent pas les mêmes nombres ; « random » y veille seul.
        numpy.random.seed()
    faire(tube, *arguments)


def _mourir_avec_le_lanceur(methode: str) -> None:
    lanceur = multiprocessing.parent_process()
    if lanceur is None:
        return
    if not sys.platform.startswith("linux"):
        threading.Thread(target=_veiller, args=(lanceur.sentinel,), daemon=True).start()
        return
    if methode == "forkserver":
        # Le serveur vit tant que quelqu'un tient ce tube : lâché ici, il meurt avec le lanceur, et ses enfants avec lui.
        os.close(forkserver._forkserver._forkserver_alive_fd)  # type: ignore[attr-defined]  # noqa: SLF001
    ctypes.CDLL(None).prctl(MORT_AVEC_LE_PARENT, signal.SIGKILL)
    if not lanceur.is_alive():
        os._exit(1)


def _veiller(sentinelle: int) -> None:
    connection.wait([sentinelle])
    os._exit(1)
