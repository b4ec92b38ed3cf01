"""La pépinière : un processus préchauffé et sans fil, qui se dédouble à la demande en noyau ou en tâche.

Lancée par :mod:`carnets.noyaux.lancement` (POSIX seulement). Chaque demande arrive par sa propre connexion, et cette
connexion vaut propriété : si le demandeur disparaît, ce qu'il avait demandé est arrêté. Si le lanceur disparaît, tout
s'arrête. Aucun processus ne survit donc à une campagne tuée net.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import json
import os
import random
import selectors
import signal
import socket
import sys
import threading
import traceback
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from carnets.noyaux.echanges import ISOLEMENT, Lecteur, ecrire_message

MORT_AVEC_LE_PARENT: Final = 1
# Ce qu'un tube de Linux prend sans que personne le lise.
TUBE: Final = 65536
# Ce qu'un noyau importe en naissant.
MODULES_DE_NOYAU: Final = (
    "ipykernel.kernelapp",
    "ipykernel.ipkernel",
    "ipykernel.debugger",
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.logger",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "faulthandler",
    "pdb",
    "sqlite3",
    "tornado.platform.asyncio",
)


@dataclass
class Enfant:
    """Un processus né de la pépinière."""

    pid: int
    prise: socket.socket
    lecteur: Lecteur
    rendu: int


def nombre_de_fils() -> int:
    """Compter les fils d'exécution de ce processus."""
    taches = Path("/proc/self/task")
    return len(list(taches.iterdir())) if taches.is_dir() else threading.active_count()


class Pepiniere:
    """Attendre les demandes, enfanter, dire les fins."""

    def __init__(self, ecoute: socket.socket, vie: int) -> None:
        self.ecoute = ecoute
        self.vie = vie
        self.enfants: dict[int, Enfant] = {}
        self.attente: dict[int, Lecteur] = {}
        self.selecteur = selectors.DefaultSelector()
        self.reveil, self._sonnette = socket.socketpair()
        self.reveil.setblocking(False)
        self._sonnette.setblocking(False)

    def servir(self) -> None:
        """Servir jusqu'à la mort du lanceur, puis arrêter tous les enfants."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._sonnette.fileno(), warn_on_full_buffer=False)
        self.ecoute.setblocking(False)
        for objet, genre in ((self.ecoute, "demande"), (self.reveil, "fin"), (self.vie, "vie")):
            self.selecteur.register(objet, selectors.EVENT_READ, genre)
        gc.freeze()
        gc.enable()
        try:
            while self._un_tour():
                pass
        finally:
            for enfant in list(self.enfants.values()):
                _arreter(enfant.pid)

    def _un_tour(self) -> bool:
        for cle, _ in self.selecteur.select():
            if cle.data == "vie":
                if not os.read(self.vie, 1024):
                    return False
            elif cle.data == "demande":
                self._accueillir()
            elif cle.data == "fin":
                self._vider_la_sonnette()
                self._relever_les_fins()
            else:
                self._entendre(cle.fileobj)
        return True

    def _vider_la_sonnette(self) -> None:
        with suppress(BlockingIOError):
            while self.reveil.recv(4096):
                pass

    def _accueillir(self) -> None:
        try:
            prise, _ = self.ecoute.accept()
        except OSError:
            return
        prise.setblocking(False)
        self.attente[prise.fileno()] = Lecteur(prise)
        self.selecteur.register(prise, selectors.EVENT_READ, "connexion")

    def _entendre(self, prise: Any) -> None:
        numero = prise.fileno()
        enfant = next((e for e in self.enfants.values() if e.prise is prise), None)
        lecteur = enfant.lecteur if enfant else self.attente[numero]
        messages = lecteur.lire()
        if lecteur.ferme:
            self.selecteur.unregister(prise)
            self.attente.pop(numero, None)
            prise.close()
            if enfant:
                _arreter(enfant.pid)
            return
        for message in messages:
            if enfant is None and "faire" in message:
                enfant = self._enfanter(message, lecteur)

    def _enfanter(self, demande: dict[str, Any], lecteur: Lecteur) -> Enfant:
        rendu, plume = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(rendu)
            self._devenir(demande, plume)
        os.close(plume)
        os.set_blocking(rendu, False)
        prise = lecteur.prise
        self.attente.pop(prise.fileno(), None)
        enfant = Enfant(pid, prise, lecteur, rendu)
        self.enfants[pid] = enfant
        _dire(prise, {"pid": pid})
        return enfant

    def _devenir(self, demande: dict[str, Any], plume: int) -> None:
        """Quitter la pépinière : fermer ce qui est à elle, vivre la demande, mourir sans rien défaire."""
        code = 1
        try:
            self._fermer_tout()
            rendu = vivre(demande)
            # Par un tube et non par un fichier : un disque plein n'empêche pas de dire ce qui s'est passé.
            os.write(plume, json.dumps(rendu).encode("ascii")[:TUBE])
            code = 0
        except SystemExit as sortie:
            code = sortie.code if isinstance(sortie.code, int) else 0
        except BaseException:  # noqa: BLE001 - l'enfant ne doit jamais revenir dans la boucle de la pépinière
            traceback.print_exc()
        finally:
            for flux in (sys.stdout, sys.stderr):
                with suppress(OSError, ValueError):
                    flux.flush()
            os._exit(code)

    def _fermer_tout(self) -> None:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        self.selecteur.close()
        for prise in (self.ecoute, self.reveil, self._sonnette):
            prise.close()
        for lecteur in self.attente.values():
            lecteur.prise.close()
        for enfant in self.enfants.values():
            enfant.prise.close()
            os.close(enfant.rendu)
        os.close(self.vie)

    def _relever_les_fins(self) -> None:
        while True:
            try:
                pid, etat = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            enfant = self.enfants.pop(pid, None)
            # Ce que l'enfant avait lancé dans sa session (pandoc, par exemple) ne lui survit pas.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)
            if enfant is None:
                continue
            rendu = _lire_le_tube(enfant.rendu)
            if enfant.prise.fileno() >= 0:
                _dire(enfant.prise, {"fin": os.waitstatus_to_exitcode(etat), "rendu": rendu})
                self.selecteur.unregister(enfant.prise)
                enfant.prise.close()


def _dire(prise: socket.socket, message: dict[str, Any]) -> None:
    with suppress(OSError):
        ecrire_message(prise, message)


def _lire_le_tube(tube: int) -> Any:
    try:
        octets = os.read(tube, TUBE)
    except BlockingIOError:
        octets = b""
    finally:
        os.close(tube)
    return json.loads(octets) if octets else None


def _arreter(pid: int) -> None:
    for geste in (os.killpg, os.kill):
        with suppress(ProcessLookupError, PermissionError):
            geste(pid, signal.SIGKILL)


def vivre(demande: dict[str, Any]) -> Any:
    """Être le processus demandé."""
    os.setsid()
    _mourir_avec_la_pepiniere()
    _brancher_les_flux(demande.get("journal"))
    if demande.get("env") is not None:
        os.environ.clear()
        os.environ.update(demande["env"])
    if demande.get("dossier"):
        os.chdir(demande["dossier"])
    _ressemer()
    module, _, nom = str(demande["faire"]).partition(":")
    return getattr(importlib.import_module(module), nom)(**demande.get("arguments", {}))


def _mourir_avec_la_pepiniere() -> None:
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(MORT_AVEC_LE_PARENT, signal.SIGKILL)


def _brancher_les_flux(journal: str | None) -> None:
    """L'enfant n'écrit pas dans le terminal du lanceur : son journal, ou rien."""
    rien = os.open(os.devnull, os.O_RDWR)
    os.dup2(rien, 0)
    sortie = os.open(journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644) if journal else rien
    os.dup2(sortie, 1)
    os.dup2(sortie, 2)
    for descripteur in {rien, sortie} - {0, 1, 2}:
        os.close(descripteur)


def _ressemer() -> None:
    """Deux enfants ne tirent pas les mêmes nombres au hasard."""
    random.seed()
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed()


def noyau(arguments: list[str]) -> None:
    """Être un noyau IPython, comme ``python -m ipykernel_launcher``."""
    from ipykernel.kernelapp import IPKernelApp  # noqa: PLC0415 - déjà importé par le préchauffage

    # Comme au lancement ordinaire : un carnet de l'analyste peut importer un module posé à côté de lui.
    if "" not in sys.path and ISOLEMENT not in arguments:
        sys.path.insert(0, "")
    sys.argv = ["ipykernel_launcher", *arguments]
    IPKernelApp.launch_instance(argv=arguments)


def _prechauffer(nom: str, dossier_donnees: str) -> None:
    module, _, fonction = nom.partition(":")
    getattr(importlib.import_module(module), fonction)(dossier_donnees or None)
    # Personne ne débogue un carnet mené sans écran, et ce débogueur coûte un quart de seconde à chaque noyau.
    sys.modules["debugpy"] = None  # type: ignore[assignment]
    for module_de_noyau in MODULES_DE_NOYAU:
        importlib.import_module(module_de_noyau)
    del sys.modules["debugpy"]


def principale(arguments: list[str]) -> int:
    """Préchauffer, dire qu'on est prêt, servir."""
    adresse, prechauffage, dossier_donnees = arguments
    # Les annonces passent par un descripteur gardé : un préchauffage bavard ne doit pas s'y mêler.
    annonce = os.dup(1)
    os.dup2(2, 1)
    vie = os.dup(0)
    # Déjà à l'écoute pendant le préchauffage : les premières demandes attendent dans la file.
    ecoute = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    ecoute.bind(adresse)
    ecoute.listen(64)
    _prechauffer(prechauffage, dossier_donnees)
    fils = nombre_de_fils()
    try:
        os.write(annonce, json.dumps({"pret": fils == 1, "fils": fils}).encode("ascii") + b"\n")
    except BrokenPipeError:
        # Le lanceur est parti pendant le préchauffage.
        return 0
    os.close(annonce)
    if fils != 1:
        return 3
    Pepiniere(ecoute, vie).servir()
    return 0
