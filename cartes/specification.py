"""Spécifier une carte thématique : ce qu'elle montre, contrôlé une fois, dessiné de deux façons."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from abs.formats import avec_unite
from abs.statuts import SANS_VALEUR, Fiabilite
from cartes.classes import Discretisation, Methode, discretiser
from cartes.controles import controler
from donnees_insee.erreurs import CarteImpossible

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import geopandas as gpd
    import pandas as pd
    from folium import Map
    from matplotlib.figure import Figure

    from cartes.papier.contours import Contours

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
    couleur: str = "#1a1a1a"
    etiquette: str | None = None


@dataclass(frozen=True)
class Reference:
    """Valeur à laquelle la carte compare ses territoires."""

    libelle: str
    valeur: float


@dataclass(frozen=True, eq=False, kw_only=True)
class CarteThematique:
    """Carte d'un indicateur, indépendante de la façon dont elle est dessinée.

    Parameters
    ----------
    code : str
        Identifiant de l'indicateur.
    titre : str
        Titre de la carte.
    sous_titre : str
        Libellé de l'indicateur, dénominateur compris.
    territoires : geopandas.GeoDataFrame
        Colonnes ``code`` (texte), ``nom``, ``geometry``, ``valeur`` (NaN si absente), ``statut``,
        ``fiabilite`` et, si besoin, ``poids``, ``infobulle`` et ``raison``.
    nature : {"taux", "mediane", "indice", "effectif"}
        Ce qu'est le nombre ; décide des formes permises.
    unite : str
        Unité d'affichage ; vide pour un indice.
    decimales : int
        Nombre de décimales écrites.
    source : str
        Producteur et fichier.
    date : str
        Date des données.
    geographie : str
        Année du découpage, ou ``"année non précisée"``.
    reference : Reference, optional
        Valeur de comparaison.
    bornes : tuple of float, optional
        Limites de classes imposées, partagées par des cartes que l'on compare.
    superpositions : tuple of Superposition
        Périmètres tracés par-dessus.
    palette : str, optional
        Nom d'une palette de ``cartes.palettes``.
    forme : {"classes", "cercles", "cercles_colores"}, optional
        Par défaut ``"cercles"`` pour un effectif, ``"classes"`` sinon.
    manquants : tuple of str
        Noms des territoires absents de la carte, faute de contour.
    libelle_poids : str, default "population"
        Ce que dit la taille des cercles colorés.
    methode : {"quantiles", "arrondies"}, default "quantiles"
        Façon de calculer les limites quand elles ne sont pas imposées.
    """

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

    def __post_init__(self) -> None:
        """Choisir la forme, contrôler, puis garder une copie que personne d'autre ne modifie."""
        if self.forme is None:
            object.__setattr__(self, "forme", "cercles" if self.nature == "effectif" else "classes")
        controler(self)
        copie = self.territoires.reset_index(drop=True)
        copie["valeur"] = copie["valeur"].astype(float)
        copie["fiabilite"] = copie["fiabilite"].fillna(Fiabilite.NON_EVALUEE.value)
        object.__setattr__(self, "territoires", copie)
        if self.en_classes and not self.valides.empty:
            # Des limites imposées fautives doivent être refusées ici, pas au moment du dessin.
            _ = self.discretisation
            if self.en_valeurs and len(self.valides) > VALEURS_MAXIMUM:
                raise CarteImpossible(
                    f"Pas de carte de « {self.sous_titre or self.titre} » : {self.en_valeurs}, et {len(self.valides)} "
                    "valeurs ne tiennent pas sur une carte. Elles sont dans le tableau détaillé."
                )

    @property
    def en_classes(self) -> bool:
        """Vrai si la couleur dit la classe (aplats ou cercles colorés)."""
        return self.forme != "cercles"

    @property
    def en_cercles(self) -> bool:
        """Vrai si la taille d'un cercle dit un nombre."""
        return self.forme != "classes"

    def intitulee(self, titre: str) -> CarteThematique:
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
        from cartes.papier.contours import contours_de  # noqa: PLC0415 - seulement quand on dessine

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

    def texte_alternatif(self) -> str:
        """Décrire la carte en français pour qui ne la voit pas."""
        from cartes.ecran.textes import texte_alternatif  # noqa: PLC0415 - textes.py lit ce module

        return texte_alternatif(self)

    def figure(self) -> Figure:
        """Dessiner la carte imprimée."""
        from cartes.papier.dessin import dessiner  # noqa: PLC0415 - matplotlib seulement quand on dessine

        return dessiner(self)

    def folium(self) -> Map:
        """Construire la carte interactive, sans aucune ressource extérieure."""
        from cartes.ecran.interactif import carte_folium  # noqa: PLC0415 - folium seulement quand on dessine

        return carte_folium(self)

    def enregistrer(
        self, dossier: str | Path, nom: str, formats: Sequence[str] = FORMATS_D_IMAGE
    ) -> list[Path]:
        """Écrire la carte dans un dossier, sous un nom provisoire puis définitif.

        Parameters
        ----------
        dossier : str or pathlib.Path
            Dossier de sortie, créé au besoin.
        nom : str
            Nom des fichiers, sans extension.
        formats : sequence of str
            Parmi ``png``, ``svg``, ``html``.

        Returns
        -------
        list of pathlib.Path
            Fichiers écrits, dans l'ordre des formats.
        """
        from cartes.ecriture import enregistrer  # noqa: PLC0415 - idem

        return enregistrer(self, dossier, nom, formats)

    def _repr_mimebundle_(
        self,
        include: Any = None,  # noqa: ARG002 - signature attendue par IPython
        exclude: Any = None,  # noqa: ARG002
    ) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
        """Montrer la carte dans un carnet : image et texte de remplacement."""
        from cartes.ecriture import paquet_mime  # noqa: PLC0415 - idem

        return paquet_mime(self)
