"""Lancer la pépinière, lui demander un processus, l'arrêter ; dire quand elle n'est pas possible."""

from __future__ import annotations

import atexit
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Self

from carnets.noyaux.echanges import VARIABLE, Lecteur, ecrire_message
from donnees_insee.chemins import creer_un_dossier_de_passage
from donnees_insee.erreurs import ErreurAbs, cause_en_clair

PRECHAUFFAGE: Final = "carnets.prechauffage:prechauffer"
DELAI_DE_PRECHAUFFAGE: Final = 120.0
A_DEUX: Final = "ABS_DESSIN_A_DEUX"
TUE: Final = -signal.SIGKILL if hasattr(signal, "SIGKILL") else -9


class PepiniereIndisponible(ErreurAbs):
    """La pépinière n'a pas pu démarrer ou ne répond plus."""


class Processus:
    """Un processus demandé à la pépinière, avec les gestes d'un ``subprocess.Popen``."""

    stdin = stdout = stderr = None

    def __init__(self, adresse: str, demande: dict[str, Any]) -> None:
        self.prise = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.returncode: int | None = None
        self.rendu: Any = None
        self._lecteur = Lecteur(self.prise)
        try:
            self.prise.connect(adresse)
            ecrire_message(self.prise, demande)
            self.pid = self._attendre_le_pid()
        except OSError as cause:
            self.prise.close()
            raise PepiniereIndisponible(
                f"Le processus préchauffé ne répond pas ({cause_en_clair(cause)}). Relancez la commande."
            ) from cause
        self.prise.setblocking(False)

    def _attendre_le_pid(self) -> int:
        self.prise.settimeout(DELAI_DE_PRECHAUFFAGE)
        while not self._lecteur.ferme:
            for message in self._lecteur.lire():
                self._noter(message)
                if "pid" in message:
                    return int(message["pid"])
        raise OSError("connexion fermée")

    def _noter(self, message: dict[str, Any]) -> None:
        if "fin" in message:
            self.returncode = int(message["fin"])
            self.rendu = message.get("rendu")

    def fileno(self) -> int:
        """Donner le descripteur à surveiller : il se réveille quand le processus finit."""
        return self.prise.fileno()

    def poll(self) -> int | None:
        """Dire si le processus a fini, sans attendre."""
        if self.returncode is not None:
            return self.returncode
        for message in self._lecteur.lire():
            self._noter(message)
        if self._lecteur.ferme and self.returncode is None:
            # La pépinière est morte, et ses enfants avec elle.
            self.returncode = TUE
        if self.returncode is not None:
            self.prise.close()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Attendre la fin."""
        fin = None if timeout is None else time.monotonic() + timeout
        while self.poll() is None:
            reste = None if fin is None else max(0.0, fin - time.monotonic())
            pretes, _, _ = select.select([self.prise], [], [], reste)
            if not pretes:
                raise subprocess.TimeoutExpired("pépinière", timeout or 0.0)
        return self.returncode or 0

    def send_signal(self, numero: int) -> None:
        """Envoyer un signal au processus et à ce qu'il a lancé."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, numero)

    def kill(self) -> None:
        """Tuer le processus et ce qu'il a lancé."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Demander au processus de finir."""
        self.send_signal(signal.SIGTERM)


class Lanceur:
    """Une pépinière lancée par ce processus ; à fermer, ou à employer avec ``with``."""

    def __init__(
        self, dossier_donnees: Path | None = None, prechauffage: str = "", defaut: str = PRECHAUFFAGE
    ) -> None:
        if not possible():
            raise PepiniereIndisponible("Ce système ne dédouble pas un processus préchauffé.")
        from carnets.prechauffage import VARIABLES_SANS_FILS  # noqa: PLC0415 - léger, mais inutile sous Windows

        # Les prises d'un chemin long sont refusées : un dossier court, à ce seul utilisateur.
        self._dossier = creer_un_dossier_de_passage()
        self.adresse = str(self._dossier / "p")
        environnement = os.environ | VARIABLES_SANS_FILS
        environnement.pop(VARIABLE, None)
        chauffe = prechauffage or os.environ.get("ABS_PRECHAUFFAGE", defaut)
        self._proprietaire = os.getpid()
        self._pret = False
        self._tour = threading.Lock()
        self.processus = subprocess.Popen(  # noqa: S603 - notre propre module
            [sys.executable, "-P", "-m", "carnets.noyaux", self.adresse, chauffe, str(dossier_donnees or "")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environnement,
        )

    def attendre(self) -> str:
        """Attendre que la pépinière soit prête."""
        with self._tour:
            if not self._pret:
                self._pret = self._lire_l_annonce()
        return self.adresse

    def _lire_l_annonce(self) -> bool:
        flux = self.processus.stdout
        if flux is None or flux.closed:
            raise PepiniereIndisponible("Le processus préchauffé est arrêté.")
        pretes, _, _ = select.select([flux], [], [], DELAI_DE_PRECHAUFFAGE)
        ligne = flux.readline() if pretes else b""
        annonce = json.loads(ligne) if ligne.strip() else {}
        if not annonce.get("pret"):
            self.fermer()
            raison = f"{annonce['fils']} fils au lieu d'un" if annonce else "aucune réponse"
            raise PepiniereIndisponible(f"Le processus préchauffé n'a pas démarré ({raison}).")
        return True

    def fermer(self) -> None:
        """Arrêter la pépinière et tout ce qu'elle a enfanté."""
        if os.getpid() != self._proprietaire:
            return
        for flux in (self.processus.stdin, self.processus.stdout):
            if flux is not None:
                with suppress(OSError):
                    flux.close()
        if not self._pret:
            # Encore à chauffer, elle n'a rien enfanté : la commande qui s'arrête n'a pas à l'attendre.
            self.processus.kill()
        try:
            self.processus.wait(5)
        except subprocess.TimeoutExpired:
            self.processus.kill()
            self.processus.wait()
        shutil.rmtree(self._dossier, ignore_errors=True)

    def vit(self) -> bool:
        """Dire si la pépinière tourne."""
        return self.processus.poll() is None

    def __enter__(self) -> Self:
        """Rendre la pépinière, peut-être encore en train de chauffer."""
        return self

    def __exit__(self, *_: object) -> None:
        """Arrêter la pépinière."""
        self.fermer()


def possible() -> bool:
    """Dire si ce système sait dédoubler un processus préchauffé."""
    return hasattr(os, "fork") and hasattr(socket, "AF_UNIX") and os.environ.get("ABS_SANS_PEPINIERE") != "1"


_partagee: Lanceur | None = None


def pepiniere_partagee() -> Lanceur | None:
    """Donner la pépinière de ce processus, lancée à la première demande et arrêtée avec lui."""
    global _partagee  # noqa: PLW0603 - une seule par processus, c'est le but
    if not possible():
        return None
    if _partagee is not None and not (_partagee.vit() and _partagee._proprietaire == os.getpid()):  # noqa: SLF001
        _partagee = None
    if _partagee is None:
        _partagee = Lanceur()
        atexit.register(_partagee.fermer)
    return _partagee


def annoncer() -> None:
    """Lancer la pépinière de ce processus sans l'attendre : un carnet va venir."""
    if not os.environ.get(VARIABLE):
        # Un portrait seul laisse un cœur libre : il dessinera à deux.
        os.environ.setdefault(A_DEUX, "1" if (os.cpu_count() or 1) > 1 else "")
        pepiniere_partagee()


def adresse() -> str | None:
    """Donner l'adresse d'une pépinière prête : celle de la campagne, sinon celle de ce processus."""
    heritee = os.environ.get(VARIABLE)
    if heritee and possible():
        return heritee
    lanceur = pepiniere_partagee()
    if lanceur is None:
        return None
    try:
        return lanceur.attendre()
    except PepiniereIndisponible:
        return None
