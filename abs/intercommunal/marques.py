"""Dire d'un signe, après une valeur, qu'elle est partielle ou estimée, et l'expliquer sous le tableau."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from abs.calcul.chiffre import Chiffre
from abs.portrait.tableaux import Cellule, mots_de_couverture
from abs.statuts import Statut
from abs.territoires.territoires import Territoire

# Les mêmes signes que dans le classeur.
SIGNES_DE_STATUT: Final[dict[str, str]] = {Statut.PARTIEL: "p", Statut.ESTIME: "e"}
PARTIELS_CITES: Final = 6


def marque_de_statut(chiffre: Chiffre | None) -> str:
    """Donner le signe d'une valeur partielle ou estimée."""
    signe = SIGNES_DE_STATUT.get(chiffre.statut, "") if chiffre is not None and chiffre.a_une_valeur else ""
    return f"\u00a0{signe}" if signe else ""


def avec_marque(cellule: Cellule, chiffre: Chiffre | None) -> Cellule:
    """Ajouter à une cellule le signe du statut de son chiffre."""
    return replace(cellule, texte=cellule.texte + marque_de_statut(chiffre))


def notes_des_marques(lus: Iterable[tuple[Territoire, Chiffre | None]]) -> list[str]:
    """Expliquer les signes présents, et eux seuls."""
    presents = [(t, c) for t, c in lus if c is not None and c.a_une_valeur]
    notes = []
    couvertures = dict.fromkeys(
        f"{t.titre}, {mots_de_couverture(c).removeprefix('calculé sur ')}"
        for t, c in presents
        if c.statut == Statut.PARTIEL and mots_de_couverture(c)
    )
    if any(c.statut == Statut.PARTIEL for _, c in presents):
        cites = list(couvertures)[:PARTIELS_CITES]
        suite = " ; etc." if len(couvertures) > PARTIELS_CITES else ""
        notes.append(
            f"p : partiel, calculé sur une partie du territoire ({' ; '.join(cites)}{suite})."
            if cites
            else "p : partiel, calculé sur une partie du territoire."
        )
    if any(c.statut == Statut.ESTIME for _, c in presents):
        notes.append("e : estimé, le chiffre croise deux sources.")
    return notes
