"""Lire un classeur reçu (XLS, XLSX, ODS) : une table de texte par feuille qui porte des noms techniques."""

from __future__ import annotations

import zipfile
from contextlib import suppress
from typing import TYPE_CHECKING

import pyarrow as pa

from donnees_insee.archives import verifier_taille
from donnees_insee.brut import TableBrute, rang_de_l_en_tete, refuser_noms_repetes
from donnees_insee.erreurs import FichierIllisible

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def lire_classeur(chemin: Path) -> list[TableBrute]:
    """Lire les feuilles d'un classeur qui ont une ligne de noms techniques.

    Parameters
    ----------
    chemin : pathlib.Path
        Classeur, quelle que soit son extension : son format est lu dans ses octets.

    Returns
    -------
    list of TableBrute
        Une table par feuille utile.

    Raises
    ------
    FichierIllisible
        Classeur tronqué, protégé ou démesuré.
    """
    feuilles = _ouvrir(chemin)
    tables = [_feuille(f"{chemin.name} · feuille {nom}", lignes) for nom, lignes in feuilles.items()]
    return [t for t in tables if t is not None]


def _ouvrir(chemin: Path) -> dict[str, Sequence[Sequence[object]]]:
    from python_calamine import CalamineWorkbook  # noqa: PLC0415 - import réservé aux classeurs

    with suppress(zipfile.BadZipFile):  # un classeur ancien, ou abîmé : le lecteur de classeurs le dira
        with zipfile.ZipFile(chemin) as conteneur:
            infos = conteneur.infolist()
        verifier_taille(chemin, sum(i.file_size for i in infos), sum(i.compress_size for i in infos))
    try:
        with chemin.open("rb") as flux:
            classeur = CalamineWorkbook.from_filelike(flux)
            return {
                nom: classeur.get_sheet_by_name(nom).to_python(skip_empty_area=False)
                for nom in classeur.sheet_names
            }
    except BaseException as cause:
        # Un classeur abîmé peut faire paniquer le lecteur, dont l'erreur n'est alors pas une Exception.
        if not isinstance(cause, Exception) and type(cause).__name__ != "PanicException":
            raise
        raise FichierIllisible(
            f"« {chemin.name} » ne s'ouvre pas comme un classeur ({cause}). Il est peut-être tronqué ou "
            "protégé par un mot de passe : téléchargez-le de nouveau ou enregistrez-le sans protection."
        ) from cause


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
    """Écrire une cellule de classeur comme un texte, sans ``.0`` ajouté ni décimale perdue.

    Parameters
    ----------
    cellule : object
        Valeur rendue par le lecteur de classeurs.

    Returns
    -------
    str or None
        Texte, ou ``None`` pour une cellule vide.
    """
    if cellule is None or cellule == "":
        return None
    if isinstance(cellule, float):
        return str(int(cellule)) if cellule.is_integer() else repr(cellule)
    return str(cellule).strip() or None
