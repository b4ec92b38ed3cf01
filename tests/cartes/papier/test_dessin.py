"""Carte imprimée : textes présents, rien hors de la page, fichiers reproductibles, aucun état global."""

from __future__ import annotations

import io
import json
import sys

import geopandas as gpd
import matplotlib as mpl
import numpy as np
import pytest
import shapely
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from abs.blocs.blocs import MARQUE, MIME
from cartes.papier.dessin import dessiner
from cartes.papier.mise_en_page import AFFICHE, CORPS_IMPRIME_MINIMUM, DOCUMENT
from cartes.papier.trace import chemin, couper, largeur_du_texte
from cartes.specification import Reference, Superposition
from donnees_insee.erreurs import CarteImpossible, SortieImpossible


def _textes(figure) -> list[str]:
    return [texte.get_text() for texte in figure.findobj(Text) if texte.get_text()]


def _debordements(figure) -> list[str]:
    """Lister les textes qui sortent de la page."""
    toile = FigureCanvasAgg(figure)
    toile.draw()
    rendu, page = toile.get_renderer(), figure.bbox
    hors = []
    for texte in figure.findobj(Text):
        if not texte.get_text():
            continue
        cadre = texte.get_window_extent(rendu)
        if cadre.x0 < 0 or cadre.y0 < 0 or cadre.x1 > page.x1 or cadre.y1 > page.y1:
            hors.append(texte.get_text())
    return hors


def test_ce_que_porte_toute_carte(carte, tous_les_statuts, reference, quartiers_prioritaires) -> None:
    specifiee = carte(
        territoires=tous_les_statuts, reference=reference, superpositions=(quartiers_prioritaires,)
    )
    textes = _textes(specifiee.figure())
    for attendu in (
        "Taux d'essai",
        "Part des ménages d'essai parmi les ménages",
        "Source : Source d'essai. Date des données : 2016. Géographie : 2019.",
        "▸ Commune : 22,2\u00a0%",
        "Secret statistique (1)",
        "500\u00a0m",
        "1. La Rive",
        "1",
    ):
        assert attendu in textes


def test_rien_ne_depasse_meme_avec_des_noms_interminables(carte, territoires) -> None:
    longs = gpd.GeoDataFrame(
        {
            "code": [f"QP{i}" for i in range(25)],
            "nom": [f"Quartier_au_nom_interminable_{'x' * 60}_{i} de la rive $a_1$" for i in range(25)],
        },
        geometry=list(territoires().geometry[:25].buffer(-50)),
        crs=2154,
    )
    specifiee = carte(
        titre="Un titre qui n'en finit pas " * 8,
        sous_titre="un sous-titre $x^2$ sans fin " * 12,
        source="Producteur au nom très long " * 12,
        reference=Reference("Communauté de communes au nom particulièrement long", 22.2),
        superpositions=(Superposition("Périmètres de veille active " * 4, longs, etiquette="nom"),),
    )
    figure = specifiee.figure()
    assert _debordements(figure) == []
    assert "$x^2$" in " ".join(_textes(figure))


@pytest.mark.parametrize("forme", ["classes", "cercles_colores"])
def test_un_seul_territoire(carte, territoires, forme) -> None:
    table = territoires().iloc[[0]].assign(poids=1200.0)
    figure = carte(territoires=table, forme=forme).figure()
    assert _debordements(figure) == []
    # Sous six territoires, les valeurs sont écrites, sur la carte et en légende ; un cercle coloré garde sa classe.
    attendu = "Quartier 0 : 10,0\u00a0%" if forme == "classes" else "10,0\u00a0% (1)"
    assert attendu in _textes(figure)


def test_outre_mer(carte, territoires) -> None:
    reunion = territoires(crs="EPSG:2975", origine=(340_000.0, 7_650_000.0)).to_crs(4326)
    assert _debordements(carte(territoires=reunion).figure()) == []


def test_cercles_et_effectif_nul(carte, territoires) -> None:
    table = territoires()
    table.loc[0, "valeur"] = 0.0
    table.loc[1, ["statut", "valeur"]] = ["secret", np.nan]
    figure = carte(territoires=table, nature="effectif", unite="habitants", decimales=0).figure()
    assert {"Effectif nul (1)", "Secret statistique (1)", "Aire du cercle : habitants"} <= set(
        _textes(figure)
    )


def test_effectifs_tous_nuls(carte, territoires) -> None:
    table = territoires().assign(valeur=0.0)
    figure = carte(territoires=table, nature="effectif", unite="habitants", decimales=0).figure()
    assert "Effectif nul (36)" in _textes(figure)


def test_un_trou_reste_vide() -> None:
    couronne = shapely.box(0, 0, 10, 10).difference(shapely.box(4, 4, 6, 6))
    forme = chemin(couronne)
    exterieur, trou = (shapely.LinearRing(anneau) for anneau in forme.to_polygons())
    # matplotlib laisse vide un anneau tourné à l'inverse de celui qui l'entoure.
    assert exterieur.is_ccw is not trou.is_ccw


def test_couper_ne_perd_rien() -> None:
    texte = "Saint-Médard-en-Jalles et anticonstitutionnellement" + "x" * 100
    lignes = couper(texte, 90, 9)
    assert "".join(lignes).replace(" ", "") == texte.replace(" ", "")
    assert all(largeur_du_texte(ligne, 9) <= 90 for ligne in lignes)


def test_fichiers_reproductibles_et_sans_reste(carte, tous_les_statuts, tmp_path) -> None:
    specifiee = carte(territoires=tous_les_statuts)
    premiers = specifiee.enregistrer(tmp_path / "a", "taux")
    seconds = specifiee.enregistrer(tmp_path / "b", "taux")
    assert [p.name for p in premiers] == ["taux.png", "taux.svg", "taux.html"]
    assert [p.read_bytes() for p in premiers] == [p.read_bytes() for p in seconds]
    assert sorted(p.name for p in (tmp_path / "a").iterdir()) == ["taux.html", "taux.png", "taux.svg"]
    svg = premiers[1].read_text(encoding="utf-8")
    assert "<dc:date>" not in svg
    assert "Taux d'essai" in svg


def test_sorties_refusees(carte, tmp_path) -> None:
    with pytest.raises(CarteImpossible, match="Formats inconnus : gif"):
        carte().enregistrer(tmp_path, "taux", ("gif",))
    with pytest.raises(SortieImpossible, match="nom simple"):
        carte().enregistrer(tmp_path, "../taux", ("png",))
    obstacle = tmp_path / "fichier"
    obstacle.write_text("")
    with pytest.raises(SortieImpossible, match="Impossible d'écrire"):
        carte().enregistrer(obstacle, "taux", ("svg",))


def test_affichage_dans_un_carnet(carte) -> None:
    specifiee = carte(titre="Titre <b>")
    contenus = specifiee._repr_mimebundle_()
    assert json.loads(contenus[MIME])[0]["alternatif"] == specifiee.texte_alternatif()
    assert contenus["text/html"].startswith(f"{MARQUE}<figure><img")
    assert "Titre &lt;b&gt;" in contenus["text/html"]
    assert "<b>" not in contenus["text/html"]


def test_ni_pyplot_ni_reglage_global(carte) -> None:
    avant = dict(mpl.rcParams)
    carte().figure().savefig(io.BytesIO(), format="png")
    assert dict(mpl.rcParams) == avant
    pyplot = sys.modules.get("matplotlib.pyplot")
    assert pyplot is None or pyplot.get_fignums() == []


@pytest.mark.parametrize("forme", [DOCUMENT, AFFICHE])
def test_aucun_texte_n_est_sous_sept_points_a_la_largeur_imprimee(carte, tous_les_statuts, forme) -> None:
    """Avant : légende à 5,7 points et source à 5 points sur une page A4, à 4 points sur l'affiche."""
    figure = dessiner(carte(territoires=tous_les_statuts), forme)
    assert not _debordements(figure)
    assert figure.get_figwidth() * 72 == pytest.approx(forme.largeur)
    reduction = forme.imprimee / forme.largeur
    corps = [t.get_fontsize() * reduction for t in figure.findobj(Text) if t.get_text().strip()]
    assert min(corps) >= CORPS_IMPRIME_MINIMUM
    assert figure.get_facecolor() == (1.0, 1.0, 1.0, 1.0)


def test_un_contour_manquant_est_dit_sur_la_carte_et_dans_son_texte(carte, territoires) -> None:
    dessin = carte(territoires=territoires(), manquants=("Le Port", "La Plage"))
    dite = "Sans contour, donc absents de la carte : 2 territoires sur 38 (Le Port, La Plage)."
    assert dite in dessin.texte_alternatif()
    assert dite in " ".join(_textes(dessin.figure())).replace("\n", " ")


@pytest.mark.parametrize(("nombre", "ecrites"), [(5, True), (6, False)])
def test_sous_six_territoires_les_valeurs_sont_ecrites(carte, territoires, nombre, ecrites) -> None:
    dessin = carte(territoires=territoires().head(nombre))
    assert bool(dessin.en_valeurs) is ecrites
    textes = _textes(dessin.figure())
    assert ("10,0\u00a0%" in textes) is ecrites
    assert "valeurs écrites sur la carte" in dessin.texte_alternatif() or not ecrites


def test_des_valeurs_que_rien_ne_distingue_sont_ecrites_ou_la_carte_est_refusee(carte, territoires) -> None:
    table = territoires().assign(marge=30.0)
    assert "incertitude" in carte(territoires=table.head(20)).en_valeurs
    with pytest.raises(CarteImpossible, match=r"trois classes, et 36 valeurs.*tableau"):
        carte(territoires=table)
