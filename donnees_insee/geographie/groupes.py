"""Passer d'une géographie à une autre par groupes de même territoire : fusions, scissions, changements de code."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import Final

import pandas as pd

from donnees_insee.codes import normaliser
from donnees_insee.geographie.mouvements import HistoireDesCommunes, Lien, le, libelle_du_mouvement

AVANT: Final = "avant"
APRES: Final = "apres"
RETABLISSEMENT: Final = "21"

# Ce qu'une commune contient à un moment : les communes de l'année de départ dont elle porte du territoire.
Atomes = dict[str, frozenset[str]]


@dataclass(frozen=True, order=True)
class NonApparie:
    """Un code qui n'entre dans aucun groupe, et pourquoi."""

    code: str
    cote: str
    raison: str


@dataclass(frozen=True)
class Groupe:
    """Les unités de deux géographies qui couvrent ensemble le même territoire."""

    code: str
    avant: tuple[str, ...]
    apres: tuple[str, ...]

    @property
    def nature(self) -> str:
        """Dire ce qui est arrivé : ``identique``, ``nouveau code``, ``fusion``, ``scission`` ou ``regroupement``."""
        if self.avant == self.apres and len(self.avant) == 1:
            return "identique"
        if len(self.avant) == 1 and len(self.apres) == 1:
            return "nouveau code"
        if len(self.apres) == 1:
            return "fusion"
        return "scission" if len(self.avant) == 1 else "regroupement"


@dataclass(frozen=True)
class Passage:
    """Le passage d'une géographie à une autre, par groupes de même territoire."""

    de: int | None
    a: int | None
    avant: Mapping[str, str]
    apres: Mapping[str, str]
    non_apparies: tuple[NonApparie, ...] = ()
    explications: Mapping[str, tuple[str, ...]] = field(default_factory=dict, compare=False)

    @cached_property
    def groupes(self) -> Mapping[str, Groupe]:
        """Les groupes, rangés par identifiant."""
        membres: dict[str, tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
        for rang, cote in enumerate((self.avant, self.apres)):
            for code, groupe in cote.items():
                membres[groupe][rang].append(code)
        return MappingProxyType(
            {g: Groupe(g, tuple(sorted(v)), tuple(sorted(p))) for g, (v, p) in sorted(membres.items())}
        )

    @cached_property
    def changes(self) -> tuple[Groupe, ...]:
        """Les groupes où quelque chose a changé."""
        return tuple(g for g in self.groupes.values() if g.nature != "identique")

    def restreindre(self, codes: Iterable[str]) -> Passage:
        """Ne garder que les groupes qui touchent des codes, d'avant ou d'après."""
        voulus = set(codes)
        gardes = {c[k] for c in (self.avant, self.apres) for k in voulus & c.keys()}
        return replace(
            self,
            avant=MappingProxyType({c: g for c, g in self.avant.items() if g in gardes}),
            apres=MappingProxyType({c: g for c, g in self.apres.items() if g in gardes}),
            non_apparies=tuple(n for n in self.non_apparies if n.code in voulus),
            explications=MappingProxyType({g: p for g, p in self.explications.items() if g in gardes}),
        )

    def phrases(self) -> tuple[str, ...]:
        """Dire le passage en français : les changements, puis les codes sans correspondance."""
        dites = tuple(p for phrases in self.explications.values() for p in phrases)
        listees = [f"{n.code} : {n.raison}" for n in self.non_apparies]
        if not listees:
            return dites
        combien = "Un code est" if len(listees) == 1 else f"{len(listees)} codes sont"
        return (*dites, f"{combien} sans correspondance. {'. '.join(listees)}.")


def former(
    de: int | None,
    a: int | None,
    liens: Iterable[tuple[str, str]],
    non_apparies: Iterable[NonApparie] = (),
    explications: Mapping[str, Iterable[str]] | None = None,
) -> Passage:
    """Former un passage : deux unités liées, de près ou de loin, sont dans le même groupe."""
    ensembles: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for code_avant, code_apres in liens:
        noeuds = {(AVANT, code_avant), (APRES, code_apres)}
        reunis = noeuds.union(*(ensembles.get(noeud, ()) for noeud in noeuds))
        ensembles |= dict.fromkeys(reunis, reunis)
    cotes: dict[str, dict[str, str]] = {AVANT: {}, APRES: {}}
    for (cote, code), reunis in ensembles.items():
        nouveaux = [unite for du_cote, unite in reunis if du_cote == APRES]
        autres = f"+{len(nouveaux) - 1}" if len(nouveaux) > 1 else ""
        cotes[cote][code] = min(nouveaux) + autres
    rangees: dict[str, dict[str, None]] = defaultdict(dict)
    for code, phrases in (explications or {}).items():
        rangees[cotes[APRES][code]].update(dict.fromkeys(phrases))
    return Passage(
        de,
        a,
        MappingProxyType(dict(sorted(cotes[AVANT].items()))),
        MappingProxyType(dict(sorted(cotes[APRES].items()))),
        tuple(sorted(set(non_apparies))),
        MappingProxyType({g: tuple(dites) for g, dites in sorted(rangees.items())}),
    )


def appliquer(
    passage: Passage, table: pd.DataFrame, comptes: Sequence[str], *, cote: str = AVANT
) -> pd.DataFrame:
    """Additionner des comptes par groupe ; la somme où manque une composante reste inconnue."""
    du_cote = dict(passage.avant if cote == AVANT else passage.apres)
    par_groupe = table[list(comptes)].groupby(table.index.map(du_cote))
    attendues = pd.Series(du_cote, dtype="object").value_counts()
    sommes = par_groupe.sum()
    return sommes.where(par_groupe.count().eq(attendues.reindex(sommes.index), axis=0))


# -- communes ----------------------------------------------------------------------------------


def passage_communes(histoire: HistoireDesCommunes, de: int, a: int) -> Passage:
    """Passer d'une année du code officiel géographique à une autre, plus récente.

    Une fusion est exacte : la commune d'après est la somme de celles d'avant. Une scission ne l'est pas : rien ne
    dit quelle part des habitants revient à chacune ; elles restent réunies dans le groupe de la commune d'origine.
    Une commune fusionnée puis rétablie entre les deux années retrouve son territoire et son code.
    """
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
    ecarts = [
        NonApparie(c, AVANT, histoire.raison(c, a) or "n'a plus de commune") for c in origine - places.keys()
    ]
    ecarts += [
        NonApparie(c, APRES, histoire.raison(c, de) or "née sans commune d'origine")
        for c, contenus in atomes.items()
        if not contenus
    ]
    recits: dict[str, list[str]] = defaultdict(list)
    for atome in (a for a in phrases if a in places):
        recits[places[atome]] += phrases[atome]
    return former(de, a, couples, ecarts, recits)


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
