"""Appuis des essais d'attaque : le bureau de l'analyste, et un témoin des connexions."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING

import pytest

from tests.donnees_insee.conftest import bureau, erreur_claire, nouveau_bureau, recensement

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["bureau", "erreur_claire", "nouveau_bureau", "recensement"]


class Temoin:
    """Un port de cette machine qui note qui s'y connecte, et ferme."""

    def __init__(self) -> None:
        self.recus: list[bytes] = []
        self._ecoute = socket.create_server(("127.0.0.1", 0))
        self.adresse = f"http://127.0.0.1:{self._ecoute.getsockname()[1]}"
        self._fil = threading.Thread(target=self._servir)
        self._fil.start()

    def _servir(self) -> None:
        while True:
            liaison, _ = self._ecoute.accept()
            with liaison:
                liaison.settimeout(5)
                recu = liaison.recv(300)
            if recu == b"fin":
                return
            self.recus.append(recu)

    def fermer(self) -> None:
        with socket.create_connection(self._ecoute.getsockname()) as liaison:
            liaison.sendall(b"fin")
        self._fil.join(10)
        self._ecoute.close()


@pytest.fixture
def temoin() -> Iterator[Temoin]:
    ouvert = Temoin()
    yield ouvert
    ouvert.fermer()
