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
from cartes.geometrie import Contours, lieux, projetes, reprojeter, simplifies
from cartes.papier.legende import perimetres_visibles
from cartes.papier.mise_en_page import DOCUMENT, INTERLIGNE, Bloc, Format, Page
from cartes.papier.noms import noms_a_ecrire
from cartes.papier.reperes import poser_echelle, poser_nord, poser_situation, poser_voisins
from cartes.papier.trace import (
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


def dessiner(carte: DonneesDeCarte, forme: Format = DOCUMENT) -> Figure:
    """Dessiner une carte thématique, pour la page où elle s'imprime."""
    contours = projetes(carte.contours)
    # Un demi-point de tolérance : invisible à l'impression, et des fichiers SVG légers.
    contours = simplifies(contours, Page(carte, contours.couche, forme).metres_par_point / 2)
    page = Page(carte, contours.couche, forme)

    def poser(cadre: Cadre, legende: Cadre) -> None:
        _poser_carte(cadre, page, contours)
        bas = _poser_legende(legende, page)
        poser_situation(legende, page, bas)

    return composer(page, poser)


def composer(page: Page, poser: Callable[[Cadre, Cadre], None]) -> Figure:
    """Mettre en page : la carte et sa légende, que pose l'appelant, puis les titres et la source."""
    ouest, sud, est, nord = page.cadre
    demi_largeur = page.largeur_carte * page.metres_par_point / 2
    demi_hauteur = page.hauteur_carte * page.metres_par_point / 2
    abscisses = ((ouest + est) / 2 - demi_largeur, (ouest + est) / 2 + demi_largeur)
    ordonnees = ((sud + nord) / 2 - demi_hauteur, (sud + nord) / 2 + demi_hauteur)
    large, marge, legende_large = page.format.largeur, page.format.marge, page.format.largeur_legende
    bas, hauteur = marge + page.hauteur_mentions, page.hauteur_milieu
    with mpl.rc_context(_REGLAGES):
        figure = Figure(figsize=(large / 72, page.hauteur / 72), dpi=150, facecolor="white")
        # Calée en haut, à côté du début de la légende, quand celle-ci est plus longue que la carte.
        place = (marge, bas + hauteur - page.hauteur_carte, page.largeur_carte, page.hauteur_carte)
        # La légende se lit de haut en bas, dans un cadre gradué en points.
        cote = (large - marge - legende_large, bas, legende_large, hauteur)
        legende = Cadre(figure, cote, (0, legende_large), (hauteur, 0))
        poser(Cadre(figure, place, abscisses, ordonnees), legende)
        _poser_textes(figure, page)
    return figure


def _poser_carte(cadre: Cadre, page: Page, contours: Contours) -> None:
    poser_voisins(cadre, page)
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
    poser_echelle(cadre, page, bbox=pastille(0.1, alpha=0.75))
    poser_nord(cadre, page)


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
            ecrire(cadre, *_lieu(contours, rang), page.carte.ecrire(valeur), page.format.corps, **style)


def _poser_noms(cadre: Cadre, page: Page, contours: Contours) -> None:
    """Écrire les noms des territoires les plus remarquables, et leur valeur."""
    style: dict[str, Any] = {"ha": "center", "va": "center", "bbox": pastille(0.15, alpha=0.78), "zorder": 6}
    for nom in noms_a_ecrire(page, [tuple(lieu) for lieu in lieux(contours).tolist()]):
        ecrire(cadre, nom.x, nom.y, "\n".join(nom.lignes), page.format.corps, **style)


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
            poser_numero(toile, (lieu.x, lieu.y), str(rang), superposition.couleur, page.format.corps)


def _poser_legende(cadre: Cadre, page: Page) -> float:
    """Écrire la légende, et dire jusqu'où elle descend."""
    haut, corps, pas = 0.0, page.format.corps, page.format.corps * INTERLIGNE
    for bloc in page.legende:
        decalage = 5 * page.format.air if bloc.ligne.genre == "titre" else 0
        milieu = haut + decalage + (bloc.hauteur - bloc.blanc) / 2
        _poser_signe(cadre, bloc, milieu, page.format)
        premier = milieu - (len(bloc.textes) - 1) * pas / 2
        for rang, texte in enumerate(bloc.textes):
            style: dict[str, Any] = {"va": "center", "fontweight": bloc.graisse}
            ecrire(cadre, bloc.retrait, premier + rang * pas, texte, corps, **style)
        haut += bloc.hauteur
    return haut


def _poser_signe(cadre: Cadre, bloc: Bloc, milieu: float, forme: Format) -> None:
    """Dessiner la case, le cercle ou le trait d'une ligne de légende."""
    largeur, hauteur = forme.case
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
        poser_cercle(cadre, ((bloc.retrait - 6 * forme.pas) / 2, milieu), bloc.rayon, ligne.apparence)
    elif ligne.genre == "contour":
        poser_contour(cadre, rectangle, ligne.couleur, 1.6, 2)


def _poser_textes(figure: Figure, page: Page) -> None:
    """Écrire titre, sous-titre et source."""
    large, marge, petit = page.format.largeur, page.format.marge, page.format.corps
    cadre = Cadre(figure, (0, 0, large, page.hauteur), (0, large), (0, page.hauteur))
    haut = page.hauteur - marge
    for texte, corps, graisse in page.titres:
        ecrire(cadre, marge, haut, texte, corps, va="top", fontweight=graisse)
        haut -= corps * INTERLIGNE
    for rang, texte in enumerate(page.mentions):
        bas = marge + (len(page.mentions) - 1 - rang) * petit * INTERLIGNE
        ecrire(cadre, marge, bas, texte, petit, va="bottom", color=COULEURS["mention"])
