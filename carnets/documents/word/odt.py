"""Le document ODT, tiré du document Word : par LibreOffice s'il est là, qui garde tout, sinon par pandoc."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lxml import etree

from carnets.documents.word.briques import ESPACES
from carnets.documents.word.word import ecrire_docx
from donnees_insee.chemins import dossier_de_passage, fichier_provisoire

if TYPE_CHECKING:
    from collections.abc import Sequence

DESSIN: Final = "urn:oasis:names:tc:opendocument:xmlns:drawing:1.0"
SVG: Final = "urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0"
LIBREOFFICE: Final = ("soffice", "libreoffice")
ATTENTE: Final = 180


def ecrire_odt(blocs: Sequence[dict[str, Any]], titre: str, chemin: Path, sorte: str = "portrait") -> Path:
    """Écrire le document ODT ; sans LibreOffice, il perd couleurs, en-tête et pied, et garde titres, tableaux et images."""
    with dossier_de_passage("odt") as passage, fichier_provisoire(chemin) as provisoire:
        source = ecrire_docx(blocs, titre, Path(passage) / "document.docx", sorte)
        programme = next(filter(None, map(shutil.which, LIBREOFFICE)), None)
        rendu = _par_libreoffice(programme, source) if programme else None
        if rendu is None:
            _par_pandoc(source, titre, provisoire)
        else:
            shutil.copyfile(rendu, provisoire)
    return chemin


def _par_libreoffice(programme: str, source: Path) -> Path | None:
    """Convertir, sous un profil à part : une fenêtre déjà ouverte de LibreOffice prendrait la demande pour elle."""
    ordre = [
        *(programme, "--headless", f"-env:UserInstallation={(source.parent / 'profil').resolve().as_uri()}"),
        *("--convert-to", "odt:writer8", "--outdir", str(source.parent), str(source)),
    ]
    try:
        subprocess.run(ordre, check=True, capture_output=True, timeout=ATTENTE)  # noqa: S603 - programme trouvé, fichiers à nous
    except (OSError, subprocess.SubprocessError):
        return None
    rendu = source.with_suffix(".odt")
    return rendu if rendu.is_file() else None


def _par_pandoc(source: Path, titre: str, chemin: Path) -> None:
    import pypandoc  # noqa: PLC0415 - seulement là où LibreOffice manque

    extras = ["--metadata", "lang=fr-FR", "--metadata", f"title-meta={titre}"]
    pypandoc.convert_file(str(source), "odt", format="docx", outputfile=str(chemin), extra_args=extras)
    with zipfile.ZipFile(source) as lu:
        document = etree.fromstring(lu.read("word/document.xml"))
    descriptions = [p.get("descr") for p in document.iter(f"{{{ESPACES['wp']}}}docPr")]
    with zipfile.ZipFile(chemin) as lu:
        parties = {info: lu.read(info) for info in lu.infolist()}
    with zipfile.ZipFile(chemin, "w", zipfile.ZIP_DEFLATED) as ecrit:
        for info, contenu in parties.items():
            decrit = _decrire(contenu, descriptions) if info.filename == "content.xml" else contenu
            ecrit.writestr(info, decrit, info.compress_type)


def _decrire(contenu: bytes, descriptions: list[str | None]) -> bytes:
    """Rendre à chaque image son texte de remplacement, que pandoc ne garde pas."""
    racine = etree.fromstring(contenu)
    cadres = [c for c in racine.iter(f"{{{DESSIN}}}frame") if c.find(f"{{{DESSIN}}}image") is not None]
    for cadre, description in zip(cadres, descriptions, strict=False):
        etree.SubElement(cadre, f"{{{SVG}}}desc").text = description
    return etree.tostring(racine, xml_declaration=True, encoding="UTF-8")
