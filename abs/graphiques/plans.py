"""La table des graphiques : ce que chacun montre, dans l'ordre où un chapitre les donne, et les mots qu'ils emploient."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from abs.definitions import table
from abs.graphiques.demandes import Genre
from abs.langue import typographier


@dataclass(frozen=True)
class Part:
    """Une part d'une barre : un indicateur, moins d'autres ; sans indicateur, ce qui reste."""

    libelle: str
    indicateur: str = ""
    moins: tuple[str, ...] = ()

    @property
    def codes(self) -> tuple[str, ...]:
        """Indicateurs dont la part se compose."""
        return (self.indicateur, *self.moins) if self.indicateur else ()


@dataclass(frozen=True)
class Plan:
    """Un graphique de la table."""

    nom: str
    genre: Genre
    theme: str
    titre: str
    sous_titre: str
    indicateurs: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    ages: tuple[str, ...] = ()
    hommes: tuple[str, ...] = ()
    femmes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    echelle_commune: bool = False
    # Le titre d'une courbe de plusieurs indicateurs : leurs valeurs à la dernière date.
    constat: str = ""
    # Graphiques moins complets, que celui-ci rend inutiles dans un chapitre.
    remplace: tuple[str, ...] = ()

    @property
    def dans_le_temps(self) -> bool:
        """Dire si le graphique se lit à plusieurs dates."""
        return self.genre in {"courbe", "pente"}

    @property
    def codes(self) -> tuple[str, ...]:
        """Indicateurs dont le graphique a besoin."""
        des_parts = (c for part in self.parts for c in part.codes)
        return tuple(dict.fromkeys((*self.hommes, *self.femmes, *self.indicateurs, *des_parts)))


@lru_cache(maxsize=1)
def plans() -> dict[str, Plan]:
    """Lire la table des graphiques."""
    return {nom: _plan(nom, brut) for nom, brut in table("_graphiques")["graphiques"].items()}


def _plan(nom: str, brut: dict[str, Any]) -> Plan:
    parts = tuple(Part(**part | {"moins": tuple(part.get("moins", ()))}) for part in brut.get("parts", ()))
    champs: dict[str, Any] = {cle: tuple(v) if isinstance(v, list) else v for cle, v in brut.items()}
    return Plan(nom, **champs | {"parts": parts})


def mots(groupe: str) -> dict[str, Any]:
    """Donner une table de mots ou de réglages des graphiques."""
    return dict(table("_graphiques")[groupe])


def dire(groupe: str, cas: str, **morceaux: object) -> str:
    """Écrire un gabarit."""
    return typographier(str(mots(groupe)[cas]).format(**morceaux))
