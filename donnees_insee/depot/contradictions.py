"""Refuser un fichier qui contredit ce que la base tient déjà ; dire ce qu'une autre édition en révise."""

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from donnees_insee.base.base import Base
from donnees_insee.base.parts import Part, est_un_extrait
from donnees_insee.base.recus import LotRecu
from donnees_insee.catalogue.catalogue import Source
from donnees_insee.erreurs import TableNonConforme
from donnees_insee.preparation.preparation import TablePreparee

TOLERANCE: Final = 1e-6
# Une correction de producteur touche quelques cellules ; au-delà, dans les variables touchées, ce n'en est pas une.
PART_D_UNE_CORRECTION: Final = 0.2
CELLULES_D_UNE_CORRECTION: Final = 10
# Rattachements : deux fichiers qui ne disent pas la même chose d'un code se contredisent.
RATTACHEMENTS: Final = frozenset({"EPCI", "DEP", "REG", "COM", "DEPCOM", "QUARTIER"})


def a_comparer(
    base: Base, source: Source, prepare: TablePreparee, attendues: Iterable[pa.Table | pd.DataFrame]
) -> list[pd.DataFrame]:
    """Choisir, parmi les tables tenues ou sur le point de l'être, celles qui ont un code de la table reçue."""
    ou = (source.id, prepare.millesime, prepare.niveau)
    recus = _codes(prepare.contenu)

    def utile(codes: pa.ChunkedArray) -> bool:
        # Une source à colonne exclusive se compare par cette colonne, que les codes se croisent ou non.
        return bool(len(codes)) and (
            bool(source.exclusif) or (bool(source.identite) and pc.any(pc.is_in(codes, recus)).as_py())
        )

    tenue = [base.lire(*ou).reset_index()] if utile(base.codes(*ou)) else []
    croisees = [t for t in attendues if utile(_codes(t))]
    return tenue + [t.to_pandas() if isinstance(t, pa.Table) else t for t in croisees]


def _codes(contenu: pa.Table | pd.DataFrame) -> pa.ChunkedArray:
    if isinstance(contenu, pa.Table):
        return contenu["code"].cast(pa.string())
    return pa.chunked_array([pa.array(contenu["code"], pa.string())])


def de_la_meme_publication(base: Base, lot: LotRecu) -> list[pd.DataFrame]:
    """Lire ce que la base tient de la même édition, de la même géographie, du même jeu et de la même parution."""
    return [
        pq.read_table(p.chemin).to_pandas()
        for p in base.parts_de(lot.source)
        if p.ou == lot.ou and _publication(p) == _publication(lot)
    ]


def _publication(p: Part | LotRecu) -> tuple[object, ...]:
    return p.edition, p.geographie, p.jeu, p.paru_le


def revisions(base: Base, lot: LotRecu) -> tuple[str, ...]:
    """Dire quelles autres publications de la même table sont tenues, et laquelle se lira."""
    celle_ci = (lot.edition or 0, lot.geographie or 0, lot.paru_le)
    lignes: dict[tuple[int, int, str], int] = {}
    for p in base.parts_de(lot.source):
        if p.ou == lot.ou and p.edition is not None:
            autre = (p.edition, p.geographie or 0, p.paru_le if p.jeu == lot.jeu else lot.paru_le)
            lignes[autre] = max(lignes.get(autre, 0), pq.read_metadata(p.chemin).num_rows)
    lignes.pop(celle_ci, None)
    return tuple(
        _reviser(lot, autre, lignes[autre], plus_recente=autre < celle_ci) for autre in sorted(lignes)
    )


def _reviser(lot: LotRecu, autre: tuple[int, int, str], lignes: int, *, plus_recente: bool) -> str:
    debut = f"révision : {lot.millesime} est tenu aussi {_nommer(*autre)} ({lignes} lignes)"
    if plus_recente and est_un_extrait(lot.lignes, lignes):
        return f"{debut}, bien plus complète, qui reste la seule lue : ce fichier n'en a que {lot.lignes}"
    if not plus_recente and not est_un_extrait(lignes, lot.lignes):
        return f"{debut}, plus récente, qui reste la seule lue"
    raison = "plus récente" if plus_recente else "bien plus complète"
    moins = f", avec {lignes - lot.lignes} lignes de moins" if lignes > lot.lignes else ""
    return f"{debut} ; celle-ci, {raison}, est désormais la seule lue{moins}"


def _nommer(edition: int, geographie: int, paru_le: str) -> str:
    en = f" en géographie {geographie}" if geographie else ""
    paru = f", fichier paru le {paru_le[:10]}" if paru_le else ""
    return f"de l'édition {edition}{en}{paru}"


def refuser_contradiction(
    tenues: Iterable[pd.DataFrame], source: Source, prepare: TablePreparee, nom: str
) -> None:
    """Refuser une table qui donne une autre valeur à une cellule déjà tenue."""
    tenues = list(tenues)
    if source.exclusif:
        _refuser_recouvrement(tenues, source, prepare, nom)
    cles = list(source.identite)
    fautes = [
        f for tenue in tenues if cles and len(tenue) for f in _differences(tenue, prepare.donnees, cles)
    ]
    if fautes:
        date = "" if prepare.millesime is None else f" {prepare.millesime}"
        phrases, *comptes = zip(*fautes, strict=True)
        differentes, communes = map(sum, comptes)
        raise TableNonConforme(
            f"« {nom} » contredit un fichier déjà déposé pour « {source.titre} »{date} : {phrases[0]} "
            f"({len(fautes)} variable(s) touchée(s), {differentes} cellule(s) sur {communes}). Rien n'a été changé. "
            + _conseil(differentes, communes)
        )


def _conseil(differentes: int, communes: int) -> str:
    """Dire ce que vaut un désaccord : quelques cellules sont une correction, presque toutes un autre fichier."""
    if differentes <= max(PART_D_UNE_CORRECTION * communes, CELLULES_D_UNE_CORRECTION):
        return (
            "Si le producteur a corrigé son fichier, retirez l'ancien avec `abs sources retirer`, puis déposez le "
            "nouveau."
        )
    return (
        "C'est trop pour une correction : l'un des deux est sans doute d'une autre année, d'une autre édition ou d'un "
        "autre champ. Vérifiez l'année que dit chacun avant d'en retirer un avec `abs sources retirer`."
    )


def _refuser_recouvrement(
    tenues: list[pd.DataFrame], source: Source, prepare: TablePreparee, nom: str
) -> None:
    """Refuser une liste qui répète des communes déjà tenues : ses équipements seraient comptés deux fois."""
    colonne = source.exclusif
    recues = set(prepare.donnees.get(colonne, pd.Series(dtype=str)).dropna())
    communes = sorted({c for t in tenues if colonne in t for c in recues.intersection(t[colonne].dropna())})
    if communes:
        raise TableNonConforme(
            f"« {nom} » porte {len(communes)} commune(s) qu'un fichier déjà déposé de « {source.titre} » "
            f"{prepare.millesime} porte aussi ({', '.join(communes[:5])}) : elles seraient comptées deux "
            "fois. Retirez l'autre fichier avec `abs sources retirer`, ou ne déposez que le plus complet."
        )


def _differences(tenue: pd.DataFrame, recue: pd.DataFrame, cles: list[str]) -> list[tuple[str, int, int]]:
    """Comparer les lignes communes : par variable, la phrase, les cellules différentes et les cellules comparées.

    Une cellule vide d'un côté n'est pas une contradiction.
    """
    cles = [c for c in cles if c in tenue and c in recue]
    ancienne, nouvelle = tenue.set_index(cles), recue.set_index(cles)
    communs = nouvelle.index.intersection(ancienne.index)
    fautes = []
    for variable in nouvelle.columns.intersection(ancienne.columns) if len(communs) else ():
        a, b = ancienne.loc[communs, variable], nouvelle.loc[communs, variable]
        if pd.api.types.is_numeric_dtype(a) and pd.api.types.is_numeric_dtype(b):
            differe = ~np.isclose(a.to_numpy(float), b.to_numpy(float), rtol=TOLERANCE)
        elif variable in RATTACHEMENTS:
            # Les communes d'un quartier n'ont pas d'ordre.
            dites, recues = (c.astype(str).map(lambda v: sorted(v.split(";"))) for c in (a, b))
            differe = (dites != recues).to_numpy(bool)
        else:
            continue
        deux = (a.notna() & b.notna()).to_numpy(bool)
        differe = differe & deux
        if differe.any():
            i = int(np.argmax(differe))
            texte = (
                f"{variable} au code {_en_mots(communs[i])} : {_en_mots(a.iloc[i])} déjà tenu, "
                f"{_en_mots(b.iloc[i])} reçu"
            )
            fautes.append((texte, int(differe.sum()), int(deux.sum())))
    return fautes


def _en_mots(valeur: Any) -> str:
    if isinstance(valeur, tuple):
        return " · ".join(map(str, valeur))
    return f"{valeur:.10g}" if isinstance(valeur, float) else str(valeur)
