"""Un texte en paragraphes, tel que le Markdown de l'analyste, un DOCX et un ODT le disent de la même façon."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import groupby
from typing import Final

from abs.phrases.citations import MOTIF
from carnets.documents.carnet_lu import en_html

SIMPLE, PUCE, NUMERO, TITRE, CITATION, RANGEE, CODE = "p", "ul", "ol", "h", "quote", "tr", "pre"
ACTIFS: Final = re.compile(r"([\\`*_\[\]<]|~~|&(?=#?\w+;))")
EN_TETE: Final = re.compile(r"^( *)(?:([#>+=-])|(\d+)(?=[.)]))", re.MULTILINE)
COLLES: Final = frozenset({PUCE, NUMERO, RANGEE})


@dataclass(frozen=True)
class Morceau:
    """Un bout de texte d'une seule mise en forme."""

    texte: str
    gras: bool = False
    italique: bool = False
    lien: str = ""

    @property
    def forme(self) -> tuple[bool, bool, str]:
        """Donner la mise en forme."""
        return self.gras, self.italique, self.lien


@dataclass
class Paragraphe:
    """Un paragraphe : sa nature, sa profondeur, ses morceaux ; d'une rangée de tableau, ``cellules``."""

    genre: str = SIMPLE
    niveau: int = 0
    morceaux: list[Morceau] = field(default_factory=list)
    cellules: list[list[Morceau]] = field(default_factory=list)

    @property
    def vide(self) -> bool:
        """Dire s'il n'y a rien à lire."""
        return not "".join(m.texte for suite in (self.morceaux, *self.cellules) for m in suite).strip()


def ligne(p: Paragraphe) -> str:
    """Écrire un paragraphe en Markdown, toujours de la même façon."""
    return prefixe(p) + corps(p)


def prefixe(p: Paragraphe) -> str:
    """Donner la marque d'une nature, ou d'une profondeur, que tout traitement de texte ne garde pas."""
    if p.genre in {PUCE, NUMERO}:
        return "   " * p.niveau
    return {TITRE: f"{'#' * max(p.niveau, 1)} ", CITATION: "> ", CODE: "    "}.get(p.genre, "")


def corps(p: Paragraphe) -> str:
    """Écrire un paragraphe, sans cette marque : à quoi il se reconnaît d'un document à l'autre."""
    if p.genre == RANGEE:
        cellules = (en_ligne(c).replace("|", r"\|").replace("\n", " ") for c in p.cellules)
        return f"| {' | '.join(cellules)} |"
    texte = EN_TETE.sub(lambda t: f"{t[1]}\\{t[2]}" if t[2] else f"{t[1]}{t[3]}\\", en_ligne(p.morceaux))
    if p.genre in {PUCE, NUMERO}:
        return {PUCE: "- ", NUMERO: "1. "}[p.genre] + texte
    return texte


def en_ligne(morceaux: list[Morceau]) -> str:
    """Écrire des morceaux en Markdown : les voisins de même forme réunis, les espaces hors des marques."""
    groupes = [
        (forme, re.sub(r"[ \t]+", " ", "".join(m.texte for m in groupe)))
        for forme, groupe in groupby((m for m in morceaux if m.texte), key=lambda m: m.forme)
    ]
    ecrit = ""
    for rang, ((gras, italique, lien), texte) in enumerate(groupes):
        nu = texte.strip()
        if not nu:
            ecrit += texte
            continue
        avant, apres = texte[: len(texte) - len(texte.lstrip())], texte[len(texte.rstrip()) :]
        suivant = (apres + "".join(t for _, t in groupes[rang + 1 :]))[:1]
        ecrit += avant
        forme = _former(echapper(nu), gras, italique, serre=_serre(ecrit[-1:], nu, suivant))
        ecrit += (f"[{forme}]({lien})" if lien else forme) + apres
    return re.sub(r"\s*\n\s*", "  \n", ecrit.strip())


def _former(texte: str, gras: bool, italique: bool, *, serre: bool) -> str:
    """Mettre en gras, en italique ; par des balises là où Markdown ne lirait pas ses étoiles."""
    for voulu, marque, balise in ((italique, "*", "em"), (gras, "**", "strong")):
        if voulu:
            texte = f"<{balise}>{texte}</{balise}>" if serre else f"{marque}{texte}{marque}"
    return texte


def _serre(avant: str, texte: str, apres: str) -> bool:
    """Dire si des étoiles, collées à ce qui les entoure, ne seraient pas lues."""
    mots = texte[0].isalnum() and texte[-1].isalnum()
    return avant == "*" or apres == "*" or (not mots and (avant.isalnum() or apres.isalnum()))


def echapper(texte: str) -> str:
    """Écrire un texte pour que Markdown n'y lise rien, sauf les citations qu'on y a tapées."""
    debuts, fin = [], 0
    for citation in MOTIF.finditer(texte):
        debuts += [ACTIFS.sub(r"\\\1", texte[fin : citation.start()]), citation[0]]
        fin = citation.end()
    return "".join(debuts) + ACTIFS.sub(r"\\\1", texte[fin:])


def assembler(lignes: list[tuple[str, str]]) -> str:
    """Réunir des lignes et leur genre en un texte : les puces et les rangées se suivent, le reste est aéré."""
    texte, precedent, rangees = "", "", 0
    for genre, ecrite in lignes:
        colle = genre == precedent and genre in COLLES
        texte += ("\n" if colle else "\n\n") * bool(texte) + ecrite
        rangees = rangees + 1 if genre == RANGEE and colle else 1
        if genre == RANGEE and rangees == 1:
            texte += "\n|" + "---|" * max(ecrite.replace(r"\|", "").count("|") - 1, 1)
        precedent = genre
    return texte.strip()


# -- du Markdown de l'analyste ----------------------------------------------------------------------


def paragraphes_du_markdown(texte: str) -> list[Paragraphe]:
    """Lire un texte Markdown en paragraphes."""
    return paragraphes_du_html(en_html(texte))


def paragraphes_du_html(html: str) -> list[Paragraphe]:
    """Lire le HTML d'un texte en paragraphes."""
    lecteur = _Lecteur()
    lecteur.feed(html)
    lecteur.finir()
    return lecteur.paragraphes


class _Lecteur(HTMLParser):
    """Changer en paragraphes le HTML d'un texte."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.paragraphes: list[Paragraphe] = []
        self.listes: list[str] = []
        self.cites = self.titre = self.gras = self.italique = 0
        self.lien, self.code, self.rangee = "", False, False
        self.ouvert = Paragraphe()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        lus = dict(attrs)
        if tag in {"ul", "ol"}:
            self.finir()
            self.listes.append(tag)
        elif tag in {"p", "li", "blockquote", "pre", "tr", "div"} or re.fullmatch("h[1-6]", tag):
            self.finir()
            self.cites += tag == "blockquote"
            self.code = self.code or tag == "pre"
            self.rangee = tag == "tr"
            self.titre = int(tag[1]) if re.fullmatch("h[1-6]", tag) else 0
            self.ouvert = self._neuf()
        elif tag in {"td", "th"}:
            self.ouvert.cellules.append([])
        elif tag in {"strong", "b", "em", "i"}:
            self._mettre_en_forme(tag, 1)
        elif tag == "a":
            self.lien = lus.get("href") or ""
        elif tag == "br":
            self._ajouter("\n")
        elif tag == "img":
            self._ajouter(f"![{lus.get('alt') or ''}]")

    def handle_endtag(self, tag: str) -> None:
        if tag in {"ul", "ol"} and self.listes:
            self.finir()
            self.listes.pop()
        elif tag in {"p", "li", "blockquote", "pre", "tr", "div"} or re.fullmatch("h[1-6]", tag):
            self.finir()
            self.cites -= tag == "blockquote"
            self.code, self.rangee, self.titre = False, False, 0
        elif tag in {"strong", "b", "em", "i"}:
            self._mettre_en_forme(tag, -1)
        elif tag == "a":
            self.lien = ""

    def handle_data(self, data: str) -> None:
        self._ajouter(data if self.code else re.sub(r"[ \t\r\n]+", " ", data))

    def finir(self) -> None:
        """Clore le paragraphe ouvert."""
        if not self.ouvert.vide:
            self.paragraphes.append(self.ouvert)
        self.ouvert = self._neuf()

    def _neuf(self) -> Paragraphe:
        if self.rangee:
            return Paragraphe(RANGEE)
        if self.titre:
            return Paragraphe(TITRE, self.titre)
        if self.listes:
            return Paragraphe(self.listes[-1], len(self.listes) - 1)
        return Paragraphe(CODE if self.code else CITATION if self.cites else SIMPLE)

    def _mettre_en_forme(self, tag: str, de: int) -> None:
        if tag in {"strong", "b"}:
            self.gras += de
        else:
            self.italique += de

    def _ajouter(self, texte: str) -> None:
        morceau = Morceau(texte, self.gras > 0, self.italique > 0, self.lien)
        if self.ouvert.genre == RANGEE:
            if self.ouvert.cellules:
                self.ouvert.cellules[-1].append(morceau)
        else:
            self.ouvert.morceaux.append(morceau)
