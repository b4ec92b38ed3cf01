"""Écrire les fichiers fictifs d'allocataires de la CAF, par IRIS."""

from __future__ import annotations

from pathlib import Path

from donnees_insee.demo.fabrique.alea import Alea, repartir
from donnees_insee.demo.fabrique.formats_bruts import ecrire_table, milliers
from donnees_insee.demo.fabrique.population import Compte
from donnees_insee.demo.fabrique.recensement import Comptes
from donnees_insee.demo.fabrique.revenus import pauvrete
from donnees_insee.demo.fabrique.territoire import COMMUNES, REGION, iris_de


_AGES = ("2", "3_5", "6_10", "11_14", "15_17", "18_24")


def allocataires(compte: Compte, pauvres: float, annee: int) -> dict[str, int]:
    """Estimer les allocataires d'un IRIS à partir de ses ménages et de sa pauvreté."""
    etudiants = compte["P_SCOL1824"] * 0.3
    reforme = 0.85 if annee < 2019 else 1.0
    seuls = compte["C_MENPSEUL"] * min(0.75, 0.1 + 0.9 * pauvres) * reforme + etudiants * 0.6
    mono = compte["C_FAMMONO"] * min(0.96, 0.72 + 0.5 * pauvres)
    sans = compte["C_COUPSENF"] * min(0.5, 0.02 + 0.5 * pauvres) * reforme
    avec = compte["C_COUPAENF"] * 0.78
    isoles, parents, couples, familles = (round(n) for n in (seuls, mono, sans, avec))
    total = isoles + parents + couples + familles
    nombreuses = (compte["C_NE24F3"] + compte["C_NE24F4P"]) * 0.97
    enfants = round(1.72 * parents + 1.95 * familles)
    poids = [compte[f"P_POP{age}"] for age in ("0002", "0305", "0610", "1114", "1517")]
    ages = repartir(enfants, [*poids, 0.45 * poids[-1]], entier=True)
    logement = round(total * min(0.85, 0.12 + 1.2 * pauvres) * (1.1 if annee < 2019 else 1))
    return {
        "A": total,
        "PERCOU": isoles + parents + 2 * couples + 2 * familles + enfants,
        "AI": isoles,
        "AM": parents,
        "ACSSENF": couples,
        "ACAVENF": familles,
        "AC3ENF": min(familles, round(nombreuses * 0.7)),
        "ENF": enfants,
        **{f"ENF_{age}": int(n) for age, n in zip(_AGES, ages, strict=True)},
        "A_ETUD": round(min(etudiants * 0.62, isoles)),
        "A_NETUD_24": round((compte["P_POP1824"] - compte["P_SCOL1824"]) * 0.2),
        "AAL": logement,
        "AAPL": round(logement * min(0.95, 0.4 + 0.5 * compte["P_RP_LOCHLMV"] / compte["P_RP"])),
        "AAAH": round(compte["P_POP2064"] * (0.014 + 0.055 * pauvres)),
        "APPA": round(total * (0.2 if annee < 2019 else 0.35)),
        "ARSAS": round(compte["P_POP2064"] * (0.004 + 0.22 * pauvres)),
    }


def ecrire_caf(dossier: Path, comptes: dict[int, Comptes], alea: Alea) -> list[Path]:
    """Écrire les fichiers de 2016, avec libellés, et de 2022, sans."""
    ecrits = []
    for annee, revenus, ecrire_nombre in ((2016, 2016, milliers), (2022, 2021, str)):
        lignes = []
        for code, mailles in iris_de(annee).items():
            nature, commune = mailles[0].nature, code[:5]
            if nature == "Z":
                continue
            valeurs = allocataires(comptes[annee][code], pauvrete(mailles, revenus, alea), annee)
            publie = nature == "H" and valeurs["A"] >= 100
            nom, epci = COMMUNES[annee][commune]
            ligne = {"CODGEO": code, "LIBGEO": mailles[0].libelle(annee), "DEPCOM": commune, "LIBCOM": nom}
            ligne |= {"EPCI": epci, "REG": REGION, "NOTE": "0" if publie else "2" if nature == "D" else "3"}
            # Les très petits effectifs sont laissés en blanc, comme dans les fichiers publiés.
            ligne |= {n: ecrire_nombre(v) if publie and v >= 5 else "" for n, v in valeurs.items()}
            if ligne["AAL"]:
                ligne["APRES50"] = ecrire_nombre(round(valeurs["A"] * 0.24))
                ligne["APRES100"] = ecrire_nombre(round(valeurs["A"] * 0.13))
            lignes.append(ligne)
        ecrits.append(ecrire_table(dossier, f"data_CAF_{annee}_IRIS", lignes))
    return ecrits
