"""Retrouver l'effet de sondage du recensement dans deux millésimes, pour éprouver celui que portent les définitions."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from abs.indicateurs.fiabilite import TAUX_DE_SONDAGE


def effet_de_sondage_observe(
    avant: npt.NDArray[np.float64],
    apres: npt.NDArray[np.float64],
    denominateurs: npt.NDArray[np.float64],
    taux: float = TAUX_DE_SONDAGE,
) -> float:
    """Retrouver l'ordre de grandeur de l'effet de sondage dans deux millésimes qui partagent quatre enquêtes sur cinq."""
    ensemble = float(np.average(apres - avant, weights=denominateurs))
    proportions = (avant + apres) / 2
    variance = (1 - taux) * proportions * (1 - proportions) / (taux * denominateurs)
    utiles = variance > 0
    return float(np.mean((apres - avant - ensemble)[utiles] ** 2 / (2 / 5 * variance[utiles])))
