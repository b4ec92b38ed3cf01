"""Rien du dossier courant n'est exécuté : ni par la commande, ni par ses carnets, ni par une campagne."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

PLAN = """
[[territoires]]
codes = ["99001", "99002"]
[[carnets]]
carnet = "portrait"
formats = ["html"]
"""


@pytest.fixture
def dossier_piege(tmp_path):
    """Un dossier de travail où traîne un homonyme de chaque module, installé ou de Python."""
    dossier = tmp_path / "travail"
    dossier.mkdir()
    noms = {n for n in (*packages_distributions(), *sys.stdlib_module_names) if n.isidentifier()}
    for nom in noms | {
        "polars",
        "orjson",
        "ipython_config",
        "jupyter_config",
        "sitecustomize",
        "usercustomize",
    }:
        trace = f"open({str(dossier)!r} + '/execute-' + __name__, 'w').close()"
        (dossier / f"{nom}.py").write_text(trace, encoding="utf-8")
    return dossier


def lancer(dossier, base, *arguments, **autres):
    programme = Path(sys.executable).with_name("abs")
    if not programme.exists():
        pytest.skip("la commande abs n'est pas installée dans cet environnement")
    environnement = {**os.environ, "ABS_DONNEES": str(base.dossier), **autres}
    environnement.pop("PYTHONPATH", None)
    return subprocess.run(
        [programme, *arguments],
        cwd=dossier,
        env=environnement,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.carnet
@pytest.mark.parametrize(
    ("arguments", "environnement"),
    [
        (("portrait", "99001", "--formats", "html,docx"), {}),
        (("portrait", "99001", "--formats", "html"), {"ABS_DEMARRAGE": "spawn"}),
        (("campagne", "plan.toml"), {}),
        (("campagne", "plan.toml"), {"ABS_DEMARRAGE": "spawn"}),
        (("evolution", "99001", "--de", "2016", "--a", "2022"), {}),
        (("sources", "deposer", "classeur.xlsx"), {}),
    ],
    ids=["portrait", "portrait à la Windows", "campagne", "campagne à la Windows", "évolution", "classeur"],
)
def test_aucun_module_du_dossier_courant(dossier_piege, base_demo, arguments, environnement):
    from openpyxl import Workbook

    Workbook().save(dossier_piege / "classeur.xlsx")
    (dossier_piege / "plan.toml").write_text(PLAN, encoding="utf-8")
    fait = lancer(dossier_piege, base_demo, *arguments, **environnement)
    executes = sorted(f.name for f in dossier_piege.glob("execute-*"))
    assert executes == []
    assert "Traceback" not in fait.stderr
    assert fait.returncode == (1 if arguments[0] == "sources" else 0), fait.stderr
