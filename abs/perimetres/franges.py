"""La frange d'un QPV : ce qui est à moins d'une distance de sa limite, sans les QPV eux-mêmes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from abs.territoires.qpv_tenus import ce_qui_est_tenu
from donnees_insee.erreurs import DonneeAbsente, ParametreInvalide

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from donnees_insee.base.base import Base

DISTANCES: Final = (10.0, 5000.0)


def contour_de_qpv(base: Base, code: str) -> tuple[str, BaseGeometry, BaseGeometry]:
    """Lire le périmètre officiel d'un QPV, et celui de tous les QPV de la même couche."""
    for _, chemin in base.couches("contours_qpv"):
        couche = base.lire_couche(chemin)
        ligne = couche[couche["code"] == code]
        if len(ligne):
            formes = couche.geometry.make_valid()
            return str(ligne["nom"].iloc[0]), formes[ligne.index[0]], formes.union_all()
    tenu = ce_qui_est_tenu(base, code)
    suite = (
        f" Sans périmètre, ni frange ni profil des IRIS ; ses chiffres officiels sont tenus ({' ; '.join(tenu)}) : "
        f"`abs portrait {code}` les donne."
        if tenu
        else ""
    )
    raise DonneeAbsente(
        f"Le périmètre du QPV « {code} » n'est dans aucune couche de la base. Déposez les périmètres QPV de l'ANCT, "
        f"ou vérifiez le code (`abs territoire chercher`).{suite}"
    )


def frange(qpv: BaseGeometry, metres: float, tous: BaseGeometry | None = None) -> BaseGeometry:
    """Tracer la frange d'un QPV."""
    import geopandas as gpd  # noqa: PLC0415 - import lent

    if not DISTANCES[0] <= metres <= DISTANCES[1]:
        raise ParametreInvalide(
            f"La distance de frange reçue est {metres:g} m ; on attend de {DISTANCES[0]:g} à {DISTANCES[1]:g} mètres."
        )
    serie = gpd.GeoSeries([qpv], crs="EPSG:4326")
    metrique = serie.estimate_utm_crs()
    plan = serie.to_crs(metrique).make_valid()
    tampon = plan.buffer(metres).difference(plan)
    retire = qpv if tous is None else tous.union(qpv)
    return tampon.to_crs("EPSG:4326").make_valid().difference(retire).iloc[0]
