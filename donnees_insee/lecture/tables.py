"""Ouvrir un fichier reçu (CSV, classeur, Parquet, carreaux) et en sortir des tables de texte, sans rien interpréter."""

import glob
import pickle
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from donnees_insee.catalogue.catalogue import Source, sources
from donnees_insee.chemins import dossier_de_passage
from donnees_insee.erreurs import FichierIllisible
from donnees_insee.lecture import archives, brut, feuilles
from donnees_insee.lecture.csv_recu import lire_csv
from donnees_insee.lecture.pilotes import adresse, noms_des_couches, sous_gdal, verifier_le_compte
from donnees_insee.lecture.reconnaissance import traduire

EXTENSIONS_TEXTE: Final = {".csv", ".txt", ".tsv"}
EXTENSIONS_CLASSEUR: Final = {".xls", ".xlsx", ".xlsm", ".ods"}
EXTENSIONS_TABLE: Final = EXTENSIONS_TEXTE | EXTENSIONS_CLASSEUR | {".parquet"}
EXTENSIONS_CARREAUX: Final = {".gpkg", ".shp"}
CONTENUS: Final = {
    "zip": "une archive ou un classeur récent (.zip, .xlsx)",
    "xls": "un classeur ancien (.xls)",
}
DUREE_MAXIMALE: Final = 600  # secondes
# Ce qu'un Parquet abîmé ou forgé fait lever à ses lecteurs.
FAUTES_DE_LECTURE: Final = (
    pa.ArrowException, duckdb.Error, OSError, ValueError, KeyError, TypeError, OverflowError, RuntimeError,
)  # fmt: skip


def lire_tables(chemin: Path) -> list[brut.TableBrute]:
    """Lire toutes les tables d'un fichier CSV, d'un classeur ou d'un Parquet."""
    extension, contenu = chemin.suffix.lower(), brut.nature(chemin)
    brut.refuser_ce_qui_n_est_pas_une_table(chemin, contenu)
    dit = CONTENUS.get(contenu, f"du contenu de nature « {contenu} »")
    quoi, conseil = extension, "Rendez-lui l'extension de son contenu, puis déposez-le de nouveau."
    if extension in EXTENSIONS_CLASSEUR:
        if contenu in {"zip", "xls"}:
            return lire_classeur(chemin)
        quoi = "d'un classeur"
        conseil = "Enregistrez-le en vrai classeur, ou renommez-le en .csv s'il s'agit de texte."
    elif extension == ".parquet" and contenu == "parquet":
        return [lire_parquet(chemin)]
    elif contenu == "texte":
        return [lire_csv(chemin)]
    raise FichierIllisible(f"« {chemin.name} » porte l'extension {quoi} mais contient {dit}. {conseil}")


# -- classeurs ---------------------------------------------------------------------------------


def lire_classeur(chemin: Path) -> list[brut.TableBrute]:
    """Lire les feuilles d'un classeur qui ont une ligne de noms techniques."""
    tables = [_feuille(f"{chemin.name} · feuille {nom}", lignes) for nom, lignes in _ouvrir(chemin).items()]
    return [t for t in tables if t is not None]


def _ouvrir(chemin: Path) -> dict[str, Sequence[Sequence[object]]]:
    """Lire les cellules dans un processus à part, dont ni la panique ni la gourmandise n'atteignent celui-ci."""
    if brut.nature(chemin) == "zip":  # un classeur ancien n'est pas une archive
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
            archives.verifier_taille(
                chemin, sum(i.file_size for i in infos), sum(i.compress_size for i in infos)
            )
            abimee = conteneur.testzip()
    except archives.FAUTES as cause:
        raise FichierIllisible(
            f"« {chemin.name} » ne s'ouvre pas comme un classeur : il est tronqué, abîmé ou protégé. Téléchargez-le de "
            "nouveau, ou enregistrez la feuille utile en CSV."
        ) from cause
    if abimee is not None:
        raise FichierIllisible(
            f"« {chemin.name} » est un classeur abîmé : sa pièce « {abimee} » n'a pas sa somme. Téléchargez-le de nouveau."
        )


def _feuille(origine: str, lignes: Sequence[Sequence[object]]) -> brut.TableBrute | None:
    """Trouver la ligne des noms techniques, puis prendre tout ce qui est dessous."""
    rang = brut.rang_de_l_en_tete([[en_texte(c) or "" for c in ligne] for ligne in lignes[:30]])
    if rang is None:
        return None
    noms = [en_texte(c) or "" for c in lignes[rang]]
    utiles = [(i, n) for i, n in enumerate(noms) if n]
    brut.refuser_noms_repetes([n for _, n in utiles], origine)
    donnees = [ligne for ligne in lignes[rang + 1 :] if any(c not in {"", None} for c in ligne)]
    texte = pa.table(
        {n: pa.array([en_texte(ligne[i]) for ligne in donnees], type=pa.string()) for i, n in utiles}
    )
    titre = " · ".join(filter(None, (en_texte(ligne[0]) for ligne in lignes[:rang] if ligne)))
    return brut.TableBrute(tuple(texte.column_names), texte, origine, "classeur", titre)


def en_texte(cellule: object) -> str | None:
    """Écrire une cellule de classeur comme un texte, sans ``.0`` ajouté ni décimale perdue."""
    if cellule is None or cellule == "":
        return None
    if isinstance(cellule, float):
        return str(int(cellule)) if cellule.is_integer() else repr(cellule)
    return str(cellule).strip() or None


# -- Parquet -----------------------------------------------------------------------------------


def lire_parquet(chemin: Path) -> brut.TableBrute:
    """Lire un Parquet ; seules les colonnes qu'une source du catalogue connaît sont tirées du disque."""
    try:
        refuser_un_parquet_demesure(chemin)
        noms = pq.read_schema(chemin).names
        brut.refuser_noms_repetes(noms, chemin.name)
        utiles = [n for n in noms if _connue(n)]
        lue = pq.read_table(chemin, columns=utiles)
        recompter(chemin, utiles, lue.num_rows)
        texte = pa.table({n: _en_texte(lue[n]) for n in lue.column_names})
    except FAUTES_DE_LECTURE as cause:
        raise FichierIllisible(
            f"« {chemin.name} » ne s'ouvre pas comme un fichier Parquet ({type(cause).__name__}). Téléchargez-le de nouveau."
        ) from cause
    laissees = len(noms) - texte.num_columns
    remarques = (f"{laissees} colonnes d'aucune source laissées",) if laissees else ()
    return brut.TableBrute(tuple(texte.column_names), texte, chemin.name, "parquet", "", remarques)


def recompter(chemin: Path, noms: list[str], lues: int) -> None:
    """Recompter les lignes de toutes les colonnes lues par DuckDB, qui a son propre lecteur."""
    choix = ", ".join('"' + n.replace('"', '""') + '"' for n in noms) or "1"
    with brut.moteur() as connexion:
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
    archives.verifier_taille(chemin, 8 * pied.num_rows * max(1, pied.num_columns), chemin.stat().st_size)


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


# -- carreaux : leurs attributs seuls, car la position d'un carreau est dans son code ------------


def lire_carreaux(chemin: Path) -> brut.TableBrute | None:
    """Lire les couches de carreaux d'un fichier géographique, réunies en une table de texte."""
    if chemin.suffix.lower() not in EXTENSIONS_CARREAUX or brut.nature(chemin) in {"vide", "html", "zip"}:
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
    return brut.TableBrute(tuple(uniques.column_names), uniques, chemin.name, "gpkg", "", tuple(remarques))


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
    import pyogrio  # noqa: PLC0415 - import lent, réservé aux couches

    attributs = {str(a).upper() for a in pyogrio.read_info(lisible, layer=couche)["fields"]}
    return set(source.signature) <= attributs and bool(set(source.cle) & attributs)


def _attributs(chemin: Path, couche: str) -> pa.Table:
    import pyogrio  # noqa: PLC0415 - import lent, réservé aux couches

    with sous_gdal(
        f"« {chemin.name} », couche « {couche} », ne se lit pas jusqu'au bout",
        "Téléchargez de nouveau le fichier.",
    ):
        _, lue = pyogrio.read_arrow(adresse(chemin), layer=couche, read_geometry=False)
        verifier_le_compte(chemin, lue.num_rows, couche)
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
