"""Écrire le style QGIS d'une couche : des classes pour un maillage, un contour pour un périmètre."""

from __future__ import annotations

from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from abs.formats import nombre
from abs.indicateurs.indicateurs import Indicateur, indicateurs
from cartes.palettes import couleurs_sequentielles

if TYPE_CHECKING:
    import pandas as pd

PREFERE: Final = "taux_pauvrete_60"
CLASSES: Final = 5
VALEURS_MINIMUM: Final = 8
COUCHES_EN_CLASSES: Final = frozenset({"iris", "communes"})
CONTOURS: Final = {"qpv": ("192,57,43", 0.7), "quartiers": ("31,42,68", 0.6), "commune": ("31,42,68", 0.9)}
BLANC: Final = "#ffffff"


def style_qml(couche: str, table: pd.DataFrame) -> tuple[str, str]:
    """Écrire le style d'une couche."""
    choisi = _indicateur_a_montrer(table) if couche in COUCHES_EN_CLASSES else None
    if choisi is None:
        trait, epaisseur = CONTOURS.get(couche, ("107,107,107", 0.26))
        symboles = _symboles([_symbole("0", None, trait, epaisseur)])
        return _qml(f'<renderer-v2 type="singleSymbol">{symboles}</renderer-v2>'), "Contours"
    return _qml(_classes(choisi, table)), choisi.libelle


def _indicateur_a_montrer(table: pd.DataFrame) -> Indicateur | None:
    """Choisir ce que la couche montre d'abord : la pauvreté, sinon le premier taux assez renseigné."""
    connus = indicateurs()
    taux = [i for i in connus.values() if i.unite == "%" and i.sens != "neutre"]
    ordre = [connus[PREFERE], *taux] if PREFERE in connus else taux
    return next((i for i in ordre if table[i.code].nunique() >= VALEURS_MINIMUM), None)


def _classes(indicateur: Indicateur, table: pd.DataFrame) -> str:
    """Écrire une règle par classe, et une pour les territoires sans valeur, qui disparaîtraient sinon."""
    valeurs = table[indicateur.code].dropna().to_numpy(float)
    coupures = np.unique(np.round(np.quantile(valeurs, np.linspace(0, 1, CLASSES + 1)[1:-1]), 1))
    bornes = [None, *(float(c) for c in coupures), None]
    couleurs = couleurs_sequentielles(len(bornes) - 1)
    regles, symboles = [], []
    for rang, (bas, haut) in enumerate(pairwise(bornes)):
        conditions = [f'"{indicateur.code}" >= {bas}'] if bas is not None else []
        conditions += [f'"{indicateur.code}" < {haut}'] if haut is not None else []
        filtre = escape(" AND ".join(conditions))
        titre = escape(_titre_de_classe(bas, haut, indicateur.unite))
        regles.append(f'<rule key="r{rang}" symbol="{rang}" filter="{filtre}" label="{titre}"/>')
        symboles.append(_symbole(str(rang), couleurs[rang], "255,255,255", 0.2))
    dernier = str(len(symboles))
    sans_valeur = 'filter="ELSE" label="sans valeur (voir le statut)"'
    regles.append(f'<rule key="r{dernier}" symbol="{dernier}" {sans_valeur}/>')
    symboles.append(_symbole(dernier, BLANC, "140,140,140", 0.2, "b_diagonal"))
    corps = f'<rules key="racine">{"".join(regles)}</rules>{_symboles(symboles)}'
    return f'<renderer-v2 type="RuleRenderer" symbollevels="0">{corps}</renderer-v2>'


def _titre_de_classe(bas: float | None, haut: float | None, unite: str) -> str:
    if bas is None:
        return f"moins de {nombre(haut, 1)} {unite}"
    if haut is None:
        return f"{nombre(bas, 1)} {unite} ou plus"
    return f"de {nombre(bas, 1)} à moins de {nombre(haut, 1)} {unite}"


def _symbole(nom: str, fond: str | None, trait: str, epaisseur: float, motif: str = "solid") -> str:
    rouge, vert, bleu = (int((fond or BLANC)[i : i + 2], 16) for i in (1, 3, 5))
    couleur = "140,140,140,255" if motif != "solid" else f"{rouge},{vert},{bleu},255"
    proprietes = {
        "color": couleur,
        "style": motif if fond else "no",
        "outline_color": f"{trait},255",
        "outline_style": "solid",
        "outline_width": str(epaisseur),
        "outline_width_unit": "MM",
        "joinstyle": "round",
    }
    lignes = "".join(f'<prop k="{k}" v="{v}"/>' for k, v in proprietes.items())
    interieur = f'<layer class="SimpleFill" enabled="1" locked="0" pass="0">{lignes}</layer>'
    return f'<symbol type="fill" name="{nom}" alpha="1" clip_to_extent="1" force_rhr="0">{interieur}</symbol>'


def _symboles(symboles: list[str]) -> str:
    return f"<symbols>{''.join(symboles)}</symbols>"


def _qml(rendu: str) -> str:
    entete = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>"
    return f'{entete}\n<qgis version="3.28.0" styleCategories="Symbology">{rendu}</qgis>'
