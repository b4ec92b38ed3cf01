"""Les graphiques à plusieurs dates : courbe de niveaux, série rompue comprise, et pente entre deux dates."""

from collections.abc import Sequence
from typing import Final

from abs.calcul.calcul import Calculateur
from abs.calcul.dans_le_temps import suivre
from abs.calcul.table_longue import Chiffre, Diagnostic, Suite
from abs.graphiques.demandes import DemandeDeGraphique, Role, Serie
from abs.graphiques.ecriture import composer, motif, refus, role_de, valeur
from abs.graphiques.plans import Plan, dire, mots, plans
from abs.graphiques.references import tracees
from abs.graphiques.titres import Message
from abs.indicateurs.indicateurs import Indicateur, indicateur
from abs.langue import enumerer, typographier
from abs.phrases.ecriture import decimales
from abs.statuts import Statut
from abs.territoires.territoires import Territoire
from donnees_insee.catalogue.catalogue import source, sources

DEUX: Final = 2
Siens = Sequence[Chiffre | None]
Suivi = tuple[Territoire, tuple[Chiffre | None, ...]]
NIVEAUX_SUIVIS: Final = frozenset({"commune", "epci", "departement", "region", "france"})


def suivre_les_indicateurs(diagnostic: Diagnostic, calculateur: Calculateur) -> None:
    """Lire aux autres dates ce que les courbes et les pentes montrent ; chaque chiffre entre dans la table longue."""
    sujet = diagnostic.ensembles.sujet
    connus = {c.cle for c in diagnostic.chiffres}
    for code in dict.fromkeys(c for p in plans().values() if p.dans_le_temps for c in p.indicateurs):
        chiffre, definition = diagnostic.lu(sujet, code), indicateur(code)
        # Un montant ne se suit qu'en euros constants : c'est l'affaire des évolutions.
        if chiffre is None or chiffre.source not in sources() or definition.unite == "€":
            continue
        if sujet.niveau not in NIVEAUX_SUIVIS:
            continue
        # La dernière date est celle du portrait : une courbe ne montre pas un chiffre plus récent que ses phrases.
        origine, autour = source(chiffre.source), tracees(diagnostic)
        suite = suivre(calculateur, definition, origine, sujet, autour, chiffre.millesime)
        if suite is None:
            continue
        diagnostic.suites[code] = suite
        if not suite.liee:
            continue
        lus = [c for _, siens in suite.series for c in siens if c is not None]
        diagnostic.chiffres += [c for c in lus if c.cle not in connus]
        connus |= {c.cle for c in lus}


def courbe(plan: Plan, diagnostic: Diagnostic) -> DemandeDeGraphique:
    """Composer la courbe d'un indicateur à toutes ses dates, ruptures dites ; ou celles de plusieurs, pour le sujet seul."""
    if len(plan.indicateurs) > 1:
        return _plusieurs(plan, diagnostic)
    suite = _suite(plan, diagnostic)
    return tracer(plan, diagnostic.ensembles.sujet, suite, suite.annees)


def pente(plan: Plan, diagnostic: Diagnostic) -> DemandeDeGraphique:
    """Composer la pente entre la dernière date et la plus ancienne qui s'y compare."""
    suite = _suite(plan, diagnostic)
    if len(suite.portion) < DEUX:
        raise refus(plan, diagnostic, mots("phrases")["raison_temps"])
    return tracer(plan, diagnostic.ensembles.sujet, suite, (suite.portion[0], suite.portion[-1]))


def _plusieurs(plan: Plan, diagnostic: Diagnostic) -> DemandeDeGraphique:
    """Mettre sur un même axe plusieurs indicateurs du sujet, aux dates qu'ils ont tous."""
    suites = {code: _suite(plan, diagnostic, code) for code in plan.indicateurs}
    communes = set.intersection(*(set(s.annees) for s in suites.values()))
    premiere = next(iter(suites.values()))
    annees = tuple(a for a in premiere.annees if a in communes)
    if len(annees) < DEUX or {s.source for s in suites.values()} != {premiere.source}:
        raise refus(plan, diagnostic, mots("phrases")["raison_temps"])
    series, cites = [], []
    roles: tuple[Role, ...] = ("sujet", "reference")
    for (code, suite), role in zip(suites.items(), roles, strict=True):
        definition, siens = indicateur(code), [suite.series[0][1][suite.annees.index(a)] for a in annees]
        lus = [c for c in siens if c is not None]
        fixes = min(decimales(definition, c) for c in lus)
        nom = mots("courts")[code]
        points = [valeur(definition, c, str(a), role, fixes) for a, c in zip(annees, siens, strict=True)]
        series.append(Serie(nom, tuple(points), role, definition.unite))
        cites += [(f"{nom} {a}", c) for a, c in zip(annees, siens, strict=True) if c is not None]
    ruptures = [r for r in premiere.ruptures if set(r) <= set(annees)]
    date = dire("phrases", "dates", de=annees[0], a=annees[-1])
    titre = plan.constat.format(v=[s.presentes[-1].texte for s in series], a=annees[-1])
    cites_du_titre = tuple(s.presentes[-1].reference for s in series)
    return composer(
        plan,
        Message(typographier(titre), cites_du_titre),
        series,
        cites,
        motif(*[_dite(s) for s in series]),
        _notes(premiere, (), ruptures),
        date=date,
        ruptures=tuple((str(de), str(a)) for de, a in ruptures),
    )


def _suite(plan: Plan, diagnostic: Diagnostic, code: str = "") -> Suite:
    suite = diagnostic.suites.get(code or plan.indicateurs[0])
    if suite is None:
        raise refus(plan, diagnostic, mots("phrases")["raison_temps"])
    if not suite.liee:
        raison = dire("phrases", "raison_rupture", raison=suite.raisons[suite.ruptures[-1]])
        raise refus(plan, diagnostic, raison.removesuffix("."))
    return suite


def tracer(plan: Plan, sujet: Territoire, suite: Suite, annees: tuple[int, ...]) -> DemandeDeGraphique:
    """Composer la ligne d'un indicateur suivi : le sujet, ce qui l'entoure, les ruptures et leur raison."""
    definition = indicateur(plan.indicateurs[0])
    rangs = [suite.annees.index(a) for a in annees]
    # Un effectif ne se lit pas à côté de celui d'un territoire dix fois plus grand.
    suivies = suite.series[:1] if definition.nature == "effectif" else suite.series
    lues = [(t, [siens[r] for r in rangs]) for t, siens in suivies]
    fixes = min(decimales(definition, c) for c in lues[0][1] if c is not None)
    series = [_serie(definition, t, annees, siens, fixes, sujet=t == sujet) for t, siens in lues]
    gardees = [s for s in series if len(s.presentes) >= DEUX]
    ruptures = [r for r in suite.ruptures if set(r) <= set(annees)]
    dits = [_dite(s) for s in gardees] + [dire("motifs", "rupture", de=de, a=a) for de, a in ruptures]
    return composer(
        plan,
        _titre(plan, suite, series[0]),
        gardees,
        [(str(a), c) for a, c in zip(annees, lues[0][1], strict=True) if c is not None],
        motif(*dits),
        _notes(suite, suivies, ruptures),
        date=dire("phrases", "dates" if len(annees) > DEUX else "deux_dates", de=annees[0], a=annees[-1]),
        ruptures=tuple((str(de), str(a)) for de, a in ruptures),
    )


def _serie(
    definition: Indicateur,
    territoire: Territoire,
    annees: tuple[int, ...],
    siens: Siens,
    fixes: int,
    *,
    sujet: bool,
) -> Serie:
    role = "sujet" if sujet else role_de(territoire)
    valeurs = [valeur(definition, c, str(a), role, fixes) for a, c in zip(annees, siens, strict=True)]
    return Serie(territoire.titre, tuple(valeurs), role, definition.unite)


def _dite(serie: Serie) -> str:
    premiere, derniere = serie.presentes[0], serie.presentes[-1]
    return dire(
        "motifs", "temps", nom=serie.nom, avant=premiere.texte, de=premiere.libelle, apres=derniere.texte,
        a=derniere.libelle,
    )  # fmt: skip


def _titre(plan: Plan, suite: Suite, du_sujet: Serie) -> Message:
    """Mettre côte à côte la dernière date et la plus ancienne qui s'y compare, sans dire plus que les deux valeurs."""
    dans = {str(a) for a in suite.portion}
    solides = [v for v in du_sujet.presentes if v.libelle in dans and not v.fragile]
    if len(solides) < DEUX:
        return Message(plan.titre)
    avant, apres = solides[0], solides[-1]
    morceaux = {"avant": avant.texte, "de": avant.libelle, "apres": apres.texte, "a": apres.libelle}
    cas = "sans_ecart" if avant.texte == apres.texte else "dans_le_temps"
    texte = dire("titres", cas, libelle=mots("courts").get(plan.indicateurs[0], plan.titre), **morceaux)
    return Message(texte, (avant.reference, apres.reference))


def _notes(suite: Suite, suivies: Sequence[Suivi], ruptures: Sequence[tuple[int, int]]) -> list[str]:
    """Dire les ruptures et leur raison, les dates tues, et le périmètre des intercommunalités publiées."""
    notes = [dire("phrases", "rupture", de=de, a=a, raison=suite.raisons[de, a]) for de, a in ruptures]
    for cas, annees in (("ecartees", suite.ecartees), ("autres_editions", suite.autres_editions)):
        if annees:
            notes.append(dire("phrases", cas, annees=enumerer([str(a) for a in annees])))
    des_epci = [c for t, siens in suivies if t.niveau == "epci" for c in siens if c is not None]
    # D'une même édition, le périmètre est le même à toutes les dates.
    if any(c.statut == Statut.PUBLIE for c in des_epci) and len({c.geographie for c in des_epci}) > 1:
        notes.append(dire("phrases", "epci_publie"))
    return notes
