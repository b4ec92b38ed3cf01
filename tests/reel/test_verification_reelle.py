"""Sur les fichiers réels : tout le portrait de Montpellier 2016 se refait, et ce qu'on y change est pris."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from carnets.documents.preuve.verification import verifier_sortie
from carnets.moteur import produire

pytestmark = [pytest.mark.reel, pytest.mark.carnet]


@pytest.fixture(scope="module")
def montpellier(base_reelle, tmp_path_factory):
    parametres = {
        "territoire": "34172",
        "millesime": 2016,
        "formats": "html,xlsx,gpkg,csv",
        "dossier_donnees": str(base_reelle.dossier),
    }
    return produire(parametres, tmp_path_factory.mktemp("sorties")).dossier


def test_tout_le_portrait_de_montpellier_se_refait(montpellier, base_reelle):
    v = verifier_sortie(montpellier, base_reelle)
    table = pd.read_parquet(montpellier / "preuve" / "diagnostic.parquet")
    assert [e.phrase() for e in v.ensemble.ecarts] == []
    assert v.refaits.egaux == len(table) > 5000
    assert not v.ensemble.non_verifiables
    assert v.seconde_voie.egaux > 1000
    assert {b.document for b in v.documents} == {
        "tableaux.xlsx", "diagnostic.csv", "territoire.gpkg", "portrait.html", "dates de la page web",
        "datapackage.json", "carnet.ipynb", "tableaux.xlsx, graphiques",
    }  # fmt: skip


def test_un_chiffre_reel_change_dans_la_preuve_est_nomme_par_les_deux_voies(
    montpellier, base_reelle, tmp_path
):
    copie = Path(shutil.copytree(montpellier / "preuve", tmp_path / "portrait" / "preuve")).parent
    chemin = copie / "preuve" / "diagnostic.parquet"
    table = pd.read_parquet(chemin)
    choisies = table["indicateur"].eq("part_familles_monoparentales_caf") & table["territoire"].eq(
        "341720103"
    )
    rang = table.index[choisies & table["statut"].eq("calcule")][0]
    table.loc[rang, "numerateur"] += 5
    table.to_parquet(chemin, index=False)
    v = verifier_sortie(copie, base_reelle)
    assert [e.cellule for e in v.refaits.ecarts] == ["numerateur"]
    assert [e.reference for e in v.seconde_voie.ecarts] == [v.refaits.ecarts[0].reference]
