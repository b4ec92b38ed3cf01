"""Ce qu'un portrait lit autour de son sujet, en plus du diagnostic : autres dates, IRIS d'un QPV et de sa frange."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from abs.calcul.diagnostic import Diagnostiqueur
from abs.definitions import table
from abs.indicateurs.indicateurs import indicateurs
from abs.portrait.population import lire_les_autres_dates
from abs.territoires.territoires import Territoire

if TYPE_CHECKING:
    from collections.abc import Sequence

    from abs.calcul.table_longue import Chiffre, Diagnostic
    from abs.perimetres.perimetres import IrisAutour
    from donnees_insee.base.base import Base


@dataclass(frozen=True)
class Autour:
    """La population d'avant, et pour chaque QPV ses IRIS et leurs chiffres."""

    ancien: Chiffre | None = None
    iris: dict[str, list[IrisAutour]] = field(default_factory=dict)
    chiffres: dict[tuple[str, str], Chiffre] = field(default_factory=dict)


def lire_autour(base: Base, diagnostic: Diagnostic) -> Autour:
    """Joindre à la table longue ce qu'un portrait montre en plus ; la vérification d'un portrait le refait de même."""
    ancien, ensembles = lire_les_autres_dates(base, diagnostic), diagnostic.ensembles
    quartiers = [ensembles.sujet] if ensembles.sujet.niveau == "qpv" else list(ensembles.qpv)
    seuls = ensembles.sujet.niveau not in {"commune", "qpv"}
    if seuls or not quartiers or not base.couches("contours_qpv") or not base.couches("contours_iris"):
        return Autour(ancien)
    from abs.perimetres.perimetres import iris_autour  # noqa: PLC0415 - geopandas, réservé à qui a des QPV

    plan = table("_portrait")["fiche_qpv"]
    trouves = iris_autour(base, quartiers, plan["iris_maximum"])
    if ensembles.sujet.niveau == "qpv":
        chiffres = _lire(base, diagnostic, [i for siens in trouves.values() for i in siens], plan["iris"])
        return Autour(ancien, trouves, chiffres)
    mailles = {t.code: t for t in ensembles.mailles}
    tenus = {q: [i for i in siens if i.code in mailles] for q, siens in trouves.items()}
    lus = {
        (i.code, code): chiffre
        for siens in tenus.values()
        for i in siens
        for code in plan["iris"]
        if (chiffre := diagnostic.lu(mailles[i.code], code, "mailles")) is not None
    }
    return Autour(ancien, tenus, lus)


def _lire(
    base: Base, diagnostic: Diagnostic, iris: Sequence[IrisAutour], codes: Sequence[str]
) -> dict[tuple[str, str], Chiffre]:
    """Lire les IRIS d'un QPV, que son diagnostic n'a pas : à la date la plus récente où l'un d'eux a un chiffre."""
    calculateur, demande = Diagnostiqueur(base, diagnostic.demande).calculateur, diagnostic.demande
    lus: dict[tuple[str, str], Chiffre] = {}
    for code in codes:
        definition = indicateurs()[code]
        lectures = tuple(le for le in definition.lectures if "iris" in le.source.niveaux)
        annees = {a for le in lectures for a in demande.vintages(calculateur.base, le.source.id)}
        for annee in sorted(annees, reverse=True):
            chiffres = [
                calculateur.chiffre(
                    definition, Territoire(i.code, "iris", i.nom, composantes=(i.code,)), annee, lectures
                )
                for i in iris
            ]
            trouves = {(c.territoire, code): c for c in chiffres if c is not None and c.a_une_valeur}
            if trouves:
                lus |= trouves
                break
    connus = {c.cle for c in diagnostic.chiffres}
    diagnostic.chiffres += [c for c in lus.values() if c.cle not in connus]
    return lus
