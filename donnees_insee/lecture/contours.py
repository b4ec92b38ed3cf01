"""Lire une couche géographique reçue (IRIS, communes ou QPV), la vérifier et la ramener au format commun."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from donnees_insee import codes
from donnees_insee.catalogue.catalogue import Source, sources
from donnees_insee.erreurs import FichierIllisible, SourceNonReconnue, TableNonConforme, liste_de_fautes
from donnees_insee.lecture.brut import nature, refuser_ce_qui_n_est_pas_une_table, refuser_noms_repetes
from donnees_insee.lecture.fichiers_de_tiers import refus_d_un_json
from donnees_insee.lecture.geoparquet import EXTENSIONS as EXTENSIONS_GEOPARQUET
from donnees_insee.lecture.geoparquet import lire_geoparquet
from donnees_insee.lecture.pilotes import PILOTES, adresse, noms_des_couches, sous_gdal, verifier_le_compte
from donnees_insee.lecture.reconnaissance import annee_du_nom, refuser_deux_annees

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

EXTENSIONS_COUCHE: Final = frozenset(PILOTES)
# Formats où un fichier peut porter plusieurs couches ; les lister relit le fichier.
PLUSIEURS_COUCHES: Final = {".gpkg", ".topojson", ".json"}
COLONNES: Final = ("code", "nom", "commune", "nom_commune", "type")
REPERES: Final = resources.files("donnees_insee.catalogue") / "reference" / "perimetres.toml"
PERIMETRES: Final = tomllib.loads(REPERES.read_text(encoding="utf-8"))
SURFACES: Final = ("Polygon", "MultiPolygon")
HORS_METROPOLE: Final = ("97", "98", "99", "QP97", "QP98", "QP099", "QN97", "QN98", "QN099")


@dataclass(frozen=True)
class CouchePreparee:
    """Une couche prête pour la base : colonnes communes, géométrie en WGS 84."""

    source: Source
    couche: gpd.GeoDataFrame
    annee: int | None
    d_ou: str
    remarques: tuple[str, ...]


# Une coordonnée démesurée est une faute dite plus bas, non un avertissement en anglais.
@np.errstate(all="ignore")
def lire_couche(chemin: Path, demande: int | None = None, archive: str = "") -> CouchePreparee:
    """Lire une couche et vérifier qu'elle peut servir de contours ; l'archive d'où elle sort peut dire son année."""
    brute, remarques = _ouvrir(chemin)
    refuser_noms_repetes([str(c) for c in brute.columns], chemin.name)
    source = _reconnaitre_couche(brute, chemin.name)
    couche = _colonnes_communes(brute, source, chemin.name)
    couche, reparees = _reparer(couche)
    remarques += reparees
    fautes = _fautes(couche, source.niveaux[0])
    if fautes:
        raise TableNonConforme(
            liste_de_fautes(f"« {chemin.name} », reconnu comme « {source.titre} », est refusé :", fautes)
        )
    annee, d_ou = _annee(chemin, demande, archive)
    if annee is None:
        remarques.append("année de la géographie non précisée par le fichier")
    return CouchePreparee(
        source, couche.sort_values("code", ignore_index=True), annee, d_ou, tuple(remarques)
    )


def _annee(chemin: Path, demande: int | None, archive: str) -> tuple[int | None, str]:
    """Lire l'année au nom du fichier, à défaut de son archive ; sinon celle que l'analyste donne."""
    for nom, d_ou in ((chemin.stem, "nom du fichier"), (archive, "nom de l'archive")):
        lue, _ = annee_du_nom(nom)
        refuser_deux_annees(nom, lue, demande)
        if lue is not None:
            return lue, d_ou
    return demande, "" if demande is None else "option --millesime"


def _ouvrir(chemin: Path) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Lire la couche utile du fichier et s'assurer qu'elle est située."""
    import geopandas as gpd  # noqa: PLC0415 - import lent, réservé aux couches

    contenu = nature(chemin)
    refuser_ce_qui_n_est_pas_une_table(chemin, contenu)
    if chemin.suffix.lower() in EXTENSIONS_GEOPARQUET and contenu == "parquet":
        return _situee(chemin, lire_geoparquet(chemin))
    if (tiers := refus_d_un_json(chemin)) is not None:
        raise SourceNonReconnue(tiers)
    if contenu in {"pdf", "zip", "xls", "7z", "gzip", "parquet"} or chemin.suffix.lower() not in PILOTES:
        raise FichierIllisible(
            f"« {chemin.name} » n'est pas une couche géographique : son contenu est de nature « {contenu} »."
        )
    with sous_gdal(
        f"« {chemin.name} » ne s'ouvre pas comme une couche géographique",
        "Pour un shapefile, déposez ensemble les fichiers .shp, .shx, .dbf et .prj.",
    ):
        lisible = adresse(chemin)
        plusieurs = chemin.suffix.lower() in PLUSIEURS_COUCHES
        couche = _couche_utile(chemin.name, lisible) if plusieurs else None
        brute = gpd.read_file(lisible, layer=couche)
        verifier_le_compte(chemin, len(brute), couche)
    if not isinstance(brute, gpd.GeoDataFrame) or brute.geometry.isna().all():
        raise SourceNonReconnue(
            f"« {chemin.name} » ne contient aucune géométrie : ce n'est pas une couche de contours."
        )
    return _situee(chemin, brute)


def _situee(chemin: Path, brute: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Exiger d'une couche son système de coordonnées, ou la convention de son format."""
    if brute.crs is not None:
        return brute, []
    en_degres = (np.abs(brute.total_bounds) <= (180, 90, 180, 90)).all()
    if chemin.suffix.lower() == ".topojson" and en_degres:
        # TopoJSON, comme GeoJSON, écrit des longitudes et latitudes WGS 84 et ne nomme pas de système.
        return brute.set_crs("EPSG:4326"), ["coordonnées lues en WGS 84, convention du format TopoJSON"]
    raise FichierIllisible(
        f"« {chemin.name} » ne dit pas son système de coordonnées (pour un shapefile, le fichier .prj manque). "
        "Redonnez-lui sa projection dans un SIG, par exemple EPSG:2154 ou EPSG:4326, puis déposez-le de nouveau."
    )


def _couche_utile(fichier: str, lisible: str) -> str:
    """Choisir la seule couche de contours d'un fichier qui en a plusieurs (styles et emprises à part)."""
    import pyogrio  # noqa: PLC0415 - import lent, réservé aux couches

    noms = noms_des_couches(lisible)
    if not noms:
        raise SourceNonReconnue(f"« {fichier} » ne contient aucune couche géographique.")
    if len(noms) == 1:
        return noms[0]
    lues = {n: pyogrio.read_info(lisible, layer=n) for n in noms}
    utiles = [
        n
        for n, lue in lues.items()
        if "Point" not in str(lue["geometry_type"]) and _source_des_contours(lue["fields"]) is not None
    ]
    if len(utiles) == 1:
        return utiles[0]
    raise SourceNonReconnue(
        f"« {fichier} » contient {len(noms)} couches ({', '.join(noms[:4])}…) ; on en attend une seule qui "
        "porte des contours d'IRIS, de communes ou de QPV. Exportez la couche voulue seule, puis déposez-la."
    )


def _source_des_contours(noms: Iterable[object]) -> Source | None:
    hauts = {str(n).upper() for n in noms}
    return next(
        (
            s
            for s in sources().values()
            if s.couche
            and hauts & set(s.cle)
            and not hauts & set(s.exclut)
            and (not s.accompagne or hauts & set(s.accompagne))
        ),
        None,
    )


def _reconnaitre_couche(brute: gpd.GeoDataFrame, fichier: str) -> Source:
    trouvee = _source_des_contours(brute.columns)
    if trouvee is not None and (not trouvee.accompagne or _a_des_codes(brute, trouvee)):
        return trouvee
    recus = ", ".join(str(n) for n in brute.columns if n != brute.geometry.name)[:200]
    recus = recus or "aucun (pour un shapefile, le .dbf manque)"
    raise SourceNonReconnue(
        f"« {fichier} » n'est ni une couche d'IRIS (attribut CODE_IRIS ou DCOMIRIS), ni une couche de QPV (attribut "
        "code_qp), ni une couche de communes (attributs INSEE_COM et SIREN_EPCI, code_insee et codes_siren_des_epci, ou "
        f"code et nom, avec des codes de cinq caractères). Attributs reçus : {recus}."
    )


def _a_des_codes(brute: gpd.GeoDataFrame, source: Source) -> bool:
    """Dire si un attribut au nom banal (« code ») porte bien des codes du niveau de la source."""
    cle = next(c for voulu in source.cle for c in brute.columns if str(c).upper() == voulu)
    return any(codes.conforme(str(c).strip(), source.niveaux[0]) for c in brute[cle].dropna())


def _colonnes_communes(brute: gpd.GeoDataFrame, source: Source, fichier: str) -> gpd.GeoDataFrame:
    """Renommer les attributs utiles et passer en WGS 84."""
    par_haut = {str(c).upper(): c for c in brute.columns}
    communes = brute[[brute.geometry.name]].copy()
    if communes.geometry.name != "geometry":
        communes = communes.rename_geometry("geometry")
    for variable in COLONNES:
        bruts = source.attributs.get(variable, ())
        trouve = next((par_haut[b] for b in bruts if b in par_haut), None)
        communes[variable] = None if trouve is None else brute[trouve].astype("string").str.strip()
    if source.niveaux[0] in {"iris", "commune"}:
        communes["commune"] = communes["commune"].fillna(communes["code"].str[:5])
    with sous_gdal(
        f"« {fichier} » : ses coordonnées ne se convertissent pas en WGS 84",
        "Réenregistrez la couche dans un SIG en EPSG:4326, puis déposez-la de nouveau.",
    ):
        return communes.to_crs("EPSG:4326")


def _reparer(couche: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Réparer les contours qui se croisent, écarter ceux qui n'ont pas de surface, et dire l'un et l'autre."""
    import shapely  # noqa: PLC0415 - import lent, réservé aux couches

    surfaces = couche.geometry.geom_type.isin(SURFACES) & ~couche.geometry.is_empty
    invalides = surfaces & ~couche.geometry.is_valid
    if invalides.any():
        reparees = shapely.make_valid(
            couche.geometry[invalides].to_numpy(), method="structure", keep_collapsed=False
        )
        couche.loc[invalides, "geometry"] = reparees
    plats = surfaces & (shapely.area(couche.geometry.to_numpy()) == 0)
    remarques = []
    utiles = invalides & ~plats
    if utiles.any():
        remarques.append(_lesquels(couche, utiles, "invalide(s) réparé(s)"))
    if plats.any() and not plats.all():
        remarques.append(_lesquels(couche, plats, "sans surface non repris"))
        couche = couche[~plats]
    return couche, remarques


def _lesquels(couche: gpd.GeoDataFrame, choisis: pd.Series, quoi: str) -> str:
    """Nommer tous les contours choisis : le reçu est la seule liste de ce qui a été changé."""
    siens = couche.loc[choisis, "code"].astype("str")
    return f"{len(siens)} contour(s) {quoi} ({', '.join(siens)})"


def _fautes(couche: gpd.GeoDataFrame, niveau: str) -> list[str]:
    """Relever codes mal formés ou répétés, géométries vides, ponctuelles ou mal placées."""
    liste = couche["code"].astype("str").fillna("(vide)")
    vides = couche.geometry.isna() | couche.geometry.is_empty
    cas = (
        (
            f"code(s) mal formé(s) ({{}}) ; on attend {codes.ATTENDUS[niveau]}.",
            [c for c in liste if not codes.conforme(c, niveau)],
        ),
        ("code(s) en double ({}).", liste[liste.duplicated()].unique()),
        ("géométrie(s) vide(s) ({}).", liste[vides]),
        (
            "géométrie(s) qui ne sont pas des surfaces ({}) ; on attend des polygones.",
            liste[~vides & ~couche.geometry.geom_type.isin(SURFACES)],
        ),
    )
    fautes = [f"{len(ici)} {phrase.format(', '.join(ici[:5]))}" for phrase, ici in cas if len(ici)]
    lieu = _faute_de_lieu(couche[~vides], liste[~vides])
    return [*fautes, lieu] if lieu else fautes


def _faute_de_lieu(couche: gpd.GeoDataFrame, liste: Sequence[str]) -> str:
    """Refuser une couche qui tombe hors de la Terre, ou hors de France pour un code de métropole."""
    bornes = couche.geometry.bounds
    x, y = (bornes["minx"] + bornes["maxx"]) / 2, (bornes["miny"] + bornes["maxy"]) / 2
    metropole = ~couche["code"].astype("str").str.startswith(HORS_METROPOLE).fillna(value=True).to_numpy(bool)
    ouest, sud, est, nord = PERIMETRES["emprises"][0]
    sur_terre = x.between(-180, 180) & y.between(-90, 90)
    ailleurs = ~sur_terre | (metropole & ~(x.between(ouest, est) & y.between(sud, nord)))
    if not ailleurs.any():
        return ""
    rang = int(ailleurs.to_numpy().argmax())
    return (
        f"{int(ailleurs.sum())} contour(s) hors de France (par exemple {list(liste)[rang]} vers "
        f"{x.iloc[rang]:.4g}, {y.iloc[rang]:.4g}) : la projection annoncée n'est pas la bonne, ou longitudes et "
        "latitudes sont échangées."
    )
