"""Écrire le GeoPackage d'un portrait : une couche par maillage, jointe par code, prête pour QGIS."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pandas as pd

from abs.definitions import table as table_de
from carnets.documents.modeles import CLASSEURS, MODELES, QGIS
from carnets.documents.style_qgis import alias_des_champs, style_de_carte, style_de_contour
from carnets.documents.tableur.definitions import definitions, unite_lisible
from donnees_insee.chemins import fichier_provisoire

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import geopandas as gpd

    from abs.calcul.diagnostic import Diagnostic
    from abs.calcul.table_longue import Chiffre
    from abs.territoires.territoires import Territoire
    from cartes.carte import CarteThematique

LAMBERT_93: Final = "EPSG:2154"
# Cadre de la France métropolitaine en degrés : hors de lui, le Lambert-93 déforme et n'est pas d'usage.
CADRE_METROPOLE: Final = (-6.0, 41.0, 10.0, 51.5)
# La dernière que GDAL 3.6 et QGIS 3.22 lisent sans réserve.
VERSION: Final = "1.2"
COUCHES: Final[dict[str, str]] = CLASSEURS["couches"]
TITRES: Final[dict[str, str]] = QGIS["titres"]


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


def ecrire_gpkg(
    diagnostic: Diagnostic,
    couches: dict[str, gpd.GeoDataFrame],
    chemin: Path,
    cartes: Iterable[CarteThematique] = (),
) -> Path:
    """Écrire le GeoPackage d'un portrait ; chaque couche prend ses styles des cartes de ses territoires."""
    cartes = _rangees(cartes)
    with fichier_provisoire(chemin) as provisoire:
        dessinees: dict[str, pd.DataFrame] = {}
        for maillage in maillages(diagnostic):
            if maillage.nom == "commune" and "commune" not in couches and "communes" in dessinees:
                continue  # le sujet est déjà dans la couche des communes, avec son contour
            table = _couche(diagnostic, maillage, couches.get(maillage.nom))
            if len(table):
                ecrire_couche(table, provisoire, maillage.nom)
                dessinees[maillage.nom] = table
        ecrire_couche(definitions(diagnostic), provisoire, "definitions")
        ecrire_couche(diagnostic.table(), provisoire, "diagnostic")
        with closing(sqlite3.connect(provisoire)) as base, base:
            base.executescript((MODELES / "geopaquet.sql").read_text(encoding="utf-8"))
            titres = dict(TITRES)
            for maillage in maillages(diagnostic):
                if maillage.nom in dessinees:
                    champs = _champs(diagnostic, maillage)
                    _nommer_les_champs(base, maillage.nom, champs)
                    styles = _styles(diagnostic, maillage, dessinees[maillage.nom], cartes, champs)
                    titres[maillage.nom] = _donner_les_styles(base, maillage.nom, styles)
            base.executemany(
                "UPDATE gpkg_contents SET identifier = ?2 WHERE table_name = ?1", list(titres.items())
            )
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
    if maillage.niveau == "iris":
        colonnes["type_iris"] = [t.type_iris if t and t.type_iris else None for t in territoires]
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


def valides(geometrie: gpd.GeoSeries) -> gpd.GeoSeries:
    """Réparer ce qui arrêterait un croisement de couches : anneaux qui se recoupent, sommets répétés."""
    import geopandas as gpd  # noqa: PLC0415 - import lent, réservé aux couches
    import shapely  # noqa: PLC0415

    formes = shapely.remove_repeated_points(geometrie.to_numpy())
    fautives = ~shapely.is_valid(formes) & ~shapely.is_missing(formes)
    formes[fautives] = shapely.make_valid(formes[fautives], method="structure", keep_collapsed=False)
    return gpd.GeoSeries(formes, crs=geometrie.crs)


def _en_metropole(geometrie: gpd.GeoSeries) -> bool:
    ouest, sud, est, nord = geometrie.to_crs("EPSG:4326").total_bounds
    o, s, e, n = CADRE_METROPOLE
    return bool(o <= ouest and sud >= s and est <= e and nord <= n)


def ecrire_couche(table: pd.DataFrame, chemin: Path, nom: str, **options: str) -> None:
    """Écrire une couche, géométries valides, ou une table d'attributs ; les options sont celles de GDAL."""
    import pyogrio  # noqa: PLC0415 - import lent, réservé aux couches

    if "geometry" in table:
        # Projeter peut défaire ce que le dépôt a réparé : c'est la géométrie écrite qui doit être valide.
        table = table.set_geometry(valides(table.geometry))
    base = {} if chemin.exists() else {"VERSION": VERSION}
    pyogrio.write_dataframe(
        table, chemin, layer=nom, driver="GPKG", dataset_options=base, layer_options=options
    )


# -- métadonnées -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Champ:
    """Une colonne d'une couche : son nom, son titre accentué, ce qu'elle est."""

    nom: str
    titre: str
    description: str


def _champs(diagnostic: Diagnostic, maillage: Maillage) -> list[Champ]:
    """Donner à chaque colonne son titre accentué ; GeoPackage les veut tous différents dans une couche."""
    autres = {c: dits for c, dits in QGIS["champs"].items() if c != "type_iris" or maillage.niveau == "iris"}
    trouves = [Champ(maillage.cle, "Code", "Code du territoire, clé de jointure")]
    trouves += [Champ(nom, *dits) for nom, dits in autres.items()]
    vus: set[str] = set()
    for code, indicateur in diagnostic.indicateurs.items():
        titre = f"{indicateur.libelle} ({unite_lisible(indicateur)})"
        titre = f"{titre} [{code}]" if titre in vus else titre
        vus.add(titre)
        trouves.append(Champ(code, titre, indicateur.definition))
        trouves += [
            Champ(f"{code}_{c}", f"{titre} : {dit}", indicateur.definition)
            for c, dit in QGIS["suffixes"].items()
        ]
    return trouves


def _nommer_les_champs(base: sqlite3.Connection, couche: str, champs: list[Champ]) -> None:
    base.executemany(
        "INSERT INTO gpkg_data_columns (table_name, column_name, name, title, description) "
        "VALUES (?1, ?2, ?3, ?3, ?4)",
        [(couche, c.nom, c.titre, c.description) for c in champs],
    )


# -- styles ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Style:
    """Un style enregistré : son titre, et le texte que lit QGIS."""

    titre: str
    qml: str


def _rangees(cartes: Iterable[CarteThematique]) -> list[CarteThematique]:
    """Mettre en tête la carte de la première page du portrait : c'est celle que la couche montre d'abord."""
    premieres = list(table_de("_portrait")["cartes"]["essentiel"])
    rangs = {code: rang for rang, code in enumerate(premieres)}
    return sorted(cartes, key=lambda c: rangs.get(c.code, len(rangs)))


def _styles(
    diagnostic: Diagnostic,
    maillage: Maillage,
    table: pd.DataFrame,
    cartes: list[CarteThematique],
    champs: list[Champ],
) -> list[Style]:
    """Donner un style par carte des territoires de la couche, sinon son contour ; rien sans géométrie."""
    if "geometry" not in table:
        return []
    codes, alias = set(table[maillage.cle]), alias_des_champs((c.nom, c.titre) for c in champs)
    siennes = [c for c in cartes if c.code in table and set(c.territoires["code"]) <= codes]
    # La taille d'un cercle coloré vient d'un compte que la couche ne porte pas.
    titrees = [
        (c, f"{diagnostic.indicateurs[c.code].libelle}, {c.date}")
        for c in siennes
        if c.forme != "cercles_colores"
    ]
    if titrees:
        return [Style(t, style_de_carte(c, t, table, maillage.cle, alias)) for c, t in titrees]
    tracees = [s for c in cartes for s in c.superpositions if set(s.couches["code"]) == codes]
    trace = tracees[0] if tracees else None
    titre = trace.nom if trace else TITRES[maillage.nom]
    return [Style(titre, style_de_contour(maillage.nom, titre, trace, alias))]


def _donner_les_styles(base: sqlite3.Connection, couche: str, styles: list[Style]) -> str:
    """Enregistrer les styles d'une couche, le premier par défaut, et donner le titre de la couche."""
    if not styles:
        return TITRES[couche]
    (colonne,) = base.execute(
        "SELECT column_name FROM gpkg_geometry_columns WHERE table_name = ?", (couche,)
    ).fetchone()
    base.executemany(
        "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, "
        "styleName, styleQML, styleSLD, useAsDefault, description, owner) "
        "VALUES ('', '', ?1, ?2, ?3, ?4, '', ?5, ?6, '')",
        [
            (couche, colonne, s.titre, s.qml, rang == 0, f"{TITRES[couche]} · {s.titre}")
            for rang, s in enumerate(styles)
        ],
    )
    premier = styles[0].titre
    return premier if premier.startswith(TITRES[couche]) else f"{TITRES[couche]} · {premier}"
