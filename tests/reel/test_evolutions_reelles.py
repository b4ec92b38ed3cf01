"""Paris de 2010 à 2016 : marges refaites à la main, effet de sondage retrouvé, évolutions écrites ou refusées."""

from __future__ import annotations

import csv
import math
import sys

import pandas as pd
import pytest
from typer.testing import CliRunner

from abs.evolutions.evolutions import Verdict, part_significative
from abs.evolutions.releve import Releve, relever
from abs.indicateurs.fiabilite import marge_de_difference, marge_de_sondage
from abs.indicateurs.indicateurs import indicateur
from carnets.commande.application import app
from donnees_insee.base.base import Base
from donnees_insee.depot.depot import deposer
from donnees_insee.erreurs import ParametreInvalide
from tests.abs.effets_de_sondage import effet_de_sondage_observe

pytestmark = pytest.mark.reel

INDICATEURS = ["taux_chomage_rp", "taux_emploi", "part_sans_diplome"]
# Un IRIS de Belleville, relu dans les fichiers de l'Insee : chômeurs et actifs de 15 à 64 ans.
IRIS = "751207705"


@pytest.fixture(scope="module")
def base_paris(donnees_reelles, tmp_path_factory) -> Base:
    """Le seul dossier du recensement : ni code officiel géographique, ni contours."""
    base = Base(tmp_path_factory.mktemp("base_paris"))
    deposer(base, [donnees_reelles / "recensement"])
    return base


@pytest.fixture(scope="module")
def paris(base_paris) -> Releve:
    return relever(base_paris, "75056", 2010, 2015, INDICATEURS)


def lignes_brutes(
    donnees_reelles, annee: int, theme: str = "activite-residents"
) -> dict[str, dict[str, str]]:
    chemin = donnees_reelles / "recensement" / f"base-ic-{theme}-{annee}_75.csv"
    with chemin.open(encoding="utf-8-sig") as flux:
        return {ligne["IRIS"]: ligne for ligne in csv.DictReader(flux)}


def test_la_marge_d_un_iris_refaite_a_la_main(paris, donnees_reelles):
    marges = []
    lue = next(e for e in paris.mailles["taux_chomage_rp"] if e.code == IRIS)
    for annee, aa, mesure in ((2010, "10", lue.avant), (2015, "15", lue.apres)):
        brute = lignes_brutes(donnees_reelles, annee)[IRIS]
        chomeurs, actifs = float(brute[f"P{aa}_CHOM1564"]), float(brute[f"P{aa}_ACT1564"])
        p = chomeurs / actifs
        a_la_main = 100 * 1.96 * math.sqrt(2 * (1 - 0.40) * p * (1 - p) / (0.40 * actifs))
        assert mesure.valeur == pytest.approx(100 * p)
        assert mesure.marge == pytest.approx(a_la_main)
        marges.append(a_la_main)
    assert lue.marge == pytest.approx(math.sqrt(marges[0] ** 2 + marges[1] ** 2))


def test_les_diplomes_suivent_leur_definition_aux_deux_dates(paris, donnees_reelles):
    lue = next(e for e in paris.mailles["part_sans_diplome"] if e.code == IRIS)
    avant, apres = (lignes_brutes(donnees_reelles, a, "diplomes-formation")[IRIS] for a in (2010, 2015))
    somme = sum(float(avant[f"P10_NSCOL15P_{v}"]) for v in ("DIPL0", "CEP", "BEPC"))
    assert lue.avant.valeur == pytest.approx(100 * somme / float(avant["P10_NSCOL15P"]))
    attendu = 100 * float(apres["P15_NSCOL15P_DIPLMIN"]) / float(apres["P15_NSCOL15P"])
    assert lue.apres.valeur == pytest.approx(attendu)
    assert any("au plus brevet" in n for n in paris.notes["part_sans_diplome"])


def test_paris_entier_est_le_rapport_des_sommes(paris, donnees_reelles):
    total = paris.totaux["taux_chomage_rp"][0]
    for aa, annee, mesure in (("10", 2010, total.avant), ("15", 2015, total.apres)):
        lignes = lignes_brutes(donnees_reelles, annee).values()
        haut, bas = (sum(float(r[f"P{aa}_{v}1564"]) for r in lignes) for v in ("CHOM", "ACT"))
        assert mesure.valeur == pytest.approx(100 * haut / bas)
    assert total.verdict == Verdict.SIGNIFICATIF
    assert len(paris.mailles["taux_chomage_rp"]) == 992


def parisiens(base: Base, annee: int) -> pd.DataFrame:
    table = base.lire("rp_activite", annee, "iris")
    return table[[str(c).startswith("75") for c in table.index]]


def test_l_effet_de_sondage_du_chomage_retrouve_entre_2015_et_2016(base_paris):
    avant, apres = (parisiens(base_paris, a) for a in (2015, 2016))
    observes = {}
    for code, haut, bas in (
        ("taux_chomage_rp", "P_CHOM1564", "P_ACT1564"),
        ("taux_emploi", "P_ACTOCC1564", "P_POP1564"),
    ):
        gardes = avant.index.intersection(apres.index)
        gardes = gardes[(avant.loc[gardes, bas] >= 500) & (apres.loc[gardes, bas] >= 500)]
        parts = [(t.loc[gardes, haut] / t.loc[gardes, bas]).to_numpy(float) for t in (avant, apres)]
        poids = ((avant.loc[gardes, bas] + apres.loc[gardes, bas]) / 2).to_numpy(float)
        observes[code] = effet_de_sondage_observe(*parts, poids)
        sys.stdout.write(
            f"{code} : D observé {observes[code]:.1f}, D retenu {indicateur(code).effet_de_sondage:g}\n"
        )
    for code, observe in observes.items():
        retenu = indicateur(code).effet_de_sondage
        # Le même ordre de grandeur : les vraies évolutions gonflent l'observé, jamais au double.
        assert retenu / 2 < observe < 2 * retenu
    assert observes["taux_emploi"] > observes["taux_chomage_rp"]


def test_la_part_des_iris_dont_le_chomage_change_depend_de_l_effet_de_sondage(paris):
    evaluees = [e for e in paris.mailles["taux_chomage_rp"] if not math.isnan(e.marge)]
    parts = {}
    for effet in (1.0, 2.0):
        nets = [
            abs(e.ecart)
            > marge_de_difference(
                *(marge_de_sondage(m.valeur / 100, m.denominateur, effet) for m in (e.avant, e.apres))
            )
            for e in evaluees
        ]
        parts[effet] = sum(nets) / len(nets)
        sys.stdout.write(f"D = {effet:g} : {sum(nets)} IRIS sur {len(nets)} ({100 * parts[effet]:.0f} %)\n")
    nets, evalues = part_significative(paris.mailles["taux_chomage_rp"])
    assert parts[2.0] == pytest.approx(nets / evalues)
    assert 0.10 < parts[2.0] < parts[1.0] < 0.40


def test_paris_2015_2016_est_refuse(base_paris):
    with pytest.raises(ParametreInvalide) as refus:
        relever(base_paris, "75056", 2015, 2016)
    assert "2015 et 2016 partagent 4 enquêtes (2014, 2015, 2016, 2017)" in str(refus.value)
    assert "2015 → 2021 ou 2010 → 2016. Dans la base : 2010 → 2016." in str(refus.value)


def test_la_commande_ecrit_le_tableau_et_le_fichier(base_paris, tmp_path, monkeypatch):
    monkeypatch.setenv("ABS_DONNEES", str(base_paris.dossier))
    arguments = ["evolution", "75056", "--de", "2010", "--a", "2015", "--indicateurs", ",".join(INDICATEURS)]
    lancee = CliRunner().invoke(app, [*arguments, "--sortie", str(tmp_path)])
    assert lancee.exit_code == 0, lancee.output
    for mots in ("significatif", "Sans diplôme ou au plus brevet", "992 IRIS gardent leur code"):
        assert mots in lancee.output
    (dossier,) = tmp_path.iterdir()
    assert {"evolutions.html", "evolutions.docx", "evolutions.pdf"} <= {f.name for f in dossier.iterdir()}
    table = pd.read_csv(
        dossier / "evolutions_75056_2010_2015.csv", sep=";", decimal=",", dtype={"territoire": str}
    )
    assert len(table) == len(INDICATEURS) * 993
    assert set(table["verdict"]) <= {str(v) for v in Verdict}
    assert table.loc[table["valeur_de"].isna(), "ecart"].isna().all()


def test_le_rapport_de_montpellier_tient_en_quarante_lignes_et_la_caf_y_est_jugee(
    base_reelle, tmp_path, monkeypatch
):
    """Avant : un tableau par indicateur, et « marge non évaluée » à chaque ligne des Caf et de Filosofi."""
    monkeypatch.setenv("ABS_DONNEES", str(base_reelle.dossier))
    commande = ["evolution", "34172", "--de", "2016", "--a", "2018", "--formats", "html"]
    lancee = CliRunner().invoke(app, [*commande, "--sortie", str(tmp_path)])
    assert lancee.exit_code == 0, lancee.output
    assert len(lancee.stdout.splitlines()) <= 40
    dossier = tmp_path / "evolutions-montpellier-34172-2016-2018"
    lignes = pd.read_csv(dossier / "evolutions_34172_2016_2018.csv", sep=";", decimal=",", dtype=str)
    caf = lignes[lignes["source"] == "caf"]
    assert len(caf) > 500
    assert "marge non évaluée" not in set(caf["verdict"])
    jugees = caf[caf["verdict"].isin(["notable", "faible"])]
    assert set(jugees["aune"]) == {"seuil pratique"}
    assert len(jugees) > 400
    texte = (dossier / "evolutions.html").read_text(encoding="utf-8")
    assert "Aucun écart significatif" not in texte
    assert "�" not in texte
