"""Ouvrir les archives reçues (zip, 7z) sans se laisser surprendre par leur contenu."""

import lzma
import zipfile
import zlib
from collections import Counter
from pathlib import Path, PurePosixPath
from typing import Final

from donnees_insee.erreurs import FichierIllisible
from donnees_insee.lecture.brut import nature

TAILLE_MAXIMALE: Final = 4 * 1024**3
# Un CSV creux se comprime beaucoup ; en deçà de cette taille, aucun rapport n'est dangereux.
RAPPORT_MAXIMAL: Final = 500
MEMBRES_MAXIMAUX: Final = 2000
TAILLE_ANODINE: Final = 64 * 1024**2
FAUTES: Final = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, RuntimeError, ValueError)
DOCUMENTATION: Final = frozenset(
    ".pdf .md .doc .docx .odt .html .htm .rtf .xml .qml .sld .md5 .png .jpg".split()  # noqa: SIM905
)
# Un .txt peut porter des données ; ceux-ci n'en portent pas.
TEXTES_SANS_DONNEES: Final = ("lisezmoi", "lisez_moi", "lisez-moi", "readme", "licence", "license", "a_lire")


def extraire(archive: Path, dossier: Path) -> list[Path]:
    """Extraire les membres utiles d'une archive dans un dossier provisoire."""
    _refuser_ce_qui_n_est_pas_une_archive(archive)
    ouvrir = _extraire_7z if archive.suffix.lower() == ".7z" else _extraire_zip
    try:
        membres = ouvrir(archive, dossier)
    except FAUTES as cause:
        raise FichierIllisible(
            f"« {archive.name} » est une archive tronquée ou abîmée ({cause}). Téléchargez-la de nouveau."
        ) from cause
    return sorted(chemin for chemin in membres if chemin.is_file() and est_utile(chemin.name))


def est_utile(nom: str) -> bool:
    """Dire si un fichier ou un membre d'archive peut porter des données."""
    base = PurePosixPath(nom.replace("\\", "/")).name.lower()
    if (
        base.startswith(("meta_", ".", "__macosx"))
        or base.endswith("_metadata.csv")
        or PurePosixPath(base).suffix in DOCUMENTATION
    ):
        return False
    return not (base.endswith(".txt") and any(m in base for m in TEXTES_SANS_DONNEES))


def verifier_taille(archive: Path, taille: int, compressee: int) -> None:
    """Refuser une archive qui gonflerait hors de proportion."""
    gonfle = compressee and taille > TAILLE_ANODINE and taille / compressee > RAPPORT_MAXIMAL
    if taille > TAILLE_MAXIMALE or gonfle:
        raise FichierIllisible(
            f"« {archive.name} » gonflerait à {taille / 1024**2:.0f} Mio une fois ouverte, ce qui n'est pas "
            "plausible pour un fichier de la statistique publique. Elle est refusée."
        )


def _refuser_ce_qui_n_est_pas_une_archive(archive: Path) -> None:
    if not archive.stat().st_size:
        raise FichierIllisible(f"« {archive.name} » est vide. Téléchargez-la de nouveau.")
    if nature(archive) == "html":
        raise FichierIllisible(
            f"« {archive.name} » est une page web et non une archive : le site a sans doute répondu par une "
            "page d'erreur. Téléchargez de nouveau le fichier depuis la page de la source."
        )


def _verifier_noms(archive: Path, noms: list[str]) -> None:
    if len(noms) > MEMBRES_MAXIMAUX:
        raise FichierIllisible(
            f"« {archive.name} » contient {len(noms)} membres, ce qui n'est pas plausible pour un envoi de la statistique "
            f"publique ({MEMBRES_MAXIMAUX} au plus). Extrayez-en ce qui est utile, puis déposez-le."
        )
    for nom in noms:
        chemin = PurePosixPath(nom.replace("\\", "/"))
        if chemin.is_absolute() or ".." in chemin.parts or nom[1:2] == ":":
            raise FichierIllisible(
                f"« {archive.name} » contient un membre « {nom} » qui sort de l'archive. Elle est refusée : "
                "téléchargez-la depuis la page officielle de la source."
            )
    if "[Content_Types].xml" in noms:
        raise FichierIllisible(
            f"« {archive.name} » est un classeur et non une archive. Renommez-le en .xlsx, puis déposez-le."
        )
    hauts = Counter(
        nom.replace("\\", "/").casefold() for nom in noms if est_utile(nom) and not nom.endswith("/")
    )
    repetes = sorted(nom for nom, n in hauts.items() if n > 1)
    if repetes:
        raise FichierIllisible(
            f"« {archive.name} » contient plusieurs membres du même nom ({', '.join(repetes[:3])}) : rien ne dit "
            "lequel croire. Elle est refusée : téléchargez-la de nouveau."
        )


def _refuser_le_mot_de_passe(archive: Path) -> None:
    raise FichierIllisible(
        f"« {archive.name} » est protégée par un mot de passe. Extrayez-la vous-même, "
        "puis déposez les fichiers qu'elle contient."
    )


def _extraire_zip(archive: Path, dossier: Path) -> list[Path]:
    with zipfile.ZipFile(archive) as ouverte:
        infos = [i for i in ouverte.infolist() if not i.is_dir() and "__MACOSX" not in i.filename]
        _verifier_noms(archive, [i.filename for i in infos])
        if any(i.flag_bits & 0x1 for i in infos):
            _refuser_le_mot_de_passe(archive)
        verifier_taille(archive, sum(i.file_size for i in infos), sum(i.compress_size for i in infos))
        return [Path(ouverte.extract(i, dossier)) for i in infos if est_utile(i.filename)]


def _extraire_7z(archive: Path, dossier: Path) -> list[Path]:
    import py7zr  # noqa: PLC0415 - import réservé aux archives de l'IGN

    try:
        with py7zr.SevenZipFile(archive) as ouverte:
            if ouverte.needs_password():
                _refuser_le_mot_de_passe(archive)
            _verifier_noms(archive, ouverte.getnames())
            verifier_taille(archive, ouverte.archiveinfo().uncompressed, archive.stat().st_size)
            ouverte.extractall(path=dossier)
    except py7zr.exceptions.PasswordRequired:
        _refuser_le_mot_de_passe(archive)
    except py7zr.exceptions.ArchiveError as cause:
        raise ValueError(str(cause) or type(cause).__name__) from cause
    return [chemin for chemin in dossier.rglob("*") if chemin.is_file() and not chemin.is_symlink()]
