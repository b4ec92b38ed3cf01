"""Déposer des fichiers : les reconnaître, garder l'original et un reçu, écrire la base."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from donnees_insee import archives
from donnees_insee.base import Base, LotRecu, Recu, lire_recu
from donnees_insee.chemins import creer_dossier, fichier_provisoire
from donnees_insee.contours import EXTENSIONS_COUCHE, CouchePreparee, lire_couche
from donnees_insee.erreurs import ErreurAbs, FichierIllisible, SourceNonReconnue, TableNonConforme
from donnees_insee.preparation import SUFFIXE_STATUT, TablePreparee, preparer
from donnees_insee.reconnaissance import Lot, reconnaitre
from donnees_insee.tables import EXTENSIONS_CLASSEUR, EXTENSIONS_TEXTE, lire_tables

EXTENSIONS_ARCHIVE = {".zip", ".7z"}
# Compagnons d'un shapefile : lus avec lui, jamais seuls.
COMPAGNONS = {".shx", ".dbf", ".prj", ".cpg", ".qmd", ".qpj", ".sbn", ".sbx"}
TOLERANCE = 1e-6


@dataclass(frozen=True)
class Depot:
    """Le résultat du dépôt d'un fichier.

    Attributes
    ----------
    nom : str
        Nom du fichier tel que déposé (``archive.zip → membre`` pour une archive).
    etat : str
        ``range``, ``deja_la``, ``refuse`` ou ``documentation``.
    lots : tuple of LotRecu
        Tables tirées du fichier.
    raison : str
        Raison du refus ou de la mise de côté.
    """

    nom: str
    etat: str
    lots: tuple[LotRecu, ...] = ()
    raison: str = ""


def fichiers_a_deposer(chemins: Iterable[Path]) -> list[Path]:
    """Lister les fichiers à examiner, dossiers parcourus, compagnons de shapefile laissés à leur couche.

    Parameters
    ----------
    chemins : iterable of pathlib.Path
        Fichiers et dossiers donnés par l'analyste.

    Returns
    -------
    list of pathlib.Path
        Fichiers, dans l'ordre des noms.

    Raises
    ------
    FichierIllisible
        Si un chemin n'existe pas.
    """
    trouves: list[Path] = []
    for chemin in chemins:
        if chemin.is_dir():
            trouves += [f for f in chemin.rglob("*") if f.is_file() and not f.name.startswith(".")]
        elif chemin.is_file():
            trouves.append(chemin)
        else:
            raise FichierIllisible(f"Le chemin « {chemin} » n'existe pas. Vérifiez-le, puis relancez la commande.")
    return sorted({f for f in trouves if f.suffix.lower() not in COMPAGNONS})


def deposer(
    base: Base,
    chemins: Iterable[Path],
    *,
    millesime: int | None = None,
    suivre: Callable[[Path], None] | None = None,
) -> list[Depot]:
    """Déposer des fichiers, des dossiers et des archives.

    Parameters
    ----------
    base : Base
        Base à compléter.
    chemins : iterable of pathlib.Path
        Ce que l'analyste dépose.
    millesime : int or None, default None
        Année des données, pour les fichiers qui ne la portent pas.
    suivre : callable or None, default None
        Appelé à chaque fichier, pour une barre de progression.

    Returns
    -------
    list of Depot
        Un résultat par fichier ou par membre d'archive ; un refus n'arrête pas les autres.
    """
    resultats: list[Depot] = []
    for fichier in fichiers_a_deposer(chemins):
        if suivre is not None:
            suivre(fichier)
        resultats += _deposer_un(base, fichier, millesime)
    return resultats


def empreinte(chemin: Path) -> str:
    """Calculer le sha256 d'un fichier.

    Parameters
    ----------
    chemin : pathlib.Path
        Fichier.

    Returns
    -------
    str
        Empreinte hexadécimale.
    """
    somme = hashlib.sha256()
    with chemin.open("rb") as flux:
        while bloc := flux.read(1 << 20):
            somme.update(bloc)
    return somme.hexdigest()


def _deposer_un(base: Base, fichier: Path, millesime: int | None) -> list[Depot]:
    sha = empreinte(fichier)
    connu = base.dossier / "recus" / f"{sha[:16]}.json"
    if connu.is_file():
        return [Depot(fichier.name, "deja_la", lire_recu(connu).lots)]
    try:
        if fichier.suffix.lower() in EXTENSIONS_ARCHIVE:
            return _deposer_archive(base, fichier, sha, millesime)
        if not archives.est_utile(fichier.name):
            return [Depot(fichier.name, "documentation", raison="dictionnaire ou documentation, sans données")]
        lots = _ranger_fichier(base, fichier, fichier.name, sha, millesime)
    except ErreurAbs as refus:
        return [Depot(fichier.name, "refuse", raison=str(refus))]
    _garder(base, fichier, sha, lots)
    return [Depot(fichier.name, "range", tuple(lots))]


def _deposer_archive(base: Base, archive: Path, sha: str, millesime: int | None) -> list[Depot]:
    resultats: list[Depot] = []
    ranges: list[LotRecu] = []
    with tempfile.TemporaryDirectory(prefix="abs-archive-") as provisoire:
        membres = archives.extraire(archive, Path(provisoire))
        for rang, membre in enumerate(fichiers_a_deposer(membres)):
            nom = f"{archive.name} → {membre.name}"
            if membre.suffix.lower() in EXTENSIONS_ARCHIVE:
                resultats.append(Depot(nom, "refuse", raison="archive dans une archive : déposez-la seule."))
                continue
            try:
                lots = _ranger_fichier(base, membre, nom, f"{sha[:12]}{rang:02d}", millesime)
            except ErreurAbs as refus:
                resultats.append(Depot(nom, "refuse", raison=str(refus)))
                continue
            ranges += lots
            resultats.append(Depot(nom, "range", tuple(lots)))
    if not resultats:
        return [Depot(archive.name, "refuse", raison="l'archive ne contient aucun fichier de données.")]
    if ranges:
        _garder(base, archive, sha, ranges)
    return resultats


def _garder(base: Base, fichier: Path, sha: str, lots: list[LotRecu]) -> None:
    """Copier l'original, intact, puis écrire son reçu : le reçu ne précède jamais la copie."""
    freres = [fichier]
    if fichier.suffix.lower() == ".shp":
        freres += [c for ext in sorted(COMPAGNONS) if (c := fichier.with_suffix(ext)).is_file()]
    for frere in freres:
        destination = creer_dossier(base.dossier / "brut" / sha[:16]) / frere.name
        with fichier_provisoire(destination) as provisoire:
            shutil.copyfile(frere, provisoire)
    instant = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    base.ranger_recu(Recu(sha, fichier.name, str(fichier), fichier.stat().st_size, instant, tuple(lots)))


def _ranger_fichier(base: Base, fichier: Path, nom: str, sha: str, millesime: int | None) -> list[LotRecu]:
    extension = fichier.suffix.lower()
    if extension in EXTENSIONS_COUCHE:
        return [_ranger_couche(base, lire_couche(fichier, millesime), nom, sha)]
    if extension not in EXTENSIONS_TEXTE | EXTENSIONS_CLASSEUR:
        raise SourceNonReconnue(
            f"« {nom} » a l'extension {extension or '(aucune)'}, qu'aucune source n'emploie. "
            "On attend CSV, XLS, XLSX, ODS, GeoJSON, TopoJSON, GPKG, SHP, ZIP ou 7Z."
        )
    return _ranger_tables(base, fichier, nom, sha, millesime)


def _ranger_couche(base: Base, couche: CouchePreparee, nom: str, sha: str) -> LotRecu:
    niveau = couche.source.niveaux[0]
    chemin = base.chemin_de_part(couche.source.id, couche.annee, niveau, sha[:14])
    creer_dossier(chemin.parent)
    with fichier_provisoire(chemin) as provisoire:
        couche.couche.to_parquet(provisoire, index=False)
    base.oublier()
    return LotRecu(
        couche.source.id, couche.annee, niveau, len(couche.couche), 1, nom, couche.annee, "nom du fichier",
        remarques=couche.remarques,
    )


def _ranger_tables(base: Base, fichier: Path, nom: str, sha: str, millesime: int | None) -> list[LotRecu]:
    """Préparer toutes les tables d'un fichier avant d'en écrire une seule."""
    tables = lire_tables(fichier)
    prepares: list[tuple[Lot, TablePreparee, Any]] = []
    refus: list[ErreurAbs] = []
    for table in tables:
        try:
            lot = reconnaitre(table.colonnes, fichier.name, table.titre, millesime)
        except SourceNonReconnue as cause:
            refus.append(cause)
            continue
        prepares.append((lot, preparer(table, lot), table))
    if not prepares:
        raise refus[0] if refus else SourceNonReconnue(
            f"« {nom} » ne contient aucune feuille dont une ligne porte des noms techniques de colonnes "
            "(IRIS, CODGEO…). Déposez le classeur tel que publié."
        )
    for _, prepare, _ in prepares:
        if prepare.donnees.empty:
            raise TableNonConforme(f"« {nom} » a bien les colonnes attendues mais aucune ligne de données.")
    lots = []
    for rang, (lot, prepare, table) in enumerate(prepares):
        _refuser_contradiction(base, lot, prepare, nom)
        chemin = base.chemin_de_part(lot.source.id, prepare.millesime, prepare.niveau, f"{sha[:14]}-{rang}")
        base.ranger(prepare.donnees, chemin)
        lots.append(_lot_recu(lot, prepare, table.origine if len(tables) > 1 else nom, table.remarques))
    return lots


def _lot_recu(lot: Lot, prepare: TablePreparee, origine: str, remarques: tuple[str, ...]) -> LotRecu:
    variables = [c for c in prepare.donnees.columns if c != "code" and not c.endswith(SUFFIXE_STATUT)]
    return LotRecu(
        source=lot.source.id,
        millesime=prepare.millesime,
        niveau=prepare.niveau,
        lignes=len(prepare.donnees),
        colonnes=len(variables),
        origine=origine,
        geographie=lot.source.geographie_de(prepare.millesime),
        d_ou=lot.d_ou,
        ecartees=lot.ecartees,
        remarques=remarques + prepare.remarques,
    )


def _refuser_contradiction(base: Base, lot: Lot, prepare: TablePreparee, nom: str) -> None:
    """Refuser un fichier qui donne une autre valeur à une cellule déjà tenue."""
    if lot.source.sans_millesime:
        return
    nouvelles = prepare.donnees.set_index("code")
    tenues = base.lire(lot.source.id, prepare.millesime, prepare.niveau)
    communs = nouvelles.index.intersection(tenues.index)
    fautes = []
    for variable in nouvelles.columns.intersection(tenues.columns):
        if not pd.api.types.is_numeric_dtype(nouvelles[variable]) or not len(communs):
            continue
        a = tenues.loc[communs, variable].to_numpy(float)
        b = nouvelles.loc[communs, variable].to_numpy(float)
        differe = ~np.isclose(a, b, rtol=TOLERANCE, equal_nan=True) & ~np.isnan(a) & ~np.isnan(b)
        if differe.any():
            i = int(np.argmax(differe))
            fautes.append(f"{variable} au code {communs[i]} : {a[i]:g} déjà tenu, {b[i]:g} reçu")
    if fautes:
        raise TableNonConforme(
            f"« {nom} » contredit un fichier déjà déposé pour « {lot.source.titre} » {prepare.millesime} : "
            f"{fautes[0]} ({len(fautes)} variable(s) touchée(s)). Rien n'a été changé. Si le producteur a corrigé "
            "son fichier, retirez l'ancien avec `abs sources retirer`, puis déposez le nouveau."
        )
