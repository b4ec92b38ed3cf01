"""La base : ce qu'elle rend, ce qu'elle refuse de mélanger, ce qu'un retrait en ôte."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from donnees_insee.base.base import Base
from donnees_insee.base.parts import reunir
from donnees_insee.base.recus import lire_recu
from donnees_insee.chemins import dossier_des_donnees, dossier_provisoire, fichier_provisoire
from donnees_insee.depot.depot import deposer, empreinte, retirer
from donnees_insee.erreurs import ErreurAbs, SortieImpossible

CAF_A = "CODGEO;NOTE;A;PERCOU;AM;ACAVENF\n340010101;1;120;300;20;40\n"
CAF_B = "CODGEO;NOTE;A;PERCOU;AM;ACAVENF\n340010102;1;50;;5;10\n340010103;1;7;8;2;1\n"


@pytest.fixture
def tenue(bureau, recensement):
    bureau.deposer("base.csv", recensement)
    bureau.deposer("caf_2018.csv", CAF_A)
    bureau.deposer("caf_suite_2018.csv", CAF_B)
    return bureau


def test_lire_par_codes_prefixes_et_colonnes(tenue):
    base = tenue.base
    tout = base.lire("rp_population", 2016, "iris")
    assert tout.index.name == "code"
    assert list(base.lire("rp_population", 2016, "iris", prefixes=["2A", "97"]).index) == [
        "2A0040101",
        "974110101",
    ]
    assert list(base.lire("rp_population", 2016, "iris", codes=["010040101"], prefixes=["2A"]).index) == []
    assert list(base.lire("rp_population", 2016, "iris", codes=["010040101", "rien"]).index) == ["010040101"]
    assert base.lire("rp_population", 2016, "iris", codes=[]).empty
    assert base.lire("rp_population", 2016, "iris", prefixes=[]).empty
    assert list(base.lire("rp_population", 2016, "iris", colonnes=["P_POP", "absente"]).columns) == ["P_POP"]
    assert base.lire("rp_population", 1999, "iris").empty
    assert base.lire("rien", None, "iris").empty


def test_une_lecture_ne_modifie_pas_la_suivante(tenue):
    table = tenue.base.lire("rp_population", 2016, "iris")
    table["P_POP"] = 0
    assert tenue.base.lire("rp_population", 2016, "iris")["P_POP"].sum() > 0


def test_deux_parts_font_une_table(tenue):
    table = tenue.base.lire("caf", 2018, "iris")
    assert list(table.index) == ["340010101", "340010102", "340010103"]
    assert table["A"].sum() == 177
    assert tenue.base.millesimes("caf") == [2018]
    assert tenue.base.millesimes("caf", "commune") == []
    assert {"A", "NOTE_CNAF"} <= tenue.base.colonnes("caf", 2018, "iris")


def test_reunir_cellule_par_cellule():
    a = pd.DataFrame({"x": [1.0, np.nan], "x__statut": [None, "s"]}, index=pd.Index(["a", "b"], name="code"))
    b = pd.DataFrame({"x": [5.0], "y": [7.0]}, index=pd.Index(["b"], name="code"))
    reunie = reunir(a, b)
    assert reunie.loc["b", "x"] == 5
    assert pd.isna(reunie.loc["b", "x__statut"])
    assert reunie.loc["b", "y"] == 7


CELLULES = st.one_of(st.none(), st.integers(-9, 9).map(float))


@st.composite
def parts(dessin: st.DrawFn) -> pd.DataFrame:
    codes = dessin(st.lists(st.sampled_from("abcd"), unique=True, min_size=1))
    noms = dessin(st.lists(st.sampled_from("xyz"), unique=True))
    lignes = {n: dessin(st.lists(CELLULES, min_size=len(codes), max_size=len(codes))) for n in noms}
    return pd.DataFrame(lignes, index=pd.Index(codes, name="code"), dtype=float)


@settings(deadline=None)
@given(parts(), parts())
def test_reunir_ne_perd_ni_n_ecrase_aucune_cellule(a, b):
    reunie = reunir(a, b)
    assert set(reunie.index) == {*a.index, *b.index}
    assert set(reunie.columns) == {*a.columns, *b.columns}
    for code, nom in product(reunie.index, reunie.columns):
        tenues = [t.at[code, nom] for t in (a, b) if code in t.index and nom in t.columns]
        attendue = next((v for v in tenues if not np.isnan(v)), np.nan)
        np.testing.assert_equal(reunie.at[code, nom], attendue)


def test_reunir_plusieurs_lignes_par_territoire():
    a = pd.DataFrame({"INDICATEUR": ["x", "y"]}, index=pd.Index(["34172", "34172"], name="code"))
    b = pd.DataFrame({"INDICATEUR": ["y", "z"]}, index=pd.Index(["34172", "34172"], name="code"))
    assert sorted(reunir(a, b)["INDICATEUR"]) == ["x", "y", "z"]


LOCALE = "territoire;date;indicateur;numerateur;denominateur;producteur;diffusion;seuil\n"


def test_source_locale_sur_plusieurs_fichiers(bureau):
    bureau.deposer(
        "a.csv",
        LOCALE
        + "34172;2023;menages_aides_facultatives;12;100;CCAS;interne;5\n"
        + "34172;2023;beneficiaires_apa_domicile;7;90;CD34;interne;5\n",
    )
    depot = bureau.deposer(
        "b.csv",
        LOCALE
        + "34172;2023;beneficiaires_apa_domicile;7;90;CD34;interne;5\n"
        + "34172;2022;menages_aides_facultatives;9;;CCAS;interne;5\n",
    )
    assert depot.etat == "range"
    assert len(bureau.base.lire("locale", None, "local")) == 3
    raison = bureau.refus("c.csv", LOCALE + "34172;2023;beneficiaires_apa_domicile;8;90;CD34;interne;5\n")
    assert "34172 · 2023 · beneficiaires_apa_domicile" in raison


def test_recus(tenue):
    recus = tenue.base.recus()
    assert [r.nom for r in recus] == ["base.csv", "caf_2018.csv", "caf_suite_2018.csv"]
    for recu in recus:
        (copie,) = (tenue.base.dossier / "brut" / recu.sha256[:16]).iterdir()
        assert copie.read_bytes() == (tenue.recus / recu.nom).read_bytes()
        assert empreinte(copie) == recu.sha256
        assert recu.taille == copie.stat().st_size
    (lot,) = recus[0].lots
    assert (lot.source, lot.millesime, lot.geographie, lot.d_ou, lot.lignes) == (
        "rp_population",
        2016,
        2018,
        "colonnes",
        3,
    )


def test_recu_abime(tenue, erreur_claire):
    chemin = next((tenue.base.dossier / "recus").glob("*.json"))
    chemin.write_text("{")
    assert "abîmé" in erreur_claire(lambda: lire_recu(chemin))
    assert "abîmé" in erreur_claire(tenue.base.recus)


def test_part_abimee(tenue, erreur_claire):
    part = tenue.base.parts()[0]
    part.chemin.write_bytes(b"PAR1 abime")
    neuve = Base(tenue.base.dossier)
    assert "retirer" in erreur_claire(lambda: neuve.lire(part.source, part.millesime, part.niveau))


def test_ecriture_interrompue_ignoree(tenue):
    part = tenue.base.parts()[0].chemin
    part.with_name(".abc.en-cours.parquet").write_bytes(b"moitie")
    assert len(Base(tenue.base.dossier).parts()) == 3


def test_base_vide(tmp_path, erreur_claire):
    assert "abs demo" in erreur_claire(Base(tmp_path).exiger)
    assert Base(tmp_path).recus() == []


def test_dossier_par_defaut(monkeypatch, tmp_path):
    monkeypatch.setenv("ABS_DONNEES", str(tmp_path / "là"))
    assert dossier_des_donnees() == tmp_path / "là"
    assert not (tmp_path / "là").exists()
    monkeypatch.delenv("ABS_DONNEES")
    assert dossier_des_donnees().name == "abs"


# -- retirer -----------------------------------------------------------------------------------


def test_retirer_rend_la_base_d_avant(bureau, recensement):
    bureau.deposer("base.csv", recensement)
    avant = bureau.photo()
    bureau.deposer("caf_2018.csv", CAF_A)
    assert retirer(bureau.base, "caf_2018.csv").nom == "caf_2018.csv"
    assert bureau.photo() == avant
    assert bureau.base.millesimes("caf") == []
    assert not any(d.is_dir() and not any(d.iterdir()) for d in (bureau.base.dossier / "base").rglob("*"))
    assert bureau.deposer("caf_2018.csv", CAF_A).etat == "range"


def test_retirer_par_empreinte_une_archive(bureau, recensement, tmp_path):
    import zipfile

    with zipfile.ZipFile(tmp_path / "lot.zip", "w") as ouverte:
        ouverte.writestr("base.csv", recensement)
        ouverte.writestr("caf_2018.csv", CAF_A)
    deposer(bureau.base, [tmp_path / "lot.zip"])
    assert len(bureau.base.parts()) == 2
    retirer(bureau.base, empreinte(tmp_path / "lot.zip")[:10].upper())
    assert bureau.photo() == {}


def test_retirer_puis_corriger(bureau, recensement):
    bureau.deposer("base.csv", recensement)
    corrige = recensement.replace("1200.5", "1300")
    bureau.refus("base.csv", corrige)
    retirer(bureau.base, "base.csv")
    assert bureau.deposer("base.csv", corrige).etat == "range"
    assert bureau.base.lire("rp_population", 2016, "iris")["P_POP"].max() == 1300


@pytest.mark.parametrize("demande", ["inconnu.csv", "abc", "", "0" * 64, "*", "../.."])
def test_retirer_inconnu(tenue, erreur_claire, demande):
    avant = tenue.photo()
    assert "caf_2018.csv" in erreur_claire(lambda: retirer(tenue.base, demande))
    assert tenue.photo() == avant


def test_retirer_ambigu(bureau, erreur_claire):
    bureau.deposer("caf.csv", CAF_A, millesime=2018)
    bureau.deposer("caf.csv", CAF_B, millesime=2018)
    raison = erreur_claire(lambda: retirer(bureau.base, "caf.csv"))
    for recu in bureau.base.recus():
        assert recu.sha256[:12] in raison


# -- écritures ---------------------------------------------------------------------------------


def test_fichier_provisoire_ne_laisse_rien_en_cas_d_echec(tmp_path):
    final = tmp_path / "s" / "f.txt"

    def rater() -> None:
        with fichier_provisoire(final) as provisoire:
            provisoire.write_text("moitié")
            raise ValueError("raté")

    with pytest.raises(ValueError, match="raté"):
        rater()
    assert list(final.parent.iterdir()) == []
    with fichier_provisoire(final) as provisoire:
        provisoire.write_text("entier")
    assert final.read_text() == "entier"


def test_dossier_provisoire_garde_l_ancien_en_cas_d_echec(tmp_path):
    final = tmp_path / "sortie"
    with dossier_provisoire(final) as provisoire:
        (provisoire / "a").write_text("1")
    with pytest.raises(ErreurAbs), dossier_provisoire(final):
        raise SortieImpossible("raté")
    assert [f.name for f in final.iterdir()] == ["a"]
    assert [f.name for f in tmp_path.iterdir()] == ["sortie"]
