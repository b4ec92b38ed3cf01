"""Écrire les quatre fichiers de statistiques fictives des quartiers prioritaires."""

from __future__ import annotations

import math
from pathlib import Path

from donnees_insee.demo.fabrique.alea import Alea
from donnees_insee.demo.fabrique.caf import allocataires
from donnees_insee.demo.fabrique.formats_bruts import FINE, ecrire_table, lire_toml, milliers, virgule
from donnees_insee.demo.fabrique.population import Compte
from donnees_insee.demo.fabrique.recensement import Comptes
from donnees_insee.demo.fabrique.revenus import SEUIL, Loi, distribution, loi_de, melange, structure
from donnees_insee.demo.fabrique.territoire import COMMUNES, MAILLES, QPV, Quartier

# Le tableau d'édition 2022 porte des revenus plus anciens que le fichier daté de 2021, comme les fichiers réels.
_AVANT = 0.94
_COUPES = lire_toml("quartiers_prioritaires.toml")["coupes"]


def _portrait(quartier: Quartier, comptes: Comptes, alea: Alea) -> tuple[Compte, list[Loi]]:
    """Composer la population du quartier : une part de ses IRIS, la plus modeste."""
    compte: Compte = {}
    for code, part in quartier.parts.items():
        for nom, valeur in comptes[code].items():
            compte[nom] = compte.get(nom, 0.0) + valeur * part
    lois = []
    for maille in MAILLES:
        if part := quartier.parts.get(maille.code, 0.0):
            loi = loi_de(maille, 2021, alea, comptes[maille.code]["P_POP"] * part)
            # Le périmètre prend les rues les plus pauvres des IRIS qu'il coupe.
            lois.append(Loi(loi.poids, loi.mediane * (0.84 + 0.15 * part), loi.dispersion * 0.97))
    return compte, lois


def _ligne_demographie(
    quartier: Quartier, compte: Compte, caf: dict[str, int], comptes: Comptes
) -> dict[str, str]:
    ensemble = compte["P_POP"]
    seniors = (compte["P_POP6074"] + compte["P_POP75P"]) / ensemble
    jeunes = math.fsum(compte[f"P_POP{t}"] for t in ("0002", "0305", "0610", "1117", "1824"))
    part_jeunes = 100 * jeunes / ensemble
    communes = [c["P_POP"] for code, c in comptes.items() if code[:5] in quartier.communes]
    tous = [
        math.fsum(comptes[code]["P_POP"] * part for code, part in q.parts.items())
        for q in QPV
        if set(q.communes) & set(quartier.communes)
    ]
    taux = {
        "TX_F": 100 * compte["P_POPF"] / ensemble,
        "TX_TOT_0A24": part_jeunes,
        "TX_F_0A24": part_jeunes - 2.1,
        "TX_TOT_60ETPLUS": 100 * seniors,
        "TX_F_60ETPLUS": 100 * seniors + 2.3,
        "IND_JEUNE": compte["P_POP0019"] / (seniors * ensemble),
        "TX_TOT_MEN1": 100 * compte["C_MENPSEUL"] / compte["C_MEN"],
        "TX_TOT_MEN6": 100 * compte["C_NE24F4P"] / compte["C_MEN"],
        "TX_TOT_ET": 100 * compte["P_POP_ETR"] / ensemble,
        "TX_F_ET": 96 * compte["P_POP_ETR"] / ensemble,
    }
    effectifs = {"POP_MUN": ensemble, "POP_COM_QP": math.fsum(tous), "POP_COM": math.fsum(communes), **caf}
    valeurs = {nom: virgule(v) for nom, v in taux.items()} | {n: milliers(v) for n, v in effectifs.items()}
    noms = ", ".join(COMMUNES[2022][c][0] for c in quartier.communes)
    return valeurs | {"LIB_COM": noms, "NOTE_RP": "0", "NOTE_CNAF": "0"}


def _ligne_emploi(quartier: Quartier, compte: Compte, alea: Alea) -> dict[str, str]:
    """Écrire l'emploi et les demandeurs d'emploi, dont chaque détail refait le total."""
    emploi = 100 * compte["P_ACTOCC1564"] / compte["P_POP1564"]
    precaire = 100 * (1 - compte["P_SAL15P_CDI"] / compte["P_SAL15P"])
    taux = {
        "TX_TOT_EMPL": emploi,
        "TX_F_EMPL": 100 * compte["P_FACTOCC1564"] / compte["P_F1564"],
        "TX_ET_EMPL": emploi - 6,
        "TX_TOT_EDLIM": precaire,
        "TX_F_EDLIM": precaire + 0.9,
        "TX_ET_EDLIM": precaire + 5,
        "EVOL_CA_N_E": -8.3,
    }
    for nom in ("EVOL_ABC_T4", "EVOL_ABC_F_T4", "EVOL_ABC_H_T4", "EVOL_A_T4", "EVOL_A_F_T4", "EVOL_A_H_T4"):
        taux[nom] = -7 + 3 * alea.normal(quartier.code, nom)
    details: dict[str, int] = {}
    for sexe, part in (("F", 1.06), ("H", 1.02)):
        total = round(compte[f"P_{sexe}CHOM1564"] * part)
        for noms, poids in _COUPES.items():
            effectifs = [round(total * p) for p in poids]
            if len(poids) > 1:
                # La dernière case d'une coupe complète prend ce qui reste.
                effectifs[-1] = total - sum(effectifs[:-1])
            details |= {f"ABC_{n}_{sexe}": e for n, e in zip(noms.split(), effectifs, strict=True)}
        details |= {
            f"ABC_{sexe}": total,
            f"A_{sexe}": round(total * 0.63),
            f"ABCDE_{sexe}": round(total * 1.14),
        }
    racines = [nom.removesuffix("_F") for nom in details if nom.endswith("_F")]
    details |= {nom: details[f"{nom}_F"] + details[f"{nom}_H"] for nom in racines}
    details["CA"] = round(compte["P_POP1564"] * 0.006)
    valeurs = {nom: virgule(v) for nom, v in taux.items()} | {nom: str(n) for nom, n in details.items()}
    return valeurs | dict.fromkeys(("NOTE_ASP", "NOTE_ASP_E", "NOTE_PE", "NOTE_PE_T"), "0")


def _ligne_revenus(quartier: Quartier, compte: Compte, caf: dict[str, int], d: Compte) -> dict[str, str]:
    valeurs = {nom: virgule(part) for nom, part in d.items()}
    valeurs |= {"PMIMP": virgule(d["PIMP"]), "BREV": virgule(0.9 * d["TP60"] + 21)}
    valeurs["DISP_D1D9"] = virgule(d["RD"])
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


def _ligne_filosofi(quartier: Quartier, d: Compte) -> dict[str, str]:
    """Écrire les revenus disponibles d'une année dite par les colonnes ; un petit quartier n'en a que deux."""
    medianes = {"DISP_MED_A21": milliers(int(d["MED"])), "DISP_TP60_A21": virgule(d["TP60"])}
    if len(quartier.communes) > 1:
        return medianes | {"DISP_NOTE_A21": "1"}
    valeurs = {f"DISP_{r}_A21": milliers(int(d[r])) for r in ("Q1", "Q3", "D1", "D9")}
    valeurs |= {
        f"DISP_{nom}_A21": virgule(d[nom]) for nom in ("RD", "PACT", "PPEN", "PPAT", "PPSOC", "PIMPOT")
    }
    return medianes | valeurs | {"DISP_NOTE_A21": "0"}


def ecrire_qpv(dossier: Path, comptes: Comptes, alea: Alea) -> list[Path]:
    """Écrire démographie, insertion professionnelle et revenus des quartiers prioritaires."""
    fichiers: dict[str, list[dict[str, str]]] = {
        "data_DEMO_2022_V1_QP": [],
        "IPRO_2022": [],
        "REVN_2022": [],
        "data_filo21_qp_revdis": [],
    }
    caf: dict[str, int] = {}
    for quartier in QPV:
        compte, lois = _portrait(quartier, comptes, alea)
        revenus = distribution(lois, 2021) | structure(lois, 2021, compte)
        caf = allocataires(compte, melange(lois, SEUIL[2021]), 2022)
        lignes = (
            _ligne_demographie(quartier, compte, caf, comptes),
            _ligne_emploi(quartier, compte, alea),
            _ligne_revenus(quartier, compte, caf, revenus),
            _ligne_filosofi(quartier, revenus),
        )
        for liste, ligne in zip(fichiers.values(), lignes, strict=True):
            liste.append({"CODGEO": quartier.code, "LIBGEO": quartier.nom} | ligne)
    # La première ligne, « Ensemble des QPV » : des sommes, sans les taux.
    demographie = fichiers["data_DEMO_2022_V1_QP"]
    sommes = {
        nom: milliers(sum(int(ligne[nom].replace(FINE, "")) for ligne in demographie))
        for nom in ["POP_MUN", *caf]
    }
    demographie.insert(0, {"CODGEO": "Ensemble", "LIBGEO": "Ensemble des QPV"} | sommes)
    return [ecrire_table(dossier, nom, lignes) for nom, lignes in fichiers.items()]
