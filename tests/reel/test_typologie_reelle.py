"""Les IRIS de Montpellier typés sur de vrais fichiers, les classes des quartiers prioritaires, de vrais comparables."""

import numpy as np
import pytest

from abs.typologie import etude, modele, rendu, transfert
from abs.typologie.classes import noms
from abs.typologie.donnees import quartiers_classes
from abs.typologie.pairs import chercher
from donnees_insee.erreurs import ParametreInvalide

pytestmark = pytest.mark.reel


@pytest.fixture(scope="module")
def montpellier(base_reelle):
    return etude.mener(base_reelle, "34172", 2016)


def test_la_typologie_dit_ou_et_sur_quoi_elle_est_apprise(montpellier):
    appris = montpellier.modele
    assert len(appris.appris) >= 200
    assert appris.espace == "tous les IRIS tenus"
    assert "le département 34 : 16" in appris.phrases[0]
    assert {(v.source, v.millesime) for v in appris.variables} == {
        ("filosofi", 2016),
        ("caf", 2016),
        ("rp_population", 2016),
    }
    assert 8 <= len(appris.variables) <= 12
    assert appris.variables[0].mediane == 20_809
    assert any("IRIS étudiant ne peut pas être reconnu" in p for p in appris.phrases)
    assert appris.stabilites[appris.nombre] >= 0.7


def test_chaque_iris_de_montpellier_a_une_classe_ou_une_raison(montpellier):
    iris = montpellier.iris
    assert len(iris) == 88
    assert iris["etat"].str.startswith("sans objet").sum() == 5
    assert (iris["classe"] > 0).sum() == 82
    raison = iris.set_index("code").at["341720401", "etat"]
    assert raison.startswith("non classé : 3 variables manquent")


def test_les_quartiers_prioritaires_sont_situes_dans_leurs_classes(base_reelle, montpellier):
    quartiers, phrase = quartiers_classes(base_reelle, montpellier.sujet, montpellier.iris)
    assert quartiers["qpv"].nunique() == 12
    assert "débordent" in phrase
    # La première classe est celle des niveaux de vie les plus bas : la Mosson et le Petit Bard y sont entiers.
    for nom in ("Mosson", "Petit Bard Pergola"):
        assert set(quartiers.loc[quartiers["nom_qpv"] == nom, "classe"]) == {1}
    fiches = rendu.fiches(montpellier, noms(montpellier.modele, montpellier.reglages, {}), quartiers, phrase)
    assert "fois la médiane métropolitaine" in fiches
    assert "Blayac (341720401) : non classé" in fiches


def test_les_centres_relus_redonnent_les_classes_et_une_autre_ville_se_classe(base_reelle, montpellier):
    relu = modele.depuis_json(montpellier.modele.en_json())
    _, iris, _ = transfert.reporter(base_reelle, "34172", relu, 2016)
    assert iris["classe"].tolist() == montpellier.iris["classe"].tolist()
    assert not (iris["changement"] == "change de classe").any()


def test_rien_n_est_reporte_de_2016_a_2018(base_reelle, montpellier):
    with pytest.raises(ParametreInvalide, match=r"(?s)7 variables sur 11.*loyer de solidarité"):
        transfert.reporter(base_reelle, "34172", montpellier.modele, 2018)


def test_les_comparables_de_montpellier_sont_des_villes_de_sa_taille(base_reelle):
    table = chercher(base_reelle, "Montpellier", "logement").table
    assert len(table) == 10
    assert {"67482", "35238"} <= set(table["code"])
    assert not table["nom"].str.contains("Arrondissement").any()
    assert table["population"].between(140_000, 620_000).all()
    assert np.allclose(table.filter(like="part_dans_la_distance_").sum(axis=1), 1)
