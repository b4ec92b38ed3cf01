"""Les IRIS d'un périmètre ou d'un QPV : lesquels il touche, leurs chiffres réunis ou côte à côte, jamais une moyenne."""

import math
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final

import geopandas as gpd
import pandas as pd
from shapely.geometry.base import BaseGeometry

from abs.calcul.calcul import Calculateur
from abs.calcul.table_longue import Chiffre
from abs.definitions import dire
from abs.indicateurs.indicateurs import Indicateur, Lecture, indicateur
from abs.perimetres.transferts import TransfertRefuse
from abs.statuts import LIBELLES_STATUT, Statut
from abs.territoires.demande import Demande, ce_qui_est_tenu
from abs.territoires.territoires import Territoire, Territoires
from donnees_insee.base.base import Base
from donnees_insee.erreurs import DonneeAbsente, ParametreInvalide
from donnees_insee.geographie.changements_iris import recouvrements

# Deux tracés du même IRIS ne coïncident jamais au mètre : au-delà de cette part, il est tenu pour entier.
ENTIER: Final = 0.99
POUSSIERE: Final = 1e-6
TRAIT: Final = 1e-3


@dataclass(frozen=True)
class Recouvrement:
    """Les IRIS que touche un polygone."""

    table: pd.DataFrame
    iris: gpd.GeoDataFrame
    annee: int | None

    @property
    def couverture(self) -> float:
        """Part du périmètre que les contours tenus couvrent."""
        return float(self.table["part_perimetre"].sum())

    @property
    def entiers(self) -> tuple[str, ...]:
        """IRIS du périmètre s'il n'en coupe aucun ; vide sinon."""
        dedans = self.table[self.table["part_iris"] >= ENTIER]
        coupes = self.table["part_iris"].between(1 - ENTIER, ENTIER, inclusive="neither")
        if coupes.any() or dedans["part_perimetre"].sum() < ENTIER:
            return ()
        return tuple(sorted(str(c) for c in dedans.index))

    @property
    def communes(self) -> frozenset[str]:
        """Communes des IRIS touchés, sauf celles que le périmètre ne touche que par l'épaisseur du trait."""
        touches = self.table.index[self.table["part_perimetre"] >= TRAIT]
        return frozenset(str(c)[:5] for c in touches)


Couches = list[tuple[int | None, gpd.GeoDataFrame]]


def couches_d_iris(base: Base, departements: Collection[str] = ()) -> Couches:
    """Lire les couches d'IRIS tenues, ou ce qu'elles ont de quelques départements."""
    filtres = [[("commune", ">=", d), ("commune", "<", f"{d}Z")] for d in sorted(departements)]
    return [(a, base.lire_couche(chemin, filtres or None)) for a, chemin in base.couches("contours_iris")]


def recouvrement(base: Base, polygone: BaseGeometry, couches: Couches | None = None) -> Recouvrement:
    """Trouver les IRIS que touche un polygone, dans la couche tenue qui le couvre le mieux."""
    trouves = []
    for annee, couche in couches_d_iris(base) if couches is None else couches:
        proches = couche.iloc[couche.sindex.query(polygone, predicate="intersects")]
        if len(proches):
            trouves.append(_mesurer(polygone, proches.reset_index(drop=True), annee))
    if not trouves:
        raise DonneeAbsente(dire("perimetres", "aucun_contour"))
    return max(trouves, key=lambda r: (round(r.couverture, 3), r.annee or 0))


def _mesurer(polygone: BaseGeometry, proches: gpd.GeoDataFrame, annee: int | None) -> Recouvrement:
    cible = gpd.GeoDataFrame({"code": ["P"]}, geometry=[polygone], crs="EPSG:4326")
    couples = recouvrements(cible, proches, seuil=POUSSIERE)
    table = pd.DataFrame(
        {
            "nom": proches.set_index("code")["nom"].reindex(couples["apres"]).fillna("").to_numpy(),
            "part_iris": couples["part_apres"].to_numpy(),
            "part_perimetre": couples["part_avant"].to_numpy(),
        },
        index=pd.Index(couples["apres"], name="code"),
    )
    return Recouvrement(table, proches[proches["code"].isin(table.index)].reset_index(drop=True), annee)


@dataclass(frozen=True)
class Etendue:
    """Les valeurs publiées d'un indicateur dans les IRIS d'un périmètre : la plus basse, la plus haute, sans moyenne."""

    indicateur: str
    basse: float
    haute: float
    iris_bas: str
    iris_haut: str
    connus: int
    total: int
    periode: str
    absences: str


class PerimetreDIris:
    """Les chiffres d'une réunion d'IRIS entiers."""

    def __init__(self, base: Base, nom: str, iris: Sequence[str], demande: Demande | None = None) -> None:
        self.base = base
        self.nom = nom
        self.iris = tuple(sorted(set(iris)))
        self.demande = demande or Demande(nom)
        # Le calcul connaît les réunions d'IRIS sous le nom de quartier ; le chiffre rendu dit « périmètre ».
        self._groupe = Territoire(nom, "quartier", nom, composantes=self.iris, libelle=nom)
        self._calculateur = Calculateur(base, Territoires(base), self._groupe, self.demande)

    def chiffre(self, code: str) -> Chiffre:
        """Donner le rapport de sommes exact, ou la somme exacte, d'un indicateur."""
        definition = indicateur(code)
        lectures = [le for le in a_l_iris(definition) if not le.est_publiee]
        if not lectures:
            raise TransfertRefuse(dire("perimetres", "sans_comptes", indicateur=definition))
        source = lectures[0].source
        note = f"aucun fichier « {source.titre} » à l'IRIS dans la base"
        absent = Chiffre(self.nom, "perimetre", code, source.id, Statut.INDISPONIBLE, note=note)
        lus = []
        for annee in self.annees(lectures):
            lu = self._calculateur.chiffre(definition, self._groupe, annee, lectures)
            if lu is not None and lu.a_une_valeur:
                return replace(lu, niveau="perimetre")
            lus += [lu] if lu is not None else []
        return replace(lus[0] if lus else absent, niveau="perimetre")

    def etendue(self, code: str) -> Etendue:
        """Donner la plus basse et la plus haute valeur publiée parmi les IRIS."""
        definition = indicateur(code)
        lectures = a_l_iris(definition)
        absences = "aucun fichier à l'IRIS dans la base"
        for annee in self.annees(lectures):
            chiffres = [self.chiffre_d_iris(definition, c, annee, lectures) for c in self.iris]
            connus = sorted((c for c in chiffres if c is not None and c.a_une_valeur), key=lambda c: c.valeur)
            raisons = Counter(
                f"{LIBELLES_STATUT[c.statut]} ({c.note})" if c is not None else "absent du fichier"
                for c in chiffres
                if c is None or not c.a_une_valeur
            )
            absences = " ; ".join(f"{n} × {r}" for r, n in raisons.items())
            if connus:
                bas, haut = connus[0], connus[-1]
                bornes = (bas.valeur, haut.valeur, bas.territoire, haut.territoire)
                return Etendue(code, *bornes, len(connus), len(self.iris), bas.periode, absences)
        return Etendue(code, math.nan, math.nan, "", "", 0, len(self.iris), "", absences)

    def chiffre_d_iris(
        self, definition: Indicateur, code: str, annee: int, lectures: Sequence[Lecture] | None = None
    ) -> Chiffre | None:
        """Lire le chiffre d'un IRIS, tel que le producteur le donne."""
        territoire = Territoire(code, "iris", code, composantes=(code,))
        return self._calculateur.chiffre(definition, territoire, annee, lectures or a_l_iris(definition))

    def annees(self, lectures: Sequence[Lecture]) -> list[int]:
        """Lister les millésimes admis où l'une des lectures existe à l'IRIS, le plus récent d'abord."""
        tenues = {
            a
            for le in lectures
            for a in self.demande.vintages(self.base, le.source.id)
            if a in self.base.millesimes(le.source.id, "iris") and le.vaut_pour(a)
        }
        return sorted(tenues, reverse=True)


def a_l_iris(definition: Indicateur) -> list[Lecture]:
    """Garder les lectures d'un indicateur qui existent à l'IRIS."""
    return [le for le in definition.lectures if "iris" in le.source.niveaux]


# Au-dessous, l'IRIS ne touche le QPV que par l'épaisseur du trait.
PART_MINIMALE: Final = 0.01
DISTANCES: Final = (10.0, 5000.0)


def contour_de_qpv(base: Base, code: str) -> tuple[str, BaseGeometry, BaseGeometry]:
    """Lire le périmètre officiel d'un QPV, et celui de tous les QPV de la même couche."""
    for _, chemin in base.couches("contours_qpv"):
        couche = base.lire_couche(chemin)
        ligne = couche[couche["code"] == code]
        if len(ligne):
            formes = couche.geometry.make_valid()
            return str(ligne["nom"].iloc[0]), formes[ligne.index[0]], formes.union_all()
    tenu = ce_qui_est_tenu(base, code)
    suite = dire("perimetres", "sans_contour", tenu=" ; ".join(tenu), code=code) if tenu else ""
    raise DonneeAbsente(dire("perimetres", "qpv_absent", code=code) + suite)


def frange(qpv: BaseGeometry, metres: float, tous: BaseGeometry | None = None) -> BaseGeometry:
    """Tracer la frange d'un QPV."""
    if not DISTANCES[0] <= metres <= DISTANCES[1]:
        raise ParametreInvalide(dire("perimetres", "distance", metres=metres, bornes=DISTANCES))
    serie = gpd.GeoSeries([qpv], crs="EPSG:4326")
    metrique = serie.estimate_utm_crs()
    plan = serie.to_crs(metrique).make_valid()
    tampon = plan.buffer(metres).difference(plan)
    retire = qpv if tous is None else tous.union(qpv)
    return tampon.to_crs("EPSG:4326").make_valid().difference(retire).iloc[0]


@dataclass(frozen=True)
class ProfilQpv:
    """Les IRIS d'un QPV et leurs chiffres."""

    nom: str
    iris: pd.DataFrame
    chiffres: dict[tuple[str, str], Chiffre]
    ecartes: int
    avertissement: str


def profil_des_iris(
    base: Base, nom: str, qpv: BaseGeometry, codes: Sequence[str], demande: Demande | None = None
) -> ProfilQpv:
    """Dresser le profil des IRIS recouvrant un QPV."""
    table = recouvrement(base, qpv).table
    garde = compte_pour_le_profil(table)
    retenus = table[garde].sort_values("part_perimetre", ascending=False)
    if len({str(c)[:5] for c in retenus.index}) > 1:
        # Un IRIS d'une autre commune dit laquelle.
        communes = Territoires(base).geographie.communes["nom"]
        villes = [str(communes.get(str(c)[:5], str(c)[:5])) for c in retenus.index]
        retenus = retenus.assign(nom=[f"{n} ({v})" for n, v in zip(retenus["nom"], villes, strict=True)])
    lecteur = PerimetreDIris(base, nom, [str(c) for c in retenus.index], demande)
    chiffres: dict[tuple[str, str], Chiffre] = {}
    for code in codes:
        definition = indicateur(code)
        for annee in lecteur.annees(a_l_iris(definition)):
            lus = {c: lecteur.chiffre_d_iris(definition, c, annee) for c in lecteur.iris}
            if any(c is not None and c.a_une_valeur for c in lus.values()):
                chiffres |= {(iris, code): c for iris, c in lus.items() if c is not None}
                break
    return ProfilQpv(nom, retenus, chiffres, int((~garde).sum()), dire("perimetres", "iris_entiers"))


def compte_pour_le_profil(table: pd.DataFrame) -> pd.Series:
    """Dire quels IRIS ont assez en commun avec le QPV : une part sensible de l'un ou de l'autre."""
    return (table["part_iris"] >= PART_MINIMALE) | (table["part_perimetre"] >= PART_MINIMALE)


# Part d'un QPV ou de sa frange que porte un IRIS, au-dessous de laquelle il n'en dit rien ; largeur de la frange, en mètres.
PARTS: Final = (0.1, 0.05)
LARGEUR: Final = 300.0


@dataclass(frozen=True)
class IrisAutour:
    """Un IRIS que recouvre un QPV, ou que touche sa frange, et la part qu'il en porte."""

    code: str
    nom: str
    dedans: bool
    part: float


def iris_autour(base: Base, quartiers: Sequence[Territoire], combien: int) -> dict[str, list[IrisAutour]]:
    """Trouver, pour chaque QPV d'une même couche, les IRIS qu'il recouvre puis ceux de sa frange."""
    codes = {t.code for t in quartiers}
    lues = (base.lire_couche(chemin) for _, chemin in base.couches("contours_qpv"))
    perimetres = next((couche for couche in lues if set(couche["code"]) & codes), None)
    couches = couches_d_iris(base, {c[:2] for t in quartiers for c in t.composantes})
    if perimetres is None or all(couche.empty for _, couche in couches):
        return {}
    formes = perimetres.set_index("code").geometry.make_valid()
    tous, trouves = formes.union_all(), {}
    for code in sorted(codes & set(formes.index)):
        try:
            table = recouvrement(base, formes[code], couches).table
            bord = recouvrement(base, frange(formes[code], LARGEUR, tous), couches).table
        except DonneeAbsente:
            continue
        dedans = _plus_couverts(table[table["part_perimetre"] >= PARTS[0]], combien)
        autour = bord[(bord["part_perimetre"] >= PARTS[1]) & ~bord.index.isin(dedans.index)]
        trouves[code] = [
            IrisAutour(str(c), str(ligne["nom"]), t is dedans, float(ligne["part_perimetre"]))
            for t in (dedans, _plus_couverts(autour, combien))
            for c, ligne in t.iterrows()
        ]
    return trouves


def _plus_couverts(table: pd.DataFrame, combien: int) -> pd.DataFrame:
    return table.sort_values("part_perimetre", ascending=False).head(combien)
