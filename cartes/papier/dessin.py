"""Dessiner la carte imprimée : territoires, périmètres, légende, échelle et source."""

from collections.abc import Callable
from typing import Any

import matplotlib as mpl
import numpy as np
import shapely
from matplotlib.figure import Figure
from matplotlib.path import Path

from cartes.apparence import apparences, rayon, tailles
from cartes.charte import COULEURS, POLICE
from cartes.geometrie import Contours, barre_d_echelle, lieux, projetes, reprojeter, simplifies
from cartes.papier.legende import perimetres_visibles
from cartes.papier.mise_en_page import CASE, CORPS_LEGENDE, CORPS_MENTION, INTERLIGNE, Bloc, Page, PageDeFiche
from cartes.papier.noms import noms_a_ecrire
from cartes.papier.trace import (
    ENCRE,
    FOND,
    Cadre,
    chemin,
    chemin_d_ensemble,
    chemins,
    ecrire,
    pastille,
    poser_aplat,
    poser_aplats,
    poser_cercle,
    poser_contour,
    poser_croix,
    poser_numero,
    poser_trait,
)
from cartes.specification import DonneesDeCarte, Superposition

# Motifs d'épaisseur constante, quel que soit le réglage du poste.
_REGLAGES: Any = {"hatch.linewidth": 0.55, "font.family": POLICE}


def dessiner(carte: DonneesDeCarte, *, de_fiche: bool = False) -> Figure:
    """Dessiner une carte thématique ; ``de_fiche``, pour une demi-colonne, sans titre ni source."""
    contours, sorte = projetes(carte.contours), PageDeFiche if de_fiche else Page
    # Un demi-point de tolérance : invisible à l'impression, et des fichiers SVG légers.
    contours = simplifies(contours, sorte(carte, contours.couche).metres_par_point / 2)
    page = sorte(carte, contours.couche)

    def poser(cadre: Cadre, legende: Cadre) -> None:
        _poser_carte(cadre, page, contours)
        _poser_legende(legende, page)

    return composer(page, poser)


def composer(page: Page, poser: Callable[[Cadre, Cadre], None]) -> Figure:
    """Mettre en page : la carte et sa légende, que pose l'appelant, puis les titres et la source."""
    ouest, sud, est, nord = page.cadre
    demi_largeur = page.largeur_carte * page.metres_par_point / 2
    demi_hauteur = page.hauteur_carte * page.metres_par_point / 2
    abscisses = ((ouest + est) / 2 - demi_largeur, (ouest + est) / 2 + demi_largeur)
    ordonnees = ((sud + nord) / 2 - demi_hauteur, (sud + nord) / 2 + demi_hauteur)
    bas, hauteur = page.marge + page.hauteur_mentions, page.hauteur_milieu
    with mpl.rc_context(_REGLAGES):
        figure = Figure(figsize=(page.largeur / 72, page.hauteur / 72), dpi=150, facecolor="white")
        # Calée en haut, à côté du début de la légende, quand celle-ci est plus longue que la carte.
        place = (page.marge, bas + hauteur - page.hauteur_carte, page.largeur_carte, page.hauteur_carte)
        gauche, largeur = page.largeur - page.marge - page.largeur_legende, page.largeur_legende
        # La légende se lit de haut en bas, dans un cadre gradué en points.
        legende = Cadre(figure, (gauche, bas, largeur, hauteur), (0, largeur), (hauteur, 0))
        poser(Cadre(figure, place, abscisses, ordonnees), legende)
        _poser_textes(figure, page)
    return figure


def _poser_carte(cadre: Cadre, page: Page, contours: Contours) -> None:
    _poser_territoires(cadre, page, contours)
    poser_contour(cadre, chemin_d_ensemble(contours), COULEURS["ensemble"], 0.7, 2, filet=False)
    if page.carte.en_cercles:
        _poser_cercles(cadre, page, contours)
    if page.carte.en_valeurs:
        _poser_valeurs(cadre, page, contours)
    for superposition in page.carte.superpositions:
        _poser_superposition(cadre, page, superposition)
    if page.carte.forme == "classes" and not page.carte.en_valeurs:
        _poser_noms(cadre, page, contours)
    poser_echelle(cadre, page.metres_par_point, bbox=pastille(0.1, alpha=0.75))


def _poser_territoires(cadre: Cadre, page: Page, contours: Contours) -> None:
    looks = apparences(page.carte)
    fonds = [FOND if page.carte.en_cercles and not a.etat else a for a in looks]
    poser_aplats(cadre, chemins(contours), fonds)
    for rang, apparence in enumerate(looks):
        if apparence.etat == "zero":
            poser_croix(cadre, _lieu(contours, rang))


def _poser_valeurs(cadre: Cadre, page: Page, contours: Contours) -> None:
    """Écrire chaque valeur à l'intérieur de son territoire."""
    style: dict[str, Any] = {"ha": "center", "va": "center", "bbox": pastille(0.12, alpha=0.8), "zorder": 4}
    lignes = zip(page.carte.territoires["valeur"], apparences(page.carte), strict=True)
    for rang, (valeur, look) in enumerate(lignes):
        if not look.etat:
            ecrire(cadre, *_lieu(contours, rang), page.carte.ecrire(valeur), CORPS_LEGENDE, **style)


def _poser_noms(cadre: Cadre, page: Page, contours: Contours) -> None:
    """Écrire les noms des territoires les plus remarquables, et leur valeur."""
    style: dict[str, Any] = {"ha": "center", "va": "center", "bbox": pastille(0.15, alpha=0.78), "zorder": 6}
    for nom in noms_a_ecrire(page, [tuple(lieu) for lieu in lieux(contours).tolist()]):
        ecrire(cadre, nom.x, nom.y, "\n".join(nom.lignes), CORPS_LEGENDE, **style)


def _lieu(contours: Contours, rang: int) -> tuple[float, float]:
    x, y = lieux(contours)[rang]
    return float(x), float(y)


def _poser_cercles(cadre: Cadre, page: Page, contours: Contours) -> None:
    """Poser les cercles, les plus grands d'abord pour que les petits restent visibles."""
    mesures = tailles(page.carte)
    maximum = max(mesures, default=0.0)
    looks = apparences(page.carte)
    for rang, place in enumerate(sorted(range(len(mesures)), key=lambda place: -mesures[place])):
        if mesures[place] <= 0 or looks[place].etat:
            continue
        metres = rayon(mesures[place], maximum, page.rayon_maximal) * page.metres_par_point
        poser_cercle(cadre, _lieu(contours, place), metres, looks[place], 3 + rang * 1e-4)


def _poser_superposition(toile: Cadre, page: Page, superposition: Superposition) -> None:
    visibles = perimetres_visibles(page.carte, superposition)
    if visibles.empty:
        return
    couches = reprojeter(visibles, page.couche.crs)
    cadre = shapely.box(*page.cadre)
    for rang, geometrie in enumerate(couches.geometry, start=1):
        poser_contour(toile, chemin(geometrie), superposition.couleur, 1.6, 5)
        if superposition.etiquette:
            # Dans la partie visible du périmètre : un numéro hors du cadre ne se lirait pas.
            lieu = shapely.make_valid(geometrie).intersection(cadre).representative_point()
            poser_numero(toile, (lieu.x, lieu.y), str(rang), superposition.couleur)


def poser_echelle(cadre: Cadre, point: float, coins: str = "miter", **style: Any) -> None:
    """Tracer en bas à gauche une barre d'échelle métrique, quand un point vaut tant de mètres."""
    (ouest, est), (sud, _) = cadre.abscisses, cadre.ordonnees
    longueur, texte = barre_d_echelle(est - ouest)
    gauche, bas = ouest + 5 * point, sud + 5 * point
    droite, dent = gauche + longueur, bas + 4 * point
    trait: dict[str, Any] = {"color": ENCRE, "linewidth": 1.1, "solid_joinstyle": coins, "zorder": 7}
    poser_trait(cadre, [gauche, gauche, droite, droite], [dent, bas, bas, dent], **trait)
    lettres: dict[str, Any] = {"ha": "center", "va": "bottom", "zorder": 7} | style
    ecrire(cadre, gauche + longueur / 2, bas + 5 * point, texte, CORPS_MENTION, **lettres)


def _poser_legende(cadre: Cadre, page: Page) -> None:
    haut = 0.0
    for bloc in page.legende:
        decalage = 5 if bloc.ligne.genre == "titre" else 0
        milieu = haut + decalage + (bloc.hauteur - bloc.blanc) / 2
        _poser_signe(cadre, bloc, milieu)
        pas = CORPS_LEGENDE * INTERLIGNE
        premier = milieu - (len(bloc.textes) - 1) * pas / 2
        for rang, texte in enumerate(bloc.textes):
            style: dict[str, Any] = {"va": "center", "fontweight": bloc.graisse}
            ecrire(cadre, bloc.retrait, premier + rang * pas, texte, CORPS_LEGENDE, **style)
        haut += bloc.hauteur


def _poser_signe(cadre: Cadre, bloc: Bloc, milieu: float) -> None:
    """Dessiner la case, le cercle ou le trait d'une ligne de légende."""
    largeur, hauteur = CASE
    bas, haut = milieu - hauteur / 2, milieu + hauteur / 2
    rectangle = Path([(0.5, bas), (largeur, bas), (largeur, haut), (0.5, haut), (0.5, bas)], closed=True)
    ligne = bloc.ligne
    if ligne.genre == "case":
        poser_aplat(cadre, rectangle, ligne.apparence)
        if ligne.apparence.etat == "zero":
            poser_croix(cadre, (largeur / 2, milieu))
        if ligne.apparence.contour == "plein":
            x, y = np.asarray(rectangle.vertices).T.tolist()
            poser_trait(cadre, x, y, color=COULEURS["bord_de_case"], linewidth=0.5, zorder=2)
    elif ligne.genre == "cercle":
        poser_cercle(cadre, ((bloc.retrait - 6) / 2, milieu), bloc.rayon, ligne.apparence)
    elif ligne.genre == "contour":
        poser_contour(cadre, rectangle, ligne.couleur, 1.6, 2)


def _poser_textes(figure: Figure, page: Page) -> None:
    """Écrire titre, sous-titre et source."""
    cadre = Cadre(figure, (0, 0, page.largeur, page.hauteur), (0, page.largeur), (0, page.hauteur))
    haut = page.hauteur - page.marge
    for texte, corps, graisse in page.titres:
        ecrire(cadre, page.marge, haut, texte, corps, va="top", fontweight=graisse)
        haut -= corps * INTERLIGNE
    for rang, texte in enumerate(page.mentions):
        bas = page.marge + (len(page.mentions) - 1 - rang) * CORPS_MENTION * INTERLIGNE
        ecrire(cadre, page.marge, bas, texte, CORPS_MENTION, va="bottom", color=COULEURS["mention"])
