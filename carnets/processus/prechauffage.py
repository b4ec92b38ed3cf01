"""Préchauffer un processus : tout importer et tout lire de ce qui est commun aux carnets, sans lancer aucun fil."""

from __future__ import annotations

import gc
import importlib
import tomllib
from contextlib import suppress
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from donnees_insee.erreurs import ErreurAbs

if TYPE_CHECKING:
    from donnees_insee.base.base import Base

REGLAGES: Final[dict[str, Any]] = tomllib.loads(
    (resources.files(__package__ or "carnets.processus") / "prechauffage.toml").read_text(encoding="utf-8")
)
VARIABLES_SANS_FILS: Final[dict[str, str]] = REGLAGES["variables_sans_fils"]

# « module:fonction » à appeler avant de se dédoubler, et la base dont elle lit la géographie : dits au serveur.
PRECHAUFFAGE: Final = "ABS_PRECHAUFFAGE"
BASE: Final = "ABS_PRECHAUFFAGE_BASE"

# Un portrait crée des centaines de milliers de petits objets qui servent jusqu'à la fin : les reparcourir tous les
# sept cents objets, comme le fait Python par défaut, coûte un dixième du travail et n'en libère aucun.
SEUILS_DU_RAMASSE_MIETTES: Final = (100_000, 50, 100)


def prechauffer(base: Base | Path | str | None = None) -> None:
    """Mettre un processus en état de produire un portrait sans rien avoir à charger.

    Importe ce qu'un carnet importe, lit définitions et catalogue, dessine une petite carte (polices, projections,
    modèles), et lit la géographie de la base s'il y en a une. Ne lance aucun fil si l'environnement porte
    :data:`VARIABLES_SANS_FILS` : le processus peut ensuite se dédoubler.
    """
    gc.set_threshold(*SEUILS_DU_RAMASSE_MIETTES)
    for module in REGLAGES["modules"]:
        importlib.import_module(module)
    _lire_les_tables()
    _dessiner_une_fois()
    if base is not None:
        _lire_la_geographie(base)


def prechauffer_la_campagne(base: str | None) -> None:
    """Importer aussi ce que les tâches d'une campagne importent."""
    prechauffer(base)
    for module in REGLAGES["modules_de_campagne"]:
        importlib.import_module(module)
    import nbformat  # noqa: PLC0415 - déjà importé par papermill

    # La première vérification compile le schéma des carnets.
    nbformat.validate({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []})


def _lire_les_tables() -> None:
    from abs.definitions import table  # noqa: PLC0415 - ce module n'importe rien de lent avant qu'on l'appelle
    from abs.formats import nombre  # noqa: PLC0415
    from abs.indicateurs.indicateurs import identites, indicateurs  # noqa: PLC0415
    from donnees_insee.catalogue.catalogue import sources  # noqa: PLC0415
    from donnees_insee.catalogue.tables import marques  # noqa: PLC0415
    from donnees_insee.codes import noms_officiels  # noqa: PLC0415

    for lire in (sources, marques, identites, indicateurs):
        lire()
    table("_portrait")
    for niveau in ("departement", "region"):
        noms_officiels(niveau)
    nombre(1234.5, 1)


def _dessiner_une_fois() -> None:
    """Dessiner deux carrés, à l'écran et sur le papier."""
    import geopandas as gpd  # noqa: PLC0415 - idem
    import shapely  # noqa: PLC0415

    from cartes.carte import CarteThematique  # noqa: PLC0415
    from cartes.ecran.interactif import atlas  # noqa: PLC0415
    from cartes.ecriture import rendre_png  # noqa: PLC0415
    from cartes.specification import Reference  # noqa: PLC0415

    carres = [shapely.box(3.87 + d, 43.6, 3.88 + d, 43.61) for d in (0.0, 0.01)]
    territoires = gpd.GeoDataFrame(REGLAGES["territoires"], geometry=carres, crs="EPSG:4326")
    carte = CarteThematique(territoires=territoires, reference=Reference("Essai", 1.5), **REGLAGES["carte"])
    rendre_png(carte.figure(), {"Title": carte.texte_alternatif()})
    atlas([carte], "Essai")


def _lire_la_geographie(base: Base | Path | str) -> None:
    from donnees_insee.base.base import Base as BaseLocale  # noqa: PLC0415 - idem
    from donnees_insee.base.parts import sans_fils  # noqa: PLC0415
    from donnees_insee.geographie.appartenances import geographie  # noqa: PLC0415

    tenue = base if isinstance(base, BaseLocale) else BaseLocale(Path(base).resolve())
    # Une base abîmée n'empêche pas de préchauffer : c'est à chaque carnet de le dire, dans son bilan.
    with sans_fils(), suppress(ErreurAbs):
        if tenue.parts():
            geographie(tenue).precharger()
