"""Sans contours d'IRIS, les cartes d'un EPCI emploient la couche de communes de la base, et le disent."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from abs.blocs.blocs import DemandeDeCarte
from abs.portrait.portrait import composer
from abs.territoires.demande import Demande
from carnets.ateliers.comparaison import ComparaisonOuverte
from carnets.observatoire.fabrique import fabriquer
from cartes.fonds import Fonds, carte
from donnees_insee.base.base import Base
from donnees_insee.depot.depot import deposer, retirer
from donnees_insee.erreurs import CarteImpossible

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

EPCI = "999900001"
POPULATION = DemandeDeCarte("population", "mailles", "Population")


@pytest.fixture(scope="module")
def iris(base_demo) -> gpd.GeoDataFrame:
    _, chemin = max(base_demo.couches("contours_iris"))
    return base_demo.lire_couche(chemin)


@pytest.fixture(scope="module")
def communes(iris) -> gpd.GeoDataFrame:
    """Ce que l'IGN publierait des communes de la démonstration : leur code, leur nom, leur contour."""
    reunies = iris.dissolve("commune", as_index=False)[["commune", "nom_commune", "geometry"]]
    return reunies.rename(columns={"commune": "code", "nom_commune": "nom"})


@pytest.fixture(scope="module")
def sans_iris(base_demo, tmp_path_factory) -> Base:
    """La base de démonstration d'où l'on a retiré les contours d'IRIS."""
    dossier = tmp_path_factory.mktemp("sans_iris") / "base"
    shutil.copytree(base_demo.dossier, dossier)
    base = Base(dossier)
    for recu in base.recus():
        if any(lot.source == "contours_iris" for lot in recu.lots):
            retirer(base, recu.sha256)
    return base


@pytest.fixture
def base(sans_iris, tmp_path) -> Base:
    shutil.copytree(sans_iris.dossier, tmp_path / "base")
    return Base(tmp_path / "base")


def poser(base: Base, couche: gpd.GeoDataFrame, dossier: Path, nom: str) -> None:
    couche.to_file(dossier / nom)
    (depot,) = deposer(base, [dossier / nom])
    assert depot.etat == "range", depot.raison


def fonds(base: Base) -> Fonds:
    return Fonds(base, composer(base, Demande(EPCI)).diagnostic)


def test_sans_contour_la_carte_est_refusee_et_dit_les_deux_qui_conviennent(base):
    with pytest.raises(CarteImpossible, match=r"ADMIN-EXPRESS.*ou les contours IRIS"):
        carte(fonds(base), POPULATION)
    (mot,) = [m for m in composer(base, Demande(EPCI)).limites if "sans carte" in m]
    assert "ADMIN-EXPRESS" in mot


def test_la_couche_de_communes_suffit_a_un_epci(base, communes, tmp_path):
    poser(base, communes, tmp_path, "communes-2025.geojson")
    portrait = composer(base, Demande(EPCI))
    dessin = carte(Fonds(base, portrait.diagnostic), POPULATION)
    assert dessin.geographie == "2025"
    assert set(dessin.territoires["code"]) == {t.code for t in portrait.diagnostic.ensembles.mailles}
    assert not [m for m in portrait.limites if "sans carte" in m]
    assert "Contours des communes" in {s.titre for s in portrait.sources}


def test_la_couche_de_communes_ne_suffit_pas_a_une_ville_decoupee_en_iris(base, communes, tmp_path):
    poser(base, communes, tmp_path, "communes-2025.geojson")
    with pytest.raises(CarteImpossible, match="contours IRIS"):
        carte(Fonds(base, composer(base, Demande("99001")).diagnostic), POPULATION)


def test_les_iris_complets_l_emportent(base_demo, communes, tmp_path):
    shutil.copytree(base_demo.dossier, tmp_path / "base")
    base = Base(tmp_path / "base")
    poser(base, communes, tmp_path, "communes-2039.geojson")
    assert fonds(base).contours_des_communes.des_iris
    assert fonds(base).geographie == fonds(base_demo).geographie != "2039"


def test_des_iris_incomplets_cedent_a_la_couche_de_communes(base, iris, communes, tmp_path):
    une = iris["commune"].iloc[0]
    partielle = iris[iris["commune"] == une].rename(columns={"code": "code_iris", "nom": "nom_iris"})
    poser(base, partielle[["code_iris", "nom_iris", "geometry"]], tmp_path, "iris-2026.gpkg")
    assert set(fonds(base).communes["code"]) == {une}
    poser(base, communes, tmp_path, "communes-2025.geojson")
    assert set(fonds(base).communes["code"]) > {une}
    assert fonds(base).geographie == "2025"


def test_deux_annees_de_communes_ne_se_melent_pas(base, communes, tmp_path):
    poser(base, communes.iloc[:2], tmp_path, "communes-2026.geojson")
    poser(base, communes.iloc[2:], tmp_path, "communes-2025.geojson")
    assert fonds(base).geographie == "2025"
    assert set(fonds(base).communes["code"]).isdisjoint(communes["code"].iloc[:2])


def test_la_comparaison_et_l_observatoire_disent_d_ou_viennent_les_contours(base, communes, tmp_path):
    poser(base, communes, tmp_path, "communes-2025.geojson")
    atelier = ComparaisonOuverte(
        territoire=EPCI, formats="xlsx", dossier_donnees=str(base.dossier), indicateurs="population"
    )
    assert list(atelier.cartes.cartes) == ["population"]
    assert any("couche de communes" in n and "2025" in n for n in atelier.cartes.notes)
    site = fabriquer(base, Demande(EPCI), tmp_path / "site", indicateurs=("population",))
    accueil = (site.dossier / "index.html").read_text(encoding="utf-8")
    assert "Source : Contours des communes" in accueil
    assert "réunis par commune" not in accueil


@pytest.fixture
def anciennes(base_demo) -> gpd.GeoDataFrame:
    """Les communes de la démonstration avant la fusion de 99010 dans 99009."""
    _, chemin = min(base_demo.couches("contours_iris"))
    reunies = base_demo.lire_couche(chemin).dissolve("commune", as_index=False)
    return reunies[["commune", "nom_commune", "geometry"]].rename(
        columns={"commune": "code", "nom_commune": "nom"}
    )


def instruire(base: Base, communes: gpd.GeoDataFrame, dossier: Path) -> None:
    """Donner à la base l'histoire des communes de la démonstration."""
    liste = "".join(f"COM,{c},{n},\n" for c, n in zip(communes["code"], communes["nom"], strict=True))
    (dossier / "v_commune_2026.csv").write_text(f"TYPECOM,COM,LIBELLE,COMPARENT\n{liste}", encoding="utf-8")
    fusion = "".join(f"32,2019-01-01,COM,{c},Avant,COM,99009,Après\n" for c in ("99009", "99010"))
    (dossier / "v_mvt_commune_2026.csv").write_text(
        f"MOD,DATE_EFF,TYPECOM_AV,COM_AV,LIBELLE_AV,TYPECOM_AP,COM_AP,LIBELLE_AP\n{fusion}", encoding="utf-8"
    )
    depots = deposer(base, [dossier / "v_commune_2026.csv", dossier / "v_mvt_commune_2026.csv"])
    assert {d.etat for d in depots} == {"range"}


def surface(contours: gpd.GeoDataFrame, *codes: str) -> float:
    return float(contours[contours["code"].isin(codes)].to_crs(3857).area.sum())


def test_une_couche_ancienne_suit_les_fusions_que_la_base_connait(base, communes, anciennes, tmp_path):
    poser(base, anciennes, tmp_path, "communes-2018.geojson")
    sans = fonds(base)
    assert sans.geographie == "2018"
    instruire(base, communes, tmp_path)
    avec = fonds(base)
    assert avec.geographie == "2018, fusions suivies jusqu'en 2024"
    reunie = surface(anciennes, "99009", "99010")
    assert surface(sans.communes, "99009") < 0.95 * reunie
    assert surface(avec.communes, "99009") == pytest.approx(reunie, rel=1e-6)
    assert set(avec.communes["code"]) == set(sans.communes["code"])


def test_une_commune_dont_un_morceau_manque_n_est_pas_dessinee(base, communes, anciennes, tmp_path):
    poser(base, anciennes[anciennes["code"] != "99010"], tmp_path, "communes-2018.geojson")
    instruire(base, communes, tmp_path)
    assert "99009" not in set(fonds(base).communes["code"])
