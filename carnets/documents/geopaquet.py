"""Écrire le GeoPackage d'un portrait : une couche par maillage, jointe par code, prête pour QGIS."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from abs.formats import nombre
from abs.indicateurs.indicateurs import indicateurs
from carnets.documents.modeles import CLASSEURS, MODELES
from carnets.documents.rendu import rendre
from carnets.documents.tableur.definitions import definitions, unite_lisible
from cartes.palettes import couleurs_sequentielles
from donnees_insee.chemins import fichier_provisoire

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

    from abs.calcul.diagnostic import Diagnostic
    from abs.calcul.table_longue import Chiffre
    from abs.indicateurs.indicateurs import Indicateur
    from abs.territoires.territoires import Territoire

LAMBERT_93: Final = "EPSG:2154"
# Cadre de la France métropolitaine en degrés : hors de lui, le Lambert-93 déforme et n'est pas d'usage.
CADRE_METROPOLE: Final = (-6.0, 41.0, 10.0, 51.5)
SUFFIXES_LISIBLES: Final = {"statut": "statut", "fiabilite": "fiabilité", "date": "date"}
PREFERE: Final = "taux_pauvrete_60"
CLASSES: Final = 5
VALEURS_MINIMUM: Final = 8
COUCHES_EN_CLASSES: Final = frozenset({"iris", "communes"})
COUCHES: Final[dict[str, str]] = CLASSEURS["couches"]
CONTOURS: Final = {"qpv": ("192,57,43", 0.7), "quartiers": ("31,42,68", 0.6), "commune": ("31,42,68", 0.9)}


@dataclass(frozen=True)
class Maillage:
    """Une couche : nom, clé, niveau, groupe du diagnostic dont elle porte la date, territoires attendus."""

    nom: str
    cle: str
    niveau: str
    groupe: str
    territoires: tuple[Territoire, ...]


def maillages(diagnostic: Diagnostic) -> list[Maillage]:
    """Donner les couches possibles d'un portrait."""
    e = diagnostic.ensembles
    # Le portrait d'un IRIS seul n'a pas de mailles : sa couche est le sujet, à la date de ses références.
    seul = (e.sujet,) if e.sujet.niveau == "iris" else ()
    iris = tuple(t for t in e.mailles if t.niveau == "iris") or seul
    communes = tuple(t for t in e.mailles if t.niveau == "commune")
    sujet = (e.sujet,) if e.sujet.niveau == "commune" else ()
    lus = {
        "iris": ("comparaison" if seul else "mailles", iris),
        "communes": ("mailles" if communes else "comparaison", communes),
        "qpv": ("qpv", e.qpv),
        "quartiers": ("quartiers", e.quartiers),
        "commune": ("comparaison", sujet),
    }
    return [Maillage(nom, f"code_{niveau}", niveau, *lus[nom]) for nom, niveau in COUCHES.items()]


def ecrire_gpkg(diagnostic: Diagnostic, couches: dict[str, gpd.GeoDataFrame], chemin: Path) -> Path:
    """Écrire le GeoPackage d'un portrait."""
    alias = _alias(diagnostic)
    with fichier_provisoire(chemin) as provisoire:
        dessinees: dict[str, pd.DataFrame] = {}
        for maillage in maillages(diagnostic):
            if maillage.nom == "commune" and "commune" not in couches and "communes" in dessinees:
                continue  # le sujet est déjà dans la couche des communes, avec son contour
            table = _couche(diagnostic, maillage, couches.get(maillage.nom))
            if len(table):
                _ecrire(table, provisoire, maillage.nom)
                dessinees[maillage.nom] = table
        _ecrire(definitions(diagnostic), provisoire, "definitions")
        _ecrire(diagnostic.table(), provisoire, "diagnostic")
        with closing(sqlite3.connect(provisoire)) as base, base:
            base.executescript((MODELES / "geopaquet.sql").read_text(encoding="utf-8"))
            for maillage in maillages(diagnostic):
                if maillage.nom in dessinees:
                    _nommer_les_champs(base, maillage, alias)
                    _donner_un_style(base, maillage, dessinees[maillage.nom])
    return chemin


# -- couches -----------------------------------------------------------------------------------


def _couche(diagnostic: Diagnostic, maillage: Maillage, contours: gpd.GeoDataFrame | None) -> pd.DataFrame:
    """Réunir contours et chiffres ; un territoire sans contour reste, sans géométrie."""
    noms = {t.code: t.nom for t in maillage.territoires}
    if contours is not None and len(contours):
        contours = contours.drop_duplicates("code")
        dessines = dict(zip(contours["code"].astype(str), contours["nom"], strict=True))
        noms = {**{c: n if isinstance(n, str) else c for c, n in dessines.items()}, **noms}
    connus = {(t.code, t.niveau): t for t in diagnostic.ensembles.tous()}
    territoires = [connus.get((code, maillage.niveau)) for code in noms]
    colonnes: dict[str, list[object]] = {maillage.cle: list(noms), "nom": list(noms.values())}
    for code in diagnostic.indicateurs:
        chiffres = [diagnostic.chiffre(t, code, maillage.groupe) if t else None for t in territoires]
        colonnes |= _colonnes(code, chiffres)
    table = pd.DataFrame(colonnes)
    for code in diagnostic.indicateurs:
        # Une colonne sans aucune valeur resterait « objet » et serait écrite en texte.
        table[code] = table[code].astype("float64")
    if contours is None or not len(contours):
        return table
    return _avec_geometrie(table, maillage.cle, contours)


def _colonnes(code: str, chiffres: list[Chiffre | None]) -> dict[str, list[object]]:
    return {
        code: [c.valeur if c is not None and c.a_une_valeur else None for c in chiffres],
        f"{code}_statut": [None if c is None else str(c.statut) for c in chiffres],
        f"{code}_fiabilite": [None if c is None else str(c.fiabilite) for c in chiffres],
        f"{code}_date": [None if c is None else c.periode or None for c in chiffres],
    }


def _avec_geometrie(table: pd.DataFrame, cle: str, contours: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    import geopandas as gpd  # noqa: PLC0415 - import lent, réservé aux couches

    formes = dict(zip(contours["code"].astype(str), contours.geometry, strict=True))
    geometrie = gpd.GeoSeries([formes.get(c) for c in table[cle]], crs=contours.crs)
    if contours.crs is not None and _en_metropole(geometrie):
        geometrie = geometrie.to_crs(LAMBERT_93)
    return gpd.GeoDataFrame(table, geometry=geometrie)


def _en_metropole(geometrie: gpd.GeoSeries) -> bool:
    ouest, sud, est, nord = geometrie.to_crs("EPSG:4326").total_bounds
    o, s, e, n = CADRE_METROPOLE
    return bool(o <= ouest and sud >= s and est <= e and nord <= n)


def _ecrire(table: pd.DataFrame, chemin: Path, nom: str) -> None:
    import pyogrio  # noqa: PLC0415 - import lent, réservé aux couches

    pyogrio.write_dataframe(table, chemin, layer=nom, driver="GPKG")


# -- métadonnées -------------------------------------------------------------------------------


def _alias(diagnostic: Diagnostic) -> list[tuple[Indicateur, str, str]]:
    """Donner à chaque colonne son titre accentué ; GeoPackage les veut tous différents dans une couche."""
    vus: set[str] = set()
    trouves = []
    for code, indicateur in diagnostic.indicateurs.items():
        titre = f"{indicateur.libelle} ({unite_lisible(indicateur)})"
        titre = f"{titre} [{code}]" if titre in vus else titre
        vus.add(titre)
        trouves.append((indicateur, code, titre))
        trouves += [(indicateur, f"{code}_{c}", f"{titre} : {dit}") for c, dit in SUFFIXES_LISIBLES.items()]
    return trouves


def _nommer_les_champs(
    base: sqlite3.Connection, maillage: Maillage, alias: list[tuple[Indicateur, str, str]]
) -> None:
    lignes = [(maillage.nom, maillage.cle, "Code", "Code du territoire, clé de jointure")]
    lignes.append((maillage.nom, "nom", "Nom", "Nom du territoire"))
    lignes += [(maillage.nom, champ, titre, indicateur.definition) for indicateur, champ, titre in alias]
    base.executemany(
        "INSERT INTO gpkg_data_columns (table_name, column_name, name, title, description) "
        "VALUES (?1, ?2, ?3, ?3, ?4)",
        lignes,
    )


def _donner_un_style(base: sqlite3.Connection, maillage: Maillage, table: pd.DataFrame) -> None:
    if "geometry" not in table:
        return
    choisi = _indicateur_a_montrer(table) if maillage.nom in COUCHES_EN_CLASSES else None
    trait, epaisseur = CONTOURS.get(maillage.nom, ("107,107,107", 0.26))
    classes, code = ([], "") if choisi is None else (_classes(choisi, table), choisi.code)
    qml = rendre("qgis.qml.j2", classes=classes, code=code, trait=trait, epaisseur=epaisseur)
    description = "Contours" if choisi is None else choisi.libelle
    (colonne,) = base.execute(
        "SELECT column_name FROM gpkg_geometry_columns WHERE table_name = ?", (maillage.nom,)
    ).fetchone()
    base.execute(
        "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, "
        "styleName, styleQML, styleSLD, useAsDefault, description, owner) "
        "VALUES ('', '', ?, ?, ?, ?, '', 1, ?, '')",
        (maillage.nom, colonne, f"abs {maillage.nom}", qml, description),
    )


def _indicateur_a_montrer(table: pd.DataFrame) -> Indicateur | None:
    """Choisir ce que la couche montre d'abord : la pauvreté, sinon le premier taux assez renseigné."""
    connus = indicateurs()
    taux = [i for i in connus.values() if i.unite == "%" and i.sens != "neutre"]
    ordre = [connus[PREFERE], *taux] if PREFERE in connus else taux
    return next((i for i in ordre if table[i.code].nunique() >= VALEURS_MINIMUM), None)


def _classes(indicateur: Indicateur, table: pd.DataFrame) -> list[dict[str, object]]:
    """Donner les bornes, le titre et la couleur de chaque classe ; le modèle ajoute celle des territoires sans valeur."""
    valeurs = table[indicateur.code].dropna().to_numpy(float)
    coupures = np.unique(np.round(np.quantile(valeurs, np.linspace(0, 1, CLASSES + 1)[1:-1]), 1))
    bornes = [None, *(float(c) for c in coupures), None]
    couleurs = couleurs_sequentielles(len(bornes) - 1)
    return [
        {
            "bas": bas,
            "haut": haut,
            "titre": _titre_de_classe(bas, haut, indicateur.unite),
            "fond": ",".join(str(int(couleur[i : i + 2], 16)) for i in (1, 3, 5)),
        }
        for (bas, haut), couleur in zip(pairwise(bornes), couleurs, strict=True)
    ]


def _titre_de_classe(bas: float | None, haut: float | None, unite: str) -> str:
    if bas is None:
        return f"moins de {nombre(haut, 1)} {unite}"
    if haut is None:
        return f"{nombre(bas, 1)} {unite} ou plus"
    return f"de {nombre(bas, 1)} à moins de {nombre(haut, 1)} {unite}"
