"""Les messages entre la pépinière et ceux qui lui demandent un processus : une ligne JSON chacun."""

from __future__ import annotations

import json
import socket
from typing import Any, Final

TAILLE_MAXIMALE: Final = 4 * 1024 * 1024
VARIABLE: Final = "ABS_PEPINIERE"
# Donné à un noyau : rien n'y est importé du dossier courant, où IPython irait chercher d'abord.
ISOLEMENT: Final = "--InteractiveShellApp.ignore_cwd=True"


def ecrire_message(prise: socket.socket, message: dict[str, Any]) -> None:
    """Envoyer un message."""
    prise.sendall(json.dumps(message, ensure_ascii=True).encode("ascii") + b"\n")


class Lecteur:
    """Rassembler les octets reçus en messages entiers."""

    def __init__(self, prise: socket.socket) -> None:
        self.prise = prise
        self._reste = b""
        self.ferme = False

    def lire(self) -> list[dict[str, Any]]:
        """Lire ce qui est arrivé, sans attendre si la prise est non bloquante."""
        try:
            octets = self.prise.recv(65536)
        except (BlockingIOError, InterruptedError):
            return []
        except OSError:
            octets = b""
        if not octets or len(self._reste) > TAILLE_MAXIMALE:
            self.ferme = True
            return []
        *entiers, self._reste = (self._reste + octets).split(b"\n")
        return [json.loads(ligne) for ligne in entiers if ligne.strip()]
