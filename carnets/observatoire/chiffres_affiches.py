"""Un chiffre du site : ce qu'on lit, ce qu'il est, d'où il vient, sa date, et ce à quoi il peut être comparé."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from abs.calcul.sources_recues import est_locale
from abs.formats import nombre
from abs.phrases.ecriture import mots_de_couverture, reference
from abs.phrases.preuves import Appuis
from abs.portrait.tableaux import MARQUE_FRAGILE, Cellule, cellule
from abs.statuts import LIBELLES_STATUT, Fiabilite, Statut
from carnets.observatoire.mots import en_clair
from donnees_insee.catalogue.catalogue import sources

if TYPE_CHECKING:
    from abs.calcul.chiffre import Chiffre
    from abs.calcul.table_longue import Diagnostic
    from abs.indicateurs.indicateurs import Indicateur
    from abs.territoires.territoires import Territoire

FRAGILE: Final = "chiffre fragile, à ne pas commenter seul"


@dataclass(frozen=True)
class Figure:
    """Un chiffre prêt à montrer."""

    indicateur: Indicateur
    chiffre: Chiffre | None
    cellule: Cellule
    mention: str
    comptes: str
    source: str

    @property
    def date(self) -> str:
        """Date à lire."""
        return "" if self.chiffre is None else self.chiffre.periode

    @property
    def fragile(self) -> bool:
        """Dire si le chiffre est fragile."""
        return self.a_une_valeur and self.chiffre is not None and self.chiffre.fiabilite == Fiabilite.FRAGILE

    @property
    def a_une_valeur(self) -> bool:
        """Dire si le chiffre peut être écrit."""
        return self.chiffre is not None and self.chiffre.a_une_valeur

    @property
    def statut(self) -> str:
        """Statut du contrat ; ``indisponible`` si l'indicateur n'existe pas à ce niveau."""
        return str(Statut.INDISPONIBLE if self.chiffre is None else self.chiffre.statut)

    @property
    def libelle_du_statut(self) -> str:
        """Statut en mots, sans la raison."""
        return LIBELLES_STATUT[self.statut]


class Lecteur:
    """Lit les chiffres d'un diagnostic sous leur forme à montrer."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        self.diagnostic = diagnostic
        self._appuis = Appuis(diagnostic)

    def figure(self, territoire: Territoire, indicateur: Indicateur, groupe: str) -> Figure:
        """Lire un chiffre à la date d'un groupe."""
        repere = territoire.niveau == "epci" and groupe != "comparaison"
        if repere and self.diagnostic.millesimes.get((groupe, indicateur.code)) is None:
            # Sans la date du groupe, rien de l'intercommunalité n'est à cette date.
            return self._montrer(indicateur, None)
        return self._montrer(indicateur, self.diagnostic.chiffre(territoire, indicateur.code, groupe))

    def _montrer(self, indicateur: Indicateur, chiffre: Chiffre | None) -> Figure:
        ecrite = cellule(indicateur, chiffre)
        if chiffre is None:
            recu = indicateur.code in self.diagnostic.locales.indicateurs
            raison = "non transmis pour ce territoire" if recu else "non publié à ce niveau"
            return Figure(indicateur, None, ecrite, raison, "", "")
        appui = self._appuis.de([reference(chiffre)])
        comptes = ""
        if chiffre.a_une_valeur and chiffre.denominateur == chiffre.denominateur:
            comptes = f"{nombre(chiffre.numerateur)} / {nombre(chiffre.denominateur)}"
        precision = appui[0].precision if appui else LIBELLES_STATUT[chiffre.statut]
        mention = mention_de(chiffre, precision)
        connue = sources().get(chiffre.source)
        return Figure(
            indicateur, chiffre, ecrite, mention, comptes, connue.titre if connue else chiffre.source
        )


def mention_de(chiffre: Chiffre, precision: str) -> str:
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
    if figure.chiffre is None or repere.chiffre is None or not repere.a_une_valeur:
        return repere
    if date_comparable(figure.chiffre) == date_comparable(repere.chiffre):
        return repere
    return Figure(repere.indicateur, None, cellule(repere.indicateur, None), "autre date", "", "")


def date_comparable(chiffre: Chiffre) -> str:
    """Donner la clé de date d'un chiffre : deux chiffres se comparent s'ils ont la même, et la même série."""
    jour: int | str | None = chiffre.millesime
    connue = sources().get(chiffre.source)
    if est_locale(chiffre) or chiffre.millesime is None:
        jour = chiffre.periode
    elif connue is not None and "qpv" in connue.niveaux:
        jour = chiffre.annee_donnees or chiffre.periode
    return f"{jour} {chiffre.definition}".strip()
