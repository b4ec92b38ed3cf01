"""Carte interactive : une page autonome, tout texte échappé, contours écrits une seule fois."""

from __future__ import annotations

import json
import re

import folium
import pytest

from cartes.ecran.cles_de_legende import echapper
from cartes.ecran.interactif import atlas, carte_folium
from donnees_insee.erreurs import CarteImpossible

# Le nom de l'espace SVG est un identifiant que Leaflet passe à createElementNS : rien n'est demandé.
ESPACE_SVG = "http://www.w3.org/2000/svg"
HOSTILES = ("<img src=x onerror=alert(1)>", "</script><script>alert(1)</script>", "{{ 7*7 }}{% x %}", "'\"&")


def _donnees(page: str) -> dict:
    return json.loads(re.search(r'id="donnees-atlas">(.*?)</script>', page, re.DOTALL)[1])


def test_aucune_adresse_exterieure(carte, tous_les_statuts, quartiers_prioritaires) -> None:
    page = atlas([carte(territoires=tous_les_statuts, superpositions=(quartiers_prioritaires,))], "Atlas")
    assert set(re.findall(r"https?://[^\s\"'<)]*", page)) == {ESPACE_SVG}
    assert not re.search(r"<link|<img|<iframe|@import|sourceMappingURL|\ssrc=", page)
    assert set(re.findall(r"url\(([^)]*)\)", page)) <= {
        "#default#VML",  # reste de Leaflet pour de très vieux navigateurs, sans effet
        "#motif-secret",
        "#motif-indisponible",
        "#motif-sans_objet",
        *re.findall(r"#motif-fragile-[0-9a-f]{6}", page),
    }
    assert "Content-Security-Policy" in page


def test_page_francaise(carte) -> None:
    page = atlas([carte()], "Portrait de l'Abbé")
    assert page.startswith('<!DOCTYPE html>\n<html lang="fr">')
    assert "<title>Portrait de l&#x27;Abbé</title>" in page
    assert 'zoomInTitle: "Zoomer", zoomOutTitle: "Dézoomer"' in page
    assert "user-scalable=no" not in page


@pytest.mark.parametrize("hostile", HOSTILES)
def test_tout_texte_est_echappe(carte, tous_les_statuts, quartiers_prioritaires, hostile: str) -> None:
    table = tous_les_statuts.assign(raison=hostile, infobulle=hostile)
    table["nom"] = hostile
    quartiers_prioritaires.couches["nom"] = hostile
    specifiee = carte(
        territoires=table,
        titre=hostile,
        sous_titre=hostile,
        source=hostile,
        superpositions=(quartiers_prioritaires,),
    )
    page = atlas([specifiee, specifiee], hostile)
    assert "onerror=alert(1)>" not in page
    assert "<script>alert" not in page
    donnees = _donnees(page)
    assert donnees["fonds"][0]["noms"][0] == echapper(hostile)
    assert echapper(hostile) in donnees["couches"][0]["textes"][0]
    # Rien n'a été pris pour un modèle Jinja.
    assert "49" not in re.search(r"<title>(.*?)</title>", page)[1]


def test_les_contours_sont_ecrits_une_fois(carte, tous_les_statuts, reference) -> None:
    premiere = carte(territoires=tous_les_statuts, reference=reference)
    seconde = carte(
        territoires=tous_les_statuts, nature="effectif", unite="ménages", decimales=0, titre="Ménages"
    )
    donnees = _donnees(atlas([premiere, seconde], "Atlas"))
    assert len(donnees["fonds"]) == 1
    assert len(donnees["fonds"][0]["contours"]) == 36
    assert [couche["titre"] for couche in donnees["couches"]] == ["Taux d&#x27;essai", "Ménages"]
    assert max(donnees["couches"][0]["rayons"]) == 0
    assert max(donnees["couches"][1]["rayons"]) > 0


def test_deux_decoupages_deux_fonds(carte, territoires) -> None:
    donnees = _donnees(atlas([carte(), carte(territoires=territoires(4))], "Atlas"))
    assert [len(fond["noms"]) for fond in donnees["fonds"]] == [36, 16]
    assert [couche["fond"] for couche in donnees["couches"]] == [0, 1]


def test_meme_legende_que_la_carte_imprimee(carte, tous_les_statuts, reference) -> None:
    legende = _donnees(atlas([carte(territoires=tous_les_statuts, reference=reference)], "A"))["couches"][0][
        "legende"
    ]
    for attendu in ("▸ Commune : 22,2\u00a0%", "Secret statistique (1)", "Chiffre fragile (1)"):
        assert attendu in legende


def test_huit_couches_restent_legeres(carte, territoires) -> None:
    table = territoires(10)
    page = atlas([carte(territoires=table, titre=f"Indicateur {i}") for i in range(8)], "Atlas")
    assert len(page.encode()) < 700_000
    assert page.count('type="radio" name="couche"') == 8


def test_une_seule_carte_ne_propose_pas_de_choix(carte) -> None:
    assert 'name="couche" value' not in atlas([carte()], "Taux d'essai")


def test_atlas_vide() -> None:
    with pytest.raises(CarteImpossible, match="au moins une"):
        atlas([], "Rien")


def test_folium_dans_un_carnet(carte) -> None:
    plan = carte().folium()
    assert isinstance(plan, folium.Map)
    assert "srcdoc" in plan._repr_html_()
    assert carte_folium(carte()).get_root().render() == plan.get_root().render()
    # La carte ordinaire de folium n'a pas été modifiée.
    assert any("jsdelivr" in adresse for _, adresse in folium.Map.default_js)
