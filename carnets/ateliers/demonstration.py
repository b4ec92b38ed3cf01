"""Sans donnée, un carnet s'ouvre sur le territoire fictif : sa base, montée une fois à côté des données."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from donnees_insee.base.base import Base
from donnees_insee.chemins import dossier_des_donnees, dossier_provisoire, tenir
from donnees_insee.erreurs import ErreurAbs

if TYPE_CHECKING:
    from pathlib import Path

    from carnets.parametres import Reglages
    from donnees_insee.depot.depot import Depot

# Les codes du territoire fictif : aucune commune réelle ne commence par 99.
FICTIF: Final = re.compile(r"(QP0)?99\d*", re.IGNORECASE)
DOSSIER: Final = "demonstration"


def base_ou_demonstration(reglages: Reglages) -> Reglages:
    """Garder la base demandée, sauf pour un code fictif qu'elle ne tient pas : la base de démonstration le tient."""
    territoire = reglages.demande.territoire
    if FICTIF.fullmatch(territoire) is None or _tenu(reglages.base, territoire):
        return reglages
    return replace(reglages, base=base_de_demonstration(reglages.base.dossier))


def _tenu(base: Base, territoire: str) -> bool:
    from abs.territoires.territoires import Territoires  # noqa: PLC0415 - pandas

    try:
        base.exiger()
        Territoires(base).trouver(territoire)
    except ErreurAbs:
        return False
    return True


def base_de_demonstration(donnees: Path | None = None) -> Base:
    """Monter la base du territoire fictif, une fois ; les suivants la lisent."""
    racine = donnees or dossier_des_donnees()
    place = racine / DOSSIER
    racine.mkdir(parents=True, exist_ok=True)
    with tenir(
        racine / f"{DOSSIER}.verrou",
        "La démonstration est en cours de montage par un autre programme",
        attente=300,
    ):
        if not place.is_dir():
            with dossier_provisoire(place) as provisoire:
                deposer_la_demonstration(provisoire)
    return Base(place / "donnees")


def deposer_la_demonstration(dossier: Path) -> tuple[Base, list[Depot]]:
    """Déposer le territoire fictif livré dans une base neuve."""
    from donnees_insee.demo import extraire_demo  # noqa: PLC0415 - imports lents
    from donnees_insee.depot.depot import deposer  # noqa: PLC0415

    base = Base(dossier / "donnees")
    return base, deposer(base, [extraire_demo(dossier / "bruts")])
