"""La commande `abs` : réunir les verbes, puis ceux de chaque groupe, dans l'ordre où l'aide les montre."""

import os
import sys
from importlib import import_module
from typing import Annotated

import typer

from carnets.commande import affichage
from carnets.commande.communs import avec_son_aide
from carnets.commande.reglages_du_dossier import reglages_du_dossier
from donnees_insee.erreurs import ErreurAbs

app = typer.Typer(
    no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False
)


def _dire_la_version(demandee: bool) -> None:
    if demandee:
        from importlib.metadata import version  # noqa: PLC0415

        affichage.dire(f"abs {version('abs-portrait')}")
        raise typer.Exit


@app.callback()
def _racine(
    contexte: typer.Context,
    version: Annotated[  # noqa: ARG001 - son seul rappel agit
        bool,
        typer.Option(
            "--version", help="Dire la version, et s'arrêter.", callback=_dire_la_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Analyse des besoins sociaux : des fichiers de l'INSEE, de la CAF et de l'ANCT au portrait de territoire."""
    contexte.default_map = reglages_du_dossier(contexte.command)


def principale() -> None:
    """Lancer la commande ; une erreur attendue s'écrit en une phrase et sort avec le code 1."""
    affichage.preparer_le_terminal()
    # Aucun processus enfanté n'importe un module du dossier courant : un « jinja2.py » qui y traîne n'est pas le nôtre.
    os.environ["PYTHONSAFEPATH"] = "1"
    try:
        app()
    except ErreurAbs as erreur:
        affichage.erreur(str(erreur))
        sys.exit(1)


def _reunir() -> None:
    """Déclarer les verbes de la table, puis les groupes, dans l'ordre où l'aide les montre."""
    groupes = {
        nom: typer.Typer(help=aide, no_args_is_help=True) for nom, aide in affichage.TEXTES["groupes"].items()
    }
    for adresse in affichage.TEXTES["verbes"]:
        module, _, verbe = adresse.partition(":")
        groupe, _, nom = verbe.rpartition("_")
        fonction = getattr(import_module(f"carnets.commande.{module}"), verbe)
        groupes.get(groupe, app).command(nom)(avec_son_aide(fonction))
    for nom, groupe_de_verbes in groupes.items():
        app.add_typer(groupe_de_verbes, name=nom)


_reunir()
