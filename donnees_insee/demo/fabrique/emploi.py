"""Effectifs d'activité d'une maille fictive : emploi, chômage, catégories, contrats, transports."""

import itertools
import math

from donnees_insee.demo.fabrique.alea import repartir
from donnees_insee.demo.fabrique.population import COEFFICIENTS, DIPLOMES, Compte, Contexte, bornes
from donnees_insee.demo.fabrique.territoire import COMMUNE_CENTRE

_AGES = ("1524", "2554", "5564")
_STATUTS = ("ACTOCC", "CHOM", "ETUD", "RETR", "AINACT")
# Sans nom : toute la population de l'âge.
_GROUPES = {"": _STATUTS, "ACT": _STATUTS[:2], "INACT": _STATUTS[2:]}
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


def activite(ctx: Contexte, compte_scolaire: Compte) -> Compte:
    """Produire les effectifs du fichier « activité des résidents » et les catégories des 15 ans et plus."""
    scolaires = compte_scolaire["P_SCOL1517"] + compte_scolaire["P_SCOL1824"]
    etudes = scolaires / max(ctx.tranche(15, 25), 1e-9)
    compte: Compte = {}
    for sexe, age in itertools.product("HF", _AGES):
        # Chaque sexe et chaque âge se partage entre les cinq statuts : les identités en découlent.
        poids = _statuts(ctx, age, sexe, etudes)
        noms = [f"{sexe}{statut}{age}" for statut in _STATUTS]
        compte |= ctx.ventiler(ctx.tranche(*bornes(age), sexe), "P_", noms, poids)
        for groupe, statuts in _GROUPES.items():
            compte[f"P_{sexe}{groupe}{age}"] = math.fsum(compte[f"P_{sexe}{s}{age}"] for s in statuts)
    for nom in (*_GROUPES, *_STATUTS):
        for sexe in "HF":
            compte[f"P_{sexe}{nom}1564"] = math.fsum(compte[f"P_{sexe}{nom}{age}"] for age in _AGES)
        for age in (*_AGES, "1564"):
            compte[f"P_{nom or 'POP'}{age}"] = compte[f"P_H{nom}{age}"] + compte[f"P_F{nom}{age}"]
    return compte | _diplomes(ctx, compte) | _categories(ctx, compte) | _emplois(ctx, compte)


def _diplomes(ctx: Contexte, compte: Compte) -> Compte:
    """Actifs et chômeurs par diplôme ; le chômage baisse avec le diplôme."""
    resultat: Compte = {}
    for statut in ("ACTOCC", "CHOM"):
        poids = [d * c for d, c in zip(ctx.profil.diplomes, COEFFICIENTS[statut], strict=True)]
        resultat |= ctx.ventiler(compte[f"P_{statut}1564"], f"P_{statut}_", DIPLOMES, poids)
    actifs = {f"P_ACT_{nom}": resultat.pop(f"P_ACTOCC_{nom}") + resultat[f"P_CHOM_{nom}"] for nom in DIPLOMES}
    return resultat | actifs


def _categories(ctx: Contexte, compte: Compte) -> Compte:
    """Catégories socioprofessionnelles, de l'exploitation complémentaire : toujours décimales."""
    hommes, femmes = (_categories_du_sexe(ctx, compte, sexe) for sexe in "HF")
    resultat = {nom: n + femmes[nom] for nom, n in hommes.items()}
    for sexe, effectifs in (("H", hommes), ("F", femmes)):
        resultat |= {n.replace("POP", sexe): v for n, v in effectifs.items() if n.startswith("C_POP15P")}
    return resultat


def _categories_du_sexe(ctx: Contexte, compte: Compte, sexe: str) -> Compte:
    """Catégories des hommes ou des femmes : actifs, actifs occupés, tous les 15 ans et plus."""
    poids = [
        part * (g if sexe == "H" else 2 - g) * ctx.autour(0.1, "cs", k)
        for k, (part, g) in enumerate(zip(ctx.profil.categories, _GENRE_HOMMES, strict=True))
    ]
    occupes = round(compte[f"P_{sexe}ACTOCC1564"] * ctx.sondage, 6)
    # Les chômeurs n'ayant jamais travaillé n'ont pas de catégorie.
    chomeurs = round(compte[f"P_{sexe}CHOM1564"] * ctx.sondage * 0.9, 6)
    total = round(ctx.tranche(15, 120, sexe) * ctx.sondage, 6)
    actifs = round(compte[f"P_{sexe}ACT1564"] * ctx.sondage, 6)
    resultat = {"C_ACTOCC1564": occupes, "C_ACT1564": actifs, "C_POP15P": total}
    parts = zip(repartir(occupes, poids), repartir(chomeurs, poids), strict=True)
    for k, (occupe, chomeur) in enumerate(parts, start=1):
        resultat[f"C_ACTOCC1564_CS{k}"] = occupe
        resultat[f"C_ACT1564_CS{k}"] = resultat[f"C_POP15P_CS{k}"] = occupe + chomeur
    retires = compte[f"P_{sexe}RETR1564"] + ctx.tranche(65, 120, sexe) * (0.95 if sexe == "H" else 0.9)
    resultat["C_POP15P_CS7"] = retraites = round(retires * ctx.sondage, 6)
    resultat["C_POP15P_CS8"] = round(total - retraites - occupes - chomeurs, 6)
    return resultat


def _emplois(ctx: Contexte, compte: Compte) -> Compte:
    """Statuts d'emploi, temps partiel, contrats, lieux de travail et modes de transport."""
    profil, commune = ctx.profil, ctx.maille.code[:5]
    resultat: Compte = {}
    for sexe, statuts, partiel in (("H", (0.86, 0.14), 0.08), ("F", (0.91, 0.09), 0.27)):
        total = compte[f"P_{sexe}ACTOCC1564"] + ctx.part(ctx.tranche(65, 80, sexe), 0.045)
        salaries, autres = repartir(total, statuts, entier=ctx.entier)
        resultat |= {
            f"P_{sexe}ACTOCC15P": total,
            f"P_{sexe}SAL15P": salaries,
            f"P_{sexe}NSAL15P": autres,
            f"P_{sexe}SAL15P_TP": ctx.part(salaries, partiel + 0.3 * max(0.0, profil.chomage - 0.1)),
            f"P_{sexe}NSAL15P_TP": ctx.part(autres, 0.16),
        }
    for nom in ("ACTOCC15P", "SAL15P", "NSAL15P", "SAL15P_TP", "NSAL15P_TP"):
        resultat[f"P_{nom}"] = resultat[f"P_H{nom}"] + resultat[f"P_F{nom}"]
    resultat["P_ACTOCC15P_TP"] = resultat["P_SAL15P_TP"] + resultat["P_NSAL15P_TP"]
    resultat |= ctx.partager("contrats", resultat["P_SAL15P"], "P_SAL15P_")
    resultat |= ctx.partager("independants", resultat["P_NSAL15P"], "P_NSAL15P_")
    ici = {COMMUNE_CENTRE: 0.66, "99002": 0.3, "99003": 0.28}.get(commune, 0.2)
    ici *= ctx.autour(0.05, "travail")
    resultat |= ctx.partager("lieux", resultat["P_ACTOCC15P"], "P_ACTOCC15P_ILT", ici=ici)
    resultat["P_ACTOCC15P_ILT2P"] = math.fsum(resultat[f"P_ACTOCC15P_ILT{k}"] for k in range(2, 6))
    resultat["C_ACTOCC15P"] = total = round(resultat["P_ACTOCC15P"] * ctx.sondage, 6)
    voiturage = 0.1 + 0.78 * profil.voiture * (0.88 if commune == COMMUNE_CENTRE else 1)
    return resultat | ctx.partager(f"modes_{ctx.annee}", total, "C_ACTOCC15P_", voiturage=voiturage)
