"""Exécuter les cellules d'un carnet dans ce processus : un interpréteur IPython dont chaque affichage devient une sortie."""

from __future__ import annotations

import base64
import io
import os
import sys
import types
from contextlib import redirect_stderr, redirect_stdout
from typing import TYPE_CHECKING, Any, Final

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Type
from traitlets.config import Config

from carnets.processus import dessin_partage

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from pathlib import Path

INTEGRE: Final = "module://matplotlib_inline.backend_inline"


class Sorties(list[dict[str, Any]]):
    """Les sorties d'une cellule, dans l'ordre où elles arrivent."""

    def __init__(self) -> None:
        super().__init__()
        self.a_effacer = False

    def ajouter(self, genre: str, **contenu: Any) -> None:
        """Ajouter une sortie ; deux écritures de suite dans le même flux n'en font qu'une."""
        if self.a_effacer:
            self.clear()
            self.a_effacer = False
        if genre == "stream" and self and self[-1].get("name") == contenu["name"]:
            self[-1]["text"] += contenu["text"]
        else:
            self.append({"output_type": genre, **contenu})


def _lisible(donnees: dict[str, Any]) -> dict[str, Any]:
    return {
        genre: base64.b64encode(valeur).decode("ascii") if isinstance(valeur, bytes) else valeur
        for genre, valeur in donnees.items()
    }


class _Affichages(DisplayPublisher):
    def publish(  # type: ignore[override]
        self, data: Any, metadata: Any = None, *, transient: Any = None, update: bool = False, **_: Any
    ) -> None:
        nom = (transient or {}).get("display_id")
        neuve = {"data": _lisible(data), "metadata": metadata or {}}
        if not update:
            self.shell.sorties.ajouter("display_data", **neuve)
            self.shell.nommees.setdefault(nom, []).append(self.shell.sorties[-1])
            return
        for sortie in self.shell.nommees.get(nom, ()):
            sortie.update(neuve)

    def clear_output(self, wait: bool = False) -> None:
        self.shell.sorties.a_effacer = True
        if not wait:
            self.shell.sorties.clear()


class _Resultats(DisplayHook):
    def write_output_prompt(self) -> None:
        pass

    def write_format_data(self, format_dict: Any, md_dict: Any = None) -> None:
        interpreteur: Any = self.shell
        interpreteur.sorties.ajouter(
            "execute_result",
            execution_count=self.prompt_count,
            data=_lisible(format_dict),
            metadata=md_dict or {},
        )

    def finish_displayhook(self) -> None:
        pass


class _Flux(io.TextIOBase):
    """Un flux de texte qui devient une sortie de la cellule."""

    encoding = "utf-8"

    def __init__(self, interpreteur: InterpreteurDeCarnet, nom: str) -> None:
        self.interpreteur, self.nom = interpreteur, nom

    def write(self, texte: str) -> int:
        if texte:
            self.interpreteur.sorties.ajouter("stream", name=self.nom, text=texte)
        return len(texte)


class InterpreteurDeCarnet(InteractiveShell):
    """Un interpréteur IPython sans terminal ni historique."""

    displayhook_class = Type(_Resultats)
    display_pub_class = Type(_Affichages)

    def __init__(self, **options: Any) -> None:
        self.sorties = Sorties()
        self.nommees: dict[Any, list[dict[str, Any]]] = {}
        super().__init__(**options)  # type: ignore[no-untyped-call]
        # tqdm reconnaît un carnet à cette clé.
        self.config.IPKernelApp.log_level = 50

    def enable_gui(self, gui: Any = None) -> None:
        """Ne rien faire : il n'y a pas d'écran."""

    def _showtraceback(self, etype: Any, evalue: Any, stb: Any) -> None:
        self.sorties.ajouter("error", ename=etype.__name__, evalue=str(evalue), traceback=list(stb))

    def executer(self, source: str) -> dict[str, Any]:
        """Exécuter une cellule et donner son rang, ses sorties et son succès."""
        self.sorties = Sorties()
        rang = self.execution_count
        with redirect_stdout(_Flux(self, "stdout")), redirect_stderr(_Flux(self, "stderr")):
            rendu = self.run_cell(source, store_history=True)  # type: ignore[no-untyped-call]
        return {"rang": rang, "sorties": list(self.sorties), "reussie": bool(rendu.success)}


def creer() -> InterpreteurDeCarnet:
    """Créer l'interpréteur de ce processus, dont le carnet est le module principal."""
    principal = types.ModuleType("__main__")
    sys.modules["__main__"] = principal
    if not os.environ.get("PYTHONSAFEPATH"):
        # Comme au lancement ordinaire : un carnet de l'analyste peut importer un module posé à côté de lui.
        sys.path.insert(0, "")
    reglages = Config()
    reglages.HistoryManager.enabled = False
    interpreteur = InterpreteurDeCarnet.instance(user_module=principal, config=reglages)
    _montrer_les_figures(interpreteur)
    return interpreteur


def _montrer_les_figures(interpreteur: InterpreteurDeCarnet) -> None:
    """Comme dans JupyterLab, une figure de matplotlib.pyplot s'affiche à la fin de sa cellule."""
    os.environ.setdefault("MPLBACKEND", INTEGRE)
    if "matplotlib" in sys.modules and os.environ["MPLBACKEND"] == INTEGRE:
        import matplotlib as mpl  # noqa: PLC0415 - déjà importé par le préchauffage
        from matplotlib_inline import backend_inline  # noqa: PLC0415

        mpl.rcParams["backend"] = INTEGRE
        backend_inline.configure_inline_support(interpreteur, INTEGRE)  # type: ignore[no-untyped-call]


def servir(tube: Connection, dessin: tuple[Connection, Path] | None = None) -> None:
    """Exécuter chaque cellule reçue et répondre par ce qu'elle a donné, puis dire les sources que le carnet a consultées."""
    dessin_partage.SECOND = dessin
    interpreteur = creer()
    while (source := tube.recv()) is not None:
        tube.send(interpreteur.executer(source))
    lecture = sys.modules.get("donnees_insee.base.couches")
    tube.send(sorted(lecture.CONSULTEES) if lecture else [])
