"""Les points sur réglette : une ligne par indicateur, le territoire parmi ses repères et ses mailles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cartes.graphiques.etiquettes import Echelle, colonne, domaine, ecarter, graduations
from cartes.graphiques.feuille import (
    MENTION,
    PAPIER,
    Entree,
    Feuille,
    couper,
    entree_de_point,
    legender,
    mesurer,
)
from cartes.graphiques.style import CORPS, CORPS_FORT, EN_NOMBRE, INTERLIGNE, PHRASES, TABLE, ecrit, signe_de

if TYPE_CHECKING:
    from collections.abc import Sequence

    from abs.graphiques.demandes import DemandeDeGraphique, Serie, Valeur

# De loin en près du regard : les mailles au fond, le sujet devant.
_ORDRE = (
    "maille",
    "pair",
    "reste",
    "france",
    "region",
    "departement",
    "reference",
    "epci",
    "categorie",
    "commune",
    "sujet",
)
# Dans une foule de points de 3,6 points de large, celui qui en recouvre un autre aux deux tiers ne se distingue plus.
_FOULE, _RECOUVREMENT = 150, 2.5
# Du plus large au plus petit : le contour de chacun se voit encore quand toutes les valeurs sont égales.
_EMPILEMENT = (
    "maille",
    "pair",
    "reste",
    "epci",
    "reference",
    "commune",
    "region",
    "departement",
    "france",
    "categorie",
    "sujet",
)
_COULOIR, _SIGNE = 12.0, 10.0
_EPAISSEUR = 4.6


@dataclass(frozen=True)
class Ligne:
    """Une réglette mesurée : son nom coupé, ce qui s'écrit au-dessus et au-dessous."""

    serie: Serie
    nom: list[str]
    dessus: list[Valeur]
    dessous: list[Valeur]


def points(feuille: Feuille, demande: DemandeDeGraphique) -> None:
    """Dessiner les réglettes ; leur nom est à gauche, ou au-dessus quand la page est étroite."""
    legender(feuille, _legende(demande))
    etroite = feuille.largeur < 300
    noms = [couper(s.nom, feuille.largeur - 2) for s in demande.series] if etroite else []
    largeur, noms = (0.0, noms) if etroite else colonne([s.nom for s in demande.series], 150)
    lignes = [_ligne(serie, nom) for serie, nom in zip(demande.series, noms, strict=True)]
    place = (8 if etroite else largeur + 19, feuille.largeur - 8)
    commune = domaine(demande.valeurs()) if demande.echelle_commune else None
    depart = feuille.bas
    for ligne in lignes:
        # Entre trois valeurs voisines, une échelle qui n'irait que de l'une à l'autre grossirait un écart infime.
        sienne = commune or domaine(ligne.serie.valeurs, minimum=TABLE["etendue_minimale"] / 100)
        _poser(feuille, ligne, Echelle(sienne, place), etroite=etroite)
    if commune:
        _graduer(feuille, Echelle(commune, place), demande.unite, depart)


def _legende(demande: DemandeDeGraphique) -> list[Entree]:
    """Nommer chaque rôle une fois, le sujet d'abord ; ce qui est en nombre n'a qu'un nom commun."""
    noms: dict[str, tuple[str, Entree]] = {}
    for valeur in demande.valeurs():
        signe = signe_de(valeur.role)
        commun = demande.mailles if valeur.role == "maille" and demande.mailles else signe.libelle
        nom = commun or valeur.libelle
        if nom and not (valeur.manque and valeur.role in EN_NOMBRE):
            noms.setdefault(f"{valeur.role} {nom}", (valeur.role, entree_de_point(nom, signe)))
    entrees = [e for _, e in sorted(noms.values(), key=lambda dit: -_ORDRE.index(dit[0]))]
    if all(len(s.valeurs) == 1 and s.valeurs[0].libelle in ("", s.nom) for s in demande.series):
        # Chaque réglette porte déjà le nom de sa seule valeur.
        entrees = []
    if any(v.marge > 0 and v.role not in EN_NOMBRE for v in demande.valeurs()):
        couleur = MENTION
        entrees.append(
            Entree(PHRASES["marge"], lambda f, x, y: f.trait([x, x + 12], [y, y], couleur, 1.3), 12)
        )
    return entrees


def _ligne(serie: Serie, nom: list[str]) -> Ligne:
    """Choisir ce qui s'écrit : au-dessus le sujet, ou la maille seule dont la réglette parle ; au-dessous les repères."""
    dites = [v for v in serie.valeurs if v.role not in EN_NOMBRE]
    dessus = [v for v in dites if v.role == "sujet"] or _maille_seule(serie) or dites[:1]
    return Ligne(serie, nom, dessus, [v for v in dites if v not in dessus])


def _maille_seule(serie: Serie) -> list[Valeur]:
    """Donner la maille d'une réglette qui n'en a qu'une et pas de sujet : elle en est le chiffre, non le fond."""
    mailles = [v for v in serie.valeurs if v.role in EN_NOMBRE]
    return mailles if len(mailles) == 1 and all(v.role != "sujet" for v in serie.valeurs) else []


def _poser(feuille: Feuille, ligne: Ligne, echelle: Echelle, *, etroite: bool) -> None:
    hauteur_du_nom = len(ligne.nom) * CORPS * INTERLIGNE
    if etroite and any(ligne.nom):
        feuille.lignes(1, feuille.bas + hauteur_du_nom / 2, ligne.nom, couleur=MENTION)
        feuille.bas += hauteur_du_nom
        hauteur_du_nom = 0
    haut, bas = _COULOIR + 1, _COULOIR * bool(ligne.dessous) + 1
    jeu = max(0.0, hauteur_du_nom - haut - bas - 8) / 2
    y = feuille.bas + jeu + haut + 4
    if hauteur_du_nom:
        feuille.lignes(echelle.place[0] - 18, y, ligne.nom, ha="right")
    feuille.trait(
        list(echelle.place), [y, y], TABLE["reglette"], _EPAISSEUR, solid_capstyle="round", zorder=1
    )
    _poser_les_marques(feuille, ligne.serie, echelle, y)
    gauche = 1 if etroite else echelle.place[0] - 14
    for valeurs, milieu in ((ligne.dessus, y - haut + 3), (ligne.dessous, y + _COULOIR - 2)):
        _ecrire_les_valeurs(feuille, valeurs, echelle, (gauche, y), milieu)
    feuille.bas = y + 4 + bas + jeu + 4


def _poser_les_marques(feuille: Feuille, serie: Serie, echelle: Echelle, y: float) -> None:
    creux: list[float] = []
    for rang, role in enumerate(_EMPILEMENT):
        presentes = [v for v in serie.presentes if v.role == role]
        if not presentes:
            continue
        signe = signe_de(presentes[0].role)
        for valeur in presentes:
            if valeur.marge > 0 and role not in EN_NOMBRE:
                bornes = [echelle(valeur.valeur - valeur.marge), echelle(valeur.valeur + valeur.marge)]
                for couleur, epaisseur in ((PAPIER, 2.6), (signe.couleur, 1.3)):
                    feuille.trait(bornes, [y, y], couleur, epaisseur, zorder=4)
        style: dict[str, Any] = {"markersize": 6.5} if presentes == _maille_seule(serie) else {}
        x = [echelle(v.valeur) for v in presentes]
        if not signe.plein and any(abs(place - autre) < _SIGNE for place in x for autre in creux):
            # Un signe creux ne bouche pas celui qu'il recouvre.
            style["markerfacecolor"] = "none"
        creux += [] if signe.plein else x
        if len(x) > _FOULE:
            x = _eclaircir(x)
        feuille.marques(x, [y] * len(x), signe, zorder=5 + rang / 20, gid=f"{serie.nom} {role}", **style)


def _eclaircir(places: Sequence[float]) -> list[float]:
    """Ôter les points que d'autres recouvrent : le dessin est le même, le fichier reste léger."""
    gardes: list[float] = []
    for place in sorted(places):
        if not gardes or place - gardes[-1] >= _RECOUVREMENT:
            gardes.append(place)
    return gardes


def _ecrire_les_valeurs(
    feuille: Feuille, valeurs: Sequence[Valeur], echelle: Echelle, bord: tuple[float, float], milieu: float
) -> None:
    """Écrire les valeurs d'un couloir, écartées l'une de l'autre, un filet menant à celles qui s'éloignent."""
    gauche, y = bord
    forts = [v.role == "sujet" for v in valeurs]
    corps = [CORPS_FORT if fort else CORPS for fort in forts]
    # Sans place sur l'échelle, une valeur absente s'écrit au bout, derrière son signe.
    tailles = [
        mesurer(ecrit(v), c, gras=fort) + _SIGNE * v.manque
        for v, c, fort in zip(valeurs, corps, forts, strict=True)
    ]
    voulus = [feuille.largeur if v.manque else echelle(v.valeur) for v in valeurs]
    places = ecarter(voulus, tailles, gauche, feuille.largeur - 1, jeu=5)
    for valeur, fort, rang in zip(valeurs, forts, range(len(valeurs)), strict=True):
        x, signe = places[rang], signe_de(valeur.role)
        couleur = MENTION if valeur.role in EN_NOMBRE else signe.couleur
        style: dict[str, Any] = {"gras": fort, "couleur": couleur, "ha": "center"}
        feuille.mot(x + _SIGNE / 2 * valeur.manque, milieu, ecrit(valeur), corps[rang], **style)
        if valeur.manque:
            feuille.marques([x - tailles[rang] / 2 + 4], [milieu], signe, markersize=5.5, markeredgewidth=1)
        elif abs(x - voulus[rang]) > 4:
            vers = 1 if milieu > y else -1
            feuille.trait([voulus[rang], x], [y + 4.5 * vers, milieu - 4.5 * vers], couleur, 0.5)


def _graduer(feuille: Feuille, echelle: Echelle, unite: str, haut: float) -> None:
    """Poser les graduations de l'échelle commune, et leurs filets derrière les réglettes."""
    bas, fin = echelle.domaine
    occupe = -1.0
    for valeur, texte in graduations(echelle.domaine, unite, 6):
        x, demi = echelle(valeur), mesurer(texte) / 2
        if not bas <= valeur <= fin or x - demi < occupe or x + demi > feuille.largeur - 1:
            continue
        occupe = x + demi + 4
        feuille.trait([x, x], [haut, feuille.bas], TABLE["grille"], 0.6, zorder=0.5)
        feuille.mot(x, feuille.bas + 6, texte, couleur=MENTION, ha="center")
    feuille.bas += 12
