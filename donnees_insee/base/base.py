"""La base locale : une part Parquet par fichier reçu, lue par codes, avec le reçu de chaque dépôt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass, field
from functools import lru_cache, partial, reduce
from pathlib import Path
from typing import ClassVar

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from donnees_insee.base import publications
from donnees_insee.base.couches import CONSULTEES, LectureDesCouches
from donnees_insee.base.parts import (
    SANS_DATE,
    TAILLE_DE_GROUPE,
    EtatDeFichier,
    Part,
    colonnes_de_part,
    ecrire_part,
    etat_de_fichier,
    fils_admis,
    lire_part,
    part_de,
    retenues,
    reunir,
)
from donnees_insee.base.recus import Recu, attestees, chemin_du_recu, ecrire_recu, lire_recu
from donnees_insee.catalogue.catalogue import sources
from donnees_insee.chemins import dossier_des_donnees
from donnees_insee.erreurs import DonneeAbsente
from donnees_insee.preparation.nombres import SUFFIXE_STATUT
from donnees_insee.preparation.sources_recues import SOURCE, completer, identites, lire_date


@dataclass(frozen=True)
class VueDeBase:
    """Une base telle qu'elle était quand on l'a regardée, reconnue à ses fichiers."""

    base: Base = field(compare=False)
    cle: tuple[object, ...]


class Base(LectureDesCouches):
    """Accès à la base locale.

    Parameters
    ----------
    dossier : pathlib.Path or None, default None
        Dossier des données ; par défaut celui de ``ABS_DONNEES``.

    Examples
    --------
    >>> Base(base.dossier).millesimes("rp_population", "iris")
    [2016, 2022]
    """

    # Vrai d'une base dont les parts n'existent qu'une fois demandées.
    a_la_demande: ClassVar[bool] = False

    def __init__(self, dossier: Path | None = None) -> None:
        self.dossier = dossier or dossier_des_donnees()
        self._parts: tuple[Part, ...] | None = None
        self._etats: dict[Path, EtatDeFichier] = {}
        self._annees: dict[tuple[str, str | None], list[int]] = {}
        self._limite: int | None = None

    def jusqu_a(self, millesime: int | None) -> Base:
        """Regarder la même base sans préférer une édition plus récente qu'une année."""
        regard = copy(self)
        regard._limite = millesime  # noqa: SLF001 - c'est une autre base, la même
        return regard

    # -- ce que la base contient ---------------------------------------------------------------

    def parts(self) -> tuple[Part, ...]:
        """Lister les parts de la base."""
        if self._parts is None:
            self._parts, _ = attestees(self._presentes(), self.recus())
            self._etats = {p.chemin: etat_de_fichier(p.chemin) for p in self._parts}
        return self._parts

    def parts_sans_recu(self) -> tuple[Part, ...]:
        """Lister les parts dont aucun reçu ne dit d'où elles viennent : un dépôt interrompu, ou une main étrangère."""
        return attestees(self._presentes(), self.recus())[1]

    def _presentes(self) -> list[Part]:
        # Un point en tête : écriture interrompue, à ignorer.
        trouves = sorted((self.dossier / "base").glob("*/*/*/*.parquet"))
        return [part_de(c) for c in trouves if not c.name.startswith(".")]

    def vue(self) -> VueDeBase:
        """Prendre de la base une vue qui ne change plus, à laquelle tenir ce qu'on en déduit."""
        copie = Base(self.dossier)
        copie._parts, copie._etats = self.parts(), self._etats
        return VueDeBase(copie, (self.dossier, *self._etats.values()))

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

        Examples
        --------
        >>> base.millesimes("filosofi", "commune")
        [2016, 2021]
        """
        CONSULTEES.add(source)
        parts, cle = self.parts(), (source, niveau)
        if cle in self._annees:
            return list(self._annees[cle])
        tenus = {p.millesime for p in parts if p.source == source and niveau in (None, p.niveau)}
        annees = sorted(annee for annee in tenus if annee is not None)
        if parts is self._parts:
            # Une base qui prépare ses parts à la demande n'en a pas encore la liste définitive.
            self._annees[cle] = list(annees)
        return annees

    def recus(self) -> list[Recu]:
        """Lire tous les reçus."""
        trouves = [lire_recu(chemin) for chemin in (self.dossier / "recus").glob("[0-9a-f]*.json")]
        return sorted(trouves, key=lambda r: (r.date, r.nom))

    @property
    def dossier_du_registre(self) -> Path:
        """Le dossier qui tient le registre des publications."""
        return self.dossier

    def deja_publie(self) -> frozenset[publications.Publication]:
        """Lister les effectifs reçus qu'un document public a déjà imprimés."""
        try:
            return frozenset(publications.lire(self.dossier_du_registre))
        except publications.RegistrePerdu:
            return frozenset()

    # -- lire ----------------------------------------------------------------------------------

    def colonnes(self, source: str, millesime: int | None, niveau: str) -> set[str]:
        """Lister les colonnes présentes pour une source, un millésime et un niveau."""
        return {n for p in self._parts_de(source, millesime, niveau) for n in colonnes_de_part(p.chemin)}

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

        Examples
        --------
        >>> base.lire("rp_population", 2022, "iris", prefixes=["99001"], colonnes=["P_POP"]).shape
        (22, 1)
        """
        cles = [None if v is None else tuple(sorted(set(v))) for v in (prefixes, codes, colonnes)]
        parts = self._parts_de(source, millesime, niveau)
        connue = sources().get(source)
        simple = connue is None or connue.identite == ("code",)
        etats = tuple(self._etats.get(p.chemin) or etat_de_fichier(p.chemin) for p in parts)
        # Copie à l'écriture : qui change sa copie ne touche pas la table gardée.
        return _lire_et_reunir(etats, simple, *cles).copy(deep=False)

    def codes(self, source: str, millesime: int | None, niveau: str) -> pa.ChunkedArray:
        """Lister les codes tenus d'une source, sans rien lire d'autre."""
        parts = self._parts_de(source, millesime, niveau)
        lues = [lire_part(p.chemin, None, None, ())["code"].cast(pa.string()) for p in parts]
        return pa.chunked_array([bloc for lue in lues for bloc in lue.chunks], pa.string())

    def _parts_de(self, source: str, millesime: int | None, niveau: str) -> list[Part]:
        siennes = [p for p in self.parts_de(source) if p.ou == (source, millesime, niveau)]
        return retenues(siennes, self._limite) if len(siennes) > 1 else siennes

    def edition(
        self, source: str, millesime: int | None, niveau: str | None = None
    ) -> tuple[int, int] | None:
        """Dire de quelle édition, et en quelle géographie, vient un millésime ; rien si la source n'a pas d'éditions."""
        parts = self.parts_de(source)
        siennes = [p for p in parts if p.millesime == millesime and niveau in (None, p.niveau)]
        dites = {p.revision for p in retenues(siennes, self._limite) if p.edition is not None}
        return max(dites, default=None)

    def geographie(self, source: str, millesime: int | None, niveau: str) -> int | None:
        """Donner l'année de géographie d'une table : celle de son édition, sinon celle que dit le catalogue."""
        edition = self.edition(source, millesime, niveau)
        if edition is not None:
            return edition[1] or None
        return sources()[source].geographie_de(millesime, niveau)

    # -- écrire --------------------------------------------------------------------------------

    def chemin_de_part(self, source: str, millesime: int | None, niveau: str, nom: str) -> Path:
        """Dire où ranger une part."""
        annee = SANS_DATE if millesime is None else str(millesime)
        return self.dossier / "base" / source / annee / niveau / f"{nom}.parquet"

    def ranger(self, donnees: pa.Table | pd.DataFrame, chemin: Path) -> None:
        """Écrire une table triée par code, en petits groupes de lignes, ou une couche de contours."""
        ecrire_part(donnees, chemin)
        self.oublier()

    def ranger_recu(self, recu: Recu) -> None:
        """Écrire le reçu d'un fichier déposé."""
        ecrire_recu(recu, chemin_du_recu(self.dossier, recu.sha256))
        self.oublier()

    def oublier(self) -> None:
        """Oublier ce qui a été lu : la base vient de changer."""
        self._parts = None
        self._etats = {}
        self._annees = {}
        colonnes_de_part.cache_clear()

    def exiger(self) -> None:
        """Vérifier que la base n'est pas vide."""
        if not self.parts():
            raise DonneeAbsente(
                f"La base « {self.dossier} » est vide. Déposez d'abord des fichiers avec "
                "`abs sources deposer DOSSIER`, ou essayez `abs demo`."
            )


# Les bases d'un même processus partagent leurs lectures : chacune n'y retrouve que ses propres fichiers, inchangés.
@lru_cache(maxsize=256)
def _lire_et_reunir(
    fichiers: tuple[EtatDeFichier, ...],
    une_ligne_par_code: bool,
    prefixes: tuple[str, ...] | None,
    codes: tuple[str, ...] | None,
    colonnes: tuple[str, ...] | None,
) -> pd.DataFrame:
    tables = [_en_pandas(lire_part(f.chemin, prefixes, codes, colonnes)) for f in fichiers]
    if not tables:
        return pd.DataFrame(index=pd.Index([], name="code", dtype="str"))
    reunie = reduce(partial(reunir, une_ligne_par_code=une_ligne_par_code), tables)
    return reunie if reunie.index.is_monotonic_increasing else reunie.sort_index()


def _en_pandas(table: pa.Table) -> pd.DataFrame:
    # Pour quelques lignes, répartir la conversion entre les cœurs coûte plus que la faire.
    fils = fils_admis() and table.num_rows > TAILLE_DE_GROUPE
    donnees = table.drop_columns("code").to_pandas(use_threads=fils)
    donnees.index = pd.Index(table["code"].to_pandas(use_threads=fils), name="code")
    return donnees


def familles() -> dict[str, list[str]]:
    """Ranger les sources par famille, nom employé par ``--millesimes``."""
    rangees: dict[str, list[str]] = {}
    for source in sources().values():
        if not source.a_venir:
            rangees.setdefault(source.famille, []).append(source.id)
    return rangees


# -- sources locales : toutes leurs lignes, sans en perdre ni en répéter -----------------------------


def exiger_le_registre(base: Base, diffusion: str) -> None:
    """Vérifier, avant un document public, que la base dit ce qui a déjà été publié de ses données reçues."""
    lignes = lignes_recues(base)
    if diffusion == "publique" and len(lignes) and (lignes["DIFFUSION"] == "publique").any():
        publications.lire(base.dossier_du_registre)


def lignes_recues(base: Base) -> pd.DataFrame:
    """Relire toutes les lignes des sources locales déposées."""
    parts = base.parts_de(SOURCE)
    # Chaque part est lue telle quelle : réunir par code perdrait les autres indicateurs d'un même territoire.
    tables = [completer(pq.read_table(p.chemin).to_pandas()) for p in parts]
    if not tables:
        return pd.DataFrame(columns=["code", "date", "annee", "indicateur"])
    lignes = pd.concat(tables, ignore_index=True)
    for nom in ("NUMERATEUR", "DENOMINATEUR"):
        if nom + SUFFIXE_STATUT not in lignes:
            lignes[nom + SUFFIXE_STATUT] = None
    # Un même partenaire s'écrit « CCAS » ou « ccas » : pris pour deux, leurs masques seraient choisis chacun à part.
    cles = lignes["PRODUCTEUR"].str.casefold().str.split().str.join(" ")
    lignes["PRODUCTEUR"] = lignes["PRODUCTEUR"].str.strip().groupby(cles).transform("first")
    lignes["DIFFUSION"] = lignes["DIFFUSION"].str.strip().str.lower()
    lignes = lignes.assign(**identites(lignes))
    dates = [lire_date(str(t)) for t in lignes["DATE"]]
    lignes["annee"] = [d.annee if d else 0 for d in dates]
    cles = ["code", "date", "indicateur"]
    lignes = lignes.sort_values(cles, kind="stable")
    groupes = lignes.groupby(cles, sort=False)
    seuils, diffusions = groupes["SEUIL"].transform("max"), groupes["DIFFUSION"].transform("min")
    return lignes.assign(SEUIL=seuils, DIFFUSION=diffusions).drop_duplicates(cles).reset_index(drop=True)
