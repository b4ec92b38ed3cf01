"""Trouver un territoire sans jamais choisir à la place de l'analyste, et le situer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from abs.calcul.calcul import Calculateur
from abs.territoires.references import STRATES, References
from abs.territoires.territoires import Territoire, Territoires
from donnees_insee.base.base import Base
from donnees_insee.erreurs import DonneeAbsente, TerritoireInconnu
from tests.parts_d_essai import poser

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

EPCI, AUTRE_EPCI = "999900001", "999900002"
COMMUNES_DE_L_EPCI = tuple(f"990{n:02d}" for n in (1, 2, 3, 4, 5, 6, 7, 8, 9, 11))


def populations_vues_de(annuaire: Territoires, sujet: Territoire) -> pd.Series:
    return Calculateur(annuaire.base, annuaire, sujet).decoupage.populations


def references_autour(annuaire: Territoires, sujet: Territoire) -> list[Territoire]:
    return References(annuaire).autour(sujet, populations_vues_de(annuaire, sujet))


@pytest.fixture(scope="module")
def annuaire(base_demo: Base) -> Territoires:
    return Territoires(base_demo)


@pytest.fixture(scope="module")
def references_de(annuaire: Territoires) -> Callable[[str], dict[str, Territoire]]:
    def donner(texte: str) -> dict[str, Territoire]:
        return {t.role: t for t in references_autour(annuaire, annuaire.trouver(texte))}

    return donner


@pytest.mark.parametrize(
    ("texte", "code", "niveau", "nom"),
    [
        ("99001", "99001", "commune", "Arzance-la-Ville"),
        (" 99001 ", "99001", "commune", "Arzance-la-Ville"),
        ("99002", "99002", "commune", "L'Isle/Arzance"),
        (EPCI, EPCI, "epci", "CA Val-d'Arzance (territoire fictif)"),
        ("QP099003", "QP099003", "qpv", "Les Moulins-Les Forges"),
        ("qp099003", "QP099003", "qpv", "Les Moulins-Les Forges"),
        ("990010404", "990010404", "iris", "Zone d'activités de l'Écluse"),
        ("99", "99", "departement", "Département fictif"),
    ],
)
def test_un_code_donne_son_territoire(
    annuaire: Territoires, texte: str, code: str, niveau: str, nom: str
) -> None:
    trouve = annuaire.trouver(texte)
    assert (trouve.code, trouve.niveau, trouve.nom) == (code, niveau, nom)


@pytest.mark.parametrize(
    ("texte", "code"),
    [
        ("Arzance-la-Ville", "99001"),
        ("ARZANCE LA VILLE", "99001"),
        ("arzance  la\tville", "99001"),
        ("l'isle arzance", "99002"),
        ("L’Isle/Arzance", "99002"),
        ("Breville aux ormes", "99005"),
        ("nerande", "99008"),
        ("st maur d'arzance", "99003"),
        ("Région fictive", "98"),
        ("faubourg d aval", "QN09904N"),
    ],
)
def test_un_nom_se_trouve_sans_accent_ni_casse_ni_ponctuation(
    annuaire: Territoires, texte: str, code: str
) -> None:
    assert annuaire.trouver(texte).code == code


def test_un_bout_de_nom_ne_suffit_pas_et_les_suggestions_portent_nom_niveau_et_code(
    annuaire: Territoires,
) -> None:
    with pytest.raises(TerritoireInconnu) as erreur:
        annuaire.trouver("arzance")
    assert "Arzance-la-Ville (commune 99001)" in str(erreur.value)
    assert "L'Isle/Arzance (commune 99002)" in str(erreur.value)


def test_une_faute_de_frappe_propose_le_bon_nom(annuaire: Territoires) -> None:
    with pytest.raises(TerritoireInconnu, match=r"Chantemerle-sur-Arzance \(commune 99006\)"):
        annuaire.trouver("Chantemerle sur Arzence")


def test_un_nom_porte_par_deux_communes_est_refuse_avec_leurs_codes(tmp_path: Path) -> None:
    base = Base(tmp_path)
    table = pd.DataFrame(
        {
            "code": ["98001", "98002", "98003"],
            "LIBGEO": ["Clairmont", "Clairmont", "Clairmont-le-Bas"],
            "EPCI": "998800001",
            "LIBEPCI": "CC des Clairs",
            "DEP": "98",
            "REG": "98",
        }
    )
    poser(base, table, "appartenance", 2024, "commune", "x-0")
    with pytest.raises(TerritoireInconnu) as erreur:
        Territoires(base).trouver("clairmont")
    message = str(erreur.value)
    assert "plusieurs territoires" in message
    assert "commune 98001" in message
    assert "commune 98002" in message


@pytest.mark.parametrize(
    "texte",
    [
        "",
        "   ",
        "99999",
        "00000",
        "999",
        "QP099999",
        "990019999",
        "'; drop table communes; --",
        '"',
        "\\",
        "%",
        "_",
        "*",
        ".*",
        "(",
        "[a-",
        "<script>alert(1)</script>",
        "../../etc/passwd",
        "\x00",
        "\n",
        "\u202e99001",
        "😀",
        "é" * 3000,
        "99001;99002",
        "99 001",
    ],
)
def test_une_chaine_sans_territoire_donne_une_phrase_jamais_une_panne(
    annuaire: Territoires, texte: str
) -> None:
    with pytest.raises(TerritoireInconnu, match=r"Donnez (un|le) code"):
        annuaire.trouver(texte)


def test_une_base_vide_le_dit_avant_de_chercher(tmp_path: Path) -> None:
    with pytest.raises(DonneeAbsente, match="est vide"):
        Territoires(Base(tmp_path)).trouver("99001")


def test_la_recherche_est_bornee_et_met_l_exact_en_tete(annuaire: Territoires) -> None:
    trouves = annuaire.chercher("arzance", 3)
    assert len(trouves) == 3
    assert annuaire.chercher("Arzance-la-Ville")[0].code == "99001"
    assert annuaire.chercher("") == []


def test_un_epci_contient_ses_communes_de_la_geographie_la_plus_recente(annuaire: Territoires) -> None:
    # 99010 a fusionné dans 99009 : elle n'est plus dans l'EPCI de 2024.
    assert annuaire.trouver(EPCI).composantes == COMMUNES_DE_L_EPCI


def test_la_geographie_demandee_change_la_composition(base_demo: Base) -> None:
    ancienne = Territoires(base_demo, 2018).trouver(EPCI)
    assert set(ancienne.composantes) == {*COMMUNES_DE_L_EPCI, "99010"}
    assert ancienne.geographie == 2018


def test_un_departement_contient_les_communes_des_deux_epci(annuaire: Territoires) -> None:
    attendues = set(COMMUNES_DE_L_EPCI) | {"99012", "99013", "99014", "99015"}
    assert set(annuaire.trouver("99").composantes) == attendues


def test_un_qpv_sur_deux_communes_les_porte_toutes_les_deux(annuaire: Territoires) -> None:
    assert annuaire.trouver("QP099003").composantes == ("99001", "99002")


def test_les_references_d_une_commune_vont_du_plus_proche_au_plus_large(references_de: Callable) -> None:
    references = references_de("99003")
    assert list(references) == ["epci", "epci_hors_centre", "departement", "region", "france"]
    assert references["epci"].code == EPCI
    assert references["france"].code == "METRO"
    assert references["france"].nom == "France métropolitaine"


def test_l_epci_hors_centre_retire_la_commune_la_plus_peuplee_et_elle_seule(references_de: Callable) -> None:
    hors = references_de("99001")["epci_hors_centre"]
    assert hors.composantes == tuple(c for c in COMMUNES_DE_L_EPCI if c != "99001")
    assert "hors Arzance-la-Ville" in hors.nom
    # Vu d'une autre commune, le centre reste le même.
    assert references_de("99004")["epci_hors_centre"] == hors


def test_la_strate_reunit_les_autres_communes_de_meme_taille_du_departement(
    references_de: Callable, annuaire: Territoires
) -> None:
    strate = references_de("99005")["strate"]
    assert populations_vues_de(annuaire, annuaire.trouver("99005"))["99005"] == 2304
    # De 2 000 à 5 000 habitants en 2022 : 99004 (3 487) et 99005 (2 304) ; le sujet n'est pas comparé à lui-même.
    assert strate.composantes == ("99004",)
    assert "2\u202f000 à 5\u202f000" in strate.nom


def test_une_commune_seule_de_sa_taille_n_a_pas_de_strate(references_de: Callable) -> None:
    assert "strate" not in references_de("99001")


def test_les_strates_se_suivent_sans_trou() -> None:
    assert list(STRATES) == sorted(set(STRATES))
    assert STRATES[0] == 0


def test_un_iris_et_un_qpv_se_comparent_d_abord_a_leur_commune(references_de: Callable) -> None:
    for texte in ("990010101", "QP099001"):
        references = references_de(texte)
        assert next(iter(references)) == "commune"
        assert references["commune"].code == "99001"
        assert references["epci"].code == EPCI


def test_un_epci_ne_se_compare_pas_a_lui_meme(references_de: Callable) -> None:
    assert set(references_de(AUTRE_EPCI)) == {"departement", "region", "france"}


def test_un_departement_ne_se_compare_pas_a_un_de_ses_epci(references_de: Callable) -> None:
    assert "epci" not in references_de("99")


def test_un_departement_et_une_region_de_meme_code_ne_se_confondent_pas(tmp_path: Path) -> None:
    base = Base(tmp_path)
    table = pd.DataFrame(
        {"code": ["94001"], "LIBGEO": "Ville", "EPCI": "999400001", "DEP": "94", "REG": "94"}
    )
    poser(base, table, "appartenance", 2024, "commune", "x-0")
    lieux = Territoires(base)
    niveaux = [t.niveau for t in references_autour(lieux, lieux.trouver("94"))]
    assert "region" in niveaux


def test_les_qpv_d_une_commune_sont_ceux_qui_la_touchent(annuaire: Territoires) -> None:
    def codes(texte: str) -> list[str]:
        return [q.code for q in annuaire.qpv_du(annuaire.trouver(texte))]

    de_2024 = ["QN09901I", "QN09902M", "QN09903M", "QN09904N"]
    assert codes("99001") == de_2024
    assert codes("99002") == ["QN09903M"]
    assert codes("99004") == []
    assert codes(EPCI) == de_2024


def test_une_generation_de_qpv_qui_n_est_pas_tenue_n_est_pas_remplacee(annuaire: Territoires) -> None:
    sujet = annuaire.trouver("99001")
    assert annuaire.qpv_du(sujet, 2034) == []
    assert [q.code for q in annuaire.qpv_du(sujet, 2015)] == ["QP099001", "QP099002", "QP099003"]


def test_un_meme_nom_aux_deux_generations_se_departage_par_la_generation(annuaire: Territoires) -> None:
    with pytest.raises(TerritoireInconnu, match=r"QN09901I.*QP099001"):
        annuaire.trouver("les tilleuls")
    assert annuaire.trouver("les tilleuls", 2015).code == "QP099001"
    assert annuaire.trouver("les tilleuls", 2024).code == "QN09901I"


def test_les_quartiers_sont_des_groupes_d_iris_entiers_qui_couvrent_la_commune(annuaire: Territoires) -> None:
    quartiers = annuaire.quartiers_du(annuaire.trouver("99001"))
    assert [q.nom for q in quartiers] == [
        "Centre", "Coteaux et Plaine", "Faubourgs", "Tilleuls-Verrerie", "Université-Saint-Aubin",
    ]  # fmt: skip
    tous = [c for q in quartiers for c in q.composantes]
    assert len(tous) == len(set(tous)) == 22
    assert annuaire.quartiers_du(annuaire.trouver("99002")) == []


@pytest.fixture
def ville_a_arrondissements(tmp_path: Path) -> Territoires:
    """Une ville et deux de ses arrondissements, chacun avec un QPV ; un quartier d'usage dans le premier."""
    base = Base(tmp_path)
    codes = ["69123", "69381", "69382", "69266"]
    noms = ["Lyon", "Lyon 1er Arrondissement", "Lyon 2e Arrondissement", "Villeurbanne"]
    appartenance = pd.DataFrame(
        {"code": codes, "LIBGEO": noms, "EPCI": "200046977", "LIBEPCI": "Métropole", "DEP": "69", "REG": "84"}
    ).sort_values("code")
    poser(base, appartenance, "appartenance", 2024, "commune", "x-0")
    populations = pd.DataFrame({"code": codes, "POPREF_MUN": [520_000.0, 110_000.0, 120_000.0, 150_000.0]})
    poser(base, populations.sort_values("code"), "populations_legales", 2022, "commune", "x-0")
    qpv = pd.DataFrame(
        {
            "code": ["QP069001", "QP069002"],
            "LIBGEO": ["Un", "Deux"],
            "LIB_COM": ["Lyon 1er Arrondissement", "Lyon 2e Arrondissement"],
            "POP_MUN": [2_000.0, 3_000.0],
        }
    )
    poser(base, qpv, "qpv_demographie", 2021, "qpv", "x-0")
    quartiers = pd.DataFrame({"code": ["693810101", "693810102"], "QUARTIER": ["Pentes", "Pentes"]})
    poser(base, quartiers, "quartiers", None, "iris", "x-0")
    return Territoires(base)


def test_la_ville_a_les_qpv_de_tous_ses_arrondissements(ville_a_arrondissements: Territoires) -> None:
    lieux = ville_a_arrondissements
    assert [q.code for q in lieux.qpv_du(lieux.trouver("69123"))] == ["QP069001", "QP069002"]
    assert lieux.qpv_du(lieux.trouver("69266")) == []


def test_un_arrondissement_n_a_que_ses_qpv(ville_a_arrondissements: Territoires) -> None:
    lieux = ville_a_arrondissements
    assert [q.code for q in lieux.qpv_du(lieux.trouver("69381"))] == ["QP069001"]


def test_une_ville_a_arrondissements_a_ses_quartiers(ville_a_arrondissements: Territoires) -> None:
    lieux = ville_a_arrondissements
    assert [q.nom for q in lieux.quartiers_du(lieux.trouver("69123"))] == ["Pentes"]


def test_un_arrondissement_n_est_pas_compare_a_sa_ville_comme_a_une_autre_commune(
    ville_a_arrondissements: Territoires,
) -> None:
    lieux = ville_a_arrondissements
    sujet = lieux.trouver("69381")
    strates = [t for t in references_autour(lieux, sujet) if t.role == "strate"]
    assert all("69123" not in t.composantes for t in strates)
