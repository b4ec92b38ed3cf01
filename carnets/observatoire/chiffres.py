"""Réunir les chiffres du site : l'intercommunalité et ses communes, puis les IRIS de chaque commune."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

from abs.calcul.diagnostic import Diagnostiqueur
from abs.calcul.table_longue import Diagnostic, DonneesLocales, Ensembles
from abs.statuts import Fiabilite, Statut
from carnets.observatoire.mots import en_clair, rang_alphabetique
from donnees_insee.erreurs import ParametreInvalide

if TYPE_CHECKING:
    from abs.calcul.chiffre import Chiffre
    from abs.indicateurs.indicateurs import Indicateur
    from abs.territoires.demande import Demande
    from abs.territoires.territoires import Territoire
    from donnees_insee.base.base import Base

VIDE: Final = math.nan


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
        sujets = self.diagnostic.ensembles
        locaux = {(t.code, t.niveau) for t in (sujets.sujet, *sujets.mailles, *sujets.qpv)}
        chiffres = [c for c in self.diagnostic.chiffres if (c.territoire, c.niveau) in locaux]
        chiffres += self.iris_reunis.chiffres
        avec = {c.indicateur for c in chiffres if c.a_une_valeur}
        # Un indicateur reçu dont tout est secret se montre aussi : taire qu'il existe tromperait.
        avec |= set(self.iris_reunis.locales.indicateurs)
        return {
            code: i
            for code, i in self.iris_reunis.indicateurs.items()
            if code in avec and (not self.voulus or code in self.voulus)
        }

    def absents(self) -> list[tuple[Indicateur, str]]:
        """Lister les indicateurs sans aucun chiffre dans le site."""
        sujet = self.diagnostic.ensembles.sujet
        lus = [
            (i, self.diagnostic.chiffre(sujet, code))
            for code, i in self.diagnostic.indicateurs.items()
            if code not in self.indicateurs and (not self.voulus or code in self.voulus)
        ]
        return [
            (i, en_clair(c.note) if c is not None and c.note else "non publié à ce niveau") for i, c in lus
        ]

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
        raise ParametreInvalide(
            "Un observatoire est fait pour être partagé : il ne s'écrit qu'en diffusion publique. "
            "Pour un document interne, employez `abs portrait --diffusion interne`."
        )
    etude = Diagnostiqueur(base, demande)
    if etude.sujet.niveau != "epci":
        raise ParametreInvalide(
            f"« {demande.territoire} » désigne {etude.sujet.nom} ({etude.sujet.niveau}) ; un observatoire se fait "
            "pour une intercommunalité. `abs territoire chercher` donne son code à neuf chiffres."
        )
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
    dates: dict[str, int] = {}
    for d in diagnostics:
        codes = {t.code for t in d.ensembles.mailles}
        for c in d.chiffres:
            if c.a_une_valeur and c.territoire in codes and c.millesime is not None:
                dates[c.indicateur] = max(c.millesime, dates.get(c.indicateur, c.millesime))
    chiffres = [c for c in principal.chiffres if c.territoire == principal.ensembles.sujet.code]
    mailles: list[Territoire] = []
    for d in diagnostics:
        mailles += d.ensembles.mailles
        codes = {t.code for t in d.ensembles.mailles}
        chiffres += [_a_la_date(c, dates.get(c.indicateur)) for c in d.chiffres if c.territoire in codes]
    locales = DonneesLocales()
    for d in (principal, *diagnostics):
        for reunies in ("indicateurs", "comptes", "montres", "sus"):
            getattr(locales, reunies).update(getattr(d.locales, reunies))
    return Diagnostic(
        principal.demande,
        Ensembles(principal.ensembles.sujet, (), tuple(mailles), principal.ensembles.qpv, ()),
        chiffres,
        millesimes={("mailles", code): annee for code, annee in dates.items()},
        locales=locales,
    )


def _a_la_date(chiffre: Chiffre, date: int | None) -> Chiffre:
    if date is None or chiffre.millesime == date:
        return chiffre
    note = f"chiffre d'une autre date ({chiffre.periode})" if chiffre.a_une_valeur else chiffre.note
    return replace(
        chiffre,
        statut=Statut.INDISPONIBLE if chiffre.a_une_valeur else chiffre.statut,
        millesime=date,
        valeur=VIDE,
        numerateur=VIDE,
        denominateur=VIDE,
        marge=VIDE,
        borne_basse=VIDE,
        borne_haute=VIDE,
        fiabilite=Fiabilite.NON_EVALUEE,
        note=note,
    )
