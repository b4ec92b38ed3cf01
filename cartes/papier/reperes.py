"""Se repérer sur la carte imprimée : communes voisines en gris, échelle, nord, place du territoire dans son ensemble."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import shapely
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.path import Path

from cartes.charte import COULEURS
from cartes.geometrie import (
    FONDS_GARDES,
    Contours,
    barre_d_echelle,
    contour_d_ensemble,
    direction_du_nord,
    reprojeter,
)
from cartes.papier.mise_en_page import CORPS_IMPRIME_MINIMUM, INTERLIGNE, Page
from cartes.papier.trace import (
    ENCRE,
    Cadre,
    chemin,
    couper,
    ecrire,
    largeur_du_texte,
    pastille,
    poser_trait,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Boite = tuple[float, float, float, float]

# Au-delà, les voisins nommés détourneraient du territoire.
NOMS_DE_VOISINS: Final = 7
# En points : 4,2 cm sur 2,7.
TAILLE_DE_SITUATION: Final = (119.0, 76.0)


@lru_cache(maxsize=FONDS_GARDES)
def _geometries(contours: Contours, systeme: str, tolerance: float) -> list[Any]:
    """Projeter les alentours comme la carte, au détail que l'œil peut voir ; un gris uni supporte une fente entre deux."""
    return list(shapely.simplify(reprojeter(contours.couche, systeme).geometry.to_numpy(), tolerance))


def _alentours(page: Page, metres: float) -> list[Any]:
    return _geometries(page.carte.alentours.contours, page.couche.crs.to_string(), metres / 2)


def _poser_fond(cadre: Cadre, geometries: Iterable[Any], fond: str, bord: str, ordre: float) -> None:
    formes = [chemin(g) for g in geometries if not g.is_empty]
    if formes:
        style: dict[str, Any] = {"linewidths": 0.5, "joinstyle": "miter", "zorder": ordre}
        cadre.add_artist(PathCollection(formes, facecolors=fond, edgecolors=bord, **style))


def vue(page: Page) -> Boite:
    """Donner ce que montre le cadre de la carte, plus large que l'emprise du territoire."""
    ouest, sud, est, nord = page.cadre
    x, y = (ouest + est) / 2, (sud + nord) / 2
    large, haut = (page.metres_par_point * cote / 2 for cote in (page.largeur_carte, page.hauteur_carte))
    return x - large, y - haut, x + large, y + haut


def occupes(page: Page) -> list[Boite]:
    """Donner les places où aucun nom ne s'écrit : l'échelle et le nord."""
    ouest, sud, est, nord = vue(page)
    point, corps = page.metres_par_point, page.format.corps
    longueur, _ = barre_d_echelle(est - ouest)
    echelle = (ouest, sud, ouest + longueur + 3 * corps * point, sud + 2.2 * corps * point)
    return [echelle, (est - 2.2 * corps * point, nord - 3.6 * corps * point, est, nord)]


def poser_voisins(cadre: Cadre, page: Page) -> None:
    """Poser les communes voisines sous le territoire, et les plus visibles avec leur nom."""
    if page.carte.alentours is None:
        return
    geometries = _alentours(page, page.metres_par_point)
    champ = shapely.box(*vue(page))
    vues = [(g, n) for g, n in zip(geometries, page.carte.alentours.noms, strict=True) if g.intersects(champ)]
    _poser_fond(cadre, [g for g, _ in vues], COULEURS["voisin"], COULEURS["papier"], 0.2)
    territoire = contour_d_ensemble(page.couche).buffer(2 * page.metres_par_point)
    libres = [(shapely.make_valid(g).intersection(champ).difference(territoire), n) for g, n in vues]
    style: dict[str, Any] = {"ha": "center", "va": "center", "zorder": 2.5, "color": COULEURS["mention"]}
    for x, y, nom in _noms_de_voisins(page, libres):
        ecrire(cadre, x, y, nom, page.format.corps, fontstyle="italic", **style)


def _noms_de_voisins(page: Page, libres: Sequence[tuple[Any, str]]) -> list[tuple[float, float, str]]:
    """Placer les noms qui tiennent dans ce qui se voit de leur commune, les plus étendues d'abord."""
    poses, pris = [], [shapely.box(*boite) for boite in occupes(page)]
    corps, point = page.format.corps, page.metres_par_point
    for visible, nom in sorted(libres, key=lambda v: -v[0].area):
        demi_large, demi_haut = (largeur_du_texte(nom, corps) / 2 + 2) * point, corps * INTERLIGNE / 2 * point
        # Le point le plus loin des bords de la commune, là où un nom tient le mieux.
        lieu = (
            shapely.centroid(shapely.maximum_inscribed_circle(visible, tolerance=4 * point))
            if visible.area
            else None
        )
        if lieu is None:
            continue
        boite = shapely.box(lieu.x - demi_large, lieu.y - demi_haut, lieu.x + demi_large, lieu.y + demi_haut)
        if visible.covers(boite) and not any(boite.intersects(autre) for autre in pris):
            poses.append((lieu.x, lieu.y, nom))
            pris.append(boite)
        if len(poses) == NOMS_DE_VOISINS:
            break
    return poses


def poser_echelle(cadre: Cadre, page: Page, coins: str = "miter", **style: Any) -> None:
    """Tracer en bas à gauche une barre d'échelle métrique."""
    (ouest, est), (sud, _), point = cadre.abscisses, cadre.ordonnees, page.metres_par_point
    longueur, texte = barre_d_echelle(est - ouest)
    gauche, bas = ouest + 5 * point, sud + 5 * point
    droite, dent = gauche + longueur, bas + 4 * point
    trait: dict[str, Any] = {"color": ENCRE, "linewidth": 1.1, "solid_joinstyle": coins, "zorder": 7}
    poser_trait(cadre, [gauche, gauche, droite, droite], [dent, bas, bas, dent], **trait)
    lettres: dict[str, Any] = {"ha": "center", "va": "bottom", "zorder": 7} | style
    ecrire(cadre, gauche + longueur / 2, bas + 5 * point, texte, page.format.corps, **lettres)


def poser_nord(cadre: Cadre, page: Page) -> None:
    """Tracer en haut à droite une flèche vers le nord vrai, que la projection incline un peu."""
    (_, est), (_, nord) = cadre.abscisses, cadre.ordonnees
    corps, point = page.format.corps, page.metres_par_point
    x, y = direction_du_nord(page.couche)
    pied = np.array([est - 1.1 * corps * point, nord - 3.2 * corps * point])
    axe, cote = np.array([x, y]) * corps * point, np.array([y, -x]) * corps * point
    pointe = pied + 1.9 * axe
    fleche = [pied - 0.45 * cote, pointe, pied + 0.45 * cote, pied + 0.4 * axe, pied - 0.45 * cote]
    style: dict[str, Any] = {
        "facecolors": ENCRE,
        "edgecolors": COULEURS["papier"],
        "linewidths": 0.6,
        "zorder": 7,
    }
    cadre.add_artist(PathCollection([Path(fleche, closed=True)], **style))
    lettre: dict[str, Any] = {"ha": "center", "va": "center", "zorder": 7, "fontweight": "bold"}
    x_nord, y_nord = (pied + 2.5 * axe).tolist()
    ecrire(cadre, x_nord, y_nord, "N", corps, bbox=pastille(0.05, alpha=0.6), **lettre)


def poser_situation(legende: Cadre, page: Page, bas: float) -> None:
    """Dessiner, sous la légende, où est le territoire dans l'ensemble qui le contient ; rien sans la place."""
    place, titres, corps = page.hauteur_situation, page.titre_situation, page.format.corps
    if not titres or page.hauteur_milieu - bas < place - 1:
        return
    haut = page.hauteur_milieu - place + corps * 0.8
    for rang, texte in enumerate(titres):
        ecrire(legende, 0, haut + rang * corps * INTERLIGNE, texte, corps, va="center", fontweight="bold")
    haut += len(titres) * corps * INTERLIGNE - corps * 0.4
    gauche, fond = legende.rectangle[:2]
    libre = (page.format.largeur_legende, page.hauteur_milieu - haut - 2)
    _situer(legende.figure, page, (gauche, fond + 1), libre)


def dessiner_situation(carte: Any, couche: Any) -> Figure:
    """Dessiner à part, à sa taille imprimée, où est le territoire, et le nom de l'ensemble sous lui."""
    page, (largeur, hauteur), corps = Page(carte, couche), TAILLE_DE_SITUATION, CORPS_IMPRIME_MINIMUM + 0.5
    figure = Figure(figsize=(largeur / 72, hauteur / 72), dpi=150, facecolor=COULEURS["papier"])
    textes = couper(carte.alentours.nom, largeur - 2, corps)
    pied = len(textes) * corps * INTERLIGNE
    _situer(figure, page, (1, pied), (largeur - 2, hauteur - pied - 1), centre=True)
    cadre = Cadre(figure, (0, 0, largeur, hauteur), (0, largeur), (hauteur, 0))
    for rang, texte in enumerate(textes):
        milieu = hauteur - pied + (rang + 0.5) * corps * INTERLIGNE
        ecrire(cadre, largeur / 2, milieu, texte, corps, ha="center", va="center", color=COULEURS["mention"])
    return figure


def _situer(
    figure: Figure, page: Page, coin: tuple[float, float], place: tuple[float, float], *, centre: bool = False
) -> None:
    """Poser l'ensemble et le territoire dans une place, sans les déformer."""
    ensemble = _alentours(page, page.metres_par_point)
    bornes = np.array([shapely.total_bounds(ensemble), page.couche.total_bounds])
    (ouest, sud), (est, nord) = bornes[:, :2].min(axis=0), bornes[:, 2:].max(axis=0)
    metres = max((est - ouest) / place[0], (nord - sud) / place[1])
    cotes = (est - ouest) / metres, (nord - sud) / metres
    gauche = coin[0] + (place[0] - cotes[0]) / 2 * centre
    cadre = Cadre(figure, (gauche, coin[1], *cotes), (ouest, est), (sud, nord))
    fond = COULEURS["situation"]
    _poser_fond(cadre, shapely.simplify(ensemble, metres / 2), fond, fond, 1)
    territoire = contour_d_ensemble(page.couche)
    _poser_fond(
        cadre, [shapely.simplify(territoire, metres / 2)], COULEURS["perimetre"], COULEURS["perimetre"], 2
    )
