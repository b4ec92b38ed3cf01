"""La population du sujet : ce qu'elle était, d'où vient sa variation, combien auraient 75 ans ou plus dans dix ans."""

from typing import Any, Final

from abs.calcul.calcul import Calculateur
from abs.calcul.dans_le_temps import territoire_change
from abs.calcul.diagnostic import Diagnostiqueur
from abs.calcul.table_longue import Chiffre, Diagnostic
from abs.formats import arrondir, avec_unite, nombre
from abs.graphiques.temps import suivre_les_indicateurs
from abs.indicateurs.annees_comparables import enquetes_disjointes
from abs.indicateurs.indicateurs import indicateurs
from abs.langue import majuscule, typographier
from abs.phrases.ecriture import gabarits, lieu
from abs.phrases.phrases import Phrase, dire
from abs.phrases.preuves import Silence
from abs.statuts import Fiabilite, Statut
from abs.territoires.territoires import Territoire
from donnees_insee.base.base import Base
from donnees_insee.catalogue.catalogue import Source, sources

DIX_ANS: Final = 10
VARIATION_STABLE: Final = 0.1
RECENSEMENT: Final = "recensement"
SERIE: Final = "population_depuis_1968"
DEUX: Final = 2


def phrases_de_tete(diagnostic: Diagnostic, ancien: Chiffre | None = None) -> tuple[Phrase, ...]:
    """Écrire la population, son évolution si deux millésimes se comparent, et le scénario de vieillissement."""
    dites = [
        evolution_de_la_population(diagnostic, ancien),
        soldes(diagnostic),
        scenario_75_ans(diagnostic),
    ]
    return tuple(filter(None, dites))


def silences_de_tete(diagnostic: Diagnostic, phrases: tuple[Phrase, ...]) -> tuple[Silence, ...]:
    """Dire ce que la première page n'a pas écrit, et pourquoi."""
    if diagnostic.ensembles.sujet.niveau == "qpv":
        return ()
    raisons = gabarits("silences_de_tete")
    cites = [[r.split("|")[2] for r in p.references] for p in phrases]
    evolution = any(len(c) == DEUX and c[0] == "population" and c[1] in {"population", SERIE} for c in cites)
    scenario = any("part_75_ans_plus" in c for c in cites)
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


def evolution_en_bref(diagnostic: Diagnostic, ancien: Chiffre | None) -> str:
    """Dire l'évolution de la population en quelques mots ; rien si aucune date ne s'y compare."""
    dite = evolution_de_la_population(diagnostic, ancien, "en_bref") if ancien is not None else None
    return "" if dite is None else dite.texte


def evolution_de_la_population(
    diagnostic: Diagnostic, ancien: Chiffre | None, gabarit: str = "tete"
) -> Phrase | None:
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
        return dire(gabarit, "population", [chiffre], **mots)
    ans = chiffre.millesime - ancien.millesime
    variation = ((chiffre.valeur / ancien.valeur) ** (1 / ans) - 1) * 100
    cas = "stable" if abs(variation) < VARIATION_STABLE else "hausse" if variation > 0 else "baisse"
    mots |= {
        "avant": nombre(ancien.valeur),
        "annee": ancien.millesime,
        "ecart": nombre(abs(round(chiffre.valeur) - round(ancien.valeur))),
        "rythme": avec_unite(abs(variation), "%", 1),
    }
    return dire(gabarit, cas, [chiffre, ancien], **mots)


def lire_les_autres_dates(base: Base, diagnostic: Diagnostic) -> Chiffre | None:
    """Joindre à la table longue les chiffres cités d'autres dates : population d'avant, courbes ; donner la première."""
    suivre_les_indicateurs(diagnostic, Diagnostiqueur(base, diagnostic.demande).calculateur)
    ancien = population_d_avant(base, diagnostic)
    if ancien is not None and ancien not in diagnostic.chiffres:
        diagnostic.chiffres.append(ancien)
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
    if (de_la_serie := _avant_dans_la_serie(diagnostic, chiffre)) is not None:
        return de_la_serie
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


def _avant_dans_la_serie(diagnostic: Diagnostic, chiffre: Chiffre) -> Chiffre | None:
    """Prendre dans la série depuis 1968 le recensement d'avant, si elle finit par la population dite."""
    suite = diagnostic.suites.get(SERIE)
    if suite is None or len(suite.portion) < DEUX or suite.annees[-1] != chiffre.millesime:
        return None
    dernier, avant = (suite.series[0][1][suite.annees.index(a)] for a in reversed(suite.portion[-2:]))
    memes = dernier is not None and round(dernier.valeur) == round(chiffre.valeur)
    return avant if memes else None


def _a_la_date(calculateur: Calculateur, sujet: Territoire, origine: Source, annee: int) -> Chiffre | str:
    indicateur = indicateurs()["population"]
    lectures = [le for le in indicateur.lectures if le.source.id == origine.id]
    trouve = calculateur.chiffre(indicateur, sujet, annee, lectures)
    if trouve is None or not trouve.a_une_valeur or trouve.statut == Statut.PARTIEL:
        return "ancien_incomplet"
    return trouve


def soldes(diagnostic: Diagnostic) -> Phrase | None:
    """Dire d'où vient la variation de la population : le solde naturel, et ce qui reste, obtenu par différence."""
    sujet = diagnostic.ensembles.sujet
    lus = [
        diagnostic.lu(sujet, code)
        for code in ("variation_annuelle", "solde_naturel", "solde_apparent", SERIE)
    ]
    variation, naturel, apparent, population = lus
    suite = diagnostic.suites.get(SERIE)
    if variation is None or naturel is None or apparent is None or population is None or suite is None:
        return None
    if len(suite.annees) < DEUX or {c.millesime for c in lus if c} != {suite.annees[-1]}:
        return None
    mots: dict[str, Any] = {
        "de": suite.annees[-2],
        "a": suite.annees[-1],
        "variation": nombre(abs(variation.valeur)),
        # Le même arrondi que la courbe : un fait ne s'écrit pas de deux façons.
        "naturel": _signe(int(arrondir(naturel.valeur, 0))),
        "apparent": _signe(int(arrondir(apparent.valeur, 0))),
    }
    cas = "soldes_hausse" if variation.valeur >= 0 else "soldes_baisse"
    return dire("tete", cas, [variation, naturel, apparent], **mots)


def _signe(valeur: int) -> str:
    signe = "+" if valeur > 0 else "−" if valeur < 0 else ""
    return f"{signe}\u202f{nombre(abs(valeur))}".strip()


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
