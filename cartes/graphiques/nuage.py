"""Le nuage de points : deux mesures des mêmes mailles, sans droite ni conclusion."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final

from matplotlib.figure import Figure

from cartes.charte import COULEURS, POLICE
from cartes.graphiques.style import CORPS
from cartes.graphiques.svg import rendre_svg

if TYPE_CHECKING:
    import pandas as pd

    Mesure = tuple[str, pd.Series]


# Au-delà, un libellé de l'axe vertical dépasserait la figure.
SIGNES_EN_HAUTEUR: Final = 38


def nuage(noms: pd.Series, abscisse: Mesure, ordonnee: Mesure, titre: str, alternatif: str) -> str:
    """Dessiner en SVG une mesure selon l'autre, les mailles des quatre bouts nommées."""
    (libelle_x, x), (libelle_y, y) = abscisse, ordonnee
    figure = Figure(figsize=(7.2, 4.6), layout="constrained")
    axes = figure.add_subplot()
    axes.scatter(x, y, color=COULEURS["cercles"], edgecolor=COULEURS["bord_de_cercle"], linewidth=0.4)
    bouts = dict.fromkeys(code for serie in (x, y) if len(serie) for code in (serie.idxmin(), serie.idxmax()))
    for code in bouts:
        lieu = (x[code], y[code])
        axes.annotate(
            noms[code], lieu, textcoords="offset points", xytext=(4, 4), fontsize=CORPS, family=POLICE
        )
    axes.set_xlabel(textwrap.fill(libelle_x, 2 * SIGNES_EN_HAUTEUR), family=POLICE)
    axes.set_ylabel(textwrap.fill(libelle_y, SIGNES_EN_HAUTEUR), family=POLICE)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color=COULEURS["fond_des_cercles"])
    return rendre_svg(figure, titre, alternatif, en_chemins=False)
