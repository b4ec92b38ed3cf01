"""Écrire les trois fichiers de statistiques fictives des quartiers prioritaires."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from donnees_insee.demo.fabrique.caf import allocataires
from donnees_insee.demo.fabrique.formats_bruts import ecrire, milliers, table, virgule
from donnees_insee.demo.fabrique.revenus import SEUIL, Loi, distribution, loi_de, melange, structure
from donnees_insee.demo.fabrique.territoire import COMMUNES, MAILLES, QPV, QuartierPrioritaire

if TYPE_CHECKING:
    from pathlib import Path

    from donnees_insee.demo.fabrique.alea import Alea
    from donnees_insee.demo.fabrique.population import Compte
    from donnees_insee.demo.fabrique.recensement import Comptes

_VIDES = 10


def _noms(texte: str) -> list[str]:
    """Lire une longue liste de colonnes."""
    return texte.split()


_DEMO = _noms(
    "CODGEO LIBGEO POP_MUN POP_COM_QP POP_COM LIB_COM TX_F TX_TOT_0A24 TX_F_0A24 TX_TOT_60ETPLUS "
    "TX_F_60ETPLUS IND_JEUNE TX_TOT_MEN1 TX_TOT_MEN6 TX_TOT_ET TX_F_ET NOTE_RP A PERCOU AM AI ACSSENF "
    "ACAVENF AC3ENF A_NETUD_24 A_ETUD ENF ENF_2 ENF_3_5 ENF_6_10 ENF_11_14 ENF_15_17 ENF_18_24 "
    "NOTE_CNAF"
)
_IPRO = _noms(
    "CODGEO LIBGEO TX_TOT_EMPL TX_F_EMPL TX_ET_EMPL TX_TOT_EDLIM TX_F_EDLIM TX_ET_EDLIM CA NOTE_ASP "
    "EVOL_CA_N_E NOTE_ASP_E ABCDE ABCDE_F ABCDE_H ABC ABC_F ABC_H ABC_RSA ABC_RSA_F ABC_RSA_H A A_F A_H "
    "ABC_25 ABC_2649 ABC_50 ABC_FR ABC_E ABC_INFCAPBEP ABC_CAPBEP ABC_BAC ABC_SUPBAC ABC_INFCAPBEP_F "
    "ABC_CAPBEP_F ABC_BAC_F ABC_SUPBAC_F ABC_INFCAPBEP_H ABC_CAPBEP_H ABC_BAC_H ABC_SUPBAC_H ABC_DUR1 "
    "ABC_DUR2 ABC_DUR3 ABC_DUR4 ABC_DUR1_F ABC_DUR2_F ABC_DUR3_F ABC_DUR4_F ABC_DUR1_H ABC_DUR2_H "
    "ABC_DUR3_H ABC_DUR4_H NOTE_PE EVOL_ABC_T4 EVOL_ABC_F_T4 EVOL_ABC_H_T4 EVOL_A_T4 EVOL_A_F_T4 "
    "EVOL_A_H_T4 NOTE_PE_T"
)
_REVN = _noms(
    "CODGEO LIBGEO PMIMP DECUC_Q2 DECUC_Q1 DECUC_Q3 BREV DECUC_D1 DECUC_D9 DECUC_D1D9 DISP_Q2 DISP_Q1 "
    "DISP_Q3 TP60 DISP_D1 DISP_D9 DISP_D1D9 PACT PPEN PPSOC PIMPOT PPAT NOTE_FILO C C_C2SNP C_C2SP "
    "NOTE_CNAM A APPA ARSAS AAAH NOTE_CNAF"
)


_FILO = _noms(
    "CODGEO DISP_Q1_A21 DISP_MED_A21 DISP_Q3_A21 DISP_D1_A21 DISP_D9_A21 DISP_RD_A21 DISP_PACT_A21 DISP_PPEN_A21 "
    "DISP_PPAT_A21 DISP_PPSOC_A21 DISP_PIMPOT_A21 DISP_TP60_A21 DISP_NOTE_A21"
)
# Le tableau d'édition 2022 porte des revenus plus anciens que le fichier daté de 2021, comme les fichiers réels.
_AVANT: Final = 0.94


def _portrait(quartier: QuartierPrioritaire, comptes: Comptes, alea: Alea) -> tuple[Compte, list[Loi]]:
    """Composer la population du quartier : une part de ses IRIS, la plus modeste."""
    compte: Compte = {}
    for code, part in quartier.parts.items():
        for nom, valeur in comptes[code].items():
            compte[nom] = compte.get(nom, 0.0) + valeur * part
    lois = []
    for maille in MAILLES:
        if maille.code in quartier.parts:
            loi = loi_de(maille, 2021, alea, comptes[maille.code]["P_POP"] * quartier.parts[maille.code])
            # Le périmètre prend les rues les plus pauvres des IRIS qu'il coupe.
            part = quartier.parts[maille.code]
            lois.append(Loi(loi.poids, loi.mediane * (0.84 + 0.15 * part), loi.dispersion * 0.97))
    return compte, lois


def _caf(compte: Compte, lois: list[Loi]) -> dict[str, int]:
    return allocataires(compte, melange(lois, SEUIL[2021]), 2022)


def _ligne_demographie(
    quartier: QuartierPrioritaire, compte: Compte, lois: list[Loi], comptes: Comptes
) -> dict[str, str]:
    caf = _caf(compte, lois)
    ensemble = compte["P_POP"]
    seniors = (compte["P_POP6074"] + compte["P_POP75P"]) / ensemble
    jeunes = math.fsum(compte[f"P_POP{t}"] for t in ("0002", "0305", "0610", "1117", "1824"))
    part_jeunes = 100 * jeunes / ensemble
    population_communes = math.fsum(
        c["P_POP"] for code, c in comptes.items() if code[:5] in quartier.communes
    )
    tous = [
        math.fsum(comptes[code]["P_POP"] * part for code, part in q.parts.items())
        for q in QPV
        if set(q.communes) & set(quartier.communes)
    ]
    valeurs = {
        "CODGEO": quartier.code,
        "LIBGEO": quartier.nom,
        "POP_MUN": milliers(ensemble),
        "POP_COM_QP": milliers(math.fsum(tous)),
        "POP_COM": milliers(population_communes),
        "LIB_COM": ", ".join(COMMUNES[2022][c][0] for c in quartier.communes),
        "TX_F": virgule(100 * compte["P_POPF"] / ensemble),
        "TX_TOT_0A24": virgule(part_jeunes),
        "TX_F_0A24": virgule(part_jeunes - 2.1),
        "TX_TOT_60ETPLUS": virgule(100 * seniors),
        "TX_F_60ETPLUS": virgule(100 * seniors + 2.3),
        "IND_JEUNE": virgule(compte["P_POP0019"] / (seniors * ensemble)),
        "TX_TOT_MEN1": virgule(100 * compte["C_MENPSEUL"] / compte["C_MEN"]),
        "TX_TOT_MEN6": virgule(100 * compte["C_NE24F4P"] / compte["C_MEN"]),
        "TX_TOT_ET": virgule(100 * compte["P_POP_ETR"] / ensemble),
        "TX_F_ET": virgule(96 * compte["P_POP_ETR"] / ensemble),
        "NOTE_RP": "0",
        "NOTE_CNAF": "0",
    }
    return valeurs | {nom: milliers(n) for nom, n in caf.items()}


def _ligne_emploi(quartier: QuartierPrioritaire, compte: Compte, alea: Alea) -> dict[str, str]:
    """Écrire l'emploi et les demandeurs d'emploi, dont chaque détail refait le total."""
    emploi = 100 * compte["P_ACTOCC1564"] / compte["P_POP1564"]
    femmes = 100 * compte["P_FACTOCC1564"] / compte["P_F1564"]
    precaire = 100 * (1 - compte["P_SAL15P_CDI"] / compte["P_SAL15P"])
    valeurs = {"CODGEO": quartier.code, "LIBGEO": quartier.nom}
    valeurs |= {"TX_TOT_EMPL": virgule(emploi), "TX_F_EMPL": virgule(femmes)}
    valeurs |= {"TX_ET_EMPL": virgule(emploi - 6), "TX_TOT_EDLIM": virgule(precaire)}
    valeurs |= {"TX_F_EDLIM": virgule(precaire + 0.9), "TX_ET_EDLIM": virgule(precaire + 5)}
    valeurs |= {"CA": str(round(compte["P_POP1564"] * 0.006)), "EVOL_CA_N_E": "-8,3"}
    hommes = round(compte["P_HCHOM1564"] * 1.02)
    dames = round(compte["P_FCHOM1564"] * 1.06)
    parts = {"": hommes + dames, "_F": dames, "_H": hommes}
    coupes = {
        "INFCAPBEP CAPBEP BAC SUPBAC": (0.34, 0.33, 0.2, 0.13),
        "DUR1 DUR2 DUR3 DUR4": (0.33, 0.17, 0.22, 0.28),
        "25 2649 50": (0.15, 0.59, 0.26),
        "FR E": (0.76, 0.24),
        "RSA": (0.28,),
    }
    details: dict[str, int] = {}
    for noms, poids in coupes.items():
        for suffixe in ("_F", "_H"):
            reste = parts[suffixe]
            for nom, p in zip(noms.split(), poids, strict=True):
                # La dernière case d'une coupe complète prend ce qui reste.
                dernier = nom == noms.split()[-1] and len(poids) > 1
                part = reste if dernier else round(parts[suffixe] * p)
                details[f"ABC_{nom}{suffixe}"] = part
                reste -= part
        for nom in noms.split():
            details[f"ABC_{nom}"] = details[f"ABC_{nom}_F"] + details[f"ABC_{nom}_H"]
    for suffixe in ("_F", "_H"):
        details[f"ABC{suffixe}"] = parts[suffixe]
        details[f"A{suffixe}"] = round(parts[suffixe] * 0.63)
        details[f"ABCDE{suffixe}"] = round(parts[suffixe] * 1.14)
    for nom in ("ABC", "A", "ABCDE"):
        details[nom] = details[f"{nom}_F"] + details[f"{nom}_H"]
    valeurs |= {nom: str(n) for nom, n in details.items()}
    for nom in ("EVOL_ABC_T4", "EVOL_ABC_F_T4", "EVOL_ABC_H_T4", "EVOL_A_T4", "EVOL_A_F_T4", "EVOL_A_H_T4"):
        valeurs[nom] = virgule(-7 + 3 * alea.normal(quartier.code, nom))
    return valeurs | dict.fromkeys(("NOTE_ASP", "NOTE_ASP_E", "NOTE_PE", "NOTE_PE_T"), "0")


def _ligne_revenus(quartier: QuartierPrioritaire, compte: Compte, lois: list[Loi]) -> dict[str, str]:
    d = distribution(lois, 2021)
    chomage = compte["P_CHOM1564"] / compte["P_ACT1564"]
    parts = structure(lois, 2021, compte["P_POP65P"] / compte["P_POP"], chomage)
    caf = _caf(compte, lois)
    valeurs = {
        "CODGEO": quartier.code,
        "LIBGEO": quartier.nom,
        "PMIMP": virgule(parts["PIMP"]),
        "BREV": virgule(0.9 * d["TP60"] + 21),
        "DISP_D1D9": virgule(d["RD"]),
        "TP60": virgule(d["TP60"]),
        "NOTE_FILO": "0",
        "NOTE_CNAM": "0",
        "NOTE_CNAF": "0",
    }
    for rang, coefficient in (("Q2", 0.78), ("Q1", 0.52), ("Q3", 0.91), ("D1", 0.14), ("D9", 0.98)):
        disponible = d["MED" if rang == "Q2" else rang] * _AVANT
        valeurs[f"DISP_{rang}"] = str(round(disponible / 10) * 10)
        valeurs[f"DECUC_{rang}"] = str(round(disponible * coefficient / 10) * 10)
    valeurs["DECUC_D1D9"] = virgule(int(valeurs["DECUC_D9"]) / int(valeurs["DECUC_D1"]))
    valeurs |= {p: virgule(parts[p]) for p in ("PACT", "PPEN", "PPSOC", "PIMPOT", "PPAT")}
    valeurs |= {"C": str(round(compte["P_POP"] * 0.93)), "C_C2SNP": str(round(compte["P_POP"] * 0.27))}
    valeurs["C_C2SP"] = str(round(compte["P_POP"] * 0.05))
    valeurs |= {nom: str(caf[nom]) for nom in ("A", "APPA", "ARSAS", "AAAH")}
    if len(quartier.communes) > 1:
        # Trop peu de ménages fiscaux pour tout publier : la médiane reste, le détail se tait.
        tus = ("PMIMP", "DECUC_D1", "DECUC_D9", "DECUC_D1D9", "DISP_D1", "DISP_D9", "DISP_D1D9", "PPAT")
        valeurs |= dict.fromkeys(tus, "") | {"NOTE_FILO": "1"}
    return valeurs


def _ligne_filosofi(quartier: QuartierPrioritaire, compte: Compte, lois: list[Loi]) -> dict[str, str]:
    """Écrire les revenus disponibles d'une année dite par les colonnes ; un petit quartier n'en a que deux."""
    d = distribution(lois, 2021)
    chomage = compte["P_CHOM1564"] / compte["P_ACT1564"]
    parts = structure(lois, 2021, compte["P_POP65P"] / compte["P_POP"], chomage)
    valeurs = {f"DISP_{r}_A21": milliers(int(d[r])) for r in ("Q1", "MED", "Q3", "D1", "D9")}
    valeurs |= {"DISP_RD_A21": virgule(d["RD"]), "DISP_TP60_A21": virgule(d["TP60"])}
    valeurs |= {f"DISP_{p}_A21": virgule(parts[p]) for p in ("PACT", "PPEN", "PPAT", "PPSOC", "PIMPOT")}
    if len(quartier.communes) > 1:
        valeurs = {c: valeurs[c] for c in ("DISP_MED_A21", "DISP_TP60_A21")} | {"DISP_NOTE_A21": "1"}
    return {"CODGEO": quartier.code, "DISP_NOTE_A21": "0"} | valeurs


def _ensemble(lignes: list[dict[str, str]]) -> dict[str, str]:
    """Composer la première ligne « Ensemble des QPV » : des sommes, sans les taux."""
    sommes = {"POP_MUN", *_DEMO[_DEMO.index("A") : _DEMO.index("NOTE_CNAF")]}
    total = {"CODGEO": "Ensemble", "LIBGEO": "Ensemble des QPV"}
    for nom in sommes:
        total[nom] = milliers(sum(int(ligne[nom].replace("\u202f", "")) for ligne in lignes))
    return total


def ecrire_qpv(dossier: Path, comptes: Comptes, alea: Alea) -> list[Path]:
    """Écrire démographie, insertion professionnelle et revenus des quartiers prioritaires."""
    demographie, emploi, revenus, filosofi = [], [], [], []
    for quartier in QPV:
        compte, lois = _portrait(quartier, comptes, alea)
        demographie.append(_ligne_demographie(quartier, compte, lois, comptes))
        emploi.append(_ligne_emploi(quartier, compte, alea))
        revenus.append(_ligne_revenus(quartier, compte, lois))
        filosofi.append(_ligne_filosofi(quartier, compte, lois))
    demographie.insert(0, _ensemble(demographie))
    ecrits = []
    for nom, colonnes, lignes in (
        ("data_DEMO_2022_V1_QP", _DEMO, demographie),
        ("IPRO_2022", _IPRO, emploi),
        ("REVN_2022", _REVN, revenus),
        ("data_filo21_qp_revdis", _FILO, filosofi),
    ):
        corps = [[ligne.get(c, "") for c in colonnes] for ligne in lignes]
        # Le fichier réel a une espace après ce nom de colonne.
        entete = [c + " " if c == "EVOL_CA_N_E" else c for c in colonnes]
        ecrits.append(ecrire(dossier / f"{nom}.csv", table(entete, corps, bom=True, vides=_VIDES)))
    return ecrits
