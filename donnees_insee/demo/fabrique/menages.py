"""Effectifs de ménages, de familles et de logements d'une maille fictive."""

import math

from donnees_insee.demo.fabrique.alea import repartir
from donnees_insee.demo.fabrique.population import Compte, Contexte, bornes

_TYPES = ["MENPSEUL", "MENSFAM", "MENCOUPSENF", "MENCOUPAENF", "MENFAMMONO"]
_TAILLES = (1.0, 2.3, 2.06, 3.85, 2.62)


def _nombre_de_menages(ctx: Contexte, personnes: float) -> tuple[float, list[float]]:
    """Donner le nombre de ménages qui loge ces personnes, et le poids de chaque type de ménage."""
    poids = [p * ctx.autour(0.04, "menages", i) for i, p in enumerate(ctx.profil.menages)]
    taille = math.fsum(p * t for p, t in zip(poids, _TAILLES, strict=True)) / math.fsum(poids)
    return ctx.part(personnes / taille, 1), poids


def menages(ctx: Contexte, personnes: float) -> Compte:
    """Produire les effectifs du fichier « couples, familles, ménages », hors catégories."""
    nombre, poids = _nombre_de_menages(ctx, personnes)
    compte = _personnes_seules(ctx, personnes, nombre * poids[0] / math.fsum(poids))
    compte["C_MEN"] = total = round(nombre * ctx.sondage, 6)
    compte |= ctx.ventiler(total, "C_", _TYPES, poids)
    effectifs = [compte[f"C_{nom}"] for nom in _TYPES]
    for racine in ("C_", "C_PMEN_"):
        compte |= ctx.partager("personnes_seules", effectifs[0], racine)
    for nom, effectif, taille in zip(_TYPES, effectifs, _TAILLES, strict=True):
        ecart = 1.0 if taille == 1 else ctx.autour(0.01, ctx.annee, nom)
        compte[f"C_PMEN_{nom}"] = round(effectif * taille * ecart, 6)
    for racine in ("C_", "C_PMEN_"):
        compte[f"{racine}MENFAM"] = math.fsum(compte[racine + nom] for nom in _TYPES[2:])
    compte["C_PMEN"] = math.fsum(compte[f"C_PMEN_{nom}"] for nom in ("MENPSEUL", "MENSFAM", "MENFAM"))
    return compte | _categories(ctx, compte) | _familles(ctx, effectifs) | _situation_matrimoniale(ctx)


def _personnes_seules(ctx: Contexte, personnes: float, seules: float) -> Compte:
    """Personnes en ménage et personnes seules selon l'âge (exploitation principale)."""
    attrait = {"1524": 1.0, "2554": 0.3, "5579": 0.25, "80P": 1.2}
    envie = {"1524": 0.55 * ctx.profil.etudes_18_24**2, "2554": 0.22, "5579": 0.26, "80P": 0.4}
    tous = {age: ctx.tranche(*bornes(age)) for age in attrait}
    hors = repartir(
        ctx.tranche(0, 120) - personnes, [n * attrait[a] for a, n in tous.items()], entier=ctx.entier
    )
    dans = {age: max(0.0, n - p) for (age, n), p in zip(tous.items(), hors, strict=True)}
    coefficient = seules / max(math.fsum(n * envie[a] for a, n in dans.items()), 1e-9)
    compte: Compte = {}
    for age, n in dans.items():
        compte[f"P_POP{age}"] = tous[age]
        compte[f"P_POPMEN{age}"] = round(n, 6)
        # Une part au plus des habitants d'un âge peut vivre seule : le plafond évite l'absurde en petit effectif.
        compte[f"P_POP{age}_PSEUL"] = ctx.part(n, min(0.72, envie[age] * coefficient))
    for suffixe in ("P_POP{}", "P_POPMEN{}", "P_POP{}_PSEUL"):
        compte[suffixe.format("15P")] = math.fsum(compte[suffixe.format(a)] for a in tous)
    return compte


def _categories(ctx: Contexte, compte: Compte) -> Compte:
    """Ménages selon la catégorie de leur personne de référence."""
    ages = ctx.tranche(65, 120) / max(ctx.tranche(20, 120), 1e-9)
    actifs = [p * (1 - 1.15 * ages - 0.09) for p in ctx.profil.categories]
    poids = [*actifs, 1.15 * ages, 0.03 + 0.06 * ctx.profil.etudes_18_24]
    personnes = [p * c for p, c in zip(poids, (2.7, 2.7, 2.4, 2.3, 2.2, 2.6, 1.65, 1.6), strict=True)]
    menages = ctx.ventiler(compte["C_MEN"], "C_MEN_CS", "12345678", poids)
    return menages | ctx.ventiler(compte["C_PMEN"], "C_PMEN_CS", "12345678", personnes)


def _familles(ctx: Contexte, effectifs: list[float]) -> Compte:
    """Familles ; quelques ménages en abritent deux."""
    sans, avec, mono = (round(n * c, 6) for n, c in zip(effectifs[2:], (1.004, 1.008, 1.022), strict=True))
    compte = {"C_COUPSENF": sans, "C_COUPAENF": avec, "C_FAMMONO": mono, "C_FAM": sans + avec + mono}
    nombreuses = min(1.0, 0.35 + 2.2 * ctx.profil.hlm * (1 - ctx.profil.etudes_18_24))
    grands = (avec + mono) * 0.09
    compte["C_NE24F0"] = sans + grands
    poids = [0.44, 0.39, 0.17 * nombreuses, 0.06 * nombreuses**2]
    return compte | ctx.ventiler(avec + mono - grands, "C_NE24F", ("1", "2", "3", "4P"), poids)


def _situation_matrimoniale(ctx: Contexte) -> Compte:
    """Situation matrimoniale des 15 ans et plus, dont le détail change entre les deux millésimes."""
    maries = 0.12 + 0.52 * (ctx.profil.menages[2] + ctx.profil.menages[3])
    total = ctx.tranche(15, 120)
    if ctx.annee == 2016:
        return ctx.partager("mariages", total, "P_POP15P_", maries=maries)
    ages = ctx.tranche(75, 120) / max(total, 1e-9)
    celibat = max(0.1, 0.7 - maries - 0.3 * ages)
    return ctx.partager("unions", total, "P_POP15P_", maries=maries, ages=ages, celibat=celibat)


def logements(ctx: Contexte, personnes: float) -> Compte:
    """Produire les effectifs du fichier « logement »."""
    profil, grand = ctx.profil, ctx.profil.maisons
    rp, _ = _nombre_de_menages(ctx, personnes)
    compte: Compte = {"P_RP": rp, "P_MEN": rp, "P_NPER_RP": personnes, "P_PMEN": personnes}
    occupes = max(0.5, 1 - profil.vacants - profil.secondaires)
    compte["P_LOGVAC"] = ctx.part(rp, profil.vacants / occupes)
    compte["P_RSECOCC"] = ctx.part(rp, profil.secondaires / occupes)
    compte["P_LOG"] = rp + compte["P_LOGVAC"] + compte["P_RSECOCC"]
    compte |= ctx.partager("batiments", compte["P_LOG"], "P_")
    compte |= ctx.partager("residences", rp, "P_RP")
    compte |= ctx.partager("surfaces", rp, "P_RP_")
    compte |= _pieces(ctx, compte) | _periodes(ctx, compte) | _statuts(ctx, compte)
    compte |= _anciennete(ctx, compte)
    parts = {"VOIT1P": profil.voiture, "GARL": 0.25 + 0.6 * grand, "SDB": 0.985, "CCIND": 0.38}
    parts |= {"CINDELEC": 0.28, "CCCOLL": 0.5 * (1 - grand) * (0.4 + profil.hlm)}
    compte |= {f"P_RP_{nom}": ctx.part(rp, part) for nom, part in parts.items()}
    compte |= ctx.partager("voitures", compte["P_RP_VOIT1P"], "P_RP_VOIT")
    compte |= ctx.partager("carburants", rp, "P_RP_", gaz=0.05 if ctx.maille.nature == "Z" else 0.55)
    return compte | ctx.partager("occupation", round(rp * ctx.sondage, 6), "C_RP_")


def _statuts(ctx: Contexte, compte: Compte) -> Compte:
    """Résidences et habitants par statut d'occupation ; le parc social est une partie des locations."""
    profil = ctx.profil
    statuts = [profil.proprietaires, max(0.02, 1 - profil.proprietaires - 0.02), 0.02]
    hlm = min(0.97, profil.hlm / statuts[1])
    noms = ("PROP", "LOC", "GRAT")
    resultat = ctx.ventiler(compte["P_RP"], "P_RP_", noms, statuts)
    poids = [n * c for n, c in zip(resultat.values(), (1.12, 0.85 + 0.25 * hlm, 1), strict=True)]
    resultat |= ctx.ventiler(compte["P_NPER_RP"], "P_NPER_RP_", noms, poids)
    resultat["P_RP_LOCHLMV"] = ctx.part(resultat["P_RP_LOC"], hlm)
    resultat["P_NPER_RP_LOCHLMV"] = ctx.part(resultat["P_NPER_RP_LOC"], hlm**0.9)
    return resultat


def _arrondi(ctx: Contexte, valeur: float) -> float:
    return float(round(valeur)) if ctx.entier else round(valeur, 6)


def _pieces(ctx: Contexte, compte: Compte) -> Compte:
    """Nombre de pièces ; ``NBPI`` est une somme de pièces, pas une moyenne."""
    resultat = ctx.partager("pieces", compte["P_RP"], "P_RP_")
    total = math.fsum(n * k for n, k in zip(resultat.values(), (1, 2, 3, 4, 5.7), strict=True))
    resultat["P_NBPI_RP"] = total = _arrondi(ctx, total)
    poids = [compte["P_RPMAISON"] * 4.8, compte["P_RPAPPART"] * 2.9, 0.2]
    return resultat | ctx.ventiler(total, "P_NBPI_RP", ("MAISON", "APPART", "AUTRES"), poids)


def _periodes(ctx: Contexte, compte: Compte) -> Compte:
    """Période d'achèvement ; le nom des tranches passe à quatre chiffres en 2022."""
    annees = "19 45 70 90 05 13" if ctx.annee == 2016 else "1919 1945 1970 1990 2005 2019"
    noms = [f"ACH{annee}" for annee in annees.split()]
    resultat: Compte = {}
    for genre in ("MAISON", "APPART"):
        resultat[f"P_RP{genre}_ACHTOT"] = total = ctx.part(compte[f"P_RP{genre}"], 0.985)
        resultat |= ctx.ventiler(total, f"P_RP{genre}_", noms, ctx.profil.periodes)
    for nom in ("ACHTOT", *noms):
        resultat[f"P_RP_{nom}"] = resultat[f"P_RPMAISON_{nom}"] + resultat[f"P_RPAPPART_{nom}"]
    return resultat


def _anciennete(ctx: Contexte, compte: Compte) -> Compte:
    """Ancienneté d'emménagement : ménages, personnes, pièces et somme d'années."""
    resultat: Compte = {}
    for racine, total in (("P_MEN", "P_RP"), ("P_PMEN", "P_NPER_RP"), ("P_NBPI_RP", "P_NBPI_RP")):
        parts = ctx.partager("anciennete", compte[total], f"{racine}_ANEM")
        resultat |= parts | {f"{racine}_ANEM10P": math.fsum(list(parts.values())[3:])}
    durees = {"PROP": 19.5, "LOCHLMV": 11.0, "LOC": 5.0, "GRAT": 8.0}
    annees = {statut: compte[f"P_RP_{statut}"] * duree for statut, duree in durees.items()}
    # Le parc social est une partie des locations, où l'on reste plus longtemps.
    annees["LOC"] += compte["P_RP_LOCHLMV"] * (durees["LOCHLMV"] - durees["LOC"])
    resultat |= {f"P_ANEM_RP_{statut}": _arrondi(ctx, somme) for statut, somme in annees.items()}
    resultat["P_ANEM_RP"] = math.fsum(resultat[f"P_ANEM_RP_{s}"] for s in ("PROP", "LOC", "GRAT"))
    return resultat
