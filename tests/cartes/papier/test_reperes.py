"""Se repérer sur la carte imprimée : voisins en gris sous le territoire, noms sans collision, nord, situation."""

from __future__ import annotations

import math
from itertools import combinations

import geopandas as gpd
import pytest
import shapely
from matplotlib.collections import PathCollection
from matplotlib.colors import to_hex
from matplotlib.text import Text

from abs.portrait.portrait import composer
from abs.territoires.demande import Demande
from cartes.charte import COULEURS
from cartes.ecriture import en_situation
from cartes.fonds import Fonds
from cartes.fonds import carte as carte_de
from cartes.geometrie import direction_du_nord, projetes
from cartes.papier.dessin import dessiner
from cartes.papier.mise_en_page import AFFICHE, DOCUMENT, Page
from cartes.papier.reperes import occupes, vue


@pytest.fixture(scope="module")
def dessin(base_demo):
    portrait = composer(base_demo, Demande("99001"))
    demande = next(d for c in portrait.chapitres for d in c.cartes if d.indicateur == "taux_pauvrete_60")
    return carte_de(Fonds(base_demo, portrait.diagnostic), demande)


def _aplats(figure, couleur):
    posees = [a for a in figure.artists if isinstance(a, PathCollection)]
    return [a for a in posees if len(a.get_facecolor()) and to_hex(a.get_facecolor()[0]) == couleur]


@pytest.mark.parametrize("forme", [DOCUMENT, AFFICHE])
def test_les_communes_voisines_sont_en_gris_sous_le_territoire_et_nommees_sans_collision(dessin, forme):
    figure = dessiner(dessin, forme)
    (voisins,) = _aplats(figure, COULEURS["voisin"])
    assert len(voisins.get_paths()) >= 3
    assert voisins.get_zorder() < 1
    noms = [t for t in figure.texts + figure.findobj(Text) if t.get_text() in dessin.alentours.noms]
    # Sur l'affiche, plus petite, un voisin n'est nommé que s'il y a la place.
    assert noms or forme is AFFICHE
    figure.draw_without_rendering()
    dits = [t for t in set(figure.findobj(Text)) if t.get_text()]
    boites = [(t.get_text(), t.get_window_extent().shrunk(0.96, 0.8)) for t in dits]
    assert [(un, autre) for (un, a), (autre, b) in combinations(boites, 2) if a.overlaps(b)] == []


def test_le_cadre_montre_plus_que_le_territoire_et_garde_des_places_libres(dessin):
    page = Page(dessin, projetes(dessin.contours).couche, AFFICHE)
    champ = shapely.box(*vue(page))
    assert champ.contains(shapely.box(*page.couche.total_bounds))
    assert all(champ.buffer(1).contains(shapely.box(*boite)) for boite in occupes(page))


def test_la_situation_est_sous_la_legende_du_document_et_a_part_pour_l_affiche(dessin, carte):
    for forme, titree in ((DOCUMENT, True), (AFFICHE, False)):
        textes = [t.get_text() for t in dessiner(dessin, forme).findobj(Text)]
        montree = any(t.startswith("Situation : ") for t in textes)
        assert montree is titree or not titree or dessin.alentours.nom not in " ".join(textes)
    assert en_situation(dessin).startswith(b"\x89PNG")
    assert en_situation(carte()) == b""


def test_le_nord_est_celui_du_meridien():
    # En Lambert-93, la verticale est le nord sur le méridien de 3° ; à Brest, elle en est à plus de cinq degrés.
    for lon, lat, ecart in ((3.0, 46.5, 0.0), (-4.5, 48.4, 5.4)):
        lieu = gpd.GeoDataFrame(geometry=[shapely.box(lon, lat, lon + 0.01, lat + 0.01)], crs="EPSG:4326")
        x, y = direction_du_nord(lieu.to_crs("EPSG:2154"))
        assert abs(math.degrees(math.atan2(x, y))) == pytest.approx(ecart, abs=0.3)
