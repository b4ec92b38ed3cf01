"""Écrire les fichiers fictifs d'équipements, d'accès aux soins, d'emploi, de parc social et de prestations."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from donnees_insee.demo.fabrique.formats_bruts import ecrire, table, virgule
from donnees_insee.demo.fabrique.revenus import SEUIL, loi_de, melange
from donnees_insee.demo.fabrique.territoire import (
    COMMUNES,
    DEPARTEMENT,
    NOM_DEPARTEMENT,
    NOM_REGION,
    REGION,
    iris_de,
)

if TYPE_CHECKING:
    from pathlib import Path

    from donnees_insee.demo.fabrique.alea import Alea
    from donnees_insee.demo.fabrique.recensement import Comptes

# Types de l'édition 2024 (renumérotée) et habitants par équipement.
TYPES = {
    "D265": ("D", "D2", 1150),
    "D277": ("D", "D2", 1900),
    "D281": ("D", "D2", 750),
    "D307": ("D", "D3", 2900),
    "D106": ("D", "D1", 60000),
    "D502": ("D", "D5", 6000),
    "A128": ("A", "A1", 30000),
    "A206": ("A", "A2", 7000),
    "C201": ("C", "C2", 11000),
    "F307": ("F", "F3", 9000),
}
_BPE = [
    "AN", "NOMRS", "CNOMRS", "NUMVOIE", "INDREP", "TYPVOIE", "LIBVOIE", "CADR", "LIBCOM", "CODPOS", "DEPCOM", "DEP",
    "REG", "DOM", "SDOM", "TYPEQU", "SIRET", "STATUT_DIFFUSION", "CANTINE", "INTERNAT", "RPI", "EP", "CL_PGE", "SECT",
    "CAPACITE", "LAMBERT_X", "LAMBERT_Y", "LONGITUDE", "LATITUDE", "QUALITE_XY", "EPSG", "QUALITE_GEOLOC", "DCIRIS",
    "QUALI_IRIS", "QP2015", "EPCI",
]  # fmt: skip
_TRANCHES = {
    "Moins de 400": 0.18,
    "Entre 400 et 799": 0.34,
    "Entre 800 et 1199": 0.24,
    "1200 et plus": 0.2,
    "Inconnu": 0.04,
}


def _habitants(comptes: Comptes) -> dict[str, float]:
    communes = dict.fromkeys(sorted(COMMUNES[2022]), 0.0)
    for iris, compte in comptes.items():
        communes[iris[:5]] += compte["P_POP"]
    return communes


def _pauvrete(code: str, alea: Alea) -> float:
    return melange([loi_de(m, 2021, alea) for m in iris_de(2022)[code]], SEUIL[2021])


def _cinq(valeur: float) -> str:
    """Arrondir à 5 près, comme la Cnaf."""
    return str(5 * round(valeur / 5))


def _equipements(dossier: Path, comptes: Comptes, alea: Alea) -> Path:
    """Écrire une liste d'équipements de 2024 ; un sur vingt n'a pas de coordonnées."""
    lignes = []
    for code in sorted(comptes):
        for typequ, (domaine, sous_domaine, habitants) in TYPES.items():
            attendus = comptes[code]["P_POP"] / habitants
            nombre = int(attendus) + (alea.uniforme(code, typequ) < attendus % 1)
            lignes += [_equipement(code, typequ, domaine, sous_domaine, r, alea) for r in range(nombre)]
    return ecrire(dossier / "BPE24_territoire_fictif.csv", table(_BPE, lignes, fin="\n"))


def _equipement(code: str, typequ: str, domaine: str, sous_domaine: str, rang: int, alea: Alea) -> list[str]:
    nom, epci = COMMUNES[2022][code[:5]]
    situe = alea.uniforme(code, typequ, rang, "xy") > 0.05
    x = 250000 + 9000 * alea.uniforme(code, typequ, rang, "x")
    y = 6500000 + 9000 * alea.uniforme(code, typequ, rang, "y")
    valeurs = dict.fromkeys(_BPE, "") | {
        "AN": "2024", "LIBCOM": nom, "DEPCOM": code[:5], "DEP": DEPARTEMENT, "REG": REGION, "EPCI": epci,
        "DOM": domaine, "SDOM": sous_domaine, "TYPEQU": typequ, "EPSG": "2154",
        "LAMBERT_X": f"{x:.1f}" if situe else "NA", "LAMBERT_Y": f"{y:.1f}" if situe else "NA",
        "QUALITE_XY": "B" if situe else "_U",
        "DCIRIS": code[:5] if code.endswith("0000") else f"{code[:5]}_{code[5:]}",
    }  # fmt: skip
    return [valeurs[c] for c in _BPE]


def _acces_aux_soins(dossier: Path, comptes: Comptes, alea: Alea) -> Path:
    """Écrire le classeur de la Drees : huit lignes de titre, des noms en toutes lettres, une ligne d'unités."""
    import xlsxwriter  # noqa: PLC0415 - réservé à la fabrique

    chemin = dossier / "Indicateur_APL_generalistes_fictif.xlsx"
    with xlsxwriter.Workbook(chemin) as livre:
        livre.set_properties({"created": datetime(2026, 3, 22)})  # noqa: DTZ001 - une date fixe, sans heure
        for annee in (2023, 2024):
            feuille = livre.add_worksheet(f"APL {annee}")
            feuille.write(0, 0, "Accessibilité potentielle localisée (territoire fictif)")
            feuille.write(2, 0, f"Millésime : {annee}")
            noms = ["Code commune INSEE", "Commune", "APL aux médecins généralistes"]
            noms += ["APL aux médecins généralistes de 65 ans et moins "]
            noms += ["Population standardisée 2022 pour la médecine générale ", "Population totale 2022"]
            feuille.write_row(8, 0, noms)
            feuille.write_row(
                9, 2, ["consultations par an et par habitant standardisé"] * 2 + ["habitants"] * 2
            )
            for rang, (code, habitants) in enumerate(_habitants(comptes).items(), start=10):
                acces = round(3.1 * alea.autour(0.2, code, "apl") - 0.08 * (annee - 2023), 1)
                valeurs = [acces, round(acces * 0.86, 1), round(habitants * 1.02, 2), round(habitants)]
                feuille.write_row(rang, 0, [code, COMMUNES[2022][code][0], *valeurs])
    return chemin


def _demandeurs(dossier: Path, comptes: Comptes) -> Path:
    colonnes = ["Date", "Code région", "Région", "Code département", "Département", "Code commune", "Commune"]
    colonnes += ["Type de données", "Catégorie", "Sexe", "Tranche d'âge", "Nombre de demandeurs d'emploi"]
    lignes = []
    for annee in (2022, 2023, 2024):
        for code, (nom, _) in sorted(COMMUNES[2022].items()):
            chomeurs = sum(c["P_CHOM1564"] for iris, c in comptes.items() if iris[:5] == code)
            debut = [f"{annee}-T4", REGION, NOM_REGION, DEPARTEMENT, NOM_DEPARTEMENT, code, nom, "Brutes"]
            for categorie, part in (("A", 0.62), ("ABC", 1.02)):
                nombre = chomeurs * part * (1 - 0.02 * (annee - 2022))
                lignes.append([*debut, categorie, "Total", "Total", _cinq(nombre)])
                lignes.append([*debut, categorie, "Femme", "Total", _cinq(nombre * 0.51)])
    return ecrire(dossier / "dares_defm_communales-brutes.csv", table(colonnes, lignes, bom=True))


def _prestations(dossier: Path, comptes: Comptes, alea: Alea) -> list[Path]:
    """Écrire deux exports de data.caf.fr : par commune, trois mois de décembre ; par IRIS, le quotient."""
    communes, quotients = [], []
    for annee in (2022, 2023, 2024):
        for code, (nom, _) in sorted(COMMUNES[2022].items()):
            ici = {iris: c for iris, c in comptes.items() if iris[:5] == code}
            foyers = sum(c["C_MEN"] for c in ici.values()) * 0.47
            rsa = sum(c["P_POP2064"] * (0.003 + 0.17 * _pauvrete(i, alea)) for i, c in ici.items())
            valeurs = [foyers, foyers * 2.1, rsa * (1 - 0.03 * (annee - 2022)), foyers * 0.34]
            communes.append([f"{annee}-12", code, nom.upper(), *map(_cinq, valeurs)])
    for code in sorted(comptes):
        pauvrete = _pauvrete(code, alea)
        foyers = comptes[code]["C_MEN"] * 0.47
        for tranche, part in _TRANCHES.items():
            bas = tranche.startswith(("Moins", "Entre 400"))
            nombre = foyers * part * (0.5 + 3 * pauvrete if bas else 1.3 - 1.5 * pauvrete)
            debut = ["2024-12", code[:5], COMMUNES[2022][code[:5]][0].upper(), code[5:]]
            quotients.append([*debut, tranche, _cinq(max(nombre, 0))])
    noms = ["dtreffre", "numcomdo", "nomcom", "indfoy_ndur", "indnbp_ndur", "indfoy_rsa", "indfoy_ppa"]
    par_iris = ["dtreffre", "numcomdo", "nomcom", "numirisd", "qf_400", "indfoy_ndur"]
    return [
        ecrire(dossier / "s_ben_com_f.csv", table(noms, communes, bom=True)),
        ecrire(dossier / "ndur_s_qf_400_iris_f.csv", table(par_iris, quotients, bom=True)),
    ]


def _parc_social(dossier: Path, comptes: Comptes, alea: Alea) -> Path:
    lignes = []
    for code, compte in sorted(comptes.items()):
        if code.endswith("0000"):
            continue
        sociaux = round(compte["P_RP_LOCHLMV"] * 1.06 * alea.autour(0.03, code, "rpls"))
        vacance = 2 + 3 * alea.uniforme(code, "vacance")
        lignes.append([code, str(sociaux), virgule(vacance) if sociaux >= 11 else "s"])
    return ecrire(dossier / "data_RPLS2024_Iris.csv", table(["CodGeo", "nbLsPls", "txVac"], lignes))


def ecrire_services(dossier: Path, comptes: Comptes, alea: Alea) -> list[Path]:
    """Écrire les fichiers de services et de prestations du territoire fictif."""
    return [
        _equipements(dossier, comptes, alea),
        _acces_aux_soins(dossier, comptes, alea),
        _demandeurs(dossier, comptes),
        *_prestations(dossier, comptes, alea),
        _parc_social(dossier, comptes, alea),
    ]
