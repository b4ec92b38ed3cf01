"""Refuser un fichier qui contredit ce que la base tient déjà : deux valeurs pour une même cellule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from donnees_insee.erreurs import TableNonConforme
from donnees_insee.preparation import TablePreparee

if TYPE_CHECKING:
    from collections.abc import Iterable

    from donnees_insee.catalogue import Source

TOLERANCE: Final = 1e-6
# Rattachements : deux fichiers qui ne disent pas la même chose d'un code se contredisent.
RATTACHEMENTS: Final = frozenset({"EPCI", "DEP", "REG", "COM", "DEPCOM", "QUARTIER"})


def refuser_contradiction(
    tenues: Iterable[pd.DataFrame], source: Source, prepare: TablePreparee, nom: str
) -> None:
    """Refuser une table qui donne une autre valeur à une cellule déjà tenue.

    Parameters
    ----------
    tenues : iterable of pandas.DataFrame
        Tables déjà tenues, ou sur le point de l'être, de même source, millésime et niveau.
    source : Source
        Source reconnue.
    prepare : TablePreparee
        Table reçue.
    nom : str
        Nom du fichier, pour le message.

    Raises
    ------
    TableNonConforme
        Si une cellule diffère ; la première différence est montrée.
    """
    cles = list(source.identite)
    fautes = [
        f for tenue in tenues if cles and len(tenue) for f in _differences(tenue, prepare.donnees, cles)
    ]
    if fautes:
        date = "" if prepare.millesime is None else f" {prepare.millesime}"
        raise TableNonConforme(
            f"« {nom} » contredit un fichier déjà déposé pour « {source.titre} »{date} : {fautes[0]} "
            f"({len(fautes)} variable(s) touchée(s)). Rien n'a été changé. Si le producteur a corrigé son "
            "fichier, retirez l'ancien avec `abs sources retirer`, puis déposez le nouveau."
        )


def _differences(tenue: pd.DataFrame, recue: pd.DataFrame, cles: list[str]) -> list[str]:
    """Comparer les lignes communes ; une cellule vide d'un côté n'est pas une contradiction."""
    cles = [c for c in cles if c in tenue and c in recue]
    ancienne, nouvelle = tenue.set_index(cles), recue.set_index(cles)
    communs = nouvelle.index.intersection(ancienne.index)
    fautes = []
    for variable in nouvelle.columns.intersection(ancienne.columns) if len(communs) else ():
        a, b = ancienne.loc[communs, variable], nouvelle.loc[communs, variable]
        if pd.api.types.is_numeric_dtype(a) and pd.api.types.is_numeric_dtype(b):
            differe = ~np.isclose(a.to_numpy(float), b.to_numpy(float), rtol=TOLERANCE)
        elif variable in RATTACHEMENTS:
            differe = (a.astype(str) != b.astype(str)).to_numpy(bool)
        else:
            continue
        differe = differe & (a.notna() & b.notna()).to_numpy(bool)
        if differe.any():
            i = int(np.argmax(differe))
            fautes.append(
                f"{variable} au code {_en_mots(communs[i])} : {_en_mots(a.iloc[i])} déjà tenu, "
                f"{_en_mots(b.iloc[i])} reçu"
            )
    return fautes


def _en_mots(valeur: Any) -> str:
    if isinstance(valeur, tuple):
        return " · ".join(map(str, valeur))
    return f"{valeur:.10g}" if isinstance(valeur, float) else str(valeur)
