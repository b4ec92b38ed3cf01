"""Comparer deux versions d'une même table, cellule par cellule, sans rien lire ni écrire."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    import geopandas as gpd

# Un centimètre : deux versions du moteur de projection ne rendent pas les mêmes derniers chiffres.
TOLERANCE_EN_DEGRES: Final = 1e-7
MONTREES: Final = 5


@dataclass(frozen=True)
class Ecarts:
    """Ce qu'une comparaison a trouvé."""

    cellules: int
    phrases: tuple[str, ...]


def comparer(tenue: pd.DataFrame, relue: pd.DataFrame) -> Ecarts:
    """Comparer la table que la base tient à la même table relue du fichier d'origine."""
    en_moins = [c for c in relue.columns if c not in tenue]
    phrases = _absences("colonnes", en_moins, [c for c in tenue.columns if c not in relue])
    communes = [c for c in relue.columns if c in tenue]
    if "code" not in communes:
        return Ecarts(0, tuple(phrases))
    tenue, relue = _ordonner(tenue[communes]), _ordonner(relue[communes])
    lignes = _lignes_differentes(tenue["code"], relue["code"])
    if lignes:
        # Sans les mêmes lignes, seules les communes se comparent encore.
        phrases += lignes
        tenue, relue = _lignes_communes(tenue, relue)
    for colonne in communes:
        differe = _differe(tenue[colonne], relue[colonne])
        if differe.any():
            phrases.append(_phrase(colonne, tenue, relue, differe))
    return Ecarts(len(relue) * len(communes), tuple(phrases))


def _absences(quoi: str, en_moins: list[str], en_plus: list[str], nature: str = "") -> list[str]:
    """Dire ce que la base n'a pas, puis ce qu'elle a seule."""
    cotes = ((en_moins, "de la base"), (en_plus, "du fichier d'origine"))
    return [f"{quoi} absentes {ou} : {nature}{_liste(noms)}" for noms, ou in cotes if noms]


def _ordonner(table: pd.DataFrame) -> pd.DataFrame:
    """Ranger les lignes : un code qui revient (source locale) est départagé par les autres colonnes."""
    if table["code"].is_unique:
        return table.sort_values("code", ignore_index=True)
    autres = [c for c in table.columns if c != "geometry"]
    ordre = table[autres].astype("str").fillna("").agg("\x1f".join, axis=1).sort_values(kind="stable").index
    return table.loc[ordre].reset_index(drop=True)


def _lignes_differentes(tenus: pd.Series, relus: pd.Series) -> list[str]:
    comptes = relus.value_counts().subtract(tenus.value_counts(), fill_value=0)
    en_moins = sorted(map(str, comptes.index[comptes > 0]))
    en_plus = sorted(map(str, comptes.index[comptes < 0]))
    return _absences("lignes", en_moins, en_plus, "codes ")


def _lignes_communes(tenue: pd.DataFrame, relue: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    uniques = set(tenue["code"][~tenue["code"].duplicated(keep=False)])
    uniques &= set(relue["code"][~relue["code"].duplicated(keep=False)])
    a, b = tenue["code"].isin(uniques), relue["code"].isin(uniques)
    return tenue[a].reset_index(drop=True), relue[b].reset_index(drop=True)


def _differe(tenue: pd.Series, relue: pd.Series) -> np.ndarray:
    """Dire, ligne par ligne, si deux colonnes diffèrent ; deux vides sont égaux, un vide n'est pas un zéro."""
    if tenue.name == "geometry":
        return _formes_differentes(tenue, relue)
    vide_ici, vide_la = tenue.isna().to_numpy(bool), relue.isna().to_numpy(bool)
    differe = vide_ici != vide_la
    pleines = np.flatnonzero(~vide_ici & ~vide_la)
    if pd.api.types.is_float_dtype(tenue) and pd.api.types.is_float_dtype(relue):
        differe[pleines] = tenue.to_numpy(float)[pleines] != relue.to_numpy(float)[pleines]
        return differe
    a, b = tenue.to_numpy(object), relue.to_numpy(object)
    # Un texte qui a pris la place d'un nombre n'est pas ce nombre : les natures comptent.
    differe[pleines] = [type(a[i]) is not type(b[i]) or a[i] != b[i] for i in pleines]
    return differe


def _formes_differentes(tenue: gpd.GeoSeries, relue: gpd.GeoSeries) -> np.ndarray:
    egales = (tenue.to_wkb() == relue.to_wkb()).to_numpy(bool)
    proches = tenue.geom_equals_exact(relue, tolerance=TOLERANCE_EN_DEGRES).to_numpy(bool)
    return ~(egales | proches)


def _phrase(colonne: str, tenue: pd.DataFrame, relue: pd.DataFrame, differe: np.ndarray) -> str:
    rang, nombre = int(np.argmax(differe)), int(differe.sum())
    code = relue["code"].iloc[rang]
    if colonne == "geometry":
        return f"contours différents : {nombre}, par exemple au code {code}"
    return (
        f"cellules différentes dans {colonne} : {nombre}, par exemple au code {code}, "
        f"{_en_mots(tenue[colonne].iloc[rang])} dans la base, {_en_mots(relue[colonne].iloc[rang])} dans le fichier"
    )


def _liste(noms: list[str]) -> str:
    reste = len(noms) - MONTREES
    return ", ".join(noms[:MONTREES]) + (f" et {reste} autre(s)" if reste > 0 else "")


def _en_mots(valeur: Any) -> str:
    if pd.isna(valeur):
        return "rien"
    return repr(float(valeur)).removesuffix(".0") if isinstance(valeur, float) else f"« {valeur} »"
