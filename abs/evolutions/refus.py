"""Ce qui ne se compare pas : l'indicateur refusé, sa raison, et les comparaisons admises les plus proches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

INDICATEURS_NOMMES: Final = 6


@dataclass(frozen=True)
class Refus:
    """Un indicateur dont l'évolution n'est pas écrite."""

    indicateur: str
    source: str
    raisons: tuple[str, ...]
    tenues: tuple[tuple[int, int], ...] = ()
    publiees: tuple[tuple[int, int], ...] = ()


def phrases_de_refus(refus: Iterable[Refus]) -> list[str]:
    """Dire les refus, une fois par raison."""
    groupes: dict[
        tuple[tuple[str, ...], tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]], list[str]
    ] = {}
    for r in refus:
        groupes.setdefault((r.raisons, r.tenues, r.publiees), []).append(r.indicateur)
    dites = []
    for (raisons, tenues, publiees), siens in groupes.items():
        suite = (
            f" Se comparerai{'t' if len(publiees) == 1 else 'ent'} : {_paires(publiees)}." if publiees else ""
        )
        suite += (
            f" Dans la base : {_paires(tenues)}."
            if tenues
            else (" Dans la base : aucune comparaison admise." if publiees else "")
        )
        dites.append(f"{_qui(siens)} : {' '.join(raisons)}{suite}")
    return dites


def _qui(siens: list[str]) -> str:
    if len(siens) == 1:
        return siens[0]
    reste = ", …" if len(siens) > INDICATEURS_NOMMES else ""
    return f"{len(siens)} indicateurs ({', '.join(siens[:INDICATEURS_NOMMES])}{reste})"


def _paires(paires: Iterable[tuple[int, int]]) -> str:
    return " ou ".join(f"{x} → {y}" for x, y in paires)
