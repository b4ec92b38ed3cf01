"""Démarrer un processus neuf, par un serveur préchauffé là où le système dédouble, et n'en rien laisser après lui."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys
import threading
import time
import types
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
PR_SET_PDEATHSIG: Final = 1
PAUSE_AVANT_LE_SECOND_ESSAI: Final = 1.0
REPLI: Final = (
    "Le processus préchauffé ne démarre pas (tué par le système, ou plusieurs fils après le préchauffage). "
    "Chaque carnet aura son propre interpréteur : le travail est le même, plus lent à partir."
)


class ProcessusMort(ErreurAbs):
    """Le processus est mort avant de répondre."""


class _Reglages:
    """Ce que ce processus sait des processus qu'il démarre."""

    enfant = False
    sans_serveur = False
    # L'environnement et le programme principal sont changés le temps d'un démarrage : deux fils ne le font pas ensemble.
    tour = threading.Lock()
    prechauffage = CARNETS
    base = ""


def methode_de_demarrage() -> str:
    """Dire comment un processus démarre : ``forkserver``, ``spawn``, ou ``fork`` dans un processus déjà neuf."""
    if (
        os.environ.get(DEMARRAGE) == "spawn"
        or _Reglages.sans_serveur
        or "forkserver" not in multiprocessing.get_all_start_methods()
    ):
        return "spawn"
    if _Reglages.enfant:
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
    if methode_de_demarrage() != "forkserver":
        return
    forkserver.set_forkserver_preload(["carnets.processus.serveur"])
    choisi = os.environ.get(PRECHAUFFAGE, _Reglages.prechauffage)
    with _demarrage_isole(**VARIABLES_SANS_FILS, **{PRECHAUFFAGE: choisi, BASE: _Reglages.base}):
        forkserver.ensure_running()


@contextmanager
def _demarrage_isole(**variables: str) -> Iterator[None]:
    """Démarrer sans rien importer du dossier courant, et sans exécuter une seconde fois le programme principal."""
    poses = {"PYTHONSAFEPATH": "1"} | variables
    with _Reglages.tour:
        principal, avant = sys.modules["__main__"], {nom: os.environ.pop(nom, None) for nom in poses}
        os.environ |= poses
        sys.modules["__main__"] = types.ModuleType("__main__")
        try:
            yield
        finally:
            sys.modules["__main__"] = principal
            for nom, valeur in avant.items():
                del os.environ[nom]
                if valeur is not None:
                    os.environ[nom] = valeur


class Processus:
    """Un processus neuf et son tube ; à employer avec ``with``, qui ne laisse vivre ni lui ni ce qu'il a lancé."""

    def __init__(self, faire: Callable[..., None], *arguments: Any) -> None:
        with _Reglages.tour:
            monde = (dict(os.environ), str(Path.cwd()))
        for _ in range(2):
            with suppress(EOFError, ConnectionError):
                self._demarrer(faire, monde, arguments)
                return
            # Le serveur a pu être tué : un autre prend sa place au second essai, une fois qu'il est vraiment fini.
            time.sleep(PAUSE_AVANT_LE_SECOND_ESSAI)
        _Reglages.sans_serveur = True
        sys.stderr.write(f"{REPLI}\n")
        self._demarrer(faire, monde, arguments)

    def _demarrer(
        self, faire: Callable[..., None], monde: tuple[dict[str, str], str], arguments: Any
    ) -> None:
        self.methode = methode_de_demarrage()
        contexte = multiprocessing.get_context(self.methode)
        self.tube, bout = contexte.Pipe()
        processus = contexte.Process(  # type: ignore[attr-defined]
            target=_executer_dans_l_enfant, args=(faire, bout, self.methode, monde, arguments)
        )
        try:
            if self.methode == "forkserver":
                precharger()
            with _demarrage_isole():
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


def _executer_dans_l_enfant(
    faire: Callable[..., None],
    tube: connection.Connection,
    methode: str,
    monde: tuple[dict[str, str], str],
    arguments: tuple[Any, ...],
) -> None:
    """Être le processus neuf : muet, dans sa propre session, avec l'environnement et le dossier de qui l'a demandé."""
    # Dédoublé pendant un démarrage, l'enfant hérite d'un verrou que personne ne lui rendra.
    _Reglages.enfant, _Reglages.tour = True, threading.Lock()
    rien = os.open(os.devnull, os.O_RDWR)
    for flux in (1, 2):
        os.dup2(rien, flux)
    if methode != "fork" and hasattr(os, "setsid"):
        os.setsid()
    _finir_avec_le_parent(methode)
    environnement, dossier = monde
    os.environ.clear()
    os.environ.update(environnement)
    os.chdir(dossier)
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        # Deux enfants d'un même processus ne tirent pas les mêmes nombres ; « random » y veille seul.
        numpy.random.seed()
    faire(tube, *arguments)


def _finir_avec_le_parent(methode: str) -> None:
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    if not sys.platform.startswith("linux"):
        threading.Thread(target=_surveiller, args=(parent.sentinel,), daemon=True).start()
        return
    if methode == "forkserver":
        # Le serveur vit tant que quelqu'un tient ce tube : lâché ici, il finit avec le parent, et ses enfants avec lui.
        os.close(forkserver._forkserver._forkserver_alive_fd)  # type: ignore[attr-defined]  # noqa: SLF001
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if not parent.is_alive():
        os._exit(1)


def _surveiller(sentinelle: int) -> None:
    connection.wait([sentinelle])
    os._exit(1)
