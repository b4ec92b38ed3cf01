"""Mesurer la page avant de dessiner : c'est elle qui s'allonge, jamais le texte qui est coupé.

Les dimensions sont en points (1/72 de pouce).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from cartes.apparence import rayon, tailles
from cartes.geometrie import emprise
from cartes.papier.legende import LigneLegende, lignes_de_legende
from cartes.papier.trace import couper

if TYPE_CHECKING:
    import geopandas as gpd

LARGEUR, GOUTTIERE = 720.0, 14.0
# Largeur à laquelle un rapport A4 imprime la carte (17 cm) : aucun texte n'y descend sous 7 points.
LARGEUR_IMPRIMEE, CORPS_IMPRIME_MINIMUM = 481.9, 7.0
CORPS_TITRE, CORPS_SOUS_TITRE, CORPS_LEGENDE, CORPS_MENTION = 16.0, 12.0, 10.6, 10.6
INTERLIGNE = 1.3
CASE = (22.0, 12.0)
RAYON_MAXIMAL = 30.0
# Combien de territoires une ligne de légende compte.
NOMBRES = re.compile(r" \(\d[\d\s]*\)$")


@dataclass(frozen=True, eq=False)
class Page:
    """Dimensions de la page, calculées avant tout dessin."""

    largeur: ClassVar[float] = LARGEUR
    marge: ClassVar[float] = 12.0
    largeur_legende: ClassVar[float] = 240.0
    # Deux cartes, leurs titres et leurs légendes tiennent ainsi sur une page A4 du document Word.
    hauteurs: ClassVar[tuple[float, float]] = (250.0, 380.0)
    # Sous les titres, au-dessus de la source.
    blancs: ClassVar[tuple[float, float]] = (10.0, 8.0)

    carte: Any
    couche: gpd.GeoDataFrame

    @cached_property
    def cadre(self) -> tuple[float, float, float, float]:
        """Emprise à montrer, marge comprise."""
        return emprise(self.couche)

    @property
    def largeur_carte(self) -> float:
        """Largeur du repère de la carte."""
        return self.largeur - 2 * self.marge - GOUTTIERE - self.largeur_legende

    @cached_property
    def hauteur_carte(self) -> float:
        """Hauteur du repère de la carte, selon la forme du territoire."""
        ouest, sud, est, nord = self.cadre
        minimum, maximum = self.hauteurs
        return min(max(self.largeur_carte * (nord - sud) / (est - ouest), minimum), maximum)

    @cached_property
    def metres_par_point(self) -> float:
        """Échelle de la carte."""
        ouest, sud, est, nord = self.cadre
        return max((est - ouest) / self.largeur_carte, (nord - sud) / self.hauteur_carte)

    @cached_property
    def titres(self) -> list[tuple[str, float, str]]:
        """Lignes de titre et de sous-titre : texte, corps, graisse."""
        styles = (
            (self.carte.titre, CORPS_TITRE, "bold"),
            (self.carte.sous_titre, CORPS_SOUS_TITRE, "normal"),
        )
        return [
            (ligne, corps, graisse)
            for texte, corps, graisse in styles
            if texte
            for ligne in couper(texte, self.largeur - 2 * self.marge, corps, graisse)
        ]

    @cached_property
    def mentions(self) -> list[str]:
        """Lignes de source, de date et de géographie."""
        return couper(self.carte.mention, self.largeur - 2 * self.marge, CORPS_MENTION)

    @cached_property
    def rayon_maximal(self) -> float:
        """Rayon du plus grand cercle : l'ensemble des cercles couvre au plus un quart du territoire."""
        mesures = tailles(self.carte)
        maximum = max(mesures, default=0.0)
        if maximum <= 0:
            return 0.0
        surface = float(self.couche.area.sum()) / self.metres_par_point**2
        limite = math.sqrt(0.25 * surface * maximum / (math.pi * sum(mesures)))
        return min(max(limite, 5.0), RAYON_MAXIMAL)

    @cached_property
    def legende(self) -> list[Bloc]:
        """Lignes de légende mesurées."""
        return [mesurer(self, ligne) for ligne in lignes_de_legende(self.carte)]

    @cached_property
    def hauteur_titres(self) -> float:
        """Place du titre et du sous-titre."""
        return sum(corps * INTERLIGNE for _, corps, _ in self.titres) + self.blancs[0]

    @cached_property
    def hauteur_mentions(self) -> float:
        """Place de la source."""
        return len(self.mentions) * CORPS_MENTION * INTERLIGNE + self.blancs[1]

    @cached_property
    def hauteur_milieu(self) -> float:
        """Place de la carte et de la légende, la plus haute des deux."""
        return max(self.hauteur_carte, sum(bloc.hauteur for bloc in self.legende))

    @property
    def hauteur(self) -> float:
        """Hauteur de la page."""
        return 2 * self.marge + self.hauteur_titres + self.hauteur_milieu + self.hauteur_mentions


class PageDeFiche(Page):
    """Une demi-colonne : la carte et sa légende seules, la légende du document dit le titre et la source."""

    # Imprimée sur 83 mm, la légende y a 7 points.
    largeur: ClassVar[float] = 350.0
    marge: ClassVar[float] = 4.0
    largeur_legende: ClassVar[float] = 128.0
    hauteurs: ClassVar[tuple[float, float]] = (170.0, 240.0)
    blancs: ClassVar[tuple[float, float]] = (0.0, 0.0)
    titres: ClassVar[list[tuple[str, float, str]]] = []
    mentions: ClassVar[list[str]] = []

    @cached_property
    def legende(self) -> list[Bloc]:
        """La légende sans ses titres ni ses nombres de territoires : une ligne par classe."""
        lignes = (ligne for ligne in lignes_de_legende(self.carte) if ligne.genre != "titre")
        return [mesurer(self, replace(ligne, texte=NOMBRES.sub("", ligne.texte))) for ligne in lignes]


@dataclass(frozen=True)
class Bloc:
    """Ligne de légende mesurée."""

    ligne: LigneLegende
    # Place laissée à gauche pour la case ou le cercle.
    retrait: float
    graisse: str
    # Compris dans la hauteur.
    blanc: float
    textes: list[str]
    # À la même échelle que les cercles de la carte.
    rayon: float
    hauteur: float


def mesurer(page: Page, ligne: LigneLegende) -> Bloc:
    """Couper le texte d'une ligne à la largeur de la légende et lui donner sa hauteur."""
    retrait = {"titre": 0.0, "reference": 0.0, "numero": 8.0}.get(ligne.genre, CASE[0] + 6)
    dessin, rond = CASE[1] if retrait > CASE[0] else 0.0, 0.0
    if ligne.genre == "cercle":
        retrait = max(CASE[0], 2 * page.rayon_maximal) + 6
        rond = rayon(ligne.valeur, max(tailles(page.carte), default=0.0), page.rayon_maximal)
        dessin = 2 * rond
    graisse = "bold" if ligne.genre in ("titre", "reference") else "normal"
    # Un titre se détache de ce qui le précède.
    blanc = 9.0 if ligne.genre == "titre" else 4.0
    textes = couper(ligne.texte, page.largeur_legende - retrait, CORPS_LEGENDE, graisse)
    hauteur = max(len(textes) * CORPS_LEGENDE * INTERLIGNE, dessin) + blanc
    return Bloc(ligne, retrait, graisse, blanc, textes, rond, hauteur)
