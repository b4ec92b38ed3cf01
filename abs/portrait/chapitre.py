"""Ce qu'est un chapitre du portrait, une carte qu'il demande, et le plan qui dit quoi montrer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from abs.definitions import table
from abs.phrases.phrases import Phrase
from abs.phrases.silences import Silence
from abs.portrait.tableaux import Tableau


@dataclass(frozen=True)
class DemandeDeCarte:
    """Une carte à dessiner, en données : la pièce `cartes` en fait un dessin."""

    indicateur: str
    groupe: str
    titre: str
    superposer_qpv: bool = True


@dataclass(frozen=True)
class Chapitre:
    """Un chapitre du portrait."""

    code: str
    titre: str
    phrases: tuple[Phrase, ...] = ()
    tableaux: tuple[Tableau, ...] = ()
    cartes: tuple[DemandeDeCarte, ...] = ()
    absents: tuple[tuple[str, str], ...] = ()
    manques: tuple[str, ...] = ()
    avertissements: tuple[str, ...] = ()
    reserves: tuple[str, ...] = ()
    silences: tuple[Silence, ...] = ()


def plan_du_portrait() -> dict[str, Any]:
    """Lire le plan du portrait : quels indicateurs, où, dans quel ordre."""
    return table("_portrait")
