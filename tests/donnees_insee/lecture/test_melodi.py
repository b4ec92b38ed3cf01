"""Les fichiers de Melodi : quel jeu, quelles cellules, quels manques ; jamais l'ordre des colonnes ni les guillemets."""

from __future__ import annotations

import csv
import io
import random
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from donnees_insee.catalogue.catalogue import source
from donnees_insee.catalogue.jeux_melodi import correspondances, jeux, recensements_qui_se_suivent
from donnees_insee.controle.presentation import certitude
from donnees_insee.depot.rangement import Part, base_vide, preparer_fichier
from donnees_insee.erreurs import ErreurAbs, SourceNonReconnue, TableNonConforme

COMMUN = {"GEO_OBJECT": "COM", "FREQ": "A", "OBS_STATUS": "A", "TIME_PERIOD": "2023"}
AGES = ("_T", "Y_LT15", "Y15T24", "Y_LT20", "Y_GE65")
Lignes = list[dict[str, str]]


def population(code: str, valeurs: dict[str, float | str], **autres: str) -> Lignes:
    """Écrire quelques âges d'un territoire."""
    return [
        {"GEO": code, "SEX": "_T", "AGE": age, "RP_MEASURE": "POP", "OBS_VALUE": str(v)} | COMMUN | autres
        for age, v in valeurs.items()
    ]


def logement(code: str, valeur: float, **dimensions: str) -> dict[str, str]:
    dims = dict.fromkeys(jeux()["DS_RP_LOGEMENT_PRINC"].dimensions, "_T")
    return {"GEO": code, "RP_MEASURE": "DWELLINGS", "OBS_VALUE": str(valeur)} | dims | COMMUN | dimensions


def ecrire(
    chemin: Path, lignes: Lignes, *, colonnes: list[str] | None = None, sep: str = ";", bom: bool = False,
    guillemets: int = csv.QUOTE_MINIMAL,
) -> Path:  # fmt: skip
    texte = io.StringIO()
    noms = colonnes or list(lignes[0])
    ecrivain = csv.DictWriter(texte, noms, delimiter=sep, quoting=guillemets, lineterminator="\n")  # type: ignore[arg-type]
    ecrivain.writeheader()
    ecrivain.writerows(lignes)
    chemin.write_text(("\ufeff" if bom else "") + texte.getvalue(), encoding="utf-8")
    return chemin


def lire(chemin: Path) -> list[Part]:
    return preparer_fichier(base_vide(), chemin, chemin.name, "essai", None)


def table(parts: list[Part], niveau: str = "commune", millesime: int = 2023) -> pd.DataFrame:
    (part,) = (p for p in parts if (p.lot.niveau, p.lot.millesime) == (niveau, millesime))
    return part.donnees.set_index("code")


NOM = "DS_RP_POPULATION_PRINC_2023_data.csv"


def test_un_jeu_se_reconnait_a_ses_colonnes_et_donne_ses_variables(tmp_path: Path) -> None:
    lignes = population("01001", {"_T": 800.5, "Y_LT15": 150}) + population("01002", {"_T": 20, "Y_LT15": 0})
    parts = lire(ecrire(tmp_path / "sans_nom_utile.csv", lignes))
    assert [(p.lot.source, p.lot.jeu, p.lot.edition) for p in parts] == [
        ("rp_melodi", "DS_RP_POPULATION_PRINC", 2023)
    ]
    lue = table(parts)
    assert lue["P_POP"].to_dict() == {"01001": 800.5, "01002": 20.0}
    assert lue.at["01002", "P_POP0014"] == 0.0
    assert "P_POP65P" not in lue


@settings(max_examples=25, deadline=None)
@given(
    st.permutations(
        ["GEO", "GEO_OBJECT", "SEX", "AGE", "RP_MEASURE", "FREQ", "OBS_STATUS", "TIME_PERIOD", "OBS_VALUE"]
    ),
    st.sampled_from([";", ","]),
    st.booleans(),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.integers(0, 1000),
)
def test_ni_l_ordre_des_colonnes_ni_les_guillemets_ni_celui_des_lignes_ne_changent_la_base(
    tmp_path_factory: pytest.TempPathFactory, colonnes: list[str], sep: str, bom: bool, guillemets: int, graine: int
) -> None:  # fmt: skip
    lignes = [
        ligne
        for i, code in enumerate(("2A004", "97411", "75056"))
        for annee in ("2012", "2017", "2023")
        for ligne in population(code, {a: 10.25 * i + int(annee) for a in AGES}, TIME_PERIOD=annee)
    ]
    dossier = tmp_path_factory.mktemp("ordre")
    temoin = {p.lot.ou: p.donnees for p in lire(ecrire(dossier / NOM, lignes))}
    random.Random(graine).shuffle(lignes)
    autre = lire(
        ecrire(dossier / "a" / NOM if (dossier / "a").mkdir() is None else dossier, lignes,
               colonnes=colonnes, sep=sep, bom=bom, guillemets=guillemets)
    )  # fmt: skip
    assert {p.lot.ou for p in autre} == temoin.keys()
    for part in autre:
        pd.testing.assert_frame_equal(part.donnees, temoin[part.lot.ou])


def test_un_code_a_plusieurs_niveaux_n_est_jamais_mele(tmp_path: Path) -> None:
    lignes = population("99001", {"_T": 100})
    lignes += population("99001", {"_T": 900}, GEO_OBJECT="BV2022") + population(
        "99001", {"_T": 700}, GEO_OBJECT="UU2020"
    )
    lignes += population("99", {"_T": 5000}, GEO_OBJECT="DEP") + population(
        "99", {"_T": 6000}, GEO_OBJECT="REG"
    )
    lignes += population("ZZZZZZZZZ", {"_T": 3}, GEO_OBJECT="EPCI")
    parts = lire(ecrire(tmp_path / NOM, lignes))
    lus = {p.lot.niveau: p.donnees.set_index("code")["P_POP"].to_dict() for p in parts}
    assert lus == {"commune": {"99001": 100.0}, "departement": {"99": 5000.0}, "region": {"99": 6000.0}}
    assert any("2 lignes d'autres niveaux" in r for r in parts[0].lot.remarques)
    assert any("1 lignes de communes sans EPCI" in r for r in parts[0].lot.remarques)


@settings(max_examples=20, deadline=None)
@given(statut=st.sampled_from(["K", "O", "M"]), valeur=st.sampled_from(["0", "12.5", "", "99999"]))
def test_une_donnee_comprise_ailleurs_ou_manquante_n_est_jamais_zero(
    tmp_path_factory: pytest.TempPathFactory, statut: str, valeur: str
) -> None:
    lignes = population("01001", {"_T": 800}) + population("01002", {"_T": valeur}, OBS_STATUS=statut)
    lignes += population("01003", {"_T": 7}, OBS_STATUS="W") + population("01004", {"_T": ""})
    lue = table(lire(ecrire(tmp_path_factory.mktemp("statut") / NOM, lignes)))
    assert pd.isna(lue.at["01002", "P_POP"])
    assert lue.at["01002", "P_POP__statut"] == f"obs-{statut.lower()}"
    assert lue.at["01003", "P_POP"] == 7
    assert pd.isna(lue.at["01004", "P_POP"])


def test_une_cellule_dite_a_la_fois_comprise_ailleurs_et_chiffree_garde_son_chiffre(tmp_path: Path) -> None:
    lignes = population("22001", {"_T": 2}) + population("22001", {"_T": 99999}, OBS_STATUS="K")
    assert table(lire(ecrire(tmp_path / NOM, lignes))).at["22001", "P_POP"] == 2


def test_une_somme_dont_une_part_manque_est_inconnue(tmp_path: Path) -> None:
    durees = ("Y10T19", "Y20T29", "Y_GE30")
    lignes = [logement("01001", 10, OCS="DW_MAIN", L_STAY=d) for d in durees]
    lignes += [logement("01002", 10, OCS="DW_MAIN", L_STAY=d) for d in durees[:2]]
    lignes += [logement("01002", 0, OCS="DW_MAIN", L_STAY="Y_GE30") | {"OBS_STATUS": "M"}]
    lue = table(lire(ecrire(tmp_path / "DS_RP_LOGEMENT_PRINC_2023_data.csv", lignes)))
    assert lue.at["01001", "P_MEN_ANEM10P"] == 30
    assert pd.isna(lue.at["01002", "P_MEN_ANEM10P"])


def test_une_periode_de_construction_suit_l_edition_et_les_locataires_ont_deux_ecritures(
    tmp_path: Path,
) -> None:
    lignes = [
        logement("01001", n, OCS="DW_MAIN", **d)
        for n, d in (
            (5, {"BUILD_END": "Y2006T2014", "TIME_PERIOD": "2017"}),
            (8, {"BUILD_END": "Y2006T2020"}),
            (70, {"BUILD_END": "Y_LT2021"}),
            (3, {"TSH": "211"}),
            (4, {"TSH": "221"}),
            (1, {"TSH": "212_222"}),
        )
    ]
    parts = lire(ecrire(tmp_path / "DS_RP_LOGEMENT_PRINC_2023_data.csv", lignes))
    assert table(parts, millesime=2017).at["01001", "P_RP_ACH2019"] == 5
    lue = table(parts).loc["01001"]
    assert (lue["P_RP_ACH2019"], lue["P_RP_ACHTOT"], lue["P_RP_LOC"]) == (8, 70, 8)


def test_une_seule_modalite_n_est_pas_un_total(tmp_path: Path) -> None:
    """Un fichier qui n'a que les actifs occupés ne dit pas la population."""
    lignes = [
        ligne | {"EMPSTA_ENQ": "1", "EDUC": "_T", "AGE": "Y_GE15"} for ligne in population("01001", {"_T": 9})
    ]
    with pytest.raises(SourceNonReconnue, match="aucune cellule n'est connue"):
        lire(ecrire(tmp_path / "extrait_2023.csv", lignes))


def test_une_dimension_de_plus_au_total_n_empeche_pas_de_lire_un_jeu_qui_dit_son_nom(tmp_path: Path) -> None:
    lignes = [
        ligne | {"NOUVELLE": n}
        for n in ("_T", "A")
        for ligne in population("01001", {"_T": 10 if n == "_T" else 4})
    ]
    assert table(lire(ecrire(tmp_path / NOM, lignes))).at["01001", "P_POP"] == 10
    with pytest.raises(SourceNonReconnue):
        lire(ecrire(tmp_path / "inconnu_2023.csv", lignes))


def test_un_jeu_renomme_et_une_colonne_renommee_se_lisent_pareil(tmp_path: Path) -> None:
    base = {"GEO": "01001", "AGE": "Y15T64", "PCS": "_T", "RP_MEASURE": "POP", "OBS_VALUE": "40"} | COMMUN
    lues = [
        table(lire(ecrire(tmp_path / f"{colonne}_2023.csv", [base | {colonne: "1T2"}]))).at[
            "01001", "C_ACT1564"
        ]
        for colonne in ("EMPSTA", "EMPSTA_ENQ")
    ]
    assert lues == [40, 40]


def test_un_statut_inconnu_est_refuse_avec_ce_qu_il_faut_faire(tmp_path: Path) -> None:
    with pytest.raises(TableNonConforme, match=r"(?s)OBS_STATUS = « X ».*") as refus:
        lire(ecrire(tmp_path / NOM, population("01001", {"_T": 1}, OBS_STATUS="X")))
    assert "ABS_CATALOGUE" in str(refus.value)


def test_deux_valeurs_d_une_meme_cellule_sont_refusees_deux_fois_la_meme_est_admise(tmp_path: Path) -> None:
    memes = population("01001", {"_T": 1}) * 2
    assert table(lire(ecrire(tmp_path / NOM, memes))).at["01001", "P_POP"] == 1
    with pytest.raises(TableNonConforme, match="plusieurs valeurs d'une même cellule"):
        lire(ecrire(tmp_path / NOM, [*memes, *population("01001", {"_T": 2})]))


@pytest.mark.parametrize("mal", ["douze", "1 234,5", "NaN", "1e999"])
def test_un_nombre_illisible_est_refuse(tmp_path: Path, mal: str) -> None:
    with pytest.raises(ErreurAbs, match="P_POP"):
        lire(ecrire(tmp_path / NOM, population("01001", {"_T": mal, "Y_LT15": 4})))


@pytest.mark.parametrize("code", ["1001", "0100", "2C004", "Paris"])
def test_un_code_mal_forme_est_refuse(tmp_path: Path, code: str) -> None:
    with pytest.raises(TableNonConforme, match="mal formé"):
        lire(ecrire(tmp_path / NOM, population(code, {"_T": 1})))


def test_un_fichier_tronque_est_refuse(tmp_path: Path) -> None:
    entier = ecrire(tmp_path / NOM, population("01001", dict.fromkeys(AGES, 5)))
    texte = entier.read_text(encoding="utf-8")
    entier.write_text(texte[: len(texte) - 30], encoding="utf-8")
    with pytest.raises(ErreurAbs, match="tronqué ou retouché"):
        lire(entier)


def test_un_parquet_ou_l_annee_est_une_date_donne_la_meme_base(tmp_path: Path) -> None:
    lignes = population("01001", dict.fromkeys(AGES, 5.5)) + population("97411", dict.fromkeys(AGES, 6))
    temoin = table(lire(ecrire(tmp_path / NOM, lignes)))
    chemin = tmp_path / "DS_RP_POPULATION_PRINC_2023.parquet"
    duckdb.sql(
        f"copy (select * replace (cast(OBS_VALUE as double) as OBS_VALUE, make_date(2023, 1, 1) as TIME_PERIOD) "
        f"from read_csv('{tmp_path / NOM}', all_varchar=true)) to '{chemin}' (format parquet)"
    )
    pd.testing.assert_frame_equal(table(lire(chemin)), temoin)


def test_le_prefixe_de_l_api_dit_la_geographie(tmp_path: Path) -> None:
    lignes = population("2025-COM-44109", {"_T": 327734})
    (part,) = lire(ecrire(tmp_path / NOM, lignes))
    assert (part.donnees["code"].tolist(), part.lot.geographie) == (["44109"], 2025)
    with pytest.raises(TableNonConforme, match="une seule année de géographie"):
        lire(ecrire(tmp_path / NOM, [*lignes, *population("2026-COM-44110", {"_T": 1})]))


def test_l_edition_est_la_derniere_annee_ou_celle_plus_recente_que_dit_le_nom(tmp_path: Path) -> None:
    vieux = population("01001", {"_T": 5}, TIME_PERIOD="2012")
    assert lire(ecrire(tmp_path / NOM, vieux))[0].lot.edition == 2023
    assert lire(ecrire(tmp_path / "extrait.csv", vieux))[0].lot.edition == 2012
    (part,) = lire(ecrire(tmp_path / "population_2011.csv", vieux))
    assert part.lot.edition == 2012
    assert any("le nom du fichier porte 2011" in r for r in part.lot.remarques)


def serie(code: str, annee: int, **mesures: float) -> Lignes:
    return [
        {"GEO": code, "OCS": "_T", "RP_MEASURE": m, "OBS_VALUE": str(v)}
        | COMMUN
        | {"TIME_PERIOD": str(annee)}
        for m, v in mesures.items()
    ]


def test_la_serie_historique_porte_la_population_du_recensement_d_avant(tmp_path: Path) -> None:
    lignes = serie("01001", 2012, POP=100) + serie("01001", 2017, POP=110, BRTH=8, DEATH=5)
    lignes += serie("01001", 2023, POP=118, BRTH=9, DEATH=7) + serie("01002", 2023, POP=50)
    parts = lire(ecrire(tmp_path / "DS_RP_SERIE_HISTORIQUE_2023_data.csv", lignes))
    lue = table(parts)
    assert lue.loc["01001", ["P_POP", "P_POP_AVANT", "ANNEES", "NAIS", "DECE"]].tolist() == [
        118,
        110,
        6,
        9,
        7,
    ]
    assert pd.isna(lue.at["01002", "P_POP_AVANT"])
    assert "P_POP_AVANT" not in table(parts, millesime=2012)


def test_un_recensement_absent_de_la_serie_ne_se_saute_pas(tmp_path: Path) -> None:
    """Naissances et décès sont cumulés depuis le recensement précédent : en sauter un fausserait le solde."""
    assert recensements_qui_se_suivent([1968, 1975, 1999, 2007, 2023]) == {1975: 1968, 2007: 1999}
    parts = lire(
        ecrire(
            tmp_path / "DS_RP_SERIE_HISTORIQUE_2023_data.csv",
            serie("01001", 2012, POP=100) + serie("01001", 2023, POP=118, BRTH=9, DEATH=7),
        )
    )
    assert "P_POP_AVANT" not in table(parts)


def test_les_ages_fins_font_les_tranches(tmp_path: Path) -> None:
    ages: dict[str, Any] = {f"Y{a}": 1 for a in range(100)} | {"Y_GE100": 1}
    lignes = population("01001", ages | {"_T": 101}) + population("01001", ages | {"_T": 101}, SEX="F")
    (part,) = lire(ecrire(tmp_path / "DS_RP_TD_POPULATION_AGESEX_PRINC_2023_data.csv", lignes))
    lue = part.donnees.set_index("code").loc["01001"]
    assert part.lot.jeu == "DS_RP_TD_POPULATION_AGESEX_PRINC"
    assert (lue["P_POP0002"], lue["P_POP1117"], lue["P_POP75P"], lue["P_FQ9094"]) == (3, 7, 26, 5)


def test_chaque_correspondance_a_son_jeu_et_ses_dimensions() -> None:
    for nom, lignes in correspondances().items():
        jeu = jeux()[nom]
        for ligne in lignes:
            assert set(ligne.modalites) <= {jeu.mesure, *jeu.dimensions}, ligne
            assert ligne.preuve in {"valeurs", "code", "suppose"}, ligne


def equipements(code: str, edition: int, **types: float) -> Lignes:
    return [
        {"GEO": code, "FACILITY_DOM": t[0], "FACILITY_SDOM": t[:2], "FACILITY_TYPE": t, "BPE_MEASURE": "FACILITIES",
         "OBS_VALUE": str(v)} | COMMUN | {"TIME_PERIOD": str(edition)}
        for t, v in types.items()
    ]  # fmt: skip


def test_un_equipement_renumerote_garde_son_nom_et_une_paire_absente_vaut_zero(tmp_path: Path) -> None:
    for edition, code in ((2023, "D201"), (2024, "D265")):
        lignes = equipements("01001", edition, **{code: 3}) + equipements("01002", edition, D307=1)
        lignes += equipements("01001", edition, **{"D201" if code == "D265" else "D265": 99})
        (part,) = lire(ecrire(tmp_path / f"DS_BPE_{edition}_data.csv", lignes))
        lue = part.donnees.set_index("code")
        assert part.lot.source == "bpe_communes"
        assert lue["EQ_GENERALISTES"].to_dict() == {"01001": 3.0, "01002": 0.0}
        assert "EQ_COLLEGES" not in lue


@pytest.mark.parametrize(
    ("identifiant", "attendu"),
    [
        ("etat_civil", "catalogue de Melodi"),
        ("serie_historique", "catalogue de Melodi"),
        ("locale", "partenaire"),
    ],
)
def test_le_catalogue_dit_ou_prendre_un_fichier_dont_il_n_a_pas_l_adresse(
    identifiant: str, attendu: str
) -> None:
    assert attendu in certitude(source(identifiant))
