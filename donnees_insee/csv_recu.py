"""Lire un CSV reçu : encodage constaté sans le charger, en-tête trouvé, découpage confié à DuckDB."""

from __future__ import annotations

import codecs
import csv
import glob
import itertools
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import duckdb
import pyarrow as pa

from donnees_insee.brut import LIGNES_D_EN_TETE, TableBrute, moteur, rang_de_l_en_tete, refuser_noms_repetes
from donnees_insee.erreurs import FichierIllisible

if TYPE_CHECKING:
    from collections.abc import Iterator

SEPARATEURS: Final = (";", ",", "\t", "|")
BLOC: Final = 1 << 20
# Au-delà, une « ligne » n'est plus un en-tête : le fichier n'a pas de fins de ligne.
LIGNE_MAXIMALE: Final = 1 << 20


@dataclass(frozen=True)
class _Examen:
    """Ce qu'une lecture en continu dit d'un fichier texte."""

    encodage: str
    a_transcrire: bool
    remarques: tuple[str, ...]


@dataclass(frozen=True)
class _EnTete:
    """La ligne des noms d'un CSV, et ce qui la précède."""

    rang: int
    separateur: str
    noms: list[str]
    titre: str


def lire_csv(chemin: Path) -> TableBrute:
    """Lire un CSV en texte pur.

    Parameters
    ----------
    chemin : pathlib.Path
        Fichier texte non vide.

    Returns
    -------
    TableBrute
        Colonnes nommées ; une cellule vide est nulle.

    Raises
    ------
    FichierIllisible
        Encodage inconnu, ligne de longueur différente, guillemet non fermé, nom de colonne répété.
    """
    examen = _examiner(chemin)
    with tempfile.TemporaryDirectory(prefix="abs-csv-") as provisoire:
        lisible = chemin
        if examen.a_transcrire or not _ecrit_en_utf_8(chemin):
            lisible = Path(provisoire) / "transcrit.csv"
            _transcrire(chemin, lisible, examen.encodage)
        entete = _trouver_l_en_tete(lisible, chemin.name)
        utiles = [(i, n) for i, n in enumerate(entete.noms) if n]
        refuser_noms_repetes([n for _, n in utiles], chemin.name)
        brut = _charger(lisible, entete, chemin.name)
    texte = pa.table({n: brut.column(i) for i, n in utiles})
    remarques = list(examen.remarques)
    if len(entete.noms) > len(utiles):
        remarques.append(f"{len(entete.noms) - len(utiles)} colonnes sans nom ôtées")
    encodage = {"utf-8-sig": "utf-8", "cp1252": "windows-1252"}.get(examen.encodage, examen.encodage)
    return TableBrute(tuple(texte.column_names), texte, chemin.name, encodage, entete.titre, tuple(remarques))


def _ecrit_en_utf_8(chemin: Path) -> bool:
    """Dire si DuckDB saura ouvrir ce chemin : certains disques gardent des noms d'un autre encodage."""
    return str(chemin).encode("utf-8", "replace").decode() == str(chemin)


# -- encodage ----------------------------------------------------------------------------------


def _blocs(chemin: Path) -> Iterator[bytes]:
    with chemin.open("rb") as flux:
        while bloc := flux.read(BLOC):
            yield bloc


def _examiner(chemin: Path) -> _Examen:
    """Constater encodage et fins de ligne par blocs, sans tenir le fichier en mémoire."""
    with chemin.open("rb") as flux:
        debut = flux.read(4096)
    utf16 = _utf_16(debut)
    if utf16:
        _essayer(chemin, utf16)
        return _Examen(utf16, a_transcrire=True, remarques=("encodage utf-16",))
    comptes = _compter(chemin)
    if comptes["nuls"]:
        raise FichierIllisible(
            f"« {chemin.name} » contient des octets nuls : ce n'est pas un fichier texte, ou il est abîmé. "
            "Téléchargez-le de nouveau."
        )
    encodage, remarques = _utf_8_ou_windows(chemin, comptes)
    propres = comptes["r"] == 0 or comptes["n"] == comptes["r"] == comptes["rn"]
    return _Examen(encodage, encodage != "utf-8-sig" or not propres, remarques)


def _utf_16(debut: bytes) -> str | None:
    if debut.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    # Sans marque d'ordre, un texte latin en UTF-16 a un octet nul sur deux.
    if len(debut) >= 4 and debut.count(0) > len(debut) // 3:
        return "utf-16-le" if debut[1] == 0 else "utf-16-be"
    return None


def _compter(chemin: Path) -> dict[str, int]:
    comptes = dict.fromkeys(("nuls", "n", "r", "rn", "perdus", "meles"), 0)
    fin = b""
    for bloc in _blocs(chemin):
        comptes["nuls"] += bloc.count(0)
        comptes["n"] += bloc.count(b"\n")
        comptes["r"] += bloc.count(b"\r")
        comptes["rn"] += bloc.count(b"\r\n") + (fin == b"\r" and bloc.startswith(b"\n"))
        comptes["perdus"] += bloc.count(b"\xef\xbf\xbd")
        comptes["meles"] += bloc.count(b"\xc3\xa9") + bloc.count(b"\xc3\xa8")
        fin = bloc[-1:]
    return comptes


def _utf_8_ou_windows(chemin: Path, comptes: dict[str, int]) -> tuple[str, tuple[str, ...]]:
    """Décoder sans perte : UTF-8 d'abord, sinon Windows-1252, et le dire."""
    if _essayer(chemin, "utf-8-sig"):
        perdus = ("des accents étaient déjà perdus dans le fichier reçu (caractère �)",)
        return "utf-8-sig", perdus if comptes["perdus"] else ()
    _essayer(chemin, "cp1252")
    if comptes["meles"]:
        return "cp1252", ("encodage windows-1252 et UTF-8 mêlés : des accents des noms sont à vérifier",)
    return "cp1252", ("encodage windows-1252",)


def _essayer(chemin: Path, encodage: str) -> bool:
    """Décoder tout le fichier ; un refus de l'UTF-8 laisse sa chance à Windows-1252, les autres sont dits."""
    decodeur = codecs.getincrementaldecoder(encodage)()
    try:
        for bloc in _blocs(chemin):
            decodeur.decode(bloc)
        decodeur.decode(b"", final=True)
    except UnicodeDecodeError as cause:
        if encodage == "utf-8-sig":
            return False
        raise FichierIllisible(
            f"« {chemin.name} » n'est lisible ni en UTF-8, ni en UTF-16, ni en Windows-1252. "
            "Ouvrez-le dans un tableur et enregistrez-le en « CSV UTF-8 »."
        ) from cause
    return True


def _transcrire(chemin: Path, copie: Path, encodage: str) -> None:
    """Réécrire en UTF-8, fins de ligne unifiées : DuckDB refuse qu'elles soient mêlées."""
    with (
        chemin.open(encoding=encodage, newline=None) as source,
        copie.open("w", encoding="utf-8", newline="\n") as cible,
    ):
        while bloc := source.read(BLOC):
            cible.write(bloc.removeprefix("\ufeff"))


# -- en-tête -----------------------------------------------------------------------------------


def _trouver_l_en_tete(chemin: Path, nom: str) -> _EnTete:
    """Prendre la première ligne, ou celle des noms techniques si des titres la précèdent."""
    with chemin.open(encoding="utf-8-sig") as flux:
        lignes = list(itertools.islice(iter(lambda: flux.readline(LIGNE_MAXIMALE), ""), LIGNES_D_EN_TETE))
    lignes = [ligne.rstrip("\r\n") for ligne in lignes]
    rang = rang_de_l_en_tete([_decouper(ligne) for ligne in lignes])
    if rang is None or not any(c.strip() for c in lignes[:rang]):
        rang = next((i for i, ligne in enumerate(lignes) if ligne.strip()), 0)
    separateur = _separateur(lignes[rang])
    if separateur is None:
        raise FichierIllisible(
            f"« {nom} » n'a qu'une colonne : aucun point-virgule, virgule, tabulation ou barre dans sa "
            f"première ligne « {lignes[rang][:60]} ». Enregistrez-le en CSV séparé par des points-virgules."
        )
    titre = " · ".join(t for ligne in lignes[:rang] if (t := ligne.strip(' ;,\t|"')))
    return _EnTete(rang, separateur, _decouper(lignes[rang]), titre)


def _separateur(ligne: str) -> str | None:
    """Compter les séparateurs d'une ligne, hors des guillemets."""
    hors_guillemets = "".join(ligne.split('"')[::2])
    meilleur = max(SEPARATEURS, key=hors_guillemets.count)
    return meilleur if meilleur in hors_guillemets else None


def _decouper(ligne: str) -> list[str]:
    separateur = _separateur(ligne)
    if separateur is None:
        return [ligne.strip()]
    try:
        return [n.strip() for n in next(csv.reader([ligne], delimiter=separateur))]
    except csv.Error:  # cellule démesurée : ce n'est pas une ligne de noms
        return []


# -- découpage ---------------------------------------------------------------------------------


def _charger(chemin: Path, entete: _EnTete, nom: str) -> pa.Table:
    """Confier le découpage à DuckDB, en texte pur, et traduire son refus."""
    colonnes = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(entete.noms)))
    # DuckDB prend crochets et astérisques d'un chemin pour un motif : ils sont neutralisés.
    adresse = glob.escape(str(chemin)).replace("'", "''")
    lecture = (
        f"select * from read_csv('{adresse}', columns={{{colonnes}}}, delim='{entete.separateur}', "
        f"header=false, skip={entete.rang + 1}, quote='\"', escape='\"', auto_detect=false, nullstr='', "
        "null_padding=false, strict_mode=true)"
    )
    with moteur() as connexion:
        try:
            return connexion.sql(lecture).to_arrow_table()
        except duckdb.Error as cause:
            raise FichierIllisible(
                f"« {nom} » : {_faute_de_decoupage(str(cause), len(entete.noms))}. Le fichier est peut-être "
                "tronqué ou retouché : téléchargez-le de nouveau."
            ) from cause


def _faute_de_decoupage(message: str, attendues: int) -> str:
    """Traduire en français la faute que DuckDB a trouvée."""
    ligne = re.search(r"[Ll]ine: (\d+)", message)
    ou = f"la ligne {ligne[1]}" if ligne else "une ligne"
    trouvees = re.search(r"Found: (\d+)", message)
    if trouvees:
        return f"{ou} a {trouvees[1]} colonne(s) au lieu des {attendues} de l'en-tête"
    if "quote" in message.split("Possible", maxsplit=1)[0]:
        return f"un guillemet ouvert à {ou} n'est pas fermé, ou l'est au milieu d'une cellule"
    return f"{ou} ne se découpe pas en {attendues} colonnes comme l'en-tête"
