"""La première page : chiffres clés, population, scénario de vieillissement annoncé, forces et faiblesses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from abs.blocs.blocs import ChiffreCle
from abs.calcul.calcul import Calculateur
from abs.calcul.dans_le_temps import territoire_change
from abs.calcul.diagnostic import Diagnostiqueur
from abs.calcul.table_longue import Chiffre, Diagnostic, mots_de_couverture
from abs.definitions import table
from abs.formats import avec_unite, nombre
from abs.graphiques.temps import suivre_les_indicateurs
from abs.indicateurs.annees_comparables import enquetes_disjointes
from abs.indicateurs.indicateurs import THEMES, Indicateur, indicateurs
from abs.langue import majuscule, minuscule, typographier
from abs.phrases.ecriture import ecrire, gabarits, lieu, reference
from abs.phrases.phrases import Phrase, dire, parenthese, phrase, references_lues
from abs.phrases.preuves import Silence
from abs.phrases.significativite import DIFFERENTS, Verdict
from abs.portrait.chapitres import autour
from abs.statuts import Fiabilite, Statut
from abs.territoires.territoires import Territoire
from donnees_insee.base.base import Base
from donnees_insee.catalogue.catalogue import Source, sources

CHIFFRES_CLES: Final = 10
DIX_ANS: Final = 10
VARIATION_STABLE: Final = 0.1
RECENSEMENT: Final = "recensement"


def chiffres_cles(diagnostic: Diagnostic) -> tuple[ChiffreCle, ...]:
    """Prendre les dix premiers indicateurs du plan dont le chiffre peut être dit."""
    retenus = []
    for code in table("_portrait")["chiffres_cles"]:
        indicateur, chiffre = indicateurs()[code], diagnostic.lu(diagnostic.ensembles.sujet, code)
        if chiffre is None or chiffre.fiabilite == Fiabilite.FRAGILE:
            continue
        complement, autres = parenthese(indicateur, chiffre, autour(diagnostic, code))
        couverture = mots_de_couverture(chiffre).replace(" (", ", ").removesuffix(")")
        mots = " ; ".join(filter(None, [couverture, complement]))
        retenus.append(
            ChiffreCle(
                typographier(indicateur.libelle),
                ecrire(indicateur, chiffre),
                typographier(mots),
                chiffre.periode,
                reference(chiffre),
                (reference(chiffre), *autres),
            )
        )
    return tuple(retenus[:CHIFFRES_CLES])


def phrases_de_tete(diagnostic: Diagnostic, ancien: Chiffre | None = None) -> tuple[Phrase, ...]:
    """Écrire la population, son évolution si deux millésimes se comparent, et le scénario de vieillissement."""
    return tuple(filter(None, [evolution_de_la_population(diagnostic, ancien), scenario_75_ans(diagnostic)]))


def silences_de_tete(diagnostic: Diagnostic, phrases: tuple[Phrase, ...]) -> tuple[Silence, ...]:
    """Dire ce que la première page n'a pas écrit, et pourquoi."""
    if diagnostic.ensembles.sujet.niveau == "qpv":
        return ()
    raisons = gabarits("silences_de_tete")
    cites = [[r.split("|")[2] for r in p.references] for p in phrases]
    evolution, scenario = ["population"] * 2 in cites, any("part_75_ans_plus" in c for c in cites)
    cause = diagnostic.sans_evolution or "sans_population"
    manquants = [("evolution", f"evolution_{cause}", evolution), ("scenario_75", "scenario_75", scenario)]
    return tuple(
        Silence(typographier(raisons[raison]), (raisons[f"{c}_libelle"],))
        for c, raison, ecrit in manquants
        if not ecrit
    )


def _population(diagnostic: Diagnostic) -> Chiffre | None:
    """Donner la population du sujet, si elle est celle de tout le territoire."""
    chiffre = diagnostic.lu(diagnostic.ensembles.sujet, "population")
    return None if chiffre is None or chiffre.statut == Statut.PARTIEL else chiffre


def evolution_de_la_population(diagnostic: Diagnostic, ancien: Chiffre | None) -> Phrase | None:
    """Dire la population et ce qu'elle était au dernier recensement comparable tenu, à territoire égal."""
    chiffre = _population(diagnostic)
    if chiffre is None:
        return None
    mots: dict[str, Any] = {
        "Lieu": majuscule(lieu(diagnostic.ensembles.sujet)),
        "v": nombre(chiffre.valeur),
        "quand": chiffre.periode,
    }
    if ancien is None or ancien.millesime is None or chiffre.millesime is None:
        return dire("tete", "population", [chiffre], **mots)
    ans = chiffre.millesime - ancien.millesime
    variation = ((chiffre.valeur / ancien.valeur) ** (1 / ans) - 1) * 100
    cas = "stable" if abs(variation) < VARIATION_STABLE else "hausse" if variation > 0 else "baisse"
    mots |= {
        "avant": nombre(ancien.valeur),
        "annee": ancien.millesime,
        "ecart": nombre(abs(round(chiffre.valeur) - round(ancien.valeur))),
        "rythme": avec_unite(abs(variation), "%", 1),
    }
    return dire("tete", cas, [chiffre, ancien], **mots)


def lire_les_autres_dates(base: Base, diagnostic: Diagnostic) -> Chiffre | None:
    """Joindre à la table longue les chiffres cités d'autres dates : population d'avant, courbes ; donner la première."""
    ancien = population_d_avant(base, diagnostic)
    if ancien is not None:
        diagnostic.chiffres.append(ancien)
    suivre_les_indicateurs(diagnostic, Diagnostiqueur(base, diagnostic.demande).calculateur)
    return ancien


def population_d_avant(base: Base, diagnostic: Diagnostic) -> Chiffre | None:
    """Lire la population du plus récent recensement comparable, si la commune n'a pas changé entre les deux."""
    trouve = _avant(base, diagnostic)
    diagnostic.sans_evolution = trouve if isinstance(trouve, str) else ""
    return None if isinstance(trouve, str) else trouve


def _avant(base: Base, diagnostic: Diagnostic) -> Chiffre | str:
    """Donner la population d'avant, ou le nom de la première raison qui l'interdit (``[silences_de_tete]``)."""
    sujet, chiffre = diagnostic.ensembles.sujet, _population(diagnostic)
    if chiffre is None:
        return "sans_population"
    recent, origine = chiffre.millesime, sources().get(chiffre.source)
    if origine is None or recent is None or origine.famille != RECENSEMENT:
        return "hors_recensement" if sujet.niveau == "commune" else "hors_commune"
    calculateur = Diagnostiqueur(base, diagnostic.demande).calculateur
    edition = calculateur.base.edition(origine.id, recent)
    if sujet.niveau != "commune" and edition is None:
        return "hors_commune"
    siens = [a for a in base.millesimes(origine.id) if calculateur.base.edition(origine.id, a) == edition]
    anterieurs = [a for a in siens if a < recent]
    annees = [a for a in anterieurs if enquetes_disjointes(a, recent)]
    if not annees:
        return "enquetes_communes" if anterieurs else "sans_anterieur"
    # D'une même édition, toutes les dates sont dans une même géographie.
    changee = edition is None and territoire_change(calculateur, sujet.code, origine, max(annees), recent)
    return changee or _a_la_date(calculateur, sujet, origine, max(annees))


def _a_la_date(calculateur: Calculateur, sujet: Territoire, origine: Source, annee: int) -> Chiffre | str:
    indicateur = indicateurs()["population"]
    lectures = [le for le in indicateur.lectures if le.source.id == origine.id]
    trouve = calculateur.chiffre(indicateur, sujet, annee, lectures)
    if trouve is None or not trouve.a_une_valeur or trouve.statut == Statut.PARTIEL:
        return "ancien_incomplet"
    return trouve


def scenario_75_ans(diagnostic: Diagnostic) -> Phrase | None:
    """Écrire combien d'habitants auraient 75 ans ou plus dans dix ans si les 65 ans et plus restaient tous."""
    sujet = diagnostic.ensembles.sujet
    plus_65, plus_75 = (diagnostic.lu(sujet, c) for c in ("part_65_ans_plus", "part_75_ans_plus"))
    if plus_65 is None or plus_75 is None or plus_65.millesime is None or sujet.niveau == "iris":
        return None
    solides = all(
        c.statut != Statut.PARTIEL and c.fiabilite != Fiabilite.FRAGILE and c.numerateur > 0
        for c in (plus_65, plus_75)
    )
    if not solides or plus_65.millesime != plus_75.millesime:
        return None
    return dire(
        "tete",
        "scenario_75",
        [plus_75, plus_65],
        quand=plus_65.periode,
        aujourd_hui=nombre(plus_75.numerateur, -1),
        plus_65=nombre(plus_65.numerateur, -1),
        annee=plus_65.millesime,
        horizon=plus_65.millesime + DIX_ANS,
    )


LIBELLES_TRANSVERSAUX: Final[dict[str, str]] = table("_libelles")["transversaux"]
LIBELLES_PUBLICS: Final[dict[str, str]] = table("_libelles")["publics"]
# Pour chaque thème, public ou sujet transversal : son libellé, ses forces et ses faiblesses.
Rangees = list[tuple[str, list["Point"], list["Point"]]]


@dataclass(frozen=True)
class Point:
    """Une force ou une faiblesse : un indicateur qui a un sens, son écart établi, sa phrase."""

    indicateur: Indicateur
    force: bool
    ampleur: float
    phrase: Phrase
    chiffre: Chiffre
    details: tuple[Point, ...] = ()

    @property
    def libelle(self) -> str:
        """Libellé de l'indicateur, écrit dans une énumération."""
        return typographier(minuscule(self.indicateur.libelle))

    @property
    def valeur(self) -> str:
        """Valeur du sujet, écrite avec son unité."""
        return ecrire(self.indicateur, self.chiffre)

    @property
    def cote(self) -> str:
        """Dire de quel côté des références est le territoire."""
        return "au-dessus" if self.force == (self.indicateur.sens == "bas") else "au-dessous"


@dataclass(frozen=True)
class Bilan:
    """Les forces et les faiblesses établies, les plus nettes d'abord."""

    forces: tuple[Point, ...] = ()
    faiblesses: tuple[Point, ...] = ()
    anciens: tuple[Point, ...] = ()

    def points(self) -> tuple[Point, ...]:
        """Donner les forces puis les faiblesses, sans les chiffres anciens."""
        return (*self.forces, *self.faiblesses)

    def par_theme(self) -> Rangees:
        """Ranger par thème."""
        return self._ranger(THEMES, lambda i: (i.theme,))

    def par_public(self) -> Rangees:
        """Ranger par public."""
        return self._ranger(LIBELLES_PUBLICS, lambda i: i.publics)

    def par_transversal(self) -> Rangees:
        """Ranger par sujet transversal."""
        return self._ranger(LIBELLES_TRANSVERSAUX, lambda i: i.transversaux)

    def _ranger(self, libelles: dict[str, str], cles: Callable[[Indicateur], Iterable[str]]) -> Rangees:
        def siens(cle: str, points: Iterable[Point]) -> list[Point]:
            return [p for p in points if cle in cles(p.indicateur)]

        groupes = [(mots, siens(c, self.forces), siens(c, self.faiblesses)) for c, mots in libelles.items()]
        return [g for g in groupes if g[1] or g[2]]


def bilan(diagnostic: Diagnostic) -> Bilan:
    """Établir les forces et les faiblesses du sujet au regard de ses deux références les plus proches."""
    points = [p for i in indicateurs().values() if (p := _point(diagnostic, i)) is not None]
    points.sort(key=lambda p: -p.ampleur)
    derniers: dict[str, int] = {}
    for p in points:
        derniers[p.chiffre.source] = max(derniers.get(p.chiffre.source, 0), p.chiffre.millesime or 0)
    recents = [p for p in points if (p.chiffre.millesime or 0) == derniers[p.chiffre.source]]
    return Bilan(
        par_famille([p for p in recents if p.force]),
        par_famille([p for p in recents if not p.force]),
        tuple(p for p in points if p not in recents),
    )


def par_famille(points: Sequence[Point]) -> tuple[Point, ...]:
    """Réunir les mesures d'un même fait en un message : la première de la famille le porte, les autres le détaillent."""
    familles = table("_portrait")["familles"]
    famille_de = {code: nom for nom, codes in familles.items() for code in codes}
    reunis: dict[str, list[Point]] = {}
    for p in points:
        reunis.setdefault(famille_de.get(p.indicateur.code, p.indicateur.code), []).append(p)
    messages = []
    for nom, siens in reunis.items():
        ordre = familles.get(nom, [p.indicateur.code for p in siens])
        premier, *autres = sorted(siens, key=lambda p: ordre.index(p.indicateur.code))
        messages.append(replace(premier, details=tuple(autres)))
    return tuple(messages)


def _point(diagnostic: Diagnostic, indicateur: Indicateur) -> Point | None:
    if indicateur.sens == "neutre" or indicateur.nature == "effectif":
        return None
    sujet = diagnostic.ensembles.sujet
    chiffre = diagnostic.lu(sujet, indicateur.code)
    if chiffre is None:
        return None
    autour = diagnostic.lus(diagnostic.ensembles.references, indicateur.code)
    lues = references_lues(indicateur, sujet, chiffre, autour)
    differents = [v for _, _, v in lues if v.verdict in DIFFERENTS]
    dite = phrase(indicateur, sujet, chiffre, autour, diagnostic.sujet_du_detail(indicateur.code))
    # Un écart favorable d'un côté et défavorable de l'autre n'est ni une force ni une faiblesse.
    if dite is None or len({v.verdict for v in differents}) != 1:
        return None
    defavorable = Verdict.PLUS if indicateur.sens == "haut" else Verdict.MOINS
    ampleur = max(abs(v.ecart) / v.seuil if v.seuil else abs(v.ecart) for v in differents)
    return Point(indicateur, differents[0].verdict != defavorable, ampleur, dite, chiffre)
