"""De quoi attaquer chaque lecteur : petites tranches de fichiers, écritures, mutations, et un juge qui n'a rien de lui.

Un juge relit les octets bruts par une autre voie (module ``csv``, sqlite3, openpyxl, json, DuckDB, struct) et donne ce que
toute lecture honnête doit rendre : chaque ligne, son code, puis colonne → texte.
"""

from __future__ import annotations

import csv
import io
import json
import re
import sqlite3
import struct
import tempfile
import zipfile
import zlib
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import duckdb
import geopandas as gpd
import openpyxl
import py7zr
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
from shapely.geometry import box, mapping

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

Tranche = list[list[str]]
Juge = list[tuple[str, dict[str, str | None]]]
CLES = ("IRIS", "CODGEO", "CODE_QP", "IDCAR_200M", "CODE_IRIS")


class JugeEmbarrasse(Exception):
    """Le juge ne sait pas lire ces octets : si le lecteur les accepte, c'est une faute à regarder."""


@dataclass(frozen=True)
class Lecteur:
    """Un lecteur à attaquer : comment lui écrire un fichier, et comment le juger."""

    nom: str
    fichier: str
    ecrire: Callable[[Tranche, random.Random], bytes]
    juger: Callable[[bytes], Juge]
    muter_les_octets: Callable[[bytes, random.Random], bytes]
    geographique: bool = False


# -- mutations ---------------------------------------------------------------------------------


def muter_la_table(table: Tranche, hasard: random.Random) -> Tranche:
    """Changer une table sans en changer la forme : cellules, marques, lignes et colonnes ôtées ou déplacées."""
    muee = [list(ligne) for ligne in table]
    for _ in range(hasard.randint(1, 4)):
        i, j = hasard.randrange(1, len(muee)), hasard.randrange(len(muee[0]))
        genre = hasard.randrange(10)
        if genre <= 4 and j:
            muee[i][j] = hasard.choice(
                ["", "ns", "s", "nd", "12", "0", "3,5", "1 234", "1\u202f234", "  7 ", "+4", "1e2"]
            )
        elif genre == 5 and len(muee) > 3:
            del muee[i]
        elif genre == 6 and len(muee) > 3:
            a, b = hasard.sample(range(1, len(muee)), 2)
            muee[a], muee[b] = muee[b], muee[a]
        elif genre == 7 and len(muee[0]) > 4:
            k = hasard.randrange(1, len(muee[0]))
            for ligne in muee:
                ligne.append(ligne.pop(k))
        elif genre == 8:
            muee[i][0] = hasard.choice([muee[i][0], muee[i][0], "", muee[i][0][:-1], "FRANCE", muee[1][0]])
        elif j:
            muee[i][j] = hasard.choice(["x", "12 45", "NaN", "inf", "1.2.3", "-5", "1e30", "€"])
    return muee


def muter_les_octets(octets: bytes, hasard: random.Random) -> bytes:
    """Abîmer des octets : bascules, coupes, répétitions, troncature."""
    mues = bytearray(octets)
    for _ in range(hasard.randint(1, 3)):
        if len(mues) < 4:
            break
        i = hasard.randrange(len(mues))
        n = hasard.choice([1, 1, 2, 8, 64])
        genre = hasard.randrange(6)
        if genre == 0:
            mues[i] ^= 1 << hasard.randrange(8)
        elif genre == 1:
            mues[i] = hasard.choice(b'";,\t\n\r\x00 "\'{}[]<>\xff\xe9')
        elif genre == 2:
            del mues[i : i + n]
        elif genre == 3:
            mues[i:i] = mues[max(0, i - n) : i]
        elif genre == 4:
            mues[i:i] = hasard.choice(
                [b'"', b"\n", b"\r\n", b";", b'""', b"\xef\xbb\xbf", b"\x1b[2J", b"\xe2\x80\xae"]
            )
        else:
            del mues[hasard.randrange(len(mues) // 2, len(mues)) :]
    return bytes(mues)


def muter_du_texte(octets: bytes, hasard: random.Random) -> bytes:
    """Abîmer surtout là où un CSV est fragile : guillemets et fins de ligne."""
    mues = octets
    for _ in range(hasard.randint(1, 2)):
        fins = [m.start() for m in re.finditer(rb"[;\n]", mues)]
        if hasard.random() < 0.5 or not fins:
            mues = muter_les_octets(mues, hasard)
        else:
            i = hasard.choice(fins) + 1
            mues = mues[:i] + hasard.choice([b'"', b'"\n"', b"\n", b'"x', b"\r", b' "']) + mues[i:]
    return mues


# -- texte -------------------------------------------------------------------------------------


def ecrire_csv(table: Tranche, hasard: random.Random) -> bytes:
    """Écrire une table en CSV, de l'une des façons des producteurs et des tableurs."""
    separateur, fin = hasard.choice(";;,\t"), hasard.choice(["\n", "\n", "\r\n"])
    citer = hasard.choice([csv.QUOTE_MINIMAL, csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
    flux = io.StringIO(newline="")
    redige = csv.writer(flux, delimiter=separateur, lineterminator=fin, quoting=citer)
    for _ in range(hasard.choice([0, 0, 0, 1, 2])):
        titre = hasard.choice(["Population en 2016", "Source : Insee\nchamp : France", 'dite "IRIS"', ""])
        redige.writerow([titre, *[""] * (len(table[0]) - 1)])
    redige.writerows(table)
    encodage = hasard.choice(["utf-8", "utf-8", "utf-8-sig", "cp1252", "utf-16"])
    return flux.getvalue().encode(encodage, "replace")


def juger_csv(octets: bytes) -> Juge:
    """Relire un CSV par le module ``csv``, sur les octets bruts."""
    for separateur in ";,\t|":
        lues = list(csv.reader(io.StringIO(_decoder(octets), newline=""), delimiter=separateur))
        juge = _juger_des_lignes(lues)
        if juge is not None:
            return juge
    raise JugeEmbarrasse("aucune ligne ne porte la clé")


def _decoder(octets: bytes) -> str:
    if octets.startswith((b"\xff\xfe", b"\xfe\xff")):
        return octets.decode("utf-16")
    if len(octets) > 4 and octets[:4096].count(0) > len(octets[:4096]) // 3:
        return octets.decode("utf-16-le" if octets[1] == 0 else "utf-16-be", "replace")
    try:
        return octets.decode("utf-8-sig")
    except UnicodeDecodeError:
        return octets.decode("cp1252", "replace")


def _juger_des_lignes(lignes: list[list[Any]]) -> Juge | None:
    textes = [["" if c is None else str(c) for c in ligne] for ligne in lignes]
    rang = next((i for i, ligne in enumerate(textes) if {c.strip().upper() for c in ligne} & set(CLES)), None)
    if rang is None or len([c for c in textes[rang] if c.strip()]) < 2:
        return None
    noms = [" ".join(c.split()) for c in textes[rang]]
    cle = next(i for i, nom in enumerate(noms) if nom.upper() in CLES)
    juge: Juge = []
    for ligne in textes[rang + 1 :]:
        code = ligne[cle].strip() if len(ligne) > cle else ""
        if code:
            juge.append((code, {n: (c.strip() or None) for n, c in zip(noms, ligne, strict=False) if n}))
    return juge


# -- classeurs ---------------------------------------------------------------------------------


def _cellule(texte: str, hasard: random.Random) -> object:
    nombre = re.fullmatch(r"\d{1,6}(?:\.\d+)?", texte)
    return float(texte) if nombre and not texte.startswith("0") and hasard.random() < 0.7 else texte or None


def ecrire_xlsx(table: Tranche, hasard: random.Random) -> bytes:
    classeur = openpyxl.Workbook()
    feuille = classeur.active
    feuille.title = hasard.choice(["IRIS", "Données", "Feuil1"])
    for _ in range(hasard.choice([0, 0, 1, 3])):
        feuille.append([hasard.choice(["Titre", "Source : Insee\nsuite", ""])])
    for ligne in table:
        feuille.append([ligne[0], *(_cellule(_sans_commande(c), hasard) for c in ligne[1:])])
    if hasard.random() < 0.3:
        classeur.create_sheet("Documentation").append(["rien"])
    flux = io.BytesIO()
    classeur.save(flux)
    return flux.getvalue()


def _sans_commande(texte: str) -> str:
    return re.sub(r"[\x00-\x1f]", "", texte)


def juger_xlsx(octets: bytes) -> Juge:
    """Relire un classeur par openpyxl."""
    try:
        classeur = openpyxl.load_workbook(io.BytesIO(_sans_les_pieces_abimees(octets)), data_only=True)
    except Exception as cause:
        raise JugeEmbarrasse(str(cause)) from cause
    for feuille in classeur.worksheets:
        juge = _juger_des_lignes(
            [[_ecrit(c) for c in ligne] for ligne in feuille.iter_rows(values_only=True)]
        )
        if juge is not None:
            return juge
    raise JugeEmbarrasse("aucune feuille ne porte la clé")


def _sans_les_pieces_abimees(octets: bytes) -> bytes:
    """Ôter d'un classeur les pièces dont la somme est fausse : openpyxl exige jusqu'aux propriétés du document."""
    flux = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(octets)) as archive, zipfile.ZipFile(flux, "w") as copie:
        for nom in archive.namelist():
            try:
                copie.writestr(nom, archive.read(nom))
            except (zipfile.BadZipFile, zlib.error, OSError, NotImplementedError):
                continue
    return flux.getvalue()


def _ecrit(valeur: object) -> object:
    return repr(valeur) if isinstance(valeur, float) else valeur


ODF = "urn:oasis:names:tc:opendocument:xmlns:{}:1.0"
PIECE = '<manifest:file-entry manifest:full-path="{}" manifest:media-type="{}"/>'
ODS = "application/vnd.oasis.opendocument.spreadsheet"


def ecrire_ods(table: Tranche, hasard: random.Random) -> bytes:
    """Écrire le plus petit classeur OpenDocument qui se lise, lignes et cellules répétées comprises."""
    corps = []
    for ligne in table:
        cellules = []
        for rang, texte in enumerate(ligne):
            valeur = _cellule(_sans_commande(texte), hasard) if rang else texte
            if isinstance(valeur, float):
                cellules.append(f'<table:table-cell office:value-type="float" office:value="{valeur!r}"/>')
            elif valeur is None:
                cellules.append("<table:table-cell/>")
            else:
                propre = str(valeur).replace("&", "&amp;").replace("<", "&lt;")
                cellules.append(
                    f'<table:table-cell office:value-type="string"><text:p>{propre}</text:p></table:table-cell>'
                )
        if hasard.random() < 0.1:
            cellules.append('<table:table-cell table:number-columns-repeated="500"/>')
        corps.append(f"<table:table-row>{''.join(cellules)}</table:table-row>")
        if hasard.random() < 0.05:
            corps.append(
                '<table:table-row table:number-rows-repeated="3"><table:table-cell/></table:table-row>'
            )
    noms = " ".join(f'xmlns:{n}="{ODF.format(n)}"' for n in ("office", "table", "text"))
    contenu = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {noms} office:version="1.2"><office:body>'
        f'<office:spreadsheet><table:table table:name="IRIS">{"".join(corps)}</table:table></office:spreadsheet>'
        "</office:body></office:document-content>"
    )
    manifeste = (
        f'<?xml version="1.0" encoding="UTF-8"?><manifest:manifest xmlns:manifest="{ODF.format("manifest")}">'
        f"{PIECE.format('/', ODS)}{PIECE.format('content.xml', 'text/xml')}</manifest:manifest>"
    )
    flux = io.BytesIO()
    with zipfile.ZipFile(flux, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", ODS, zipfile.ZIP_STORED)
        archive.writestr("content.xml", contenu)
        archive.writestr("META-INF/manifest.xml", manifeste)
    return flux.getvalue()


def juger_ods(octets: bytes) -> Juge:
    """Relire ``content.xml`` d'un classeur OpenDocument."""
    try:
        with zipfile.ZipFile(io.BytesIO(octets)) as archive:
            racine = ET.fromstring(archive.read("content.xml"))
    except Exception as cause:
        raise JugeEmbarrasse(str(cause)) from cause
    table = f"{{{ODF.format('table')}}}"
    lignes = []
    for ligne in racine.iter(f"{table}table-row"):
        cellules: list[object] = []
        for cellule in ligne:
            nombre = cellule.get(f"{{{ODF.format('office')}}}value")
            fois = int(cellule.get(f"{table}number-columns-repeated", "1"))
            cellules += [nombre or "".join(cellule.itertext()) or None] * min(fois, 50)
        lignes.append(cellules)
    juge = _juger_des_lignes(lignes)
    if juge is None:
        raise JugeEmbarrasse("aucune ligne ne porte la clé")
    return juge


# -- Parquet et archives -----------------------------------------------------------------------


def ecrire_parquet(table: Tranche, hasard: random.Random) -> bytes:
    colonnes: dict[str, pa.Array] = {}
    for j, nom in enumerate(table[0]):
        textes = [ligne[j] or None for ligne in table[1:]]
        nombres = all(t is None or re.fullmatch(r"\d{1,6}(\.\d+)?", t) for t in textes)
        if j and nombres and hasard.random() < 0.7:
            colonnes[nom] = pa.array([None if t is None else float(t) for t in textes], pa.float64())
        else:
            colonnes[nom] = pa.array(textes, pa.string())
    flux = io.BytesIO()
    pq.write_table(pa.table(colonnes), flux, compression=hasard.choice(["snappy", "zstd", "none"]))
    return flux.getvalue()


def juger_parquet(octets: bytes) -> Juge:
    """Relire un Parquet par DuckDB."""
    with tempfile.NamedTemporaryFile(suffix=".parquet") as fichier:
        fichier.write(octets)
        fichier.flush()
        try:
            with closing(duckdb.connect()) as moteur:
                lue = moteur.execute("select * from read_parquet(?)", [fichier.name])
                noms = [d[0] for d in lue.description]
                lignes = lue.fetchall()
        except Exception as cause:
            raise JugeEmbarrasse(str(cause)) from cause
    juge = _juger_des_lignes([noms, *[[_ecrit(c) for c in ligne] for ligne in lignes]])
    if juge is None:
        raise JugeEmbarrasse("aucune colonne n'est la clé")
    return juge


def ecrire_zip(table: Tranche, hasard: random.Random) -> bytes:
    flux = io.BytesIO()
    with zipfile.ZipFile(flux, "w", hasard.choice([zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])) as archive:
        archive.writestr("meta_population-2016.csv", "COD_VAR;LIB_VAR\nIRIS;Code\n")
        archive.writestr("base-2016.csv", ecrire_csv(table, hasard))
    return flux.getvalue()


def juger_zip(octets: bytes) -> Juge:
    try:
        with zipfile.ZipFile(io.BytesIO(octets)) as archive:
            noms = [
                n
                for n in archive.namelist()
                if n.lower().endswith(".csv") and not n.lower().startswith("meta")
            ]
            return juger_csv(archive.read(noms[0]))
    except (zipfile.BadZipFile, IndexError, NotImplementedError, RuntimeError, OSError, EOFError) as cause:
        raise JugeEmbarrasse(str(cause)) from cause


def ecrire_7z(table: Tranche, hasard: random.Random) -> bytes:
    flux = io.BytesIO()
    with py7zr.SevenZipFile(flux, "w") as archive:
        archive.writestr(ecrire_csv(table, hasard), "base-2016.csv")
    return flux.getvalue()


def juger_7z(octets: bytes) -> Juge:
    with tempfile.TemporaryDirectory() as dossier:
        try:
            with py7zr.SevenZipFile(io.BytesIO(octets)) as archive:
                archive.extractall(dossier)
        except Exception as cause:
            raise JugeEmbarrasse(str(cause)) from cause
        (membre,) = (f for f in Path(dossier).rglob("*") if f.is_file())
        return juger_csv(membre.read_bytes())


# -- couches -----------------------------------------------------------------------------------


def _carres(table: Tranche) -> gpd.GeoDataFrame:
    """Donner un carré à chaque code ; la colonne des codes et les textes deviennent des attributs."""
    attributs = {nom: [ligne[j] or None for ligne in table[1:]] for j, nom in enumerate(table[0])}
    carres = [box(3 + i / 100, 43, 3 + (i + 0.9) / 100, 43.01) for i in range(len(table) - 1)]
    return gpd.GeoDataFrame(attributs, geometry=carres, crs="EPSG:4326")


def ecrire_geojson(table: Tranche, hasard: random.Random) -> bytes:
    couche = _carres(table)
    entites = [
        {"type": "Feature", "properties": dict(zip(table[0], ligne, strict=True)), "geometry": mapping(g)}
        for ligne, g in zip(table[1:], couche.geometry, strict=True)
    ]
    document: dict[str, object] = {"type": "FeatureCollection", "features": entites}
    if hasard.random() < 0.3:
        document["crs"] = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
    texte = json.dumps(document, ensure_ascii=hasard.random() < 0.5, indent=hasard.choice([None, 1]))
    return texte.encode("utf-8-sig" if hasard.random() < 0.1 else "utf-8", "replace")


def juger_geojson(octets: bytes) -> Juge:
    try:
        document = json.loads(octets.decode("utf-8-sig", "replace"), strict=False)
        attributs = [e.get("properties") or {} for e in document["features"]]
    except (ValueError, KeyError, TypeError, AttributeError) as cause:
        raise JugeEmbarrasse(str(cause)) from cause
    return _juger_des_attributs(attributs)


def ecrire_topojson(table: Tranche, hasard: random.Random) -> bytes:
    arcs = [[[round(x, 5), round(y, 5)] for x, y in g.exterior.coords] for g in _carres(table).geometry]
    geometries = [
        {"type": "Polygon", "arcs": [[i]], "properties": dict(zip(table[0], ligne, strict=True))}
        for i, ligne in enumerate(table[1:])
    ]
    document = {
        "type": "Topology",
        "objects": {"c": {"type": "GeometryCollection", "geometries": geometries}},
        "arcs": arcs,
    }
    return json.dumps(document, indent=hasard.choice([None, 1])).encode()


def juger_topojson(octets: bytes) -> Juge:
    try:
        document = json.loads(octets.decode("utf-8-sig", "replace"), strict=False)
        (objet,) = document["objects"].values()
        attributs = [g.get("properties") or {} for g in objet["geometries"]]
    except (ValueError, KeyError, TypeError, AttributeError) as cause:
        raise JugeEmbarrasse(str(cause)) from cause
    return _juger_des_attributs(attributs)


def ecrire_gpkg(table: Tranche, hasard: random.Random) -> bytes:
    with tempfile.TemporaryDirectory() as dossier:
        chemin = Path(dossier) / "c.gpkg"
        pyogrio.write_dataframe(_carres(table), chemin, layer=hasard.choice(["c", "iris"]), driver="GPKG")
        return chemin.read_bytes()


def juger_gpkg(octets: bytes) -> Juge:
    """Relire un GeoPackage par sqlite3, sans GDAL."""
    with tempfile.NamedTemporaryFile(suffix=".gpkg") as fichier:
        fichier.write(octets)
        fichier.flush()
        try:
            with closing(sqlite3.connect(f"file:{fichier.name}?mode=ro&immutable=1", uri=True)) as base:
                base.text_factory = lambda o: o.decode("utf-8", "replace")
                (nom,) = base.execute("select table_name from gpkg_contents").fetchone()
                lue = base.execute(f'select * from "{nom}"')
                noms = [d[0] for d in lue.description]
                attributs = [dict(zip(noms, ligne, strict=True)) for ligne in lue]
        except (sqlite3.Error, TypeError, ValueError) as cause:
            raise JugeEmbarrasse(str(cause)) from cause
    return _juger_des_attributs([{n: v for n, v in a.items() if n not in {"fid", "geom"}} for a in attributs])


def ecrire_geoparquet(table: Tranche, hasard: random.Random) -> bytes:
    flux = io.BytesIO()
    _carres(table).to_parquet(flux, compression=hasard.choice(["snappy", "zstd", "none"]))
    return flux.getvalue()


def juger_geoparquet(octets: bytes) -> Juge:
    """Relire les attributs d'un GeoParquet par DuckDB, sans sa géométrie."""
    with tempfile.NamedTemporaryFile(suffix=".parquet") as fichier:
        fichier.write(octets)
        fichier.flush()
        try:
            with closing(duckdb.connect()) as moteur:
                lue = moteur.execute("select * exclude geometry from read_parquet(?)", [fichier.name])
                noms = [d[0] for d in lue.description]
                attributs = [dict(zip(noms, ligne, strict=True)) for ligne in lue.fetchall()]
        except Exception as cause:
            raise JugeEmbarrasse(str(cause)) from cause
    return _juger_des_attributs(attributs)


def ecrire_shp(table: Tranche, hasard: random.Random) -> bytes:
    """Écrire un shapefile et ses compagnons dans une archive, comme les producteurs les livrent."""
    with tempfile.TemporaryDirectory() as dossier:
        pyogrio.write_dataframe(_carres(table), Path(dossier) / "c.shp", driver="ESRI Shapefile")
        flux = io.BytesIO()
        with zipfile.ZipFile(flux, "w", zipfile.ZIP_STORED) as archive:
            for fichier in sorted(Path(dossier).iterdir()):
                octets = fichier.read_bytes()
                if hasard.random() < 0.02:
                    octets = octets[: len(octets) // 2]
                archive.writestr(fichier.name, octets)
        return flux.getvalue()


def muter_un_membre(octets: bytes, hasard: random.Random) -> bytes:
    """Abîmer un membre d'une archive plutôt que l'archive, dont la somme trahirait tout."""
    with zipfile.ZipFile(io.BytesIO(octets)) as archive:
        membres = {n: archive.read(n) for n in archive.namelist()}
    choisi = hasard.choice(sorted(membres))
    membres[choisi] = muter_les_octets(membres[choisi], hasard)
    flux = io.BytesIO()
    with zipfile.ZipFile(flux, "w", zipfile.ZIP_STORED) as archive:
        for nom, contenu in membres.items():
            archive.writestr(nom, contenu)
    return flux.getvalue()


def juger_shp(octets: bytes) -> Juge:
    """Relire la table dBase d'un shapefile par ses octets."""
    try:
        with zipfile.ZipFile(io.BytesIO(octets)) as archive:
            dbf = archive.read("c.dbf")
        nombre, entete, taille = struct.unpack("<IHH", dbf[4:12])
        champs, position = [], 32
        while position + 32 <= min(entete, len(dbf)) and dbf[position] != 0x0D:
            nom = dbf[position : position + 11].split(b"\0")[0].decode("ascii", "replace")
            champs.append((nom, dbf[position + 16]))
            position += 32
        attributs = []
        for i in range(nombre):
            ligne, lus, debut = dbf[entete + i * taille : entete + (i + 1) * taille], {}, 1
            for nom, largeur in champs:
                lus[nom] = ligne[debut : debut + largeur].decode("utf-8", "replace").strip("\0 ") or None
                debut += largeur
            attributs.append(lus)
    except (KeyError, struct.error, IndexError, zipfile.BadZipFile, OSError, NotImplementedError) as cause:
        raise JugeEmbarrasse(str(cause)) from cause
    return _juger_des_attributs(attributs)


def _juger_des_attributs(attributs: list[dict[str, Any]]) -> Juge:
    juge: Juge = []
    for lus in attributs:
        cle = next((n for n in lus if n.upper() in CLES), None)
        code = str(lus[cle]).strip() if cle and lus[cle] is not None else ""
        juge.append((code, {n: None if v in (None, "") else str(v).strip() for n, v in lus.items()}))
    return juge


LECTEURS = {
    lecteur.nom: lecteur
    for lecteur in (
        Lecteur("csv", "base-2016.csv", ecrire_csv, juger_csv, muter_du_texte),
        Lecteur("xlsx", "base-2016.xlsx", ecrire_xlsx, juger_xlsx, muter_les_octets),
        Lecteur("ods", "base-2016.ods", ecrire_ods, juger_ods, muter_les_octets),
        Lecteur("parquet", "base-2016.parquet", ecrire_parquet, juger_parquet, muter_les_octets),
        Lecteur("zip", "base-2016.zip", ecrire_zip, juger_zip, muter_les_octets),
        Lecteur("7z", "base-2016.7z", ecrire_7z, juger_7z, muter_les_octets),
        Lecteur(
            "geojson", "iris-2016.geojson", ecrire_geojson, juger_geojson, muter_du_texte, geographique=True
        ),
        Lecteur(
            "topojson",
            "iris-2016.topojson",
            ecrire_topojson,
            juger_topojson,
            muter_du_texte,
            geographique=True,
        ),
        Lecteur(
            "geoparquet",
            "iris-2016.parquet",
            ecrire_geoparquet,
            juger_geoparquet,
            muter_les_octets,
            geographique=True,
        ),
        Lecteur("gpkg", "iris-2016.gpkg", ecrire_gpkg, juger_gpkg, muter_les_octets, geographique=True),
        Lecteur("shp", "iris-2016.zip", ecrire_shp, juger_shp, muter_un_membre, geographique=True),
    )
}
