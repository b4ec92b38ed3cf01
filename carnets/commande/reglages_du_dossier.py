"""Dans un dossier de travail, ce qu'on ne dit pas à la commande se lit dans ses réglages."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

from carnets.commande.affichage import TEXTES
from carnets.commande.communs import SORTIES
from carnets.commande.productions import ATELIER
from carnets.reglages import lire_les_reglages, trouver

# Ce qui ne passe pas par une option : la variable que lisent toutes les pièces.
VARIABLES: Final = {"donnees": "ABS_DONNEES", "charte": "ABS_CHARTE"}
# Où la commande écrit, hors d'un dossier de travail.
DOSSIERS: Final = {"sortie": SORTIES, "dossier": ATELIER}


def reglages_du_dossier(commande: Any) -> dict[str, Any]:
    """Donner à chaque verbe, sous son nom, les réglages qui le concernent ; rien hors d'un dossier de travail."""
    racine = trouver(Path.cwd())
    if racine is None:
        return {}
    reglages = lire_les_reglages(racine)
    for nom, variable in VARIABLES.items():
        if nom in reglages and Path(str(reglages[nom])).exists():
            os.environ.setdefault(variable, str(reglages[nom]))
    atelier = {"dossier": racine / "carnets"}
    return _par_verbe(commande, {n: str(v) for n, v in (reglages | atelier).items() if n not in VARIABLES})


def _par_verbe(commande: Any, reglages: dict[str, str], chemin: str = "") -> dict[str, Any]:
    if verbes := getattr(commande, "commands", None):
        return {nom: _par_verbe(verbe, reglages, f"{chemin} {nom}".strip()) for nom, verbe in verbes.items()}
    voulus = TEXTES["dossier_de_travail"].get(chemin, TEXTES["dossier_de_travail"]["autres"])
    # Un dossier que la commande ne dirait pas d'elle-même reste à dire.
    libres = [p for p in commande.params if p.name not in DOSSIERS or str(p.default) == str(DOSSIERS[p.name])]
    return {p.name: reglages[p.name] for p in libres if p.name in reglages and p.name in voulus}
