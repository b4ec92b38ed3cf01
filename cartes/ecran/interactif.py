"""Construire la carte interactive : Leaflet et les contours une seule fois, aucune ressource extérieure."""

import hashlib
import json
import re
from collections.abc import Sequence
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import folium
import shapely
from branca.element import Element
from folium.template import Template
from xstatic.pkg import leaflet

from cartes.apparence import FOND_DES_CERCLES, Apparence, apparences, rayon, tailles
from cartes.charte import variables_css
from cartes.ecran.cles_de_legende import RAYON_MAXIMAL, definitions, echapper, legende_html, style_leaflet
from cartes.ecran.textes import lignes_d_infobulle, texte_alternatif
from cartes.geometrie import (
    DECIMALES_DE_DEGRE,
    GEOGRAPHIQUE,
    Contours,
    centres,
    projetes,
    reprojeter,
    simplifier,
)
from cartes.papier.legende import lignes_de_legende, perimetres_visibles
from cartes.specification import DonneesDeCarte, Superposition
from donnees_insee.erreurs import CarteImpossible

_POLITIQUE = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'"
)


class _PlanAutonome(folium.Map):
    """Carte folium dont la page ne nomme aucune adresse : ni Leaflet distant, ni Bootstrap, ni polices."""

    default_js: list[tuple[str, str]] = []  # noqa: RUF012 - folium attend des listes de classe
    default_css: list[tuple[str, str]] = []  # noqa: RUF012
    _template = Template(
        """
        {% macro script(this, kwargs) %}
        const {{ this.get_name() }} = L.map("{{ this.get_name() }}", {
          attributionControl: false, zoomControl: false, zoomSnap: 0.25, minZoom: 4,
          fadeAnimation: false
        });
        demarrerAtlas(
          {{ this.get_name() }}, JSON.parse(document.getElementById("donnees-atlas").textContent)
        );
        {% endmacro %}
        """
    )

    def __init__(self, cartes: Sequence[DonneesDeCarte], titre: str) -> None:
        super().__init__(tiles=None)
        perimetres = _perimetres(cartes)
        donnees = _donnees(cartes, [perimetre for _, perimetre in perimetres])
        # Un identifiant tiré du contenu : deux rendus de la même carte sont identiques.
        self._id = hashlib.sha256(donnees.encode()).hexdigest()[:12]
        page: Any = self.get_root()
        page._template = _page(titre)  # noqa: SLF001 - branca n'offre pas d'autre accès
        # Hors du modèle de folium, qui compile une seconde fois ce qu'il a écrit : un nom de
        # territoire portant « {{ » y serait exécuté.
        page.html.add_child(
            _Brut(_corps(cartes, titre, donnees, self.get_name(), [n for n, _ in perimetres])), name="corps"
        )
        for nom, contenu in _tete().items():
            page.header.add_child(_Brut(contenu), name=nom)


class _Brut(Element):
    """Texte recopié tel quel : le code de Leaflet contient des accolades que Jinja interpréterait."""

    _template = Template("{{ this.contenu }}")

    def __init__(self, contenu: str) -> None:
        super().__init__()
        self.contenu = contenu


def carte_folium(carte: DonneesDeCarte) -> folium.Map:
    """Construire la carte interactive d'un indicateur."""
    return _PlanAutonome([carte], carte.titre)


def atlas(cartes: Sequence[DonneesDeCarte], titre: str) -> str:
    """Réunir plusieurs indicateurs d'un même territoire en une page autonome."""
    if not cartes:
        raise CarteImpossible("Un atlas sans carte n'a rien à montrer : donner au moins une CarteThematique.")
    page = str(_PlanAutonome(cartes, titre).get_root().render())
    # La page refuse elle-même toute ressource extérieure, quoi qu'on y insère.
    politique = f'<meta http-equiv="Content-Security-Policy" content="{_POLITIQUE}">'
    return page.replace("<head>", f"<head>\n{politique}", 1)


def _donnees(cartes: Sequence[DonneesDeCarte], perimetres: list[dict[str, Any]]) -> str:
    """Rassembler contours et couches en un JSON où aucun ``<`` ne peut fermer la balise qui le porte."""
    fonds: dict[tuple[str, ...], dict[str, Any]] = {}
    couches = [_couche(carte, _rang_du_fond(carte, fonds)) for carte in cartes]
    ouest, sud, est, nord = zip(*(_bornes(carte.contours) for carte in cartes), strict=True)
    contenu = {
        "emprise": [[min(sud), min(ouest)], [max(nord), max(est)]],
        "fonds": list(fonds.values()),
        "couches": couches,
        "perimetres": perimetres,
    }
    texte = json.dumps(contenu, ensure_ascii=False, separators=(",", ":"))
    return texte.replace("<", "\\u003c").replace(">", "\\u003e")


def _rang_du_fond(carte: DonneesDeCarte, fonds: dict[tuple[str, ...], dict[str, Any]]) -> int:
    """Retrouver le fond déjà décrit par une autre couche, ou le décrire."""
    table = carte.territoires
    cle = (carte.contours.empreinte, *table["code"], *map(str, table["nom"]))
    if cle not in fonds:
        fonds[cle] = {"noms": [echapper(nom) for nom in table["nom"]], **_fond(carte.contours)}
    return list(fonds).index(cle)


@lru_cache(maxsize=8)
def _bornes(contours: Contours) -> tuple[float, ...]:
    return tuple(float(b) for b in reprojeter(contours.couche, GEOGRAPHIQUE).total_bounds)


@lru_cache(maxsize=8)
def _fond(contours: Contours) -> dict[str, Any]:
    """Simplifier pour l'écran (un deux-millième de la largeur), puis revenir en degrés."""
    metrique = projetes(contours).couche
    ouest, sud, est, nord = metrique.total_bounds
    couche = reprojeter(simplifier(metrique, max(est - ouest, nord - sud) / 2000), GEOGRAPHIQUE)
    return {"centres": centres(couche), "contours": [_objet(geometrie) for geometrie in couche.geometry]}


def _objet(geometrie: Any) -> dict[str, Any]:
    """Écrire une géométrie en GeoJSON, coordonnées arrondies de même façon des deux côtés d'une frontière."""
    arrondie = shapely.transform(geometrie, lambda points: points.round(DECIMALES_DE_DEGRE))
    objet: dict[str, Any] = shapely.geometry.mapping(arrondie)
    return objet


def _couche(carte: DonneesDeCarte, fond: int) -> dict[str, Any]:
    """Décrire une couche : apparences distinctes, puis un renvoi par territoire."""
    presentes = apparences(carte)
    distinctes = list(dict.fromkeys(presentes))
    mesures = tailles(carte)
    maximum = max(mesures, default=0.0)
    neutre = Apparence(FOND_DES_CERCLES)
    aplats = [neutre if carte.en_cercles and not a.etat else a for a in distinctes]
    return {
        "fond": fond,
        "titre": echapper(carte.titre),
        "sousTitre": echapper(carte.sous_titre),
        "mention": echapper(carte.mention),
        "alternatif": texte_alternatif(carte),
        "legende": legende_html(carte),
        "aplats": [style_leaflet(a) for a in aplats],
        "cercles": [style_leaflet(a, cercle=True) for a in distinctes],
        "apparences": [distinctes.index(a) for a in presentes],
        "nuls": [rang for rang, a in enumerate(presentes) if a.etat == "zero"],
        "rayons": [round(rayon(mesure, maximum, RAYON_MAXIMAL), 1) for mesure in mesures],
        "textes": [[echapper(texte) for texte in lignes] for lignes in lignes_d_infobulle(carte)],
    }


def _perimetres(cartes: Sequence[DonneesDeCarte]) -> list[tuple[str, dict[str, Any]]]:
    """Réunir les périmètres de toutes les couches, une seule fois chacun."""
    reunis: dict[str, tuple[str, dict[str, Any]]] = {}
    vus: set[tuple[Contours, Superposition]] = set()
    for carte in cartes:
        for superposition in carte.superpositions:
            # Les cartes d'un portrait partagent fond et périmètres : les décrire une fois suffit.
            place = (carte.contours, superposition)
            visibles = perimetres_visibles(carte, superposition)
            if visibles.empty or place in vus:
                continue
            couches = reprojeter(visibles, GEOGRAPHIQUE)
            perimetre = {
                "couleur": superposition.couleur,
                "contours": [_objet(geometrie) for geometrie in couches.geometry],
                "numeros": centres(couches) if superposition.etiquette else [],
            }
            vus.add(place)
            cle = json.dumps([superposition.nom, perimetre], sort_keys=True)
            reunis.setdefault(cle, (superposition.nom, perimetre))
    return list(reunis.values())


def _corps(
    cartes: Sequence[DonneesDeCarte], titre: str, donnees: str, nom_du_plan: str, perimetres: list[str]
) -> str:
    """Écrire le corps de la page : titre, plan, choix de l'indicateur, légende, tableau, source."""
    motifs = [a for carte in cartes for a in apparences(carte)]
    motifs += [ligne.apparence for carte in cartes for ligne in lignes_de_legende(carte)]
    return _fichier("atlas.html").format(
        titre=echapper(titre),
        motifs=definitions(motifs),
        classe=" seule" if [carte.titre for carte in cartes] == [titre] else "",
        plan=nom_du_plan,
        choix=_choix([carte.titre for carte in cartes], "couche", "radio", "Indicateur"),
        perimetres=_choix(perimetres, "perimetre", "checkbox", "Périmètres"),
        donnees=donnees,
    )


def _choix(noms: Sequence[str], champ: str, genre: str, legende: str) -> str:
    """Écrire un groupe de boutons natifs, donc utilisables au clavier ; rien s'il n'y a rien à choisir."""
    if not noms or (genre == "radio" and len(noms) == 1):
        return ""
    boutons = "".join(
        f'<label><input type="{genre}" name="{champ}" value="{rang}"'
        f"{' checked' if genre == 'checkbox' or rang == 0 else ''}> {echapper(nom)}</label>"
        for rang, nom in enumerate(noms)
    )
    return f"<fieldset><legend>{legende}</legend>{boutons}</fieldset>"


def _page(titre: str) -> Template:
    """Donner à la page sa langue et son titre ; folium n'écrit ni l'une ni l'autre."""
    modele = _fichier("page.html").replace("@TITRE@", echapper(titre).replace("{", "&#123;"))
    return Template(modele)


@lru_cache(maxsize=1)
def _tete() -> dict[str, str]:
    """Préparer Leaflet et nos styles pour être inclus dans la page."""
    dossier = Path(leaflet.BASE_DIR)
    code = (dossier / "leaflet.js").read_text(encoding="utf-8")
    styles = (dossier / "leaflet.css").read_text(encoding="utf-8")
    # Ni carte des sources que l'inspecteur irait chercher, ni lien vers le site de Leaflet.
    code = re.sub(r"//# sourceMappingURL=\S+", "", code).replace("https://leafletjs.com", "leafletjs.com")
    styles = re.sub(r"/\*.*?\*/", "", styles, flags=re.DOTALL)
    # Aucune image : ni marqueurs ni bouton de couches sur ces cartes.
    styles = re.sub(r"url\([^)]*\)", "none", styles)
    return {
        "leaflet_css": f"<style>{styles}</style>",
        "atlas_css": f"<style>{variables_css('atlas')}\n{_fichier('atlas.css')}</style>",
        "leaflet": f"<script>{code}</script>",
        "atlas": f"<script>{_fichier('atlas.js')}</script>",
    }


@lru_cache(maxsize=4)
def _fichier(nom: str) -> str:
    return resources.files("cartes.ecran").joinpath(nom).read_text(encoding="utf-8")
