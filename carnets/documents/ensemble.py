"""Écrire l'ensemble des fichiers d'un portrait : preuve, tableur, couche géographique, CSV, cartes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from carnets.documents.preuve.preuve import ecrire_preuve
from donnees_insee.chemins import creer_dossier

if TYPE_CHECKING:
    from carnets.ateliers.portrait import Atelier


def ecrire_fichiers(atelier: Atelier, dossier: Path) -> list[Path]:
    """Écrire les formats demandés."""
    diagnostic, formats = atelier.portrait.diagnostic, atelier.reglages.formats
    creer_dossier(dossier)
    ecrits = ecrire_preuve(diagnostic, atelier.reglages.base, dossier / "preuve")
    if "xlsx" in formats:
        from carnets.documents.tableur.tableur import ecrire_xlsx  # noqa: PLC0415 - chaque format n'importe que le sien

        ecrits.append(ecrire_xlsx(diagnostic, dossier / "tableaux.xlsx"))
    if "gpkg" in formats:
        from carnets.documents.geopaquet import ecrire_gpkg  # noqa: PLC0415

        ecrits.append(ecrire_gpkg(diagnostic, atelier.fonds.couches(), dossier / "territoire.gpkg"))
    if "csv" in formats:
        from carnets.documents.csv_long import ecrire_csv  # noqa: PLC0415

        ecrits.append(ecrire_csv(diagnostic, dossier / "diagnostic.csv"))
    if "cartes" in formats:
        for code, dessin in atelier.cartes.items():
            ecrits += dessin.enregistrer(dossier / "cartes", code)
    return ecrits
