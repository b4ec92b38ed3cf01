"""Écrire les évolutions d'un territoire en CSV, lisible d'un double-clic dans un tableur français."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from abs.evolutions.tableaux import rapport, table
from carnets.documents.csv_long import DEBUTS_DE_FORMULE, enregistrer
from donnees_insee.chemins import fichier_provisoire

if TYPE_CHECKING:
    from pathlib import Path

    from abs.evolutions.releve import Releve


def ecrire_evolutions(releve: Releve, dossier: Path) -> Path:
    """Écrire toutes les évolutions, à pleine précision."""
    lignes = table(releve)
    chemin = dossier / f"evolutions_{releve.sujet.code}_{releve.de}_{releve.a}.csv"
    cellules = ([_cellule(v) for v in ligne] for ligne in lignes.itertuples(index=False))
    return enregistrer(lignes.columns, cellules, chemin)


def ecrire_rapport(releve: Releve, dossier: Path) -> Path:
    """Écrire le rapport entier, en texte."""
    chemin = dossier / f"evolutions_{releve.sujet.code}_{releve.de}_{releve.a}.txt"
    with fichier_provisoire(chemin) as provisoire:
        provisoire.write_text(rapport(releve), encoding="utf-8-sig")
    return chemin


def _cellule(valeur: object) -> str:
    if isinstance(valeur, float):
        return "" if math.isnan(valeur) else repr(valeur).replace(".", ",")
    if isinstance(valeur, int):
        return str(valeur)
    texte = str(valeur).replace('"', '""').replace("\n", " ")
    # Un tableur prendrait ce début pour une formule.
    return f'"\'{texte}"' if texte.startswith(DEBUTS_DE_FORMULE) else f'"{texte}"'
