"""Le préchauffage importe et lit tout d'avance, sans laisser un seul fil derrière lui."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from carnets.processus.prechauffage import VARIABLES_SANS_FILS

SONDE = """
import json, os, sys
from carnets.processus.prechauffage import prechauffer
lourds = sorted({"numpy", "pandas", "pyarrow", "matplotlib"} & set(sys.modules))
prechauffer(sys.argv[1] or None)
from donnees_insee.base.base import Base
from donnees_insee.geographie.appartenances import geographie
tenue = "communes" in vars(geographie(Base(__import__("pathlib").Path(sys.argv[1])))) if sys.argv[1] else None
fils = len(os.listdir("/proc/self/task"))
lents = sorted({"sklearn", "scipy", "duckdb"} & set(sys.modules))
print(json.dumps({"lourds": lourds, "fils": fils, "tenue": tenue, "lents": lents}))
"""


def _sonder(dossier: str) -> dict[str, object]:
    fini = subprocess.run(
        [sys.executable, "-c", SONDE, dossier],
        env=os.environ | VARIABLES_SANS_FILS,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(fini.stdout)


def test_une_base_abimee_n_empeche_pas_de_prechauffer(base_demo, tmp_path) -> None:
    abimee = Path(shutil.copytree(base_demo.dossier, tmp_path / "base"))
    for part in (abimee / "base" / "appartenance").rglob("*.parquet"):
        part.write_bytes(b"PAR1 abime")
    code = "import sys; from carnets.processus.prechauffage import prechauffer; prechauffer(sys.argv[1])"
    fini = subprocess.run(
        [sys.executable, "-c", code, str(abimee)], capture_output=True, text=True, check=False
    )
    assert (fini.returncode, fini.stderr) == (0, "")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="seul Linux dit les fils dans /proc")
def test_un_seul_fil_avec_ou_sans_base(base_demo) -> None:
    assert _sonder("") == {"lourds": [], "fils": 1, "tenue": None, "lents": []}
    assert _sonder(str(base_demo.dossier.resolve())) == {"lourds": [], "fils": 1, "tenue": True, "lents": []}
