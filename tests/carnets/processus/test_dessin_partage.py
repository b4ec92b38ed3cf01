"""Dessiner à deux donne les mêmes images, et un second qui meurt ne prive de rien."""

import pytest

from carnets.ateliers.territoire import TerritoireOuvert
from carnets.processus import dessin_partage
from carnets.processus.demarrage import methode_de_demarrage
from carnets.processus.dessin_partage import DessinPartage, dessiner, second_dessinateur
from cartes import ecriture
from cartes.ecriture import en_png

pytestmark = [
    pytest.mark.carnet,
    pytest.mark.skipif(
        methode_de_demarrage() != "forkserver", reason="Ce système ne dédouble pas un processus."
    ),
]


@pytest.fixture(scope="module")
def cartes(base_demo):
    atelier = TerritoireOuvert(territoire="99003", dossier_donnees=str(base_demo.dossier))
    return list(atelier.cartes.values())


@pytest.fixture(scope="module")
def seules(cartes):
    return [en_png(c) for c in cartes]


@pytest.fixture
def second(monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    with second_dessinateur() as obtenu:
        monkeypatch.setattr(dessin_partage, "SECOND", obtenu)
        yield obtenu


@pytest.fixture(autouse=True)
def rien_de_tenu():
    ecriture.images_tenues.cache_clear()


def test_les_images_sont_les_memes_a_deux(cartes, seules, second, monkeypatch):
    tube, dossier = second
    partage = DessinPartage(cartes)
    assert tube.poll(60), "le second ferme son tube quand il a tout dessiné"
    assert len(list(dossier.glob("*.png"))) == len(cartes)
    # Le second a tout dessiné : ni le carnet ni ses exports ne redessinent rien.
    monkeypatch.setattr(ecriture, "rendre_png", None)
    assert [partage.png(c) for c in cartes] == seules
    assert [en_png(c) for c in cartes] == seules


def test_un_second_mort_en_dessinant_ne_prive_d_aucune_image(cartes, seules, second):
    _, dossier = second
    for rang in range(len(cartes)):
        (dossier / f"{rang}.prise").touch()
    # Le second trouve toutes les cartes prises et s'en va sans en dessiner aucune.
    assert [DessinPartage(cartes).png(c) for c in cartes] == seules


def test_sans_second_le_carnet_dessine_seul(cartes, seules, monkeypatch):
    monkeypatch.setattr(dessin_partage, "SECOND", None)
    assert [DessinPartage(cartes).png(c) for c in cartes[:2]] == seules[:2]


def test_le_second_s_arrete_ou_le_carnet_est_passe(cartes, tmp_path):
    from multiprocessing import Pipe

    ici, la_bas = Pipe()
    (tmp_path / "0.prise").touch()
    ici.send(cartes[:2])
    dessiner(la_bas, la_bas, tmp_path)
    assert [f.name for f in tmp_path.glob("*.png")] == ["1.png"]
