"""Lire les mouvements du code officiel géographique : une ligne par lien, une date et un type en clair."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from donnees_insee.catalogue.tables import reference
from donnees_insee.erreurs import TableNonConforme

if TYPE_CHECKING:
    import pandas as pd

COLONNES: Final = (
    "MOD",
    "DATE_EFF",
    *(f"{c}_{m}" for m in ("AV", "AP") for c in ("TYPECOM", "COM", "LIBELLE")),
)


@dataclass(frozen=True)
class Lien:
    """Du territoire qui va d'une commune à une autre un jour donné ; un code vide dit « aucune commune »."""

    avant: str
    apres: str
    mod: str
    nom_avant: str
    nom_apres: str


def en_texte(table: pd.DataFrame, cle: str, colonnes: tuple[str, ...]) -> pd.DataFrame:
    """Ramener une table brute ou tenue à des colonnes de texte, le vide pour l'absence."""
    lue = table if cle in table else table.reset_index().rename(columns={"code": cle, "index": cle})
    manquantes = [c for c in colonnes if c not in lue]
    if manquantes:
        raise TableNonConforme(
            f"Colonnes absentes : {', '.join(manquantes)}. On attend les fichiers v_commune et v_mvt_commune du code "
            "officiel géographique, tels que l'Insee les publie."
        )
    return lue[list(colonnes)].astype("object").where(lambda t: t.notna(), "").astype(str)


def sans_intermediaires(liens: list[Lien], intermediaires: set[str]) -> tuple[Lien, ...]:
    """Suivre un code qui naît et disparaît le même jour : A → B puis B → C devient A → C."""
    sortants: dict[str, list[Lien]] = defaultdict(list)
    for m in liens:
        if m.avant in intermediaires:
            sortants[m.avant].append(m)
    resolus: list[Lien] = []
    a_suivre = [(m, {m.avant}) for m in liens if m.avant not in intermediaires]
    while a_suivre:
        m, vus = a_suivre.pop()
        if m.apres not in intermediaires:
            resolus.append(m)
            continue
        # Un code déjà suivi ne l'est pas deux fois : des mouvements fautifs pourraient tourner en rond.
        a_suivre += [
            (Lien(m.avant, n.apres, n.mod, m.nom_avant, n.nom_apres), vus | {m.apres})
            for n in sortants[m.apres]
            if n.apres not in vus | {m.apres}
        ]
    return tuple(sorted(resolus, key=lambda m: (m.avant, m.apres, m.mod)))


def le(date: str) -> str:
    """Écrire une date de mouvement, par exemple « au 1er janvier 2019 »."""
    from babel.dates import get_month_names  # noqa: PLC0415 - données de langue, lues si une date est à écrire

    annee, mois, jour = date.split("-")
    quantieme = "1er" if jour == "01" else str(int(jour))
    return f"au {quantieme} {get_month_names(locale='fr')[int(mois)]} {annee}"


@lru_cache(maxsize=1)
def _libelles() -> dict[str, str]:
    return {r["mod"]: r["libelle"] for r in reference("mouvements")}


def libelle_du_mouvement(mod: str) -> str:
    """Nommer un type de mouvement."""
    return _libelles().get(mod, f"mouvement de type {mod}")
