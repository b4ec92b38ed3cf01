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
