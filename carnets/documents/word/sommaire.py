"""Le sommaire, rempli d'avance : un champ dont chaque entrée mène à son titre et en dit la page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from carnets.documents.word.briques import W, elements, lien_interne, morceau
from carnets.documents.word.redaction import MOTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lxml.etree import _Element

    from carnets.documents.word.redaction import Redaction

INSTRUCTION: Final = 'TOC \\o "1-3" \\h \\z \\u'


def sommaire(r: Redaction) -> list[_Element]:
    """Écrire le sommaire des titres déjà écrits, les pages à remplir."""
    if not r.titres:
        return []
    ouverture = _borne("begin") + _instruction(INSTRUCTION) + _borne("separate")
    entrees = [_entree(r, *titre) for titre in r.titres]
    entrees[0] = entrees[0].replace("</w:pPr>", f"</w:pPr>{ouverture}", 1)
    # La fin du champ est dans sa dernière entrée : un paragraphe vide de plus ferait parfois une page de plus.
    entrees[-1] = entrees[-1].removesuffix("</w:p>") + _borne("end") + "</w:p>"
    titre = r.texte("TOC Heading", MOTS["sommaire"])
    galerie = '<w:docPartObj><w:docPartGallery w:val="Table of Contents"/><w:docPartUnique/></w:docPartObj>'
    return elements(
        f"<w:sdt><w:sdtPr>{galerie}</w:sdtPr><w:sdtContent>{titre}{''.join(entrees)}</w:sdtContent></w:sdt>"
    )


def _entree(r: Redaction, signet: str, niveau: int, texte: str) -> str:
    page = (
        _borne("begin")
        + _instruction(f"PAGEREF {signet} \\h")
        + _borne("separate")
        + morceau("0")
        + _borne("end")
    )
    contenu = morceau(texte) + "<w:r><w:tab/></w:r>" + page
    return r.paragraphe(f"toc {niveau}", lien_interne(signet, contenu))


def _borne(genre: str) -> str:
    return f'<w:r><w:fldChar w:fldCharType="{genre}"/></w:r>'


def _instruction(ordre: str) -> str:
    ecrit = ordre.replace('"', "&quot;")
    return f'<w:r><w:instrText xml:space="preserve"> {ecrit} </w:instrText></w:r>'


def remplir(ecrit: list[_Element], pages: Mapping[str, int]) -> None:
    """Écrire la page de chaque entrée."""
    for racine in ecrit:
        for lien in racine.iter(f"{W}hyperlink"):
            *_, numero = lien.iter(f"{W}t")
            numero.text = str(pages.get(lien.get(f"{W}anchor"), 1))
