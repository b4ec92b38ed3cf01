"""Écrire l'ensemble des fichiers d'un portrait : preuve, tableur, couche géographique, CSV, cartes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from carnets.documents.preuve.preuve import ecrire_preuve
from donnees_insee.chemins import creer_dossier

if TYPE_CHECKING:
    from abs.calcul.table_longue import Diagnostic
    from carnets.parametres import Reglages
    from cartes.carte import CarteThematique
    from cartes.fonds import Fonds


def ecrire_fichiers(
    dossier: Path,
    reglages: Reglages,
    diagnostic: Diagnostic,
    fonds: Fonds,
    cartes: Callable[[], dict[str, CarteThematique]],
) -> list[Path]:
    """Écrire les formats demandés ; les cartes ne sont préparées que si elles le sont."""
    formats = reglages.formats
    creer_dossier(dossier)
    ecrits = ecrire_preuve(diagnostic, reglages.base, dossier / "preuve")
    if "xlsx" in formats:
        from carnets.documents.tableur.tableur import ecrire_xlsx  # noqa: PLC0415 - chaque format n'importe que le sien

        ecrits.append(ecrire_xlsx(diagnostic, dossier / "tableaux.xlsx"))
    if "gpkg" in formats:
        from carnets.documents.geopaquet import ecrire_gpkg  # noqa: PLC0415

        ecrits.append(ecrire_gpkg(diagnostic, fonds.couches(), dossier / "territoire.gpkg"))
    if "csv" in formats:
        from carnets.documents.csv_long import ecrire_csv  # noqa: PLC0415

        ecrits.append(ecrire_csv(diagnostic, dossier / "diagnostic.csv"))
    if "cartes" in formats:
        for code, dessin in cartes().items():
            ecrits += dessin.enregistrer(dossier / "cartes", code)
    return ecrits
