"""La porte : ouvrir un territoire, une comparaison, des évolutions, ou une carte, depuis un carnet ou une console."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from carnets.ateliers.comparaison import ComparaisonOuverte
    from carnets.ateliers.evolutions import EvolutionsOuvertes
    from carnets.ateliers.formulaire import Formulaire
    from carnets.ateliers.territoire import TerritoireOuvert
    from cartes.carte import CarteThematique

__all__ = [
    "carte",
    "choisir",
    "comparaison",
    "evolutions",
    "indicateurs",
    "joindre",
    "lire",
    "sources",
    "territoire",
]


def _dans_un_carnet() -> None:
    """Dans JupyterLab, montrer nos erreurs en une phrase, dans un cadre."""
    from carnets.ateliers.erreurs import montrer_les_erreurs  # noqa: PLC0415 - n'importe rien de lent

    montrer_les_erreurs()


def territoire(
    territoire: str = "99001",
    millesime: int | None = None,
    *,
    millesimes: str = "",
    qpv: int | None = None,
    geographie: int | None = None,
    diffusion: str = "publique",
    formats: str = "",
    dossier_sortie: str = "",
    dossier_donnees: str = "",
) -> TerritoireOuvert:
    """Ouvrir un territoire par son code ou son nom.

    Parameters
    ----------
    territoire : str, default "99001"
        Code ou nom d'une commune, d'une intercommunalité, d'un quartier prioritaire, d'un département ; 99001 est fictif.
    millesime : int or None, default None
        Dernier millésime admis ; ``None`` prend le dernier tenu de chaque source.
    millesimes : str, default ""
        Millésime exact par famille de sources : ``"recensement=2016,filosofi=2017"``.
    qpv : int or None, default None
        Génération de quartiers prioritaires, 2015 ou 2024.
    geographie : int or None, default None
        Année du code officiel géographique.
    diffusion : str, default "publique"
        ``"publique"`` ou ``"interne"``.
    formats, dossier_sortie : str, default ""
        Fichiers qu'écrit la dernière cellule du carnet de portrait, et où.
    dossier_donnees : str, default ""
        Dossier des données ; vide, celui de la variable ``ABS_DONNEES``.

    Returns
    -------
    TerritoireOuvert
        Le territoire, dont les méthodes donnent chiffres, phrases, graphiques, cartes et documents.

    Raises
    ------
    ParametreInvalide
        Paramètre hors de son domaine.

    Examples
    --------
    >>> import carnets
    >>> carnets.territoire("99001", dossier_donnees=str(base.dossier))
    Arzance-la-Ville (commune 99001)
    """
    _dans_un_carnet()
    from carnets.ateliers.territoire import TerritoireOuvert  # noqa: PLC0415 - imports lents

    return TerritoireOuvert(
        territoire=territoire,
        millesime=millesime,
        millesimes=millesimes,
        qpv=qpv,
        geographie=geographie,
        diffusion=diffusion,
        formats=formats,
        dossier_sortie=dossier_sortie,
        dossier_donnees=dossier_donnees,
    )


def choisir(
    territoire: str = "99001",
    millesime: int | None = None,
    qpv: int | None = None,
    *,
    dossier_donnees: str = "",
) -> Formulaire:
    """Montrer le formulaire qui choisit un territoire ; sans écran, garder les paramètres donnés.

    Parameters
    ----------
    territoire : str, default "99001"
        Code ou nom de départ.
    millesime : int or None, default None
        Dernier millésime admis.
    qpv : int or None, default None
        Génération de quartiers prioritaires.
    dossier_donnees : str, default ""
        Dossier des données.

    Returns
    -------
    Formulaire
        Le choix ; ``.parametres`` se donne à ``carnets.territoire``.

    Examples
    --------
    >>> import carnets
    >>> carnets.choisir("99001", dossier_donnees=str(base.dossier)).chercher("arzan")[0][1]
    '99001'
    """
    _dans_un_carnet()
    from carnets.ateliers.formulaire import Formulaire  # noqa: PLC0415 - imports lents

    return Formulaire(territoire, millesime, qpv, dossier_donnees)


def comparaison(
    territoire: str = "999900001", millesime: int | None = None, *, indicateurs: str = "", **autres: Any
) -> ComparaisonOuverte:
    """Ouvrir la comparaison des communes d'une intercommunalité.

    Parameters
    ----------
    territoire : str, default "999900001"
        Code ou nom de l'intercommunalité.
    millesime : int or None, default None
        Dernier millésime admis.
    indicateurs : str, default ""
        Codes séparés par des virgules ; vide, tous ceux que la base tient.
    **autres : Any
        Les autres paramètres de ``territoire``.

    Returns
    -------
    ComparaisonOuverte
        La comparaison, partie par partie.

    Examples
    --------
    >>> import carnets
    >>> carnets.comparaison("999900001", indicateurs="part_hlm", dossier_donnees=str(base.dossier)).voulus
    ('part_hlm',)
    """
    _dans_un_carnet()
    from carnets.ateliers.comparaison import ComparaisonOuverte  # noqa: PLC0415 - imports lents

    return ComparaisonOuverte(indicateurs, territoire=territoire, millesime=millesime, **autres)


def evolutions(
    territoire: str = "99001",
    de: int = 2016,
    a: int = 2022,
    *,
    indicateurs: str = "",
    dossier_sortie: str = "",
    dossier_donnees: str = "",
) -> EvolutionsOuvertes:
    """Ouvrir les évolutions d'un territoire entre deux millésimes, à géographie constante.

    Parameters
    ----------
    territoire : str, default "99001"
        Code ou nom d'une commune, d'un IRIS, d'une intercommunalité, d'un département.
    de, a : int
        Les deux millésimes.
    indicateurs : str, default ""
        Codes séparés par des virgules ; vide, tous.
    dossier_sortie : str, default ""
        Dossier du fichier CSV.
    dossier_donnees : str, default ""
        Dossier des données.

    Returns
    -------
    EvolutionsOuvertes
        Les évolutions, partie par partie.

    Examples
    --------
    >>> import carnets
    >>> carnets.evolutions("99001", 2016, 2022, indicateurs="part_hlm", dossier_donnees=str(base.dossier)).voulus
    ['part_hlm']
    """
    _dans_un_carnet()
    from carnets.ateliers.evolutions import EvolutionsOuvertes  # noqa: PLC0415 - imports lents

    return EvolutionsOuvertes(territoire, de, a, indicateurs, dossier_sortie, dossier_donnees)


def sources(dossier_donnees: str = "") -> pd.DataFrame:
    """Lister les sources connues et les années que la base en tient.

    Parameters
    ----------
    dossier_donnees : str, default ""
        Dossier des données ; vide, celui de la variable ``ABS_DONNEES``.

    Returns
    -------
    pandas.DataFrame
        Une ligne par source, son code en index ; ``titre``, ``producteur``, ``niveaux``, ``annees``.

    Examples
    --------
    >>> import carnets
    >>> "2022" in carnets.sources(str(base.dossier)).loc["rp_population", "annees"]
    True
    """
    from carnets.ateliers.listes import sources as lister  # noqa: PLC0415 - pandas

    return lister(dossier_donnees)


def indicateurs(theme: str = "", recherche: str = "") -> pd.DataFrame:
    """Lister les indicateurs d'un thème, ou ceux dont un mot est cherché.

    Parameters
    ----------
    theme : str, default ""
        emploi, demographie, revenus, logement ou sante_education ; vide, tous.
    recherche : str, default ""
        Mot du code, du libellé ou de la définition.

    Returns
    -------
    pandas.DataFrame
        Une ligne par indicateur, son code en index ; ``libelle``, ``unite``, ``theme``, ``sources``, ``formule``.

    Raises
    ------
    ParametreInvalide
        Thème inconnu.

    Examples
    --------
    >>> import carnets
    >>> carnets.indicateurs("revenus").loc["niveau_vie_median", "unite"]
    '€'
    """
    _dans_un_carnet()
    from carnets.ateliers.listes import indicateurs as lister  # noqa: PLC0415 - pandas

    return lister(theme, recherche)


def lire(source: str, millesime: int, niveau: str = "iris", dossier_donnees: str = "") -> pd.DataFrame:
    """Lire une table de la base.

    Parameters
    ----------
    source : str
        Code d'une source (``rp_population``) ou d'une famille qui n'en a qu'une à ce niveau (``filosofi``).
    millesime : int
        Année du fichier.
    niveau : str, default "iris"
        iris, commune, epci, departement, region, france ou qpv.
    dossier_donnees : str, default ""
        Dossier des données.

    Returns
    -------
    pandas.DataFrame
        Une ligne par territoire, le code (texte) en index.

    Raises
    ------
    DonneeAbsente
        La base ne tient pas cette table ; la phrase dit ce qu'elle tient.

    Examples
    --------
    >>> import carnets
    >>> carnets.lire("rp_population", 2022, "iris", str(base.dossier)).index[0]
    '990010101'
    """
    _dans_un_carnet()
    from carnets.ateliers.listes import lire as lire_la_table  # noqa: PLC0415 - pandas

    return lire_la_table(source, millesime, niveau, dossier_donnees)


def carte(
    couche: gpd.GeoDataFrame,
    valeur: str,
    *,
    titre: str = "",
    nom: str = "nom",
    unite: str = "",
    decimales: int = 1,
    source: str = "",
    date: str = "",
) -> CarteThematique:
    """Dessiner la carte d'une colonne de n'importe quelle couche géographique.

    Parameters
    ----------
    couche : geopandas.GeoDataFrame
        Des polygones et leur projection.
    valeur : str
        Colonne de nombres ; une valeur vide y est dite indisponible, jamais zéro.
    titre : str, default ""
        Titre ; vide, le nom de la colonne.
    nom : str, default "nom"
        Colonne des noms ; absente, l'index.
    unite : str, default ""
        ``%``, ``€`` ou vide.
    decimales : int, default 1
        Décimales écrites.
    source, date : str, default ""
        Ce que dit la ligne de source.

    Returns
    -------
    CarteThematique
        La carte, dessinée dans le carnet ; ``.folium()``, ``.figure()``, ``.enregistrer()``.

    Raises
    ------
    CarteImpossible
        Colonne absente, pas de projection, pas de polygone.

    Examples
    --------
    >>> import carnets
    >>> m = carnets.territoire("99001", dossier_donnees=str(base.dossier))
    >>> carnets.carte(m.iris("part_hlm"), "part_hlm", unite="%").titre
    'part_hlm'
    """
    _dans_un_carnet()
    from carnets.ateliers.listes import carte_d_une_couche  # noqa: PLC0415 - geopandas

    return carte_d_une_couche(
        couche, valeur, titre=titre, nom=nom, unite=unite, decimales=decimales, source=source, date=date
    )


def joindre(couche: gpd.GeoDataFrame, fichier: str, code: str = "code") -> gpd.GeoDataFrame:
    r"""Joindre un fichier CSV (UTF-8, séparateur point-virgule) à une couche, par son code lu comme du texte.

    Parameters
    ----------
    couche : geopandas.GeoDataFrame
        Couche dont l'index est un code.
    fichier : str
        Chemin du fichier ; vide, la couche est rendue telle quelle.
    code : str, default "code"
        Colonne du code.

    Returns
    -------
    geopandas.GeoDataFrame
        La couche et les colonnes du fichier ; un territoire absent du fichier y est vide, jamais zéro.

    Raises
    ------
    FichierIllisible
        Fichier absent, ou qui n'est pas un CSV.
    TableNonConforme
        Colonne du code absente, codes répétés, ou aucun code commun.

    Examples
    --------
    >>> import carnets, tempfile, pathlib
    >>> m = carnets.territoire("99001", dossier_donnees=str(base.dossier))
    >>> with tempfile.TemporaryDirectory() as d:
    ...     _ = (pathlib.Path(d) / "aides.csv").write_text("code;aides\n990010101;12\n", encoding="utf-8")
    ...     couche = carnets.joindre(m.iris("part_hlm"), f"{d}/aides.csv")
    >>> couche.loc["990010101", "aides"], int(couche["aides"].isna().sum())
    (np.float64(12.0), 21)
    """
    _dans_un_carnet()
    from carnets.ateliers.listes import joindre as joindre_un_fichier  # noqa: PLC0415 - geopandas

    return joindre_un_fichier(couche, fichier, code)
