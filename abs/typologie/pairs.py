"""Trouver à qui se comparer : les dix territoires les plus proches pour une question, et ce que vaut ce choix."""

import tomllib
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any, Final

import numpy as np
import pandas as pd

from abs import definitions
from abs.calcul.lecture import Lecteur
from abs.definitions import dire
from abs.formats import nombre
from abs.indicateurs.indicateurs import indicateur, indicateurs
from abs.territoires.territoires import NOMS_DE_NIVEAU, Territoire, Territoires
from abs.typologie.donnees import plus_recente
from abs.typologie.variables import variables_mesurees
from donnees_insee import codes
from donnees_insee.base.base import Base
from donnees_insee.erreurs import DonneeAbsente, ParametreInvalide, liste_de_fautes

NIVEAUX: Final = ("commune", "iris")
PART: Final = "part_dans_la_distance_"
HABITANTS_MINIMUM: Final = 200


@dataclass(frozen=True)
class Question:
    """Une question, ce qu'elle compare et ce qui rend deux territoires semblables."""

    code: str
    libelle: str
    resultats: tuple[str, ...]
    distance: tuple[str, ...]


@dataclass(frozen=True)
class Regles:
    """Les nombres qui règlent la recherche."""

    nombre: int
    variables_maximum: int
    variables_minimum: int
    rapport_de_taille: float
    candidats_minimum: int


@dataclass(frozen=True)
class Pairs:
    """Les territoires comparables trouvés."""

    code: str
    nom: str
    table: pd.DataFrame
    phrases: tuple[str, ...]
    question: Question

    def lignes(self) -> list[tuple[str, ...]]:
        """Écrire les comparables pour l'écran."""
        parts = [c for c in self.table.columns if c.startswith(PART)]
        lignes: list[tuple[str, ...]] = []
        for ligne in self.table.to_dict("records"):
            premiere = max(parts, key=lambda c: ligne[c])
            libelle = indicateur(premiere.removeprefix(PART)).libelle
            qui = (str(ligne[colonne]) for colonne in ("rang", "code", "nom"))
            mesures = (nombre(round(ligne["population"])), nombre(ligne["distance"], 2))
            stabilite, part = (f"{nombre(100 * ligne[c])}\u00a0%" for c in ("stabilite", premiere))
            lignes.append((*qui, *mesures, stabilite, f"{libelle} ({part})"))
        return lignes


def verifier(question: Question, regles: Regles) -> list[str]:
    """Lister ce qui rend une question malhonnête : un résultat dans la distance, ou trop de variables."""
    connus, combien = indicateurs(), len(question.distance)
    if inconnus := sorted({*question.resultats, *question.distance} - set(connus)):
        return [f"{question.code} : indicateurs non définis : {', '.join(inconnus)}"]
    trop = [f"{question.code} : {combien} variables, {regles.variables_maximum} au plus"]
    return (trop if combien > regles.variables_maximum else []) + [
        f"{question.code} : {proche} mesure le résultat {resultat}, il ne peut pas entrer dans la distance"
        for proche, resultat in product(question.distance, question.resultats)
        if variables_mesurees(connus[proche]) & variables_mesurees(connus[resultat])
    ]


def lire(texte: str) -> tuple[Regles, dict[str, Question]]:
    """Lire une table de questions."""
    brut = tomllib.loads(texte)
    regles = Regles(**brut["regles"])
    lues = {
        c: Question(c, q["libelle"], tuple(q["resultats"]), tuple(q["distance"]))
        for c, q in brut["questions"].items()
    }
    if fautes := [f for q in lues.values() for f in verifier(q, regles)]:
        raise ParametreInvalide(liste_de_fautes("Des questions de comparaison sont fautives :", fautes))
    return regles, lues


@cache
def _livrees() -> tuple[Regles, dict[str, Question]]:
    return lire(definitions.texte("_pairs"))


def questions() -> dict[str, Question]:
    """Donner les questions livrées."""
    return _livrees()[1]


def de_taille_comparable(
    table: pd.DataFrame, habitants: pd.Series, code: str, regles: Regles
) -> pd.DataFrame:
    """Garder les territoires assez peuplés dont la taille est proche de celle d'un autre."""
    rapport = habitants / habitants[code]
    voisins = rapport.between(1 / regles.rapport_de_taille, regles.rapport_de_taille)
    return table[voisins & (habitants >= HABITANTS_MINIMUM)]


def standardiser(table: pd.DataFrame) -> pd.DataFrame:
    """Ramener chaque variable à sa moyenne et à son écart-type ; constante, elle ne distingue personne."""
    return (table - table.mean()) / table.std(ddof=0).replace(0, 1.0)


def proches(reduites: pd.DataFrame, code: str, combien: int) -> tuple[pd.Series, pd.DataFrame, pd.Series]:
    """Trouver les lignes les plus proches d'une autre, et ce qui reste du choix sans chaque variable."""
    carres = (reduites.drop(index=code) - reduites.loc[code]) ** 2
    # À distance égale, l'ordre des codes décide : le résultat ne dépend pas de l'ordre du fichier.
    carres = carres.sort_index()

    def voisins(table: pd.DataFrame) -> pd.Series:
        return table.mean(axis=1).sort_values(kind="stable").head(combien)

    retenus = voisins(carres)
    siens = carres.loc[retenus.index]
    parts = siens.div(siens.sum(axis=1).replace(0, 1.0), axis=0)
    essais = [voisins(carres.drop(columns=v)).index for v in carres.columns if carres.shape[1] > 1]
    stables = np.mean([retenus.index.isin(e) for e in essais] or [[0.0] * len(retenus)], axis=0)
    return np.sqrt(retenus), parts, pd.Series(stables, index=retenus.index, dtype=float)


def chercher(base: Base, texte: str, question: str, millesime: int | None = None) -> Pairs:
    """Chercher les territoires comparables à un autre pour une question."""
    regles, connues = _livrees()
    if question not in connues:
        raise ParametreInvalide(dire("pairs", "inconnue", question=question, connues=", ".join(connues)))
    territoires, lecteur = Territoires(base), Lecteur(base, None)
    sujet = territoires.trouver(texte)
    if sujet.niveau not in NIVEAUX:
        niveau = NOMS_DE_NIVEAU[sujet.niveau]
        raise ParametreInvalide(dire("pairs", "niveau", nom=sujet.nom, niveau=niveau))

    def lire_un(code: str, parmi: pd.Index | None = None) -> tuple[int, pd.Series] | None:
        """Lire un indicateur à la date la plus récente où le sujet et assez de territoires de sa taille l'ont."""
        return plus_recente(
            *(lecteur, indicateur(code), millesime),
            lambda lue: (
                sujet.code in lue.index
                and len(lue if parmi is None else lue.index.intersection(parmi))
                > regles.candidats_minimum // 2
            ),
            sujet.niveau,
        )

    choisie = connues[question]
    population = lire_un("population")
    if population is None:
        raise DonneeAbsente(dire("pairs", "sans_population", nom=sujet.nom))
    taille = de_taille_comparable(population[1].to_frame(), population[1], sujet.code, regles).index
    tenues = {v: lue for v in choisie.distance if (lue := lire_un(v, taille)) is not None}
    absentes = [indicateur(v).libelle for v in choisie.distance if v not in tenues]
    if len(tenues) < regles.variables_minimum:
        mots = {"tenues": len(tenues), "toutes": len(choisie.distance), "absentes": ", ".join(absentes)}
        raise DonneeAbsente(dire("pairs", "peu_de_variables", question=question, nom=sujet.nom, **mots))
    table = pd.DataFrame({v: serie for v, (_, serie) in tenues.items()}).dropna()
    if sujet.niveau == "commune":
        # Un arrondissement n'est pas une commune, sauf s'il est le sujet : il se compare alors aux autres.
        entieres = [c == sujet.code or codes.ville_de_l_arrondissement(c) == c for c in table.index]
        table = table[entieres] if codes.ville_de_l_arrondissement(sujet.code) == sujet.code else table
    habitants = population[1].reindex(table.index)
    table = de_taille_comparable(table, habitants, sujet.code, regles)
    if sujet.code not in table.index or len(table) <= regles.nombre:
        mots = {"tenus": max(len(table) - 1, 0), "nom": sujet.nom, "nombre": regles.nombre}
        raise DonneeAbsente(dire("pairs", "peu_de_candidats", **mots))
    distances, parts, stables = proches(standardiser(table), sujet.code, regles.nombre)
    resultat = pd.DataFrame(
        {
            "rang": range(1, len(distances) + 1),
            "code": distances.index,
            "nom": [_nom(territoires, str(c), sujet.niveau) for c in distances.index],
            "population": habitants[distances.index].to_numpy(float),
            "distance": distances.to_numpy(),
            "stabilite": stables.to_numpy(),
            **{f"{PART}{variable}": parts[variable].to_numpy() for variable in table.columns},
        }
    )
    for code in choisie.resultats:
        if (lu := lire_un(code)) is not None:
            resultat[f"resultat_{code}_{lu[0]}"] = lu[1].reindex(distances.index).to_numpy(float)
    phrases = _phrases(sujet, choisie, tenues, absentes, (len(table) - 1, float(stables.mean())), regles)
    return Pairs(sujet.code, sujet.nom, resultat, phrases, choisie)


def _nom(territoires: Territoires, code: str, niveau: str) -> str:
    geo = territoires.geographie
    commune = str(geo.communes["nom"].get(code[:5], code[:5]))
    if niveau == "commune":
        return commune
    nom = geo.iris(code[:5], set())["nom"].get(code)
    return f"{nom or f'IRIS {code}'} ({commune})"


def _phrases(
    sujet: Territoire,
    question: Question,
    tenues: dict[str, Any],
    absentes: list[str],
    mesures: tuple[int, float],
    regles: Regles,
) -> tuple[str, ...]:
    dates = ", ".join(f"{indicateur(v).libelle} ({annee})" for v, (annee, _) in tenues.items())
    candidats, stabilite = mesures
    mots = {"candidats": nombre(candidats), "nombre": regles.nombre, "nom": sujet.nom, "dates": dates}
    mots |= {"combien": len(tenues), "absentes": ", ".join(absentes), "stabilite": nombre(100 * stabilite)}
    choix = {"parmi": True, "hors_distance": True, "prudence": candidats < regles.candidats_minimum}
    choix |= {"non_tenues": bool(absentes), "stabilite": True}
    return (question.libelle, *(dire("pairs", cle, **mots) for cle, dite in choix.items() if dite))
