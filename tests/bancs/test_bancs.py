"""Les bancs ne pourrissent pas : la France fabriquée est prise pour 2022, et chaque banc tourne sur une petite."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from donnees_insee.catalogue.tables import plan
from donnees_insee.lecture.reconnaissance import reconnaitre
from donnees_insee.lecture.tables import lire_tables

ICI = Path(__file__).resolve().parent


@pytest.fixture(scope="module")
def france():
    plan_du_module = importlib.util.spec_from_file_location("france_fictive", ICI / "france.py")
    module = importlib.util.module_from_spec(plan_du_module)
    plan_du_module.loader.exec_module(module)
    return module


def test_la_france_fabriquee_est_prise_pour_le_recensement_de_2022(france, tmp_path):
    for chemin, source in zip(france.fabriquer(tmp_path, 120), france.SOURCES.values(), strict=True):
        (table,) = lire_tables(chemin)
        lot = reconnaitre(table.colonnes, "sans_date.csv")
        assert (lot.source.id, lot.millesime, lot.d_ou, lot.ecartees) == (source, 2022, "colonnes", ())
        attendues = {v.nom for v in plan(source) if v.de <= 2022 <= (v.a or 9999)}
        assert len({c.variable for c in lot.colonnes} & attendues) > 0.9 * len(attendues)
        assert table.typer([c.brut for c in lot.colonnes if c.motif.type == "nombre"], ["IRIS"]) is not None


def test_la_france_fabriquee_a_la_taille_et_les_codes_de_la_vraie(france):
    codes, types = france.codes_et_types(france.IRIS)
    assert len(set(codes)) == len(types) == 49_104
    assert codes == sorted(codes)
    assert sum(c.startswith(france.COMMUNE) for c in codes) == 50
    assert 33_000 < len({c[:5] for c in codes}) < 36_000
    assert all(c.endswith("0000") == (t == "Z") for c, t in zip(codes, types, strict=True))


def test_les_valeurs_ont_quinze_chiffres_au_plus(france):
    table = france.table("logement", 200)
    ecrites = [repr(v).rstrip("0").rstrip(".") for v in table["P22_LOG"].to_pylist()]
    chiffres = [len(e.replace(".", "").lstrip("0")) for e in ecrites]
    assert max(chiffres) == 15
    assert table.equals(france.table("logement", 200))


def test_les_bancs_tournent_sur_une_petite_france():
    rendu = subprocess.run(
        [sys.executable, str(ICI / "lancer.py"), "--iris", "200", "--repetitions", "1"],
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    # Sur deux cents IRIS les rapports ne veulent rien dire : seul compte que chaque banc aille au bout.
    assert rendu.returncode in {0, 1}, rendu.stderr
    for titre in ("cinq CSV", "cinq zips", "Mémoire", "commune de cinquante IRIS"):
        assert titre in rendu.stdout, rendu.stdout + rendu.stderr
    assert rendu.stdout.rstrip().splitlines()[-1].startswith(tuple("0123456789")), rendu.stdout
