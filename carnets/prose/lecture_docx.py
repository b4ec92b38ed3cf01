"""Lire dans un DOCX les textes de l'analyste, entre leurs signets, malgré ce que Word et LibreOffice y ajoutent."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from carnets.prose.blocs_lus import Lecture, parties
from carnets.prose.paragraphes import CITATION, NUMERO, PUCE, RANGEE, SIMPLE, TITRE, Paragraphe

if TYPE_CHECKING:
    from pathlib import Path

W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
R: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
DESSIN: Final = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"
PARTIES: Final = (
    "word/document.xml",
    "word/styles.xml",
    "word/numbering.xml",
    "word/_rels/document.xml.rels",
)
CITES: Final = re.compile(r"quote|citation|block text", re.IGNORECASE)
TITRES: Final = re.compile(r"(?:heading|titre) (\d)", re.IGNORECASE)
LIEN: Final = re.compile(r'\s*HYPERLINK\s+(?:\\l\s+)?"([^"]*)"')
NON_REPRIS: Final = frozenset(
    {"drawing", "pict", "object", "footnoteReference", "endnoteReference", "AlternateContent"}
)
INSERES: Final = frozenset({"ins", "moveTo"})
SUPPRIMES: Final = frozenset({"del", "moveFrom"})
# Ce qui n'a pas de texte à lire : propriétés, fautes soulignées, repères.
MUETS: Final = frozenset({"pPr", "rPr", "sdtPr", "sdtEndPr", "sectPr", "proofErr", "bookmarkEnd", "Fallback"})
FAUX: Final = frozenset({"0", "false", "off"})


def lire_docx(chemin: Path) -> Lecture:
    """Lire les blocs d'un document Word."""
    return _Docx(*parties(chemin, *PARTIES)).lue


class _Docx:
    def __init__(self, document: Any, styles: Any, numeros: Any, liens: Any) -> None:
        self.styles = {s.get(f"{W}styleId"): s for s in _tous(styles, "style")}
        self.abstraits = {a.get(f"{W}abstractNumId"): a for a in _tous(numeros, "abstractNum")}
        self.numeros = {n.get(f"{W}numId"): _valeur(n, "abstractNumId") for n in _tous(numeros, "num")}
        self.liens = {} if liens is None else {r.get("Id"): r.get("Target") for r in liens}
        self.lue, self.champs = Lecture(), list[str]()
        self._lien, self.fondu = "", False
        self._corps(document.find(f"{W}body"))
        self.lue.clore()

    # -- ce qui contient ----------------------------------------------------------------------------

    def _corps(self, element: Any) -> None:
        for enfant in element:
            nom = _nom(enfant)
            if nom == "p":
                self._paragraphe(enfant)
            elif nom == "tbl":
                self._tableau(enfant)
            elif nom == "bookmarkStart":
                self.lue.signet(enfant.get(f"{W}name") or "")
                self.lue.clore()
            elif nom not in MUETS:
                self._reviser(nom)
                if nom not in SUPPRIMES:
                    self._corps(enfant)

    def _tableau(self, tableau: Any) -> None:
        for rangee in tableau.findall(f"{W}tr"):
            self.lue.commencer(Paragraphe(RANGEE))
            for cellule in rangee.findall(f"{W}tc"):
                self.lue.courant.cellules.append([])
                for rang, p in enumerate(_tous(cellule, "p")):
                    if rang:
                        self.lue.ajouter(" ")
                    self._contenu(p)
        self.lue.clore()

    def _paragraphe(self, p: Any) -> None:
        proprietes = p.find(f"{W}pPr")
        if not self.fondu:
            self.lue.commencer(*self._nature(proprietes))
        self._contenu(p)
        marque = None if proprietes is None else proprietes.find(f"{W}rPr/{W}del")
        # Sa marque de fin est supprimée : le paragraphe suivant continue celui-ci.
        self.fondu = marque is not None
        if not self.fondu:
            self.lue.clore()

    def _contenu(self, element: Any) -> None:
        for enfant in element:
            nom = _nom(enfant)
            if nom == "r":
                self._morceau(enfant)
            elif nom == "bookmarkStart":
                self.lue.signet(enfant.get(f"{W}name") or "")
            elif nom == "hyperlink":
                lien = self.liens.get(enfant.get(f"{R}id"), "") or ""
                self._lien, garde = lien or self._lien, self._lien
                self._contenu(enfant)
                self._lien = garde
            elif nom not in MUETS:
                self._reviser(nom)
                if nom not in SUPPRIMES:
                    self._contenu(enfant)

    # -- ce qui se lit ------------------------------------------------------------------------------

    def _morceau(self, r: Any) -> None:
        forme: dict[str, Any] = {"gras": self._porte(r, "b"), "italique": self._porte(r, "i")}
        for enfant in r:
            nom = _nom(enfant)
            if nom == "fldChar":
                self._champ(enfant.get(f"{W}fldCharType"))
            elif nom == "instrText" and self.champs:
                self.champs[-1] += enfant.text or ""
            elif nom == "t":
                self.lue.ajouter(enfant.text or "", **forme, lien=self._lien or self._lien_du_champ())
            elif nom in {"tab", "br", "cr", "noBreakHyphen"}:
                saut = nom in {"br", "cr"} and enfant.get(f"{W}type") in {None, "textWrapping"}
                self.lue.ajouter("\n" if saut else "\u2011" if nom == "noBreakHyphen" else " ", **forme)
            elif nom in NON_REPRIS:
                self.lue.compter("non_repris")
                # Une image se reconnaît à son texte de remplacement, comme dans le Markdown d'où elle vient.
                for decrite in enfant.iter(f"{DESSIN}docPr"):
                    self.lue.ajouter(f"![{decrite.get('descr') or ''}]")

    def _champ(self, etape: str | None) -> None:
        if etape == "begin":
            self.champs.append("")
        elif etape == "end" and self.champs:
            self.champs.pop()

    def _lien_du_champ(self) -> str:
        trouves = (LIEN.match(c) for c in self.champs)
        return next((t[1] for t in trouves if t), "")

    def _reviser(self, nom: str) -> None:
        """Noter une révision que personne n'a encore acceptée ni refusée."""
        if nom in INSERES or nom in SUPPRIMES:
            self.lue.compter("supprimes" if nom in SUPPRIMES else "inserts")

    def _porte(self, r: Any, balise: str) -> bool:
        """Dire si un morceau est gras ou italique, par lui-même ou par son style de caractère."""
        proprietes = r.find(f"{W}rPr")
        if proprietes is None:
            return False
        element = proprietes.find(f"{W}{balise}")
        if element is not None:
            return element.get(f"{W}val") not in FAUX
        return any(
            s.find(f"{W}rPr/{W}{balise}") is not None for s in self._lignee(_valeur(proprietes, "rStyle"))
        )

    def _lignee(self, style: str | None) -> list[Any]:
        """Donner un style et ceux dont il hérite."""
        lignee: list[Any] = []
        while (trouve := self.styles.get(style)) is not None and trouve not in lignee:
            lignee.append(trouve)
            style = _valeur(trouve, "basedOn")
        return lignee

    def _nature(self, proprietes: Any) -> tuple[Paragraphe, str]:
        """Dire ce qu'est un paragraphe (titre, puce, citation, ou simple), et son style."""
        style = "" if proprietes is None else _valeur(proprietes, "pStyle") or ""
        lignee = self._lignee(style)
        sources = [] if proprietes is None else [proprietes, *(s.find(f"{W}pPr") for s in lignee)]
        for numero in (s.find(f"{W}numPr") for s in sources if s is not None):
            if numero is not None:
                niveau = _valeur(numero, "ilvl") or "0"
                genre = self._liste(_valeur(numero, "numId"), niveau)
                return Paragraphe(genre, int(niveau) if genre != SIMPLE else 0), style
        noms = " ".join(_valeur(s, "name") or "" for s in lignee)
        if titre := TITRES.search(noms):
            return Paragraphe(TITRE, int(titre[1])), style
        return Paragraphe(CITATION if CITES.search(noms) else SIMPLE), style

    def _liste(self, numero: str | None, niveau: str) -> str:
        abstrait = self.abstraits.get(self.numeros.get(numero))
        if numero in {None, "0"} or abstrait is None:
            return SIMPLE
        formes = {n.get(f"{W}ilvl"): _valeur(n, "numFmt") for n in _tous(abstrait, "lvl")}
        forme = formes.get(niveau, "bullet")
        return PUCE if forme == "bullet" else SIMPLE if forme == "none" else NUMERO


def _nom(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _tous(element: Any, nom: str) -> Any:
    return () if element is None else element.iter(f"{W}{nom}")


def _valeur(element: Any, nom: str) -> str | None:
    trouve = element.find(f"{W}{nom}")
    return None if trouve is None else str(trouve.get(f"{W}val"))
