"""La pyramide des âges : hommes et femmes de six groupes d'âges, contre la première référence qui les a tous."""

from collections.abc import Sequence

from abs.calcul.table_longue import Chiffre, Diagnostic
from abs.graphiques.demandes import DemandeDeGraphique, Role, Serie, Valeur
from abs.graphiques.ecriture import composer, exiger, motif, valeur
from abs.graphiques.plans import Plan, dire, mots
from abs.graphiques.references import autour, tracees
from abs.graphiques.titres import titre
from abs.indicateurs.indicateurs import indicateur
from abs.phrases.ecriture import decimales
from abs.territoires.territoires import Territoire

Groupes = dict[str, Chiffre]


def pyramide(plan: Plan, diagnostic: Diagnostic) -> DemandeDeGraphique:
    """Composer la pyramide."""
    sujet, codes = diagnostic.ensembles.sujet, (*plan.hommes, *plan.femmes)
    lus = {code: diagnostic.chiffre(sujet, code) for code in codes}
    exiger(plan, diagnostic, list(lus.values()))
    tenus = {code: c for code, c in lus.items() if c is not None and c.a_une_valeur}
    series = _cotes(plan, lus, tenus, "sujet")
    dits = [_extremes(series)]
    if reference := _reference(diagnostic, tenus, codes):
        territoire, siens = reference
        de_reference = _cotes(plan, siens, tenus, "reference", f", {territoire.titre}")
        dits.append(_ecart(series, de_reference, territoire))
        series += de_reference
    return composer(plan, titre(diagnostic, plan), series, list(tenus.items()), motif(*dits))


def _reference(
    diagnostic: Diagnostic, tenus: Groupes, codes: Sequence[str]
) -> tuple[Territoire, Groupes] | None:
    """Choisir la première référence chiffrée à chaque âge, à la date du sujet."""
    par_code = {code: dict(autour(diagnostic, code, c)) for code, c in tenus.items()}
    for territoire in tracees(diagnostic):
        siens = {code: lus[territoire] for code, lus in par_code.items() if territoire in lus}
        if len(siens) == len(codes):
            return territoire, siens
    return None


def _cotes(
    plan: Plan, lus: dict[str, Chiffre | None] | Groupes, tenus: Groupes, role: Role, suite: str = ""
) -> list[Serie]:
    """Former les deux côtés, hommes puis femmes, à la précision du sujet."""
    cotes = []
    for sexe, codes in (("hommes", plan.hommes), ("femmes", plan.femmes)):
        valeurs = []
        for age, code in zip(plan.ages, codes, strict=True):
            definition, repere = indicateur(code), tenus.get(code)
            fixes = None if repere is None else decimales(definition, repere)
            valeurs.append(valeur(definition, lus.get(code), age, role, fixes))
        cotes.append(Serie(f"{mots('sexes')[sexe]}{suite}", tuple(valeurs), role, "%"))
    return cotes


def _groupes(series: Sequence[Serie]) -> list[tuple[str, Valeur]]:
    """Nommer chaque groupe d'âges et de sexe."""
    sexes = (mots("sexes")[f"{s}_de"] for s in ("hommes", "femmes"))
    return [(nom.format(age=v.libelle), v) for nom, s in zip(sexes, series, strict=True) for v in s.valeurs]


def _extremes(series: Sequence[Serie]) -> str:
    tenus = [(nom, v) for nom, v in _groupes(series) if not v.manque]
    hauts = max(tenus, key=lambda nv: nv[1].valeur), min(tenus, key=lambda nv: nv[1].valeur)
    plus, moins = (f"{nom} ({v.texte})" for nom, v in hauts)
    return dire("motifs", "pyramide", plus=plus, moins=moins)


def _ecart(series: Sequence[Serie], autres: Sequence[Serie], territoire: Territoire) -> str:
    """Dire le groupe où les deux pyramides s'écartent le plus, avec ses deux valeurs."""
    paires = zip(_groupes(series), _groupes(autres), strict=True)
    (nom, v), (_, r) = max(paires, key=lambda p: abs(p[0][1].valeur - p[1][1].valeur))
    if v.texte == r.texte:
        return ""
    return dire("motifs", "pyramide_ecart", nom=territoire.titre, qui=nom, v=v.texte, r=r.texte)
