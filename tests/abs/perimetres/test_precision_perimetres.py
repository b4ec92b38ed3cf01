"""Sur un territoire dont chaque habitant est connu : ce que se trompe chaque méthode, et ce que valent ses bornes."""

import sys

import geopandas as gpd
import numpy as np
import pytest
import shapely

from abs.perimetres.comptage import compter
from abs.perimetres.reponderation import poids_des_iris, reponderer
from abs.perimetres.transferts import publier
from tests.abs.fabrique_de_carreaux import cercles, en_degres, fabriquer, selon_la_surface

ALPHA = 0.05
NOMBRE = 40


@pytest.fixture(scope="module")
def connu():
    return fabriquer(2024)


@pytest.fixture(scope="module")
def cibles(connu):
    return [c for c in cercles(7, NOMBRE) if connu.vrai(c) >= 200]


def dire(capsys, *lignes):
    with capsys.disabled():
        sys.stdout.write("\n" + "\n".join(lignes) + "\n")


def erreurs(estimees, vraies):
    return np.abs(np.array(estimees) - np.array(vraies)) / np.array(vraies)


def score(basses, hautes, vraies):
    """Score d'intervalle relatif : la largeur, plus une pénalité de 2/α par unité manquée."""
    b, h, v = map(np.array, (basses, hautes, vraies))
    return float(np.mean((h - b + 2 / ALPHA * (np.maximum(b - v, 0) + np.maximum(v - h, 0))) / v))


def par_tobler(connu, cibles):
    tobler = pytest.importorskip(
        "tobler.area_weighted",
        reason="tobler n'est pas installé : comparaison à la pondération par surface laissée",
    )
    couche = gpd.GeoDataFrame(geometry=cibles, crs=3035)
    # Sans ce réglage, tobler attribue aux cibles toute la population des IRIS qu'elles ne font que toucher.
    lue = tobler.area_interpolate(connu.iris, couche, extensive_variables=["P_POP"], allocate_total=False)
    return lue["P_POP"].tolist()


def par_centre(iris, cible):
    return float(iris.loc[shapely.contains(cible, iris.geometry.centroid.to_numpy()), "P_POP"].sum())


def test_les_carreaux_se_trompent_moins_que_la_surface_et_que_le_centre(connu, cibles, capsys):
    vraies = [connu.vrai(c) for c in cibles]
    surface = par_tobler(connu, cibles)
    lues = [compter(connu.carreaux(c), ("IND",))["IND"] for c in cibles]
    touches = [connu.iris[connu.iris.intersects(c)] for c in cibles]
    entiers = [t.loc[t.within(c), "P_POP"].sum() for t, c in zip(touches, cibles, strict=True)]
    medianes = {
        "carreaux": np.median(erreurs([e.valeur for e in lues], vraies)),
        "surface (tobler)": np.median(erreurs(surface, vraies)),
        "centre de l'IRIS": np.median(erreurs([par_centre(connu.iris, c) for c in cibles], vraies)),
    }
    scores = {
        "carreaux": score([e.basse for e in lues], [e.haute for e in lues], vraies),
        "surface (tobler)": score(entiers, [t["P_POP"].sum() for t in touches], vraies),
        "surface, sans bornes": score(surface, surface, vraies),
    }
    dire(
        capsys,
        f"{len(cibles)} périmètres, habitants connus. Erreur relative médiane :",
        *(f"  {nom:<22}{100 * m:6.1f} %" for nom, m in medianes.items()),
        "Score d'intervalle moyen (largeur + pénalité, en part du vrai compte) :",
        *(f"  {nom:<22}{s:6.2f}" for nom, s in scores.items()),
    )
    assert len(cibles) >= 20
    assert medianes["carreaux"] < 0.5 * min(medianes["surface (tobler)"], medianes["centre de l'IRIS"])
    assert scores["carreaux"] < 0.5 * min(scores["surface (tobler)"], scores["surface, sans bornes"])


def test_notre_epreuve_par_surface_est_celle_de_tobler(connu, cibles):
    attendues = par_tobler(connu, cibles)
    comptes = connu.iris.set_index("code")["P_POP"]
    notres = [selon_la_surface(comptes, connu.iris, en_degres(c), "P_POP").valeur for c in cibles]
    assert notres == pytest.approx(attendues, rel=2e-3)


def test_les_bornes_des_carreaux_contiennent_toujours_le_vrai_compte(connu, cibles):
    for cible in cibles:
        for variable, masque in (("IND", None), ("JEUNES", connu.jeunes)):
            carreaux = connu.carreaux(cible)
            carreaux.table["IND"] = carreaux.table[variable]
            lue = compter(carreaux, ("IND",))["IND"]
            assert lue.basse <= connu.vrai(cible, masque) <= lue.haute


def test_les_iris_reponderes_se_trompent_moins_que_la_surface(connu, cibles, capsys):
    """La population d'abord, puis un compte que la grille ne porte pas (les moins de 15 ans du recensement)."""
    par_code = connu.iris.set_index("code")
    for variable, masque in (("P_POP", None), ("P_POP0014", connu.jeunes)):
        vraies, notres, surfaces, couverts, publies = [], [], [], 0, 0
        for cible in cibles:
            degres = en_degres(cible)
            touches = connu.iris[connu.iris.intersects(cible)]
            poids = poids_des_iris(touches, degres, connu.carreaux(touches.union_all()))
            lue = reponderer(par_code[variable], poids, variable, par_code["P_POP"])
            vrai = connu.vrai(cible, masque)
            vraies.append(vrai)
            notres.append(lue.valeur)
            surfaces.append(selon_la_surface(par_code[variable], connu.iris, degres, variable).valeur)
            couverts += lue.basse - 1e-6 <= vrai <= lue.haute + 1e-6
            publies += publier(
                lue, territoire="T", indicateur="x", source="rp_population", millesime=2016, periode=""
            ).a_une_valeur
        ici, ailleurs = np.median(erreurs(notres, vraies)), np.median(erreurs(surfaces, vraies))
        dire(
            capsys,
            f"{variable} : erreur médiane {100 * ici:.1f} % (carreaux) contre {100 * ailleurs:.1f} % (surface) ; "
            f"{couverts} vrais comptes dans leurs bornes et {publies} publiables sur {len(vraies)}",
        )
        assert ici < 0.5 * ailleurs
        assert couverts >= 0.95 * len(vraies)
        assert publies < len(vraies)
