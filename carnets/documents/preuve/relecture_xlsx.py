"""Lire les cellules d'un classeur XLSX, valeurs et formules, sans tableur : pour contrôler ce qui y est écrit."""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

from donnees_insee.erreurs import FichierIllisible

if TYPE_CHECKING:
    from pathlib import Path

ESPACE: Final = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
LIEN: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
ADRESSE: Final = re.compile(r"([A-Z]+)(\d+)")

Feuille = dict[tuple[int, int], "CelluleLue"]


@dataclass(frozen=True)
class CelluleLue:
    """Une cellule : sa valeur enregistrée et sa formule."""

    valeur: float | str | None
    formule: str = ""


VIDE: Final = CelluleLue(None)


def adresse(ligne: int, colonne: int) -> str:
    """Écrire l'adresse d'une cellule."""
    lettres, reste = "", colonne + 1
    while reste:
        reste, rang = divmod(reste - 1, 26)
        lettres = chr(65 + rang) + lettres
    return f"{lettres}{ligne + 1}"


def place(texte: str) -> tuple[int, int]:
    """Lire l'adresse d'une cellule."""
    trouve = ADRESSE.fullmatch(texte.replace("$", ""))
    if trouve is None:
        return -1, -1
    colonne = 0
    for lettre in trouve[1]:
        colonne = colonne * 26 + ord(lettre) - 64
    return int(trouve[2]) - 1, colonne - 1


def lire_classeur(chemin: Path) -> dict[str, Feuille]:
    """Lire toutes les feuilles d'un classeur."""
    try:
        with zipfile.ZipFile(chemin) as archive:
            communes = _textes_partages(archive)
            liens = {
                lien.get("Id"): str(lien.get("Target"))
                for lien in ET.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314 - rien n'en est exécuté
            }
            classeur = ET.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314
            return {
                str(f.get("name")): _feuille(archive, liens[f.get(LIEN)], communes)
                for f in classeur.iter(f"{ESPACE}sheet")
            }
    except (OSError, KeyError, ValueError, ET.ParseError, zipfile.BadZipFile) as cause:
        raise FichierIllisible(
            f"Le classeur « {chemin} » ne se lit pas ({type(cause).__name__} : {cause}) : ses chiffres ne peuvent pas "
            "être vérifiés."
        ) from cause


def _textes_partages(archive: zipfile.ZipFile) -> list[str]:
    if "xl/sharedStrings.xml" not in archive.namelist():
        return []
    racine = ET.fromstring(archive.read("xl/sharedStrings.xml"))  # noqa: S314
    return ["".join(t.text or "" for t in si.iter(f"{ESPACE}t")) for si in racine.iter(f"{ESPACE}si")]


def _feuille(archive: zipfile.ZipFile, cible: str, communes: list[str]) -> Feuille:
    chemin = cible.lstrip("/") if cible.startswith("/") else f"xl/{cible}"
    cellules: Feuille = {}
    with archive.open(chemin) as flux:
        for _, noeud in ET.iterparse(flux):  # noqa: S314
            if noeud.tag == f"{ESPACE}c":
                cellules[place(str(noeud.get("r")))] = _cellule(noeud, communes)
                noeud.clear()
    return cellules


def _cellule(noeud: ET.Element, communes: list[str]) -> CelluleLue:
    formule = noeud.findtext(f"{ESPACE}f") or ""
    texte, genre = noeud.findtext(f"{ESPACE}v"), noeud.get("t")
    if genre == "inlineStr":
        return CelluleLue("".join(t.text or "" for t in noeud.iter(f"{ESPACE}t")), formule)
    if not texte:
        return CelluleLue(None, formule)
    if genre == "s":
        return CelluleLue(communes[int(texte)], formule)
    return CelluleLue(texte if genre in {"str", "e", "b"} else float(texte), formule)
