"""Lire en paragraphes le texte HTML de l'analyste : rien n'en est exécuté, ni ses tableaux ni ses sorties brutes repris."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Final

from carnets.documents.diapos.mesure import Paragraphe, sans_blancs

_PARAGRAPHES: Final = frozenset({"p", "li", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "div", "br"})
_OTES: Final = frozenset({"script", "style", "table", "pre", "svg", "iframe", "template"})


class _Lecteur(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.paragraphes: list[Paragraphe] = []
        self._texte, self._puce, self._gras, self._otes = "", False, False, 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Finir un paragraphe où un autre commence ; laisser ce qui n'est pas du texte."""
        del attrs
        self._otes += tag in _OTES
        if tag in _PARAGRAPHES:
            self.finir()
            self._puce, self._gras = tag == "li", tag[0] == "h"

    def handle_endtag(self, tag: str) -> None:
        """Finir le paragraphe."""
        self._otes = max(self._otes - (tag in _OTES), 0)
        if tag in _PARAGRAPHES:
            self.finir()

    def handle_data(self, data: str) -> None:
        """Garder le texte."""
        if not self._otes:
            self._texte += data

    def finir(self) -> None:
        """Ranger le texte lu."""
        texte = sans_blancs(self._texte)
        if texte:
            self.paragraphes.append(Paragraphe(texte, gras=self._gras, puce=self._puce))
            self._puce = self._gras = False
        self._texte = ""


def paragraphes_de(html: str) -> list[Paragraphe]:
    """Donner les paragraphes d'un texte."""
    lecteur = _Lecteur()
    lecteur.feed(html)
    lecteur.close()
    lecteur.finir()
    return lecteur.paragraphes
