"""Effectifs de population d'une maille fictive : âges, sexes, nationalité, diplômes."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from donnees_insee.demo.fabrique.alea import Alea, fraction, repartir
from donnees_insee.demo.fabrique.formats_bruts import lire_csv, lire_toml
from donnees_insee.demo.fabrique.territoire import MAILLES, Maille, Profil, profil_de

# Les tranches publiées se recoupent : celles-ci sont les plus larges qui les composent toutes. Pour chacune : le
# poids dans quatre populations types, le vieillissement entre les deux recensements, la part des femmes.
_TRANCHES = {nom: colonne.tolist() for nom, colonne in lire_csv("ages.csv").items()}
BORNES = (*_TRANCHES["debut"], 120)
# Le poids d'une case : une constante, et une part d'un paramètre de la maille.
_PARTAGES: dict[str, dict[str, list[Any]]] = {
    nom: cases.drop(columns="partage").set_index("case").T.to_dict("list")
    for nom, cases in lire_csv("partages.csv").groupby("partage")
}
DIPLOMES = ["DIPLMIN", "BEPC", "CAPBEP", "BAC", "SUP2", "SUP34", "SUP5"]
COEFFICIENTS: dict[str, list[float]] = lire_toml("profils.toml")["diplomes"]
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
    # Femmes et hommes, une valeur par tranche de BORNES.
    femmes: list[float]
    hommes: list[float]
    # L'exploitation complémentaire, par sondage, ne retombe pas exactement sur la principale.
    sondage: float

    def tranche(self, debut: int, fin: int, sexe: str = "") -> float:
        """Compter les habitants d'une tranche d'âge."""
        rangs = slice(BORNES.index(debut), BORNES.index(fin))
        femmes, hommes = math.fsum(self.femmes[rangs]), math.fsum(self.hommes[rangs])
        return {"F": femmes, "H": hommes}.get(sexe, femmes + hommes)

    def part(self, total: float, part: float) -> float:
        """Prendre une part d'un effectif de l'exploitation principale."""
        return fraction(total, part, entier=self.entier)

    def autour(self, ecart: float, *cle: object) -> float:
        """Tirer un coefficient propre à la maille."""
        return self.alea.autour(ecart, self.maille.code, *cle)

    def ventiler(self, total: float, racine: str, noms: Iterable[str], poids: Sequence[float]) -> Compte:
        """Partager un effectif entre des variables ; l'exploitation complémentaire (``C_``) est toujours décimale."""
        parts = repartir(total, poids, entier=self.entier and not racine.startswith("C_"))
        return {racine + nom: part for nom, part in zip(noms, parts, strict=True)}

    def partager(self, partage: str, total: float, racine: str, **propres: float) -> Compte:
        """Partager un effectif comme le dit la table, selon un paramètre du profil ou un paramètre donné."""
        parametres = vars(self.profil) | propres
        cases = _PARTAGES[partage]
        poids = [fixe + part * parametres.get(parametre, 0.0) for fixe, parametre, part in cases.values()]
        return self.ventiler(total, racine, cases, poids)


def contexte(maille: Maille, annee: int, alea: Alea) -> Contexte:
    """Préparer une maille : sa population par sexe et âge fin."""
    profil = profil_de(maille, annee, alea)
    commune = maille.de("iris", annee)[:5]
    voisines = (m for m in MAILLES if m.de("iris", annee).startswith(commune))
    entier = sum(m.de("habitants", annee) for m in voisines) < 10_000
    population = float(maille.de("habitants", annee))
    if not entier and population > 200:
        population = round(population + 2 * alea.normal(maille.code, annee, "POP"), 6)
    types = [_TRANCHES[nom] for nom in ("etudiants", "actifs", "familles", "agees")]
    poids = []
    for i, passe in enumerate(_TRANCHES["passe"]):
        part = math.fsum(p * ages[i] / sum(ages) for p, ages in zip(profil.ages, types, strict=True))
        part *= alea.autour(0.05, maille.code, "age", i) * alea.autour(0.015, maille.code, annee, "age", i)
        poids.append(part * (passe if annee == 2016 else 1.0))
    ages = repartir(population, poids, entier=entier)
    femmes = [
        fraction(n, part * alea.autour(0.025, maille.code, "femmes", i), entier=entier)
        for i, (n, part) in enumerate(zip(ages, _TRANCHES["femmes"], strict=True))
    ]
    hommes = [round(n - f, 6) for n, f in zip(ages, femmes, strict=True)]
    sondage = alea.autour(0.004, maille.code, annee, "sondage")
    return Contexte(maille, annee, alea, profil, entier, femmes, hommes, sondage)


def bornes(nom: str) -> tuple[int, int]:
    """Donner les bornes d'âge que dit le nom d'une tranche : « 0610 » ou « 75P »."""
    return int(nom[:2]), 120 if nom.endswith("P") else int(nom[2:]) + 1


def population(ctx: Contexte) -> Compte:
    """Produire les effectifs du fichier « évolution et structure de la population », hors catégories."""
    fines = ["0002", "0305", "0610", "1117", "1824", "2539", "4054", "5564", "6579", "80P"]
    larges = ["0014", "1529", "3044", "4559", "6074", "75P", "0019", "2064", "65P"]
    compte = {f"P_POP{nom}": ctx.tranche(*bornes(nom)) for nom in fines + larges}
    # Les tranches les plus fines ne sont d'aucun fichier à l'IRIS : elles font les âges détaillés des communes.
    compte |= {f"AGE_F{debut}": n for debut, n in zip(BORNES, ctx.femmes, strict=False)}
    compte |= {f"AGE_H{debut}": n for debut, n in zip(BORNES, ctx.hommes, strict=False)}
    compte["P_POP"] = total = ctx.tranche(0, 120)
    for sexe in "HF":
        compte[f"P_POP{sexe}"] = ctx.tranche(0, 120, sexe)
        compte |= {f"P_{sexe}{nom}": ctx.tranche(*bornes(nom), sexe) for nom in larges}
    compte["P_POP_IMM"] = ctx.part(total, ctx.profil.etrangers * 1.35 + 0.008)
    compte |= ctx.partager("nationalite", total, "P_POP_")
    hors = ctx.profil.hors_menages * (1.05 if ctx.annee == 2022 else 1)
    return compte | ctx.partager("hors_menages", total, "P_", hors=hors)


def scolarisation(ctx: Contexte) -> Compte:
    """Produire les effectifs du fichier « diplômes et formation »."""
    etudes = ctx.profil.etudes_18_24
    taux = {"0205": 0.74, "0610": 0.98, "1114": 0.985, "1517": 0.955, "1824": etudes}
    taux |= {"2529": 0.05 + 0.12 * max(0.0, etudes - 0.5), "30P": 0.009}
    compte: Compte = {}
    for nom, part in taux.items():
        compte[f"P_POP{nom}"] = effectif = ctx.tranche(*bornes(nom))
        bruit = 1 + 0.01 * ctx.alea.normal(ctx.maille.code, ctx.annee, "SCOL", nom)
        compte[f"P_SCOL{nom}"] = ctx.part(effectif, min(part * bruit, 0.995))
    scolaires = math.fsum(compte[f"P_SCOL{n}"] for n in ("1517", "1824", "2529", "30P"))
    compte["P_NSCOL15P"] = total = round(ctx.tranche(15, 120) - scolaires, 6)
    sexes = [ctx.tranche(15, 120, sexe) for sexe in "HF"]
    compte |= ctx.ventiler(total, "P_", ("HNSCOL15P", "FNSCOL15P"), sexes)
    passe = COEFFICIENTS["2016"] if ctx.annee == 2016 else [1.0] * 7
    for sexe in "HF":
        parts = zip(ctx.profil.diplomes, passe, COEFFICIENTS[sexe], strict=True)
        poids = [d * p * g * ctx.autour(0.1, "diplome", i) for i, (d, p, g) in enumerate(parts)]
        compte |= ctx.ventiler(compte[f"P_{sexe}NSCOL15P"], f"P_{sexe}NSCOL15P_", DIPLOMES, poids)
    for nom in DIPLOMES:
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
