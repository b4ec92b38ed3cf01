"""Écrire les fichiers Filosofi fictifs : IRIS, communes, EPCI, département, région."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from donnees_insee.demo.fabrique.formats_bruts import ecrire, table, virgule
from donnees_insee.demo.fabrique.revenus import Loi, distribution, loi_de, melange, structure
from donnees_insee.demo.fabrique.territoire import (
    COMMUNES,
    DEPARTEMENT,
    EPCI,
    NOM_DEPARTEMENT,
    NOM_REGION,
    REGION,
    Maille,
    iris_de,
)

if TYPE_CHECKING:
    from pathlib import Path

    from donnees_insee.demo.fabrique.alea import Alea
    from donnees_insee.demo.fabrique.population import Compte
    from donnees_insee.demo.fabrique.recensement import Comptes

_DECILES = ("D1", "D2", "D3", "D4", "D6", "D7", "D8", "D9")
_PARTS = ("PACT", "PTSA", "PCHO", "PBEN", "PPEN", "PPAT", "PPSOC", "PPFAM", "PPMINI", "PPLOGT", "PIMPOT")
# Un IRIS d'habitat non significatif par millésime, un autre dont seul le taux de pauvreté est tu.
_NON_SIGNIFICATIF = {2016: "990020104", 2021: "990010201"}
_PAUVRETE_TUE = {2016: "990030102", 2021: "990010503"}
_PRUDENCE = {"990010304": "1", "990020102": "1"}
_TU = "s"
_RECENSEMENT = {2016: 2016, 2021: 2022}


def _parts(lois: list[Loi], annee: int, compte: Compte) -> dict[str, float]:
    ages = compte["P_POP65P"] / compte["P_POP"]
    return structure(lois, annee, ages, compte["P_CHOM1564"] / max(compte["P_ACT1564"], 1e-9))


def _total(comptes: list[Compte]) -> Compte:
    """Additionner des IRIS."""
    return {nom: math.fsum(c[nom] for c in comptes) for nom in comptes[0]}


def _valeurs_iris(lois: list[Loi], annee: int, compte: Compte, code: str) -> dict[str, str]:
    """Écrire les indicateurs publiés d'un IRIS."""
    d = distribution(lois, annee)
    fines = 3 if annee == 2016 else 1
    valeurs = {nom: str(int(d[nom])) for nom in ("Q1", "MED", "Q3", *_DECILES)}
    valeurs |= {nom: virgule(v) for nom, v in _parts(lois, annee, compte).items()}
    valeurs |= {"EQ": virgule(d["EQ"], 2), "RD": virgule(d["RD"]), "GI": virgule(d["GI"], 3)}
    valeurs["S80S20"] = virgule(d["S80S20"], fines)
    valeurs["NOTE"] = _PRUDENCE.get(code, "0")
    # En 2021 la pauvreté est arrondie au point ou aux deux points, selon l'incertitude.
    incertitude = 2 if compte["P_POP"] < 2300 else 1
    valeurs["INCERT"] = str(incertitude)
    pauvrete = d["TP60"] if annee == 2016 else round(d["TP60"] / incertitude) * incertitude
    valeurs["TP60"] = virgule(pauvrete)
    if code == _PAUVRETE_TUE[annee]:
        valeurs["TP60"] = "s" if annee == 2021 else ""
    return valeurs


def _ecrire_iris(dossier: Path, annee: int, comptes: Comptes, alea: Alea) -> Path:
    """Écrire le fichier des IRIS, dont le nom et les colonnes changent en 2021."""
    yy = annee % 100
    recensement = _RECENSEMENT[annee]
    variables = ["TP60", *(["INCERT"] if annee == 2021 else []), "Q1", "MED", "Q3", "EQ"]
    variables += [*_DECILES, "RD", "S80S20", "GI", *_PARTS, "NOTE"]
    geographie = ["IRIS"] if annee == 2021 else ["IRIS", "LIBIRIS", "COM", "LIBCOM"]
    lignes = []
    for code, mailles in iris_de(recensement).items():
        nature = mailles[0].nature
        if nature == "Z":
            continue
        lois = [loi_de(m, annee, alea) for m in mailles]
        valeurs = _valeurs_iris(lois, annee, comptes[code], code)
        tu = "nd" if nature in "AD" else "ns" if code == _NON_SIGNIFICATIF[annee] else ""
        if tu:
            sans_objet = {"INCERT", "RD", "S80S20", "NOTE"} if annee == 2021 else {"NOTE"}
            valeurs = {v: ("so" if v in sans_objet else tu) for v in variables}
            if annee == 2016:
                valeurs["NOTE"] = "0"
        commune = code[:5]
        debut = [code]
        if annee == 2016:
            debut += [mailles[0].libelle(2016), commune, COMMUNES[2016][commune][0]]
        lignes.append([*debut, *(valeurs[v] for v in variables)])
    colonnes = geographie + [f"DISP_{v}{yy}" for v in variables]
    nom = "BASE_TD_FILO_DISP_IRIS_2016" if annee == 2016 else "BASE_TD_FILO_IRIS_2021_DISP"
    ancien = annee == 2016
    texte = table(colonnes, lignes, bom=ancien, vides=6 if ancien else 0, fin="\r\n" if ancien else "\n")
    return ecrire(dossier / f"{nom}.csv", texte)


Territoire = tuple[str, str, list[Maille]]


def territoires(recensement: int) -> dict[str, list[Territoire]]:
    """Ranger les mailles par commune, EPCI, département et région."""
    toutes = [m for mailles in iris_de(recensement).values() for m in mailles]

    def choisir(code: str, *, epci: bool) -> list[Maille]:
        def cle(maille: Maille) -> str:
            commune = maille.iris(recensement)[:5]
            return COMMUNES[recensement][commune][1] if epci else commune

        return [m for m in toutes if cle(m) == code]

    communes = sorted(COMMUNES[recensement].items())
    return {
        "COM": [(code, nom, choisir(code, epci=False)) for code, (nom, _) in communes],
        "EPCI": [(code, nom, choisir(code, epci=True)) for code, nom in EPCI.items()],
        "DEP": [(DEPARTEMENT, NOM_DEPARTEMENT, toutes)],
        "REG": [(REGION, NOM_REGION, toutes)],
    }


def _somme(mailles: list[Maille], recensement: int, comptes: Comptes) -> Compte:
    return _total([comptes[c] for c in sorted({m.iris(recensement) for m in mailles})])


def _ligne_2016(mailles: list[Maille], comptes: Comptes, alea: Alea) -> list[str]:
    """Écrire les indicateurs détaillés de 2016 ; vides quand le territoire est trop petit."""
    lois = [loi_de(m, 2016, alea) for m in mailles]
    compte = _somme(mailles, 2016, comptes)
    d = distribution(lois, 2016)
    menages, personnes = round(compte["P_MEN"] * 0.955), round(compte["P_PMEN"] * 0.965)
    tailles = [str(menages), str(personnes), virgule(personnes / (personnes / menages) ** 0.44)]
    mediane = str(int(d["MED"])) if menages >= 50 else ""
    if menages < 1000:
        return [*tailles, "", mediane, *[""] * 24]
    parts = _parts(lois, 2016, compte)
    quartiles = [str(int(d[q])) for q in ("Q1", "MED", "Q3")]
    deciles = [str(int(d[q])) for q in _DECILES]
    ecarts = [virgule(d["RD"]), virgule(d["S80S20"], 3), virgule(d["GI"], 3)]
    return [
        *tailles,
        *quartiles,
        str(int(d["Q3"] - d["Q1"])),
        *deciles,
        *ecarts,
        *(virgule(parts[p]) for p in _PARTS),
    ]


def _ligne_2021(mailles: list[Maille], comptes: Comptes, alea: Alea) -> list[str]:
    """Écrire les chiffres clés de 2021 ; ``s`` quand le territoire est trop petit."""
    lois = [loi_de(m, 2021, alea) for m in mailles]
    compte = _somme(mailles, 2022, comptes)
    d = distribution(lois, 2021)
    menages, personnes = round(compte["P_MEN"] * 0.965), round(compte["P_PMEN"] * 0.97)
    mediane = str(int(d["MED"])) if menages >= 50 else _TU
    if menages < 1000:
        return [str(menages), str(personnes), mediane, *[_TU] * 24]
    parts = _parts(lois, 2021, compte)
    pauvrete = d["TP60"]
    seuil_bas = melange(lois, 9_000) > 0.06
    # Moins de 30 ans, 30-39, 40-49, 50-59, 60-74, 75 ans et plus ; propriétaires, locataires.
    detail = [pauvrete * c for c in (1.42, 1.18, 1.12, 0.98, 0.72, 0.62, 0.4, 1.75)]
    ecrits = [virgule(round(p), 1) for p in detail]
    if menages < 2000 and not seuil_bas:
        # Les classes d'âge extrêmes se taisent d'abord.
        ecrits[0] = ecrits[5] = _TU
    return [
        str(menages),
        str(personnes),
        mediane,
        virgule(round(parts["PIMP"]), 1),
        virgule(round(pauvrete), 1),
        *ecrits,
        *(virgule(parts[p]) for p in _PARTS),
        str(int(d["D1"])),
        str(int(d["D9"])),
        virgule(d["RD"]),
    ]


def ecrire_filosofi(dossier: Path, comptes: dict[int, Comptes], alea: Alea) -> list[Path]:
    """Écrire tous les fichiers de revenus."""
    ecrits = [_ecrire_iris(dossier, 2016, comptes[2016], alea)]
    ecrits.append(_ecrire_iris(dossier, 2021, comptes[2022], alea))
    detail = ["NBMEN16", "NBPERS16", "NBUC16", "Q116", "Q216", "Q316", "Q3_Q1"]
    detail += [*(f"{q}16" for q in _DECILES), "RD", "S80S2016", "GI16", *(f"{p}16" for p in _PARTS)]
    for niveau, liste in territoires(2016).items():
        lignes = [[code, nom, *_ligne_2016(m, comptes[2016], alea)] for code, nom, m in liste]
        texte = table(["CODGEO", "LIBGEO", *detail], lignes, bom=True)
        ecrits.append(ecrire(dossier / f"FILO2016_DISP_{niveau}.csv", texte))
    ages = [f"TP60AGE{k}21" for k in range(1, 7)]
    cles = ["NBMENFISC21", "NBPERSMENFISC21", "MED21", "PIMP21", "TP6021", *ages, "TP60TOL121", "TP60TOL221"]
    cles += [*(f"{p}21" for p in _PARTS), "D121", "D921", "RD21"]
    for niveau, liste in territoires(2022).items():
        # Une seule ligne « 99 » ne dirait pas si elle est un département ou une région : d'où le libellé.
        avec_nom = niveau != "COM"
        lignes = [
            [code, *([nom] if avec_nom else []), *_ligne_2021(m, comptes[2022], alea)]
            for code, nom, m in liste
        ]
        colonnes = ["CODGEO", *(["LIBGEO"] if avec_nom else []), *cles]
        ecrits.append(ecrire(dossier / f"cc_filosofi_2021_{niveau}.csv", table(colonnes, lignes, fin="\n")))
    return ecrits
