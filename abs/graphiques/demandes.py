"""La demande de graphique : des séries de valeurs référencées, un titre qui dit le message, et rien du dessin."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any, Final, Literal, Self

# Pyramide des âges, courbe de niveaux, points sur une réglette, barres à 100 %, pente entre deux dates, tableau de
# chaleur, gaufre de cent carreaux.
Genre = Literal["pyramide", "courbe", "points", "barres", "pente", "chaleur", "gaufre"]
# Qui porte une valeur : le dessin en tire sa couleur, sa forme et sa place dans la légende.
Role = Literal[
    "sujet",
    "commune",
    "epci",
    "departement",
    "region",
    "france",
    "reference",
    "pair",
    "maille",
    "categorie",
    "reste",
]
SANS_VALEUR: Final = math.nan


@dataclass(frozen=True)
class Valeur:
    """Un point du graphique : sa valeur et sa façon de s'écrire, ou la raison de son absence."""

    libelle: str
    valeur: float = SANS_VALEUR
    texte: str = "nc"
    marge: float = SANS_VALEUR
    role: Role = "categorie"
    reference: str = ""
    raison: str = ""
    fragile: bool = False
    # Les lignes dont la valeur se déduit, quand aucune ne la porte : une part obtenue par différence.
    origines: tuple[str, ...] = ()

    @property
    def manque(self) -> bool:
        """Dire si la valeur manque : elle n'est alors pas dessinée, mais sa place et sa raison se lisent."""
        return math.isnan(self.valeur)


@dataclass(frozen=True)
class Serie:
    """Une suite de valeurs : un territoire, un indicateur ou une ligne, selon le genre du graphique."""

    nom: str
    valeurs: tuple[Valeur, ...]
    role: Role = "sujet"
    unite: str = ""

    @property
    def presentes(self) -> tuple[Valeur, ...]:
        """Valeurs dessinées."""
        return tuple(v for v in self.valeurs if not v.manque)


@dataclass(frozen=True)
class DemandeDeGraphique:
    """Un graphique à dessiner, en données.

    Ce que contient ``series``, selon le genre :

    - ``pyramide`` : « Hommes » puis « Femmes » du sujet, puis les mêmes de la référence (rôle ``reference``) ; une valeur
      par groupe d'âges, du plus jeune au plus âgé, en % de la population ;
    - ``courbe`` : une série par territoire ; une valeur par date (``libelle`` = année), trou compris ;
    - ``points`` : une réglette par indicateur ; les valeurs portent les rôles ; ``commune`` vrai : une seule échelle ;
    - ``barres`` : une barre par territoire ; une valeur par part, dont la somme fait 100 ;
    - ``pente`` : une série par territoire ou indicateur, deux valeurs (avant, après) ;
    - ``chaleur`` : une ligne par quartier, la première série (rôle ``reference``) étant le repère de chaque colonne ;
    - ``gaufre`` : une série, dont les parts font 100.

    Attributes
    ----------
    titre : str
        Le message.
    sous_titre : str
        Ce qui est mesuré, unité comprise.
    ruptures : tuple of (str, str)
        Dates voisines entre lesquelles la série se rompt : la courbe n'y relie pas ses points.
    echelle_commune : bool
        Vrai si toutes les réglettes partagent leur axe.
    mailles : str
        Nom commun des petits points en légende ; vide : celui de la charte, « chaque IRIS ».
    alternatif : str
        Le motif du graphique, en mots.
    references : tuple of str
        Les lignes du diagnostic que le titre cite.

    Examples
    --------
    >>> part = Valeur("Propriétaires", 62.0, "62 %")
    >>> series = (Serie("Ville", (part,)),)
    >>> DemandeDeGraphique("statut", "barres", "Surtout des propriétaires", "en %", series).en_donnees()["nom"]
    'statut'
    """

    nom: str
    genre: Genre
    titre: str
    sous_titre: str
    series: tuple[Serie, ...]
    unite: str = "%"
    date: str = ""
    source: str = ""
    alternatif: str = ""
    notes: tuple[str, ...] = ()
    ruptures: tuple[tuple[str, str], ...] = ()
    echelle_commune: bool = False
    mailles: str = ""
    references: tuple[str, ...] = ()

    @property
    def mention(self) -> str:
        """Ligne de source et de date écrite sous le graphique."""
        date = f", {self.date}" if self.date else ""
        return f"Source : {self.source}{date}." if self.source else ""

    def valeurs(self) -> Iterator[Valeur]:
        """Parcourir toutes les valeurs."""
        for serie in self.series:
            yield from serie.valeurs

    def en_donnees(self) -> dict[str, Any]:
        """Écrire la demande en données simples, prêtes pour JSON : ce qui a sa valeur par défaut, ou manque, n'y est pas."""
        series = [_dits(serie) | {"valeurs": [_dits(v) for v in serie.valeurs]} for serie in self.series]
        return _dits(self) | {"series": series}

    @classmethod
    def depuis(cls, donnees: dict[str, Any]) -> Self:
        """Relire une demande écrite par :meth:`en_donnees`."""
        series = tuple(
            Serie(**serie | {"valeurs": tuple(Valeur(**_en_suites(v)) for v in serie["valeurs"])})
            for serie in donnees["series"]
        )
        return cls(**_en_suites(donnees) | {"series": series})


def _dits(objet: Valeur | Serie | DemandeDeGraphique) -> dict[str, Any]:
    """Garder d'un objet les champs qui disent quelque chose."""
    valeurs = {champ.name: (getattr(objet, champ.name), champ.default) for champ in fields(objet)}
    return {
        nom: v
        for nom, (v, defaut) in valeurs.items()
        if v != defaut and not (isinstance(v, float) and math.isnan(v))
    }


def _en_suites(donnees: dict[str, Any]) -> dict[str, Any]:
    """Rendre aux listes de JSON leur forme de suites, celles qu'elles contiennent comprises."""
    return {nom: _en_suite(v) if isinstance(v, list) else v for nom, v in donnees.items()}


def _en_suite(liste: list[Any]) -> tuple[Any, ...]:
    return tuple(_en_suite(v) if isinstance(v, list) else v for v in liste)
