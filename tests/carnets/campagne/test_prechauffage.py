"""Le préchauffage importe et lit tout d'avance, sans laisser un seul fil derrière lui."""

from __future__ import annotations

import json
import os
import subprocess
import sys

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
print(json.dumps({"lourds": lourds, "fils": fils, "tenue": tenue, "lents": sorted({"sklearn", "scipy"} & set(sys.modules))}))
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


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="seul Linux dit les fils dans /proc")
def test_un_seul_fil_avec_ou_sans_base(base_demo) -> None:
    assert _sonder("") == {"lourds": [], "fils": 1, "tenue": None, "lents": []}
    assert _sonder(str(base_demo.dossier.resolve())) == {"lourds": [], "fils": 1, "tenue": True, "lents": []}
