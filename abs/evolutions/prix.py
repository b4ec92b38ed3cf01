"""Passer des euros d'une année aux euros constants d'une autre, par l'indice annuel des prix à la consommation."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from donnees_insee.base.base import Base
from donnees_insee.catalogue.tables import CERTITUDES, dossiers
from donnees_insee.erreurs import DonneeAbsente, TableNonConforme, liste_de_fautes

SOURCE: Final = "prix"
# Deux séries de l'indice, métropole ou France, révisées ou non, s'écartent de moins que cela.
ECART_D_INDICE: Final = 0.003


@dataclass(frozen=True)
class IndiceAnnuel:
    """L'indice moyen d'une année : sa valeur (base 100 en 2015), d'où elle vient, à quel point elle est sûre."""

    annee: int
    indice: float
    source: str
    certitude: str


@cache
def indices_des_prix() -> dict[int, IndiceAnnuel]:
    """Lire la table des prix, puis les lignes que l'analyste ajoute dans ``ABS_CATALOGUE``."""
    lus: dict[int, IndiceAnnuel] = {}
    fautes: list[str] = []
    for dossier in dossiers():
        fichier = dossier.joinpath("reference", "prix.csv")
        texte = fichier.read_text(encoding="utf-8-sig") if fichier.is_file() else ""
        for rang, ligne in enumerate(csv.DictReader(texte.splitlines(), delimiter=";"), start=2):
            try:
                annee, indice = int(ligne["annee"]), float(ligne["indice"])
                lus[annee] = IndiceAnnuel(annee, indice, ligne["source"], ligne["certitude"])
            except (KeyError, TypeError, ValueError) as cause:
                fautes.append(f"ligne {rang} : {cause}.")
                continue
            if indice <= 0 or ligne["certitude"] not in CERTITUDES.values():
                fautes.append(f"ligne {rang} : indice {indice} ou certitude « {ligne['certitude']} ».")
    if fautes:
        debut = "La table des prix est fautive ; colonnes attendues : annee;indice;source;certitude."
        raise TableNonConforme(liste_de_fautes(debut, fautes))
    return lus


def indices_tenus(base: Base) -> Mapping[int, IndiceAnnuel]:
    """Joindre à la table du projet l'indice que l'analyste a déposé."""
    connus, annees = indices_des_prix(), base.millesimes(SOURCE)
    if not annees:
        return connus
    depose = base.lire(SOURCE, max(annees), "annee")["INDICE"].dropna()
    lus = {int(code): float(v) for code, v in depose.items()}
    rapports = [connus[a].indice / v for a, v in lus.items() if a in connus and v > 0]
    if not rapports or max(rapports) / min(rapports) - 1 > ECART_D_INDICE:
        raise TableNonConforme(
            f"L'indice des prix déposé ({SOURCE}, {max(annees)}) ne se raccorde pas à la table du projet (années tenues : "
            f"{min(connus)} à {max(connus)}) : il faut au moins une année commune, et la même évolution à "
            f"{100 * ECART_D_INDICE:.1f} % près. Déposez la moyenne annuelle de l'ensemble des ménages, France."
        )
    rapport = sum(rapports) / len(rapports)
    return connus | {
        a: IndiceAnnuel(a, v * rapport, f"fichier déposé ({SOURCE})", "sûre") for a, v in lus.items()
    }


def en_euros_de(montant: float, de: int, a: int, tenus: Mapping[int, IndiceAnnuel] | None = None) -> float:
    """Exprimer un montant d'une année en euros d'une autre."""
    tenus = indices_des_prix() if tenus is None else tenus
    absents = [str(annee) for annee in (de, a) if annee not in tenus]
    if absents:
        connus = ", ".join(map(str, sorted(tenus))) or "aucune"
        raise DonneeAbsente(
            f"L'indice des prix de {' et de '.join(absents)} n'est pas dans la table reference/prix.csv (années tenues : "
            f"{connus}) : le montant ne peut pas être mis en euros constants. Déposez un fichier prix_AAAA.csv "
            "(colonnes annee;indice), ou ajoutez sa ligne dans le dossier ABS_CATALOGUE."
        )
    return montant * tenus[a].indice / tenus[de].indice
