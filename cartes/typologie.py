"""Dessiner la carte d'une typologie : une couleur et un numéro par classe, légende, échelle, source."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from matplotlib.figure import Figure
from matplotlib.path import Path

from abs.definitions import table as definitions
from abs.territoires.territoires import Territoires
from abs.typologie.donnees import contours_des_iris, contours_des_qpv
from abs.typologie.variables import table
from cartes.apparence import Apparence
from cartes.charte import CHARTE, COULEURS, Etat
from cartes.ecriture import rendre_png
from cartes.geometrie import contour_d_ensemble, projection_locale, simplifier
from cartes.palettes import contraste
from cartes.papier.dessin import composer
from cartes.papier.mise_en_page import DOCUMENT, INTERLIGNE, Page
from cartes.papier.reperes import poser_echelle, poser_nord
from cartes.papier.trace import ENCRE, Cadre, chemin, couper, ecrire, poser_aplat, poser_contour
from donnees_insee.catalogue.catalogue import source
from donnees_insee.erreurs import CarteImpossible

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from abs.territoires.territoires import Territoire
    from abs.typologie.modele import Modele
    from donnees_insee.base.base import Base

TEINTES: Final[list[str]] = CHARTE["typologie"]["classes"]
# La légende y est plus étroite, et la carte plus haute.
TYPOLOGIE: Final = replace(DOCUMENT, marge=14, largeur_legende=225, blancs=(6, 6))
_CORPS: Final = TYPOLOGIE.corps
_AU_CENTRE: Final[dict[str, Any]] = {"ha": "center", "va": "center", "zorder": 4}


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
    alentours: None = None
    en_cercles: bool = False
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
        etats: list[tuple[Etat, str, int]] = [
            ("indisponible", "non classé", len(absents)),
            ("sans_objet", "sans objet (activité, divers)", len(sans_objet)),
        ]
        lignes += [(Apparence(etat=etat), "", f"{dit} · {n}\u00a0IRIS") for etat, dit, n in etats if n]
        return lignes

    @property
    def mention(self) -> str:
        """Ligne de source, de date et de géographie écrite sous la carte."""
        return f"Source : {self.source}. Date des données : {self.date}. Géographie : {self.geographie}."

    def texte_alternatif(self) -> str:
        """Décrire la carte pour qui ne la voit pas."""
        classes = " ; ".join(f"{f'classe {n}, ' if n else ''}{t}" for _, n, t in self.legende())
        return f"{self.titre}. {self.sous_titre}. {classes}. Source : {self.source}."

    def figure(self) -> Figure:
        """Dessiner la carte."""
        couche = self.territoires.to_crs(projection_locale(self.territoires))
        page = PageDeTypologie(self, couche, TYPOLOGIE)
        point = page.metres_par_point

        def poser(cadre: Cadre, legende: Cadre) -> None:
            _poser_territoires(cadre, simplifier(couche, point / 2), point)
            perimetres = [] if self.qpv is None else self.qpv.to_crs(couche.crs).geometry
            for geometrie in perimetres:
                poser_contour(cadre, chemin(geometrie), ENCRE, 1.6, 5)
            poser_echelle(cadre, page, coins="round")
            poser_nord(cadre, page)
            _poser_legende(legende, page.lignes)

        return composer(page, poser)

    def en_png(self) -> bytes:
        """Rendre la carte en PNG, sans date ni version dans ses métadonnées."""
        return rendre_png(self.figure(), {"Title": self.titre, "Description": self.texte_alternatif()})


def carte_des_classes(
    base: Base, sujet: Territoire, modele: Modele, iris: pd.DataFrame, noms: dict[int, str]
) -> CarteDeTypologie | None:
    """Faire la carte des IRIS classés d'un territoire ; rien si la base n'en tient pas les contours."""
    couche, annee = contours_des_iris(base, list(iris["code"]))
    if couche is None:
        return None
    attributs = iris.set_index("code").loc[couche["code"]]
    couche["classe"] = attributs["classe"].astype(int).to_numpy()
    couche["sans_objet"] = attributs["etat"].astype(str).str.startswith("sans objet").to_numpy()
    qpv = Territoires(base).qpv_du(sujet)
    dates = {source(v.source).titre_court: str(v.millesime) for v in modele.variables}
    appris = len(modele.appris)
    essai = "" if appris >= table().regles.iris_souhaites else " : un essai, à ne pas publier"
    variables = f"{len(modele.variables)} variables{essai}"
    return CarteDeTypologie(
        titre=f"Typologie des IRIS · {sujet.nom}",
        sous_titre=definitions("_document")["comparables"]["sous_titre_de_la_carte"].format(
            appris=appris, espace=modele.espace, variables=variables
        ),
        territoires=couche,
        noms=noms,
        source=" ; ".join(dates),
        date=", ".join(sorted(set(dates.values()))),
        geographie=annee,
        qpv=contours_des_qpv(base, qpv),
        nom_qpv=f"Quartiers prioritaires {qpv[0].geographie}" if qpv else "Quartiers prioritaires",
    )


class PageDeTypologie(Page):
    """Page dont la carte s'allonge avec sa légende."""

    @property
    def hauteurs(self) -> tuple[float, float]:
        """Hauteurs permises : la carte s'allonge avec sa légende."""
        return max(300.0, self._hauteur_legende), 560.0

    @property
    def hauteur_milieu(self) -> float:
        """Place de la carte et de la légende, la plus haute des deux."""
        return max(self.hauteur_carte, self._hauteur_legende)

    @cached_property
    def lignes(self) -> list[tuple[Apparence | None, str, list[str]]]:
        """Lignes de légende coupées à leur largeur ; un périmètre n'a pas d'apparence."""
        perimetre = [] if self.carte.qpv is None else [(None, "", self.carte.nom_qpv)]
        return [
            (apparence, numero, couper(texte, self.format.largeur_legende - 26, _CORPS))
            for apparence, numero, texte in (*self.carte.legende(), *perimetre)
        ]

    @property
    def _hauteur_legende(self) -> float:
        lignes = sum(len(textes) for _, _, textes in self.lignes)
        return lignes * _CORPS * INTERLIGNE + len(self.lignes) * 6 + 20


def _poser_territoires(cadre: Cadre, couche: Any, point: float) -> None:
    """Poser les aplats, puis le numéro de la classe là où il tient."""
    for ligne in couche.itertuples():
        etat: Etat = "" if ligne.classe else "sans_objet" if ligne.sans_objet else "indisponible"
        couleur = TEINTES[ligne.classe - 1] if ligne.classe else ""
        poser_aplat(cadre, chemin(ligne.geometry), Apparence(couleur, etat))
        interieur = ligne.geometry.buffer(-_CORPS / 2 * point)
        if ligne.classe and interieur.area > 0:
            lieu = interieur.representative_point()
            style = _AU_CENTRE | {"color": contraste(couleur, ENCRE)}
            ecrire(cadre, lieu.x, lieu.y, str(ligne.classe), _CORPS, **style)
    ensemble = chemin(contour_d_ensemble(couche))
    poser_contour(cadre, ensemble, COULEURS["ensemble"], 0.7, 3, filet=False)


def _poser_legende(cadre: Cadre, lignes: list[tuple[Apparence | None, str, list[str]]]) -> None:
    haut = 4.0
    for apparence, numero, textes in lignes:
        case = Path([(0, haut), (18, haut), (18, haut + 11), (0, haut + 11), (0, haut)], closed=True)
        if apparence is None:
            poser_contour(cadre, case, ENCRE, 1.6, 2)
        else:
            poser_aplat(cadre, case, apparence)
            style = _AU_CENTRE | {"color": contraste(apparence.couleur or COULEURS["papier"], ENCRE)}
            ecrire(cadre, 9, haut + 5.8, numero, _CORPS, **style)
        for texte in textes:
            ecrire(cadre, 26, haut, texte, _CORPS, va="top")
            haut += _CORPS * INTERLIGNE
        haut += 6 if len(textes) > 1 else 8
