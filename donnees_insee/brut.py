"""Ce qu'est une table telle que reçue : du texte, une nature de fichier, une ligne d'en-tête à trouver."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import duckdb

from donnees_insee.catalogue import sources
from donnees_insee.erreurs import FichierIllisible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import pyarrow as pa

SIGNATURES: Final[dict[bytes, str]] = {
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",
    b"\xd0\xcf\x11\xe0": "xls",
    b"7z\xbc\xaf": "7z",
    b"\x1f\x8b": "gzip",
    b"%PDF": "pdf",
    b"PAR1": "parquet",
    b"SQLite format 3": "gpkg",
}
LIGNES_D_EN_TETE: Final = 15


@dataclass(frozen=True)
class TableBrute:
    """Une table telle que reçue : des noms de colonnes et du texte.

    Attributes
    ----------
    colonnes : tuple of str
        Noms lus, dans l'ordre, colonnes vides ôtées.
    texte : pyarrow.Table
        Une colonne de texte par nom ; une cellule vide est nulle.
    origine : str
        Nom du fichier, et de la feuille pour un classeur.
    encodage : str
        Encodage constaté ; ``classeur`` quand les cellules viennent d'un tableur.
    titre : str
        Lignes de titre au-dessus de l'en-tête.
    remarques : tuple of str
        Ce que l'analyste doit savoir de la lecture.
    """

    colonnes: tuple[str, ...]
    texte: pa.Table
    origine: str
    encodage: str = "utf-8"
    titre: str = ""
    remarques: tuple[str, ...] = field(default=())


def nature(chemin: Path) -> str:
    """Dire la nature d'un fichier d'après ses premiers octets, non d'après son nom.

    Parameters
    ----------
    chemin : pathlib.Path
        Fichier existant.

    Returns
    -------
    str
        ``zip``, ``xls``, ``7z``, ``gzip``, ``pdf``, ``parquet``, ``gpkg``, ``html``, ``vide`` ou ``texte``.
    """
    with chemin.open("rb") as flux:
        debut = flux.read(512)
    if not debut.strip():
        return "vide"
    for signature, nom in SIGNATURES.items():
        if debut.startswith(signature):
            return nom
    if debut.removeprefix(b"\xef\xbb\xbf").lstrip().lower().startswith((b"<!doctype html", b"<html")):
        return "html"
    return "texte"


def refuser_ce_qui_n_est_pas_une_table(chemin: Path, contenu: str) -> None:
    """Refuser un fichier vide ou une page web, quelle que soit son extension.

    Parameters
    ----------
    chemin : pathlib.Path
        Fichier reçu.
    contenu : str
        Nature donnée par :func:`nature`.

    Raises
    ------
    FichierIllisible
        Fichier vide ou page web.
    """
    if contenu == "vide":
        raise FichierIllisible(f"« {chemin.name} » est vide. Téléchargez-le de nouveau.")
    if contenu == "html":
        raise FichierIllisible(
            f"« {chemin.name} » est une page web et non un fichier de données : le site a sans doute répondu "
            "par une page d'erreur. Téléchargez de nouveau le fichier depuis la page de la source."
        )


def refuser_noms_repetes(noms: Sequence[str], origine: str) -> None:
    """Refuser deux colonnes de même nom, casse ignorée : rien ne dirait laquelle croire.

    Parameters
    ----------
    noms : sequence of str
        Noms de colonnes lus.
    origine : str
        Fichier ou feuille, pour le message.

    Raises
    ------
    FichierIllisible
        Si un nom revient.
    """
    hauts = [n.upper() for n in noms]
    repetes = sorted({n for n in hauts if hauts.count(n) > 1})
    if repetes:
        raise FichierIllisible(
            f"« {origine} » : les colonnes {', '.join(repetes[:8])} apparaissent plusieurs fois. "
            "Gardez-en une seule de chaque, puis déposez de nouveau le fichier."
        )


def rang_de_l_en_tete(lignes: Sequence[Sequence[str]]) -> int | None:
    """Trouver la ligne des noms techniques, sous d'éventuels titres et libellés.

    Parameters
    ----------
    lignes : sequence of sequence of str
        Premières lignes, cellules en texte.

    Returns
    -------
    int or None
        Rang de la première ligne technique qui porte une colonne de codes du catalogue ; à défaut, de la
        plus longue ligne technique ; ``None`` s'il n'y en a pas.
    """
    meilleur: tuple[int, int] | None = None
    for rang, ligne in enumerate(lignes[:LIGNES_D_EN_TETE]):
        noms = [c.strip() for c in ligne if c.strip()]
        if len(noms) < 2 or not all(_est_technique(n) for n in noms) or noms[0].upper() == "VAR_ID":
            continue
        if _cles_connues() & {n.upper() for n in noms}:
            return rang
        if meilleur is None or len(noms) > meilleur[0]:
            meilleur = (len(noms), rang)
    return None if meilleur is None else meilleur[1]


def _est_technique(nom: str) -> bool:
    return nom.isascii() and nom.replace("_", "").isalnum() and not nom[0].isdigit()


@lru_cache(maxsize=1)
def _cles_connues() -> frozenset[str]:
    return frozenset(c for source in sources().values() for c in (*source.cle, *source.signature))


@contextmanager
def moteur() -> Iterator[duckdb.DuckDBPyConnection]:
    """Ouvrir un moteur DuckDB en mémoire, qui n'écrit que dans le dossier temporaire et n'installe rien.

    Yields
    ------
    duckdb.DuckDBPyConnection
        Connexion, fermée en sortie.
    """
    connexion = duckdb.connect(
        config={
            "temp_directory": tempfile.gettempdir(),
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        }
    )
    try:
        yield connexion
    finally:
        connexion.close()
