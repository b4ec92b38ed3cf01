"""Lectures partagées par les bases d'un processus : jamais périmées, jamais abîmées par qui les emprunte."""

from __future__ import annotations

import shutil

import pandas as pd
import pytest

from donnees_insee.base.base import Base
from donnees_insee.base.parts import fils_admis, sans_fils
from donnees_insee.geographie.appartenances import geographie
from tests.parts_d_essai import poser


@pytest.fixture
def base(tmp_path) -> Base:
    tenue = Base(tmp_path)
    _ranger(tenue, "un", {"code": ["01001", "01002"], "POP": [1.0, 2.0]})
    return tenue


def _ranger(base: Base, nom: str, colonnes: dict[str, list]) -> None:
    poser(base, pd.DataFrame(colonnes), "essai", 2020, "commune", nom)


def test_deux_bases_du_meme_dossier_partagent_sans_se_gener(base) -> None:
    autre = Base(base.dossier)
    premiere = base.lire("essai", 2020, "commune")
    premiere.loc["01001", "POP"] = 99.0
    premiere["AUTRE"] = 0
    seconde = autre.lire("essai", 2020, "commune")
    assert list(seconde.columns) == ["POP"]
    assert seconde["POP"].tolist() == [1.0, 2.0]


def test_un_fichier_change_est_relu(base) -> None:
    assert base.lire("essai", 2020, "commune")["POP"].sum() == 3
    vue = base.vue()
    _ranger(base, "un", {"code": ["01001"], "POP": [10.0]})
    assert base.lire("essai", 2020, "commune")["POP"].sum() == 10
    assert Base(base.dossier).lire("essai", 2020, "commune")["POP"].sum() == 10
    assert base.vue() != vue
    assert base.vue() == Base(base.dossier).vue()


def test_deux_dossiers_ne_se_melangent_pas(base, tmp_path_factory) -> None:
    copie = tmp_path_factory.mktemp("copie")
    shutil.copytree(base.dossier, copie, dirs_exist_ok=True)
    ailleurs = Base(copie)
    _ranger(ailleurs, "deux", {"code": ["01003"], "POP": [5.0]})
    assert ailleurs.lire("essai", 2020, "commune")["POP"].sum() == 8
    assert base.lire("essai", 2020, "commune")["POP"].sum() == 3
    assert ailleurs.vue() != base.vue()


def test_la_geographie_est_gardee_tant_que_la_base_ne_change_pas(base) -> None:
    premiere = geographie(base)
    assert geographie(Base(base.dossier)) is premiere
    assert geographie(base, 2018) is not premiere
    _ranger(base, "deux", {"code": ["01003"], "POP": [5.0]})
    assert geographie(base) is not premiere


def test_les_millesimes_suivent_les_depots(base) -> None:
    assert base.millesimes("essai") == [2020]
    base.millesimes("essai").append(1999)
    poser(base, pd.DataFrame({"code": ["01001"]}), "essai", 2021, "iris", "trois")
    assert base.millesimes("essai") == [2020, 2021]
    assert base.millesimes("essai", "iris") == [2021]


def test_sans_fils_ne_vaut_que_le_temps_des_lectures(base) -> None:
    with sans_fils():
        assert not fils_admis()
        assert base.lire("essai", 2020, "commune")["POP"].tolist() == [1.0, 2.0]
    assert fils_admis()
