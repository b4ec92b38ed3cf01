"""Porter une table de comptes dans les groupes d'un passage : sommes complètes, totaux conservés, écarts listés."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Final

import pandas as pd

from donnees_insee.base.parts import SUFFIXE_STATUT
from donnees_insee.catalogue.tables import marques
from donnees_insee.erreurs import TableNonConforme, liste_de_fautes
from donnees_insee.geographie.groupes import APRES, AVANT, Passage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Marque d'une cellule vide ou d'une ligne absente : « non renseigné », dans la table des marques.
SANS_MARQUE: Final = "."
# Quand plusieurs composantes manquent, la marque la plus contraignante est celle du groupe.
RANGS: Final = {"secret": 0, "indisponible": 1, "sans_objet": 2}
COLONNES_LAISSEES: Final = ("code", "groupe", "variable", "valeur", "raison")
# Au-delà, les codes laissés sont dans la table, non dans la phrase.
CODES_DANS_LA_PHRASE: Final = 20


@dataclass(frozen=True)
class Portage:
    """Une table portée dans les groupes d'un passage, et ce qui n'a pas pu l'être."""

    table: pd.DataFrame
    laisses: pd.DataFrame
    seuls: tuple[str, ...]
    part_groupee: float
    part_laissee: float
    poids: str

    def phrases(self) -> tuple[str, ...]:
        """Dire ce qui a été réuni et ce qui a été laissé."""
        de_quoi = "de la population" if self.poids == "population" else "des unités"
        dites = [f"{_pour_cent(self.part_groupee)} {de_quoi} est dans une unité réunie à d'autres."]
        if self.seuls:
            nommes = ", ".join(self.seuls[:CODES_DANS_LA_PHRASE])
            suite = ", …" if len(self.seuls) > CODES_DANS_LA_PHRASE else ""
            dites.append(
                f"{_pour_cent(self.part_laissee)} {de_quoi} est laissé de côté, faute de correspondance ou de tous les "
                f"chiffres du groupe : {nommes}{suite}."
            )
        return tuple(dites)


def _pour_cent(part: float) -> str:
    ecrit = "Moins de 0,1" if 0 < part < 0.001 else f"{100 * part:.1f}".replace(".", ",")
    return f"{ecrit}\u00a0%"


def appliquer(
    passage: Passage,
    table: pd.DataFrame,
    comptes: Sequence[str],
    *,
    cote: str = AVANT,
    poids: pd.Series | None = None,
) -> Portage:
    """Porter des comptes dans les groupes d'un passage : des sommes de composantes, jamais un partage."""
    _verifier(table, comptes, cote)
    du_cote = passage.avant if cote == AVANT else passage.apres
    groupes = pd.Series([du_cote.get(str(c)) for c in table.index], index=table.index, dtype="object")
    attendus = pd.Series(dict(du_cote), dtype="object").value_counts()
    dans = groupes.notna()
    touches = sorted(set(groupes[dans]))
    sortie = pd.DataFrame(index=pd.Index(touches, name="groupe", dtype="str"))
    laisses: list[tuple[str, str | None, str, float, str]] = []
    incomplets: set[str] = set()
    for nom in comptes:
        valeurs = pd.to_numeric(table[nom])
        par_groupe = valeurs[dans].groupby(groupes[dans])
        complet = par_groupe.count().reindex(touches) == attendus.reindex(touches)
        sortie[nom] = par_groupe.sum().reindex(touches).where(complet)
        manquants = [str(g) for g in complet.index[~complet]]
        incomplets.update(manquants)
        if manquants:
            sortie[nom + SUFFIXE_STATUT] = _statuts(table, nom, groupes, manquants, touches)
        laisses += _laisses(valeurs, groupes, set(manquants), _raisons(passage, cote))
    seuls = ~dans | groupes.isin(incomplets)
    reunis = {g for g, nombre in attendus.items() if nombre > 1}
    return Portage(
        sortie,
        pd.DataFrame(laisses, columns=list(COLONNES_LAISSEES)).astype({"valeur": float}),
        tuple(str(c) for c in table.index[seuls]),
        _part(groupes.isin(reunis), poids),
        _part(seuls, poids),
        "nombre" if poids is None else "population",
    )


def _raisons(passage: Passage, cote: str) -> dict[str, str]:
    """Donner la raison de chaque code sans groupe, et sous la clé vide celle d'un code inconnu du passage."""
    annee = passage.de if cote == AVANT else passage.a
    inconnu = "code absent de la géographie lue" if annee is None else f"code absent de la géographie {annee}"
    return {"": inconnu} | {n.code: n.raison for n in passage.non_apparies if n.cote == cote}


def _laisses(
    valeurs: pd.Series, groupes: pd.Series, manquants: set[str], raisons: Mapping[str, str]
) -> list[tuple[str, str | None, str, float, str]]:
    """Lister les valeurs reçues qui n'entrent dans aucun groupe chiffré."""
    laissees = valeurs[valeurs.notna() & (groupes.isna() | groupes.isin(manquants))]
    return [
        (str(code), None, str(valeurs.name), float(valeur), raisons.get(str(code), raisons[""]))
        if groupes[code] is None
        else (
            str(code),
            str(groupes[code]),
            str(valeurs.name),
            float(valeur),
            f"une autre composante du groupe {groupes[code]} n'a pas de chiffre",
        )
        for code, valeur in laissees.items()
    ]


def _statuts(
    table: pd.DataFrame, nom: str, groupes: pd.Series, manquants: list[str], touches: list[str]
) -> pd.Series:
    """Donner à chaque groupe sans chiffre la marque la plus contraignante de ses composantes sans chiffre."""
    trouves = dict.fromkeys(manquants, SANS_MARQUE)
    lues = table.get(nom + SUFFIXE_STATUT)
    if lues is not None:
        marquees = table[nom].isna() & lues.notna() & groupes.isin(manquants)
        for code in table.index[marquees]:
            groupe = str(groupes[code])
            trouves[groupe] = min(trouves[groupe], str(lues[code]), key=_rang)
    return pd.Series(trouves, dtype="object").reindex(touches)


def _rang(marque: str) -> tuple[int, bool, str]:
    statut = marques().get(marque.lower(), ("indisponible", ""))[0]
    return (RANGS.get(statut, 1), marque == SANS_MARQUE, marque)


def _part(selection: pd.Series, poids: pd.Series | None) -> float:
    if poids is None:
        return float(selection.mean()) if len(selection) else 0.0
    connus = poids.reindex(selection.index).fillna(0.0)
    total = float(connus.sum())
    return float(connus[selection.to_numpy(bool)].sum()) / total if total else 0.0


@lru_cache(maxsize=1)
def _non_additives() -> tuple[tuple[re.Pattern[str], str], ...]:
    fichier = resources.files("donnees_insee.catalogue") / "reference" / "non_additives.csv"
    with fichier.open(encoding="utf-8") as flux:
        return tuple(
            (re.compile(r["motif"], re.IGNORECASE), r["nature"]) for r in csv.DictReader(flux, delimiter=";")
        )


def nature_non_additive(variable: str) -> str | None:
    """Dire pourquoi une variable ne s'additionne pas."""
    return next((nature for motif, nature in _non_additives() if motif.fullmatch(variable)), None)


def _verifier(table: pd.DataFrame, comptes: Sequence[str], cote: str) -> None:
    """Refuser, toutes fautes à la fois, ce qui ne peut pas être additionné."""
    fautes = []
    if cote not in {AVANT, APRES}:
        fautes.append(f"le côté « {cote} » est inconnu ; on attend « {AVANT} » ou « {APRES} ».")
    doubles = table.index[table.index.duplicated()].unique()
    if len(doubles):
        fautes.append(f"{len(doubles)} code(s) répété(s) ({', '.join(map(str, doubles[:5]))}).")
    for nom in comptes:
        nature = nature_non_additive(nom)
        if nature is not None:
            fautes.append(
                f"{nom} est {nature} : les médianes, les taux et les moyennes ne se transportent pas. Portez les "
                "comptes du numérateur et du dénominateur, ou lisez le chiffre publié à ce niveau."
            )
        elif nom not in table:
            fautes.append(f"{nom} n'est pas une colonne de la table.")
        elif not pd.api.types.is_numeric_dtype(table[nom]):
            fautes.append(f"{nom} est du texte ; on attend des nombres.")
    if fautes:
        raise TableNonConforme(liste_de_fautes("Cette table ne peut pas changer de géographie :", fautes))


def verifier_le_total(table: pd.DataFrame, porte: Portage, comptes: Sequence[str]) -> Mapping[str, float]:
    """Mesurer l'écart entre le total reçu et ce qui est porté ou listé."""
    laisses = porte.laisses.groupby("variable")["valeur"].sum()
    return {
        nom: abs(float(table[nom].sum()) - float(porte.table[nom].sum()) - float(laisses.get(nom, 0.0)))
        for nom in comptes
    }
