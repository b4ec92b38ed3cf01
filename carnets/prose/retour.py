"""Du texte revenu d'un document au texte de l'analyste : ce qui n'a pas changé garde son écriture et ses citations."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Final

from abs.phrases.citations import MOTIF, cle
from carnets.prose.paragraphes import assembler, corps, echapper, paragraphes_du_markdown, prefixe

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from carnets.prose.paragraphes import Paragraphe

# Deux caractères d'un plan privé encadrent le rang d'une citation pendant que Markdown est lu.
REPERE: Final = re.compile("\ue000(\\d+)\ue001")
# Entre deux paragraphes : un saut de ligne peut être dans l'un d'eux.
ENTRE: Final = "\ue002"
ESPACES: Final = re.compile(r"[ \u00a0\u202f\u2009]")
MOTS: Final = r"\{\{[^{}]*\}\}|\w+|[ \u00a0\u202f]+|\n|."
CLOTURE: Final = re.compile(r"\s*(```|~~~)")


@dataclass
class Revenu:
    """Un texte revenu, et les citations que l'analyste a remplacées par ce qu'il a tapé."""

    texte: str
    perdues: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class _Mot:
    texte: str
    citation: str = ""


def revenir(source: str, cites: Mapping[str, str], nouveaux: Sequence[Paragraphe]) -> Revenu:
    """Écrire en Markdown ce qui revient d'un document, d'après le texte qui y avait été mis."""
    blocs = list(_blocs_du_markdown(source))
    anciennes, places = [], []
    for rang, bloc in enumerate(blocs):
        lues = _lignes_citantes(bloc)
        anciennes += lues
        places += [rang] * len(lues)
    connues = [cle(c) for c in MOTIF.findall(source) if cle(c) in cites]
    venues = [corps(p) for p in nouveaux]
    rendues, perdues = _rendre_les_citations(anciennes, venues, {c: cites[c] for c in connues})
    texte = _assembler(blocs, (anciennes, places), list(zip(nouveaux, rendues, strict=True)))
    return Revenu(texte, [(c, cites[c]) for c in perdues])


def _blocs_du_markdown(source: str) -> Iterator[str]:
    """Couper un texte à ses lignes vides, sauf dans un bloc de code."""
    bloc: list[str] = []
    cloture = ""
    for une in source.splitlines():
        if trouve := CLOTURE.match(une):
            cloture = "" if cloture == trouve[1] else cloture or trouve[1]
        if une.strip() or cloture:
            bloc.append(une)
        elif bloc:
            yield "\n".join(bloc)
            bloc = []
    if bloc:
        yield "\n".join(bloc)


def _lignes_citantes(bloc: str) -> list[str]:
    """Mettre un bloc sous sa forme unique, ses citations écrites d'une seule façon."""
    citees: list[str] = []

    def reperer(trouve: re.Match[str]) -> str:
        citees.append(cle(trouve[1]))
        return f"\ue000{len(citees) - 1}\ue001"

    lus = paragraphes_du_markdown(MOTIF.sub(reperer, bloc))
    return [REPERE.sub(lambda t: f"{{{{ {citees[int(t[1])]} }}}}", corps(p)) for p in lus]


# -- citations ------------------------------------------------------------------------------------


def _rendre_les_citations(
    anciennes: list[str], nouvelles: list[str], cites: Mapping[str, str]
) -> tuple[list[str], list[str]]:
    """Remettre les citations dont le texte n'a pas changé, à la place que dit l'alignement des deux textes."""
    # Du plus long au plus court ; « 5,3 % » ne se reconnaît pas dans « 15,3 % ».
    ecrits = sorted({echapper(e) for e in cites.values()}, key=len, reverse=True)
    motifs = [rf"(?<![\w,.]){_souple(e)}(?!\w|[,.]\d)" for e in ecrits]
    decoupe = re.compile("|".join([*motifs, MOTS]), re.DOTALL)
    avant = _mots(ENTRE.join(anciennes), decoupe, cites)
    bruts = decoupe.findall(ENTRE.join(nouvelles))
    apres = [_Mot(_plat(m)) for m in bruts]
    alignes: set[int] = set()
    libres = {rang for rang, mot in enumerate(avant) if mot.citation}
    for i, j, n in SequenceMatcher(
        None, [m.texte for m in avant], [m.texte for m in apres], autojunk=False
    ).get_matching_blocks():
        alignes |= set(range(j, j + n))
        for k in range(n):
            if i + k in libres:
                libres.discard(i + k)
                bruts[j + k] = f"{{{{ {avant[i + k].citation} }}}}"
    _rendre_les_deplacees(avant, {j: m.texte for j, m in enumerate(apres) if j not in alignes}, bruts, libres)
    return "".join(bruts).split(ENTRE) if nouvelles else [], [avant[r].citation for r in sorted(libres)]


def _mots(texte: str, decoupe: re.Pattern[str], cites: Mapping[str, str]) -> list[_Mot]:
    """Couper un texte en mots, ses citations devenues le chiffre qu'on y lisait."""
    mots = []
    for mot in decoupe.findall(texte):
        trouve = MOTIF.fullmatch(mot)
        citation = cle(trouve[1]) if trouve else ""
        ecrit = cites.get(citation)
        mots.append(_Mot(_plat(mot)) if ecrit is None else _Mot(_plat(echapper(ecrit)), citation))
    return mots


def _rendre_les_deplacees(
    avant: list[_Mot], neufs: Mapping[int, str], bruts: list[str], libres: set[int]
) -> None:
    """Remettre une citation déplacée, quand son texte ne se trouve qu'une fois parmi ce qui reste."""
    for rang in sorted(libres):
        texte = avant[rang].texte
        places = [j for j, mot in neufs.items() if mot == texte and not MOTIF.fullmatch(bruts[j])]
        if len(places) == 1 and sum(avant[r].texte == texte for r in libres) == 1:
            bruts[places[0]] = f"{{{{ {avant[rang].citation} }}}}"
            libres.discard(rang)


def _souple(ecrit: str) -> str:
    """Donner le motif d'un chiffre écrit : ses espaces, insécables ou non, se valent."""
    return "".join("[ \u00a0\u202f]" if ESPACES.match(c) else re.escape(c) for c in ecrit)


def _plat(texte: str) -> str:
    return ESPACES.sub(" ", texte)


# -- ce qui n'a pas changé ------------------------------------------------------------------------


def _assembler(
    blocs: list[str], anciennes: tuple[list[str], list[int]], nouvelles: list[tuple[Paragraphe, str]]
) -> str:
    """Réunir les lignes revenues ; un bloc dont toutes sont revenues telles quelles garde son écriture."""
    lues, places = [_plat(a) for a in anciennes[0]], anciennes[1]
    venues = [_plat(n) for _, n in nouvelles]
    face: dict[int, int] = {}
    for i, j, n in SequenceMatcher(None, lues, venues, autojunk=False).get_matching_blocks():
        face |= {i + k: j + k for k in range(n)}
    sortie: dict[int, list[tuple[str, str]]] = {
        j: [(p.genre, prefixe(p) + rendue)] for j, (p, rendue) in enumerate(nouvelles)
    }
    for rang, bloc in enumerate(blocs):
        siennes = [i for i, place in enumerate(places) if place == rang]
        vis = [face.get(i, -1) for i in siennes]
        if siennes and min(vis) >= 0 and vis == list(range(vis[0], vis[0] + len(vis))):
            sortie |= {j: [] for j in vis} | {vis[0]: [("bloc", bloc)]}
    return assembler([paire for j in sorted(sortie) for paire in sortie[j]])
