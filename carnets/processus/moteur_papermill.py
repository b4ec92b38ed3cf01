"""Le moteur « abs » de Papermill : les cellules d'un carnet s'exécutent dans un processus neuf, sans noyau ni prise."""

from __future__ import annotations

import platform
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import from_dict
from papermill.engines import Engine

from carnets.processus.demarrage import Processus, ProcessusMort
from carnets.processus.dessin_partage import second_dessinateur
from carnets.processus.interpreteur import servir

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbformat import NotebookNode

    Pendant = Callable[[NotebookNode, NotebookNode, Callable[[], bool]], None]

LANGAGE: Final = {
    "name": "python",
    "version": platform.python_version(),
    "mimetype": "text/x-python",
    "codemirror_mode": {"name": "ipython", "version": 3},
    "pygments_lexer": "ipython3",
    "nbconvert_exporter": "python",
    "file_extension": ".py",
}
DELAI_DE_FIN: Final = 10.0
SAUTEE: Final = "skip-execution"
TOLEREE: Final = "raises-exception"


class MoteurAbs(Engine):
    """Exécuter un carnet comme le moteur ordinaire de Papermill, dans un processus plus vite prêt."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: Any,
        kernel_name: str,  # noqa: ARG003 - le noyau est toujours celui de cet environnement
        *,
        execution_timeout: float | None = None,
        pendant: Pendant | None = None,
        dessin_a_deux: bool = False,
        **_: Any,
    ) -> None:
        """Exécuter un carnet, en appelant ``pendant(carnet, cellule, a-t-elle répondu)`` quand une cellule commence."""
        with ExitStack() as pile:
            second = pile.enter_context(second_dessinateur()) if dessin_a_deux else None
            processus = pile.enter_context(Processus(servir, second))
            for rang, cellule in enumerate(nb_man.nb.cells):
                nb_man.cell_start(cellule, rang)
                try:
                    reussie = _passer(processus, nb_man.nb, cellule, execution_timeout, pendant)
                    if not reussie:
                        nb_man.cell_exception(cellule, cell_index=rang)
                        break
                finally:
                    nb_man.cell_complete(cellule, cell_index=rang)
            lues = _sources_consultees(processus)
            nb_man.nb.metadata["abs"] = {"sources_consultees": lues, "demarrage": processus.methode}
        nb_man.nb.metadata["language_info"] = LANGAGE


def _sources_consultees(processus: Processus) -> list[str] | None:
    """Demander au carnet fini ce qu'il a lu de la base ; un carnet mort n'en dit rien."""
    processus.envoyer(None)
    try:
        return processus.recevoir() if processus.attendre(DELAI_DE_FIN) else None
    except ProcessusMort:
        return None


def _passer(
    processus: Processus,
    carnet: NotebookNode,
    cellule: NotebookNode,
    delai: float | None,
    pendant: Pendant | None,
) -> bool:
    """Exécuter une cellule ; faux si elle s'est arrêtée sur une erreur que rien n'annonçait."""
    etiquettes = cellule.metadata.get("tags", ())
    if cellule.cell_type != "code" or not cellule.source.strip() or SAUTEE in etiquettes:
        return True
    cellule.outputs = []
    processus.envoyer(cellule.source)
    if pendant is not None:
        pendant(carnet, cellule, partial(processus.attendre, 0))
    if not processus.attendre(delai):
        raise CellTimeoutError.error_from_timeout_and_cell(
            "Cell execution timed out", int(delai or 0), cellule
        )
    try:
        reponse = processus.recevoir()
    except ProcessusMort as cause:
        raise DeadKernelError(str(cause)) from cause
    cellule.execution_count = reponse["rang"]
    cellule.outputs = [from_dict(sortie) for sortie in reponse["sorties"]]
    return bool(reponse["reussie"]) or TOLEREE in etiquettes
