"""Les fichiers de Melodi, rapprochés de ce que disent les mêmes lignes lues sans aucun lecteur du projet."""

from __future__ import annotations

import csv
from collections import Counter
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

import pytest

from donnees_insee.base.base import Base
from donnees_insee.catalogue.jeux_melodi import correspondances
from donnees_insee.depot.depot import deposer

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.reel

SERIE = "DS_RP_SERIE_HISTORIQUE_2023_data.csv"
# La mesure et l'occupation de chaque variable de la série, telles que formats_melodi les donne.
VARIABLES = {
    ("POP", "_T"): "P_POP",
    ("DWELLINGS", "_T"): "P_LOG",
    ("DWELLINGS", "DW_MAIN"): "P_RP",
    ("DWELLINGS", "DW_SEC_DW_OCC"): "P_RSECOCC",
    ("DWELLINGS", "DW_VAC"): "P_LOGVAC",
}


def lignes(chemin: Path, sep: str = ";") -> list[dict[str, str]]:
    with chemin.open(encoding="utf-8-sig", newline="") as flux:
        return list(csv.DictReader(flux, delimiter=sep))


@pytest.fixture(scope="module")
def base_63(donnees_nouvelles, tmp_path_factory) -> Base:
    base = Base(tmp_path_factory.mktemp("base_63"))
    refuses = [d for d in deposer(base, [donnees_nouvelles / "melodi_reconstitue_63"]) if d.etat == "refuse"]
    assert [d.nom for d in refuses] == ["populations_historiques_1876_2023.csv"]
    return base


@pytest.mark.parametrize(("nom", "sep"), [(SERIE, ";"), ("insee-rp2023-panel-3j.csv", ",")])
def test_les_160_lignes_authentiques_sont_dans_la_base(donnees_nouvelles, tmp_path, nom, sep):
    fichier = donnees_nouvelles / "melodi_authentique" / nom
    base = Base(tmp_path / "base")
    (depot,) = deposer(base, [fichier])
    assert depot.etat == "range", depot.raison
    lues = lignes(fichier, sep)
    assert len(lues) == 160
    tables = {a: base.lire("serie_historique", a, "commune") for a in (2017, 2023)}
    for r in lues:
        valeur = tables[int(r["TIME_PERIOD"])].at[r["GEO"], VARIABLES[r["RP_MEASURE"], r["OCS"]]]
        assert valeur == float(r["OBS_VALUE"]), r
    # Rien de plus dans la base que ces lignes.
    assert sum(int(t[list(VARIABLES.values())].notna().sum().sum()) for t in tables.values()) == 160
    for t in tables.values():
        assert ((t["P_RP"] + t["P_RSECOCC"] + t["P_LOGVAC"] - t["P_LOG"]).abs() < 1e-4).all()


def test_la_serie_dit_les_populations_historiques(base_63, donnees_nouvelles):
    publiees = lignes(donnees_nouvelles / "melodi_reconstitue_63/populations_historiques_1876_2023.csv")
    tenues = set(base_63.millesimes("serie_historique"))
    comparees, absentes = 0, Counter()
    for r in publiees:
        annee = int(r["ANNEE"])
        table = base_63.lire("serie_historique", annee, "commune") if annee in tenues else None
        if table is None or "P_POP" not in table:
            absentes[annee] += 1
            continue
        assert round(table.at[r["CODGEO"], "P_POP"]) == int(r["POPULATION"]), r
        comparees += 1
    assert comparees == 12 * 6
    # Les années que la série ne tient pas : avant 1968, et les populations de référence annuelles.
    assert set(absentes) == {1876, 1901, 1921, 1936, 1954, 2010, 2015, 2020}


def test_la_pyramide_est_lue_cellule_par_cellule_et_fait_les_ages_larges(base_63, donnees_nouvelles):
    publiees = lignes(donnees_nouvelles / "melodi_reconstitue_63/pyramide_quinquennale_2023.csv")
    noms = {"F": "F", "M": "H"}
    comparees = 0
    for r in publiees:
        if r["SEX"] == "_T":
            continue
        debut, _, fin = r["AGE"].removeprefix("Y").partition("T")
        age = "95P" if r["AGE"] == "Y_GE95" else f"{int(debut):02d}{int(fin):02d}"
        niveau = {"COM": "commune", "DEP": "departement"}[r["GEO_OBJECT"]]
        lue = base_63.lire("rp_melodi", 2023, niveau).at[r["GEO"], f"P_{noms[r['SEX']]}Q{age}"]
        assert lue == float(r["OBS_VALUE"]), r
        comparees += 1
    assert comparees == 13 * 2 * 20
    table = base_63.lire("rp_melodi", 2023, "commune")
    for sexe in "FH":
        petits = sum(table[f"P_{sexe}Q{a:02d}{a + 4:02d}"] for a in (0, 5, 10))
        # Valeurs arrondies au dixième par le tiers qui les a rendues.
        assert ((petits - table[f"P_{sexe}0014"]).abs() < 0.3).all()
        vieux = sum(table[f"P_{sexe}Q{a:02d}{a + 4:02d}"] for a in (80, 85, 90)) + table[f"P_{sexe}Q95P"]
        jeunes = sum(table[f"P_{sexe}Q{a:02d}{a + 4:02d}"] for a in range(0, 80, 5))
        assert ((vieux + jeunes - table[f"P_POP{sexe}"]).abs() < 1).all()


def test_chaque_cellule_du_63_est_dans_la_base_une_fois(base_63, donnees_nouvelles):
    """Pour chaque fichier, autant de cellules renseignées que de variables tirées de lignes distinctes, à la même valeur."""
    # De la population, les âges de chaque sexe qu'aucune variable ne nomme ne sont pas repris.
    for nom, jeu, combien in (
        ("DS_RP_DIPLOMES_PRINC_2023", "DS_RP_DIPLOMES_PRINC", 224),
        ("DS_RP_NAVETTES_PRINC_2023", "DS_RP_NAVETTES_PRINC", 168),
        ("DS_RP_POPULATION_PRINC_2023", "DS_RP_POPULATION_PRINC", 273),
    ):
        lues = lignes(donnees_nouvelles / f"melodi_reconstitue_63/{nom}_data.csv")
        simples = {
            ligne.variable: {d: m[0] for d, m in ligne.modalites.items()}
            for ligne in correspondances()[jeu]
            if all(len(m) == 1 for m in ligne.modalites.values())
        }
        fixes = {"AGE": {"Y_GE15", "_T"}, "SEX": {"_T"}, "EDUC": {"_T"}, "WORK_AREA": {"_T"}, "TRANS": {"_T"}}
        vues = 0
        for variable, voulues in simples.items():
            for r in lues:
                memes = all(r[d] == m for d, m in voulues.items())
                if not memes or any(r[d] not in v for d, v in fixes.items() if d in r and d not in voulues):
                    continue
                niveau = {"COM": "commune", "DEP": "departement", "FRANCE": "france"}[r["GEO_OBJECT"]]
                code = {"F": "FRANCE"}.get(r["GEO"], r["GEO"])
                table = base_63.lire("rp_melodi", int(r["TIME_PERIOD"]), niveau)
                assert table.at[code, variable] == float(r["OBS_VALUE"]), (variable, r)
                vues += 1
        assert vues == combien, nom


def test_combien_de_correspondances_de_vraies_valeurs_eprouvent(
    base_63, donnees_nouvelles, partage, tmp_path
):
    base = Base(tmp_path / "authentique")
    deposer(base, [donnees_nouvelles / "melodi_authentique"])
    tenues = {
        (p.jeu, v)
        for b in (base_63, base)
        for p in b.parts()
        if p.jeu
        for v in b.colonnes(p.source, p.millesime, p.niveau)
    }
    eprouvees = {
        (jeu, ligne.variable)
        for jeu, siennes in correspondances().items()
        for ligne in siennes
        if (jeu, ligne.variable) in tenues
    }
    dites = {(j, li.variable) for j, siennes in correspondances().items() for li in siennes if li.eprouvee}
    # Ce que le catalogue dit éprouvé l'est, et rien d'autre.
    assert eprouvees == dites
    with (partage / "formats/correspondance_melodi.tsv").open(encoding="utf-8", newline="") as flux:
        annoncees = [(r["jeu"], r["variable"]) for r in csv.DictReader(flux, delimiter="\t")]
    assert len(annoncees) == 352
    noms = {"NAIS (annuel)": "NAISSANCES", "DECES (annuel)": "DECES"}
    relues = [
        (j, v.replace("C_ACT", "P_ACT") if j == "DS_RP_NAVETTES_PRINC" else noms.get(v, v))
        for j, v in annoncees
    ]
    # Les deux de Filosofi passent par sa propre mise en forme.
    assert sum(cle in eprouvees or cle[0].startswith("DS_FILOSOFI") for cle in relues) == 61


def test_les_naissances_annuelles_et_la_serie_se_rapprochent_la_ou_les_deux_sont_tenues(base_63):
    """La série du 63 ne porte ni naissances ni décès : l'écart ne se mesure pas, et c'est ce que dit la base."""
    annees = base_63.millesimes("etat_civil")
    assert annees == list(range(2008, 2026))
    naissances = sum(base_63.lire("etat_civil", a, "commune")["NAISSANCES"] for a in range(2017, 2023))
    assert len(naissances) == 11
    assert naissances.notna().all()
    colonnes = {
        a: base_63.colonnes("serie_historique", a, "commune") for a in base_63.millesimes("serie_historique")
    }
    assert not any({"NAIS", "DECE"} & c for c in colonnes.values())


def test_filosofi_2_garde_le_secret(base_63, donnees_nouvelles):
    lues = lignes(donnees_nouvelles / "melodi_reconstitue_63/DS_FILOSOFI_CC_2023_data.csv")
    caches = {(r["GEO"], r["FILOSOFI_MEASURE"]) for r in lues if r["CONF_STATUS"] == "C"}
    table = base_63.lire("filosofi_2", 2023, "commune")
    for variable, mesure in (("F2_MED", "MED_SL"), ("F2_TP60", "PR_MD60")):
        assert {c for c, m in caches if m == mesure} == set(table.index[table[variable].isna()])
        assert set(table.loc[table[variable].isna(), f"{variable}__statut"]) == {"c"}


def test_chaque_fichier_ne_donne_qu_un_lot_par_date_et_niveau(base_63):
    lieux = sorted((p.jeu, p.ou, p.chemin.name[:12]) for p in base_63.parts() if p.jeu)
    assert all(len(list(g)) == 1 for _, g in groupby(lieux, key=itemgetter(0, 1, 2)))
