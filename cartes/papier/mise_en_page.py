"""Mesurer la page avant de dessiner : c'est elle qui s'allonge, jamais le texte qui est coupé.

Les dimensions sont en points (1/72 de pouce).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from cartes.apparence import rayon, tailles
from cartes.geometrie import emprise
from cartes.papier.legende import LigneLegende, lignes_de_legende
from cartes.papier.trace import couper

if TYPE_CHECKING:
    import geopandas as gpd

# Aucun texte d'une carte ne s'imprime plus petit.
CORPS_IMPRIME_MINIMUM = 7.0
INTERLIGNE = 1.3


@dataclass(frozen=True)
class Format:
    """Une page à dessiner, et la largeur à laquelle elle s'imprime : ses corps en tiennent compte."""

    largeur: float
    imprimee: float
    corps: float
    # Blancs entre les lignes de légende, rapportés à ceux d'un corps de 10,6 points.
    air: float
    marge: float
    gouttiere: float
    largeur_legende: float
    # De la carte, la plus petite et la plus grande.
    hauteurs: tuple[float, float]
    # Sous les titres, au-dessus de la source.
    blancs: tuple[float, float]
    # Corps du titre et du sous-titre ; aucun là où la page les écrit déjà.
    corps_des_titres: tuple[float, ...]
    # Montrer sous la légende, s'il y a la place, où est le territoire dans son département ; l'affiche le dit en tête.
    situe: bool

    @property
    def pas(self) -> float:
        """Ce que deviennent ici les blancs et les cases prévus pour un corps de 10,6 points."""
        return self.corps / 10.6

    @property
    def case(self) -> tuple[float, float]:
        """Largeur et hauteur d'une case de légende."""
        return 22.0 * self.pas, 12.0 * self.pas

    @property
    def rayon_maximal(self) -> float:
        """Rayon du plus grand cercle."""
        return 30.0 * self.pas


# Dans un rapport A4, où deux cartes, leurs titres et leurs légendes tiennent sur une page.
DOCUMENT = Format(720, 481.9, 10.6, 1.0, 12, 14, 240, (250, 380), (10, 8), (16, 12), situe=True)
# Sur la première page, à côté des textes, à la taille où elle s'imprime.
AFFICHE = Format(323, 323, 7.2, 0.3, 1, 9, 134, (140, 186), (0, 4), (), situe=False)


@dataclass(frozen=True, eq=False)
class Page:
    """Dimensions de la page, calculées avant tout dessin."""

    carte: Any
    couche: gpd.GeoDataFrame
    format: Format = DOCUMENT

    @property
    def hauteurs(self) -> tuple[float, float]:
        """Hauteurs permises à la carte."""
        return self.format.hauteurs

    @cached_property
    def cadre(self) -> tuple[float, float, float, float]:
        """Emprise à montrer, marge comprise."""
        return emprise(self.couche)

    @property
    def largeur_carte(self) -> float:
        """Largeur du repère de la carte."""
        return (
            self.format.largeur - 2 * self.format.marge - self.format.gouttiere - self.format.largeur_legende
        )

    @cached_property
    def hauteur_carte(self) -> float:
        """Hauteur du repère de la carte, selon la forme du territoire."""
        ouest, sud, est, nord = self.cadre
        minimum, maximum = self.hauteurs
        # Les voisins remplissent le cadre à côté de la légende, sauf d'une carte à cercles : son échelle fait leur taille.
        remplit = self.carte.alentours is not None and not self.carte.en_cercles
        cote = self.hauteur_legende if remplit else 0.0
        return min(max(self.largeur_carte * (nord - sud) / (est - ouest), minimum, cote), maximum)

    @cached_property
    def metres_par_point(self) -> float:
        """Échelle de la carte."""
        ouest, sud, est, nord = self.cadre
        return max((est - ouest) / self.largeur_carte, (nord - sud) / self.hauteur_carte)

    @property
    def largeur_des_textes(self) -> float:
        """Largeur entre les marges."""
        return self.format.largeur - 2 * self.format.marge

    @cached_property
    def titres(self) -> list[tuple[str, float, str]]:
        """Lignes de titre et de sous-titre : texte, corps, graisse."""
        dits = (self.carte.titre, "bold"), (self.carte.sous_titre, "normal")
        styles = [(*dit, corps) for dit, corps in zip(dits, self.format.corps_des_titres, strict=False)]
        return [
            (ligne, corps, graisse)
            for texte, graisse, corps in styles
            if texte
            for ligne in couper(texte, self.largeur_des_textes, corps, graisse)
        ]

    @cached_property
    def mentions(self) -> list[str]:
        """Lignes de source, de date et de géographie."""
        return couper(self.carte.mention, self.largeur_des_textes, self.format.corps)

    @cached_property
    def rayon_maximal(self) -> float:
        """Rayon du plus grand cercle : l'ensemble des cercles couvre au plus un quart du territoire."""
        mesures = tailles(self.carte)
        maximum = max(mesures, default=0.0)
        if maximum <= 0:
            return 0.0
        surface = float(self.couche.area.sum()) / self.metres_par_point**2
        limite = math.sqrt(0.25 * surface * maximum / (math.pi * sum(mesures)))
        return min(max(limite, 5.0), self.format.rayon_maximal)

    @cached_property
    def legende(self) -> list[Bloc]:
        """Lignes de légende mesurées."""
        return [mesurer(self, ligne) for ligne in lignes_de_legende(self.carte)]

    @cached_property
    def hauteur_legende(self) -> float:
        """Place de la légende."""
        return sum(bloc.hauteur for bloc in self.legende)

    @cached_property
    def titre_situation(self) -> list[str]:
        """Ce qui dit où est le territoire ; rien si la forme de l'ensemble ne se reconnaîtrait pas."""
        alentours = self.carte.alentours
        if alentours is None or not (alentours.entier and self.format.situe):
            return []
        return couper(f"Situation : {alentours.nom}", self.format.largeur_legende, self.format.corps, "bold")

    @property
    def hauteur_situation(self) -> float:
        """Place de la carte de situation et de son titre."""
        titres = len(self.titre_situation)
        return titres and 0.45 * self.format.largeur_legende + (titres + 1) * self.format.corps * INTERLIGNE

    @cached_property
    def hauteur_titres(self) -> float:
        """Place du titre et du sous-titre."""
        return sum(corps * INTERLIGNE for _, corps, _ in self.titres) + self.format.blancs[0]

    @cached_property
    def hauteur_mentions(self) -> float:
        """Place de la source."""
        return len(self.mentions) * self.format.corps * INTERLIGNE + self.format.blancs[1]

    @cached_property
    def hauteur_milieu(self) -> float:
        """Place de la carte et de la légende, la plus haute des deux."""
        return max(self.hauteur_carte, self.hauteur_legende)

    @property
    def hauteur(self) -> float:
        """Hauteur de la page."""
        return 2 * self.format.marge + self.hauteur_titres + self.hauteur_milieu + self.hauteur_mentions


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
    corps, pas, (case, hauteur_de_case) = page.format.corps, page.format.pas, page.format.case
    retrait = {"titre": 0.0, "reference": 0.0, "numero": 8.0 * pas}.get(ligne.genre, case + 6 * pas)
    dessin, rond = hauteur_de_case if retrait > case else 0.0, 0.0
    if ligne.genre == "cercle":
        retrait = max(case, 2 * page.rayon_maximal) + 6 * pas
        rond = rayon(ligne.valeur, max(tailles(page.carte), default=0.0), page.rayon_maximal)
        dessin = 2 * rond
    graisse = "bold" if ligne.genre in ("titre", "reference") else "normal"
    # Un titre se détache de ce qui le précède.
    blanc = (9.0 if ligne.genre == "titre" else 4.0) * page.format.air
    textes = couper(ligne.texte, page.format.largeur_legende - retrait, corps, graisse)
    hauteur = max(len(textes) * corps * INTERLIGNE, dessin) + blanc
    return Bloc(ligne, retrait, graisse, blanc, textes, rond, hauteur)
