"""Dessiner une carte à publier : tout texte est mesuré et tient dans son cadre, à trois tailles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import matplotlib as mpl
from matplotlib.figure import Figure

from carnets.documents.infographies.cartons import MODELE
from cartes.charte import COULEURS, POLICE
from cartes.graphiques.feuille import Feuille, couper, mesurer
from cartes.graphiques.graphique import dessiner
from cartes.graphiques.style import INTERLIGNE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from abs.graphiques.demandes import DemandeDeGraphique
    from carnets.documents.infographies.cartons import Carton

CORPS: Final[dict[str, Any]] = MODELE["corps"]
TEINTES: Final[dict[str, str]] = MODELE["couleurs"]
MARGE: Final[float] = CORPS["marge"]
LIGNES: Final = 3
ECART: Final = 7.0


@dataclass(frozen=True)
class _Ecrit:
    """Un texte coupé, à la plus grande taille où il tient."""

    lignes: list[str]
    corps: float
    couleur: str
    gras: bool = False

    @property
    def hauteur(self) -> float:
        """Hauteur prise."""
        return len(self.lignes) * self.corps * INTERLIGNE


def figure(carton: Carton, taille: str) -> tuple[Figure, DemandeDeGraphique | None]:
    """Dessiner une carte à l'une des tailles de la table ; dire aussi le graphique qui y a trouvé sa place."""
    reglage = MODELE["tailles"][taille]
    (large, haut), largeur = reglage["pixels"], reglage["largeur"]
    ppp = large / largeur * 72
    hauteur = haut / ppp * 72
    # Un centième de pixel de plus : un arrondi ne doit pas en ôter un.
    cotes = (large + 0.01) / ppp, (haut + 0.01) / ppp
    with mpl.rc_context({"hatch.linewidth": 0.5, "font.family": POLICE}):
        faite = Figure(figsize=cotes, dpi=ppp, facecolor=COULEURS["papier"])
        page = Feuille(largeur)
        haut_libre, bas_libre = _bandeau(page, carton), _pied(page, carton, hauteur)
        montree = _corps(
            page, carton, faite, (haut_libre, bas_libre, hauteur), cote_a_cote=reglage["cote_a_cote"]
        )
        page.poser(faite, (0, 0), hauteur)
    return faite, montree


def _bandeau(page: Feuille, carton: Carton) -> float:
    """Écrire le nom du territoire en tête ; rendre la hauteur prise."""
    dit = _ecrire(
        carton.territoire, CORPS["bandeau"], page.largeur - 2 * MARGE, "sur_le_bandeau", lignes=2, gras=True
    )
    hauteur = max(CORPS["bande"], dit.hauteur + 12)
    page.rectangle(0, 0, page.largeur, hauteur, TEINTES["bandeau"])
    _poser(page, dit, MARGE, (hauteur - dit.hauteur) / 2)
    return hauteur


def _pied(page: Feuille, carton: Carton, hauteur: float) -> float:
    """Écrire la source, la date et l'avertissement au bas de la carte ; rendre le haut de ce qui est pris."""
    large, bas = page.largeur - 2 * MARGE, hauteur - 9
    if carton.mention:
        dit = _ecrire(carton.mention, CORPS["pied"], large - 10, "sur_l_alerte", lignes=2, gras=True)
        haut = bas - dit.hauteur - 6
        cote = max(mesurer(ligne, dit.corps, gras=True) for ligne in dit.lignes) + 10
        page.rectangle(MARGE, haut, cote, dit.hauteur + 6, TEINTES["alerte"])
        _poser(page, dit, MARGE + 5, haut + 3)
        bas = haut - 4
    dit = _ecrire(carton.pied, CORPS["pied"], large, "sujet", lignes=LIGNES)
    _poser(page, dit, MARGE, bas - dit.hauteur)
    haut = bas - dit.hauteur - 5
    page.trait([MARGE, page.largeur - MARGE], [haut, haut], TEINTES["trait"], 0.8)
    return haut


def _corps(
    page: Feuille, carton: Carton, faite: Figure, cotes: tuple[float, float, float], *, cote_a_cote: bool
) -> DemandeDeGraphique | None:
    """Écrire le chiffre et ses mots, et poser dessous, ou à côté, le premier graphique qui a sa place."""
    haut, bas, hauteur = cotes
    large, libre = page.largeur - 2 * MARGE, bas - haut - 2 * ECART
    colonne = (large - 16) / 2 if cote_a_cote else large
    montree, graphique, dessous = None, None, 0.0
    textes = _textes(carton, large, libre)
    for demande in carton.demandes:
        essai = Feuille(colonne)
        dessiner(essai, demande)
        prise = 0.0 if cote_a_cote else essai.bas + 2 * ECART
        essayes = _textes(carton, colonne, libre - prise)
        if essai.bas + 1 <= libre and _hauteur(essayes) <= libre - prise:
            montree, graphique, dessous, textes = demande, essai, prise, essayes
            break
    reste = max(libre - _hauteur(textes) - dessous, 0)
    y = haut + ECART + reste / (3 if dessous else 2)
    for dit in textes:
        _poser(page, dit, MARGE, y)
        y += dit.hauteur + ECART / 2
    if graphique is not None:
        sommet = y + ECART + reste / 3 if dessous else haut + ECART + (libre - graphique.bas) / 2
        coin = page.largeur - MARGE - graphique.largeur, hauteur - sommet - graphique.bas - 1
        graphique.poser(faite, coin, graphique.bas + 1)
    return montree


def _textes(carton: Carton, largeur: float, hauteur: float) -> list[_Ecrit]:
    """Couper le chiffre et ses mots, en réduisant la police jusqu'à ce que tout tienne."""
    crans = max(len(CORPS[nom]) for nom in ("valeur", "libelle", "complement"))
    ecrits: list[_Ecrit] = []
    for cran in range(crans):
        tailles = {
            nom: CORPS[nom][min(cran, len(CORPS[nom]) - 1) :] for nom in ("valeur", "libelle", "complement")
        }
        sujet = carton.sujet.upper()
        ecrits = [_ecrire(sujet, [CORPS["sujet"]], largeur, "sujet", lignes=2, gras=True)] if sujet else []
        ecrits.append(_ecrire(carton.valeur, tailles["valeur"], largeur, "valeur", lignes=1, gras=True))
        ecrits.append(_ecrire(carton.libelle, tailles["libelle"], largeur, "", lignes=LIGNES, gras=True))
        if carton.complement:
            ecrits.append(
                _ecrire(carton.complement, tailles["complement"], largeur, "sujet", lignes=LIGNES + 1)
            )
        if _hauteur(ecrits) <= hauteur:
            break
    return ecrits


def _hauteur(ecrits: Sequence[_Ecrit]) -> float:
    return sum(e.hauteur for e in ecrits) + ECART / 2 * max(len(ecrits) - 1, 0)


def _ecrire(
    texte: str, tailles: Sequence[float], largeur: float, couleur: str, *, lignes: int, gras: bool = False
) -> _Ecrit:
    """Couper un texte à la plus grande taille où il tient en si peu de lignes, sinon le raccourcir à la plus petite."""
    coupes, corps = [texte], tailles[-1]
    for corps in tailles:
        coupes = couper(texte, largeur, corps, gras=gras)
        if len(coupes) <= lignes:
            break
    if len(coupes) > lignes:
        gardes = coupes[:lignes]
        while mesurer(gardes[-1] + "…", corps, gras=gras) > largeur:
            gardes[-1] = gardes[-1][:-1]
        coupes = [*gardes[:-1], gardes[-1].rstrip() + "…"]
    return _Ecrit(coupes, corps, TEINTES.get(couleur, COULEURS["encre"]), gras)


def _poser(page: Feuille, dit: _Ecrit, x: float, y: float) -> None:
    milieu = y + dit.hauteur / 2
    page.lignes(x, milieu, dit.lignes, dit.corps, couleur=dit.couleur, gras=dit.gras)
