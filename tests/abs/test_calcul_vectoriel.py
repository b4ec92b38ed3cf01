"""Tous les IRIS d'un coup ou un à un : mêmes valeurs, mêmes statuts."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from abs.calcul import Calculateur
from abs.calcul_vectoriel import series
from abs.indicateurs import indicateur, indicateurs
from abs.lecture import Lecteur
from abs.statuts import Statut
from abs.territoires import Territoire, Territoires
from donnees_insee.base import Base
from tests.parts_d_essai import poser


@pytest.mark.parametrize("millesime", [2016, 2022, 2021])
def test_les_deux_chemins_donnent_les_memes_chiffres(base_demo, millesime):
    territoires = Territoires(base_demo)
    calculateur = Calculateur(base_demo, territoires, territoires.trouver("99001"))
    calcules = series(Lecteur(base_demo, None), indicateurs().values(), millesime)
    compares = 0
    for code, serie in calcules.items():
        definition = indicateur(code)
        for iris in serie.rangs:
            lieu = Territoire(iris, "iris", iris, None, (iris,), "iris")
            # Une autre source peut chiffrer mieux : on compare la lecture que la série a prise.
            seul = next(
                c
                for le in definition.lectures
                if le.source_denominateur is None
                and (c := calculateur.chiffre(definition, lieu, millesime, [le])) is not None
            )
            assert serie.statut(iris) == seul.statut, (code, iris)
            valeur = serie.valeurs[serie.rangs[iris]]
            assert valeur == seul.valeur or (math.isnan(valeur) and math.isnan(seul.valeur)), (code, iris)
            compares += 1
    assert compares > 100 or millesime == 2021


def base_de(tmp_path, table: dict[str, list[object]]) -> Base:
    base = Base(tmp_path)
    donnees = pd.DataFrame(table)
    poser(base, donnees, "rp_activite", 2022, "iris", "essai-0")
    return base


def test_denominateur_nul_et_cellule_vide(tmp_path):
    base = base_de(
        tmp_path,
        {
            "code": ["340010101", "340010102", "340010103", "340010104"],
            "P_CHOM1564": [10.0, 0.0, None, None],
            "P_ACT1564": [100.0, 0.0, 50.0, 0.0],
        },
    )
    serie = series(Lecteur(base, None), [indicateur("taux_chomage_rp")], 2022)["taux_chomage_rp"]
    assert serie.valeurs[0] == 10.0
    assert np.isnan(serie.valeurs[1:]).all()
    assert [serie.statut(c) for c in serie.rangs] == [
        Statut.CALCULE,
        Statut.SANS_OBJET,
        Statut.INDISPONIBLE,
        Statut.INDISPONIBLE,
    ]


def test_calculer_deux_fois_ne_change_ni_la_base_ni_le_resultat(tmp_path):
    table = {"code": ["340010101", "340010102"], "P_CHOM1564": [10.0, 3.0], "P_ACT1564": [100.0, 0.0]}
    lecteur = Lecteur(base_de(tmp_path, table), None)
    premiere, seconde = (
        series(lecteur, [indicateur("taux_chomage_rp")], 2022)["taux_chomage_rp"].valeurs for _ in range(2)
    )
    np.testing.assert_array_equal(premiere, seconde)
    assert list(lecteur.table("rp_activite", 2022, "iris")["P_CHOM1564"]) == table["P_CHOM1564"]


def test_sans_la_source_rien_n_est_calcule(tmp_path):
    assert series(Lecteur(Base(tmp_path), None), indicateurs().values(), 2022) == {}
