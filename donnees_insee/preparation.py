"""D'une table de texte reconnue à une table typée : codes vérifiés, nombres lus, marques gardées."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import pandas as pd
import pyarrow as pa

from donnees_insee import codes
from donnees_insee.catalogue import marques
from donnees_insee.erreurs import SourceNonReconnue, TableNonConforme, liste_de_fautes
from donnees_insee.reconnaissance import Colonne, Lot
from donnees_insee.tables import TableBrute

SUFFIXE_STATUT = "__statut"
PART_MAJORITAIRE = 0.9
# Séparateurs de milliers rencontrés : espace, insécable, fine insécable, fine.
ESPACES = "[ \u00a0\u202f\u2009]"


@dataclass(frozen=True)
class TablePreparee:
    """Une table prête pour la base.

    Attributes
    ----------
    donnees : pandas.DataFrame
        Colonne ``code``, puis une colonne par variable et ``<variable>__statut`` où une marque existe.
    niveau : str
        Niveau géographique.
    millesime : int or None
        Millésime.
    remarques : tuple of str
        Lignes d'ensemble mises de côté, marques rencontrées.
    """

    donnees: pd.DataFrame
    niveau: str
    millesime: int | None
    remarques: tuple[str, ...]


def preparer(table: TableBrute, lot: Lot) -> TablePreparee:
    """Vérifier les codes, lire les nombres et garder les marques d'une table reconnue.

    Parameters
    ----------
    table : TableBrute
        Texte lu.
    lot : Lot
        Reconnaissance de la table.

    Returns
    -------
    TablePreparee
        Table typée, triée par code.

    Raises
    ------
    TableNonConforme
        Codes mal formés ou répétés, nombres illisibles ; toutes les fautes sont dites.
    """
    nombres = [c for c in lot.colonnes if c.motif.type == "nombre"]
    textes = [c for c in lot.colonnes if c.motif.type in {"texte", "note"}]
    donnees, fautes, comptes = _lire_nombres(table.texte, lot.cle, nombres, textes)
    remarques = []
    ensemble = donnees["code"].str.upper().isin(lot.source.lignes_d_ensemble)
    if ensemble.any():
        donnees = donnees.loc[~ensemble].copy()
        remarques.append(f"{int(ensemble.sum())} ligne d'ensemble mise de côté")
    if lot.source.id == "appartenance":
        donnees = _avec_arrondissements(donnees)
    avant = len(donnees)
    niveau, millesime, donnees = _niveau_et_date(donnees, lot)
    if len(donnees) < avant:
        remarques.append(f"{avant - len(donnees)} ligne(s) d'une autre année mises de côté")
    fautes += _fautes_de_codes(donnees["code"], niveau, lot)
    if fautes:
        raise TableNonConforme(
            liste_de_fautes(f"« {table.origine} », reconnu comme « {lot.source.titre} », est refusé :", fautes)
        )
    if comptes:
        remarques.append("marques " + ", ".join(f"{m} : {n}" for m, n in sorted(comptes.items())))
    return TablePreparee(donnees.sort_values("code", ignore_index=True), niveau, millesime, tuple(remarques))


def _lire_nombres(
    texte: pa.Table, cle: str, nombres: list[Colonne], textes: list[Colonne]
) -> tuple[pd.DataFrame, list[str], dict[str, int]]:
    """Convertir en un seul passage de DuckDB, et relever ce qui n'est ni nombre ni marque."""
    connexion = duckdb.connect()
    try:
        connexion.register("brut", texte)
        connexion.execute("create temp table marques(marque varchar, statut varchar)")
        connexion.executemany("insert into marques values (?, ?)", [(m, m) for m in marques()])
        champs = [f"trim({_q(cle)}) as code"]
        champs += [f"trim({_q(c.brut)}) as {_q(c.variable)}" for c in textes]
        for c in nombres:
            propre = f"lower(regexp_replace({_q(c.brut)}, '{ESPACES}', '', 'g'))"
            chiffres = f"replace(replace({propre}, ',', '.'), '−', '-')"
            champs.append(f"try_cast(nullif({chiffres}, '') as double) as {_q(c.variable)}")
            champs.append(
                f"case when {propre} is null or {propre} = '' then null "
                f"when try_cast({chiffres} as double) is not null and isfinite(try_cast({chiffres} as double)) "
                f"then null else {propre} end as {_q(c.variable + SUFFIXE_STATUT)}"
            )
        donnees = connexion.sql(f"select {', '.join(champs)} from brut").df()
    finally:
        connexion.close()
    donnees = donnees.loc[donnees["code"].notna() & (donnees["code"] != "")].reset_index(drop=True)
    return _trier_les_marques(donnees, nombres)


def _trier_les_marques(
    donnees: pd.DataFrame, nombres: list[Colonne]
) -> tuple[pd.DataFrame, list[str], dict[str, int]]:
    fautes: list[str] = []
    comptes: dict[str, int] = {}
    connues = marques()
    a_oter = []
    for c in nombres:
        statut = c.variable + SUFFIXE_STATUT
        presentes = donnees[statut].value_counts()
        if presentes.empty:
            a_oter.append(statut)
            continue
        for marque, n in presentes.items():
            if marque in connues:
                comptes[str(marque)] = comptes.get(str(marque), 0) + int(n)
            else:
                code = donnees.loc[donnees[statut] == marque, "code"].iloc[0]
                fautes.append(
                    f"colonne {c.brut} : {int(n)} cellule(s) « {marque} » (par exemple au code {code}), "
                    "ni nombre ni marque connue (s, ns, nd, so, vide)."
                )
        donnees.loc[donnees[statut].notna(), c.variable] = float("nan")
    return donnees.drop(columns=a_oter), fautes, comptes


def _q(nom: str) -> str:
    return '"' + nom.replace('"', '""') + '"'


def _avec_arrondissements(donnees: pd.DataFrame) -> pd.DataFrame:
    """Ôter des tables de communes les lignes qui ne sont pas des communes (zonages, libellés)."""
    return donnees.loc[donnees["code"].map(lambda c: codes.conforme(c, "commune"))].reset_index(drop=True)


def _niveau_et_date(donnees: pd.DataFrame, lot: Lot) -> tuple[str, int | None, pd.DataFrame]:
    millesime = lot.millesime
    if lot.source.millesime_dans_la_colonne and millesime is None:
        millesime, donnees = _annee_majoritaire(donnees, lot.source.millesime_dans_la_colonne)
    if len(lot.source.niveaux) == 1:
        return lot.source.niveaux[0], millesime, donnees
    if lot.cle.strip().upper() == "IRIS":
        return "iris", millesime, donnees
    niveau = _niveau_des_codes(donnees, lot)
    if niveau == "france":
        donnees = donnees.assign(code="METRO")
    return niveau, millesime, donnees


def _annee_majoritaire(donnees: pd.DataFrame, colonne: str) -> tuple[int, pd.DataFrame]:
    """Garder les lignes de l'année que porte presque toute la table (Mayotte a son propre recensement)."""
    comptes = donnees[colonne].value_counts()
    annee = str(comptes.index[0]) if len(comptes) else ""
    if not annee.isdigit() or comptes.iloc[0] < PART_MAJORITAIRE * len(donnees):
        raise TableNonConforme(
            f"La colonne {colonne} porte les années {', '.join(map(str, comptes.index[:5])) or '(aucune)'} ; "
            "on en attend une seule. Séparez le fichier par année, puis redéposez-le."
        )
    return int(annee), donnees.loc[donnees[colonne] == annee].reset_index(drop=True)


def _niveau_des_codes(donnees: pd.DataFrame, lot: Lot) -> str:
    """Déduire le niveau de la forme des codes ; départements et régions se distinguent par leurs noms."""
    liste = donnees["code"].astype(str)
    if liste.empty:
        raise TableNonConforme(f"« {lot.source.titre} » : la table ne porte aucun code.")
    libelles = donnees["LIBGEO"].fillna("") if "LIBGEO" in donnees else pd.Series([""] * len(donnees))
    for niveau in lot.source.niveaux:
        if niveau in {"departement", "region"}:
            noms = codes.noms_officiels(niveau)
            accord = [noms.get(c, "\0").lower() == str(n).lower() for c, n in zip(liste, libelles, strict=True)]
            if sum(accord) >= 0.8 * len(accord):
                return niveau
        elif niveau == "france":
            if len(liste) == 1 and "métropolitaine" in str(libelles.iloc[0]).lower():
                return niveau
        elif niveau != "iris" and liste.map(lambda c, n=niveau: codes.conforme(c, n)).mean() > 0.5:  # noqa: PLR2004
            return niveau
    raise SourceNonReconnue(
        f"Le niveau géographique de « {lot.source.titre} » ne se déduit pas des codes "
        f"({', '.join(liste.head(3))}…). Pour des départements ou des régions, la colonne LIBGEO est nécessaire."
    )


def _fautes_de_codes(liste: pd.Series, niveau: str, lot: Lot) -> list[str]:
    """Vérifier la forme et l'unicité des codes avec pandera, et dire toutes les fautes en français."""
    import pandera.pandas as pa_ra  # noqa: PLC0415 - import lent, réservé au dépôt

    if niveau == "local":
        return []
    forme = codes.FORMES[niveau].pattern
    contrat = pa_ra.SeriesSchema(
        str,
        checks=pa_ra.Check(lambda s: s.str.fullmatch(forme), name="forme", element_wise=False),
        unique=True,
        nullable=False,
        name="code",
    )
    try:
        contrat.validate(liste.astype(str), lazy=True)
    except pa_ra.errors.SchemaErrors as cause:
        return _traduire(cause.failure_cases, niveau, lot)
    return []


def _traduire(cas: pd.DataFrame, niveau: str, lot: Lot) -> list[str]:
    fautes = []
    doublons = cas.loc[cas["check"].astype(str).str.contains("unique"), "failure_case"].astype(str)
    if len(doublons):
        liste = sorted(set(doublons))
        fautes.append(
            f"colonne {lot.cle} : {len(liste)} code(s) en double ({', '.join(liste[:5])}). "
            "Chaque territoire ne doit avoir qu'une ligne."
        )
    formes = cas.loc[~cas["check"].astype(str).str.contains("unique"), "failure_case"].astype(str)
    if len(formes):
        liste = sorted(set(formes))
        conseil = (
            " Un zéro initial a été perdu, sans doute par un tableur : reprenez le fichier d'origine."
            if any(c.isdigit() and codes.conforme("0" + c, niveau) for c in liste)
            else ""
        )
        fautes.append(
            f"colonne {lot.cle} : {len(liste)} code(s) mal formé(s) ({', '.join(liste[:5])}) ; "
            f"on attend {codes.ATTENDUS.get(niveau, niveau)}.{conseil}"
        )
    return fautes
