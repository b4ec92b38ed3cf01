"""Tirer de nouveau, de la copie d'un fichier déposé, ce que la base devrait tenir, sans rien écrire."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow as pa

from donnees_insee.base.recus import Recu
from donnees_insee.depot.depot import membres
from donnees_insee.depot.rangement import base_vide, preparer_fichier

OPTION: Final = "option --millesime"


def annee_donnee(recu: Recu) -> int | None:
    """Retrouver l'année que l'analyste avait donnée au dépôt."""
    return next((lot.millesime for lot in recu.lots if lot.d_ou == OPTION), None)


def relire(recu: Recu, copie: Path) -> dict[str, pd.DataFrame]:
    """Relire une copie par les mêmes lecteurs que le dépôt : les tables qu'elle donne, par l'adresse de leur part."""
    vide, annee = base_vide(), annee_donnee(recu)
    refuses = {_comparable(r) for r in recu.refuses}
    with membres(copie, recu.nom, recu.sha256) as lus:
        parts = [
            part
            for membre, nom, prefixe in lus
            if _comparable(nom) not in refuses
            for part in preparer_fichier(vide, membre, nom, prefixe, annee, malgre_les_ecarts=True)
        ]
        return {p.chemin.relative_to(vide.dossier).as_posix(): _comme_rangee(p.donnees) for p in parts}


def _comparable(nom: str) -> str:
    # Un reçu écrit sous Windows sépare les dossiers d'une archive par des barres inverses.
    return nom.encode("utf-8", "replace").decode().replace("\\", "/")


def _comme_rangee(donnees: pd.DataFrame) -> pd.DataFrame:
    """Passer par Arrow comme le fait l'écriture : une même cellule a alors une même nature."""
    if "geometry" in donnees:
        return donnees
    return pa.Table.from_pandas(donnees, preserve_index=False).to_pandas()
