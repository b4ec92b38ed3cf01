"""Ajouter à une base les fichiers d'une autre, en les déposant un à un : ce qui se contredit est refusé."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from donnees_insee.base.parts import part_lisible
from donnees_insee.base.recus import chemin_du_recu, lire_recu
from donnees_insee.controle.difference import comparer
from donnees_insee.controle.inventaire import inventorier, lister, nature
from donnees_insee.controle.relecture import annee_donnee
from donnees_insee.depot.depot import Depot, deposer, empreinte
from donnees_insee.depot.rangement import COMPAGNONS
from donnees_insee.depot.retrait import retirer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from donnees_insee.base.base import Base
    from donnees_insee.base.recus import Recu


def ecarts_des_communs(venue: Base, base: Base) -> list[Depot]:
    """Comparer les fichiers que deux bases tiennent toutes deux : mêmes années, mêmes chiffres."""
    ici = {r.sha256: r for r in base.recus()}
    parts = inventorier(venue.dossier).parts
    refus = []
    for recu in venue.recus():
        if recu.sha256 not in ici:
            continue
        raison = _autre_lecture(recu, ici[recu.sha256]) or _autres_chiffres(recu, parts, base)
        if raison:
            refus.append(Depot(recu.nom, "refuse", recu.lots, raison))
    return refus


def _autre_lecture(venu: Recu, tenu: Recu) -> str:
    la, ici = (sorted(f"{lot.source} {lot.millesime or 'sans date'}" for lot in r.lots) for r in (venu, tenu))
    if la == ici:
        return ""
    return (
        f"le même fichier est rangé ici comme {', '.join(ici)} et dans l'archive comme {', '.join(la)}. S'il est "
        f"mal daté ici, retirez-le avec `abs sources retirer {tenu.sha256[:12]}`, puis recommencez."
    )


def _autres_chiffres(recu: Recu, parts: dict[str, Path], base: Base) -> str:
    """Comparer les parts d'un fichier commun ; deux écritures différentes des mêmes cellules sont égales."""
    for adresse, venue in parts.items():
        if not venue.name.startswith(recu.sha256[:12]):
            continue
        tenue = base.dossier / adresse
        if not tenue.is_file():
            ecart = "elle manque ici"
        elif tenue.read_bytes() == venue.read_bytes():
            continue
        else:
            with part_lisible(venue):
                ecarts = comparer(pd.read_parquet(tenue), pd.read_parquet(venue)).phrases
            if not ecarts:
                continue
            ecart = ecarts[0].replace("dans le fichier", "dans l'archive")
        return (
            f"la part « {adresse} » n'est pas la même ici et dans l'archive ({ecart}). Voyez laquelle est abîmée "
            "avec `abs sources verifier --complet`."
        )
    return ""


def fusionner(venue: Base, base: Base, nouveaux: Sequence[Recu]) -> tuple[list[Recu], list[Depot]]:
    """Déposer les fichiers qu'une base ne tient pas ; interrompue, la fusion retire ce qu'elle a déposé."""
    repris: list[Recu] = []
    refuses: list[Depot] = []
    try:
        for recu in nouveaux:
            repris.append(recu)
            refus = _deposer(venue, base, recu)
            refuses += refus
            if not chemin_du_recu(base.dossier, recu.sha256).is_file():
                repris.pop()
    except BaseException:
        for recu in repris:
            if chemin_du_recu(base.dossier, recu.sha256).is_file():
                retirer(base, recu.sha256)
        raise
    return repris, refuses


def _deposer(venue: Base, base: Base, recu: Recu) -> list[Depot]:
    dossier = venue.dossier / "brut" / recu.sha256[:16]
    copies = [f for f in sorted(dossier.glob("*")) if f.suffix.lower() not in COMPAGNONS]
    copie = next((f for f in copies if empreinte(f) == recu.sha256), None)
    if copie is None:
        raison = (
            "sa copie manque dans l'archive ou n'est plus celle que le reçu annonce. Déposez ce fichier depuis "
            "son original."
        )
        return [Depot(recu.nom, "refuse", raison=raison)]
    depots = deposer(base, [copie], millesime=annee_donnee(recu))
    chemin = chemin_du_recu(base.dossier, recu.sha256)
    if chemin.is_file():
        # Le fichier garde la date et l'origine de son premier dépôt, non celles de la fusion.
        neuf = lire_recu(chemin)
        base.ranger_recu(replace(neuf, nom=recu.nom, date=recu.date, depose_depuis=recu.depose_depuis))
    return [d for d in depots if d.etat == "refuse" and d.nom not in recu.refuses]


def fichiers_internes(dossier: Path) -> tuple[str, ...]:
    """Dire quels fichiers déposés portent au moins une ligne de diffusion interne."""
    internes = {
        chemin.name[:12]
        for adresse, chemin in lister(dossier).items()
        if nature(adresse) == "part" and adresse.split("/")[3] == "local" and _est_interne(chemin)
    }
    return tuple(r.nom for r in inventorier(dossier).recus if r.sha256[:12] in internes)


def _est_interne(part: Path) -> bool:
    try:
        diffusion = pd.read_parquet(part, columns=["DIFFUSION"])["DIFFUSION"]
    except Exception:  # noqa: BLE001 - un Parquet forgé fait lever n'importe quoi à ses lecteurs
        return True
    return bool((diffusion.fillna("").str.strip().str.lower() != "publique").any())
