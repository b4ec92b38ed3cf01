"""Les graphiques sur les fichiers publiés : la pyramide refaite du classeur de l'Insee, les déciles du fichier Filosofi."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from abs.calcul.diagnostic import Diagnostiqueur
from abs.graphiques.graphiques import graphique, graphiques_du_theme
from abs.graphiques.temps import suivre_les_indicateurs
from abs.territoires.demande import Demande
from donnees_insee.erreurs import DonneeAbsente

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from abs.calcul.table_longue import Diagnostic
    from donnees_insee.base.base import Base

pytestmark = pytest.mark.reel

AGES = ("0014", "1529", "3044", "4559", "6074", "75P")
DECILES = ("D1", "Q1", "Q2", "Q3", "D9")


@pytest.fixture(scope="module")
def diagnostic(base_reelle: Base) -> Callable[..., Diagnostic]:
    tenus: dict[tuple, Diagnostic] = {}

    def donner(code: str, millesime: int | None = None) -> Diagnostic:
        if (code, millesime) not in tenus:
            d = Diagnostiqueur(base_reelle, Demande(code, millesime))
            tenus[code, millesime] = d.assembler()
            suivre_les_indicateurs(tenus[code, millesime], d.calculateur)
        return tenus[code, millesime]

    return donner


def du_classeur(dossier: Path, commune: str) -> pd.Series:
    """Sommer les IRIS d'une commune dans le classeur publié, sans passer par le projet."""
    brut = pd.read_excel(
        dossier / "recensement" / "base-ic-evol-struct-pop-2016-com.xls",
        engine="calamine",
        header=5,
        dtype=str,
    )
    siens = brut[brut["COM"] == commune]
    assert len(siens) > 1
    return siens.filter(regex=r"^P16_").astype(float).sum()


@pytest.mark.parametrize("commune", ["97701", "97502"])
def test_la_pyramide_est_celle_du_classeur_publie(diagnostic, donnees_reelles, commune):
    """Les extraits de métropole n'ont pas le sexe : seules les collectivités d'outre-mer l'ont, au complet."""
    somme, g = du_classeur(donnees_reelles, commune), graphique(diagnostic(commune), "pyramide")
    for serie, lettre in zip(g.series[:2], "HF", strict=True):
        attendus = [100 * somme[f"P16_{lettre}{age}"] / somme["P16_POP"] for age in AGES]
        assert [v.valeur for v in serie.valeurs] == pytest.approx(attendus)
    par_age = [somme[f"P16_H{age}"] + somme[f"P16_F{age}"] for age in AGES]
    assert math.fsum(par_age) == pytest.approx(somme["P16_POP"])
    # Deux groupes d'âges publiés sans le sexe, relus à part.
    for rang in (0, 5):
        dessine = math.fsum(s.valeurs[rang].valeur for s in g.series[:2])
        assert dessine == pytest.approx(100 * somme[f"P16_POP{AGES[rang]}"] / somme["P16_POP"])


def test_montpellier_2016_dit_pourquoi_il_n_a_pas_de_pyramide(diagnostic):
    with pytest.raises(DonneeAbsente, match=r"88 IRIS.*evol-struct-pop"):
        graphique(diagnostic("34172", 2016), "pyramide")


def test_les_deciles_de_montpellier_sont_ceux_du_fichier(diagnostic, donnees_reelles):
    lu = pd.read_csv(donnees_reelles / "filosofi" / "FILO2016_DISP_COM.csv", sep=";", dtype=str)
    ligne = lu.set_index("CODGEO").loc["34172"]
    g = graphique(diagnostic("34172", 2016), "deciles")
    attendus = [float(str(ligne[f"{nom}16"]).replace(",", ".")) for nom in DECILES]
    assert [s.valeurs[0].valeur for s in g.series] == attendus
    assert [v.role for v in g.series[0].valeurs[:4]] == ["sujet", "epci", "departement", "france"]


def test_paris_suit_ses_diplomes_et_n_est_pas_compare_a_son_departement(diagnostic):
    paris = diagnostic("75056")
    g = graphique(paris, "pente_diplomes")
    assert [v.libelle for v in g.series[0].valeurs] == ["2010", "2015"]
    roles = {
        v.role
        for theme in ("emploi", "revenus")
        for g in graphiques_du_theme(paris, theme)
        for v in g.valeurs()
    }
    assert "departement" not in roles
