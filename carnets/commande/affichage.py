"""Ce que la commande écrit à l'écran : tableaux, listes, erreurs, barres de progression."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from carnets.textes import textes
from donnees_insee.erreurs import affichable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, ProgressColumn

# Les aides de la commande, les titres et les en-têtes de ses tableaux.
TEXTES: Final[dict[str, Any]] = textes("carnets.commande")


def phrase(nom: str, /, **mots: object) -> str:
    """Composer une phrase de la table des textes."""
    return str(TEXTES["phrases"][nom]).format(**mots)


def preparer_le_terminal() -> None:
    """Écrire en UTF-8 partout : la console de Windows coupe sinon les accents."""
    for flux in (sys.stdout, sys.stderr):
        if hasattr(flux, "reconfigure"):
            flux.reconfigure(encoding="utf-8", errors="replace")


def console(*, erreurs: bool = False) -> Console:
    """Donner une console rich."""
    from rich.console import Console  # noqa: PLC0415 - import réservé à l'affichage

    # Redirigée dans un fichier, la sortie ne doit pas couper ses lignes à 80 colonnes.
    largeur = None if sys.stdout.isatty() else 220
    return Console(stderr=erreurs, highlight=False, soft_wrap=False, width=largeur)


def erreur(message: str) -> None:
    """Écrire une erreur attendue."""
    sys.stderr.write(f"Erreur : {affichable(message)}\n")


def dire(message: str = "") -> None:
    """Écrire une ligne, telle quelle."""
    sys.stdout.write(f"{affichable(message)}\n")


def enumerer(debut: str, phrases: Iterable[object]) -> None:
    """Écrire une phrase par ligne, chacune après le même début."""
    for phrase in phrases:
        dire(f"{debut}{phrase}")


def avertir(message: str) -> None:
    """Écrire, détaché du reste, ce que l'analyste doit voir ; rien pour un message vide."""
    if message:
        sys.stdout.write(f"\n{affichable(message)}\n")


def tableau(
    titre: str, entetes: Sequence[str], lignes: Iterable[Sequence[object]], *, plier: bool = True
) -> None:
    """Écrire un tableau."""
    from rich.box import SIMPLE_HEAD  # noqa: PLC0415
    from rich.markup import escape  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table(
        title=escape(affichable(titre)) or None, title_justify="left", box=SIMPLE_HEAD, pad_edge=False
    )
    for entete in entetes:
        table.add_column(escape(entete), overflow="fold" if plier else "ellipsis", no_wrap=not plier)
    for ligne in lignes:
        table.add_row(*(escape(affichable(str(c))) for c in ligne))
    console().print(table)


def montrer(nom: str, lignes: Sequence[Sequence[object]], /, **mots: object) -> None:
    """Écrire un tableau dont la table des textes dit le titre et les en-têtes."""
    dit = TEXTES["tableaux"][nom]
    tableau(dit["titre"].format(n=len(lignes), **mots), dit["entetes"], lignes)


def barre(*colonnes: ProgressColumn, cachee: bool = False) -> Progress:
    """Composer une barre de progression de la sortie d'erreur : ce qui avance, puis les colonnes données."""
    from rich.progress import BarColumn, Progress, TextColumn  # noqa: PLC0415

    nom = TextColumn("{task.description}", markup=False)
    return Progress(
        nom, BarColumn(), *colonnes, console=console(erreurs=True), transient=True, disable=cachee
    )


@contextmanager
def suivi(titre: str, total: int | None = None) -> Iterator[Callable[..., None]]:
    """Montrer une barre de progression, et donner de quoi l'avancer."""
    from rich.progress import MofNCompleteColumn, TimeElapsedColumn  # noqa: PLC0415

    with barre(MofNCompleteColumn(), TimeElapsedColumn()) as montree:
        yield partial(montree.update, montree.add_task(titre, total=total))


def taille(octets: int) -> str:
    """Écrire la taille d'un fichier."""
    return f"{octets / 1024:.0f} Kio" if octets < 1024**2 else f"{octets / 1024**2:.1f} Mio".replace(".", ",")


def entier(nombre: int) -> str:
    """Écrire un nombre entier, ses milliers séparés."""
    return f"{nombre:,}".replace(",", "\u202f")
