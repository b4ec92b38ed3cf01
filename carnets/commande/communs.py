"""Ce que plusieurs verbes ont en commun : leurs options, déclarées une fois, et la base qu'ils lisent."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from donnees_insee.base.base import Base

SORTIES = Path("sorties")

Sortie = Annotated[Path, typer.Option("--sortie", help="Dossier qui reçoit les documents.")]
Remplacer = Annotated[
    bool,
    typer.Option(
        "--remplacer",
        help="Prendre la place d'un dossier que vous avez changé ; l'ancien est gardé sous un autre nom.",
    ),
]
Millesime = Annotated[
    int | None, typer.Option("--millesime", help="Dernier millésime admis, par exemple 2016.")
]
Millesimes = Annotated[
    str,
    typer.Option(
        "--millesimes",
        help="Millésime exact d'une famille ou d'une source : caf=2018,filosofi=2016 ; édition d'un tableau de "
        "quartiers prioritaires : qpv_demographie=2019.",
    ),
]
Qpv = Annotated[int | None, typer.Option("--qpv", help="Génération de QPV : 2015 ou 2024.")]
Cog = Annotated[int | None, typer.Option("--geographie", help="Année du code officiel géographique.")]
Choisis = Annotated[
    str, typer.Option("--indicateurs", help="Codes séparés par des virgules (voir abs indicateurs).")
]
Territoire = Annotated[str, typer.Argument(help="Code ou nom du territoire.")]


def codes_choisis(texte: str) -> tuple[str, ...]:
    """Lire des codes séparés par des virgules."""
    return tuple(c.strip() for c in texte.split(",") if c.strip())


def ouvrir_la_base(*, tenue: bool = False) -> Base:
    """Donner la base de l'analyste ; `tenue` exige qu'elle ne soit pas vide."""
    from donnees_insee.base.base import Base  # noqa: PLC0415 - pandas attend la commande qui en a besoin

    base = Base()
    if tenue:
        base.exiger()
    return base
