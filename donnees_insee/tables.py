"""Ouvrir un fichier reçu (CSV, classeur) et en sortir des tables de texte, sans rien interpréter."""

from __future__ import annotations

import csv
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa

from donnees_insee.erreurs import FichierIllisible

EXTENSIONS_TEXTE: Final = {".csv", ".txt", ".tsv"}
EXTENSIONS_CLASSEUR: Final = {".xls", ".xlsx", ".xlsm", ".ods"}
SIGNATURES: Final[dict[bytes, str]] = {
    b"PK\x03\x04": "zip",
    b"\xd0\xcf\x11\xe0": "xls",
    b"7z\xbc\xaf": "7z",
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
        Encodage constaté.
    titre : str
        Lignes de titre au-dessus de l'en-tête (classeurs).
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
        ``zip``, ``xls``, ``7z``, ``pdf``, ``parquet``, ``gpkg``, ``html``, ``vide`` ou ``texte``.
    """
    with chemin.open("rb") as flux:
        debut = flux.read(512)
    if not debut:
        return "vide"
    for signature, nom in SIGNATURES.items():
        if debut.startswith(signature):
            return nom
    if debut.lstrip().lower().startswith((b"<!doctype html", b"<html")):
        return "html"
    return "texte"


def lire_tables(chemin: Path) -> list[TableBrute]:
    """Lire toutes les tables d'un fichier CSV ou d'un classeur.

    Parameters
    ----------
    chemin : pathlib.Path
        Fichier à lire.

    Returns
    -------
    list of TableBrute
        Une table pour un CSV, une par feuille pour un classeur.

    Raises
    ------
    FichierIllisible
        Si le contenu n'est pas celui que l'extension annonce, ou s'il est tronqué.
    """
    extension, contenu = chemin.suffix.lower(), nature(chemin)
    if contenu == "vide":
        raise FichierIllisible(f"« {chemin.name} » est vide. Téléchargez-le de nouveau.")
    if contenu == "html":
        raise FichierIllisible(
            f"« {chemin.name} » est une page web et non une table : le site a sans doute répondu par une page "
            "d'erreur. Téléchargez de nouveau le fichier depuis la page de la source."
        )
    if extension in EXTENSIONS_CLASSEUR:
        if contenu not in {"zip", "xls"}:
            raise FichierIllisible(
                f"« {chemin.name} » porte l'extension d'un classeur mais contient du {contenu}. "
                "Enregistrez-le en vrai classeur, ou renommez-le en .csv s'il s'agit de texte."
            )
        return _lire_classeur(chemin)
    if contenu != "texte":
        raise FichierIllisible(
            f"« {chemin.name} » porte l'extension {extension} mais son contenu est de nature « {contenu} ». "
            "Rendez-lui l'extension de son contenu, puis déposez-le de nouveau."
        )
    return [_lire_csv(chemin)]


def _decoder(octets: bytes, nom: str) -> tuple[str, str]:
    """Décoder sans perte : UTF-8 d'abord, sinon Windows-1252, et le dire."""
    if octets.startswith((b"\xff\xfe", b"\xfe\xff")):
        return octets.decode("utf-16"), "utf-16"
    try:
        return octets.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError:
        pass
    try:
        return octets.decode("cp1252"), "windows-1252"
    except UnicodeDecodeError as cause:
        raise FichierIllisible(
            f"« {nom} » n'est lisible ni en UTF-8 ni en Windows-1252. "
            "Ouvrez-le dans un tableur et enregistrez-le en « CSV UTF-8 »."
        ) from cause


def _separateur(entete: str, nom: str) -> str:
    """Compter les séparateurs de la ligne d'en-tête, hors des guillemets."""
    hors_guillemets = "".join(entete.split('"')[::2])
    comptes = {s: hors_guillemets.count(s) for s in (";", ",", "\t", "|")}
    meilleur = max(comptes, key=lambda s: comptes[s])
    if comptes[meilleur] == 0:
        raise FichierIllisible(
            f"« {nom} » n'a qu'une colonne : aucun point-virgule, virgule, tabulation ou barre dans sa première "
            f"ligne « {entete[:60]} ». Enregistrez-le en CSV séparé par des points-virgules."
        )
    return meilleur


def _lire_csv(chemin: Path) -> TableBrute:
    contenu, encodage = _decoder(chemin.read_bytes(), chemin.name)
    premiere = contenu.removeprefix("\ufeff").split("\n", 1)[0].rstrip("\r")
    separateur = _separateur(premiere, chemin.name)
    noms = [n.strip() for n in next(csv.reader([premiere], delimiter=separateur))]
    if encodage == "utf-8":
        brut = _charger_csv(chemin, noms, separateur, chemin.name)
    else:
        with tempfile.TemporaryDirectory(prefix="abs-csv-") as provisoire:
            copie = Path(provisoire) / "en-utf-8.csv"
            copie.write_text(contenu, encoding="utf-8", newline="")
            brut = _charger_csv(copie, noms, separateur, chemin.name)
    utiles = [(i, n) for i, n in enumerate(noms) if n]
    _refuser_noms_repetes([n for _, n in utiles], chemin.name)
    vides = len(noms) - len(utiles)
    texte = pa.table({n: brut.column(i) for i, n in utiles})
    remarques = []
    if encodage != "utf-8":
        remarques.append(f"encodage {encodage}")
    if vides:
        remarques.append(f"{vides} colonnes sans nom ôtées")
    return TableBrute(tuple(texte.column_names), texte, chemin.name, encodage, "", tuple(remarques))


def _charger_csv(chemin: Path, noms: list[str], separateur: str, nom: str) -> pa.Table:
    """Confier le découpage à DuckDB, en texte pur, et traduire son refus."""
    colonnes = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(noms)))
    adresse = str(chemin).replace("'", "''")
    lecture = (
        f"select * from read_csv('{adresse}', columns={{{colonnes}}}, delim='{separateur}', "
        "header=false, skip=1, quote='\"', escape='\"', auto_detect=false, nullstr='', null_padding=false, "
        "strict_mode=true)"
    )
    connexion = duckdb.connect()
    try:
        return connexion.sql(lecture).to_arrow_table()
    except duckdb.Error as cause:
        raise FichierIllisible(
            f"« {nom} » : une ligne n'a pas les {len(noms)} colonnes de l'en-tête, ou un guillemet n'est pas "
            f"fermé. Le fichier est peut-être tronqué : téléchargez-le de nouveau. ({_ligne_fautive(str(cause))})"
        ) from cause
    finally:
        connexion.close()


def _ligne_fautive(message: str) -> str:
    for ligne in message.splitlines():
        if "Line:" in ligne or "line:" in ligne.lower():
            return "ligne " + "".join(c for c in ligne if c.isdigit())
    return "ligne non précisée"


def _refuser_noms_repetes(noms: list[str], origine: str) -> None:
    repetes = sorted({n for n in noms if noms.count(n) > 1})
    if repetes:
        raise FichierIllisible(
            f"« {origine} » : les colonnes {', '.join(repetes)} apparaissent plusieurs fois. "
            "Gardez-en une seule de chaque, puis déposez de nouveau le fichier."
        )


def _lire_classeur(chemin: Path) -> list[TableBrute]:
    from python_calamine import CalamineError, CalamineWorkbook  # noqa: PLC0415 - import réservé aux classeurs

    try:
        classeur = CalamineWorkbook.from_path(str(chemin))
        feuilles = {
            nom: classeur.get_sheet_by_name(nom).to_python(skip_empty_area=False)
            for nom in classeur.sheet_names
        }
    except (CalamineError, OSError, ValueError) as cause:
        raise FichierIllisible(
            f"« {chemin.name} » ne s'ouvre pas comme un classeur ({cause}). Il est peut-être tronqué ou protégé "
            "par un mot de passe : téléchargez-le de nouveau ou enregistrez-le sans protection."
        ) from cause
    tables = [_feuille(f"{chemin.name} · feuille {nom}", lignes) for nom, lignes in feuilles.items()]
    return [t for t in tables if t is not None]


def _feuille(origine: str, lignes: list[list[object]]) -> TableBrute | None:
    """Trouver la ligne des noms techniques, puis prendre tout ce qui est dessous."""
    rang = _rang_de_l_en_tete(lignes)
    if rang is None:
        return None
    noms = [en_texte(c) or "" for c in lignes[rang]]
    utiles = [(i, n) for i, n in enumerate(noms) if n]
    _refuser_noms_repetes([n for _, n in utiles], origine)
    donnees = [ligne for ligne in lignes[rang + 1 :] if any(c not in ("", None) for c in ligne)]
    texte = pa.table(
        {n: pa.array([en_texte(ligne[i]) for ligne in donnees], type=pa.string()) for i, n in utiles}
    )
    titre = " · ".join(filter(None, (en_texte(ligne[0]) for ligne in lignes[:rang] if ligne)))
    return TableBrute(tuple(texte.column_names), texte, origine, "classeur", titre)


def _rang_de_l_en_tete(lignes: list[list[object]]) -> int | None:
    """Choisir, parmi les premières lignes, celle qui ne porte que des noms techniques."""
    for rang, ligne in enumerate(lignes[:LIGNES_D_EN_TETE]):
        noms = [str(c).strip() for c in ligne if c not in ("", None)]
        if len(noms) >= 2 and all(n.replace("_", "").isalnum() and n.isascii() for n in noms):  # noqa: SIM102
            if not any(n[0].isdigit() for n in noms) and noms[0].upper() != "VAR_ID":
                return rang
    return None


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
