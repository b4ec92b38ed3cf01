"""Compter dans un polygone avec les carreaux : entiers, traversés, bornes, part imputée, et part de ménages pauvres."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib import resources
from typing import Any

import numpy as np

from abs.perimetres.carreaux import Carreaux
from abs.perimetres.transferts import Estimation, TransfertRefuse
from donnees_insee.erreurs import liste_de_fautes


@lru_cache(maxsize=1)
def grandeurs() -> dict[str, dict[str, Any]]:
    """Lire les comptes et les parts que la grille permet."""
    texte = (resources.files("abs") / "definitions" / "_carreaux.toml").read_text(encoding="utf-8")
    return tomllib.loads(texte)


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


def _valeurs(carreaux: Carreaux, variable: str) -> tuple[np.ndarray, str]:
    """Lire une variable, et dire ce qui manque : un carreau sans valeur n'est pas un carreau vide."""
    if carreaux.remarque:
        return np.zeros(0), carreaux.remarque
    if variable not in carreaux.table:
        return np.zeros(0), f"la grille déposée ne contient pas la variable {variable}"
    lues = carreaux.table[variable].to_numpy(float)
    if vides := int(np.isnan(lues).sum()):
        return lues, f"{vides} carreau(x) sur {len(lues)} sans valeur pour {variable}"
    return lues, ""


def _note(carreaux: Carreaux) -> str:
    entiers, coupes = int(carreaux.entiers.sum()), int((~carreaux.entiers).sum())
    touches = f"{entiers} carreau{_pluriel(entiers, 'x')} de {carreaux.cote} m entier{_pluriel(entiers)}"
    mots = [f"{touches} et {coupes} traversé{_pluriel(coupes)}"]
    if np.isnan(carreaux.part_imputee):
        mots.append("part imputée inconnue")
    else:
        mots.append(f"{100 * carreaux.part_imputee:.0f} % des personnes dans des carreaux imputés")
    if not carreaux.couverture_verifiee:
        mots.append("rien ne dit si la grille déposée couvre tout le périmètre")
    return " ; ".join(mots)


def _pluriel(nombre: int, marque: str = "s") -> str:
    return marque if nombre > 1 else ""


def _exacte(carreaux: Carreaux) -> bool:
    return bool(carreaux.entiers.all()) and carreaux.part_imputee == 0


def _compte(carreaux: Carreaux, variable: str) -> Estimation:
    valeurs, manque = _valeurs(carreaux, variable)
    if manque:
        return Estimation("carreaux", float("nan"), manque=manque)
    # Trois sommes dans le même ordre : l'arrondi ne peut pas faire sortir l'estimation de ses bornes.
    basse, estimee, haute = (
        float((valeurs * poids).sum()) for poids in (carreaux.entiers, carreaux.parts, np.ones(len(valeurs)))
    )
    return Estimation("carreaux", estimee, basse, haute, exacte=_exacte(carreaux), note=_note(carreaux))


def _part(carreaux: Carreaux, definition: dict[str, str]) -> Estimation:
    """Rapport de sommes ; ses bornes sont exactes, quelle que soit la part de chaque carreau traversé."""
    hauts, manque = _valeurs(carreaux, definition["numerateur"])
    bas, manque_bas = _valeurs(carreaux, definition["denominateur"])
    if manque or manque_bas:
        return Estimation("carreaux", float("nan"), manque=manque or manque_bas)
    numerateur, denominateur = float((hauts * carreaux.parts).sum()), float((bas * carreaux.parts).sum())
    if denominateur <= 0:
        return Estimation("carreaux", float("nan"), manque="aucun ménage dans le périmètre")
    valeur = 100 * numerateur / denominateur
    basse, haute = (100 * _rapport_extreme(hauts, bas, carreaux.entiers, sens) for sens in (-1, 1))
    return Estimation(
        "carreaux",
        valeur,
        min(basse, valeur),
        max(haute, valeur),
        numerateur,
        denominateur,
        exacte=_exacte(carreaux),
        note=_note(carreaux),
    )


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
