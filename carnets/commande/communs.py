"""Ce que plusieurs verbes ont en commun : la base qu'ils lisent, les codes qu'ils reçoivent, l'aide de leurs paramètres."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, get_type_hints

import typer

from carnets.commande.affichage import TEXTES

if TYPE_CHECKING:
    from donnees_insee.base.base import Base

SORTIES: Final = Path("sorties")


def avec_son_aide(verbe: Callable[..., None]) -> Callable[..., None]:
    """Déclarer les paramètres d'un verbe : argument ou option, et l'aide que la table des textes en dit."""
    types = get_type_hints(verbe)
    verbe.__annotations__ |= {
        nom: Annotated[types[nom], _declaration(verbe.__name__, nom)]
        for nom in inspect.signature(verbe).parameters
    }
    return verbe


def _declaration(verbe: str, nom: str) -> Any:
    """Trouver ce que la table dit d'un paramètre, d'abord pour son verbe, sinon pour tous."""
    for portee in (verbe, "communs"):
        for genre, dits in TEXTES.get(portee, {}).items():
            if nom in dits:
                reglages = {"help": dits[nom]} if isinstance(dits[nom], str) else dits[nom]
                if genre == "arguments":
                    return typer.Argument(**reglages)
                return typer.Option(f"--{nom.replace('_', '-')}", **reglages)
    raise KeyError(f"{verbe}.{nom}")


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
