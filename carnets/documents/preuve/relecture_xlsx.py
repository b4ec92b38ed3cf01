"""Lire les cellules d'un classeur XLSX, valeurs et formules, sans tableur : pour contrôler ce qui y est écrit."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from zipfile import BadZipFile

from openpyxl import load_workbook
from openpyxl.utils.datetime import to_excel
from xlsxwriter.utility import xl_rowcol_to_cell

from donnees_insee.erreurs import FichierIllisible

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class CelluleLue:
    """Une cellule : sa valeur enregistrée et sa formule."""

    valeur: float | str | None
    formule: str = ""


VIDE: Final = CelluleLue(None)


class Feuille(dict[tuple[int, int], CelluleLue]):
    """Les cellules d'une feuille, par ligne et colonne ; celle qui n'y est pas est vide."""

    nom = ""

    def adresse(self, ligne: int, colonne: int) -> str:
        """Écrire l'adresse d'une cellule, feuille comprise."""
        return f"{self.nom}!{xl_rowcol_to_cell(ligne, colonne)}"

    def __missing__(self, _: tuple[int, int]) -> CelluleLue:
        return VIDE


def lire_classeur(chemin: Path) -> dict[str, Feuille]:
    """Lire toutes les feuilles d'un classeur."""
    try:
        # openpyxl donne les valeurs ou les formules, jamais les deux : le fichier est lu deux fois.
        with (
            closing(load_workbook(chemin, read_only=True, data_only=True)) as valeurs,
            closing(load_workbook(chemin, read_only=True)) as formules,
        ):
            return {f.title: _feuille(valeurs[f.title], f) for f in formules.worksheets}
    except (OSError, KeyError, ValueError, TypeError, SyntaxError, BadZipFile) as cause:
        raise FichierIllisible(
            f"Le classeur « {chemin} » ne se lit pas ({type(cause).__name__} : {cause}) : ses chiffres ne peuvent pas "
            "être vérifiés."
        ) from cause


def _feuille(valeurs: Any, formules: Any) -> Feuille:
    # L'étendue qu'annonce le fichier peut être fausse : sans elle, tout est lu.
    valeurs.reset_dimensions()
    formules.reset_dimensions()
    feuille = Feuille(
        ((lue.row - 1, lue.column - 1), CelluleLue(_valeur(valeur), _formule(lue)))
        for ligne_de_valeurs, ligne in zip(valeurs.rows, formules.rows, strict=True)
        for valeur, lue in zip(ligne_de_valeurs, ligne, strict=True)
        if lue.value is not None
    )
    feuille.nom = formules.title
    return feuille


def _valeur(cellule: Any) -> float | str | None:
    match cellule.value:
        case None | str() as texte:
            return texte
        case bool() as logique:
            return str(int(logique))
        case int() | float() as nombre:
            return float(nombre)
        case date:
            return float(to_excel(date))


def _formule(cellule: Any) -> str:
    if cellule.data_type != "f":
        return ""
    return str(getattr(cellule.value, "text", cellule.value) or "").removeprefix("=")
