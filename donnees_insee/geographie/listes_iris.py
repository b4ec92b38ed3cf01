"""Les listes d'IRIS tenues, tables et contours, et l'année de leur géographie, dite ou retrouvée par leurs communes."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow.parquet as pq

from donnees_insee.base.base import Base
from donnees_insee.base.couches import restaurer
from donnees_insee.base.parts import fils_admis, part_lisible
from donnees_insee.geographie.mouvements import ANCIENNE, HistoireDesCommunes

REFERENCE: Final = {"LIB_IRIS": "nom", "DEPCOM": "commune", "LIBCOM": "nom_commune", "TYP_IRIS": "type"}
COLONNES: Final = ("code", *REFERENCE.values())
TABLE: Final = "table de référence des IRIS de l'Insee"
COUCHE: Final = "contours, année dite par le fichier"
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
        au_plus_tard = self.depuis <= ANCIENNE
        return f"en {self.annee} au plus tard" if au_plus_tard else f"entre {self.depuis} et {self.annee}"


def listes_tenues(base: Base) -> Iterator[tuple[int | None, Path | None, pd.DataFrame]]:
    """Lire les listes d'IRIS tenues, tables puis couches : leur année, leurs contours, leurs IRIS."""
    for annee in base.millesimes("reference_iris", "iris"):
        table = base.lire("reference_iris", annee, "iris").reset_index().rename(columns=REFERENCE)
        # Une table sans type ni nom de commune reste une liste : ces colonnes sont alors vides.
        yield annee, None, table.reindex(columns=list(COLONNES))
    for annee_de_la_couche, chemin in base.couches("contours_iris"):
        yield annee_de_la_couche, chemin, restaurer(base, lire_sans_geometrie(chemin, COLONNES))


def lire_sans_geometrie(chemin: Path, colonnes: Sequence[str]) -> pd.DataFrame:
    """Lire des colonnes d'une couche, sans sa géométrie."""
    with part_lisible(chemin), pq.ParquetFile(chemin, pre_buffer=fils_admis()) as fichier:
        lue = fichier.read(columns=list(colonnes), use_threads=fils_admis())
        return lue.to_pandas(use_threads=fils_admis())


def listes_d_iris(
    base: Base, passe: HistoireDesCommunes, communes: Iterable[str]
) -> tuple[list[Liste], tuple[str, ...]]:
    """Lire les listes d'IRIS tenues pour des communes, avec l'année de leur géographie.

    Une couche sans année est datée par ses communes : la période où le code officiel géographique a exactement ces
    communes. Elle ne sert que si cette période ne chevauche l'année d'aucune autre liste : sinon rien ne dit laquelle
    est la plus ancienne.
    """
    voulues = set(communes)
    tenues: list[Liste] = []
    sans_annee: list[Liste] = []
    remarques: list[str] = []
    for annee, chemin, table in listes_tenues(base):
        siens = _reduire(table, voulues)
        if siens.empty:
            continue
        if annee is not None:
            tenues.append(Liste(annee, TABLE if chemin is None else COUCHE, siens, chemin))
            continue
        trouvees = passe.annees_compatibles(table["commune"].astype(str))
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
    complete = table.fillna({"commune": table["code"].astype(str).str[:5]})
    return complete[complete["commune"].isin(communes)].reset_index(drop=True)


def deux_listes(listes: list[Liste], de: int, a: int) -> tuple[Liste, Liste] | None:
    """Choisir la liste la plus proche de chaque année ; à égalité, celle qui a des contours."""
    if not listes:
        return None

    def proche(annee: int) -> Liste:
        return min(listes, key=lambda li: (abs(li.annee - annee), li.contours is None))

    premiere, seconde = proche(de), proche(a)
    return (premiere, seconde) if premiere.annee < seconde.annee else None
