"""Lire une couche géographique reçue (IRIS ou QPV), la vérifier et la ramener au format commun."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from donnees_insee import codes
from donnees_insee.catalogue.catalogue import sources
from donnees_insee.erreurs import FichierIllisible, SourceNonReconnue, TableNonConforme, liste_de_fautes
from donnees_insee.lecture.brut import nature, refuser_ce_qui_n_est_pas_une_table, refuser_noms_repetes
from donnees_insee.lecture.pilotes import PILOTES, adresse, noms_des_couches, verifier_le_compte
from donnees_insee.lecture.reconnaissance import annee_du_nom, refuser_deux_annees

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import geopandas as gpd

    from donnees_insee.catalogue.catalogue import Source

EXTENSIONS_COUCHE: Final = frozenset(PILOTES)
# Formats où un fichier peut porter plusieurs couches ; les lister relit le fichier.
PLUSIEURS_COUCHES: Final = {".gpkg", ".topojson", ".json"}
COLONNES: Final = ("code", "nom", "commune", "nom_commune", "type")
# Emprise de la France métropolitaine, débordée d'un degré : elle trahit longitudes et latitudes échangées.
METROPOLE: Final = (-6.5, 40.0, 11.0, 52.5)
HORS_METROPOLE: Final = ("97", "98", "99", "QP97", "QP98", "QP099", "QN97", "QN98", "QN099")


@dataclass(frozen=True)
class CouchePreparee:
    """Une couche prête pour la base : colonnes communes, géométrie en WGS 84."""

    source: Source
    couche: gpd.GeoDataFrame
    annee: int | None
    remarques: tuple[str, ...]


# Une coordonnée démesurée est une faute dite plus bas, non un avertissement en anglais.
@np.errstate(all="ignore")
def lire_couche(chemin: Path, demande: int | None = None) -> CouchePreparee:
    """Lire une couche et vérifier qu'elle peut servir de contours."""
    brute, remarques = _ouvrir(chemin)
    refuser_noms_repetes([str(c) for c in brute.columns], chemin.name)
    source = _reconnaitre_couche([str(c) for c in brute.columns], chemin.name)
    couche = _colonnes_communes(brute, source, chemin.name)
    couche, reparees = _reparer(couche)
    remarques += reparees
    fautes = _fautes(couche, source.niveaux[0])
    if fautes:
        raise TableNonConforme(
            liste_de_fautes(f"« {chemin.name} », reconnu comme « {source.titre} », est refusé :", fautes)
        )
    du_nom, _ = annee_du_nom(chemin.stem)
    refuser_deux_annees(chemin.name, du_nom, demande)
    annee = demande or du_nom
    if annee is None:
        remarques.append("année de la géographie non précisée par le fichier")
    return CouchePreparee(source, couche.sort_values("code", ignore_index=True), annee, tuple(remarques))


def _ouvrir(chemin: Path) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Lire la couche utile du fichier et s'assurer qu'elle est située."""
    import geopandas as gpd  # noqa: PLC0415 - import lent, réservé aux couches

    contenu = nature(chemin)
    refuser_ce_qui_n_est_pas_une_table(chemin, contenu)
    if contenu in {"pdf", "zip", "xls", "7z", "gzip", "parquet"}:
        raise FichierIllisible(
            f"« {chemin.name} » n'est pas une couche géographique : son contenu est de nature « {contenu} »."
        )
    try:
        with warnings.catch_warnings():
            # Les avertissements de GDAL sont en anglais ; ce qui compte est vérifié plus bas.
            warnings.simplefilter("ignore")
            lisible = adresse(chemin)
            plusieurs = chemin.suffix.lower() in PLUSIEURS_COUCHES
            couche = _couche_utile(chemin.name, lisible) if plusieurs else None
            brute = gpd.read_file(lisible, layer=couche)
            verifier_le_compte(chemin, len(brute), couche)
    except (SourceNonReconnue, FichierIllisible):
        raise
    except Exception as cause:
        # GDAL, pyogrio et shapely ont chacun leurs erreurs, selon ce qui est abîmé dans le fichier.
        raise FichierIllisible(
            f"« {chemin.name} » ne s'ouvre pas comme une couche géographique ({cause}). Pour un shapefile, "
            "déposez ensemble les fichiers .shp, .shx, .dbf et .prj."
        ) from cause
    if not isinstance(brute, gpd.GeoDataFrame) or brute.geometry.isna().all():
        raise SourceNonReconnue(
            f"« {chemin.name} » ne contient aucune géométrie : ce n'est pas une couche de contours."
        )
    if brute.crs is not None:
        return brute, []
    if chemin.suffix.lower() == ".topojson" and _en_degres(brute):
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
    attributs = {n: pyogrio.read_info(lisible, layer=n)["fields"] for n in noms}
    utiles = [n for n in noms if _source_des_contours([str(a) for a in attributs[n]]) is not None]
    if len(utiles) == 1:
        return utiles[0]
    raise SourceNonReconnue(
        f"« {fichier} » contient {len(noms)} couches ({', '.join(noms[:4])}…) ; on en attend une seule qui "
        "porte des contours d'IRIS ou de QPV. Exportez la couche voulue seule, puis déposez-la."
    )


def _en_degres(brute: gpd.GeoDataFrame) -> bool:
    x_min, y_min, x_max, y_max = brute.total_bounds
    return bool(-180 <= x_min <= x_max <= 180 and -90 <= y_min <= y_max <= 90)


def _source_des_contours(noms: Sequence[str]) -> Source | None:
    hauts = {n.upper() for n in noms}
    return next((s for s in sources().values() if s.couche and hauts & set(s.cle)), None)


def _reconnaitre_couche(noms: Sequence[str], fichier: str) -> Source:
    trouvee = _source_des_contours(noms)
    if trouvee is not None:
        return trouvee
    recus = ", ".join(n for n in noms if n != "geometry")[:200]
    raise SourceNonReconnue(
        f"« {fichier} » n'est ni une couche d'IRIS (attribut CODE_IRIS ou DCOMIRIS) ni une couche de QPV "
        f"(attribut code_qp). Attributs reçus : {recus or 'aucun (pour un shapefile, le .dbf manque)'}."
    )


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
    if source.niveaux[0] == "iris":
        communes["commune"] = communes["commune"].fillna(communes["code"].str[:5])
    try:
        return communes.to_crs("EPSG:4326")
    except Exception as cause:
        raise FichierIllisible(
            f"« {fichier} » : ses coordonnées ne se convertissent pas en WGS 84 ({cause}). Réenregistrez la "
            "couche dans un SIG en EPSG:4326, puis déposez-la de nouveau."
        ) from cause


def _reparer(couche: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Réparer les contours qui se croisent, écarter ceux qui n'ont pas de surface, et dire l'un et l'autre."""
    import shapely  # noqa: PLC0415 - import lent, réservé aux couches

    surfaces = couche.geometry.geom_type.isin(["Polygon", "MultiPolygon"]) & ~couche.geometry.is_empty
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
        remarques.append(f"{int(utiles.sum())} contour(s) invalide(s) réparé(s)")
    if plats.any() and not plats.all():
        sans = ", ".join(couche.loc[plats, "code"].astype("str")[:5])
        remarques.append(f"{int(plats.sum())} contour(s) sans surface non repris ({sans})")
        couche = couche[~plats]
    return couche, remarques


def _fautes(couche: gpd.GeoDataFrame, niveau: str) -> list[str]:
    """Relever codes mal formés ou répétés, géométries vides, ponctuelles ou mal placées."""
    fautes = []
    liste = couche["code"].astype("str").fillna("(vide)")
    mauvais = [c for c in liste if not codes.conforme(c, niveau)]
    if mauvais:
        fautes.append(
            f"{len(mauvais)} code(s) mal formé(s) ({', '.join(mauvais[:5])}) ; on attend {codes.ATTENDUS[niveau]}."
        )
    doubles = liste[liste.duplicated()].unique()
    if len(doubles):
        fautes.append(f"{len(doubles)} code(s) en double ({', '.join(doubles[:5])}).")
    vides = couche.geometry.isna() | couche.geometry.is_empty
    if vides.any():
        fautes.append(f"{int(vides.sum())} géométrie(s) vide(s) ({', '.join(liste[vides][:5])}).")
    plates = ~vides & ~couche.geometry.geom_type.isin(["Polygon", "MultiPolygon"])
    if plates.any():
        fautes.append(
            f"{int(plates.sum())} géométrie(s) qui ne sont pas des surfaces ({', '.join(liste[plates][:5])}) ; "
            "on attend des polygones."
        )
    return fautes + _fautes_de_lieu(couche[~vides], liste[~vides])


def _fautes_de_lieu(couche: gpd.GeoDataFrame, liste: Sequence[str]) -> list[str]:
    """Refuser une couche qui tombe hors de la Terre, ou hors de France pour un code de métropole."""
    bornes = couche.geometry.bounds
    x, y = (bornes["minx"] + bornes["maxx"]) / 2, (bornes["miny"] + bornes["maxy"]) / 2
    metropole = ~couche["code"].astype("str").str.startswith(HORS_METROPOLE).fillna(value=True).to_numpy(bool)
    ouest, sud, est, nord = METROPOLE
    sur_terre = x.between(-180, 180) & y.between(-90, 90)
    ailleurs = ~sur_terre | (metropole & ~(x.between(ouest, est) & y.between(sud, nord)))
    if not ailleurs.any():
        return []
    rang = int(ailleurs.to_numpy().argmax())
    return [
        (
            f"{int(ailleurs.sum())} contour(s) hors de France (par exemple {list(liste)[rang]} vers "
            f"{x.iloc[rang]:.4g}, {y.iloc[rang]:.4g}) : la projection annoncée n'est pas la bonne, ou longitudes et "
            "latitudes sont échangées."
        )
    ]
