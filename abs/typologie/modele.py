"""Garder une typologie apprise : un fichier JSON dont les centres redonnent les mêmes classes."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from abs.typologie import partition
from abs.typologie.donnees import Colonne
from donnees_insee.erreurs import ParametreInvalide

FORMAT: Final = "abs-typologie-1"
CHIFFRES_GARDES: Final = 10


@dataclass(frozen=True)
class VariableApprise:
    """Une variable telle que le modèle l'a apprise : série, date, échelle."""

    code: str
    source: str
    famille: str
    definition: str
    millesime: int
    mediane: float | None
    bas: float
    haut: float
    moyenne: float
    ecart: float


@dataclass(frozen=True)
class Modele:
    """Une typologie apprise."""

    territoire: str
    nom: str
    espace: str
    variables: tuple[VariableApprise, ...]
    centres: np.ndarray
    effectifs: tuple[int, ...]
    dispersions: np.ndarray
    tests: np.ndarray
    etudiantes: tuple[int, ...]
    stabilites: dict[int, float]
    phrases: tuple[str, ...]
    appris: tuple[str, ...]

    @property
    def echelle(self) -> partition.Echelle:
        """Échelle de l'apprentissage."""
        return partition.Echelle(
            *(np.array([getattr(v, c) for v in self.variables]) for c in ("bas", "haut", "moyenne", "ecart"))
        )

    @property
    def nombre(self) -> int:
        """Nombre de classes."""
        return len(self.centres)

    def centre(self, classe: int, rang: int) -> float:
        """Donner la valeur, dans son unité, d'une variable au centre d'une classe."""
        variable = self.variables[rang]
        return float(self.centres[classe - 1][rang] * variable.ecart + variable.moyenne)

    def classer(self, valeurs: np.ndarray, manques_admis: int) -> np.ndarray:
        """Classer des IRIS sur l'échelle de l'apprentissage."""
        return partition.affecter(self.echelle.appliquer(valeurs), self.centres, manques_admis)

    def en_json(self) -> str:
        """Écrire le modèle, toujours de la même façon."""
        brut = {"format": FORMAT, **asdict(self)}
        return json.dumps(_arrondir(brut), ensure_ascii=False, indent=1) + "\n"


def _arrondir(objet: Any) -> Any:
    """Ramener les nombres à dix chiffres : les derniers bits dépendent du poste."""
    if isinstance(objet, np.ndarray):
        return _arrondir(objet.tolist())
    if isinstance(objet, dict):
        return {k: _arrondir(v) for k, v in objet.items()}
    if isinstance(objet, list | tuple):
        return [_arrondir(v) for v in objet]
    return float(f"{objet:.{CHIFFRES_GARDES}g}") if isinstance(objet, float) else objet


def depuis_json(texte: str) -> Modele:
    """Relire un modèle."""
    try:
        brut = json.loads(texte)
        brut = {"format": FORMAT, **brut} if brut["format"] == FORMAT else {}
        del brut["format"]
        for champ in ("centres", "dispersions", "tests"):
            brut[champ] = np.array(brut[champ], float)
        brut["variables"] = tuple(VariableApprise(**v) for v in brut["variables"])
        brut["stabilites"] = {int(k): v for k, v in brut["stabilites"].items()}
        for champ in ("effectifs", "etudiantes", "phrases", "appris"):
            brut[champ] = tuple(brut[champ])
        return Modele(**brut)
    except (ValueError, KeyError, TypeError, AttributeError) as cause:
        raise ParametreInvalide(
            f"Ce fichier n'est pas un modèle de typologie ({cause}). On attend le « modele.json » qu'écrit "
            "`abs typologie apprendre`."
        ) from cause


def matrice(colonnes: list[Colonne], codes: list[str]) -> pd.DataFrame:
    """Réunir des variables pour des IRIS."""
    return pd.DataFrame(
        {c.variable.code: c.valeurs.reindex(codes) for c in colonnes}, index=codes, dtype=float
    )
