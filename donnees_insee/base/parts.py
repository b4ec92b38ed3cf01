"""Les parts de la base : un fichier Parquet par lot reçu, écrit en petits groupes de lignes, lu par codes."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from donnees_insee.chemins import fichier_provisoire
from donnees_insee.erreurs import ErreurAbs, FichierIllisible
from donnees_insee.preparation.nombres import SUFFIXE_STATUT

# Mesuré sur la France entière (tests/bancs) : au-delà, une commune fait lire trop de lignes ; en deçà, le pied
# de fichier coûte plus que les données. lz4 se lit et s'écrit deux fois plus vite que zstd pour 12 % d'octets de plus.
TAILLE_DE_GROUPE: Final = 2048
COMPRESSION: Final = "lz4"
SANS_DATE: Final = "sans_date"
# En deçà de la moitié des lignes d'une autre édition, une publication en est un extrait.
PART_D_UNE_TABLE: Final = 2
# Après tout caractère d'un code : borne haute des codes qui ont un début donné.
FIN: Final = "\uffff"


@dataclass(frozen=True)
class Part:
    """Une part de la base : le fichier Parquet d'un lot reçu."""

    source: str
    millesime: int | None
    niveau: str
    chemin: Path
    jeu: str = ""
    edition: int | None = None
    geographie: int | None = None
    paru_le: str = ""
    lignes: int = 0

    @property
    def ou(self) -> tuple[str, int | None, str]:
        """La table dont c'est une part : source, millésime, niveau."""
        return self.source, self.millesime, self.niveau

    @property
    def revision(self) -> tuple[int, int]:
        """Ce qui distingue deux publications d'une même table : l'édition et l'année de géographie."""
        return (0, 0) if self.edition is None else (self.edition, self.geographie or 0)


@dataclass(frozen=True)
class EtatDeFichier:
    """Ce qui dit qu'un fichier n'a pas changé : le même chemin, la même taille, la même date d'écriture."""

    chemin: Path
    taille: int
    instant: int


def etat_de_fichier(chemin: Path) -> EtatDeFichier:
    """Relever l'état d'un fichier."""
    try:
        vu = chemin.stat()
    except OSError:
        return EtatDeFichier(chemin, -1, 0)
    return EtatDeFichier(chemin, vu.st_size, vu.st_mtime_ns)


def retenues(parts: Sequence[Part], limite: int | None = None) -> list[Part]:
    """Garder de chaque table sa publication la plus récente, et de chaque jeu son dernier fichier ; le reste est révisé.

    Sous une limite, une édition plus récente que l'année demandée ne vaut qu'à défaut. Un extrait ne cache pas la table
    bien plus complète d'une autre édition : ses territoires y perdraient tout ce à quoi on les compare.
    """
    gardees: list[Part] = []
    for _, du_lieu in groupby(sorted(parts, key=_par_lieu), key=_par_lieu):
        siennes = list(du_lieu)
        dernier = max(_completes(siennes), key=lambda r: (limite is None or r[0] <= limite, r))
        a_jour = [p for p in siennes if p.revision == dernier]
        paru = {jeu: max(p.paru_le for p in a_jour if p.jeu == jeu) for jeu in {p.jeu for p in a_jour}}
        gardees += [p for p in a_jour if p.paru_le == paru[p.jeu]]
    return gardees


def est_un_extrait(lignes: int, tenues: int) -> bool:
    """Dire si une publication a trop peu de lignes, face à une autre de la même table, pour prendre sa place."""
    return lignes * PART_D_UNE_TABLE < tenues


def _completes(parts: Sequence[Part]) -> set[tuple[int, int]]:
    lignes: dict[tuple[int, int], int] = {}
    for p in parts:
        lignes[p.revision] = max(lignes.get(p.revision, 0), p.lignes)
    return {r for r, siennes in lignes.items() if not est_un_extrait(siennes, max(lignes.values()))}


def _par_lieu(part: Part) -> tuple[str, int, str]:
    return part.source, part.millesime or 0, part.niveau


_FILS: ContextVar[bool] = ContextVar("fils", default=True)


def fils_admis() -> bool:
    """Dire si une lecture peut se répartir entre les cœurs."""
    return _FILS.get()


@contextmanager
def sans_fils() -> Iterator[None]:
    """Lire sans lancer de fil : un processus qui va se dédoubler ne doit en avoir aucun autre que le sien."""
    avant = _FILS.set(False)
    try:
        yield
    finally:
        _FILS.reset(avant)


def part_de(chemin: Path) -> Part:
    """Lire dans son chemin ce qu'est une part."""
    annee = chemin.parents[1].name
    if annee != SANS_DATE and not annee.isdigit():
        raise FichierIllisible(
            f"Le dossier « {chemin.parents[1]} » n'est pas un millésime : la base a été modifiée à la main. Ôtez-le."
        )
    return Part(
        chemin.parents[2].name, None if annee == SANS_DATE else int(annee), chemin.parent.name, chemin
    )


@contextmanager
def part_lisible(chemin: Path) -> Iterator[None]:
    """Dire en français qu'une part ne se lit plus."""
    try:
        yield
    except ErreurAbs:
        raise
    except Exception as cause:  # un Parquet abîmé fait lever n'importe quoi à ses lecteurs
        raise FichierIllisible(
            f"La part « {chemin} » de la base est abîmée ou a disparu ({cause}). Retirez le fichier qui l'a donnée "
            "avec `abs sources retirer`, puis déposez-le de nouveau."
        ) from cause


# -- écrire ------------------------------------------------------------------------------------


def ecrire_part(donnees: pa.Table | pd.DataFrame, chemin: Path) -> None:
    """Écrire une part d'un seul geste."""
    with fichier_provisoire(chemin) as provisoire:
        if isinstance(donnees, pd.DataFrame) and "geometry" in donnees:
            donnees.to_parquet(provisoire, index=False)
            return
        table = (
            donnees if isinstance(donnees, pa.Table) else pa.Table.from_pandas(donnees, preserve_index=False)
        )
        # Un dictionnaire ne sert qu'aux textes ; seules les bornes des codes servent à élaguer la lecture.
        textes = [c.name for c in table.schema if not pa.types.is_floating(c.type)]
        pq.write_table(
            table,
            provisoire,
            row_group_size=TAILLE_DE_GROUPE,
            compression=COMPRESSION,
            use_dictionary=textes,
            write_statistics=["code"],
        )


# -- lire --------------------------------------------------------------------------------------


@lru_cache(maxsize=512)
def colonnes_de_part(chemin: Path) -> tuple[str, ...]:
    """Lister les variables d'une part."""
    with part_lisible(chemin):
        return tuple(n for n in pq.read_schema(chemin).names if n not in {"code", "geometry"})


def lire_part(
    chemin: Path,
    prefixes: Collection[str] | None,
    codes: Collection[str] | None,
    colonnes: Collection[str] | None,
) -> pa.Table:
    """Lire les lignes et les variables voulues d'une part ; les groupes hors du territoire ne sont pas lus."""
    plages = _plages(prefixes, codes)
    with part_lisible(chemin), pq.ParquetFile(chemin, pre_buffer=fils_admis()) as fichier:
        pied, noms = fichier.metadata, fichier.schema_arrow.names
        elaguer = plages is not None and noms[0] == "code"
        groupes = [g for g in range(pied.num_row_groups) if not elaguer or _croise(pied, g, plages or [])]
        # Sans choix de colonnes, la lecture s'épargne de chercher chaque nom.
        table = fichier.read_row_groups(groupes, columns=_voulues(noms, colonnes), use_threads=fils_admis())
        table = table.replace_schema_metadata(None)  # une note de pandas n'a pas à décider de la lecture
    return table if plages is None else table.filter(_choisies(table["code"], prefixes, codes))


def _voulues(noms: list[str], colonnes: Collection[str] | None) -> list[str] | None:
    """Choisir les colonnes à lire ; ``None`` pour toutes."""
    if colonnes is None and "geometry" not in noms:
        return None
    autres = [n for n in noms if n not in {"code", "geometry"}]
    voulue = [colonnes is None or n in colonnes or n.removesuffix(SUFFIXE_STATUT) in colonnes for n in autres]
    return ["code", *(n for n, v in zip(autres, voulue, strict=True) if v)]


def _plages(prefixes: Collection[str] | None, codes: Collection[str] | None) -> list[tuple[str, str]] | None:
    """Donner les intervalles de codes où chercher ; ``None`` s'il faut tout lire."""
    if codes is not None:
        return [(c, c) for c in codes]
    return None if prefixes is None else [(p, p + FIN) for p in prefixes]


def _croise(pied: pq.FileMetaData, groupe: int, plages: list[tuple[str, str]]) -> bool:
    """Dire si un groupe de lignes, dont le code est la première colonne, peut contenir un des codes voulus."""
    bornes = pied.row_group(groupe).column(0).statistics
    if bornes is None or not bornes.has_min_max:
        return True
    return any(bas <= bornes.max and bornes.min <= haut for bas, haut in plages)


def _choisies(
    lus: pa.ChunkedArray, prefixes: Collection[str] | None, codes: Collection[str] | None
) -> pa.ChunkedArray:
    garde = pa.chunked_array([pa.array([prefixes is None] * len(lus), pa.bool_())])
    for prefixe in prefixes or ():
        garde = pc.or_(garde, pc.starts_with(lus, prefixe))
    if codes is None:
        return garde
    return pc.and_(garde, pc.is_in(lus, value_set=pa.array(codes, lus.type)))


def reunir(premiere: pd.DataFrame, seconde: pd.DataFrame, *, une_ligne_par_code: bool = True) -> pd.DataFrame:
    """Réunir deux parts d'une même table : lignes et colonnes s'ajoutent, rien n'est écrasé."""
    if premiere.index.intersection(seconde.index).empty:
        return pd.concat([premiere, seconde])
    if not une_ligne_par_code or not (premiere.index.is_unique and seconde.index.is_unique):
        # Plusieurs lignes par territoire : rien à compléter cellule par cellule.
        return pd.concat([premiere, seconde]).reset_index().drop_duplicates().set_index("code")
    reunie = _completer(premiere, seconde)
    for statut in [c for c in reunie.columns if c.endswith(SUFFIXE_STATUT)]:
        # Une marque ne survit pas au chiffre qu'une autre part apporte.
        reunie[statut] = reunie[statut].mask(reunie[statut.removesuffix(SUFFIXE_STATUT)].notna())
    return reunie


def _completer(premiere: pd.DataFrame, seconde: pd.DataFrame) -> pd.DataFrame:
    """Prendre chaque cellule à la première part, sinon à la seconde (``combine_first``, qui va colonne par colonne)."""
    codes = premiere.index.union(seconde.index)
    premiere, seconde = premiere.reindex(codes), seconde.reindex(codes)
    communes = premiere.columns.intersection(seconde.columns)
    if len(communes):
        premiere = premiere.copy(deep=False)
        premiere[communes] = premiere[communes].where(premiere[communes].notna(), seconde[communes])
    return pd.concat([premiere, seconde.drop(columns=communes)], axis=1)
