"""Ceux qui exécutent les tâches sur cette machine : enfants de la pépinière, ou processus gardés d'une tâche à l'autre."""

from __future__ import annotations

import multiprocessing
import os
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, Self

from carnets.campagne.execution import executer
from carnets.noyaux.echanges import VARIABLE
from carnets.noyaux.lancement import Lanceur, PepiniereIndisponible, Processus

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from carnets.campagne.taches import Tache

# Un processus gardé finit par grossir : il est remplacé après tant de tâches.
TACHES_PAR_PROCESSUS: Final = 8
PRECHAUFFAGE: Final = "carnets.campagne.prechauffage:prechauffer"


class Course(Protocol):
    """Une tâche confiée."""

    def attendable(self) -> Any:
        """Donner l'objet que ``multiprocessing.connection.wait`` surveille."""

    def fini(self) -> bool:
        """Dire si la tâche a fini, bien ou mal."""

    def rendu(self) -> dict[str, Any] | None:
        """Donner le résultat, ou ``None`` si le processus est mort sans rien dire."""

    def tuer(self) -> None:
        """Arrêter la tâche et tout ce qu'elle a lancé."""


class Equipe(Protocol):
    """De quoi confier des tâches."""

    def confier(self, tache: Tache, *, reprendre: bool) -> Course:
        """Confier une tâche."""

    def fermer(self) -> None:
        """Arrêter l'équipe."""


class _CourseDePepiniere:
    def __init__(self, processus: Processus) -> None:
        self.processus = processus

    def attendable(self) -> Any:
        return self.processus

    def fini(self) -> bool:
        return self.processus.poll() is not None

    def rendu(self) -> dict[str, Any] | None:
        return self.processus.rendu if self.processus.returncode == 0 else None

    def tuer(self) -> None:
        self.processus.kill()
        with suppress(Exception):
            self.processus.wait(10)


class EquipeDePepiniere:
    """Un processus neuf, né de la pépinière, pour chaque tâche."""

    def __init__(self, dossier_donnees: Path) -> None:
        self.dossier_donnees = dossier_donnees
        self.lanceur = Lanceur(dossier_donnees, defaut=PRECHAUFFAGE)

    def confier(self, tache: Tache, *, reprendre: bool) -> Course:
        """Faire naître le processus d'une tâche."""
        for encore in (True, False):
            try:
                adresse = self.lanceur.attendre()
                return _CourseDePepiniere(Processus(adresse, _demande(tache, adresse, reprendre=reprendre)))
            except PepiniereIndisponible:
                if not encore:
                    raise
                # La pépinière elle-même a pu être tuée : une autre prend sa place.
                self.lanceur.fermer()
                self.lanceur = Lanceur(self.dossier_donnees, defaut=PRECHAUFFAGE)
        raise AssertionError

    def fermer(self) -> None:
        """Arrêter la pépinière."""
        self.lanceur.fermer()

    def __enter__(self) -> Self:
        """Rendre l'équipe."""
        return self

    def __exit__(self, *_: object) -> None:
        """Arrêter l'équipe."""
        self.fermer()


def _demande(tache: Tache, adresse: str, *, reprendre: bool) -> dict[str, Any]:
    return {
        "faire": "carnets.campagne.execution:executer",
        "arguments": {"tache": asdict(tache), "reprendre": reprendre},
        "env": {**os.environ, VARIABLE: adresse},
        "dossier": str(Path.cwd()),
    }


class _Permanent:
    """Un processus gardé d'une tâche à l'autre, avec son tube."""

    def __init__(self) -> None:
        contexte = multiprocessing.get_context("spawn")
        self.tube, bout = contexte.Pipe()
        self.processus = contexte.Process(target=_servir, args=(bout,), daemon=False)
        avant = os.environ.get("PYTHONSAFEPATH")
        # « spawn » ne passe pas d'option : l'enfant la lit là, et la garde.
        os.environ["PYTHONSAFEPATH"] = "1"
        self.processus.start()
        if avant is None:
            del os.environ["PYTHONSAFEPATH"]
        bout.close()
        self.taches = 0

    def arreter(self) -> None:
        with suppress(OSError):
            self.tube.send(None)
        self.processus.join(5)
        if self.processus.is_alive():
            self.processus.kill()
            self.processus.join()
        self.tube.close()


def _servir(tube: Connection) -> None:
    os.environ["ABS_NOYAU_TIEDE"] = "1"
    while True:
        try:
            recu = tube.recv()
        except (EOFError, OSError):
            break
        if recu is None:
            break
        tube.send(executer(recu["tache"], reprendre=recu["reprendre"]))
    from carnets.noyaux.noyau_tiede import fermer  # noqa: PLC0415 - jupyter_client est lent

    fermer()


class _CoursePermanente:
    def __init__(self, equipe: EquipePermanente, permanent: _Permanent) -> None:
        self.equipe = equipe
        self.permanent = permanent
        self._rendu: dict[str, Any] | None = None
        self._fini = False

    def attendable(self) -> Any:
        return self.permanent.tube

    def fini(self) -> bool:
        if self._fini:
            return True
        try:
            if self.permanent.tube.poll():
                self._rendu = self.permanent.tube.recv()
                self._fini = True
                self.equipe.rendre(self.permanent)
        except (EOFError, OSError):
            self._fini = True
            self.permanent.arreter()
        return self._fini

    def rendu(self) -> dict[str, Any] | None:
        return self._rendu

    def tuer(self) -> None:
        self._fini = True
        self.permanent.processus.kill()
        self.permanent.processus.join()
        self.permanent.tube.close()


class EquipePermanente:
    """Des processus gardés, chacun avec un noyau tiède : là où un processus ne se dédouble pas (Windows)."""

    def __init__(self) -> None:
        self.libres: list[_Permanent] = []

    def confier(self, tache: Tache, *, reprendre: bool) -> Course:
        """Confier une tâche à un processus libre, ou à un neuf."""
        permanent = self.libres.pop() if self.libres else _Permanent()
        permanent.taches += 1
        permanent.tube.send({"tache": asdict(tache), "reprendre": reprendre})
        return _CoursePermanente(self, permanent)

    def rendre(self, permanent: _Permanent) -> None:
        """Reprendre un processus qui a fini sa tâche."""
        if permanent.taches >= TACHES_PAR_PROCESSUS:
            permanent.arreter()
        else:
            self.libres.append(permanent)

    def fermer(self) -> None:
        """Arrêter les processus libres."""
        while self.libres:
            self.libres.pop().arreter()
