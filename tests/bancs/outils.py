"""Mesurer des bras qui alternent, et dire médiane, étendue, rapport et verdict."""

from __future__ import annotations

import gc
import os
import platform
import statistics
import sys
import time
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PAQUETS: Final = ("duckdb", "pyarrow", "pandas", "numpy")


@dataclass(frozen=True)
class Mesure:
    """Les temps d'un bras, en secondes, hors de l'essai à blanc."""

    bras: str
    temps: tuple[float, ...]

    @property
    def mediane(self) -> float:
        return statistics.median(self.temps)

    @property
    def etendue(self) -> str:
        return f"{en_mots(min(self.temps))} – {en_mots(max(self.temps))}"


@dataclass(frozen=True)
class Ligne:
    """Une ligne du tableau : ce qui est mesuré et, s'il y a un but, s'il est tenu."""

    bras: str
    mediane: str
    etendue: str = ""
    rapport: str = ""
    but: str = ""
    tenu: bool | None = None


def en_mots(secondes: float) -> str:
    """Écrire une durée lisible."""
    return f"{secondes:.2f} s" if secondes >= 1 else f"{1000 * secondes:.1f} ms"


def alterner(
    bras: dict[str, Callable[[], object]], repetitions: int, avant: Callable[[], object] = gc.collect
) -> dict[str, Mesure]:
    """Faire tourner chaque bras une fois à blanc, puis tous à tour de rôle, dans un ordre qui tourne.

    ``avant`` remet la machine en état hors du temps mesuré : ce qu'un bras a écrit ne doit rien coûter au suivant.
    """
    temps: dict[str, list[float]] = {nom: [] for nom in bras}
    for tour in range(repetitions + 1):
        # Chaque bras passe à son tour le premier : aucun n'hérite toujours de l'état où un autre laisse la machine.
        ordre = [*bras][tour % len(bras) :] + [*bras][: tour % len(bras)]
        for nom in ordre:
            avant()
            gc.collect()
            debut = time.perf_counter()
            bras[nom]()
            duree = time.perf_counter() - debut
            if tour:
                temps[nom].append(duree)
    return {nom: Mesure(nom, tuple(t)) for nom, t in temps.items()}


def comparer(mesures: dict[str, Mesure], nous: str, rivaux: Sequence[str], but: float) -> list[Ligne]:
    """Rapporter notre bras au plus rapide des rivaux ; le but est un plafond."""
    meilleur = min((mesures[r] for r in rivaux), key=lambda m: m.mediane)
    lignes = [
        Ligne(m.bras + (" ← le plus rapide" if m is meilleur else ""), en_mots(m.mediane), m.etendue)
        for m in (mesures[r] for r in rivaux)
    ]
    notre = mesures[nous]
    rapport = notre.mediane / meilleur.mediane
    lignes.append(
        Ligne(
            nous,
            en_mots(notre.mediane),
            notre.etendue,
            f"× {rapport:.2f}",
            f"≤ {but:g} × le plus rapide",
            rapport <= but,
        )
    )
    return lignes


def tableau(titre: str, lignes: Sequence[Ligne]) -> str:
    """Mettre en colonnes."""
    entetes = ("bras", "médiane", "étendue", "rapport", "but", "verdict")
    verdicts = {None: "", True: "tenu", False: "MANQUÉ"}
    cellules = [
        (ligne.bras, ligne.mediane, ligne.etendue, ligne.rapport, ligne.but, verdicts[ligne.tenu])
        for ligne in lignes
    ]
    largeurs = [max(len(r[i]) for r in (entetes, *cellules)) for i in range(len(entetes))]
    rangees = [
        "  ".join(c.ljust(w) for c, w in zip(r, largeurs, strict=True)).rstrip() for r in (entetes, *cellules)
    ]
    return "\n".join([f"\n## {titre}", rangees[0], "-" * len(rangees[0]), *rangees[1:]])


def machine() -> str:
    """Nommer les versions, les cœurs et la charge du moment."""
    versions = ", ".join(f"{p} {metadata.version(p)}" for p in PAQUETS)
    charge = f", charge {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return f"Python {platform.python_version()}, {versions} ; {os.cpu_count()} cœurs{charge} ; {sys.platform}"
