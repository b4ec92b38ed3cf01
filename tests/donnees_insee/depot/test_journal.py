"""Toutes les écritures d'une même table donnent la même base : cellules, marques et codes, à l'octet près."""

from __future__ import annotations

import math
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, event, example, given, settings
from hypothesis import strategies as st

from donnees_insee.base.base import Base
from donnees_insee.depot.depot import deposer

REGLAGES = settings(max_examples=45, deadline=None, suppress_health_check=list(HealthCheck))
# Chaque classeur ouvre un processus de lecture : moins d'exemples.
REGLAGES_CLASSEUR = settings(REGLAGES, max_examples=12)

VARIABLES = ("DISP_TP60", "DISP_MED", "DISP_D1", "NB_PERSONNES")
BRUTS = {
    "IRIS": "IRIS",
    "LIBIRIS": "LIBIRIS",
    "DISP_TP60": "DISP_TP6021",
    "DISP_MED": "DISP_MED21",
    "DISP_D1": "DISP_D121",
    "NB_PERSONNES": "NBPERS21",
}
MARQUES = ("s", "ns", "nd", "so")
TITRES = ("Revenus des ménages", "", "Source : Insee, Filosofi", "Mise en ligne le lundi ; champ : France")

# -- la table, indépendamment de toute écriture ------------------------------------------------

nombres = st.one_of(
    st.integers(-999, 999).map(float),
    st.integers(-(10**9), 10**12).map(float),
    st.builds(lambda n, d: n / 10**d, st.integers(-(10**9), 10**9), st.integers(1, 4)),
)
# « -0 » n'est pas une valeur que publie un producteur.
cellules = st.one_of(nombres.map(lambda v: v + 0.0), st.sampled_from(MARQUES), st.none())
communes = st.sampled_from(
    ["01004", "34172", "2A004", "2B033", "75113", "97105", "97209", "97302", "97411", "97608"]
)
codes = st.builds(lambda c, n: f"{c}{n:04d}", communes, st.integers(0, 9999))
libelles = st.sampled_from(
    ["Centre", "Bœuf-Éperon", "L'Haÿ ; nord", "A, B | C", "Dit « le 12 »", "Porte\u00a0d'Aix", None]
)
lignes = st.tuples(libelles, *[cellules] * len(VARIABLES))
tables = st.dictionaries(codes, lignes, min_size=1, max_size=8)


def attendu(table) -> dict[str, list]:
    """Ce que la base doit tenir, écrit sans passer par aucun lecteur."""
    rangee = dict(sorted(table.items()))
    colonnes = {"LIBIRIS": [cellules[0] for cellules in rangee.values()]}
    for i, variable in enumerate(VARIABLES, start=1):
        brutes = [cellules[i] for cellules in rangee.values()]
        colonnes[variable] = [c if isinstance(c, float) else math.nan for c in brutes]
        if any(isinstance(c, str) for c in brutes):
            colonnes[variable + "__statut"] = [c if isinstance(c, str) else None for c in brutes]
    return colonnes


def verifier(table, nom: str, octets: bytes) -> None:
    with tempfile.TemporaryDirectory() as dossier:
        chemin = Path(dossier) / nom
        chemin.write_bytes(octets)
        base = Base(Path(dossier) / "base")
        (depot,) = deposer(base, [chemin], malgre_les_ecarts=True)
        assert depot.etat == "range", depot.raison
        lue = base.lire("filosofi", 2021, "iris")
    voulue = attendu(table)
    assert set(lue.columns) == set(voulue)
    assert list(lue.index) == sorted(table)
    for colonne, cellules_voulues in voulue.items():
        if colonne in VARIABLES:
            assert lue[colonne].to_numpy(float).tobytes() == np.array(cellules_voulues, float).tobytes(), (
                colonne
            )
        else:
            lues = [None if pd.isna(c) else c for c in lue[colonne]]
            assert lues == cellules_voulues, colonne


# -- les écritures -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Ecriture:
    """Une façon d'écrire une table en texte."""

    separateur: str = ";"
    decimale: str = "."
    milliers: str = ""
    encodage: str = "utf-8"
    fins: str = "\n"
    guillemets: str = "utiles"
    ordre: tuple[str, ...] = tuple(BRUTS)
    vides: int = 0
    titres: int = 0
    casse: str = "basse"
    moins: str = "-"
    nul: str = ""
    zeros: bool = False
    fin_de_fichier: bool = True


ecritures = st.builds(
    Ecriture,
    separateur=st.sampled_from([";", ",", "\t", "|"]),
    decimale=st.sampled_from([",", "."]),
    milliers=st.sampled_from(["", " ", "\u00a0", "\u202f"]),
    encodage=st.sampled_from(["utf-8", "utf-8-sig", "cp1252", "utf-16"]),
    fins=st.sampled_from(["\n", "\r\n", "\r"]),
    guillemets=st.sampled_from(["utiles", "tous"]),
    ordre=st.permutations(list(BRUTS)).map(tuple),
    vides=st.integers(0, 4),
    titres=st.integers(0, len(TITRES)),
    casse=st.sampled_from(["basse", "haute", "espaces"]),
    moins=st.sampled_from(["-", "−"]),
    nul=st.sampled_from(["", " "]),
    zeros=st.booleans(),
    fin_de_fichier=st.booleans(),
)


def ecrire_nombre(valeur: float, e: Ecriture) -> str:
    """Écrire un nombre exact, ses milliers groupés, sans passer par le format local."""
    texte = f"{abs(valeur):.4f}" if e.zeros else f"{abs(valeur):.4f}".rstrip("0").rstrip(".")
    entier, _, decimales = texte.partition(".")
    groupes = []
    while entier:
        groupes.insert(0, entier[-3:])
        entier = entier[:-3]
    signe = e.moins if valeur < 0 else ""
    return signe + e.milliers.join(groupes) + (e.decimale + decimales if decimales else "")


def ecrire_cellule(cellule, e: Ecriture) -> str:
    if cellule is None:
        return e.nul
    if isinstance(cellule, float):
        return ecrire_nombre(cellule, e)
    if cellule in MARQUES:
        return {"basse": cellule, "haute": cellule.upper(), "espaces": f" {cellule.title()} "}[e.casse]
    return cellule


def proteger(texte: str, e: Ecriture) -> str:
    if e.guillemets == "tous" or e.separateur in texte or '"' in texte:
        return '"' + texte.replace('"', '""') + '"'
    return texte


def en_texte(table, e: Ecriture) -> bytes:
    rangees = [[BRUTS[c] for c in e.ordre]]
    for code, (libelle, *valeurs) in table.items():
        par_nom = {"IRIS": code, "LIBIRIS": libelle, **dict(zip(VARIABLES, valeurs, strict=True))}
        rangees.append([ecrire_cellule(par_nom[c], e) for c in e.ordre])
    ecrites = [e.separateur.join([proteger(c, e) for c in r] + [""] * e.vides) for r in rangees]
    texte = e.fins.join([*TITRES[: e.titres], *ecrites]) + (e.fins if e.fin_de_fichier else "")
    return texte.encode(e.encodage)


def en_classeur(table, e: Ecriture, *, natif: bool) -> bytes:
    classeur = openpyxl.Workbook()
    feuille = classeur.active
    feuille.title = "IRIS_DISP"
    for titre in TITRES[: e.titres]:
        feuille.append([titre])
    feuille.append([BRUTS[c] for c in e.ordre])
    for code, (libelle, *valeurs) in table.items():
        par_nom = {"IRIS": code, "LIBIRIS": libelle, **dict(zip(VARIABLES, valeurs, strict=True))}
        rangee = []
        for c in e.ordre:
            valeur = par_nom[c]
            rangee.append(
                valeur if natif and isinstance(valeur, float) else ecrire_cellule(valeur, e) or None
            )
        feuille.append(rangee)
    with tempfile.TemporaryDirectory() as dossier:
        chemin = Path(dossier) / "t.xlsx"
        classeur.save(chemin)
        classeur.close()
        return chemin.read_bytes()


def ecrivable(table, e: Ecriture) -> bool:
    """Windows-1252 ne connaît ni l'espace fine insécable ni le signe moins typographique."""
    try:
        en_texte(table, e)
    except UnicodeEncodeError:
        return False
    return True


CORSE = {
    "2A0040101": ("Bœuf-Éperon", 1234567.5, 21500.0, "s", -12.25),
    "974110101": (None, None, "ns", 0.0, 1e12),
    "010040101": ("A, B | C", "nd", "so", -999.0, 1000.0),
}


@REGLAGES
@given(table=tables, e=ecritures)
@example(table=CORSE, e=Ecriture())
@example(table=CORSE, e=Ecriture(",", ",", "\u202f", "utf-16", "\r", "utiles", vides=3, titres=4))
@example(table=CORSE, e=Ecriture("|", ".", " ", "utf-8-sig", "\r\n", "tous", tuple(BRUTS)[::-1], moins="−"))
@example(table=CORSE, e=Ecriture("\t", ",", "\u00a0", "cp1252", casse="espaces", nul=" ", zeros=True))
def test_toute_ecriture_en_texte_donne_la_meme_base(table, e):
    assume(ecrivable(table, e))
    event(f"{e.encodage}, {e.fins!r}")
    verifier(table, "BASE_TD_FILO_IRIS_2021_DISP.csv", en_texte(table, e))


@REGLAGES_CLASSEUR
@given(table=tables, e=ecritures, natif=st.booleans())
@example(table=CORSE, e=Ecriture(titres=4), natif=True)
@example(table=CORSE, e=Ecriture(decimale=",", milliers="\u202f", casse="haute"), natif=False)
def test_tout_classeur_donne_la_meme_base(table, e, natif):
    verifier(table, "BASE_TD_FILO_IRIS_2021_DISP.xlsx", en_classeur(table, e, natif=natif))


@pytest.mark.parametrize("nom", ["BASE_TD_FILO_IRIS_2021_DISP.txt", "BASE_TD_FILO_IRIS_2021_DISP.tsv"])
def test_l_extension_ne_change_rien(nom):
    verifier(CORSE, nom, en_texte(CORSE, Ecriture("\t", ",")))


@settings(REGLAGES, max_examples=15)
@given(table=tables, une=ecritures, autre=ecritures)
def test_deux_ecritures_ne_se_contredisent_pas(table, une, autre):
    """Deux écritures d'une même table, déposées dans une même base, n'y changent rien."""
    assume(ecrivable(table, une) and ecrivable(table, autre))
    with tempfile.TemporaryDirectory() as dossier:
        base = Base(Path(dossier) / "base")
        for rang, e in enumerate((une, autre)):
            chemin = Path(dossier) / f"BASE_TD_FILO_IRIS_2021_DISP_{'ab'[rang]}.csv"
            chemin.write_bytes(en_texte(table, e))
            (depot,) = deposer(base, [chemin], malgre_les_ecarts=True)
            assert depot.etat in {"range", "deja_la"}, depot.raison
            lue = base.lire("filosofi", 2021, "iris")
            if rang == 0:
                premiere = lue
    pd.testing.assert_frame_equal(lue.sort_index(axis=1), premiere.sort_index(axis=1), check_dtype=False)
