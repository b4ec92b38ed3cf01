"""La charte : une seule source des couleurs, celle d'une ville par-dessus, des palettes choisies par thème."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest

from abs.blocs.blocs import DemandeDeCarte
from abs.indicateurs.indicateurs import THEMES, indicateurs
from abs.statuts import SANS_VALEUR
from carnets.ateliers.territoire import TerritoireOuvert
from cartes.apparence import couleurs_des_classes
from cartes.charte import CHARTE, COULEURS, ETATS, POLICE, lire_la_charte, palette_de, variables_css
from cartes.ecran.interactif import atlas
from cartes.fonds import carte as dessiner
from cartes.palettes import couleurs_sequentielles
from donnees_insee.erreurs import ParametreInvalide


def test_chaque_statut_sans_valeur_a_son_apparence() -> None:
    assert set(ETATS) == {"zero", *SANS_VALEUR}


def test_la_page_de_l_atlas_suit_la_charte(carte) -> None:
    styles = resources.files("cartes.ecran").joinpath("atlas.css").read_text(encoding="utf-8")
    assert f'"{POLICE}", ' in styles
    assert not re.search("#[0-9a-fA-F]{3,6}", styles)
    variables = variables_css("atlas")
    assert set(re.findall(r"var\((--[a-z-]+)\)", styles)) <= set(re.findall("--[a-z-]+", variables))
    assert f"--encre:{COULEURS['encre']};" in variables
    assert variables in atlas([carte()], "Titre")


@pytest.mark.parametrize("page", ["portrait", "observatoire", "bilan"])
def test_une_page_a_ses_couleurs_et_les_couleurs_communes(page: str) -> None:
    variables = variables_css(page)
    assert variables.startswith(":root{--papier:#ffffff;")
    assert f"--encre:{CHARTE['ecran'][page]['encre']};" in variables
    assert re.fullmatch(r":root\{(--[a-z-]+:#[0-9a-f]{6};?)+\}", variables)


# -- palettes d'un thème ou d'un indicateur ---------------------------------------------------------


def test_aucune_palette_n_est_choisie_d_avance() -> None:
    assert set(CHARTE["palettes"]["themes"]) <= set(THEMES)
    assert {palette_de(code, lu.theme) for code, lu in indicateurs().items()} == {None}


def test_une_palette_choisie_change_les_couleurs_de_la_carte(base_demo, monkeypatch) -> None:
    atelier = TerritoireOuvert(territoire="99001", formats="xlsx", dossier_donnees=str(base_demo.dossier))

    def couleurs(code: str) -> tuple[str, ...]:
        return couleurs_des_classes(dessiner(atelier.fonds, DemandeDeCarte(code, "mailles", "Titre")))

    avant = couleurs("part_hlm"), couleurs("taux_chomage_rp")
    monkeypatch.setitem(CHARTE["palettes"]["themes"], "logement", "verts")
    apres = couleurs("part_hlm")
    assert apres == couleurs_sequentielles(len(apres), "verts") != avant[0]
    assert couleurs("taux_chomage_rp") == avant[1]
    monkeypatch.setitem(CHARTE["palettes"]["indicateurs"], "part_hlm", "violets")
    assert couleurs("part_hlm") == couleurs_sequentielles(len(apres), "violets")


# -- charte d'une ville -----------------------------------------------------------------------------


@pytest.fixture
def ville(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Pose une charte dans le dossier de travail, et la lit."""
    monkeypatch.delenv("ABS_CHARTE", raising=False)
    monkeypatch.chdir(tmp_path)

    def lire(texte: str, nom: str = "charte.toml"):
        (tmp_path / nom).write_text(texte, encoding="utf-8")
        return lire_la_charte()

    return lire


def test_sans_charte_de_ville_celle_du_projet(tmp_path, monkeypatch) -> None:
    monkeypatch.delenv("ABS_CHARTE", raising=False)
    monkeypatch.chdir(tmp_path)
    assert lire_la_charte() == CHARTE


def test_la_charte_de_la_ville_ne_redit_que_ce_qu_elle_change(ville) -> None:
    lue = ville(
        'police = "Marianne"\n[couleurs]\nencre = "#000091"\n[rampes]\nroses = ["#fff0f5", "#800040"]\n'
        '[palettes.themes]\nemploi = "roses"\n[palettes.indicateurs]\npart_hlm = "verts"\n'
    )
    assert (lue["police"], lue["couleurs"]["encre"]) == ("Marianne", "#000091")
    assert lue["couleurs"]["mention"] == COULEURS["mention"]
    assert {"bleus", "roses"} <= set(lue["rampes"])
    assert lue["palettes"]["indicateurs"] == {"part_hlm": "verts"}


def test_la_variable_nomme_la_charte(ville, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("ABS_CHARTE", str(tmp_path / "ville.toml"))
    with pytest.raises(ParametreInvalide, match=r"ville\.toml est refusée"):
        ville('[couleurs]\nencre = "#111111"')
    assert ville('[couleurs]\nencre = "#222222"', "ville.toml")["couleurs"]["encre"] == "#222222"


@pytest.mark.parametrize(
    ("texte", "dit"),
    [
        ('[couleurs]\nancre = "#111111"', "clé « couleurs.ancre » inconnue ; attendu : papier, encre"),
        ("couleur = 3", "clé « couleur » inconnue ; attendu : police"),
        (
            '[ecran.portrait]\nencre = "bleu"',
            "« ecran.portrait.encre » ne se lit pas ; l'écrire comme celle du projet",
        ),
        (
            '[rampes]\nbleus = ["#eff6fc", 3]',
            "« rampes.bleus » ne se lit pas ; l'écrire comme celle du projet",
        ),
        ('couleurs = "#111111"', "« couleurs » ne se lit pas"),
        ('[palettes.themes]\nemploi = "mauves"', r"palette inconnue \(mauves\) ; attendu : bleus"),
        ('[divergentes]\ndeux = ["bleus", "mauves"]', r"palette inconnue \(mauves\)"),
        ("[couleurs", "charte.toml est refusée : "),
    ],
)
def test_une_charte_fautive_est_refusee_par_une_phrase(ville, texte: str, dit: str) -> None:
    with pytest.raises(ParametreInvalide, match=dit):
        ville(texte)


def test_la_charte_du_dossier_de_travail_change_les_dessins(tmp_path: Path) -> None:
    (tmp_path / "charte.toml").write_text('[couleurs]\nencre = "#000091"', encoding="utf-8")
    programme = "from cartes.papier.trace import ENCRE; print(ENCRE)"
    lu = subprocess.run(
        [sys.executable, "-c", programme],
        cwd=tmp_path,
        env={"PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=True,
    )
    assert lu.stdout.strip() == "#000091"


def test_une_charte_fautive_arrete_la_carte_et_non_l_import(base_demo, monkeypatch) -> None:
    atelier = TerritoireOuvert(territoire="99001", formats="xlsx", dossier_donnees=str(base_demo.dossier))
    monkeypatch.setattr("cartes.fonds.REFUS", "La charte est refusée.")
    with pytest.raises(ParametreInvalide, match="La charte est refusée"):
        dessiner(atelier.fonds, DemandeDeCarte("part_hlm", "mailles", "Titre"))
