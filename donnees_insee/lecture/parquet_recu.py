"""Lire un Parquet reçu (base permanente des équipements, table d'un confrère) : ses colonnes utiles, en texte."""

from __future__ import annotations

import glob
from typing import TYPE_CHECKING, Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from donnees_insee.catalogue.catalogue import sources
from donnees_insee.erreurs import FichierIllisible
from donnees_insee.lecture.archives import verifier_taille
from donnees_insee.lecture.brut import TableBrute, moteur, refuser_noms_repetes
from donnees_insee.lecture.reconnaissance import traduire

if TYPE_CHECKING:
    from pathlib import Path


# Ce qu'un Parquet abîmé ou forgé fait lever à ses lecteurs.
FAUTES_DE_LECTURE: Final = (
    pa.ArrowException, duckdb.Error, OSError, ValueError, KeyError, TypeError, OverflowError, RuntimeError,
)  # fmt: skip


def lire_parquet(chemin: Path) -> TableBrute:
    """Lire un Parquet ; seules les colonnes qu'une source du catalogue connaît sont tirées du disque."""
    try:
        refuser_un_parquet_demesure(chemin)
        noms = pq.read_schema(chemin).names
        refuser_noms_repetes(noms, chemin.name)
        utiles = [n for n in noms if _connue(n)]
        lue = pq.read_table(chemin, columns=utiles)
        _recompter(chemin, utiles, lue.num_rows)
        texte = pa.table({n: _en_texte(lue[n]) for n in lue.column_names})
    except FAUTES_DE_LECTURE as cause:
        raise FichierIllisible(
            f"« {chemin.name} » ne s'ouvre pas comme un fichier Parquet ({type(cause).__name__}). Téléchargez-le de nouveau."
        ) from cause
    laissees = len(noms) - texte.num_columns
    remarques = (f"{laissees} colonnes d'aucune source laissées",) if laissees else ()
    return TableBrute(tuple(texte.column_names), texte, chemin.name, "parquet", "", remarques)


def _recompter(chemin: Path, noms: list[str], lues: int) -> None:
    """Recompter les lignes de toutes les colonnes lues par DuckDB, qui a son propre lecteur."""
    choix = ", ".join('"' + n.replace('"', '""') + '"' for n in noms) or "1"
    with moteur() as connexion:
        relue = connexion.sql(f"select {choix} from read_parquet(?)", params=[glob.escape(str(chemin))])
        comptees = relue.to_arrow_table().num_rows
    if comptees != lues:
        raise FichierIllisible(
            f"« {chemin.name} » : {lues} lignes ont été lues, et un second compte en trouve {comptees}. Il est abîmé : "
            "téléchargez-le de nouveau."
        )


def refuser_un_parquet_demesure(chemin: Path) -> None:
    """Refuser un Parquet qui gonflerait hors de proportion : quelques octets y valent un milliard de lignes."""
    pied = pq.read_metadata(chemin)
    verifier_taille(chemin, 8 * pied.num_rows * max(1, pied.num_columns), chemin.stat().st_size)


def _connue(nom: str) -> bool:
    haut = nom.strip().upper()
    return any(haut in s.cle or traduire(s, nom) is not None for s in sources().values() if not s.couche)


def _en_texte(colonne: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_dictionary(colonne.type):
        colonne = pc.cast(colonne, colonne.type.value_type)
    texte = pc.cast(colonne, pa.string())
    if not pa.types.is_floating(colonne.type):
        return texte
    # NaN est l'absence des tables venues de pandas : une cellule vide, jamais un nombre.
    return pc.if_else(pc.fill_null(pc.is_nan(colonne), fill_value=True), None, texte)
