"""Ce qu'une table reçue ne peut pas dire : un effectif négatif ou démesuré, une partie plus grande que son tout."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

import numpy as np
import pandas as pd

from donnees_insee.catalogue.catalogue import sources
from donnees_insee.codes import reference
from donnees_insee.depot.ecarts import accord, grandeur_de, nombre

# Chaque cellule publiée peut être arrondie à l'unité : une somme de n parties s'écarte de son tout d'autant de demies.
ARRONDI: Final = 0.5
# L'exploitation complémentaire est un sondage de la principale : leurs totaux ne diffèrent que de peu sur une table.
ENVIRON: Final = 0.05
# Relevé sur 1 785 IRIS réels : l'écart d'une ligne ne dépasse pas 10 % des habitants de plus de trente personnes.
ENVIRON_D_UNE_LIGNE: Final = 0.15
PETIT: Final = 20
EFFECTIF_MAXIMAL: Final = 1e9
MONTREES: Final = 12


@dataclass(frozen=True)
class Nombres:
    """Les colonnes de nombres d'une table, comparées par milliers : pandas y passerait l'essentiel d'un dépôt."""

    codes: pd.Index
    valeurs: dict[str, np.ndarray]

    def somme(self, noms: list[str]) -> np.ndarray:
        """Sommer des colonnes ligne à ligne ; une cellule vide rend la somme inconnue."""
        return np.sum([self.valeurs[n] for n in noms], axis=0)

    def presents(self, noms: list[str]) -> np.ndarray:
        """Sommer ligne à ligne les seules cellules remplies."""
        return np.nansum([self.valeurs[n] for n in noms], axis=0)


@dataclass(frozen=True)
class Identite:
    """Une relation d'une source : ``=``, ``<=``, ``inclus``, ``croissant``, ``complet`` ou ``environ``."""

    relation: str
    total: list[str]
    parties: list[str]

    def s_applique(self, nombres: Nombres) -> bool:
        """Dire si une table a toutes les colonnes de la relation."""
        return nombres.valeurs.keys() >= {*self.total, *self.parties}


def _nombres(table: pd.DataFrame) -> Nombres:
    chiffrees = table.select_dtypes("number")
    return Nombres(
        pd.Index(table["code"]),
        {str(nom): colonne.to_numpy(float, na_value=np.nan) for nom, colonne in chiffrees.items()},
    )


@lru_cache(maxsize=256)
def _identites(source: str) -> tuple[Identite, ...]:
    connue = sources().get(source)
    concernees = {source, *(connue.jumelle_de if connue else ())}
    return tuple(
        Identite(
            r["relation"],
            *([p.strip() for p in r[cote].split("+") if p.strip()] for cote in ("total", "parties")),
        )
        for r in reference("vraisemblance")
        if r["source"] in concernees
    )


def invraisemblances(source: str, table: pd.DataFrame) -> list[str]:
    """Relever ce qu'aucune table de cette source ne peut dire ; vide si elle tient debout.

    Parameters
    ----------
    source : str
        Identifiant de la source.
    table : pandas.DataFrame
        Table préparée, colonne ``code`` et une colonne par variable.

    Returns
    -------
    list of str
        Une phrase par variable ou par relation, avec le nombre de lignes en faute et la première.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"code": ["340010101"], "P_RP": [100.0], "P_RP_PROP": [130.0]})
    >>> invraisemblances("rp_logement", table)
    ['P_RP_PROP dépasse P_RP sur 1 ligne : 130 pour 100 au code 340010101.']
    """
    nombres = _nombres(table)
    fautes = [*_hors_bornes(source, nombres)]
    for regle in _identites(source):
        fautes += _verifier(regle, nombres)
    suite = [f"… et {accord(len(fautes) - MONTREES, 'autre relation', 'rompues')}."]
    return fautes if len(fautes) <= MONTREES else [*fautes[:MONTREES], *suite]


def doutes(source: str, table: pd.DataFrame) -> list[str]:
    """Relever ce qui est possible mais rare : une ligne à moitié vide, deux exploitations qui s'éloignent."""
    nombres = _nombres(table)
    return [f"à vérifier, {doute}" for doute in _doutes(source, nombres)]


def _doutes(source: str, nombres: Nombres) -> Iterator[str]:
    absences = {nom: np.isnan(v) for nom, v in nombres.valeurs.items()}
    vides = [nom for nom, absente in absences.items() if absente.all()]
    if vides:
        yield f"{_noms(vides)} : aucun chiffre"
    for regle in _identites(source):
        if regle.relation == "complet":
            yield from _lignes_partielles(nombres, {n: a for n, a in absences.items() if n not in vides})
        elif regle.relation == "environ" and regle.s_applique(nombres):
            haut, bas = nombres.presents(regle.total), nombres.presents(regle.parties)
            loin = np.abs(haut - bas) > ENVIRON_D_UNE_LIGNE * haut + PETIT
            if loin.any():
                rang = int(loin.argmax())
                yield (
                    f"{_noms(regle.total)} et {_noms(regle.parties)} s'éloignent sur {accord(int(loin.sum()), 'ligne')}, "
                    f"dont {nombres.codes[rang]} ({nombre(float(haut[rang]))} et {nombre(float(bas[rang]))})"
                )


def _lignes_partielles(nombres: Nombres, absences: dict[str, np.ndarray]) -> Iterator[str]:
    if not absences:
        return
    toutes = np.array(list(absences.values()))
    partielles = toutes.any(axis=0) & ~toutes.all(axis=0)
    if partielles.any():
        rang = int(partielles.argmax())
        manquantes = [nom for nom, absente in absences.items() if absente[rang]]
        combien = accord(int(partielles.sum()), "ligne remplie", "en partie seulement")
        yield f"{combien}, dont {nombres.codes[rang]} ({_noms(manquantes)} vide)"


def _hors_bornes(source: str, nombres: Nombres) -> Iterator[str]:
    for variable, valeurs in nombres.valeurs.items():
        grandeur = grandeur_de(source, variable)
        plancher = 0.0 if grandeur.nature == "compte" else -EFFECTIF_MAXIMAL
        bas = plancher if grandeur.minimum is None else grandeur.minimum
        haut = EFFECTIF_MAXIMAL if grandeur.maximum is None else grandeur.maximum
        dehors = (valeurs < bas) | (valeurs > haut)
        if dehors.any():
            rang = int(dehors.argmax())
            yield (
                f"{variable} est hors de ses bornes sur {accord(int(dehors.sum()), 'ligne')} : "
                f"{nombre(float(valeurs[rang]))} au code {nombres.codes[rang]}."
            )


def _verifier(regle: Identite, nombres: Nombres) -> Iterator[str]:
    if regle.relation == "inclus":
        for tout, partie in _inclusions(nombres):
            yield from _comparer(nombres, [tout], [partie], egal=False)
    elif regle.relation == "croissant":
        presentes = [p for p in regle.parties if p in nombres.valeurs]
        for petite, grande in pairwise(presentes):
            yield from _comparer(nombres, [grande], [petite], egal=False, arrondi=0.0)
    elif regle.s_applique(nombres):
        if regle.relation == "environ":
            yield from _comparer_l_ensemble(nombres, regle)
        else:
            yield from _comparer(nombres, regle.total, regle.parties, egal=regle.relation == "=")


def _inclusions(nombres: Nombres) -> Iterator[tuple[str, str]]:
    """Donner les couples qu'un nom dit : ``P_RP_PROP`` compte une partie de ``P_RP``."""
    noms = nombres.valeurs.keys()
    for nom in sorted(noms):
        morceaux = nom.split("_")
        debuts = ("_".join(morceaux[:n]) for n in range(len(morceaux) - 1, 1, -1))
        tout = next((d for d in debuts if d in noms), None)
        if tout is not None:
            yield tout, nom


def _comparer(
    nombres: Nombres, total: list[str], parties: list[str], *, egal: bool, arrondi: float = ARRONDI
) -> Iterator[str]:
    attendu, somme = nombres.somme(total), nombres.somme(parties)
    ecart = attendu - somme
    tolerance = arrondi * (len(parties) + len(total)) + 1e-6 * np.abs(attendu)
    fautif = (ecart < -tolerance) | (ecart > tolerance) if egal else ecart < -tolerance
    if fautif.any():
        rang = int(fautif.argmax())
        verbe = "n'est pas la somme de" if egal else "dépasse"
        sujet, objet = (total, parties) if egal else (parties, total)
        lus = (attendu, somme) if egal else (somme, attendu)
        yield (
            f"{_noms(sujet)} {verbe} {_noms(objet)} sur {accord(int(fautif.sum()), 'ligne')} : "
            f"{nombre(float(lus[0][rang]))} pour {nombre(float(lus[1][rang]))} au code {nombres.codes[rang]}."
        )


def _comparer_l_ensemble(nombres: Nombres, regle: Identite) -> Iterator[str]:
    haut, bas = (float(nombres.presents(noms).sum()) for noms in (regle.total, regle.parties))
    if bas > 0 and abs(haut / bas - 1) > ENVIRON:
        yield (
            f"{_noms(regle.total)} et {_noms(regle.parties)} comptent les mêmes personnes, et leurs totaux sont "
            f"{nombre(haut)} et {nombre(bas)}."
        )


def _noms(noms: list[str]) -> str:
    return " + ".join(noms if len(noms) < 4 else [noms[0], "…", noms[-1]])
