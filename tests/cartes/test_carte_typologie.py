"""La carte d'une typologie : tout ce qui est montré est en légende, et deux dessins se valent octet pour octet."""

import geopandas as gpd
import pytest
from matplotlib.text import Text
from shapely.geometry import box

from cartes.palettes import clarte
from cartes.typologie import TEINTES, CarteDeTypologie
from donnees_insee.erreurs import CarteImpossible


def carte(classes, noms, sans_objet=None, **autres):
    cote = 500
    formes = [
        box(770_000 + i * cote, 6_280_000, 770_000 + (i + 1) * cote, 6_280_800) for i in range(len(classes))
    ]
    couche = gpd.GeoDataFrame(
        {
            "code": [f"9900101{i:02d}" for i in range(len(classes))],
            "classe": classes,
            "sans_objet": sans_objet or [False] * len(classes),
        },
        geometry=formes,
        crs="EPSG:2154",
    )
    return CarteDeTypologie(
        titre="Typologie · Ville",
        sous_titre="Essai",
        territoires=couche,
        noms=noms,
        source="Insee",
        date="2016",
        geographie="2016",
        **autres,
    )


def _textes(figure):
    return [texte.get_text() for texte in figure.findobj(Text)]


NOMS = {1: "niveaux de vie modestes", 2: "niveaux de vie élevés", 3: "absente ici"}


def test_la_legende_dit_les_classes_presentes_et_les_absences():
    lignes = [t for _, _, t in carte([1, 2, 2, 0, 0], NOMS, [False, False, False, False, True]).legende()]
    assert lignes == [
        "niveaux de vie modestes · 1\u00a0IRIS",
        "niveaux de vie élevés · 2\u00a0IRIS",
        "non classé · 1\u00a0IRIS",
        "sans objet (activité, divers) · 1\u00a0IRIS",
    ]


def test_le_dessin_porte_titre_source_date_echelle_et_numeros():
    textes = _textes(carte([1, 2, 2, 0], NOMS).figure())
    assert "Typologie · Ville" in textes
    assert any("Source : Insee. Date des données : 2016. Géographie : 2016." in t for t in textes)
    assert any(t.endswith("m") for t in textes)
    assert textes.count("2") == 3  # deux IRIS et la légende
    assert "Essai" in textes


def test_deux_dessins_sont_identiques():
    une = carte([1, 2, 0], NOMS)
    assert une.en_png() == carte([1, 2, 0], NOMS).en_png()
    assert une.en_png().startswith(b"\x89PNG")


def test_les_perimetres_sont_en_legende():
    qpv = gpd.GeoDataFrame({"code": ["Q"], "nom": ["Q"]}, geometry=[box(770_100, 6_280_100, 770_400, 6_280_400)],
                           crs="EPSG:2154")  # fmt: skip
    assert "Quartiers prioritaires" in _textes(carte([1, 2], NOMS, qpv=qpv).figure())


def test_les_couleurs_different_toutes():
    assert len(set(TEINTES)) == len(TEINTES) == 8
    # Deux classes de même gris se distinguent encore par leur numéro, mais aucune ne se confond avec le papier.
    assert all(clarte(c) < 86 for c in TEINTES)


def test_une_carte_fautive_est_refusee():
    with pytest.raises(CarteImpossible, match="sans nom"):
        carte([1, 4], NOMS)
    with pytest.raises(CarteImpossible, match="aucun territoire"):
        carte([], NOMS)
    with pytest.raises(CarteImpossible, match="8 classes"):
        carte([1], dict.fromkeys(range(1, 10), "n"))


def test_le_texte_de_remplacement_dit_la_legende():
    texte = carte([1, 0], NOMS).texte_alternatif()
    assert "classe 1, niveaux de vie modestes" in texte
    assert "non classé" in texte
