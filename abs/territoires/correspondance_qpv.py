"""Dire si un quartier de 2024 a le périmètre d'un quartier de 2015 : la lettre de son code, la correspondance."""

from dataclasses import dataclass
from typing import Final

import pandas as pd

from abs.definitions import dire
from abs.langue import enumerer
from donnees_insee import codes
from donnees_insee.base.base import Base
from donnees_insee.codes import normaliser, reference

SOURCE: Final = "qpv_correspondance"
IDENTIQUE: Final = "identique"
SENS: Final = {normaliser(r["dit"]): r["sens"] for r in reference("statuts_qpv")}


@dataclass(frozen=True)
class Correspondance:
    """Un quartier de 2024 et ceux de 2015 dont il vient ; ``raison`` dit pourquoi leurs périmètres ne se confondent pas."""

    qn: str
    ancetres: tuple[tuple[str, str], ...] = ()
    statut: str = ""
    raison: str = ""

    @property
    def codes(self) -> tuple[str, ...]:
        """Codes sous lesquels lire un même périmètre : le sien, et celui de 2015 s'il est identique."""
        return (self.qn,) if self.raison else (self.qn, self.ancetres[0][0])

    def phrase(self) -> str:
        """Dire ce que la correspondance établit, et sur quoi."""
        venus = enumerer([f"{nom} ({code})" if nom else code for code, nom in self.ancetres])
        if self.raison:
            return f"{self.raison}{dire('territoires', 'qpv_ancetres', venus=venus) if venus else ''}"
        return dire("territoires", "qpv_identique", qn=self.qn, venus=venus, statut=self.statut)


def correspondance(base: Base, code: str) -> Correspondance:
    """Lire ce que la base sait du périmètre d'un quartier, de 2015 ou de 2024, d'une génération à l'autre."""
    table = base.lire(SOURCE, None, "qpv").astype(object)
    colonnes = [c for c in table.columns if c.startswith("QP2015_")]
    if not code.startswith("QN"):
        # Un quartier de 2015 suit celui de 2024 qui en vient, s'il est seul à en venir.
        suites = [str(qn) for qn in table.index if code in set(table.loc[qn, colonnes])]
        if len(suites) != 1:
            cas = "qpv_sans_suite" if not suites else "qpv_plusieurs_suites"
            return Correspondance(code, raison=dire("territoires", cas, code=code, suites=enumerer(suites)))
        return _lire(table, colonnes, suites[0])
    return _lire(table, colonnes, code)


def _lire(table: pd.DataFrame, colonnes: list[str], qn: str) -> Correspondance:
    lettre = qn[-1]
    if qn not in table.index:
        cas = "qpv_identique_sans_code" if SENS.get(normaliser(lettre)) == IDENTIQUE else "qpv_non_identique"
        return Correspondance(qn, raison=_dire(cas, qn))
    ligne = table.loc[qn]
    noms = {c: ligne.get(f"LABEL_{c}") for c in colonnes}
    ancetres = tuple(
        (str(ligne[c]), "" if pd.isna(noms[c]) else str(noms[c])) for c in colonnes if pd.notna(ligne[c])
    )
    statut = "" if pd.isna(ligne.get("STATUT")) else str(ligne["STATUT"])
    return Correspondance(qn, ancetres, statut, _pourquoi_pas(table, colonnes, qn, statut, ancetres))


def _pourquoi_pas(
    table: pd.DataFrame, colonnes: list[str], qn: str, statut: str, ancetres: tuple[tuple[str, str], ...]
) -> str:
    """Dire ce qui empêche de tenir deux périmètres pour identiques ; vide s'ils le sont."""
    de_la_lettre, du_statut = SENS.get(normaliser(qn[-1])), SENS.get(normaliser(statut))
    mots = {"statut": statut or "vide", "combien": len(ancetres)}
    if statut and du_statut is None:
        return _dire("qpv_statut_inconnu", qn, **mots)
    if de_la_lettre and du_statut and de_la_lettre != du_statut:
        return _dire("qpv_contredit", qn, **mots)
    if IDENTIQUE not in {de_la_lettre, du_statut}:
        return _dire("qpv_non_identique", qn, **mots)
    if len(ancetres) != 1:
        return _dire("qpv_ancetres_nombreux", qn, **mots)
    ancien = ancetres[0][0]
    if not (codes.conforme(ancien, "qpv") and ancien.startswith("QP")):
        return _dire("qpv_ancetre_illisible", qn, ancien=ancien)
    autres = [str(q) for q in table.index if q != qn and ancien in set(table.loc[q, colonnes])]
    return _dire("qpv_ancetre_partage", qn, ancien=ancien, autres=enumerer(autres)) if autres else ""


def _dire(cas: str, qn: str, **mots: object) -> str:
    sens = SENS.get(normaliser(qn[-1]), "inconnu")
    return dire(
        "territoires", cas, qn=qn, lettre=qn[-1], sens=dire("territoires", f"qpv_lettre_{sens}"), **mots
    )
