"""Préparer ce qu'un fichier donnera à la base, refuser ce qui contredit ce qu'elle tient, puis l'écrire."""

import tempfile
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow as pa

from donnees_insee.base.base import Base
from donnees_insee.base.recus import LotRecu
from donnees_insee.depot.avant_depot import examiner_table
from donnees_insee.depot.contradictions import (
    a_comparer,
    de_la_meme_publication,
    refuser_contradiction,
    revisions,
)
from donnees_insee.depot.listes_de_quartiers import refuser_un_autre_etat
from donnees_insee.depot.vraisemblance import doutes, invraisemblances
from donnees_insee.erreurs import (
    ErreurAbs,
    FichierIllisible,
    SourceNonReconnue,
    TableNonConforme,
    cause_en_clair,
    liste_de_fautes,
)
from donnees_insee.geographie.annee_des_communes import bien_datee
from donnees_insee.lecture.brut import TableBrute
from donnees_insee.lecture.contours import CouchePreparee, lire_couche
from donnees_insee.lecture.geoparquet import est_une_couche
from donnees_insee.lecture.json_recu import lire_catalogue
from donnees_insee.lecture.melodi.fichier import lire_melodi
from donnees_insee.lecture.reconnaissance import Lot, reconnaitre
from donnees_insee.lecture.tables import EXTENSIONS_TABLE, lire_carreaux, lire_tables
from donnees_insee.preparation.mise_en_forme import mettre_en_forme
from donnees_insee.preparation.nombres import variables_de
from donnees_insee.preparation.preparation import TablePreparee, compter_les_equipements, preparer

# Ce qu'une comparaison au millésime tenu peut trahir d'un fichier aux colonnes échangées.
SURPRISES: Final = frozenset({"facteur", "negatif", "variation"})
SURPRISES_MONTREES: Final = 3
# Compagnons d'un shapefile : lus avec lui, jamais seuls.
COMPAGNONS: Final = frozenset({".shx", ".dbf", ".prj", ".cpg", ".qmd", ".qpj", ".sbn", ".sbx"})


@dataclass(frozen=True)
class Part:
    """Une table ou une couche prête, ce que le reçu en dira, et l'endroit de la base où elle ira."""

    lot: LotRecu
    chemin: Path
    contenu: pa.Table | pd.DataFrame

    @property
    def donnees(self) -> pd.DataFrame:
        """Le contenu, pour pandas."""
        return self.contenu.to_pandas() if isinstance(self.contenu, pa.Table) else self.contenu


def preparer_fichier(
    base: Base,
    fichier: Path,
    nom: str,
    prefixe: str,
    millesime: int | None,
    en_attente: Sequence[Part] = (),
    *,
    malgre_les_ecarts: bool = False,
    paru_le: str = "",
) -> list[Part]:
    """Lire, reconnaître et vérifier un fichier, sans rien écrire."""
    parts: list[Part] = []
    try:
        tables = _tables_de(fichier, nom)
        if tables is None:
            couche = lire_couche(fichier, millesime, archive=nom.partition(" → ")[0])
            couche = bien_datee(base, couche, nom, malgre_les_ecarts=malgre_les_ecarts)
            part = _part_d_une_couche(base, couche, nom, prefixe)
            refuser_un_autre_etat(base, (part.lot.source, part.contenu), nom, _sources(en_attente))
            return [part]
        for rang, table, lot in _reconnues(tables, fichier, nom, millesime):
            prepare = _vraisemblable(preparer(table, lot), lot, nom, malgre_les_ecarts=malgre_les_ecarts)
            recu = _lot_recu(lot, prepare, table, nom if len(tables) == 1 or table.jeu else table.origine)
            recu = replace(recu, paru_le=paru_le if recu.edition is not None else "")
            attendues = [p for p in (*parts, *en_attente) if p.lot.ou == recu.ou]
            dites = _confronter(base, lot, prepare, recu, attendues, nom)
            recu = replace(recu, remarques=(*recu.remarques, *dites))
            derives = compter_les_equipements(lot.source.id, prepare).items()
            tires = [(recu, prepare.contenu), *((_lot_derive(recu, niveau, c), c) for niveau, c in derives)]
            lues = [Part(lu, base.chemin_de_part(*lu.ou, f"{prefixe}-{rang}"), tire) for lu, tire in tires]
            refuser_un_autre_etat(base, (lot.source.id, prepare.contenu), nom, _sources(en_attente))
            parts += lues
    except (OSError, MemoryError) as cause:
        raison = cause_en_clair(cause) if isinstance(cause, OSError) else "la mémoire manque"
        raise FichierIllisible(
            f"« {nom} » ne peut pas être lu jusqu'au bout : {raison}. Rien n'a été changé ; recommencez ensuite."
        ) from cause
    return parts


def _tables_de(fichier: Path, nom: str) -> list[TableBrute] | None:
    """Lire les tables d'un fichier ; rien si c'est une couche de contours."""
    extension = fichier.suffix.lower()
    if est_une_couche(fichier):
        table = lire_carreaux(fichier) or lire_catalogue(fichier)
        return None if table is None else [table]
    if extension in EXTENSIONS_TABLE:
        return lire_melodi(fichier) or [t for brute in lire_tables(fichier) for t in mettre_en_forme(brute)]
    raise SourceNonReconnue(
        f"« {nom} » a l'extension {extension or '(aucune)'}, qu'aucune source n'emploie. On attend CSV, TSV, "
        "TXT, XLS, XLSX, ODS, GeoJSON, TopoJSON, GPKG, SHP, Parquet, GeoParquet, ZIP ou 7Z."
    )


def _confronter(
    base: Base, lot: Lot, prepare: TablePreparee, recu: LotRecu, attendues: Sequence[Part], nom: str
) -> tuple[str, ...]:
    """Refuser ce qui contredit la base, et dire ce qui y a changé ou ce qu'une autre édition révise."""
    if recu.edition is None:
        tenues = a_comparer(base, lot.source, prepare, [p.contenu for p in attendues])
        refuser_contradiction(tenues, lot.source, prepare, nom)
        return _surprises(base, lot, prepare, nom)
    tenues = de_la_meme_publication(base, recu)
    tenues += [p.donnees for p in attendues if p.lot.jeu == recu.jeu]
    refuser_contradiction(tenues, lot.source, prepare, nom)
    return revisions(base, recu)


def _sources(parts: Iterable[Part]) -> list[tuple[str, pa.Table | pd.DataFrame]]:
    return [(p.lot.source, p.contenu) for p in parts]


def base_vide() -> Base:
    """Donner une base où rien n'est tenu ni ne sera écrit."""
    return Base(Path(tempfile.gettempdir()) / f"abs-{uuid.uuid4().hex}")


def _part_d_une_couche(base: Base, couche: CouchePreparee, nom: str, prefixe: str) -> Part:
    lot = LotRecu(
        source=couche.source.id,
        millesime=couche.annee,
        niveau=couche.source.niveaux[0],
        lignes=len(couche.couche),
        colonnes=1,
        origine=nom,
        geographie=couche.annee,
        d_ou=couche.d_ou,
        remarques=couche.remarques,
    )
    return Part(lot, base.chemin_de_part(*lot.ou, prefixe), couche.couche)


def _reconnues(
    tables: Sequence[TableBrute], fichier: Path, nom: str, millesime: int | None
) -> Iterator[tuple[int, TableBrute, Lot]]:
    """Reconnaître les tables d'un fichier, l'une après l'autre ; une feuille qui n'est d'aucune source est laissée."""
    refus: list[ErreurAbs] = []
    for rang, table in enumerate(tables):
        try:
            lot = reconnaitre(
                table.colonnes,
                fichier.name,
                table.titre,
                millesime,
                connu=table.millesime,
                niveau=table.niveau,
                source_connue=table.source,
            )
        except SourceNonReconnue as cause:
            refus.append(cause)
        else:
            yield rang, table, lot
    if refus and len(refus) == len(tables):
        raise refus[0]
    if not tables:
        raise SourceNonReconnue(
            f"« {nom} » ne contient aucune feuille dont une ligne porte des noms techniques de colonnes "
            "(IRIS, CODGEO…). Déposez le classeur tel que publié."
        )


def _vraisemblable(prepare: TablePreparee, lot: Lot, nom: str, *, malgre_les_ecarts: bool) -> TablePreparee:
    """Refuser une table qui se contredit elle-même, ou le noter si l'analyste l'admet."""
    ecarts = invraisemblances(lot.source.id, prepare.donnees) if prepare.niveau != "local" else []
    if ecarts and not malgre_les_ecarts:
        raise TableNonConforme(
            liste_de_fautes(
                f"« {nom} », reconnu comme « {lot.source.titre} », dit des choses impossibles ; ses colonnes sont "
                "peut-être décalées ou échangées. Reprenez le fichier du producteur. S'il est bien tel que publié, "
                "--malgre-les-ecarts le range et garde ces écarts à son reçu :",
                ecarts,
            )
        )
    return replace(
        prepare,
        remarques=(
            *prepare.remarques,
            *(f"impossible, {e.rstrip('.')}" for e in ecarts),
            *doutes(lot.source.id, prepare.donnees),
        ),
    )


def _surprises(base: Base, lot: Lot, prepare: TablePreparee, nom: str) -> tuple[str, ...]:
    """Dire ce qui a beaucoup bougé depuis le millésime tenu : deux colonnes échangées se voient là, et là seulement."""
    tenus = base.millesimes(lot.source.id, prepare.niveau)
    if lot.source.identite != ("code",) or not tenus or prepare.millesime in tenus:
        return ()
    ecarts = [e for e in examiner_table(base, lot.source, prepare, nom).ecarts if e.nature in SURPRISES]
    suite = (f"… et {len(ecarts) - SURPRISES_MONTREES} autres : `abs sources examiner`",)
    dits = tuple(f"à vérifier, {e.phrase.rstrip('.')}" for e in ecarts[:SURPRISES_MONTREES])
    return dits + (suite if len(ecarts) > SURPRISES_MONTREES else ())


def _lot_recu(lot: Lot, prepare: TablePreparee, table: TableBrute, origine: str) -> LotRecu:
    connue = table.geographie or lot.source.geographie_de(table.edition or prepare.millesime, prepare.niveau)
    return LotRecu(
        source=lot.source.id,
        millesime=prepare.millesime,
        niveau=prepare.niveau,
        lignes=len(prepare.contenu),
        colonnes=len(variables_de(prepare.noms)),
        origine=origine,
        geographie=connue,
        d_ou=lot.d_ou,
        ecartees=lot.ecartees,
        remarques=table.remarques + lot.remarques + prepare.remarques,
        edition=table.edition,
        jeu=table.jeu,
    )


def _lot_derive(recu: LotRecu, niveau: str, comptes: pd.DataFrame) -> LotRecu:
    """Porter au reçu une table tirée d'une autre, pour que chaque part y soit."""
    return replace(
        recu,
        niveau=niveau,
        lignes=len(comptes),
        colonnes=comptes.shape[1] - 1,
        ecartees=(),
        remarques=(f"comptes par {niveau} tirés de la liste",),
    )


# -- fichiers d'origine ------------------------------------------------------------------------


def compagnons(fichier: Path) -> list[Path]:
    """Lister les fichiers qui accompagnent un shapefile, quelle que soit la casse de leur extension."""
    if fichier.suffix.lower() != ".shp":
        return []
    return sorted(
        f for f in fichier.parent.iterdir() if f.stem == fichier.stem and f.suffix.lower() in COMPAGNONS
    )


def defaire(fichiers: Iterable[Path], racine: Path) -> None:
    """Ôter des fichiers, puis les dossiers qu'ils laissent vides, sans remonter au-delà de la racine."""
    for fichier in fichiers:
        with suppress(OSError):
            fichier.unlink(missing_ok=True)
        for parent in fichier.parents:
            if parent == racine or racine not in parent.parents:
                break
            with suppress(OSError):  # un dossier encore plein reste
                parent.rmdir()
