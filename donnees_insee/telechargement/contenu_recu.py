"""Vérifier un fichier reçu avant de le garder : sa nature, son archive, ses membres, ce pour quoi il est pris."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Final

from donnees_insee.base.base import Base
from donnees_insee.depot.depot import EXTENSIONS_ARCHIVE, membres
from donnees_insee.depot.examen import FichierExamine, examiner_membres
from donnees_insee.erreurs import FichierIllisible
from donnees_insee.lecture.brut import nature
from donnees_insee.telechargement.choix import Demande, annee_commune
from donnees_insee.telechargement.reseau import TelechargementImpossible

NATURES_PAR_EXTENSION: Final = {
    **{extension: {"texte"} for extension in (".csv", ".tsv", ".txt", ".geojson", ".json", ".topojson")},
    **{extension: {"zip"} for extension in (".zip", ".xlsx", ".ods")},
    **{f".{format_}": {format_} for format_ in ("7z", "gpkg", "parquet")},
    ".xls": {"xls", "zip"},
}
EN_MOTS: Final = {"html": "une page web", "texte": "du texte", "vide": "un fichier vide", "pdf": "un PDF"}


def nom_complet(nom: str, recu: Path, demande: Demande) -> str:
    """Donner au fichier reçu un nom qui porte l'extension de sa nature, si son adresse n'en donne pas."""
    if PurePosixPath(nom).suffix.lower() in NATURES_PAR_EXTENSION:
        return nom
    contenu = nature(recu)
    membre = PurePosixPath(demande.millesime.membre).name
    if contenu == "texte":
        return nom + (PurePosixPath(membre).suffix or ".csv") if nom else membre or f"{demande.source.id}.csv"
    return (nom or demande.source.id) + (f".{contenu}" if f".{contenu}" in NATURES_PAR_EXTENSION else "")


def verifier_nature(fichier: Path, url: str, page: str) -> None:
    """Refuser une page web, un fichier vide, ou un contenu qui n'est pas celui de l'extension."""
    contenu = nature(fichier)
    attendus = NATURES_PAR_EXTENSION.get(fichier.suffix.lower())
    if contenu == "html":
        raise TelechargementImpossible(
            f"« {url} » : le site a répondu par une page web et non par le fichier. La page a sans doute été "
            f"déplacée, ou le site est en panne ; rien n'a été gardé.{_visiter(page)}"
        )
    if contenu == "vide" or (attendus is not None and contenu not in attendus):
        attendu = f"un fichier {fichier.suffix.lower().lstrip('.')}" if attendus else "un fichier de données"
        raise TelechargementImpossible(
            f"« {url} » : on attendait {attendu} et le site a envoyé {EN_MOTS.get(contenu, contenu)}. Rien n'a "
            f"été gardé.{_visiter(page)}"
        )


def verifier_et_examiner(
    base: Base, fichier: Path, demandes: Sequence[Demande]
) -> tuple[FichierExamine, ...]:
    """Ouvrir un fichier reçu, vérifier qu'il est bien ce qui était demandé, et le comparer à la base."""
    url, page = demandes[0].millesime.url, demandes[0].millesime.page
    archive = fichier.suffix.lower() in EXTENSIONS_ARCHIVE
    try:
        with membres(fichier, fichier.name, "examen") as lus:
            if archive:
                _verifier_l_archive(fichier)
                _exiger_les_membres([m.name for m, _, _ in lus], demandes, page)
            examines = examiner_membres(base, lus, annee_commune(demandes))
    except FichierIllisible as cause:
        raise TelechargementImpossible(f"« {url} » : {cause} Rien n'a été gardé.") from cause
    fautes = [f for d in demandes if (f := _ce_qui_manque(d, examines, archive=archive))]
    if fautes:
        raise TelechargementImpossible(f"« {url} » : {' '.join(fautes)} Rien n'a été gardé.{_visiter(page)}")
    return tuple(examines)


def _verifier_l_archive(fichier: Path) -> None:
    """Relire tous les membres, dictionnaires compris : un octet faux quelque part condamne l'archive."""
    if fichier.suffix.lower() != ".zip":
        return  # le format 7z vérifie ses sommes en extrayant, et tout y est extrait
    try:
        with zipfile.ZipFile(fichier) as ouverte:
            abime = ouverte.testzip()
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as cause:
        raise FichierIllisible(f"« {fichier.name} » est une archive abîmée ({cause}).") from cause
    if abime is not None:
        raise FichierIllisible(f"« {fichier.name} » est abîmée : le membre « {abime} » n'a pas sa somme.")


def _exiger_les_membres(noms: Sequence[str], demandes: Sequence[Demande], page: str) -> None:
    presents = {PurePosixPath(n).stem.lower() for n in noms}
    absents = [
        d.millesime.membre
        for d in demandes
        if d.millesime.membre and PurePosixPath(d.millesime.membre).stem.lower() not in presents
    ]
    if absents:
        raise TelechargementImpossible(
            f"« {demandes[0].millesime.url} » : l'archive devait contenir {', '.join(f'« {a} »' for a in absents)} "
            f"et contient {', '.join(f'« {n} »' for n in noms[:5]) or 'aucun fichier de données'}. Rien n'a été "
            f"gardé.{_visiter(page)}"
        )


def _ce_qui_manque(demande: Demande, examines: Sequence[FichierExamine], *, archive: bool) -> str:
    """Dire pour quoi le fichier est pris, s'il ne l'est pas pour la source et l'année demandées."""
    voulu = PurePosixPath(demande.millesime.membre).stem.lower() if archive else ""
    concernes = [e for e in examines if not voulu or _racine(e) == voulu]
    lots = [lot for e in concernes for lot in e.lots]
    if any(lot.source == demande.source.id and lot.millesime == demande.annee_attendue for lot in lots):
        return ""
    attendu = f"on attendait « {demande.source.titre} » {demande.millesime.annee}"
    if lots:
        pris = dict.fromkeys(
            f"{lot.source} {'sans date' if lot.millesime is None else lot.millesime}" for lot in lots
        )
        return f"le fichier est pris pour {' et '.join(pris)} ; {attendu}. L'adresse du catalogue mène à un autre fichier."
    raisons = " ".join(e.raison for e in concernes if e.raison)
    return f"{attendu}, et le fichier n'est pas accepté. {raisons}"


def _racine(examine: FichierExamine) -> str:
    """Donner le nom d'un membre d'archive, sans dossier ni extension."""
    return PurePosixPath(examine.nom.rpartition(" → ")[2].replace("\\", "/")).stem.lower()


def _visiter(page: str) -> str:
    return f" Cherchez le fichier sur {page}, puis déposez-le avec `abs sources deposer`." if page else ""
