"""Ce qu'est une table telle que reçue : du texte, une nature de fichier, une ligne d'en-tête à trouver."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from donnees_insee.catalogue.catalogue import sources
from donnees_insee.catalogue.tables import colonnes_libellees, en_capitales
from donnees_insee.chemins import dossier_de_passage
from donnees_insee.erreurs import FichierIllisible

if TYPE_CHECKING:
    import duckdb

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
class TexteDiffere:
    """Le texte d'un CSV sans piège, découpé seulement si quelqu'un le demande."""

    decouper: Callable[[], pa.Table]
    typer: Callable[[Sequence[str], Sequence[str]], pa.Table | None]


@dataclass(frozen=True)
class TableBrute:
    """Une table telle que reçue : des noms de colonnes et du texte."""

    colonnes: tuple[str, ...]
    contenu: pa.Table | TexteDiffere
    origine: str
    encodage: str = "utf-8"
    titre: str = ""
    remarques: tuple[str, ...] = ()
    millesime: int | None = None
    niveau: str | None = None
    # Ce qu'un lecteur sait déjà : la source, le jeu et l'édition d'un fichier de Melodi, l'année de sa géographie.
    source: str | None = None
    jeu: str = ""
    edition: int | None = None
    geographie: int | None = None

    @cached_property
    def texte(self) -> pa.Table:
        """Le texte, découpé à la première lecture s'il est différé."""
        return self.contenu.decouper() if isinstance(self.contenu, TexteDiffere) else self.contenu

    def typer(self, nombres: Sequence[str], textes: Sequence[str]) -> pa.Table | None:
        """Lire d'emblée les nombres d'un CSV sans piège, dont le texte n'est pas déjà découpé."""
        if isinstance(self.contenu, TexteDiffere) and "texte" not in vars(self):
            return self.contenu.typer(nombres, textes)
        return None


def nature(chemin: Path) -> str:
    """Dire la nature d'un fichier d'après ses premiers octets, non d'après son nom."""
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
    """Refuser un fichier vide ou une page web, quelle que soit son extension."""
    if contenu == "vide":
        raise FichierIllisible(f"« {chemin.name} » est vide. Téléchargez-le de nouveau.")
    if contenu == "html":
        raise FichierIllisible(
            f"« {chemin.name} » est une page web et non un fichier de données : le site a sans doute répondu "
            "par une page d'erreur. Téléchargez de nouveau le fichier depuis la page de la source."
        )


# Le plus large des tableaux publiés en a quelques centaines.
COLONNES_MAXIMALES: Final = 4096


def refuser_trop_de_colonnes(nombre: int, origine: str) -> None:
    """Refuser une table démesurément large, avant de la découper."""
    if nombre > COLONNES_MAXIMALES:
        raise FichierIllisible(
            f"« {origine} » a {nombre} colonnes : aucune table de la statistique publique n'en a plus de "
            f"{COLONNES_MAXIMALES}. Le fichier est abîmé, ou n'est pas un tableau : téléchargez-le de nouveau."
        )


def refuser_noms_repetes(noms: Sequence[str], origine: str) -> None:
    """Refuser deux colonnes de même nom, casse ignorée : rien ne dirait laquelle croire."""
    refuser_trop_de_colonnes(len(noms), origine)
    comptes = Counter(n.upper() for n in noms)
    repetes = sorted(n for n, fois in comptes.items() if fois > 1)
    if repetes:
        raise FichierIllisible(
            f"« {origine} » : les colonnes {', '.join(repetes[:8])} apparaissent plusieurs fois. "
            "Gardez-en une seule de chaque, puis déposez de nouveau le fichier."
        )


def rang_de_l_en_tete(lignes: Sequence[Sequence[str]]) -> int | None:
    """Trouver la ligne des noms techniques, sous d'éventuels titres et libellés ; à défaut, de noms en toutes lettres."""
    techniques: dict[int, int] = {}
    for rang, ligne in enumerate(lignes[:LIGNES_D_EN_TETE]):
        noms = [c.strip() for c in ligne if c.strip()]
        if len(noms) < 2 or not all(_est_technique(n) for n in noms) or noms[0].upper() == "VAR_ID":
            continue
        if _cles_connues() & {n.upper() for n in noms}:
            return rang
        techniques[rang] = len(noms)
    if techniques:
        return max(techniques, key=techniques.__getitem__)
    libelles = [{en_capitales(c) for c in ligne} for ligne in lignes[:LIGNES_D_EN_TETE]]
    return next((rang for rang, noms in enumerate(libelles) if colonnes_libellees() & noms), None)


def _est_technique(nom: str) -> bool:
    return nom.isascii() and nom.replace("_", "").isalnum() and not nom[0].isdigit()


@lru_cache(maxsize=1)
def _cles_connues() -> frozenset[str]:
    return frozenset(c for source in sources().values() for c in (*source.cle, *source.signature))


@contextmanager
def moteur() -> Iterator[duckdb.DuckDBPyConnection]:
    """Ouvrir un moteur DuckDB en mémoire, qui n'écrit que dans le dossier temporaire et n'installe rien."""
    import duckdb  # noqa: PLC0415 - réservé à la lecture des fichiers reçus ; un portrait n'en a que faire

    # Un dossier à ce seul utilisateur : dans le dossier temporaire commun, les noms de DuckDB se devinent.
    with dossier_de_passage("moteur") as provisoire:
        connexion = duckdb.connect(
            config={
                "temp_directory": str(provisoire),
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
            }
        )
        try:
            # Sinon une longue lecture écrit sa barre au milieu de celle de la commande.
            connexion.execute("set enable_progress_bar = false")
            yield connexion
        finally:
            connexion.close()
