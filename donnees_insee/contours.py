"""Lire une couche géographique reçue (contours d'IRIS ou périmètres de QPV) et la ramener au format commun."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from donnees_insee import codes
from donnees_insee.catalogue import Source, sources
from donnees_insee.erreurs import FichierIllisible, SourceNonReconnue, TableNonConforme, liste_de_fautes
from donnees_insee.reconnaissance import annees_dans
from donnees_insee.tables import nature

if TYPE_CHECKING:
    import geopandas as gpd

EXTENSIONS_COUCHE: Final = {".geojson", ".json", ".gpkg", ".shp", ".topojson"}


@dataclass(frozen=True)
class CouchePreparee:
    """Une couche prête pour la base : colonnes communes, géométrie en WGS 84.

    Attributes
    ----------
    source : Source
        ``contours_iris`` ou ``contours_qpv``.
    couche : geopandas.GeoDataFrame
        Colonnes ``code``, ``nom``, ``commune``, ``nom_commune``, ``type`` et ``geometry``.
    annee : int or None
        Année de la géographie, si le nom du fichier la porte.
    remarques : tuple of str
        Ce que l'analyste doit savoir de la lecture.
    """

    source: Source
    couche: gpd.GeoDataFrame
    annee: int | None
    remarques: tuple[str, ...]


def lire_couche(chemin: Path, demande: int | None = None) -> CouchePreparee:
    """Lire une couche et vérifier qu'elle peut servir de contours.

    Parameters
    ----------
    chemin : pathlib.Path
        Fichier GeoJSON, GPKG, SHP ou TopoJSON.
    demande : int or None, default None
        Année de la géographie donnée par l'analyste.

    Returns
    -------
    CouchePreparee
        Couche en WGS 84, triée par code.

    Raises
    ------
    FichierIllisible
        Fichier illisible ou sans système de coordonnées.
    SourceNonReconnue
        Attributs qui ne sont ni ceux des IRIS ni ceux des QPV.
    TableNonConforme
        Codes mal formés ou répétés, géométries vides.
    """
    brute, remarques = _ouvrir(chemin)
    source = _reconnaitre_couche([str(c) for c in brute.columns], chemin.name)
    couche = _colonnes_communes(brute, source)
    niveau = source.niveaux[0]
    fautes = _fautes(couche, niveau)
    if fautes:
        raise TableNonConforme(
            liste_de_fautes(f"« {chemin.name} », reconnu comme « {source.titre} », est refusé :", fautes)
        )
    annees = annees_dans(chemin.stem)
    annee = demande or (annees[0] if len(annees) == 1 else None)
    if annee is None:
        remarques.append("année de la géographie non précisée par le fichier")
    return CouchePreparee(source, couche.sort_values("code", ignore_index=True), annee, tuple(remarques))


def _ouvrir(chemin: Path) -> tuple[gpd.GeoDataFrame, list[str]]:
    import geopandas as gpd  # noqa: PLC0415 - import lent, réservé aux couches
    import pyogrio  # noqa: PLC0415

    if nature(chemin) in {"vide", "html", "pdf"}:
        raise FichierIllisible(f"« {chemin.name} » n'est pas une couche géographique (fichier vide ou page web).")
    try:
        couches = pyogrio.list_layers(chemin)
        if len(couches) > 1:
            raise SourceNonReconnue(
                f"« {chemin.name} » contient {len(couches)} couches ; on en attend une, celle des contours. "
                "Exportez la couche voulue seule, puis déposez-la."
            )
        brute = gpd.read_file(chemin)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError) as cause:
        raise FichierIllisible(
            f"« {chemin.name} » ne s'ouvre pas comme une couche géographique ({cause}). Pour un shapefile, déposez "
            "ensemble les fichiers .shp, .shx, .dbf et .prj."
        ) from cause
    if not isinstance(brute, gpd.GeoDataFrame) or brute.geometry.isna().all():
        raise SourceNonReconnue(f"« {chemin.name} » ne contient aucune géométrie : ce n'est pas une couche de contours.")
    if brute.crs is not None:
        return brute, []
    if chemin.suffix.lower() == ".topojson" and _en_degres(brute):
        # TopoJSON, comme GeoJSON, écrit des longitudes et latitudes WGS 84 et ne nomme pas de système.
        return brute.set_crs("EPSG:4326"), ["coordonnées lues en WGS 84, convention du format TopoJSON"]
    raise FichierIllisible(
        f"« {chemin.name} » ne dit pas son système de coordonnées (pour un shapefile, le fichier .prj manque). "
        "Redonnez-lui sa projection dans un SIG, par exemple EPSG:2154 ou EPSG:4326, puis déposez-le de nouveau."
    )


def _en_degres(brute: gpd.GeoDataFrame) -> bool:
    x_min, y_min, x_max, y_max = brute.total_bounds
    return bool(-180 <= x_min <= x_max <= 180 and -90 <= y_min <= y_max <= 90)


def _reconnaitre_couche(noms: list[str], fichier: str) -> Source:
    hauts = {n.upper() for n in noms}
    for source in sources().values():
        if source.couche and hauts & set(source.cle):
            return source
    for source in sources().values():
        if source.a_venir and set(source.signature) <= hauts:
            raise SourceNonReconnue(
                f"« {fichier} » est reconnu comme « {source.titre} » ; cette version ne charge pas encore cette source."
            )
    raise SourceNonReconnue(
        f"« {fichier} » n'est ni une couche d'IRIS (attribut CODE_IRIS ou DCOMIRIS) ni une couche de QPV "
        f"(attribut code_qp). Attributs reçus : {', '.join(noms[:8])}."
    )


def _colonnes_communes(brute: gpd.GeoDataFrame, source: Source) -> gpd.GeoDataFrame:
    par_haut = {str(c).upper(): c for c in brute.columns}
    communes = brute[["geometry"]].copy() if "geometry" in brute else brute[[brute.geometry.name]].copy()
    communes = communes.rename_geometry("geometry") if communes.geometry.name != "geometry" else communes
    for variable in ("code", "nom", "commune", "nom_commune", "type"):
        bruts = source.attributs.get(variable, ())
        trouve = next((par_haut[b] for b in bruts if b in par_haut), None)
        communes[variable] = None if trouve is None else brute[trouve].astype("string").str.strip()
    if source.niveaux[0] == "iris":
        communes["commune"] = communes["commune"].fillna(communes["code"].str[:5])
    return communes.to_crs("EPSG:4326")


def _fautes(couche: gpd.GeoDataFrame, niveau: str) -> list[str]:
    fautes = []
    mauvais = [str(c) for c in couche["code"] if not codes.conforme(str(c), niveau)]
    if mauvais:
        fautes.append(
            f"{len(mauvais)} code(s) mal formé(s) ({', '.join(mauvais[:5])}) ; on attend {codes.ATTENDUS[niveau]}."
        )
    doubles = couche.loc[couche["code"].duplicated(), "code"].unique()
    if len(doubles):
        fautes.append(f"{len(doubles)} code(s) en double ({', '.join(map(str, doubles[:5]))}).")
    vides = couche.geometry.isna() | couche.geometry.is_empty
    if vides.any():
        fautes.append(f"{int(vides.sum())} géométrie(s) vide(s) ({', '.join(couche.loc[vides, 'code'][:5])}).")
    return fautes
