"""portrait.html dans un Chromium réel, réseau coupé : rien ne sort, la carte vit, rien d'hostile ne s'exécute."""

import os
import shutil

import pytest

from carnets.moteur import produire
from donnees_insee.base.base import Base
from donnees_insee.depot.depot import deposer

pytestmark = [pytest.mark.navigateur, pytest.mark.carnet]
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def chromium():
    chemin = os.environ.get("ABS_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if chemin is None:
        if os.environ.get("ABS_EXIGER_NAVIGATEUR"):
            pytest.fail("Chromium est exigé et n'est pas installé.")
        pytest.skip("Chromium n'est pas installé : essai de navigateur passé.")
    return chemin


@pytest.fixture(scope="module")
def portrait_hostile(tmp_path_factory):
    """La démonstration, dont des noms sont remplacés par du code dans les fichiers bruts."""
    from donnees_insee.demo import extraire_demo

    racine = tmp_path_factory.mktemp("hostile")
    bruts = extraire_demo(racine / "bruts")
    for fichier in sorted(bruts.iterdir()):
        if fichier.suffix.lower() in {".csv", ".geojson"} and "logement" not in fichier.name:
            contenu = fichier.read_text(encoding="utf-8-sig")
            for nom in ("Arzance-la-Ville", "Hôtel de Ville", "Les Tilleuls", "Botanique"):
                contenu = contenu.replace(nom, HOSTILE)
            fichier.write_text(contenu, encoding="utf-8")
    base = Base(racine / "donnees")
    deposer(base, [bruts])
    return produire(
        {"territoire": "99001", "formats": "html", "dossier_donnees": str(base.dossier)}, racine / "s"
    )


@pytest.fixture(scope="module")
def ouvert(chromium, portrait_hostile):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as pilote:
        navigateur = pilote.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        page = navigateur.new_context(offline=True, viewport={"width": 1200, "height": 1400}).new_page()
        page.requetes, page.fautes, page.dialogues = [], [], []
        page.on("request", lambda r: page.requetes.append(r.url))
        page.on("console", lambda m: page.fautes.append(m.text) if m.type in {"error", "warning"} else None)
        page.on("pageerror", lambda e: page.fautes.append(str(e)))
        page.on("dialog", lambda d: (page.dialogues.append(d.message), d.dismiss()))
        page.goto(f"file://{portrait_hostile.dossier / 'portrait.html'}")
        page.wait_for_timeout(2000)
        yield page
        navigateur.close()


def cadre(page):
    return next(f for f in page.frames if f != page.main_frame)


def test_aucune_requete_ne_part(ouvert):
    assert [u for u in ouvert.requetes if not u.startswith(("file://", "data:", "about:"))] == []


def test_la_console_est_vide(ouvert):
    assert ouvert.fautes == []


def test_le_nom_hostile_s_affiche_et_ne_s_execute_pas(ouvert):
    assert ouvert.dialogues == []
    assert ouvert.locator("h1").first.inner_text() == HOSTILE
    assert ouvert.locator("img[src='x']").count() == 0
    assert cadre(ouvert).locator("img[src='x']").count() == 0


def test_la_carte_est_dessinee_et_ses_infobulles_vivent(ouvert):
    atlas = cadre(ouvert)
    ouvert.locator("iframe.atlas").scroll_into_view_if_needed()
    traces = atlas.locator("path.leaflet-interactive")
    traces.first.wait_for(state="attached", timeout=15_000)
    assert traces.count() >= 20
    infobulle = atlas.locator(".leaflet-tooltip")
    # Sur une machine chargée, le premier survol peut passer avant que la page l'écoute : on survole encore.
    for _ in range(20):
        ouvert.mouse.move(0, 0)
        traces.nth(6).hover(force=True)
        ouvert.wait_for_timeout(500)
        if infobulle.is_visible():
            break
    assert "Date : recensement" in infobulle.inner_text()


def test_changer_d_indicateur_change_la_legende(ouvert):
    atlas = cadre(ouvert)
    avant = atlas.locator(".place-de-legende").inner_text()
    atlas.locator("input[name='couche']").nth(3).check()
    assert atlas.locator(".place-de-legende").inner_text() != avant


def test_le_code_est_cache_et_le_plan_est_lisible(ouvert):
    texte = ouvert.locator("body").inner_text()
    assert "Atelier(" not in texte
    assert "import" not in texte
    titres = ouvert.locator("h2").all_inner_texts()
    assert any("L'essentiel" in t for t in titres)
    assert titres[-1] == "Annexes"


def test_chaque_tableau_a_une_legende_et_des_en_tetes(ouvert):
    tableaux = ouvert.locator("table.tableau")
    assert tableaux.count() >= 10
    assert ouvert.locator("table.tableau > caption").count() == tableaux.count()
    assert ouvert.locator("table.tableau thead th[scope='col']").count() > tableaux.count()


def test_chaque_image_a_un_texte_de_remplacement(ouvert):
    images = ouvert.locator("figure img")
    assert images.count() >= 5
    for rang in range(images.count()):
        assert len(images.nth(rang).get_attribute("alt")) > 40


def test_une_phrase_se_deplie_au_clavier_sur_les_chiffres_qui_la_portent(ouvert):
    phrases = ouvert.locator("details.phrase")
    assert phrases.count() >= 30
    premiere = ouvert.locator("h2#emploi ~ ul details.phrase").first
    preuve = premiere.locator(".preuve")
    assert not preuve.is_visible()
    premiere.locator("summary").focus()
    ouvert.keyboard.press("Enter")
    assert preuve.is_visible()
    lignes = preuve.locator("tbody tr")
    assert lignes.count() >= 2
    ligne = lignes.first.inner_text()
    for attendu in ("%", "recensement 2022", "P_CHOM1564", "P_ACT1564", "Recensement de la population"):
        assert attendu in ligne
    for rang in range(phrases.count()):
        assert phrases.nth(rang).locator("tbody tr").count() >= 1
    ouvert.keyboard.press("Enter")
    assert not preuve.is_visible()
