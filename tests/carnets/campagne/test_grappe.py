"""La campagne sur une vraie grappe Dask : un ordonnanceur, deux travailleurs, et la mort de l'un d'eux au milieu."""

import gc
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from carnets.campagne.deroulement import mener
from carnets.campagne.grappe import GrappeInutilisable
from carnets.campagne.plan import lire_plan
from carnets.campagne.taches import ECHEC, FAIT
from tests.carnets.petits_carnets import carnet

pytest.importorskip("distributed", reason="Dask est un supplément facultatif (abs-portrait[grappe]).")
pytestmark = pytest.mark.carnet
CODES = ["99001", "99002", "99003", "99004", "99005", "99006"]
CELLULE = """
import os, pathlib, time
pathlib.Path(dossier_sortie, "vu.txt").write_text(territoire)
time.sleep(1.0)
if territoire == "99003":
    raise ValueError("carnet fautif")
"""


class Grappe:
    """Un ordonnanceur et des travailleurs, chacun dans son processus."""

    def __init__(self, dossier: Path, travailleurs: int) -> None:
        self.fichier = dossier / "ordonnanceur.json"
        self.dossier = dossier
        self.env = os.environ | {
            "ABS_PRECHAUFFAGE": "tests.carnets.petits_carnets:prechauffer_peu",
            "DASK_DISTRIBUTED__ADMIN__TICK__LIMIT": "1h",
        }
        self.processus = [
            self._lancer(
                "scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(self.fichier)
            )
        ]
        _attendre(self.fichier.exists)
        self.adresse = json.loads(self.fichier.read_text(encoding="utf-8"))["address"]
        for rang in range(travailleurs):
            self.processus.append(
                self._lancer(
                    *("worker", self.adresse, "--host", "127.0.0.1", "--nthreads", "1", "--no-nanny"),
                    *("--no-dashboard", "--name", f"t{rang}", "--local-directory", str(dossier / f"t{rang}")),
                )
            )

    def _lancer(self, *arguments: str) -> subprocess.Popen:
        options = ["--no-dashboard"] if arguments[0] == "scheduler" else []
        with (self.dossier / f"{arguments[0]}.journal").open("ab") as journal:
            return subprocess.Popen(
                [sys.executable, "-m", "dask", *arguments, *options],
                env=self.env,
                stdout=journal,
                stderr=journal,
            )

    def fermer(self) -> None:
        for processus in self.processus:
            processus.kill()
            processus.wait()


def _attendre(condition, delai=60.0):
    fin = time.monotonic() + delai
    while not condition():
        assert time.monotonic() < fin, "délai passé"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def grappe(tmp_path_factory):
    vive = Grappe(tmp_path_factory.mktemp("grappe"), 2)
    yield vive
    vive.fermer()


def plan(dossier: Path, codes=CODES):
    carnet(dossier / "petit.ipynb", CELLULE)
    fichier = dossier / "campagne.toml"
    fichier.write_text(
        f'sortie = "sorties"\ndelai = 60\n[[territoires]]\ncodes = {json.dumps(codes)}\n'
        '[[carnets]]\ncarnet = "petit.ipynb"\nformats = []\n',
        encoding="utf-8",
    )
    return lire_plan(fichier)


def test_un_travailleur_tue_au_milieu_son_travail_est_repris(tmp_path, base_demo, grappe):
    tues: list[int] = []

    def suivre(_):
        # Tué pendant qu'il mène un territoire : un chantier est ouvert, aucun dossier n'est encore fini partout.
        en_cours = list((tmp_path / "sorties" / ".en-cours").glob("petit-*/.petit-*/vu.txt"))
        if en_cours and not tues:
            grappe.processus[1].send_signal(signal.SIGKILL)
            tues.append(len(en_cours))

    bilan = mener(plan(tmp_path), base_demo, suivre, grappe=grappe.adresse)
    assert tues
    etats = {t.code: r.etat for t, r in zip(bilan.taches, bilan.resultats, strict=True)}
    assert etats == dict.fromkeys(CODES, FAIT) | {"99003": ECHEC}
    dossiers = sorted(d for d in bilan.sortie.glob("petit-*"))
    assert len(dossiers) == len(CODES) - 1
    for dossier in dossiers:
        marque = json.loads((dossier / "preuve" / "campagne.json").read_text(encoding="utf-8"))
        assert "vu.txt" in marque["fichiers"]
    assert not [d for d in bilan.sortie.iterdir() if d.name.startswith(".")]


def test_une_campagne_de_grappe_reprend(tmp_path, base_demo, grappe):
    codes = ["99001", "99002"]
    mener(plan(tmp_path, codes[:1]), base_demo, lambda _: None, grappe=grappe.adresse)
    bilan = mener(plan(tmp_path, codes), base_demo, lambda _: None, grappe=grappe.adresse, reprendre=True)
    assert [r.etat for r in bilan.resultats] == ["déjà fait", FAIT]
    assert "grappe" in bilan.ou


def test_une_grappe_absente_est_une_phrase(tmp_path, base_demo, monkeypatch):
    monkeypatch.setattr("carnets.campagne.grappe.DELAI_DE_CONNEXION", 1)
    with pytest.raises(GrappeInutilisable, match="ne répond pas"):
        mener(plan(tmp_path), base_demo, lambda _: None, grappe="tcp://127.0.0.1:9")
    with pytest.raises(GrappeInutilisable):
        mener(plan(tmp_path), base_demo, lambda _: None, grappe="n'importe quoi")


def test_un_client_qui_n_a_pas_joint_la_grappe_est_ferme(tmp_path, base_demo, monkeypatch):
    # Laissé au ramasse-miettes, il se fermerait dans le fil du client suivant, qui attendrait sans fin.
    from distributed import Client

    monkeypatch.setattr("carnets.campagne.grappe.DELAI_DE_CONNEXION", 1)
    avant = {f.ident for f in threading.enumerate()}
    with pytest.raises(GrappeInutilisable) as faute:
        mener(plan(tmp_path), base_demo, lambda _: None, grappe="tcp://127.0.0.1:9")
    ouverts = [o for o in gc.get_objects() if isinstance(o, Client) and o.status != "closed"]
    assert not ouverts
    assert not [f.name for f in threading.enumerate() if f.ident not in avant and "loop" in f.name.lower()]
    assert "ne répond pas" in str(faute.value)


def test_une_grappe_qui_ne_voit_pas_les_dossiers_est_refusee(tmp_path, base_demo, grappe, monkeypatch):
    monkeypatch.setattr("carnets.campagne.grappe.constat", _aveugle)
    with pytest.raises(GrappeInutilisable) as faute:
        mener(plan(tmp_path), base_demo, lambda _: None, grappe=grappe.adresse)
    assert "ne voit pas la base" in str(faute.value)
    assert "on attend" in str(faute.value)


def _aveugle(*_):
    return {"version": "0", "sortie": False, "donnees": False}
