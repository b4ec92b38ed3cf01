"""Ranger des communes sans rien inventer : un rang est l'ensemble des places que les marges permettent.

Chaque valeur est entourée de sa marge, élargie (Bonferroni) au nombre de communes rangées : les vraies valeurs sont alors
toutes ensemble dans leurs intervalles avec le risque choisi, et chaque vraie place est dans la fourchette écrite. Deux
valeurs dont les intervalles se recoupent, ou que ne sépare pas le seuil pratique, ne sont pas ordonnées.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from abs.calcul.table_longue import Chiffre, Diagnostic, Lus
from abs.definitions import dire
from abs.formats import nombre
from abs.indicateurs.indicateurs import Indicateur
from abs.intercommunal.plan import chiffrees, plan
from abs.phrases import significativite
from abs.phrases.etendue import MAILLES_MINIMUM, PART_SOLIDE, classables
from abs.phrases.significativite import Comparaison, Verdict
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
        return str(plan()["verdicts"]["signe"].get(self.comparaison.verdict, ""))


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
    arrondi = significativite.arrondi_publie(indicateur, *chiffres)
    return round(significativite.seuil_de(indicateur, repere) + arrondi, 9)


def comparer_au_reste(
    indicateur: Indicateur, commune: Chiffre, ensemble: Chiffre, essais: int
) -> Comparaison:
    """Comparer une commune au reste de son intercommunalité, ou à l'ensemble quand le reste ne se calcule pas."""
    if (commune.millesime, commune.definition) != (ensemble.millesime, ensemble.definition):
        return Comparaison(Verdict.NON_EVALUE)
    autre = significativite.reste(indicateur, commune, ensemble) or ensemble
    lue = significativite.comparer(indicateur, commune, autre, essais)
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
    # Les valeurs sont des flottants : un écart de 2 points exactement ne doit pas se lire 1,9999.
    ecarts = np.round(np.subtract.outer(valeurs, valeurs), 9)
    au_dessus = (ecarts > np.add.outer(marges, marges)) & (ecarts >= np.asarray(ecarts_minimaux))
    np.fill_diagonal(au_dessus, val=False)
    premieres, dernieres = 1 + au_dessus.sum(axis=0), len(valeurs) - au_dessus.sum(axis=1)
    return list(zip(premieres.tolist(), dernieres.tolist(), strict=True))


def ranger(indicateur: Indicateur, chiffres: Sequence[Chiffre]) -> list[Fourchette | None]:
    """Ranger des chiffres de même date ; ceux dont la marge n'est pas évaluée n'ont pas de place."""
    marges = [significativite.marge_de(indicateur, c) for c in chiffres]
    rangeables = [r for r, m in enumerate(marges) if m is not None]
    large = significativite.elargissement(len(rangeables))
    lus = [chiffres[r] for r in rangeables]
    seuils = [
        [seuil_avec_arrondi(indicateur, max(abs(a.valeur), abs(b.valeur)), a, b) for b in lus] for a in lus
    ]
    elargies = [large * (marges[r] or 0.0) for r in rangeables]
    places = rangs_compatibles([c.valeur for c in lus], elargies, seuils)
    rendues = dict(zip(rangeables, places, strict=True))
    return [rendues.get(rang) for rang in range(len(chiffres))]


def classer(
    indicateur: Indicateur, communes: Lus, ensemble: Chiffre | None, populations: Mapping[str, float]
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
        silence = dire("rangs", "petite")
        if t.code in admises:
            silence = _silence(c, (fourchette, rangees), refus)
        # Toutes les places lui sont possibles : ce n'est pas un rang.
        place = None if fourchette == (1, rangees) else fourchette
        comparaison = Comparaison(Verdict.NON_EVALUE)
        if c is not None and c.a_une_valeur and ensemble is not None and ensemble.a_une_valeur:
            comparaison = comparer_au_reste(indicateur, c, ensemble, max(len(lus), 1))
        positions[t.code] = Position(t, c, place, comparaison, silence)
    return Classement(indicateur, positions, rangees, refus)


def classer_tout(diagnostic: Diagnostic) -> dict[str, Classement]:
    """Classer les communes pour chaque indicateur du diagnostic."""
    communes, sujet = diagnostic.ensembles.mailles, diagnostic.ensembles.sujet
    populations = {code: c.valeur for code, c in chiffrees(diagnostic, "population").items()}
    return {
        code: classer(
            diagnostic.indicateurs[code],
            [(t, diagnostic.chiffre(t, code, "mailles")) for t in communes],
            diagnostic.chiffre(sujet, code, "mailles"),
            populations,
        )
        for groupe, code in diagnostic.millesimes
        if groupe == "mailles"
    }


def _refus(indicateur: Indicateur, rangees: int, toutes: int, lus: Sequence[Chiffre]) -> str:
    """Dire pourquoi un indicateur ne se classe pas (règles de fiabilité et d'extrêmes)."""
    estimes, assez = sum(c.statut == Statut.ESTIME for c in lus), max(MAILLES_MINIMUM, PART_SOLIDE * toutes)
    # Dire « pas assez solide » d'un chiffre estimé tairait la vraie raison : il croise deux sources.
    tus = bool(estimes) and rangees < assez
    raisons = {
        "effectif": indicateur.nature == "effectif",
        "estime": tus and estimes == len(lus),
        "estimes": tus and rangees + estimes >= assez,
        "trop_peu": rangees < MAILLES_MINIMUM,
        "une_partie": rangees < PART_SOLIDE * toutes,
    }
    comptes: dict[str, float] = {"estimes": estimes, "lus": len(lus), "rangees": rangees, "toutes": toutes}
    comptes |= {"minimum": MAILLES_MINIMUM, "part": 100 * PART_SOLIDE}
    mots = {nom: nombre(compte) for nom, compte in comptes.items()}
    return next((dire("rangs", cas, **mots) for cas, vrai in raisons.items() if vrai), "")


def _silence(chiffre: Chiffre | None, place: tuple[Fourchette | None, int], refus: str) -> str:
    """Dire pourquoi une commune n'a pas de rang : sa propre raison d'abord, celle de l'indicateur ensuite."""
    fourchette, rangees = place
    if chiffre is None:
        return dire("rangs", "non_publie")
    if not chiffre.a_une_valeur:
        return LIBELLES_STATUT[chiffre.statut]
    raisons = {
        dire("rangs", "fragile"): chiffre.fiabilite == Fiabilite.FRAGILE,
        dire("rangs", "estime"): chiffre.statut == Statut.ESTIME,
        refus: bool(refus),
        dire("rangs", "sans_marge"): fourchette is None,
        dire("rangs", "indistincte"): fourchette == (1, rangees),
    }
    return next((mots for mots, vrai in raisons.items() if vrai), "")


def mots_du_rang(fourchette: Fourchette | None) -> str:
    """Écrire une fourchette de rangs."""
    if fourchette is None:
        return ""
    premiere, derniere = (("1er" if n == 1 else f"{n}e") for n in fourchette)
    return premiere if fourchette[0] == fourchette[1] else f"{premiere} à {derniere}"
