"""Faire l'inventaire du dossier des données : reçus, copies et parts, et ce qui n'y a pas sa place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from donnees_insee.base.recus import Recu, lire_recu
from donnees_insee.erreurs import FichierIllisible

if TYPE_CHECKING:
    from pathlib import Path

# Tout ce que le dossier des données peut contenir ; le reste n'est ni vérifié ni emporté.
FORMES: Final = {
    "recu": re.compile(r"recus/[0-9a-f]{16}\.json"),
    "copie": re.compile(r"brut/[0-9a-f]{16}/[^/]+"),
    "part": re.compile(r"base/[a-z0-9_]+/(?:\d{4}|sans_date)/[a-z0-9_]+/[0-9a-f]{12}[0-9a-f-]*\.parquet"),
    "registre": re.compile(r"publications(?:-\d{14})?\.json"),
    "telechargement": re.compile(r"telechargements\.json|telechargements/(?:[^/]+/)*[^/]+"),
}
SHA256: Final = re.compile(r"[0-9a-f]{64}")
EN_COURS: Final = re.compile(r"\.[0-9a-f-]{12,}\.en-cours(\..*)?")
# Ce que le dossier des données contient pour le programme seul.
DE_SERVICE: Final = frozenset({".verrou", ".verrou-publications", ".journal.json"})


@dataclass(frozen=True)
class Inventaire:
    """Ce que le dossier des données contient."""

    recus: tuple[Recu, ...]
    recus_abimes: frozenset[str]
    copies: dict[str, tuple[Path, ...]]
    parts: dict[str, Path]
    fautes: tuple[str, ...]
    remarques: tuple[str, ...]


def nature(adresse: str) -> str | None:
    """Dire ce qu'est un fichier du dossier des données d'après sa place."""
    return next((nom for nom, forme in FORMES.items() if forme.fullmatch(adresse)), None)


def est_en_cours(adresse: str) -> bool:
    """Reconnaître le reste d'une écriture interrompue."""
    return EN_COURS.fullmatch(adresse.rpartition("/")[2]) is not None


def lister(dossier: Path) -> dict[str, Path]:
    """Lister les fichiers du dossier des données, liens symboliques compris, verrou et journal à part."""
    trouves = {f.relative_to(dossier).as_posix(): f for f in dossier.rglob("*") if not f.is_dir()}
    return {adresse: trouves[adresse] for adresse in sorted(trouves.keys() - DE_SERVICE)}


def inventorier(dossier: Path) -> Inventaire:
    """Lire tous les reçus et ranger les fichiers selon leur place, sans rien changer."""
    recus: list[Recu] = []
    abimes: set[str] = set()
    copies: dict[str, list[Path]] = {}
    parts: dict[str, Path] = {}
    fautes: list[str] = []
    remarques: list[str] = []
    for adresse, chemin in lister(dossier).items():
        quoi = nature(adresse)
        if est_en_cours(adresse):
            remarques.append(f"« {adresse} » est le reste d'une écriture interrompue : vous pouvez l'ôter.")
        elif quoi == "recu":
            try:
                recus.append(_lire_a_son_nom(chemin))
            except FichierIllisible as cause:
                abimes.add(chemin.stem)
                fautes.append(str(cause))
        elif quoi == "copie":
            copies.setdefault(chemin.parent.name, []).append(chemin)
        elif quoi == "part":
            parts[adresse] = chemin
        elif quoi is None:
            _dire_l_etranger(adresse, fautes, remarques)
    return Inventaire(
        tuple(sorted(recus, key=lambda r: (r.date, r.nom))),
        frozenset(abimes),
        {nom: tuple(fichiers) for nom, fichiers in copies.items()},
        parts,
        tuple(fautes),
        tuple(remarques),
    )


def _lire_a_son_nom(chemin: Path) -> Recu:
    recu = lire_recu(chemin)
    textes = [recu.sha256, recu.nom, recu.date, *(t for lot in recu.lots for t in (lot.source, lot.niveau))]
    nombres = [recu.taille, *(n for lot in recu.lots for n in (lot.lignes, lot.colonnes))]
    bien_ecrit = all(isinstance(t, str) for t in textes) and all(isinstance(n, int) for n in nombres)
    if not (bien_ecrit and SHA256.fullmatch(recu.sha256) and recu.sha256[:16] == chemin.stem):
        raise FichierIllisible(
            f"Le reçu « {chemin} » est abîmé, ou au nom d'un autre fichier (empreinte {recu.sha256}). "
            "Supprimez-le, puis déposez de nouveau le fichier d'origine : sa copie est dans "
            f"« brut/{chemin.stem} »."
        )
    return recu


def _dire_l_etranger(adresse: str, fautes: list[str], remarques: list[str]) -> None:
    if adresse.startswith(("base/", "brut/", "recus/")):
        fautes.append(
            f"« {adresse} » n'a pas sa place dans la base : `abs` ne l'a pas écrit. Ôtez ce fichier."
        )
    else:
        remarques.append(f"« {adresse} » n'est pas un fichier de `abs` : il n'est ni vérifié ni emporté.")
