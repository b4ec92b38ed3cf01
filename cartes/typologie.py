"""Dessiner la carte d'une typologie : une couleur et un numéro par classe, légende, échelle, source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.path import Path

from cartes.apparence import Apparence
from cartes.charte import CHARTE, COULEURS, ETATS, POLICE
from cartes.ecriture import rendre_png
from cartes.geometrie import barre_d_echelle, contour_d_ensemble, emprise, projection_locale, simplifier
from cartes.palettes import CLARTE_DES_HACHURES, clarte
from cartes.papier.trace import ENCRE, chemin, couper, ecrire, poser_aplat, poser_contour
from donnees_insee.erreurs import CarteImpossible

if TYPE_CHECKING:
    import geopandas as gpd
    from matplotlib.axes import Axes

TEINTES: Final[list[str]] = CHARTE["typologie"]["classes"]
LARGEUR: Final = 720.0
MARGE: Final = 14.0
LARGEUR_DE_LEGENDE: Final = 225.0
CORPS: Final = 10.6
INTERLIGNE: Final = 1.3
HAUTEUR_DE_CARTE: Final = (300.0, 560.0)


@dataclass(frozen=True, eq=False, kw_only=True)
class CarteDeTypologie:
    """Une carte de classes sans ordre."""

    titre: str
    sous_titre: str
    territoires: gpd.GeoDataFrame
    noms: dict[int, str]
    source: str
    date: str
    geographie: str
    qpv: gpd.GeoDataFrame | None = None
    nom_qpv: str = "Quartiers prioritaires"

    def __post_init__(self) -> None:
        """Refuser une carte vide ou dont une classe n'a ni nom ni couleur."""
        if self.territoires.empty:
            raise CarteImpossible(
                "La carte de la typologie n'a aucun territoire : déposez les contours d'IRIS."
            )
        inconnues = sorted(set(self.territoires["classe"]) - {0} - set(self.noms))
        if inconnues or max(self.noms, default=0) > len(TEINTES):
            raise CarteImpossible(
                f"La carte montre {len(TEINTES)} classes nommées au plus ; reçu {len(self.noms)} noms"
                f"{f', et des classes sans nom : {inconnues}' if inconnues else ''}."
            )

    def legende(self) -> list[tuple[Apparence, str, str]]:
        """Composer la légende."""
        comptes = self.territoires["classe"].value_counts()
        lignes = [
            (Apparence(TEINTES[k - 1]), str(k), f"{nom} · {comptes[k]}\u00a0IRIS")
            for k, nom in sorted(self.noms.items())
            if k in comptes
        ]
        hors = self.territoires[self.territoires["classe"] == 0]
        absents, sans_objet = hors[~hors["sans_objet"]], hors[hors["sans_objet"]]
        if len(absents):
            lignes.append(
                (
                    Apparence(ETATS["indisponible"].fond, "indisponible"),
                    "",
                    f"non classé · {len(absents)}\u00a0IRIS",
                )
            )
        if len(sans_objet):
            texte = f"sans objet (activité, divers) · {len(sans_objet)}\u00a0IRIS"
            lignes.append((Apparence(ETATS["sans_objet"].fond, "sans_objet"), "", texte))
        return lignes

    def texte_alternatif(self) -> str:
        """Décrire la carte pour qui ne la voit pas."""
        classes = " ; ".join(f"{f'classe {n}, ' if n else ''}{t}" for _, n, t in self.legende())
        return f"{self.titre}. {self.sous_titre}. {classes}. Source : {self.source}."

    def figure(self) -> Figure:
        """Dessiner la carte."""
        couche = self.territoires.to_crs(projection_locale(self.territoires))
        ouest, sud, est, nord = emprise(couche)
        largeur = LARGEUR - 3 * MARGE - LARGEUR_DE_LEGENDE
        legende = _lignes(self)
        besoin = sum(len(lignes) for _, _, lignes in legende) * CORPS * INTERLIGNE + len(legende) * 6 + 20
        hauteur = min(
            max(largeur * (nord - sud) / (est - ouest), *HAUTEUR_DE_CARTE[:1], besoin), HAUTEUR_DE_CARTE[1]
        )
        metres = max((est - ouest) / largeur, (nord - sud) / hauteur)
        titres = [(t, 16.0, "bold") for t in couper(self.titre, LARGEUR - 2 * MARGE, 16.0, "bold")]
        titres += [(t, 12.0, "normal") for t in couper(self.sous_titre, LARGEUR - 2 * MARGE, 12.0)]
        mention = f"Source : {self.source}. Date des données : {self.date}. Géographie : {self.geographie}."
        mentions = couper(mention, LARGEUR - 2 * MARGE, 10.6)
        haut = sum(c * INTERLIGNE for _, c, _ in titres) + MARGE + 6
        bas = len(mentions) * 10.6 * INTERLIGNE + MARGE + 6
        total = haut + max(hauteur, besoin) + bas
        with mpl.rc_context({"hatch.linewidth": 0.55, "font.family": POLICE}):
            figure = Figure(figsize=(LARGEUR / 72, total / 72), dpi=150, facecolor="white")
            axes = _repere(figure, (MARGE, total - haut - hauteur, largeur, hauteur), total)
            milieu = ((ouest + est) / 2, (sud + nord) / 2)
            axes.set_xlim(milieu[0] - largeur * metres / 2, milieu[0] + largeur * metres / 2)
            axes.set_ylim(milieu[1] - hauteur * metres / 2, milieu[1] + hauteur * metres / 2)
            _poser_territoires(axes, simplifier(couche, metres / 2), metres)
            self._poser_qpv(axes, couche)
            _poser_echelle(axes, metres)
            cote = _repere(
                figure,
                (LARGEUR - MARGE - LARGEUR_DE_LEGENDE, bas, LARGEUR_DE_LEGENDE, total - haut - bas),
                total,
            )
            cote.set_xlim(0, LARGEUR_DE_LEGENDE)
            cote.set_ylim(total - haut - bas, 0)
            _poser_legende(cote, legende)
            page = _repere(figure, (0, 0, LARGEUR, total), total)
            page.set_xlim(0, LARGEUR)
            page.set_ylim(0, total)
            y = total - MARGE
            for texte, corps, graisse in titres:
                ecrire(page, MARGE, y, texte, corps, va="top", fontweight=graisse)
                y -= corps * INTERLIGNE
            for rang, texte in enumerate(reversed(mentions)):
                ecrire(
                    page,
                    MARGE,
                    MARGE + rang * 10.6 * INTERLIGNE,
                    texte,
                    10.6,
                    va="bottom",
                    color=COULEURS["mention"],
                )
        return figure

    def _poser_qpv(self, axes: Axes, couche: Any) -> None:
        if self.qpv is None:
            return
        for geometrie in self.qpv.to_crs(couche.crs).geometry:
            poser_contour(axes, chemin(geometrie), ENCRE, 1.6, 5)

    def en_png(self) -> bytes:
        """Rendre la carte en PNG, sans date ni version dans ses métadonnées."""
        return rendre_png(self.figure(), {"Title": self.titre, "Description": self.texte_alternatif()})


def _repere(figure: Figure, rectangle: tuple[float, float, float, float], total: float) -> Axes:
    gauche, bas, largeur, hauteur = rectangle
    axes = figure.add_axes((gauche / LARGEUR, bas / total, largeur / LARGEUR, hauteur / total))
    axes.set_axis_off()
    return axes


def _lignes(carte: CarteDeTypologie) -> list[tuple[Apparence | None, str, list[str]]]:
    lignes: list[tuple[Apparence | None, str, list[str]]] = [
        (apparence, numero, couper(texte, LARGEUR_DE_LEGENDE - 26, CORPS))
        for apparence, numero, texte in carte.legende()
    ]
    if carte.qpv is not None:
        lignes.append((None, "", couper(carte.nom_qpv, LARGEUR_DE_LEGENDE - 26, CORPS)))
    return lignes


def _encre(couleur: str) -> str:
    return ENCRE if clarte(couleur) > CLARTE_DES_HACHURES else COULEURS["papier"]


def _poser_territoires(axes: Axes, couche: Any, metres: float) -> None:
    """Poser les aplats, puis le numéro de la classe là où il tient."""
    for ligne in couche.itertuples():
        etat: Any = "" if ligne.classe else "sans_objet" if ligne.sans_objet else "indisponible"
        couleur = TEINTES[ligne.classe - 1] if ligne.classe else ETATS["indisponible"].fond
        poser_aplat(axes, chemin(ligne.geometry), Apparence(couleur, etat))
        if ligne.classe and ligne.geometry.buffer(-4.5 * metres).area > 0:
            lieu = ligne.geometry.buffer(-4.5 * metres).representative_point()
            style = {"ha": "center", "va": "center", "zorder": 4, "color": _encre(couleur)}
            ecrire(axes, lieu.x, lieu.y, str(ligne.classe), 6.5, **style)
    poser_contour(axes, chemin(contour_d_ensemble(couche)), COULEURS["ensemble"], 0.7, 3, filet=False)


def _poser_echelle(axes: Axes, metres: float) -> None:
    (ouest, est), (sud, _) = axes.get_xlim(), axes.get_ylim()
    longueur, texte = barre_d_echelle(est - ouest)
    gauche, bas, dent = ouest + 5 * metres, sud + 5 * metres, 4 * metres
    x, y = [gauche, gauche, gauche + longueur, gauche + longueur], [bas + dent, bas, bas, bas + dent]
    axes.plot(x, y, color=ENCRE, linewidth=1.1, zorder=7)
    ecrire(
        axes,
        gauche + longueur / 2,
        bas + 5 * metres,
        texte,
        10.6,
        ha="center",
        va="bottom",
        zorder=7,
    )


def _poser_legende(axes: Axes, lignes: list[tuple[Apparence | None, str, list[str]]]) -> None:
    y = 4.0
    for apparence, numero, textes in lignes:
        case = Path([(0, y), (18, y), (18, y + 11), (0, y + 11), (0, y)], closed=True)
        if apparence is None:
            poser_contour(axes, case, ENCRE, 1.6, 2)
        else:
            poser_aplat(axes, case, apparence)
        if numero and apparence is not None:
            ecrire(
                axes,
                9,
                y + 5.8,
                numero,
                7,
                ha="center",
                va="center",
                color=_encre(apparence.couleur),
                zorder=4,
            )
        for texte in textes:
            ecrire(axes, 26, y, texte, CORPS, va="top")
            y += CORPS * INTERLIGNE
        y += 6 if len(textes) > 1 else 8
