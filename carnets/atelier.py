"""L'atelier JupyterLab : en français, sur le premier carnet ; ses réglages restent dans le dossier de travail."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, Final

from carnets.textes import textes
from donnees_insee.chemins import creer_dossier, fichier_provisoire

if TYPE_CHECKING:
    from pathlib import Path

PREMIER: Final = "00_commencer.ipynb"
CACHE: Final = ".jupyter"
REGLAGES: Final[dict[str, dict[str, Any]]] = textes("carnets")["jupyterlab"]["reglages"]
DOSSIERS: Final[dict[str, str]] = textes("carnets")["jupyterlab"]["dossiers"]


def options(dossier: Path) -> list[str]:
    """Donner les options de JupyterLab : ouvrir le premier carnet."""
    return [str(dossier), f"--LabApp.default_url=/lab/tree/{PREMIER}"]


def environnement(dossier: Path) -> dict[str, str]:
    """Écrire les réglages dans le dossier de travail, et dire à Jupyter de n'en lire ni d'en écrire ailleurs."""
    cache = creer_dossier(dossier.resolve() / CACHE)
    for nom, contenu in REGLAGES.items():
        fichier = cache / "lab" / "user-settings" / "@jupyterlab" / f"{nom}.jupyterlab-settings"
        if not fichier.exists():
            creer_dossier(fichier.parent)
            with fichier_provisoire(fichier) as provisoire:
                provisoire.write_text(json.dumps(contenu, indent=1), encoding="utf-8")
    return dict(os.environ) | {variable: str(cache / place) for variable, place in DOSSIERS.items()}
