"""Lire les IRIS d'une typologie : qui ils sont, où l'on apprend, et leurs variables à leurs dates."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd

from abs.calcul.lecture import Lecteur
from abs.indicateurs.fiabilite import marge_de_sondage
from abs.indicateurs.indicateurs import Indicateur, Lecture, indicateur
from abs.territoires.territoires import NOMS_DE_NIVEAU, Territoire, Territoires
from abs.typologie.variables import Table, VariableActive
from donnees_insee import codes
from donnees_insee.base.base import Base
from donnees_insee.erreurs import DonneeAbsente, ParametreInvalide

NIVEAUX_ADMIS: Final = ("commune", "epci", "departement", "region")


@dataclass(frozen=True)
class Colonne:
    """Une variable lue pour tous les IRIS tenus."""

    variable: VariableActive
    source: str
    famille: str
    definition: str
    millesime: int
    valeurs: pd.Series
    marges: pd.Series
    mediane: float | None = None


@dataclass(frozen=True)
class Espace:
    """L'espace où l'on apprend."""

    nom: str
    codes: tuple[str, ...]
    phrase: str


@dataclass
class Iris:
    """Les IRIS tenus : population, type, nom, commune, part des 18-24 ans si elle est tenue."""

    population: pd.Series
    annee_population: int
    etudiants: pd.Series
    territoires: Territoires
    _fiches: dict[str, tuple[str, str]] = field(default_factory=dict)

    def fiches(self, communes: set[str]) -> dict[str, tuple[str, str]]:
        """Donner le nom et le type des IRIS de communes."""
        geo = self.territoires.geographie
        for commune in sorted(communes):
            liste = geo.iris(commune, set(), self.annee_population)
            for code, nom, genre in zip(liste.index, liste["nom"], liste["type"], strict=True):
                self._fiches.setdefault(str(code), (str(nom) if nom else f"IRIS {code}", str(genre or "")))
        return self._fiches

    def de(self, communes: set[str] | None) -> list[str]:
        """Lister les IRIS peuplés de communes, par code."""
        return sorted(
            c
            for c in self.population.index
            if communes is None or {c[:5], codes.ville_de_l_arrondissement(c[:5])} & communes
        )


def lecture_tenue(
    lecteur: Lecteur, definition: Indicateur, millesime: int | None, niveau: str = "iris"
) -> list[tuple[int, Lecture]]:
    """Lister les lectures possibles d'un indicateur, de la plus récente à la plus ancienne."""
    trouvees: dict[int, Lecture] = {}
    for lecture in definition.lectures:
        if lecture.source_denominateur is not None:
            continue
        for annee in lecteur.base.millesimes(lecture.source.id, niveau):
            if lecture.vaut_pour(annee) and (millesime is None or annee <= millesime):
                trouvees.setdefault(annee, lecture)
    return sorted(trouvees.items(), key=lambda t: -t[0])


def valeurs(
    lecteur: Lecteur, definition: Indicateur, lecture: Lecture, millesime: int, niveau: str = "iris"
) -> pd.Series:
    """Lire un indicateur pour tous les territoires d'un niveau."""
    lus = lecteur.comptes(lecture, millesime, niveau)
    if lecture.est_publiee:
        vecteur = lus.publiee
    elif lecture.denominateur is None:
        vecteur = lus.numerateur
    else:
        with np.errstate(divide="ignore", invalid="ignore"):
            vecteur = definition.facteur * lus.numerateur / lus.denominateur
    propre = np.where(np.isfinite(vecteur), vecteur, np.nan)
    return pd.Series(propre, index=pd.Index(list(lus.rangs), dtype="str"), dtype=float)


def lire_les_iris(territoires: Territoires, lecteur: Lecteur, table: Table, millesime: int | None) -> Iris:
    """Lire la population des IRIS, qui décide de ceux qui comptent."""
    definition = indicateur(table.population)
    candidates = [
        (annee, valeurs(lecteur, definition, lecture, annee).dropna())
        for annee, lecture in lecture_tenue(lecteur, definition, millesime)
    ]
    candidates = [(annee, serie) for annee, serie in candidates if len(serie)]
    if not candidates:
        raise DonneeAbsente(
            "La typologie pondère les IRIS par leur population, et la base ne la tient pour aucun IRIS"
            f"{'' if millesime is None else f' en {millesime} ou avant'}. Déposez le fichier de l'Insee "
            "« Évolution et structure de la population » à l'IRIS."
        )
    annee, population = candidates[0]
    jeunes = pd.Series(dtype=float)
    part = indicateur(table.etudiants)
    for quand, lecture in lecture_tenue(lecteur, part, annee)[:1]:
        jeunes = valeurs(lecteur, part, lecture, quand).dropna()
    return Iris(population[population > 0], annee, jeunes, territoires)


def lire_une_colonne(lecteur: Lecteur, variable: VariableActive, millesime: int, lecture: Lecture) -> Colonne:
    """Lire une variable active, ses marges et, en euros, la médiane métropolitaine de la même année."""
    definition = variable.indicateur
    lues = valeurs(lecteur, definition, lecture, millesime)
    mediane = _mediane_metropolitaine(lecteur.base, lecture.source.id, millesime) if variable.euros else None
    marges = _marges(lecteur, definition, lecture, millesime, lues)
    if mediane is not None:
        lues, marges = lues / mediane, marges / mediane
    origine = (lecture.source.id, lecture.source.famille, lecture.definition, millesime)
    return Colonne(variable, *origine, lues, marges, mediane)


def _mediane_metropolitaine(base: Base, source: str, millesime: int) -> float | None:
    lue = base.lire(source, millesime, "france", colonnes=["DISP_MED"])
    connues = lue["DISP_MED"].dropna() if "DISP_MED" in lue else pd.Series(dtype=float)
    return None if connues.empty else float(connues.iloc[0])


def _marges(
    lecteur: Lecteur, definition: Indicateur, lecture: Lecture, millesime: int, lues: pd.Series
) -> pd.Series:
    """Prendre la plus grande de la marge de sondage et du seuil pratique : jamais moins que ce qu'on ne dit pas."""
    en_part = definition.nature == "mediane"
    seuil = lues * definition.seuil_pratique / 100 if en_part else lues * 0 + definition.seuil_pratique
    if lecture.source.famille != "recensement" or lecture.denominateur is None:
        return seuil
    bas = lecteur.comptes(lecture, millesime, "iris").denominateur
    sondage = [
        marge_de_sondage(min(max(v / 100, 0.0), 1.0), d, definition.effet_de_sondage)
        if np.isfinite(v) and d > 0
        else np.nan
        for v, d in zip(lues, bas, strict=True)
    ]
    return pd.Series(np.fmax(seuil.to_numpy(), sondage), index=lues.index)


def espaces_possibles(territoires: Territoires, sujet: Territoire) -> list[tuple[str, set[str] | None]]:
    """Lister les espaces d'apprentissage, du plus étroit au plus large."""
    if sujet.niveau not in NIVEAUX_ADMIS:
        raise ParametreInvalide(
            f"Une typologie classe les IRIS d'une commune, d'une intercommunalité ou d'un département ; "
            f"« {sujet.nom} » est de niveau {NOMS_DE_NIVEAU.get(sujet.niveau, sujet.niveau)}. "
            "Donnez le code de sa commune."
        )
    espaces: list[tuple[str, set[str] | None]] = [(sujet.nom, set(sujet.composantes))]
    geo = territoires.geographie
    tenues = geo.communes.loc[[c for c in sujet.composantes if c in geo.communes.index]]
    for niveau in ("epci", "departement"):
        codes_tenus = tenues[niveau].dropna().value_counts()
        rang_du_sujet = NIVEAUX_ADMIS.index(sujet.niveau)
        if codes_tenus.empty or NIVEAUX_ADMIS.index(niveau) <= rang_du_sujet:
            continue
        code = str(codes_tenus.index[0])
        nom = str(geo.epci.get(code, code)) if niveau == "epci" else f"le département {code}"
        espaces.append((nom, set(geo.communes_de(niveau, code))))
    return [*espaces, ("tous les IRIS tenus", None)]


def apprentissage(iris: Iris, communes: set[str] | None, table: Table) -> list[str]:
    """Lister les IRIS d'habitat assez peuplés d'un espace."""
    candidats = [c for c in iris.de(communes) if iris.population[c] >= table.regles.habitants_apprentissage]
    fiches = iris.fiches({c[:5] for c in candidats})
    return [c for c in candidats if fiches.get(c, ("", ""))[1] == "H"]
