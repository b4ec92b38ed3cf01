"""Refuser un second état de la liste des quartiers prioritaires : deux listes tenues ne se contredisent pas en silence."""

import re
from collections.abc import Iterable
from typing import Any, Final

import pandas as pd
import pyarrow as pa

from donnees_insee.base.base import Base
from donnees_insee.depot.ecarts import accord
from donnees_insee.erreurs import TableNonConforme
from donnees_insee.geographie.listes_iris import lire_sans_geometrie

# Ce qui dit quels quartiers existent, et la colonne de leurs communes ; une statistique n'en porte souvent qu'une partie.
LISTES: Final = {"qpv_liste": "COM", "contours_qpv": "commune"}
GENERATION_2024: Final = "QN"
MONTRES: Final = 3
Lieux = dict[str, set[str]]


def refuser_un_autre_etat(
    base: Base, recue: tuple[str, Any], nom: str, en_attente: Iterable[tuple[str, Any]] = ()
) -> None:
    """Refuser une liste ou une couche qui ne donne pas à une commune les quartiers de celle que la base tient."""
    source, contenu = recue
    if source not in LISTES:
        return
    recus, tenus = _par_commune(source, contenu), Lieux()
    for autre, siens in (*_tenus(base), *(e for e in en_attente if e[0] in LISTES)):
        for commune, quartiers in _par_commune(autre, siens).items():
            tenus.setdefault(commune, set()).update(quartiers)
    for commune in sorted(recus.keys() & tenus.keys()):
        neufs, anciens = recus[commune] - tenus[commune], tenus[commune] - recus[commune]
        # Une liste partielle manque de quartiers ; deux états ont chacun les leurs.
        if neufs and anciens:
            raise TableNonConforme(
                f"« {nom} » donne un autre état de la liste des quartiers prioritaires 2024 que celui déjà tenu : dans "
                f"la commune {commune}, il porte {accord(len(neufs), 'quartier')} que la base ne tient pas "
                f"({_exemples(neufs)}), et la base en tient {len(anciens)} qu'il ne porte pas ({_exemples(anciens)}). Un "
                "même quartier aurait deux codes. Retirez l'autre fichier avec `abs sources retirer`, ou ne déposez "
                "pas celui-ci."
            )


def _tenus(base: Base) -> list[tuple[str, pd.DataFrame]]:
    liste = base.lire("qpv_liste", None, "qpv", colonnes=["COM"]).reset_index()
    couches = (lire_sans_geometrie(chemin, ["code", "commune"]) for _, chemin in base.couches("contours_qpv"))
    return [("qpv_liste", liste), *(("contours_qpv", c) for c in couches)]


def _par_commune(source: str, contenu: pa.Table | pd.DataFrame) -> Lieux:
    """Ranger les quartiers de 2024 par commune ; ce qui ne dit pas les communes ne se compare pas."""
    noms, colonne = [str(n) for n in getattr(contenu, "column_names", contenu.columns)], LISTES[source]
    lus: Lieux = {}
    for code, siennes in zip(contenu["code"], contenu[colonne], strict=True) if colonne in noms else ():
        if str(code).startswith(GENERATION_2024):
            for commune in re.findall(r"\d[\dAB]\d{3}", str(siennes)):
                lus.setdefault(commune, set()).add(str(code))
    return lus


def _exemples(codes: set[str]) -> str:
    suite = "…" if len(codes) > MONTRES else ""
    return ", ".join(sorted(codes)[:MONTRES]) + suite
