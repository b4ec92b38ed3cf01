"""La carte thématique que l'on appelle : contrôlée une fois, dessinée sur papier ou à l'écran."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from abs.statuts import Fiabilite
from cartes.controles import controler
from cartes.specification import FORMATS_D_IMAGE, VALEURS_MAXIMUM, DonneesDeCarte
from donnees_insee.erreurs import CarteImpossible

if TYPE_CHECKING:
    from folium import Map
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False, kw_only=True)
class CarteThematique(DonneesDeCarte):
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
    alentours : Alentours, optional
        Les communes voisines, en gris, et l'ensemble où situer le territoire.

    Examples
    --------
    >>> import geopandas as gpd
    >>> import shapely
    >>> territoires = gpd.GeoDataFrame(
    ...     {
    ...         "code": ["1", "2"],
    ...         "nom": ["Nord", "Sud"],
    ...         "valeur": [12.0, 18.5],
    ...         "statut": ["calcule", "calcule"],
    ...         "fiabilite": ["bonne", "bonne"],
    ...     },
    ...     geometry=[shapely.box(3.87, 43.6, 3.88, 43.61), shapely.box(3.88, 43.6, 3.89, 43.61)],
    ...     crs="EPSG:4326",
    ... )
    >>> dite = dict(nature="taux", unite="%", decimales=1, source="Essai", date="2022", geographie="2022")
    >>> CarteThematique(
    ...     code="essai", titre="Essai", sous_titre="Deux quartiers", territoires=territoires, **dite
    ... ).forme
    'classes'
    """

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

        Examples
        --------
        >>> import tempfile
        >>> from abs.portrait.portrait import composer
        >>> from abs.territoires.demande import Demande
        >>> from cartes.fonds import Fonds, carte
        >>> portrait = composer(base, Demande("99001"))
        >>> demande = next(d for c in portrait.chapitres for d in c.cartes)
        >>> with tempfile.TemporaryDirectory() as dossier:
        ...     ecrits = carte(Fonds(base, portrait.diagnostic), demande).enregistrer(dossier, "carte")
        ...     print(sorted(f.suffix for f in ecrits))
        ['.html', '.png', '.svg']
        """
        from cartes.ecriture import enregistrer  # noqa: PLC0415 - idem

        return enregistrer(self, dossier, nom, formats)

    def _repr_mimebundle_(
        self,
        include: Any = None,  # noqa: ARG002 - signature attendue par IPython
        exclude: Any = None,  # noqa: ARG002
    ) -> dict[str, Any]:
        """Montrer la carte dans un carnet : image et texte de remplacement."""
        from cartes.ecriture import paquet_mime  # noqa: PLC0415 - idem

        return paquet_mime(self)
