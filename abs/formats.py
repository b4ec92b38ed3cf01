"""Écrire les nombres comme un lecteur français les attend (séparateurs, unités, arrondi unique)."""

import math
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from babel import Locale
from babel.numbers import format_decimal

ESPACE_INSECABLE = "\u00a0"


@lru_cache(maxsize=1)
def _langue() -> Locale:
    return Locale.parse("fr_FR")


def arrondir(valeur: float, decimales: int) -> Decimal:
    """Arrondir une seule fois, la moitié vers le haut, sur l'écriture décimale du nombre.

    Parameters
    ----------
    valeur : float
        Nombre fini.
    decimales : int
        Nombre de décimales ; négatif pour arrondir à la dizaine ou à la centaine.

    Returns
    -------
    decimal.Decimal
        Nombre arrondi.

    Examples
    --------
    >>> arrondir(2.5, 0)
    Decimal('3')
    >>> arrondir(1.005, 2)
    Decimal('1.01')
    """
    pas = Decimal(1).scaleb(-decimales)
    # repr() est la plus courte écriture du flottant : 0,145 s'y lit 0,145 et non 0,14499…
    arrondi = (Decimal(repr(float(valeur))) / pas).quantize(Decimal(1), ROUND_HALF_UP) * pas
    # Un zéro négatif s'écrirait « -0,0 ».
    return arrondi or arrondi.copy_abs()


def nombre(valeur: float | None, decimales: int = 0) -> str:
    """Écrire un nombre à la française, sans unité.

    Parameters
    ----------
    valeur : float or None
        Nombre à écrire ; ``None`` ou NaN donnent ``"–"``.
    decimales : int, default 0
        Nombre de décimales écrites.

    Returns
    -------
    str
        Par exemple ``"12 345,6"`` avec une espace fine insécable pour les milliers.

    Examples
    --------
    >>> nombre(1234.5, 1).split()
    ['1', '234,5']
    """
    if valeur is None or math.isnan(valeur):
        return "–"
    visibles = max(decimales, 0)
    motif = "#,##0" + ("." + "0" * visibles if visibles else "")
    return str(format_decimal(arrondir(valeur, decimales), format=motif, locale=_langue()))


def avec_unite(valeur: float | None, unite: str, decimales: int = 0) -> str:
    """Écrire un nombre suivi de son unité (``%``, ``€``, ``personnes``… ou rien).

    Parameters
    ----------
    valeur : float or None
        Nombre à écrire.
    unite : str
        Unité d'affichage ; vide pour un rapport.
    decimales : int, default 0
        Nombre de décimales écrites.

    Returns
    -------
    str
        Par exemple ``"22,2 %"`` avec une espace insécable.

    Examples
    --------
    >>> avec_unite(18.04, "%", 1).split()
    ['18,0', '%']
    """
    texte = nombre(valeur, decimales)
    if not unite or texte == "–":
        return texte
    return f"{texte}{ESPACE_INSECABLE}{unite}"
