"""Refuser un sous-total qui isolerait la seule unité que le producteur cache : une soustraction la donnerait."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from abs.definitions import table
from abs.statuts import Statut
from donnees_insee import codes

if TYPE_CHECKING:
    import pandas as pd

    from abs.calcul.lecture import Comptes

REFUS: Final = "sous-total refusé"


def cachees(lus: Comptes, attendus: Sequence[str], presents: np.ndarray) -> list[str]:
    """Lister les composantes qui manquent parce que le producteur les cache."""
    return [
        code
        for code, present in zip(attendus, presents, strict=True)
        if not present and code in lus.rangs and lus.statut[lus.rangs[code]] == Statut.SECRET
    ]


def contenants(composantes: Iterable[str], communes: pd.DataFrame) -> list[tuple[str, str]]:
    """Lister les territoires publiés qui contiennent toutes les composantes d'un groupe."""
    villes = {codes.ville_de_l_arrondissement(c[:5]) for c in composantes}
    trouves = [("commune", villes.copy())]
    connues = communes.reindex(sorted(villes))
    trouves += [(niveau, {str(v) for v in connues[niveau]}) for niveau in ("epci", "departement", "region")]
    return [
        (niveau, next(iter(ensemble)))
        for niveau, ensemble in trouves
        if len(ensemble) == 1 and ensemble.isdisjoint({"nan", "None", "<NA>", ""})
    ]


def raison_du_refus(cachee: str, elementaire: str, total: tuple[str, str]) -> str:
    """Dire pourquoi un sous-total est refusé."""
    nom = "l'IRIS" if elementaire == "iris" else "la commune"
    niveau, code = total
    return (
        f"{REFUS} : {nom} {cachee}, que le producteur cache, s'obtiendrait par différence avec le total publié "
        f"pour {table('_lecture')['totaux'][niveau]} ({code})"
    )
