"""Imprimer de petites cartes d'un même territoire sur une planche, chacune avec son titre, sa date et ses classes."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.path import Path

from cartes.apparence import apparences, rayon, tailles
from cartes.charte import COULEURS, POLICE
from cartes.geometrie import barre_d_echelle, contour_d_ensemble, emprise, projection_locale, simplifier
from cartes.papier.legende import lignes_de_legende
from cartes.papier.trace import (
    ENCRE,
    FOND,
    Cadre,
    chemin,
    couper,
    ecrire,
    poser_aplat,
    poser_cercle,
    poser_contour,
    poser_trait,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cartes.carte import CarteThematique

    Place = tuple[float, float, float, float]

COLONNES: Final = 3
# En pouces ; les textes en points, lisibles une fois la planche réduite à la largeur d'une page.
LARGEUR: Final = 6.9
GOUTTIERE: Final = 0.18
HAUTEUR_DE_CARTE: Final = 1.75
CORPS_TITRE, CORPS_LEGENDE, INTERLIGNE = 7.8, 7.2, 1.35
POINTS: Final = 72.0
BLANC: Final = 0.2
RETRAIT: Final = 15.0
RAYON: Final = 10.0


def planche(cartes: Sequence[CarteThematique]) -> bytes:
    """Imprimer les petites cartes sur une planche, chacune avec son titre, sa date et ses classes."""
    projection = projection_locale(cartes[0].territoires)
    couches = [c.territoires.to_crs(projection) for c in cartes]
    ouest, sud, est, nord = emprise(couches[0])
    largeur = (LARGEUR - GOUTTIERE * (COLONNES - 1)) / COLONNES
    hauteur_de_carte = min(HAUTEUR_DE_CARTE, largeur * (nord - sud) / (est - ouest))
    metres = max((est - ouest) / (largeur * POINTS), (nord - sud) / (hauteur_de_carte * POINTS))
    couches = [simplifier(c, metres / 2) for c in couches]
    titres = [_lignes_de_titre(c, largeur) for c in cartes]
    legendes = [_lignes_de_legende(c, largeur) for c in cartes]
    mentions = _mentions(cartes)
    rangees = [range(d, min(d + COLONNES, len(cartes))) for d in range(0, len(cartes), COLONNES)]
    hauts = [max(_hauteur(titres[k]) for k in rangee) for rangee in rangees]
    bas = [max(_hauteur(legendes[k]) for k in rangee) for rangee in rangees]
    total = sum(hauts) + sum(bas) + len(rangees) * (hauteur_de_carte + BLANC) + _hauteur(mentions)
    with mpl.rc_context({"hatch.linewidth": 0.4, "font.family": POLICE}):
        figure = Figure(figsize=(LARGEUR, total), dpi=190, facecolor="white")
        sommet = total
        for rang, rangee in enumerate(rangees):
            for colonne, k in enumerate(rangee):
                gauche, haut = colonne * (largeur + GOUTTIERE), sommet - hauts[rang]
                _poser_lignes(figure, (gauche, haut, largeur, hauts[rang]), titres[k])
                place = _en_points(gauche, haut - hauteur_de_carte, largeur, hauteur_de_carte)
                cadre = Cadre(figure, place, *_limites((ouest, sud, est, nord), place, metres))
                _poser_carte(cadre, cartes[k], couches[k], metres)
                if k == 0:
                    _poser_echelle(cadre, metres)
                pied = haut - hauteur_de_carte - bas[rang] - 0.05
                _poser_lignes(figure, (gauche, pied, largeur, bas[rang]), legendes[k])
            sommet -= hauts[rang] + hauteur_de_carte + bas[rang] + BLANC
        _poser_lignes(figure, (0, 0, LARGEUR, _hauteur(mentions)), mentions)
        sortie = io.BytesIO()
        figure.savefig(sortie, format="png", metadata={"Software": None, "Title": "Petites cartes"})
    return sortie.getvalue()


@dataclass(frozen=True)
class Ligne:
    """Une ligne à écrire : son texte, sa graisse, ce qui la précède, sa hauteur en points."""

    texte: str
    hauteur: float
    corps: float
    graisse: str = "normal"
    apparence: Any = None
    rayon: float = 0.0


def _lignes_de_titre(carte: CarteThematique, largeur: float) -> list[Ligne]:

    pas = CORPS_TITRE * INTERLIGNE
    gras = couper(carte.sous_titre, largeur * POINTS - 4, CORPS_TITRE, "bold")
    return [*(Ligne(t, pas, CORPS_TITRE, "bold") for t in gras), Ligne(carte.date, pas, CORPS_TITRE - 1)]


def _lignes_de_legende(carte: CarteThematique, largeur: float) -> list[Ligne]:
    """Couper la légende à la largeur d'une petite carte ; le nombre entre parenthèses est dit en bas de la planche."""
    maximum = max(tailles(carte), default=0.0)
    pas, rendues = CORPS_LEGENDE * INTERLIGNE, []
    for ligne in _reference_a_sa_hauteur(carte, list(lignes_de_legende(carte))):
        if ligne.genre == "titre":
            continue
        # Le cercle de la légende a la taille de ceux de la carte, sinon il mentirait.
        taille = rayon(ligne.valeur, maximum, RAYON) if ligne.genre == "cercle" else 0.0
        aspect = ligne.apparence if ligne.genre in {"case", "cercle"} else None
        graisse = "bold" if ligne.genre == "reference" else "normal"
        textes = couper(ligne.texte, largeur * POINTS - RETRAIT - 2, CORPS_LEGENDE, graisse)
        rendues += [
            Ligne(t, max(pas, 2 * taille + 1), CORPS_LEGENDE, graisse, None if n else aspect, taille)
            for n, t in enumerate(textes)
        ]
    return rendues


def _reference_a_sa_hauteur(carte: CarteThematique, lignes: list[Any]) -> list[Any]:
    """Placer la référence sous la classe qui la contient, quand des classes communes ne la prennent pas pour limite."""
    if carte.reference is None or not carte.en_classes or carte.valides.empty:
        return lignes
    classes = carte.discretisation
    if classes.cotes is not None or lignes[0].genre != "reference":
        return lignes
    tete, suite = lignes[0], lignes[1:]
    cases = [rang for rang, ligne in enumerate(suite) if ligne.genre == "case"]
    place = cases[classes.nombre - 1 - classes.classe(carte.reference.valeur)] + 1
    dedans = replace(tete, texte=f"{tete.texte} (dans la classe au-dessus)")
    return [*suite[:place], dedans, *suite[place:]]


def _hauteur(lignes: Sequence[Ligne]) -> float:
    """Hauteur de lignes, en pouces."""
    return sum(ligne.hauteur for ligne in lignes) / POINTS


def _en_points(*cotes: float) -> Place:
    gauche, bas, largeur, hauteur = (cote * POINTS for cote in cotes)
    return gauche, bas, largeur, hauteur


def _limites(etendue: Place, place: Place, metres: float) -> tuple[tuple[float, float], ...]:
    """Centrer une étendue dans sa place, quand un point vaut tant de mètres."""
    return tuple(
        ((debut + fin - cote * metres) / 2, (debut + fin + cote * metres) / 2)
        for debut, fin, cote in zip(etendue[:2], etendue[2:], place[2:], strict=True)
    )


def _poser_carte(cadre: Cadre, carte: CarteThematique, couche: Any, metres: float) -> None:

    aspects = apparences(carte)
    for geometrie, apparence in zip(couche.geometry, aspects, strict=True):
        fond = FOND if carte.en_cercles and not apparence.etat else apparence
        poser_aplat(cadre, chemin(geometrie), fond)
    poser_contour(cadre, chemin(contour_d_ensemble(couche)), COULEURS["ensemble"], 0.5, 2, filet=False)
    mesures = tailles(carte)
    maximum = max(mesures, default=0.0)
    if maximum <= 0:
        return
    for mesure, geometrie, apparence in sorted(
        zip(mesures, couche.geometry, aspects, strict=True), key=lambda ligne: -ligne[0]
    ):
        if mesure > 0 and not apparence.etat:
            lieu = geometrie.representative_point()
            poser_cercle(cadre, (lieu.x, lieu.y), rayon(mesure, maximum, RAYON) * metres, apparence)


def _poser_lignes(figure: Figure, cotes: Place, lignes: Sequence[Ligne]) -> None:
    """Écrire des lignes de haut en bas, avec la case ou le cercle qui les précède."""
    place = _en_points(*cotes)
    cadre = Cadre(figure, place, (0, place[2]), (place[3], 0))
    haut, en_retrait = 0.0, any(ligne.apparence is not None for ligne in lignes)
    # Le plus grand cercle de la légende doit tenir à gauche du texte.
    milieu_du_signe = max(RETRAIT / 2, max((ligne.rayon for ligne in lignes), default=0.0) + 1)
    for ligne in lignes:
        milieu = haut + ligne.hauteur / 2
        if ligne.apparence is not None and ligne.rayon:
            poser_cercle(cadre, (milieu_du_signe, milieu), ligne.rayon, ligne.apparence)
        elif ligne.apparence is not None:
            coins = [(1, milieu - 2.6), (11, milieu - 2.6), (11, milieu + 2.6), (1, milieu + 2.6)]
            poser_aplat(cadre, Path([*coins, coins[0]], closed=True), ligne.apparence)
        retrait = RETRAIT if en_retrait and ligne.graisse != "bold" else 1
        if ligne.rayon:
            retrait = 2 * milieu_du_signe + 3
        ecrire(cadre, retrait, milieu, ligne.texte, ligne.corps, va="center", fontweight=ligne.graisse)
        haut += ligne.hauteur


def _mentions(cartes: Sequence[CarteThematique]) -> list[Ligne]:
    """Dire en bas de la planche les sources, la géographie et ce que comptent les parenthèses."""
    sources = " ; ".join(dict.fromkeys(c.source.strip().rstrip(".") for c in cartes))
    texte = (
        f"Entre parenthèses, le nombre de communes. Sources : {sources}. Géographie : {cartes[0].geographie}. "
        "Même échelle pour toutes les cartes."
    )
    corps = CORPS_LEGENDE
    return [Ligne(t, corps * INTERLIGNE, corps) for t in couper(texte, LARGEUR * POINTS - 4, corps)]


def _poser_echelle(cadre: Cadre, metres: float) -> None:
    (ouest, est), (sud, _) = cadre.abscisses, cadre.ordonnees
    longueur, texte = barre_d_echelle(est - ouest)
    gauche, bas = ouest + 4 * metres, sud + 3 * metres
    poser_trait(cadre, [gauche, gauche + longueur], [bas, bas], color=ENCRE, linewidth=1.0, zorder=7)
    ecrire(cadre, gauche + longueur / 2, bas + 2 * metres, texte, 5.5, ha="center", va="bottom", zorder=7)
