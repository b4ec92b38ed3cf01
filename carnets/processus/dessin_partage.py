"""Dessiner à deux : un second processus prend les cartes par la fin, pendant que le carnet les prend par le début.

Pour un portrait seul, sur une machine qui a plus d'un cœur. Une campagne n'en a pas l'usage : ses cœurs sont pris.
"""

from __future__ import annotations

import os
import pickle
import time
from contextlib import contextmanager
from multiprocessing import Pipe
from pathlib import Path
from typing import TYPE_CHECKING, Final

from carnets.processus.demarrage import Processus, methode_de_demarrage
from donnees_insee.chemins import dossier_de_passage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from multiprocessing.connection import Connection

    from cartes.carte import CarteThematique

ATTENTE: Final = 20.0
PAS: Final = 0.005
# Le tube et le dossier du second, reçus au démarrage du processus qui exécute un carnet.
SECOND: tuple[Connection, Path] | None = None


@contextmanager
def second_dessinateur() -> Iterator[tuple[Connection, Path] | None]:
    """Faire naître un second dessinateur, là où un processus préchauffé et un second cœur l'attendent."""
    if methode_de_demarrage() != "forkserver" or (os.cpu_count() or 1) < 2:
        yield None
        return
    ici, la_bas = Pipe()
    with dossier_de_passage("dessin") as dossier, Processus(dessiner, la_bas, dossier), ici:
        la_bas.close()
        yield ici, dossier


class DessinPartage:
    """Les images imprimées d'un portrait."""

    def __init__(self, cartes: Sequence[CarteThematique]) -> None:
        self._rangs = {id(carte): rang for rang, carte in enumerate(cartes)}
        self._second = SECOND if len(cartes) > 1 else None
        if self._second is not None:
            try:
                self._second[0].send(list(cartes))
            except (OSError, pickle.PicklingError):
                self._second = None

    def png(self, carte: CarteThematique) -> bytes:
        """Donner l'image d'une carte, dessinée ici ou par le second."""
        from cartes.ecriture import en_png, images_tenues  # noqa: PLC0415 - matplotlib est lent

        rang = self._rangs.get(id(carte))
        if self._second is None or rang is None:
            return en_png(carte)
        tube, dossier = self._second
        if _prendre(dossier, rang):
            return en_png(carte)
        image = dossier / f"{rang}.png"
        fin = time.monotonic() + ATTENTE
        # Le second n'écrit jamais dans le tube : s'il s'y lit quelque chose, c'est sa fin.
        while not image.exists() and time.monotonic() < fin and not tube.poll(PAS):
            continue
        if image.exists() and not (tenues := images_tenues(carte)):
            # Les exports écriront celle-ci sans la redessiner.
            tenues.append(image.read_bytes())
        return en_png(carte)


def dessiner(_: Connection, tube: Connection, dossier: Path) -> None:
    """Être le second : dessiner à partir de la dernière carte, jusqu'à rencontrer le carnet."""
    from cartes.ecriture import en_png  # noqa: PLC0415 - idem

    cartes = tube.recv()
    for rang in range(len(cartes) - 1, -1, -1):
        if not _prendre(dossier, rang):
            return
        provisoire = dossier / f"{rang}.en-cours"
        provisoire.write_bytes(en_png(cartes[rang]))
        provisoire.replace(dossier / f"{rang}.png")


def _prendre(dossier: Path, rang: int) -> bool:
    """Réserver une carte ; faux si l'autre l'a prise."""
    try:
        (dossier / f"{rang}.prise").touch(exist_ok=False)
    except FileExistsError:
        return False
    return True
