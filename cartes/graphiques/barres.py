"""Les parts d'un tout : barres à 100 %, gaufre de cent carreaux, pyramide des âges."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from cartes.charte import COULEURS
from cartes.graphiques.etiquettes import Echelle, colonne, graduations
from cartes.graphiques.feuille import (
    ENCRE,
    MENTION,
    PAPIER,
    Entree,
    Feuille,
    couper,
    entree_d_aplat,
    legender,
    mesurer,
)
from cartes.graphiques.style import (
    CORPS,
    CORPS_FORT,
    INTERLIGNE,
    PHRASES,
    TABLE,
    couleurs_de_parts,
    ecrit,
)
from cartes.palettes import contraste

if TYPE_CHECKING:
    from collections.abc import Sequence

    from abs.graphiques.demandes import DemandeDeGraphique, Serie, Valeur

_BARRE, _FILET = 17.0, 1.4


def barres(feuille: Feuille, demande: DemandeDeGraphique) -> None:
    """Dessiner une barre à 100 % par territoire, dans l'ordre des parts."""
    modele = max(demande.series, key=lambda s: len(s.valeurs)).valeurs
    couleurs = dict(zip((v.libelle for v in modele), couleurs_de_parts(modele), strict=True))
    legender(feuille, [entree_d_aplat(libelle, couleur) for libelle, couleur in couleurs.items()])
    largeur, noms = colonne([s.nom for s in demande.series], feuille.largeur * 0.34, gras=True)
    # Un nom que la colonne couperait en plus de deux lignes se lit mieux au-dessus de sa barre.
    dessus = any(len(nom) > 2 for nom in noms)
    echelle = Echelle((0, 100), (1 if dessus or not largeur else largeur + 9, feuille.largeur - 1))
    for serie, nom in zip(demande.series, noms, strict=True):
        gras = serie.role == "sujet"
        if dessus:
            feuille.paragraphe(serie.nom, gras=gras)
            feuille.bas += 1
        hauteur = _BARRE if dessus else max(_BARRE, len(nom) * CORPS * INTERLIGNE)
        milieu = feuille.bas + hauteur / 2
        if not dessus:
            feuille.lignes(echelle.place[0] - 7, milieu, nom, ha="right", gras=gras)
        _barre(feuille, serie, couleurs, echelle, milieu - _BARRE / 2)
        feuille.bas += hauteur + 6
    feuille.bas -= 4


def _barre(feuille: Feuille, serie: Serie, couleurs: dict[str, str], echelle: Echelle, haut: float) -> None:
    cumul = 0.0
    for part in serie.presentes:
        debut, fin = echelle(cumul), echelle(cumul + part.valeur)
        couleur = couleurs[part.libelle]
        bord = {"edgecolor": PAPIER, "linewidth": _FILET, "gid": f"{serie.nom} {part.libelle}"}
        feuille.rectangle(debut, haut, fin - debut, _BARRE, couleur, **bord)
        texte = ecrit(part)
        if mesurer(texte) + 4 <= fin - debut:
            feuille.mot(
                (debut + fin) / 2, haut + _BARRE / 2, texte, couleur=contraste(couleur, ENCRE), ha="center"
            )
        cumul += part.valeur
    fin = echelle(cumul)
    reste = echelle.place[1] - fin
    if any(v.manque for v in serie.valeurs) and reste > 0.5:
        texte = PHRASES["absente"] if reste > 16 else ""
        feuille.absence(fin, haut + 0.7, reste - 0.7, _BARRE - 1.4, texte)
    # Un filet détache du papier une dernière part très claire.
    x, y = echelle.place, (haut + 0.7, haut + _BARRE - 0.7)
    cadre = {"edgecolor": COULEURS["bord_sur_fond_pale"], "linewidth": 0.5, "zorder": 3.5}
    feuille.rectangle(x[0] + 0.7, y[0], x[1] - x[0] - 1.4, y[1] - y[0], "none", **cadre)


# -- gaufre -----------------------------------------------------------------------------------------


def gaufre(feuille: Feuille, demande: DemandeDeGraphique) -> None:
    """Dessiner cent carreaux, rangée par rangée, et dire à côté combien revient à chaque part."""
    parts = demande.series[0].valeurs
    couleurs = couleurs_de_parts(parts)
    comptes = carreaux(parts)
    carreau = 6.0 if feuille.sobre else 13.0 if feuille.largeur > 300 else 10.0
    haut, cote = feuille.bas, 10 * carreau
    pris = [couleur for couleur, compte in zip(couleurs, comptes, strict=True) for _ in range(compte)]
    for rang in range(100):
        x, y = 1 + rang % 10 * carreau, haut + rang // 10 * carreau
        if rang < len(pris):
            bord = {"edgecolor": COULEURS["bord_sur_fond_pale"], "linewidth": 0.4, "gid": f"carreau {rang}"}
            feuille.rectangle(x, y, carreau - 1.4, carreau - 1.4, pris[rang], **bord)
        else:
            feuille.absence(x, y, carreau - 1.4, carreau - 1.4)
    x, place = (1.0, feuille.largeur - 16) if feuille.sobre else (cote + 14, feuille.largeur - cote - 30)
    lignes = [couper(part.libelle, place) for part in parts]
    hauteurs = [(len(texte) + 1) * CORPS * INTERLIGNE + 4 for texte in lignes]
    y = haut + (cote + 6 if feuille.sobre else max(0.0, (cote - sum(hauteurs) + 4) / 2))
    for part, couleur, compte, textes, hauteur in zip(
        parts, couleurs, comptes, lignes, hauteurs, strict=True
    ):
        entree_d_aplat("", couleur).poser(feuille, x, y + 6)
        feuille.mot(x + 14, y + 6, _sur_cent(part, compte), CORPS_FORT, gras=True)
        feuille.lignes(x + 14, y + 6 + (len(textes) + 1) * CORPS * INTERLIGNE / 2, textes, couleur=MENTION)
        y += hauteur
    feuille.bas = max(haut + cote, y)


def _sur_cent(part: Valeur, compte: int) -> str:
    if part.manque:
        return PHRASES["absente"]
    return PHRASES["sur_cent"].format(n=compte) if compte or not part.valeur else PHRASES["moins_d_un"]


def carreaux(parts: Sequence[Valeur]) -> list[int]:
    """Répartir les carreaux : la partie entière de chaque part, les restants aux plus grandes fractions."""
    valeurs = [0.0 if part.manque else part.valeur for part in parts]
    comptes = [math.floor(v) for v in valeurs]
    restants = min(100, round(sum(valeurs))) - sum(comptes)
    for rang in sorted(range(len(valeurs)), key=lambda r: comptes[r] - valeurs[r])[: max(restants, 0)]:
        comptes[rang] += 1
    return comptes


# -- pyramide ---------------------------------------------------------------------------------------


def pyramide(feuille: Feuille, demande: DemandeDeGraphique) -> None:
    """Dessiner les hommes à gauche, les femmes à droite, et la référence en trait."""
    sujets = [s for s in demande.series if s.role != "reference"][:2]
    reperes = [s for s in demande.series if s.role == "reference"][:2]
    groupes = [v.libelle for v in sujets[0].valeurs]
    axe = max(mesurer(g) for g in groupes) + 8
    sommet = max((v.valeur for s in (*sujets, *reperes) for v in s.presentes), default=1.0)
    demi, limite = (feuille.largeur - axe - 14) / 2, sommet * 1.04
    possibles = graduations((0, limite), demande.unite, 4 if demi > 120 else 3)
    marques, centre = [dite for dite in possibles if 0 <= dite[0] <= limite], axe + demi
    if feuille.sobre:
        # Dans une fiche, deux chiffres suffisent à l'échelle : ils ne se touchent pas.
        marques = marques[-1:]
    if reperes:
        nom = _nom_du_repere(reperes[0], demande)
        legender(feuille, [Entree(PHRASES["trait"].format(nom=nom), _echantillon, 14)])
    _nommer_les_cotes(feuille, sujets, centre)
    pas = 11.0 if len(groupes) > 10 or feuille.sobre else 17.0 if feuille.largeur > 300 else 14.0
    bas = feuille.bas + pas * len(groupes)
    for cote, couleur, serie in zip((-1, 1), (TABLE["hommes"], TABLE["femmes"]), sujets, strict=False):
        echelle = Echelle((0, limite), (centre, centre + cote * demi))
        for rang, valeur in enumerate(serie.valeurs):
            y = bas - pas * (rang + 1)
            if valeur.manque:
                feuille.mot(centre + cote * 9, y + pas / 2, ecrit(valeur), couleur=MENTION, ha="center")
                continue
            x = echelle(valeur.valeur)
            lieu = min(centre, x), y + 0.7, abs(x - centre), pas - 1.4
            feuille.rectangle(*lieu, couleur, gid=f"{serie.nom} {valeur.libelle}")
    for cote, serie in zip((-1, 1), reperes, strict=False):
        _silhouette(feuille, serie, Echelle((0, limite), (centre, centre + cote * demi)), bas, pas)
    for rang, groupe in enumerate(groupes):
        feuille.mot(axe - 6, bas - pas * (rang + 0.5), groupe, ha="right")
    _graduer_la_pyramide(feuille, marques, Echelle((0, limite), (centre, centre + demi)), bas)
    feuille.bas = bas + 15


def _nom_du_repere(serie: Serie, demande: DemandeDeGraphique) -> str:
    """Nommer la référence : le nom de sa série, sans le sexe qui la précède."""
    nom = serie.nom
    for sujet in demande.series[:2]:
        nom = nom.replace(sujet.nom, "")
    return nom.lstrip(" ,:–-") or PHRASES["reference"]


def _echantillon(feuille: Feuille, x: float, y: float) -> None:
    feuille.trait([x, x + 6, x + 6, x + 13], [y + 4, y + 4, y - 4, y - 4], TABLE["repere_de_pyramide"], 1.2)


def _nommer_les_cotes(feuille: Feuille, sujets: Sequence[Serie], centre: float) -> None:
    """Nommer les deux côtés, un carré de leur couleur contre l'axe."""
    y = feuille.bas + 6
    for cote, couleur, serie in zip((-1, 1), (TABLE["hommes"], TABLE["femmes"]), sujets, strict=False):
        feuille.rectangle(centre + (cote * 10 if cote > 0 else -18), y - 4, 8, 8, couleur)
        nom = serie.nom[:1] if feuille.sobre else serie.nom
        feuille.mot(centre + cote * 22, y, nom, gras=True, ha="left" if cote > 0 else "right")
    feuille.bas += 14


def _silhouette(feuille: Feuille, serie: Serie, echelle: Echelle, bas: float, pas: float) -> None:
    """Tracer la référence en escalier, interrompue où elle manque, doublée d'un filet blanc."""
    x: list[float] = []
    y: list[float] = []
    for rang, valeur in enumerate(serie.valeurs):
        x += [echelle(valeur.valeur)] * 2
        y += [bas - pas * rang, bas - pas * (rang + 1)]
    for couleur, epaisseur, ordre in ((PAPIER, 2.6, 4.0), (TABLE["repere_de_pyramide"], 1.2, 4.1)):
        feuille.trait(x, y, couleur, epaisseur, zorder=ordre, gid=f"{serie.nom} {ordre}")


def _graduer_la_pyramide(
    feuille: Feuille, marques: Sequence[tuple[float, str]], echelle: Echelle, bas: float
) -> None:
    """Graduer les deux côtés à la même échelle."""
    centre = echelle.place[0]
    feuille.trait([centre, centre], [feuille.bas, bas], PAPIER, 1.2, zorder=5)
    for valeur, texte in marques:
        for x in {echelle(valeur), 2 * centre - echelle(valeur)}:
            feuille.trait([x, x], [feuille.bas, bas + 2], TABLE["grille"], 0.6, zorder=0.5)
            demi = mesurer(texte) / 2
            feuille.mot(min(x, feuille.largeur - 1 - demi), bas + 9, texte, couleur=MENTION, ha="center")
