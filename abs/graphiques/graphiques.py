"""Les graphiques d'un portrait : ceux d'un thème, ou un seul par son nom, composés depuis le diagnostic."""

from collections.abc import Callable
from contextlib import suppress
from typing import Final

from abs.calcul.table_longue import Diagnostic
from abs.graphiques.chaleur import chaleur
from abs.graphiques.demandes import DemandeDeGraphique
from abs.graphiques.parts import barres, gaufre
from abs.graphiques.plans import Plan, dire, plans
from abs.graphiques.points import points
from abs.graphiques.pyramide import pyramide
from abs.graphiques.temps import courbe, pente
from donnees_insee.erreurs import DonneeAbsente, ParametreInvalide

COMPOSER: Final[dict[str, Callable[[Plan, Diagnostic], DemandeDeGraphique]]] = {
    "pyramide": pyramide,
    "points": points,
    "barres": barres,
    "gaufre": gaufre,
    "chaleur": chaleur,
    "courbe": courbe,
    "pente": pente,
}


def noms_de_graphiques() -> tuple[str, ...]:
    """Donner les noms de tous les graphiques, dans l'ordre des chapitres."""
    return tuple(plans())


def graphiques_du_theme(diagnostic: Diagnostic, theme: str) -> list[DemandeDeGraphique]:
    """Composer les graphiques d'un thème que les données permettent.

    Parameters
    ----------
    diagnostic : Diagnostic
        Table longue du portrait ; ses suites donnent les courbes et les pentes.
    theme : str
        Code d'un thème, ou ``qpv``.

    Returns
    -------
    list of DemandeDeGraphique
        Dans l'ordre de la table ; vide si rien ne s'y dessine.

    Examples
    --------
    >>> from abs.calcul.diagnostic import diagnostiquer
    >>> from abs.territoires.demande import Demande
    >>> [g.nom for g in graphiques_du_theme(diagnostiquer(base, Demande("99001")), "revenus")]
    ['deciles', 'pauvrete_sur_100', 'ressources']
    """
    trouves: dict[str, DemandeDeGraphique] = {}
    for plan in plans().values():
        if plan.theme == theme:
            with suppress(DonneeAbsente):
                trouves[plan.nom] = COMPOSER[plan.genre](plan, diagnostic)
    inutiles = {autre for nom in trouves for autre in plans()[nom].remplace}
    return [demande for nom, demande in trouves.items() if nom not in inutiles]


def graphique(diagnostic: Diagnostic, nom: str) -> DemandeDeGraphique:
    """Composer un graphique par son nom.

    Parameters
    ----------
    diagnostic : Diagnostic
        Table longue du portrait.
    nom : str
        Nom d'un graphique, par exemple ``"pyramide"``.

    Returns
    -------
    DemandeDeGraphique
        Ce qu'il faut dessiner.

    Raises
    ------
    ParametreInvalide
        Si aucun graphique ne porte ce nom ; les plus proches sont proposés.
    DonneeAbsente
        Si les données ne le permettent pas : la phrase dit pourquoi, et quoi déposer.

    Examples
    --------
    >>> from abs.calcul.diagnostic import diagnostiquer
    >>> from abs.territoires.demande import Demande
    >>> graphique(diagnostiquer(base, Demande("99001")), "pyramide").genre
    'pyramide'
    """
    plan = plans().get(nom)
    if plan is not None:
        return COMPOSER[plan.genre](plan, diagnostic)
    import difflib  # noqa: PLC0415 - utile à l'erreur seule

    proches = difflib.get_close_matches(nom, plans(), n=4, cutoff=0.4)
    suite = dire("phrases", "proches", proches=", ".join(proches)) if proches else ""
    raise ParametreInvalide(dire("phrases", "inconnu", nom=nom, suite=suite, connus=", ".join(plans())))
