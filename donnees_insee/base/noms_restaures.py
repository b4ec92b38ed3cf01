"""Rendre leurs accents aux noms d'une couche dont l'encodage les a perdus, d'après la table de référence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from donnees_insee.base.noms_d_iris import PERDU

if TYPE_CHECKING:
    import pandas as pd

Tableau = TypeVar("Tableau", bound="pd.DataFrame")
# Colonne qui nomme → colonne du code qu'elle nomme.
NOMS_ET_CODES = (("nom", "code"), ("nom_commune", "commune"))


class TablesDeReference(Protocol):
    """Ce qu'il faut de la base pour rendre un nom."""

    def millesimes(self, source: str, niveau: str | None = None) -> list[int]:
        """Lister les années tenues."""
        ...

    def lire(self, source: str, millesime: int | None, niveau: str) -> pd.DataFrame:
        """Lire une table."""
        ...


def restaurer(base: TablesDeReference, table: Tableau) -> Tableau:
    """Remplacer chaque nom qui porte une lettre perdue par celui que la table de référence donne au même code."""
    references: dict[str, str] | None = None
    for nom, code in NOMS_ET_CODES:
        if nom not in table or code not in table:
            continue
        perdus = table[nom].astype(str).str.contains(PERDU)
        if not perdus.any():
            continue
        references = noms_de_reference(base) if references is None else references
        trouves = table.loc[perdus, code].astype(str).map(references)
        table = table.assign(**{nom: table[nom].mask(perdus, trouves.fillna(table[nom]))})
    return table


def noms_de_reference(base: TablesDeReference) -> dict[str, str]:
    """Lire les noms d'IRIS et de communes que des tables donnent sans lettre perdue."""
    noms: dict[str, str] = {}
    lus = [
        ("reference_iris", "iris", "LIB_IRIS"),
        ("appartenance", "commune", "LIBGEO"),
        ("cog", "commune", "LIBELLE"),
    ]
    for source, niveau, colonne in lus:
        for annee in base.millesimes(source, niveau):
            table = base.lire(source, annee, niveau)
            if source == "reference_iris" and {"DEPCOM", "LIBCOM"} <= set(table.columns):
                communes = table.dropna(subset=["DEPCOM", "LIBCOM"]).drop_duplicates("DEPCOM")
                noms |= dict(zip(communes["DEPCOM"].astype(str), communes["LIBCOM"].astype(str), strict=True))
            if colonne in table:
                noms |= {str(c): str(n) for c, n in table[colonne].dropna().items()}
    return {c: n for c, n in noms.items() if PERDU not in n}
