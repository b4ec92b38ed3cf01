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
from donnees_insee.lecture.csv_decoupe import EnTete, en_parquet
from donnees_insee.lecture.csv_recu import en_tete_simple
from donnees_insee.lecture.melodi.choix import (
    choisir,
    dimensions_du_fichier,
    est_de_melodi,
)
from donnees_insee.lecture.melodi.large import LIGNES, Date, Fichier, tables_d_un_jeu
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
    converti = isinstance(entete, EnTete)
    return Fichier(chemin.name, lisible, colonnes, dimensions_du_fichier(colonnes), converti)


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
    # NaN est l'absence des tables venues de pandas : une cellule vide d'un Parquet, et dans un CSV un mot de trop.
    if not fichier.converti:
        valeur = f"nullif({valeur}, 'nan')"
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
               case when isfinite(try_cast({valeur} as double)) then try_cast({valeur} as double) end as nombre{dimensions}
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


def _tables(connexion: duckdb.DuckDBPyConnection, fichier: Fichier) -> list[brut.TableBrute] | None:
    _refuser_les_statuts_inconnus(connexion, fichier)
    listees = ", ".join(f'"{d}"' for d in fichier.dimensions)
    presentes = set(
        connexion.sql(f"select distinct {listees} from {LIGNES} where niveau is not null").fetchall()
    )
    if not presentes and _est_a_l_iris(connexion, fichier):
        return None  # les équipements par IRIS ont leur propre mise en forme
    if not presentes:
        raise TableNonConforme(
            f"« {fichier.nom} » est un fichier de Melodi sans une ligne à un niveau que l'on garde "
            f"({', '.join(niveaux())} en GEO_OBJECT). Déposez le fichier complet du producteur."
        )
    date = _dater(connexion, fichier)
    return [
        table
        for lu in choisir(fichier.dimensions, presentes, fichier.nom, date.edition)
        for table in tables_d_un_jeu(connexion, fichier, lu, date)
    ]


def _est_a_l_iris(connexion: duckdb.DuckDBPyConnection, fichier: Fichier) -> bool:
    niveau = _texte(fichier, "GEO_OBJECT")
    lus = connexion.sql(
        f"select 1 from read_parquet('{fichier.adresse}') where upper({niveau}) = 'IRIS' limit 1"
    )
    return bool(lus.fetchall())


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
