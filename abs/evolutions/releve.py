"""Lire dans la base les évolutions d'un territoire : ce qui se compare, à géographie constante, et ce qui est refusé."""

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from abs.calcul.calcul import Calculateur
from abs.calcul.dans_le_temps import suivre
from abs.calcul.table_longue import Suite
from abs.definitions import dire
from abs.evolutions.evolutions import Evolution
from abs.evolutions.lieux import Lieux
from abs.evolutions.mesures import MesuresADeuxDates
from abs.evolutions.quartiers import relever_un_quartier
from abs.evolutions.resultats import Refus, Releve, saillants
from abs.formats import avec_unite
from abs.indicateurs.annees_comparables import Avis, juger, lectures_de, plus_proches
from abs.indicateurs.indicateurs import Indicateur, Lecture, indicateur, indicateurs
from abs.territoires.territoires import Territoire, Territoires
from donnees_insee import codes
from donnees_insee.base.base import Base
from donnees_insee.base.essai import fichiers_d_essai
from donnees_insee.catalogue.tables import enquetes_annuelles, millesimes
from donnees_insee.erreurs import ParametreInvalide, liste_de_fautes

__all__ = ["Refus", "Releve", "Releveur", "phrases_de_refus", "relever"]

# Familles dont l'absence à une seule des deux dates est dite sans qu'on la demande.
FAMILLES_SUIVIES: Final = frozenset({"recensement", "filosofi"})
INDICATEURS_NOMMES: Final = 4
# Deux dates font une pente, qui est montrée à part.
DATES_D_UNE_COURBE: Final = 3
HABITANTS: Final = ("population_depuis_1968", "population")
NIVEAUX_TOTAUX: Final = frozenset({"commune", "epci", "departement", "region"})


class Releveur:
    """Relève les évolutions d'un territoire."""

    def __init__(self, base: Base, texte: str, de: int, a: int) -> None:
        base.exiger()
        if de >= a:
            raise ParametreInvalide(dire("evolutions", "dates_inversees", de=de, a=a))
        self.base, self.de, self.a = base, de, a
        self.territoires = Territoires(base)
        self.sujet = _ville(self.territoires, texte) or self.territoires.trouver(texte)
        if self.sujet.niveau not in NIVEAUX_TOTAUX | {"iris", "qpv"}:
            raise ParametreInvalide(dire("evolutions", "niveau", texte=texte, niveau=self.sujet.niveau))
        self.calculateur = Calculateur(base, self.territoires, self.sujet)
        self.lieux = Lieux(self.calculateur.decoupage, self.sujet, de, a)
        self.mesures = MesuresADeuxDates(self.calculateur, self.lieux)

    def relever(self, codes_voulus: Iterable[str] = ()) -> Releve:
        """Relever les évolutions."""
        voulus = [indicateur(c) for c in codes_voulus]
        if self.sujet.niveau == "qpv":
            return relever_un_quartier(self.calculateur, self.sujet, (self.de, self.a), voulus)
        releve = Releve(self.sujet, self.de, self.a)
        for definition in voulus or indicateurs().values():
            self._un_indicateur(definition, releve, demande=bool(voulus))
        releve.suites = self._dans_le_temps(releve)
        lues = dict.fromkeys(e.source for e in releve.lignes())
        a_l_iris = [s for s in lues if self.lieux.tient(s, "iris")]
        releve.geographie = self.lieux.phrases(a_l_iris[0]) if a_l_iris else []
        return releve

    def _dans_le_temps(self, releve: Releve) -> dict[str, Suite]:
        """Suivre, à toutes les dates tenues jusqu'à la seconde, la population et les parts qui ont le plus changé."""
        choisis = [e.indicateur for e in saillants(releve) if indicateur(e.indicateur).unite == "%"]
        suivis: dict[str, Suite] = {}
        for code in (*HABITANTS, *choisis):
            definition = indicateur(code)
            lues = [lu.source for lu in definition.lectures if self.base.millesimes(lu.source.id)]
            suites = (
                suivre(self.calculateur, definition, s, self.sujet, (), self.a) for s in dict.fromkeys(lues)
            )
            suite = next((s for s in suites if s and s.liee and len(s.annees) >= DATES_D_UNE_COURBE), None)
            if suite is not None and not (code in HABITANTS and suivis):
                suivis[code] = suite
        return suivis

    def _un_indicateur(self, definition: Indicateur, releve: Releve, *, demande: bool) -> None:
        refus: Refus | None = None
        for source in dict.fromkeys(li.source.id for li in definition.lectures):
            lectures = lectures_de(definition, source, self.de, self.a)
            if lectures is None or not self._tenue(source):
                continue
            avis = self._sans_meler_les_editions(source, juger(definition, *lectures, self.de, self.a))
            if avis.refus:
                refus = refus or self._refus(definition, source, avis)
                continue
            total, mailles = self._lire(definition, lectures, avis)
            if total or mailles:
                releve.totaux[definition.code] = total
                releve.mailles[definition.code] = mailles
                releve.notes[definition.code] = (*self._euros(definition), *avis.notes)
                return
        if refus is None and (demande or self._tenue_a_une_date(definition)):
            refus = self._absence(definition)
        if refus is not None:
            releve.refus.append(refus)

    def _sans_meler_les_editions(self, source: str, avis: Avis) -> Avis:
        """Refuser deux dates de deux éditions : l'Insee y a revu les mêmes recensements."""
        de, a = (self.base.edition(source, annee) for annee in (self.de, self.a))
        if de == a:
            return avis
        mots = {"de": self.de, "a": self.a, "edition_de": _en_edition(de), "edition_a": _en_edition(a)}
        return replace(avis, refus=(*avis.refus, dire("evolutions", "editions", **mots)))

    def _euros(self, definition: Indicateur) -> tuple[str, ...]:
        """Dire en quels euros un montant est écrit, et de combien les prix ont monté."""
        indices = self.mesures.indices
        if definition.unite != "€" or not {self.de, self.a} <= indices.keys():
            return ()
        hausse = avec_unite(100 * (indices[self.a].indice / indices[self.de].indice - 1), "%", 1)
        return (dire("evolutions", "euros", a=self.a, de=self.de, hausse=hausse),)

    def _tenue(self, source: str) -> bool:
        utiles = ("iris", "commune", self.sujet.niveau)
        return {self.de, self.a} <= {m for n in utiles for m in self.base.millesimes(source, n)}

    def _tenue_a_une_date(self, definition: Indicateur) -> bool:
        """Dire si la source principale n'est tenue qu'à une date : l'analyste attend l'autre, et doit savoir."""
        premiere = definition.lectures[0].source
        tenus = set(self.base.millesimes(premiere.id))
        return premiere.famille in FAMILLES_SUIVIES and len(tenus & {self.de, self.a}) == 1

    def _absence(self, definition: Indicateur) -> Refus:
        """Refuser un indicateur que la base ne tient pas aux deux dates, par les règles d'abord."""
        source = definition.lectures[0].source.id
        lectures = lectures_de(definition, source, self.de, self.a)
        if lectures is not None:
            avis = juger(definition, *lectures, self.de, self.a)
            if avis.refus:
                return self._refus(definition, source, avis)
        return Refus(definition.code, source, (dire("evolutions", "absence", de=self.de, a=self.a),))

    def _refus(self, definition: Indicateur, source: str, avis: Avis) -> Refus:
        edition = self.base.edition(source, self.a)
        tenus = [m for m in self.base.millesimes(source) if self.base.edition(source, m) == edition]
        publies = {m.annee for m in millesimes().get(source, ())} | set(tenus)
        if definition.lectures[0].source.famille == "recensement":
            publies &= set(enquetes_annuelles())
        proposees = (plus_proches(definition, source, self.de, self.a, annees) for annees in (tenus, publies))
        return Refus(definition.code, source, avis.refus, *proposees)

    # -- lire -----------------------------------------------------------------------------------

    def _lire(
        self, definition: Indicateur, lectures: tuple[Lecture, Lecture], avis: Avis
    ) -> tuple[list[Evolution], list[Evolution]]:
        source, niveau = lectures[0].source.id, self.sujet.niveau
        mailles: list[Evolution] = []
        if niveau in {"commune", "iris"} and self.lieux.tient(source, "iris"):
            mailles = self.mesures.par_iris(definition, lectures, avis)
        if niveau == "iris":
            return [], mailles
        groupes = self.lieux.communes(source)
        par_commune = [self.mesures.par_commune(definition, lectures, avis, g) for g in groupes]
        if niveau == "commune":
            return [replace(e, nom=self.sujet.nom, code=self.sujet.code) for e in par_commune], mailles
        return [self.mesures.ensemble(definition, lectures, avis, par_commune)], par_commune


def _en_edition(edition: tuple[int, int] | None) -> str:
    if edition is None:
        return dire("evolutions", "sans_edition")
    annee, geographie = edition
    return dire("evolutions", "edition", annee=annee) + (
        dire("evolutions", "geographie", geographie=geographie) if geographie else ""
    )


def _ville(territoires: Territoires, texte: str) -> Territoire | None:
    """Trouver une ville à arrondissements dans une base qui ne tient que ses arrondissements."""
    code, noms = texte.strip(), territoires.geographie.communes["nom"]
    siens = [str(c) for c in noms.index if codes.ville_de_l_arrondissement(str(c)) == code != str(c)]
    if not siens or code in noms.index:
        return None
    nom = re.sub(r" \d.*$", "", str(noms[siens[0]]))
    return Territoire(code, "commune", nom, None, (code,), libelle=nom)


def relever(base: Base, texte: str, de: int, a: int, codes_voulus: Iterable[str] = ()) -> Releve:
    """Relever les évolutions d'un territoire, ou refuser si rien ne se compare.

    Parameters
    ----------
    base : Base
        Base locale.
    texte : str
        Code ou nom du territoire.
    de, a : int
        Millésimes, le plus ancien d'abord.
    codes_voulus : iterable of str, default ()
        Indicateurs ; par défaut, tous ceux que la base tient aux deux dates.

    Returns
    -------
    Releve
        Évolutions, et refus des indicateurs qui ne se comparent pas.

    Raises
    ------
    ParametreInvalide
        Si aucun indicateur ne se compare ; les raisons et les dates les plus proches sont dites.

    Examples
    --------
    >>> relever(base, "99001", 2016, 2022, ["population"]).sujet.nom
    'Arzance-la-Ville'
    """
    releve = Releveur(base, texte, de, a).relever(codes_voulus)
    if releve.totaux:
        lues = {(e.source, m) for e in releve.lignes() for m in base.millesimes(e.source)}
        releve.essais = tuple(fichiers_d_essai(base, lues))
        return releve
    if not releve.refus:
        raise ParametreInvalide(dire("evolutions", "rien_de_tenu", nom=releve.sujet.nom, de=de, a=a))
    debut = f"{releve.sujet.nom}, {de} → {a} : aucune évolution n'est écrite."
    raise ParametreInvalide(liste_de_fautes(debut, phrases_de_refus(releve.refus)))


def phrases_de_refus(refus: Iterable[Refus]) -> list[str]:
    """Dire les refus, une fois par raison."""
    groupes: dict[str, list[str]] = {}
    for r in refus:
        groupes.setdefault(f"{' '.join(r.raisons)}{_autres_dates(r)}", []).append(r.indicateur)
    return [f"{_qui(siens)} : {mots}" for mots, siens in groupes.items()]


def _autres_dates(refus: Refus) -> str:
    """Dire les comparaisons admises les plus proches, publiées puis tenues."""
    if not refus.publiees and not refus.tenues:
        return ""
    accord = "t" if len(refus.publiees) == 1 else "ent"
    suite = f" Se comparerai{accord} : {_paires(refus.publiees)}." if refus.publiees else ""
    return f"{suite} Dans la base : {_paires(refus.tenues) or 'aucune comparaison admise'}."


def _qui(siens: list[str]) -> str:
    noms = [indicateur(code).libelle_court for code in siens]
    if len(noms) == 1:
        return noms[0]
    reste = " ; …" if len(noms) > INDICATEURS_NOMMES else ""
    return f"{len(noms)} indicateurs ({' ; '.join(noms[:INDICATEURS_NOMMES])}{reste})"


def _paires(paires: Iterable[tuple[int, int]]) -> str:
    return " ou ".join(f"{x} → {y}" for x, y in paires)
