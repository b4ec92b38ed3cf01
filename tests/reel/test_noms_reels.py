"""Noms et codes des vrais fichiers : accents rendus, EPCI qui a changé de code, communes fusionnées depuis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from abs.evolutions.releve import relever
from abs.perimetres.iris_touches import recouvrement
from abs.perimetres.profil_qpv import contour_de_qpv, profil_des_iris
from abs.portrait.portrait import composer
from abs.territoires.demande import Demande
from abs.territoires.territoires import Territoires
from donnees_insee.base.base import Base
from donnees_insee.depot.depot import deposer
from donnees_insee.geographie.dans_le_temps import histoire

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.reel


@pytest.fixture(scope="module")
def base_geographie(donnees_reelles: Path, tmp_path_factory: pytest.TempPathFactory) -> Base:
    base = Base(tmp_path_factory.mktemp("noms"))
    dossier = donnees_reelles / "geographie"
    noms = (
        "EPCI_2020.csv",
        "table-appartenance-geo-communes-22.xlsx",
        "v_commune_2026.csv",
        "v_mvt_commune_2026.csv",
    )
    deposer(base, [dossier / n for n in noms])
    return base


def test_une_metropole_qui_a_change_de_code_garde_son_nom_et_ses_communes(base_geographie: Base) -> None:
    """Avant : 200093201 s'appelait « CC de la Haute-Deûle », et 245900410 n'avait aucune commune."""
    territoires = Territoires(base_geographie)
    nouvelle, ancienne = territoires.trouver("200093201"), territoires.trouver("245900410")
    assert nouvelle.nom == "Métropole Européenne de Lille"
    assert len(nouvelle.composantes) == 95
    assert len(ancienne.composantes) == 90
    assert set(ancienne.composantes) < set(nouvelle.composantes)
    assert ancienne.nom == "Métropole Européenne de Lille (périmètre de 2020, aujourd'hui 200093201)"


def test_une_fusion_recente_est_dite_des_deux_communes(base_geographie: Base) -> None:
    attendu = (
        "Pierrefitte-sur-Seine et Saint-Denis ont fusionné au 1er janvier 2025 (Saint-Denis, 93066) : un chiffre d'avant "
        "cette date porte sur la commune d'avant."
    )
    passe = histoire(base_geographie)
    assert passe.fusions_depuis("93066", 2022) == [attendu]
    assert passe.fusions_depuis("93059", 2022) == [attendu]
    assert passe.fusions_depuis("93059", 2025) == []
    assert passe.fusions_depuis("93079", 2022) == []
    assert attendu in composer(base_geographie, Demande("93059")).avertissements


def test_aucun_nom_montre_n_a_perdu_ses_accents(base_reelle: Base) -> None:
    """Avant : « La Renardi�re » dans le profil des IRIS d'un quartier de Béziers."""
    nom, contour, _ = contour_de_qpv(base_reelle, "QP034001")
    noms = set(profil_des_iris(base_reelle, nom, contour, ("population",)).iris["nom"])
    assert "La Renardière" in noms
    assert not [n for n in noms if "�" in n]
    assert not recouvrement(base_reelle, contour).table["nom"].astype(str).str.contains("�").any()
    evolutions = relever(base_reelle, "34032", 2016, 2018, ["part_allocataires_rsa"])
    assert not [e.nom for e in evolutions.lignes() if "�" in e.nom]
