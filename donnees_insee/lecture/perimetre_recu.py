"""Lire les périmètres qu'un analyste dessine ou reçoit : des surfaces nommées, ramenées en WGS 84."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from donnees_insee.erreurs import FichierIllisible, TableNonConforme, liste_de_fautes
from donnees_insee.lecture.brut import nature, refuser_ce_qui_n_est_pas_une_table, refuser_noms_repetes
from donnees_insee.lecture.contours import EXTENSIONS_COUCHE
from donnees_insee.lecture.pilotes import adresse, noms_des_couches, verifier_le_compte

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd
    from shapely.geometry.base import BaseGeometry

NOMS: Final = (
    "NOM",
    "NAME",
    "LIBELLE",
    "LIB",
    "NOM_QP",
    "LIB_QP",
    "QUARTIER",
    "TITRE",
    "CODE",
    "CODE_QP",
    "ID",
)
SURFACES: Final = {"Polygon", "MultiPolygon"}
# Une emprise autour de chaque morceau de France, en degrés : ouest, sud, est, nord.
EMPRISES: Final = (
    (-6.5, 40.0, 11.0, 52.5),
    (-63.5, 14.0, -60.5, 18.5),
    (-55.0, 1.5, -51.0, 6.5),
    (44.5, -22.0, 56.5, -12.0),
    (-57.0, 46.0, -55.5, 47.5),
    (-180.0, -29.0, 180.0, -6.0),
)


@dataclass(frozen=True)
class PerimetreRecu:
    """Un périmètre lu dans un fichier."""

    nom: str
    surface: BaseGeometry
    remarque: str = ""


def lire_perimetres(chemin: Path) -> tuple[PerimetreRecu, ...]:
    """Lire les périmètres d'un fichier."""
    brute = _ouvrir(chemin)
    refuser_noms_repetes([str(c) for c in brute.columns], chemin.name)
    couche = brute.to_crs("EPSG:4326")
    noms = _noms(couche, chemin.stem)
    fautes = [f for nom, g in zip(noms, couche.geometry, strict=True) for f in _fautes(nom, g)]
    doubles = sorted({n for n in noms if noms.count(n) > 1})
    if doubles:
        fautes.append(
            f"plusieurs surfaces s'appellent {', '.join(doubles[:4])} ; donnez-leur des noms différents."
        )
    if not noms:
        fautes.append("il ne contient aucune surface.")
    if fautes:
        raise TableNonConforme(
            liste_de_fautes(f"« {chemin.name} » ne peut pas servir de périmètre :", fautes)
        )
    return tuple(_valide(nom, g) for nom, g in zip(noms, couche.geometry, strict=True))


def _ouvrir(chemin: Path) -> gpd.GeoDataFrame:
    import geopandas as gpd  # noqa: PLC0415 - import lent, réservé aux couches

    if not chemin.is_file():
        raise FichierIllisible(f"« {chemin} » n'existe pas, ou n'est pas un fichier.")
    if chemin.suffix.lower() not in EXTENSIONS_COUCHE:
        raise FichierIllisible(
            f"« {chemin.name} » n'a pas une extension de couche ; on attend {', '.join(sorted(EXTENSIONS_COUCHE))}."
        )
    refuser_ce_qui_n_est_pas_une_table(chemin, nature(chemin))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # avertissements de GDAL, en anglais
            lisible = adresse(chemin)
            couches = noms_des_couches(lisible)
            lue = gpd.read_file(lisible, layer=couches[0]) if len(couches) == 1 else None
            if lue is not None:
                verifier_le_compte(chemin, len(lue), couches[0])
    except FichierIllisible:
        raise
    except Exception as cause:
        # GDAL, pyogrio et shapely ont chacun leurs erreurs, selon ce qui est abîmé dans le fichier.
        raise FichierIllisible(
            f"« {chemin.name} » ne s'ouvre pas comme une couche géographique ({cause})."
        ) from cause
    if lue is None:
        raise FichierIllisible(
            f"« {chemin.name} » contient {len(couches)} couche(s) géographique(s) ({', '.join(couches[:4])}) ; on en "
            "attend une seule. Exportez la couche voulue seule."
        )
    if lue.crs is None:
        raise FichierIllisible(
            f"« {chemin.name} » ne dit pas son système de coordonnées. Redonnez-lui sa projection dans un SIG, par "
            "exemple EPSG:2154 ou EPSG:4326."
        )
    return lue


def _noms(couche: gpd.GeoDataFrame, defaut: str) -> list[str]:
    """Nommer chaque surface par le premier attribut qui les nomme toutes."""
    par_haut = {str(c).upper(): c for c in couche.columns}
    for attribut in NOMS:
        if attribut in par_haut:
            lus = couche[par_haut[attribut]].astype("string").str.strip()
            if not (lus.isna() | (lus == "")).any():
                return [str(n) for n in lus]
    return [defaut] if len(couche) == 1 else [f"{defaut} {i + 1}" for i in range(len(couche))]


def _fautes(nom: str, surface: Any) -> list[str]:
    """Relever ce qui empêche une géométrie d'être un périmètre."""
    if surface is None or surface.is_empty:
        return [f"« {nom} » est vide."]
    if surface.geom_type not in SURFACES:
        return [f"« {nom} » n'est pas une surface ({surface.geom_type}) ; on attend un polygone."]
    ouest, sud, est, nord = surface.bounds
    if not any(o <= ouest and s <= sud and est <= e and nord <= n for o, s, e, n in EMPRISES):
        return [
            (
                f"« {nom} » est hors de France (vers {ouest:.4g}, {sud:.4g}) : la projection annoncée n'est pas la bonne, "
                "ou longitudes et latitudes sont échangées."
            )
        ]
    return []


def _valide(nom: str, surface: BaseGeometry) -> PerimetreRecu:
    import shapely  # noqa: PLC0415 - import lent, réservé aux couches

    if shapely.is_valid(surface):
        return PerimetreRecu(nom, surface)
    return PerimetreRecu(
        nom, shapely.make_valid(surface), "contour qui se recoupe lui-même, réparé à la lecture"
    )
