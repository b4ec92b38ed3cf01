"""Porter une table de comptes dans les groupes d'un passage : des sommes complètes de composantes, jamais un partage."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

import pandas as pd

from donnees_insee.catalogue.tables import reference
from donnees_insee.geographie.groupes import AVANT, Passage

if TYPE_CHECKING:
    from collections.abc import Sequence


def appliquer(
    passage: Passage, table: pd.DataFrame, comptes: Sequence[str], *, cote: str = AVANT
) -> pd.DataFrame:
    """Additionner des comptes par groupe ; la somme où manque une composante reste inconnue."""
    du_cote = dict(passage.avant if cote == AVANT else passage.apres)
    par_groupe = table[list(comptes)].groupby(table.index.map(du_cote))
    attendues = pd.Series(du_cote, dtype="object").value_counts()
    sommes = par_groupe.sum()
    return sommes.where(par_groupe.count().eq(attendues.reindex(sommes.index), axis=0))


@lru_cache(maxsize=1)
def _non_additives() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(r["motif"], re.IGNORECASE), r["nature"]) for r in reference("non_additives"))


def nature_non_additive(variable: str) -> str | None:
    """Dire pourquoi une variable ne s'additionne pas."""
    return next((nature for motif, nature in _non_additives() if motif.fullmatch(variable)), None)
