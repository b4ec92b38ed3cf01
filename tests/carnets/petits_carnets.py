"""De petits carnets pour éprouver le moteur et la campagne : ce qu'ils font tient dans leurs cellules."""

from __future__ import annotations

import json
from pathlib import Path


def prechauffer_peu(_: str | None) -> None:
    """Préchauffer de quoi lancer un carnet, et rien de ce que fait un portrait."""
    import nbclient
    import papermill

    assert nbclient
    assert papermill


ENTETE = 'territoire = "99001"\ndossier_sortie = ""\ndossier_donnees = ""'


def carnet(chemin: Path, *cellules: str, parametres: str = ENTETE) -> Path:
    """Écrire un carnet d'une cellule de paramètres et de cellules de code."""
    contenu = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "cells": [
            {
                "id": f"c{rang}",
                "cell_type": "code",
                "metadata": {"tags": ["parameters"] if rang == 0 else []},
                "execution_count": None,
                "outputs": [],
                "source": source,
            }
            for rang, source in enumerate((parametres, *cellules))
        ],
    }
    chemin.parent.mkdir(parents=True, exist_ok=True)
    chemin.write_text(json.dumps(contenu), encoding="utf-8")
    return chemin


def sorties(execute: Path) -> str:
    """Réunir ce qu'un carnet exécuté a écrit."""
    cellules = json.loads(execute.read_text(encoding="utf-8"))["cells"]
    return "\n".join(
        "".join(sortie.get("text", "")) or "".join(sortie.get("data", {}).get("text/plain", ""))
        for cellule in cellules
        for sortie in cellule.get("outputs", [])
    )


SALE = """
import builtins, decimal, importlib, os, sys, warnings
import matplotlib, pandas as pd
formats, territoires = importlib.import_module("abs.formats"), importlib.import_module("abs.territoires.territoires")
from IPython import get_ipython
matplotlib.rcParams["font.size"] = 40
matplotlib.rcParams["axes.facecolor"] = "red"
pd.set_option("display.precision", 1)
pd.set_option("display.max_rows", 2)
os.environ["ABS_DONNEES"] = "/nulle/part"
os.environ["ABS_SALE"] = "oui"
os.environ["LANG"] = "tr_TR"
os.chdir("/")
sys.path.insert(0, "/sale")
warnings.simplefilter("error")
decimal.getcontext().prec = 2
decimal.getcontext().rounding = decimal.ROUND_UP
builtins.round = lambda *_: 42
builtins.sale = True
sys.setrecursionlimit(400)
class _Faux:
    pass
territoires.Territoire.titre = property(lambda self: "SALE")  # lourd
formats.nombre = lambda *a, **k: "SALE"  # lourd
get_ipython().display_formatter.formatters["text/plain"].for_type(str, lambda o, p, c: p.text("SALE"))
get_ipython().display_formatter.formatters["text/html"].for_type(dict, lambda o: "SALE")
import numpy, random
numpy.random.seed(0); random.seed(0)
"""

# Ce qu'un carnet propre voit de son monde ; rien n'y doit dépendre de celui d'avant.
REGARD = """
import builtins, decimal, os, sys, warnings, random
import matplotlib, pandas as pd, numpy
from IPython import get_ipython
from abs.formats import nombre
from abs.territoires.territoires import Territoire
print(matplotlib.rcParams["font.size"], matplotlib.rcParams["axes.facecolor"])
print(pd.get_option("display.precision"), pd.get_option("display.max_rows"))
print(os.environ.get("ABS_SALE"), os.environ.get("LANG"), "/sale" in sys.path)
print(decimal.getcontext().prec, decimal.getcontext().rounding, sys.getrecursionlimit())
print(round(2.6), hasattr(builtins, "sale"), "_Faux" in globals(), "matplotlib" in dir())
print([f[0] for f in warnings.filters if f[0] == "error"])
print(Territoire("1", "commune", "Nom").titre, nombre.__module__)
print(os.getcwd() != "/")
tirage = (random.random(), float(numpy.random.random()))
"""
