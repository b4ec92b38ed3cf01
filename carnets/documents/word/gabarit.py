"""Le document vide d'où l'on part : le nôtre, ou le gabarit d'une ville (.dotx), dont les styles l'emportent."""

from __future__ import annotations

import io
import os
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import docx
from docx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.parts.numbering import NumberingPart
from docx.shared import Cm, Length

from carnets.documents.word.briques import ESPACES, W, propre
from carnets.documents.word.styles import TABLE
from donnees_insee.erreurs import ParametreInvalide

if TYPE_CHECKING:
    from docx.document import Document

VARIABLE: Final = "ABS_GABARIT"
MODELE_DE_WORD: Final = b"wordprocessingml.template.main+xml"
DOCUMENT_DE_WORD: Final = b"wordprocessingml.document.main+xml"
# Du document vide de python-docx, ce qu'un lecteur ne doit pas recevoir : une vignette, des styles en double.
_DE_TROP: Final = ("stylesWithEffects", "customXml", "thumbnail")


def ouvrir() -> tuple[Document, bool]:
    """Ouvrir le document de départ, et dire s'il vient d'une ville."""
    nomme = os.environ.get(VARIABLE)
    return (lire_le_gabarit(Path(nomme)), True) if nomme else (_le_notre(), False)


def _le_notre() -> Document:
    """Vider le document de python-docx de ses styles anglais, de ses puces et de ses réglages d'un autre âge."""
    document = docx.Document()
    for racine in (document.styles.element, document.part.numbering_part.element):
        racine[:] = []
    for relations in (document.part.rels, document.part.package.rels):
        for cle in [c for c, r in relations.items() if r.reltype.endswith(_DE_TROP)]:
            relations.pop(cle)
    reglages = document.settings.element
    for trouve in reglages.iter(f"{W}compatSetting"):
        if trouve.get(f"{W}name") == "compatibilityMode":
            trouve.set(f"{W}val", "15")
    for langue in reglages.iter(f"{W}themeFontLang"):
        langue.attrib.clear()
        langue.set(f"{W}val", "fr-FR")
    return document


def lire_le_gabarit(chemin: Path) -> Document:
    """Ouvrir le gabarit d'une ville : ses styles, ses en-têtes, ses marges, sans son texte."""
    if chemin.suffix.lower() not in {".dotx", ".docx"}:
        raise ParametreInvalide(
            f"Le gabarit « {chemin} » n'est pas un modèle Word : on attend un fichier .dotx ou .docx, sans macro."
        )
    try:
        document = docx.Document(_en_document(chemin.read_bytes()))
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as cause:
        raise ParametreInvalide(
            f"Le gabarit « {chemin} » ne s'ouvre pas ({cause}) : on attend un modèle enregistré par Word ou LibreOffice."
        ) from cause
    corps = document.element.body
    corps[:] = [e for e in corps if e.tag == f"{W}sectPr"]
    _numeroter(document)
    return document


def _en_document(octets: bytes) -> io.BytesIO:
    """Réécrire le type du contenu principal : python-docx n'ouvre que des documents, pas des modèles."""
    rendu = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(octets)) as lu,
        zipfile.ZipFile(rendu, "w", zipfile.ZIP_DEFLATED) as ecrit,
    ):
        for nom in lu.namelist():
            contenu = lu.read(nom)
            if nom == "[Content_Types].xml":
                contenu = contenu.replace(MODELE_DE_WORD, DOCUMENT_DE_WORD)
            ecrit.writestr(nom, contenu)
    rendu.seek(0)
    return rendu


def _numeroter(document: Document) -> None:
    """Donner sa partie de numérotation au gabarit qui n'en a pas."""
    if any(r.reltype == RELATIONSHIP_TYPE.NUMBERING for r in document.part.rels.values()):
        return
    vide = f'<w:numbering xmlns:w="{ESPACES["w"]}"/>'.encode()
    uri = PackURI("/word/numbering.xml")
    partie = NumberingPart.load(uri, CONTENT_TYPE.WML_NUMBERING, vide, document.part.package)
    document.part.relate_to(partie, RELATIONSHIP_TYPE.NUMBERING)


def mettre_en_page(document: Document, marges_en_cm: float) -> None:
    """Donner des pages A4 à un document."""
    page = TABLE["page"]
    for section in document.sections:
        section.page_width, section.page_height = Cm(page["largeur_cm"]), Cm(page["hauteur_cm"])
        section.left_margin = section.right_margin = Cm(marges_en_cm)
        section.top_margin = section.bottom_margin = Cm(page["marge_cm"])
        section.header_distance = section.footer_distance = Cm(page["entete_cm"])


def place_utile(document: Document, *, paysage: bool = False) -> tuple[float, float]:
    """Donner en centimètres la largeur et la hauteur que les marges laissent au texte."""
    page: Any = document.sections[0]
    cotes = (page.page_height, page.page_width) if paysage else (page.page_width, page.page_height)
    marges = (page.left_margin + page.right_margin, page.top_margin + page.bottom_margin)
    largeur, hauteur = (cote.cm - Length(marge).cm for cote, marge in zip(cotes, marges, strict=True))
    return largeur, hauteur


def nommer(document: Document, titre: str, sujet: str = "") -> None:
    """Écrire les propriétés du document, sa langue comprise ; l'auteur est à écrire par qui le signe."""
    proprietes = document.core_properties
    proprietes.title, proprietes.subject = propre(titre)[:255], propre(sujet)[:255]
    proprietes.language = "fr-FR"
    proprietes.author = proprietes.last_modified_by = proprietes.comments = proprietes.keywords = ""
    proprietes.created = proprietes.modified = datetime.now(UTC)
