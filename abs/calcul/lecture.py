"""Lire dans la base les comptes d'une lecture d'indicateur, avec la raison de chaque absence."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Final

import numpy as np
import pandas as pd

from abs.definitions import table
from abs.indicateurs.indicateurs import Lecture, identites
from abs.statuts import Statut
from donnees_insee.base.base import Base
from donnees_insee.catalogue.catalogue import Source, sources
from donnees_insee.catalogue.tables import marques
from donnees_insee.codes import ville_de_l_arrondissement
from donnees_insee.erreurs import DonneeAbsente
from donnees_insee.geographie.dans_le_temps import histoire
from donnees_insee.lecture.reconnaissance import traduire
from donnees_insee.preparation.nombres import SUFFIXE_STATUT

COMMUNES_D_UN_FICHIER_NATIONAL: Final[int] = table("_lecture")["communes_d_un_fichier_national"]
DRAPEAUX: Final[tuple[str, ...]] = tuple(table("_lecture")["drapeaux"])


@dataclass(frozen=True)
class Comptes:
    """Les comptes d'une lecture pour toutes les lignes d'une table."""

    rangs: dict[str, int]
    publiee: np.ndarray
    numerateur: np.ndarray
    denominateur: np.ndarray
    statut: np.ndarray
    raison: np.ndarray
    remarque: str
    absentes: tuple[str, ...]
    notes: dict[str, np.ndarray]

    def prendre(self, vecteur: np.ndarray, codes: list[str]) -> np.ndarray:
        """Extraire un vecteur pour des codes, NaN pour ceux que la table n'a pas."""
        return prendre(vecteur, np.array([self.rangs.get(c, -1) for c in codes], dtype=int))

    def statut_de(self, code: str) -> str | None:
        """Donner le statut d'une ligne sans chiffre ; vide si elle en a un, rien si la table n'a pas la ligne."""
        rang = self.rangs.get(code)
        return None if rang is None else str(self.statut[rang])

    def drapeaux(self, rang: int) -> dict[str, str]:
        """Donner les drapeaux du producteur d'une ligne."""
        return {n: str(v[rang]) for n, v in self.notes.items() if v[rang]}


def prendre(vecteur: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Extraire d'un vecteur de table les valeurs de quelques lignes, NaN pour celles qu'elle n'a pas."""
    return np.where(places >= 0, vecteur[places], np.nan) if len(vecteur) else np.full(len(places), np.nan)


class Lecteur:
    """Lit et garde en mémoire les tables utiles à un portrait."""

    def __init__(self, base: Base, prefixes: tuple[str, ...] | None, communes: Sequence[str] = ()) -> None:
        self.base = base
        self.prefixes = prefixes
        self.communes = communes
        self.table = lru_cache(maxsize=128)(self._table)
        self.rangs = lru_cache(maxsize=128)(self._rangs)
        self.comptes = lru_cache(maxsize=2048)(self._comptes)
        self.colonne = lru_cache(maxsize=8192)(self._colonne)
        self.notes = lru_cache(maxsize=128)(self._notes)

    def _table(self, source: str, millesime: int, niveau: str) -> pd.DataFrame:
        par_code_postal = niveau in {"iris", "commune"}
        lue = self.base.lire(source, millesime, niveau, prefixes=self.prefixes if par_code_postal else None)
        connue = sources().get(source)
        if niveau == "commune" and connue is not None and connue.absent_nul:
            return self._avec_les_absentes(lue, source, millesime)
        return lue

    def _avec_les_absentes(self, lue: pd.DataFrame, source: str, millesime: int) -> pd.DataFrame:
        """Ajouter à zéro les communes absentes d'un fichier national ; absentes d'un extrait, elles restent inconnues."""
        tenues = self.base.codes(source, millesime, "commune").to_pylist()
        if len(tenues) < COMMUNES_D_UN_FICHIER_NATIONAL:
            return lue
        # Paris que donne une seule ligne n'a pas vingt arrondissements sans équipement, ni l'inverse.
        villes = {ville_de_l_arrondissement(c) for c in tenues}
        d_alors = self._communes_d_alors(source, millesime)
        absentes = [
            c
            for c in self.communes
            if (self.prefixes is None or c.startswith(self.prefixes))
            and ville_de_l_arrondissement(c) not in villes
            and (d_alors is None or c in d_alors)
        ]
        entiere = lue.reindex(lue.index.union(absentes))
        entiere.loc[absentes, lue.select_dtypes("number").columns] = 0.0
        return entiere

    def _communes_d_alors(self, source: str, millesime: int) -> Collection[str] | None:
        """Lister les communes de l'année d'un fichier ; une commune née depuis n'y est pas, et n'y vaut pas zéro."""
        try:
            passe = histoire(self.base)
        except DonneeAbsente:
            return None
        annee = self.base.geographie(source, millesime, "commune") or millesime
        return passe.communes_en(annee) | passe.arrondissements if annee <= passe.annee else None

    def _comptes(self, lecture: Lecture, millesime: int, niveau: str) -> Comptes:
        table = self.table(lecture.source.id, millesime, niveau)
        lire = partial(self.colonne, lecture.source.id, millesime, niveau)
        valeurs, absentes, reconstituees = self._valeurs(lecture, table, lire)
        publiee = haut = bas = np.broadcast_to(np.nan, len(table))
        if lecture.numerateur is None:
            publiee = valeurs[lecture.variable]
        else:
            # Une formule sans variable vaut pour toutes les lignes.
            haut = np.broadcast_to(lecture.numerateur.calculer(valeurs), len(table))
            if lecture.denominateur is not None and lecture.source_denominateur is None:
                bas = np.broadcast_to(lecture.denominateur.calculer(valeurs), len(table))
        tranches = ", ".join(reconstituees)
        sommes = f"reconstitué par somme de ses tranches : {tranches}" if tranches else ""
        return Comptes(
            self.rangs(lecture.source.id, millesime, niveau),
            publiee,
            haut,
            bas,
            *_raisons(lecture, table, valeurs, absentes),
            sommes,
            tuple(absentes),
            self.notes(lecture.source.id, millesime, niveau),
        )

    def _colonne(self, source: str, millesime: int, niveau: str, variable: str) -> np.ndarray | None:
        table = self.table(source, millesime, niveau)
        return table[variable].to_numpy(float) if variable in table else None

    def _notes(self, source: str, millesime: int, niveau: str) -> dict[str, np.ndarray]:
        table = self.table(source, millesime, niveau)
        return {n: table[n].fillna("").astype(str).to_numpy(object) for n in DRAPEAUX if n in table}

    def _rangs(self, source: str, millesime: int, niveau: str) -> dict[str, int]:
        return {str(c): i for i, c in enumerate(self.table(source, millesime, niveau).index)}

    def _valeurs(
        self, lecture: Lecture, table: pd.DataFrame, lire: Callable[[str], np.ndarray | None]
    ) -> tuple[dict[str, np.ndarray], list[str], list[str]]:
        propres = identites().get(lecture.source.id, {})
        valeurs: dict[str, np.ndarray] = {}
        absentes, reconstituees = [], []
        for variable in lecture.variables:
            colonne = lire(variable)
            identite = propres.get(variable)
            if identite is not None and (colonne is None or np.isnan(colonne).any()):
                parts = {v: lire(v) for v in identite.variables}
                if all(p is not None for p in parts.values()):
                    somme = identite.calculer({v: p for v, p in parts.items() if p is not None})
                    reconstituees.append(variable)
                    colonne = _completer(colonne, somme, table.get(variable + SUFFIXE_STATUT))
            if colonne is None:
                absentes.append(variable)
                colonne = np.full(len(table), np.nan)
            valeurs[variable] = colonne
        return valeurs, absentes, reconstituees


def _completer(colonne: np.ndarray | None, somme: np.ndarray, marques_lues: pd.Series | None) -> np.ndarray:
    """Remplir les cellules absentes d'une colonne, jamais celles que le producteur a marquées."""
    if colonne is None:
        return somme
    a_remplir = np.isnan(colonne)
    if marques_lues is not None:
        a_remplir &= marques_lues.isna().to_numpy(bool)
    return np.where(a_remplir, somme, colonne)


def regle_du_vide(source: Source, variable: str) -> tuple[str, str]:
    """Dire ce que signifie une cellule vide pour une variable d'une source."""
    colonne = traduire(source, variable)
    if colonne is not None and colonne.motif.vide:
        return colonne.motif.vide, colonne.motif.vide_note or source.vide_note
    return source.vide, source.vide_note or "cellule vide dans les fichiers déposés"


def _raisons(
    lecture: Lecture, table: pd.DataFrame, valeurs: dict[str, np.ndarray], absentes: list[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Dire, ligne par ligne, le statut et la raison de la première variable qui manque."""
    if not any(np.isnan(colonne).any() for colonne in valeurs.values()):
        sans = np.broadcast_to(np.array("", dtype=object), len(table))
        return sans, sans
    statuts, raisons = np.full((2, len(table)), "", dtype=object)
    connues = marques()
    for variable, colonne in valeurs.items():
        manque = np.isnan(colonne) & (statuts == "")
        if variable in absentes:
            absence = f"le fichier déposé ne contient pas la variable {variable}"
            statuts[manque], raisons[manque] = Statut.INDISPONIBLE, absence
            continue
        marque = table.get(variable + SUFFIXE_STATUT)
        if marque is not None:
            for valeur in marque.dropna().unique():
                ici = manque & (marque == valeur).fillna(value=False).to_numpy(bool)
                statuts[ici], raisons[ici] = connues[str(valeur)]
                manque &= ~ici
        statuts[manque], raisons[manque] = regle_du_vide(lecture.source, variable)
    return statuts, raisons
