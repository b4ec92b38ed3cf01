"""Spécifier une carte thématique : ce qu'elle montre, contrôlé une fois, dessiné de deux façons."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal, Self

from abs.formats import avec_unite
from abs.statuts import SANS_VALEUR
from cartes.charte import COULEURS
from cartes.classes import Discretisation, Methode, discretiser
from cartes.geometrie import Contours, contours_de

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd


Nature = Literal["taux", "mediane", "indice", "effectif"]
Forme = Literal["classes", "cercles", "cercles_colores"]
# En deçà, ranger en classes montrerait moins que les nombres eux-mêmes.
VALEURS_MINIMUM, CLASSES_MINIMUM = 6, 3
# Au-delà, des nombres écrits sur la carte se couvriraient.
VALEURS_MAXIMUM = 30
NOMS_CITES = 4
FORMATS_D_IMAGE: tuple[str, ...] = ("png", "svg", "html")


@dataclass(frozen=True, eq=False)
class Superposition:
    """Périmètres tracés par-dessus la carte, par exemple les quartiers prioritaires."""

    nom: str
    couches: gpd.GeoDataFrame
    couleur: str = COULEURS["perimetre"]
    etiquette: str | None = None


@dataclass(frozen=True)
class Reference:
    """Valeur à laquelle la carte compare ses territoires."""

    libelle: str
    valeur: float


@dataclass(frozen=True, eq=False)
class Alentours:
    """Les communes de l'ensemble qui porte ce nom (département, intercommunalité) : où est le territoire, qui l'entoure."""

    nom: str
    contours: Contours
    noms: tuple[str, ...]
    # L'ensemble a presque tous ses contours : sa forme se reconnaît.
    entier: bool


@dataclass(frozen=True, eq=False, kw_only=True)
class DonneesDeCarte:
    """Ce qu'une carte montre et ce qui s'en décide, avant tout dessin."""

    code: str
    titre: str
    sous_titre: str
    territoires: gpd.GeoDataFrame
    nature: Nature
    unite: str
    decimales: int
    source: str
    date: str
    geographie: str
    reference: Reference | None = None
    bornes: tuple[float, ...] | None = None
    superpositions: tuple[Superposition, ...] = ()
    palette: str | None = None
    forme: Forme | None = None
    manquants: tuple[str, ...] = ()
    libelle_poids: str = "population"
    methode: Methode = "quantiles"
    alentours: Alentours | None = None

    @property
    def en_classes(self) -> bool:
        """Vrai si la couleur dit la classe (aplats ou cercles colorés)."""
        return self.forme != "cercles"

    @property
    def en_cercles(self) -> bool:
        """Vrai si la taille d'un cercle dit un nombre."""
        return self.forme != "classes"

    def intitulee(self, titre: str) -> Self:
        """Donner la même carte sous un autre titre, sans rien contrôler ni calculer de nouveau."""
        copie = copy(self)
        object.__setattr__(copie, "titre", titre)
        # Seul texte gardé qui cite le titre.
        vars(copie).pop("_texte_alternatif", None)
        return copie

    @cached_property
    def valides(self) -> pd.DataFrame:
        """Territoires qui portent une valeur, quelle que soit sa fiabilité."""
        import pandas as pd  # noqa: PLC0415 - seulement quand une carte est faite

        # Sans géométrie : la trier ou la couper coûterait plus que le reste.
        table = pd.DataFrame(self.territoires.drop(columns="geometry"))
        return table[~table["statut"].isin(SANS_VALEUR)]

    @cached_property
    def contours(self) -> Contours:
        """Contours des territoires, partagés par toutes les cartes du même fond."""
        return contours_de(self.territoires)

    @cached_property
    def discretisation(self) -> Discretisation:
        """Classes de la carte, calculées sur les territoires qui portent une valeur."""
        return discretiser(
            self.valides["valeur"],
            reference=self.reference.valeur if self.reference else None,
            bornes=self.bornes,
            decimales=self.decimales,
            methode=self.methode,
            marges=self.valides.get("marge", ()),
        )

    @cached_property
    def en_valeurs(self) -> str:
        """Pourquoi la carte écrit ses valeurs au lieu de les ranger en classes ; vide si elle les range."""
        if self.forme != "classes" or self.bornes is not None or self.valides.empty:
            return ""
        if len(self.valides) < VALEURS_MINIMUM:
            return f"moins de {VALEURS_MINIMUM} territoires ont un chiffre"
        if self.discretisation.nombre >= CLASSES_MINIMUM:
            return ""
        if self.valides["valeur"].min() == self.valides["valeur"].max():
            return "tous les territoires ont la même valeur"
        return "l'incertitude des chiffres n'y distingue pas trois classes"

    def ecrire(self, valeur: float) -> str:
        """Écrire une valeur de la carte avec son unité."""
        return avec_unite(valeur, self.unite, self.decimales)

    @property
    def mention(self) -> str:
        """Ligne de source, de date et de géographie écrite sous la carte."""
        source = self.source.strip().rstrip(".")
        dite = f"Source : {source}. Date des données : {self.date}. Géographie : {self.geographie}."
        if not self.manquants:
            return dite
        noms = ", ".join(self.manquants[:NOMS_CITES]) + ("…" if len(self.manquants) > NOMS_CITES else "")
        total = len(self.manquants) + len(self.territoires)
        return f"Sans contour, donc absents de la carte : {len(self.manquants)} territoires sur {total} ({noms}). {dite}"
