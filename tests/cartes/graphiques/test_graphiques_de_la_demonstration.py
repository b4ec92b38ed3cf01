"""Les graphiques d'un vrai portrait : textes lisibles et séparés, chiffres égaux à ceux du diagnostic."""

from itertools import combinations

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from abs.phrases.ecriture import reference
from abs.portrait.portrait import composer
from abs.territoires.demande import Demande
from cartes.graphiques.graphique import Graphique

CORPS_MINIMUM = 8.0
# Pixels : deux textes se touchent au plus d'un filet.
FILET = 1.0


@pytest.fixture(scope="module", params=["99001", "99003", "999900001"])
def portrait(request, base_demo):
    return composer(base_demo, Demande(request.param))


def _demandes(portrait):
    return [g for c in portrait.chapitres for g in c.graphiques]


def test_un_portrait_de_la_demonstration_a_au_moins_dix_graphiques(portrait):
    assert len(_demandes(portrait)) >= 10


def test_la_legende_nomme_les_mailles_pour_ce_qu_elles_sont(portrait):
    noms = {"99001": "chaque IRIS", "99003": "chaque IRIS", "999900001": "chaque commune"}
    nommees = {d.mailles for d in _demandes(portrait) if any(v.role == "maille" for v in d.valeurs())}
    assert nommees <= {noms[portrait.sujet.code]}


def test_les_textes_dessines_se_lisent(portrait):
    dessins = [Graphique(d) for d in _demandes(portrait)]
    dessins += [Graphique(d, "fiche") for f in portrait.fiches for d in f.graphiques]
    for dessin in dessins:
        demande, figure = dessin.demande, dessin.figure()
        figure.set_dpi(72)
        canevas = FigureCanvasAgg(figure)
        canevas.draw()
        page = figure.bbox
        textes = [t for t in figure.findobj(Text) if t.get_text().strip() and t.get_visible()]
        cadres = [(t.get_text(), t.get_window_extent(canevas.get_renderer())) for t in textes]
        assert min(t.get_fontsize() for t in textes) >= CORPS_MINIMUM, demande.nom
        for texte, cadre in cadres:
            assert page.x0 - FILET <= cadre.x0 <= cadre.x1 <= page.x1 + FILET, (demande.nom, texte)
            assert page.y0 - FILET <= cadre.y0 <= cadre.y1 <= page.y1 + FILET, (demande.nom, texte)
        for (un, a), (autre, b) in combinations(cadres, 2):
            large = min(a.x1, b.x1) - max(a.x0, b.x0)
            haut = min(a.y1, b.y1) - max(a.y0, b.y0)
            assert large <= FILET or haut <= FILET, (demande.nom, un, autre)


def test_les_chiffres_dessines_sont_ceux_du_diagnostic(portrait):
    lignes = {reference(c): c.valeur for c in portrait.diagnostic.chiffres}
    for demande in _demandes(portrait):
        cites = [v for v in demande.valeurs() if v.reference and not v.manque and not v.origines]
        assert cites or demande.genre in {"barres", "gaufre"}, demande.nom
        for valeur in cites:
            assert valeur.valeur == pytest.approx(lignes[valeur.reference]), (demande.nom, valeur.libelle)
