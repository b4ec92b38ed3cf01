"""Les couches de contours que tient la base, et les noms d'IRIS : rendus à leurs accents, reconnus d'un code à l'autre."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

import pandas as pd
import pyarrow.parquet as pq

from donnees_insee.base.parts import Part, part_lisible
from donnees_insee.codes import normaliser

if TYPE_CHECKING:
    import geopandas as gpd

Tableau = TypeVar("Tableau", bound=pd.DataFrame)
# Colonne qui nomme → colonne du code qu'elle nomme.
# Ce que ce processus a demandé à une base, tenu ou non : les sources, et d'un mot toutes celles à l'IRIS.
CONSULTEES: set[str] = set()
A_L_IRIS = "à l'IRIS"
NOMS_ET_CODES = (("nom", "code"), ("nom_commune", "commune"))
# Deux noms aussi proches ne diffèrent que d'une faute ou d'un accent perdu (« Mitterand » et « Mitterrand », 0,98).
RESSEMBLANCE: Final = 0.9
BLOC: Final = 7
# Lettre que l'encodage d'un fichier a perdue.
PERDU: Final = "\ufffd"


class LectureDesCouches(Protocol):
    """La part de la base qui lit les contours ; la base dit quelles parts et quelles tables elle tient."""

    def parts(self) -> tuple[Part, ...]:
        """Lister les parts de la base."""

    def millesimes(self, source: str, niveau: str | None = None) -> list[int]:
        """Lister les millésimes tenus d'une source."""

    def lire(self, source: str, millesime: int | None, niveau: str) -> pd.DataFrame:
        """Lire une table de la base."""

    def couches(self, source: str) -> list[tuple[int | None, Path]]:
        """Lister les couches de contours tenues."""
        return [(p.millesime, p.chemin) for p in self.parts_de(source)]

    def parts_de(self, source: str) -> list[Part]:
        """Lister les parts d'une source, et noter qu'elle a été consultée, qu'elle soit tenue ou non."""
        CONSULTEES.add(source)
        return [p for p in self.parts() if p.source == source]

    def parts_d_iris(self) -> list[Part]:
        """Lister les parts à l'IRIS de toutes les sources, et noter qu'elles ont été consultées."""
        CONSULTEES.add(A_L_IRIS)
        return [p for p in self.parts() if p.niveau == "iris"]

    def a_des_contours(self, communes: Iterable[str], source: str = "contours_iris") -> bool:
        """Dire si une couche de contours (d'IRIS, ou de communes) porte au moins une de ces communes."""
        filtre = [("commune", "in", sorted(communes))]
        return any(
            pq.read_table(chemin, columns=["code"], filters=filtre).num_rows > 0
            for _, chemin in self.couches(source)
        )

    def lire_couche(self, chemin: Path, filtres: list[Any] | None = None) -> gpd.GeoDataFrame:
        """Lire une couche de contours rangée, ou les lignes que gardent des filtres de Parquet."""
        import geopandas as gpd  # noqa: PLC0415 - import lent, réservé aux cartes

        with part_lisible(chemin):
            return restaurer(self, gpd.read_parquet(chemin, filters=filtres))


def restaurer(base: LectureDesCouches, table: Tableau) -> Tableau:
    """Remplacer chaque nom qui porte une lettre perdue par celui que la table de référence donne au même code."""
    references: dict[str, str] | None = None
    for nom, code in NOMS_ET_CODES:
        if nom not in table or code not in table:
            continue
        perdus = table[nom].astype(str).str.contains(PERDU)
        if not perdus.any():
            continue
        references = noms_de_reference(base) if references is None else references
        trouves = table.loc[perdus, code].astype(str).map(references)
        table = table.assign(**{nom: table[nom].mask(perdus, trouves.fillna(table[nom]))})
    return table


def noms_de_reference(base: LectureDesCouches) -> dict[str, str]:
    """Lire les noms d'IRIS et de communes que des tables donnent sans lettre perdue."""
    noms: dict[str, str] = {}
    lus = [
        ("reference_iris", "iris", "LIB_IRIS"),
        ("appartenance", "commune", "LIBGEO"),
        ("cog", "commune", "LIBELLE"),
    ]
    for source, niveau, colonne in lus:
        for annee in base.millesimes(source, niveau):
            table = base.lire(source, annee, niveau)
            if source == "reference_iris" and {"DEPCOM", "LIBCOM"} <= set(table.columns):
                communes = table.dropna(subset=["DEPCOM", "LIBCOM"]).drop_duplicates("DEPCOM")
                noms |= dict(zip(communes["DEPCOM"].astype(str), communes["LIBCOM"].astype(str), strict=True))
            if colonne in table:
                noms |= {str(c): str(n) for c, n in table[colonne].dropna().items()}
    return {c: n for c, n in noms.items() if PERDU not in n}


# -- reconnaître un IRIS qui a changé de code avec sa commune --------------------------------------


def apparier_par_nom(
    avant: Mapping[str, str], apres: Mapping[str, str]
) -> tuple[dict[str, str], list[tuple[set[str], set[str]]]]:
    """Apparier des IRIS dont la commune a changé de code, d'après leurs noms.

    Le nom ne suffit que si tout s'apparie : les IRIS d'une ancienne commune et ceux des grands quartiers (cinq
    chiffres de la commune, puis deux) qui les reçoivent. Un IRIS qui reste seul, d'un côté ou de l'autre, dit que le
    découpage a changé : tous ceux qui lui sont liés forment alors un seul ensemble.
    """
    couples = _memes_noms(avant, apres)
    blocs: dict[str, set[str]] = defaultdict(set)
    for code in avant:
        blocs["commune " + code[:5]].add(code)
    for code in apres:
        blocs["bloc " + code[:BLOC]].add(code)
    ensembles = _lies(blocs, couples)
    surs: dict[str, str] = {}
    restes: list[tuple[set[str], set[str]]] = []
    pris = set(couples.values())
    for membres in ensembles:
        anciens, nouveaux = membres & avant.keys(), membres & apres.keys()
        if anciens <= couples.keys() and nouveaux <= pris:
            surs |= {c: couples[c] for c in anciens}
        else:
            restes.append((anciens, nouveaux))
    seuls = [r for r in restes if not r[0] or not r[1]]
    if seuls:
        # Sans rien qui les relie, les ensembles incomplets se complètent l'un l'autre, faute de mieux.
        complets = [r for r in restes if r[0] and r[1]]
        restes = [*complets, (set().union(*(r[0] for r in seuls)), set().union(*(r[1] for r in seuls)))]
    return surs, restes


def _memes_noms(avant: Mapping[str, str], apres: Mapping[str, str]) -> dict[str, str]:
    """Apparier les noms égaux et uniques, puis les noms voisins qui gardent leur rang dans la commune."""
    couples: dict[str, str] = {}
    par_nom: dict[str, list[str]] = defaultdict(list)
    for code, nom in apres.items():
        par_nom[normaliser(nom)].append(code)
    fois = Counter(normaliser(nom) for nom in avant.values())
    for code, nom in avant.items():
        egaux = _meme_ecriture(nom, apres) if PERDU in nom else par_nom[normaliser(nom)]
        if fois[normaliser(nom)] == 1 and len(egaux) == 1 and egaux[0] not in couples.values():
            couples[code] = egaux[0]
    libres = apres.keys() - set(couples.values())
    voisins = {
        code: [c for c in libres if c[-2:] == code[-2:] and voisins_de_nom(avant[code], apres[c])]
        for code in avant.keys() - couples.keys()
    }
    # Le rapprochement vaut s'il est seul des deux côtés.
    demandes = Counter(c for trouves in voisins.values() for c in trouves)
    couples |= {code: t[0] for code, t in voisins.items() if len(t) == 1 and demandes[t[0]] == 1}
    return couples


def _meme_ecriture(nom: str, apres: Mapping[str, str]) -> list[str]:
    """Trouver les noms qu'un nom aux accents perdus peut être : une lettre quelconque à chaque place perdue."""
    forme = re.compile(
        "".join("." if lettre == PERDU else re.escape(lettre) for lettre in nom), re.IGNORECASE
    )
    return [code for code, autre in apres.items() if forme.fullmatch(unicodedata.normalize("NFC", autre))]


def voisins_de_nom(premier: str, second: str) -> bool:
    """Dire si deux noms ne diffèrent que d'une faute ou d'un accent perdu ; leurs chiffres doivent être les mêmes."""
    un, deux = (normaliser(n).replace(" ", "") for n in (premier, second))
    if re.findall(r"\d+", un) != re.findall(r"\d+", deux):
        return False
    return difflib.SequenceMatcher(None, un, deux, autojunk=False).ratio() >= RESSEMBLANCE


def _lies(blocs: Mapping[str, set[str]], couples: Mapping[str, str]) -> list[set[str]]:
    """Réunir les anciennes communes et les grands quartiers que des couples relient."""
    ensembles = [set(membres) for membres in blocs.values()]
    for ancien, nouveau in couples.items():
        touches = [e for e in ensembles if ancien in e or nouveau in e]
        ensembles = [e for e in ensembles if e not in touches] + [set().union(*touches)]
    return ensembles
