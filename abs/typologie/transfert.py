"""Reporter une typologie sur une autre année : mêmes centres, jamais par-dessus un changement de définition."""

from typing import Final

import numpy as np
import pandas as pd

from abs.calcul.lecture import Lecteur
from abs.definitions import dire
from abs.indicateurs.indicateurs import Lecture
from abs.territoires.territoires import Territoire, Territoires
from abs.typologie import donnees, modele
from abs.typologie.classes import classer_le_sujet
from abs.typologie.donnees import Colonne, Iris
from abs.typologie.modele import Modele, VariableApprise, matrice
from abs.typologie.variables import Table, table
from donnees_insee.base.base import Base
from donnees_insee.erreurs import ParametreInvalide, liste_de_fautes

TIRAGES: Final = 200
QUANTILE_95: Final = 1.96


def obstacle(apprise: VariableApprise, lecture: Lecture, millesime: int, reglages: Table) -> str:
    """Dire ce qui empêche de reporter une variable d'un millésime à un autre."""
    if lecture.source.id != apprise.source:
        return f"la source n'est plus la même ({apprise.source}, puis {lecture.source.id})"
    if lecture.definition != apprise.definition:
        return f"la définition change (« {apprise.definition} », puis « {lecture.definition} »)"
    debut, fin = sorted((apprise.millesime, millesime))
    for rupture in reglages.ruptures:
        touchee = apprise.source in rupture.sources or not rupture.sources
        if touchee and rupture.famille == apprise.famille and debut < rupture.avant <= fin:
            return f"{rupture.motif} : {debut} et {fin} ne se comparent pas"
    minimum = reglages.ecarts.get(apprise.famille, 1)
    # L'enquête de 2021 a été reportée : il faut une année de plus dès que le second millésime en dépend.
    minimum += apprise.famille == "recensement" and fin >= 2019
    if 0 < fin - debut < minimum:
        return f"{debut} et {fin} partagent des données : il faut {minimum} ans d'écart"
    return ""


def reporter(
    base: Base, texte: str, appris: Modele, millesime: int | None
) -> tuple[Territoire, pd.DataFrame, list[str]]:
    """Classer les IRIS d'un territoire à une autre date avec des centres déjà appris."""
    territoires, reglages, lecteur = Territoires(base), table(), Lecteur(base, None)
    sujet = territoires.trouver(texte)
    communes = donnees.espaces_possibles(territoires, sujet)[0][1] or set()
    iris = donnees.lire_les_iris(territoires, lecteur, reglages, millesime)
    avant, apres, refus = _deux_dates(lecteur, appris, millesime, reglages)
    if len(refus) > reglages.regles.manques_admis:
        comptes = {"refus": len(refus), "toutes": len(appris.variables), "regles": reglages.regles}
        debut = dire("typologie", "sans_report", nom=appris.nom, **comptes)
        raise ParametreInvalide(liste_de_fautes(debut, refus))
    codes = iris.du_sujet(communes)
    ordre = [v.code for v in appris.variables]
    anciennes, valeurs = (
        matrice(list(colonnes.values()), codes).reindex(columns=ordre) for colonnes in (avant, apres)
    )
    resultat = classer_le_sujet(appris, reglages, valeurs, iris)
    classes = resultat["classe"]
    resultat["classe_relative"] = _relatives(appris, apres, valeurs, iris, reglages) * (classes > 0)
    passees = appris.classer(anciennes.to_numpy(), reglages.regles.manques_admis) * (classes > 0)
    resultat["classe_avant"] = passees
    part = _part_des_tirages(appris, (avant, apres), codes, reglages)
    annonces = part >= reglages.regles.part_d_accord
    resultat["changement"] = np.select(
        [(passees == 0) | (classes == 0), passees == classes, annonces],
        ["non comparable", "même classe", "change de classe"],
        "dans les marges : non annoncé",
    )
    return sujet, resultat, _phrases(appris, apres, refus, reglages)


def _deux_dates(
    lecteur: Lecteur, appris: Modele, millesime: int | None, reglages: Table
) -> tuple[dict[str, Colonne], dict[str, Colonne], list[str]]:
    """Lire chaque variable à la date apprise et à la nouvelle, en notant ce qui ne se reporte pas."""
    actives = {v.code: v for v in reglages.actives}
    avant: dict[str, Colonne] = {}
    apres: dict[str, Colonne] = {}
    refus: list[str] = []
    for apprise in appris.variables:
        code, active = apprise.code, actives.get(apprise.code)
        if active is None:
            refus.append(f"{code} : elle n'est plus une variable active")
            continue
        for annee, lecture in donnees.lecture_tenue(lecteur, active.indicateur, None):
            if annee == apprise.millesime and lecture.source.id == apprise.source:
                avant[code] = donnees.lire_une_colonne(lecteur, active, annee, lecture)
        raison = "la base ne la tient pas à cette date"
        for annee, lecture in donnees.lecture_tenue(lecteur, active.indicateur, millesime)[:1]:
            apres[code] = donnees.lire_une_colonne(lecteur, active, annee, lecture)
            raison = obstacle(apprise, lecture, annee, reglages)
            reporte_en_euros = active.euros and annee != apprise.millesime
            if not raison and reporte_en_euros and None in {apres[code].mediane, apprise.mediane}:
                raison = "la médiane métropolitaine n'est pas tenue aux deux dates"
        if raison:
            refus.append(f"{code} : {raison}")
            apres.pop(code, None)
    return avant, apres, refus


def _relatives(
    appris: Modele, apres: dict[str, Colonne], valeurs: pd.DataFrame, iris: Iris, reglages: Table
) -> np.ndarray:
    """Classer d'après la place parmi les IRIS d'apprentissage de la nouvelle date, et non d'après le niveau."""
    reperes = [c for c in appris.appris if c in iris.population.index]
    presentes = [i for i, c in enumerate(valeurs.columns) if c in apres]
    brutes = matrice([apres[valeurs.columns[i]] for i in presentes], reperes).to_numpy()
    poids = iris.population.reindex(reperes).to_numpy(float)
    echelle, nouvelle = appris.echelle, modele.echelle(brutes, poids, reglages.regles.part_ecretee)
    # L'échelle apprise est refaite à chaque lecture : la compléter ici ne change pas le modèle.
    for mesure in ("bas", "haut", "moyennes", "ecarts"):
        getattr(echelle, mesure)[presentes] = getattr(nouvelle, mesure)
    reduites = echelle.appliquer(valeurs.to_numpy(float))
    return modele.affecter(reduites, appris.centres, reglages.regles.manques_admis)


def _part_des_tirages(
    appris: Modele, dates: tuple[dict[str, Colonne], dict[str, Colonne]], codes: list[str], reglages: Table
) -> np.ndarray:
    """Compter les tirages, dans les marges des deux dates, où l'IRIS n'est pas dans la même classe."""
    hasard = np.random.default_rng(reglages.regles.graine)
    rangs = [i for i, v in enumerate(appris.variables) if v.code in dates[0].keys() & dates[1].keys()]
    ordre = [appris.variables[i].code for i in rangs]
    # La même donnée aux deux dates porte le même aléa : elle ne fait changer personne.
    figees = [dates[0][c].millesime == dates[1][c].millesime for c in ordre]
    lues = []
    for colonnes in dates:
        marges = np.array([colonnes[c].marges.reindex(codes).to_numpy(float) for c in ordre]).T
        lues.append((matrice([colonnes[c] for c in ordre], codes).to_numpy(), np.nan_to_num(marges)))
    differents = np.zeros(len(codes))
    for _ in range(TIRAGES):
        aleas = [hasard.standard_normal((len(codes), len(ordre))) for _ in dates]
        aleas[1] = np.where(figees, aleas[0], aleas[1])
        classes = []
        for alea, (valeurs, marges) in zip(aleas, lues, strict=True):
            brutes = np.full((len(codes), len(appris.variables)), np.nan)
            brutes[:, rangs] = valeurs + alea * marges / QUANTILE_95
            classes.append(appris.classer(brutes, reglages.regles.manques_admis))
        differents += (classes[0] != classes[1]) & (classes[0] > 0) & (classes[1] > 0)
    return np.asarray(differents / TIRAGES)


def _phrases(appris: Modele, apres: dict[str, Colonne], refus: list[str], reglages: Table) -> list[str]:
    dates = ", ".join(f"{c.variable.indicateur.libelle} {c.millesime}" for c in apres.values())
    phrases = [dire("typologie", "report", nom=appris.nom, espace=appris.espace, dates=dates)]
    phrases += [f"Laissée de côté, {r}." for r in refus]
    apprises = {v.code: v.millesime for v in appris.variables}
    figees = [c.variable.indicateur.libelle for v, c in apres.items() if c.millesime == apprises[v]]
    if figees and len(figees) < len(apres):
        phrases.append(f"Même donnée aux deux dates : {', '.join(figees)}.")
    accord = round(reglages.regles.part_d_accord * 100)
    return [*phrases, dire("typologie", "deux_echelles"), dire("typologie", "accord", accord=accord)]
