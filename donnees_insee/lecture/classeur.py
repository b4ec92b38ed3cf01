"""Lire un classeur reçu (XLS, XLSX, ODS) : une table de texte par feuille qui porte des noms techniques."""

from __future__ import annotations

import pickle
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from donnees_insee.chemins import dossier_de_passage
from donnees_insee.erreurs import FichierIllisible
from donnees_insee.lecture import feuilles
from donnees_insee.lecture.archives import verifier_taille
from donnees_insee.lecture.brut import TableBrute, nature, rang_de_l_en_tete, refuser_noms_repetes

if TYPE_CHECKING:
    from collections.abc import Sequence

DUREE_MAXIMALE: Final = 600  # secondes


def lire_classeur(chemin: Path) -> list[TableBrute]:
    """Lire les feuilles d'un classeur qui ont une ligne de noms techniques."""
    tables = [_feuille(f"{chemin.name} · feuille {nom}", lignes) for nom, lignes in _ouvrir(chemin).items()]
    return [t for t in tables if t is not None]


def _ouvrir(chemin: Path) -> dict[str, Sequence[Sequence[object]]]:
    """Lire les cellules dans un processus à part, dont ni la panique ni la gourmandise n'atteignent celui-ci."""
    if nature(chemin) == "zip":  # un classeur ancien n'est pas une archive
        _verifier_l_archive(chemin)
    with dossier_de_passage("classeur") as provisoire:
        sortie = Path(provisoire) / "feuilles"
        commande = [sys.executable, "-P", feuilles.__file__, str(chemin.absolute()), str(sortie)]
        try:
            subprocess.run(commande, check=True, capture_output=True, timeout=DUREE_MAXIMALE)  # noqa: S603
            with sortie.open("rb") as flux:
                lues: dict[str, Sequence[Sequence[object]]] = pickle.load(flux)  # noqa: S301 - écrit à l'instant
        except (subprocess.SubprocessError, pickle.UnpicklingError, EOFError) as cause:
            raise FichierIllisible(
                f"« {chemin.name} » ne s'ouvre pas comme un classeur : il est peut-être tronqué, protégé par un mot "
                "de passe, ou démesuré (une cellule remplie tout au bout d'une feuille). Téléchargez-le de nouveau, "
                "ou enregistrez la feuille utile en CSV."
            ) from cause
    return lues


def _verifier_l_archive(chemin: Path) -> None:
    """Refuser un classeur démesuré, ou dont une pièce n'a pas sa somme : le lecteur s'en accommoderait."""
    try:
        with zipfile.ZipFile(chemin) as conteneur:
            infos = conteneur.infolist()
            verifier_taille(chemin, sum(i.file_size for i in infos), sum(i.compress_size for i in infos))
            abimee = conteneur.testzip()
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, OSError) as cause:
        raise FichierIllisible(
            f"« {chemin.name} » ne s'ouvre pas comme un classeur : il est tronqué, abîmé ou protégé. Téléchargez-le de "
            "nouveau, ou enregistrez la feuille utile en CSV."
        ) from cause
    if abimee is not None:
        raise FichierIllisible(
            f"« {chemin.name} » est un classeur abîmé : sa pièce « {abimee} » n'a pas sa somme. Téléchargez-le de nouveau."
        )


def _feuille(origine: str, lignes: Sequence[Sequence[object]]) -> TableBrute | None:
    """Trouver la ligne des noms techniques, puis prendre tout ce qui est dessous."""
    rang = rang_de_l_en_tete([[en_texte(c) or "" for c in ligne] for ligne in lignes[:30]])
    if rang is None:
        return None
    noms = [en_texte(c) or "" for c in lignes[rang]]
    utiles = [(i, n) for i, n in enumerate(noms) if n]
    refuser_noms_repetes([n for _, n in utiles], origine)
    donnees = [ligne for ligne in lignes[rang + 1 :] if any(c not in {"", None} for c in ligne)]
    texte = pa.table(
        {n: pa.array([en_texte(ligne[i]) for ligne in donnees], type=pa.string()) for i, n in utiles}
    )
    titre = " · ".join(filter(None, (en_texte(ligne[0]) for ligne in lignes[:rang] if ligne)))
    return TableBrute(tuple(texte.column_names), texte, origine, "classeur", titre)


def en_texte(cellule: object) -> str | None:
    """Écrire une cellule de classeur comme un texte, sans ``.0`` ajouté ni décimale perdue."""
    if cellule is None or cellule == "":
        return None
    if isinstance(cellule, float):
        return str(int(cellule)) if cellule.is_integer() else repr(cellule)
    return str(cellule).strip() or None
