"""Mettre en lignes territoires, définitions et sources d'un diagnostic, pour le tableur et le géopaquet."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import pandas as pd

from abs.calcul.sources_recues import SUFFIXE_SOURCE, est_locale
from abs.formats import ESPACE_INSECABLE, nombre
from abs.indicateurs.indicateurs import THEMES, Indicateur, Lecture, indicateurs
from carnets.documents.modeles import CLASSEURS
from donnees_insee.catalogue.catalogue import sources
from donnees_insee.preparation.sources_recues import SOURCE

if TYPE_CHECKING:
    from abs.calcul.diagnostic import Diagnostic
    from abs.calcul.table_longue import Chiffre
    from abs.territoires.territoires import Territoire

SENS: Final[dict[str, str]] = CLASSEURS["sens"]
COLONNES_SOURCES: Final = (
    "source", "titre", "producteur", "licence", "millesimes", "periodes", "geographies", "portee", "chiffres",
)  # fmt: skip
DERNIERE_ANNEE: Final = 9999
DENOMINATEUR: Final = "dénominateur : "


@dataclass(frozen=True)
class Groupe:
    """Des territoires lus à une même date : leur titre, et leur nom dans le diagnostic."""

    titre: str
    cle: str
    territoires: tuple[Territoire, ...]


def groupes(diagnostic: Diagnostic) -> list[Groupe]:
    """Ranger les territoires d'un portrait en groupes lus à la même date."""
    e = diagnostic.ensembles
    mailles = "IRIS" if any(t.niveau == "iris" for t in e.mailles) else "Communes"
    tous = [
        Groupe("Sujet", "comparaison", (e.sujet,)),
        Groupe("Références", "comparaison", e.references),
        Groupe(mailles, "mailles", e.mailles),
        Groupe("QPV", "qpv", e.qpv),
        Groupe("Quartiers", "quartiers", e.quartiers),
    ]
    return [g for g in tous if g.territoires]


def definitions(diagnostic: Diagnostic | None = None) -> pd.DataFrame:
    """Donner une ligne par indicateur du projet, puis par indicateur qu'une source locale ajoute."""
    lignes = [
        {
            "indicateur": i.code,
            "libelle": i.libelle,
            "libelle_court": i.libelle_court,
            "theme": THEMES[i.theme],
            "definition": i.definition,
            "formule": _formule_locale(diagnostic, i) or "\n".join(_serie(le) for le in i.lectures),
            "unite": unite_lisible(i),
            "sens": SENS[i.sens],
            "seuil_pratique": _seuil(i),
            "source": "\n".join(dict.fromkeys(t for le in i.lectures for t in _titres(le))),
        }
        for i in (indicateurs() if diagnostic is None else diagnostic.indicateurs).values()
    ]
    return pd.DataFrame(lignes)


def _formule_locale(diagnostic: Diagnostic | None, indicateur: Indicateur) -> str:
    """Écrire en mots les comptes d'un indicateur reçu ; vide pour un indicateur du projet."""
    comptes = () if diagnostic is None else diagnostic.locales.comptes.get(indicateur.code, ())
    return " / ".join(filter(None, comptes))


def unite_lisible(indicateur: Indicateur) -> str:
    """Dire l'unité d'un indicateur, même quand il n'en a pas."""
    return indicateur.unite or "sans unité"


def date_et_source(chiffre: Chiffre) -> str:
    """Dire la date et la source d'un chiffre."""
    connue = sources().get(chiffre.source)
    titre = connue.titre_court if connue else chiffre.source
    return f"{chiffre.periode}{ESPACE_INSECABLE}· {titre}" if chiffre.periode else titre


def sources_employees(diagnostic: Diagnostic) -> pd.DataFrame:
    """Donner une ligne par source dont un chiffre au moins est tiré, dénominateurs compris."""
    employees: defaultdict[str, list[Chiffre]] = defaultdict(list)
    periodes: defaultdict[str, set[str]] = defaultdict(set)
    for chiffre in (c for c in diagnostic.chiffres if c.a_une_valeur):
        employees[chiffre.source].append(chiffre)
        for source, periode in ((chiffre.source, chiffre.periode), *_denominateurs(chiffre)):
            periodes[source].add(periode)
    lignes = [_ligne_de_source(s, employees[s], periodes[s]) for s in sorted(periodes)]
    return pd.DataFrame(lignes, columns=list(COLONNES_SOURCES))


def sources_absentes(diagnostic: Diagnostic) -> list[tuple[str, str]]:
    """Lister les sources attendues par un indicateur et dont aucun chiffre n'a pu être tiré."""
    employees = {c.source for c in diagnostic.chiffres if c.a_une_valeur}
    attendues = {c.source for c in diagnostic.chiffres} - employees
    connues = sources()
    return [(connues[s].titre, connues[s].rappel_demande) for s in sorted(attendues) if s in connues]


def _serie(lecture: Lecture) -> str:
    """Écrire une lecture : sa formule, la source où elle se lit, ses années."""
    annees = ""
    if lecture.de and lecture.a != DERNIERE_ANNEE:
        annees = f", {lecture.de} à {lecture.a}"
    elif lecture.de:
        annees = f", depuis {lecture.de}"
    elif lecture.a != DERNIERE_ANNEE:
        annees = f", jusqu'en {lecture.a}"
    serie = f", série « {lecture.definition} »" if lecture.definition else ""
    return f"{lecture.formule_lisible()}  [{lecture.source.id}{annees}{serie}]"


def _titres(lecture: Lecture) -> list[str]:
    ailleurs = lecture.source_denominateur
    return [lecture.source.titre, *([ailleurs.titre] if ailleurs else [])]


def _seuil(indicateur: Indicateur) -> str:
    valeur = indicateur.seuil_pratique
    ecrit = nombre(valeur, 0 if valeur == int(valeur) else 2).rstrip("0" if valeur != int(valeur) else "")
    if indicateur.nature == "mediane":
        return f"{ecrit} % de la valeur"
    if indicateur.unite == "%":
        return f"{ecrit} point{'s' if valeur > 1 else ''}"
    return f"{ecrit} {indicateur.unite}".strip()


def _denominateurs(chiffre: Chiffre) -> list[tuple[str, str]]:
    """Donner la source et la date d'un dénominateur pris ailleurs, telles que la note les porte."""
    indicateur = indicateurs().get(chiffre.indicateur)
    lectures = indicateur.lectures if indicateur else ()
    dates = [
        n.removeprefix(DENOMINATEUR) for n in re.split(r" ?; ", chiffre.note) if n.startswith(DENOMINATEUR)
    ]
    return [
        (le.source_denominateur.id, date)
        for le in lectures
        if le.source_denominateur is not None and le.source.id == chiffre.source
        for date in dates
    ]


def _ligne_de_source(identifiant: str, chiffres: list[Chiffre], periodes: set[str]) -> dict[str, object]:
    connue = sources().get(identifiant)
    if any(est_locale(c) for c in chiffres):
        connue = replace(
            sources()[SOURCE], titre=identifiant, producteur=identifiant.removesuffix(SUFFIXE_SOURCE)
        )
    return {
        "source": identifiant,
        "titre": connue.titre if connue else identifiant,
        **{champ: getattr(connue, champ, "") for champ in ("producteur", "licence", "portee")},
        "millesimes": ", ".join(map(str, sorted({c.millesime for c in chiffres if c.millesime is not None}))),
        "periodes": ", ".join(sorted(filter(None, periodes))),
        "geographies": ", ".join(sorted({c.geographie for c in chiffres if c.geographie})),
        "chiffres": len(chiffres),
    }
