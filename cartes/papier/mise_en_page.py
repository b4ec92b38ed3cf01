"""Mesurer la page avant de dessiner : c'est elle qui s'allonge, jamais le texte qui est coupé.

Les dimensions sont en points (1/72 de pouce).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
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


@dataclass(frozen=True, eq=False)
class Page:
    """Dimensions de la page, calculées avant tout dessin."""

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
        return LARGEUR - 2 * self.marge - GOUTTIERE - self.largeur_legende

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
            for ligne in couper(texte, LARGEUR - 2 * self.marge, corps, graisse)
        ]

    @cached_property
    def mentions(self) -> list[str]:
        """Lignes de source, de date et de géographie."""
        return couper(self.carte.mention, LARGEUR - 2 * self.marge, CORPS_MENTION)

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
        return [Bloc(self, ligne) for ligne in lignes_de_legende(self.carte)]

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


@dataclass(frozen=True, eq=False)
class Bloc:
    """Ligne de légende mesurée."""

    page: Page
    ligne: LigneLegende

    @property
    def retrait(self) -> float:
        """Place laissée à gauche pour la case ou le cercle."""
        if self.ligne.genre == "cercle":
            return max(CASE[0], 2 * self.page.rayon_maximal) + 6
        return {"titre": 0.0, "reference": 0.0, "numero": 8.0}.get(self.ligne.genre, CASE[0] + 6)

    @property
    def graisse(self) -> str:
        """Graisse du texte."""
        return "bold" if self.ligne.genre in ("titre", "reference") else "normal"

    @property
    def blanc(self) -> float:
        """Blanc ajouté à la ligne ; un titre se détache de ce qui le précède."""
        return 9.0 if self.ligne.genre == "titre" else 4.0

    @cached_property
    def textes(self) -> list[str]:
        """Texte coupé à la largeur de la légende."""
        return couper(self.ligne.texte, self.page.largeur_legende - self.retrait, CORPS_LEGENDE, self.graisse)

    @cached_property
    def rayon(self) -> float:
        """Rayon du cercle de légende, à la même échelle que la carte."""
        mesures = tailles(self.page.carte)
        return rayon(self.ligne.valeur, max(mesures, default=0.0), self.page.rayon_maximal)

    @cached_property
    def hauteur(self) -> float:
        """Hauteur de la ligne, blanc compris."""
        textes = len(self.textes) * CORPS_LEGENDE * INTERLIGNE
        dessin = (
            2 * self.rayon if self.ligne.genre == "cercle" else CASE[1] if self.retrait > CASE[0] else 0.0
        )
        return max(textes, dessin) + self.blanc
