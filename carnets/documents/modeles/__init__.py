"""Les modèles des documents : pages, feuilles de style, lettre, titres et phrases des classeurs."""

import tomllib
from importlib import resources
from typing import Any, Final

MODELES: Final = resources.files(__name__)
CLASSEURS: Final[dict[str, Any]] = tomllib.loads((MODELES / "classeurs.toml").read_text(encoding="utf-8"))
PREUVE: Final[dict[str, Any]] = tomllib.loads((MODELES / "preuve.toml").read_text(encoding="utf-8"))
PDF: Final[dict[str, Any]] = tomllib.loads((MODELES / "pdf.toml").read_text(encoding="utf-8"))
QGIS: Final[dict[str, Any]] = tomllib.loads((MODELES / "qgis.toml").read_text(encoding="utf-8"))
