"""Écrire les tables fictives de référence, les quartiers d'usage et une source reçue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from donnees_insee.demo.fabrique.formats_bruts import ecrire, table
from donnees_insee.demo.fabrique.recensement import Comptes, unite_urbaine
from donnees_insee.demo.fabrique.territoire import (
    COMMUNE_CENTRE,
    COMMUNES,
    DEPARTEMENT,
    EPCI,
    QUARTIERS,
    REGION,
    iris_de,
)

if TYPE_CHECKING:
    from pathlib import Path

    from donnees_insee.demo.fabrique.alea import Alea

_RECUS = ("990010301", "990010302", "990010303", "990010304", "990010402", "99001", "99002", "99003", "99009")


def _epci(dossier: Path) -> list[Path]:
    ecrits = []
    for annee, communes in COMMUNES.items():
        lignes = [
            [code, nom, epci, EPCI[epci], DEPARTEMENT, REGION]
            for code, (nom, epci) in sorted(communes.items())
        ]
        texte = table(["CODGEO", "LIBGEO", "EPCI", "LIBEPCI", "DEP", "REG"], lignes, bom=True)
        ecrits.append(ecrire(dossier / f"EPCI_{annee + 2}.csv", texte))
    return ecrits


def _iris(dossier: Path) -> Path:
    lignes = []
    for code, mailles in iris_de(2022).items():
        commune, nature = code[:5], mailles[0].nature
        nom = mailles[0].libelle(2022) + (" (commune non irisée)" if nature == "Z" else "")
        ville = COMMUNES[2022][commune][0]
        urbaine = unite_urbaine(commune)
        lignes.append([code, nom, nature, code[:7], commune, ville, urbaine, REGION, DEPARTEMENT])
    colonnes = ["CODE_IRIS", "LIB_IRIS", "TYP_IRIS", "GRD_QUART", "DEPCOM", "LIBCOM", "UU2020", "REG", "DEP"]
    return ecrire(dossier / "iris_2024.csv", table(colonnes, lignes, bom=True))


def _populations_de_reference(dossier: Path, comptes: dict[int, Comptes]) -> Path:
    """Écrire les populations de référence : ce fichier-là est entre guillemets, avec des virgules."""
    noms = ["com_code", "com_annee", "com_type", "popref_annee"]
    noms += ["popref_mun", "popref_a_part", "popref_tot", "popref_date_maj"]
    lignes = [noms]
    for annee in (2016, 2022):
        for code in sorted(COMMUNES[annee]):
            habitants = round(sum(c["P_POP"] for iris, c in comptes[annee].items() if iris[:5] == code))
            a_part = round(habitants * 0.018)
            publication = f"{annee + 2}-12-30"
            valeurs = [code, annee + 2, "COM", annee, habitants, a_part, habitants + a_part, publication]
            lignes.append([str(v) for v in valeurs])
    texte = "\n".join(",".join(f'"{v}"' for v in ligne) for ligne in lignes) + "\n"
    return ecrire(dossier / "t-popref-com.csv", texte)


def _quartiers(dossier: Path) -> Path:
    codes = [c for c in iris_de(2022) if c[:5] == COMMUNE_CENTRE]
    return ecrire(
        dossier / "quartiers.csv", table(["IRIS", "QUARTIER"], [[c, QUARTIERS[c[:7]]] for c in codes])
    )


def _source_locale(dossier: Path, comptes: Comptes, alea: Alea) -> Path:
    """Écrire une source reçue d'un CCAS : un chiffre sous le seuil, un autre réservé à l'interne."""
    lignes = []
    for code in _RECUS:
        menages = round(sum(c["C_MEN"] for iris, c in comptes.items() if iris.startswith(code)))
        fragile = 0.09 if code[:7] == "9900103" else 0.035
        aides = round(menages * fragile * alea.autour(0.1, code, "aides"))
        if code == "99009":
            aides = 3
        commun = [code, "2025-12-31"]
        fin = ["CCAS (donnée fictive)", "interne" if len(code) == 9 else "publique", "5"]
        lignes.append([*commun, "menages_aides_facultatives", str(aides), str(menages), *fin])
        if len(code) == 5:
            domiciliations = round(aides * 0.16)
            lignes.append([*commun, "domiciliations", str(domiciliations), "", *fin])
    colonnes = ["territoire", "date", "indicateur", "numerateur", "denominateur"]
    colonnes += ["producteur", "diffusion", "seuil"]
    return ecrire(dossier / "source_locale_aides_facultatives.csv", table(colonnes, lignes))


def _sources_de_partenaires(dossier: Path, comptes: Comptes, alea: Alea) -> Path:
    """Écrire ce que trois partenaires transmettent : un IRIS sous le seuil, une année scolaire, de l'interne."""
    caf, rectorat, mission = (f"{p} (donnée fictive)" for p in ("Caf", "Rectorat", "Mission locale"))
    mailles = [c for c in sorted(comptes) if c[:5] == COMMUNE_CENTRE]
    bas_revenus = {c: _bas_revenus(c, comptes, alea) for c in mailles}
    total = [sum(valeurs) for valeurs in zip(*bas_revenus.values(), strict=True)]
    lignes = [
        [code, "31/12/2024", "allocataires_bas_revenus", str(haut), str(bas), caf, "publique", "5"]
        for code, (haut, bas) in [*bas_revenus.items(), (COMMUNE_CENTRE, total)]
    ]
    for code in (COMMUNE_CENTRE, COMMUNES[2022][COMMUNE_CENTRE][1]):
        communes = [c for c, (_, epci) in COMMUNES[2022].items() if code in {c, epci}]
        detail = zip(*(_jeunes(c, comptes, alea) for c in communes), strict=True)
        eleves, retard, jeunes, sans_emploi = map(sum, detail)
        recus = [str(retard), str(eleves), rectorat, "publique", "5"]
        lignes.append([code, "2024-2025", "retard_entree_6e", *recus])
        recus = [str(sans_emploi), str(jeunes), mission, "interne", "5"]
        lignes.append([code, "2025", "jeunes_sans_emploi_ni_formation", *recus])
    colonnes = ["territoire", "date", "indicateur", "numerateur", "denominateur"]
    colonnes += ["producteur", "diffusion", "seuil"]
    return ecrire(dossier / "source_locale_partenaires.csv", table(colonnes, lignes, bom=True))


def _bas_revenus(code: str, comptes: Comptes, alea: Alea) -> list[int]:
    allocataires = max(round(comptes[code]["C_MEN"] * 0.45), 3)
    part = (0.62 if code[:7] == "9900103" else 0.34) * alea.autour(0.1, code, "caf")
    return [round(allocataires * part), allocataires]


def _jeunes(commune: str, comptes: Comptes, alea: Alea) -> tuple[int, int, int, int]:
    """Élèves entrant en 6e, dont en retard ; 16-25 ans, dont sans emploi ni formation."""
    eleves = round(sum(c["P_POP1117"] for i, c in comptes.items() if i[:5] == commune) / 7)
    jeunes = round(sum(c["P_POP1824"] for i, c in comptes.items() if i[:5] == commune))
    retard = round(eleves * 0.07 * alea.autour(0.15, commune, "retard"))
    return eleves, retard, jeunes, round(jeunes * 0.12 * alea.autour(0.15, commune, "neet"))


def ecrire_references(dossier: Path, comptes: dict[int, Comptes], alea: Alea) -> list[Path]:
    """Écrire les tables qui disent de quoi le territoire est fait."""
    return [
        *_epci(dossier),
        _iris(dossier),
        _populations_de_reference(dossier, comptes),
        _quartiers(dossier),
        _source_locale(dossier, comptes[2022], alea),
        _sources_de_partenaires(dossier, comptes[2022], alea),
    ]
