"""Les cartes des vrais contours : celles qui manquent de contours sont refusées, les autres datées par leurs codes."""

from __future__ import annotations

import math

import geopandas as gpd
import pandas as pd
import pytest
from PIL import Image

from carnets.ateliers.territoire import TerritoireOuvert
from cartes.contours_tenus import reunir
from cartes.geometrie import LAMBERT_93, simplifier

pytestmark = pytest.mark.reel


def test_une_ville_dont_neuf_iris_sur_quinze_n_ont_pas_de_contour_n_a_pas_de_carte(base_reelle, monkeypatch):
    """Avant : six IRIS dessinés des Sables-d'Olonne passaient pour la ville entière."""
    monkeypatch.setenv("ABS_DONNEES", str(base_reelle.dossier))
    atelier = TerritoireOuvert(territoire="85194")
    assert atelier.cartes == {}
    attendu = (
        "Pas de carte : les contours déposés n'ont que 6 des 15 territoires ; il en faut 80 % pour qu'une carte ne trompe "
        "pas. Déposez les contours IRIS de l'IGN (CONTOURS-IRIS, geoservices.ign.fr), en GPKG, SHP ou GeoJSON."
    )
    assert set(atelier.cartes_refusees.values()) == {attendu}


def test_les_communes_de_l_herault_se_simplifient_ensemble(base_reelle):
    """Avant : le portrait du département s'arrêtait, GEOS refusant une île plus petite que la tolérance."""
    fichiers = [chemin for _, chemin in base_reelle.couches("contours_iris")]
    lus = pd.concat([c[c["commune"].str.startswith("34")] for c in map(gpd.read_parquet, fichiers)])
    communes = reunir(lus.assign(code=lus["commune"], nom=lus["nom_commune"])).to_crs(LAMBERT_93)
    simples = simplifier(communes, 160.0)
    assert simples.get_coordinates().size < communes.get_coordinates().size / 3
    assert simples.is_valid.all()
    assert simples.area.sum() == pytest.approx(communes.area.sum(), rel=0.005)


def test_les_contours_sans_annee_sont_dates_par_leurs_codes(base_reelle, monkeypatch):
    """Avant : « Géographie : année non précisée »."""
    monkeypatch.setenv("ABS_DONNEES", str(base_reelle.dossier))
    dessins = TerritoireOuvert(territoire="34172", millesime=2016).cartes
    assert {d.geographie for d in dessins.values()} == {
        "contours sans année, compatibles avec les IRIS de 2016–2021"
    }
    for dessin in dessins.values():
        if dessin.en_classes and not dessin.en_valeurs:
            classes = dessin.discretisation
            for rang in range(classes.nombre):
                siennes = [
                    m
                    for v, m in zip(dessin.valides["valeur"], dessin.valides["marge"], strict=True)
                    if classes.classe(v) == rang and not math.isnan(m)
                ]
                if siennes:
                    mediane = sorted(siennes)[len(siennes) // 2]
                    assert classes.bornes[rang + 1] - classes.bornes[rang] >= min(mediane, max(siennes)) * 0.9


def test_le_papier_d_une_carte_d_effectifs_est_blanc(base_reelle, monkeypatch, tmp_path):
    """Avant : la réduction à 256 couleurs rendait son fond gris (250)."""
    monkeypatch.setenv("ABS_DONNEES", str(base_reelle.dossier))
    (fichier,) = (
        TerritoireOuvert(territoire="29061")
        .cartes["population"]
        .enregistrer(tmp_path, "population", ("png",))
    )
    with Image.open(fichier) as image:
        vue = image.convert("RGB")
    coins = [(2, 2), (vue.width - 3, 2), (2, vue.height - 3), (vue.width - 3, vue.height - 3)]
    assert {vue.getpixel(c) for c in coins} == {(255, 255, 255)}
