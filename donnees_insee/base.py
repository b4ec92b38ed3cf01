"""La base locale : une part Parquet par fichier reçu, lue par codes, avec le reçu de chaque dépôt."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from donnees_insee.catalogue import sources
from donnees_insee.chemins import dossier_des_donnees, fichier_provisoire
from donnees_insee.erreurs import DonneeAbsente

if TYPE_CHECKING:
    import geopandas as gpd

TAILLE_DE_GROUPE = 4096
SANS_DATE = "sans_date"


@dataclass(frozen=True)
class LotRecu:
    """Ce qui a été tiré d'un fichier : une table de la base."""

    source: str
    millesime: int | None
    niveau: str
    lignes: int
    colonnes: int
    origine: str
    geographie: int | None = None
    d_ou: str = ""
    ecartees: tuple[str, ...] = ()
    remarques: tuple[str, ...] = ()


@dataclass(frozen=True)
class Recu:
    """Le reçu d'un fichier déposé."""

    sha256: str
    nom: str
    depose_depuis: str
    taille: int
    date: str
    lots: tuple[LotRecu, ...] = field(default=())


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
            racine = self.dossier / "base"
            self._parts = tuple(
                Part(
                    chemin.parents[2].name,
                    None if chemin.parents[1].name == SANS_DATE else int(chemin.parents[1].name),
                    chemin.parent.name,
                    chemin,
                )
                for chemin in sorted(racine.glob("*/*/*/*.parquet"))
            )
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
            Débuts de codes voulus (départements, communes).
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

        return gpd.read_parquet(chemin)

    def _parts_de(self, source: str, millesime: int | None, niveau: str) -> list[Part]:
        return [
            p
            for p in self.parts()
            if p.source == source and p.millesime == millesime and p.niveau == niveau
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
        """Écrire une table triée par code, en petits groupes de lignes.

        Parameters
        ----------
        donnees : pandas.DataFrame
            Table avec une colonne ``code``.
        chemin : pathlib.Path
            Chemin donné par :meth:`chemin_de_part`.
        """
        table = pa.Table.from_pandas(donnees, preserve_index=False)
        with fichier_provisoire(chemin) as provisoire:
            pq.write_table(table, provisoire, row_group_size=TAILLE_DE_GROUPE, compression="zstd")
        self.oublier()

    def ranger_recu(self, recu: Recu) -> None:
        """Écrire le reçu d'un fichier déposé.

        Parameters
        ----------
        recu : Recu
            Reçu complet.
        """
        chemin = self.dossier / "recus" / f"{recu.sha256[:16]}.json"
        with fichier_provisoire(chemin) as provisoire:
            provisoire.write_text(json.dumps(asdict(recu), ensure_ascii=False, indent=1), encoding="utf-8")

    def oublier(self) -> None:
        """Oublier ce qui a été lu : la base vient de changer."""
        self._parts = None
        self._lire_en_cache.cache_clear()

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
    return premiere.combine_first(seconde)


@lru_cache(maxsize=512)
def _schema(chemin: Path) -> tuple[str, ...]:
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
        voulues = [c for c in presentes if c in colonnes or c.removesuffix("__statut") in colonnes]
    filtre = None
    if codes is not None:
        filtre = pc.field("code").isin(list(codes))
    elif prefixes is not None:
        for prefixe in prefixes:
            # Bornes de codes : les groupes de lignes hors du territoire ne sont pas lus.
            plage = (pc.field("code") >= prefixe) & (pc.field("code") < prefixe + "\uffff")
            filtre = plage if filtre is None else filtre | plage
    table = pq.read_table(chemin, columns=["code", *voulues], filters=filtre)
    return table.to_pandas().set_index("code")


def lire_recu(chemin: Path) -> Recu:
    """Lire un reçu.

    Parameters
    ----------
    chemin : pathlib.Path
        Fichier JSON du dossier ``recus``.

    Returns
    -------
    Recu
        Reçu relu.
    """
    contenu: dict[str, Any] = json.loads(chemin.read_text(encoding="utf-8"))
    lots = tuple(
        LotRecu(**{**lot, "ecartees": tuple(lot["ecartees"]), "remarques": tuple(lot["remarques"])})
        for lot in contenu.pop("lots")
    )
    return Recu(**contenu, lots=lots)


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
