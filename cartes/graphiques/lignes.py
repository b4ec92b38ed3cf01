"""Les lignes : la courbe des niveaux, ruptures et trous compris, et la pente entre deux dates."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from cartes.graphiques.etiquettes import Bout, Echelle, domaine, ecarter, graduations, poser_les_bouts
from cartes.graphiques.feuille import MENTION, Feuille, couper, entree_de_ligne, legender, mesurer
from cartes.graphiques.style import CORPS, EXIGUE, INTERLIGNE, PHRASES, TABLE, Signe, ecrit, signe_de

if TYPE_CHECKING:
    from collections.abc import Sequence

    from abs.graphiques.demandes import DemandeDeGraphique, Serie, Valeur

_HAUTEUR = {"courbe": 128.0, "pente": 112.0}
_HAUTEUR_EXIGUE = 54.0


@dataclass(frozen=True)
class Trace:
    """Une série à tracer, avec son signe."""

    serie: Serie
    signe: Signe

    @property
    def forte(self) -> bool:
        """Dire si c'est la ligne que l'on doit voir d'abord."""
        return self.serie.role == "sujet"


def _traces(demande: DemandeDeGraphique) -> list[Trace]:
    """Donner son signe à chaque série ; deux séries de même rôle se distinguent comme des catégories."""
    vus: list[str] = []
    traces = []
    for rang, serie in enumerate(demande.series):
        repete = serie.role in vus and serie.role != "maille"
        traces.append(Trace(serie, signe_de("categorie" if repete else serie.role, rang)))
        vus.append(serie.role)
    return [trace for trace in traces if trace.serie.presentes]


def _largeur_des_bouts(feuille: Feuille, bouts: Sequence[str]) -> tuple[float, bool]:
    """Mesurer la colonne des étiquettes, et dire si les noms y tiennent sur deux lignes."""
    maximum = feuille.largeur * 0.36
    voulue = max((mesurer(texte, gras=True) for texte in bouts), default=0.0) + 2
    largeur = min(voulue, maximum)
    return largeur, all(len(couper(texte, largeur, gras=True)) <= 2 for texte in bouts)


def _rien(feuille: Feuille) -> None:
    feuille.mot(feuille.largeur / 2, feuille.bas + 20, PHRASES["rien"], couleur=MENTION, ha="center")
    feuille.bas += 40


# -- courbe -----------------------------------------------------------------------------------------


def courbe(feuille: Feuille, demande: DemandeDeGraphique) -> None:
    """Dessiner les niveaux d'une date à l'autre ; une ligne ne franchit ni un trou ni une rupture."""
    traces = _traces(demande)
    if not traces:
        _rien(feuille)
        return
    dates = _dates(demande)
    finales = [_finale(trace, dates) for trace in traces]
    entieres = [f"{t.serie.nom} {texte}" for t, texte in zip(traces, finales, strict=True)]
    largeur, directes = _largeur_des_bouts(feuille, entieres)
    if not directes:
        legender(feuille, [entree_de_ligne(t.serie.nom, t.signe) for t in traces])
        largeur, _ = _largeur_des_bouts(feuille, finales)
    textes = [couper(t, largeur, gras=True) for t in (entieres if directes else finales)]
    exigue = feuille.largeur < EXIGUE
    echelonnees = (v for t in traces for v in t.serie.valeurs)
    etendue = graduations(domaine(echelonnees, 0.02), demande.unite, 3 if exigue else 5)
    axe = max(mesurer(texte) for _, texte in etendue) + 6
    haut = feuille.bas + (14 if demande.ruptures else 5)
    hauteur = max(
        _HAUTEUR_EXIGUE if exigue else _HAUTEUR["courbe"],
        sum(len(t) for t in textes) * CORPS * INTERLIGNE + 4,
    )
    abscisses = _abscisses(dates, (axe + 8, feuille.largeur - largeur - 14))
    ordonnees = Echelle((etendue[0][0], etendue[-1][0]), (haut + hauteur, haut))
    fin = abscisses[dates[-1]] + 6
    for valeur, texte in etendue:
        feuille.trait([axe, fin], [ordonnees(valeur)] * 2, TABLE["grille"], 0.6, zorder=0.5)
        feuille.mot(axe - 4, ordonnees(valeur), texte, couleur=MENTION, ha="right")
    _rompre(feuille, demande, abscisses, (haut, haut + hauteur))
    for trace in sorted(traces, key=lambda t: t.forte):
        _tracer(feuille, trace, abscisses, ordonnees, demande.ruptures)
    bouts = [
        Bout(_point(t.serie.presentes[-1], abscisses, ordonnees), lignes, t.signe.couleur, t.forte)
        for t, lignes in zip(traces, textes, strict=True)
    ]
    poser_les_bouts(feuille, bouts, fin + 4, (haut - 4, haut + hauteur + 4))
    feuille.bas = haut + hauteur
    rompues = [date for rupture in demande.ruptures for date in rupture if date in abscisses]
    _dater(feuille, [dates[-1], dates[0], *rompues, *dates], abscisses)


def _dates(demande: DemandeDeGraphique) -> list[str]:
    dates = list(dict.fromkeys(v.libelle for v in demande.valeurs()))
    return sorted(dates, key=float) if all(d.isdigit() for d in dates) else dates


def _abscisses(dates: Sequence[str], place: tuple[float, float]) -> dict[str, float]:
    """Espacer les dates comme le temps ; une seule se met au milieu."""
    rangs = [float(d) if all(d.isdigit() for d in dates) else float(i) for i, d in enumerate(dates)]
    if len(rangs) == 1:
        return {dates[0]: sum(place) / 2}
    echelle = Echelle((rangs[0], rangs[-1]), place)
    return {date: echelle(rang) for date, rang in zip(dates, rangs, strict=True)}


def _finale(trace: Trace, dates: Sequence[str]) -> str:
    """Écrire la dernière valeur connue, sa date quand ce n'est pas la dernière du graphique."""
    derniere = trace.serie.presentes[-1]
    return ecrit(derniere) + (f" ({derniere.libelle})" if derniere.libelle != dates[-1] else "")


def _point(valeur: Valeur, abscisses: dict[str, float], ordonnees: Echelle) -> tuple[float, float]:
    return abscisses[valeur.libelle], ordonnees(valeur.valeur)


def _rompre(
    feuille: Feuille, demande: DemandeDeGraphique, abscisses: dict[str, float], place: tuple[float, float]
) -> None:
    """Griser l'intervalle où la série se rompt, et le dire au-dessus."""
    haut, bas = place
    milieux = []
    for avant, apres in demande.ruptures:
        if avant in abscisses and apres in abscisses:
            x, suivant = abscisses[avant], abscisses[apres]
            retrait = (suivant - x) * 0.22
            feuille.rectangle(
                x + retrait, haut, suivant - x - 2 * retrait, bas - haut, TABLE["rupture"], zorder=0.8
            )
            milieux.append((x + suivant) / 2)
    taille = mesurer(PHRASES["rupture"])
    if len(milieux) * (taille + 6) > feuille.largeur:
        milieux = milieux[:1]
    for x in ecarter(milieux, [taille] * len(milieux), 1, feuille.largeur - 1):
        feuille.mot(x, haut - 8, PHRASES["rupture"], couleur=MENTION, ha="center")


def _tracer(
    feuille: Feuille,
    trace: Trace,
    abscisses: dict[str, float],
    ordonnees: Echelle,
    ruptures: Sequence[tuple[str, str]],
) -> None:
    signe, serie = trace.signe, trace.serie
    style = {"linestyle": signe.ligne, "solid_capstyle": "round", "zorder": 4 + trace.forte}
    for avant, apres in pairwise(sorted(serie.valeurs, key=lambda v: abscisses[v.libelle])):
        if not (avant.manque or apres.manque or (avant.libelle, apres.libelle) in ruptures):
            x, y = zip(*(_point(v, abscisses, ordonnees) for v in (avant, apres)), strict=True)
            feuille.trait(x, y, signe.couleur, signe.epaisseur, **style)
    for valeur in serie.presentes:
        if valeur.marge > 0:
            date = abscisses[valeur.libelle]
            bornes = [ordonnees(valeur.valeur - valeur.marge), ordonnees(valeur.valeur + valeur.marge)]
            feuille.trait([date, date], bornes, signe.couleur, 0.8)
    x, y = zip(*(_point(v, abscisses, ordonnees) for v in serie.presentes), strict=True)
    reglage = {"markersize": 4.4, "markeredgewidth": 0.5 if signe.plein else 1.1, "zorder": 6 + trace.forte}
    feuille.marques(x, y, signe, gid=serie.nom, **reglage)


def _dater(feuille: Feuille, dates: Sequence[str], abscisses: dict[str, float]) -> None:
    """Écrire les dates qui tiennent, de la plus utile à la moins utile."""
    prises: list[tuple[float, float]] = []
    for date in dict.fromkeys(dates):
        x, demi = abscisses[date], mesurer(date) / 2 + 3
        feuille.trait([x, x], [feuille.bas, feuille.bas + 3], MENTION, 0.6)
        if all(x + demi <= debut or x - demi >= fin for debut, fin in prises):
            prises.append((x - demi, x + demi))
            feuille.mot(x, feuille.bas + 9, date, couleur=MENTION, ha="center")
    feuille.bas += 15


# -- pente ------------------------------------------------------------------------------------------


def pente(feuille: Feuille, demande: DemandeDeGraphique) -> None:
    """Dessiner une ligne d'une date à l'autre par série, ses deux valeurs écrites aux deux bouts."""
    traces = _traces(demande)
    if not traces:
        _rien(feuille)
        return
    entieres = [f"{ecrit(t.serie.valeurs[1])} {t.serie.nom}" for t in traces]
    largeur, directes = _largeur_des_bouts(feuille, entieres)
    if not directes:
        legender(feuille, [entree_de_ligne(t.serie.nom, t.signe) for t in traces])
        entieres = [ecrit(t.serie.valeurs[1]) for t in traces]
        largeur, _ = _largeur_des_bouts(feuille, entieres)
    textes = [couper(t, largeur, gras=True) for t in entieres]
    departs = [ecrit(t.serie.valeurs[0]) for t in traces]
    gauche = max(mesurer(t, gras=True) for t in departs) + 12
    droite = min(feuille.largeur - largeur - 12, gauche + 300)
    haut = feuille.bas + 18
    hauteur = max(_HAUTEUR["pente"], (sum(len(t) for t in textes)) * (CORPS * INTERLIGNE + 1) + 4)
    ordonnees = Echelle(domaine((v for t in traces for v in t.serie.valeurs), 0.02), (haut + hauteur, haut))
    for x, valeur in zip((gauche, droite), traces[0].serie.valeurs, strict=True):
        feuille.trait([x, x], [haut - 4, haut + hauteur + 4], TABLE["grille"], 0.8, zorder=0.5)
        feuille.mot(x, feuille.bas + 6, valeur.libelle, gras=True, couleur=MENTION, ha="center")
    for trace in sorted(traces, key=lambda t: t.forte):
        abscisses = dict(zip((v.libelle for v in trace.serie.valeurs), (gauche, droite), strict=True))
        _tracer(feuille, trace, abscisses, ordonnees, ())
    for rang, (x, sens, dits) in enumerate(
        ((gauche, "right", [[d] for d in departs]), (droite, "left", textes))
    ):
        bouts = [
            Bout((x, _hauteur(t.serie, rang, ordonnees)), lignes, t.signe.couleur, t.forte)
            for t, lignes in zip(traces, dits, strict=True)
        ]
        ecart = 8 if sens == "left" else -8
        poser_les_bouts(feuille, bouts, x + ecart, (haut - 6, haut + hauteur + 6), sens)
    feuille.bas = haut + hauteur + 8


def _hauteur(serie: Serie, rang: int, ordonnees: Echelle) -> float:
    """Donner la hauteur d'un bout ; celui qui manque s'écrit en face de l'autre."""
    valeur = serie.valeurs[rang]
    return ordonnees((serie.presentes[0] if valeur.manque else valeur).valeur)
