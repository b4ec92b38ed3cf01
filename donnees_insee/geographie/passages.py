"""Passer d'une année du code officiel géographique à une autre : fusions, scissions, changements de code."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from donnees_insee.codes import normaliser
from donnees_insee.geographie.evenements import Lien, le, libelle_du_mouvement
from donnees_insee.geographie.groupes import APRES, AVANT, NonApparie, Passage, former

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from donnees_insee.geographie.mouvements import HistoireDesCommunes

RETABLISSEMENT: Final = "21"

# Ce qu'une commune contient à un moment : les communes de l'année de départ dont elle porte du territoire.
Atomes = dict[str, frozenset[str]]


def passage_communes(histoire: HistoireDesCommunes, de: int, a: int, codes: Iterable[str] = ()) -> Passage:
    """Passer d'une année du code officiel géographique à une autre.

    Une fusion est exacte : la commune d'après est la somme de celles d'avant. Une scission ne l'est pas : rien ne
    dit quelle part des habitants revient à chacune ; elles restent réunies dans le groupe de la commune d'origine.
    Une commune fusionnée puis rétablie entre les deux années retrouve son territoire et son code.
    """
    ecarts = [
        NonApparie(code, AVANT, raison)
        for code in sorted(set(codes))
        if (raison := histoire.raison(code, de)) is not None
    ]
    if de > a:
        inverse = passage_communes(histoire, a, de).inverse()
        return _avec(inverse, ecarts)
    origine = histoire.communes_en(de)
    histoire.communes_en(a)
    atomes: Atomes = {c: frozenset({c}) for c in origine}
    phrases: dict[str, list[str]] = defaultdict(list)
    for jour, liens in histoire.liens_entre(de, a):
        recus = _partager(atomes, liens)
        for atome, dites in _raconter(atomes, jour, liens).items():
            phrases[atome] += dites
        for m in liens:
            atomes.pop(m.avant, None)
        atomes |= recus
    couples = [(atome, code) for code, contenus in atomes.items() for atome in contenus]
    couples += [(arr, arr) for arr in histoire.arrondissements]
    places = dict(couples)
    ecarts += [
        NonApparie(c, AVANT, histoire.raison(c, a) or "n'a plus de commune") for c in origine - places.keys()
    ]
    ecarts += [
        NonApparie(c, APRES, histoire.raison(c, de) or "née sans commune d'origine")
        for c, contenus in atomes.items()
        if not contenus
    ]
    recits: dict[str, tuple[str, ...]] = {}
    for atome, siennes in phrases.items():
        if atome in places:
            recits[places[atome]] = (*recits.get(places[atome], ()), *siennes)
    return former("commune", de, a, couples, ecarts, recits)


def _avec(passage: Passage, ecarts: Iterable[NonApparie]) -> Passage:
    return replace(passage, non_apparies=tuple(sorted({*passage.non_apparies, *ecarts})))


def _partager(atomes: Mapping[str, frozenset[str]], liens: Iterable[Lien]) -> Atomes:
    """Donner à chaque commune du lendemain les atomes des communes de la veille."""
    par_mere: dict[str, list[Lien]] = defaultdict(list)
    recus: dict[str, set[str]] = defaultdict(set)
    for m in liens:
        if m.apres:
            recus[m.apres] |= set()
        if m.avant and m.apres:
            par_mere[m.avant].append(m)
    for mere, siens in par_mere.items():
        tout = atomes.get(mere, frozenset())
        retrouves = _retablies(tout, siens)
        for m in siens:
            recus[m.apres] |= tout if retrouves is None else retrouves[m.apres]
    return {code: frozenset(contenus) for code, contenus in recus.items()}


def _retablies(tout: frozenset[str], liens: list[Lien]) -> dict[str, frozenset[str]] | None:
    """Rendre à des communes rétablies leur territoire d'avant la fusion, si tout se retrouve.

    Il faut que chaque commune rétablie soit un atome de la mère. Ce qui reste (les communes qui ne se séparent pas)
    va à celle qui garde le nom de la mère ; si aucune ne le garde, rien n'est partagé.
    """
    filles = {m.apres: m for m in liens}
    if len(filles) < 2 or any(m.mod != RETABLISSEMENT for m in liens) or not filles.keys() <= tout:
        return None
    partages = {fille: frozenset({fille}) for fille in filles}
    reste = tout - filles.keys()
    if not reste:
        return partages
    heritieres = [f for f, m in filles.items() if normaliser(m.nom_apres) == normaliser(m.nom_avant)]
    if len(heritieres) != 1:
        return None
    return partages | {heritieres[0]: frozenset({heritieres[0]}) | reste}


def _raconter(
    atomes: Mapping[str, frozenset[str]], jour: str, liens: tuple[Lien, ...]
) -> dict[str, list[str]]:
    """Écrire une phrase par évènement du jour, rangée sous un atome des communes concernées."""
    recits: dict[str, list[str]] = defaultdict(list)
    entrants: dict[str, list[Lien]] = defaultdict(list)
    sortants: dict[str, set[str]] = defaultdict(set)
    for m in liens:
        sortants[m.avant].add(m.apres)
        entrants[m.apres].append(m)
    for code, venus in entrants.items():
        meres = sorted({m.avant for m in venus if m.avant})
        phrase = _fusion(code, venus, jour) if len(meres) > 1 else None
        if len(meres) == 1 and meres[0] != code and len(sortants[meres[0]]) == 1:
            phrase = f"{venus[0].nom_apres} a changé de code, de {meres[0]} à {code}, {_quand(venus, jour)}."
        if phrase is not None and atomes.get(meres[0]):
            recits[min(atomes[meres[0]])].append(phrase)
    for mere, filles in sortants.items():
        if len(filles) > 1 and atomes.get(mere):
            partis = [m for m in liens if m.avant == mere]
            noms = _enumerer(sorted({f"{m.nom_apres} ({m.apres})" for m in partis}))
            recits[min(atomes[mere])].append(
                f"{partis[0].nom_avant} ({mere}) s'est partagée entre {noms} {_quand(partis, jour)}."
            )
    return recits


def _fusion(code: str, venus: list[Lien], jour: str) -> str:
    autres = _enumerer(sorted({f"{m.nom_avant} ({m.avant})" for m in venus if m.avant != code}))
    garde = any(m.avant == code for m in venus)
    verbe = "a absorbé" if garde else "réunit"
    return f"{venus[0].nom_apres} ({code}) {verbe} {autres} {_quand(venus, jour)}."


def _quand(liens: list[Lien], jour: str) -> str:
    mouvements = " et ".join(sorted({libelle_du_mouvement(m.mod) for m in liens}))
    return f"{le(jour)} ({mouvements})"


def _enumerer(noms: list[str]) -> str:
    return noms[0] if len(noms) == 1 else f"{', '.join(noms[:-1])} et {noms[-1]}"
