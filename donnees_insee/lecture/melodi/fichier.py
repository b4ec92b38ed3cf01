"""Lire hors mémoire un fichier de Melodi : ses lignes, une par cellule, deviennent une table large par date et niveau."""

import glob
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from donnees_insee.catalogue.jeux_melodi import (
    niveaux,
    statuts_d_observation,
)
from donnees_insee.chemins import dossier_de_passage
from donnees_insee.erreurs import FichierIllisible, TableNonConforme, liste_de_fautes
from donnees_insee.lecture import brut
from donnees_insee.lecture.csv_decoupe import NOMBRE, TEXTE, EnTete, en_parquet
from donnees_insee.lecture.csv_recu import en_tete_simple
from donnees_insee.lecture.melodi.choix import (
    JeuLu,
    choisir,
    dimensions_du_fichier,
    est_de_melodi,
)
from donnees_insee.lecture.melodi.large import LIGNES, SANS_EPCI, Comptes, Date, Fichier, tables_d_un_jeu
from donnees_insee.lecture.reconnaissance import annees_dans
from donnees_insee.lecture.tables import refuser_un_parquet_demesure

# Le moteur déborde sur le disque au-delà : un fichier national se lit sur une machine modeste.
MEMOIRE: Final = "500MB"
CODES: Final = {"FM": "METRO", "F": "FRANCE"}


def lire_melodi(chemin: Path) -> list[brut.TableBrute] | None:
    """Lire un fichier de Melodi ; rien si c'en n'est pas un."""
    entete = _en_tete(chemin)
    if entete is None:
        return None
    with dossier_de_passage("melodi") as provisoire, brut.moteur() as connexion:
        connexion.execute(f"set memory_limit='{MEMOIRE}'")
        connexion.execute("set preserve_insertion_order=false")
        fichier = _poser_les_lignes(connexion, chemin, entete, Path(provisoire))
        with _lisible(chemin.name):
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


def _poser_les_lignes(
    connexion: duckdb.DuckDBPyConnection, chemin: Path, entete: EnTete | list[str], dossier: Path
) -> Fichier:
    """Poser une vue des lignes du fichier ; un CSV est d'abord converti, une fois, en ce que les lignes ont d'utile."""
    noms = list(entete.utiles) if isinstance(entete, EnTete) else entete
    entiers = [n for n in entete.noms if n] if isinstance(entete, EnTete) else entete
    brut.refuser_noms_repetes(entiers, chemin.name)
    colonnes = {n.strip().upper(): n for n in noms}
    fichier = Fichier(chemin.name, colonnes, dimensions_du_fichier(colonnes))
    if isinstance(entete, EnTete):
        adresse = dossier / "lignes.parquet"
        en_parquet(chemin, entete, adresse, colonnes["OBS_VALUE"])
        autres = ""
    else:
        refuser_un_parquet_demesure(chemin)
        adresse, autres = chemin, _nombre_et_texte(fichier)
    lisible = glob.escape(str(adresse)).replace("'", "''")
    with _lisible(chemin.name):
        connexion.execute(
            f"create view {LIGNES} as select {_colonnes_utiles(fichier)} "
            f"from (select *{autres} from read_parquet('{lisible}'))"
        )
    return fichier


def _nombre_et_texte(fichier: Fichier) -> str:
    """Écrire le nombre d'une ligne de Parquet, et son texte s'il n'en est pas un ; NaN y est une cellule vide."""
    lu = f"""nullif(cast("{fichier.colonnes["OBS_VALUE"]}" as varchar), 'nan')"""
    nombre = f"try_cast({lu} as double)"
    return f", {nombre} as {NOMBRE}, case when {nombre} is null then {lu} end as {TEXTE}"


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


def _colonnes_utiles(fichier: Fichier) -> str:
    """Écrire ce qu'une ligne a d'utile : niveau, géographie, code nu, année, nombre ou ce qui en tient lieu, dimensions."""
    geo, objet = (_texte(fichier, c) for c in ("GEO", "GEO_OBJECT"))
    codes = " ".join(f"when '{brute}' then '{code}'" for brute, code in CODES.items())
    nu = f"case {geo} {codes} else {geo} end"
    connus = " ".join(f"when '{lu}' then '{niveau}'" for lu, niveau in niveaux().items())
    niveau = f"case upper({objet}) {connus} end"
    if "FREQ" in fichier.colonnes:
        niveau = f"case when upper({_texte(fichier, 'FREQ')}) = 'A' then {niveau} end"
    return ", ".join(
        [
            f"{niveau} as niveau",
            f"upper({objet}) as objet",
            f"case when {geo} like '____-%-%' then try_cast(left({geo}, 4) as integer) end as geographie",
            f"case when {geo} like '____-%-%' then split_part({geo}, '-', 3) else {nu} end as code",
            f"left({_texte(fichier, 'TIME_PERIOD')}, 4) as annee",
            f"{_marque(fichier)} as marque",
            f"{_statut_inconnu(fichier)} as statut_inconnu",
            "case when isfinite(nombre) then nombre end as nombre",
            "nullif(trim(texte), '') as texte",
            *(f'{_texte(fichier, d)} as "{d}"' for d in fichier.dimensions),
        ]
    )


def _statut_inconnu(fichier: Fichier) -> str:
    """Écrire ce qui nomme un statut que la table ne connaît pas."""
    cas = ""
    for colonne, modalites in statuts_d_observation().items():
        if colonne in fichier.colonnes:
            lu, connus = f"upper({_texte(fichier, colonne)})", ", ".join(f"'{m}'" for m in modalites)
            cas += (
                f" when {lu} != '' and {lu} not in ({connus}) then '{colonne} = « ' || left({lu}, 20) || ' »'"
            )
    return f"case{cas} end" if cas else "null"


def _texte(fichier: Fichier, colonne: str) -> str:
    """Écrire la lecture d'une colonne, en texte sans blancs de bord : un Parquet peut la donner en date ou en nombre."""
    publie = fichier.colonnes[colonne].replace('"', '""')
    return f'trim(cast("{publie}" as varchar))'


def _marque(fichier: Fichier) -> str:
    """Écrire ce qui dit qu'une valeur manque : son statut d'observation ou de confidentialité, ou sa cellule vide."""
    cas = ""
    for colonne, modalites in statuts_d_observation().items():
        if colonne in fichier.colonnes:
            lue = f"coalesce(nullif(upper({_texte(fichier, colonne)}), ''), 'A')"
            cas += "".join(
                f" when {lue} = '{m}' then '{marque}'" for m, marque in modalites.items() if marque
            )
    return f"case{cas} when nombre is null and coalesce(trim(texte), '') = '' then '' end"


def _tables(connexion: duckdb.DuckDBPyConnection, fichier: Fichier) -> list[brut.TableBrute] | None:
    listees = ", ".join(f'"{d}"' for d in fichier.dimensions)
    vues = connexion.sql(
        "select count(*) filter (niveau is null) as laissees, "
        f"count(*) filter (code = '{SANS_EPCI}') as sans_epci, "
        "count(*) filter (marque is null and nombre is null) as impropres, "
        "count(*) filter (marque is not null) as marquees, "
        f"niveau is not null as gardee, statut_inconnu, annee, geographie, {listees} from {LIGNES} group by all"
    ).fetchall()
    comptes = Comptes(*(sum(v[rang] for v in vues) for rang in range(4)))
    vues = [v[4:] for v in vues]
    _refuser_les_statuts_inconnus(fichier, {v[1] for v in vues if v[1]})
    utiles = [v for v in vues if v[0]]
    presentes = {v[4:] for v in utiles}
    if not presentes and _est_a_l_iris(connexion):
        return None  # les équipements par IRIS ont leur propre mise en forme
    if not presentes:
        raise TableNonConforme(
            f"« {fichier.nom} » est un fichier de Melodi sans une ligne à un niveau que l'on garde "
            f"({', '.join(niveaux())} en GEO_OBJECT). Déposez le fichier complet du producteur."
        )
    date = _dater(fichier, {v[2] for v in utiles}, {v[3] for v in utiles if v[3] is not None})
    lus = choisir(fichier.dimensions, presentes, fichier.nom, date.edition)
    _refuser_trop_de_dates(fichier, {v[2] for v in utiles}, lus)
    return [table for lu in lus for table in tables_d_un_jeu(connexion, fichier, lu, date, comptes)]


def _refuser_trop_de_dates(fichier: Fichier, annees: set[str], lus: list[JeuLu]) -> None:
    """Refuser un fichier qui porte plus de dates que son jeu : une année de trop s'y donnerait pour son édition."""
    for lu in lus:
        if lu.jeu.dates_maximum and len(annees) > lu.jeu.dates_maximum:
            raise TableNonConforme(
                f"« {fichier.nom} » porte {len(annees)} dates ({', '.join(sorted(annees))}) ; un fichier de {lu.jeu.nom} en "
                f"porte {lu.jeu.dates_maximum} au plus. Déposez le fichier tel que publié, une édition à la fois."
            )


def _est_a_l_iris(connexion: duckdb.DuckDBPyConnection) -> bool:
    return bool(connexion.sql(f"select 1 from {LIGNES} where objet = 'IRIS' limit 1").fetchall())


def _refuser_les_statuts_inconnus(fichier: Fichier, inconnus: set[str]) -> None:
    if inconnus:
        raise TableNonConforme(
            liste_de_fautes(
                f"« {fichier.nom} » porte des statuts que la table melodi/statuts.csv ne connaît pas : rien ne dit si leurs "
                "valeurs valent. Ajoutez-y leur ligne (dossier ABS_CATALOGUE) :",
                sorted(inconnus),
            )
        )


def _dater(fichier: Fichier, annees: set[str | None], geographies: set[int]) -> Date:
    illisibles = [a for a in annees if not (a or "").isdigit()]
    dites = sorted(geographies)
    if illisibles or len(dites) > 1:
        quoi = f"TIME_PERIOD « {illisibles[0] or ''} »" if illisibles else f"les géographies {dites} dans GEO"
        raise TableNonConforme(
            f"« {fichier.nom} » : on y lit {quoi} ; on attend des années sur quatre chiffres et une seule année de "
            "géographie. Déposez le fichier tel que publié."
        )
    derniere = max(int(a) for a in annees if a)
    du_nom = annees_dans(fichier.nom)
    remarques = []
    # Un extrait peut n'avoir que d'anciennes années d'une édition plus récente, que son nom dit.
    edition = du_nom[0] if len(du_nom) == 1 and du_nom[0] > derniere else derniere
    if len(du_nom) == 1 and du_nom[0] < derniere:
        remarques.append(f"le nom du fichier porte {du_nom[0]}, le contenu va jusqu'à {derniere}")
    return Date(edition, dites[0] if dites else None, tuple(remarques))
