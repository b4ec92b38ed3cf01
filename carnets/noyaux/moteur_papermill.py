"""Le moteur « abs » de Papermill : un noyau neuf né de la pépinière (POSIX), ou un noyau tiède remis à neuf (Windows)."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from papermill.engines import NBClientEngine

from carnets.noyaux.echanges import ISOLEMENT

NOM = "abs"
TIEDE = "ABS_NOYAU_TIEDE"
EXPORTS = "exports"


class MoteurAbs(NBClientEngine):
    """Exécuter un carnet comme le moteur ordinaire de Papermill, sur un noyau plus vite prêt."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **kwargs: Any) -> Any:
        """Exécuter un carnet."""
        from carnets.noyaux.gestionnaire import gestionnaire_vers  # noqa: PLC0415 - jupyter_client est lent
        from carnets.noyaux.lancement import adresse  # noqa: PLC0415

        _prevenir_avant_les_exports(nb_man, kwargs.pop("avant_les_exports", None))
        if os.environ.get("PYTHONSAFEPATH"):
            kwargs["extra_arguments"] = [*kwargs.get("extra_arguments", ()), ISOLEMENT]
        ou = adresse()
        if ou is not None:
            # Le noyau ne sert qu'une fois et ses fichiers sont fermés : inutile d'attendre qu'il se range.
            kwargs |= {"kernel_manager_class": gestionnaire_vers(ou), "shutdown_kernel": "immediate"}
        elif os.environ.get(TIEDE) == "1":
            return _sur_un_noyau_tiede(nb_man, **kwargs)
        return super().execute_managed_notebook(nb_man, kernel_name, **kwargs)


def _prevenir_avant_les_exports(nb_man: Any, prevenir: Callable[[Any], None] | None) -> None:
    """Appeler ``prevenir`` avec le carnet quand commence la cellule étiquetée « exports »."""
    if prevenir is None:
        return
    commencer = nb_man.cell_start

    def cell_start(cellule: Any, *arguments: Any, **options: Any) -> Any:
        if EXPORTS in cellule.metadata.get("tags", ()):
            prevenir(nb_man.nb)
        return commencer(cellule, *arguments, **options)

    nb_man.cell_start = cell_start


def _sur_un_noyau_tiede(nb_man: Any, execution_timeout: float | None = None, **_: Any) -> Any:
    """Exécuter sur le noyau gardé ; au premier ennui, il est arrêté et le prochain carnet en aura un neuf."""
    from papermill.clientwrap import PapermillNotebookClient  # noqa: PLC0415 - lent

    from carnets.noyaux.noyau_tiede import noyau_tiede  # noqa: PLC0415

    noyau = noyau_tiede()
    client = PapermillNotebookClient(
        nb_man, km=noyau.preparer(str(Path.cwd())), timeout=execution_timeout, kernel_name="python3"
    )
    try:
        rendu = client.execute()
    except BaseException:
        noyau.fermer()
        raise
    finally:
        if client.kc is not None:
            client.kc.stop_channels()
    return rendu
