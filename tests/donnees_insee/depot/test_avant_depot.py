"""Le rapport d'avant dépôt : ce qu'une table reçue change, dit en phrases, sans rien écrire."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from donnees_insee.demo import ARCHIVE
from donnees_insee.depot.avant_depot import Examen, comparer, millesime_de_comparaison
from donnees_insee.depot.depot import deposer
from donnees_insee.depot.ecarts import accord, grandeur_de, nombre, seuils
from donnees_insee.depot.examen import examiner
from donnees_insee.preparation.preparation import TablePreparee

if TYPE_CHECKING:
    from donnees_insee.base.base import Base


def examen(ancienne: dict[str, Any], recue: dict[str, Any], source: str = "rp_population") -> Examen:
    """Comparer deux petites tables, à dix ans d'écart."""
    tenue = pd.DataFrame(ancienne).set_index("code")
    return comparer(tenue, TablePreparee(pd.DataFrame(recue), "iris", 2022, ()), source, 2016)


def phrases(e: Examen) -> str:
    return "\n".join(e.phrases())


CODES = [f"99001{i:04d}" for i in range(101, 141)]


def table(codes: list[str] = CODES, **variables: Any) -> dict[str, Any]:
    return {
        "code": list(codes),
        **{v: [x] * len(codes) if not isinstance(x, list) else x for v, x in variables.items()},
    }


def natures(e: Examen) -> set[tuple[str, str]]:
    return {(x.nature, x.variable) for x in e.ecarts}


# -- structure ---------------------------------------------------------------------------------


def test_deux_tables_pareilles_n_ont_rien_de_notable() -> None:
    e = examen(table(P_POP=1000.0), table(P_POP=1000.0))
    assert not e.notable
    assert e.ecarts == ()
    assert "Mêmes variables et mêmes codes." in phrases(e)


def test_les_variables_et_les_codes_gagnes_et_perdus_sont_comptes() -> None:
    e = examen(
        table(P_POP=1000.0, P_VIEUX=1.0, P_VIEUX__statut="s"),
        table([*CODES[3:], "990990101"], P_POP=1000.0, P_NEUF=1.0),
    )
    assert e.colonnes_gagnees == ("P_NEUF",)
    assert e.colonnes_perdues == ("P_VIEUX",)
    assert e.codes_gagnes == ("990990101",)
    assert e.codes_perdus == tuple(CODES[:3])
    texte = phrases(e)
    assert "1 variable gagnée : P_NEUF." in texte
    assert "3 codes perdus : 990010101, 990010102, 990010103." in texte
    assert e.notable


def test_rien_de_tenu_rien_a_comparer_mais_les_bornes_sont_vues() -> None:
    recue = TablePreparee(pd.DataFrame(table(DISP_TP60=[120.0] + [12.0] * 39)), "iris", 2021, ())
    e = comparer(None, recue, "filosofi", None)
    assert not e.tenue
    assert e.codes_gagnes == ()
    assert natures(e) == {("borne", "DISP_TP60")}
    assert "rien à comparer" in phrases(e)


def test_les_tables_comparees_ne_sont_pas_changees() -> None:
    tenue = pd.DataFrame(table(P_POP=1000.0)).set_index("code")
    recue = pd.DataFrame(table(P_POP=2000.0))
    avant = tenue.copy(), recue.copy()
    comparer(tenue, TablePreparee(recue, "iris", 2022, ()), "rp_population", 2016)
    pd.testing.assert_frame_equal(tenue, avant[0])
    pd.testing.assert_frame_equal(recue, avant[1])


# -- valeurs -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("apres", "dit"), [(1240.0, False), (1260.0, True), (760.0, False), (740.0, True)])
def test_une_somme_qui_bouge_de_plus_d_un_quart_est_dite(apres: float, dit: bool) -> None:
    e = examen(table(P_POP=1000.0), table(P_POP=apres))
    assert (("variation", "P_POP") in natures(e)) is dit


def test_la_phrase_dit_les_deux_sommes_et_la_variation() -> None:
    texte = phrases(examen(table(P_POP=1000.0), table(P_POP=1500.0)))
    assert (
        "P_POP : sur 40 codes communs renseignés, la somme passe de 40\u202f000 à 60\u202f000 (+50 %)."
        in texte
    )


def test_un_petit_effectif_peut_bouger_sans_etre_dit() -> None:
    assert not examen(table(P_POP=2.0), table(P_POP=3.0)).ecarts


def test_les_codes_nouveaux_ne_comptent_pas_dans_la_variation() -> None:
    e = examen(table(CODES[:20], P_POP=1000.0), table(CODES, P_POP=1000.0))
    assert not e.ecarts


@pytest.mark.parametrize("facteur", [10, 100, 1000])
def test_une_virgule_perdue_est_reconnue(facteur: int) -> None:
    e = examen(table(DISP_MED=21000.5), table(DISP_MED=21000.5 * facteur), "filosofi")
    assert ("facteur", "DISP_MED") in natures(e)
    assert f"multipliée par {facteur} environ" in phrases(e)


def test_une_part_se_compare_en_points() -> None:
    ecart = examen(table(DISP_TP60=12.0), table(DISP_TP60=18.5), "filosofi")
    assert "la moyenne passe de 12 à 18,5 (+6,5 points)" in phrases(ecart)
    assert not examen(table(DISP_TP60=12.0), table(DISP_TP60=16.0), "filosofi").ecarts


def test_un_taux_au_dela_de_cent_est_impossible() -> None:
    e = examen(table(TX_TOT_ET=20.0), table(TX_TOT_ET=[130.0] + [20.0] * 39), "qpv_demographie")
    assert ("borne", "TX_TOT_ET") in natures(e)
    assert "130 au code 990010101 ; on attend au moins 0 et au plus 100" in phrases(e)


def test_une_part_de_revenu_peut_etre_negative() -> None:
    assert not examen(table(DISP_PIMPOT=-18.0), table(DISP_PIMPOT=-19.0), "filosofi").ecarts


def test_un_effectif_negatif_nouveau_est_dit() -> None:
    e = examen(table(P_POP=1000.0), table(P_POP=[-5.0] + [1000.0] * 39))
    assert ("negatif", "P_POP") in natures(e)


def test_une_valeur_hors_de_l_etendue_est_dite_et_une_valeur_voisine_non() -> None:
    valeurs = [float(x) for x in range(10, 50)]
    ancienne = table(P_POP=valeurs)
    loin = table(P_POP=[*valeurs[:-1], 80.0])
    pres = table(P_POP=[*valeurs[:-1], 70.0])
    assert natures(examen(ancienne, loin)) == {("bande", "P_POP")}
    assert not examen(ancienne, pres).ecarts


def test_des_cellules_videes_sont_dites() -> None:
    e = examen(table(P_POP=1000.0), table(P_POP=[None] * 8 + [1000.0] * 32))
    assert natures(e) == {("manquants", "P_POP")}
    assert "0 % de cellules vides tenues, 20 % reçues" in phrases(e)


def test_plusieurs_lignes_par_code_se_comparent_sans_faute() -> None:
    codes = ["99001", "99001", "99002"]
    e = examen(
        table(codes, NB=[500.0, 500.0, 1000.0]), table(codes, NB=[1500.0, 500.0, 1000.0]), "equipements"
    )
    assert ("variation", "NB") in natures(e)


@given(
    st.lists(st.floats(0, 1e6) | st.none(), min_size=1, max_size=30),
    st.lists(st.floats(-1e6, 1e9) | st.none(), min_size=1, max_size=30),
)
def test_toute_comparaison_aboutit_a_des_phrases(
    avant: list[float | None], apres: list[float | None]
) -> None:
    codes = [f"99001{i:04d}" for i in range(30)]
    ancienne = {"code": codes[: len(avant)], "P_POP": pd.Series(avant, dtype="float64")}
    recue = {"code": codes[-len(apres) :], "P_POP": pd.Series(apres, dtype="float64")}
    e = examen(ancienne, recue)
    texte = phrases(e)
    assert "nan" not in texte
    assert "inf" not in texte
    assert len(e.codes_gagnes) - len(e.codes_perdus) == len(apres) - len(avant)


# -- réglages et mots --------------------------------------------------------------------------


def test_le_millesime_compare_est_le_meme_ou_le_plus_proche() -> None:
    assert millesime_de_comparaison([2016, 2018, 2022], 2018) == 2018
    assert millesime_de_comparaison([2016, 2022], 2021) == 2022
    assert millesime_de_comparaison([2016, 2020], 2018) == 2016
    assert millesime_de_comparaison([], 2018) is None
    assert millesime_de_comparaison([2016], None) is None


def test_chaque_seuil_est_un_nombre_positif() -> None:
    assert all(v > 0 for v in seuils().values())
    assert {"variation", "bande", "manquants", "codes_perdus", "effectif_minimal"} <= set(seuils())


@pytest.mark.parametrize(
    ("variable", "nature"),
    [
        ("P_POP", "compte"),
        ("DISP_MED", "niveau"),
        ("DISP_TP60AGE1", "part"),
        ("TX_F", "part"),
        ("A", "compte"),
    ],
)
def test_ce_que_mesure_une_variable(variable: str, nature: str) -> None:
    assert grandeur_de("filosofi", variable).nature == nature


def test_les_nombres_et_les_accords_sont_francais() -> None:
    assert [nombre(x) for x in (0.1, 2.0, 12.34, 1234567.8, -3)] == [
        "0,1",
        "2",
        "12,3",
        "1\u202f234\u202f568",
        "-3",
    ]
    assert accord(1, "code", "perdus") == "1 code perdu"
    assert accord(2, "code", "perdus") == "2 codes perdus"


# -- sur des fichiers --------------------------------------------------------------------------


def _extraire(dossier: Path, *noms: str) -> list[Path]:
    with zipfile.ZipFile(ARCHIVE) as archive:
        return [Path(archive.extract(n, dossier)) for n in noms]


def photo(base: Base) -> set[str]:
    return {str(f) for f in base.dossier.rglob("*")}


def test_examiner_dit_pour_quoi_un_fichier_est_pris_et_n_ecrit_rien(bureau: Any, tmp_path: Path) -> None:
    anciens = _extraire(tmp_path / "a", "base-ic-evol-struct-pop-2016.CSV")
    deposer(bureau.base, anciens)
    avant = photo(bureau.base)
    neufs = _extraire(tmp_path / "b", "base-ic-evol-struct-pop-2022_csv.zip")
    faux = bureau.poser("faux.csv", "machin;truc\n1;2\n")
    resultats = {e.nom: e for e in examiner(bureau.base, [*neufs, *anciens, faux])}
    (recu,) = [e for nom, e in resultats.items() if "2022" in nom]
    assert [(lot.source, lot.millesime) for lot in recu.lots] == [("rp_population", 2022)]
    (rapport,) = recu.examens
    assert (rapport.compare_a, rapport.tenue) == (2016, True)
    assert resultats["base-ic-evol-struct-pop-2016.CSV"].etat == "deja_la"
    assert resultats["faux.csv"].etat == "refuse"
    assert photo(bureau.base) == avant


def test_examiner_montre_une_contradiction_que_le_depot_refuserait(bureau: Any, recensement: str) -> None:
    bureau.deposer("rp.csv", recensement)
    change = bureau.poser("rp_rectifie.csv", recensement.replace("1200.5", "1300.5"))
    (resultat,) = examiner(bureau.base, [change])
    assert resultat.etat == "reconnu"
    (rapport,) = resultat.examens
    assert "1200.5 déjà tenu, 1300.5 reçu" in rapport.contradiction
    assert rapport.notable
    assert "Contradiction" in phrases(rapport)


def test_examiner_montre_des_contours_deja_tenus(bureau: Any, tmp_path: Path) -> None:
    (contours,) = _extraire(tmp_path, "contours-iris-2024-01-01.geojson")
    deposer(bureau.base, [contours])
    contours.write_text(contours.read_text() + "\n")
    (resultat,) = examiner(bureau.base, [contours])
    assert "que la base tient déjà" in resultat.examens[0].contradiction


def test_la_commande_examiner_se_lit(
    bureau: Any, recensement: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from carnets.commande.sources import sources_examiner
    from donnees_insee.erreurs import SourceNonReconnue

    monkeypatch.setenv("ABS_DONNEES", str(bureau.base.dossier))
    sources_examiner([bureau.poser("rp.csv", recensement)], None)
    sortie = capsys.readouterr().out
    assert "pris pour rp_population, 2016, iris" in sortie
    assert "Rien n'a été écrit." in sortie
    with pytest.raises(SourceNonReconnue):
        sources_examiner([bureau.poser("faux.csv", "machin;truc\n1;2\n")], None)
    assert not bureau.base.dossier.exists()


# -- fichiers réels ----------------------------------------------------------------------------


@pytest.mark.reel
def test_filosofi_2021_face_a_2018_montre_les_codes_et_la_diffusion_elargie(
    donnees_reelles: Path, bureau: Any
) -> None:
    deposer(bureau.base, [donnees_reelles / "filosofi" / "BASE_TD_FILO_DISP_IRIS_2018.csv"])
    (resultat,) = examiner(bureau.base, [donnees_reelles / "filosofi" / "BASE_TD_FILO_IRIS_2021_DISP.csv"])
    (rapport,) = resultat.examens
    assert rapport.compare_a == 2018
    assert (rapport.lignes, rapport.lignes_tenues) == (16026, 12395)
    assert rapport.colonnes_gagnees == ("DISP_INCERT",)
    assert len(rapport.codes_gagnes) - len(rapport.codes_perdus) == 16026 - 12395
    assert natures(rapport) == {("manquants", "DISP_TP60")}
