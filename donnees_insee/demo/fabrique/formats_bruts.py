"""Écrire des nombres et des tables comme les écrivent les producteurs."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

# Une date fixe : deux fabrications donnent les mêmes octets.
HORODATAGE = (2026, 3, 22, 0, 0, 0)
BOM = "\ufeff"
FINE = "\u202f"


def decimal(valeur: float) -> str:
    """Écrire un effectif pondéré du recensement, avec un point."""
    texte = f"{valeur:.6f}".rstrip("0").rstrip(".")
    return "0" if texte in {"-0", ""} else texte


def virgule(valeur: float, decimales: int = 1) -> str:
    """Écrire un nombre avec une virgule, comme Filosofi."""
    return f"{valeur:.{decimales}f}".replace(".", ",")


def milliers(valeur: float) -> str:
    """Écrire un entier avec une espace fine insécable entre les milliers."""
    return f"{round(valeur):,}".replace(",", FINE)


def table(
    colonnes: Sequence[str],
    lignes: Iterable[Sequence[str]],
    *,
    fin: str = "\r\n",
    bom: bool = False,
    vides: int = 0,
) -> str:
    """Composer une table séparée par des points-virgules."""
    queue = ";" * vides
    corps = [";".join(colonnes) + queue]
    for ligne in lignes:
        if len(ligne) != len(colonnes):
            message = f"{len(ligne)} valeurs pour {len(colonnes)} colonnes."
            raise ValueError(message)
        corps.append(";".join(ligne) + queue)
    return (BOM if bom else "") + fin.join(corps) + fin


def ecrire(chemin: Path, texte: str, *, encodage: str = "utf-8") -> Path:
    """Écrire un texte sans que le système change les fins de ligne."""
    chemin.write_bytes(texte.encode(encodage))
    return chemin


def archiver(chemin: Path, membres: dict[str, bytes], *, comprimer: bool = True) -> Path:
    """Écrire une archive dont les octets ne dépendent que du contenu."""
    methode = zipfile.ZIP_DEFLATED if comprimer else zipfile.ZIP_STORED
    with zipfile.ZipFile(chemin, "w", methode) as archive:
        for nom in sorted(membres):
            fiche = zipfile.ZipInfo(nom, HORODATAGE)
            fiche.compress_type = methode
            fiche.external_attr = 0o644 << 16
            # Sans quoi l'octet « système » diffère entre Windows et les autres.
            fiche.create_system = 3
            archive.writestr(fiche, membres[nom], compresslevel=9 if comprimer else None)
    return chemin
