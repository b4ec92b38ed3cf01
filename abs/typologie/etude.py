"""Mener une typologie de bout en bout : de la base aux IRIS classés d'un territoire."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from abs.calcul.lecture import Lecteur
from abs.formats import nombre
from abs.territoires.territoires import Territoire, Territoires
from abs.typologie import apprentissage, donnees, modele, partition
from abs.typologie.classes import classer_le_sujet
from abs.typologie.donnees import Colonne, Iris
from abs.typologie.modele import Modele
from abs.typologie.variables import Table, table
from donnees_insee.base.base import Base
from donnees_insee.erreurs import DonneeAbsente


@dataclass(frozen=True)
class Etude:
    """Une typologie et le territoire qu'elle classe."""

    modele: Modele
    sujet: Territoire
    iris: pd.DataFrame
    valeurs: pd.DataFrame
    colonnes: list[Colonne]
    reglages: Table


def mener(base: Base, texte: str, millesime: int | None = None) -> Etude:
    """Apprendre la typologie qui convient à un territoire, et l'y appliquer."""
    territoires = Territoires(base)
    sujet = territoires.trouver(texte)
    reglages, lecteur = table(), Lecteur(base, None)
    iris = donnees.lire_les_iris(territoires, lecteur, reglages, millesime)
    communes = donnees.espaces_possibles(territoires, sujet)[0][1]
    siens = donnees.apprentissage(iris, communes, reglages)
    if not siens:
        raise DonneeAbsente(
            f"La base ne tient aucun IRIS d'habitat de {reglages.regles.habitants_apprentissage} habitants ou plus "
            f"à {sujet.nom} : une typologie d'IRIS n'y a pas de sens, ou sa population n'est pas déposée."
        )
    lues, absentes = apprentissage.colonnes_tenues(lecteur, siens, millesime, reglages)
    manquent = [v.code for v in absentes]
    gardees, repetees = sans_repetition(
        lues, [c for c in iris.de(None) if iris.population[c] > 0], iris, reglages
    )
    while True:
        exiger_des_variables(gardees, manquent, sujet.nom, reglages)
        espace = apprentissage.choisir_l_espace(iris, territoires, sujet, gardees, reglages)
        # L'espace dépend des variables, et leurs corrélations de l'espace : on s'arrête quand rien ne bouge plus.
        colonnes, encore = sans_repetition(gardees, list(espace.codes), iris, reglages)
        repetees += encore
        if len(colonnes) == len(gardees):
            break
        gardees = colonnes
    phrases = phrases_des_variables(colonnes, repetees, manquent, sujet.nom, reglages)
    appris = apprentissage.apprendre(sujet, espace, colonnes, iris, reglages, phrases)
    valeurs = modele.matrice(colonnes, codes_du_sujet(iris, communes or set()))
    return Etude(
        appris, sujet, classer_le_sujet(appris, reglages, valeurs, iris), valeurs, colonnes, reglages
    )


def codes_du_sujet(iris: Iris, communes: set[str]) -> list[str]:
    """Lister tous les IRIS des communes : ceux de la liste de référence et ceux des données."""
    references = [
        str(c)
        for commune in communes
        for c in iris.territoires.geographie.iris(commune, set(), iris.annee_population).index
    ]
    return sorted({*references, *iris.de(communes)})


Repetition = tuple[str, str, float]


def sans_repetition(
    lues: list[Colonne], codes: list[str], iris: Iris, reglages: Table
) -> tuple[list[Colonne], list[Repetition]]:
    """Écarter les variables qui en répètent une plus importante."""
    regles = reglages.regles
    grands = [c for c in codes if iris.population[c] >= regles.habitants_apprentissage]
    poids = iris.population.reindex(grands).to_numpy(float)
    brutes = modele.matrice(lues, grands).to_numpy()
    # Sur les valeurs écrêtées : celles mêmes que la partition compare.
    mesure = partition.echelle(brutes, poids, regles.part_ecretee) if lues and grands else None
    matrice = partition.correlations(brutes if mesure is None else mesure.appliquer(brutes), poids)
    gardees, ecartees = partition.retenir(
        matrice, [c.variable.code for c in lues], regles.correlation_maximale
    )
    return [lues[i] for i in gardees[: regles.actives_maximum]], ecartees


def exiger_des_variables(colonnes: list[Colonne], absentes: list[str], nom: str, reglages: Table) -> None:
    """Vérifier qu'il reste de quoi distinguer des IRIS."""
    minimum = reglages.regles.actives_minimum
    if len(colonnes) < minimum:
        raise DonneeAbsente(
            f"La typologie de {nom} demande au moins {minimum} variables actives ; la base en tient "
            f"{len(colonnes)}. Déposez pour ces IRIS les fichiers qui portent : {', '.join(absentes[:6])}."
        )


def phrases_des_variables(
    colonnes: list[Colonne], repetees: list[Repetition], absentes: list[str], nom: str, reglages: Table
) -> list[str]:
    """Dire sur quoi la typologie est faite, ce qui a été écarté et ce qui manque."""
    libelles = {v.code: v.indicateur.libelle for v in reglages.actives}
    phrases = [phrase_des_variables(colonnes, reglages.regles.actives_souhaitees)]
    phrases += [
        f"« {libelles[e]} » est écartée : sa corrélation avec « {libelles[g]} » est de {nombre(r, 2)}."
        for e, g, r in repetees
    ]
    if absentes:
        phrases.append(f"Non tenues pour {nom} : {', '.join(libelles[c] for c in absentes)}.")
    sans = [c.variable.indicateur.libelle for c in colonnes if c.variable.euros and c.mediane is None]
    if sans:
        phrases.append(
            f"La médiane métropolitaine n'est pas tenue à cette date : {', '.join(sans)} reste en euros et ne se "
            "reportera pas à une autre année."
        )
    return phrases


def phrase_des_variables(colonnes: list[Colonne], souhaitees: int) -> str:
    """Dire sur quoi la typologie est faite."""
    liste = ", ".join(f"{c.variable.indicateur.libelle_court} ({c.source} {c.millesime})" for c in colonnes)
    dates = sorted({c.millesime for c in colonnes})
    suite = f" Les dates vont de {dates[0]} à {dates[-1]}." if len(dates) > 1 else ""
    if len(colonnes) < souhaitees:
        suite += f" C'est moins que les {souhaitees} voulues : les classes en disent moins qu'une typologie complète."
    return f"{len(colonnes)} variables actives : {liste}.{suite}"
