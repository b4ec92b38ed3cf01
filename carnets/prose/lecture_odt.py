"""Lire dans un ODT les textes de l'analyste, entre leurs signets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from carnets.prose.blocs_lus import Lecture, parties
from carnets.prose.lecture_docx import CITES
from carnets.prose.paragraphes import CITATION, NUMERO, PUCE, RANGEE, SIMPLE, TITRE, Paragraphe

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ODF: Final = "urn:oasis:names:tc:opendocument:xmlns:"
TEXTE: Final = f"{{{ODF}text:1.0}}"
STYLE: Final = f"{{{ODF}style:1.0}}"
FO: Final = f"{{{ODF}xsl-fo-compatible:1.0}}"
SVG: Final = f"{{{ODF}svg-compatible:1.0}}"
LIEN: Final = "{http://www.w3.org/1999/xlink}href"
SIGNETS: Final = frozenset({"bookmark", "bookmark-start"})
# Une révision qui attend : dans un ODT, le texte supprimé n'est plus dans le corps.
REVISIONS: Final = {"change-start": "inserts", "change": "supprimes"}
NON_REPRIS: Final = frozenset({"note", "frame"})
MUETS: Final = frozenset({"tracked-changes", "sequence-decls", "forms", "annotation", "table-of-content"})


def lire_odt(chemin: Path) -> Lecture:
    """Lire les blocs d'un document ODT."""
    return _Odt(*parties(chemin, "content.xml", "styles.xml")).lue


class _Odt:
    def __init__(self, contenu: Any, styles: Any) -> None:
        arbres = [a for a in (styles, contenu) if a is not None]
        tous = [s for a in arbres for s in a.iter(f"{STYLE}style")]
        self.styles = {(s.get(f"{STYLE}family"), s.get(f"{STYLE}name")): s for s in tous}
        self.listes = {s.get(f"{STYLE}name"): s for a in arbres for s in a.iter(f"{TEXTE}list-style")}
        self.automatiques = {
            s.get(f"{STYLE}name")
            for s in contenu.iterfind(f"{{{ODF}office:1.0}}automatic-styles/{STYLE}style")
        }
        self.lue, self.pile = Lecture(), list[str]()
        self._corps(contenu.find(f".//{{{ODF}office:1.0}}text"))
        self.lue.clore()

    def _corps(self, element: Any) -> None:
        for enfant in element:
            nom = _nom(enfant)
            if nom in {"p", "h"}:
                nature, style = self._nature(enfant, nom)
                self.lue.commencer(nature, style)
                self._contenu(enfant, *self._forme_du_paragraphe(enfant))
                self.lue.clore()
            elif nom == "list":
                self.pile.append(self._liste(enfant))
                self._corps(enfant)
                self.pile.pop()
            elif nom == "table":
                self._tableau(enfant)
            elif nom in SIGNETS:
                self.lue.signet(enfant.get(f"{TEXTE}name") or "")
                self.lue.clore()
            elif nom in REVISIONS:
                self.lue.compter(REVISIONS[nom])
            elif nom not in MUETS:
                self._corps(enfant)

    def _tableau(self, tableau: Any) -> None:
        for rangee in (e for e in tableau.iter() if _nom(e) == "table-row"):
            self.lue.commencer(Paragraphe(RANGEE))
            for cellule in (e for e in rangee if _nom(e) == "table-cell"):
                self.lue.courant.cellules.append([])
                for p in (e for e in cellule if _nom(e) in {"p", "h"}):
                    self._contenu(p, *self._forme_du_paragraphe(p))
        self.lue.clore()

    def _contenu(self, element: Any, gras: bool, italique: bool, lien: str = "") -> None:
        forme: dict[str, Any] = {"gras": gras, "italique": italique, "lien": lien}
        self.lue.ajouter(element.text or "", **forme)
        for enfant in element:
            nom = _nom(enfant)
            if nom in SIGNETS:
                self.lue.signet(enfant.get(f"{TEXTE}name") or "")
            elif nom in {"line-break", "tab", "s"}:
                self.lue.ajouter("\n" if nom == "line-break" else " ", **forme)
            elif nom in REVISIONS or nom in NON_REPRIS:
                self.lue.compter(REVISIONS.get(nom, "non_repris"))
                for decrite in enfant.iter(f"{SVG}desc"):
                    self.lue.ajouter(f"![{decrite.text or ''}]")
            elif nom == "span":
                siens = list(self._lignee("text", enfant.get(f"{TEXTE}style-name")))
                self._contenu(
                    enfant, _porte(siens, "font-weight", gras), _porte(siens, "font-style", italique), lien
                )
            elif nom == "a":
                self._contenu(enfant, gras, italique, enfant.get(LIEN) or "")
            elif nom not in MUETS:
                self._contenu(enfant, gras, italique, lien)
            self.lue.ajouter(enfant.tail or "", **forme)

    def _nature(self, p: Any, nom: str) -> tuple[Paragraphe, str]:
        lignee = list(self._lignee("paragraph", p.get(f"{TEXTE}style-name")))
        noms = [s.get(f"{STYLE}display-name") or s.get(f"{STYLE}name") or "" for s in lignee]
        # Un style automatique n'est qu'une mise en forme : celui qu'il habille dit ce qu'est le paragraphe.
        style = next(
            (n for s, n in zip(lignee, noms, strict=True) if s.get(f"{STYLE}name") not in self.automatiques),
            "",
        )
        if self.pile and self.pile[-1] != SIMPLE:
            return Paragraphe(self.pile[-1], len(self.pile) - 1), style
        if nom == "h":
            return Paragraphe(TITRE, int(p.get(f"{TEXTE}outline-level") or 1)), style
        return Paragraphe(CITATION if CITES.search(" ".join(noms)) else SIMPLE), style

    def _liste(self, liste: Any) -> str:
        """Dire si une liste est à puces ou numérotée ; imbriquée, son style est celui de la première."""
        style = liste.get(f"{TEXTE}style-name")
        parente = liste.getparent()
        while style is None and parente is not None:
            style, parente = (
                parente.get(f"{TEXTE}style-name") if _nom(parente) == "list" else None,
                parente.getparent(),
            )
        niveaux = self.listes.get(style)
        for niveau in () if niveaux is None else niveaux:
            if niveau.get(f"{TEXTE}level") == str(len(self.pile) + 1):
                if _nom(niveau) == "list-level-style-bullet":
                    return PUCE
                return NUMERO if niveau.get(f"{STYLE}num-format") else SIMPLE
        return PUCE

    def _forme_du_paragraphe(self, p: Any) -> tuple[bool, bool]:
        """Dire si tout un paragraphe est gras ou italique : LibreOffice le dit dans son style automatique."""
        propre = self.styles.get(("paragraph", p.get(f"{TEXTE}style-name")))
        siens = [propre] if propre is not None and propre.get(f"{STYLE}name") in self.automatiques else []
        return _porte(siens, "font-weight"), _porte(siens, "font-style")

    def _lignee(self, famille: str, nom: str | None) -> Iterator[Any]:
        vus: set[str | None] = set()
        while (style := self.styles.get((famille, nom))) is not None and nom not in vus:
            yield style
            vus.add(nom)
            nom = style.get(f"{STYLE}parent-style-name")


def _nom(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _porte(styles: list[Any], propriete: str, sinon: bool = False) -> bool:
    """Lire une propriété du premier style qui la dit."""
    for proprietes in (s.find(f"{STYLE}text-properties") for s in styles):
        valeur = None if proprietes is None else proprietes.get(f"{FO}{propriete}")
        if valeur is not None:
            return valeur in {"bold", "italic", "oblique"} or (valeur.isdigit() and int(valeur) >= 600)
    return sinon
