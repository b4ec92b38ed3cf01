"""Relever les chiffres d'une intercommunalité : chaque indicateur à une seule date pour toutes les communes."""

import math
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from abs.calcul.diagnostic import Diagnostiqueur
from abs.calcul.essais import essais_employes
from abs.calcul.remarques import remarques_de
from abs.calcul.table_longue import Chiffre, Diagnostic, Ensembles
from abs.definitions import dire
from abs.indicateurs.indicateurs import Indicateur, indicateur, indicateurs
from abs.intercommunal.plan import plan
from abs.territoires.demande import Demande
from abs.territoires.references import References
from abs.territoires.territoires import NOMS_DE_NIVEAU, Territoire
from donnees_insee import codes
from donnees_insee.base.base import Base
from donnees_insee.catalogue.catalogue import source
from donnees_insee.erreurs import ParametreInvalide

# Une date convient si elle chiffre presque autant de communes que la mieux remplie : elle est alors la plus récente.
PART_DU_MIEUX: Final = 0.8
ARTICLES: Final = re.compile(r"^(?:les? |la |l )")
ROLES: Final = ("departement", "france")


@dataclass(frozen=True)
class EnsemblesIntercommunaux(Ensembles):
    """Les territoires d'une comparaison intercommunale, avec les communes comparables venues d'ailleurs."""

    pairs: tuple[Territoire, ...] = ()

    def tous(self) -> tuple[Territoire, ...]:
        """Donner tous les territoires, le sujet en tête."""
        return (*super().tous(), *self.pairs)


class DiagnostiqueurIntercommunal(Diagnostiqueur):
    """Assemble le diagnostic d'une intercommunalité, toutes les communes et références à la même date."""

    def __init__(self, base: Base, demande: Demande) -> None:
        super().__init__(base, demande)
        if self.sujet.niveau != "epci":
            niveau = NOMS_DE_NIVEAU[self.sujet.niveau]
            raise ParametreInvalide(dire("comparaison", "niveau", sujet=self.sujet, niveau=niveau))

    @cached_property
    def communes(self) -> tuple[Territoire, ...]:
        """Communes de l'intercommunalité, dans l'ordre alphabétique français de leurs noms, article compté après."""
        return tuple(sorted(super().ensembles().mailles, key=lambda t: ordre_des_noms(t.nom)))

    @cached_property
    def centre(self) -> Territoire | None:
        """Ville-centre : la commune la plus peuplée ; ``None`` si une population manque ou s'il n'y a qu'une commune."""
        populations = self.calculateur.decoupage.populations.reindex([t.code for t in self.communes])
        if len(self.communes) < 2 or populations.isna().any():
            return None
        plus_peuplee = str(populations.idxmax())
        return next(t for t in self.communes if t.code == plus_peuplee)

    @cached_property
    def population_d_apres(self) -> str:
        """Source et date de la population qui désigne la ville-centre ; vide si elle ne se retrouve pas."""
        if self.centre is None:
            return ""
        retenue = self.calculateur.decoupage.populations[self.centre.code]
        for essai in plan()["centre"]["populations"]:
            identifiant, variable, niveau = essai["source"], essai["variable"], essai["niveau"]
            annees = self.base.millesimes(identifiant, niveau)[::-1]
            tenues = [a for a in annees if variable in self.base.colonnes(identifiant, a, niveau)]
            for annee in tenues[:1]:
                lues = self.base.lire(identifiant, annee, niveau, colonnes=[variable])[variable].dropna()
                villes = [codes.ville_de_l_arrondissement(str(c)[:5]) for c in lues.index]
                if abs(lues.groupby(villes).sum().get(self.centre.code, math.inf) - retenue) < 1:
                    return f"{source(identifiant).titre_court}, {annee}"
        return ""

    def ensembles(self) -> EnsemblesIntercommunaux:
        """Déterminer les territoires comparés."""
        tous, gardees = super().ensembles(), []
        if self.centre is not None:
            autour = References(self.territoires).autour(self.centre, self.calculateur.decoupage.populations)
            gardees = [t for t in autour if t.role == "epci_hors_centre"]
        gardees += [t for t in tous.references if t.role in ROLES]
        sujet = replace(self.sujet, role="epci", libelle=self.sujet.nom, dans="dans l'intercommunalité")
        return EnsemblesIntercommunaux(sujet, tuple(gardees), self.communes, tous.qpv, ())

    def assembler(
        self, suivre: Callable[[str], None] | None = None, seulement: tuple[str, ...] | None = None
    ) -> Diagnostic:
        """Calculer tous les chiffres, un indicateur à une date."""
        ensembles = self.ensembles()
        diagnostic = Diagnostic(self.demande, ensembles, [])
        choisis = [indicateur(c) for c in seulement] if seulement else list(indicateurs().values())
        for definition in choisis:
            if suivre is not None:
                suivre(definition.libelle)
            diagnostic.chiffres += self._des_communes(definition, diagnostic)
            diagnostic.chiffres += self._des_qpv(definition, diagnostic)
        diagnostic.chiffres = sans_doublon(diagnostic.chiffres)
        diagnostic.essais = essais_employes(self.base, ensembles, diagnostic.chiffres)
        diagnostic.remarques = remarques_de(diagnostic, self.territoires)
        return diagnostic

    def _des_communes(self, definition: Indicateur, diagnostic: Diagnostic) -> list[Chiffre]:
        lectures = tuple(le for le in definition.lectures if "qpv" not in le.source.niveaux)
        ensembles = diagnostic.ensembles
        territoires = (ensembles.sujet, *ensembles.references, *ensembles.mailles)
        annees = {a for le in lectures for a in self.demande.vintages(self.base, le.source.id)}
        essais = [
            (annee, chiffres)
            for annee in sorted(annees, reverse=True)
            if (chiffres := self._a_la_date(definition, lectures, territoires, annee))
        ]
        choisie = date_commune(essais, {t.code for t in ensembles.mailles})
        for groupe in ("mailles", "comparaison"):
            diagnostic.millesimes[groupe, definition.code] = None if choisie is None else choisie[0]
        if choisie is None:
            return self._sans_source(definition, lectures, territoires) if lectures else []
        return choisie[1]

    def _des_qpv(self, definition: Indicateur, diagnostic: Diagnostic) -> list[Chiffre]:
        """Lire les QPV à la date du producteur, puis leurs communes et l'intercommunalité à l'année de ces données."""
        if not diagnostic.ensembles.qpv:
            return []
        annee, chiffres = self._groupe(definition, "qpv", diagnostic.ensembles.qpv, diagnostic)
        diagnostic.millesimes["qpv", definition.code] = annee
        return chiffres + self._sujet_a_la_date_des_qpv(definition, chiffres, diagnostic)


def sans_doublon(chiffres: Sequence[Chiffre]) -> list[Chiffre]:
    """Ne garder qu'une fois un chiffre lu pour plusieurs groupes : le premier."""
    uniques = {
        (c.territoire, c.niveau, c.indicateur, c.definition, c.millesime, c.source): c for c in chiffres[::-1]
    }
    return list(uniques.values())[::-1]


def ordre_des_noms(nom: str) -> tuple[str, str]:
    """Donner la clé qui range un nom de commune : ni accent, ni casse, ni ponctuation, ni article initial."""
    developpe = nom.replace("œ", "oe").replace("Œ", "Oe")
    sans_accent = "".join(c for c in unicodedata.normalize("NFD", developpe) if not unicodedata.combining(c))
    propre = " ".join(re.sub(r"[\W_]+", " ", sans_accent).casefold().split())
    return ARTICLES.sub("", propre), propre


def date_commune(
    essais: Sequence[tuple[int, list[Chiffre]]], communes: set[str]
) -> tuple[int, list[Chiffre]] | None:
    """Choisir la date d'un indicateur pour toutes les communes."""
    comptes = [
        sum(c.a_une_valeur and c.niveau == "commune" and c.territoire in communes for c in chiffres)
        for _, chiffres in essais
    ]
    seuil = max(1, PART_DU_MIEUX * max(comptes, default=0))
    remplis = [e for e, n in zip(essais, comptes, strict=True) if n >= seuil]
    avec = [e for e in remplis if any(c.a_une_valeur and c.niveau != "commune" for c in e[1])]
    return next(iter(avec or remplis or essais), None)


def relever(
    base: Base, demande: Demande, voulus: Sequence[str] = (), suivre: Callable[[str], None] | None = None
) -> tuple[DiagnostiqueurIntercommunal, Diagnostic]:
    """Relever les chiffres d'une intercommunalité."""
    for code in voulus:
        indicateur(code)
    diagnostiqueur = DiagnostiqueurIntercommunal(base, demande)
    # La population dit quelles communes se rangent et ce que pèse la ville-centre : elle est toujours lue.
    seulement = tuple(dict.fromkeys(("population", *voulus))) if voulus else None
    return diagnostiqueur, diagnostiqueur.assembler(suivre, seulement)
