"""Lire hors mémoire un fichier de Melodi : ses lignes, une par cellule, deviennent une table large par date et niveau."""

import glob
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from donnees_insee.catalogue.jeux_melodi import (
    niveaux,
    recensements_qui_se_suivent,
    statuts_d_observation,
)
from donnees_insee.chemins import dossier_de_passage
from donnees_insee.erreurs import FichierIllisible, TableNonConforme, liste_de_fautes
from donnees_insee.lecture import brut
from donnees_insee.lecture.csv_decoupe import EnTete, en_parquet
from donnees_insee.lecture.csv_recu import en_tete_simple
from donnees_insee.lecture.melodi_choix import (
    Cellule,
    JeuLu,
    choisir,
    dimensions_du_fichier,
    est_de_melodi,
)
from donnees_insee.lecture.reconnaissance import annees_dans
from donnees_insee.lecture.tables import refuser_un_parquet_demesure

# Le moteur déborde sur le disque au-delà : un fichier national se lit sur une machine modeste.
MEMOIRE: Final = "500MB"
CODES: Final = {"FM": "METRO", "F": "FRANCE"}
SANS_EPCI: Final = "ZZZZZZZZZ"
LIGNES: Final = "lignes"


@dataclass(frozen=True)
class Fichier:
    """Un fichier de Melodi mis en Parquet : ses colonnes (nom en capitales → nom publié), et comment le lire."""

    nom: str
    adresse: str
    colonnes: dict[str, str]
    dimensions: tuple[str, ...]


def lire_melodi(chemin: Path) -> list[brut.TableBrute] | None:
    """Lire un fichier de Melodi ; rien si c'en n'est pas un."""
    entete = _en_tete(chemin)
    if entete is None:
        return None
    with dossier_de_passage("melodi") as provisoire, brut.moteur() as connexion:
        connexion.execute(f"set memory_limit='{MEMOIRE}'")
        connexion.execute("set preserve_insertion_order=false")
        fichier = _en_parquet(connexion, chemin, entete, Path(provisoire))
        with _lisible(chemin.name):
            _preparer_les_lignes(connexion, fichier)
            return _tables(connexion, fichier)


def _en_tete(chemin: Path) -> EnTete | list[str] | None:
    """Donner l'en-tête d'un fichier de Melodi."""
    if chemin.suffix.lower() == ".parquet" and brut.nature(chemin) == "parquet":
        try:
            noms = pq.read_schema(chemin).names
        except (pa.ArrowException, OSError, ValueError):
            return None  # la lecture ordinaire dira la faute
        return noms if est_de_melodi(noms) else None
    simple = en_tete_simple(chemin)
    return simple if simple is not None and est_de_melodi(simple.noms) else None


def _en_parquet(
    connexion: duckdb.DuckDBPyConnection, chemin: Path, entete: EnTete | list[str], dossier: Path
) -> Fichier:
    if isinstance(entete, EnTete):
        noms, adresse = list(entete.utiles), dossier / "lignes.parquet"
        brut.refuser_noms_repetes([n for n in entete.noms if n], chemin.name)
        en_parquet(connexion, chemin, entete, adresse)
    else:
        noms, adresse = entete, chemin
        brut.refuser_noms_repetes(noms, chemin.name)
        refuser_un_parquet_demesure(chemin)
    colonnes = {n.strip().upper(): n for n in noms}
    lisible = glob.escape(str(adresse)).replace("'", "''")
    return Fichier(chemin.name, lisible, colonnes, dimensions_du_fichier(colonnes))


@contextmanager
def _lisible(nom: str) -> Iterator[None]:
    try:
        yield
    except duckdb.OutOfMemoryException as cause:
        raise MemoryError from cause
    except duckdb.Error as cause:
        raise FichierIllisible(
            f"« {nom} » ne se lit pas jusqu'au bout ({str(cause).splitlines()[0][:120]}). Téléchargez-le de nouveau."
        ) from cause


# -- lignes : niveau, code, année, valeur, marque ------------------------------------------------


def _preparer_les_lignes(connexion: duckdb.DuckDBPyConnection, fichier: Fichier) -> None:
    """Poser une vue des lignes utiles : le niveau dit par GEO_OBJECT, le code nu, l'année, le nombre, la marque."""
    geo, valeur = _texte(fichier, "GEO"), _texte(fichier, "OBS_VALUE")
    codes = " ".join(f"when '{brute}' then '{code}'" for brute, code in CODES.items())
    connus = " ".join(f"when '{brut_}' then '{niveau}'" for brut_, niveau in niveaux().items())
    dimensions = "".join(f', {_texte(fichier, d)} as "{d}"' for d in fichier.dimensions)
    annuelle = f" where upper({_texte(fichier, 'FREQ')}) = 'A'" if "FREQ" in fichier.colonnes else ""
    connexion.execute(f"""
        create view {LIGNES} as
        select case upper({_texte(fichier, "GEO_OBJECT")}) {connus} end as niveau,
               try_cast(regexp_extract({geo}, '^(\\d{{4}})-[A-Z0-9]+-', 1) as integer) as geographie,
               case when {geo} like '____-%-%' then split_part({geo}, '-', 3)
                    else case {geo} {codes} else {geo} end end as code,
               left({_texte(fichier, "TIME_PERIOD")}, 4) as annee,
               {_marque(fichier, valeur)} as marque,
               {valeur} as texte,
               try_cast({valeur} as double) as nombre{dimensions}
        from read_parquet('{fichier.adresse}'){annuelle}
    """)


def _texte(fichier: Fichier, colonne: str) -> str:
    """Écrire la lecture d'une colonne, en texte sans blancs de bord : un Parquet peut la donner en date ou en nombre."""
    publie = fichier.colonnes[colonne].replace('"', '""')
    return f'trim(cast("{publie}" as varchar))'


def _marque(fichier: Fichier, valeur: str) -> str:
    """Écrire ce qui dit qu'une valeur manque : son statut d'observation ou de confidentialité, ou sa cellule vide."""
    cas = ""
    for colonne, modalites in statuts_d_observation().items():
        if colonne in fichier.colonnes:
            lue = f"coalesce(nullif(upper({_texte(fichier, colonne)}), ''), 'A')"
            cas += "".join(
                f" when {lue} = '{m}' then '{marque}'" for m, marque in modalites.items() if marque
            )
    return f"case{cas} when coalesce({valeur}, '') = '' then '' end"


def _tables(connexion: duckdb.DuckDBPyConnection, fichier: Fichier) -> list[brut.TableBrute]:
    _refuser_les_statuts_inconnus(connexion, fichier)
    listees = ", ".join(f'"{d}"' for d in fichier.dimensions)
    presentes = set(
        connexion.sql(f"select distinct {listees} from {LIGNES} where niveau is not null").fetchall()
    )
    if not presentes:
        raise TableNonConforme(
            f"« {fichier.nom} » est un fichier de Melodi sans une ligne à un niveau que l'on garde "
            f"({', '.join(niveaux())} en GEO_OBJECT). Déposez le fichier complet du producteur."
        )
    date = _dater(connexion, fichier)
    return [
        table
        for lu in choisir(fichier.dimensions, presentes, fichier.nom)
        for table in _tables_d_un_jeu(connexion, fichier, lu, date)
    ]


def _refuser_les_statuts_inconnus(connexion: duckdb.DuckDBPyConnection, fichier: Fichier) -> None:
    fautes = []
    for colonne, modalites in statuts_d_observation().items():
        if colonne not in fichier.colonnes:
            continue
        lu = _texte(fichier, colonne)
        vus = connexion.sql(f"select distinct upper({lu}) from read_parquet('{fichier.adresse}')").fetchall()
        inconnus = sorted(v for (v,) in vus if v and v not in modalites)
        fautes += [f"{colonne} = « {v[:20]} »" for v in inconnus]
    if fautes:
        raise TableNonConforme(
            liste_de_fautes(
                f"« {fichier.nom} » porte des statuts que la table melodi/statuts.csv ne connaît pas : rien ne dit si leurs "
                "valeurs valent. Ajoutez-y leur ligne (dossier ABS_CATALOGUE) :",
                fautes,
            )
        )


@dataclass(frozen=True)
class Date:
    """L'édition d'un fichier (sa dernière année), d'où on la tient, et l'année de géographie si ses codes la disent."""

    edition: int
    geographie: int | None
    remarques: tuple[str, ...]


def _dater(connexion: duckdb.DuckDBPyConnection, fichier: Fichier) -> Date:
    annees, geographies = connexion.sql(
        f"select list(distinct annee), list(distinct geographie) from {LIGNES} where niveau is not null"
    ).fetchall()[0]
    illisibles = sorted(str(a) for a in annees or [] if not (a or "").isdigit())
    dites = sorted(g for g in geographies or [] if g is not None)
    if illisibles or len(dites) > 1:
        quoi = f"TIME_PERIOD « {illisibles[0]} »" if illisibles else f"les géographies {dites} dans GEO"
        raise TableNonConforme(
            f"« {fichier.nom} » : on y lit {quoi} ; on attend des années sur quatre chiffres et une seule année de "
            "géographie. Déposez le fichier tel que publié."
        )
    derniere = max(map(int, annees))
    du_nom = annees_dans(fichier.nom)
    remarques = []
    # Un extrait peut n'avoir que d'anciennes années d'une édition plus récente, que son nom dit.
    edition = du_nom[0] if len(du_nom) == 1 and du_nom[0] > derniere else derniere
    if len(du_nom) == 1 and du_nom[0] < derniere:
        remarques.append(f"le nom du fichier porte {du_nom[0]}, le contenu va jusqu'à {derniere}")
    return Date(edition, dites[0] if dites else None, tuple(remarques))


# -- d'un jeu à ses tables larges ----------------------------------------------------------------


def _tables_d_un_jeu(
    connexion: duckdb.DuckDBPyConnection, fichier: Fichier, lu: JeuLu, date: Date
) -> list[brut.TableBrute]:
    laissees, sans_epci, impropres, marquees = _compter(connexion, fichier, lu.cellules)
    remarques = list(date.remarques)
    if laissees:
        remarques.append(f"{laissees} lignes d'autres niveaux (aires, unités urbaines…) laissées")
    if sans_epci:
        remarques.append(f"{sans_epci} lignes de communes sans EPCI ({SANS_EPCI}) laissées")
    en_texte = bool(impropres or marquees)
    large = connexion.sql(_requete(lu, en_texte=en_texte)).to_arrow_table()
    _refuser_les_doubles(connexion, fichier, lu, large)
    large = large.drop_columns(["lues", "pleines"])
    tables: dict[tuple[int, str], pa.Table] = {}
    for couple in large.group_by(["annee", "niveau"]).aggregate([]).to_pylist():
        ici = pc.and_(pc.equal(large["annee"], couple["annee"]), pc.equal(large["niveau"], couple["niveau"]))
        siennes = large.filter(ici).drop_columns(["annee", "niveau"]).sort_by("CODGEO")
        tables[int(couple["annee"]), couple["niveau"]] = _sans_colonne_vide(siennes)
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


def _compter(
    connexion: duckdb.DuckDBPyConnection, fichier: Fichier, cellules: Sequence[Cellule]
) -> tuple[int, int, int, int]:
    """Poser la table des cellules voulues ; compter les lignes laissées, sans EPCI, illisibles et marquées."""
    types = ", ".join(f'"{d}" varchar' for d in fichier.dimensions)
    connexion.execute(f"create or replace table cellules ({types}, cellule integer)")
    connexion.executemany(
        f"insert into cellules values ({', '.join('?' * (len(fichier.dimensions) + 1))})",
        [[*c, i] for i, c in enumerate(cellules)],
    )
    egales = " and ".join(f'l."{d}" = c."{d}"' for d in fichier.dimensions)
    connexion.execute(f"""
        create or replace table voulues as
        select niveau, code, annee, cellule, nombre, marque, texte from {LIGNES} l join cellules c on {egales}
        where niveau is not null and code != '{SANS_EPCI}'
    """)
    laissees, sans_epci = connexion.sql(
        f"select count(*) filter (niveau is null), count(*) filter (code = '{SANS_EPCI}') from {LIGNES}"
    ).fetchall()[0]
    impropres, marquees = connexion.sql(
        "select count(*) filter (marque is null and nombre is null), count(*) filter (marque is not null) from voulues"
    ).fetchall()[0]
    return laissees, sans_epci, impropres, marquees


def _requete(lu: JeuLu, *, en_texte: bool) -> str:
    """Écrire le tour : d'une ligne par cellule à une colonne par variable, sommes et secondes chances comprises."""
    rangs = {c: i for i, c in enumerate(lu.cellules)}
    colonnes = [f"max(nombre) filter (cellule = {i} and marque is null) as n{i}" for i in rangs.values()]
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


def _sans_colonne_vide(table: pa.Table) -> pa.Table:
    """Ôter les variables qu'aucun territoire de cette date n'a : elles ne sont pas dans le fichier."""
    return table.select([n for n in table.column_names if table[n].null_count < table.num_rows])


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
