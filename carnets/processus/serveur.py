"""Importé par le seul serveur de processus : préchauffer, puis refuser de servir si un fil d'exécution est né."""

import atexit
import gc
import importlib
import os
import sys
from contextlib import redirect_stdout

from carnets.processus.demarrage import nombre_de_fils
from carnets.processus.prechauffage import BASE, PRECHAUFFAGE

REFUS = 75


def preparer() -> None:
    """Préchauffer ce processus selon son environnement ; il ne se dédouble que s'il n'a qu'un fil."""
    module, _, fonction = os.environ.pop(PRECHAUFFAGE, "").partition(":")
    if not module:
        return
    # Le préchauffage crée beaucoup d'objets et n'en jette aucun : les reparcourir en ferait le cinquième de sa durée.
    gc.disable()
    with redirect_stdout(sys.stderr):
        getattr(importlib.import_module(module), fonction)(os.environ.pop(BASE, "") or None)
    fils = nombre_de_fils()
    if fils != 1:
        sys.stderr.write(
            f"Le préchauffage a lancé des fils : {fils} au lieu d'un, ce processus ne sert pas.\n"
        )
        sys.stderr.flush()
        os._exit(REFUS)
    gc.freeze()
    gc.enable()
    # En partant, rien à défaire : démonter tant de modules prend du temps, et certains s'en plaignent sur le terminal.
    atexit.register(os._exit, 0)


preparer()
