"""La base locale : une part Parquet par fichier reçu, lue par codes, avec le reçu de chaque dépôt."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from donnees_insee.catalogue import sources
from donnees_insee.chemins import dossier_des_donnees, fichier_provisoire
from donnees_insee.erreurs import DonneeAbsente, FichierIllisible
from donnees_insee.recus import LotRecu, Recu, chemin_du_recu, ecrire_recu, lire_recu

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    import geopandas as gpd

__all__ = ["Base", "LotRecu", "Part", "Recu", "familles", "lire_recu", "reunir"]

TAILLE_DE_GROUPE = 4096
SANS_DATE = "sans_date"
SUFFIXE_STATUT = "__statut"


@dataclass(frozen=True)
class Part:
    """Une part de la base : le fichier Parquet d'un lot reçu."""

    source: str
    millesime: int | None
    niveau: str
    chemin: Path


class Base:
    """Accès à la base locale.

    Parameters
    ----------
    dossier : pathlib.Path or None, default None
        Dossier des données ; par défaut celui de ``ABS_DONNEES``.
    """

    def __init__(self, dossier: Path | None = None) -> None:
        self.dossier = dossier or dossier_des_donnees()
        self._parts: tuple[Part, ...] | None = None
        # Chaque base garde ses propres lectures : deux dossiers ne se mélangent pas.
        self._lire_en_cache = lru_cache(maxsize=256)(self._lire)

    # -- ce que la base contient ---------------------------------------------------------------

    def parts(self) -> tuple[Part, ...]:
        """Lister les parts de la base.

        Returns
        -------
        tuple of Part
            Parts rangées par source, millésime et niveau.
        """
        if self._parts is None:
            trouves = sorted((self.dossier / "base").glob("*/*/*/*.parquet"))
            # Un point en tête : écriture interrompue, à ignorer.
            self._parts = tuple(_part(c) for c in trouves if not c.name.startswith("."))
        return self._parts

    def millesimes(self, source: str, niveau: str | None = None) -> list[int]:
        """Lister les millésimes tenus d'une source.

        Parameters
        ----------
        source : str
            Identifiant de la source.
        niveau : str or None, default None
            Niveau voulu.

        Returns
        -------
        list of int
            Années croissantes.
        """
        return sorted(
            {
                p.millesime
                for p in self.parts()
                if p.source == source and p.millesime is not None and niveau in (None, p.niveau)
            }
        )

    def recus(self) -> list[Recu]:
        """Lire tous les reçus.

        Returns
        -------
        list of Recu
            Du plus ancien au plus récent.
        """
        trouves = [lire_recu(chemin) for chemin in (self.dossier / "recus").glob("*.json")]
        return sorted(trouves, key=lambda r: (r.date, r.nom))

    # -- lire ----------------------------------------------------------------------------------

    def colonnes(self, source: str, millesime: int | None, niveau: str) -> set[str]:
        """Lister les colonnes présentes pour une source, un millésime et un niveau.

        Parameters
        ----------
        source : str
            Identifiant de la source.
        millesime : int or None
            Millésime.
        niveau : str
            Niveau géographique.

        Returns
        -------
        set of str
            Noms des variables, marques ``__statut`` comprises.
        """
        noms: set[str] = set()
        for part in self._parts_de(source, millesime, niveau):
            noms.update(_schema(part.chemin))
        return noms

    def lire(
        self,
        source: str,
        millesime: int | None,
        niveau: str,
        *,
        prefixes: Sequence[str] | None = None,
        codes: Iterable[str] | None = None,
        colonnes: Sequence[str] | None = None,
    ) -> pd.DataFrame:
        """Lire une table de la base, limitée aux territoires et aux variables utiles.

        Parameters
        ----------
        source : str
            Identifiant de la source.
        millesime : int or None
            Millésime.
        niveau : str
            Niveau géographique.
        prefixes : sequence of str or None, default None
            Débuts de codes voulus (départements, communes) ; une suite vide ne garde rien.
        codes : iterable of str or None, default None
            Codes voulus, exactement.
        colonnes : sequence of str or None, default None
            Variables voulues ; celles que la base ne tient pas sont simplement absentes.

        Returns
        -------
        pandas.DataFrame
            Une ligne par code (index ``code``), les marques dans ``<variable>__statut``.
        """
        cle_codes = None if codes is None else tuple(sorted(set(codes)))
        cle_colonnes = None if colonnes is None else tuple(sorted(set(colonnes)))
        cle_prefixes = None if prefixes is None else tuple(sorted(set(prefixes)))
        return self._lire_en_cache(source, millesime, niveau, cle_prefixes, cle_codes, cle_colonnes).copy()

    def _lire(
        self,
        source: str,
        millesime: int | None,
        niveau: str,
        prefixes: tuple[str, ...] | None,
        codes: tuple[str, ...] | None,
        colonnes: tuple[str, ...] | None,
    ) -> pd.DataFrame:
        tables = [
            _lire_part(part.chemin, prefixes, codes, colonnes)
            for part in self._parts_de(source, millesime, niveau)
        ]
        if not tables:
            return pd.DataFrame(index=pd.Index([], name="code", dtype="str"))
        reunie = tables[0]
        for suivante in tables[1:]:
            reunie = reunir(reunie, suivante)
        return reunie.sort_index()

    def couches(self, source: str) -> list[tuple[int | None, Path]]:
        """Lister les couches de contours tenues.

        Parameters
        ----------
        source : str
            ``contours_iris`` ou ``contours_qpv``.

        Returns
        -------
        list of tuple
            Année de la géographie (ou ``None``) et chemin GeoParquet.
        """
        return [(p.millesime, p.chemin) for p in self.parts() if p.source == source]

    def a_des_contours(self, communes: Iterable[str]) -> bool:
        """Dire si une couche de contours d'IRIS porte au moins une de ces communes.

        Parameters
        ----------
        communes : iterable of str
            Codes de communes.

        Returns
        -------
        bool
            Vrai si un contour est tenu.
        """
        filtre = [("commune", "in", sorted(communes))]
        return any(
            pq.read_table(chemin, columns=["code"], filters=filtre).num_rows > 0
            for _, chemin in self.couches("contours_iris")
        )

    def lire_couche(self, chemin: Path) -> gpd.GeoDataFrame:
        """Lire une couche de contours rangée.

        Parameters
        ----------
        chemin : pathlib.Path
            Chemin donné par :meth:`couches`.

        Returns
        -------
        geopandas.GeoDataFrame
            Couche en WGS 84.
        """
        import geopandas as gpd  # noqa: PLC0415 - import lent, réservé aux cartes

        with _part_lisible(chemin):
            return gpd.read_parquet(chemin)

    def _parts_de(self, source: str, millesime: int | None, niveau: str) -> list[Part]:
        return [
            p for p in self.parts() if p.source == source and p.millesime == millesime and p.niveau == niveau
        ]

    # -- écrire --------------------------------------------------------------------------------

    def chemin_de_part(self, source: str, millesime: int | None, niveau: str, nom: str) -> Path:
        """Dire où ranger une part.

        Parameters
        ----------
        source : str
            Identifiant de la source.
        millesime : int or None
            Millésime.
        niveau : str
            Niveau géographique.
        nom : str
            Nom de la part, tiré de l'empreinte du fichier.

        Returns
        -------
        pathlib.Path
            Chemin du fichier Parquet.
        """
        annee = SANS_DATE if millesime is None else str(millesime)
        return self.dossier / "base" / source / annee / niveau / f"{nom}.parquet"

    def ranger(self, donnees: pd.DataFrame, chemin: Path) -> None:
        """Écrire une table triée par code, en petits groupes de lignes, ou une couche de contours.

        Parameters
        ----------
        donnees : pandas.DataFrame
            Table avec une colonne ``code`` ; une GeoDataFrame est écrite en GeoParquet.
        chemin : pathlib.Path
            Chemin donné par :meth:`chemin_de_part`.
        """
        with fichier_provisoire(chemin) as provisoire:
            if "geometry" in donnees:
                donnees.to_parquet(provisoire, index=False)
            else:
                table = pa.Table.from_pandas(donnees, preserve_index=False)
                pq.write_table(table, provisoire, row_group_size=TAILLE_DE_GROUPE, compression="zstd")
        self.oublier()

    def ranger_recu(self, recu: Recu) -> None:
        """Écrire le reçu d'un fichier déposé.

        Parameters
        ----------
        recu : Recu
            Reçu complet.
        """
        ecrire_recu(recu, chemin_du_recu(self.dossier, recu.sha256))

    def oublier(self) -> None:
        """Oublier ce qui a été lu : la base vient de changer."""
        self._parts = None
        self._lire_en_cache.cache_clear()
        _schema.cache_clear()

    def exiger(self) -> None:
        """Vérifier que la base n'est pas vide.

        Raises
        ------
        DonneeAbsente
            Si rien n'a encore été déposé.
        """
        if not self.parts():
            raise DonneeAbsente(
                f"La base « {self.dossier} » est vide. Déposez d'abord des fichiers avec "
                "`abs sources deposer DOSSIER`, ou essayez `abs demo`."
            )


def reunir(premiere: pd.DataFrame, seconde: pd.DataFrame) -> pd.DataFrame:
    """Réunir deux parts d'une même table : lignes et colonnes s'ajoutent, rien n'est écrasé.

    Parameters
    ----------
    premiere : pandas.DataFrame
        Part déjà tenue (index ``code``).
    seconde : pandas.DataFrame
        Part suivante.

    Returns
    -------
    pandas.DataFrame
        Union des lignes et des colonnes.
    """
    if premiere.index.intersection(seconde.index).empty:
        return pd.concat([premiere, seconde])
    if not (premiere.index.is_unique and seconde.index.is_unique):
        # Source locale : plusieurs lignes par territoire, donc rien à compléter cellule par cellule.
        return pd.concat([premiere, seconde]).reset_index().drop_duplicates().set_index("code")
    reunie = premiere.combine_first(seconde)
    for statut in [c for c in reunie.columns if c.endswith(SUFFIXE_STATUT)]:
        # Une marque ne survit pas au chiffre qu'une autre part apporte.
        reunie[statut] = reunie[statut].mask(reunie[statut.removesuffix(SUFFIXE_STATUT)].notna())
    return reunie


def _part(chemin: Path) -> Part:
    annee = chemin.parents[1].name
    if annee != SANS_DATE and not annee.isdigit():
        raise FichierIllisible(
            f"Le dossier « {chemin.parents[1]} » n'est pas un millésime : la base a été modifiée à la "
            "main. Ôtez-le."
        )
    return Part(
        chemin.parents[2].name, None if annee == SANS_DATE else int(annee), chemin.parent.name, chemin
    )


@contextmanager
def _part_lisible(chemin: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, pa.ArrowException, ValueError) as cause:
        raise FichierIllisible(
            f"La part « {chemin} » de la base est abîmée ou a disparu ({cause}). Retirez le fichier qui "
            "l'a donnée "
            "avec `abs sources retirer`, puis déposez-le de nouveau."
        ) from cause


@lru_cache(maxsize=512)
def _schema(chemin: Path) -> tuple[str, ...]:
    with _part_lisible(chemin):
        return tuple(n for n in pq.read_schema(chemin).names if n not in {"code", "geometry"})


def _lire_part(
    chemin: Path,
    prefixes: tuple[str, ...] | None,
    codes: tuple[str, ...] | None,
    colonnes: tuple[str, ...] | None,
) -> pd.DataFrame:
    presentes = _schema(chemin)
    if colonnes is None:
        voulues = list(presentes)
    else:
        voulues = [c for c in presentes if c in colonnes or c.removesuffix(SUFFIXE_STATUT) in colonnes]
    with _part_lisible(chemin):
        table = pq.read_table(chemin, columns=["code", *voulues], filters=_filtre(prefixes, codes))
    return table.to_pandas().set_index("code")


def _filtre(prefixes: tuple[str, ...] | None, codes: tuple[str, ...] | None) -> pc.Expression | None:
    """Écrire le filtre de lecture par bornes de codes : les groupes hors du territoire ne sont pas lus."""
    filtre = None if codes is None else pc.field("code").isin(pa.array(codes, pa.string()))
    if prefixes is None:
        return filtre
    plages = pc.scalar(value=False)
    for prefixe in prefixes:
        plages |= (pc.field("code") >= prefixe) & (pc.field("code") < prefixe + "\uffff")
    return plages if filtre is None else filtre & plages


def familles() -> dict[str, list[str]]:
    """Ranger les sources par famille, nom employé par ``--millesimes``.

    Returns
    -------
    dict of str to list of str
        Famille → identifiants de sources.
    """
    rangees: dict[str, list[str]] = {}
    for source in sources().values():
        if not source.a_venir:
            rangees.setdefault(source.famille, []).append(source.id)
    return rangees
