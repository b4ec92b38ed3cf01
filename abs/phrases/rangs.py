"""Dire quelles mailles sont en tête : « la plus élevée » si elle se distingue de toutes, sinon « parmi les plus »."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from abs.calcul.chiffre import Chiffre, Lus, chiffres_de
from abs.formats import arrondir
from abs.indicateurs.indicateurs import Indicateur
from abs.phrases.ecriture import decimales
from abs.phrases.significativite import Verdict, comparer, comparer_au_tout
from abs.statuts import Fiabilite
from abs.territoires.territoires import Territoire

HABITANTS_MINIMUM: Final = 200
TYPES_CLASSES: Final = frozenset({"H", "Z", ""})
MAILLES_MINIMUM: Final = 5
PART_SOLIDE: Final = 0.8
NOMMEES: Final = 3
DIXIEME: Final = 10


@dataclass(frozen=True)
class Extreme:
    """Les mailles dont on peut dire qu'elles sont en tête."""

    seul: bool
    mailles: tuple[tuple[Territoire, Chiffre], ...]
    connues: int
    classees: int
    ex_aequo: int = 0
    fixes: int = 0


def classables(mailles: Lus, populations: Mapping[str, float]) -> list[tuple[Territoire, Chiffre | None]]:
    """Garder les mailles qui entrent dans un rang : habitat, 200 habitants ou plus."""
    return [
        (t, c)
        for t, c in mailles
        if t.type_iris in TYPES_CLASSES and populations.get(t.code, math.inf) >= HABITANTS_MINIMUM
    ]


def assez_solides(mailles: Lus) -> bool:
    """Dire si assez de mailles ont un chiffre solide pour parler de leur ensemble."""
    solides = [c for _, c in chiffres_de(mailles) if c.fiabilite != Fiabilite.FRAGILE]
    return len(solides) >= max(MAILLES_MINIMUM, PART_SOLIDE * len(mailles))


def extremes(indicateur: Indicateur, mailles: Lus, ensemble: Chiffre | None, *, haut: bool) -> Extreme:
    """Chercher les mailles dont une phrase peut dire qu'elles sont les plus hautes, ou parmi elles."""
    lues = chiffres_de(mailles)
    if not assez_solides(mailles) or indicateur.nature == "effectif":
        return Extreme(False, (), len(lues), len(mailles))
    attendu = Verdict.PLUS if haut else Verdict.MOINS
    lues.sort(key=lambda tc: tc[1].valeur, reverse=haut)
    premiere, autres = lues[0], lues[1:]
    fixes = min(decimales(indicateur, c) for c in (premiere[1], lues[-1][1]))
    if all(comparer(indicateur, premiere[1], c, len(autres)).verdict == attendu for _, c in autres):
        return Extreme(True, (premiere,), len(lues), len(mailles), 0, fixes)
    if ensemble is None or not ensemble.a_une_valeur:
        return Extreme(False, (), len(lues), len(mailles))
    distinctes = [comparer_au_tout(indicateur, c, ensemble, len(lues)).verdict == attendu for _, c in lues]
    tete = [tc for tc, distincte in zip(lues, distinctes, strict=True) if distincte]
    rang_de_tete = max(NOMMEES, len(lues) // DIXIEME)
    nommees = [tc for tc in lues[:rang_de_tete] if tc in tete][:NOMMEES]
    fixes = min([fixes, *(decimales(indicateur, c) for _, c in nommees)])
    # Deux mailles qui s'écrivent « 30 % » ne peuvent pas être l'une dans la tête et l'autre non.
    contestees = {
        arrondir(c.valeur, fixes) for (_, c), distincte in zip(lues, distinctes, strict=True) if not distincte
    }
    nommees = [tc for tc in nommees if arrondir(tc[1].valeur, fixes) not in contestees]
    ecrits = {arrondir(c.valeur, fixes) for _, c in nommees}
    pareilles = [tc for tc in tete if tc not in nommees and arrondir(tc[1].valeur, fixes) in ecrits]
    if len(pareilles) == 1:
        nommees, pareilles = nommees + pareilles, []
    return Extreme(False, tuple(nommees), len(lues), len(mailles), len(pareilles), fixes)


def bouts(lues: Sequence[tuple[Territoire, Chiffre]]) -> tuple[tuple[Territoire, Chiffre], ...]:
    """Donner la plus basse et la plus haute des mailles solides ; rien si un chiffre fragile sort de leur étendue."""
    solides = [tc for tc in lues if tc[1].fiabilite != Fiabilite.FRAGILE]
    bas, haut = min(solides, key=lambda tc: tc[1].valeur), max(solides, key=lambda tc: tc[1].valeur)
    # Un chiffre fragile hors de l'étendue en ferait une étendue fausse : mieux vaut ne rien dire.
    return (bas, haut) if all(bas[1].valeur <= c.valeur <= haut[1].valeur for _, c in lues) else ()
