"""Le profil des IRIS qui recouvrent un QPV : leurs chiffres publiés côte à côte, jamais un taux du QPV."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from abs.calcul.chiffre import Chiffre
from abs.indicateurs.indicateurs import indicateur
from abs.perimetres.iris_touches import recouvrement
from abs.perimetres.perimetres import PerimetreDIris
from abs.territoires.demande import Demande
from abs.territoires.territoires import Territoires
from donnees_insee.base.base import Base

if TYPE_CHECKING:
    import pandas as pd
    from shapely.geometry.base import BaseGeometry

# Au-dessous, l'IRIS ne touche le QPV que par l'épaisseur du trait.
PART_MINIMALE: Final = 0.01


@dataclass(frozen=True)
class ProfilQpv:
    """Les IRIS d'un QPV et leurs chiffres.

    Attributes
    ----------
    nom : str
        Nom du QPV.
    iris : pandas.DataFrame
        Index ``code`` ; ``nom``, ``part_iris`` et ``part_perimetre``, du plus au moins couvrant.
    chiffres : dict of tuple to Chiffre
        (IRIS, indicateur) → chiffre publié à l'IRIS.
    ecartes : int
        IRIS laissés de côté parce qu'ils ne touchent le QPV que par le trait.
    avertissement : str
        Phrase à imprimer avec la table.
    """

    nom: str
    iris: pd.DataFrame
    chiffres: dict[tuple[str, str], Chiffre]
    ecartes: int
    avertissement: str


def profil_des_iris(
    base: Base, nom: str, qpv: BaseGeometry, codes: Sequence[str], demande: Demande | None = None
) -> ProfilQpv:
    """Dresser le profil des IRIS recouvrant un QPV.

    Parameters
    ----------
    base : Base
        Base locale.
    nom : str
        Nom du QPV.
    qpv : shapely.geometry.base.BaseGeometry
        Périmètre officiel, en WGS 84.
    codes : sequence of str
        Indicateurs voulus.
    demande : Demande or None, default None
        Dates admises.

    Returns
    -------
    ProfilQpv
        Un indicateur y est lu à la même date pour tous les IRIS.
    """
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
    """Dire quels IRIS ont assez en commun avec le QPV : une part sensible de l'un ou de l'autre.

    Parameters
    ----------
    table : pandas.DataFrame
        Colonnes ``part_iris`` et ``part_perimetre``.

    Returns
    -------
    pandas.Series
        Vrai pour les IRIS à montrer.
    """
    return (table["part_iris"] >= PART_MINIMALE) | (table["part_perimetre"] >= PART_MINIMALE)
