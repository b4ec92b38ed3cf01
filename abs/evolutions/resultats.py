"""Ce qu'un relevé d'évolutions rapporte : les lignes, ce qui les précise, ce qui n'a pas été comparé."""

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from abs.calcul.table_longue import Suite
from abs.evolutions.evolutions import Evolution, Verdict, seuil_d_evolution
from abs.indicateurs.indicateurs import indicateur
from abs.territoires.territoires import Territoire

ETABLIS: Final = frozenset({Verdict.SIGNIFICATIF, Verdict.NOTABLE})
# Ce qu'un lecteur retient : peu d'écarts, et pas deux fois le même fait sous des noms voisins.
SAILLANTS: Final = 8
PAR_THEME: Final = 4


@dataclass(frozen=True)
class Refus:
    """Un indicateur dont l'évolution n'est pas écrite."""

    indicateur: str
    source: str
    raisons: tuple[str, ...]
    tenues: tuple[tuple[int, int], ...] = ()
    publiees: tuple[tuple[int, int], ...] = ()


@dataclass
class Releve:
    """Les évolutions d'un territoire entre deux dates."""

    sujet: Territoire
    de: int
    a: int
    totaux: dict[str, list[Evolution]] = field(default_factory=dict)
    mailles: dict[str, list[Evolution]] = field(default_factory=dict)
    notes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    refus: list[Refus] = field(default_factory=list)
    geographie: list[str] = field(default_factory=list)
    # À toutes les dates que la base tient, ce qu'une courbe montre : par indicateur.
    suites: dict[str, Suite] = field(default_factory=dict)
    # Fichiers d'essai d'où des chiffres sont lus : ils ne décrivent aucun territoire.
    essais: tuple[str, ...] = ()

    def du_sujet(self) -> list[Evolution]:
        """Donner une ligne par indicateur : le territoire entier, ou l'IRIS demandé."""
        lignes = (self.totaux[code] or self.mailles.get(code, []) for code in self.totaux)
        return [siennes[0] for siennes in lignes if siennes]

    def lignes(self) -> list[Evolution]:
        """Donner toutes les lignes, le territoire entier avant ses mailles, indicateur par indicateur."""
        return [e for code in self.totaux for e in (*self.totaux[code], *self.mailles.get(code, ()))]


def saillants(releve: Releve) -> list[Evolution]:
    """Choisir ce qui a vraiment changé : établi et au moins égal au seuil pratique, les plus nets de chaque thème."""
    etablis = [e for e in releve.du_sujet() if e.verdict in ETABLIS and e.notable]
    choisis: list[Evolution] = []
    par_theme: Counter[str] = Counter()
    for evolution in sorted(etablis, key=_en_seuils, reverse=True):
        theme = indicateur(evolution.indicateur).theme
        # Une part et ce qui la complète à cent sont un seul fait.
        redit = any(math.isclose(c.ecart, -evolution.ecart, abs_tol=1e-6) for c in choisis)
        if not redit and par_theme[theme] < PAR_THEME and len(choisis) < SAILLANTS:
            choisis.append(evolution)
            par_theme[theme] += 1
    return choisis


def _en_seuils(evolution: Evolution) -> float:
    """Mesurer un écart en nombre de seuils pratiques : des points, des euros et des habitants s'y rangent ensemble."""
    seuil = seuil_d_evolution(indicateur(evolution.indicateur), evolution.avant.valeur)
    return abs(evolution.ecart) / seuil if seuil else 0.0
