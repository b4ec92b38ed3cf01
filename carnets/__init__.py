"""La porte : ouvrir un territoire, une comparaison, des évolutions, ou une carte, depuis un carnet ou une console."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from carnets.ateliers.comparaison import ComparaisonOuverte
    from carnets.ateliers.evolutions import EvolutionsOuvertes
    from carnets.ateliers.formulaire import Formulaire
    from carnets.ateliers.listes import carte, indicateurs, joindre, lire, sources
    from carnets.ateliers.territoire import TerritoireOuvert

# Ce qui vient tel quel des listes, importées à la première demande : elles chargent pandas.
_LISTES: Final = ("carte", "indicateurs", "joindre", "lire", "sources")
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


def __getattr__(nom: str) -> Any:
    """Donner ce qui vient des listes."""
    if nom not in _LISTES:
        raise AttributeError(f"carnets n'a pas de « {nom} » ; on attend {', '.join(__all__)}.")
    _dans_un_carnet()
    from carnets.ateliers import listes  # noqa: PLC0415 - pandas

    return getattr(listes, nom)


def __dir__() -> list[str]:
    return list(__all__)


def territoire(
    territoire: str = "99001",
    millesime: int | None = None,
    *,
    millesimes: str = "",
    qpv: int | None = None,
    geographie: int | None = None,
    references: str = "",
    diffusion: str = "publique",
    formats: str = "",
    dossier_sortie: str = "",
    dossier_donnees: str = "",
    **autres: Any,
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
    references : str, default ""
        À qui comparer : ``"epci,departement"`` ; vide, à tous (commune, epci, strate, departement, region, france…).
    diffusion : str, default "publique"
        ``"publique"`` ou ``"interne"``.
    formats, dossier_sortie : str, default ""
        Fichiers qu'écrit la dernière cellule du carnet de portrait, et où.
    dossier_donnees : str, default ""
        Dossier des données ; vide, celui de la variable ``ABS_DONNEES``.
    **autres : Any
        Paramètre ajouté au carnet ; un nom inconnu est refusé, avec la liste de ceux qu'on attend.

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
        references=references,
        diffusion=diffusion,
        formats=formats,
        dossier_sortie=dossier_sortie,
        dossier_donnees=dossier_donnees,
        **autres,
    )


def choisir(
    territoire: str = "99001",
    millesime: int | None = None,
    qpv: int | None = None,
    *,
    references: str = "",
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
    references : str, default ""
        À qui comparer ; vide, à tous.
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

    return Formulaire(territoire, millesime, qpv, references, dossier_donnees)


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
