"""Lire une fois la charte : couleurs, polices et apparence des états, les mêmes sur papier et à l'écran."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final, Literal

Etat = Literal["", "secret", "indisponible", "sans_objet", "zero"]


@dataclass(frozen=True)
class DessinDEtat:
    """Façon de dessiner un état sans valeur."""

    libelle: str
    fond: str
    hachures: str = ""
    encre_imprimee: str = ""
    encre_a_l_ecran: str = ""
    trace: str = ""

    @property
    def motif(self) -> str:
        """Dessin SVG du motif, dans son encre."""
        return self.trace.format(encre=self.encre_a_l_ecran)


CHARTE: Final[dict[str, Any]] = tomllib.loads(
    resources.files("cartes").joinpath("charte.toml").read_text(encoding="utf-8")
)
POLICE: Final[str] = CHARTE["police"]
COULEURS: Final[dict[str, str]] = CHARTE["couleurs"]
TABLEUR: Final[dict[str, str]] = CHARTE["tableur"]
ETATS: Final[dict[Etat, DessinDEtat]] = {nom: DessinDEtat(**dit) for nom, dit in CHARTE["etats"].items()}
