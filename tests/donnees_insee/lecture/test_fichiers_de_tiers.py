"""Ce qui n'est d'aucune source mais se rencontre : le refus dit ce que c'est et quoi déposer."""

from __future__ import annotations

import json
import tomllib

import pytest

from donnees_insee.lecture.fichiers_de_tiers import TABLE, refus_d_un_tiers
from donnees_insee.lecture.reconnaissance import reconnaitre

CONNUS = tomllib.loads(TABLE.read_text(encoding="utf-8"))["fichiers"]


@pytest.mark.parametrize("connu", CONNUS, ids=lambda c: c["nom"])
def test_chaque_fichier_connu_est_dit(connu):
    """Une ligne de la table qu'une autre recouvrirait ne servirait jamais."""
    dit = refus_d_un_tiers([c.lower() for c in connu["colonnes"]], "f.csv")
    assert dit == f"« f.csv » est {connu['ce_que_c_est']}. {connu['que_faire']}"


def test_une_colonne_de_moins_n_est_pas_ce_fichier():
    assert all(
        refus_d_un_tiers([c for c in connu["colonnes"] if c != ote], "f.csv")
        != refus_d_un_tiers(connu["colonnes"], "f.csv")
        for connu in CONNUS
        for ote in connu["colonnes"]
    )


def test_un_csv_d_un_tiers(bureau):
    raison = bureau.refus("p_1876_2023.csv", "CODGEO;ANNEE;POPULATION\n63001;1876;10\n63001;1901;11\n")
    assert "DS_RP_SERIE_HISTORIQUE" in raison


@pytest.mark.parametrize("nom", ["communes.json", "epci.json"])
def test_un_json_du_decoupage_administratif(bureau, nom):
    commune = dict.fromkeys(["code", "nom", "typeLiaison", "arrondissement", "departement", "region"], "34")
    epci = dict.fromkeys(["code", "nom", "type", "modeFinancement", "membres"], "34")
    raison = bureau.refus(nom, json.dumps([commune if nom == "communes.json" else epci]))
    assert "Etalab" in raison
    assert "insee.fr" in raison


@pytest.mark.parametrize("texte", ["[]", "[1]", "[[", '{"a": 1}', '[{"a": 1}]'])
def test_un_autre_json_n_est_pas_une_liste_connue(bureau, texte):
    assert "couche" in bureau.refus("x.json", texte)


def test_une_table_d_indicateurs_d_un_tiers_se_lit_a_la_commune(bureau):
    texte = (
        "code;libelle;regdep;P22_POP;ZE2020;DEP;REG;EPCI;EPCI_EPT;AAV2020;dmf_tmi_csCadre_22\n"
        "00FR;France;;68;;;;;;;0.1\n"
        "01004;Ambérieu;84;15;8401;01;84;240100883;240100883;243;-4.4\n"
    )
    depot = bureau.deposer("agg.csv", texte)
    (lot,) = depot.lots
    assert (lot.source, lot.niveau, lot.lignes, lot.millesime) == ("indicateurs_externes", "commune", 1, None)


def test_la_note_de_filosofi_2014_est_gardee():
    lot = reconnaitre(["IRIS", "DISP_TP6014", "DISP_MED14", "note"], "BASE_TD_FILO_DISP_IRIS_2014.csv")
    assert (lot.source.id, lot.ecartees) == ("filosofi", ())
    assert "DISP_NOTE" in {c.variable for c in lot.colonnes}
