"""Tracer avec matplotlib les éléments d'une carte : territoires, motifs, cercles, périmètres, textes."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Circle, PathPatch
from matplotlib.path import Path
from matplotlib.textpath import text_to_path

from cartes.apparence import FOND_DES_CERCLES, Apparence
from cartes.palettes import CLARTE_DES_HACHURES, clarte

if TYPE_CHECKING:
    from matplotlib.axes import Axes

POLICE = "DejaVu Sans"  # livrée avec matplotlib : même mise en page sur tous les postes
ENCRE = "#1f1f1f"
_GRIS = "#8a8a8a"
# Fond, hachures et couleur des hachures de chaque état sans valeur.
_MOTIFS: dict[str, tuple[str, str, str]] = {
    "secret": ("#d4d4d4", "////", "#7a7a7a"),
    "indisponible": ("#efefef", "...", "#9a9a9a"),
    "sans_objet": ("#ffffff", "xxx", "#c4c4c4"),
    "zero": ("#ffffff", "", ""),
}
_TIRETS: dict[str, tuple[float, tuple[float, ...]]] = {
    "tirets": (0, (3.5, 2)),
    "points": (0, (1, 1.4)),
}


def chemin(geometrie: Any) -> Path:
    """Convertir un polygone, trous compris, en un seul chemin.

    Parameters
    ----------
    geometrie : shapely.Geometry
        Polygone ou multipolygone.

    Returns
    -------
    matplotlib.path.Path
        Chemin composé ; les trous sont orientés à l'inverse pour rester vides.
    """
    oriente = shapely.orient_polygons(geometrie)
    anneaux = shapely.get_rings(shapely.get_parts(oriente))
    return Path.make_compound_path(
        *(Path(shapely.get_coordinates(anneau), closed=True) for anneau in anneaux)
    )


def poser_aplat(axes: Axes, forme: Path, apparence: Apparence, *, ordre: float = 1) -> None:
    """Dessiner un territoire ou une case de légende : même fonction, même apparence.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Repère du dessin.
    forme : matplotlib.path.Path
        Contour fermé.
    apparence : Apparence
        Couleur, état et marques.
    ordre : float, default 1
        Rang d'empilement.
    """
    fond, hachures, encre = _MOTIFS.get(apparence.etat, (apparence.couleur, "", ""))
    bord = "#ffffff" if fond not in ("#ffffff", FOND_DES_CERCLES) else "#bdbdbd"
    axes.add_patch(PathPatch(forme, facecolor=fond, edgecolor=bord, linewidth=0.5, zorder=ordre))
    if hachures:
        _hachurer(axes, forme, hachures, encre, ordre + 0.1)
    _marquer(axes, forme, apparence, ordre + 0.2)


def poser_cercle(
    axes: Axes, centre: tuple[float, float], rayon: float, apparence: Apparence, ordre: float = 3
) -> None:
    """Dessiner un cercle proportionnel ; un effectif nul est une petite croix.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Repère du dessin.
    centre : tuple of float
        Centre dans l'unité du repère.
    rayon : float
        Rayon dans l'unité du repère.
    apparence : Apparence
        Couleur et marques.
    ordre : float, default 3
        Rang d'empilement.
    """
    disque = Circle((0, 0), 1).get_path()
    forme = Path(np.asarray(disque.vertices) * rayon + np.asarray(centre), disque.codes)
    axes.add_patch(
        PathPatch(
            forme, facecolor=apparence.couleur, edgecolor="#3d3d3d", linewidth=0.5, alpha=0.92, zorder=ordre
        )
    )
    _marquer(axes, forme, apparence, ordre)


def poser_croix(axes: Axes, centre: tuple[float, float], ordre: float = 3) -> None:
    """Marquer d'une petite croix un effectif nul.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Repère du dessin.
    centre : tuple of float
        Place de la croix.
    ordre : float, default 3
        Rang d'empilement.
    """
    axes.plot(
        *([c] for c in centre), marker="x", markersize=4, markeredgewidth=0.9, color=ENCRE, zorder=ordre
    )


def _hachurer(axes: Axes, forme: Path, hachures: str, encre: str, ordre: float) -> None:
    axes.add_patch(
        PathPatch(forme, facecolor="none", edgecolor=encre, hatch=hachures, linewidth=0, zorder=ordre)
    )


def _marquer(axes: Axes, forme: Path, apparence: Apparence, ordre: float) -> None:
    """Ajouter ce que la couleur ne dit pas : hachures d'un chiffre fragile, bord d'une estimation."""
    if apparence.fragile:
        # Sombres sur une classe claire, claires sur une classe sombre : lisibles partout.
        _hachurer(
            axes,
            forme,
            "\\\\\\\\",
            "#2b2b2b" if clarte(apparence.couleur) > CLARTE_DES_HACHURES else "#ffffff",
            ordre,
        )
    if apparence.contour in _TIRETS:
        tirets = _TIRETS[apparence.contour]
        bord = PathPatch(
            forme, facecolor="none", edgecolor=ENCRE, linewidth=0.9, linestyle=tirets, zorder=ordre + 0.5
        )
        axes.add_patch(bord)


def poser_contour(
    axes: Axes, forme: Path, couleur: str, epaisseur: float, ordre: float, *, filet: bool = True
) -> None:
    """Tracer le contour d'un périmètre, doublé d'un filet blanc pour rester lisible sur l'aplat.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Repère du dessin.
    forme : matplotlib.path.Path
        Contour fermé.
    couleur : str
        Couleur du trait.
    epaisseur : float
        Épaisseur en points.
    ordre : float
        Rang d'empilement.
    filet : bool, default True
        Doubler le trait d'un filet blanc.
    """
    traits = [("#ffffff", epaisseur + 1.4)] if filet else []
    for bord, largeur in (*traits, (couleur, epaisseur)):
        axes.add_patch(
            PathPatch(
                forme, facecolor="none", edgecolor=bord, linewidth=largeur, joinstyle="round", zorder=ordre
            )
        )


def poser_numero(axes: Axes, lieu: tuple[float, float], numero: str, couleur: str, ordre: float = 6) -> None:
    """Écrire le numéro d'un périmètre dans une pastille blanche.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Repère du dessin.
    lieu : tuple of float
        Place du numéro.
    numero : str
        Texte court.
    couleur : str
        Couleur du texte et du bord.
    ordre : float, default 6
        Rang d'empilement.
    """
    pastille = {"boxstyle": "round,pad=0.18", "facecolor": "#ffffff", "edgecolor": couleur, "linewidth": 0.6}
    ecrire(axes, *lieu, numero, 6, color=couleur, ha="center", va="center", bbox=pastille, zorder=ordre)


def ecrire(axes: Axes, x: float, y: float, texte: str, taille: float, **style: Any) -> None:
    """Écrire un texte tel quel : un ``$`` dans un nom n'est pas une formule.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Repère du dessin.
    x : float
        Abscisse.
    y : float
        Ordonnée.
    texte : str
        Texte d'une ligne.
    taille : float
        Corps en points.
    **style
        Propriétés de ``matplotlib.text.Text``.
    """
    axes.text(x, y, texte, fontsize=taille, fontfamily=POLICE, parse_math=False, **{"color": ENCRE, **style})


@lru_cache(maxsize=4096)
def largeur_du_texte(texte: str, taille: float, graisse: str = "normal") -> float:
    """Mesurer un texte avant de le poser.

    Parameters
    ----------
    texte : str
        Texte d'une ligne.
    taille : float
        Corps en points.
    graisse : str, default "normal"
        Graisse de la police.

    Returns
    -------
    float
        Largeur en points.
    """
    police = FontProperties(family=POLICE, size=taille, weight=graisse)
    return float(text_to_path.get_text_width_height_descent(texte, police, ismath=False)[0])


def couper(texte: str, largeur: float, taille: float, graisse: str = "normal") -> list[str]:
    """Couper un texte en lignes qui tiennent dans une largeur, sans rien perdre.

    Parameters
    ----------
    texte : str
        Texte ; les espaces insécables ne sont pas des endroits où couper.
    largeur : float
        Largeur disponible en points.
    taille : float
        Corps en points.
    graisse : str, default "normal"
        Graisse de la police.

    Returns
    -------
    list of str
        Lignes, au moins une.
    """
    lignes = [""]
    for mot in texte.replace("\n", " ").replace("\t", " ").split(" "):
        essai = f"{lignes[-1]} {mot}".strip(" ")
        if not lignes[-1] or largeur_du_texte(essai, taille, graisse) <= largeur:
            lignes[-1] = essai
        else:
            lignes.append(mot)
        while largeur_du_texte(lignes[-1], taille, graisse) > largeur and len(lignes[-1]) > 1:
            garde = _longueur_tenable(lignes[-1], largeur, taille, graisse)
            lignes[-1:] = [lignes[-1][:garde], lignes[-1][garde:]]
    return lignes


def _longueur_tenable(mot: str, largeur: float, taille: float, graisse: str) -> int:
    """Compter les caractères d'un mot trop long qui tiennent sur une ligne."""
    garde = len(mot) - 1
    while garde > 1 and largeur_du_texte(mot[:garde], taille, graisse) > largeur:
        garde -= 1
    return garde


FOND = Apparence(FOND_DES_CERCLES)
