"""Réunir les unités de deux géographies en groupes de même territoire : le passage, ses groupes, ses écarts."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

AVANT: Final = "avant"
APRES: Final = "apres"


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

    niveau: str
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
        combien = (
            "Un code est sans correspondance"
            if len(listees) == 1
            else f"{len(listees)} codes sont sans correspondance"
        )
        return (*dites, f"{combien}. {'. '.join(listees)}.")


def former(
    niveau: str,
    de: int | None,
    a: int | None,
    liens: Iterable[tuple[str, str]],
    non_apparies: Iterable[NonApparie] = (),
    explications: Mapping[str, Iterable[str]] | None = None,
) -> Passage:
    """Former un passage : deux unités liées, de près ou de loin, sont dans le même groupe."""
    parents: dict[tuple[str, str], tuple[str, str]] = {}

    def racine(noeud: tuple[str, str]) -> tuple[str, str]:
        parents.setdefault(noeud, noeud)
        while parents[noeud] != noeud:
            parents[noeud] = parents[parents[noeud]]
            noeud = parents[noeud]
        return noeud

    for code_avant, code_apres in liens:
        parents[racine((AVANT, code_avant))] = racine((APRES, code_apres))
    ensembles: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for noeud in sorted(parents):
        ensembles[racine(noeud)].append(noeud)
    cotes: dict[str, dict[str, str]] = {AVANT: {}, APRES: {}}
    for noeuds in ensembles.values():
        nouveaux = [code for cote, code in noeuds if cote == APRES]
        nom = nouveaux[0] if len(nouveaux) == 1 else f"{nouveaux[0]}+{len(nouveaux) - 1}"
        for cote, code in noeuds:
            cotes[cote][code] = nom
    return Passage(
        niveau,
        de,
        a,
        MappingProxyType(dict(sorted(cotes[AVANT].items()))),
        MappingProxyType(dict(sorted(cotes[APRES].items()))),
        tuple(sorted(set(non_apparies))),
        MappingProxyType(_par_groupe(cotes[APRES], explications or {})),
    )


def _par_groupe(
    groupes: Mapping[str, str], explications: Mapping[str, Iterable[str]]
) -> dict[str, tuple[str, ...]]:
    """Ranger les phrases par groupe, sans répétition."""
    rangees: dict[str, dict[str, None]] = defaultdict(dict)
    for code, phrases in explications.items():
        rangees[groupes[code]].update(dict.fromkeys(phrases))
    return {g: tuple(p) for g, p in sorted(rangees.items())}


def appliquer(
    passage: Passage, table: pd.DataFrame, comptes: Sequence[str], *, cote: str = AVANT
) -> pd.DataFrame:
    """Additionner des comptes par groupe ; la somme où manque une composante reste inconnue."""
    du_cote = dict(passage.avant if cote == AVANT else passage.apres)
    par_groupe = table[list(comptes)].groupby(table.index.map(du_cote))
    attendues = pd.Series(du_cote, dtype="object").value_counts()
    sommes = par_groupe.sum()
    return sommes.where(par_groupe.count().eq(attendues.reindex(sommes.index), axis=0))
