"""De quoi un territoire est fait dans la géographie d'une source, ce que cela pèse, et qui contient qui parmi les reçus."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

import numpy as np
import pandas as pd

from abs.calcul.lecture import Lecteur
from abs.calcul.secret import Emboitement
from abs.definitions import table
from abs.indicateurs.formules import formule
from abs.indicateurs.indicateurs import Lecture
from abs.territoires.territoires import Territoire, Territoires
from donnees_insee import codes
from donnees_insee.base.base import Base
from donnees_insee.catalogue import catalogue
from donnees_insee.geographie.appartenances import Geographie

PRESQUE_TOUT: Final = 0.9999
POPULATION_D_IRIS: Final = Lecture(source=catalogue.source("rp_population"), numerateur=formule("P_POP"))


@dataclass(frozen=True, eq=False)
class Elements:
    """Les composantes d'un territoire dans une table, cherchées une fois pour tous les indicateurs de cette table."""

    codes: list[str]
    places: np.ndarray
    poids: np.ndarray

    def couverture(
        self,
        presents: np.ndarray,
        denominateurs: np.ndarray,
        *,
        population: float | None = None,
        plafond: float | None = None,
    ) -> float:
        """Mesurer la part couverte, au poids des dénominateurs ; à défaut de la population, à défaut du nombre."""
        if presents.all():
            return 1.0
        poids = (denominateurs if (~np.isnan(denominateurs)).any() else self.poids).astype(float)
        if plafond is not None:
            # Dans le fichier mais sans nombre : caché sous le seuil du producteur.
            poids = np.where(np.isnan(poids) & (self.places >= 0), plafond, poids)
        connus = ~np.isnan(poids)
        if not connus.any() or poids[connus].sum() <= 0:
            return min(float(presents.mean()), PRESQUE_TOUT)
        total = float(poids[connus].sum()) + self._poids_des_inconnus(poids, connus, population)
        # Une composante sans habitant manque quand même : la couverture reste en dessous de un.
        return min(float(poids[presents & connus].sum()) / total, PRESQUE_TOUT)

    def _poids_des_inconnus(self, poids: np.ndarray, connus: np.ndarray, population: float | None) -> float:
        """Peser les composantes de poids inconnu par leurs habitants, au rapport que donnent les autres."""
        inconnus = ~connus
        if not inconnus.any():
            return 0.0
        moyenne = float(poids[connus].mean())
        reperes = connus & (self.poids > 0)
        if not reperes.any():
            return moyenne * int(inconnus.sum())
        rapport = float(poids[reperes].sum() / self.poids[reperes].sum())
        sans = inconnus & np.isnan(self.poids)
        pese = rapport * float(np.nansum(self.poids[inconnus]))
        if not sans.any():
            return pese
        if population is None or np.isnan(self.poids[connus]).any():
            return pese + moyenne * int(sans.sum())
        return pese + rapport * max(population - float(np.nansum(self.poids)), 0.0)


class Decoupage:
    """Découpe des territoires en composantes et les pèse."""

    def __init__(self, base: Base, territoires: Territoires, sujet: Territoire) -> None:
        self.base = base
        self.territoires = territoires
        connues = [str(c) for c in territoires.geographie.communes.index]
        self.lecteur = Lecteur(base, self._prefixes(sujet), connues)
        self.elements = lru_cache(maxsize=None)(self._elements)
        self.population = lru_cache(maxsize=None)(self._population)
        self._poids = lru_cache(maxsize=32)(self._poids_par_code)
        self._vus = lru_cache(maxsize=64)(self._codes_par_commune)
        self._iris = lru_cache(maxsize=None)(self._liste_d_iris)

    def _prefixes(self, sujet: Territoire) -> tuple[str, ...] | None:
        communes = self.territoires.geographie.communes
        siennes = communes.reindex([c[:5] for c in sujet.composantes] or [sujet.code[:5]])
        regions = set(siennes["region"].dropna())
        voisines = communes[communes["region"].isin(regions)] if regions else siennes
        trouves = tuple(sorted(set(voisines["departement"].dropna())))
        return trouves or None

    @cached_property
    def populations(self) -> pd.Series:
        """Population des communes, par la meilleure source tenue."""
        lues = [self._population_des_communes(*s) for s in table("_lecture")["populations"]]
        series = [s for s in lues if len(s)]
        toutes = pd.concat(series) if series else pd.Series(dtype=float)
        return toutes[~toutes.index.duplicated()]

    def population_datee(self, territoire: Territoire, millesime: int) -> tuple[float, str] | None:
        """Donner la population d'un territoire fait de communes entières, à la date tenue la plus proche."""
        if territoire.niveau in {"iris", "quartier", "qpv"} or not territoire.composantes:
            return None
        communes = [codes.ville_de_l_arrondissement(c[:5]) for c in territoire.composantes]
        candidates = [
            (abs(annee - millesime), annee, identifiant, variable)
            for identifiant, variable in table("_lecture")["populations_datees"]
            for annee in self.base.millesimes(identifiant, "commune")
        ]
        for _, annee, identifiant, variable in sorted(candidates):
            lues = self.lecteur.table(identifiant, annee, "commune").get(variable)
            trouvees = None if lues is None else lues.reindex(communes)
            if trouvees is not None and trouvees.notna().all():
                return float(trouvees.sum()), catalogue.source(identifiant).periode_de(annee)
        return None

    def _population_des_communes(self, source: str, variable: str, niveau: str) -> pd.Series:
        """Lire la population des communes au dernier millésime d'une source qui la porte."""
        for annee in self.base.millesimes(source, niveau)[::-1]:
            if variable not in self.base.colonnes(source, annee, niveau):
                continue
            lues = self.base.lire(source, annee, niveau, colonnes=[variable])[variable].dropna()
            if niveau == "commune":
                return lues
            return lues.groupby([codes.ville_de_l_arrondissement(str(c)[:5]) for c in lues.index]).sum()
        return pd.Series(dtype=float)

    def _population(self, territoire: Territoire) -> float | None:
        """Donner la population qui règle le mode de collecte du recensement dans un territoire."""
        lieux = list(territoire.composantes)
        if territoire.niveau in {"iris", "quartier", "commune"}:
            lieux = [codes.ville_de_l_arrondissement((territoire.composantes or (territoire.code,))[0][:5])]
        connues = self.populations.reindex(lieux).dropna()
        return float(connues.sum()) if len(connues) else None

    def composantes(
        self, territoire: Territoire, source: str, millesime: int, niveau: str
    ) -> list[tuple[str, str]]:
        """Lister les composantes d'un territoire dans la géographie d'une source."""
        if territoire.niveau in {"iris", "quartier"}:
            return [(c, territoire.type_iris) for c in territoire.composantes]
        if niveau == "commune":
            return [(c, "") for c in territoire.composantes]
        annee = self.base.geographie(source, millesime, niveau)
        couples: list[tuple[str, str]] = []
        for commune in territoire.composantes:
            couples += self._iris(commune, source, millesime, annee) or [(f"{commune}0000", "Z")]
        return couples

    def _codes_par_commune(self, source: str, millesime: int) -> dict[str, set[str]]:
        vus: dict[str, set[str]] = {}
        for code in self.lecteur.rangs(source, millesime, "iris"):
            for commune in {code[:5], codes.ville_de_l_arrondissement(code[:5])}:
                vus.setdefault(commune, set()).add(code)
        return vus

    def _liste_d_iris(
        self, commune: str, source: str, millesime: int, annee: int | None
    ) -> list[tuple[str, str]]:
        vus = self._vus(source, millesime).get(commune, set())
        return [(c, t) for c, _, t in self.territoires.geographie.codes_d_iris(commune, vus, annee)]

    def _elements(
        self, territoire: Territoire, source: catalogue.Source, millesime: int, niveau: str
    ) -> Elements:
        """Situer les composantes d'un territoire dans la table d'une source."""
        couples = self.composantes(territoire, source.id, millesime, niveau)
        retenus = [c for c, t in couples if t not in source.types_hors_champ]
        rangs, poids = self.lecteur.rangs(source.id, millesime, niveau), self._poids(niveau, millesime)
        return Elements(
            retenus,
            np.array([rangs.get(c, -1) for c in retenus], dtype=int),
            np.array([poids.get(c, np.nan) for c in retenus], dtype=float),
        )

    def _poids_par_code(self, elementaire: str, millesime: int) -> dict[str, float]:
        if elementaire == "commune":
            return self.populations.astype(float).to_dict()
        annees = self.base.millesimes("rp_population", "iris")
        if not annees:
            return {}
        annee = min(annees, key=lambda a: (abs(a - millesime), a))
        # Par la lecture ordinaire : un extrait qui a perdu P_POP en garde les tranches d'âge.
        lus = self.lecteur.comptes(POPULATION_D_IRIS, annee, "iris")
        return dict(zip(lus.rangs, lus.numerateur.tolist(), strict=True))


def contenants(composantes: Iterable[str], communes: pd.DataFrame) -> list[tuple[str, str]]:
    """Lister les territoires publiés qui contiennent toutes les composantes d'un groupe."""
    villes = {codes.ville_de_l_arrondissement(c[:5]) for c in composantes}
    trouves = [("commune", villes.copy())]
    connues = communes.reindex(sorted(villes))
    trouves += [(niveau, {str(v) for v in connues[niveau]}) for niveau in ("epci", "departement", "region")]
    return [
        (niveau, next(iter(ensemble)))
        for niveau, ensemble in trouves
        if len(ensemble) == 1 and ensemble.isdisjoint({"nan", "None", "<NA>", ""})
    ]


def emboitements(recus: set[str], geographie: Geographie) -> list[Emboitement]:
    """Dire lesquels des territoires reçus en contiennent d'autres."""
    intercommunalites = set(geographie.epci.index)
    iris = sorted(c for c in recus if codes.conforme(c, "iris") and c not in intercommunalites)
    etendues = _etendues(recus, geographie)
    # Du plus grand au plus petit : un contenant se décompose en ses plus grands morceaux reçus.
    ranges = sorted(etendues, key=lambda c: (-len(etendues[c]), c))
    trouves = []
    for rang, contenant in enumerate(ranges):
        couvertes: set[str] = set()
        contenus: list[str] = []
        for plus_petit in ranges[rang + 1 :]:
            siennes = etendues[plus_petit]
            if siennes < etendues[contenant] and not siennes & couvertes:
                contenus.append(plus_petit)
                couvertes |= siennes
        contenus += [i for i in iris if i[:5] in etendues[contenant] - couvertes]
        if contenus:
            trouves.append(Emboitement(contenant, tuple(contenus)))
    return trouves + _qpv_de_communes(recus, geographie)


def _etendues(recus: set[str], geographie: Geographie) -> dict[str, frozenset[str]]:
    """Donner les communes (arrondissements compris) de chaque territoire reçu plus grand qu'un IRIS."""
    table = geographie.communes
    de_ville = {c for c in table.index if codes.ville_de_l_arrondissement(str(c)) != c}
    villes = {codes.ville_de_l_arrondissement(c) for c in de_ville}
    etendues: dict[str, set[str]] = {c: {c} for c in recus if codes.conforme(c, "commune")}
    for commune, ligne in table.iterrows():
        # Une ville découpée est ses arrondissements ; eux n'ont pas toujours d'EPCI à leur nom.
        if commune in villes:
            continue
        ville = codes.ville_de_l_arrondissement(str(commune))
        repere = table.loc[ville] if ville in table.index else ligne
        ensembles = {ville, str(repere["epci"]), str(ligne["departement"]), f"R{ligne['region']}"}
        ensembles |= set() if str(commune).startswith("97") else {"METRO"}
        for ensemble in ensembles & recus:
            etendues.setdefault(ensemble, set()).add(str(commune))
    for ville in villes & set(etendues):
        etendues[ville].discard(ville)
    return {c: frozenset(e) for c, e in etendues.items() if e}


def _qpv_de_communes(recus: set[str], geographie: Geographie) -> list[Emboitement]:
    """Rattacher à leur commune les QPV reçus d'une même génération ; ils n'en couvrent qu'une partie."""
    par_generation: dict[tuple[str, str], list[str]] = {}
    for qpv in sorted(recus & set(geographie.qpv.index)):
        siennes = geographie.qpv.at[qpv, "communes"]
        if len(siennes) == 1 and siennes[0] in recus:
            par_generation.setdefault((siennes[0], qpv[:2]), []).append(qpv)
    return [Emboitement(c, tuple(q), partition=False) for (c, _), q in par_generation.items()]
