"""Lire les périmètres qu'un analyste dessine ou reçoit : des surfaces nommées, ramenées en WGS 84."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from donnees_insee.erreurs import FichierIllisible, TableNonConforme, liste_de_fautes
from donnees_insee.lecture.brut import nature, refuser_ce_qui_n_est_pas_une_table, refuser_noms_repetes
from donnees_insee.lecture.contours import EXTENSIONS_COUCHE, PERIMETRES, SURFACES
from donnees_insee.lecture.pilotes import adresse, noms_des_couches, sous_gdal, verifier_le_compte

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd
    from shapely.geometry.base import BaseGeometry


REPARE: Final = "contour qui se recoupe lui-même, réparé à la lecture"


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
    fautes = [f for nom, g in zip(noms, couche.geometry, strict=True) if (f := _faute(nom, g))]
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
    reparees = couche.geometry.make_valid()
    remarques = couche.geometry.is_valid.map({True: "", False: REPARE})
    return tuple(map(PerimetreRecu, noms, reparees, remarques))


def _ouvrir(chemin: Path) -> gpd.GeoDataFrame:
    import geopandas as gpd  # noqa: PLC0415 - import lent, réservé aux couches

    if not chemin.is_file():
        raise FichierIllisible(f"« {chemin} » n'existe pas, ou n'est pas un fichier.")
    if chemin.suffix.lower() not in EXTENSIONS_COUCHE:
        raise FichierIllisible(
            f"« {chemin.name} » n'a pas une extension de couche ; on attend {', '.join(sorted(EXTENSIONS_COUCHE))}."
        )
    refuser_ce_qui_n_est_pas_une_table(chemin, nature(chemin))
    with sous_gdal(f"« {chemin.name} » ne s'ouvre pas comme une couche géographique", ""):
        lisible = adresse(chemin)
        couches = noms_des_couches(lisible)
        if len(couches) != 1:
            raise FichierIllisible(
                f"« {chemin.name} » contient {len(couches)} couche(s) géographique(s) ({', '.join(couches[:4])}) ; on en "
                "attend une seule. Exportez la couche voulue seule."
            )
        lue = gpd.read_file(lisible, layer=couches[0])
        verifier_le_compte(chemin, len(lue), couches[0])
    if lue.crs is None:
        raise FichierIllisible(
            f"« {chemin.name} » ne dit pas son système de coordonnées. Redonnez-lui sa projection dans un SIG, par "
            "exemple EPSG:2154 ou EPSG:4326."
        )
    return lue


def _noms(couche: gpd.GeoDataFrame, defaut: str) -> list[str]:
    """Nommer chaque surface par le premier attribut qui les nomme toutes."""
    par_haut = {str(c).upper(): c for c in couche.columns}
    for attribut in PERIMETRES["noms"]:
        if attribut in par_haut:
            lus = couche[par_haut[attribut]].astype("string").str.strip()
            if not (lus.isna() | (lus == "")).any():
                return [str(n) for n in lus]
    return [defaut] if len(couche) == 1 else [f"{defaut} {i + 1}" for i in range(len(couche))]


def _faute(nom: str, surface: Any) -> str:
    """Dire ce qui empêche une géométrie d'être un périmètre."""
    if surface is None or surface.is_empty:
        return f"« {nom} » est vide."
    if surface.geom_type not in SURFACES:
        return f"« {nom} » n'est pas une surface ({surface.geom_type}) ; on attend un polygone."
    ouest, sud, est, nord = surface.bounds
    if any(o <= ouest and s <= sud and est <= e and nord <= n for o, s, e, n in PERIMETRES["emprises"]):
        return ""
    return (
        f"« {nom} » est hors de France (vers {ouest:.4g}, {sud:.4g}) : la projection annoncée n'est pas la bonne, "
        "ou longitudes et latitudes sont échangées."
    )
