"""Ce qui n'a pas été écrit et pourquoi : chaque phrase tue, et chaque comparaison tue, a sa raison."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from abs.calcul.chiffre import Chiffre
from abs.indicateurs.indicateurs import Indicateur
from abs.langue import typographier
from abs.phrases.ecriture import gabarits, reference
from abs.phrases.phrases import Phrase, references_lues
from abs.phrases.rangs import assez_solides
from abs.phrases.significativite import Mailles, Verdict
from abs.statuts import Fiabilite
from abs.territoires.territoires import Territoire

Lu = tuple[Indicateur, Chiffre | None, Sequence[tuple[Territoire, Chiffre | None]], Mailles]


@dataclass(frozen=True)
class Silence:
    """Une raison de se taire et les indicateurs qu'elle concerne."""

    raison: str
    libelles: tuple[str, ...]


def silences_du_theme(sujet: Territoire, lus: Iterable[Lu], ecrites: Sequence[Phrase]) -> list[Silence]:
    """Dire, raison par raison, ce qu'un chapitre n'a pas écrit des chiffres qu'il tient."""
    dites = {r for p in ecrites for r in p.references}
    affirmees = {a.de for p in ecrites for a in p.affirmations}
    par_cas: dict[str, list[str]] = {}
    for indicateur, chiffre, autour, mailles in lus:
        if indicateur.nature == "effectif":
            continue
        du_sujet = _cas_du_sujet(sujet, indicateur, chiffre, autour, dites)
        for cas in du_sujet + _cas_des_mailles(indicateur, mailles, dites, affirmees):
            par_cas.setdefault(cas, []).append(indicateur.libelle)
    raisons = gabarits("silences")
    return [
        Silence(typographier(raisons[cas]), tuple(map(typographier, par_cas[cas])))
        for cas in raisons
        if cas in par_cas
    ]


def _cas_du_sujet(
    sujet: Territoire,
    indicateur: Indicateur,
    chiffre: Chiffre | None,
    autour: Sequence[tuple[Territoire, Chiffre | None]],
    dites: set[str],
) -> list[str]:
    if chiffre is None or not chiffre.a_une_valeur:
        return []
    if chiffre.fiabilite == Fiabilite.FRAGILE:
        return ["fragile"]
    if reference(chiffre) not in dites:
        return ["place"]
    verdicts = {v.verdict for _, _, v in references_lues(indicateur, sujet, chiffre, autour)}
    return [
        str(v) for v in (Verdict.DANS_LA_MARGE, Verdict.MEME_ECRITURE, Verdict.NON_EVALUE) if v in verdicts
    ]


def _cas_des_mailles(
    indicateur: Indicateur, mailles: Mailles, dites: set[str], affirmees: set[str]
) -> list[str]:
    chiffrees = [c for _, c in mailles if c is not None and c.a_une_valeur]
    if not chiffrees:
        return []
    if not assez_solides(mailles):
        return ["etendue"]
    solides = [c for c in chiffrees if c.fiabilite != Fiabilite.FRAGILE]
    bas, haut = min(solides, key=lambda c: c.valeur), max(solides, key=lambda c: c.valeur)
    if any(not bas.valeur <= c.valeur <= haut.valeur for c in chiffrees):
        return ["extreme_fragile"]
    ecrite = reference(bas) in dites and reference(haut) in dites
    en_tete = any(reference(c) in affirmees for c in chiffrees)
    return ["tete"] if ecrite and not en_tete and indicateur.sens != "neutre" else []
