"""Remettre un noyau tiède dans l'état où il est né, et dire ce qui ne peut pas l'être. Ce module s'exécute dans le noyau.

Un noyau dédoublé de la pépinière n'en a pas besoin : il naît neuf. Là où un processus ne se dédouble pas, un carnet
peut laisser des traces au suivant ; elles sont effacées une à une, et celles qui restent (une classe ou une fonction
d'une bibliothèque remplacée) font refaire le noyau.
"""

from __future__ import annotations

import builtins
import decimal
import gc
import locale
import os
import random
import sys
import types
import warnings
from typing import Any, Final

# Ce qu'un carnet peut avoir remplacé dedans et qui changerait le suivant.
PAQUETS_SURVEILLES: Final = (
    "donnees_insee",
    "abs",
    "cartes",
    "carnets",
    "pandas",
    "numpy",
    "matplotlib",
    "geopandas",
    "json",
    "math",
)


class Etat:
    """L'état d'un noyau neuf, photographié avant le premier carnet."""

    def __init__(self, noms: dict[str, Any]) -> None:
        import matplotlib as mpl  # noqa: PLC0415 - déjà importé dans le noyau préchauffé
        import pandas as pd  # noqa: PLC0415

        self.noms = set(noms)
        self.environnement = dict(os.environ)
        self.dossier = os.getcwd()  # noqa: PTH109 - rendu tel quel à os.chdir
        self.chemins = list(sys.path)
        self.filtres = list(warnings.filters)
        self.decimales = decimal.getcontext().copy()
        self.recursion = sys.getrecursionlimit()
        self.langue = locale.setlocale(locale.LC_ALL)
        self.integres = dict(vars(builtins))
        self.rc = dict(mpl.rcParams)
        self.options = _options(pd)
        self.formateurs = _formateurs()
        self.modules = set(sys.modules)
        self.attributs = _attributs()

    def remettre(self, noms: dict[str, Any]) -> list[str]:
        """Effacer les traces du carnet qui vient de finir."""
        import matplotlib as mpl  # noqa: PLC0415
        import pandas as pd  # noqa: PLC0415
        from matplotlib import pyplot as plt  # noqa: PLC0415

        for nom in set(noms) - self.noms:
            del noms[nom]
        os.environ.clear()
        os.environ.update(self.environnement)
        os.chdir(self.dossier)
        sys.path[:] = self.chemins
        warnings.filters[:] = self.filtres  # type: ignore[index]
        warnings._filters_mutated()  # type: ignore[attr-defined]  # noqa: SLF001 - seul moyen de vider leur cache
        decimal.setcontext(self.decimales.copy())
        sys.setrecursionlimit(self.recursion)
        locale.setlocale(locale.LC_ALL, self.langue)
        for nom in set(vars(builtins)) - set(self.integres):
            delattr(builtins, nom)
        for nom, valeur in self.integres.items():
            setattr(builtins, nom, valeur)
        plt.close("all")
        mpl.rcParams.update(self.rc)
        for nom, valeur in self.options.items():
            pd.set_option(nom, valeur)
        _remettre_les_formateurs(self.formateurs)
        random.seed()
        gc.collect()
        return self._ineffacable()

    def _ineffacable(self) -> list[str]:
        neufs = [m for m in set(sys.modules) - self.modules if not m.startswith("_")]
        propres = [
            m
            for m in neufs
            if getattr(sys.modules[m], "__file__", None) is None or _du_carnet(sys.modules[m])
        ]
        maintenant = _attributs()
        changes = [cle for cle, valeur in self.attributs.items() if maintenant.get(cle) != valeur]
        ajoutes = [
            cle for cle in maintenant if cle not in self.attributs and cle.split(":")[0] in self.modules
        ]
        return sorted({*propres, *changes, *ajoutes})


def _du_carnet(module: types.ModuleType) -> bool:
    """Un module posé à côté d'un carnet n'est pas dans l'environnement : le suivant lirait le sien."""
    return not str(module.__file__).startswith((sys.prefix, sys.base_prefix))


def _options(pd: Any) -> dict[str, Any]:
    import pandas._config.config as reglages  # noqa: PLC0415 - pandas ne liste pas ses options autrement

    return {nom: pd.get_option(nom) for nom in reglages._registered_options}  # noqa: SLF001


def _formateurs() -> dict[str, tuple[dict[Any, Any], dict[Any, Any]]]:
    from IPython import get_ipython  # noqa: PLC0415

    coquille = get_ipython()
    if coquille is None:
        return {}
    return {
        nom: (dict(f.type_printers), dict(f.deferred_printers))
        for nom, f in coquille.display_formatter.formatters.items()
    }


def _remettre_les_formateurs(gardes: dict[str, tuple[dict[Any, Any], dict[Any, Any]]]) -> None:
    from IPython import get_ipython  # noqa: PLC0415

    coquille = get_ipython()
    if coquille is None:
        return
    coquille.display_formatter.active_types = coquille.display_formatter.format_types
    for nom, formateur in coquille.display_formatter.formatters.items():
        types_, differes = gardes.get(nom, ({}, {}))
        formateur.type_printers = dict(types_)
        formateur.deferred_printers = dict(differes)


def _attributs() -> dict[str, int]:
    """Identifier chaque fonction et chaque classe des paquets surveillés, méthodes comprises."""
    releve: dict[str, int] = {}
    for nom, module in list(sys.modules.items()):
        if not nom.startswith(PAQUETS_SURVEILLES) or module is None:
            continue
        if nom.split(".", maxsplit=1)[0] not in PAQUETS_SURVEILLES:
            continue
        for cle, valeur in list(vars(module).items()):
            if isinstance(valeur, type):
                releve |= {
                    f"{nom}:{cle}.{methode}": id(corps)
                    for methode, corps in list(vars(valeur).items())
                    if isinstance(corps, types.FunctionType | staticmethod | classmethod | property)
                }
            if isinstance(valeur, type | types.FunctionType):
                releve[f"{nom}:{cle}"] = id(valeur)
    return releve
