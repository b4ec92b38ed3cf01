"""Décrire les CSV livrés : un datapackage.json (Table Schema) pour tous ceux d'un dossier, un .csvt (GDAL) pour chacun."""

from __future__ import annotations

import csv
import json
import re
import tomllib
from typing import TYPE_CHECKING, Any, Final

from abs.definitions import table
from abs.indicateurs.indicateurs import tous_les_indicateurs
from carnets.documents.modeles import MODELES
from donnees_insee.chemins import fichier_provisoire

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

PAQUET: Final = "datapackage.json"
SCHEMA: Final = "schema.json"
DITS: Final[dict[str, Any]] = tomllib.loads((MODELES / "colonnes.toml").read_text(encoding="utf-8"))
COLONNES: Final[dict[str, list[str]]] = DITS["colonnes"]
TABLES: Final[dict[str, dict[str, Any]]] = DITS["tables"]
# Table d'un CSV dont le nom n'en désigne aucune : celle des chiffres d'un seul indicateur.
LONGUE: Final = "diagnostic"


def ecrire_csvt(chemin: Path, colonnes: Iterable[str]) -> Path:
    """Écrire à côté d'un CSV les types de ses colonnes : sans eux, QGIS et R lisent 01004 comme un nombre."""
    types = ",".join(f'"{t}"' for t in types_de_gdal(colonnes))
    fichier = chemin.with_suffix(".csvt")
    with fichier_provisoire(fichier) as provisoire:
        provisoire.write_text(f"{types}\n", encoding="ascii", newline="")
    return fichier


def types_de_gdal(colonnes: Iterable[str]) -> list[str]:
    """Donner le type de chaque colonne, dans les mots de GDAL."""
    return [DITS["types"][colonne_dite(c)[0]] for c in colonnes]


def colonne_dite(colonne: str) -> tuple[str, str]:
    """Donner le type et la description d'une colonne ; le nom de certaines finit par un indicateur."""
    if colonne in COLONNES:
        genre, description = COLONNES[colonne]
        return genre, description
    for prefixe, (genre, description) in DITS["prefixes"].items():
        if colonne.startswith(prefixe):
            code, _, annee = colonne.removeprefix(prefixe).rpartition("_")
            nom, date = (code, f", {annee}") if annee.isdigit() else (colonne.removeprefix(prefixe), "")
            connu = tous_les_indicateurs().get(nom)
            return genre, f"{description}{connu.libelle if connu else nom}{date}"
    return "string", ""


def ecrire_paquet(dossier: Path, fichiers: Iterable[Path], titre: str, nom: str = PAQUET) -> Path:
    """Écrire la description des CSV d'un dossier."""
    ressources = [ressource(f, f.relative_to(dossier).as_posix()) for f in fichiers]
    return _ecrire(dossier / nom, _paquet(titre, ressources))


def accompagner(chemin: Path, titre: str) -> None:
    """Décrire un CSV seul, dans un dossier qui peut en recevoir d'autres."""
    ecrire_paquet(chemin.parent, [chemin], titre, f"{chemin.stem}.{PAQUET}")


def ecrire_paquet_partage(dossier: Path, fichiers: Iterable[Path], titre: str) -> Path:
    """Écrire la description de CSV qui ont tous les mêmes colonnes, leur schéma une seule fois."""
    ressources = [ressource(f, f.relative_to(dossier).as_posix()) for f in fichiers]
    _ecrire(dossier / SCHEMA, ressources[0]["schema"])
    return _ecrire(dossier / PAQUET, _paquet(titre, [r | {"schema": SCHEMA} for r in ressources]))


def _paquet(titre: str, ressources: list[dict[str, Any]]) -> dict[str, Any]:
    return {"profile": "tabular-data-package", "title": titre, "resources": ressources}


def _ecrire(chemin: Path, contenu: dict[str, Any]) -> Path:
    with fichier_provisoire(chemin) as provisoire:
        provisoire.write_text(json.dumps(contenu, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return chemin


def ressource(fichier: Path, adresse: str) -> dict[str, Any]:
    """Décrire un CSV d'après ses en-têtes."""
    colonnes = entetes(fichier)
    connue = _table_de(fichier, colonnes)
    return {
        "profile": "tabular-data-resource",
        "name": adresse.removesuffix(".csv").lower(),
        "title": TABLES[connue]["titre"],
        "path": adresse,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": DITS["encodage"],
        "dialect": {"delimiter": ";", "header": True},
        "schema": _schema(connue, colonnes),
    }


def _table_de(fichier: Path, colonnes: list[str]) -> str:
    """Reconnaître la table d'un CSV à son nom, ou au début de celui-ci (« evolutions_63113 »), si elle a bien sa clé."""
    candidates = (fichier.stem, re.split("[-_]", fichier.stem)[0])
    connues = (n for n in candidates if n in TABLES and set(TABLES[n].get("cle", ())) <= set(colonnes))
    return next(connues, LONGUE)


def entetes(fichier: Path) -> list[str]:
    """Lire les en-têtes d'un CSV livré."""
    with fichier.open(encoding="utf-8-sig", newline="") as flux:
        return next(csv.reader(flux, delimiter=";"), [])


def _schema(connue: str, colonnes: list[str]) -> dict[str, Any]:
    """Écrire le Table Schema d'une table."""
    dite = TABLES[connue]
    rendu = {
        "fields": [_champ(c, dite.get("listes", {}).get(c, "")) for c in colonnes],
        "missingValues": DITS["valeurs_manquantes"],
    }
    cle = dite.get("cle", [])
    return rendu | ({"primaryKey": cle} if cle and set(cle) <= set(colonnes) else {})


def _champ(colonne: str, liste: str) -> dict[str, Any]:
    genre, description = colonne_dite(colonne)
    champ: dict[str, Any] = {"name": colonne, "type": genre, "description": description}
    if genre == "number":
        champ["decimalChar"] = ","
    if liste:
        champ["constraints"] = {"required": True, "enum": list(table("_libelles")[liste])}
    return champ
