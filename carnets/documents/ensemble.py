"""Écrire l'ensemble des fichiers d'un portrait ou d'une comparaison : preuve, classeur, couche, CSV, cartes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carnets.documents.preuve.preuve import ecrire_preuve
from donnees_insee.chemins import creer_dossier, fichier_provisoire

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from abs.calcul.diagnostic import Diagnostic
    from abs.intercommunal.comparaison import ComparaisonIntercommunale
    from cartes.fonds import Fonds
    from cartes.specification import CarteThematique
    from donnees_insee.base.base import Base


def ecrire_fichiers(
    diagnostic: Diagnostic,
    base: Base,
    formats: Iterable[str],
    fonds: Fonds,
    cartes: Mapping[str, CarteThematique],
    dossier: Path,
) -> list[Path]:
    """Écrire les formats demandés d'un portrait."""
    ecrits = ecrire_preuve(diagnostic, base, dossier / "preuve")
    if "xlsx" in formats:
        from carnets.documents.tableur.tableur import ecrire_xlsx  # noqa: PLC0415 - chaque format n'importe que le sien

        ecrits.append(ecrire_xlsx(diagnostic, dossier / "tableaux.xlsx"))
    return ecrits + _couche_et_csv(diagnostic, formats, fonds, dossier) + _cartes(cartes, dossier)


def ecrire_fichiers_de_la_comparaison(
    comparaison: ComparaisonIntercommunale,
    voulus: Iterable[str],
    base: Base,
    formats: Iterable[str],
    fonds: Fonds,
    cartes: Mapping[str, CarteThematique],
    planche: bytes,
    dossier: Path,
) -> list[Path]:
    """Écrire les formats demandés d'une comparaison : ses dates, que la preuve dit, ne sont pas celles d'un portrait."""
    diagnostic = comparaison.diagnostic
    mention = {"document": "comparaison", "indicateurs": list(voulus)}
    ecrits = ecrire_preuve(diagnostic, base, dossier / "preuve", mention)
    if "xlsx" in formats:
        from carnets.documents.comparaison.tableur import ecrire_classeur  # noqa: PLC0415

        ecrits.append(ecrire_classeur(comparaison, dossier / "comparaison.xlsx"))
    ecrits += _couche_et_csv(diagnostic, formats, fonds, dossier)
    if "csv" in formats:
        from abs.intercommunal.lignes import lignes_des_communes, lignes_des_pairs  # noqa: PLC0415
        from carnets.documents.csv_long import ecrire_lignes  # noqa: PLC0415

        ecrits.append(ecrire_lignes(lignes_des_communes(comparaison), dossier / "communes.csv"))
        if pairs := lignes_des_pairs(comparaison):
            ecrits.append(ecrire_lignes(pairs, dossier / "comparables.csv"))
    if planche:
        image = creer_dossier(dossier / "cartes") / "petites_cartes.png"
        with fichier_provisoire(image) as provisoire:
            provisoire.write_bytes(planche)
        ecrits.append(image)
    return ecrits + _cartes(cartes, dossier)


def _couche_et_csv(diagnostic: Diagnostic, formats: Iterable[str], fonds: Fonds, dossier: Path) -> list[Path]:
    ecrits = []
    if "gpkg" in formats:
        from carnets.documents.geopaquet import ecrire_gpkg  # noqa: PLC0415

        ecrits.append(ecrire_gpkg(diagnostic, fonds.couches(), dossier / "territoire.gpkg"))
    if "csv" in formats:
        from carnets.documents.csv_long import ecrire_csv  # noqa: PLC0415

        ecrits.append(ecrire_csv(diagnostic, dossier / "diagnostic.csv"))
    return ecrits


def _cartes(cartes: Mapping[str, CarteThematique], dossier: Path) -> list[Path]:
    return [f for code, dessin in cartes.items() for f in dessin.enregistrer(dossier / "cartes", code)]
