"""L'observatoire dans un Chromium réel, réseau coupé, ouvert depuis son dossier : il vit, et rien n'en sort."""

from __future__ import annotations

import functools
import os
import shutil
import sysconfig
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from abs.territoires.demande import Demande
from carnets.observatoire.fabrique import fabriquer
from donnees_insee.base.base import Base
from donnees_insee.demo import EPCI_DEMO, extraire_demo
from donnees_insee.depot.depot import deposer

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.navigateur
HOSTILE = "<img src=x onerror=alert(1)>"
INDICATEURS = ("taux_pauvrete_60", "indice_gini", "neuvieme_decile", "part_hlm", "part_moins_25_ans")
PAGES = (
    "index.html",
    "comparer.html?t=99002,99003,QP099001",
    "telecharger.html",
    "lire.html",
    "territoires/commune-99001.html",
    "territoires/qpv-QP099001.html",
    "indicateurs/taux_pauvrete_60.html",
    "cartes/part_hlm.html",
)


def _exiger(raison: str) -> None:
    if os.environ.get("ABS_EXIGER_NAVIGATEUR"):
        pytest.fail(f"{raison}, et ABS_EXIGER_NAVIGATEUR l'exige.")
    pytest.skip(raison)


@pytest.fixture(scope="module")
def axe() -> str:
    chemin = Path(sysconfig.get_path("purelib")) / "axe_playwright_python" / "axe.min.js"
    if not chemin.is_file():
        _exiger("axe-core n'est pas installé (paquet axe-playwright-python)")
    return chemin.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """La démonstration, dont des noms sont remplacés par du code dans les fichiers bruts."""
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
    return fabriquer(base, Demande(EPCI_DEMO, qpv=2015), racine / "s", indicateurs=INDICATEURS).dossier


@pytest.fixture(scope="module")
def chromium() -> Iterator[object]:
    chemin = os.environ.get("ABS_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if chemin is None:
        _exiger("Chromium n'est pas installé")
    from playwright.sync_api import sync_playwright

    options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as pilote:
        navigateur = pilote.chromium.launch(executable_path=chemin, args=options)
        yield navigateur
        navigateur.close()


@pytest.fixture
def visite(chromium, site: Path) -> Iterator[SimpleNamespace]:
    """Une page vierge, hors ligne, dont tout ce qui sort ou se plaint est noté."""
    contexte = chromium.new_context(offline=True, viewport={"width": 1200, "height": 1000})
    page = contexte.new_page()
    page.set_default_timeout(5000)
    notes = SimpleNamespace(page=page, requetes=[], fautes=[], dialogues=[])
    page.on("request", lambda r: notes.requetes.append(r.url))
    page.on("console", lambda m: notes.fautes.append(m.text) if m.type in {"error", "warning"} else None)
    page.on("pageerror", lambda e: notes.fautes.append(str(e)))
    page.on("dialog", lambda d: (notes.dialogues.append(d.message), d.dismiss()))
    notes.ouvrir = lambda adresse: page.goto(f"file://{site}/{adresse}")
    yield notes
    assert [u for u in notes.requetes if not u.startswith((f"file://{site}/", "data:"))] == []
    assert notes.fautes == []
    assert notes.dialogues == []
    assert page.locator("img[src='x']").count() == 0
    contexte.close()


def traces(page, minimum: int):
    # Par un repère et non par une fonction à réessayer : la politique de sécurité du site refuse qu'on en évalue une.
    page.locator("path.leaflet-interactive").nth(minimum - 1).wait_for(state="attached")
    return page.locator("path.leaflet-interactive")


def ouvrir_en_entier(visite, adresse: str) -> None:
    """Ouvrir une page et attendre que sa carte ou son tableau soit dessiné."""
    visite.ouvrir(adresse)
    if adresse.startswith(("index.html", "indicateurs/", "cartes/")):
        traces(visite.page, 5)
    if adresse.startswith("comparer"):
        visite.page.locator(".comparaison table").first.wait_for()


@pytest.mark.parametrize("adresse", PAGES)
def test_chaque_page_est_accessible_et_tient_dans_un_telephone(visite, axe: str, adresse: str) -> None:
    ouvrir_en_entier(visite, adresse)
    visite.page.evaluate(axe)
    # Sans « preload », axe irait relire les feuilles de style, ce que la politique du site refuse.
    trouve = visite.page.evaluate("axe.run(document, {resultTypes: ['violations'], preload: false})")
    graves = [
        f"{v['id']} : {v['nodes'][0]['html'][:120]}"
        for v in trouve["violations"]
        if v["impact"] in {"serious", "critical"}
    ]
    assert graves == []
    assert len(trouve["passes"]) > 10
    visite.page.set_viewport_size({"width": 390, "height": 800})
    assert visite.page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize(
    ("cherche", "attendu", "adresse"),
    [
        ("ferte bruyere", "La Ferté-Bruyère", "territoires/commune-99011.html"),
        ("99003", "Saint-Maur-d'Arzance", "territoires/commune-99003.html"),
        ("bois joli la", "Bois-Joli-La Verrerie", "territoires/qpv-QP099002.html"),
        ("pauvrete", "Taux de pauvreté", "indicateurs/taux_pauvrete_60.html"),
        ("990010103", "Gare", "territoires/commune-99001.html#iris-990010103"),
    ],
)
def test_la_recherche_trouve_sans_accent_par_nom_et_par_code(
    visite, cherche: str, attendu: str, adresse: str
) -> None:
    visite.ouvrir("lire.html")
    visite.page.locator("#recherche").fill(cherche)
    premier = visite.page.locator(".reponses a").first
    assert attendu in premier.inner_text()
    visite.page.keyboard.press("ArrowDown")
    visite.page.keyboard.press("Enter")
    visite.page.wait_for_url(f"**/{adresse}")
    assert visite.page.locator("h1").count() == 1


def test_la_recherche_dit_quand_rien_ne_repond(visite) -> None:
    visite.ouvrir("index.html")
    visite.page.locator("#recherche").fill("zzzz")
    assert visite.page.locator(".recherche [role=status]").inner_text() == "Aucune réponse."
    visite.page.locator("#recherche").fill("onerror")
    assert HOSTILE in visite.page.locator(".reponses a").first.inner_text()


def test_un_clic_sur_la_carte_ouvre_la_page_du_territoire(visite) -> None:
    visite.ouvrir("index.html")
    communes = traces(visite.page, 13)
    communes.nth(1).hover(force=True)
    infobulle = visite.page.locator(".leaflet-tooltip")
    assert "commune 99002" in infobulle.inner_text()
    communes.nth(1).click(force=True)
    visite.page.wait_for_url("**/territoires/commune-99002.html")
    assert visite.page.locator("h1").inner_text() == "L'Isle/Arzance"


def test_l_infobulle_dit_la_valeur_du_tableau_et_le_nom_hostile_reste_du_texte(visite) -> None:
    visite.ouvrir("indicateurs/part_hlm.html")
    traces(visite.page, 10).nth(0).hover(force=True)
    lignes = visite.page.locator(".leaflet-tooltip").inner_text().splitlines()
    assert lignes[0] == HOSTILE
    ligne = visite.page.locator("#tableau-communes tbody tr", has_text=HOSTILE)
    assert ligne.locator("td.valeur").inner_text() == lignes[1]
    assert lignes[-1] == "Date : recensement 2022"


def test_la_carte_passe_des_communes_aux_iris(visite) -> None:
    visite.ouvrir("indicateurs/part_hlm.html")
    communes = traces(visite.page, 10).count()
    avant = visite.page.locator(".legende-de-niveau:visible").inner_text()
    visite.page.get_by_label("Par IRIS").check()
    assert traces(visite.page, communes + 10).count() >= 30
    assert visite.page.locator(".legende-de-niveau:visible").inner_text() != avant


def test_la_comparaison_ne_compare_que_ce_qui_a_la_meme_date(visite) -> None:
    visite.ouvrir("comparer.html?t=99002,99003,QP099001")
    ligne = visite.page.locator(".comparaison tr", has_text="Moins de 25 ans")
    ligne.wait_for()
    cellules = ligne.locator("td")
    assert cellules.nth(0).locator("svg.barre").count() == 1
    assert "autre date : non comparé" in cellules.nth(2).inner_text()
    assert "édition 2022" in cellules.nth(2).inner_text()
    assert cellules.nth(2).locator("svg.barre").count() == 0
    assert cellules.nth(3).inner_text() == "recensement 2022"
    # Les revenus du quartier portent leur année : là, tout se compare.
    pauvrete = visite.page.locator(".comparaison tr", has_text="Sous le seuil de pauvreté").locator("td")
    assert pauvrete.nth(2).locator("svg.barre").count() == 1
    assert pauvrete.nth(3).inner_text() == "revenus 2021"
    # Les barres d'une ligne sont à la même échelle.
    largeurs = [float(r.get_attribute("width")) for r in ligne.locator("svg.barre rect").all()]
    assert max(largeurs) == 100
    texte = visite.page.locator("main").inner_text().lower()
    assert not [mot for mot in ("rang ", "classement", "meilleur", "pire", "premier") if mot in texte]


def test_une_ligne_sans_date_commune_le_dit(visite) -> None:
    visite.ouvrir("comparer.html?t=99002,QP099001")
    ligne = visite.page.locator(".comparaison tr", has_text="Moins de 25 ans")
    assert "Pas de date commune : non comparé" in ligne.inner_text()
    assert ligne.locator("svg.barre").count() == 0


def test_un_indicateur_chiffre_par_un_seul_territoire_vient_a_la_fin(visite) -> None:
    visite.ouvrir("comparer.html?t=99002,QP099001")
    table = visite.page.locator(".comparaison table").first
    table.wait_for()
    tables = visite.page.locator(".comparaison table").all()
    dites = [[li.locator("td").last.inner_text() for li in t.locator("tbody tr").all()] for t in tables]
    revenus = next(d for d in dites if "revenus 2021" in d)
    assert revenus == ["revenus 2021"] * 2 + ["Un seul de ces territoires a un chiffre : non comparé"]
    assert ["Pas de date commune : non comparé"] in dites


def test_deux_definitions_ne_se_comparent_pas_et_cela_se_dit(visite, site: Path) -> None:
    cle = "commune-99003"
    script = (site / "donnees" / "territoires" / f"{cle}.js").read_text(encoding="utf-8")
    debut = script.index('"part_hlm":[{"d":"2022"')
    autre = script[:debut] + script[debut:].replace(
        '"d":"2022"', '"q":"autre série","d":"2022 autre série"', 1
    )
    visite.page.route(f"**/{cle}.js", lambda r: r.fulfill(body=autre, content_type="text/javascript"))
    visite.ouvrir("comparer.html?t=99002,99003")
    ligne = visite.page.locator(".comparaison tr", has_text="HLM")
    ligne.wait_for()
    assert ligne.locator("td").last.inner_text() == "Définitions différentes : non comparé"
    assert ligne.locator("svg.barre").count() == 0
    visite.ouvrir("lire.html")
    visite.ouvrir(f"comparer.html?t=99002,99003,{EPCI_DEMO}")
    cellules = visite.page.locator(".comparaison tr", has_text="HLM").locator("td")
    cellules.first.wait_for()
    assert "autre définition : non comparé" in cellules.nth(1).inner_text()
    assert cellules.last.inner_text() == "recensement 2022"


@pytest.mark.parametrize("adresse", ["index.html", "territoires/commune-99001.html"])
def test_le_pied_de_page_dit_le_jour_du_site(visite, site: Path, adresse: str) -> None:
    ecrit = (site / "donnees" / "fabrication.js").read_text(encoding="utf-8")
    jour = ecrit.split('"etabli_le":"')[1].split('"')[0]
    visite.ouvrir(adresse)
    visite.page.locator(".jour-du-site", has_text="Établi").first.wait_for(state="attached")
    pied = visite.page.locator("footer").inner_text()
    assert pied.startswith(f"Établi le {jour}. Derniers millésimes disponibles")


def test_choisir_un_territoire_change_la_comparaison_et_son_lien(visite) -> None:
    visite.ouvrir("comparer.html#t=99002,99003")
    visite.page.locator(".comparaison table").first.wait_for()
    visite.page.locator("select").nth(2).select_option(EPCI_DEMO)
    visite.page.wait_for_url(f"**/comparer.html#t=99002,99003,{EPCI_DEMO}")
    visite.page.locator(".comparaison th", has_text="Val-d'Arzance").first.wait_for()
    lien = visite.page.locator(".lien-de-la-comparaison a").get_attribute("href")
    assert lien == f"comparer.html?t=99002,99003,{EPCI_DEMO}"


def test_un_chiffre_fragile_porte_son_asterisque(visite) -> None:
    visite.ouvrir("comparer.html?t=QP099001,QP099003")
    ligne = visite.page.locator(".comparaison tr", has_text="Sous le seuil de pauvreté")
    fragile = ligne.locator("td").nth(1)
    assert "%*" in fragile.locator(".lu").inner_text()
    assert fragile.locator("svg.barre.fragile").count() == 1
    assert ligne.locator("td").nth(0).locator("svg.barre.fragile").count() == 0


def test_un_code_etranger_au_site_est_dit(visite) -> None:
    visite.ouvrir("comparer.html?t=99002,%3Cimg%20src%3Dx%3E,75056")
    etat = visite.page.locator(".etat-de-la-comparaison")
    visite.page.locator(".etat-de-la-comparaison", has_text="absent").wait_for(state="attached")
    assert "<img src=x>, 75056" in etat.inner_text()


def test_un_fichier_se_telecharge(visite, site: Path) -> None:
    visite.ouvrir("telecharger.html")
    with visite.page.expect_download() as attendu:
        visite.page.get_by_role("link", name="Tous les chiffres (CSV)").click()
    recu = Path(attendu.value.path()).read_bytes()
    assert recu == (site / "telechargements" / "observatoire.csv").read_bytes()


def test_un_lien_vers_un_chiffre_absent_ouvre_son_repli(visite) -> None:
    visite.ouvrir("indicateurs/part_hlm.html#tableau-iris")
    assert visite.page.locator("#tableau-iris").is_visible()


def test_publie_sur_un_serveur_le_site_vit_et_ecrit_l_adresse_de_ses_cartes(
    chromium, site: Path, tmp_path: Path
) -> None:
    class Muet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    serveur = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Muet, directory=str(site)))
    threading.Thread(target=serveur.serve_forever, daemon=True).start()
    adresse = f"http://127.0.0.1:{serveur.server_port}"
    page = chromium.new_page()
    fautes: list[str] = []
    page.on("console", lambda m: fautes.append(m.text) if m.type in {"error", "warning"} else None)
    try:
        page.goto(f"{adresse}/indicateurs/part_hlm.html")
        traces(page, 10)
        fragment = page.locator("#fragment").input_value()
        assert f'src="{adresse}/cartes/part_hlm.html"' in fragment
        (tmp_path / "tiers.html").write_text(
            f"<!doctype html><h1>Site tiers</h1>{fragment}", encoding="utf-8"
        )
        page.goto(f"file://{tmp_path / 'tiers.html'}")
        cadre = page.frame_locator("iframe")
        cadre.locator("path.leaflet-interactive").first.wait_for(state="attached", timeout=5000)
        assert fautes == []
    finally:
        page.close()
        serveur.shutdown()
        serveur.server_close()
