"""Préchauffer un processus : tout importer et tout lire de ce qui est commun aux carnets, sans lancer aucun fil."""

from __future__ import annotations

import gc
import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from donnees_insee.base.base import Base

# À donner à l'environnement avant que numpy soit importé : une bibliothèque de calcul lance sinon ses fils à l'import.
VARIABLES_SANS_FILS: Final = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    "MPLBACKEND": "agg",
}

# « module:fonction » à appeler avant de se dédoubler, et la base dont elle lit la géographie : dits au serveur.
PRECHAUFFAGE: Final = "ABS_PRECHAUFFAGE"
BASE: Final = "ABS_PRECHAUFFAGE_BASE"

MODULES: Final = (
    "IPython.display",
    "carnets.processus.coquille",
    "matplotlib_inline.backend_inline",
    "pyarrow.dataset",
    "carnets.ateliers.portrait",
    "carnets.documents.ensemble",
    "carnets.documents.fragments",
    "carnets.documents.tableur.tableur",
    "cartes.papier.dessin",
    "cartes.ecriture",
    "cartes.ecran.interactif",
    "abs.phrases.preuves",
    "xlsxwriter",
)
# Ce qu'une tâche de campagne importe autour de son carnet.
MODULES_DE_CAMPAGNE: Final = (
    "papermill",
    "nbclient",
    "nbconvert",
    "nbconvert.exporters.html",
    "nbconvert.preprocessors",
    "docx",
    "pypandoc",
    "jinja2",
    "babel.numbers",
    "carnets.moteur",
    "carnets.campagne.execution",
    "carnets.documents.fragments",
    "carnets.documents.word",
    "carnets.processus.moteur_papermill",
    "abs.calcul.diagnostic",
)
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
    for module in MODULES:
        importlib.import_module(module)
    _lire_les_tables()
    _dessiner_une_fois()
    if base is not None:
        _lire_la_geographie(base)


def prechauffer_la_campagne(base: str | None) -> None:
    """Importer aussi ce que les tâches d'une campagne importent."""
    prechauffer(base)
    for module in MODULES_DE_CAMPAGNE:
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
    territoires = gpd.GeoDataFrame(
        {
            "code": ["1", "2"],
            "nom": ["1", "2"],
            "valeur": [1.0, 2.0],
            "statut": ["calcule", "calcule"],
            "fiabilite": ["bonne", "fragile"],
        },
        geometry=carres,
        crs="EPSG:4326",
    )
    carte = CarteThematique(
        code="essai",
        titre="Essai",
        sous_titre="Essai",
        territoires=territoires,
        nature="taux",
        unite="%",
        decimales=1,
        source="Essai",
        date="2022",
        geographie="2022",
        reference=Reference("Essai", 1.5),
    )
    rendre_png(carte.figure(), {"Title": carte.texte_alternatif()})
    atlas([carte], "Essai")


def _lire_la_geographie(base: Base | Path | str) -> None:
    from donnees_insee.base.base import Base as BaseLocale  # noqa: PLC0415 - idem
    from donnees_insee.base.parts import sans_fils  # noqa: PLC0415
    from donnees_insee.geographie.appartenances import geographie  # noqa: PLC0415

    tenue = base if isinstance(base, BaseLocale) else BaseLocale(Path(base).resolve())
    if not tenue.parts():
        return
    with sans_fils():
        geographie(tenue).precharger()
