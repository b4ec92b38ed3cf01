"""QGIS et R ouvrent le GeoPackage : chaque IRIS y a la couleur de la carte imprimée, rien n'y est invalide ni sans titre."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from carnets.ateliers.territoire import TerritoireOuvert
from carnets.documents.geopaquet import ecrire_gpkg
from tests.carnets.documents.imprimee import habit, imprimee, regles

if TYPE_CHECKING:
    from cartes.carte import CarteThematique

ICI = Path(__file__).parent
# Le Python du paquet Debian : celui des essais ne voit pas les modules de QGIS.
PYTHON_DE_QGIS = os.environ.get("ABS_PYTHON_DE_QGIS", "/usr/bin/python3")


def _lancer(*commande: str | Path, dossier: Path) -> subprocess.CompletedProcess[str]:
    hors_ecran = {"QT_QPA_PLATFORM": "offscreen", "XDG_RUNTIME_DIR": str(dossier), "HOME": str(dossier)}
    # Les chemins de l'environnement d'essai détourneraient le Python de QGIS.
    sain = {
        k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV", "GDAL", "PROJ"))
    }
    return subprocess.run(
        [*map(str, commande)], check=False, text=True, capture_output=True, env=sain | hors_ecran, timeout=240
    )


@pytest.fixture(scope="session", params=["demo", pytest.param("montpellier", marks=pytest.mark.reel)])
def ouvert(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, list[CarteThematique]]:
    """Le GeoPackage d'un territoire, et les cartes imprimées dont il prend ses styles."""
    base = request.getfixturevalue("base_demo" if request.param == "demo" else "base_reelle")
    code = "99001" if request.param == "demo" else "34172"
    territoire = TerritoireOuvert(territoire=code, dossier_donnees=str(base.dossier))
    cartes = list(territoire.cartes.values())
    chemin = tmp_path_factory.mktemp("couches") / "territoire.gpkg"
    ecrire_gpkg(territoire.compose.diagnostic, territoire.fonds.couches(), chemin, cartes)
    return chemin, cartes


def _attendues(carte: CarteThematique) -> dict[str, set[str]]:
    return {code: {fond, *signes} for code, (fond, signes) in imprimee(carte).items()}


@pytest.fixture(scope="session")
def vues(
    ouvert: tuple[Path, list[CarteThematique]], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """Ce que QGIS voit du GeoPackage."""
    programme = shutil.which(PYTHON_DE_QGIS)
    if programme is None or _lancer(programme, "-c", "import qgis.core", dossier=ouvert[0].parent).returncode:
        pytest.skip(
            "QGIS n'est pas installé (apt install qgis python3-qgis) : les couches n'y sont pas ouvertes."
        )
    dossier = tmp_path_factory.mktemp("qgis")
    dossier.chmod(0o700)
    faite = _lancer(programme, ICI / "lecteur_qgis.py", ouvert[0], dossier, dossier=dossier)
    assert faite.returncode == 0, faite.stderr
    # GDAL 3.6 réservait son avis sur une version plus récente, et sur des dates sans fuseau.
    assert "Warning" not in faite.stderr
    return json.loads((dossier / "vues.json").read_text(encoding="utf-8"))


def test_qgis_peint_chaque_iris_comme_la_carte_imprimee(
    vues: dict[str, Any], ouvert: tuple[Path, list[CarteThematique]]
) -> None:
    styles, cartes = vues["iris"]["styles"], ouvert[1]
    assert len(styles) == len(cartes)
    for carte in cartes:
        style = next(
            s for titre, s in styles.items() if titre.endswith(f", {carte.date}") and _est(titre, carte)
        )
        peints = {c: {h for h in p if h != "signe"} for c, p in style["apparences"].items()}
        assert peints == _attendues(carte)
        assert style["etiquettes"] == bool(carte.en_valeurs)
        if carte.en_cercles:
            assert {c for c, p in style["apparences"].items() if "signe" in p} == set(carte.valides["code"])


def _est(titre: str, carte: CarteThematique) -> bool:
    return titre.startswith(carte.titre.split(" · ")[0])


def test_les_pixels_de_qgis_ont_la_couleur_imprimee(
    vues: dict[str, Any], ouvert: tuple[Path, list[CarteThematique]]
) -> None:
    titre = vues["iris"]["titre"].removeprefix("IRIS · ")
    carte = next(c for c in ouvert[1] if _est(titre, c))
    imprimees, pixels = imprimee(carte), vues["iris"]["pixels"]
    assert len(pixels) >= 0.95 * len(imprimees)
    assert {c: vu for c, vu in pixels.items() if vu != imprimees[c][0]} == {}


def test_qgis_lit_titres_alias_et_geometries(vues: dict[str, Any]) -> None:
    assert vues["iris"]["titre"].startswith("IRIS · Taux de pauvreté au seuil de 60 %, revenus 20")
    assert vues["qpv"]["titre"].startswith("Quartiers prioritaires 20")
    assert vues["croisement"] > 0
    for nom, vue in vues.items():
        if nom == "croisement":
            continue
        assert vue["charge"], nom
        assert vue["invalides"] == []
        assert [champ for champ, alias in vue["alias"].items() if not alias] == ["fid"]
        assert all(s["lu"] and not s["faute"] for s in vue["styles"].values())
    assert vues["iris"]["alias"]["taux_pauvrete_60"] == "Taux de pauvreté au seuil de 60 % (%)"


def test_r_retrouve_la_couleur_de_chaque_iris(
    ouvert: tuple[Path, list[CarteThematique]], tmp_path: Path
) -> None:
    programme = shutil.which("Rscript")
    if programme is None or _lancer(programme, "-e", "library(sf)", dossier=tmp_path).returncode:
        pytest.skip(
            "R ou sa bibliothèque sf manque (apt install r-base-core r-cran-sf) : les couches n'y sont pas lues."
        )
    chemin, cartes = ouvert
    with closing(sqlite3.connect(chemin)) as base:
        styles = dict(
            base.execute("SELECT styleName, styleQML FROM layer_styles WHERE f_table_name = 'iris'")
        )
    lignes = [
        "\t".join((titre, filtre, "+".join(map(habit, couches))))
        for titre, qml in styles.items()
        for _, filtre, couches in regles(qml)
        if couches
    ]
    (tmp_path / "regles.tsv").write_text(
        "\n".join(["style\tfiltre\thabit", *lignes]) + "\n", encoding="utf-8"
    )
    lu = tmp_path / "vues.tsv"
    faite = _lancer(programme, ICI / "lecteur_sf.R", chemin, tmp_path / "regles.tsv", lu, dossier=tmp_path)
    assert faite.returncode == 0, faite.stderr
    vues = [ligne.split("\t") for ligne in lu.read_text(encoding="utf-8").splitlines()]
    assert {n for genre, _, n in vues if genre == "invalides"} == {"0"}
    assert {t for genre, _, t in vues if genre == "type"} == {"character"}
    for carte in cartes:
        titre = next(t for t in styles if t.endswith(f", {carte.date}") and _est(t, carte))
        peints: dict[str, set[str]] = {}
        for style, code, signes in vues:
            if style == titre:
                peints.setdefault(code, set()).update(s for s in signes.split("+") if s != "signe")
        assert peints == _attendues(carte)
