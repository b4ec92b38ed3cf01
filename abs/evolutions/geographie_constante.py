"""Les unités de deux millésimes d'une source réunies en groupes de même territoire, d'après tout ce que la base tient."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import pandas as pd
import pyarrow.parquet as pq

from donnees_insee import codes
from donnees_insee.erreurs import DonneeAbsente, ParametreInvalide
from donnees_insee.geographie.changements_iris import NON_IRISEE, ChangementsIris, comparer_iris
from donnees_insee.geographie.dans_le_temps import histoire
from donnees_insee.geographie.groupes import APRES, AVANT, NonApparie, Passage, former
from donnees_insee.geographie.passages import passage_communes

if TYPE_CHECKING:
    from donnees_insee.base.base import Base

SANS_HISTOIRE: Final = (
    "L'histoire des communes n'est pas dans la base (v_commune_AAAA.csv et v_mvt_commune_AAAA.csv) : les communes de "
    "même code sont tenues pour inchangées, sauf celles qui n'ont pas d'IRIS, qu'une fusion changerait sans le dire."
)
PAR_LES_CONTOURS: Final = (
    "L'histoire des communes n'est pas dans la base : les groupes viennent des contours des deux dates."
)


@dataclass(frozen=True)
class GeographieConstante:
    """Les groupes de même territoire entre deux millésimes d'une source."""

    communes: Passage
    iris: ChangementsIris
    remarques: tuple[str, ...] = ()


def geographie_constante(
    base: Base, listes: tuple[pd.DataFrame, pd.DataFrame], annees: tuple[int, int]
) -> GeographieConstante:
    """Réunir les IRIS et les communes de deux millésimes en groupes de même territoire."""
    contours = _contours(base, listes, annees)
    remarques: tuple[str, ...] = ()
    try:
        communes = passage_communes(histoire(base), *annees)
    except (DonneeAbsente, ParametreInvalide):
        communes, remarque = _communes_sans_histoire(listes, annees, contours)
        remarques = (remarque,)
    gardees = listes
    absents: tuple[NonApparie, ...] = ()
    if contours is None:
        gardees, absents = _sans_les_absents(listes, communes)
    iris = comparer_iris(*gardees, communes, contours)
    passage = replace(iris.passage, non_apparies=tuple(sorted({*iris.passage.non_apparies, *absents})))
    if remarques and contours is None:
        passage = _sans_les_non_irisees(passage)
    return GeographieConstante(communes, replace(iris, passage=passage), remarques)


def _sans_les_absents(
    listes: tuple[pd.DataFrame, pd.DataFrame], communes: Passage
) -> tuple[tuple[pd.DataFrame, pd.DataFrame], tuple[NonApparie, ...]]:
    """Écarter les IRIS qu'un seul fichier porte quand rien d'autre n'a changé dans leur commune.

    Un IRIS redécoupé disparaît, et ses morceaux ont de nouveaux codes. Un code de plus sans aucun code de moins n'est
    donc pas un redécoupage : c'est un IRIS que l'autre fichier ne donne pas.
    """
    avant, apres = ({c: set(g["code"]) for c, g in li.groupby("commune")} for li in listes)
    ecarts: list[NonApparie] = []
    for commune in avant.keys() & apres.keys():
        groupe = communes.groupes.get(communes.apres.get(commune, ""))
        stable = groupe is not None and groupe.nature == "identique"
        seuls = (avant[commune] - apres[commune], apres[commune] - avant[commune])
        if not stable or not avant[commune] & apres[commune] or bool(seuls[0]) == bool(seuls[1]):
            continue
        ecarts += [
            NonApparie(c, cote, "le fichier de l'autre date ne donne pas cet IRIS")
            for cote, codes_seuls in zip((AVANT, APRES), seuls, strict=True)
            for c in codes_seuls
        ]
    ecartes = {n.code for n in ecarts}
    gardees = [li[~li["code"].isin(ecartes)].reset_index(drop=True) for li in listes]
    return (gardees[0], gardees[1]), tuple(ecarts)


def _contours(
    base: Base, listes: tuple[pd.DataFrame, pd.DataFrame], annees: tuple[int, int]
) -> pd.DataFrame | None:
    """Mesurer les recouvrements des départements où des codes ont changé, si les deux couches sont tenues."""
    avant, apres = (set(li["code"]) for li in listes)
    changes = {codes.departement_de_la_commune(c[:5]) for c in avant ^ apres}
    couches = [
        [ch for a, ch in base.couches("contours_iris") if a == annee and voulus & set(_codes_de(ch))]
        for annee, voulus in zip(annees, (avant, apres), strict=True)
    ]
    if not changes or not all(couches):
        return None
    from donnees_insee.geographie.recouvrements import recouvrements  # noqa: PLC0415 - import lent

    lues = []
    for chemins, voulus in zip(couches, (avant, apres), strict=True):
        lue = pd.concat([base.lire_couche(ch) for ch in chemins])
        lues.append(
            lue[lue["code"].isin({c for c in voulus if codes.departement_de_la_commune(c[:5]) in changes})]
        )
    return recouvrements(*lues) if all(len(li) for li in lues) else None


def _codes_de(chemin: object) -> list[str]:
    return [str(c) for c in pq.read_table(chemin, columns=["code"])["code"].to_pylist()]


def _communes_sans_histoire(
    listes: tuple[pd.DataFrame, pd.DataFrame], annees: tuple[int, int], contours: pd.DataFrame | None
) -> tuple[Passage, str]:
    """Apparier les communes par les contours de leurs IRIS, ou à défaut par leur code."""
    avant, apres = (set(li["commune"].astype(str)) for li in listes)
    liens = {(c, c) for c in avant & apres}
    remarque = SANS_HISTOIRE
    if contours is not None:
        # La commune est celle que dit le fichier, non le début du code : les deux diffèrent dans un arrondissement.
        de, a = (dict(zip(li["code"].astype(str), li["commune"].astype(str), strict=True)) for li in listes)
        liens |= {
            (de[x], a[y])
            for x, y in zip(contours["avant"], contours["apres"], strict=True)
            if x in de and y in a
        }
        remarque = PAR_LES_CONTOURS
    ecarts = [
        NonApparie(c, cote, "aucune commune de même code à l'autre date, et pas d'histoire des communes")
        for cote, siennes, rang in ((AVANT, avant, 0), (APRES, apres, 1))
        for c in siennes - {lien[rang] for lien in liens}
    ]
    return former("commune", *annees, sorted(liens), ecarts), remarque


def _sans_les_non_irisees(passage: Passage) -> Passage:
    """Laisser de côté les communes sans IRIS quand rien ne dit si elles ont changé de limites."""
    ecartes = {
        g for cote in (passage.avant, passage.apres) for c, g in cote.items() if c.endswith(NON_IRISEE)
    }
    raison = "commune sans IRIS, dont les limites ont pu changer sans changement de code"
    return replace(
        passage,
        avant={c: g for c, g in passage.avant.items() if g not in ecartes},
        apres={c: g for c, g in passage.apres.items() if g not in ecartes},
        non_apparies=(
            *passage.non_apparies,
            *(NonApparie(c, AVANT, raison) for c, g in passage.avant.items() if g in ecartes),
            *(NonApparie(c, APRES, raison) for c, g in passage.apres.items() if g in ecartes),
        ),
    )
