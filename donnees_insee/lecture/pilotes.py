"""Nommer à GDAL le pilote d'une couche reçue : laissé libre, il choisit d'après le contenu et peut aller sur le réseau."""

import codecs
import glob
import json
import mmap
import re
import sqlite3
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from donnees_insee.erreurs import ErreurAbs, FichierIllisible

# Pilote et premiers octets de chaque extension admise ; un JSON commence par une accolade.
PILOTES: Final = {
    ".geojson": ("GeoJSON", b"{"),
    ".json": ("GeoJSON", b"{"),
    ".topojson": ("TopoJSON", b"{"),
    ".gpkg": ("GPKG", b"SQLite format 3\x00"),
    ".shp": ("ESRI Shapefile", b"\x00\x00\x27\x0a"),
}
# GDAL cherche « crs » sans regarder la casse, et JSON admet d'en écrire les lettres par leur numéro.
CRS: Final = re.compile(rb'"(?:[cC]|\\u00[46]3)(?:[rR]|\\u00[57]2)(?:[sS]|\\u00[57]3)"\s*:\s*')
CRS_SURS: Final = frozenset({"name", "epsg", "ogc"})
# Relire un JSON en entier prend dix fois sa taille en mémoire.
JSON_RELU: Final = 100 * 1024**2
ENTITE: Final = re.compile(rb'"type"\s*:\s*"Feature"')
TOPOLOGIE: Final = re.compile(rb'"type"\s*:\s*"Topology"')
DEBUT: Final = 8192


@contextmanager
def sous_gdal(refus: str, conseil: str) -> Iterator[None]:
    """Taire les avertissements de GDAL, qui sont en anglais, et dire en français ce qui l'arrête."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except ErreurAbs:
        raise
    except Exception as cause:
        # GDAL, pyogrio et shapely ont chacun leurs erreurs, selon ce qui est abîmé dans le fichier.
        raise FichierIllisible(f"{refus} ({cause}). {conseil}".rstrip()) from cause


def adresse(chemin: Path) -> str:
    """Donner à GDAL le nom d'une couche, pilote compris, après avoir vérifié qu'elle est ce qu'elle annonce."""
    pilote, signature = PILOTES[chemin.suffix.lower()]
    with chemin.open("rb") as flux:
        debut = flux.read(DEBUT)
    lu = debut.removeprefix(codecs.BOM_UTF8)
    if not (lu.lstrip(b" \t\r\n") if signature == b"{" else lu).startswith(signature):
        raise FichierIllisible(
            f"« {chemin.name} » n'est pas une couche géographique : ses premiers octets ne sont pas ceux d'un "
            f"fichier {pilote}. Exportez de nouveau la couche depuis un SIG, puis déposez-la."
        )
    complet = str(chemin.absolute())
    if signature == b"{":
        _refuser_un_crs_du_reseau(chemin)
        return f"{'TopoJSON' if TOPOLOGIE.search(debut) else pilote}:{complet}"
    if pilote == "GPKG":
        _refuser_les_tables_virtuelles(chemin)
    return complet


def noms_des_couches(lisible: str) -> list[str]:
    """Lister les couches d'un fichier qui ont une géométrie."""
    import pyogrio  # noqa: PLC0415 - import lent, réservé aux couches

    return [str(nom) for nom, geometrie in pyogrio.list_layers(lisible) if geometrie is not None]


def verifier_le_compte(chemin: Path, lues: int, couche: str | None = None) -> None:
    """Vérifier, sans GDAL, qu'il a donné toutes les entités d'une couche."""
    if chemin.suffix.lower() == ".gpkg":
        with _base_sqlite(chemin) as base:
            nom = str(couche).replace('"', '""')
            annoncees = base.execute(f'select count(*) from "{nom}"').fetchone()[0]
    elif chemin.suffix.lower() == ".shp":
        voisins = chemin.parent.glob(f"{glob.escape(chemin.stem)}.[sS][hH][xX]")
        annoncees = next(((index.stat().st_size - 100) // 8 for index in voisins), lues)
    else:
        annoncees = _entites_d_un_json(chemin, lues)
    if annoncees != lues:
        raise FichierIllisible(
            f"« {chemin.name} » : {lues} entités ont été lues, et le fichier en contient {annoncees}. Il est tronqué ou "
            "abîmé : exportez de nouveau la couche."
        )


def _base_sqlite(chemin: Path) -> closing[sqlite3.Connection]:
    return closing(sqlite3.connect(f"{chemin.absolute().as_uri()}?mode=ro&immutable=1", uri=True))


def _entites_d_un_json(chemin: Path, lues: int) -> int:
    """Compter les entités d'un GeoJSON ou d'un TopoJSON en le relisant ; d'un très grand, à ses seules marques."""
    octets = chemin.read_bytes()
    if len(octets) > JSON_RELU:
        return len(ENTITE.findall(octets)) or lues
    try:
        document = json.loads(octets.decode("utf-8-sig", "replace"), strict=False)
        if "objects" in document:
            couches = list(document["objects"].values())
            if len(couches) != 1:
                return lues
            return len(couches[0]["geometries"]) if "geometries" in couches[0] else 1
        return len(document["features"]) if "features" in document else 1
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as cause:
        raise FichierIllisible(
            f"« {chemin.name} » ne se relit pas comme un JSON bien formé : exportez de nouveau la couche."
        ) from cause


def _refuser_un_crs_du_reseau(chemin: Path) -> None:
    """Refuser un système de coordonnées donné par une adresse : GDAL irait la demander."""
    with chemin.open("rb") as flux, mmap.mmap(flux.fileno(), 0, access=mmap.ACCESS_READ) as octets:
        for trouve in CRS.finditer(octets):
            suite = octets[trouve.end() : trouve.end() + DEBUT].decode("utf-8", "replace")
            try:
                crs, _ = json.JSONDecoder().raw_decode(suite)
            except (ValueError, RecursionError):
                crs = {"type": "illisible"}
            if isinstance(crs, dict) and not _est_sur(crs):
                raise FichierIllisible(
                    f"« {chemin.name} » donne son système de coordonnées par une adresse à consulter, que ce logiciel "
                    "ne suit pas. Exportez de nouveau la couche en WGS 84 (EPSG:4326), puis déposez-la."
                )


def _est_sur(crs: dict[str, object]) -> bool:
    genres = [str(v).lower() for k, v in crs.items() if k.lower() == "type"]
    return all(g in CRS_SURS for g in genres)


def _refuser_les_tables_virtuelles(chemin: Path) -> None:
    """Refuser un GeoPackage dont une table en lit une autre hors du fichier ; l'index spatial n'en est pas."""
    try:
        with _base_sqlite(chemin) as base:
            paquet = base.execute("pragma application_id").fetchone()[0].to_bytes(4, "big", signed=True)
            virtuelles = [
                str(nom)
                for nom, texte in base.execute("select name, sql from sqlite_master where sql is not null")
                if re.match(r"\s*create\s+virtual\s", str(texte), re.IGNORECASE)
                and not re.search(r"\busing\s+rtree\s*\(", str(texte), re.IGNORECASE)
            ]
    except sqlite3.Error as cause:
        raise FichierIllisible(
            f"« {chemin.name} » ne s'ouvre pas comme un GeoPackage ({cause}). Téléchargez-le de nouveau."
        ) from cause
    quoi = "est une autre base SQLite" if paquet[:2] != b"GP" else ""
    if virtuelles:
        quoi = f"contient des tables virtuelles ({', '.join(virtuelles[:3])})"
    if quoi:
        raise FichierIllisible(
            f"« {chemin.name} » {quoi} et non un simple GeoPackage. Exportez de nouveau la couche depuis un SIG."
        )
