"""Un portrait gardé, relu de sa preuve : ses chiffres, ses phrases, les fichiers dont il est tiré."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Self

import pandas as pd

from abs.calcul.table_longue import Chiffre
from abs.territoires.territoires import Territoire

# Un lot de la base : source, millésime, niveau ; et ce qui l'a rempli : fichiers, édition, géographie.
Lot = tuple[str, int | None, str]


@dataclass(frozen=True)
class Fichiers:
    """Ce qui remplit un lot."""

    empreintes: frozenset[str] = frozenset()
    edition: int | None = None
    geographie: int | None = None


@dataclass(frozen=True)
class Ancien:
    """Un portrait gardé."""

    nom: str
    code: str
    diffusion: str
    ecrit_le: str
    table: pd.DataFrame
    dates: Mapping[str, Mapping[str, int | None]]
    mailles: frozenset[str]
    lots: Mapping[Lot, Fichiers]
    # Chaque phrase et les références de ses chiffres.
    phrases: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @classmethod
    def du_recu(
        cls,
        recu: Mapping[str, Any],
        table: pd.DataFrame,
        phrases: Iterable[tuple[str, tuple[str, ...]]] = (),
    ) -> Self:
        """Réunir le reçu d'un portrait, sa table et ses phrases."""
        return cls(
            nom=recu["territoire"]["nom"],
            code=recu["territoire"]["code"],
            diffusion=recu["demande"]["diffusion"],
            ecrit_le=recu["ecrit_le"][:10],
            table=table,
            dates=recu["dates_de_lecture"],
            mailles=mailles_du_recu(recu["territoires"]),
            lots=lots_du_recu(recu["fichiers"]),
            phrases=tuple(dict.fromkeys(phrases)),
        )

    @cached_property
    def _lignes(self) -> dict[tuple[str, str, str], list[Chiffre]]:
        noms = [f.name for f in fields(Chiffre) if f.name in self.table.columns]
        propre = self.table[noms].astype(object).where(self.table[noms].notna(), None)
        lues: dict[tuple[str, str, str], list[Chiffre]] = {}
        for ligne in propre.to_dict("records"):
            connus = {str(n): v for n, v in ligne.items() if v is not None}
            chiffre = Chiffre(**connus)
            lues.setdefault((chiffre.territoire, chiffre.niveau, chiffre.indicateur), []).append(chiffre)
        return lues

    def chiffre(self, territoire: Territoire, indicateur: str, groupe: str = "comparaison") -> Chiffre | None:
        """Donner le chiffre d'un territoire, à la date où ce portrait lisait le groupe."""
        candidats = self._lignes.get((territoire.code, territoire.niveau, indicateur), [])
        date = self.dates.get(groupe, {}).get(indicateur)
        a_la_date = (c for c in candidats if date is None or c.millesime == date)
        return next(a_la_date, None)


def mailles_du_recu(territoires: Iterable[Mapping[str, str]]) -> frozenset[str]:
    """Donner les codes des mailles d'un portrait, tels que son reçu les dit."""
    return frozenset(t["code"] for t in territoires if t["groupe"] == "mailles")


def lots_du_recu(fichiers: Iterable[Mapping[str, Any]]) -> dict[Lot, Fichiers]:
    """Donner, table par table de la base, les fichiers qui l'ont remplie."""
    lots: dict[Lot, Fichiers] = {}
    for fichier in fichiers:
        for lot in fichier["lots"]:
            cle = lot["source"], lot["millesime"], lot["niveau"]
            siens = lots.get(cle, Fichiers()).empreintes | {fichier["sha256"]}
            lots[cle] = Fichiers(siens, lot.get("edition"), lot.get("geographie"))
    return lots
