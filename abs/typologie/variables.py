"""Les variables actives de la typologie : lues dans une table, refusées si elles décrivent une population."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any, Final

from abs.indicateurs.indicateurs import Indicateur, indicateurs
from donnees_insee.erreurs import ParametreInvalide, liste_de_fautes


@dataclass(frozen=True)
class Regles:
    """Les nombres qui règlent la typologie, tels que la table les donne."""

    actives_minimum: int
    actives_souhaitees: int
    actives_maximum: int
    correlation_maximale: float
    part_ecretee: float
    habitants_apprentissage: int
    habitants_classement: int
    iris_souhaites: int
    iris_minimum: int
    disponibilite: float
    manques_admis: int
    classes_minimum: int
    classes_maximum: int
    part_de_classe: float
    stabilite: float
    reechantillons: int
    graine: int
    part_etudiante: float
    part_d_accord: float


@dataclass(frozen=True)
class VariableActive:
    """Une variable active et les mots qui la disent."""

    indicateur: Indicateur
    haut: str
    bas: str
    euros: bool = False
    raison: str = ""
    remplace: str = ""

    @property
    def code(self) -> str:
        """Code de l'indicateur."""
        return self.indicateur.code


@dataclass(frozen=True)
class Rupture:
    """Une année où une famille de sources change de définition."""

    famille: str
    avant: int
    motif: str
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """Le contenu vérifié de ``_typologie.toml``."""

    regles: Regles
    actives: tuple[VariableActive, ...]
    neutres: dict[str, tuple[str, ...]]
    ruptures: tuple[Rupture, ...]
    ecarts: dict[str, int]
    population: str
    etudiants: str


def variables_mesurees(indicateur: Indicateur) -> set[str]:
    """Donner les variables qui mesurent un indicateur : numérateurs et variables publiées."""
    publiees = {lecture.variable for lecture in indicateur.lectures if lecture.variable}
    return publiees.union(*(le.numerateur.variables for le in indicateur.lectures if le.numerateur))


def trait_de_population(indicateur: Indicateur, neutres: dict[str, tuple[str, ...]]) -> str:
    """Dire quel trait de population décrit un indicateur."""
    lues = variables_mesurees(indicateur)
    for trait, motifs in neutres.items():
        if any(re.search(motif, variable) for motif in motifs for variable in lues):
            return trait
    return ""


def verifier_les_actives(brut: list[dict[str, Any]], neutres: dict[str, tuple[str, ...]]) -> list[str]:
    """Lister ce qui empêche des variables d'être actives."""
    fautes, connus = [], indicateurs()
    codes = [str(ligne.get("indicateur")) for ligne in brut]
    fautes += [f"{c} : la variable est écrite deux fois" for c in sorted(set(codes)) if codes.count(c) > 1]
    for code, ligne in zip(codes, brut, strict=True):
        if code not in connus:
            fautes.append(f"{code} : l'indicateur n'est pas défini")
            continue
        trait = trait_de_population(connus[code], neutres)
        if trait:
            fautes.append(
                f"{code} : il décrit une population ({trait}) ; une variable active décrit une situation"
            )
        elif connus[code].sens == "neutre" and not ligne.get("raison"):
            fautes.append(
                f"{code} : son sens est « neutre » ; écrivez dans « raison » la situation qu'il mesure"
            )
        if connus[code].nature == "effectif":
            fautes.append(f"{code} : un effectif ne se compare pas d'un IRIS à l'autre, donnez un taux")
        fautes += [f"{code} : le champ « {c} » manque" for c in ("haut", "bas") if not ligne.get(c)]
    return fautes


def lire(texte: str) -> Table:
    """Lire une table de variables actives."""
    brut = tomllib.loads(texte)
    neutres = {trait: tuple(motifs) for trait, motifs in brut["neutres"].items()}
    fautes = verifier_les_actives(brut["actives"], neutres)
    if fautes:
        raise ParametreInvalide(
            liste_de_fautes("Des variables ne peuvent pas être actives dans la typologie :", fautes)
        )
    connus = indicateurs()
    actives = tuple(
        VariableActive(connus[ligne["indicateur"]], **{k: v for k, v in ligne.items() if k != "indicateur"})
        for ligne in brut["actives"]
    )
    ruptures = tuple(Rupture(**{**r, "sources": tuple(r.get("sources", ()))}) for r in brut["ruptures"])
    return Table(
        Regles(**brut["regles"]),
        actives,
        neutres,
        ruptures,
        brut["ecarts"],
        brut["population"]["indicateur"],
        brut["population"]["etudiants"],
    )


FICHIER: Final = "_typologie.toml"


@lru_cache(maxsize=1)
def table() -> Table:
    """Donner la table livrée avec le projet."""
    return lire((resources.files("abs.definitions") / FICHIER).read_text(encoding="utf-8"))
