"""La commande `abs` : réunir les verbes de chaque groupe, dans l'ordre où l'aide les montre."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Annotated

import typer

from carnets.commande import (
    affichage,
    base_entiere,
    campagne,
    perimetre,
    productions,
    sources,
    sources_locales,
    telechargement,
    territoires,
    typologie,
    verification,
)
from donnees_insee.erreurs import ErreurAbs

app = typer.Typer(
    help="Analyse des besoins sociaux : des fichiers de l'INSEE, de la CAF et de l'ANCT au portrait de territoire.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _dire_la_version(demandee: bool) -> None:
    if demandee:
        from importlib.metadata import version  # noqa: PLC0415

        affichage.dire(f"abs {version('abs-portrait')}")
        raise typer.Exit


@app.callback()
def _racine(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Dire la version, et s'arrêter.", callback=_dire_la_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Analyse des besoins sociaux : des fichiers de l'INSEE, de la CAF et de l'ANCT au portrait de territoire."""


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


def _reunir(nom: str, aide: str, *verbes: Callable[..., None]) -> None:
    """Ajouter un groupe ; `sources_lister` y devient `abs sources lister`."""
    groupe = typer.Typer(help=aide, no_args_is_help=True)
    for verbe in verbes:
        groupe.command(verbe.__name__.removeprefix(f"{nom}_"))(verbe)
    app.add_typer(groupe, name=nom)


for un_verbe in (
    productions.demo,
    productions.portrait,
    productions.comparer,
    territoires.etat,
    territoires.indicateurs,
    productions.carte,
    perimetre.perimetre,
    verification.verifier,
    campagne.campagne,
    territoires.evolution,
    productions.observatoire,
    typologie.pairs,
):
    app.command()(un_verbe)

_reunir(
    "sources",
    "Les fichiers : lesquels attendre, les déposer, ce qui est tenu.",
    sources.sources_lister,
    sources.sources_deposer,
    sources.sources_examiner,
    telechargement.sources_telecharger,
    sources.sources_retirer,
    sources.sources_etat,
    sources_locales.sources_registre,
    base_entiere.sources_verifier,
    base_entiere.sources_exporter,
    base_entiere.sources_importer,
    sources_locales.sources_modele,
    sources_locales.sources_lettre,
)
_reunir(
    "territoire",
    "Trouver le code d'un territoire.",
    territoires.territoire_chercher,
    territoires.territoire_changements,
)
_reunir(
    "carnets",
    "Copier les carnets pour y travailler, les ouvrir dans JupyterLab.",
    productions.carnets_copier,
    productions.carnets_ouvrir,
)
_reunir(
    "typologie",
    "Réunir les IRIS dont la situation se ressemble, et reporter ces classes à une autre date.",
    typologie.typologie_apprendre,
    typologie.typologie_appliquer,
)
