"""Écrire les fichiers fictifs d'allocataires de la CAF, par IRIS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from donnees_insee.demo.fabrique.alea import Alea, repartir
from donnees_insee.demo.fabrique.formats_bruts import ecrire, milliers, table
from donnees_insee.demo.fabrique.revenus import SEUIL, loi_de, melange
from donnees_insee.demo.fabrique.territoire import COMMUNES, REGION, iris_de

if TYPE_CHECKING:
    from pathlib import Path

    from donnees_insee.demo.fabrique.population import Compte
    from donnees_insee.demo.fabrique.recensement import Comptes

_FAMILLES = ["A", "PERCOU", "AI", "AM", "ACSSENF", "ACAVENF", "AC3ENF"]
_ENFANTS = ["ENF", "ENF_2", "ENF_3_5", "ENF_6_10", "ENF_11_14", "ENF_15_17", "ENF_18_24"]
_DROITS = ["A_ETUD", "A_NETUD_24", "AAL", "AAPL", "AAAH", "APPA", "ARSAS"]
VARIABLES = [*_FAMILLES, *_ENFANTS, *_DROITS]


def allocataires(compte: Compte, pauvrete: float, annee: int) -> dict[str, int]:
    """Estimer les allocataires d'un IRIS à partir de ses ménages et de sa pauvreté."""
    etudiants = compte["P_SCOL1824"] * 0.3
    reforme = 0.85 if annee < 2019 else 1.0
    seuls = compte["C_MENPSEUL"] * min(0.75, 0.1 + 0.9 * pauvrete) * reforme + etudiants * 0.6
    mono = compte["C_FAMMONO"] * min(0.96, 0.72 + 0.5 * pauvrete)
    sans = compte["C_COUPSENF"] * min(0.5, 0.02 + 0.5 * pauvrete) * reforme
    avec = compte["C_COUPAENF"] * 0.78
    isoles, parents, couples, familles = (round(n) for n in (seuls, mono, sans, avec))
    total = isoles + parents + couples + familles
    nombreuses = (compte["C_NE24F3"] + compte["C_NE24F4P"]) * 0.97
    enfants = round(1.72 * parents + 1.95 * familles)
    ages = ["P_POP0002", "P_POP0305", "P_POP0610", "P_POP1114", "P_POP1517"]
    poids = [compte[a] for a in ages]
    tranches = [int(n) for n in repartir(enfants, [*poids, 0.45 * poids[-1]], entier=True)]
    logement = round(total * min(0.85, 0.12 + 1.2 * pauvrete) * (1.1 if annee < 2019 else 1))
    aides = {
        "A_ETUD": round(min(etudiants * 0.62, isoles)),
        "A_NETUD_24": round((compte["P_POP1824"] - compte["P_SCOL1824"]) * 0.2),
        "AAL": logement,
        "AAPL": round(logement * min(0.95, 0.4 + 0.5 * compte["P_RP_LOCHLMV"] / compte["P_RP"])),
        "AAAH": round(compte["P_POP2064"] * (0.014 + 0.055 * pauvrete)),
        "APPA": round(total * (0.2 if annee < 2019 else 0.35)),
        "ARSAS": round(compte["P_POP2064"] * (0.004 + 0.22 * pauvrete)),
    }
    groupes = [total, 0, isoles, parents, couples, familles, min(familles, round(nombreuses * 0.7))]
    resultat = dict(zip(_FAMILLES, groupes, strict=True))
    resultat["PERCOU"] = isoles + parents + 2 * couples + 2 * familles + enfants
    return resultat | dict(zip(_ENFANTS, [enfants, *tranches], strict=True)) | aides


def ecrire_caf(dossier: Path, comptes: dict[int, Comptes], alea: Alea) -> list[Path]:
    """Écrire les fichiers de 2016, avec libellés, et de 2022, sans."""
    ecrits = []
    for annee in (2016, 2022):
        revenus = 2016 if annee == 2016 else 2021
        lignes = []
        for code, mailles in iris_de(annee).items():
            nature, commune = mailles[0].nature, code[:5]
            if nature == "Z":
                continue
            pauvrete = melange([loi_de(m, revenus, alea) for m in mailles], SEUIL[revenus])
            valeurs = allocataires(comptes[annee][code], pauvrete, annee)
            publie = nature == "H" and valeurs["A"] >= 100
            ecrire_nombre = milliers if annee == 2016 else str
            # Les très petits effectifs sont laissés en blanc, comme dans les fichiers publiés.
            cases = {n: ecrire_nombre(v) if publie and v >= 5 else "" for n, v in valeurs.items()}
            note = "0" if publie else ("2" if nature == "D" else "3")
            if annee == 2016:
                nom, epci = COMMUNES[2016][commune]
                debut = [code, mailles[0].libelle(2016), commune, nom, epci, REGION, note]
                dependants = [cases["AAL"] and ecrire_nombre(round(valeurs["A"] * p)) for p in (0.24, 0.13)]
                lignes.append([*debut, *(cases[v] for v in VARIABLES), *dependants])
            else:
                lignes.append([code, note, *(cases[v] for v in VARIABLES)])
        if annee == 2016:
            colonnes = ["CODGEO", "LIBGEO", "DEPCOM", "LIBCOM", "EPCI", "REG", "NOTE"]
            texte = table([*colonnes, *VARIABLES, "APRES50", "APRES100"], lignes, bom=True)
        else:
            texte = table(["CODGEO", "NOTE", *VARIABLES], lignes)
        ecrits.append(ecrire(dossier / f"data_CAF_{annee}_IRIS.csv", texte))
    return ecrits
