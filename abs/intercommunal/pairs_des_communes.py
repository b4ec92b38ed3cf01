"""La place de chaque commune parmi les dix communes les plus proches d'elle, dans tout ce que la base tient."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from abs.calcul.calcul import Calculateur
from abs.calcul.lecture import Lecteur
from abs.calcul.table_longue import Chiffre, Diagnostic
from abs.definitions import dire
from abs.formats import nombre
from abs.indicateurs.indicateurs import Indicateur, indicateur
from abs.intercommunal.plan import chiffrees, plan
from abs.intercommunal.rangs import Fourchette, ranger
from abs.intercommunal.releve import DiagnostiqueurIntercommunal, EnsemblesIntercommunaux, sans_doublon
from abs.territoires.territoires import Territoire
from abs.typologie import pairs as ressemblances
from abs.typologie.donnees import plus_recente
from abs.typologie.pairs import Question, Regles, _livrees
from donnees_insee import codes

MOITIE = 0.5
Lue = tuple[int, pd.Series]


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
    situation = _Situation(diagnostiqueur, diagnostic)
    rendues = [situation.une_question(ressemblances.questions()[c]) for c in plan()["pairs"]["resultats"]]
    _inscrire(diagnostic, rendues)
    return rendues


class _Situation:
    """De quoi situer les communes d'une intercommunalité."""

    def __init__(self, diagnostiqueur: DiagnostiqueurIntercommunal, diagnostic: Diagnostic) -> None:
        self.diagnostic, self.demande = diagnostic, diagnostiqueur.demande
        self.communes = diagnostic.ensembles.mailles
        self.lecteur = Lecteur(diagnostiqueur.base, None)
        self.noms = diagnostiqueur.territoires.geographie.communes["nom"]
        # Un sujet national : les comparables peuvent être dans n'importe quel département tenu.
        france = Territoire("METRO", "france", "France métropolitaine")
        self.calculateur = Calculateur(
            diagnostiqueur.base, diagnostiqueur.territoires, france, diagnostiqueur.demande
        )

    def _lire(self, code: str) -> Lue | None:
        """Lire un indicateur à la date la plus récente où la moitié des communes de l'intercommunalité l'ont."""
        siennes = [t.code for t in self.communes]
        return plus_recente(
            *(self.lecteur, indicateur(code), self.demande.millesime),
            lambda lue: lue.index.isin(siennes).sum() >= MOITIE * len(siennes),
            "commune",
        )

    def une_question(self, question: Question) -> PairsDUneQuestion:
        """Chercher les comparables de chaque commune pour une question, et ses places parmi eux."""
        diagnostic, regles, population = self.diagnostic, _livrees()[0], self._lire("population")
        lues = {v: lu for v in question.distance if (lu := self._lire(v)) is not None}
        if population is None or len(lues) < regles.variables_minimum:
            comptes = {
                "lues": len(lues),
                "toutes": len(question.distance),
                "minimum": regles.variables_minimum,
            }
            manque = dire("comparables", "peu_de_variables", **comptes)
            manque = manque if population is not None else _population_absente(diagnostic, self.communes)
            return PairsDUneQuestion(question, refus=tuple((t, manque) for t in self.communes))
        tout = pd.DataFrame({v: serie for v, (_, serie) in lues.items()}).dropna()
        tout = tout[[codes.ville_de_l_arrondissement(str(c)) == c for c in tout.index]]
        resultats = tuple(
            indicateur(c) for c in plan()["pairs"]["resultats"][question.code] if chiffrees(diagnostic, c)
        )
        trouves, places, refus = {}, {}, []
        for t in self.communes:
            voisins, raison = _comparables(t.code, tout, population[1].reindex(tout.index), regles)
            if raison:
                refus.append((t, raison))
                continue
            trouves[t.code] = pairs = tuple(
                Territoire(c, "commune", str(self.noms.get(c, c)), None, (c,), "pair") for c in voisins
            )
            lues_ici = {i.code: self._place(t, i, pairs) for i in resultats}
            places[t.code] = {c: place for c, place in lues_ici.items() if place is not None}
        phrases = _phrases(question, population[0], lues, regles)
        return PairsDUneQuestion(question, resultats, places, trouves, phrases, tuple(refus))

    def _place(
        self, commune: Territoire, definition: Indicateur, pairs: Sequence[Territoire]
    ) -> PlaceParmiLesPairs | None:
        sien = self.diagnostic.chiffre(commune, definition.code, "mailles")
        if sien is None or not sien.a_une_valeur or sien.millesime is None:
            return None
        lectures = [le for le in definition.lectures if le.source.id == sien.source]
        autour = []
        for pair in pairs:
            deja = self.diagnostic.chiffre(pair, definition.code, "mailles")
            lu = deja or self.calculateur.chiffre(definition, pair, sien.millesime, lectures)
            if lu is not None and lu.a_une_valeur:
                autour.append((pair, lu))
        fourchettes = ranger(definition, [sien, *(c for _, c in autour)])
        rangees = sum(f is not None for f in fourchettes)
        # Toutes les places possibles, ou trop peu de comparables chiffrés : ce n'est pas une place.
        vaine = fourchettes[0] == (1, rangees) or rangees <= len(pairs) * MOITIE
        return PlaceParmiLesPairs(sien, tuple(autour), None if vaine else fourchettes[0], rangees)


def pourquoi_muette(question: PairsDUneQuestion) -> str:
    """Dire pourquoi une question n'a pas de réponse."""
    raison = question.refus[0][1] if question.refus else "aucun résultat n'est disponible à la commune"
    return f"{question.question.libelle} Pas de réponse : {raison}."


def _population_absente(diagnostic: Diagnostic, communes: Sequence[Territoire]) -> str:
    """Dire pour combien de communes la population est publiée, quand ce n'est pas assez."""
    combien = len(chiffrees(diagnostic, "population"))
    cas = "aucune" if not combien else "quelques" if combien < MOITIE * len(communes) else "refaite"
    comptes = {"combien": nombre(combien), "toutes": nombre(len(communes))}
    return dire("comparables", f"population_{cas}", **comptes)


def _comparables(
    code: str, tout: pd.DataFrame, habitants: pd.Series, regles: Regles
) -> tuple[list[str], str]:
    """Chercher les communes les plus proches, de taille comparable ; ou dire pourquoi il n'y en a pas."""
    if code not in tout.index or pd.isna(habitants[code]):
        return [], dire("comparables", "variable_absente")
    table = ressemblances.de_taille_comparable(tout, habitants, code, regles)
    if code not in table.index or len(table) <= regles.nombre:
        autres = max(len(table) - 1, 0)
        return [], dire("comparables", "peu_de_communes", autres=autres, minimum=regles.nombre)
    reduites = ressemblances.standardiser(table)
    return [str(c) for c in ressemblances.proches(reduites, code, regles.nombre)[0].index], ""


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
    mots = {"nombre": regles.nombre, "annee": annee, "dates": dates, "absentes": ", ".join(absentes)}
    dites = ("qui", "non_tenues", "place") if absentes else ("qui", "place")
    return tuple(dire("comparables", cle, toutes=regles.nombre + 1, **mots) for cle in dites)
