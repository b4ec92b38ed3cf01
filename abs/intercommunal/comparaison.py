"""Composer la comparaison intercommunale : chiffres, rangs, tableaux, profils, comparables, ville-centre, fiches, cartes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from abs.calcul.table_longue import Diagnostic
from abs.formats import nombre
from abs.indicateurs.annees_comparables import mises_en_garde
from abs.indicateurs.indicateurs import THEMES
from abs.intercommunal import tables, tables_annexes
from abs.intercommunal.absences import chiffrees, par_raison, peu_remplis, remplissage
from abs.intercommunal.centre import PoidsDuCentre, peser
from abs.intercommunal.fiches import Fiche, fiches
from abs.intercommunal.groupes import Groupes, grouper
from abs.intercommunal.pairs_des_communes import PairsDUneQuestion, situer
from abs.intercommunal.plan import plan
from abs.intercommunal.rangs import Classement, classer
from abs.intercommunal.releve import relever
from abs.phrases.ecriture import reference
from abs.phrases.etendue import etendue
from abs.phrases.phrases import Phrase
from abs.phrases.silences import Silence
from abs.portrait.chapitre import Chapitre, DemandeDeCarte, plan_du_portrait
from abs.portrait.chapitres import mailles_classables
from abs.portrait.portrait import Portrait, _sources_employees
from abs.portrait.tableaux import Tableau
from abs.territoires.demande import Demande
from abs.territoires.territoires import Territoire
from donnees_insee.base.base import Base

# Le gabarit d'une étendue met la commune en tête après un point-virgule.
TETE: Final = re.compile(r"\s;\s(?:il|elle) est\b.*$")


@dataclass(frozen=True)
class ComparaisonIntercommunale:
    """Tout ce que le document montre, sans dessin ni fichier."""

    diagnostic: Diagnostic
    classements: dict[str, Classement]
    essentiel: tuple[Phrase, ...]
    themes: dict[str, list[Tableau]]
    restes: dict[str, list[str]]
    partage: Groupes
    pairs: list[PairsDUneQuestion]
    centre: PoidsDuCentre
    qpv: list[Tableau]
    fiches: list[Fiche]
    cartes: tuple[DemandeDeCarte, ...]
    portrait: Portrait
    avertissements: tuple[str, ...] = ()

    @property
    def sujet(self) -> Territoire:
        """Intercommunalité comparée."""
        return self.diagnostic.ensembles.sujet


def comparer_l_intercommunalite(
    base: Base,
    demande: Demande,
    voulus: Sequence[str] = (),
    suivre: Callable[[str], None] | None = None,
) -> ComparaisonIntercommunale:
    """Comparer les communes d'une intercommunalité.

    Parameters
    ----------
    base : Base
        Base locale.
    demande : Demande
        Demande de l'analyste ; le territoire est une intercommunalité.
    voulus : sequence of str, default ()
        Codes des indicateurs voulus ; vide pour tous.
    suivre : callable or None, default None
        Suivi de l'avancement.

    Returns
    -------
    ComparaisonIntercommunale
        De quoi écrire tous les documents.

    Raises
    ------
    ParametreInvalide
        Si le territoire n'est pas une intercommunalité.
    """
    diagnostiqueur, diagnostic = relever(base, demande, voulus, suivre)
    classements = classer_tout(diagnostic)
    partage = grouper(diagnostic, classements)
    pairs = situer(diagnostiqueur, diagnostic)
    return ComparaisonIntercommunale(
        diagnostic=diagnostic,
        classements=classements,
        essentiel=essentiel(diagnostic, classements),
        themes={t: tables.par_theme(diagnostic, classements, t, voulus) for t in THEMES},
        restes={t: [] if voulus else _restes(diagnostic, t) for t in THEMES},
        partage=partage,
        pairs=pairs,
        centre=replace(
            peser(diagnostic, diagnostiqueur.centre, classements), d_apres=diagnostiqueur.population_d_apres
        ),
        qpv=tables.quartiers_prioritaires(diagnostic, voulus or plan_du_portrait()["qpv"]),
        fiches=fiches(diagnostic, classements, partage, voulus),
        cartes=tuple(_cartes(diagnostic, voulus)),
        portrait=_portrait(base, diagnostic, classements),
        avertissements=_avertissements(diagnostic),
    )


def diagnostic_de_la_comparaison(base: Base, demande: Demande, voulus: Sequence[str] = ()) -> Diagnostic:
    """Refaire le seul diagnostic d'une comparaison, comparables compris : de quoi le vérifier."""
    diagnostiqueur, diagnostic = relever(base, demande, voulus)
    situer(diagnostiqueur, diagnostic)
    return diagnostic


def _restes(diagnostic: Diagnostic, theme: str) -> list[str]:
    return peu_remplis(diagnostic, theme, {i.code for i in tables.indicateurs_du_theme(diagnostic, theme)})


def classer_tout(diagnostic: Diagnostic) -> dict[str, Classement]:
    """Classer les communes pour chaque indicateur du diagnostic."""
    communes, sujet = diagnostic.ensembles.mailles, diagnostic.ensembles.sujet
    populations = {code: c.valeur for code, c in chiffrees(diagnostic, "population").items()}
    return {
        code: classer(
            diagnostic.indicateurs[code],
            [(t, diagnostic.chiffre(t, code, "mailles")) for t in communes],
            diagnostic.chiffre(sujet, code, "mailles"),
            populations,
        )
        for groupe, code in diagnostic.millesimes
        if groupe == "mailles"
    }


def tableaux_des_pairs(comparaison: ComparaisonIntercommunale) -> list[Tableau]:
    """Donner les tableaux des comparables."""
    lus = [tables_annexes.pairs(comparaison.diagnostic, q) for q in comparaison.pairs]
    return [t for t in lus if t is not None]


def _cartes(diagnostic: Diagnostic, voulus: Sequence[str]) -> list[DemandeDeCarte]:
    """Demander les premières cartes du plan dont assez de communes ont un chiffre."""
    reglages = plan()["cartes"]
    moitie = plan()["tableaux"]["part_des_communes"] * len(diagnostic.ensembles.mailles)
    minimum = reglages["communes_minimum"] if voulus else max(moitie, reglages["communes_minimum"])
    codes = [
        c
        for c in (voulus or reglages["liste"])
        if c in diagnostic.indicateurs and remplissage(diagnostic, diagnostic.indicateurs[c]) >= minimum
    ][: reglages["maximum"]]
    # Celles d'une même famille se suivent : elles se lisent ensemble.
    famille = {c: f["indicateurs"] for f in reglages["familles"] for c in f["indicateurs"]}

    rangs = {c: rang for rang, c in enumerate(codes)}
    codes.sort(key=lambda code: (min(rangs[c] for c in famille.get(code, [code]) if c in rangs), rangs[code]))
    return [
        DemandeDeCarte(c, "mailles", diagnostic.indicateurs[c].libelle, superposer_qpv=False) for c in codes
    ]


def _portrait(base: Base, diagnostic: Diagnostic, classements: dict[str, Classement]) -> Portrait:
    """Donner aux annexes communes ce qu'elles écrivent : sources, définitions, silences."""
    sujet = diagnostic.ensembles.sujet
    dernier = diagnostic.demande.millesime
    dates = f"données de {dernier} ou avant" if dernier else "derniers millésimes déposés"
    if dernier and diagnostic.posterieures:
        dates += ", sauf les quartiers prioritaires"
    combien = nombre(len(diagnostic.ensembles.mailles))
    return Portrait(
        diagnostic=diagnostic,
        titre=sujet.nom,
        sous_titre=f"Intercommunalité {sujet.code} · {combien} communes · {dates}",
        fictif="fictif" in sujet.nom.lower(),
        chiffres_cles=(),
        chapitres=tuple(_silences(diagnostic, classements)),
        sources=_sources_employees(base, diagnostic),
    )


def _silences(diagnostic: Diagnostic, classements: dict[str, Classement]) -> list[Chapitre]:
    """Dire, thème par thème, les indicateurs chiffrés dont les communes n'ont pas de rang, et pourquoi."""
    rendus = []
    for theme, titre in THEMES.items():
        muets = par_raison(
            (f"pas de rang, {c.refus}", c.indicateur.libelle)
            for c in classements.values()
            if c.indicateur.theme == theme and c.refus and remplissage(diagnostic, c.indicateur)
        )
        silences = tuple(Silence(raison, tuple(libelles)) for raison, libelles in muets.items())
        if silences:
            rendus.append(Chapitre(theme, titre, silences=silences))
    return rendus


def _avertissements(diagnostic: Diagnostic) -> tuple[str, ...]:
    sujet = diagnostic.ensembles.sujet
    mots = list(mises_en_garde(sujet.code))
    if not any(c.a_une_valeur for c in diagnostic.chiffres if c.niveau == "commune"):
        mots.append(
            "Aucun des fichiers déposés ne porte de chiffre pour ces communes. "
            f"`abs etat {sujet.code}` dit ce qu'il faut déposer."
        )
    return tuple(mots)


def essentiel(diagnostic: Diagnostic, classements: dict[str, Classement]) -> tuple[Phrase, ...]:
    """Écrire les étendues des premières situations du plan, puis celles des populations."""
    codes = [c for c in plan()["fiche"]["indicateurs"] if c in classements]
    # Les situations d'abord : un trait de population n'est ni une force ni une faiblesse.
    codes.sort(key=lambda c: diagnostic.indicateurs[c].sens == "neutre")
    lues = (
        (
            code,
            etendue(
                diagnostic.indicateurs[code],
                mailles_classables(diagnostic, code),
                diagnostic.chiffre(diagnostic.ensembles.sujet, code, "mailles"),
            ),
        )
        for code in codes
    )
    ecrites = [
        phrase if portee_par_les_rangs(phrase, classements[code]) else sans_la_tete(phrase)
        for code, phrase in lues
        if phrase is not None
    ]
    return tuple(ecrites[: plan()["essentiel"]["phrases"]])


def sans_la_tete(phrase: Phrase) -> Phrase:
    """Ôter d'une étendue la commune qu'elle dit en tête : l'étendue reste vraie, la première place n'est pas établie."""
    return replace(phrase, texte=f"{TETE.sub('', phrase.texte).rstrip('.')}.", affirmations=())


def portee_par_les_rangs(phrase: Phrase, classement: Classement) -> bool:
    """Dire si la première place qu'une phrase annonce est bien la seule place possible de la commune."""
    attendues = {"seul_haut": (1, 1), "seul_bas": (classement.rangees, classement.rangees)}
    places = {
        reference(p.chiffre): p.fourchette for p in classement.positions.values() if p.chiffre is not None
    }
    return all(
        places.get(a.de) == attendues[a.verdict] for a in phrase.affirmations if a.verdict in attendues
    )
