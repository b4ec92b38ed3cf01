"""Effectifs de ménages, de familles et de logements d'une maille fictive."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from donnees_insee.demo.fabrique.alea import fraction, repartir

if TYPE_CHECKING:
    from donnees_insee.demo.fabrique.population import Compte, Contexte

_TYPES = ("MENPSEUL", "MENSFAM", "MENCOUPSENF", "MENCOUPAENF", "MENFAMMONO")
_TAILLES = (1.0, 2.3, 2.06, 3.85, 2.62)
_AGES = {"1524": (15, 25), "2554": (25, 55), "5579": (55, 80), "80P": (80, 120)}


def _nombre_de_menages(ctx: Contexte, personnes: float) -> tuple[float, list[float]]:
    """Donner le nombre de ménages qui loge ces personnes, et le poids de chaque type de ménage."""
    poids = [
        p * ctx.alea.autour(0.04, ctx.maille.code, "menages", i) for i, p in enumerate(ctx.profil.menages)
    ]
    taille = math.fsum(p * t for p, t in zip(poids, _TAILLES, strict=True)) / math.fsum(poids)
    nombre = personnes / taille
    return (float(math.floor(nombre + 0.5)) if ctx.entier else round(nombre, 6)), poids


def menages(ctx: Contexte, personnes: float) -> Compte:
    """Produire les effectifs du fichier « couples, familles, ménages », hors catégories."""
    nombre, poids = _nombre_de_menages(ctx, personnes)
    compte = _personnes_seules(ctx, personnes, nombre * poids[0] / math.fsum(poids))
    total = round(nombre * ctx.sondage, 6)
    effectifs = repartir(total, poids)
    compte["C_MEN"] = total
    compte |= {f"C_{nom}": n for nom, n in zip(_TYPES, effectifs, strict=True)}
    compte["C_MENHSEUL"], compte["C_MENFSEUL"] = repartir(effectifs[0], [0.43, 0.57])
    compte["C_MENFAM"] = math.fsum(effectifs[2:])
    for nom, n, taille in zip(_TYPES, effectifs, _TAILLES, strict=True):
        ecart = 1.0 if taille == 1 else ctx.alea.autour(0.01, ctx.maille.code, ctx.annee, nom)
        compte[f"C_PMEN_{nom}"] = round(n * taille * ecart, 6)
    for sexe in ("H", "F"):
        compte[f"C_PMEN_MEN{sexe}SEUL"] = compte[f"C_MEN{sexe}SEUL"]
    compte["C_PMEN_MENFAM"] = math.fsum(compte[f"C_PMEN_{nom}"] for nom in _TYPES[2:])
    deux = compte["C_PMEN_MENPSEUL"] + compte["C_PMEN_MENSFAM"]
    compte["C_PMEN"] = deux + compte["C_PMEN_MENFAM"]
    compte |= _categories(ctx, compte)
    return compte | _familles(ctx, effectifs) | _situation_matrimoniale(ctx)


def _personnes_seules(ctx: Contexte, personnes: float, seules: float) -> Compte:
    """Personnes en ménage et personnes seules selon l'âge (exploitation principale)."""
    hors = ctx.tranche(0, 120) - personnes
    attrait = {"1524": 1.0, "2554": 0.3, "5579": 0.25, "80P": 1.2}
    parts = repartir(hors, [ctx.tranche(*b) * attrait[a] for a, b in _AGES.items()], entier=ctx.entier)
    envie = {"1524": 0.55 * ctx.profil.etudes_18_24**2, "2554": 0.22, "5579": 0.26, "80P": 0.4}
    # Une part au plus des habitants d'un âge peut vivre seule : le plafond évite l'absurde en petit effectif.
    dans = {a: max(0.0, ctx.tranche(*b) - p) for (a, b), p in zip(_AGES.items(), parts, strict=True)}
    poids = [n * envie[a] for a, n in dans.items()]
    coefficient = seules / max(math.fsum(poids), 1e-9)
    compte: Compte = {}
    for age, bornes in _AGES.items():
        part = min(0.72, envie[age] * coefficient)
        compte[f"P_POP{age}"] = ctx.tranche(*bornes)
        compte[f"P_POPMEN{age}"] = round(dans[age], 6)
        compte[f"P_POP{age}_PSEUL"] = fraction(dans[age], part, entier=ctx.entier)
    for suffixe in ("P_POP{}", "P_POPMEN{}", "P_POP{}_PSEUL"):
        compte[suffixe.format("15P")] = math.fsum(compte[suffixe.format(a)] for a in _AGES)
    return compte


def _categories(ctx: Contexte, compte: Compte) -> Compte:
    """Ménages selon la catégorie de leur personne de référence."""
    ages = ctx.tranche(65, 120) / max(ctx.tranche(20, 120), 1e-9)
    actifs = [p * (1 - 1.15 * ages - 0.09) for p in ctx.profil.categories]
    poids = [*actifs, 1.15 * ages, 0.03 + 0.06 * ctx.profil.etudes_18_24]
    resultat: Compte = {}
    tailles = (2.7, 2.7, 2.4, 2.3, 2.2, 2.6, 1.65, 1.6)
    for nom, coefficients in (("C_MEN", (1.0,) * 8), ("C_PMEN", tailles)):
        parts = repartir(compte[nom], [p * c for p, c in zip(poids, coefficients, strict=True)])
        resultat |= {f"{nom}_CS{k}": part for k, part in enumerate(parts, start=1)}
    return resultat


def _familles(ctx: Contexte, effectifs: list[float]) -> Compte:
    """Familles ; quelques ménages en abritent deux."""
    sans, avec, mono = (round(n * c, 6) for n, c in zip(effectifs[2:], (1.004, 1.008, 1.022), strict=True))
    compte = {"C_COUPSENF": sans, "C_COUPAENF": avec, "C_FAMMONO": mono, "C_FAM": sans + avec + mono}
    nombreuses = min(1.0, 0.35 + 2.2 * ctx.profil.hlm * (1 - ctx.profil.etudes_18_24))
    grands = (avec + mono) * 0.09
    parts = repartir(avec + mono - grands, [0.44, 0.39, 0.17 * nombreuses, 0.06 * nombreuses**2])
    compte["C_NE24F0"] = sans + grands
    return compte | dict(zip(("C_NE24F1", "C_NE24F2", "C_NE24F3", "C_NE24F4P"), parts, strict=True))


def _situation_matrimoniale(ctx: Contexte) -> Compte:
    """Situation matrimoniale des 15 ans et plus, dont le détail change entre les deux millésimes."""
    couples = ctx.profil.menages[2] + ctx.profil.menages[3]
    maries = 0.12 + 0.52 * couples
    total = ctx.tranche(15, 120)
    if ctx.annee == 2016:
        noms, poids = ["MARIEE", "NONMARIEE"], [maries, 1 - maries]
    else:
        noms = ["MARIEE", "PACSEE", "CONCUB_UNION_LIBRE", "VEUFS", "DIVORCEE", "CELIBATAIRE"]
        ages = ctx.tranche(75, 120) / max(total, 1e-9)
        poids = [maries * 0.95, 0.05, 0.1, 0.02 + 0.3 * ages, 0.075, max(0.1, 0.7 - maries - 0.3 * ages)]
    parts = repartir(total, poids, entier=ctx.entier)
    return {f"P_POP15P_{nom}": part for nom, part in zip(noms, parts, strict=True)}


def logements(ctx: Contexte, personnes: float) -> Compte:
    """Produire les effectifs du fichier « logement »."""
    profil, entier = ctx.profil, ctx.entier
    compte: Compte = {}

    def ranger(total: float, noms: list[str], poids: list[float], *, entiers: bool = entier) -> None:
        compte.update(zip(noms, repartir(total, poids, entier=entiers), strict=True))

    rp, _ = _nombre_de_menages(ctx, personnes)
    compte["P_RP"] = compte["P_MEN"] = rp
    compte["P_NPER_RP"] = compte["P_PMEN"] = personnes
    occupes = max(0.5, 1 - profil.vacants - profil.secondaires)
    compte["P_LOGVAC"] = fraction(rp, profil.vacants / occupes, entier=entier)
    compte["P_RSECOCC"] = fraction(rp, profil.secondaires / occupes, entier=entier)
    compte["P_LOG"] = rp + compte["P_LOGVAC"] + compte["P_RSECOCC"]
    ranger(compte["P_LOG"], ["P_MAISON", "P_APPART", "_"], [profil.maisons, 1 - profil.maisons, 0.005])
    ranger(rp, ["P_RPMAISON", "P_RPAPPART", "_"], [profil.maisons * 1.02, 1 - profil.maisons, 0.004])
    _pieces(ctx, compte)
    grand = profil.maisons
    surfaces = [
        *(0.1 * (1 - grand), 0.12 * (1 - grand) + 0.005, 0.24 * (1 - grand) + 0.04, 0.3 - 0.15 * grand),
        *(0.14 + 0.12 * grand, 0.06 + 0.16 * grand, 0.05 + 0.27 * grand),
    ]
    noms = ["M30M2", "3040M2", "4060M2", "6080M2", "80100M2", "100120M2", "120M2P"]
    ranger(rp, [f"P_RP_{n}" for n in noms], surfaces)
    _periodes(ctx, compte)
    statuts = [profil.proprietaires, max(0.02, 1 - profil.proprietaires - 0.02), 0.02]
    ranger(rp, ["P_RP_PROP", "P_RP_LOC", "P_RP_GRAT"], statuts)
    part_hlm = min(0.97, profil.hlm / statuts[1])
    compte["P_RP_LOCHLMV"] = fraction(compte["P_RP_LOC"], part_hlm, entier=entier)
    poids = [compte["P_RP_PROP"] * 1.12, compte["P_RP_LOC"] * (0.85 + 0.25 * part_hlm), compte["P_RP_GRAT"]]
    ranger(personnes, ["P_NPER_RP_PROP", "P_NPER_RP_LOC", "P_NPER_RP_GRAT"], poids)
    compte["P_NPER_RP_LOCHLMV"] = fraction(compte["P_NPER_RP_LOC"], part_hlm**0.9, entier=entier)
    _anciennete(ctx, compte)
    compte["P_RP_VOIT1P"] = fraction(rp, profil.voiture, entier=entier)
    ranger(compte["P_RP_VOIT1P"], ["P_RP_VOIT1", "P_RP_VOIT2P"], [1.05 - 0.6 * grand, 0.15 + 0.6 * grand])
    compte["P_RP_GARL"] = fraction(rp, 0.25 + 0.6 * grand, entier=entier)
    compte["P_RP_SDB"] = fraction(rp, 0.985, entier=entier)
    for nom, part in (
        ("CCCOLL", 0.5 * (1 - grand) * (0.4 + profil.hlm)),
        ("CCIND", 0.38),
        ("CINDELEC", 0.28),
    ):
        compte[f"P_RP_{nom}"] = fraction(rp, part, entier=entier)
    gaz = 0.05 if ctx.maille.nature == "Z" else 0.55
    carburants = ["P_RP_CGAZV", "P_RP_CFIOUL", "P_RP_CELEC", "P_RP_CGAZB", "P_RP_CAUT"]
    ranger(rp, carburants, [gaz, 0.02 + 0.12 * grand, 0.32, 0.01 + 0.03 * grand, 0.05 + 0.2 * grand])
    sur = profil.surpeuplement
    echelle = [0.3 + 0.1 * sur, 0.26, 0.2 * (1 + grand), 0.12 * (0.3 + 2 * grand), 0.7 * sur, 0.24 * sur]
    occupation = ["NORME", "SOUSOCC_MOD", "SOUSOCC_ACC", "SOUSOCC_TACC", "SUROCC_MOD", "SUROCC_ACC"]
    ranger(round(rp * ctx.sondage, 6), [f"C_RP_{n}" for n in occupation], echelle, entiers=False)
    compte.pop("_")
    return compte


def _pieces(ctx: Contexte, compte: Compte) -> None:
    """Nombre de pièces ; ``NBPI`` est une somme de pièces, pas une moyenne."""
    grand = ctx.profil.maisons
    poids = [
        0.12 * (1 - grand) + 0.004,
        0.2 * (1 - grand) + 0.02,
        0.3 - 0.18 * grand,
        0.27,
        0.11 + 0.5 * grand,
    ]
    parts = repartir(compte["P_RP"], poids, entier=ctx.entier)
    noms = ("P_RP_1P", "P_RP_2P", "P_RP_3P", "P_RP_4P", "P_RP_5PP")
    compte |= dict(zip(noms, parts, strict=True))
    total = math.fsum(n * k for n, k in zip(parts, (1, 2, 3, 4, 5.7), strict=True))
    total = float(round(total)) if ctx.entier else round(total, 6)
    compte["P_NBPI_RP"] = total
    parts = repartir(total, [compte["P_RPMAISON"] * 4.8, compte["P_RPAPPART"] * 2.9, 0.2], entier=ctx.entier)
    compte["P_NBPI_RPMAISON"], compte["P_NBPI_RPAPPART"] = parts[:2]


def _periodes(ctx: Contexte, compte: Compte) -> None:
    """Période d'achèvement ; le nom des tranches passe à quatre chiffres en 2022."""
    poids = {
        "CENTRE": (0.38, 0.14, 0.16, 0.12, 0.09, 0.11),
        "GRAND_ENSEMBLE": (0.005, 0.01, 0.66, 0.27, 0.02, 0.035),
        "HLM_MIXTE": (0.03, 0.05, 0.42, 0.32, 0.08, 0.1),
        "FAUBOURG": (0.22, 0.18, 0.2, 0.16, 0.1, 0.14),
        "RURAL": (0.35, 0.07, 0.1, 0.2, 0.13, 0.15),
    }.get(ctx.maille.profil, (0.06, 0.06, 0.2, 0.33, 0.18, 0.17))
    if ctx.annee == 2016:
        noms = ["ACH19", "ACH45", "ACH70", "ACH90", "ACH05", "ACH13"]
    else:
        noms = ["ACH1919", "ACH1945", "ACH1970", "ACH1990", "ACH2005", "ACH2019"]
    for genre in ("MAISON", "APPART"):
        total = fraction(compte[f"P_RP{genre}"], 0.985, entier=ctx.entier)
        compte[f"P_RP{genre}_ACHTOT"] = total
        parts = repartir(total, list(poids), entier=ctx.entier)
        compte |= {f"P_RP{genre}_{n}": p for n, p in zip(noms, parts, strict=True)}
    for nom in ["ACHTOT", *noms]:
        compte[f"P_RP_{nom}"] = compte[f"P_RPMAISON_{nom}"] + compte[f"P_RPAPPART_{nom}"]


def _anciennete(ctx: Contexte, compte: Compte) -> None:
    """Ancienneté d'emménagement : ménages, personnes, pièces et somme d'années."""
    stable = ctx.profil.proprietaires
    poids = [0.26 - 0.2 * stable, 0.26 - 0.12 * stable, 0.2, 0.14 + 0.08 * stable]
    poids += [0.08 + 0.12 * stable, 0.05 + 0.16 * stable]
    noms = ("0002", "0204", "0509", "1019", "2029", "30P")
    for racine, total in (("P_MEN", "P_RP"), ("P_PMEN", "P_NPER_RP"), ("P_NBPI_RP", "P_NBPI_RP")):
        parts = repartir(compte[total], poids, entier=ctx.entier)
        compte |= {f"{racine}_ANEM{n}": p for n, p in zip(noms, parts, strict=True)}
        compte[f"{racine}_ANEM10P"] = math.fsum(parts[3:])
    duree_des_prives = 5.0
    for statut, duree in (("PROP", 19.5), ("LOCHLMV", 11.0), ("LOC", duree_des_prives), ("GRAT", 8.0)):
        annees = compte[f"P_RP_{statut}"] * duree
        if statut == "LOC":  # le parc social en est une partie, où l'on reste plus longtemps
            annees += compte["P_RP_LOCHLMV"] * (11.0 - duree_des_prives)
        compte[f"P_ANEM_RP_{statut}"] = float(round(annees)) if ctx.entier else round(annees, 6)
    compte["P_ANEM_RP"] = math.fsum(compte[f"P_ANEM_RP_{s}"] for s in ("PROP", "LOC", "GRAT"))
