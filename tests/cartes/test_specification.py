"""Contrôles de la carte : toutes les fautes en un message, les formes permises, la copie gardée."""

from __future__ import annotations

import subprocess
import sys

import geopandas as gpd
import numpy as np
import pytest
import shapely

from cartes.specification import Reference, Superposition
from donnees_insee.erreurs import CarteImpossible


def test_carte_valide(carte) -> None:
    assert carte().forme == "classes"
    assert carte(nature="effectif", unite="habitants", decimales=0).forme == "cercles"


def test_toutes_les_fautes_en_un_message(carte, territoires) -> None:
    table = territoires().set_crs(None, allow_override=True)
    table.loc[0, "statut"] = "inconnu_au_bataillon"
    table.loc[1, "statut"] = "secret"
    table.loc[2, "valeur"] = np.nan
    table.loc[4, "code"] = table.loc[3, "code"]
    table.loc[5, "geometry"] = shapely.Point(0, 0)
    table.loc[6, "geometry"] = shapely.Polygon()
    table.loc[7, "fiabilite"] = "douteuse"
    with pytest.raises(CarteImpossible) as erreur:
        carte(territoires=table, palette="arc-en-ciel", source=" ")
    message = str(erreur.value)
    for attendu in (
        "système de coordonnées inconnu",
        "statut inconnu : 'inconnu_au_bataillon'",
        "un statut sans valeur porte une valeur ('010000001')",
        "un statut qui annonce une valeur n'en porte pas ('010000002')",
        "codes en double : '010000003'",
        "ne sont pas des polygones ('010000005')",
        "géométries vides : '010000006'",
        "fiabilite inconnu : 'douteuse'",
        "palette 'arc-en-ciel' inconnue",
        "le champ 'source' est vide",
    ):
        assert attendu in message


def test_colonnes_absentes(carte, territoires) -> None:
    with pytest.raises(CarteImpossible, match=r"colonnes absentes .*: valeur, statut"):
        carte(territoires=territoires().drop(columns=["valeur", "statut"]))
    with pytest.raises(CarteImpossible, match="geometry"):
        carte(territoires=territoires().drop(columns="geometry"))


def test_table_vide(carte, territoires) -> None:
    with pytest.raises(CarteImpossible, match="vide"):
        carte(territoires=territoires().iloc[:0])


@pytest.mark.parametrize(
    ("nature", "forme", "attendu"),
    [
        ("effectif", "classes", "un effectif ne se dessine pas .* demander : cercles"),
        ("mediane", "cercles", "une médiane ne se dessine pas"),
        ("taux", "cercles", "un taux ne se dessine pas"),
        ("effectif", "cercles_colores", "un effectif ne se dessine pas"),
        ("moyenne", "classes", "nature 'moyenne' inconnue"),
    ],
)
def test_formes_refusees(carte, nature, forme, attendu) -> None:
    with pytest.raises(CarteImpossible, match=attendu):
        carte(nature=nature, forme=forme)


def test_codes_lus_comme_des_nombres(carte, territoires) -> None:
    table = territoires()
    table["code"] = table["code"].astype(int)
    with pytest.raises(CarteImpossible, match="relire en texte"):
        carte(territoires=table)


def test_effectif_negatif_et_valeur_illisible(carte, territoires) -> None:
    table = territoires()
    table.loc[0, "valeur"] = -1
    with pytest.raises(CarteImpossible, match="effectifs négatifs : '010000000'"):
        carte(territoires=table, nature="effectif")
    table["valeur"] = table["valeur"].astype(object)
    table.loc[0, "valeur"] = "12,5"
    with pytest.raises(CarteImpossible, match="ne sont pas des nombres : '12,5'"):
        carte(territoires=table)


def test_cercles_colores_veulent_un_poids(carte, territoires) -> None:
    with pytest.raises(CarteImpossible, match="poids"):
        carte(forme="cercles_colores")
    table = territoires().assign(poids=100.0)
    table.loc[0, "poids"] = np.nan
    with pytest.raises(CarteImpossible, match="poids absent ou négatif"):
        carte(forme="cercles_colores", territoires=table)


def test_palette_divergente_sans_reference(carte, reference) -> None:
    with pytest.raises(CarteImpossible, match="en donner une"):
        carte(palette="vert_violet")
    assert carte(palette="vert_violet", reference=reference).palette == "vert_violet"


def test_reference_sans_valeur(carte) -> None:
    with pytest.raises(CarteImpossible, match="n'a pas de valeur"):
        carte(reference=Reference("Commune", float("nan")))


def test_superposition_fautive(carte) -> None:
    couches = gpd.GeoDataFrame({"code": ["QP1"]}, geometry=[shapely.box(0, 0, 1, 1)], crs=2154)
    with pytest.raises(CarteImpossible) as erreur:
        carte(superpositions=(Superposition("QPV", couches, couleur="rouge"),))
    assert "superposition 'QPV' : colonnes absentes : nom" in str(erreur.value)
    assert "couleur 'rouge' illisible" in str(erreur.value)


def test_bornes_imposees_refusees_des_la_construction(carte) -> None:
    with pytest.raises(CarteImpossible, match="hors des limites"):
        carte(bornes=(0.0, 5.0, 20.0))


def test_la_carte_garde_sa_copie(carte, territoires) -> None:
    table = territoires()
    specifiee = carte(territoires=table)
    table.loc[0, "valeur"] = 99.0
    assert specifiee.territoires.loc[0, "valeur"] == 10.0


def test_fiabilite_absente_est_non_evaluee(carte, territoires) -> None:
    table = territoires()
    table["fiabilite"] = None
    assert set(carte(territoires=table).territoires["fiabilite"]) == {"non_evaluee"}


def test_l_import_reste_leger() -> None:
    code = (
        "import sys, cartes.specification, cartes.papier.legende, cartes.classes\n"
        "print(sorted({'matplotlib', 'folium', 'mapclassify'} & set(sys.modules)))"
    )
    sortie = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert sortie.stdout.strip() == "[]"
