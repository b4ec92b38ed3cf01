"""Les fichiers à télécharger du site : CSV, GeoPackage et images de cartes, pareils d'une fabrication à l'autre."""

from __future__ import annotations

import sqlite3
import zipfile
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pandas as pd

from abs.calcul.table_longue import Diagnostic
from carnets.documents.csv_long import ecrire_csv
from carnets.documents.geopaquet import ecrire_gpkg
from carnets.observatoire.adresses import DOSSIER_DES_FICHIERS, fichier_d_indicateur
from donnees_insee.chemins import creer_dossier, fichier_provisoire

if TYPE_CHECKING:
    import geopandas as gpd

    from carnets.observatoire.chiffres import Chiffres
    from carnets.observatoire.couches import Cartes, Niveau
    from carnets.observatoire.fiches import Fiche, LigneDeFiche

# Une date fixe là où un format en veut une : deux fabrications de la même base donnent les mêmes octets.
DATE_FIXE: Final = "2000-01-01T00:00:00.000Z"
DATE_DE_ZIP: Final = (2000, 1, 1, 0, 0, 0)
KIO: Final = 1024


@dataclass(frozen=True)
class Fichier:
    """Un fichier proposé au lecteur : son adresse dans le site, ce qu'il est, son poids."""

    adresse: str
    titre: str
    taille: str


def fichier(racine: Path, adresse: str, titre: str) -> Fichier:
    """Décrire un fichier déjà écrit."""
    octets = (racine / adresse).stat().st_size
    poids = (
        f"{max(1, round(octets / KIO))} Kio"
        if octets < KIO**2
        else f"{octets / KIO**2:.1f} Mio".replace(".", ",")
    )
    return Fichier(adresse, titre, poids)


# -- tout l'observatoire -----------------------------------------------------------------------


def ecrire_l_ensemble(racine: Path, chiffres: Chiffres, cartes: Cartes, images: list[str]) -> list[Fichier]:
    """Écrire les fichiers qui portent tout l'observatoire."""
    dossier = racine / DOSSIER_DES_FICHIERS
    ecrits = {
        "observatoire.csv": "Tous les chiffres (CSV)",
        "observatoire.gpkg": "Communes et quartiers (GeoPackage, styles QGIS)",
    }
    ecrire_csv(table_entiere(chiffres), dossier / "observatoire.csv")
    communes = {nom: c for nom, c in cartes.couches.items() if nom != "iris"}
    figer(ecrire_gpkg(chiffres.diagnostic, communes, dossier / "observatoire.gpkg"))
    if chiffres.iris:
        iris = {nom: c for nom, c in cartes.couches.items() if nom == "iris"}
        ensembles = replace(chiffres.iris_reunis.ensembles, qpv=())
        sans_qpv = replace(chiffres.iris_reunis, ensembles=ensembles)
        figer(ecrire_gpkg(sans_qpv, iris, dossier / "observatoire-iris.gpkg"))
        ecrits["observatoire-iris.gpkg"] = "IRIS (GeoPackage, styles QGIS)"
    if images:
        archiver([racine / a for a in images], dossier / "cartes.zip")
        ecrits["cartes.zip"] = f"Toutes les cartes ({len(images)} PNG)"
    return [fichier(racine, f"{DOSSIER_DES_FICHIERS}/{nom}", titre) for nom, titre in ecrits.items()]


def table_entiere(chiffres: Chiffres, code: str = "") -> Diagnostic:
    """Réunir en une table longue tous les chiffres du site, ou ceux d'un indicateur."""
    e = chiffres.diagnostic.ensembles
    iris = {t.code: t for d in chiffres.iris.values() for t in d.ensembles.mailles}
    lus = list(chiffres.diagnostic.chiffres)
    lus += [
        c for d in chiffres.iris.values() for c in d.chiffres if c.niveau == "iris" and c.territoire in iris
    ]
    return Diagnostic(
        chiffres.diagnostic.demande,
        replace(e, mailles=(*e.mailles, *iris.values())),
        [c for c in lus if not code or c.indicateur == code],
        locales=chiffres.iris_reunis.locales,
    )


# -- par indicateur ----------------------------------------------------------------------------


def ecrire_les_fichiers(
    racine: Path, chiffres: Chiffres, cartes: Cartes, fiche: Fiche, niveaux: list[Niveau]
) -> list[Fichier]:
    """Écrire les fichiers d'un indicateur."""
    from cartes.ecriture import en_png  # noqa: PLC0415 - import lent, réservé aux cartes

    code = fiche.indicateur.code
    adresse = fichier_d_indicateur(code, "csv")
    ecrire_csv(table_entiere(chiffres, code), racine / adresse)
    ecrits = [fichier(racine, adresse, "CSV")]
    groupes = {"communes": fiche.communes, "iris": fiche.iris, "qpv": fiche.qpv}
    tables = {
        nom: _couche(cartes.couches[nom], lignes)
        for nom, lignes in groupes.items()
        if lignes and nom in cartes.couches
    }
    if tables:
        adresse = fichier_d_indicateur(code, "gpkg")
        _ecrire_les_couches({n: t for n, t in tables.items() if len(t)}, racine / adresse)
        ecrits.append(fichier(racine, adresse, "GeoPackage"))
    for niveau in niveaux:
        adresse = fichier_d_indicateur(code, "png", "" if niveau.cle == "communes" else f"-{niveau.cle}")
        (racine / adresse).write_bytes(en_png(niveau.dessin))
        ecrits.append(fichier(racine, adresse, f"Carte {niveau.nom} (PNG)"))
    return ecrits


def _couche(contours: gpd.GeoDataFrame, lignes: tuple[LigneDeFiche, ...]) -> gpd.GeoDataFrame:
    """Joindre aux contours les chiffres d'un indicateur ; une absence garde son statut et sa raison."""
    par_code = {li.territoire.code: li for li in lignes}
    couche = contours[contours["code"].isin(par_code)].sort_values("code", ignore_index=True)[
        ["code", "geometry"]
    ]
    figures = [par_code[c].figure for c in couche["code"]]
    champs = {
        "nom": [par_code[c].territoire.nom for c in couche["code"]],
        "valeur": pd.array(
            [f.chiffre.valeur if f.chiffre and f.a_une_valeur else None for f in figures], "Float64"
        ),
        "statut": [f.statut for f in figures],
        "fiabilite": ["" if f.chiffre is None else str(f.chiffre.fiabilite) for f in figures],
        "precision": [f.mention for f in figures],
        "date": [f.date for f in figures],
        "source": [f.source for f in figures],
    }
    return couche.assign(**champs)


def _ecrire_les_couches(tables: dict[str, gpd.GeoDataFrame], chemin: Path) -> None:
    import pyogrio  # noqa: PLC0415 - import lent, réservé aux couches

    with fichier_provisoire(chemin) as provisoire:
        for nom, table in tables.items():
            # Quelques dizaines de contours : un index spatial pèserait plus que ce qu'il range.
            options = {"SPATIAL_INDEX": "NO"}
            pyogrio.write_dataframe(table, provisoire, layer=nom, driver="GPKG", layer_options=options)
    figer(chemin)


# -- mêmes octets d'une fois sur l'autre -------------------------------------------------------


def figer(chemin: Path) -> Path:
    """Ôter d'un GeoPackage la date de son écriture."""
    with fichier_provisoire(chemin) as provisoire:
        with closing(sqlite3.connect(chemin)) as base, base:
            tables = {r[0] for r in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            base.execute("UPDATE gpkg_contents SET last_change = ?", (DATE_FIXE,))
            if "layer_styles" in tables:
                base.execute("UPDATE layer_styles SET update_time = ?", (DATE_FIXE,))
        with closing(sqlite3.connect(chemin)) as base:
            # Une copie compacte : ni pages libérées, ni compteur des écritures passées.
            base.execute("VACUUM INTO ?", (str(provisoire),))
    return chemin


def archiver(fichiers: list[Path], archive: Path) -> Path:
    """Réunir des fichiers dans une archive, sans leur date."""
    creer_dossier(archive.parent)
    with (
        fichier_provisoire(archive) as provisoire,
        zipfile.ZipFile(provisoire, "w", zipfile.ZIP_STORED) as paquet,
    ):
        for chemin in sorted(fichiers, key=lambda f: f.name):
            entree = zipfile.ZipInfo(chemin.name, DATE_DE_ZIP)
            entree.external_attr = 0o644 << 16
            paquet.writestr(entree, chemin.read_bytes())
    return archive
