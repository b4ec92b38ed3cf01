"""Écrire chaque décision de secret d'un portrait : ce qui est caché et pourquoi, jamais ce qui l'est."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Final

from abs.calcul.calcul import REFUS
from abs.calcul.sources_recues import est_locale
from abs.statuts import Statut
from donnees_insee.chemins import fichier_provisoire

if TYPE_CHECKING:
    from pathlib import Path

    from abs.calcul.diagnostic import Diagnostic

COLONNES: Final = ("territoire", "niveau", "indicateur", "millesime", "source", "decision", "raison")
PRODUCTEUR: Final = "cache_par_le_producteur"
SOUS_TOTAL: Final = "sous_total_refuse"
MASQUE: Final = "masque"
RAISONS: Final = {
    "reserve": "ligne réservée à la version interne",
    "primaire": "effectif, total ou complément sous le seuil de secret",
    "secondaire": "caché pour qu'une autre cellule ne s'obtienne pas par différence",
    "anterieure": "caché pour qu'un document déjà publié ne permette pas d'en retrouver une autre",
    # Dire laquelle est sous le seuil donnerait déjà des bornes : la version interne seule le dit.
    MASQUE: "sous le seuil de secret, ou caché pour qu'une autre cellule ne s'obtienne pas par différence",
}


def decisions(diagnostic: Diagnostic) -> list[dict[str, object]]:
    """Réunir les décisions de secret d'un portrait."""
    trouvees: list[dict[str, object]] = []
    des_locales = {(d.territoire, d.niveau, d.indicateur) for d in diagnostic.locales.decisions}
    for c in diagnostic.chiffres:
        cle = (c.territoire, c.niveau, c.indicateur)
        if c.note.startswith(REFUS):
            decision = SOUS_TOTAL
        elif c.statut == Statut.SECRET and not (est_locale(c) and cle in des_locales):
            decision = PRODUCTEUR
        else:
            continue
        trouvees.append(dict(zip(COLONNES, (*cle, c.millesime, c.source, decision, c.note), strict=True)))
    interne = diagnostic.demande.diffusion == "interne"
    for d in diagnostic.locales.decisions:
        nature = d.nature if interne else MASQUE
        valeurs = (d.territoire, d.niveau, d.indicateur, d.millesime, d.source, nature, RAISONS[nature])
        trouvees.append(dict(zip(COLONNES, valeurs, strict=True)))
    return sorted(trouvees, key=lambda x: [str(x[c]) for c in COLONNES])


def ecrire_secret(diagnostic: Diagnostic, chemin: Path) -> Path:
    """Écrire les décisions de secret."""
    with (
        fichier_provisoire(chemin) as provisoire,
        provisoire.open("w", encoding="utf-8-sig", newline="") as flux,
    ):
        ecriture = csv.DictWriter(flux, COLONNES, delimiter=";")
        ecriture.writeheader()
        ecriture.writerows(decisions(diagnostic))
    return chemin
