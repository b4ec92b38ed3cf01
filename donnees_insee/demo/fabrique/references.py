"""Écrire les tables fictives de référence, les quartiers d'usage et une source reçue."""

from collections.abc import Iterator
from pathlib import Path

from donnees_insee.demo.fabrique.alea import Alea
from donnees_insee.demo.fabrique.formats_bruts import Ligne, Tables, ecrire
from donnees_insee.demo.fabrique.recensement import Comptes, somme, unite_urbaine
from donnees_insee.demo.fabrique.territoire import (
    COMMUNE_CENTRE,
    COMMUNES,
    DEPARTEMENT,
    EPCI,
    MAILLES,
    REGION,
    iris_de,
)

_RECUS = ("990010301", "990010302", "990010303", "990010304", "990010402", "99001", "99002", "99003", "99009")


def _iris() -> Iterator[Ligne]:
    for code, mailles in iris_de(2022).items():
        commune, nature = code[:5], mailles[0].nature
        nom = mailles[0].libelle(2022) + (" (commune non irisée)" if nature == "Z" else "")
        fin = [COMMUNES[2022][commune][0], unite_urbaine(commune), REGION, DEPARTEMENT]
        yield [code, nom, nature, code[:7], commune, *fin]


def ecrire_populations(dossier: Path, comptes: dict[int, Comptes]) -> Path:
    """Écrire les populations de référence : ce fichier-là est entre guillemets, avec des virgules."""
    noms = "com_code com_annee com_type popref_annee popref_mun popref_a_part popref_tot popref_date_maj"
    lignes: list[list[object]] = [[*noms.split()]]
    for annee, siens in comptes.items():
        for code in sorted(COMMUNES[annee]):
            habitants = round(somme(siens, code, "P_POP"))
            a_part = round(habitants * 0.018)
            valeurs = [annee, habitants, a_part, habitants + a_part, f"{annee + 2}-12-30"]
            lignes.append([code, annee + 2, "COM", *valeurs])
    texte = "\n".join(",".join(f'"{v}"' for v in ligne) for ligne in lignes) + "\n"
    return ecrire(dossier / "t-popref-com.csv", texte)


def _source_locale(comptes: Comptes, alea: Alea) -> Iterator[Ligne]:
    """Composer une source reçue d'un CCAS : un chiffre sous le seuil, un autre réservé à l'interne."""
    for code in _RECUS:
        menages = round(somme(comptes, code, "C_MEN"))
        fragile = 0.09 if code[:7] == "9900103" else 0.035
        aides = 3 if code == "99009" else round(menages * fragile * alea.autour(0.1, code, "aides"))
        fin = ["CCAS (donnée fictive)", "interne" if len(code) == 9 else "publique", "5"]
        yield [code, "2025-12-31", "menages_aides_facultatives", aides, menages, *fin]
        if len(code) == 5:
            yield [code, "2025-12-31", "domiciliations", round(aides * 0.16), "", *fin]


def _sources_de_partenaires(comptes: Comptes, alea: Alea) -> Iterator[Ligne]:
    """Composer ce que trois partenaires transmettent : un IRIS sous le seuil, une année scolaire, de l'interne."""
    caf, rectorat, mission = (f"{p} (donnée fictive)" for p in ("Caf", "Rectorat", "Mission locale"))
    mailles = [c for c in sorted(comptes) if c[:5] == COMMUNE_CENTRE]
    bas_revenus = {c: _bas_revenus(c, comptes, alea) for c in mailles}
    bas_revenus[COMMUNE_CENTRE] = [sum(valeurs) for valeurs in zip(*bas_revenus.values(), strict=True)]
    for code, effectifs in bas_revenus.items():
        yield [code, "31/12/2024", "allocataires_bas_revenus", *effectifs, caf, "publique", 5]
    for code in (COMMUNE_CENTRE, COMMUNES[2022][COMMUNE_CENTRE][1]):
        communes = [c for c, (_, epci) in COMMUNES[2022].items() if code in {c, epci}]
        detail = zip(*(_jeunes(c, comptes, alea) for c in communes), strict=True)
        eleves, retard, jeunes, sans_emploi = map(sum, detail)
        yield [code, "2024-2025", "retard_entree_6e", retard, eleves, rectorat, "publique", 5]
        yield [code, "2025", "jeunes_sans_emploi_ni_formation", sans_emploi, jeunes, mission, "interne", 5]


def _bas_revenus(code: str, comptes: Comptes, alea: Alea) -> list[int]:
    allocataires = max(round(comptes[code]["C_MEN"] * 0.45), 3)
    part = (0.62 if code[:7] == "9900103" else 0.34) * alea.autour(0.1, code, "caf")
    return [round(allocataires * part), allocataires]


def _jeunes(commune: str, comptes: Comptes, alea: Alea) -> tuple[int, int, int, int]:
    """Élèves entrant en 6e, dont en retard ; 16-25 ans, dont sans emploi ni formation."""
    eleves = round(somme(comptes, commune, "P_POP1117") / 7)
    jeunes = round(somme(comptes, commune, "P_POP1824"))
    retard = round(eleves * 0.07 * alea.autour(0.15, commune, "retard"))
    return eleves, retard, jeunes, round(jeunes * 0.12 * alea.autour(0.15, commune, "neet"))


def tables_de_reference(comptes: Comptes, alea: Alea) -> Tables:
    """Composer les tables qui disent de quoi le territoire est fait."""
    epci: Tables = {
        f"EPCI_{annee + 2}": [
            [c, nom, epci, EPCI[epci], DEPARTEMENT, REGION] for c, (nom, epci) in communes.items()
        ]
        for annee, communes in COMMUNES.items()
    }
    return epci | {
        "iris_2024": _iris(),
        "quartiers": [[m.iris_2022, m.quartier] for m in MAILLES if m.quartier],
        "source_locale_aides_facultatives": _source_locale(comptes, alea),
        "source_locale_partenaires": _sources_de_partenaires(comptes, alea),
    }
