"""Compter les pages avant que Word ne les compose : de quoi remplir le sommaire, à une page près."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from carnets.documents.word.briques import ESPACES, PAR_POINT, W
from carnets.documents.word.mesures import INTERLIGNE, lignes
from carnets.documents.word.styles import STYLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lxml.etree import _Element

EMU_PAR_POINT: Final = 12_700
MACHINE_A_ECRIRE: Final = 1.15
_ETENDUE: Final = f"{{{ESPACES['wp']}}}extent"


def _complet(nom: str) -> dict[str, Any]:
    """Donner les réglages d'un style, ceux dont il hérite compris."""
    dit = STYLES[nom]
    base = dit.get("base") or ("Normal" if nom != "Normal" else "")
    return (_complet(base) if base else {}) | dit


@dataclass
class Pages:
    """Le fil des pages : hauteur prise, page en cours, page de chaque signet."""

    styles: Mapping[str, str]
    page: int = 1
    haut: float = 0.0
    place: float = 0.0
    largeur: float = 0.0
    signets: dict[str, int] = field(default_factory=dict)
    # Paragraphes qui doivent rester avec le suivant : leur hauteur, leurs signets.
    _tenus: float = 0.0
    _noms: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Lire une fois les réglages des styles, par leur identifiant."""
        self._reglages = {
            identifiant: _complet(nom)
            for nom, identifiant in self.styles.items()
            if STYLES[nom].get("genre") != "tableau"
        }

    def ouvrir(self, largeur: float, place: float, *, premiere: bool) -> None:
        """Commencer une section, sur une page neuve."""
        self._poser_ce_qui_attend()
        if not premiere:
            self.page += 1
        self.haut, self.place, self.largeur = 0.0, place, largeur

    def lire(self, elements: Iterable[_Element]) -> None:
        """Poser des éléments à la suite."""
        for element in elements:
            if element.tag == f"{W}p":
                self._paragraphe(element)
            elif element.tag == f"{W}tbl":
                self._table(element)
            elif element.tag == f"{W}sdt":
                self.lire(element.find(f"{W}sdtContent"))
        self._poser_ce_qui_attend()

    def _paragraphe(self, element: _Element) -> None:
        saute = element.find(f"{W}pPr/{W}pageBreakBefore") is not None
        if saute and self.haut + self._tenus > 0:
            self._poser_ce_qui_attend()
            self.page, self.haut = self.page + 1, 0.0
        self._noms += [s.get(f"{W}name") for s in element.iter(f"{W}bookmarkStart")]
        self._tenus += self.hauteur(element, self.largeur)
        if not self._dit(element).get("tenu") and element.find(f"{W}pPr/{W}keepNext") is None:
            self._poser_ce_qui_attend()

    def _table(self, table: _Element) -> None:
        for rangee in table.iter(f"{W}tr"):
            cellules = [
                (c, int(c.find(f"{W}tcPr/{W}tcW").get(f"{W}w")) / PAR_POINT) for c in rangee.iter(f"{W}tc")
            ]
            hauteurs = [sum(self.hauteur(p, large - 5) for p in c.iter(f"{W}p")) for c, large in cellules]
            self._noms += [s.get(f"{W}name") for s in rangee.iter(f"{W}bookmarkStart")]
            self._tenus += max(hauteurs, default=0.0) + 0.5
            premier = rangee.find(f"{W}tc/{W}p/{W}pPr/{W}keepNext")
            if premier is None:
                self._poser_ce_qui_attend()

    def _poser_ce_qui_attend(self) -> None:
        """Poser ce qui tient ensemble, sur la page suivante s'il n'y a plus la place."""
        if self.haut and self.haut + self._tenus > self.place:
            self.page, self.haut = self.page + 1, 0.0
        self.signets |= dict.fromkeys(self._noms, self.page)
        self.haut += self._tenus
        while self.haut > self.place + 1:
            self.page, self.haut = self.page + 1, self.haut - self.place
        self._tenus, self._noms = 0.0, []

    def _dit(self, element: _Element) -> dict[str, Any]:
        style = element.find(f"{W}pPr/{W}pStyle")
        return self._reglages.get(style.get(f"{W}val") if style is not None else "", {})

    def hauteur(self, element: _Element, largeur: float) -> float:
        """Mesurer un paragraphe en points, ses blancs compris."""
        dit = self._dit(element)
        corps, interligne = dit.get("corps", 10), dit.get("interligne", 1.12)
        etendues = [int(e.get("cy")) / EMU_PAR_POINT for e in element.iter(_ETENDUE)]
        texte = "".join("\n" if t.tag == f"{W}br" else t.text or "" for t in element.iter(f"{W}t", f"{W}br"))
        utile = (
            largeur - dit.get("retrait", 0) - dit.get("retrait_a_droite", 0) - (14 if "puces" in dit else 0)
        )
        if etendues:
            bloc = max(etendues) + corps * INTERLIGNE * interligne * 0.25
        else:
            nombre = lignes(texte, self._corps_du_texte(element, corps), utile, gras=dit.get("gras", False))
            bloc = nombre * corps * INTERLIGNE * interligne
        return bloc + dit.get("avant", 0) + dit.get("apres", 0)

    def _corps_du_texte(self, element: _Element, corps: float) -> float:
        """Donner le corps du premier morceau ; une police de machine à écrire chasse plus large."""
        style = element.find(f"{W}r/{W}rPr/{W}rStyle")
        dit = self._reglages.get(style.get(f"{W}val") if style is not None else "", {})
        return float(dit.get("corps", corps) * (MACHINE_A_ECRIRE if "police" in dit else 1.0))
