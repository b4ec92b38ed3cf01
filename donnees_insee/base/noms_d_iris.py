"""Reconnaître un IRIS qui a changé de code avec sa commune : même nom, mot pour mot ou à une faute près."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final

from donnees_insee.codes import normaliser

if TYPE_CHECKING:
    from collections.abc import Mapping

# Deux noms aussi proches ne diffèrent que d'une faute ou d'un accent perdu (« Mitterand » et « Mitterrand », 0,98).
RESSEMBLANCE: Final = 0.9
BLOC: Final = 7
# Lettre que l'encodage d'un fichier a perdue.
PERDU: Final = "\ufffd"


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
