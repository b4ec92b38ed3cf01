"""Ôter d'un HTML ce qui s'exécuterait ou irait chercher une ressource : le texte d'un analyste n'est que du texte."""

from __future__ import annotations

import re
import tomllib
from html import escape
from html.parser import HTMLParser
from typing import Any, Final

from carnets.documents.modeles import MODELES

PERMIS: Final[dict[str, Any]] = tomllib.loads((MODELES / "assainir.toml").read_text(encoding="utf-8"))
ADRESSES: Final = {nom: re.compile(motif, re.IGNORECASE) for nom, motif in PERMIS["adresses"].items()}
INVISIBLES: Final = re.compile(r"[\x00-\x20\u00ad\u200b-\u200f\u2028-\u202e]")


class _Epure(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.morceaux: list[str] = []
        self.ouvertes: list[str] = []
        self.muettes: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in PERMIS["muettes"]:
            self.muettes.append(tag)
        if self.muettes or tag not in PERMIS["permises"]:
            return
        gardes = "".join(f' {n}="{escape(v or "")}"' for n, v in attrs if _permis(n, v or ""))
        if tag == "img" and " src=" not in gardes:
            self.morceaux.append(escape(dict(attrs).get("alt") or ""))
            return
        self.morceaux.append(f"<{tag}{gardes}>")
        if tag not in PERMIS["vides"]:
            self.ouvertes.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.muettes:
            if tag == self.muettes[-1]:
                self.muettes.pop()
        elif tag in self.ouvertes:
            while (fermee := self.ouvertes.pop()) != tag:
                self.morceaux.append(f"</{fermee}>")
            self.morceaux.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self.muettes:
            self.morceaux.append(escape(data, quote=False))

    def fini(self) -> str:
        self.close()
        return "".join([*self.morceaux, *(f"</{tag}>" for tag in reversed(self.ouvertes))])


def _permis(nom: str, valeur: str) -> bool:
    if nom in ADRESSES:
        return ADRESSES[nom].match(INVISIBLES.sub("", valeur)) is not None
    return nom in PERMIS["attributs"]


def assainir(html: str) -> str:
    """Ne garder d'un HTML que ce qui se lit, toutes ses balises fermées."""
    epure = _Epure()
    epure.feed(html)
    return epure.fini()
