"""La feuille d'un graphique, graduée en points de haut en bas : ce qu'on y pose, son titre, sa légende, ses notes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from cartes.charte import COULEURS, POLICE
from cartes.graphiques.style import (
    CORPS,
    CORPS_SOUS_TITRE,
    CORPS_TITRE,
    HACHURES,
    INTERLIGNE,
    TABLE,
    Signe,
    notes_de,
)
from cartes.papier import trace
from cartes.papier.trace import Cadre, ecrire, pastille, poser_trait

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from abs.graphiques.demandes import DemandeDeGraphique

PAPIER, ENCRE, MENTION = COULEURS["papier"], COULEURS["encre"], COULEURS["mention"]
# Le milieu d'une ligne de texte est un peu au-dessus de sa base.
_BASE = 0.36
_AISANCE = 1.035
_REGLAGES: Any = {"hatch.linewidth": 0.5, "font.family": POLICE}


def mesurer(texte: str, corps: float = CORPS, *, gras: bool = False) -> float:
    """Mesurer un texte, un peu large : l'image et le navigateur calent chaque lettre sur leurs pixels."""
    return trace.largeur_du_texte(texte, corps, "bold" if gras else "normal") * _AISANCE


def couper(texte: str, largeur: float, corps: float = CORPS, *, gras: bool = False) -> list[str]:
    """Couper un texte en lignes qui tiennent dans une largeur, avec la même aisance."""
    return trace.couper(texte, largeur / _AISANCE, corps, "bold" if gras else "normal")


class Feuille:
    """Page dont la largeur est donnée et dont la hauteur suit ce qu'on y pose : ``bas`` dit jusqu'où elle est prise."""

    def __init__(self, largeur: float, *, sobre: bool = False) -> None:
        self.largeur, self.bas, self.sobre = largeur, 0.0, sobre
        self._poses: list[Any] = []

    def add_artist(self, artist: Any) -> Any:
        """Retenir un élément, posé quand la hauteur est connue."""
        self._poses.append(artist)
        return artist

    def mot(
        self,
        x: float,
        milieu: float,
        texte: str,
        corps: float = CORPS,
        *,
        gras: bool = False,
        couleur: str = ENCRE,
        **style: Any,
    ) -> None:
        """Écrire une ligne, centrée en hauteur sur ``milieu``."""
        graisse = "bold" if gras else "normal"
        lettres: dict[str, Any] = {"va": "baseline", "zorder": 8, "fontweight": graisse, "color": couleur}
        ecrire(self, x, milieu + _BASE * corps, texte, corps, **lettres | style)

    def lignes(
        self, x: float, milieu: float, textes: Sequence[str], corps: float = CORPS, **style: Any
    ) -> None:
        """Écrire plusieurs lignes, l'ensemble centré en hauteur."""
        premier = milieu - (len(textes) - 1) * corps * INTERLIGNE / 2
        for rang, texte in enumerate(textes):
            self.mot(x, premier + rang * corps * INTERLIGNE, texte, corps, **style)

    def paragraphe(self, texte: str, corps: float = CORPS, **style: Any) -> None:
        """Écrire un texte sur toute la largeur, au bas de ce qui est déjà pris."""
        for ligne in couper(texte, self.largeur - 6, corps, gras=style.get("gras", False)) if texte else ():
            self.mot(1, self.bas + corps * INTERLIGNE / 2, ligne, corps, **style)
            self.bas += corps * INTERLIGNE

    def trait(
        self, x: Sequence[float], y: Sequence[float], couleur: str, epaisseur: float, **style: Any
    ) -> None:
        """Tracer une ligne brisée."""
        poser_trait(self, x, y, **{"color": couleur, "linewidth": epaisseur, "zorder": 2} | style)

    def rectangle(
        self, x: float, y: float, largeur: float, hauteur: float, couleur: str, **style: Any
    ) -> None:
        """Poser un aplat, sans bord si rien ne le demande."""
        self.add_artist(
            Rectangle((x, y), largeur, hauteur, facecolor=couleur, **{"linewidth": 0, "zorder": 3} | style)
        )

    def absence(self, x: float, y: float, largeur: float, hauteur: float, texte: str = "") -> None:
        """Hachurer légèrement la place d'une valeur qui manque, et l'y dire s'il y a la place."""
        self.rectangle(x, y, largeur, hauteur, PAPIER, hatch=HACHURES, edgecolor=TABLE["hachures"])
        if texte:
            lieu = x + largeur / 2, y + hauteur / 2
            self.mot(*lieu, texte, couleur=MENTION, ha="center", bbox=pastille(0.12))

    def marques(self, x: Sequence[float], y: Sequence[float], signe: Signe, **style: Any) -> None:
        """Poser des points de même signe."""
        plein = signe.plein
        dessin: dict[str, Any] = {
            "linestyle": "none",
            "marker": signe.forme,
            "markersize": signe.taille,
            "markerfacecolor": signe.couleur if plein else PAPIER,
            "markeredgecolor": PAPIER if plein else signe.couleur,
            "markeredgewidth": signe.bord,
            "zorder": 5,
        }
        self.add_artist(Line2D(x, y, **dessin | style))

    def figure(self) -> Figure:
        """Donner la figure, à sa taille imprimée."""
        hauteur = self.bas + 1
        with mpl.rc_context(_REGLAGES):
            figure = Figure(figsize=(self.largeur / 72, hauteur / 72), dpi=150, facecolor=PAPIER)
            self.poser(figure, (0, 0), hauteur)
        return figure

    def poser(self, figure: Figure, coin: tuple[float, float], hauteur: float) -> None:
        """Poser la feuille sur une figure, son coin bas gauche à un endroit donné en points."""
        cadre = Cadre(figure, (*coin, self.largeur, hauteur), (0, self.largeur), (hauteur, 0))
        for element in self._poses:
            # Rien ne déborde : rogner chaque élément ne ferait qu'alourdir le SVG.
            cadre.add_artist(element).set_clip_on(False)


@dataclass(frozen=True)
class Entree:
    """Ligne de légende : ce qu'elle dit, et comment poser son signe au bout d'une abscisse et à une hauteur."""

    texte: str
    poser: Callable[[Feuille, float, float], None]
    place: float = 10.0


def entree_de_point(texte: str, signe: Signe) -> Entree:
    """Légender un point."""
    return Entree(texte, lambda feuille, x, y: feuille.marques([x + 5], [y], signe))


def entree_de_ligne(texte: str, signe: Signe) -> Entree:
    """Légender une ligne, son point au milieu."""

    def poser(feuille: Feuille, x: float, y: float) -> None:
        feuille.trait([x, x + 22], [y, y], signe.couleur, signe.epaisseur, linestyle=signe.ligne)
        feuille.marques([x + 11], [y], signe, markersize=5)

    return Entree(texte, poser, 22)


def entree_d_aplat(texte: str, couleur: str) -> Entree:
    """Légender un aplat ; un filet le détache du papier s'il est pâle."""
    bord = {"edgecolor": COULEURS["bord_sur_fond_pale"], "linewidth": 0.4}
    return Entree(texte, lambda feuille, x, y: feuille.rectangle(x, y - 4, 9, 8, couleur, **bord))


def legender(feuille: Feuille, entrees: Sequence[Entree]) -> None:
    """Ranger les entrées en lignes, sans en couper une qui tient sur la largeur."""
    if feuille.sobre or not entrees:
        return
    pas, x, milieu = CORPS * INTERLIGNE + 1, 1.0, feuille.bas + CORPS * INTERLIGNE / 2
    for entree in entrees:
        textes = couper(entree.texte, feuille.largeur - entree.place - 6)
        largeur = entree.place + 4 + max(mesurer(ligne) for ligne in textes)
        if x > 1 and x + largeur > feuille.largeur - 1:
            x, milieu = 1.0, milieu + pas
        entree.poser(feuille, x, milieu)
        for ligne in textes:
            feuille.mot(x + entree.place + 4, milieu, ligne, couleur=MENTION)
            milieu += pas
        milieu -= pas
        x += largeur + 12
    feuille.bas = milieu + pas / 2 + 4


def intituler(feuille: Feuille, demande: DemandeDeGraphique) -> None:
    """Écrire le message et ce qui est mesuré ; dans une fiche, c'est elle qui le dit."""
    if feuille.sobre:
        return
    feuille.paragraphe(demande.titre, CORPS_TITRE, gras=True)
    feuille.bas += 1.5
    feuille.paragraphe(demande.sous_titre, CORPS_SOUS_TITRE, couleur=MENTION)
    feuille.bas += 5


def annoter(feuille: Feuille, demande: DemandeDeGraphique) -> None:
    """Écrire les notes, puis la source."""
    if feuille.sobre:
        return
    feuille.bas += 6
    for note in (*notes_de(demande), demande.mention):
        if note:
            feuille.paragraphe(note, couleur=MENTION)
