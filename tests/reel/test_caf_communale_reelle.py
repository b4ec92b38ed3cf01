"""Les allocataires par commune, cinq mois de décembre : chaque cellule du fichier est dans la base, chaque colonne sert."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from abs.indicateurs.indicateurs import indicateurs
from donnees_insee.base.base import Base
from donnees_insee.depot.depot import deposer

pytestmark = pytest.mark.reel


def test_chaque_cellule_et_chaque_colonne(donnees_nouvelles: Path, tmp_path: Path) -> None:
    fichier = donnees_nouvelles / "melodi_reconstitue_63" / "s_ben_com_f_2020_2024.csv"
    base = Base(tmp_path)
    (depot,) = deposer(base, [fichier])
    assert depot.etat == "range", depot.raison
    assert base.millesimes("caf_communes") == [2020, 2021, 2022, 2023, 2024]
    with fichier.open(encoding="utf-8-sig", newline="") as flux:
        lignes = list(csv.DictReader(flux, delimiter=";"))
    variables = [c for c in lignes[0] if c.startswith("ind")]
    for ligne in lignes:
        tenue = base.lire("caf_communes", int(ligne["dtreffre"][:4]), "commune").loc[ligne["numcomdo"]]
        assert {v: tenue[v.upper()] for v in variables} == {v: float(ligne[v]) for v in variables}
    lues = {
        v
        for i in indicateurs().values()
        for lecture in i.lectures
        if lecture.source.id == "caf_communes"
        for v in lecture.variables
    }
    assert {v.upper() for v in variables} <= lues
