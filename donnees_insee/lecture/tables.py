"""Ouvrir un fichier reçu (CSV, classeur, Parquet) et en sortir des tables de texte, sans rien interpréter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from donnees_insee.erreurs import FichierIllisible
from donnees_insee.lecture.brut import TableBrute, nature, refuser_ce_qui_n_est_pas_une_table
from donnees_insee.lecture.classeur import en_texte, lire_classeur
from donnees_insee.lecture.csv_recu import lire_csv
from donnees_insee.lecture.parquet_recu import lire_parquet

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["EXTENSIONS_TABLE", "TableBrute", "en_texte", "lire_tables", "nature"]

EXTENSIONS_TEXTE: Final = {".csv", ".txt", ".tsv"}
EXTENSIONS_CLASSEUR: Final = {".xls", ".xlsx", ".xlsm", ".ods"}
EXTENSIONS_TABLE: Final = EXTENSIONS_TEXTE | EXTENSIONS_CLASSEUR | {".parquet"}
CONTENUS: Final = {
    "zip": "une archive ou un classeur récent (.zip, .xlsx)",
    "xls": "un classeur ancien (.xls)",
}


def lire_tables(chemin: Path) -> list[TableBrute]:
    """Lire toutes les tables d'un fichier CSV, d'un classeur ou d'un Parquet."""
    extension, contenu = chemin.suffix.lower(), nature(chemin)
    refuser_ce_qui_n_est_pas_une_table(chemin, contenu)
    dit = CONTENUS.get(contenu, f"du contenu de nature « {contenu} »")
    if extension in EXTENSIONS_CLASSEUR:
        if contenu not in {"zip", "xls"}:
            raise FichierIllisible(
                f"« {chemin.name} » porte l'extension d'un classeur mais contient {dit}. "
                "Enregistrez-le en vrai classeur, ou renommez-le en .csv s'il s'agit de texte."
            )
        return lire_classeur(chemin)
    if extension == ".parquet" and contenu == "parquet":
        return [lire_parquet(chemin)]
    if contenu != "texte":
        raise FichierIllisible(
            f"« {chemin.name} » porte l'extension {extension} mais contient {dit}. "
            "Rendez-lui l'extension de son contenu, puis déposez-le de nouveau."
        )
    return [lire_csv(chemin)]
