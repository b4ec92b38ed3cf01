"""Prendre à l'API de Melodi les chiffres d'un territoire, les écrire en CSV à la disposition de Melodi, les déposer."""

import csv
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from donnees_insee.base.base import Base
from donnees_insee.base.recus import chemin_du_recu, lire_recu
from donnees_insee.chemins import creer_dossier, dossier_a_oter
from donnees_insee.depot.depot import Depot, deposer, empreinte
from donnees_insee.erreurs import ErreurAbs
from donnees_insee.telechargement import registre, reseau
from donnees_insee.telechargement.api_melodi import API, Cadence, observations, territoire_de_l_api
from donnees_insee.telechargement.reception import Reglages
from donnees_insee.telechargement.reseau import TelechargementImpossible

GEO: Final = re.compile(r"\d{4}-([A-Z0-9]+)-(\w+)")


@dataclass(frozen=True)
class ResultatApi:
    """Ce qu'est devenu un jeu demandé à l'API."""

    jeu: str
    etat: str
    phrase: str
    depots: tuple[Depot, ...] = ()


# -- écrire le CSV -----------------------------------------------------------------------------


def ecrire_csv(lues: Sequence[dict[str, Any]], chemin: Path) -> None:
    """Écrire des observations à la disposition d'un fichier de Melodi ; une valeur absente laisse la cellule vide."""
    dimensions = list(
        dict.fromkeys(d for o in lues for d in o["dimensions"] if d not in {"GEO", "TIME_PERIOD"})
    )
    attributs = list(dict.fromkeys(a for o in lues for a in o.get("attributes") or {}))
    entetes = ["GEO", "GEO_OBJECT", *dimensions, *attributs, "TIME_PERIOD", "OBS_VALUE"]
    with chemin.open("w", encoding="utf-8", newline="") as flux:
        sortie = csv.writer(flux, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\n")
        sortie.writerow(entetes)
        for o in lues:
            ligne = {**o["dimensions"], **(o.get("attributes") or {})}
            ligne |= {"GEO_OBJECT": _objet(ligne.get("GEO", "")), "OBS_VALUE": _valeur(o)}
            sortie.writerow(["" if ligne.get(n) is None else ligne[n] for n in entetes])


def _objet(geo: str) -> str:
    """Tirer d'un code comme 2025-COM-44109 le niveau qu'il nomme."""
    lu = GEO.fullmatch(geo)
    if lu is None:
        raise TelechargementImpossible(
            f"L'API de Melodi a répondu pour « {geo} » ; on attendait un code comme 2025-COM-44109, qui dit l'année de sa "
            "géographie. Rien n'a été gardé."
        )
    return lu[1]


def _valeur(observation: dict[str, Any]) -> Any:
    """Donner la valeur de la première mesure : son nom change d'un jeu à l'autre."""
    mesures = list((observation.get("measures") or {}).values())
    return mesures[0].get("value") if mesures else None


# -- déposer -----------------------------------------------------------------------------------


def telecharger_un_territoire(
    base: Base,
    jeux: Sequence[str],
    territoire: str,
    reglages: Reglages,
    *,
    cadence: Cadence | None = None,
    api: str = API,
    annoncer: Callable[[str], None] | None = None,
) -> list[ResultatApi]:
    """Prendre à l'API chaque jeu pour un territoire, et le déposer comme un fichier reçu."""
    reseau.exiger_le_reseau()
    cadence, geo = cadence or Cadence(), territoire_de_l_api(territoire)
    resultats = []
    for jeu in jeux:
        if annoncer is not None:
            annoncer(jeu)
        try:
            resultats.append(_un_jeu(base, jeu, geo, observations(jeu, geo, reglages, cadence, api=api), api))
        except ErreurAbs as refus:
            resultats.append(ResultatApi(jeu, "echec", f"{jeu} : {refus}"))
    return resultats


def _un_jeu(base: Base, jeu: str, geo: str, lues: Sequence[dict[str, Any]], api: str) -> ResultatApi:
    if not lues:
        phrase = f"{jeu} : l'API n'a aucune observation pour {geo} (territoire inconnu d'elle, ou hors du champ du jeu)."
        return ResultatApi(jeu, "vide", phrase)
    racine = creer_dossier(registre.dossier_de_travail(base.dossier))
    with dossier_a_oter(racine, ".api-", "Vérifiez vos droits.") as dossier:
        fichier = dossier / f"{jeu}_{geo}_api.csv"
        ecrire_csv(lues, fichier)
        depots = tuple(deposer(base, [fichier]))
        recu = chemin_du_recu(base.dossier, empreinte(fichier))
        if depots[0].etat == "range":
            base.ranger_recu(replace(lire_recu(recu), depose_depuis=f"{api}/data/{jeu}?GEO={quote(geo)}"))
    etat = {"range": "range", "deja_la": "inchange"}.get(depots[0].etat, "echec")
    suites = {"range": "reçues et déposées.", "inchange": "reçues, les mêmes que celles déjà tenues."}
    suite = suites.get(etat, f"reçues, et leur dépôt est refusé. {depots[0].raison}")
    return ResultatApi(jeu, etat, f"{jeu} : {len(lues)} observations pour {geo} {suite}", depots)
