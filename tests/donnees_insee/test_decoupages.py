"""Arrondissements, EPT, QPV à cheval sur des communes et sur deux générations."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest

from donnees_insee.decoupages import (
    correspondance_qpv,
    ept,
    ept_de_la_table,
    passage_des_arrondissements,
    passage_qpv,
    qpv_sur_plusieurs_communes,
)
from donnees_insee.erreurs import TableNonConforme
from donnees_insee.portage import appliquer

LYON = [f"6938{n}" for n in range(1, 10)]


def test_les_arrondissements_font_leur_ville():
    table = pd.DataFrame({"P_POP": [float(n) for n in range(1, 11)]}, index=[*LYON, "2A004"])
    porte = appliquer(passage_des_arrondissements(table.index), table, ["P_POP"])
    assert porte.table["P_POP"].to_dict() == {"2A004": 10, "69123": 45}


def test_une_partie_des_arrondissements_n_est_pas_la_ville():
    table = pd.DataFrame({"P_POP": [1.0, 2.0]}, index=["75101", "75102"])
    porte = appliquer(passage_des_arrondissements(table.index), table, ["P_POP"])
    assert porte.table["P_POP"].isna().all()
    assert porte.laisses["valeur"].sum() == 3


def test_la_ville_et_ses_arrondissements_ensemble(erreur_claire):
    message = erreur_claire(lambda: passage_des_arrondissements(["75056", "75101", "13055", "13201"]))
    assert "75056" in message
    assert "13055" in message
    assert passage_des_arrondissements(["75056", "69381"]).apres.keys() == {"75056", "69123"}


def test_ept():
    table = pd.DataFrame(
        {
            "EPCI": ["200054781", "200054781", "243400017"],
            "EPT": ["T6", None, None],
            "LIBEPT": ["Plaine Commune", None, None],
        },
        index=["93066", "75056", "34172"],
    )
    assert ept_de_la_table(table, 2024)["ept"].to_dict() == {"93066": "T6"}
    with pytest.raises(TableNonConforme, match="93001"):
        ept_de_la_table(table.rename(index={"75056": "93001"}))


def test_ept_sans_table(bureau):
    """Sans table déposée, la composition livrée : douze territoires, 131 communes, Paris seul dans T1."""
    livree = ept(bureau.base)
    assert livree["ept"].nunique() == 12
    assert len(livree) == 131
    assert livree.index[livree["ept"] == "T1"].tolist() == ["75056"]
    assert livree.loc["93066", "nom_ept"] == "Plaine Commune"


def qpv(*lignes: tuple[str, str, str | None, str | None]) -> pd.DataFrame:
    colonnes = ["code", "STATUT", "QP2015_1", "QP2015_2"]
    return pd.DataFrame(lignes, columns=colonnes, dtype="object").set_index("code").assign(QP2015_3=None)


def test_correspondance_des_qpv():
    plate = correspondance_qpv(
        qpv(
            ("QN03401M", "Identique", "QP034001", None),
            ("QN03402M", "Modifié", "QP034002", "QP034003"),
            ("QN03403M", "Nouveau", None, None),
        ),
        ["QP034001", "QP034002", "QP034003", "QP034009"],
    )
    assert plate["statut"].tolist() == ["identique", "modifié", "modifié", "nouveau", "sorti"]
    assert plate["comparable"].tolist() == [True, False, False, False, False]
    passage = passage_qpv(plate)
    assert dict(passage.avant) == {"QP034001": "QN03401M"}
    raisons = {n.code: n.raison for n in passage.non_apparies}
    assert raisons["QP034009"] == "sorti de la géographie prioritaire en 2024"
    assert raisons["QN03403M"] == "nouveau en 2024"
    assert "modifié" in raisons["QN03402M"]
    assert set(raisons) == {"QP034002", "QP034003", "QP034009", "QN03402M", "QN03403M"}


def test_correspondance_contradictoire(erreur_claire):
    message = erreur_claire(
        lambda: correspondance_qpv(
            qpv(
                ("QN03401M", "Identique", "QP034001", "QP034002"),
                ("QN03402M", "Nouveau", "QP034003", None),
                ("QN03403M", "Bizarre", None, None),
            )
        )
    )
    for code in ("QN03401M", "QN03402M", "QN03403M"):
        assert code in message


def test_deux_identiques_au_meme_qpv_ne_se_comparent_pas():
    plate = correspondance_qpv(
        qpv(("QN03401M", "identique", "QP034001", None), ("QN03402M", "identique", "QP034001", None))
    )
    assert not plate["comparable"].any()


def test_qpv_sur_plusieurs_communes():
    table = pd.DataFrame(
        {"nom": ["A", "B"], "communes": [("34172", "34057"), ("34172",)], "generation": [2015, 2015]},
        index=["QP034001", "QP034002"],
    )
    assert list(qpv_sur_plusieurs_communes(SimpleNamespace(qpv=table)).index) == ["QP034001"]
