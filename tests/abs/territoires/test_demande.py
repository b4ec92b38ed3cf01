"""Les réglages d'un portrait : lus, vérifiés, refusés avec la raison, jamais déduits l'un de l'autre."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from abs.territoires.demande import Demande, lire_millesimes, verifier
from donnees_insee.base.base import Base
from donnees_insee.erreurs import DonneeAbsente, ParametreInvalide

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("texte", "attendu"),
    [
        ("", {}),
        ("  ", {}),
        (",", {}),
        ("caf=2018", {"caf": 2018}),
        ("caf = 2018 , filosofi=2016,", {"caf": 2018, "filosofi": 2016}),
        ("rp_logement=2016", {"rp_logement": 2016}),
    ],
)
def test_les_millesimes_se_lisent_par_couples(texte: str, attendu: dict[str, int]) -> None:
    assert lire_millesimes(texte) == attendu


@pytest.mark.parametrize(
    "texte",
    [
        "caf",
        "caf=",
        "=2018",
        "caf=18",
        "caf=20188",
        "caf:2018",
        "caf=2018;filosofi=2016",
        "caf=deux mille",
        "c-f=2018",
        "caf==2018",
    ],
)
def test_un_couple_illisible_est_refuse_et_cite(texte: str) -> None:
    with pytest.raises(ParametreInvalide, match="--millesimes a reçu"):
        lire_millesimes(texte)


def test_sans_reglage_tous_les_millesimes_tenus_sont_admis_du_plus_recent_au_plus_ancien(
    base_demo: Base,
) -> None:
    demande = Demande("99001")
    assert demande.vintages(base_demo, "rp_population") == [2022, 2016]
    assert demande.vintages(base_demo, "filosofi") == [2021, 2016]


def test_le_millesime_regarde_en_arriere_jamais_apres(base_demo: Base) -> None:
    assert Demande("99001", 2016).vintages(base_demo, "rp_population") == [2016]
    assert Demande("99001", 2021).vintages(base_demo, "rp_population") == [2016]
    assert Demande("99001", 2021).vintages(base_demo, "filosofi") == [2021, 2016]


def test_un_millesime_par_famille_est_exact_et_ne_touche_qu_elle(base_demo: Base) -> None:
    demande = Demande("99001", 2022, {"caf": 2016})
    assert demande.vintages(base_demo, "caf") == [2016]
    assert demande.vintages(base_demo, "rp_population") == [2022, 2016]


def test_une_source_nommee_passe_avant_sa_famille(base_demo: Base) -> None:
    demande = Demande("99001", millesimes={"recensement": 2022, "rp_logement": 2016})
    assert demande.vintages(base_demo, "rp_logement") == [2016]
    assert demande.vintages(base_demo, "rp_menages") == [2022]


def test_un_millesime_de_famille_l_emporte_sur_le_millesime_general(base_demo: Base) -> None:
    assert Demande("99001", 2016, {"caf": 2022}).vintages(base_demo, "caf") == [2022]


@pytest.mark.parametrize("annee", [2016, 2017, 2021, 2022, 2023])
def test_une_annee_entre_deux_millesimes_tenus_est_admise(base_demo: Base, annee: int) -> None:
    verifier(Demande("99001", annee), base_demo)


@pytest.mark.parametrize("annee", [1999, 2010, 2025, 2099, 0, -1])
def test_une_annee_hors_de_ce_que_la_base_tient_est_refusee_avec_la_liste(
    base_demo: Base, annee: int
) -> None:
    with pytest.raises(DonneeAbsente, match=r"Millésimes tenus : 2011, 2016, .*2024"):
        verifier(Demande("99001", annee), base_demo)


def test_filosofi_2022_est_refuse_avec_sa_raison(base_demo: Base) -> None:
    with pytest.raises(DonneeAbsente, match="Filosofi 2022 n'existe pas"):
        verifier(Demande("99001", millesimes={"filosofi": 2022}), base_demo)


def test_une_famille_inconnue_est_refusee_avec_la_liste_des_familles(base_demo: Base) -> None:
    with pytest.raises(ParametreInvalide, match=r"« cafe ».*recensement"):
        verifier(Demande("99001", millesimes={"cafe": 2018}), base_demo)


@pytest.mark.parametrize("champs", [{"diffusion": "secrète"}, {"diffusion": ""}, {"qpv": 2018}, {"qpv": 0}])
def test_une_diffusion_ou_une_generation_inconnue_est_refusee(base_demo: Base, champs: dict) -> None:
    with pytest.raises(ParametreInvalide, match="est inconnue"):
        verifier(Demande("99001", **champs), base_demo)


@pytest.mark.parametrize(
    "champs", [{"qpv": 2015}, {"qpv": 2024}, {"diffusion": "interne"}, {"geographie": 2018}]
)
def test_les_valeurs_du_contrat_sont_admises(base_demo: Base, champs: dict) -> None:
    verifier(Demande("99001", **champs), base_demo)


def test_une_base_vide_est_dite_avant_tout_reglage(tmp_path: Path) -> None:
    with pytest.raises(DonneeAbsente, match="est vide"):
        verifier(Demande("99001", 1900), Base(tmp_path))
