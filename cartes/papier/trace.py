"""Tracer avec matplotlib les éléments d'une carte : cadres, territoires, motifs, cercles, périmètres, textes."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np
import shapely
from matplotlib.collections import PathCollection
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.textpath import text_to_path
from matplotlib.transforms import Bbox, BboxTransform, TransformedBbox

from cartes.apparence import FOND_DES_CERCLES, HACHURES_DU_DESSOUS, Apparence
from cartes.charte import COULEURS, ETATS, POLICE
from cartes.geometrie import FONDS_GARDES, Contours, contour_d_ensemble
from cartes.palettes import contraste

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from matplotlib.artist import Artist
    from matplotlib.figure import Figure

ENCRE = COULEURS["encre"]
FOND = Apparence(FOND_DES_CERCLES)
Cle = TypeVar("Cle", bound="Hashable")
_TIRETS: dict[str, tuple[float, tuple[float, ...]]] = {"tirets": (0, (3.5, 2)), "points": (0, (1, 1.4))}


class Toile(Protocol):
    """Là où l'on pose un élément : un repère de matplotlib, ou un :class:`Cadre`, plus léger."""

    def add_artist(self, artist: Any) -> Any:
        """Poser un élément."""


class Cadre:
    """Rectangle de la page gradué comme on veut.

    Un repère de matplotlib porte des graduations, des limites qui suivent chaque élément posé, un fond : rien de
    cela ne sert à une carte, et trois repères coûtent autant que tous les territoires.
    """

    def __init__(
        self,
        figure: Figure,
        rectangle: tuple[float, float, float, float],
        abscisses: tuple[float, float],
        ordonnees: tuple[float, float],
    ) -> None:
        self.figure, self.rectangle = figure, rectangle
        self.abscisses, self.ordonnees = abscisses, ordonnees
        place = Bbox.from_bounds(*(cote / 72 for cote in rectangle))
        gradue = Bbox(np.column_stack([abscisses, ordonnees]))
        self._transformation = BboxTransform(gradue, place) + figure.dpi_scale_trans
        self._bords = TransformedBbox(place, figure.dpi_scale_trans)

    def add_artist(self, artist: Artist) -> Artist:
        """Poser un élément, rogné aux bords du cadre s'il n'est pas un texte."""
        artist.set_transform(self._transformation)
        self.figure.add_artist(artist)
        if not isinstance(artist, Text):
            artist.set_clip_box(self._bords)
        return artist


def chemin(geometrie: Any) -> Path:
    """Convertir un polygone, trous compris, en un seul chemin."""
    oriente = shapely.orient_polygons(geometrie)
    anneaux = shapely.get_rings(shapely.get_parts(oriente))
    return Path.make_compound_path(
        *(Path(shapely.get_coordinates(anneau), closed=True) for anneau in anneaux)
    )


@lru_cache(maxsize=FONDS_GARDES)
def chemins(contours: Contours) -> tuple[Path, ...]:
    """Changer chaque contour en chemin à dessiner."""
    return tuple(chemin(geometrie) for geometrie in contours.couche.geometry)


@lru_cache(maxsize=FONDS_GARDES)
def chemin_d_ensemble(contours: Contours) -> Path:
    """Tracer le contour extérieur de l'ensemble."""
    return chemin(contour_d_ensemble(contours.couche))


def poser_aplat(axes: Toile, forme: Path, apparence: Apparence, *, ordre: float = 1) -> None:
    """Dessiner une case de légende, comme :func:`poser_aplats` dessine les territoires."""
    poser_aplats(axes, [forme], [apparence], ordre=ordre)


def poser_aplats(
    axes: Toile, formes: Sequence[Path], apparences: Sequence[Apparence], *, ordre: float = 1
) -> None:
    """Dessiner des territoires ou des cases de légende : même fonction, même apparence."""
    fonds = [ETATS[a.etat].fond if a.etat else a.couleur for a in apparences]
    papier, pale = COULEURS["papier"], COULEURS["bord_sur_fond_pale"]
    bords = [pale if fond in (papier, FOND_DES_CERCLES) else papier for fond in fonds]
    axes.add_artist(
        PathCollection(
            formes, facecolors=fonds, edgecolors=bords, linewidths=0.5, joinstyle="miter", zorder=ordre
        )
    )
    etats = [ETATS.get(a.etat) for a in apparences]
    motifs = [(e.hachures, e.encre_imprimee) if e is not None and e.hachures else None for e in etats]
    for (hachures, encre), hachurees in _grouper(formes, motifs).items():
        _hachurer(axes, hachurees, hachures, encre, ordre + 0.1)
    _marquer(axes, formes, apparences, ordre + 0.2)


def _grouper(formes: Sequence[Path], cles: Sequence[Cle | None]) -> dict[Cle, list[Path]]:
    """Réunir les formes de même clé ; sans clé, une forme n'a pas de marque."""
    groupes: dict[Cle, list[Path]] = {}
    for forme, cle in zip(formes, cles, strict=True):
        if cle is not None:
            groupes.setdefault(cle, []).append(forme)
    return groupes


def poser_cercle(
    axes: Toile, centre: tuple[float, float], rayon: float, apparence: Apparence, ordre: float = 3
) -> None:
    """Dessiner un cercle proportionnel ; un effectif nul est une petite croix."""
    disque = Path.unit_circle()
    forme = Path(np.asarray(disque.vertices) * rayon + np.asarray(centre), disque.codes)
    axes.add_artist(
        PathPatch(
            forme,
            facecolor=apparence.couleur,
            edgecolor=COULEURS["bord_de_cercle"],
            linewidth=0.5,
            alpha=0.92,
            zorder=ordre,
        )
    )
    _marquer(axes, [forme], [apparence], ordre)


def poser_croix(axes: Toile, centre: tuple[float, float], ordre: float = 3) -> None:
    """Marquer d'une petite croix un effectif nul."""
    axes.add_artist(
        Line2D(
            *([c] for c in centre), marker="x", markersize=4, markeredgewidth=0.9, color=ENCRE, zorder=ordre
        )
    )


def poser_trait(axes: Toile, x: Sequence[float], y: Sequence[float], **style: Any) -> None:
    """Tracer une ligne brisée, aux coins vifs si rien ne dit autrement."""
    axes.add_artist(Line2D(x, y, **{"solid_joinstyle": "miter"} | style))


def _hachurer(axes: Toile, formes: Sequence[Path], hachures: str, encre: str, ordre: float) -> None:
    axes.add_artist(
        PathCollection(
            formes, facecolors="none", edgecolors=encre, hatch=hachures, linewidths=0, zorder=ordre
        )
    )


def _marquer(axes: Toile, formes: Sequence[Path], apparences: Sequence[Apparence], ordre: float) -> None:
    """Ajouter ce que la couleur ne dit pas : hachures d'un chiffre fragile, bord d'une estimation."""
    encres = [contraste(a.couleur, COULEURS["hachures_sombres"]) if a.fragile else None for a in apparences]
    dessous = [COULEURS["hachures_du_dessous"] if a.dessous else None for a in apparences]
    for encre, siennes in _grouper(formes, dessous).items():
        _hachurer(axes, siennes, HACHURES_DU_DESSOUS, encre, ordre - 0.1)
    for encre, fragiles in _grouper(formes, encres).items():
        _hachurer(axes, fragiles, "\\\\\\\\", encre, ordre)
    for tirets, bordees in _grouper(formes, [_TIRETS.get(a.contour) for a in apparences]).items():
        style: dict[str, Any] = {
            "linewidths": 0.9,
            "linestyles": [tirets],
            "joinstyle": "miter",
            "zorder": ordre + 0.5,
        }
        axes.add_artist(PathCollection(bordees, facecolors="none", edgecolors=ENCRE, **style))


def poser_contour(
    axes: Toile, forme: Path, couleur: str, epaisseur: float, ordre: float, *, filet: bool = True
) -> None:
    """Tracer le contour d'un périmètre, doublé d'un filet blanc pour rester lisible sur l'aplat."""
    traits = [(COULEURS["papier"], epaisseur + 1.4)] if filet else []
    for bord, largeur in (*traits, (couleur, epaisseur)):
        axes.add_artist(
            PathPatch(
                forme, facecolor="none", edgecolor=bord, linewidth=largeur, joinstyle="round", zorder=ordre
            )
        )


def poser_numero(axes: Toile, lieu: tuple[float, float], numero: str, couleur: str, corps: float) -> None:
    """Écrire le numéro d'un périmètre dans une pastille blanche."""
    fond = pastille(0.18, edgecolor=couleur, linewidth=0.6)
    ecrire(axes, *lieu, numero, corps, color=couleur, ha="center", va="center", bbox=fond, zorder=6)


def pastille(marge: float, **style: Any) -> dict[str, Any]:
    """Préparer le fond arrondi, couleur du papier, sur lequel un texte se lit."""
    papier = {"boxstyle": f"round,pad={marge}", "facecolor": COULEURS["papier"], "edgecolor": "none"}
    return papier | style


def ecrire(axes: Toile, x: float, y: float, texte: str, taille: float, **style: Any) -> None:
    """Écrire un texte tel quel : un ``$`` dans un nom n'est pas une formule."""
    lettres: dict[str, Any] = {
        "fontsize": taille,
        "fontfamily": POLICE,
        "parse_math": False,
        "clip_on": False,
        "color": ENCRE,
    }
    axes.add_artist(Text(x, y, texte, **lettres | style))


@lru_cache(maxsize=4096)
def largeur_du_texte(texte: str, taille: float, graisse: str = "normal") -> float:
    """Mesurer un texte avant de le poser."""
    police = FontProperties(family=POLICE, size=taille, weight=graisse)
    return float(text_to_path.get_text_width_height_descent(texte, police, ismath=False)[0])


def couper(texte: str, largeur: float, taille: float, graisse: str = "normal") -> list[str]:
    """Couper un texte en lignes qui tiennent dans une largeur, sans rien perdre."""
    propre = "  " not in texte and not {"\n", "\t"} & set(texte) and texte == texte.strip(" ")
    if propre and largeur_du_texte(texte, taille, graisse) <= largeur:
        return [texte]
    lignes = [""]
    for mot in texte.replace("\n", " ").replace("\t", " ").split(" "):
        essai = f"{lignes[-1]} {mot}".strip(" ")
        if not lignes[-1] or largeur_du_texte(essai, taille, graisse) <= largeur:
            lignes[-1] = essai
        else:
            lignes.append(mot)
        while largeur_du_texte(lignes[-1], taille, graisse) > largeur and len(lignes[-1]) > 1:
            mot_trop_long = lignes[-1]
            tenables = range(len(mot_trop_long) - 1, 1, -1)
            tient = (n for n in tenables if largeur_du_texte(mot_trop_long[:n], taille, graisse) <= largeur)
            garde = next(tient, 1)
            lignes[-1:] = [lignes[-1][:garde], lignes[-1][garde:]]
    return lignes
