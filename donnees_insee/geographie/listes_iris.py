"""Les listes d'IRIS tenues, tables et contours, et l'année de leur géographie, dite ou retrouvée par leurs communes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pandas as pd
import pyarrow.parquet as pq

from donnees_insee.base.couches import restaurer

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from donnees_insee.base.base import Base
    from donnees_insee.geographie.mouvements import HistoireDesCommunes

COLONNES: Final = ("code", "nom", "commune")
REFERENCE: Final = {"LIB_IRIS": "nom", "DEPCOM": "commune"}
# Première année essayée pour dater une couche : une couche qui convient dès lors n'a pas de borne basse utile.
ANCIENNE: Final = 2003
REDEPOSER: Final = "Retirez-la, puis déposez-la de nouveau avec son année (--millesime)."


@dataclass(frozen=True)
class Liste:
    """Une liste d'IRIS tenue, et l'année de sa géographie."""

    annee: int
    origine: str
    table: pd.DataFrame
    contours: Path | None = None
    depuis: int | None = None

    @property
    def quand(self) -> str:
        """Dire l'année de la liste, ou la période qui convient à ses communes."""
        if self.depuis is None:
            return f"en {self.annee}"
        return (
            f"en {self.annee} au plus tard"
            if self.depuis <= ANCIENNE
            else f"entre {self.depuis} et {self.annee}"
        )


def listes_d_iris(
    base: Base, passe: HistoireDesCommunes, communes: Iterable[str]
) -> tuple[list[Liste], tuple[str, ...]]:
    """Lire les listes d'IRIS tenues pour des communes, avec l'année de leur géographie.

    Une couche sans année est datée par ses communes : la période où le code officiel géographique a exactement ces
    communes. Elle ne sert que si cette période ne chevauche l'année d'aucune autre liste : sinon rien ne dit laquelle
    est la plus ancienne.
    """
    voulues = set(communes)
    datees: list[Liste] = []
    sans_annee: list[Liste] = []
    remarques: list[str] = []
    for tenue in base.millesimes("reference_iris", "iris"):
        table = base.lire("reference_iris", tenue, "iris").reset_index().rename(columns=REFERENCE)
        datees.append(Liste(tenue, "table de référence des IRIS de l'Insee", _reduire(table, voulues)))
    for annee, chemin in base.couches("contours_iris"):
        table = restaurer(base, pq.read_table(chemin, columns=list(COLONNES)).to_pandas())
        siens = _reduire(table, voulues)
        if siens.empty:
            continue
        if annee is not None:
            datees.append(Liste(annee, "contours, année dite par le fichier", siens, chemin))
            continue
        trouvees = passe.annees_compatibles(table["commune"].astype(str), ANCIENNE)
        if trouvees.inconnus:
            remarques.append(
                f"Une couche d'IRIS sans année n'est pas employée : {len(trouvees.inconnus)} de ses communes "
                f"({', '.join(trouvees.inconnus[:3])}…) ne sont ensemble dans aucune liste de communes tenue. {REDEPOSER}"
            )
            continue
        premiere, derniere = trouvees.annees[0], trouvees.annees[-1]
        origine = (
            "contours sans année dans leur nom ; leurs communes sont celles du code officiel géographique de "
            f"{premiere} à {derniere}"
        )
        sans_annee.append(Liste(derniere, origine, siens, chemin, premiere))
    tenues = [liste for liste in datees if not liste.table.empty]
    for liste in sorted(sans_annee, key=lambda li: li.annee - (li.depuis or li.annee)):
        genees = [
            t for t in tenues if (liste.depuis or 0) <= t.annee and (t.depuis or t.annee) <= liste.annee
        ]
        if not genees:
            tenues.append(liste)
            continue
        remarques.append(
            f"Une couche d'IRIS sans année n'est pas employée : ses communes sont celles de {liste.depuis} à "
            f"{liste.annee}, et rien ne dit si elle est d'avant ou d'après la liste de {genees[0].annee}. {REDEPOSER}"
        )
    return sorted(tenues, key=lambda li: (li.annee, li.contours is None)), tuple(dict.fromkeys(remarques))


def _reduire(table: pd.DataFrame, communes: set[str]) -> pd.DataFrame:
    complete = table.reindex(columns=list(COLONNES))
    complete["commune"] = complete["commune"].fillna(complete["code"].astype(str).str[:5])
    return complete[complete["commune"].isin(communes)].reset_index(drop=True)


def deux_listes(listes: list[Liste], de: int, a: int) -> tuple[Liste, Liste] | None:
    """Choisir la liste la plus proche de chaque année ; à égalité, celle qui a des contours."""
    if not listes:
        return None

    def proche(annee: int) -> Liste:
        return min(listes, key=lambda li: (abs(li.annee - annee), li.contours is None))

    premiere, seconde = proche(de), proche(a)
    return (premiere, seconde) if premiere.annee < seconde.annee else None
