"""Vérifier la base : reçus, copies, parts, puis une partie des cellules retirées des fichiers d'origine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Final

import pandas as pd

from donnees_insee.base.base import Base
from donnees_insee.base.parts import part_lisible
from donnees_insee.base.recus import Recu
from donnees_insee.controle.base_refaite import relire
from donnees_insee.controle.difference import comparer
from donnees_insee.controle.inventaire import (
    REDEPOSER,
    Inventaire,
    dossiers_sans_recu,
    faute_de_lecture,
    inventorier,
    parts_annoncees,
    parts_sans_recu,
    verifier_la_copie,
)
from donnees_insee.erreurs import ErreurAbs, FichierIllisible

ECHANTILLON: Final = 8


@dataclass(frozen=True)
class Verification:
    """Le bilan d'une vérification."""

    recus: int
    copies: int
    parts: int
    relus: int
    a_relire: int
    cellules: int
    graine: int
    graines: int
    fautes: tuple[str, ...]
    remarques: tuple[str, ...] = field(default=())


def verifier(
    base: Base,
    *,
    echantillon: int = ECHANTILLON,
    complet: bool = False,
    graine: int = 0,
    suivre: Callable[[str, int, int], None] | None = None,
) -> Verification:
    """Vérifier toute la base, sans jamais rien y changer."""
    trouve = inventorier(base.dossier)
    fautes = [*trouve.fautes]
    graines = 1 if complet else max(1, -(-len(trouve.recus) // max(1, echantillon)))
    choisis = {r.sha256 for r in (trouve.recus if complet else choisir(trouve.recus, echantillon, graine))}
    total, rangs = len(trouve.recus) + len(trouve.parts) + len(choisis), count(1)

    def avancer(etape: str) -> None:
        if suivre is not None:
            suivre(etape, next(rangs), total)

    saines: dict[str, Path] = {}
    copies = 0
    for recu in trouve.recus:
        avancer(recu.nom)
        copie, comptees, ici = verifier_la_copie(recu, trouve.copies_de(recu))
        copies += comptees
        fautes += ici
        if copie is not None:
            saines[recu.sha256] = copie
    fautes += dossiers_sans_recu(trouve)

    tables: dict[str, bool] = {}
    for adresse, chemin in trouve.parts.items():
        avancer(chemin.name)
        faute = faute_de_lecture(adresse, chemin)
        tables[adresse] = faute is None
        fautes += [faute] if faute else []
    fautes += parts_sans_recu(trouve)
    for recu in trouve.recus:
        fautes += parts_annoncees(recu, trouve, tables)

    relus = cellules = 0
    for recu in trouve.recus:
        if recu.sha256 not in choisis:
            continue
        avancer(f"cellules de {recu.nom}")
        if recu.sha256 not in saines:
            continue
        comparees, ici = _comparer_le_fichier(recu, saines[recu.sha256], trouve, tables)
        relus, cellules = relus + 1, cellules + comparees
        fautes += ici
    return Verification(
        recus=len(trouve.recus),
        copies=copies,
        parts=sum(tables.values()),
        relus=relus,
        a_relire=len(trouve.recus),
        cellules=cellules,
        graine=graine,
        graines=graines,
        fautes=tuple(fautes),
        remarques=tuple(trouve.remarques),
    )


def choisir(recus: Sequence[Recu], nombre: int, graine: int) -> list[Recu]:
    """Choisir les fichiers à relire : toujours les mêmes pour une graine, d'autres à la suivante."""
    if not recus or nombre < 1:
        return []
    # L'ordre des empreintes mêle les sources et les années, quel que soit l'ordre des dépôts.
    ranges = sorted(recus, key=lambda r: sha256(r.sha256.encode()).hexdigest())
    debut = graine * nombre
    return [ranges[(debut + i) % len(ranges)] for i in range(min(nombre, len(ranges)))]


# -- cellules ----------------------------------------------------------------------------------


def _comparer_le_fichier(
    recu: Recu, copie: Path, trouve: Inventaire, lisibles: dict[str, bool]
) -> tuple[int, list[str]]:
    """Tirer de nouveau les tables d'un fichier et les comparer à ce que la base tient."""
    quoi = REDEPOSER.format(debut=recu.sha256[:12])
    try:
        relues = relire(recu, copie)
    except ErreurAbs as refus:
        return 0, [f"« {recu.nom} », rangé autrefois, serait aujourd'hui refusé : {refus} {quoi}"]
    cellules = 0
    fautes = [
        f"La part « {adresse} » ne vient pas de « {recu.nom} », dont elle porte l'empreinte. Ôtez ce fichier."
        for adresse in sorted(trouve.parts_de(recu).keys() - relues.keys())
    ]
    for adresse, relue in relues.items():
        if adresse not in trouve.parts:
            fautes.append(f"La part « {adresse} », que donne « {recu.nom} », manque. {quoi}")
        elif lisibles[adresse]:
            try:
                ecarts = comparer(_lire(trouve.parts[adresse], en_couche="geometry" in relue), relue)
            except FichierIllisible as cause:
                fautes.append(str(cause))
                continue
            cellules += ecarts.cellules
            fautes += [
                f"La part « {adresse} » ne dit pas ce que dit « {recu.nom} » : {e}. {quoi}"
                for e in ecarts.phrases
            ]
    return cellules, fautes


def _lire(chemin: Path, *, en_couche: bool) -> pd.DataFrame:
    with part_lisible(chemin):
        if not en_couche:
            return pd.read_parquet(chemin)
        import geopandas as gpd  # noqa: PLC0415 - import lent, réservé aux couches

        return gpd.read_parquet(chemin)
