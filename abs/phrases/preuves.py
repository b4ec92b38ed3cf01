"""Ce qui porte une phrase : pour chaque chiffre cité, sa valeur, ses comptes, sa source, ses colonnes et sa formule."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from abs.calcul.chiffre import Chiffre
from abs.calcul.sources_recues import est_locale
from abs.calcul.table_longue import Diagnostic
from abs.formats import avec_unite, nombre
from abs.indicateurs.indicateurs import Indicateur, Lecture
from abs.langue import points
from abs.phrases.ecriture import ecrire, reference
from abs.statuts import LIBELLES_FIABILITE, LIBELLES_STATUT
from donnees_insee.catalogue.catalogue import source


@dataclass(frozen=True)
class Appui:
    """Une ligne du diagnostic, écrite pour le lecteur d'une phrase."""

    reference: str
    territoire: str
    indicateur: str
    valeur: str
    numerateur: str
    denominateur: str
    precision: str
    date: str
    source: str
    colonnes: str
    formule: str


class Appuis:
    """Les lignes du diagnostic, retrouvées par leur référence."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        self._diagnostic = diagnostic
        self._chiffres = {reference(c): c for c in diagnostic.chiffres}
        self._noms = {(t.code, t.niveau): t.titre for t in diagnostic.ensembles.tous()}

    def de(self, references: Iterable[str]) -> list[Appui]:
        """Donner les appuis d'une phrase."""
        return [self._appui(r, c) for r in references if (c := self._chiffres.get(r)) is not None]

    def _appui(self, ref: str, chiffre: Chiffre) -> Appui:
        indicateur = self._diagnostic.indicateurs[chiffre.indicateur]
        lecture = _lecture(indicateur, chiffre)
        if est_locale(chiffre):
            comptes = self._diagnostic.locales.comptes.get(chiffre.indicateur, ())
            titre, colonnes, formule = chiffre.source, "", " / ".join(filter(None, comptes))
        else:
            titre = source(chiffre.source).titre
            colonnes = ", ".join(lecture.variables) if lecture else ""
            formule = lecture.formule_lisible() if lecture else ""
        return Appui(
            ref,
            self._noms.get((chiffre.territoire, chiffre.niveau), chiffre.territoire),
            indicateur.libelle,
            ecrire(indicateur, chiffre),
            _compte(chiffre.numerateur),
            _compte(chiffre.denominateur),
            _precision(chiffre, indicateur),
            chiffre.periode,
            titre,
            colonnes,
            formule,
        )


def _lecture(indicateur: Indicateur, chiffre: Chiffre) -> Lecture | None:
    lue = (chiffre.source, chiffre.definition)
    return next((le for le in indicateur.lectures if (le.source.id, le.definition) == lue), None)


def _compte(valeur: float) -> str:
    return "" if math.isnan(valeur) else nombre(valeur)


def _precision(chiffre: Chiffre, indicateur: Indicateur) -> str:
    morceaux = [LIBELLES_STATUT[chiffre.statut]]
    if not math.isnan(chiffre.marge):
        marge = chiffre.marge
        ecrite = points(marge, 1) if indicateur.unite == "%" else avec_unite(marge, indicateur.unite, 1)
        morceaux.append(f"± {ecrite}")
    morceaux.append(f"fiabilité {LIBELLES_FIABILITE[chiffre.fiabilite]}")
    return ", ".join(morceaux)
