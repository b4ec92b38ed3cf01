"""Compter dans un polygone avec les carreaux : entiers, traversés, bornes, part imputée, et part de ménages pauvres."""

from __future__ import annotations

from typing import Any

import numpy as np

from abs.definitions import table
from abs.perimetres.carreaux import Carreaux
from abs.perimetres.transferts import Estimation, TransfertRefuse
from donnees_insee.erreurs import liste_de_fautes


def grandeurs() -> dict[str, dict[str, Any]]:
    """Lire les comptes et les parts que la grille permet."""
    return table("_carreaux.toml")


def compter(carreaux: Carreaux, codes: tuple[str, ...] = ()) -> dict[str, Estimation]:
    """Compter dans un polygone, avec ses bornes."""
    comptes, parts = grandeurs()["comptes"], grandeurs()["parts"]
    refuses = [c for c in codes if c not in comptes and c not in parts]
    if refuses:
        raise TransfertRefuse(
            liste_de_fautes(
                f"La grille donne des comptes ({', '.join(comptes)}) et des parts ({', '.join(parts)}) ; elle ne donne "
                "ni médiane, ni moyenne, ni quantile :",
                [f"{c} n'est pas un compte de la grille." for c in refuses],
            )
        )
    voulus = codes or (*comptes, *parts)
    return {c: _part(carreaux, parts[c]) if c in parts else _compte(carreaux, c) for c in voulus}


def exiger_un_compte_de_la_grille(variable: str) -> None:
    """Refuser une variable de la grille qui n'est pas un compte."""
    if variable not in grandeurs()["comptes"]:
        raise TransfertRefuse(
            f"{variable} n'est pas un compte de la grille : elle ne peut ni se sommer ni servir de poids. Prenez "
            f"l'un de {', '.join(grandeurs()['comptes'])}."
        )


def _manque(carreaux: Carreaux, *variables: str) -> str:
    """Dire ce qui manque aux variables : un carreau sans valeur n'est pas un carreau vide."""
    if carreaux.remarque:
        return carreaux.remarque
    for variable in variables:
        if variable not in carreaux.table:
            return f"la grille déposée ne contient pas la variable {variable}"
        if vides := int(carreaux.table[variable].isna().sum()):
            return f"{vides} carreau(x) sur {len(carreaux.table)} sans valeur pour {variable}"
    return ""


def _note(carreaux: Carreaux) -> str:
    entiers, coupes = int(carreaux.entiers.sum()), int((~carreaux.entiers).sum())
    x, s = ("x", "s") if entiers > 1 else ("", "")
    mots = [
        f"{entiers} carreau{x} de {carreaux.cote} m entier{s} et {coupes} traversé{'s' if coupes > 1 else ''}",
        "part imputée inconnue"
        if np.isnan(carreaux.part_imputee)
        else f"{100 * carreaux.part_imputee:.0f} % des personnes dans des carreaux imputés",
    ]
    if not carreaux.couverture_verifiee:
        mots.append("rien ne dit si la grille déposée couvre tout le périmètre")
    return " ; ".join(mots)


def _estimer(carreaux: Carreaux, *nombres: float) -> Estimation:
    """Former l'estimation d'un compte ou d'une part : exacte si aucun carreau n'est coupé ni imputé."""
    exacte = bool(carreaux.entiers.all()) and carreaux.part_imputee == 0
    return Estimation("carreaux", *nombres, exacte=exacte, note=_note(carreaux))


def _compte(carreaux: Carreaux, variable: str) -> Estimation:
    if manque := _manque(carreaux, variable):
        return Estimation("carreaux", float("nan"), manque=manque)
    valeurs = carreaux.table[variable].to_numpy(float)
    # Trois sommes dans le même ordre : l'arrondi ne peut pas faire sortir l'estimation de ses bornes.
    basse, estimee, haute = (
        float((valeurs * poids).sum()) for poids in (carreaux.entiers, carreaux.parts, np.ones(len(valeurs)))
    )
    return _estimer(carreaux, estimee, basse, haute)


def _part(carreaux: Carreaux, definition: dict[str, str]) -> Estimation:
    """Rapport de sommes ; ses bornes sont exactes, quelle que soit la part de chaque carreau traversé."""
    variables = (definition["numerateur"], definition["denominateur"])
    if manque := _manque(carreaux, *variables):
        return Estimation("carreaux", float("nan"), manque=manque)
    hauts, bas = (carreaux.table[v].to_numpy(float) for v in variables)
    numerateur, denominateur = float((hauts * carreaux.parts).sum()), float((bas * carreaux.parts).sum())
    if denominateur <= 0:
        return Estimation("carreaux", float("nan"), manque="aucun ménage dans le périmètre")
    valeur = 100 * numerateur / denominateur
    basse, haute = (100 * _rapport_extreme(hauts, bas, carreaux.entiers, sens) for sens in (-1, 1))
    return _estimer(carreaux, valeur, min(basse, valeur), max(haute, valeur), numerateur, denominateur)


def _rapport_extreme(hauts: np.ndarray, bas: np.ndarray, entiers: np.ndarray, sens: int) -> float:
    """Chercher le rapport le plus haut (ou le plus bas) : un carreau traversé y est tout entier ou pas du tout."""
    h, b = float(hauts[entiers].sum()), float(bas[entiers].sum())
    coupes = ~entiers & (bas > 0)
    rapports = hauts[coupes] / bas[coupes]
    ordre = np.argsort(-sens * rapports, kind="stable")
    cumul_h = h + np.concatenate([[0.0], np.cumsum(hauts[coupes][ordre])])
    cumul_b = b + np.concatenate([[0.0], np.cumsum(bas[coupes][ordre])])
    possibles = cumul_h[cumul_b > 0] / cumul_b[cumul_b > 0]
    return float(possibles.max() if sens > 0 else possibles.min())
