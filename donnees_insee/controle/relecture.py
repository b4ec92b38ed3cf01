"""Tirer de nouveau, de la copie d'un fichier déposé, ce que la base devrait tenir, sans rien écrire."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from donnees_insee.base.base import Base
from donnees_insee.chemins import dossier_de_passage
from donnees_insee.depot.depot import EXTENSIONS_ARCHIVE, fichiers_a_deposer
from donnees_insee.depot.rangement import preparer_fichier
from donnees_insee.lecture import archives

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from donnees_insee.base.recus import Recu

OPTION: Final = "option --millesime"


@dataclass(frozen=True)
class PartRelue:
    """Une part telle que le fichier d'origine la donne."""

    adresse: str
    donnees: pd.DataFrame


def annee_donnee(recu: Recu) -> int | None:
    """Retrouver l'année que l'analyste avait donnée au dépôt."""
    return next((lot.millesime for lot in recu.lots if lot.d_ou == OPTION), None)


def relire(recu: Recu, copie: Path) -> list[PartRelue]:
    """Relire une copie par les mêmes lecteurs que le dépôt, dans une base vide qui n'est jamais écrite."""
    with dossier_de_passage("relecture") as provisoire:
        vide = Base(Path(provisoire) / "vide")
        parts: list[PartRelue] = []
        for membre, nom, prefixe in _membres(recu, copie, Path(provisoire) / "membres"):
            _, ecriture = preparer_fichier(
                vide, membre, nom, prefixe, annee_donnee(recu), malgre_les_ecarts=True
            )
            parts += [
                PartRelue(p.chemin.relative_to(vide.dossier).as_posix(), _comme_rangee(p.donnees))
                for p in ecriture.parts
            ]
    return parts


def _membres(recu: Recu, copie: Path, dossier: Path) -> Iterator[tuple[Path, str, str]]:
    """Donner chaque fichier à lire, son nom et le début du nom de ses parts, comme au dépôt."""
    if copie.suffix.lower() not in EXTENSIONS_ARCHIVE:
        yield copie, recu.nom, recu.sha256[:14]
        return
    dossier.mkdir()
    refuses = {_comparable(r) for r in recu.refuses}
    for rang, membre in enumerate(fichiers_a_deposer(archives.extraire(copie, dossier))):
        nom = f"{recu.nom} → {membre.relative_to(dossier)}"
        if _comparable(nom) not in refuses:
            yield membre, nom, f"{recu.sha256[:12]}{rang:02d}"


def _comparable(nom: str) -> str:
    # Un reçu écrit sous Windows sépare les dossiers d'une archive par des barres inverses.
    return nom.encode("utf-8", "replace").decode().replace("\\", "/")


def _comme_rangee(donnees: pd.DataFrame) -> pd.DataFrame:
    """Passer par Arrow comme le fait l'écriture : une même cellule a alors une même nature."""
    if "geometry" in donnees:
        return donnees
    return pa.Table.from_pandas(donnees, preserve_index=False).to_pandas()
