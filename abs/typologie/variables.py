"""Les variables actives de la typologie : lues dans une table, refusées si elles décrivent une population."""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
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
    # Les mêmes mots en bref, haut puis bas : une légende, un document.
    court: Sequence[str] = ()

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
    sources: Sequence[str] = ()


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
    motifs = ((trait, motif) for trait, siens in neutres.items() for motif in siens)
    return next((trait for trait, motif in motifs if any(re.search(motif, v) for v in lues)), "")


def verifier_les_actives(brut: list[dict[str, Any]], neutres: dict[str, tuple[str, ...]]) -> list[str]:
    """Lister ce qui empêche des variables d'être actives."""
    fautes, connus = [], indicateurs()
    codes = [str(ligne.get("indicateur")) for ligne in brut]
    fautes += [f"{c} : la variable est écrite deux fois" for c in sorted(set(codes)) if codes.count(c) > 1]
    for code, ligne in zip(codes, brut, strict=True):
        if code not in connus:
            fautes.append(f"{code} : l'indicateur n'est pas défini")
            continue
        vues = []
        if trait := trait_de_population(connus[code], neutres):
            vues.append(f"il décrit une population ({trait}) ; une variable active décrit une situation")
        elif connus[code].sens == "neutre" and not ligne.get("raison"):
            vues.append("son sens est « neutre » ; écrivez dans « raison » la situation qu'il mesure")
        if connus[code].nature == "effectif":
            vues.append("un effectif ne se compare pas d'un IRIS à l'autre, donnez un taux")
        vues += [f"le champ « {c} » manque" for c in ("haut", "bas") if not ligne.get(c)]
        fautes += [f"{code} : {faute}" for faute in vues]
    return fautes


def lire(texte: str) -> Table:
    """Lire une table de variables actives."""
    brut = tomllib.loads(texte)
    neutres = {trait: tuple(motifs) for trait, motifs in brut["neutres"].items()}
    if fautes := verifier_les_actives(brut["actives"], neutres):
        debut = "Des variables ne peuvent pas être actives dans la typologie :"
        raise ParametreInvalide(liste_de_fautes(debut, fautes))
    connus = indicateurs()
    actives = tuple(
        VariableActive(**{**ligne, "indicateur": connus[ligne["indicateur"]]}) for ligne in brut["actives"]
    )
    ruptures = tuple(Rupture(**r) for r in brut["ruptures"])
    population, etudiants = brut["population"]["indicateur"], brut["population"]["etudiants"]
    return Table(Regles(**brut["regles"]), actives, neutres, ruptures, brut["ecarts"], population, etudiants)


FICHIER: Final = "_typologie.toml"


@cache
def table() -> Table:
    """Donner la table livrée avec le projet."""
    return lire((resources.files("abs.definitions") / FICHIER).read_text(encoding="utf-8"))
