"""La base locale : une part Parquet par fichier reçu, lue par codes, avec le reçu de chaque dépôt."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa

from donnees_insee.catalogue import sources
from donnees_insee.chemins import dossier_des_donnees
from donnees_insee.couches_tenues import LectureDesCouches
from donnees_insee.erreurs import DonneeAbsente
from donnees_insee.parts import (
    SANS_DATE,
    SUFFIXE_STATUT,
    TAILLE_DE_GROUPE,
    Part,
    colonnes_de_part,
    ecrire_part,
    lire_part,
    part_de,
    reunir,
)
from donnees_insee.recus import LotRecu, Recu, chemin_du_recu, ecrire_recu, lire_recu

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

__all__ = ["SUFFIXE_STATUT", "Base", "LotRecu", "Part", "Recu", "familles", "lire_recu", "reunir"]


class Base(LectureDesCouches):
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
            self._parts = tuple(part_de(c) for c in trouves if not c.name.startswith("."))
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
            noms.update(colonnes_de_part(part.chemin))
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
        parts = self._parts_de(source, millesime, niveau)
        tables = [_en_pandas(lire_part(p.chemin, prefixes, codes, colonnes)) for p in parts]
        if not tables:
            return pd.DataFrame(index=pd.Index([], name="code", dtype="str"))
        connue = sources().get(source)
        simple = connue is None or connue.identite == ("code",)
        reunie = tables[0]
        for suivante in tables[1:]:
            reunie = reunir(reunie, suivante, une_ligne_par_code=simple)
        return reunie if reunie.index.is_monotonic_increasing else reunie.sort_index()

    def codes(self, source: str, millesime: int | None, niveau: str) -> pa.ChunkedArray:
        """Lister les codes tenus d'une source, sans rien lire d'autre.

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
        pyarrow.ChunkedArray
            Codes de toutes les parts, en texte.
        """
        parts = self._parts_de(source, millesime, niveau)
        lues = [lire_part(p.chemin, None, None, ())["code"].cast(pa.string()) for p in parts]
        return pa.chunked_array([bloc for lue in lues for bloc in lue.chunks], pa.string())

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

    def ranger(self, donnees: pa.Table | pd.DataFrame, chemin: Path) -> None:
        """Écrire une table triée par code, en petits groupes de lignes, ou une couche de contours.

        Parameters
        ----------
        donnees : pyarrow.Table or pandas.DataFrame
            Table avec une colonne ``code`` ; une GeoDataFrame est écrite en GeoParquet.
        chemin : pathlib.Path
            Chemin donné par :meth:`chemin_de_part`.
        """
        ecrire_part(donnees, chemin)
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
        colonnes_de_part.cache_clear()

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


def _en_pandas(table: pa.Table) -> pd.DataFrame:
    # Pour quelques lignes, répartir la conversion entre les cœurs coûte plus que la faire.
    donnees = table.drop_columns("code").to_pandas(use_threads=table.num_rows > TAILLE_DE_GROUPE)
    donnees.index = pd.Index(table["code"].to_pandas(), name="code")
    return donnees


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
