"""Placer sans collision : échelles, graduations, étiquettes écartées juste ce qu'il faut, colonnes de noms."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from matplotlib.ticker import MaxNLocator

from abs.formats import avec_unite
from cartes.graphiques.feuille import Feuille, couper, mesurer
from cartes.graphiques.style import CORPS, EN_NOMBRE, INTERLIGNE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from abs.graphiques.demandes import Valeur


@dataclass(frozen=True)
class Echelle:
    """Passage affine d'un domaine de valeurs à un segment de la page."""

    domaine: tuple[float, float]
    place: tuple[float, float]

    def __call__(self, valeur: float) -> float:
        """Donner la place d'une valeur."""
        (bas, haut), (debut, fin) = self.domaine, self.place
        return debut + (valeur - bas) / (haut - bas) * (fin - debut)


def domaine(valeurs: Iterable[Valeur], aisance: float = 0.04, minimum: float = 0.0) -> tuple[float, float]:
    """Donner l'étendue des valeurs, marges comprises, un peu élargie, et au moins une part de la plus grande."""
    bornes = [
        valeur.valeur + signe * (valeur.marge if valeur.marge > 0 and valeur.role not in EN_NOMBRE else 0)
        for valeur in valeurs
        if not valeur.manque
        for signe in (-1, 1)
    ]
    bas, haut = min(bornes, default=0.0), max(bornes, default=1.0)
    grandeur = max(abs(bas), abs(haut))
    elargi = max((haut - bas) * aisance, (grandeur * minimum - (haut - bas)) / 2)
    if haut - bas + elargi == 0:
        elargi = grandeur * 0.05 or 0.5
    return bas - elargi, haut + elargi


def graduations(etendue: tuple[float, float], unite: str, nombre: int = 5) -> list[tuple[float, str]]:
    """Choisir des graduations rondes et les écrire à la française ; une unité longue reste au sous-titre."""
    pas = [float(v) for v in MaxNLocator(nbins=nombre, steps=[1, 2, 5, 10]).tick_values(*etendue)]
    decimales = max(0, -math.floor(math.log10(pas[1] - pas[0]) + 1e-9))
    return [(v, avec_unite(v, unite if len(unite) <= 2 else "", decimales)) for v in pas]


def ecarter(
    voulus: Sequence[float], tailles: Sequence[float], debut: float, fin: float, jeu: float = 3.0
) -> list[float]:
    """Écarter des étiquettes le long d'un axe : au plus près de leur place, dans l'ordre, sans chevauchement.

    Ôter à chaque bord ce que les précédentes occupent ramène à une régression monotone : deux voisines qui se
    gênent se partagent l'écart.
    """
    ordre = sorted(range(len(voulus)), key=lambda rang: (voulus[rang], rang))
    occupe, bords = 0.0, {}
    groupes: list[tuple[float, int]] = []
    for rang in ordre:
        bords[rang] = occupe
        groupes.append((voulus[rang] - tailles[rang] / 2 - occupe, 1))
        occupe += tailles[rang] + jeu
        while len(groupes) > 1 and groupes[-2][0] > groupes[-1][0]:
            (z, n), (y, m) = groupes.pop(), groupes.pop()
            groupes.append(((z * n + y * m) / (n + m), n + m))
    libres = [z for z, n in groupes for _ in range(n)]
    dernier = max(fin - (occupe - jeu), debut)
    places = {
        rang: min(max(z, debut), dernier) + bords[rang] + tailles[rang] / 2
        for rang, z in zip(ordre, libres, strict=True)
    }
    return [places[rang] for rang in range(len(voulus))]


def colonne(noms: Sequence[str], maximum: float, *, gras: bool = False) -> tuple[float, list[list[str]]]:
    """Donner une largeur où chaque nom tient sur une ligne s'il est court, sur deux sinon, et les noms coupés."""
    entiers = max((mesurer(nom, gras=gras) for nom in noms), default=0.0) + 1
    mots = max((mesurer(mot, gras=gras) for nom in noms for mot in nom.split()), default=0.0) + 1
    largeur = max(min(entiers, maximum * 0.65), mots)
    while largeur < maximum and any(len(couper(nom, largeur, gras=gras)) > 2 for nom in noms):
        largeur += 4
    coupes = [couper(nom, min(largeur, maximum), gras=gras) for nom in noms]
    return max((mesurer(t, gras=gras) for nom in coupes for t in nom), default=0.0), coupes


@dataclass(frozen=True)
class Bout:
    """Étiquette au bout d'une ligne : le point qu'elle dit, ses lignes, sa couleur."""

    point: tuple[float, float]
    textes: Sequence[str]
    couleur: str
    gras: bool = False

    @property
    def hauteur(self) -> float:
        """Place prise."""
        return len(self.textes) * CORPS * INTERLIGNE


def poser_les_bouts(
    feuille: Feuille, bouts: Sequence[Bout], x: float, place: tuple[float, float], sens: str = "left"
) -> None:
    """Écrire les étiquettes au bout des lignes, un filet menant au point quand l'une s'en écarte."""
    milieux = ecarter([b.point[1] for b in bouts], [b.hauteur for b in bouts], *place, jeu=1)
    for bout, milieu in zip(bouts, milieux, strict=True):
        feuille.lignes(x, milieu, bout.textes, ha=sens, couleur=bout.couleur, gras=bout.gras)
        cote = 1 if sens == "left" else -1
        if abs(milieu - bout.point[1]) > 3 or abs(x - bout.point[0]) > 12:
            filet = [bout.point[0] + 4 * cote, x - 2 * cote]
            feuille.trait(filet, [bout.point[1], milieu], bout.couleur, 0.5)
