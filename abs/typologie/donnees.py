"""Lire les IRIS d'une typologie : qui ils sont, où l'on apprend, leurs variables, les quartiers qu'ils recouvrent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from abs.calcul.lecture import Lecteur
from abs.definitions import dire
from abs.indicateurs.fiabilite import marge_de_sondage
from abs.indicateurs.indicateurs import Indicateur, Lecture, indicateur
from abs.territoires.territoires import NOMS_DE_NIVEAU, Territoire, Territoires
from abs.typologie.variables import Table, VariableActive
from donnees_insee import codes
from donnees_insee.base.base import Base
from donnees_insee.base.parts import part_lisible
from donnees_insee.erreurs import DonneeAbsente, ParametreInvalide
from donnees_insee.geographie.changements_iris import recouvrements

if TYPE_CHECKING:
    import geopandas as gpd

# Un IRIS qui ne porte qu'un dixième du quartier n'en dit rien : les deux traits ne sont pas levés au même mètre.
PART_MINIMALE: Final = 0.10
COLONNES: Final = ("qpv", "nom_qpv", "code", "part_du_qpv")
NIVEAUX_ADMIS: Final = ("commune", "epci", "departement", "region")


@dataclass(frozen=True)
class Colonne:
    """Une variable lue pour tous les IRIS tenus."""

    variable: VariableActive
    source: str
    famille: str
    definition: str
    millesime: int
    valeurs: pd.Series
    marges: pd.Series
    mediane: float | None = None


@dataclass(frozen=True)
class Espace:
    """L'espace où l'on apprend."""

    nom: str
    codes: tuple[str, ...]
    phrase: str


@dataclass
class Iris:
    """Les IRIS tenus : population, type, nom, commune, part des 18-24 ans si elle est tenue."""

    population: pd.Series
    annee_population: int
    etudiants: pd.Series
    territoires: Territoires
    _fiches: dict[str, tuple[str, str]] = field(default_factory=dict)

    def fiches(self, communes: set[str]) -> dict[str, tuple[str, str]]:
        """Donner le nom et le type des IRIS de communes."""
        geo = self.territoires.geographie
        for commune in sorted(communes):
            liste = geo.iris(commune, set(), self.annee_population)
            for code, nom, genre in zip(liste.index, liste["nom"], liste["type"], strict=True):
                self._fiches.setdefault(str(code), (str(nom) if nom else f"IRIS {code}", str(genre or "")))
        return self._fiches

    def de(self, communes: set[str] | None) -> list[str]:
        """Lister les IRIS peuplés de communes, par code."""
        return sorted(
            c
            for c in self.population.index
            if communes is None or {c[:5], codes.ville_de_l_arrondissement(c[:5])} & communes
        )

    def du_sujet(self, communes: set[str]) -> list[str]:
        """Lister tous les IRIS des communes : ceux de la liste de référence et ceux des données."""
        geo = self.territoires.geographie
        references = (geo.iris(commune, set(), self.annee_population).index for commune in communes)
        return sorted({*self.de(communes), *(str(c) for liste in references for c in liste)})


def lecture_tenue(
    lecteur: Lecteur, definition: Indicateur, millesime: int | None, niveau: str = "iris"
) -> list[tuple[int, Lecture]]:
    """Lister les lectures possibles d'un indicateur, de la plus récente à la plus ancienne."""
    trouvees: dict[int, Lecture] = {}
    for lecture in (le for le in definition.lectures if le.source_denominateur is None):
        for annee in lecteur.base.millesimes(lecture.source.id, niveau):
            if lecture.vaut_pour(annee) and (millesime is None or annee <= millesime):
                trouvees.setdefault(annee, lecture)
    return sorted(trouvees.items(), reverse=True)


def valeurs(
    lecteur: Lecteur, definition: Indicateur, lecture: Lecture, millesime: int, niveau: str = "iris"
) -> pd.Series:
    """Lire un indicateur pour tous les territoires d'un niveau."""
    lus = lecteur.comptes(lecture, millesime, niveau)
    if lecture.est_publiee:
        vecteur = lus.publiee
    elif lecture.denominateur is None:
        vecteur = lus.numerateur
    else:
        with np.errstate(divide="ignore", invalid="ignore"):
            vecteur = definition.facteur * lus.numerateur / lus.denominateur
    propre = np.where(np.isfinite(vecteur), vecteur, np.nan)
    return pd.Series(propre, index=pd.Index(list(lus.rangs), dtype="str"), dtype=float)


def plus_recente(
    lecteur: Lecteur,
    definition: Indicateur,
    millesime: int | None,
    convient: Callable[[pd.Series], bool],
    niveau: str = "iris",
) -> tuple[int, pd.Series] | None:
    """Lire un indicateur à la date la plus récente qui convient, sans ce qui manque."""
    lues = (
        (annee, valeurs(lecteur, definition, lecture, annee, niveau).dropna())
        for annee, lecture in lecture_tenue(lecteur, definition, millesime, niveau)
    )
    return next((lue for lue in lues if convient(lue[1])), None)


def lire_les_iris(territoires: Territoires, lecteur: Lecteur, table: Table, millesime: int | None) -> Iris:
    """Lire la population des IRIS, qui décide de ceux qui comptent."""
    lue = plus_recente(lecteur, indicateur(table.population), millesime, lambda serie: not serie.empty)
    if lue is None:
        date = "" if millesime is None else f" en {millesime} ou avant"
        raise DonneeAbsente(dire("typologie", "sans_population", date=date))
    annee, population = lue
    jeunes = plus_recente(lecteur, indicateur(table.etudiants), annee, lambda _: True)
    etudiants = pd.Series(dtype=float) if jeunes is None else jeunes[1]
    return Iris(population[population > 0], annee, etudiants, territoires)


def lire_une_colonne(lecteur: Lecteur, variable: VariableActive, millesime: int, lecture: Lecture) -> Colonne:
    """Lire une variable active, ses marges et, en euros, la médiane métropolitaine de la même année."""
    definition = variable.indicateur
    lues = valeurs(lecteur, definition, lecture, millesime)
    mediane = _mediane_metropolitaine(lecteur.base, lecture.source.id, millesime) if variable.euros else None
    marges = _marges(lecteur, definition, lecture, millesime, lues)
    if mediane is not None:
        lues, marges = lues / mediane, marges / mediane
    origine = (lecture.source.id, lecture.source.famille, lecture.definition, millesime)
    return Colonne(variable, *origine, lues, marges, mediane)


def _mediane_metropolitaine(base: Base, source: str, millesime: int) -> float | None:
    lue = base.lire(source, millesime, "france", colonnes=["DISP_MED"])
    connues = lue["DISP_MED"].dropna() if "DISP_MED" in lue else pd.Series(dtype=float)
    return None if connues.empty else float(connues.iloc[0])


def _marges(
    lecteur: Lecteur, definition: Indicateur, lecture: Lecture, millesime: int, lues: pd.Series
) -> pd.Series:
    """Prendre la plus grande de la marge de sondage et du seuil pratique : jamais moins que ce qu'on ne dit pas."""
    en_part = definition.nature == "mediane"
    seuil = lues * definition.seuil_pratique / 100 if en_part else lues * 0 + definition.seuil_pratique
    if lecture.source.famille != "recensement" or lecture.denominateur is None:
        return seuil
    bas = lecteur.comptes(lecture, millesime, "iris").denominateur
    sondage = np.full(len(lues), np.nan)
    for rang in np.flatnonzero(np.isfinite(lues.to_numpy()) & (bas > 0)):
        part = min(max(lues.iloc[rang] / 100, 0.0), 1.0)
        sondage[rang] = marge_de_sondage(part, bas[rang], definition.effet_de_sondage)
    return pd.Series(np.fmax(seuil.to_numpy(), sondage), index=lues.index)


def espaces_possibles(territoires: Territoires, sujet: Territoire) -> list[tuple[str, set[str] | None]]:
    """Lister les espaces d'apprentissage, du plus étroit au plus large."""
    if sujet.niveau not in NIVEAUX_ADMIS:
        niveau = NOMS_DE_NIVEAU[sujet.niveau]
        raise ParametreInvalide(dire("typologie", "niveau", nom=sujet.nom, niveau=niveau))
    espaces: list[tuple[str, set[str] | None]] = [(sujet.nom, set(sujet.composantes))]
    geo = territoires.geographie
    tenues = geo.communes.reindex(list(sujet.composantes))
    plus_larges = NIVEAUX_ADMIS[NIVEAUX_ADMIS.index(sujet.niveau) + 1 :]
    for niveau in (n for n in ("epci", "departement") if n in plus_larges):
        for code in tenues[niveau].value_counts().index[:1]:
            nom = str(geo.epci.get(code, code)) if niveau == "epci" else f"le département {code}"
            espaces.append((nom, set(geo.communes_de(niveau, str(code)))))
    return [*espaces, ("tous les IRIS tenus", None)]


def apprentissage(iris: Iris, communes: set[str] | None, table: Table) -> list[str]:
    """Lister les IRIS d'habitat assez peuplés d'un espace."""
    candidats = [c for c in iris.de(communes) if iris.population[c] >= table.regles.habitants_apprentissage]
    fiches = iris.fiches({c[:5] for c in candidats})
    return [c for c in candidats if fiches.get(c, ("", ""))[1] == "H"]


# -- quartiers prioritaires ------------------------------------------------------------------------


def _couches(
    base: Base, source: str, colonne: str, voulus: list[str]
) -> Iterator[tuple[int | None, gpd.GeoDataFrame]]:
    """Lire dans chaque couche tenue les seuls contours voulus."""
    import geopandas as gpd  # noqa: PLC0415 - import lent, réservé aux cartes

    for annee, chemin in base.couches(source):
        with part_lisible(chemin):
            couche = gpd.read_parquet(chemin, filters=[(colonne, "in", voulus or [""])])
        yield annee, couche


def contours_des_iris(base: Base, codes: list[str]) -> tuple[gpd.GeoDataFrame | None, str]:
    """Prendre les contours d'IRIS dans la couche qui en porte le plus."""
    lues = _couches(base, "contours_iris", "commune", sorted({c[:5] for c in codes}))
    siennes = [(annee, couche[couche["code"].isin(codes)]) for annee, couche in lues]
    if all(couche.empty for _, couche in siennes):
        return None, ""
    annee, meilleure = max(siennes, key=lambda lue: len(lue[1]))
    dite = "année non précisée" if annee is None else str(annee)
    return meilleure[["code", "geometry"]].reset_index(drop=True), dite


def contours_des_qpv(base: Base, qpv: list[Territoire]) -> gpd.GeoDataFrame | None:
    """Prendre les périmètres de quartiers prioritaires."""
    lues = _couches(base, "contours_qpv", "code", [t.code for t in qpv])
    trouvee = next((couche for _, couche in lues if len(couche)), None)
    return (
        None
        if trouvee is None
        else trouvee[["code", "nom", "geometry"]].sort_values("code", ignore_index=True)
    )


def iris_des_qpv(iris: gpd.GeoDataFrame, qpv: gpd.GeoDataFrame) -> pd.DataFrame:
    """Lister les IRIS qui portent au moins un dixième de la surface d'un quartier prioritaire."""
    couples = recouvrements(qpv, iris, PART_MINIMALE)
    couples = couples[couples["part_avant"] >= PART_MINIMALE]
    noms = couples["avant"].map(qpv.set_index("code")["nom"])
    lus = (couples["avant"], noms, couples["apres"], couples["part_avant"])
    return pd.DataFrame(dict(zip(COLONNES, lus, strict=True))).reset_index(drop=True)


def quartiers_classes(base: Base, sujet: Territoire, iris: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Dire la classe des IRIS qui recouvrent chaque quartier prioritaire du sujet."""
    vide = pd.DataFrame(columns=[*COLONNES, "classe"])
    qpv = Territoires(base).qpv_du(sujet)
    if not qpv:
        return vide, dire("typologie", "sans_qpv", nom=sujet.nom)
    perimetres = contours_des_qpv(base, qpv)
    couche, _ = contours_des_iris(base, list(iris["code"]))
    if perimetres is None or couche is None:
        quoi = "les périmètres des quartiers prioritaires" if perimetres is None else "les contours des IRIS"
        return vide, dire("typologie", "qpv_non_situes", quoi=quoi)
    liste = iris_des_qpv(couche, perimetres)
    liste["classe"] = liste["code"].map(iris.set_index("code")["classe"]).fillna(0).astype(int)
    return liste, dire("typologie", "qpv")
