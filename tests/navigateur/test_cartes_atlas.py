"""L'atlas dans un vrai Chromium, réseau coupé : aucune requête, aucune erreur, aucun texte exécuté."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pytest
import shapely

from cartes.carte import CarteThematique
from cartes.ecran.interactif import atlas
from cartes.specification import Reference, Superposition

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.navigateur

CHROMIUM = Path(os.environ.get("ABS_CHROMIUM", "/usr/bin/chromium"))
OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
HOSTILE = "<img src=x onerror=alert(1)>"


def _exiger() -> None:
    """Passer l'essai sans navigateur, sauf là où le navigateur est exigé."""
    try:
        import playwright.sync_api  # noqa: F401

        absent = "" if CHROMIUM.exists() else f"Chromium absent ({CHROMIUM})"
    except ImportError:
        absent = "playwright n'est pas installé (pip install 'abs-portrait[test]')"
    if absent and os.environ.get("ABS_EXIGER_NAVIGATEUR") == "1":
        pytest.fail(f"{absent}, alors que ABS_EXIGER_NAVIGATEUR=1.")
    if absent:
        pytest.skip(absent)


def _cartes() -> list[CarteThematique]:
    x, y = 770_000.0, 6_280_000.0
    table = gpd.GeoDataFrame(
        {
            "code": [f"0100{rang:05d}" for rang in range(36)],
            "nom": [f"Quartier {rang}" for rang in range(36)],
            "valeur": np.arange(36) + 1000.5,
            "statut": "publie",
            "fiabilite": "bonne",
            "raison": "</script><script>alert(2)</script>",
        },
        geometry=[
            shapely.box(x + 500 * i, y + 500 * j, x + 500 * (i + 1), y + 500 * (j + 1))
            for j in range(6)
            for i in range(6)
        ],
        crs="EPSG:2154",
    )
    table.loc[0, "nom"] = HOSTILE
    table.loc[1, ["statut", "valeur"]] = ["secret", np.nan]
    table.loc[2, "fiabilite"] = "fragile"
    commun = {"unite": "€", "decimales": 1, "source": "Essai", "date": "2016", "geographie": "2019"}
    perimetre = gpd.GeoDataFrame(
        {"code": ["QP1"], "nom": ["La Rive"]}, geometry=[shapely.box(x, y, x + 900, y + 900)], crs=2154
    )
    taux = CarteThematique(
        code="a",
        titre="Revenu",
        sous_titre=HOSTILE,
        territoires=table,
        nature="mediane",
        reference=Reference("Commune", 1010.0),
        superpositions=(Superposition("QPV", perimetre, etiquette="nom"),),
        **commun,
    )
    comptes = CarteThematique(
        code="b",
        titre="Ménages",
        sous_titre="",
        territoires=table,
        nature="effectif",
        **{**commun, "unite": "ménages", "decimales": 0},
    )
    return [taux, comptes]


@pytest.fixture
def page(tmp_path) -> Iterator[SimpleNamespace]:
    _exiger()
    from playwright.sync_api import sync_playwright

    fichier = tmp_path / "atlas.html"
    fichier.write_text(atlas(_cartes(), "Atlas d'essai"), encoding="utf-8")
    releve = SimpleNamespace(requetes=[], messages=[], dialogues=[])
    with sync_playwright() as outil:
        navigateur = outil.chromium.launch(executable_path=str(CHROMIUM), args=list(OPTIONS))
        contexte = navigateur.new_context(viewport={"width": 1200, "height": 800}, locale="fr-FR")
        contexte.set_offline(True)
        contexte.route(lambda adresse: not adresse.startswith("file:"), lambda route: route.abort())
        onglet = contexte.new_page()
        onglet.on("request", lambda requete: releve.requetes.append(requete.url))
        onglet.on("console", lambda message: releve.messages.append(message.text))
        onglet.on("pageerror", lambda erreur: releve.messages.append(str(erreur)))
        onglet.on("dialog", lambda dialogue: (releve.dialogues.append(dialogue.message), dialogue.dismiss()))
        onglet.goto(fichier.as_uri())
        onglet.wait_for_selector("path.leaflet-interactive")
        releve.onglet = onglet
        yield releve
        navigateur.close()
    # Vrai à la fin de chaque essai, quoi qu'il ait fait dans la page.
    assert releve.requetes == [fichier.as_uri()]
    assert releve.messages == []
    assert releve.dialogues == []


def _infobulle(onglet, rang: int) -> str:
    cadre = onglet.locator(".leaflet-overlay-pane path.leaflet-interactive").nth(rang).bounding_box()
    # Le coin du carré : le centre peut être couvert par un cercle.
    onglet.mouse.move(cadre["x"] + 5, cadre["y"] + 5)
    onglet.mouse.move(cadre["x"] + 7, cadre["y"] + 7)
    return onglet.locator(".leaflet-tooltip").inner_text()


def test_la_carte_s_affiche_et_repond(page) -> None:
    onglet = page.onglet
    assert onglet.locator(".leaflet-overlay-pane path.leaflet-interactive").count() == 36
    assert onglet.title() == "Atlas d'essai"
    assert onglet.locator("html").get_attribute("lang") == "fr"
    assert onglet.locator(".leaflet-control-zoom-in").get_attribute("title") == "Zoomer"
    assert onglet.locator(".leaflet-control-zoom-out").get_attribute("title") == "Dézoomer"
    texte = _infobulle(onglet, 20)
    assert "Quartier 20" in texte
    assert "1\u202f020,5\u00a0€" in texte
    assert "Date : 2016" in texte


def test_les_textes_hostiles_se_lisent(page) -> None:
    onglet = page.onglet
    assert HOSTILE in _infobulle(onglet, 0)
    assert onglet.locator(".sous-titre").inner_text() == HOSTILE
    secret = _infobulle(onglet, 1)
    assert "Secret statistique" in secret
    assert "</script><script>alert(2)</script>" in secret
    onglet.locator("summary").click()
    assert HOSTILE in onglet.locator("tbody tr").first.inner_text()


def test_changer_de_couche_au_clavier(page) -> None:
    onglet = page.onglet
    traces = onglet.locator(".leaflet-overlay-pane path.leaflet-interactive")
    couleur = traces.nth(35).get_attribute("fill")
    assert "Commune" in onglet.locator(".place-de-legende").inner_text()
    onglet.locator('input[name="couche"]').first.focus()
    onglet.keyboard.press("ArrowDown")
    assert onglet.locator("h2").inner_text() == "Ménages"
    assert traces.nth(35).get_attribute("fill") != couleur
    assert "Aire du cercle : ménages" in onglet.locator(".place-de-legende").inner_text()
    assert onglet.locator(".leaflet-cercles-pane path").count() == 35
    assert "1\u202f036\u00a0ménages" in _infobulle(onglet, 35)


def test_masquer_les_perimetres(page) -> None:
    onglet = page.onglet
    contours = onglet.locator(".leaflet-perimetres-pane path")
    assert contours.count() == 2
    onglet.locator('input[name="perimetre"]').uncheck()
    assert contours.count() == 0


def test_un_secret_porte_des_hachures(page) -> None:
    traces = page.onglet.locator(".leaflet-overlay-pane path.leaflet-interactive")
    assert traces.nth(1).get_attribute("fill") == "url(#motif-secret)"
    assert traces.nth(2).get_attribute("fill").startswith("url(#motif-fragile-")
    assert page.onglet.locator("pattern#motif-secret").count() == 1
