"""Une démonstration écrite une fois, partagée par les essais qui en lisent les documents."""

import os
from pathlib import Path

import pytest

from carnets.moteur import produire

# Les processus enfants ne cherchent rien dans le dossier courant : ceux des essais y trouvent leurs petits carnets par là.
os.environ["PYTHONPATH"] = str(Path(__file__).parents[2])


@pytest.fixture(scope="session")
def demo_ecrite(base_demo, tmp_path_factory):
    """Portrait complet du territoire fictif."""
    sortie = tmp_path_factory.mktemp("sorties")
    return produire(
        {
            "territoire": "99001",
            "formats": "html,docx,xlsx,gpkg,csv,cartes",
            "dossier_donnees": str(base_demo.dossier),
        },
        sortie,
    )
