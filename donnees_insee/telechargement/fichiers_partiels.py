"""Le fichier partiel d'un téléchargement, et la fiche qui permet de le continuer sans mêler deux contenus."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from donnees_insee.chemins import creer_dossier, fichier_provisoire

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Reprise:
    """Ce qu'il faut savoir d'un fichier partiel pour le continuer."""

    url: str
    validateur: str


def taille(partiel: Path) -> int:
    """Donner la taille d'un fichier partiel."""
    try:
        return partiel.stat().st_size
    except OSError:
        return 0


def fiche(partiel: Path) -> Path:
    """Dire où est la fiche de reprise d'un fichier partiel."""
    return partiel.with_name(partiel.name + ".json")


def lire_reprise(partiel: Path) -> Reprise | None:
    """Lire la fiche d'un fichier partiel."""
    try:
        return Reprise(**json.loads(fiche(partiel).read_text(encoding="utf-8"))) if taille(partiel) else None
    except (OSError, ValueError, TypeError):
        return None


def ecrire_reprise(partiel: Path, url: str, etag: str, modifie: str) -> None:
    """Noter l'étiquette du contenu avant son premier octet."""
    creer_dossier(partiel.parent)
    validateur = etag if etag and not etag.startswith("W/") else modifie
    if validateur:
        with fichier_provisoire(fiche(partiel)) as provisoire:
            provisoire.write_text(json.dumps(asdict(Reprise(url, validateur))), encoding="utf-8")


def oublier_partiel(partiel: Path) -> None:
    """Ôter un fichier partiel et sa fiche de reprise."""
    for fichier in (partiel, fiche(partiel)):
        with suppress(OSError):
            fichier.unlink(missing_ok=True)


def oublier_sans_fiche(partiel: Path) -> None:
    """Ôter un début que rien ne permet de continuer : la suite serait peut-être d'un autre contenu."""
    if lire_reprise(partiel) is None:
        oublier_partiel(partiel)
