"""Appuis communs : une base de démonstration, et les fichiers réels quand ils sont là."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from donnees_insee.base.base import Base
from donnees_insee.chemins import tenir
from donnees_insee.demo import extraire_demo
from donnees_insee.depot.depot import Depot, deposer

# Une machine occupée n'est pas une faute : aucun essai de propriété n'est chronométré.
settings.register_profile("sans_chronometre", deadline=None)
settings.load_profile("sans_chronometre")

# Années que le LISEZMOI des fichiers réels donne à ces deux couches ; elles-mêmes ne les disent pas.
CARREAUX = {"carreaux_200m.gpkg": 2019, "carreaux.gpkg": 2017}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--mutations",
        type=int,
        default=0,
        help="Mutations de chaque lecteur ; par défaut, ce que cinq secondes permettent.",
    )


# Ce qui demande un navigateur, un traitement de texte, des fichiers réels, une attaque longue ou des processus tués.
LONGS = (
    "tests/attaques/test_bornes.py",
    "tests/attaques/test_chemins_de_la_machine.py",
    "tests/attaques/test_dossier_courant.py",
    "tests/attaques/test_fuzz.py",
    "tests/attaques/test_pannes.py",
    "tests/attaques/test_publications.py",
    "tests/bancs",
    "tests/carnets/campagne/test_campagne.py",
    "tests/carnets/campagne/test_grappe.py",
    "tests/carnets/documents/test_couches_ouvertes.py",
    "tests/carnets/documents/test_relecture_documents.py",
    "tests/carnets/documents/test_verification.py::test_la_commande_dit_ses_comptes",
    "tests/carnets/documents/test_verification.py::test_la_population_d_avant",
    "tests/carnets/documents/test_verification.py::test_les_chiffres_changes_dans_la_preuve",
    "tests/carnets/documents/test_verification.py::test_un_fichier_brut_altere",
    "tests/carnets/documents/test_verification.py::test_une_preuve_d_avant",
    "tests/carnets/documents/test_verification.py::test_une_table_de_la_base",
    "tests/carnets/processus/test_carnets_isoles.py",
    "tests/carnets/prose/test_changements.py",
    "tests/carnets/test_contours_de_communes.py",
    "tests/carnets/test_dossier_de_sortie.py",
    "tests/carnets/test_moteur.py::test_deux_portraits_successifs",
    "tests/carnets/test_reprise.py",
    "tests/modifications",
    "tests/navigateur",
    "tests/reel",
)
COURT = "test_aucune_requete_ne_part"  # le seul essai de navigateur de la suite courte


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marquer « complet » ce que la suite courte (``make test``) laisse à ``make test-complet``."""
    for item in items:
        exigeant = any(item.get_closest_marker(m) for m in ("reel", "bureautique"))
        if (exigeant or item.nodeid.startswith(LONGS)) and item.name != COURT:
            item.add_marker(pytest.mark.complet)


@pytest.fixture(scope="session")
def une_fois(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Callable[[Path], object]], Path]:
    """Préparer un dossier une seule fois pour tous les processus d'essai : les autres attendent, puis le lisent."""

    def preparer(nom: str, faire: Callable[[Path], object]) -> Path:
        racine = tmp_path_factory.getbasetemp()
        racine = racine.parent if os.environ.get("PYTEST_XDIST_WORKER") else racine
        dossier, fait = racine / nom, racine / f"{nom}.fait"
        with tenir(racine / f"{nom}.verrou", f"« {nom} » n'a pas été préparé à temps", attente=300):
            if not fait.exists():
                dossier.mkdir()
                faire(dossier)
                fait.touch()
        return dossier

    return preparer


@pytest.fixture(scope="session")
def base_demo(une_fois: Callable[[str, Callable[[Path], object]], Path]) -> Base:
    """La base tirée du territoire fictif, déposé tel qu'un analyste le ferait ; les essais la lisent sans la changer."""

    def monter(dossier: Path) -> None:
        recus = extraire_demo(dossier / "recus")
        refus = [
            f"{d.nom} : {d.raison}" for d in deposer(Base(dossier / "base"), [recus]) if d.etat == "refuse"
        ]
        assert not refus, "\n".join(refus)

    return Base(une_fois("base_demo", monter) / "base")


def _dossier_exige(variable: str, contenu: str) -> Path:
    """Donner le dossier que nomme une variable ; sans elle, l'essai est passé, ou refusé là où il est exigé."""
    choisi = os.environ.get(variable)
    if choisi and Path(choisi).is_dir():
        return Path(choisi)
    raison = (
        f"{variable} désigne « {choisi} », qui n'est pas un dossier"
        if choisi
        else f"la variable {variable} ne désigne pas le dossier {contenu}"
    )
    if os.environ.get("ABS_EXIGER_REEL") == "1":
        pytest.fail(f"{raison}, et ABS_EXIGER_REEL=1 l'exige.")
    pytest.skip(f"{raison} : essais sur fichiers réels laissés de côté.")


@pytest.fixture(scope="session")
def donnees_reelles() -> Path:
    """Le dossier des fichiers réels, que la variable ABS_DONNEES_REELLES désigne."""
    return _dossier_exige("ABS_DONNEES_REELLES", "des fichiers réels")


@pytest.fixture(scope="session")
def donnees_nouvelles() -> Path:
    """Le dossier des fichiers réels récents, que la variable ABS_DONNEES_NOUVELLES désigne."""
    return _dossier_exige("ABS_DONNEES_NOUVELLES", "des fichiers réels récents")


@pytest.fixture(scope="session")
def partage() -> Path:
    """Le dossier commun, que la variable ABS_PARTAGE désigne."""
    return _dossier_exige("ABS_PARTAGE", "commun")


@pytest.fixture(scope="session")
def depots_reels(donnees_reelles: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Base, list[Depot]]:
    """Le dossier réel entier, déposé une fois ; les carreaux, qui ne disent pas leur année, ensuite."""
    base = Base(tmp_path_factory.mktemp("base_reelle"))
    depots = deposer(base, [donnees_reelles])
    for nom, annee in CARREAUX.items():
        depots += deposer(base, [donnees_reelles / "carroyage" / nom], millesime=annee)
    return base, depots


@pytest.fixture(scope="session")
def base_reelle(depots_reels: tuple[Base, list[Depot]]) -> Base:
    """La base tirée des fichiers réels."""
    return depots_reels[0]
