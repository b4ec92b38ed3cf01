"""Une démonstration écrite une fois, partagée par les essais qui en lisent les documents."""

import os
import pickle
from pathlib import Path

import pytest

from carnets.moteur import produire

# Les processus enfants ne cherchent rien dans le dossier courant : ceux des essais y trouvent leurs petits carnets par là.
os.environ["PYTHONPATH"] = str(Path(__file__).parents[2])


@pytest.fixture(scope="session")
def demo_ecrite(base_demo, une_fois):
    """Portrait complet du territoire fictif, écrit une fois pour tous les processus d'essai."""

    def ecrire(dossier):
        demande = {
            "territoire": "99001",
            "formats": "html,docx,xlsx,gpkg,csv,cartes",
            "dossier_donnees": str(base_demo.dossier),
        }
        (dossier / "production.pickle").write_bytes(pickle.dumps(produire(demande, dossier)))

    return pickle.loads((une_fois("demo_ecrite", ecrire) / "production.pickle").read_bytes())
