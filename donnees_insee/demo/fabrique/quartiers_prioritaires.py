"""Écrire les quatre fichiers de statistiques fictives des quartiers prioritaires."""

import math

from donnees_insee.demo.fabrique.alea import Alea
from donnees_insee.demo.fabrique.formats_bruts import FINE, Tables, lire_toml, milliers, virgule
from donnees_insee.demo.fabrique.population import Compte
from donnees_insee.demo.fabrique.recensement import Comptes
from donnees_insee.demo.fabrique.revenus import SEUIL, Loi, distribution, loi_de, melange, structure
from donnees_insee.demo.fabrique.services import allocataires
from donnees_insee.demo.fabrique.territoire import COMMUNES, MAILLES, QPV, Quartier

# Le tableau d'édition 2022 porte des revenus plus anciens que le fichier daté de 2021, comme les fichiers réels.
_AVANT = 0.94
_PARAMETRES = lire_toml("quartiers_prioritaires.toml")
_JEUNES = ("0002", "0305", "0610", "1117", "1824")


def portrait(quartier: Quartier, comptes: Comptes, alea: Alea) -> tuple[Compte, list[Loi]]:
    """Composer la population du quartier : une part de ses IRIS, la plus modeste."""
    siens = [(comptes[code], part) for code, part in quartier.parts.items()]
    compte = {nom: sum(c[nom] * part for c, part in siens) for nom in siens[0][0]}
    compte["JEUNES"] = math.fsum(compte[f"P_POP{age}"] for age in _JEUNES)
    compte["AINES"] = compte["P_POP6074"] + compte["P_POP75P"]
    lois = []
    for maille in MAILLES:
        if part := quartier.parts.get(maille.code, 0.0):
            loi = loi_de(maille, 2021, alea, comptes[maille.code]["P_POP"] * part)
            # Le périmètre prend les rues les plus pauvres des IRIS qu'il coupe.
            lois.append(Loi(loi.poids, loi.mediane * (0.84 + 0.15 * part), loi.dispersion * 0.97))
    return compte, lois


def _taux(fichier: str, compte: Compte) -> dict[str, str]:
    """Calculer les taux d'un fichier comme le dit la table."""
    return {
        nom: virgule(coefficient * compte[haut] / compte[bas] + ajout)
        for nom, (coefficient, haut, bas, ajout) in _PARAMETRES[fichier].items()
    }


def _ligne_demographie(
    quartier: Quartier, compte: Compte, caf: dict[str, int], comptes: Comptes
) -> dict[str, str]:
    communes = [c["P_POP"] for code, c in comptes.items() if code[:5] in quartier.communes]
    voisins = [q for q in QPV if set(q.communes) & set(quartier.communes)]
    tous = [comptes[code]["P_POP"] * part for q in voisins for code, part in q.parts.items()]
    effectifs = {"POP_MUN": compte["P_POP"], "POP_COM_QP": math.fsum(tous), "POP_COM": math.fsum(communes)}
    valeurs = {nom: milliers(effectif) for nom, effectif in (effectifs | caf).items()}
    noms = ", ".join(COMMUNES[2022][c][0] for c in quartier.communes)
    return _taux("demographie", compte) | valeurs | {"LIB_COM": noms, "NOTE_RP": "0", "NOTE_CNAF": "0"}


def _ligne_emploi(quartier: Quartier, compte: Compte, alea: Alea) -> dict[str, str]:
    """Écrire l'emploi et les demandeurs d'emploi, dont chaque détail refait le total."""
    taux = {"EVOL_CA_N_E": virgule(-8.3)}
    for nom in (f"EVOL_{categorie}_T4" for categorie in ("ABC", "ABC_F", "ABC_H", "A", "A_F", "A_H")):
        taux[nom] = virgule(-7 + 3 * alea.normal(quartier.code, nom))
    details: dict[str, int] = {}
    for sexe, part in (("F", 1.06), ("H", 1.02)):
        total = round(compte[f"P_{sexe}CHOM1564"] * part)
        for noms, poids in _PARAMETRES["coupes"].items():
            effectifs = [round(total * p) for p in poids]
            if len(poids) > 1:
                # La dernière case d'une coupe complète prend ce qui reste.
                effectifs[-1] = total - sum(effectifs[:-1])
            details |= {f"ABC_{n}_{sexe}": e for n, e in zip(noms.split(), effectifs, strict=True)}
        for nom, coefficient in (("ABC", 1), ("A", 0.63), ("ABCDE", 1.14)):
            details[f"{nom}_{sexe}"] = round(total * coefficient)
    racines = [nom.removesuffix("_F") for nom in details if nom.endswith("_F")]
    details |= {nom: details[f"{nom}_F"] + details[f"{nom}_H"] for nom in racines}
    details["CA"] = round(compte["P_POP1564"] * 0.006)
    valeurs = _taux("emploi", compte) | taux | {nom: str(n) for nom, n in details.items()}
    return valeurs | dict.fromkeys(("NOTE_ASP", "NOTE_ASP_E", "NOTE_PE", "NOTE_PE_T"), "0")


def _ligne_revenus(quartier: Quartier, compte: Compte, caf: dict[str, int], d: Compte) -> dict[str, str]:
    parts = d | {"PMIMP": d["PIMP"], "BREV": 0.9 * d["TP60"] + 21, "DISP_D1D9": d["RD"]}
    valeurs = {nom: virgule(part) for nom, part in parts.items()}
    for rang, coefficient in (("Q2", 0.78), ("Q1", 0.52), ("Q3", 0.91), ("D1", 0.14), ("D9", 0.98)):
        disponible = d["MED" if rang == "Q2" else rang] * _AVANT
        valeurs[f"DISP_{rang}"] = str(round(disponible / 10) * 10)
        valeurs[f"DECUC_{rang}"] = str(round(disponible * coefficient / 10) * 10)
    valeurs["DECUC_D1D9"] = virgule(int(valeurs["DECUC_D9"]) / int(valeurs["DECUC_D1"]))
    for nom, part in (("C", 0.93), ("C_C2SNP", 0.27), ("C_C2SP", 0.05)):
        valeurs[nom] = str(round(compte["P_POP"] * part))
    valeurs |= {nom: str(n) for nom, n in caf.items()}
    valeurs |= dict.fromkeys(("NOTE_FILO", "NOTE_CNAM", "NOTE_CNAF"), "0")
    if len(quartier.communes) > 1:
        # Trop peu de ménages fiscaux pour tout publier : la médiane reste, le détail se tait.
        tus = ("PMIMP", "DECUC_D1", "DECUC_D9", "DECUC_D1D9", "DISP_D1", "DISP_D9", "DISP_D1D9", "PPAT")
        valeurs |= dict.fromkeys(tus, "") | {"NOTE_FILO": "1"}
    return valeurs


def ligne_filosofi(quartier: Quartier, d: Compte) -> dict[str, str]:
    """Écrire les revenus disponibles d'une année dite par les colonnes ; un petit quartier n'en a que deux."""
    entiers, notes = ("MED", "Q1", "Q3", "D1", "D9"), ("RD", "PACT", "PPEN", "PPAT", "PPSOC", "PIMPOT")
    valeurs = {f"DISP_{nom}_A21": milliers(int(d[nom])) for nom in entiers}
    valeurs |= {f"DISP_{nom}_A21": virgule(d[nom]) for nom in ("TP60", *notes)}
    if len(quartier.communes) > 1:
        return {nom: valeurs[nom] for nom in ("DISP_MED_A21", "DISP_TP60_A21")} | {"DISP_NOTE_A21": "1"}
    return valeurs | {"DISP_NOTE_A21": "0"}


def tables_des_qpv(comptes: Comptes, alea: Alea) -> Tables:
    """Composer démographie, insertion professionnelle et revenus des quartiers prioritaires."""
    fichiers: dict[str, list[dict[str, str]]] = {}
    caf: dict[str, int] = {}
    for quartier in QPV:
        compte, lois = portrait(quartier, comptes, alea)
        revenus = distribution(lois, 2021) | structure(lois, 2021, compte)
        caf = allocataires(compte, melange(lois, SEUIL[2021]), 2022)
        lignes = {
            "data_DEMO_2022_V1_QP": _ligne_demographie(quartier, compte, caf, comptes),
            "IPRO_2022": _ligne_emploi(quartier, compte, alea),
            "REVN_2022": _ligne_revenus(quartier, compte, caf, revenus),
            "data_filo21_qp_revdis": ligne_filosofi(quartier, revenus),
        }
        for nom, ligne in lignes.items():
            debut = {"CODGEO": quartier.code, "LIBGEO": quartier.nom}
            fichiers.setdefault(nom, []).append(debut | ligne)
    # La première ligne, « Ensemble des QPV » : des sommes, sans les taux.
    demographie = fichiers["data_DEMO_2022_V1_QP"]
    sommes = {
        nom: milliers(sum(int(ligne[nom].replace(FINE, "")) for ligne in demographie))
        for nom in ("POP_MUN", *caf)
    }
    demographie.insert(0, {"CODGEO": "Ensemble", "LIBGEO": "Ensemble des QPV"} | sommes)
    return {**fichiers}
