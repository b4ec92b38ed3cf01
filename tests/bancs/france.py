"""Une France fictive à la taille de la vraie : cinq bases du recensement dans la disposition exacte de 2022."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.csv as csv_arrow

from donnees_insee.demo.fabrique.formats_bruts import lire_toml
from donnees_insee.demo.fabrique.recensement import OUTRE_MER, THEMES, avec_annee, variables

GEO_2022 = lire_toml("recensement.toml")["geographie"]["2022"].split()

if TYPE_CHECKING:
    from collections.abc import Iterator

IRIS: Final = 49_104
COMMUNE: Final = "34172"
SOURCES: Final = {
    "evol-struct-pop": "rp_population",
    "couples-familles-menages": "rp_menages",
    "logement": "rp_logement",
    "activite-residents": "rp_activite",
    "diplomes-formation": "rp_diplomes",
}
ANNEE: Final = 2022
GRAINE: Final = 20_220_101
# Dans le fichier publié, deux lignes sur trois sont des communes non découpées.
PART_Z: Final = 0.68
CHIFFRES: Final = 15


def departements() -> list[str]:
    """Codes des départements du champ : métropole et outre-mer, Mayotte exceptée."""
    metropole = [f"{d:02d}" for d in range(1, 96) if d != 20]
    return [*metropole[:19], "2A", "2B", *metropole[19:], "971", "972", "973", "974"]


def _communes() -> Iterator[str]:
    """Codes de communes possibles, département par département à tour de rôle, la commune témoin ôtée."""
    for rang in range(1, 1000):
        for dep in departements():
            commune = f"{dep}{rang:0{5 - len(dep)}d}"
            if len(commune) == 5 and commune != COMMUNE:
                yield commune


def codes_et_types(nombre: int) -> tuple[list[str], list[str]]:
    """Codes d'IRIS croissants et leurs types, dont la commune témoin de cinquante IRIS."""
    alea = np.random.default_rng(GRAINE)
    temoin = min(50, max(2, nombre // 4))
    isoles = round((nombre - temoin) * PART_Z)
    decoupees: list[int] = []
    while sum(decoupees) < nombre - temoin - isoles:
        decoupees.append(int(alea.integers(3, 16)))
    decoupees[-1] -= sum(decoupees) - (nombre - temoin - isoles)
    tailles = alea.permutation([0] * isoles + [t for t in decoupees if t > 0])
    couples = [(f"{COMMUNE}{rang:04d}", "H") for rang in range(101, 101 + temoin)]
    for commune, taille in zip(_communes(), tailles, strict=False):
        if taille == 0:
            couples.append((f"{commune}0000", "Z"))
        couples += [(f"{commune}{101 + k:04d}", "HHHHHHHHHHHAHHHD"[k % 16]) for k in range(taille)]
    couples.sort()
    return [c for c, _ in couples], [t for _, t in couples]


def _arrondir(valeurs: np.ndarray) -> np.ndarray:
    """Garder quinze chiffres significatifs, comme le producteur."""
    entiers = np.maximum(np.floor(np.log10(np.maximum(valeurs, 1e-9))).astype(int) + 1, 1)
    echelle = 10.0 ** (CHIFFRES - entiers)
    return np.rint(valeurs * echelle) / echelle


def table(theme: str, nombre: int = IRIS) -> pa.Table:
    """Une base du recensement : mêmes colonnes, même ordre, mêmes écritures que le fichier de 2022."""
    codes, types = codes_et_types(nombre)
    alea = np.random.default_rng([GRAINE, list(SOURCES).index(theme)])
    isole = np.array(types) == "Z"
    poids = np.where(isole, alea.lognormal(5.8, 1.1, nombre), alea.normal(2400, 500, nombre).clip(150))
    # Une petite commune recensée l'année même n'a que des entiers à l'exploitation principale.
    entier = isole & (alea.random(nombre) < 0.5)
    outre_mer = np.array([c.startswith("97") for c in codes])
    colonnes: dict[str, pa.Array] = {
        "IRIS": pa.array(codes),
        "COM": pa.array([c[:5] for c in codes]),
        "TYP_IRIS": pa.array(types),
        "LAB_IRIS": pa.array(np.where(isole, "5", "1").tolist()),
    }
    for rang, variable in enumerate(variables(theme, ANNEE)):
        part = 1.0 if rang == 0 else alea.beta(1.2, 6.0, nombre)
        valeurs = poids * part
        valeurs = np.where(entier & (variable[0] == "P"), np.rint(valeurs), _arrondir(valeurs))
        valeurs[isole & (alea.random(nombre) < 0.08) & (rang > 0)] = 0.0
        propre_a_l_outre_mer = variable.removeprefix("P_RP_") in OUTRE_MER
        masque = ~outre_mer if propre_a_l_outre_mer else np.zeros(nombre, bool)
        colonnes[avec_annee(variable, ANNEE)] = pa.array(valeurs, mask=masque)
    assert list(colonnes)[: len(GEO_2022)] == GEO_2022
    return pa.table(colonnes)


def fabriquer(dossier: Path, nombre: int = IRIS, *, zips: bool = False) -> list[Path]:
    """Écrire les cinq fichiers publiés (et leurs zips) ; rend les chemins des CSV, dans l'ordre des thèmes."""
    dossier.mkdir(parents=True, exist_ok=True)
    chemins = []
    for theme in THEMES:
        chemin = dossier / f"base-ic-{theme}-{ANNEE}.CSV"
        tableau = table(theme, nombre)
        with chemin.open("wb") as flux:
            flux.write((";".join(tableau.column_names) + "\n").encode())
            reglages = csv_arrow.WriteOptions(include_header=False, delimiter=";", quoting_style="none")
            csv_arrow.write_csv(tableau, flux, reglages)
        if zips:
            zips_la = dossier / "zips"
            zips_la.mkdir(exist_ok=True)
            with zipfile.ZipFile(
                zips_la / f"base-ic-{theme}-{ANNEE}_csv.zip", "w", zipfile.ZIP_DEFLATED
            ) as archive:
                archive.write(chemin, chemin.name)
                archive.writestr(f"meta_{chemin.name}", "COD_VAR;LIB_VAR\nIRIS;IRIS\n")
        chemins.append(chemin)
    return chemins
