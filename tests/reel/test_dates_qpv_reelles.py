"""Les dates des fichiers QPV, mesurées sur les fichiers eux-mêmes, par une lecture qui ne passe pas par le projet."""

import csv
import io
import re
import zipfile
from pathlib import Path

import pytest

from donnees_insee.base.base import Base
from donnees_insee.catalogue.tables import dates_des_parties
from donnees_insee.depot.depot import deposer
from donnees_insee.geographie.dates_des_parties import dates

pytestmark = pytest.mark.reel


def lire(chemin: Path, colonne: str) -> dict[str, float]:
    """Lire une colonne d'un CSV de QPV, sans aucun lecteur du projet."""
    with chemin.open(encoding="utf-8-sig", newline="") as flux:
        lignes = list(csv.reader(flux, delimiter=";"))
    haut = [c.strip().upper() for c in lignes[0]]
    if colonne not in haut:
        return {}
    rang, lues = haut.index(colonne), {}
    for ligne in lignes[1:]:
        texte = re.sub(r"\s", "", ligne[rang]).replace(",", ".") if len(ligne) > rang else ""
        if re.fullmatch(r"QP[0-9AB]{3}\d{3}", ligne[0]) and re.fullmatch(r"-?\d+(\.\d+)?", texte):
            lues[ligne[0]] = float(texte)
    return lues


def egaux(a: dict[str, float], b: dict[str, float]) -> tuple[int, int]:
    communs = a.keys() & b.keys()
    return sum(a[c] == b[c] for c in communs), len(communs)


def test_les_revenus_d_une_edition_sont_ceux_que_dit_la_table(donnees_reelles, donnees_nouvelles):
    qpv = donnees_nouvelles / "qpv_2015"
    mesures = {
        (2021, 2017): egaux(
            lire(qpv / "REVN_2021.csv", "DISP_Q2"), lire(qpv / "data_filo17_qp_revdis.csv", "DISP_Q2_A17")
        ),
        (2022, 2018): egaux(
            lire(donnees_reelles / "qpv/REVN_2022.csv", "DISP_Q2"),
            lire(donnees_reelles / "qpv/data_filo18_qp_revdis.csv", "DISP_MED_A18"),
        ),
        (2018, 2018): egaux(
            lire(qpv / "REVN_2018.csv", "DISP_Q2"),
            lire(donnees_reelles / "qpv/data_filo18_qp_revdis.csv", "DISP_MED_A18"),
        ),
    }
    print(mesures)  # noqa: T201 - figure au compte rendu
    assert mesures[2021, 2017] == mesures[2022, 2018] == (1352, 1352)
    assert mesures[2018, 2018][0] == 0
    table = dates_des_parties()
    assert table["qpv_revenus", "revenus disponibles", 2021][0] == 2017
    assert table["qpv_revenus", "revenus disponibles", 2022][0] == 2018
    assert ("qpv_revenus", "revenus disponibles", 2018) not in table


def test_la_population_de_chaque_edition_est_celle_que_dit_la_table(donnees_reelles, donnees_nouvelles):
    """POP_COM contre P13_POP et P18_POP du comparateur, pour les quartiers dont la population est celle d'une commune."""
    archive = zipfile.ZipFile(donnees_reelles / "communes/base_cc_comparateur_csv.zip")
    with archive, archive.open("base_cc_comparateur.CSV") as flux:
        lignes = csv.DictReader(io.TextIOWrapper(flux, encoding="utf-8-sig"), delimiter=";")
        populations: dict[int, set[int]] = {2013: set(), 2018: set()}
        for ligne in lignes:
            for annee, colonne in ((2013, "P13_POP"), (2018, "P18_POP")):
                if ligne[colonne]:
                    populations[annee].add(round(float(ligne[colonne])))
    fichiers = {
        2017: donnees_nouvelles / "qpv_2015/data_DEMO_2017_V1_QP.csv",
        2018: donnees_nouvelles / "qpv_2015/data_DEMO_2018_V1_QP.csv",
        2019: donnees_reelles / "qpv/DEMO_2019.csv",
        2020: donnees_reelles / "qpv/data_DEMO_2020_V1_QP.csv",
        2021: donnees_nouvelles / "qpv_2015/DEMO_2021.csv",
        2022: donnees_nouvelles / "qpv_2015/DEMO_2022.csv",
    }
    for edition, chemin in fichiers.items():
        # Les grandes communes seules : deux petites peuvent avoir le même nombre d'habitants.
        lues = {v for v in lire(chemin, "POP_COM").values() if v > 20_000}
        parts = {a: sum(v in p for v in lues) / len(lues) for a, p in populations.items()}
        attendue = dates_des_parties()["qpv_demographie", "population", edition][0]
        print(edition, {a: f"{p:.0%}" for a, p in parts.items()})  # noqa: T201 - figure au compte rendu
        assert max(parts, key=parts.get) == attendue
        assert parts[attendue] > 0.7
        assert parts[2013 if attendue == 2018 else 2018] < 0.1


def test_le_depot_des_deux_generations_de_revenus_range_tout_et_date_par_preuve(
    tmp_path, donnees_reelles, donnees_nouvelles
):
    base = Base(tmp_path)
    fichiers = [
        *(donnees_nouvelles / "qpv_2015").glob("REVN_*.csv"),
        *(donnees_nouvelles / "qpv_2015").glob("data_filo*.csv"),
        donnees_reelles / "qpv/REVN_2022.csv",
        donnees_reelles / "qpv/data_filo18_qp_revdis.csv",
    ]
    depots = deposer(base, fichiers)
    assert not [(d.nom, d.raison) for d in depots if d.etat != "range"]
    lues = dates(base)
    annees = {e: lues.annee("qpv_revenus", e, "DISP_MED") for e in (2017, 2018, 2019, 2021, 2022)}
    assert annees == {2017: None, 2018: None, 2019: None, 2021: 2017, 2022: 2018}
