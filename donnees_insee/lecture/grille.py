"""Lire les carreaux d'une couche : leurs attributs seuls, car la position d'un carreau est dans son code."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from donnees_insee.catalogue.catalogue import sources
from donnees_insee.erreurs import FichierIllisible
from donnees_insee.lecture.brut import TableBrute, nature
from donnees_insee.lecture.pilotes import adresse, noms_des_couches, verifier_le_compte

if TYPE_CHECKING:
    from pathlib import Path

    from donnees_insee.catalogue.catalogue import Source

EXTENSIONS: Final = {".gpkg", ".shp"}


def lire_carreaux(chemin: Path) -> TableBrute | None:
    """Lire les couches de carreaux d'un fichier géographique, réunies en une table de texte."""
    if chemin.suffix.lower() not in EXTENSIONS or nature(chemin) in {"vide", "html", "zip"}:
        return None
    couches, laissees = _couches_de_carreaux(chemin)
    if not couches:
        return None
    tables = [_attributs(chemin, couche) for couche in couches]
    reunie = pa.concat_tables(tables, promote_options="default")
    uniques = _sans_repetition(reunie)
    remarques = []
    if len(couches) > 1:
        remarques.append(f"{len(couches)} couches réunies")
    if laissees:
        remarques.append(f"couches sans les colonnes d'une grille, laissées : {', '.join(laissees)}")
    if perdus := reunie.num_rows - uniques.num_rows:
        remarques.append(
            f"{perdus} ligne(s) présentes à l'identique dans plusieurs couches, gardées une fois"
        )
    return TableBrute(tuple(uniques.column_names), uniques, chemin.name, "gpkg", "", tuple(remarques))


def _couches_de_carreaux(chemin: Path) -> tuple[list[str], list[str]]:
    """Séparer les couches de carreaux des autres ; un fichier que GDAL n'ouvre pas n'en a pas."""
    grilles = [s for s in sources().values() if s.attributs_seuls]
    try:
        lisible = adresse(chemin)
        noms = noms_des_couches(lisible)
        couches = [n for n in noms if any(_convient(s, lisible, n) for s in grilles)]
    except FichierIllisible:
        raise
    except Exception:  # noqa: BLE001 - GDAL et pyproj ont chacun leurs erreurs
        return [], []  # la lecture des contours dira pourquoi ce fichier ne s'ouvre pas
    return couches, [n for n in noms if n not in couches]


def _convient(source: Source, lisible: str, couche: str) -> bool:
    import pyogrio  # noqa: PLC0415

    attributs = {str(a).upper() for a in pyogrio.read_info(lisible, layer=couche)["fields"]}
    return set(source.signature) <= attributs and bool(set(source.cle) & attributs)


def _attributs(chemin: Path, couche: str) -> pa.Table:
    import pyogrio  # noqa: PLC0415

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # avertissements de GDAL, en anglais
            _, lue = pyogrio.read_arrow(adresse(chemin), layer=couche, read_geometry=False)
            verifier_le_compte(chemin, lue.num_rows, couche)
    except FichierIllisible:
        raise
    except Exception as cause:
        raise FichierIllisible(
            f"« {chemin.name} », couche « {couche} », ne se lit pas jusqu'au bout ({cause}). "
            "Téléchargez de nouveau le fichier."
        ) from cause
    noms = [n for n in lue.column_names if n not in {"fid", "wkb_geometry"}]
    return pa.table({n.upper(): lue[n].cast(pa.string()) for n in noms})


def _sans_repetition(table: pa.Table) -> pa.Table:
    """Garder une fois chaque carreau ; les colonnes qu'aucune source ne connaît ne comptent pas."""
    grille = next(s for s in sources().values() if s.attributs_seuls)
    connues = [
        n for n in table.column_names if n in grille.cle or any(m.brut.fullmatch(n) for m in grille.motifs)
    ]
    utile = table.select(connues)
    return utile.group_by(connues, use_threads=False).aggregate([])
