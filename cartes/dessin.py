"""Dessiner la carte imprimée : territoires, périmètres, légende, échelle et source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
import shapely
from matplotlib.figure import Figure
from matplotlib.path import Path

from cartes.apparence import apparences, rayon, tailles
from cartes.geometrie import barre_d_echelle, contour_d_ensemble, projection_locale, simplifier
from cartes.legende import perimetres_visibles
from cartes.mise_en_page import (
    CASE,
    CORPS_LEGENDE,
    CORPS_MENTION,
    INTERLIGNE,
    LARGEUR,
    LARGEUR_LEGENDE,
    MARGE,
    Bloc,
    Page,
)
from cartes.trace import (
    ENCRE,
    FOND,
    chemin,
    ecrire,
    poser_aplat,
    poser_cercle,
    poser_contour,
    poser_croix,
    poser_numero,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from cartes.specification import CarteThematique, Superposition

# Motifs d'épaisseur constante, quel que soit le réglage du poste.
_REGLAGES: Any = {"hatch.linewidth": 0.55, "font.family": "DejaVu Sans"}


def dessiner(carte: CarteThematique) -> Figure:
    """Dessiner une carte thématique.

    Parameters
    ----------
    carte : CarteThematique
        Carte contrôlée.

    Returns
    -------
    matplotlib.figure.Figure
        Figure de 10 pouces de large, indépendante de pyplot.
    """
    projection = projection_locale(carte.territoires)
    couche = carte.territoires.to_crs(projection)
    page = Page(carte, couche)
    # Un demi-point de tolérance : invisible à l'impression, et des fichiers SVG légers.
    page = Page(carte, simplifier(couche, page.metres_par_point / 2))
    with mpl.rc_context(_REGLAGES):
        figure = Figure(figsize=(LARGEUR / 72, page.hauteur / 72), dpi=150, facecolor="white")
        _poser_carte(figure, page)
        _poser_legende(figure, page)
        _poser_textes(figure, page)
    return figure


def _repere(figure: Figure, page: Page, rectangle: tuple[float, float, float, float]) -> Axes:
    """Créer un repère sans axes, placé en points depuis le coin bas gauche de la page."""
    gauche, bas, largeur, hauteur = rectangle
    axes = figure.add_axes((gauche / LARGEUR, bas / page.hauteur, largeur / LARGEUR, hauteur / page.hauteur))
    axes.set_axis_off()
    return axes


def _poser_carte(figure: Figure, page: Page) -> None:
    # Calée en haut, à côté du début de la légende, quand celle-ci est plus longue que la carte.
    bas = MARGE + page.hauteur_mentions + page.hauteur_milieu - page.hauteur_carte
    axes = _repere(figure, page, (MARGE, bas, page.largeur_carte, page.hauteur_carte))
    ouest, sud, est, nord = page.cadre
    demi_largeur = page.largeur_carte * page.metres_par_point / 2
    demi_hauteur = page.hauteur_carte * page.metres_par_point / 2
    axes.set_xlim((ouest + est) / 2 - demi_largeur, (ouest + est) / 2 + demi_largeur)
    axes.set_ylim((sud + nord) / 2 - demi_hauteur, (sud + nord) / 2 + demi_hauteur)
    _poser_territoires(axes, page)
    poser_contour(axes, chemin(contour_d_ensemble(page.couche)), "#6b6b6b", 0.7, 2, filet=False)
    if page.carte.en_cercles:
        _poser_cercles(axes, page)
    for superposition in page.carte.superpositions:
        _poser_superposition(axes, page, superposition)
    _poser_echelle(axes, page)


def _poser_territoires(axes: Axes, page: Page) -> None:
    for geometrie, apparence in zip(page.couche.geometry, apparences(page.carte), strict=True):
        fond = FOND if page.carte.en_cercles and not apparence.etat else apparence
        poser_aplat(axes, chemin(geometrie), fond)
        if apparence.etat == "zero":
            lieu = geometrie.representative_point()
            poser_croix(axes, (lieu.x, lieu.y))


def _poser_cercles(axes: Axes, page: Page) -> None:
    """Poser les cercles, les plus grands d'abord pour que les petits restent visibles."""
    mesures = tailles(page.carte)
    maximum = max(mesures, default=0.0)
    lignes = zip(mesures, page.couche.geometry, apparences(page.carte), strict=True)
    for rang, (mesure, geometrie, apparence) in enumerate(sorted(lignes, key=lambda ligne: -ligne[0])):
        if mesure <= 0 or apparence.etat:
            continue
        lieu = geometrie.representative_point()
        metres = rayon(mesure, maximum, page.rayon_maximal) * page.metres_par_point
        poser_cercle(axes, (lieu.x, lieu.y), metres, apparence, 3 + rang * 1e-4)


def _poser_superposition(axes: Axes, page: Page, superposition: Superposition) -> None:
    visibles = perimetres_visibles(page.carte, superposition)
    if visibles.empty:
        return
    couches = visibles.to_crs(page.couche.crs)
    cadre = shapely.box(*page.cadre)
    for rang, geometrie in enumerate(couches.geometry, start=1):
        poser_contour(axes, chemin(geometrie), superposition.couleur, 1.6, 5)
        if superposition.etiquette:
            # Dans la partie visible du périmètre : un numéro hors du cadre ne se lirait pas.
            lieu = shapely.make_valid(geometrie).intersection(cadre).representative_point()
            poser_numero(axes, (lieu.x, lieu.y), str(rang), superposition.couleur)


def _poser_echelle(axes: Axes, page: Page) -> None:
    """Tracer une barre d'échelle métrique en bas à gauche, sur un fond qui la détache de la carte."""
    (ouest, est), (sud, _) = axes.get_xlim(), axes.get_ylim()
    point = page.metres_par_point
    longueur, texte = barre_d_echelle(est - ouest)
    gauche, bas = ouest + 5 * point, sud + 5 * point
    axes.plot(
        [gauche, gauche, gauche + longueur, gauche + longueur],
        [bas + 4 * point, bas, bas, bas + 4 * point],
        color=ENCRE,
        linewidth=1.1,
        solid_joinstyle="miter",
        zorder=7,
    )
    fond = {"boxstyle": "round,pad=0.1", "facecolor": "#ffffff", "edgecolor": "none", "alpha": 0.75}
    ecrire(
        axes,
        gauche + longueur / 2,
        bas + 5 * point,
        texte,
        7.5,
        ha="center",
        va="bottom",
        bbox=fond,
        zorder=7,
    )


def _poser_legende(figure: Figure, page: Page) -> None:
    """Dessiner la légende de haut en bas, dans un repère gradué en points."""
    gauche = LARGEUR - MARGE - LARGEUR_LEGENDE
    bas = MARGE + page.hauteur_mentions
    axes = _repere(figure, page, (gauche, bas, LARGEUR_LEGENDE, page.hauteur_milieu))
    axes.set_xlim(0, LARGEUR_LEGENDE)
    axes.set_ylim(page.hauteur_milieu, 0)
    haut = 0.0
    for bloc in page.legende:
        decalage = 5 if bloc.ligne.genre == "titre" else 0
        milieu = haut + decalage + (bloc.hauteur - bloc.blanc) / 2
        _poser_signe(axes, bloc, milieu)
        pas = CORPS_LEGENDE * INTERLIGNE
        premier = milieu - (len(bloc.textes) - 1) * pas / 2
        for rang, texte in enumerate(bloc.textes):
            ecrire(
                axes,
                bloc.retrait,
                premier + rang * pas,
                texte,
                CORPS_LEGENDE,
                va="center",
                fontweight=bloc.graisse,
            )
        haut += bloc.hauteur


def _poser_signe(axes: Axes, bloc: Bloc, milieu: float) -> None:
    """Dessiner la case, le cercle ou le trait d'une ligne de légende."""
    largeur, hauteur = CASE
    bas, haut = milieu - hauteur / 2, milieu + hauteur / 2
    rectangle = Path([(0.5, bas), (largeur, bas), (largeur, haut), (0.5, haut), (0.5, bas)], closed=True)
    ligne = bloc.ligne
    if ligne.genre == "case":
        poser_aplat(axes, rectangle, ligne.apparence)
        if ligne.apparence.etat == "zero":
            poser_croix(axes, (largeur / 2, milieu))
        if ligne.apparence.contour == "plein":
            sommets = np.asarray(rectangle.vertices)
            axes.plot(sommets[:, 0], sommets[:, 1], color="#7d7d7d", linewidth=0.5, zorder=2)
    elif ligne.genre == "cercle":
        poser_cercle(axes, ((bloc.retrait - 6) / 2, milieu), bloc.rayon, ligne.apparence)
    elif ligne.genre == "contour":
        poser_contour(axes, rectangle, ligne.couleur, 1.6, 2)


def _poser_textes(figure: Figure, page: Page) -> None:
    """Écrire titre, sous-titre et source."""
    axes = _repere(figure, page, (0, 0, LARGEUR, page.hauteur))
    axes.set_xlim(0, LARGEUR)
    axes.set_ylim(0, page.hauteur)
    haut = page.hauteur - MARGE
    for texte, corps, graisse in page.titres:
        ecrire(axes, MARGE, haut, texte, corps, va="top", fontweight=graisse)
        haut -= corps * INTERLIGNE
    for rang, texte in enumerate(page.mentions):
        bas = MARGE + (len(page.mentions) - 1 - rang) * CORPS_MENTION * INTERLIGNE
        ecrire(axes, MARGE, bas, texte, CORPS_MENTION, va="bottom", color="#4a4a4a")
