"""Dessiner à deux : un second processus prend les cartes par la fin, pendant que le carnet les prend par le début.

Pour un portrait seul, sur une machine qui a plus d'un cœur. Une campagne n'en a pas l'usage : ses cœurs sont pris.
"""

from __future__ import annotations

import os
import pickle
import shutil
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cartes.ecriture import en_png

if TYPE_CHECKING:
    from collections.abc import Sequence

    from carnets.noyaux.lancement import Processus
    from cartes.carte import CarteThematique

VARIABLE: Final = "ABS_DESSIN"
ATTENTE: Final = 20.0
PAS: Final = 0.005


class DessinPartage:
    """Les images imprimées d'un portrait."""

    def __init__(self, cartes: Sequence[CarteThematique]) -> None:
        self._rangs = {id(carte): rang for rang, carte in enumerate(cartes)}
        self._dossier: Path | None = None
        self._second: Processus | None = None
        adresse = os.environ.get(VARIABLE)
        if adresse and len(cartes) > 1:
            self._appeler(adresse, cartes)

    def _appeler(self, adresse: str, cartes: Sequence[CarteThematique]) -> None:
        from carnets.noyaux.lancement import PepiniereIndisponible, Processus  # noqa: PLC0415 - rarement utile

        # Dans le dossier de la pépinière, qu'elle efface en partant : un noyau tué n'y laisse rien.
        dossier = Path(adresse).parent / f"dessin-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        try:
            dossier.mkdir(mode=0o700)
            (dossier / "cartes").write_bytes(pickle.dumps(list(cartes)))
            demande = {"faire": "carnets.dessin_partage:dessiner", "arguments": {"dossier": str(dossier)}}
            self._second = Processus(adresse, demande)
            self._dossier = dossier
        except (PepiniereIndisponible, OSError, pickle.PicklingError):
            shutil.rmtree(dossier, ignore_errors=True)

    def png(self, carte: CarteThematique) -> bytes:
        """Donner l'image d'une carte, dessinée ici ou par le second."""
        rang = self._rangs.get(id(carte))
        if self._dossier is None or rang is None or _prendre(self._dossier, rang):
            return en_png(carte)
        image = self._dossier / f"{rang}.png"
        fin = time.monotonic() + ATTENTE
        while not image.exists():
            if time.monotonic() > fin or (self._second is not None and self._second.poll() is not None):
                break
            time.sleep(PAS)
        return image.read_bytes() if image.exists() else en_png(carte)


def dessiner(dossier: str) -> int:
    """Être le second : dessiner à partir de la dernière carte, jusqu'à rencontrer le carnet."""
    ici = Path(dossier)
    cartes = pickle.loads((ici / "cartes").read_bytes())  # noqa: S301 - écrit par le carnet, dans un dossier privé
    dessinees = 0
    for rang in range(len(cartes) - 1, -1, -1):
        if not _prendre(ici, rang):
            break
        provisoire = ici / f"{rang}.en-cours"
        provisoire.write_bytes(en_png(cartes[rang]))
        provisoire.replace(ici / f"{rang}.png")
        dessinees += 1
    return dessinees


def _prendre(dossier: Path, rang: int) -> bool:
    """Réserver une carte ; faux si l'autre l'a prise."""
    try:
        (dossier / f"{rang}.prise").touch(exist_ok=False)
    except FileExistsError:
        return False
    return True
