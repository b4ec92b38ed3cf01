"""Mener une typologie de bout en bout : variables tenues, espace et classes appris, IRIS classés d'un territoire."""

from dataclasses import astuple, dataclass

import numpy as np
import pandas as pd

from abs.calcul.lecture import Lecteur
from abs.definitions import dire
from abs.formats import nombre as ecrire
from abs.territoires.territoires import Territoire, Territoires
from abs.typologie import donnees, modele
from abs.typologie.classes import classer_le_sujet
from abs.typologie.donnees import Colonne, Espace, Iris
from abs.typologie.modele import Modele, VariableApprise, matrice
from abs.typologie.variables import Table, table
from donnees_insee.base.base import Base
from donnees_insee.erreurs import DonneeAbsente


@dataclass(frozen=True)
class Etude:
    """Une typologie et le territoire qu'elle classe."""

    modele: Modele
    sujet: Territoire
    iris: pd.DataFrame
    colonnes: list[Colonne]
    reglages: Table


Repetition = tuple[str, str, float]


def mener(base: Base, texte: str, millesime: int | None = None) -> Etude:
    """Apprendre la typologie qui convient à un territoire, et l'y appliquer."""
    territoires, reglages, lecteur = Territoires(base), table(), Lecteur(base, None)
    sujet = territoires.trouver(texte)
    iris = donnees.lire_les_iris(territoires, lecteur, reglages, millesime)
    communes = donnees.espaces_possibles(territoires, sujet)[0][1]
    siens = donnees.apprentissage(iris, communes, reglages)
    if not siens:
        raise DonneeAbsente(dire("typologie", "sans_iris", nom=sujet.nom, regles=reglages.regles))
    lues, absentes = colonnes_tenues(lecteur, siens, millesime, reglages)
    gardees, repetees = sans_repetition(lues, iris.de(None), iris, reglages)
    while True:
        exiger_des_variables(gardees, absentes, sujet.nom, reglages)
        espace = choisir_l_espace(iris, territoires, sujet, gardees, reglages)
        # L'espace dépend des variables, et leurs corrélations de l'espace : on s'arrête quand rien ne bouge plus.
        colonnes, encore = sans_repetition(gardees, list(espace.codes), iris, reglages)
        repetees += encore
        if len(colonnes) == len(gardees):
            break
        gardees = colonnes
    phrases = phrases_des_variables(colonnes, repetees, absentes, sujet.nom, reglages)
    appris = apprendre(sujet, espace, colonnes, iris, reglages, phrases)
    valeurs = matrice(colonnes, iris.du_sujet(communes or set()))
    return Etude(appris, sujet, classer_le_sujet(appris, reglages, valeurs, iris), colonnes, reglages)


# -- variables -----------------------------------------------------------------------------------


def colonnes_tenues(
    lecteur: Lecteur, sujet: list[str], millesime: int | None, table: Table
) -> tuple[list[Colonne], list[str]]:
    """Lire les variables actives que la base tient pour le sujet, chacune à sa date la plus récente."""
    tenues: dict[str, Colonne] = {}
    absentes = []
    for variable in table.actives:
        if variable.remplace in tenues:
            continue
        for annee, lecture in donnees.lecture_tenue(lecteur, variable.indicateur, millesime):
            colonne = donnees.lire_une_colonne(lecteur, variable, annee, lecture)
            if colonne.valeurs.reindex(sujet).notna().mean() >= table.regles.disponibilite:
                tenues[variable.code] = colonne
                break
        else:
            absentes.append(variable.code)
    return list(tenues.values()), absentes


def sans_repetition(
    lues: list[Colonne], codes: list[str], iris: Iris, reglages: Table
) -> tuple[list[Colonne], list[Repetition]]:
    """Écarter les variables qui en répètent une plus importante."""
    regles = reglages.regles
    grands = [c for c in codes if iris.population[c] >= regles.habitants_apprentissage]
    poids = iris.population.reindex(grands).to_numpy(float)
    brutes = matrice(lues, grands).to_numpy()
    # Sur les valeurs écrêtées : celles mêmes que la partition compare.
    if lues and grands:
        brutes = modele.echelle(brutes, poids, regles.part_ecretee).appliquer(brutes)
    gardees, ecartees = modele.retenir(
        modele.correlations(brutes, poids), [c.variable.code for c in lues], regles.correlation_maximale
    )
    return [lues[i] for i in gardees[: regles.actives_maximum]], ecartees


def exiger_des_variables(colonnes: list[Colonne], absentes: list[str], nom: str, reglages: Table) -> None:
    """Vérifier qu'il reste de quoi distinguer des IRIS."""
    minimum = reglages.regles.actives_minimum
    if len(colonnes) < minimum:
        mots = {"nom": nom, "minimum": minimum, "tenues": len(colonnes), "absentes": ", ".join(absentes[:6])}
        raise DonneeAbsente(dire("typologie", "trop_peu_de_variables", **mots))


def phrases_des_variables(
    colonnes: list[Colonne], repetees: list[Repetition], absentes: list[str], nom: str, reglages: Table
) -> list[str]:
    """Dire sur quoi la typologie est faite, ce qui a été écarté et ce qui manque."""
    libelles = {v.code: v.indicateur.libelle for v in reglages.actives}
    liste = ", ".join(f"{c.variable.indicateur.libelle_court} ({c.source} {c.millesime})" for c in colonnes)
    dates, souhaitees = sorted({c.millesime for c in colonnes}), reglages.regles.actives_souhaitees
    suite = f" Les dates vont de {dates[0]} à {dates[-1]}." if len(dates) > 1 else ""
    if len(colonnes) < souhaitees:
        suite += dire("typologie", "peu_de_variables", souhaitees=souhaitees)
    phrases = [f"{len(colonnes)} variables actives : {liste}.{suite}"]
    phrases += [
        f"« {libelles[e]} » est écartée : sa corrélation avec « {libelles[g]} » est de {ecrire(r, 2)}."
        for e, g, r in repetees
    ]
    if absentes:
        phrases.append(f"Non tenues pour {nom} : {', '.join(libelles[c] for c in absentes)}.")
    sans = [c.variable.indicateur.libelle for c in colonnes if c.variable.euros and c.mediane is None]
    return [*phrases, dire("typologie", "sans_mediane", sans=", ".join(sans))] if sans else phrases


# -- apprentissage -------------------------------------------------------------------------------


def choisir_l_espace(
    iris: Iris, territoires: Territoires, sujet: Territoire, colonnes: list[Colonne], table: Table
) -> Espace:
    """Choisir le plus petit espace qui porte assez d'IRIS complets."""
    voulus, habitants = table.regles.iris_souhaites, table.regles.habitants_apprentissage
    essais: list[tuple[str, list[str]]] = []
    for nom, communes in donnees.espaces_possibles(territoires, sujet):
        candidats = donnees.apprentissage(iris, communes, table)
        essais.append((nom, matrice(colonnes, candidats).dropna().index.tolist()))
        if len(essais[-1][1]) >= voulus:
            break
    nom, retenus = essais[-1]
    refuses = " ; ".join(f"{n} : {len(c)}" for n, c in essais[:-1])
    regle = f"au moins {voulus} IRIS d'habitat de {habitants} habitants ou plus, toutes variables présentes"
    if len(retenus) < table.regles.iris_minimum:
        mots = {"regle": regle, "retenus": len(retenus), "refuses": refuses}
        raise DonneeAbsente(dire("typologie", "trop_peu_d_iris", **mots))
    phrase = f"Apprise sur {len(retenus)} IRIS ({nom}). Il faut {regle}"
    phrase += f" ; les espaces plus étroits n'en ont pas assez ({refuses})." if refuses else "."
    if len(retenus) < voulus:
        phrase += dire("typologie", "essai")
    return Espace(nom, tuple(retenus), phrase)


def apprendre(
    sujet: Territoire, espace: Espace, colonnes: list[Colonne], iris: Iris, table: Table, dites: list[str]
) -> Modele:
    """Apprendre les classes sur l'espace choisi."""
    regles, codes = table.regles, sorted(espace.codes)
    brutes = matrice(colonnes, codes).to_numpy()
    mesure = modele.echelle(brutes, iris.population.reindex(codes).to_numpy(float), regles.part_ecretee)
    reduites = mesure.appliquer(brutes)
    essayes = range(regles.classes_minimum, min(regles.classes_maximum, len(codes) // 5) + 1)
    stables = modele.stabilites(reduites, essayes, regles.reechantillons, regles.graine)
    nombre, phrase = choisir_le_nombre(reduites, stables, table)
    centres = modele.partager(reduites, nombre)
    classes = modele.affecter(reduites, centres, 0)
    jeunes = iris.etudiants.reindex(codes).to_numpy(float)
    groupes = [classes == k + 1 for k in range(nombre)]
    return Modele(
        territoire=sujet.code,
        nom=sujet.nom,
        espace=espace.nom,
        variables=tuple(
            VariableApprise(
                c.variable.code, c.source, c.famille, c.definition, c.millesime, c.mediane, *bornes
            )
            for c, bornes in zip(colonnes, np.column_stack(astuple(mesure)).tolist(), strict=True)
        ),
        centres=centres,
        effectifs=tuple(int(g.sum()) for g in groupes),
        dispersions=np.array([reduites[g].std(axis=0) for g in groupes]),
        tests=np.array([valeurs_tests(reduites, g) for g in groupes]),
        etudiantes=tuple(
            k for k, g in enumerate(groupes, 1) if _est_etudiante(jeunes[g], regles.part_etudiante)
        ),
        stabilites=stables,
        phrases=(
            *(espace.phrase, *dites, phrase),
            *_phrase_des_etudiants(sujet, codes, jeunes, regles.disponibilite),
        ),
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
    comptes = {"connus": int(connus.sum()), "tous": len(codes), "siens": int(siens.sum())}
    return [dire("typologie", "etudiants_inconnus", nom=sujet.nom, **comptes)]


def choisir_le_nombre(reduites: np.ndarray, stables: dict[int, float], table: Table) -> tuple[int, str]:
    """Choisir le plus grand nombre de classes stables et assez remplies."""
    seuil, part = table.regles.stabilite, table.regles.part_de_classe
    remplies, entier = {}, modele.arbre(reduites)
    for nombre in stables:
        classes = modele.affecter(reduites, entier.centres(nombre), 0)
        remplies[nombre] = np.bincount(classes, minlength=nombre + 1)[1:].min() >= part * len(reduites)
    admis = [k for k, v in stables.items() if v >= seuil and remplies[k]]
    nombre = max(admis) if admis else max(stables, key=lambda k: (remplies[k], stables[k]))
    essais = ", ".join(f"{k} classes {v:.2f}".replace(".", ",") for k, v in stables.items())
    mots = {"nombre": nombre, "seuil": str(seuil).replace(".", ","), "essais": essais}
    return nombre, dire("typologie", "nombre_stable" if admis else "nombre_instable", **mots)


def valeurs_tests(reduites: np.ndarray, dedans: np.ndarray) -> np.ndarray:
    """Mesurer en quoi la moyenne d'une classe s'écarte de l'ensemble, compte tenu de sa taille."""
    total, siens = len(reduites), int(dedans.sum())
    if total < 2 or siens in {0, total}:
        return np.zeros(reduites.shape[1])
    variance = reduites.var(axis=0) * (total - siens) / (total - 1) / siens
    ecarts = reduites[dedans].mean(axis=0) - reduites.mean(axis=0)
    return np.divide(ecarts, np.sqrt(variance), out=np.zeros_like(ecarts), where=variance > 0)
