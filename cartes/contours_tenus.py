"""Lire dans la base les contours voulus ; une commune sans IRIS prend le sien d'une couche de communes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from cartes.geometrie import contours_de
from cartes.specification import Alentours
from donnees_insee.base.couches import restaurer
from donnees_insee.base.parts import EtatDeFichier, etat_de_fichier, part_lisible
from donnees_insee.catalogue.catalogue import source
from donnees_insee.erreurs import DonneeAbsente, ParametreInvalide
from donnees_insee.geographie.dans_le_temps import histoire
from donnees_insee.geographie.groupes import passage_communes

if TYPE_CHECKING:
    from collections.abc import Iterable

    import geopandas as gpd

    from donnees_insee.base.base import Base

IRIS: Final = "contours_iris"
COMMUNES: Final = "contours_communes"
# Part des communes d'un ensemble dont il faut le contour pour que sa forme se reconnaisse.
PART_RECONNUE: Final = 0.9


# Deux portraits voisins lisent les mêmes contours : ils ne sont gardés que tant que le fichier ne change pas.
@lru_cache(maxsize=16)
def _couche(fichier: EtatDeFichier, colonne: str, valeurs: tuple[str, ...]) -> gpd.GeoDataFrame:
    import geopandas as gpd  # noqa: PLC0415 - import lent, réservé aux cartes

    with part_lisible(fichier.chemin):
        return gpd.read_parquet(fichier.chemin, filters=[(colonne, "in", list(valeurs))])


def couches(
    base: Base, identifiant: str, colonne: str, valeurs: Iterable[str]
) -> list[tuple[int | None, gpd.GeoDataFrame]]:
    """Lire de chaque couche tenue les lignes voulues, s'il y en a ; à copier avant de les changer."""
    voulues = tuple(sorted(valeurs))
    lues = [
        (annee, _couche(etat_de_fichier(ch), colonne, voulues)) for annee, ch in base.couches(identifiant)
    ]
    return [(annee, couche) for annee, couche in lues if len(couche)]


@dataclass(frozen=True)
class ContoursDeCommunes:
    """Des contours de communes, l'année de leur géographie et la source d'où ils viennent."""

    couche: gpd.GeoDataFrame | None
    geographie: str
    origine: str = IRIS

    @property
    def des_iris(self) -> bool:
        """Dire si chaque contour est la réunion de ceux des IRIS de la commune."""
        return self.origine == IRIS

    @property
    def source(self) -> str:
        """Dire d'où viennent ces contours."""
        return source(self.origine).titre_court + (", réunis par commune" if self.des_iris else "")


def reunir(contours: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Réunir les contours qui portent le même code."""
    fondus = contours[["code", "nom", "geometry"]].dissolve("code", aggfunc="first").reset_index()
    return fondus.assign(nom=fondus["nom"].map(str))[["code", "nom", "geometry"]]


def contours_de_communes(
    base: Base, voulues: set[str], annee: int | None, iris: gpd.GeoDataFrame | None, geographie: str
) -> ContoursDeCommunes:
    """Réunir par commune les IRIS ; si des communes y manquent, prendre la couche de communes qui en a davantage.

    ``annee`` est celle de la géographie des communes voulues, ``geographie`` ce qu'on dit de celle des IRIS.
    """
    reunis = None
    if iris is not None:
        reunis = reunir(iris.assign(code=iris["commune"], nom=iris["nom_commune"]))
    tenues = 0 if reunis is None else len(voulues & set(reunis["code"]))
    possibles = _par_annee(base, voulues, annee) if tenues < len(voulues) else []
    meilleure = max(possibles, key=lambda p: (len(p[1]), p[0]), default=None)
    if meilleure is None or len(meilleure[1]) <= tenues:
        return ContoursDeCommunes(reunis, geographie)
    _, couche, dite = meilleure
    return ContoursDeCommunes(couche, dite, COMMUNES)


def _par_annee(base: Base, voulues: set[str], vers: int | None) -> list[tuple[int, gpd.GeoDataFrame, str]]:
    """Dresser les communes voulues de chaque année tenue : deux années mêlées se recouvriraient après une fusion."""
    import pandas as pd  # noqa: PLC0415 - import lent, réservé aux cartes

    dressees = []
    for annee in sorted({a for a, _ in base.couches(COMMUNES) if a is not None}):
        devenues = _devenues(base, voulues, annee, vers)
        siennes = [c for a, c in couches(base, COMMUNES, "code", devenues) if a == annee]
        if not siennes:
            continue
        lues = restaurer(base, pd.concat(siennes).drop_duplicates("code"))
        lues = lues.assign(code=lues["code"].map(devenues))
        # Une commune dont il manque un morceau n'est pas dessinée : sa forme tromperait.
        entieres = Counter(lues["code"]).items() & Counter(devenues.values()).items()
        lues = reunir(lues[lues["code"].isin({code for code, _ in entieres})])
        suivies = any(ancienne != code for ancienne, code in devenues.items())
        dite = f"{annee}, fusions suivies jusqu'en {vers}" if suivies else str(annee)
        dressees.append((annee, lues, dite))
    return dressees


def _devenues(base: Base, voulues: Iterable[str], de: int, vers: int | None) -> dict[str, str]:
    """Donner, des communes d'une année, celle des voulues où chacune est entrée depuis, si la base en tient l'histoire."""
    if vers is None or de >= vers:
        return {v: v for v in voulues}
    try:
        passage = passage_communes(histoire(base), de, vers)
    except (DonneeAbsente, ParametreInvalide):
        return {v: v for v in voulues}
    groupes = [passage.groupes[passage.apres[v]] for v in voulues if v in passage.apres]
    return {ancienne: g.apres[0] for g in groupes if len(g.apres) == 1 for ancienne in g.avant}


def alentours(base: Base, nom: str, communes: set[str]) -> Alentours | None:
    """Dresser les communes d'un ensemble, chacune de la couche d'IRIS qui en tient le plus, et dire s'il est entier."""
    import pandas as pd  # noqa: PLC0415 - import lent, réservé aux cartes

    lues = sorted(
        couches(base, IRIS, "commune", communes), key=lambda c: (-c[1]["commune"].nunique(), -(c[0] or 0))
    )
    if not lues:
        return None
    # Une commune coupée en IRIS se prend entière à une seule couche.
    rangees = pd.concat([couche.assign(rang=rang) for rang, (_, couche) in enumerate(lues)])
    premieres = rangees[rangees["rang"] == rangees.groupby("commune")["rang"].transform("min")]
    premieres = premieres.drop_duplicates("code").set_geometry("geometry", crs=lues[0][1].crs)
    reunies = reunir(premieres.assign(code=premieres["commune"], nom=premieres["nom_commune"]))
    entier = len(reunies) >= PART_RECONNUE * len(communes)
    return Alentours(nom, contours_de(reunies), tuple(reunies["nom"]), entier)


def a_deposer(*, par_commune: bool) -> str:
    """Dire quels contours déposer pour dessiner des IRIS, ou des communes."""
    voulues = (COMMUNES, IRIS) if par_commune else (IRIS,)
    return ", ou ".join(source(s).rappel_demande for s in voulues)
