"""Ouvrir les archives reçues (zip, 7z) sans se laisser surprendre par leur contenu."""

from __future__ import annotations

import zipfile
from pathlib import Path, PurePosixPath
from typing import Final

from donnees_insee.erreurs import FichierIllisible

TAILLE_MAXIMALE: Final = 4 * 1024**3
RAPPORT_MAXIMAL: Final = 500
DOCUMENTATION: Final = {".pdf", ".txt", ".md", ".doc", ".docx", ".html", ".htm", ".rtf"}


def extraire(archive: Path, dossier: Path) -> list[Path]:
    """Extraire les membres utiles d'une archive dans un dossier provisoire.

    Parameters
    ----------
    archive : pathlib.Path
        Fichier zip ou 7z.
    dossier : pathlib.Path
        Dossier vide où extraire.

    Returns
    -------
    list of pathlib.Path
        Fichiers extraits, documentation et dictionnaires (``meta_``) exclus.

    Raises
    ------
    FichierIllisible
        Archive tronquée, protégée, démesurée, ou dont un membre sort du dossier.
    """
    if archive.suffix.lower() == ".7z":
        membres = _extraire_7z(archive, dossier)
    else:
        membres = _extraire_zip(archive, dossier)
    return sorted(chemin for chemin in membres if chemin.is_file() and est_utile(chemin.name))


def est_utile(nom: str) -> bool:
    """Dire si un membre d'archive peut porter des données.

    Parameters
    ----------
    nom : str
        Nom du membre.

    Returns
    -------
    bool
        Faux pour les dictionnaires ``meta_``, la documentation et les fichiers cachés.
    """
    base = PurePosixPath(nom).name.lower()
    return not (base.startswith(("meta_", ".", "__macosx")) or PurePosixPath(base).suffix in DOCUMENTATION)


def _verifier_noms(archive: Path, noms: list[str]) -> None:
    for nom in noms:
        chemin = PurePosixPath(nom.replace("\\", "/"))
        if chemin.is_absolute() or ".." in chemin.parts or ":" in nom:
            raise FichierIllisible(
                f"« {archive.name} » contient un membre « {nom} » qui sort de l'archive. Elle est refusée : "
                "téléchargez-la depuis la page officielle de la source."
            )


def _extraire_zip(archive: Path, dossier: Path) -> list[Path]:
    try:
        with zipfile.ZipFile(archive) as zip_ouvert:
            infos = [i for i in zip_ouvert.infolist() if not i.is_dir() and "__MACOSX" not in i.filename]
            _verifier_noms(archive, [i.filename for i in infos])
            if any(i.flag_bits & 0x1 for i in infos):
                raise FichierIllisible(
                    f"« {archive.name} » est protégée par un mot de passe. Extrayez-la vous-même, "
                    "puis déposez les fichiers qu'elle contient."
                )
            _verifier_taille(archive, sum(i.file_size for i in infos), sum(i.compress_size for i in infos))
            return [Path(zip_ouvert.extract(i, dossier)) for i in infos]
    except (zipfile.BadZipFile, EOFError, NotImplementedError, OSError) as cause:
        raise FichierIllisible(
            f"« {archive.name} » est une archive tronquée ou abîmée ({cause}). Téléchargez-la de nouveau."
        ) from cause


def _verifier_taille(archive: Path, taille: int, compressee: int) -> None:
    if taille > TAILLE_MAXIMALE or (compressee and taille / compressee > RAPPORT_MAXIMAL):
        raise FichierIllisible(
            f"« {archive.name} » gonflerait à {taille / 1024**2:.0f} Mio une fois ouverte, ce qui n'est pas "
            "plausible pour un fichier de la statistique publique. Elle est refusée."
        )


def _extraire_7z(archive: Path, dossier: Path) -> list[Path]:
    import py7zr  # noqa: PLC0415 - import réservé aux archives de l'IGN

    try:
        with py7zr.SevenZipFile(archive) as ouverte:
            if ouverte.needs_password():
                raise FichierIllisible(f"« {archive.name} » est protégée par un mot de passe.")
            _verifier_noms(archive, ouverte.getnames())
            _verifier_taille(archive, ouverte.archiveinfo().uncompressed, 0)
            ouverte.extractall(path=dossier)
    except (py7zr.exceptions.ArchiveError, EOFError, OSError) as cause:
        raise FichierIllisible(
            f"« {archive.name} » est une archive tronquée ou abîmée ({cause}). Téléchargez-la de nouveau."
        ) from cause
    return [chemin for chemin in dossier.rglob("*") if chemin.is_file()]
