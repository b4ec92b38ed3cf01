"""Le diagnostic de démonstration, calculé une fois, et de petites bases fabriquées pour un essai."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from abs.calcul.calcul import Calculateur
from abs.calcul.diagnostic import diagnostiquer
from abs.calcul.table_longue import Chiffre, Diagnostic
from abs.indicateurs.indicateurs import Indicateur, indicateur
from abs.territoires.demande import Demande
from abs.territoires.territoires import Territoire, Territoires
from donnees_insee.base.base import Base
from donnees_insee.demo import extraire_demo
from tests.parts_d_essai import poser

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

MILLESIME = 2016

Tables = dict[tuple[str, int], pd.DataFrame]


@pytest.fixture(scope="session")
def brut_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return extraire_demo(tmp_path_factory.mktemp("brut") / "demo")


@pytest.fixture(scope="session")
def diagnostic_demo(base_demo: Base) -> Diagnostic:
    return diagnostiquer(base_demo, Demande("99001"))


@pytest.fixture(scope="session")
def table_demo(diagnostic_demo: Diagnostic) -> pd.DataFrame:
    return diagnostic_demo.table()


@pytest.fixture(scope="session")
def table_demo_2016(base_demo: Base) -> pd.DataFrame:
    return diagnostiquer(base_demo, Demande("99001", 2016)).table()


@dataclass(frozen=True)
class Atelier:
    """Une petite base et ce qu'il faut pour y lire un chiffre sans assembler tout un portrait."""

    base: Base
    territoires: Territoires
    calculateur: Calculateur

    def chiffre(
        self, code: str | Indicateur, territoire: Territoire | str, millesime: int = MILLESIME
    ) -> Chiffre | None:
        definition = indicateur(code) if isinstance(code, str) else code
        lieu = self.territoires.trouver(territoire) if isinstance(territoire, str) else territoire
        return self.calculateur.chiffre(definition, lieu, millesime, definition.lectures)


def _ranger(base: Base, source: str, millesime: int, niveau: str, table: pd.DataFrame) -> None:
    propre = table.sort_values("code", ignore_index=True)
    poser(base, propre, source, millesime, niveau, "essai-0")


def monter(
    dossier: Path, tables: Mapping[tuple[str, int], pd.DataFrame], appartenance: dict[str, str]
) -> Atelier:
    """Ranger des tables d'IRIS et l'appartenance des communes à des EPCI (département et région 99)."""
    base = Base(dossier)
    communes = sorted(appartenance)
    liste = pd.DataFrame(
        {
            "code": communes,
            "LIBGEO": [f"Commune {c}" for c in communes],
            "EPCI": [appartenance[c] for c in communes],
            "LIBEPCI": [f"Ensemble {appartenance[c]}" for c in communes],
            "DEP": "99",
            "REG": "99",
        }
    )
    _ranger(base, "appartenance", 2018, "commune", liste)
    iris = sorted({str(c) for (_, _), t in tables.items() for c in t["code"]})
    reference = pd.DataFrame(
        {
            "code": iris,
            "LIB_IRIS": [f"Iris {c}" for c in iris],
            "TYP_IRIS": "H",
            "DEPCOM": [c[:5] for c in iris],
            "LIBCOM": [f"Commune {c[:5]}" for c in iris],
            "REG": "99",
            "DEP": "99",
        }
    )
    _ranger(base, "reference_iris", 2018, "iris", reference)
    for (source, millesime), table in tables.items():
        _ranger(base, source, millesime, "iris", table)
    territoires = Territoires(base)
    return Atelier(base, territoires, Calculateur(base, territoires, territoires.trouver(communes[0])))


@pytest.fixture
def atelier(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Atelier]:
    def fabriquer(tables: Tables, appartenance: dict[str, str], **_: Any) -> Atelier:
        return monter(tmp_path_factory.mktemp("base"), tables, appartenance)

    return fabriquer
