"""Les cartes du site : contours allégés écrits une fois par niveau, puis une petite couche par indicateur."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from abs.blocs.blocs import DemandeDeCarte
from abs.portrait.tableaux import cellule
from carnets.observatoire.mots import en_clair
from cartes.apparence import FOND_DES_CERCLES, Apparence, apparences, rayon, tailles
from cartes.ecran.cles_de_legende import RAYON_MAXIMAL, definitions, style_leaflet
from cartes.ecran.textes import lignes_d_infobulle
from cartes.fonds import Fonds, carte
from cartes.geometrie import DECIMALES_DE_DEGRE, GEOGRAPHIQUE, centres, projection_locale, simplifier
from cartes.papier.legende import lignes_de_legende
from donnees_insee.erreurs import CarteImpossible

if TYPE_CHECKING:
    import geopandas as gpd

    from abs.indicateurs.indicateurs import Indicateur
    from carnets.observatoire.chiffres import Chiffres
    from cartes.carte import CarteThematique
    from donnees_insee.base.base import Base

PART_DE_LA_LARGEUR: Final = 2000
NOMS: Final = {"communes": "par commune", "iris": "par IRIS"}


@dataclass(frozen=True)
class Niveau:
    """Une carte d'un indicateur à un niveau, et chaque valeur telle que le tableau de la page l'écrit."""

    cle: str
    nom: str
    dessin: CarteThematique
    ecrits: dict[str, str]


class Cartes:
    """Tire des chiffres du site ses contours et ses cartes."""

    def __init__(self, base: Base, chiffres: Chiffres) -> None:
        self.chiffres = chiffres
        self._fonds = {
            "communes": Fonds(base, chiffres.diagnostic),
            "iris": Fonds(base, chiffres.iris_reunis),
        }

    @cached_property
    def couches(self) -> dict[str, gpd.GeoDataFrame]:
        """Contours tenus : ``communes``, ``iris``, ``qpv`` ; celles qui manquent n'y sont pas."""
        principal, iris = self._fonds["communes"], self._fonds["iris"]
        fines = iris.iris if self.chiffres.iris_reunis.ensembles.mailles else None
        candidates = {"communes": principal.communes, "iris": fines, "qpv": principal.qpv}
        return {nom: c for nom, c in candidates.items() if c is not None and len(c)}

    @property
    def geographie(self) -> str:
        """Année des contours."""
        return self._fonds["communes"].geographie

    @property
    def source_des_communes(self) -> str:
        """Origine des contours de communes."""
        return self._fonds["communes"].contours_des_communes.source

    def sans_contour(self) -> list[str]:
        """Nommer les communes et les QPV dont la base ne contient pas le contour."""
        tenus = {c for nom in ("communes", "qpv") if nom in self.couches for c in self.couches[nom]["code"]}
        return [t.nom for t in self.chiffres.territoires()[1:] if t.code not in tenus]

    def niveaux(self, indicateur: Indicateur) -> list[Niveau]:
        """Dessiner un indicateur à chaque niveau où il a des chiffres et des contours."""
        if not indicateur.carte:
            return []
        trouves = []
        demande = DemandeDeCarte(indicateur.code, "mailles", indicateur.libelle)
        for cle in (c for c in NOMS if c in self.couches):
            # Sans carte à ce niveau, la page de l'indicateur le dit.
            with suppress(CarteImpossible):
                dessin = carte(self._fonds[cle], demande)
                dessin = replace(dessin, titre=f"{dessin.titre}, {NOMS[cle]}")
                trouves.append(Niveau(cle, NOMS[cle], dessin, self._ecrits(cle, indicateur)))
        return trouves

    def _ecrits(self, cle: str, indicateur: Indicateur) -> dict[str, str]:
        """Écrire chaque valeur comme le tableau de la page : décimales de sa marge, marque de sa fragilité."""
        diagnostic = self._fonds[cle].diagnostic
        return {
            t.code: cellule(indicateur, lu).texte
            for t in diagnostic.ensembles.mailles
            if (lu := diagnostic.chiffre(t, indicateur.code, "mailles")) is not None and lu.a_une_valeur
        }


def contours(couche: gpd.GeoDataFrame, *, alleger: bool = True) -> dict[str, Any]:
    """Écrire des contours allégés, frontières communes simplifiées ensemble."""
    metrique = couche.sort_values("code", ignore_index=True).to_crs(projection_locale(couche))
    ouest, sud, est, nord = metrique.total_bounds
    if alleger:
        metrique = simplifier(metrique, max(est - ouest, nord - sud) / PART_DE_LA_LARGEUR)
    else:
        metrique = metrique.set_geometry(metrique.simplify(5))
    degres = metrique.to_crs(GEOGRAPHIQUE)
    return {
        "codes": [str(c) for c in degres["code"]],
        "noms": [str(n) for n in degres["nom"]],
        "centres": centres(degres),
        # Relire le GeoJSON arrondit chaque coordonnée de même façon des deux côtés d'une frontière.
        "formes": [json.loads(json.dumps(g.__geo_interface__), parse_float=_degre) for g in degres.geometry],
    }


def _degre(ecrit: str) -> float:
    return round(float(ecrit), DECIMALES_DE_DEGRE)


def couche(niveau: Niveau, codes: list[str]) -> dict[str, Any]:
    """Écrire une couche : les apparences distinctes, puis un renvoi par contour."""
    dessin = niveau.dessin
    presentes, mesures = apparences(dessin), tailles(dessin)
    distinctes = sorted(dict.fromkeys(presentes), key=str)
    rangs = {str(c): n for n, c in enumerate(dessin.territoires["code"])}
    ordre = [rangs.get(c) for c in codes]
    maximum = max(mesures, default=0.0)
    neutre = Apparence(FOND_DES_CERCLES)
    lues = zip(
        dessin.territoires["code"], dessin.territoires["valeur"], lignes_d_infobulle(dessin), strict=True
    )
    textes = [
        [en_clair(li) for li in _infobulle(dessin, niveau.ecrits.get(str(code), ""), valeur, lignes)]
        for code, valeur, lignes in lues
    ]
    lue: dict[str, Any] = {
        "niveau": niveau.cle,
        "alternatif": dessin.texte_alternatif(),
        "aplats": [style_leaflet(neutre if dessin.en_cercles and not a.etat else a) for a in distinctes],
        "apparences": [-1 if n is None else distinctes.index(presentes[n]) for n in ordre],
        "textes": [[] if n is None else textes[n] for n in ordre],
    }
    if dessin.en_cercles:
        lue["cercles"] = [style_leaflet(a, cercle=True) for a in distinctes]
        lue["rayons"] = [
            0 if n is None else round(rayon(mesures[n], maximum, RAYON_MAXIMAL), 1) for n in ordre
        ]
    return lue


def _infobulle(dessin: CarteThematique, ecrit: str, valeur: float, lignes: list[str]) -> list[str]:
    """Remplacer la valeur de l'infobulle par celle du tableau, sans toucher à ce qui la suit."""
    if not ecrit or valeur != valeur:  # noqa: PLR0124 - NaN n'est pas égal à lui-même
        return lignes
    return [lignes[0].replace(dessin.ecrire(valeur), ecrit, 1), *lignes[1:]]


def motifs(niveaux: list[Niveau]) -> str:
    """Écrire une fois les motifs dont les cartes d'une page ont besoin."""
    vues = [a for n in niveaux for a in apparences(n.dessin)]
    vues += [ligne.apparence for n in niveaux for ligne in lignes_de_legende(n.dessin)]
    return definitions(vues)
