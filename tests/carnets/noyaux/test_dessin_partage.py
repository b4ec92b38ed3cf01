"""Dessiner à deux donne les mêmes images, et un second qui meurt ne prive de rien."""

from pathlib import Path

import pytest

from carnets.ateliers.portrait import Atelier
from carnets.dessin_partage import VARIABLE, DessinPartage, dessiner
from carnets.noyaux.lancement import Lanceur, possible
from cartes.ecriture import en_png

pytestmark = [
    pytest.mark.carnet,
    pytest.mark.skipif(not possible(), reason="Ce système ne dédouble pas un processus."),
]


@pytest.fixture(scope="module")
def cartes(base_demo):
    atelier = Atelier(territoire="99003", dossier_donnees=str(base_demo.dossier))
    return list(atelier.cartes.values())


@pytest.fixture(scope="module")
def seules(cartes):
    return [en_png(c) for c in cartes]


def test_les_images_sont_les_memes_a_deux(cartes, seules, monkeypatch):
    with Lanceur(prechauffage="tests.carnets.petits_carnets:prechauffer_peu") as lanceur:
        monkeypatch.setenv(VARIABLE, lanceur.attendre())
        partage = DessinPartage(cartes)
        partage._second.wait(60)
        assert partage._second.rendu == len(cartes)
        assert [partage.png(c) for c in cartes] == seules


def test_un_second_mort_en_dessinant_ne_prive_d_aucune_image(cartes, seules, monkeypatch):
    with Lanceur(prechauffage="tests.carnets.petits_carnets:prechauffer_peu") as lanceur:
        monkeypatch.setenv(VARIABLE, lanceur.attendre())
        partage = DessinPartage(cartes)
        partage._second.kill()
        partage._second.wait(10)
        (Path(partage._dossier) / "0.prise").touch()
        assert [partage.png(c) for c in cartes] == seules


def test_sans_pepiniere_le_carnet_dessine_seul(cartes, seules, monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    assert [DessinPartage(cartes).png(c) for c in cartes[:2]] == seules[:2]
    monkeypatch.setenv(VARIABLE, "/nulle/part/p")
    assert DessinPartage(cartes).png(cartes[0]) == seules[0]


def test_le_second_s_arrete_ou_le_carnet_est_passe(cartes, tmp_path):
    import pickle

    (tmp_path / "cartes").write_bytes(pickle.dumps(cartes))
    (tmp_path / "0.prise").touch()
    assert dessiner(str(tmp_path)) == len(cartes) - 1
