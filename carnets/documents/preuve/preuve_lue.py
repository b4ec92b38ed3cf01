"""Relire la preuve d'un portrait, et retrouver la ligne du diagnostic qu'un document a dû montrer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from abs.calcul.difference import absente, par_reference
from abs.calcul.table_longue import COLONNES
from abs.territoires.demande import Demande
from donnees_insee.erreurs import FichierIllisible

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Preuve:
    """Le dossier de preuve d'un portrait."""

    demande: Demande
    table: pd.DataFrame
    recu: dict[str, Any]

    @property
    def se_relit(self) -> bool:
        """Dire si la preuve nomme les territoires et les dates que les documents montrent."""
        return "dates_de_lecture" in self.recu and "territoires" in self.recu

    @property
    def territoires(self) -> list[dict[str, str]]:
        """Territoires du portrait, par groupe lu à une même date."""
        return list(self.recu.get("territoires", []))

    @property
    def empreintes(self) -> list[str]:
        """Empreintes de tous les fichiers que la base tenait, ou à défaut de ceux qui ont donné un chiffre."""
        cles = ("fichiers_de_la_base",) if "fichiers_de_la_base" in self.recu else ("fichiers",)
        nommes = [f["sha256"] for c in (*cles, "fichiers_recus_de_partenaires") for f in self.recu.get(c, [])]
        return list(dict.fromkeys(nommes))

    @cached_property
    def lignes(self) -> dict[str, dict[str, Any]]:
        """Lignes du diagnostic, par référence."""
        return par_reference(self.table)

    @cached_property
    def _par_chiffre(self) -> dict[tuple[str, str, str], list[dict[str, Any]]]:
        rangees: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
        for ligne in self.table.to_dict("records"):
            cle = (ligne["territoire"], ligne["niveau"], ligne["indicateur"])
            rangees.setdefault(cle, []).append(ligne)
        return rangees

    def lignes_de(self, code: str, niveau: str, indicateur: str, groupe: str) -> list[dict[str, Any]]:
        """Donner les lignes qu'un document a pu montrer pour un territoire lu dans un groupe."""
        candidates = self._par_chiffre.get((code, niveau, indicateur), [])
        date = self.recu["dates_de_lecture"].get(groupe, {}).get(indicateur)
        if date is None:
            return candidates
        return [c for c in candidates if not absente(c["millesime"]) and int(c["millesime"]) == date]


def lire_preuve(sortie: Path) -> Preuve:
    """Lire le dossier ``preuve`` d'un portrait."""
    table, recu = sortie / "preuve" / "diagnostic.parquet", sortie / "preuve" / "recu.json"
    manquent = [f"preuve/{f.name}" for f in (table, recu) if not f.is_file()]
    if manquent:
        raise FichierIllisible(
            f"« {sortie} » n'est pas le dossier d'un portrait : il y manque {' et '.join(manquent)}. Donnez le "
            "dossier que `abs portrait` a écrit, par exemple sorties/portrait-montpellier-34172-2016."
        )
    try:
        contenu = json.loads(recu.read_text(encoding="utf-8"))
        lue = pd.read_parquet(table)[list(COLONNES)]
        return Preuve(Demande(**contenu["demande"]), lue, contenu)
    except Exception as cause:
        raise FichierIllisible(
            f"La preuve de « {sortie} » ne se lit pas ({type(cause).__name__} : {cause}). Sans elle, rien ne dit de "
            "quels fichiers viennent les chiffres : refaites le portrait."
        ) from cause
