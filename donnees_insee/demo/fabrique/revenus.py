"""Niveaux de vie fictifs : une loi par maille, des mélanges pour les communes et au-dessus."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

from donnees_insee.demo.fabrique.profils import profil_de

if TYPE_CHECKING:
    from collections.abc import Sequence

    from donnees_insee.demo.fabrique.alea import Alea
    from donnees_insee.demo.fabrique.territoire import Maille

# Seuils de pauvreté annuels à 60 % de la médiane métropolitaine.
SEUIL = {2016: 12_312.0, 2021: 13_896.0}
_CROISSANCE = {2016: 0.886, 2021: 1.0}
_NORMALE = NormalDist()
RANGS = {
    "D1": 0.1,
    "D2": 0.2,
    "Q1": 0.25,
    "D3": 0.3,
    "D4": 0.4,
    "MED": 0.5,
    "D6": 0.6,
    "D7": 0.7,
    "Q3": 0.75,
    "D8": 0.8,
    "D9": 0.9,
}


@dataclass(frozen=True)
class Loi:
    """Loi des niveaux de vie d'une maille : log-normale, avec son poids en personnes."""

    poids: float
    mediane: float
    dispersion: float

    def repartition(self, x: float) -> float:
        """Part des personnes sous un niveau de vie."""
        return _NORMALE.cdf(math.log(x / self.mediane) / self.dispersion)


def loi_de(maille: Maille, annee: int, alea: Alea, poids: float | None = None) -> Loi:
    """Donner la loi des niveaux de vie d'une maille."""
    profil = profil_de(maille, 2016 if annee == 2016 else 2022, alea)
    bruit = alea.autour(0.008, maille.code, annee, "mediane")
    effectif = maille.habitants_2016 if annee == 2016 else maille.habitants_2022
    dispersion = profil.dispersion * alea.autour(0.02, maille.code, "dispersion")
    mediane = profil.mediane * _CROISSANCE[annee] * bruit
    return Loi(effectif if poids is None else poids, mediane, dispersion)


def melange(lois: Sequence[Loi], x: float) -> float:
    """Part des personnes sous un niveau de vie dans un territoire fait de plusieurs mailles."""
    total = math.fsum(loi.poids for loi in lois)
    return math.fsum(loi.poids * loi.repartition(x) for loi in lois) / total


def quantile(lois: Sequence[Loi], rang: float) -> float:
    """Chercher par dichotomie un quantile d'un mélange ; ce n'est pas une moyenne de quantiles."""
    bas, haut = 1_000.0, 400_000.0
    for _ in range(45):
        milieu = (bas + haut) / 2
        if melange(lois, milieu) < rang:
            bas = milieu
        else:
            haut = milieu
    return bas


def _masse(lois: Sequence[Loi], x: float) -> float:
    """Part du revenu total reçue par ceux qui sont sous un niveau de vie."""
    moyennes = [loi.poids * loi.mediane * math.exp(loi.dispersion**2 / 2) for loi in lois]
    sous = [
        moyenne * _NORMALE.cdf(math.log(x / loi.mediane) / loi.dispersion - loi.dispersion)
        for moyenne, loi in zip(moyennes, lois, strict=True)
    ]
    return math.fsum(sous) / math.fsum(moyennes)


def distribution(lois: Sequence[Loi], annee: int) -> dict[str, float]:
    """Calculer les indicateurs de distribution d'un territoire."""
    # En 2021 le producteur arrondit à la dizaine d'euros ; les rapports se calculent sur l'arrondi.
    pas = 10 if annee == 2021 else 1
    resultat = {nom: float(round(quantile(lois, rang) / pas) * pas) for nom, rang in RANGS.items()}
    resultat["RD"] = resultat["D9"] / resultat["D1"]
    resultat["EQ"] = (resultat["Q3"] - resultat["Q1"]) / resultat["MED"]
    resultat["TP60"] = 100 * melange(lois, SEUIL[annee])
    lorenz = [0.0, *(_masse(lois, quantile(lois, k / 20)) for k in range(1, 20)), 1.0]
    resultat["S80S20"] = (1 - lorenz[16]) / lorenz[4]
    # Aire sous la courbe de Lorenz, par trapèzes.
    resultat["GI"] = 1 - math.fsum(a + b for a, b in itertools.pairwise(lorenz)) / 20
    return resultat


def structure(lois: Sequence[Loi], annee: int, part_65_ans: float, chomage: float) -> dict[str, float]:
    """Décomposer le revenu disponible ; les parts font 100 avec les impôts, comptés en négatif."""
    niveau = quantile(lois, 0.5) / (SEUIL[annee] / 0.6)
    pauvrete = melange(lois, SEUIL[annee])
    minima = round(0.4 + 19 * pauvrete**1.35, 1)
    logement = round(0.3 + (11.5 if annee == 2016 else 9.5) * pauvrete**1.4, 1)
    familiales = round(0.9 + 8.5 * pauvrete, 1)
    impots = -round(min(25.0, max(7.0, 15.6 * niveau**1.1)), 1)
    patrimoine = round(max(2.0, 9.5 * niveau**1.7), 1)
    retraites = round(7 + 92 * part_65_ans, 1)
    prestations = round(minima + logement + familiales, 1)
    activite = round(100 - prestations - impots - patrimoine - retraites, 1)
    indemnites = round(0.8 + 17 * chomage, 1)
    independants = round(1.6 + 2.4 * niveau**2, 1)
    return {
        "PACT": activite,
        "PTSA": round(activite - indemnites - independants, 1),
        "PCHO": indemnites,
        "PBEN": independants,
        "PPEN": retraites,
        "PPAT": patrimoine,
        "PPSOC": prestations,
        "PPFAM": familiales,
        "PPMINI": minima,
        "PPLOGT": logement,
        "PIMPOT": impots,
        "PIMP": round(min(85.0, max(15.0, 100 * (1 - melange(lois, SEUIL[annee] * 1.42)) + 4)), 1),
    }
