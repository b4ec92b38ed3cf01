"""La place de chaque commune parmi les dix communes les plus proches d'elle, dans tout ce que la base tient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from abs.calcul.calcul import Calculateur
from abs.calcul.chiffre import Chiffre
from abs.calcul.lecture import Lecteur
from abs.calcul.table_longue import Diagnostic
from abs.formats import nombre
from abs.indicateurs.indicateurs import Indicateur, indicateur
from abs.intercommunal.absences import chiffrees
from abs.intercommunal.plan import plan
from abs.intercommunal.rangs import Fourchette, ranger
from abs.intercommunal.releve import DiagnostiqueurIntercommunal, EnsemblesIntercommunaux, sans_doublon
from abs.territoires.territoires import Territoire
from abs.typologie.donnees import lecture_tenue, valeurs
from abs.typologie.pairs import (
    Question,
    Regles,
    _livrees,
    de_taille_comparable,
    proches,
    questions,
    standardiser,
)
from donnees_insee import codes

MOITIE = 0.5


@dataclass(frozen=True)
class PlaceParmiLesPairs:
    """La place d'une commune parmi ses comparables, pour un indicateur."""

    chiffre: Chiffre
    autour: tuple[tuple[Territoire, Chiffre], ...]
    fourchette: Fourchette | None
    sur: int


@dataclass(frozen=True)
class PairsDUneQuestion:
    """Les comparables de toutes les communes pour une question."""

    question: Question
    resultats: tuple[Indicateur, ...] = ()
    places: dict[str, dict[str, PlaceParmiLesPairs]] = field(default_factory=dict)
    pairs: dict[str, tuple[Territoire, ...]] = field(default_factory=dict)
    phrases: tuple[str, ...] = ()
    refus: tuple[tuple[Territoire, str], ...] = ()


def situer(diagnostiqueur: DiagnostiqueurIntercommunal, diagnostic: Diagnostic) -> list[PairsDUneQuestion]:
    """Situer chaque commune parmi ses comparables ; leurs chiffres entrent dans le diagnostic."""
    lecteur = Lecteur(diagnostiqueur.base, None)
    # Un sujet national : les comparables peuvent être dans n'importe quel département tenu.
    france = Territoire("METRO", "france", "France métropolitaine")
    calculateur = Calculateur(diagnostiqueur.base, diagnostiqueur.territoires, france, diagnostiqueur.demande)
    rendues = [
        _une_question(diagnostiqueur, diagnostic, lecteur, calculateur, question)
        for question in (questions()[c] for c in plan()["pairs"]["resultats"])
    ]
    _inscrire(diagnostic, rendues)
    return rendues


def _une_question(
    diagnostiqueur: DiagnostiqueurIntercommunal,
    diagnostic: Diagnostic,
    lecteur: Lecteur,
    calculateur: Calculateur,
    question: Question,
) -> PairsDUneQuestion:
    communes = diagnostic.ensembles.mailles
    regles, millesime = _livrees()[0], diagnostiqueur.demande.millesime
    population = _lire(lecteur, "population", millesime, communes)
    lues = {v: lu for v in question.distance if (lu := _lire(lecteur, v, millesime, communes)) is not None}
    if population is None or len(lues) < regles.variables_minimum:
        manque = (
            _population_absente(diagnostic, communes)
            if population is None
            else f"les fichiers admis ne publient à la commune que {len(lues)} des {len(question.distance)} variables de "
            f"ressemblance, il en faut {regles.variables_minimum}"
        )
        return PairsDUneQuestion(question, refus=tuple((t, manque) for t in communes))
    resultats = tuple(
        indicateur(c) for c in plan()["pairs"]["resultats"][question.code] if chiffrees(diagnostic, c)
    )
    trouves: dict[str, tuple[Territoire, ...]] = {}
    refus = []
    tout = pd.DataFrame({v: serie for v, (_, serie) in lues.items()}).dropna()
    tout = tout[[codes.ville_de_l_arrondissement(str(c)) == c for c in tout.index]]
    habitants = population[1].reindex(tout.index)
    noms = diagnostiqueur.territoires.geographie.communes["nom"]
    for t in communes:
        voisins, raison = _comparables(t.code, tout, habitants, regles)
        if raison:
            refus.append((t, raison))
            continue
        trouves[t.code] = tuple(
            Territoire(c, "commune", str(noms.get(c, c)), None, (c,), "pair") for c in voisins
        )
    places = {
        t.code: {
            i.code: place
            for i in resultats
            if (place := _place(diagnostic, calculateur, t, i, trouves[t.code])) is not None
        }
        for t in communes
        if t.code in trouves
    }
    return PairsDUneQuestion(
        question, resultats, places, trouves, _phrases(question, population[0], lues, regles), tuple(refus)
    )


def pourquoi_muette(question: PairsDUneQuestion) -> str:
    """Dire pourquoi une question n'a pas de réponse."""
    raison = question.refus[0][1] if question.refus else "aucun résultat n'est disponible à la commune"
    return f"{question.question.libelle} Pas de réponse : {raison}."


def _population_absente(diagnostic: Diagnostic, communes: Sequence[Territoire]) -> str:
    """Dire pour combien de communes la population est publiée, quand ce n'est pas assez."""
    combien = len(chiffrees(diagnostic, "population"))
    if not combien:
        return "les fichiers admis ne publient pas la population des communes"
    if combien < MOITIE * len(communes):
        return (
            "la population n'est publiée, dans les fichiers admis, que pour "
            f"{nombre(combien)} communes sur {nombre(len(communes))}"
        )
    return "les fichiers admis ne publient pas la population à la commune, elle y est refaite de plus petites mailles"


def _lire(
    lecteur: Lecteur, code: str, millesime: int | None, communes: Sequence[Territoire]
) -> tuple[int, pd.Series] | None:
    """Lire un indicateur à la date la plus récente où la moitié des communes de l'intercommunalité l'ont."""
    definition, siennes = indicateur(code), [t.code for t in communes]
    for annee, lecture in lecture_tenue(lecteur, definition, millesime, "commune"):
        lue = valeurs(lecteur, definition, lecture, annee, "commune").dropna()
        if lue.index.isin(siennes).sum() >= MOITIE * len(siennes):
            return annee, lue
    return None


def _comparables(
    code: str, tout: pd.DataFrame, habitants: pd.Series, regles: Regles
) -> tuple[list[str], str]:
    """Chercher les communes les plus proches, de taille comparable ; ou dire pourquoi il n'y en a pas."""
    if code not in tout.index or pd.isna(habitants[code]):
        return [], "il lui manque une variable de ressemblance ou sa population"
    table = de_taille_comparable(tout, habitants, code, regles)
    if code not in table.index or len(table) <= regles.nombre:
        autres = max(len(table) - 1, 0)
        mots = (
            f"la base ne tient que {autres} communes de taille comparable, il en faut plus de {regles.nombre}"
        )
        return [], mots
    return [str(c) for c in proches(standardiser(table), code, regles.nombre)[0].index], ""


def _place(
    diagnostic: Diagnostic,
    calculateur: Calculateur,
    commune: Territoire,
    definition: Indicateur,
    pairs: Sequence[Territoire],
) -> PlaceParmiLesPairs | None:
    sien = diagnostic.chiffre(commune, definition.code, "mailles")
    if sien is None or not sien.a_une_valeur or sien.millesime is None:
        return None
    lectures = [le for le in definition.lectures if le.source.id == sien.source]
    autour = []
    for pair in pairs:
        deja = diagnostic.chiffre(pair, definition.code, "mailles")
        lu = deja or calculateur.chiffre(definition, pair, sien.millesime, lectures)
        if lu is not None and lu.a_une_valeur:
            autour.append((pair, lu))
    fourchettes = ranger(definition, [sien, *(c for _, c in autour)])
    rangees = sum(f is not None for f in fourchettes)
    premiere = fourchettes[0]
    # Toutes les places possibles, ou trop peu de comparables chiffrés : ce n'est pas une place.
    if premiere == (1, rangees) or rangees <= len(pairs) * MOITIE:
        premiere = None
    return PlaceParmiLesPairs(sien, tuple(autour), premiere, rangees)


def _inscrire(diagnostic: Diagnostic, questions: Sequence[PairsDUneQuestion]) -> None:
    """Ajouter les chiffres des comparables à la table longue, et leurs noms à ses territoires."""
    siens = {(t.code, t.niveau) for t in diagnostic.ensembles.tous()}
    venus: dict[str, Territoire] = {}
    for place in (p for q in questions for par in q.places.values() for p in par.values()):
        for pair, chiffre in place.autour:
            if (pair.code, pair.niveau) not in siens:
                venus[pair.code] = pair
                diagnostic.chiffres.append(chiffre)
    diagnostic.chiffres = sans_doublon(diagnostic.chiffres)
    diagnostic.__dict__.pop("_index", None)
    if isinstance(diagnostic.ensembles, EnsemblesIntercommunaux):
        diagnostic.ensembles = replace(diagnostic.ensembles, pairs=tuple(venus.values()))


def _phrases(
    question: Question, annee: int, lues: dict[str, tuple[int, pd.Series]], regles: Regles
) -> tuple[str, ...]:
    dates = ", ".join(f"{indicateur(v).libelle} ({quand})" for v, (quand, _) in lues.items())
    absentes = [indicateur(v).libelle for v in question.distance if v not in lues]
    phrases = [
        (
            f"Les {regles.nombre} communes les plus proches parmi toutes celles que la base tient, au plus deux fois plus "
            f"ou moins peuplées ({annee}), sur : {dates}. Ce que l'on compare n'entre pas dans la ressemblance."
        )
    ]
    if absentes:
        phrases.append(f"Non tenues à la commune : {', '.join(absentes)}.")
    phrases.append(
        f"Place 1 : valeur la plus haute des {nombre(regles.nombre + 1)} communes (elle et ses comparables)."
    )
    return tuple(phrases)
