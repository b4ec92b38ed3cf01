"""Ce qu'une table reçue ne peut pas dire : un effectif négatif ou démesuré, une partie plus grande que son tout."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

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
class Identite:
    """Une relation d'une source : ``=``, ``<=``, ``inclus``, ``croissant``, ``complet`` ou ``environ``."""

    relation: str
    total: list[str]
    parties: list[str]

    def s_applique(self, nombres: pd.DataFrame) -> bool:
        """Dire si une table a toutes les colonnes de la relation."""
        return {*self.total, *self.parties} <= set(nombres.columns)


def _identites(source: str) -> Iterator[Identite]:
    connue = sources().get(source)
    concernees = {source, *(connue.jumelle_de if connue else ())}
    for r in reference("vraisemblance"):
        if r["source"] in concernees:
            cotes = ([p.strip() for p in r[cote].split("+") if p.strip()] for cote in ("total", "parties"))
            yield Identite(r["relation"], *cotes)


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
    nombres = table.select_dtypes("number").set_axis(table["code"])
    fautes = [*_hors_bornes(source, nombres)]
    for regle in _identites(source):
        fautes += _verifier(regle, nombres)
    suite = [f"… et {accord(len(fautes) - MONTREES, 'autre relation', 'rompues')}."]
    return fautes if len(fautes) <= MONTREES else [*fautes[:MONTREES], *suite]


def doutes(source: str, table: pd.DataFrame) -> list[str]:
    """Relever ce qui est possible mais rare : une ligne à moitié vide, deux exploitations qui s'éloignent."""
    nombres = table.select_dtypes("number").set_axis(table["code"])
    return [f"à vérifier, {doute}" for doute in _doutes(source, nombres)]


def _doutes(source: str, nombres: pd.DataFrame) -> Iterator[str]:
    vides = nombres.columns[nombres.isna().all()]
    if len(vides):
        yield f"{_noms(nombres[vides])} : aucun chiffre"
    for regle in _identites(source):
        if regle.relation == "complet":
            absents = nombres.drop(columns=vides).isna()
            partielles = absents.any(axis=1) & ~absents.all(axis=1)
            if partielles.any():
                code = partielles.idxmax()
                combien = accord(int(partielles.sum()), "ligne remplie", "en partie seulement")
                yield f"{combien}, dont {code} ({_noms(absents.loc[[code], absents.loc[code]])} vide)"
        elif regle.relation == "environ" and regle.s_applique(nombres):
            total, parties = nombres[regle.total], nombres[regle.parties]
            haut, bas = total.sum(axis=1), parties.sum(axis=1)
            loin = (haut - bas).abs() > ENVIRON_D_UNE_LIGNE * haut + PETIT
            if loin.any():
                code = loin.idxmax()
                yield (
                    f"{_noms(total)} et {_noms(parties)} s'éloignent sur {accord(int(loin.sum()), 'ligne')}, dont {code} "
                    f"({nombre(float(haut[code]))} et {nombre(float(bas[code]))})"
                )


def _hors_bornes(source: str, nombres: pd.DataFrame) -> Iterator[str]:
    for variable in nombres.columns:
        grandeur = grandeur_de(source, str(variable))
        plancher = 0.0 if grandeur.nature == "compte" else -EFFECTIF_MAXIMAL
        bas = plancher if grandeur.minimum is None else grandeur.minimum
        haut = EFFECTIF_MAXIMAL if grandeur.maximum is None else grandeur.maximum
        valeurs = nombres[variable]
        dehors = (valeurs < bas) | (valeurs > haut)
        if dehors.any():
            code, lue = valeurs[dehors].index[0], float(valeurs[dehors].iloc[0])
            yield (
                f"{variable} est hors de ses bornes sur {accord(int(dehors.sum()), 'ligne')} : {nombre(lue)} au code {code}."
            )


def _verifier(regle: Identite, nombres: pd.DataFrame) -> Iterator[str]:
    if regle.relation == "inclus":
        for tout, partie in _inclusions(nombres):
            yield from _comparer(nombres[[tout]], nombres[[partie]], egal=False)
    elif regle.relation == "croissant":
        presentes = [p for p in regle.parties if p in nombres]
        for petite, grande in pairwise(presentes):
            yield from _comparer(nombres[[grande]], nombres[[petite]], egal=False, arrondi=0.0)
    elif regle.s_applique(nombres):
        total, parties = nombres[regle.total], nombres[regle.parties]
        if regle.relation == "environ":
            yield from _comparer_l_ensemble(total, parties)
        else:
            yield from _comparer(total, parties, egal=regle.relation == "=")


def _inclusions(nombres: pd.DataFrame) -> Iterator[tuple[str, str]]:
    """Donner les couples qu'un nom dit : ``P_RP_PROP`` compte une partie de ``P_RP``."""
    noms = {str(n) for n in nombres.columns}
    for nom in sorted(noms):
        morceaux = nom.split("_")
        debuts = ("_".join(morceaux[:n]) for n in range(len(morceaux) - 1, 1, -1))
        tout = next((d for d in debuts if d in noms), None)
        if tout is not None:
            yield tout, nom


def _comparer(
    total: pd.DataFrame, parties: pd.DataFrame, *, egal: bool, arrondi: float = ARRONDI
) -> Iterator[str]:
    attendu, somme = total.sum(axis=1, skipna=False), parties.sum(axis=1, skipna=False)
    ecart = attendu - somme
    tolerance = arrondi * (parties.shape[1] + total.shape[1]) + 1e-6 * attendu.abs()
    fautif = (ecart < -tolerance) | (ecart > tolerance) if egal else ecart < -tolerance
    if fautif.any():
        rang = int(fautif.to_numpy().argmax())
        verbe = "n'est pas la somme de" if egal else "dépasse"
        sujet, objet = (total, parties) if egal else (parties, total)
        lus = (attendu, somme) if egal else (somme, attendu)
        yield (
            f"{_noms(sujet)} {verbe} {_noms(objet)} sur {accord(int(fautif.sum()), 'ligne')} : "
            f"{nombre(float(lus[0].iloc[rang]))} pour {nombre(float(lus[1].iloc[rang]))} au code {total.index[rang]}."
        )


def _comparer_l_ensemble(total: pd.DataFrame, parties: pd.DataFrame) -> Iterator[str]:
    haut, bas = float(total.sum().sum()), float(parties.sum().sum())
    if bas > 0 and abs(haut / bas - 1) > ENVIRON:
        yield (
            f"{_noms(total)} et {_noms(parties)} comptent les mêmes personnes, et leurs totaux sont {nombre(haut)} et "
            f"{nombre(bas)}."
        )


def _noms(colonnes: pd.DataFrame) -> str:
    noms = [str(c) for c in colonnes.columns]
    return " + ".join(noms if len(noms) < 4 else [noms[0], "…", noms[-1]])
