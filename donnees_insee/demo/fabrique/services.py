"""Écrire les fichiers fictifs d'équipements, d'accès aux soins, d'emploi, de parc social, de prestations, de la CAF."""

import itertools
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from donnees_insee.demo.fabrique.alea import Alea, repartir
from donnees_insee.demo.fabrique.formats_bruts import Ligne, Tables, lire_toml, milliers, virgule
from donnees_insee.demo.fabrique.population import Compte
from donnees_insee.demo.fabrique.recensement import Comptes, somme
from donnees_insee.demo.fabrique.revenus import pauvrete
from donnees_insee.demo.fabrique.territoire import (
    COMMUNE_CENTRE,
    COMMUNES,
    DEPARTEMENT,
    EPCI,
    NIVEAUX,
    REGION,
    iris_de,
)

_PARAMETRES = lire_toml("services.toml")
_SEUIL_DES_COMMUNES = 10000
_AGES = ("2", "3_5", "6_10", "11_14", "15_17", "18_24")


def _cinq(valeur: float) -> str:
    """Arrondir à 5 près, comme la Cnaf."""
    return str(5 * round(valeur / 5))


def _equipements(comptes: Comptes, alea: Alea) -> Iterator[Ligne]:
    """Lister les équipements de 2024 ; un sur vingt n'a pas de coordonnées."""
    for code, (typequ, habitants) in itertools.product(sorted(comptes), _PARAMETRES["equipements"].items()):
        attendus = comptes[code]["P_POP"] / habitants
        nombre = int(attendus) + (alea.uniforme(code, typequ) < attendus % 1)
        yield from (_equipement(code, typequ, rang, alea) for rang in range(nombre))


def _equipement(code: str, typequ: str, rang: int, alea: Alea) -> dict[str, str]:
    nom, epci = COMMUNES[2022][code[:5]]
    situe = alea.uniforme(code, typequ, rang, "xy") > 0.05
    x = 250000 + 9000 * alea.uniforme(code, typequ, rang, "x")
    y = 6500000 + 9000 * alea.uniforme(code, typequ, rang, "y")
    return {
        "AN": "2024", "LIBCOM": nom, "DEPCOM": code[:5], "DEP": DEPARTEMENT, "REG": REGION, "EPCI": epci,
        "DOM": typequ[0], "SDOM": typequ[:2], "TYPEQU": typequ, "EPSG": "2154",
        "LAMBERT_X": f"{x:.1f}" if situe else "NA", "LAMBERT_Y": f"{y:.1f}" if situe else "NA",
        "QUALITE_XY": "B" if situe else "_U",
        "DCIRIS": code[:5] if code.endswith("0000") else f"{code[:5]}_{code[5:]}",
    }  # fmt: skip


def ecrire_acces_aux_soins(dossier: Path, comptes: Comptes, alea: Alea) -> Path:
    """Écrire le classeur de la Drees : huit lignes de titre, des noms en toutes lettres, une ligne d'unités."""
    import xlsxwriter  # noqa: PLC0415 - réservé à la fabrique

    entetes = _PARAMETRES["acces_aux_soins"]
    chemin = dossier / "Indicateur_APL_generalistes_fictif.xlsx"
    with xlsxwriter.Workbook(chemin) as livre:
        livre.set_properties({"created": datetime(2026, 3, 22)})  # noqa: DTZ001 - une date fixe, sans heure
        for annee in (2023, 2024):
            feuille = livre.add_worksheet(f"APL {annee}")
            feuille.write(0, 0, "Accessibilité potentielle localisée (territoire fictif)")
            feuille.write(2, 0, f"Millésime : {annee}")
            feuille.write_row(8, 0, entetes["noms"])
            feuille.write_row(9, 2, entetes["unites"])
            for rang, (code, (nom, _)) in enumerate(sorted(COMMUNES[2022].items()), start=10):
                habitants = somme(comptes, code, "P_POP")
                acces = round(3.1 * alea.autour(0.2, code, "apl") - 0.08 * (annee - 2023), 1)
                valeurs = [acces, round(acces * 0.86, 1), round(habitants * 1.02, 2), round(habitants)]
                feuille.write_row(rang, 0, [code, nom, *valeurs])
    return chemin


def _demandeurs(comptes: Comptes) -> Iterator[Ligne]:
    for annee, (code, (nom, _)) in itertools.product((2022, 2023, 2024), sorted(COMMUNES[2022].items())):
        debut = [f"{annee}-T4", *NIVEAUX["REG"], *NIVEAUX["DEP"], code, nom, "Brutes"]
        for categorie, part in (("A", 0.62), ("ABC", 1.02)):
            nombre = somme(comptes, code, "P_CHOM1564") * part * (1 - 0.02 * (annee - 2022))
            yield [*debut, categorie, "Total", "Total", _cinq(nombre)]
            yield [*debut, categorie, "Femme", "Total", _cinq(nombre * 0.51)]


def _prestations(comptes: Comptes, pauvres: dict[str, float]) -> Iterator[Ligne]:
    """Composer l'export de data.caf.fr par commune, cinq mois de décembre."""
    for annee, (code, (nom, _)) in itertools.product(range(2020, 2025), sorted(COMMUNES[2022].items())):
        ici = {iris: c for iris, c in comptes.items() if iris[:5] == code}
        menages = somme(comptes, code, "C_MEN")
        pauvrete_ici = sum(c["C_MEN"] * pauvres[i] for i, c in ici.items()) / menages
        foyers = menages * (0.38 + 0.5 * pauvrete_ici)
        rsa = sum(c["P_POP2064"] * (0.004 + 0.22 * pauvres[i]) for i, c in ici.items())
        nombreuses = sum(somme(comptes, code, n) for n in ("C_NE24F2", "C_NE24F3", "C_NE24F4P"))
        valeurs = [
            foyers, foyers * 2.1, rsa * (1 - 0.03 * (annee - 2022)), foyers * (0.26 + 0.5 * pauvrete_ici),
            foyers * (0.3 + 0.9 * pauvrete_ici), nombreuses * 0.92, somme(comptes, code, "P_POP0002") * 0.55,
        ]  # fmt: skip
        yield [f"{annee}-12", code, nom.upper(), *map(_cinq, valeurs)]


def _couverture(comptes: Comptes, alea: Alea, echelle: str) -> Iterator[Ligne]:
    """Composer le taux de couverture de l'accueil du jeune enfant ; à la commune, au-dessus de 10 000 habitants."""
    membres: dict[tuple[object, ...], list[str]] = {}
    for code, (nom, epci) in sorted(COMMUNES[2022].items()):
        cles = {
            "com": (code, nom, epci, EPCI[epci]),
            "epci": (epci, EPCI[epci], *NIVEAUX["DEP"]),
            "dep": NIVEAUX["DEP"],
        }
        if echelle != "com" or somme(comptes, code, "P_POP") > _SEUIL_DES_COMMUNES:
            membres.setdefault(cles[echelle], []).append(code)
    for annee, (cle, codes) in itertools.product((2022, 2023), membres.items()):
        enfants = sum(somme(comptes, c, "P_POP0002") for c in codes)
        ville = sum(somme(comptes, c, "P_POP0002") for c in codes if c == COMMUNE_CENTRE) / enfants
        psu, hors, ecole, garde = 9 + 11 * ville, 2.5, 2.5 + ville, 1.2
        maternelles = (38 - 12 * ville) * alea.autour(0.03, *cle, "am") - 1.1 * (annee - 2022)
        parts = [psu, hors, psu + hors, ecole, maternelles, garde, maternelles + garde]
        yield [annee, *cle, *(f"{p:.1f}" for p in (*parts, psu + hors + ecole + maternelles + garde))]
    if echelle == "epci":
        # Comme dans le fichier publié : les communes sans intercommunalité, sur une ligne qui n'est pas un territoire.
        yield [2023, "XX", "XX", *NIVEAUX["DEP"], *["150.0"] * 8]


def _quotients(comptes: Comptes, pauvres: dict[str, float]) -> Iterator[Ligne]:
    """Composer l'export de data.caf.fr par IRIS et tranche de quotient familial."""
    for code, (tranche, part) in itertools.product(sorted(comptes), _PARAMETRES["quotients"].items()):
        bas = tranche.startswith(("Moins", "Entre 400"))
        attrait = 0.5 + 3 * pauvres[code] if bas else 1.3 - 1.5 * pauvres[code]
        nombre = comptes[code]["C_MEN"] * 0.47 * part * attrait
        commune = [code[:5], COMMUNES[2022][code[:5]][0].upper()]
        yield ["2024-12", *commune, code[5:], tranche, _cinq(max(nombre, 0))]


def _parc_social(comptes: Comptes, alea: Alea) -> Iterator[Ligne]:
    for code, compte in sorted(comptes.items()):
        if not code.endswith("0000"):
            sociaux = round(compte["P_RP_LOCHLMV"] * 1.06 * alea.autour(0.03, code, "rpls"))
            vacance = 2 + 3 * alea.uniforme(code, "vacance")
            yield [code, sociaux, virgule(vacance) if sociaux >= 11 else "s"]


def tables_de_services(comptes: Comptes, alea: Alea) -> Tables:
    """Composer les tables de services et de prestations du territoire fictif."""
    pauvres = {code: pauvrete(mailles, 2021, alea) for code, mailles in iris_de(2022).items()}
    return {
        "BPE24_territoire_fictif": _equipements(comptes, alea),
        "dares_defm_communales-brutes": _demandeurs(comptes),
        "s_ben_com_f": _prestations(comptes, pauvres),
        **{f"txcouv_pe_{e}": _couverture(comptes, alea, e) for e in ("com", "epci", "dep")},
        "ndur_s_qf_400_iris_f": _quotients(comptes, pauvres),
        "data_RPLS2024_Iris": _parc_social(comptes, alea),
    }


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


def _caf(comptes: Comptes, annee: int, alea: Alea) -> Iterator[Ligne]:
    """Composer les allocataires des IRIS ; les libellés de 2016 n'ont pas de colonne en 2022."""
    revenus, ecrire_nombre = (2016, milliers) if annee == 2016 else (2021, str)
    for code, mailles in iris_de(annee).items():
        nature, commune = mailles[0].nature, code[:5]
        if nature == "Z":
            continue
        valeurs = allocataires(comptes[code], pauvrete(mailles, revenus, alea), annee)
        publie = nature == "H" and valeurs["A"] >= 100
        nom, epci = COMMUNES[annee][commune]
        ligne = {"CODGEO": code, "LIBGEO": mailles[0].libelle(annee), "DEPCOM": commune, "LIBCOM": nom}
        ligne |= {"EPCI": epci, "REG": REGION, "NOTE": "0" if publie else "2" if nature == "D" else "3"}
        # Les très petits effectifs sont laissés en blanc, comme dans les fichiers publiés.
        ligne |= {n: ecrire_nombre(v) if publie and v >= 5 else "" for n, v in valeurs.items()}
        if ligne["AAL"]:
            parts = {"APRES50": 0.24, "APRES100": 0.13}
            ligne |= {n: ecrire_nombre(round(valeurs["A"] * part)) for n, part in parts.items()}
        yield ligne


def tables_de_la_caf(comptes: dict[int, Comptes], alea: Alea) -> Tables:
    """Composer les tables d'allocataires de 2016 et de 2022."""
    return {f"data_CAF_{annee}_IRIS": _caf(comptes[annee], annee, alea) for annee in comptes}
