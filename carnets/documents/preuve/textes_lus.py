"""Lire le texte d'un document écrit, et ce que ses images disent d'elles-mêmes : Word, ODT, PDF, diapositives."""

from __future__ import annotations

import re
import zipfile
from typing import TYPE_CHECKING, Any, Final

from lxml import etree

from donnees_insee.erreurs import FichierIllisible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
A: Final = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
TEXTE: Final = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
SVG: Final = "{urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0}"


SOMMAIRE: Final = re.compile(r"toc|contents", re.IGNORECASE)
CORPS, IMAGES = "corps", "texte de remplacement"


def textes_de(chemin: Path) -> dict[str, str]:
    """Lire un document : son corps, puis les textes de remplacement de ses images, un morceau par ligne."""
    try:
        corps, images = LECTEURS[chemin.suffix](chemin)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, etree.XMLSyntaxError) as cause:
        raise FichierIllisible(
            f"« {chemin.name} » ne s'ouvre pas ({cause}). On attend le document tel qu'il a été écrit ; "
            "refaites-le, ou ôtez-le du dossier."
        ) from cause
    return {CORPS: "\n".join(corps), IMAGES: "\n".join(images)}


def xml(archive: zipfile.ZipFile, nom: str) -> Any:
    """Lire une partie d'une archive, sans entité ni ressource du dehors."""
    return etree.fromstring(
        archive.read(nom), etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
    )


def _du_word(chemin: Path) -> tuple[list[str], list[str]]:
    with zipfile.ZipFile(chemin) as archive:
        racine = xml(archive, "word/document.xml")
    corps = [
        "".join(t.text or "" for t in p.iter(f"{W}t"))
        for p in racine.iter(f"{W}p")
        if not _du_sommaire(p.find(f"{W}pPr/{W}pStyle"), f"{W}val")
    ]
    return corps, _descriptions(racine)


def _du_sommaire(porteur: Any, attribut: str) -> bool:
    """Dire si un paragraphe est du sommaire : ses numéros de page ne sont pas des chiffres."""
    return porteur is not None and SOMMAIRE.match(porteur.get(attribut, "")) is not None


def _descriptions(racine: Any) -> list[str]:
    return [e.get("descr") for e in racine.iter() if isinstance(e.tag, str) and e.get("descr")]


def _de_l_odt(chemin: Path) -> tuple[list[str], list[str]]:
    with zipfile.ZipFile(chemin) as archive:
        racine = xml(archive, "content.xml")
    images = [e.text or "" for e in racine.iter(f"{SVG}desc", f"{SVG}title")]
    etree.strip_elements(racine, f"{SVG}desc", f"{SVG}title", with_tail=False)
    nom, lus = f"{TEXTE}style-name", racine.iter(f"{TEXTE}p", f"{TEXTE}h")
    return ["".join(_de_l_odt_en_clair(p)) for p in lus if not _du_sommaire(p, nom)], images


def _de_l_odt_en_clair(noeud: Any) -> Iterator[str]:
    yield noeud.text or ""
    for enfant in noeud:
        if isinstance(enfant.tag, str) and enfant.tag in (f"{TEXTE}s", f"{TEXTE}tab", f"{TEXTE}line-break"):
            yield " "
        yield from _de_l_odt_en_clair(enfant)
        yield enfant.tail or ""


def _des_diapos(chemin: Path) -> tuple[list[str], list[str]]:
    corps: list[str] = []
    images: list[str] = []
    with zipfile.ZipFile(chemin) as archive:
        for nom in sorted(n for n in archive.namelist() if re.fullmatch(r"ppt/slides/slide\d+\.xml", n)):
            racine = xml(archive, nom)
            corps += ["".join(t.text or "" for t in p.iter(f"{A}t")) for p in racine.iter(f"{A}p")]
            images += _descriptions(racine)
    return corps, images


def _du_pdf(chemin: Path) -> tuple[list[str], list[str]]:
    from pypdf import PdfReader  # noqa: PLC0415 - seulement s'il y a un PDF à relire
    from pypdf.errors import PyPdfError  # noqa: PLC0415

    try:
        lu = PdfReader(chemin)
        corps = [page.extract_text() for page in lu.pages]
        racine: Any = lu.trailer["/Root"]
        arbre = racine.get("/StructTreeRoot")
        return corps, list(_alternatifs(arbre, set()))
    except PyPdfError as cause:
        raise ValueError(str(cause)) from cause


def _alternatifs(noeud: Any, vus: set[int]) -> Iterable[str]:
    """Suivre l'arbre de structure, et donner le texte de remplacement de chaque figure."""
    noeud = noeud.get_object() if hasattr(noeud, "get_object") else noeud
    if isinstance(noeud, list):
        for enfant in noeud:
            yield from _alternatifs(enfant, vus)
    elif isinstance(noeud, dict) and id(noeud) not in vus:
        vus.add(id(noeud))
        if "/Alt" in noeud:
            yield str(noeud["/Alt"])
        if "/K" in noeud:
            yield from _alternatifs(noeud["/K"], vus)


LECTEURS: Final = {".docx": _du_word, ".odt": _de_l_odt, ".pptx": _des_diapos, ".pdf": _du_pdf}
