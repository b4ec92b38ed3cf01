"""Passer des euros d'une année aux euros constants d'une autre, par l'indice annuel des prix à la consommation."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache

from donnees_insee.erreurs import DonneeAbsente, TableNonConforme, liste_de_fautes
from donnees_insee.tables_du_catalogue import CERTITUDES, dossiers


@dataclass(frozen=True)
class IndiceAnnuel:
    """L'indice moyen d'une année : sa valeur (base 100 en 2015), d'où elle vient, à quel point elle est sûre."""

    annee: int
    indice: float
    source: str
    certitude: str


@lru_cache(maxsize=1)
def indices_des_prix() -> dict[int, IndiceAnnuel]:
    """Lire la table des prix, puis les lignes que l'analyste ajoute dans ``ABS_CATALOGUE``.

    Returns
    -------
    dict of int to IndiceAnnuel
        Année → indice annuel moyen de l'ensemble des ménages, France, base 100 en 2015.

    Raises
    ------
    TableNonConforme
        Si des lignes sont fautives ; toutes sont dites.
    """
    lus: dict[int, IndiceAnnuel] = {}
    fautes: list[str] = []
    for dossier in dossiers():
        fichier = dossier.joinpath("reference", "prix.csv")
        if not fichier.is_file():
            continue
        with fichier.open(encoding="utf-8-sig") as flux:
            for rang, ligne in enumerate(csv.DictReader(flux, delimiter=";"), start=2):
                try:
                    lu = IndiceAnnuel(
                        int(ligne["annee"]), float(ligne["indice"]), ligne["source"], ligne["certitude"]
                    )
                except (KeyError, TypeError, ValueError) as cause:
                    fautes.append(f"ligne {rang} : {cause}.")
                    continue
                if lu.indice <= 0 or lu.certitude not in CERTITUDES.values():
                    fautes.append(f"ligne {rang} : indice {lu.indice} ou certitude « {lu.certitude} ».")
                lus[lu.annee] = lu
    if fautes:
        raise TableNonConforme(
            liste_de_fautes(
                "La table des prix est fautive ; colonnes attendues : annee;indice;source;certitude.", fautes
            )
        )
    return lus


def en_euros_de(montant: float, de: int, a: int) -> float:
    """Exprimer un montant d'une année en euros d'une autre.

    Parameters
    ----------
    montant : float
        Montant en euros courants de l'année ``de``.
    de, a : int
        Année du montant, et année des euros voulus.

    Returns
    -------
    float
        ``montant × indice(a) / indice(de)``.

    Raises
    ------
    DonneeAbsente
        Si l'indice d'une des deux années n'est pas dans la table.
    """
    tenus = indices_des_prix()
    absents = [str(annee) for annee in (de, a) if annee not in tenus]
    if absents:
        connus = ", ".join(map(str, sorted(tenus))) or "aucune"
        raise DonneeAbsente(
            f"L'indice des prix de {' et de '.join(absents)} n'est pas dans la table reference/prix.csv (années tenues : "
            f"{connus}) : le montant ne peut pas être mis en euros constants. Ajoutez sa ligne dans le dossier "
            "ABS_CATALOGUE."
        )
    return montant * tenus[a].indice / tenus[de].indice
