"""Apprendre une typologie : l'espace, les variables tenues, le nombre de classes, les valeurs-tests."""

from __future__ import annotations

import numpy as np
import pandas as pd

from abs.calcul.lecture import Lecteur
from abs.territoires.territoires import Territoire, Territoires
from abs.typologie import donnees, partition
from abs.typologie.donnees import Colonne, Espace, Iris
from abs.typologie.modele import Modele, VariableApprise, matrice
from abs.typologie.variables import Table, VariableActive
from donnees_insee.erreurs import DonneeAbsente


def choisir_l_espace(
    iris: Iris, territoires: Territoires, sujet: Territoire, colonnes: list[Colonne], table: Table
) -> Espace:
    """Choisir le plus petit espace qui porte assez d'IRIS complets."""
    essais = []
    for nom, communes in donnees.espaces_possibles(territoires, sujet):
        candidats = donnees.apprentissage(iris, communes, table)
        complets = matrice(colonnes, candidats).dropna().index.tolist()
        essais.append((nom, complets))
        if len(complets) >= table.regles.iris_souhaites:
            break
    nom, retenus = essais[-1]
    refuses = " ; ".join(f"{n} : {len(c)}" for n, c in essais[:-1])
    voulus, habitants = table.regles.iris_souhaites, table.regles.habitants_apprentissage
    regle = f"au moins {voulus} IRIS d'habitat de {habitants} habitants ou plus, toutes variables présentes"
    if len(retenus) < table.regles.iris_minimum:
        raise DonneeAbsente(
            f"La typologie demande {regle} ; la base n'en tient que {len(retenus)} ({refuses}). Déposez les "
            "fichiers à l'IRIS d'un territoire plus large."
        )
    phrase = f"Apprise sur {len(retenus)} IRIS ({nom}). Il faut {regle}"
    phrase += f" ; les espaces plus étroits n'en ont pas assez ({refuses})." if refuses else "."
    if len(retenus) < voulus:
        phrase += " Même l'espace le plus large en a moins : la typologie est un essai, à ne pas publier."
    return Espace(nom, tuple(retenus), phrase)


def colonnes_tenues(
    lecteur: Lecteur, sujet: list[str], millesime: int | None, table: Table
) -> tuple[list[Colonne], list[VariableActive]]:
    """Lire les variables actives que la base tient pour le sujet, chacune à sa date la plus récente."""
    tenues: list[Colonne] = []
    absentes: list[VariableActive] = []
    for variable in table.actives:
        if variable.remplace in {c.variable.code for c in tenues}:
            continue
        for annee, lecture in donnees.lecture_tenue(lecteur, variable.indicateur, millesime):
            colonne = donnees.lire_une_colonne(lecteur, variable, annee, lecture)
            if colonne.valeurs.reindex(sujet).notna().mean() >= table.regles.disponibilite:
                tenues.append(colonne)
                break
        else:
            absentes.append(variable)
    return tenues, absentes


def apprendre(
    sujet: Territoire, espace: Espace, colonnes: list[Colonne], iris: Iris, table: Table, dites: list[str]
) -> Modele:
    """Apprendre les classes sur l'espace choisi."""
    regles = table.regles
    codes = sorted(espace.codes)
    brutes = matrice(colonnes, codes).to_numpy()
    mesure = partition.echelle(brutes, iris.population.reindex(codes).to_numpy(float), regles.part_ecretee)
    reduites = mesure.appliquer(brutes)
    maximum = min(regles.classes_maximum, len(codes) // 5)
    stables = partition.stabilites(
        reduites, range(regles.classes_minimum, maximum + 1), regles.reechantillons, regles.graine
    )
    nombre, phrase = choisir_le_nombre(reduites, stables, table)
    centres = partition.partager(reduites, nombre)
    classes = partition.affecter(reduites, centres, 0)
    jeunes = iris.etudiants.reindex(codes).to_numpy(float)
    phrases = [espace.phrase, *dites, phrase]
    phrases += _phrase_des_etudiants(sujet, codes, jeunes, regles.disponibilite)
    groupes = [classes == k + 1 for k in range(nombre)]
    return Modele(
        territoire=sujet.code,
        nom=sujet.nom,
        espace=espace.nom,
        variables=tuple(_apprise(c, mesure, rang) for rang, c in enumerate(colonnes)),
        centres=centres,
        effectifs=tuple(int(g.sum()) for g in groupes),
        dispersions=np.array([reduites[g].std(axis=0) for g in groupes]),
        tests=np.array([valeurs_tests(reduites, g) for g in groupes]),
        etudiantes=tuple(
            k + 1 for k, g in enumerate(groupes) if _est_etudiante(jeunes[g], regles.part_etudiante)
        ),
        stabilites=stables,
        phrases=tuple(phrases),
        appris=tuple(codes),
    )


def _est_etudiante(jeunes: np.ndarray, seuil: float) -> bool:
    """Dire si la plupart des IRIS connus d'une classe sont étudiants ; à moins de la moitié connus, rien n'est dit."""
    connus = jeunes[np.isfinite(jeunes)]
    return bool(len(connus) * 2 > len(jeunes) and np.mean(connus > seuil) > 1 / 2)


def _phrase_des_etudiants(
    sujet: Territoire, codes: list[str], jeunes: np.ndarray, disponibilite: float
) -> list[str]:
    """Dire quand la part des 18-24 ans manque trop, dans l'espace ou dans le territoire lui-même."""
    connus = pd.Series(np.isfinite(jeunes), index=codes)
    siens = connus[[c[:5] in sujet.composantes for c in codes]]
    if all(len(c) == 0 or c.mean() >= disponibilite for c in (connus, siens)):
        return []
    phrase = (
        f"La part des 18-24 ans n'est tenue que pour {int(connus.sum())} des {len(codes)} IRIS d'apprentissage "
        f"({int(siens.sum())} à {sujet.nom}) : un IRIS étudiant ne peut pas être reconnu, et ses revenus bas peuvent "
        "le placer dans une classe qui ne dit pas cela."
    )
    return [phrase]


def _apprise(colonne: Colonne, mesure: partition.Echelle, rang: int) -> VariableApprise:
    return VariableApprise(
        code=colonne.variable.code,
        source=colonne.source,
        famille=colonne.famille,
        definition=colonne.definition,
        millesime=colonne.millesime,
        mediane=colonne.mediane,
        bas=float(mesure.bas[rang]),
        haut=float(mesure.haut[rang]),
        moyenne=float(mesure.moyennes[rang]),
        ecart=float(mesure.ecarts[rang]),
    )


def choisir_le_nombre(reduites: np.ndarray, stables: dict[int, float], table: Table) -> tuple[int, str]:
    """Choisir le plus grand nombre de classes stables et assez remplies."""
    seuil, part = table.regles.stabilite, table.regles.part_de_classe
    remplies, entier = {}, partition.arbre(reduites)
    for nombre in stables:
        classes = partition.affecter(reduites, entier.centres(nombre), 0)
        remplies[nombre] = np.bincount(classes, minlength=nombre + 1)[1:].min() >= part * len(reduites)
    essais = ", ".join(f"{k} classes {v:.2f}".replace(".", ",") for k, v in stables.items())
    admis = [k for k, v in stables.items() if v >= seuil and remplies[k]]
    if admis:
        nombre = max(admis)
        raison = f"le plus grand dont la stabilité atteint {seuil}".replace(".", ",")
        return nombre, f"{nombre} classes : {raison} (indice de Rand ajusté moyen : {essais})."
    nombre = max(stables, key=lambda k: (remplies[k], stables[k]))
    raison = f"aucun nombre essayé n'atteint {seuil} avec des classes assez remplies".replace(".", ",")
    phrase = f"{nombre} classes, faute de mieux : {raison} (indice de Rand ajusté moyen : {essais})."
    return nombre, f"{phrase} Les limites entre classes sont incertaines."


def valeurs_tests(reduites: np.ndarray, dedans: np.ndarray) -> np.ndarray:
    """Mesurer en quoi la moyenne d'une classe s'écarte de l'ensemble, compte tenu de sa taille."""
    total, siens = len(reduites), int(dedans.sum())
    if total < 2 or siens in {0, total}:
        return np.zeros(reduites.shape[1])
    variance = reduites.var(axis=0) * (total - siens) / (total - 1) / siens
    ecarts = reduites[dedans].mean(axis=0) - reduites.mean(axis=0)
    return np.divide(ecarts, np.sqrt(variance), out=np.zeros_like(ecarts), where=variance > 0)
