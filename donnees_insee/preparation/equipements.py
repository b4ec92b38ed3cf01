"""Compter les équipements d'une base permanente par IRIS et par commune, types renumérotés année par année."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from donnees_insee.catalogue.tables import reference

if TYPE_CHECKING:
    from donnees_insee.preparation.preparation import TablePreparee

SOURCES: Final = frozenset({"equipements", "equipements_comptes"})


def codes_de_l_annee(annee: int) -> dict[str, str]:
    """Donner le nom stable de chaque code d'équipement d'une édition ; celle de 2024 en a renuméroté plusieurs."""
    types = reference("types_equipements")
    return {t["code"]: t["variable"] for t in types if int(t["de"]) <= annee <= int(t["a"] or annee)}


def compter_les_equipements(source: str, prepare: TablePreparee) -> dict[str, pd.DataFrame]:
    """Tirer d'une liste d'équipements les comptes par commune et par IRIS."""
    if source not in SOURCES or prepare.millesime is None:
        return {}
    codes = codes_de_l_annee(prepare.millesime)
    lignes = prepare.donnees
    communes = lignes["DEPCOM"] if "DEPCOM" in lignes else lignes["code"].str[:5]
    nombre = lignes["NB_EQUIP"] if "NB_EQUIP" in lignes else pd.Series(1.0, index=lignes.index)
    longue = pd.DataFrame(
        {"commune": communes, "iris": lignes["code"], "type": lignes["TYPEQU"].map(codes), "n": nombre}
    )
    return {niveau: _large(longue, niveau) for niveau in ("commune", "iris")}


def _large(longue: pd.DataFrame, niveau: str) -> pd.DataFrame:
    suivis = longue.dropna(subset=["type", niveau])
    # Une somme qui contient un nombre tu n'est pas connue : elle ne devient pas celle des autres.
    comptes = suivis.groupby([niveau, "type"])["n"].agg(lambda n: n.sum(skipna=False))
    tous = sorted(longue[niveau].dropna().unique())
    # Un couple absent du fichier vaut zéro ; un couple présent et inconnu le reste.
    large = comptes.unstack("type", fill_value=0.0).reindex(index=tous, fill_value=0.0)  # noqa: PD010 - pivot_table confond inconnu et zéro
    return large.astype(float).rename_axis(columns=None).rename_axis("code").reset_index()
