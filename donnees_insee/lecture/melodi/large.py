"""D'un jeu de Melodi reconnu à ses tables larges : une colonne par variable, une table par date et par niveau."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from donnees_insee.catalogue.catalogue import source
from donnees_insee.catalogue.jeux_melodi import correspondances, recensements_qui_se_suivent
from donnees_insee.erreurs import TableNonConforme, liste_de_fautes
from donnees_insee.lecture import brut
from donnees_insee.lecture.melodi.choix import Cellule, JeuLu

SANS_EPCI: Final = "ZZZZZZZZZ"
# La vue des lignes utiles, que la lecture pose dans le moteur.
LIGNES: Final = "lignes"


@dataclass(frozen=True)
class Fichier:
    """Un fichier de Melodi : ses colonnes (nom en capitales → nom publié) et ses dimensions."""

    nom: str
    colonnes: dict[str, str]
    dimensions: tuple[str, ...]


@dataclass(frozen=True)
class Date:
    """L'édition d'un fichier (sa dernière année), d'où on la tient, et l'année de géographie si ses codes la disent."""

    edition: int
    geographie: int | None
    remarques: tuple[str, ...]


@dataclass(frozen=True)
class Comptes:
    """Les lignes laissées faute de niveau, sans EPCI, dont la valeur n'est pas un nombre, et marquées absentes."""

    laissees: int
    sans_epci: int
    impropres: int
    marquees: int


def tables_d_un_jeu(
    connexion: duckdb.DuckDBPyConnection, fichier: Fichier, lu: JeuLu, date: Date, comptes: Comptes
) -> list[brut.TableBrute]:
    """Tirer d'un jeu une table par date et par niveau."""
    _vouloir(connexion, fichier, lu.cellules)
    remarques = list(date.remarques)
    if comptes.laissees:
        remarques.append(f"{comptes.laissees} lignes d'autres niveaux (aires, unités urbaines…) laissées")
    if comptes.sans_epci:
        remarques.append(f"{comptes.sans_epci} lignes de communes sans EPCI ({SANS_EPCI}) laissées")
    eprouvees = {c.variable for c in correspondances()[lu.jeu.nom] if c.eprouvee}
    if a_eprouver := len(lu.variables.keys() - eprouvees):
        remarques.append(
            f"{a_eprouver} variables sur {len(lu.variables)} tirées d'une correspondance qu'aucune vraie valeur n'a éprouvée"
        )
    en_texte = bool(comptes.impropres or comptes.marquees)
    large = connexion.sql(_requete(lu, en_texte=en_texte)).to_arrow_table()
    _refuser_les_doubles(connexion, fichier, lu, large)
    large = large.drop_columns(["lues", "pleines"])
    tables: dict[tuple[int, str], pa.Table] = {}
    for couple in large.group_by(["annee", "niveau"]).aggregate([]).to_pylist():
        ici = pc.and_(pc.equal(large["annee"], couple["annee"]), pc.equal(large["niveau"], couple["niveau"]))
        siennes = large.filter(ici).drop_columns(["annee", "niveau"]).sort_by("CODGEO")
        tables[int(couple["annee"]), couple["niveau"]] = _sans_colonne_vide(siennes, lu.jeu.source)
    if lu.jeu.source == "serie_historique":
        _joindre_le_precedent(tables)
    return [
        brut.TableBrute(
            tuple(table.column_names),
            brut.TexteDiffere(partial(_tout_en_texte, table), partial(_typer, table, en_texte=en_texte)),
            fichier.nom,
            remarques=tuple(remarques),
            millesime=annee,
            niveau=niveau,
            source=lu.jeu.source,
            jeu=lu.jeu.nom,
            edition=date.edition,
            geographie=date.geographie,
        )
        for (annee, niveau), table in sorted(tables.items())
    ]


def _vouloir(connexion: duckdb.DuckDBPyConnection, fichier: Fichier, cellules: Sequence[Cellule]) -> None:
    """Poser la table des cellules voulues, et la vue des lignes qui les donnent."""
    types = ", ".join(f'"{d}" varchar' for d in fichier.dimensions)
    connexion.execute(f"create or replace table cellules ({types}, cellule integer)")
    connexion.executemany(
        f"insert into cellules values ({', '.join('?' * (len(fichier.dimensions) + 1))})",
        [[*c, i] for i, c in enumerate(cellules)],
    )
    egales = " and ".join(f'l."{d}" = c."{d}"' for d in fichier.dimensions)
    connexion.execute(f"""
        create or replace view voulues as
        select niveau, code, annee, cellule, nombre, marque, texte from {LIGNES} l join cellules c on {egales}
        where niveau is not null and code != '{SANS_EPCI}'
    """)


def _requete(lu: JeuLu, *, en_texte: bool) -> str:
    """Écrire le tour : d'une ligne par cellule à une colonne par variable, sommes et secondes chances comprises."""
    rangs = {c: i for i, c in enumerate(lu.cellules)}
    valable = " and marque is null" if en_texte else ""
    colonnes = [f"max(nombre) filter (cellule = {i}{valable}) as n{i}" for i in rangs.values()]
    if en_texte:
        colonnes += [
            f"max(case when marque is not null then marque when nombre is null then texte end) "
            f"filter (cellule = {i}) as m{i}"
            for i in rangs.values()
        ]
    pleines = " + ".join(f"cast(n{i} is not null as bigint)" for i in rangs.values())
    choix = []
    for variable, facons in lu.variables.items():
        somme = _premiere([" + ".join(_premiere([f"n{rangs[c]}" for c in t]) for t in f) for f in facons])
        if en_texte:
            marque = _premiere([f"nullif(m{rangs[c]}, '')" for f in facons for t in f for c in t])
            somme = f"coalesce(cast({somme} as varchar), {marque})"
        choix.append(f'{somme} as "{variable}"')
    return f"""
        with large as (
            select niveau, annee, code, count(nombre) filter (marque is null) as lues, {", ".join(colonnes)}
            from voulues group by all
        )
        select niveau, annee, code as "CODGEO", lues, {pleines} as pleines, {", ".join(choix)} from large
    """


def _premiere(expressions: Sequence[str]) -> str:
    """Prendre la première expression qui a une valeur."""
    return expressions[0] if len(expressions) == 1 else f"coalesce({', '.join(expressions)})"


def _refuser_les_doubles(
    connexion: duckdb.DuckDBPyConnection, fichier: Fichier, lu: JeuLu, large: pa.Table
) -> None:
    """Refuser deux valeurs pour une même cellule ; le compte des lignes lues dit d'emblée s'il peut y en avoir."""
    if large["lues"].equals(large["pleines"]):
        return
    doubles = connexion.sql(
        "select niveau, code, annee, cellule, count(distinct nombre) as n from voulues where marque is null "
        "group by all having n > 1 order by code limit 10"
    ).fetchall()
    if doubles:
        raise TableNonConforme(
            liste_de_fautes(
                f"« {fichier.nom} » donne plusieurs valeurs d'une même cellule pour un même territoire ; on en attend une "
                "seule. Deux fichiers y sont peut-être réunis : reprenez celui du producteur.",
                [
                    f"{code} ({niveau}), {annee}, {' '.join(lu.cellules[cellule])} : {n} valeurs différentes"
                    for niveau, code, annee, cellule, n in doubles
                ],
            )
        )


def _sans_colonne_vide(table: pa.Table, identifiant: str) -> pa.Table:
    """Ôter les variables qu'aucun territoire n'a ; d'un fichier de lignes non nulles, remplir les autres de zéros."""
    gardee = table.select([n for n in table.column_names if table[n].null_count < table.num_rows])
    if not source(identifiant).absent_nul:
        return gardee
    zeros = {pa.string(): "0", pa.float64(): 0.0}
    return pa.table({n: pc.fill_null(gardee[n], zeros[gardee[n].type]) for n in gardee.column_names})


def _joindre_le_precedent(tables: dict[tuple[int, str], pa.Table]) -> None:
    """Joindre à chaque recensement la population du précédent : naissances et décès y sont cumulés depuis lui."""
    for niveau in {niveau for _, niveau in tables}:
        annees = [a for a, n in tables if n == niveau]
        for apres, avant in recensements_qui_se_suivent(annees).items():
            ancienne, recente = tables[avant, niveau], tables[apres, niveau]
            if "P_POP" not in ancienne.column_names or "P_POP" not in recente.column_names:
                continue
            places = pc.index_in(recente["CODGEO"], ancienne["CODGEO"].combine_chunks())
            duree = pa.array([apres - avant] * recente.num_rows, pa.float64())
            if recente.schema.field("P_POP").type == pa.string():
                duree = duree.cast(pa.string())
            tables[apres, niveau] = recente.append_column(
                "P_POP_AVANT", ancienne["P_POP"].take(places)
            ).append_column("ANNEES", duree)


def _tout_en_texte(table: pa.Table) -> pa.Table:
    return pa.table({n: pc.cast(table[n], pa.string()) for n in table.column_names})


def _typer(table: pa.Table, nombres: Sequence[str], textes: Sequence[str], *, en_texte: bool) -> Any:
    return None if en_texte else table.select([*textes, *nombres])
