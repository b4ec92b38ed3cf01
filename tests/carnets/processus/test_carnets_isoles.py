"""Un processus neuf par carnet : rien ne passe d'un carnet au suivant, rien ne survit à celui qui l'a demandé."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import pytest

from carnets.moteur import CarnetEnEchec, executer_carnet, produire
from carnets.processus.demarrage import Processus, methode_de_demarrage, nombre_de_fils
from tests.carnets.petits_carnets import REGARD, SALE, carnet, sorties

pytestmark = pytest.mark.carnet
SERVEUR = pytest.mark.skipif(
    methode_de_demarrage() != "forkserver", reason="Ce système ne dédouble pas un processus."
)
LINUX = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="Seul Linux dit ses processus dans /proc."
)


@pytest.fixture(params=["forkserver", "spawn"])
def methode(request, monkeypatch):
    """Les deux façons de faire naître un processus : préchauffé, et comme sous Windows."""
    monkeypatch.setenv("ABS_DEMARRAGE", request.param)
    return request.param


FORMATS = "html,docx,xlsx,csv"
# Seules choses qui changent d'une exécution à l'autre : des dates, des durées, des identifiants tirés au hasard.
A_EFFACER = {
    "date": re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?"),
    "identifiant": re.compile(r"\b[0-9a-f]{32}\b|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"),
    "identifiant de gabarit": re.compile(r"T_[0-9a-f]{5}"),
    "dossier provisoire": re.compile(r"/[^\s\"'\\]*/\.portrait-[^\s\"'\\/]*"),
}


def seul(chemin: Path, tmp_path: Path, moteur: str) -> str:
    """Exécuter un carnet par le papermill ordinaire, dans un interpréteur neuf."""
    execute = tmp_path / f"seul-{chemin.stem}.ipynb"
    commande = [
        sys.executable,
        "-m",
        "papermill",
        str(chemin),
        str(execute),
        "--engine",
        moteur,
        "--no-progress-bar",
    ]
    subprocess.run(commande, check=True, cwd=tmp_path, capture_output=True)
    return sorties(execute)


def passer(chemin: Path, tmp_path: Path, rang: int = 0) -> str:
    execute = tmp_path / f"{chemin.stem}-{rang}.ipynb"
    executer_carnet(chemin, execute, {}, garde=tmp_path / "garde.ipynb")
    return sorties(execute)


def textes(dossier: Path) -> dict[str, str]:
    """Lire les textes d'un portrait, dates et identifiants effacés."""
    import docx
    import openpyxl

    lus = {"html": (dossier / "portrait.html").read_text(encoding="utf-8")}
    lus["csv"] = (dossier / "diagnostic.csv").read_text(encoding="utf-8-sig")
    document = docx.Document(str(dossier / "portrait.docx"))
    lus["docx"] = "\n".join(
        [p.text for p in document.paragraphs]
        + [c.text for t in document.tables for ligne in t.rows for c in ligne.cells]
    )
    classeur = openpyxl.load_workbook(dossier / "tableaux.xlsx", read_only=True)
    lus["xlsx"] = "\n".join(
        str(ligne) for feuille in classeur for ligne in feuille.iter_rows(values_only=True)
    )
    for motif in A_EFFACER.values():
        lus = {nom: motif.sub("…", texte) for nom, texte in lus.items()}
    return lus


@pytest.fixture(scope="module")
def regard(tmp_path_factory):
    """Ce que voit un carnet propre, seul et à froid."""
    dossier = tmp_path_factory.mktemp("regard")
    chemin = carnet(dossier / "regard.ipynb", REGARD)
    return chemin, seul(chemin, dossier, "nbclient")


def test_un_carnet_sale_ne_laisse_rien_au_suivant(tmp_path, regard, methode):
    chemin, attendu = regard
    sale = carnet(tmp_path / "sale.ipynb", SALE)
    vus = []
    for rang in range(2):
        passer(sale, tmp_path, rang)
        vus.append(passer(chemin, tmp_path, rang))
    assert vus == [attendu, attendu]


def test_le_carnet_sale_salit_vraiment(tmp_path, methode):
    """Sans quoi l'essai précédent ne prouverait rien."""
    sale = carnet(tmp_path / "tout.ipynb", SALE, REGARD)
    vu = passer(sale, tmp_path)
    for trace in ("40.0 red", "oui tr_TR True", "SALE", "['error'"):
        assert trace in vu


def test_le_portrait_apres_un_carnet_sale_est_celui_fait_seul_a_froid(tmp_path, base_demo, methode):
    parametres = {"territoire": "99003", "formats": FORMATS, "dossier_donnees": str(base_demo.dossier)}
    code = "import json,sys; from carnets.moteur import produire; from pathlib import Path; "
    code += "produire(json.loads(sys.argv[1]), Path(sys.argv[2]))"
    subprocess.run(
        [sys.executable, "-c", code, json.dumps(parametres), str(tmp_path / "froid")],
        check=True,
        env=os.environ | {"ABS_DEMARRAGE": "spawn"},
        capture_output=True,
    )
    sale = carnet(tmp_path / "sale.ipynb", SALE)
    autre = parametres | {"territoire": "99001", "formats": "csv"}
    for etape in ("apres-sale", "apres-autre"):
        if etape == "apres-sale":
            passer(sale, tmp_path)
        else:
            produire(autre, tmp_path / "autre")
        produire(parametres, tmp_path / etape)
    froid, *suivants = [
        textes(next((tmp_path / nom).iterdir())) for nom in ("froid", "apres-sale", "apres-autre")
    ]
    for suivant in suivants:
        for nom, texte in froid.items():
            assert suivant[nom] == texte, nom


def test_deux_carnets_ne_tirent_pas_les_memes_nombres(tmp_path, methode):
    chemin = carnet(
        tmp_path / "hasard.ipynb", "import random, numpy\nprint(random.random(), numpy.random.random())"
    )
    assert passer(chemin, tmp_path) != passer(chemin, tmp_path, 1)


def test_le_processus_travaille_dans_le_dossier_du_carnet(tmp_path, methode):
    ici = f"import os, pathlib; print(pathlib.Path(os.getcwd()) == pathlib.Path({str(tmp_path.resolve())!r}))"
    assert passer(carnet(tmp_path / "ou.ipynb", ici), tmp_path).strip() == "True"


def test_un_noyau_tue_est_dit_vite_et_le_suivant_marche(tmp_path, methode):
    mortel = carnet(tmp_path / "mortel.ipynb", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    debut = time.monotonic()
    with pytest.raises(CarnetEnEchec, match="noyau du carnet est mort"):
        passer(mortel, tmp_path)
    assert time.monotonic() - debut < 30
    assert passer(carnet(tmp_path / "sain.ipynb", "print('vivant')"), tmp_path).strip() == "vivant"


def test_une_cellule_qui_echoue_garde_le_carnet_l_erreur_en_tete(tmp_path, methode):
    fautif = carnet(tmp_path / "fautif.ipynb", "raise ValueError('code 99999 inconnu')")
    with pytest.raises(CarnetEnEchec, match="code 99999 inconnu"):
        passer(fautif, tmp_path)
    premiere = json.loads((tmp_path / "garde.ipynb").read_text(encoding="utf-8"))["cells"][0]
    assert "An Exception was encountered" in "".join(premiere["source"])


@LINUX
def test_les_descripteurs_du_lanceur_ne_croissent_pas(tmp_path):
    chemin = carnet(tmp_path / "court.ipynb", "1 + 1")
    passer(chemin, tmp_path)
    comptes = []
    for rang in range(6):
        passer(chemin, tmp_path, rang)
        comptes.append(sum(1 for _ in Path("/proc/self/fd").iterdir()))
    assert max(comptes[2:]) <= comptes[1] + 4, comptes


def _vivants(nom: str) -> list[int]:
    trouves = []
    for dossier in Path("/proc").iterdir():
        if dossier.name.isdigit():
            try:
                if nom in (dossier / "environ").read_bytes().decode(errors="replace"):
                    trouves.append(int(dossier.name))
            except OSError:
                continue
    return trouves


@LINUX
def test_rien_ne_survit_a_un_lanceur_tue_net(tmp_path, methode):
    """Le lanceur est tué par SIGKILL au milieu d'un carnet : serveur et carnet s'en vont."""
    chemin = carnet(
        tmp_path / "long.ipynb",
        f"open({str(tmp_path / 'parti')!r}, 'w').close()\nimport time\ntime.sleep(600)",
    )
    marque = f"ABS_ESSAI_{os.getpid()}_{time.monotonic_ns()}"
    code = "import sys; from pathlib import Path; from carnets.moteur import executer_carnet; "
    code += "executer_carnet(Path(sys.argv[1]), Path(sys.argv[2]), {}, garde=Path(sys.argv[2]))"
    lanceur = subprocess.Popen(
        [sys.executable, "-c", code, str(chemin), str(tmp_path / "x.ipynb")], env=os.environ | {marque: "1"}
    )
    _attendre((tmp_path / "parti").exists)
    assert len(_vivants(marque)) >= 2
    lanceur.send_signal(signal.SIGKILL)
    lanceur.wait()
    _attendre(lambda: not _vivants(marque))


def _attendre(condition, delai=60.0):
    fin = time.monotonic() + delai
    while not condition():
        assert time.monotonic() < fin, "délai passé"
        time.sleep(0.05)


@SERVEUR
def test_un_prechauffage_qui_lance_un_fil_est_dit_et_le_carnet_se_fait_quand_meme(tmp_path):
    (tmp_path / "bavard_abs.py").write_text(
        "import threading, time\ndef prechauffer(_):\n"
        "    threading.Thread(target=time.sleep, args=(30,), daemon=True).start()\n",
        encoding="utf-8",
    )
    chemin = carnet(tmp_path / "sain.ipynb", "print('vivant')")
    code = "import sys; from pathlib import Path; from carnets.moteur import executer_carnet; "
    code += "executer_carnet(Path(sys.argv[1]), Path(sys.argv[2]), {}, garde=Path(sys.argv[2]))"
    chemins = os.pathsep.join([str(tmp_path), *(c for c in sys.path if c)])
    fait = subprocess.run(
        [sys.executable, "-c", code, str(chemin), str(tmp_path / "x.ipynb")],
        env=os.environ | {"ABS_PRECHAUFFAGE": "bavard_abs:prechauffer", "PYTHONPATH": chemins},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert fait.returncode == 0, fait.stderr
    assert "2 au lieu d'un" in fait.stderr
    assert "Chaque carnet aura son propre interpréteur" in fait.stderr
    assert sorties(tmp_path / "x.ipynb").strip() == "vivant"


@SERVEUR
def test_le_prechauffage_livre_ne_lance_aucun_fil():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with Processus(_dire_les_fils) as processus:
            assert processus.attendre(60)
            assert processus.methode == "forkserver"
            assert processus.recevoir() == 1


def test_plusieurs_fils_demarrent_des_processus_sans_rien_changer_a_leur_environnement(methode):
    """Un travailleur Dask mène plusieurs tâches à la fois, par ses fils."""
    from concurrent.futures import ThreadPoolExecutor

    avant, principal = dict(os.environ), sys.modules["__main__"]
    with ThreadPoolExecutor(8) as fils:
        vues = set(fils.map(_surete_vue, range(24)))
    assert vues == {avant.get("PYTHONSAFEPATH", "")}
    assert (dict(os.environ), sys.modules["__main__"]) == (avant, principal)


def _surete_vue(_):
    with Processus(_dire_la_surete) as processus:
        assert processus.attendre(60)
        return processus.recevoir()


def _dire_la_surete(tube):
    tube.send(os.environ.get("PYTHONSAFEPATH", ""))


def _dire_les_fils(tube):
    tube.send(nombre_de_fils())


@SERVEUR
@LINUX
def test_ce_qu_un_carnet_a_lance_finit_avec_lui(tmp_path):
    marque = f"ABS_ESSAI_{os.getpid()}_{time.monotonic_ns()}"
    lance = f"import os, subprocess\nsubprocess.Popen(['sleep', '600'], env=os.environ | {{{marque!r}: '1'}})"
    passer(carnet(tmp_path / "lance.ipynb", lance), tmp_path)
    _attendre(lambda: not _vivants(marque), 10)


def test_un_serveur_tue_est_remplace(tmp_path):
    from multiprocessing import forkserver

    chemin = carnet(tmp_path / "sain.ipynb", "print('vivant')")
    passer(chemin, tmp_path)
    if methode_de_demarrage() == "forkserver":
        os.kill(forkserver._forkserver._forkserver_pid, signal.SIGKILL)
    assert passer(chemin, tmp_path, 1).strip() == "vivant"


def test_une_figure_de_matplotlib_s_affiche_comme_dans_jupyterlab(tmp_path, methode):
    chemin = carnet(
        tmp_path / "figure.ipynb", "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"
    )
    passer(chemin, tmp_path)
    cellules = json.loads((tmp_path / "figure-0.ipynb").read_text(encoding="utf-8"))["cells"]
    assert [s for c in cellules for s in c.get("outputs", []) if "image/png" in s.get("data", {})]


def test_les_sorties_sont_celles_d_un_noyau_ordinaire(tmp_path):
    """Flux mêlés, résultat, affichage mis à jour ou effacé, attente au premier niveau, erreur tolérée : tout y est."""
    chemin = carnet(tmp_path / "sorties.ipynb", *SORTIES)
    ordinaire, notre = (
        _executees(chemin, tmp_path / f"{moteur}.ipynb", moteur) for moteur in ("nbclient", "abs")
    )
    assert notre == ordinaire


SORTIES = (
    "import sys\nprint('un')\nprint('deux')\nprint('trois', file=sys.stderr)\n'quatre'",
    "from IPython.display import HTML, display\nprint('avant')\ndisplay(HTML('<b>gras</b>'))\nprint('après')\n{'a': 1}",
    "p = display('x', display_id=True)\np.update('y')",
    "from IPython.display import clear_output\nprint('perdu')\nclear_output()\nprint('gardé')",
    "import asyncio\nawait asyncio.sleep(0)\n_",
    "1;",
    "%%capture vu\nprint('caché')",
    "import pandas as pd\npd.DataFrame({'code': ['01001'], 'valeur': [1.5]})",
    "!echo système",
)


def _executees(chemin, execute, moteur):
    import papermill

    papermill.execute_notebook(
        str(chemin), str(execute), engine_name=moteur, progress_bar=False, log_output=False
    )
    cellules = json.loads(execute.read_text(encoding="utf-8"))["cells"]
    return [(c["source"], c.get("execution_count"), _sans_identifiant(c.get("outputs"))) for c in cellules]


def _sans_identifiant(sorties_de_cellule):
    return A_EFFACER["identifiant"].sub("…", json.dumps(sorties_de_cellule, sort_keys=True))
