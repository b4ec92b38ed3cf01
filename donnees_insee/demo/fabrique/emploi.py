"""Effectifs d'activité d'une maille fictive : emploi, chômage, catégories, contrats, transports."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from donnees_insee.demo.fabrique.alea import fraction, repartir

if TYPE_CHECKING:
    from donnees_insee.demo.fabrique.population import Compte, Contexte

_AGES = {"1524": (15, 25), "2554": (25, 55), "5564": (55, 65)}
_STATUTS = ("ACTOCC", "CHOM", "ETUD", "RETR", "AINACT")
_DIPLOMES = ("DIPLMIN", "BEPC", "CAPBEP", "BAC", "SUP2", "SUP34", "SUP5")
_CATEGORIES = tuple(range(1, 7))
# Dans ces catégories, part d'hommes : ouvriers et indépendants d'un côté, employées de l'autre.
_GENRE_HOMMES = (1.4, 1.35, 1.15, 0.95, 0.5, 1.6)


def _statuts(ctx: Contexte, age: str, sexe: str, etudes: float) -> list[float]:
    """Poids des cinq statuts pour un sexe et un âge."""
    chomage = ctx.profil.chomage
    if age == "1524":
        actifs, retraites, chomage = 0.94 * (1 - etudes), 0.0, min(0.6, chomage * 1.75)
        etudiants = etudes * 0.9
        actifs += etudes * 0.08
    elif age == "2554":
        actifs, retraites = 0.945 - 0.35 * max(0.0, ctx.profil.chomage - 0.08), 0.004
        etudiants = 0.012 + 0.02 * max(0.0, ctx.profil.etudes_18_24 - 0.55)
    else:
        actifs, retraites, etudiants = (0.55 if ctx.annee == 2022 else 0.49), 0.31, 0.0
        chomage *= 0.85
    if sexe == "F" and age != "1524":
        actifs *= 0.945 - 0.5 * max(0.0, ctx.profil.chomage - 0.12)
    autres = max(0.005, 1 - actifs - retraites - etudiants)
    return [actifs * (1 - chomage), actifs * chomage, etudiants, retraites, autres]


def _cellules(ctx: Contexte, compte_scolaire: Compte) -> dict[tuple[str, str, str], float]:
    """Partager chaque sexe et chaque âge entre les cinq statuts : les identités en découlent."""
    scolaires = compte_scolaire["P_SCOL1517"] + compte_scolaire["P_SCOL1824"]
    etudes = scolaires / max(ctx.tranche(15, 25), 1e-9)
    resultat: dict[tuple[str, str, str], float] = {}
    for age, bornes in _AGES.items():
        for sexe in "HF":
            parts = repartir(ctx.tranche(*bornes, sexe), _statuts(ctx, age, sexe, etudes), entier=ctx.entier)
            resultat |= {(statut, age, sexe): n for statut, n in zip(_STATUTS, parts, strict=True)}
    return resultat


def activite(ctx: Contexte, compte_scolaire: Compte) -> Compte:
    """Produire les effectifs du fichier « activité des résidents » et les catégories des 15 ans et plus."""
    cellules = _cellules(ctx, compte_scolaire)

    def somme(statuts: tuple[str, ...], ages: tuple[str, ...], sexes: str) -> float:
        return math.fsum(n for (s, a, x), n in cellules.items() if s in statuts and a in ages and x in sexes)

    ages = {**{a: (a,) for a in _AGES}, "1564": tuple(_AGES)}
    sexes = {"": "HF", "H": "H", "F": "F"}
    compte: Compte = {}
    for age, liste in ages.items():
        for prefixe, sexe in sexes.items():
            racine = prefixe or "POP"
            compte[f"P_{racine}{age}"] = somme(_STATUTS, liste, sexe)
            compte[f"P_{prefixe}ACT{age}"] = somme(("ACTOCC", "CHOM"), liste, sexe)
            compte[f"P_{prefixe}ACTOCC{age}"] = somme(("ACTOCC",), liste, sexe)
            compte[f"P_{prefixe}CHOM{age}"] = somme(("CHOM",), liste, sexe)
            compte[f"P_{prefixe}INACT{age}"] = somme(("ETUD", "RETR", "AINACT"), liste, sexe)
            compte |= {f"P_{prefixe}{s}{age}": somme((s,), liste, sexe) for s in ("ETUD", "RETR", "AINACT")}
    return compte | _diplomes(ctx, compte) | _categories(ctx, compte) | _emplois(ctx, compte)


def _diplomes(ctx: Contexte, compte: Compte) -> Compte:
    """Actifs et chômeurs par diplôme ; le chômage baisse avec le diplôme."""
    diplomes = ctx.profil.diplomes
    occupes = [d * c for d, c in zip(diplomes, (0.5, 0.7, 1.0, 1.05, 1.2, 1.2, 1.2), strict=True)]
    sans = [d * c for d, c in zip(diplomes, (1.3, 1.2, 1.05, 0.95, 0.65, 0.65, 0.6), strict=True)]
    en_emploi = repartir(compte["P_ACTOCC1564"], occupes, entier=ctx.entier)
    chomeurs = repartir(compte["P_CHOM1564"], sans, entier=ctx.entier)
    resultat = {f"P_CHOM_{nom}": c for nom, c in zip(_DIPLOMES, chomeurs, strict=True)}
    actifs = zip(_DIPLOMES, en_emploi, chomeurs, strict=True)
    return resultat | {f"P_ACT_{nom}": e + c for nom, e, c in actifs}


def _categories(ctx: Contexte, compte: Compte) -> Compte:
    """Catégories socioprofessionnelles, de l'exploitation complémentaire : toujours décimales."""
    resultat: Compte = {}
    totaux = ["C_ACT1564", "C_ACTOCC1564", "C_POP15P", "C_H15P", "C_F15P"]
    rangs = [f"_CS{k}" for k in range(1, 9)]
    resultat |= {nom + r: 0.0 for nom in totaux for r in ["", *rangs]}
    for sexe in "HF":
        poids = [
            part * (g if sexe == "H" else 2 - g) * ctx.alea.autour(0.1, ctx.maille.code, "cs", k)
            for k, (part, g) in enumerate(zip(ctx.profil.categories, _GENRE_HOMMES, strict=True))
        ]
        occupes = round(compte[f"P_{sexe}ACTOCC1564"] * ctx.sondage, 6)
        # Les chômeurs n'ayant jamais travaillé n'ont pas de catégorie.
        chomeurs = round(compte[f"P_{sexe}CHOM1564"] * ctx.sondage * 0.9, 6)
        occupes_cs, chomeurs_cs = repartir(occupes, poids), repartir(chomeurs, poids)
        total = round(ctx.tranche(15, 120, sexe) * ctx.sondage, 6)
        retires = compte[f"P_{sexe}RETR1564"] + ctx.tranche(65, 120, sexe) * (0.95 if sexe == "H" else 0.9)
        retraites = round(retires * ctx.sondage, 6)
        for k, o, c in zip(_CATEGORIES, occupes_cs, chomeurs_cs, strict=True):
            resultat[f"C_ACTOCC1564_CS{k}"] += o
            resultat[f"C_ACT1564_CS{k}"] += o + c
            resultat[f"C_{sexe}15P_CS{k}"] = o + c
        resultat[f"C_{sexe}15P_CS7"] = retraites
        resultat[f"C_{sexe}15P_CS8"] = round(total - retraites - occupes - chomeurs, 6)
        resultat[f"C_{sexe}15P"] = total
        resultat["C_ACTOCC1564"] += occupes
        resultat["C_ACT1564"] += round(compte[f"P_{sexe}ACT1564"] * ctx.sondage, 6)
    for suffixe in ["", *rangs]:
        resultat[f"C_POP15P{suffixe}"] = resultat[f"C_H15P{suffixe}"] + resultat[f"C_F15P{suffixe}"]
    return resultat


def _emplois(ctx: Contexte, compte: Compte) -> Compte:
    """Statuts d'emploi, temps partiel, contrats, lieux de travail et modes de transport."""
    profil, entier = ctx.profil, ctx.entier
    precaire = 0.1 + 0.45 * profil.chomage
    resultat: Compte = {}
    for sexe in "HF":
        ages = fraction(ctx.tranche(65, 80, sexe), 0.045, entier=entier)
        total = compte[f"P_{sexe}ACTOCC1564"] + ages
        salaries, autres = repartir(
            total, [0.86 if sexe == "H" else 0.91, 0.14 if sexe == "H" else 0.09], entier=entier
        )
        partiel = (0.08 if sexe == "H" else 0.27) + 0.3 * max(0.0, profil.chomage - 0.1)
        resultat |= {
            f"P_{sexe}ACTOCC15P": total,
            f"P_{sexe}SAL15P": salaries,
            f"P_{sexe}NSAL15P": autres,
            f"P_{sexe}SAL15P_TP": fraction(salaries, partiel, entier=entier),
            f"_{sexe}NSAL15P_TP": fraction(autres, 0.16, entier=entier),
        }
    for nom in ("ACTOCC15P", "SAL15P", "NSAL15P", "SAL15P_TP"):
        resultat[f"P_{nom}"] = resultat[f"P_H{nom}"] + resultat[f"P_F{nom}"]
    resultat["P_NSAL15P_TP"] = resultat.pop("_HNSAL15P_TP") + resultat.pop("_FNSAL15P_TP")
    resultat["P_ACTOCC15P_TP"] = resultat["P_SAL15P_TP"] + resultat["P_NSAL15P_TP"]
    contrats = [1 - precaire, precaire * 0.6, precaire * 0.14, precaire * 0.06, precaire * 0.2]
    _ranger(resultat, "P_SAL15P", ("CDI", "CDD", "INTERIM", "EMPAID", "APPR"), contrats, entier=entier)
    _ranger(resultat, "P_NSAL15P", ("INDEP", "EMPLOY", "AIDFAM"), [0.6, 0.37, 0.03], entier=entier)
    ici = {"99001": 0.66, "99002": 0.3, "99003": 0.28}.get(ctx.maille.code[:5], 0.2)
    ici *= ctx.alea.autour(0.05, ctx.maille.code, "travail")
    lieux = [ici, (1 - ici) * 0.9, (1 - ici) * 0.06, (1 - ici) * 0.035, (1 - ici) * 0.005]
    _ranger(resultat, "P_ACTOCC15P", ("ILT1", "ILT2", "ILT3", "ILT4", "ILT5"), lieux, entier=entier)
    resultat["P_ACTOCC15P_ILT2P"] = math.fsum(resultat[f"P_ACTOCC15P_ILT{k}"] for k in range(2, 6))
    resultat["C_ACTOCC15P"] = round(resultat["P_ACTOCC15P"] * ctx.sondage, 6)
    voiture = 0.1 + 0.78 * profil.voiture * (1 if ctx.maille.code[:5] != "99001" else 0.88)
    reste = 1 - voiture - 0.04
    if ctx.annee == 2016:
        modes: tuple[str, ...] = ("PAS", "MAR", "DROU", "VOIT", "TCOM")
        poids = [0.04, reste * 0.45, reste * 0.16, voiture, reste * 0.39]
    else:
        modes = ("PAS", "MAR", "VELO", "2ROUESMOT", "VOIT", "TCOM")
        poids = [0.05, reste * 0.4, reste * 0.17, reste * 0.06, voiture * 0.98, reste * 0.37]
    _ranger(resultat, "C_ACTOCC15P", modes, poids, entier=False)
    return resultat


def _ranger(compte: Compte, racine: str, noms: tuple[str, ...], poids: list[float], *, entier: bool) -> None:
    """Partager une variable déjà présente entre ses modalités."""
    parts = repartir(compte[racine], poids, entier=entier)
    compte |= {f"{racine}_{nom}": part for nom, part in zip(noms, parts, strict=True)}
