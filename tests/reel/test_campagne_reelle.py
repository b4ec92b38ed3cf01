"""Une campagne sur des communes de Montpellier Méditerranée Métropole : les mêmes chiffres que les portraits faits seuls."""

import json

import pandas as pd
import pytest

from abs.calcul.diagnostic import Diagnostiqueur
from abs.territoires.demande import Demande
from carnets.campagne.deroulement import mener
from carnets.campagne.plan import lire_plan

pytestmark = [pytest.mark.reel, pytest.mark.carnet]
METROPOLE = "243400017"
# Des plus petites à la plus grande ; les trente et une prendraient quatre fois le temps, sans rien dire de plus.
GARDEES = {"34172", "34129", "34057", "34164", "34022", "34077", "34217"}


def test_la_campagne_de_la_metropole_a_les_chiffres_des_portraits_seuls(tmp_path, base_reelle):
    composees = Diagnostiqueur(base_reelle, Demande(METROPOLE)).sujet.composantes
    sauf = json.dumps([c for c in composees if c not in GARDEES])
    fichier = tmp_path / "campagne.toml"
    fichier.write_text(
        'sortie = "sorties"\ntravailleurs = 2\n[parametres]\nmillesime = 2016\n'
        f'[[territoires]]\ncommunes_de = "{METROPOLE}"\nsauf = {sauf}\n[[carnets]]\ncarnet = "portrait"\nformats = []\n',
        encoding="utf-8",
    )
    bilan = mener(lire_plan(fichier), base_reelle, lambda _: None)
    assert not bilan.echecs, [(r.cle, r.message) for r in bilan.echecs]
    assert len(composees) == 31
    assert len(bilan.resultats) == len(GARDEES)
    for tache in bilan.taches:
        if tache.code not in {"34172", "34129", "34057", "34164"}:
            continue
        ecrite = pd.read_parquet(tache.final / "preuve" / "diagnostic.parquet")
        seule = Diagnostiqueur(base_reelle, Demande(tache.code, 2016, {})).assembler().table()
        colonnes = [
            "territoire",
            "indicateur",
            "millesime",
            "source",
            "valeur",
            "numerateur",
            "denominateur",
            "statut",
        ]
        pd.testing.assert_frame_equal(
            ecrite[colonnes].reset_index(drop=True), seule[colonnes].reset_index(drop=True), check_dtype=False
        )
        assert (ecrite["valeur"].notna()).sum() > 10
