"""Quand un millésime paraît : le dernier connu de chaque source, son délai habituel, et le mois où attendre le suivant."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from donnees_insee.catalogue.catalogue import Source
from donnees_insee.catalogue.tables import completee
from donnees_insee.erreurs import TableNonConforme

MOIS: Final = (
    "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
    "décembre",
)  # fmt: skip


@dataclass(frozen=True)
class Parution:
    """Le dernier millésime paru d'une source, et les mois qui séparent d'habitude l'année des données de sa parution."""

    source: str
    delai: int
    derniere: int
    parue_le: str
    precision: str
    certitude: str
    preuve: str

    def attendue(self, annee: int, aujourd_hui: date) -> str:
        """Dire le mois où un millésime est attendu, d'après le délai habituel ; passé, qu'il a sans doute paru."""
        rang = self.delai - 1
        an, mois = annee + 1 + rang // 12, rang % 12 + 1
        quand = f"attendu en {MOIS[mois - 1]} {an}"
        passe = (an, mois) < (aujourd_hui.year, aujourd_hui.month)
        return f"{annee} {quand}, sans doute paru : à chercher" if passe else f"{annee} {quand}"

    @property
    def parue(self) -> str:
        """Dire quand le dernier millésime a paru : un jour, ou un mois."""
        annee, mois, *jour = self.parue_le.split("-")
        quand = f"{MOIS[int(mois) - 1]} {annee}"
        precision = f" ({self.precision})" if self.precision else ""
        return (f"le {int(jour[0])} {quand}" if jour else f"en {quand}") + precision


def parutions() -> dict[str, Parution]:
    """Lire la dernière parution connue de chaque source ; une ligne de l'analyste, plus récente, l'emporte."""
    lues: dict[str, Parution] = {}
    for r in completee("parutions"):
        try:
            lue = Parution(**{**r, "delai": int(r["delai"]), "derniere": int(r["derniere"])})  # type: ignore[arg-type]
            _ = lue.parue
        except (KeyError, ValueError, TypeError, IndexError) as cause:
            raise TableNonConforme(
                f"La table des parutions est fautive à la ligne de « {r.get('source', '?')} » ({cause}). On attend sept "
                "colonnes, source;delai;derniere;parue_le;precision;certitude;preuve, et une date comme 2026-06-30."
            ) from cause
        if lue.source not in lues or lues[lue.source].derniere <= lue.derniere:
            lues[lue.source] = lue
    return lues


def suite(source: Source, tenu: int | None, aujourd_hui: date | None = None) -> list[str]:
    """Dire ce qui suit le dernier millésime tenu d'une source : ceux qui n'existent pas, ceux parus, celui à attendre."""
    depuis = tenu if tenu is not None else 0
    dites = [raison for annee, raison in sorted(source.absences.items()) if annee > depuis]
    if (p := parutions().get(source.id)) is None:
        return dites
    if p.derniere > depuis:
        dites.append(f"{p.derniere} est paru {p.parue}, à déposer")
    prochain = p.derniere + 1
    while prochain in source.absences:
        prochain += 1
    return [*dites, p.attendue(prochain, aujourd_hui or date.today())]  # noqa: DTZ011 - le mois de l'analyste
