"""Le colis : une archive zip de toute la base et son manifeste, sous des noms que tout système accepte."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
import zipfile
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    Suivre = Callable[[str, int, int], None]

MANIFESTE: Final = "MANIFESTE.json"
FORMAT: Final = "abs-base"
VERSION: Final = 1
BLOC: Final = 1 << 20
# Déjà comprimés : les comprimer encore ne ferait que perdre du temps.
DEJA_COMPRIMES: Final = frozenset({".parquet", ".zip", ".7z", ".gz", ".xlsx", ".xlsm", ".ods"})
# Windows refuse ces signes, ces fins de noms et ces noms.
INTERDITS: Final = re.compile(r'[<>:"\\|?*\x00-\x1f\x7f\ud800-\udfff]')
RESERVES: Final = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)


@dataclass(frozen=True)
class Entree:
    """Un fichier du colis, tel que le manifeste l'annonce."""

    adresse: str
    sha256: str
    taille: int


def nom_sur(adresse: str) -> str:
    """Donner un nom de fichier que tout système accepte."""
    surs = []
    for partie in unicodedata.normalize("NFC", adresse).split("/"):
        propre = INTERDITS.sub("_", partie)
        garde = propre.rstrip(". ")
        propre = garde + "_" * (len(propre) - len(garde))
        surs.append(f"_{propre}" if RESERVES.fullmatch(propre) else propre)
    return "/".join(surs)


def ecrire_colis(
    chemin: Path, fichiers: Mapping[str, Path], suivre: Suivre | None = None
) -> tuple[Entree, ...]:
    """Écrire un colis, fichiers dans l'ordre des adresses, manifeste en dernier."""
    entrees: list[Entree] = []
    with zipfile.ZipFile(chemin, "w", allowZip64=True) as archive:
        for rang, (adresse, fichier) in enumerate(_sans_homonymes(fichiers), start=1):
            if suivre is not None:
                suivre(fichier.name, rang, len(fichiers))
            entrees.append(_ajouter(archive, adresse, fichier))
        manifeste = {
            "format": FORMAT,
            "version": VERSION,
            "date": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "fichiers": [asdict(e) for e in entrees],
        }
        texte = json.dumps(manifeste, ensure_ascii=False, indent=1)
        archive.writestr(_membre(MANIFESTE), texte.encode())
    return tuple(entrees)


def _sans_homonymes(fichiers: Mapping[str, Path]) -> Iterator[tuple[str, Path]]:
    """Donner à chaque fichier un nom sûr, distinct même pour un disque qui ignore la casse."""
    pris: set[str] = set()
    for adresse in sorted(fichiers):
        sure, rang = nom_sur(adresse), 1
        while sure.casefold() in pris:
            rang += 1
            modele = PurePosixPath(nom_sur(adresse))
            sure = str(modele.with_name(f"{modele.stem} ({rang}){modele.suffix}"))
        pris.add(sure.casefold())
        yield sure, fichiers[adresse]


def _membre(adresse: str) -> zipfile.ZipInfo:
    # Une date fixe : deux exports d'une même base ne diffèrent que par leur manifeste.
    info = zipfile.ZipInfo(adresse, (1980, 1, 1, 0, 0, 0))
    comprime = PurePosixPath(adresse).suffix.lower() in DEJA_COMPRIMES
    info.compress_type = zipfile.ZIP_STORED if comprime else zipfile.ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    return info


def _ajouter(archive: zipfile.ZipFile, adresse: str, fichier: Path) -> Entree:
    """Ajouter un fichier en le lisant une seule fois : l'empreinte est celle de ce qui est écrit."""
    somme, taille = hashlib.sha256(), 0
    info = _membre(adresse)
    info.file_size = fichier.stat().st_size
    with fichier.open("rb") as source, archive.open(info, "w", force_zip64=info.file_size > 1 << 30) as cible:
        while bloc := source.read(BLOC):
            somme.update(bloc)
            taille += len(bloc)
            cible.write(bloc)
    return Entree(adresse, somme.hexdigest(), taille)
