"""Les noms écrits sur une carte : de territoires au chiffre solide, dans le cadre, jamais l'un sur l'autre."""

from itertools import combinations

import pytest

from abs.blocs.blocs import DemandeDeCarte
from abs.portrait.portrait import composer
from abs.territoires.demande import Demande
from cartes.apparence import apparences
from cartes.fonds import Fonds, carte
from cartes.geometrie import lieux, projetes
from cartes.papier.mise_en_page import Page
from cartes.papier.noms import BAS, HAUTS, noms_a_ecrire
from cartes.papier.trace import largeur_du_texte


@pytest.fixture(scope="module", params=["taux_pauvrete_60", "part_hlm", "niveau_vie_median"])
def nommee(request, base_demo):
    portrait = composer(base_demo, Demande("99001"))
    dessin = carte(Fonds(base_demo, portrait.diagnostic), DemandeDeCarte(request.param, "mailles", "Essai"))
    contours = projetes(dessin.contours)
    page = Page(dessin, contours.couche)
    return page, noms_a_ecrire(page, [tuple(p) for p in lieux(contours).tolist()])


def test_les_noms_sont_ceux_de_territoires_solides_avec_leur_valeur(nommee):
    page, noms = nommee
    assert 3 <= len(noms) <= HAUTS + BAS
    looks = apparences(page.carte)
    solides = {
        (t.nom, page.carte.ecrire(t.valeur))
        for t, look in zip(page.carte.territoires.itertuples(), looks, strict=True)
        if not look.etat and not look.fragile
    }
    assert {n.lignes for n in noms} <= solides


def test_les_noms_tiennent_dans_le_cadre_et_ne_se_touchent_pas(nommee):
    page, noms = nommee
    m = page.metres_par_point
    milieu = (page.cadre[0] + page.cadre[2]) / 2
    demis = {n: m * max(largeur_du_texte(ligne, page.format.corps) for ligne in n.lignes) / 2 for n in noms}
    for n, demi in demis.items():
        assert abs(n.x - milieu) + demi <= m * page.largeur_carte / 2
    for un, autre in combinations(noms, 2):
        ecart_x, ecart_y = abs(un.x - autre.x), abs(un.y - autre.y)
        assert ecart_x >= demis[un] + demis[autre] or ecart_y >= m * 2 * page.format.corps
