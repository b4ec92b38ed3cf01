"""Le tableau de chaleur : un quartier par ligne, chaque colonne colorée autour de son repère."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from cartes.charte import CHARTE
from cartes.graphiques.etiquettes import colonne
from cartes.graphiques.feuille import ENCRE, MENTION, PAPIER, Entree, Feuille, couper, legender, mesurer
from cartes.graphiques.style import CORPS, INTERLIGNE, PHRASES, TABLE, ecrit
from cartes.palettes import couleurs_sequentielles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from abs.graphiques.demandes import DemandeDeGraphique, Serie, Valeur

_NIVEAUX = 3
# Du plus près au plus loin du repère, assez claires pour qu'un chiffre s'y lise ; un triangle redit de quel côté est
# la valeur, en gris ou pour qui ne voit pas les teintes.
_TEINTES = {
    cote: couleurs_sequentielles(2 * _NIVEAUX + 1, rampe)[1 : _NIVEAUX + 1]
    for cote, rampe in zip((-1, 1), CHARTE["divergentes"][TABLE["divergente"]], strict=True)
}
_TRIANGLES = {-1: "v", 1: "^"}
_PLACE_DU_TRIANGLE = 14.0


def chaleur(feuille: Feuille, demande: DemandeDeGraphique) -> None:
    """Dessiner le repère puis les quartiers, la valeur écrite dans chaque case.

    Des colonnes trop nombreuses pour la page passent dans un second tableau, sous le premier.
    """
    repere, *autres = demande.series
    lignes = [repere, *autres[: TABLE["lignes_de_chaleur"]]]
    legender(feuille, _legende(repere))
    largeur, noms = colonne([s.nom for s in lignes], feuille.largeur * 0.36, gras=True)
    gauche = largeur + 8
    place = feuille.largeur - 1 - gauche
    case = max(mesurer(ecrit(v), gras=True) for s in lignes for v in s.valeurs) + _PLACE_DU_TRIANGLE
    tableaux = math.ceil(len(repere.valeurs) / max(int(place / case), 1))
    nombre = math.ceil(len(repere.valeurs) / tableaux)
    for debut in range(0, len(repere.valeurs), nombre):
        rangs = range(debut, min(debut + nombre, len(repere.valeurs)))
        _tableau(feuille, lignes, noms, rangs, (gauche, place / nombre))
    if len(autres) > TABLE["lignes_de_chaleur"]:
        dite = PHRASES["coupees"].format(n=TABLE["lignes_de_chaleur"], total=len(autres))
        feuille.paragraphe(dite, couleur=MENTION)


def _tableau(
    feuille: Feuille,
    lignes: Sequence[Serie],
    noms: Sequence[Sequence[str]],
    rangs: range,
    place: tuple[float, float],
) -> None:
    """Dessiner quelques colonnes, noms des lignes compris."""
    gauche, pas = place
    repere = lignes[0]
    _intituler_les_colonnes(feuille, [repere.valeurs[rang].libelle for rang in rangs], gauche, pas)
    for serie, nom in zip(lignes, noms, strict=True):
        hauteur = max(15.0, len(nom) * CORPS * INTERLIGNE + 3)
        est_repere = serie is repere
        feuille.lignes(1, feuille.bas + hauteur / 2, nom, gras=est_repere)
        for numero, rang in enumerate(rangs):
            valeur = serie.valeurs[rang]
            sans_repere = repere.valeurs[rang].manque and not est_repere
            force = None if sans_repere else niveau(valeur, repere.valeurs[rang], _etendue(rang, lignes))
            _case(feuille, (gauche + numero * pas, feuille.bas, pas, hauteur), valeur, force, gras=est_repere)
        feuille.bas += hauteur
        if est_repere:
            feuille.trait([1, gauche + pas * len(rangs)], [feuille.bas + 1] * 2, ENCRE, 0.8)
            feuille.bas += 2.5
    feuille.bas += 5


def _etendue(rang: int, lignes: Sequence[Serie]) -> float:
    """Mesurer le plus grand écart d'une colonne ; un écart minuscule ne prend pas une teinte forte."""
    reference = lignes[0].valeurs[rang].valeur
    ecarts = [abs(s.valeurs[rang].valeur - reference) for s in lignes[1:] if not s.valeurs[rang].manque]
    return max([*ecarts, abs(reference) * TABLE["ecart_minimal_de_chaleur"] / 100], default=0.0)


def niveau(valeur: Valeur, repere: Valeur, etendue: float) -> int:
    """Donner le côté et la force d'un écart au repère, de -3 à 3 ; zéro dans la marge ou sans repère."""
    ecart = valeur.valeur - repere.valeur
    marge = 0 if math.isnan(valeur.marge) else valeur.marge
    if math.isnan(ecart) or not etendue or abs(ecart) <= marge:
        return 0
    force = sum(abs(ecart) / etendue >= seuil for seuil in TABLE["seuils_de_chaleur"])
    return force if ecart > 0 else -force


def couleur_de(force: int) -> str:
    """Donner la teinte d'un niveau ; celle du papier près du repère."""
    return _TEINTES[1 if force > 0 else -1][abs(force) - 1] if force else PAPIER


def _case(
    feuille: Feuille,
    case: tuple[float, float, float, float],
    valeur: Valeur,
    force: int | None,
    *,
    gras: bool,
) -> None:
    x, y, largeur, hauteur = case
    texte, milieu = ecrit(valeur), y + hauteur / 2
    if valeur.manque:
        feuille.absence(x + 0.6, y + 0.6, largeur - 1.2, hauteur - 1.2, texte)
        return
    if force is None:
        feuille.rectangle(x, y, largeur, hauteur, TABLE["reglette"], edgecolor=PAPIER, linewidth=1.2)
    elif force:
        bord: dict[str, Any] = {"edgecolor": PAPIER, "linewidth": 1.2, "gid": f"case {force}"}
        feuille.rectangle(x, y, largeur, hauteur, couleur_de(force), **bord)
        _triangle(feuille, x + largeur - 6, milieu, force)
    # Les chiffres d'une colonne restent alignés, triangle ou non.
    feuille.mot(x + largeur / 2 - 4, milieu, texte, gras=gras, ha="center")


def _triangle(feuille: Feuille, x: float, y: float, force: int) -> None:
    forme = _TRIANGLES[1 if force > 0 else -1]
    dessin: dict[str, Any] = {"marker": forme, "markersize": 4.2, "markeredgewidth": 0, "zorder": 6}
    feuille.trait([x], [y], ENCRE, 0, **dessin)


def _intituler_les_colonnes(feuille: Feuille, noms: Sequence[str], gauche: float, pas: float) -> None:
    """Écrire les en-têtes, debout quand ils se toucheraient."""
    coupes = [couper(nom, max([pas - 4, *map(mesurer, nom.split())])) for nom in noms]
    if not _tiennent(coupes, pas):
        _dresser_les_intitules(feuille, noms, gauche, pas)
        return
    interligne = CORPS * INTERLIGNE
    bas = feuille.bas + max(len(c) for c in coupes) * interligne
    for rang, textes in enumerate(coupes):
        milieu = bas - len(textes) * interligne / 2
        feuille.lignes(gauche + (rang + 0.5) * pas, milieu, textes, couleur=MENTION, ha="center")
    feuille.bas = bas + 3


def _tiennent(coupes: Sequence[Sequence[str]], pas: float) -> bool:
    """Dire si les en-têtes se lisent sans se toucher ; un long mot peut empiéter sur un voisin court."""
    bords = [[mesurer(texte) / 2 for texte in reversed(textes)] for textes in coupes]
    separes = all(a + b <= pas - 5 for un, autre in pairwise(bords) for a, b in zip(un, autre, strict=False))
    return separes and max(bords[-1]) <= pas / 2


def _dresser_les_intitules(feuille: Feuille, noms: Sequence[str], gauche: float, pas: float) -> None:
    coupes = [couper(nom, max([80.0, *map(mesurer, nom.split())])) for nom in noms]
    bas = feuille.bas + max(mesurer(texte) for textes in coupes for texte in textes)
    style: dict[str, Any] = {"rotation": 90, "va": "bottom", "ha": "center", "couleur": MENTION}
    for rang, textes in enumerate(coupes):
        for ligne, texte in enumerate(textes):
            decalage = (ligne - (len(textes) - 1) / 2) * CORPS * INTERLIGNE
            feuille.mot(gauche + (rang + 0.5) * pas + decalage, bas - 0.36 * CORPS, texte, **style)
    feuille.bas = bas + 3


def _legende(repere: Serie) -> list[Entree]:
    entrees = [
        _entree(PHRASES["dessous"].format(nom=repere.nom), range(-_NIVEAUX, 0)),
        _entree(PHRASES["proche"], range(1)),
        _entree(PHRASES["dessus"], range(1, _NIVEAUX + 1)),
    ]
    if any(v.manque for v in repere.valeurs):
        entrees.append(Entree(PHRASES["sans_repere"], _case_sans_repere, 12))
    return entrees


def _case_sans_repere(feuille: Feuille, x: float, y: float) -> None:
    feuille.rectangle(x, y - 4, 12, 8, TABLE["reglette"], edgecolor=TABLE["hachures"], linewidth=0.4)


def _entree(texte: str, forces: range) -> Entree:
    def poser(feuille: Feuille, x: float, y: float) -> None:
        for rang, force in enumerate(forces):
            bord: dict[str, Any] = {"edgecolor": TABLE["hachures"], "linewidth": 0.4}
            feuille.rectangle(x + 12 * rang, y - 4, 12, 8, couleur_de(force), **bord)
            if force:
                _triangle(feuille, x + 12 * rang + 6, y, force)

    return Entree(texte, poser, 12 * len(forces))
