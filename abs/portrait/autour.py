"""Ce qu'un portrait lit autour de son sujet, en plus du diagnostic : autres dates, IRIS d'un QPV, communes comparables."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from abs.calcul.calcul import Calculateur
from abs.calcul.diagnostic import Diagnostiqueur
from abs.definitions import table
from abs.indicateurs.indicateurs import indicateurs
from abs.portrait.population import lire_les_autres_dates
from abs.territoires.territoires import Territoire
from donnees_insee.erreurs import DonneeAbsente

if TYPE_CHECKING:
    from collections.abc import Sequence

    from abs.calcul.table_longue import Chiffre, Diagnostic
    from abs.perimetres.perimetres import IrisAutour
    from donnees_insee.base.base import Base

    Lus = dict[tuple[str, str], Chiffre]

AVEC_QPV: Final = ("commune", "qpv")


@dataclass(frozen=True)
class Comparables:
    """Les communes les plus proches du sujet pour une question, le sujet en tête, et ce que vaut ce choix."""

    territoires: tuple[Territoire, ...]
    chiffres: Lus
    phrases: tuple[str, ...]


@dataclass(frozen=True)
class Autour:
    """La population d'avant, les IRIS de chaque QPV et leurs chiffres, les communes comparables à qui n'a pas d'IRIS."""

    ancien: Chiffre | None = None
    iris: dict[str, list[IrisAutour]] = field(default_factory=dict)
    chiffres: Lus = field(default_factory=dict)
    comparables: Comparables | None = None


def lire_autour(base: Base, diagnostic: Diagnostic) -> Autour:
    """Joindre à la table longue ce qu'un portrait montre en plus ; la vérification d'un portrait le refait de même."""
    ancien, ensembles = lire_les_autres_dates(base, diagnostic), diagnostic.ensembles
    sujet, plan = ensembles.sujet, table("_portrait")
    if sujet.niveau == "commune" and not ensembles.mailles:
        return Autour(ancien, comparables=_comparables(base, diagnostic, plan["pairs"]))
    quartiers = [sujet] if sujet.niveau == "qpv" else list(ensembles.qpv)
    contours = base.couches("contours_qpv") and base.couches("contours_iris")
    if sujet.niveau not in AVEC_QPV or not quartiers or not contours:
        return Autour(ancien)
    from abs.perimetres.perimetres import iris_autour  # noqa: PLC0415 - geopandas, réservé à qui a des QPV

    codes = plan["fiche_qpv"]["iris"]
    trouves = iris_autour(base, quartiers, plan["fiche_qpv"]["iris_maximum"])
    if sujet.niveau == "qpv":
        tous = [
            Territoire(i.code, "iris", i.nom, composantes=(i.code,))
            for siens in trouves.values()
            for i in siens
        ]
        return Autour(ancien, trouves, _lire(base, diagnostic, tous, codes, "iris"))
    mailles = {t.code: t for t in ensembles.mailles}
    tenus = {q: [i for i in siens if i.code in mailles] for q, siens in trouves.items()}
    lus = {
        (i.code, code): chiffre
        for siens in tenus.values()
        for i in siens
        for code in codes
        if (chiffre := diagnostic.lu(mailles[i.code], code, "mailles")) is not None
    }
    return Autour(ancien, tenus, lus)


def _comparables(base: Base, diagnostic: Diagnostic, plan: dict[str, Any]) -> Comparables | None:
    """Chercher les communes comparables pour la première question que la base permet."""
    from abs.typologie.pairs import chercher  # noqa: PLC0415 - numpy, réservé à qui n'a pas d'IRIS

    sujet, millesime = diagnostic.ensembles.sujet, diagnostic.demande.millesime
    for question in plan["questions"]:
        with suppress(DonneeAbsente):
            trouves = chercher(base, sujet.code, question, millesime)
            pairs = zip(trouves.table["code"], trouves.table["nom"], strict=True)
            voisins = (Territoire(str(c), "commune", str(n), None, (str(c),), "pair") for c, n in pairs)
            tous = (sujet, *voisins)
            lus = _lire(
                base, diagnostic, tous, ["population", *trouves.question.resultats], "commune", len(tous) // 2
            )
            return Comparables(tous, lus, trouves.phrases)
    return None


def _lire(
    base: Base,
    diagnostic: Diagnostic,
    territoires: Sequence[Territoire],
    codes: Sequence[str],
    niveau: str,
    minimum: int = 1,
) -> Lus:
    """Lire des territoires que le diagnostic n'a pas, à la date la plus récente où assez d'entre eux ont un chiffre."""
    demande, deja = diagnostic.demande, Diagnostiqueur(base, diagnostic.demande)
    communes = tuple(sorted({c[:5] for t in territoires for c in t.composantes}))
    # Le calcul ne lit que les régions des communes de son sujet : ici, celles de tous ces territoires.
    calculateur = Calculateur(deja.base, deja.territoires, replace(deja.sujet, composantes=communes), demande)
    lus: Lus = {}
    for code in codes:
        definition = indicateurs()[code]
        lectures = tuple(le for le in definition.lectures if niveau in le.source.niveaux)
        annees = {a for le in lectures for a in demande.vintages(deja.base, le.source.id)}
        for annee in sorted(annees, reverse=True):
            chiffres = (calculateur.chiffre(definition, t, annee, lectures) for t in territoires)
            trouves = {(c.territoire, code): c for c in chiffres if c is not None and c.a_une_valeur}
            if len(trouves) >= minimum:
                lus |= trouves
                break
    connus = {c.cle for c in diagnostic.chiffres}
    diagnostic.chiffres += [c for c in lus.values() if c.cle not in connus]
    return lus
