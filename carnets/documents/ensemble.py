"""Écrire l'ensemble des fichiers d'un portrait ou d'une comparaison : preuve, classeur, couche, CSV, cartes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carnets.documents.preuve.preuve import ecrire_preuve
from donnees_insee.chemins import fichier_provisoire

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
    comparaison: ComparaisonIntercommunale | None = None,
    voulus: Iterable[str] = (),
    planche: Callable[[], bytes] | None = None,
) -> list[Path]:
    """Écrire les formats demandés ; ni les cartes ni leur planche ne sont préparées sans qu'on les demande."""
    formats = reglages.formats
    # Les dates d'une comparaison, que la preuve dit, ne sont pas celles d'un portrait.
    mention = {} if comparaison is None else {"document": "comparaison", "indicateurs": list(voulus)}
    ecrits = ecrire_preuve(diagnostic, reglages.base, dossier / "preuve", mention)
    if "xlsx" in formats and comparaison is None:
        from carnets.documents.tableur.tableur import ecrire_xlsx  # noqa: PLC0415 - chaque format n'importe que le sien

        ecrits.append(ecrire_xlsx(diagnostic, dossier / "tableaux.xlsx"))
    elif "xlsx" in formats and comparaison is not None:
        from carnets.documents.comparaison.tableur import ecrire_classeur  # noqa: PLC0415

        ecrits.append(ecrire_classeur(comparaison, dossier / "comparaison.xlsx"))
    if "gpkg" in formats:
        from carnets.documents.geopaquet import ecrire_gpkg  # noqa: PLC0415

        styles = cartes().values()
        ecrits.append(ecrire_gpkg(diagnostic, fonds.couches(), dossier / "territoire.gpkg", styles))
    if "csv" in formats:
        ecrits += _ecrire_les_csv(dossier, diagnostic, comparaison)
    dessinees = cartes() if "cartes" in formats else {}
    if dessinees and planche is not None:
        image = dossier / "cartes" / "petites_cartes.png"
        with fichier_provisoire(image) as provisoire:
            provisoire.write_bytes(planche())
        ecrits.append(image)
    for code, dessin in dessinees.items():
        ecrits += dessin.enregistrer(dossier / "cartes", code)
    return ecrits


def _ecrire_les_csv(
    dossier: Path, diagnostic: Diagnostic, comparaison: ComparaisonIntercommunale | None
) -> list[Path]:
    """Écrire les tables, et la description de tous les CSV du dossier, preuve comprise."""
    from carnets.documents.csv_long import ecrire_csv, ecrire_lignes  # noqa: PLC0415 - chaque format n'importe que le sien
    from carnets.documents.paquet_tabulaire import ecrire_paquet  # noqa: PLC0415

    ecrits = [ecrire_csv(diagnostic, dossier / "diagnostic.csv")]
    if comparaison is not None:
        from abs.intercommunal.comparaison import lignes_des_communes, lignes_des_pairs  # noqa: PLC0415

        ecrits.append(ecrire_lignes(lignes_des_communes(comparaison), dossier / "communes.csv"))
        if pairs := lignes_des_pairs(comparaison):
            ecrits.append(ecrire_lignes(pairs, dossier / "comparables.csv"))
    titre = f"{'Portrait' if comparaison is None else 'Comparaison'} · {diagnostic.ensembles.sujet.nom}"
    paquet = ecrire_paquet(dossier, [*ecrits, dossier / "preuve" / "secret.csv"], titre)
    return [*ecrits, *(f.with_suffix(".csvt") for f in ecrits), paquet]
