"""Les carnets dans un vrai JupyterLab, sans donnée : tout s'exécute, en français, sans trace ni requête au dehors."""

import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

from carnets.atelier import environnement, options
from carnets.dossier_de_travail import copier_les_carnets

pytestmark = pytest.mark.navigateur
COMPTER = """() => {
  const combien = (choix) => document.querySelectorAll('.jp-Notebook ' + choix).length;
  return {
    tableaux: combien('.jp-OutputArea table'),
    graphiques: combien('img[src^="data:image/svg"]'),
    cartes: combien('figure img[src^="data:image/png"]') + combien('iframe.atlas'),
    phrases: [...document.querySelectorAll('.jp-OutputArea summary, .jp-OutputArea li')]
      .filter(e => /[0-9]/.test(e.textContent)).length,
    erreurs: combien('[data-mime-type="application/vnd.jupyter.stderr"]'),
    attente: [...document.querySelectorAll('.jp-InputPrompt')].filter(e => e.textContent.includes('*')).length,
    cadre: Math.max(0, ...[...document.querySelectorAll('iframe.atlas')].map(e => e.getBoundingClientRect().width)),
  }
}"""
TOUT_DANS_LA_PAGE = {"windowingMode": "none"}
DELAI = 120


@pytest.fixture(scope="module")
def jupyterlab(tmp_path_factory):
    """Un JupyterLab neuf sur une copie des carnets, et un dossier de données vide."""
    if importlib.util.find_spec("jupyterlab") is None:
        pytest.skip("JupyterLab n'est pas dans cet environnement (supplément [atelier], `make atelier`).")
    dossier, donnees = tmp_path_factory.mktemp("atelier"), tmp_path_factory.mktemp("donnees")
    copier_les_carnets(dossier)
    env = environnement(dossier) | {"ABS_DONNEES": str(donnees), "ABS_HORS_LIGNE": "1"}
    reglage = (
        dossier / ".jupyter/lab/user-settings/@jupyterlab/notebook-extension/tracker.jupyterlab-settings"
    )
    reglage.parent.mkdir(parents=True)
    reglage.write_text(json.dumps(TOUT_DANS_LA_PAGE), encoding="utf-8")
    with socket.socket() as prise:
        prise.bind(("127.0.0.1", 0))
        port = prise.getsockname()[1]
    reglages = [
        "--no-browser",
        "--allow-root",
        f"--port={port}",
        "--IdentityProvider.token=",
        "--ServerApp.password=",
    ]
    serveur = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", *options(dossier), *reglages],
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _attendre(f"http://localhost:{port}/api")
        yield f"http://localhost:{port}"
    finally:
        os.killpg(serveur.pid, 15)
        serveur.wait(20)


@pytest.fixture(scope="module")
def navigateur():
    from playwright.sync_api import sync_playwright

    chemin = os.environ.get("ABS_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if chemin is None:
        pytest.skip("Chromium n'est pas installé : essai de JupyterLab passé.")
    with sync_playwright() as pilote:
        ouvert = pilote.chromium.launch(executable_path=chemin, args=["--no-sandbox", "--disable-gpu"])
        yield ouvert
        ouvert.close()


def _attendre(adresse: str) -> None:
    fin = time.monotonic() + DELAI
    while time.monotonic() < fin:
        try:
            with urllib.request.urlopen(adresse):
                return
        except OSError:
            time.sleep(0.5)
    pytest.fail(f"JupyterLab ne répond pas à {adresse}.")


@pytest.mark.parametrize(
    "carnet",
    [
        "00_commencer",
        "10_portrait_de_territoire",
        "20_evolutions",
        "30_comparaison_intercommunale",
        "90_explorer",
    ],
)
def test_un_carnet_s_execute_sans_donnee(jupyterlab, navigateur, carnet):
    dehors = []
    page = navigateur.new_page(viewport={"width": 1400, "height": 1000})

    def trier(route):
        if route.request.url.startswith(("http://localhost", "data:", "blob:", "about:")):
            route.continue_()
        else:
            dehors.append(route.request.url)
            route.abort()

    page.route("**/*", trier)
    page.goto(f"{jupyterlab}/lab/tree/{carnet}.ipynb?reset")
    page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=DELAI * 1000)
    page.wait_for_selector("#jupyterlab-splash", state="detached", timeout=DELAI * 1000)
    # Le noyau doit être prêt : plus tôt, « Exécuter toutes les cellules » ne fait rien.
    page.wait_for_selector('.jp-Notebook-ExecutionIndicator[data-status="idle"]', timeout=DELAI * 1000)
    calmes, lance, fin = 0, 0.0, time.monotonic() + DELAI
    while calmes < 4 and time.monotonic() < fin:
        vu = page.evaluate(COMPTER)
        # Un menu ouvert trop tôt ne fait rien : on le rouvre tant que rien n'a commencé.
        if not vu["attente"] and not vu["tableaux"] and time.monotonic() > lance + 8:
            page.get_by_role("menuitem", name="Exécution", exact=True).click()
            page.get_by_role("menuitem", name="Exécuter toutes les cellules", exact=True).click()
            lance = time.monotonic()
        page.wait_for_timeout(1500)
        vu = page.evaluate(COMPTER)
        calmes = calmes + 1 if vu["attente"] == 0 and vu["tableaux"] else 0
    page.close()
    assert (vu["erreurs"], vu["attente"]) == (0, 0)
    assert min(vu["tableaux"], vu["graphiques"], vu["cartes"], vu["phrases"]) >= 1, vu
    assert not vu["cadre"] or vu["cadre"] > 800
    assert dehors == []
