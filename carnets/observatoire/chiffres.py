"""Les chiffres du site : l'intercommunalité, ses communes et leurs IRIS, puis chaque chiffre tel qu'il se montre."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

from abs.blocs.blocs import Cellule
from abs.calcul.diagnostic import Diagnostiqueur
from abs.calcul.sources_recues import est_locale
from abs.calcul.table_longue import Chiffre, Diagnostic, DonneesLocales, Ensembles, mots_de_couverture
from abs.formats import nombre
from abs.indicateurs.indicateurs import Indicateur
from abs.phrases.ecriture import reference
from abs.phrases.preuves import Appuis
from abs.portrait.tableaux import MARQUE_FRAGILE, cellule
from abs.statuts import LIBELLES_STATUT, Fiabilite, Statut
from abs.territoires.demande import Demande
from abs.territoires.territoires import Territoire
from carnets.observatoire.mots import en_clair, phrase, rang_alphabetique
from donnees_insee.base.base import Base
from donnees_insee.catalogue.catalogue import sources
from donnees_insee.erreurs import ParametreInvalide

VALEURS: Final = ("valeur", "numerateur", "denominateur", "marge", "borne_basse", "borne_haute")
NON_PUBLIE: Final = "non publié à ce niveau"
FRAGILE: Final = "chiffre fragile, à ne pas commenter seul"


class DiagnostiqueurDIris(Diagnostiqueur):
    """Le diagnostic d'une commune réduit à ses IRIS : ce que le site montre d'elle est lu avec sa voisine."""

    def ensembles(self) -> Ensembles:
        """Garder la commune et ses IRIS, sans références, QPV ni quartiers."""
        return Ensembles(self.sujet, (), tuple(self._mailles()), (), ())


@dataclass
class Chiffres:
    """Tous les chiffres du site, publics seulement."""

    diagnostic: Diagnostic
    iris: dict[str, Diagnostic] = field(default_factory=dict)
    voulus: tuple[str, ...] = ()

    @cached_property
    def iris_reunis(self) -> Diagnostic:
        """Les IRIS de toutes les communes, chaque indicateur lu à une seule date."""
        return reunir_les_iris(self.diagnostic, list(self.iris.values()))

    @cached_property
    def indicateurs(self) -> dict[str, Indicateur]:
        """Indicateurs qui ont au moins un chiffre quelque part, dans l'ordre des thèmes."""
        e = self.diagnostic.ensembles
        locaux = {(t.code, t.niveau) for t in (e.sujet, *e.mailles, *e.qpv)}
        chiffres = [c for c in self.diagnostic.chiffres if (c.territoire, c.niveau) in locaux]
        avec = {c.indicateur for c in (*chiffres, *self.iris_reunis.chiffres) if c.a_une_valeur}
        # Un indicateur reçu dont tout est secret se montre aussi : taire qu'il existe tromperait.
        avec |= set(self.iris_reunis.locales.indicateurs)
        return {c: i for c, i in self.iris_reunis.indicateurs.items() if c in avec and self._voulu(c)}

    def _voulu(self, code: str) -> bool:
        return not self.voulus or code in self.voulus

    def absents(self) -> list[tuple[Indicateur, str]]:
        """Lister les indicateurs sans aucun chiffre dans le site."""
        absents = []
        for code, indicateur in self.diagnostic.indicateurs.items():
            if code not in self.indicateurs and self._voulu(code):
                lu = self.diagnostic.chiffre(self.diagnostic.ensembles.sujet, code)
                raison = en_clair(lu.note) if lu is not None else ""
                absents.append((indicateur, raison or NON_PUBLIE))
        return absents

    def territoires(self) -> list[Territoire]:
        """Donner les territoires qui ont leur page : l'intercommunalité, ses communes, ses QPV."""
        e = self.diagnostic.ensembles
        return [e.sujet, *sorted(e.mailles, key=rang_alphabetique), *sorted(e.qpv, key=rang_alphabetique)]


def sans_suivi(_: str) -> None:
    """Ne rien montrer de l'avancée."""


def etablir(
    base: Base, demande: Demande, voulus: tuple[str, ...] = (), suivre: Callable[[str], None] = sans_suivi
) -> Chiffres:
    """Calculer tous les chiffres du site."""
    if demande.diffusion != "publique":
        raise ParametreInvalide(phrase("refus", "interne"))
    etude = Diagnostiqueur(base, demande)
    if etude.sujet.niveau != "epci":
        refus = phrase("refus", "autre_niveau", territoire=demande.territoire, sujet=etude.sujet)
        raise ParametreInvalide(refus)
    suivre(etude.sujet.nom)
    diagnostic = etude.assembler()
    iris = {}
    for commune in sorted(diagnostic.ensembles.mailles, key=rang_alphabetique):
        suivre(commune.nom)
        de_la_commune = DiagnostiqueurDIris(base, replace(demande, territoire=commune.code))
        if de_la_commune.ensembles().mailles:
            iris[commune.code] = de_la_commune.assembler()
    return Chiffres(diagnostic, iris, voulus)


def reunir_les_iris(principal: Diagnostic, diagnostics: list[Diagnostic]) -> Diagnostic:
    """Réunir les IRIS de plusieurs communes, un indicateur à une seule date."""
    e = principal.ensembles
    mailles = tuple(t for d in diagnostics for t in d.ensembles.mailles)
    codes = {t.code for t in mailles}
    des_iris = [c for d in diagnostics for c in d.chiffres if c.territoire in codes]
    dates: dict[str, int] = {}
    for c in des_iris:
        if c.a_une_valeur and c.millesime is not None:
            dates[c.indicateur] = max(c.millesime, dates.get(c.indicateur, c.millesime))
    locales = DonneesLocales()
    for d in (principal, *diagnostics):
        for reunies in ("indicateurs", "comptes", "montres", "sus"):
            getattr(locales, reunies).update(getattr(d.locales, reunies))
    return Diagnostic(
        principal.demande,
        Ensembles(e.sujet, (), mailles, e.qpv, ()),
        [c for c in principal.chiffres if c.territoire == e.sujet.code]
        + [_a_la_date(c, dates.get(c.indicateur)) for c in des_iris],
        millesimes={("mailles", code): annee for code, annee in dates.items()},
        locales=locales,
    )


def _a_la_date(chiffre: Chiffre, date: int | None) -> Chiffre:
    if date is None or chiffre.millesime == date:
        return chiffre
    dit: dict[str, Any] = dict.fromkeys(VALEURS, math.nan)
    if chiffre.a_une_valeur:
        note = f"chiffre d'une autre date ({chiffre.periode})"
        dit |= {"statut": Statut.INDISPONIBLE, "note": note}
    return replace(chiffre, millesime=date, fiabilite=Fiabilite.NON_EVALUEE, **dit)


# -- un chiffre montré -------------------------------------------------------------------------


@dataclass(frozen=True)
class Figure:
    """Un chiffre prêt à montrer : ce qu'on lit, ce qu'il est, d'où il vient ; il peut ne pas exister à ce niveau."""

    indicateur: Indicateur
    chiffre: Chiffre
    cellule: Cellule
    mention: str
    comptes: str = ""
    source: str = ""
    existe: bool = True

    @property
    def fragile(self) -> bool:
        """Dire si le chiffre est fragile."""
        return self.chiffre.a_une_valeur and self.chiffre.fiabilite == Fiabilite.FRAGILE


@dataclass(frozen=True)
class Ligne:
    """Un indicateur dans la page d'un territoire, et ses repères à la même date."""

    figure: Figure
    reperes: tuple[Figure, ...]


def _inexistante(indicateur: Indicateur, raison: str) -> Figure:
    chiffre = Chiffre("", "", indicateur.code, "", Statut.INDISPONIBLE)
    return Figure(indicateur, chiffre, cellule(indicateur, None), raison, existe=False)


class Lecteur:
    """Lit les chiffres d'un diagnostic sous leur forme à montrer."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        self.diagnostic = diagnostic
        self._appuis = Appuis(diagnostic)

    def figure(self, territoire: Territoire, indicateur: Indicateur, groupe: str) -> Figure:
        """Lire un chiffre à la date d'un groupe."""
        repere = territoire.niveau == "epci" and groupe != "comparaison"
        sans_date = repere and self.diagnostic.millesimes.get((groupe, indicateur.code)) is None
        chiffre = self.diagnostic.chiffre(territoire, indicateur.code, groupe)
        # Sans la date du groupe, rien de l'intercommunalité n'est à cette date.
        if chiffre is None or sans_date:
            recu = indicateur.code in self.diagnostic.locales.indicateurs
            return _inexistante(indicateur, "non transmis pour ce territoire" if recu else NON_PUBLIE)
        appui = self._appuis.de([reference(chiffre)])
        comptes = ""
        if chiffre.a_une_valeur and chiffre.denominateur == chiffre.denominateur:
            comptes = f"{nombre(chiffre.numerateur)} / {nombre(chiffre.denominateur)}"
        mention = _mention(chiffre, appui[0].precision if appui else LIBELLES_STATUT[chiffre.statut])
        connue = sources().get(chiffre.source)
        origine = connue.titre if connue else chiffre.source
        return Figure(indicateur, chiffre, cellule(indicateur, chiffre), mention, comptes, origine)


def _mention(chiffre: Chiffre, precision: str) -> str:
    """Dire ce qu'est un chiffre, ou pourquoi il manque."""
    if not chiffre.a_une_valeur:
        libelle = LIBELLES_STATUT[chiffre.statut]
        note = en_clair(chiffre.note)
        return f"{libelle} : {note}" if note and note != libelle else libelle
    morceaux = [precision.replace(", fiabilité non évaluée", "").replace(", fiabilité fragile", "")]
    if chiffre.statut == Statut.PARTIEL:
        morceaux.append(mots_de_couverture(chiffre))
    if chiffre.fiabilite == Fiabilite.FRAGILE:
        morceaux.append(f"{MARQUE_FRAGILE} {FRAGILE}")
    return ", ".join(m for m in morceaux if m)


def a_la_meme_date(figure: Figure, repere: Figure) -> Figure:
    """Ne garder d'un repère que ce qui se compare."""
    if not repere.chiffre.a_une_valeur or date_comparable(figure.chiffre) == date_comparable(repere.chiffre):
        return repere
    return _inexistante(repere.indicateur, "autre date")


def date_comparable(chiffre: Chiffre) -> str:
    """Donner la clé de date d'un chiffre : deux chiffres se comparent s'ils ont la même, et la même série."""
    jour: int | str | None = chiffre.millesime
    connue = sources().get(chiffre.source)
    if est_locale(chiffre) or chiffre.millesime is None:
        jour = chiffre.periode
    elif connue is not None and "qpv" in connue.niveaux:
        jour = chiffre.annee_donnees or chiffre.periode
    return f"{jour} {chiffre.definition}".strip()
