"""Effectifs de population d'une maille fictive : âges, sexes, nationalité, diplômes."""

from __future__ import annotations

import math
from dataclasses import dataclass

from donnees_insee.demo.fabrique.alea import Alea, fraction, repartir
from donnees_insee.demo.fabrique.profils import Profil, profil_de
from donnees_insee.demo.fabrique.territoire import MAILLES, Maille, habitants

# Les tranches publiées se recoupent : celles-ci sont les plus larges qui les composent toutes.
BORNES = (0, 2, 3, 6, 11, 15, 18, 20, 25, 30, 40, 45, 55, 60, 65, 75, 80, 120)
_AGES_TYPES = {
    "etudiants": (4, 2, 5, 7, 6, 7, 150, 210, 55, 35, 10, 14, 6, 5, 6, 2, 2),
    "actifs": (26, 12, 34, 48, 36, 28, 30, 95, 120, 170, 68, 125, 50, 45, 65, 20, 28),
    "familles": (36, 19, 56, 95, 76, 54, 26, 48, 52, 140, 78, 135, 52, 42, 58, 16, 17),
    "agees": (10, 5, 17, 30, 26, 20, 10, 26, 32, 70, 36, 105, 72, 84, 190, 92, 175),
}
# Vieillissement de six ans : ce qui change entre les deux recensements.
_PASSE = (1.1, 1.1, 1.07, 1.03, 1.0, 0.98, 0.99, 0.99, 1.0, 1.04, 1.06, 1.04, 0.99, 0.97, 0.88, 0.98, 0.95)
# Part des femmes par tranche.
_FEMMES = (
    *(0.489, 0.489, 0.488, 0.488, 0.487, 0.488, 0.5, 0.505, 0.505),
    *(0.508, 0.505, 0.507, 0.515, 0.525, 0.54, 0.58, 0.66),
)
Compte = dict[str, float]


@dataclass(frozen=True)
class Contexte:
    """Ce que toutes les fabriques d'effectifs d'une maille ont en commun."""

    maille: Maille
    annee: int
    alea: Alea
    profil: Profil
    # Sous 10 000 habitants le recensement est exhaustif : ses effectifs sont entiers.
    entier: bool
    # Femmes puis hommes, une valeur par tranche de BORNES.
    femmes: tuple[float, ...]
    hommes: tuple[float, ...]
    # L'exploitation complémentaire, par sondage, ne retombe pas exactement sur la principale.
    sondage: float

    def tranche(self, debut: int, fin: int, sexe: str = "") -> float:
        """Compter les habitants d'une tranche d'âge."""
        rangs = range(BORNES.index(debut), BORNES.index(fin))
        total = 0.0
        if sexe != "H":
            total += math.fsum(self.femmes[i] for i in rangs)
        if sexe != "F":
            total += math.fsum(self.hommes[i] for i in rangs)
        return total


def contexte(maille: Maille, annee: int, alea: Alea) -> Contexte:
    """Préparer une maille : sa population par sexe et âge fin."""
    profil = profil_de(maille, annee, alea)
    commune = maille.iris(annee)[:5]
    entier = habitants([m for m in MAILLES if m.iris(annee)[:5] == commune], annee) < 10_000
    population = float(habitants([maille], annee))
    if not entier and population > 200:
        population = round(population + 2 * alea.normal(maille.code, annee, "POP"), 6)
    poids = []
    for i in range(len(BORNES) - 1):
        part = math.fsum(
            melange * ages[i] / sum(ages)
            for melange, ages in zip(profil.ages, _AGES_TYPES.values(), strict=True)
        )
        part *= alea.autour(0.05, maille.code, "age", i) * alea.autour(0.015, maille.code, annee, "age", i)
        poids.append(part * (_PASSE[i] if annee == 2016 else 1.0))
    ages = repartir(population, poids, entier=entier)
    femmes = tuple(
        fraction(n, part * alea.autour(0.025, maille.code, "femmes", i), entier=entier)
        for i, (n, part) in enumerate(zip(ages, _FEMMES, strict=True))
    )
    hommes = tuple(round(n - f, 6) for n, f in zip(ages, femmes, strict=True))
    sondage = alea.autour(0.004, maille.code, annee, "sondage")
    return Contexte(maille, annee, alea, profil, entier, femmes, hommes, sondage)


def _cases(total: float, noms: list[str], poids: list[float], *, entier: bool) -> Compte:
    """Partager un effectif entre des variables nommées."""
    return dict(zip(noms, repartir(total, poids, entier=entier), strict=True))


def population(ctx: Contexte) -> Compte:
    """Produire les effectifs du fichier « évolution et structure de la population », hors catégories."""
    fines = {
        "0002": (0, 3),
        "0305": (3, 6),
        "0610": (6, 11),
        "1117": (11, 18),
        "1824": (18, 25),
        "2539": (25, 40),
        "4054": (40, 55),
        "5564": (55, 65),
        "6579": (65, 80),
        "80P": (80, 120),
    }
    larges = {
        "0014": (0, 15),
        "1529": (15, 30),
        "3044": (30, 45),
        "4559": (45, 60),
        "6074": (60, 75),
        "75P": (75, 120),
        "0019": (0, 20),
        "2064": (20, 65),
        "65P": (65, 120),
    }
    compte = {f"P_POP{nom}": ctx.tranche(*bornes) for nom, bornes in (fines | larges).items()}
    compte["P_POP"] = total = ctx.tranche(0, 120)
    for sexe in "HF":
        compte[f"P_POP{sexe}"] = ctx.tranche(0, 120, sexe)
        compte |= {f"P_{sexe}{nom}": ctx.tranche(*bornes, sexe) for nom, bornes in larges.items()}
    compte |= _cases(
        total,
        ["P_POP_ETR", "P_POP_FR"],
        [ctx.profil.etrangers, 1 - ctx.profil.etrangers],
        entier=ctx.entier,
    )
    immigres = ctx.profil.etrangers * 1.35 + 0.008
    compte["P_POP_IMM"] = fraction(total, immigres, entier=ctx.entier)
    hors = ctx.profil.hors_menages * (1.05 if ctx.annee == 2022 else 1)
    compte |= _cases(total, ["P_PHORMEN", "P_PMEN"], [hors, 1 - hors], entier=ctx.entier)
    return compte


def scolarisation(ctx: Contexte) -> Compte:
    """Produire les effectifs du fichier « diplômes et formation »."""
    tranches = {
        "0205": ((2, 6), 0.74),
        "0610": ((6, 11), 0.98),
        "1114": ((11, 15), 0.985),
        "1517": ((15, 18), 0.955),
        "1824": ((18, 25), ctx.profil.etudes_18_24),
        "30P": ((30, 120), 0.009),
    }
    tranches["2529"] = ((25, 30), 0.05 + 0.12 * max(0.0, ctx.profil.etudes_18_24 - 0.5))
    compte: Compte = {}
    for nom, (bornes, taux) in tranches.items():
        compte[f"P_POP{nom}"] = effectif = ctx.tranche(*bornes)
        bruit = 1 + 0.01 * ctx.alea.normal(ctx.maille.code, ctx.annee, "SCOL", nom)
        compte[f"P_SCOL{nom}"] = fraction(effectif, min(taux * bruit, 0.995), entier=ctx.entier)
    scolaires = math.fsum(compte[f"P_SCOL{n}"] for n in ("1517", "1824", "2529", "30P"))
    total = round(ctx.tranche(15, 120) - scolaires, 6)
    compte |= _cases(
        total,
        ["P_HNSCOL15P", "P_FNSCOL15P"],
        [ctx.tranche(15, 120, s) for s in "HF"],
        entier=ctx.entier,
    )
    noms = ["DIPLMIN", "BEPC", "CAPBEP", "BAC", "SUP2", "SUP34", "SUP5"]
    # En six ans les diplômés du supérieur ont pris la place des sans-diplôme.
    passe = [1.2, 1.02, 1.04, 0.94, 0.95, 0.9, 0.84] if ctx.annee == 2016 else [1.0] * 7
    for sexe in "HF":
        # Les femmes ont plus souvent le baccalauréat, les hommes un CAP ou un BEP.
        genre = (
            [0.97, 0.95, 1.2, 0.95, 0.9, 0.95, 1.0] if sexe == "H" else [1.03, 1.05, 0.82, 1.05, 1.1, 1.05, 1]
        )
        poids = [
            d * p * g * ctx.alea.autour(0.1, ctx.maille.code, "diplome", i)
            for i, (d, p, g) in enumerate(zip(ctx.profil.diplomes, passe, genre, strict=True))
        ]
        parts = repartir(compte[f"P_{sexe}NSCOL15P"], poids, entier=ctx.entier)
        compte |= {f"P_{sexe}NSCOL15P_{nom}": part for nom, part in zip(noms, parts, strict=True)}
    compte["P_NSCOL15P"] = total
    for nom in noms:
        compte[f"P_NSCOL15P_{nom}"] = compte[f"P_HNSCOL15P_{nom}"] + compte[f"P_FNSCOL15P_{nom}"]
    return regrouper_diplomes(compte) if ctx.annee == 2016 else compte


def regrouper_diplomes(compte: Compte) -> Compte:
    """Revenir à la nomenclature d'avant 2017."""
    for sexe in ("", "H", "F"):
        racine = f"P_{sexe}NSCOL15P_"
        compte[f"{racine}DIPLMIN"] += compte.pop(f"{racine}BEPC")
        superieur = [compte.pop(f"{racine}{niveau}") for niveau in ("SUP2", "SUP34", "SUP5")]
        compte[f"{racine}SUP"] = math.fsum(superieur)
    return compte
