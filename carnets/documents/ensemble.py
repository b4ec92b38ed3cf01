"""Écrire l'ensemble des fichiers d'un portrait ou d'une comparaison : preuve, classeur, couche, CSV, cartes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carnets.documents.preuve.preuve import ecrire_preuve
from donnees_insee.chemins import creer_dossier, fichier_provisoire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from abs.calcul.table_longue import Diagnostic
    from abs.intercommunal.comparaison import ComparaisonIntercommunale
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
    """Écrire les formats demandés d'un portrait ; les cartes ne sont préparées que si elles le sont."""
    ecrits = ecrire_preuve(diagnostic, reglages.base, dossier / "preuve")
    if "xlsx" in reglages.formats:
        from carnets.documents.tableur.tableur import ecrire_xlsx  # noqa: PLC0415 - chaque format n'importe que le sien

        ecrits.append(ecrire_xlsx(diagnostic, dossier / "tableaux.xlsx"))
    ecrits += _couche_et_csv(dossier, reglages, diagnostic, fonds)
    if "cartes" in reglages.formats:
        ecrits += _enregistrer(cartes(), dossier / "cartes")
    return ecrits


def ecrire_fichiers_de_la_comparaison(
    dossier: Path,
    reglages: Reglages,
    voulus: Iterable[str],
    comparaison: ComparaisonIntercommunale,
    fonds: Fonds,
    cartes: dict[str, CarteThematique],
    planche_des_cartes: Callable[[], bytes],
) -> list[Path]:
    """Écrire les formats demandés d'une comparaison ; la planche n'est dessinée que s'il y a des cartes à écrire."""
    # Les dates d'une comparaison, que la preuve dit, ne sont pas celles d'un portrait.
    mention = {"document": "comparaison", "indicateurs": list(voulus)}
    ecrits = ecrire_preuve(comparaison.diagnostic, reglages.base, dossier / "preuve", mention)
    if "xlsx" in reglages.formats:
        from carnets.documents.comparaison.tableur import ecrire_classeur  # noqa: PLC0415

        ecrits.append(ecrire_classeur(comparaison, dossier / "comparaison.xlsx"))
    ecrits += _couche_et_csv(dossier, reglages, comparaison.diagnostic, fonds)
    if "csv" in reglages.formats:
        from abs.intercommunal.lignes import lignes_des_communes, lignes_des_pairs  # noqa: PLC0415
        from carnets.documents.csv_long import ecrire_lignes  # noqa: PLC0415

        ecrits.append(ecrire_lignes(lignes_des_communes(comparaison), dossier / "communes.csv"))
        if pairs := lignes_des_pairs(comparaison):
            ecrits.append(ecrire_lignes(pairs, dossier / "comparables.csv"))
    if "cartes" in reglages.formats and cartes:
        planche = creer_dossier(dossier / "cartes") / "petites_cartes.png"
        with fichier_provisoire(planche) as provisoire:
            provisoire.write_bytes(planche_des_cartes())
        ecrits += [planche, *_enregistrer(cartes, dossier / "cartes")]
    return ecrits


def _couche_et_csv(dossier: Path, reglages: Reglages, diagnostic: Diagnostic, fonds: Fonds) -> list[Path]:
    ecrits = []
    if "gpkg" in reglages.formats:
        from carnets.documents.geopaquet import ecrire_gpkg  # noqa: PLC0415

        ecrits.append(ecrire_gpkg(diagnostic, fonds.couches(), dossier / "territoire.gpkg"))
    if "csv" in reglages.formats:
        from carnets.documents.csv_long import ecrire_csv  # noqa: PLC0415

        ecrits.append(ecrire_csv(diagnostic, dossier / "diagnostic.csv"))
    return ecrits


def _enregistrer(cartes: dict[str, CarteThematique], dossier: Path) -> list[Path]:
    return [f for code, dessin in cartes.items() for f in dessin.enregistrer(dossier, code)]
