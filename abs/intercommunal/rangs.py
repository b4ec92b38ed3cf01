"""Ranger des communes sans rien inventer : un rang est l'ensemble des places que les marges permettent.

Chaque valeur est entourée de sa marge, élargie (Bonferroni) au nombre de communes rangées : les vraies valeurs sont alors
toutes ensemble dans leurs intervalles avec le risque choisi, et chaque vraie place est dans la fourchette écrite. Deux
valeurs dont les intervalles se recoupent, ou que ne sépare pas le seuil pratique, ne sont pas ordonnées.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from abs.calcul.chiffre import Chiffre
from abs.formats import nombre
from abs.indicateurs.indicateurs import Indicateur
from abs.phrases.rangs import MAILLES_MINIMUM, PART_SOLIDE, classables
from abs.phrases.significativite import (
    Comparaison,
    Mailles,
    Verdict,
    arrondi_publie,
    comparer,
    elargissement,
    marge_de,
    reste,
    seuil_de,
)
from abs.statuts import LIBELLES_STATUT, Fiabilite, Statut
from abs.territoires.territoires import Territoire

Fourchette = tuple[int, int]


@dataclass(frozen=True)
class Position:
    """La place d'une commune pour un indicateur."""

    territoire: Territoire
    chiffre: Chiffre | None
    fourchette: Fourchette | None = None
    comparaison: Comparaison = field(default_factory=lambda: Comparaison(Verdict.NON_EVALUE))
    silence: str = ""

    @property
    def signe(self) -> str:
        """Flèche d'un écart établi avec le reste de l'intercommunalité ; vide sinon."""
        return {Verdict.PLUS: "▲", Verdict.MOINS: "▼"}.get(self.comparaison.verdict, "")


@dataclass(frozen=True)
class Classement:
    """Les places de toutes les communes pour un indicateur."""

    indicateur: Indicateur
    positions: dict[str, Position]
    rangees: int = 0
    refus: str = ""


def seuil_avec_arrondi(indicateur: Indicateur, repere: float, *chiffres: Chiffre) -> float:
    """Donner l'écart à partir duquel deux chiffres diffèrent : le seuil pratique, plus l'arrondi du producteur."""
    # 0,2 + 0,05 + 0,05 dépasse 0,3 en flottants : un écart publié de 0,3 y serait tu.
    return round(seuil_de(indicateur, repere) + arrondi_publie(indicateur, *chiffres), 9)


def comparer_au_reste(
    indicateur: Indicateur, commune: Chiffre, ensemble: Chiffre, essais: int
) -> Comparaison:
    """Comparer une commune au reste de son intercommunalité, ou à l'ensemble quand le reste ne se calcule pas."""
    if (commune.millesime, commune.definition) != (ensemble.millesime, ensemble.definition):
        return Comparaison(Verdict.NON_EVALUE)
    autre = reste(indicateur, commune, ensemble)
    if autre is None:
        autre = ensemble
    lue = comparer(indicateur, commune, autre, essais)
    assez = abs(lue.ecart) >= seuil_avec_arrondi(indicateur, autre.valeur, commune, autre)
    if lue.verdict == Verdict.DANS_LA_MARGE and assez and abs(lue.ecart) > lue.marge:
        return replace(lue, verdict=Verdict.PLUS if lue.ecart > 0 else Verdict.MOINS)
    return lue


def rangs_compatibles(
    valeurs: Sequence[float],
    marges: Sequence[float],
    ecarts_minimaux: Sequence[Sequence[float]] | float = 0.0,
) -> list[Fourchette]:
    """Donner à chaque valeur les places que les marges permettent."""
    combien = len(valeurs)

    def au_dessus(i: int, j: int) -> bool:
        seuil = ecarts_minimaux if isinstance(ecarts_minimaux, int | float) else ecarts_minimaux[i][j]
        # Les valeurs sont des flottants : un écart de 2 points exactement ne doit pas se lire 1,9999.
        ecart = round(valeurs[i] - valeurs[j], 9)
        return ecart > marges[i] + marges[j] and ecart >= seuil

    return [
        (
            1 + sum(au_dessus(j, i) for j in range(combien) if j != i),
            combien - sum(au_dessus(i, j) for j in range(combien) if j != i),
        )
        for i in range(combien)
    ]


def ranger(indicateur: Indicateur, chiffres: Sequence[Chiffre]) -> list[Fourchette | None]:
    """Ranger des chiffres de même date ; ceux dont la marge n'est pas évaluée n'ont pas de place."""
    marges = [marge_de(indicateur, c) for c in chiffres]
    rangeables = [r for r, m in enumerate(marges) if m is not None]
    large = elargissement(len(rangeables))
    lus = [chiffres[r] for r in rangeables]
    seuils = [
        [seuil_avec_arrondi(indicateur, max(abs(a.valeur), abs(b.valeur)), a, b) for b in lus] for a in lus
    ]
    places = rangs_compatibles(
        [c.valeur for c in lus], [large * (marges[r] or 0.0) for r in rangeables], seuils
    )
    rendues: list[Fourchette | None] = [None] * len(chiffres)
    for rang, place in zip(rangeables, places, strict=True):
        rendues[rang] = place
    return rendues


def classer(
    indicateur: Indicateur, communes: Mailles, ensemble: Chiffre | None, populations: Mapping[str, float]
) -> Classement:
    """Classer les communes d'une intercommunalité pour un indicateur, ou dire pourquoi on ne le fait pas."""
    admises = {t.code for t, _ in classables(communes, populations)}
    lus = [(t, c) for t, c in communes if t.code in admises and c is not None and c.a_une_valeur]
    fourchettes = ranger(indicateur, [c for _, c in lus])
    rangees = sum(f is not None for f in fourchettes)
    refus = _refus(indicateur, rangees, len(communes), [c for _, c in lus])
    par_code = {t.code: f for (t, _), f in zip(lus, fourchettes, strict=True)}
    positions = {}
    for t, c in communes:
        fourchette = None if refus else par_code.get(t.code)
        silence = _silence(t, c, admises, (fourchette, rangees), refus)
        if fourchette == (1, rangees):
            # Toutes les places lui sont possibles : ce n'est pas un rang.
            fourchette = None
        comparaison = Comparaison(Verdict.NON_EVALUE)
        if c is not None and c.a_une_valeur and ensemble is not None and ensemble.a_une_valeur:
            comparaison = comparer_au_reste(indicateur, c, ensemble, max(len(lus), 1))
        positions[t.code] = Position(t, c, fourchette, comparaison, silence)
    return Classement(indicateur, positions, rangees, refus)


def _refus(indicateur: Indicateur, rangees: int, toutes: int, lus: Sequence[Chiffre]) -> str:
    """Dire pourquoi un indicateur ne se classe pas (règles de fiabilité et d'extrêmes)."""
    if indicateur.nature == "effectif":
        return "un effectif suit la taille de la commune : il ne se range pas"
    estimes = sum(c.statut == Statut.ESTIME for c in lus)
    if rangees < max(MAILLES_MINIMUM, PART_SOLIDE * toutes) and estimes:
        # Dire « pas assez solide » d'un chiffre estimé tairait la vraie raison : il croise deux sources.
        if estimes == len(lus):
            return "chiffre estimé, qui croise deux sources"
        if rangees + estimes >= max(MAILLES_MINIMUM, PART_SOLIDE * toutes):
            return (
                f"{nombre(estimes)} chiffres sur {nombre(len(lus))} sont estimés, ils croisent deux sources"
            )
    if rangees < MAILLES_MINIMUM:
        return f"moins de {MAILLES_MINIMUM} communes ont un chiffre assez solide pour être rangées"
    if rangees < PART_SOLIDE * toutes:
        return (
            f"{nombre(rangees)} communes sur {nombre(toutes)} seulement ont un chiffre assez solide ; "
            f"il en faut {nombre(100 * PART_SOLIDE)}\u00a0%"
        )
    return ""


def _silence(
    territoire: Territoire,
    chiffre: Chiffre | None,
    admises: set[str],
    place: tuple[Fourchette | None, int],
    refus: str,
) -> str:
    """Dire pourquoi une commune n'a pas de rang : sa propre raison d'abord, celle de l'indicateur ensuite."""
    fourchette, rangees = place
    raisons = (
        (territoire.code not in admises, "moins de 200 habitants"),
        (chiffre is None, "indicateur non publié à la commune"),
        (
            chiffre is not None and not chiffre.a_une_valeur,
            LIBELLES_STATUT.get(chiffre.statut, "") if chiffre else "",
        ),
        (chiffre is not None and chiffre.fiabilite == Fiabilite.FRAGILE, "chiffre fragile"),
        (chiffre is not None and chiffre.statut == Statut.ESTIME, "chiffre estimé, qui croise deux sources"),
        (bool(refus), refus),
        (fourchette is None, "marge non évaluée"),
        (fourchette == (1, rangees), "ne se distingue d'aucune autre"),
    )
    return next((mots for vrai, mots in raisons if vrai), "")


def mots_du_rang(fourchette: Fourchette | None) -> str:
    """Écrire une fourchette de rangs."""
    if fourchette is None:
        return ""
    premiere, derniere = (("1er" if n == 1 else f"{n}e") for n in fourchette)
    return premiere if fourchette[0] == fourchette[1] else f"{premiere} à {derniere}"
