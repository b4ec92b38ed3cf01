"""Recompter par une autre voie les lignes d'un CSV, et refuser le fichier dont le découpage en a perdu."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Final

from donnees_insee.erreurs import FichierIllisible

if TYPE_CHECKING:
    from pathlib import Path

# Une cellule plus longue n'est pas une donnée : c'est un guillemet qui a avalé la suite du fichier.
CELLULE_MAXIMALE: Final = 1 << 20


def verifier_le_compte(chemin: Path, separateur: str, nom: str, lues: int, saut: int = 0) -> None:
    """Vérifier que le découpage a donné toutes les lignes d'un fichier."""
    # Une ligne de données tient sur une ligne de texte au moins : l'égalité prouve que rien n'est perdu.
    with chemin.open("rb") as flux:
        if lues == sum(not ligne.isspace() for ligne in flux) - saut:
            return
    comptees = _compter_les_enregistrements(chemin, separateur, nom) - saut
    if comptees != lues:
        raise FichierIllisible(
            f"« {nom} » : {lues} lignes ont été lues, et un second compte en trouve {comptees}. Un guillemet isolé ou "
            "une ligne démesurée en cache : téléchargez de nouveau le fichier, ou enregistrez-le en « CSV UTF-8 » "
            "depuis un tableur."
        )


def _avale(cellule: str, rang: int, colonnes: int, separateur: str) -> bool:
    """Reconnaître la fin d'une ligne et le début d'une autre, réunies par un guillemet oublié dans l'une et l'autre."""
    debut, fin = cellule.partition("\n")[0], cellule.rpartition("\n")[2]
    reste = colonnes - 1 - rang
    return "\n" in cellule and (debut.count(separateur), fin.count(separateur)) == (reste, rang)


def _compter_les_enregistrements(chemin: Path, separateur: str, nom: str) -> int:
    comptes = 0
    csv.field_size_limit(CELLULE_MAXIMALE)
    try:
        with chemin.open(encoding="utf-8-sig", newline="") as flux:
            for ligne in csv.reader(flux, delimiter=separateur, strict=True):
                comptes += bool(ligne)
                if any(_avale(cellule, rang, len(ligne), separateur) for rang, cellule in enumerate(ligne)):
                    raise FichierIllisible(
                        f"« {nom} » : à la ligne de données {comptes}, un guillemet ouvre une cellule qui court sur "
                        "plusieurs lignes de texte et peut en cacher de données. Ôtez ce guillemet, ou le retour à la "
                        "ligne de cette cellule, puis déposez de nouveau le fichier."
                    )
    except csv.Error as cause:
        raise FichierIllisible(
            f"« {nom} » : après {comptes} lignes, le texte ne se découpe plus de façon sûre (guillemet isolé ou cellule "
            "démesurée). Téléchargez de nouveau le fichier, ou enregistrez-le en « CSV UTF-8 » depuis un tableur."
        ) from cause
    return comptes
