"""Un QPV : son contour, sa frange, et les chiffres publiés des IRIS qui le recouvrent, jamais un taux du QPV."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from abs.calcul.chiffre import Chiffre
from abs.indicateurs.indicateurs import indicateur
from abs.perimetres.iris_touches import recouvrement
from abs.perimetres.perimetres import PerimetreDIris
from abs.territoires.demande import Demande
from abs.territoires.qpv_tenus import ce_qui_est_tenu
from abs.territoires.territoires import Territoires
from donnees_insee.base.base import Base
from donnees_insee.erreurs import DonneeAbsente, ParametreInvalide

if TYPE_CHECKING:
    import pandas as pd
    from shapely.geometry.base import BaseGeometry

# Au-dessous, l'IRIS ne touche le QPV que par l'épaisseur du trait.
PART_MINIMALE: Final = 0.01
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


@dataclass(frozen=True)
class ProfilQpv:
    """Les IRIS d'un QPV et leurs chiffres."""

    nom: str
    iris: pd.DataFrame
    chiffres: dict[tuple[str, str], Chiffre]
    ecartes: int
    avertissement: str


def profil_des_iris(
    base: Base, nom: str, qpv: BaseGeometry, codes: Sequence[str], demande: Demande | None = None
) -> ProfilQpv:
    """Dresser le profil des IRIS recouvrant un QPV."""
    touches = recouvrement(base, qpv)
    table = touches.table
    garde = compte_pour_le_profil(table)
    retenus = table[garde].sort_values("part_perimetre", ascending=False)
    if len({str(c)[:5] for c in retenus.index}) > 1:
        # Un IRIS d'une autre commune dit laquelle.
        communes = Territoires(base).geographie.communes["nom"]
        villes = [str(communes.get(str(c)[:5], str(c)[:5])) for c in retenus.index]
        retenus = retenus.assign(nom=[f"{n} ({v})" for n, v in zip(retenus["nom"], villes, strict=True)])
    lecteur = PerimetreDIris(base, nom, [str(c) for c in retenus.index], demande)
    chiffres: dict[tuple[str, str], Chiffre] = {}
    for code in codes:
        definition = indicateur(code)
        for annee in lecteur.annees(definition):
            lus = {c: lecteur.chiffre_d_iris(definition, c, annee) for c in lecteur.iris}
            if any(c is not None and c.a_une_valeur for c in lus.values()):
                chiffres |= {(iris, code): c for iris, c in lus.items() if c is not None}
                break
    return ProfilQpv(
        nom,
        retenus,
        chiffres,
        int((~garde).sum()),
        "Ces chiffres sont ceux des IRIS entiers, pas du QPV : un IRIS mêle les habitants du QPV et leurs voisins.",
    )


def compte_pour_le_profil(table: pd.DataFrame) -> pd.Series:
    """Dire quels IRIS ont assez en commun avec le QPV : une part sensible de l'un ou de l'autre."""
    return (table["part_iris"] >= PART_MINIMALE) | (table["part_perimetre"] >= PART_MINIMALE)
