"""Relire les nombres écrits dans une cellule, pour qu'un tableur les garde comme des nombres."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from abs.portrait.tableaux import Cellule, Tableau

# Un nombre français : signe, milliers séparés d'une espace, virgule ; des mots devant et une unité derrière.
NOMBRE: Final = re.compile(
    r"^(?P<avant>au moins )?(?P<signe>[+\u2212-]?)(?P<entier>\d{1,3}(?:[\u202f\u00a0 ]\d{3})*|\d+)(?:,(?P<apres>\d+))?"
    r"(?P<unite>(?:[\u202f\u00a0 ]?(?:%|€|points?|an|ans|[*pe]))*)$"
)
LIAISON: Final = " à "


def nombre_lu(texte: str) -> tuple[float, str] | None:
    """Relire un nombre écrit en français, et le format qui le récrit de même."""
    trouve = NOMBRE.match(texte)
    if trouve is None:
        return None
    entier = re.sub(r"\D", "", trouve["entier"])
    valeur = float(f"{entier}.{trouve['apres'] or '0'}")
    partie = "." + "0" * len(trouve["apres"]) if trouve["apres"] else ""
    avant = f'"{trouve["avant"]}"' if trouve["avant"] else ""
    corps = f"{avant}#,##0{partie}" + (f'"{trouve["unite"]}"' if trouve["unite"] else "")
    if not trouve["signe"]:
        return valeur, corps
    # Le signe est celui de la page : plus écrit, moins typographique.
    signe = -1 if trouve["signe"] != "+" else 1
    return signe * valeur, f"+{corps};\u2212{corps};{corps}"


def etendues_en_deux(tableau: Tableau) -> Tableau:
    """Mettre chaque colonne d'étendues (« 10,0 % à 15,3 % ») en deux colonnes de nombres."""
    entetes: list[Cellule] = []
    lignes: list[list[Cellule]] = [[] for _ in tableau.lignes]
    for rang, tete in enumerate(tableau.entetes):
        cellules = [ligne[rang] for ligne in tableau.lignes]
        bornes = [c.texte.split(LIAISON) for c in cellules]
        if not any(len(b) == 2 and all(nombre_lu(x) for x in b) for b in bornes):
            entetes.append(tete)
            for ligne, cellule in zip(lignes, cellules, strict=True):
                ligne.append(cellule)
            continue
        entetes += [replace(tete, texte=f"{tete.texte}, {mot}") for mot in ("au plus bas", "au plus haut")]
        for ligne, cellule, borne in zip(lignes, cellules, bornes, strict=True):
            ligne += [replace(cellule, texte=borne[0]), replace(cellule, texte=borne[-1])]
    return replace(tableau, entetes=tuple(entetes), lignes=tuple(map(tuple, lignes)))
