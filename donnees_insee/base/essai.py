"""Fichiers d'essai : la marque que leur reçu porte, et que tout document tiré d'eux doit dire."""

from collections.abc import Collection
from dataclasses import replace
from typing import Final

from donnees_insee.base.base import Base
from donnees_insee.base.recus import LotRecu

MARQUE: Final = "données d'essai"


def marquer(lot: LotRecu) -> LotRecu:
    """Noter au reçu qu'une table vient d'un fichier d'essai."""
    return replace(lot, remarques=(MARQUE, *lot.remarques))


def est_d_essai(lot: LotRecu) -> bool:
    """Dire si une table vient d'un fichier d'essai."""
    return MARQUE in lot.remarques


def fichiers_d_essai(base: Base, lues: Collection[tuple[str, int | None]]) -> tuple[str, ...]:
    """Nommer les fichiers d'essai d'où viennent des tables lues, chacune par sa source et son millésime."""
    noms = {
        r.nom
        for r in base.recus()
        for lot in r.lots
        if est_d_essai(lot) and (lot.source, lot.millesime) in lues
    }
    return tuple(sorted(noms))
