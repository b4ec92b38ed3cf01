"""Écrire l'ensemble des fichiers d'une comparaison : preuve, classeur, CSV, couche géographique, cartes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from carnets.documents.preuve.preuve import ecrire_preuve
from donnees_insee.chemins import creer_dossier, fichier_provisoire

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from abs.intercommunal.comparaison import ComparaisonIntercommunale
    from carnets.parametres import Reglages
    from cartes.carte import CarteThematique
    from cartes.fonds import Fonds


def ecrire_fichiers(
    dossier: Path,
    reglages: Reglages,
    voulus: tuple[str, ...],
    comparaison: ComparaisonIntercommunale,
    fonds: Fonds,
    cartes: dict[str, CarteThematique],
    planche_des_cartes: Callable[[], bytes],
) -> list[Path]:
    """Écrire les formats demandés ; la planche n'est dessinée que s'il y a des cartes à écrire."""
    formats, diagnostic = reglages.formats, comparaison.diagnostic
    creer_dossier(dossier)
    ecrits = ecrire_preuve(diagnostic, reglages.base, dossier / "preuve")
    _dire_la_comparaison(dossier / "preuve" / "recu.json", voulus)
    if "xlsx" in formats:
        from carnets.documents.comparaison.tableur import ecrire_classeur  # noqa: PLC0415 - chacun n'importe que le sien

        ecrits.append(ecrire_classeur(comparaison, dossier / "comparaison.xlsx"))
    if "gpkg" in formats:
        from carnets.documents.geopaquet import ecrire_gpkg  # noqa: PLC0415

        ecrits.append(ecrire_gpkg(diagnostic, fonds.couches(), dossier / "territoire.gpkg"))
    if "csv" in formats:
        from abs.intercommunal.comparaison import lignes_des_communes, lignes_des_pairs  # noqa: PLC0415
        from carnets.documents.comparaison.csv import ecrire_lignes  # noqa: PLC0415
        from carnets.documents.csv_long import ecrire_csv  # noqa: PLC0415

        ecrits.append(ecrire_csv(diagnostic, dossier / "diagnostic.csv"))
        ecrits.append(ecrire_lignes(lignes_des_communes(comparaison), dossier / "communes.csv"))
        if pairs := lignes_des_pairs(comparaison):
            ecrits.append(ecrire_lignes(pairs, dossier / "comparables.csv"))
    if "cartes" in formats and cartes:
        creer_dossier(dossier / "cartes")
        planche = dossier / "cartes" / "petites_cartes.png"
        with fichier_provisoire(planche) as provisoire:
            provisoire.write_bytes(planche_des_cartes())
        ecrits.append(planche)
        for code, dessin in cartes.items():
            ecrits += dessin.enregistrer(dossier / "cartes", code)
    return ecrits


def _dire_la_comparaison(recu: Path, voulus: tuple[str, ...]) -> None:
    """Noter dans la preuve que ce diagnostic est celui d'une comparaison : ses dates ne sont pas celles d'un portrait."""
    contenu = json.loads(recu.read_text(encoding="utf-8"))
    contenu |= {"document": "comparaison", "indicateurs": list(voulus)}
    with fichier_provisoire(recu) as provisoire:
        provisoire.write_text(json.dumps(contenu, ensure_ascii=False, indent=1), encoding="utf-8")
