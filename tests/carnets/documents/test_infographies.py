"""Les infographies : leurs tailles, leurs textes dans le cadre, leur contraste, leurs légendes sans formule."""

from __future__ import annotations

import csv
import io

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text
from PIL import Image

from carnets.documents.carnet_lu import blocs_du_carnet
from carnets.documents.infographies.cartons import MODELE, cartons
from carnets.documents.infographies.dessin import figure
from carnets.documents.infographies.infographies import ecrire_infographies
from donnees_insee.erreurs import DonneeAbsente

LONG = "Part des résidences principales occupées par des ménages dont les ressources sont inconnues "


@pytest.fixture(scope="module")
def blocs(demo_ecrite):
    return blocs_du_carnet(demo_ecrite.dossier / "carnet.ipynb")


def piege(blocs):
    """Les mêmes blocs, un nom qui se croit une formule, des mots trop longs, une fiche sans chiffre."""
    chiffres = next(b for b in blocs if b["genre"] == "chiffres_cles")["chiffres"]
    longs = [
        {**c, "libelle": LONG * 3, "complement": LONG * 3, "date": LONG * 2, "sujet": LONG} for c in chiffres
    ]
    faux = {"genre": "titre", "rang": 1, "texte": '=HYPERLINK("http://mal.example")', "ancre": ""}
    manque = {**chiffres[0], "valeur": "", "absence": "non diffusé"}
    notes = [b for b in blocs if b["genre"] in ("note", "graphique")]
    return [faux, *notes, {"genre": "chiffres_cles", "chiffres": [*longs[:4], manque]}]


def test_chaque_carte_a_ses_trois_tailles_et_sa_legende(blocs, tmp_path):
    seul = [b if b["genre"] != "chiffres_cles" else {**b, "chiffres": b["chiffres"][:2]} for b in blocs]
    ecrits = ecrire_infographies(seul, "Arzance-la-Ville", tmp_path)
    noms = [e.name for e in ecrits]
    assert noms[0] == "01-population-carre.png"
    assert noms[6:8] == ["02-part-65-ans-plus-carre.png", "02-part-65-ans-plus-carre.svg"]
    tailles = {e.name.split("-")[-1]: Image.open(e) for e in ecrits if e.suffix == ".png"}
    assert {n: i.size for n, i in tailles.items()} == {
        "carre.png": (1080, 1080), "large.png": (1200, 628), "a5.png": (1748, 2480),
    }  # fmt: skip
    assert round(tailles["a5.png"].info["dpi"][0]) == 300
    svg = (tmp_path / "01-population-carre.svg").read_text(encoding="utf-8")
    assert "<text" not in svg
    assert "http" not in svg.replace("http://www.w3.org", "")
    lues = list(csv.reader(io.StringIO((tmp_path / "legendes.csv").read_text("utf-8-sig")), delimiter=";"))
    assert lues[0] == ["fichier", "texte de remplacement", "texte à publier", "source"]
    assert {ligne[0] for ligne in lues[1:]} == {n for n in noms if n != "legendes.csv"}
    premiere = lues[1]
    assert "48 004" in premiere[1].replace("\u202f", " ")
    assert "Territoire fictif" in premiere[1]
    assert "recensement de la population, 2022" in premiere[3]
    # Une autre fois avec un seul chiffre : les cartes d'avant ne restent pas.
    seul = [b if b["genre"] != "chiffres_cles" else {**b, "chiffres": b["chiffres"][:1]} for b in blocs]
    ecrire_infographies(seul, "Arzance-la-Ville", tmp_path)
    assert not list(tmp_path.glob("02-*"))


@pytest.mark.parametrize("taille", MODELE["tailles"])
def test_aucun_texte_ne_sort_du_cadre_ni_n_en_touche_un_autre(blocs, taille):
    faits = [*cartons(blocs)[1::3], *cartons(piege(blocs))[1:3]]
    assert sum(bool(c.demandes) for c in faits) >= 3
    for carton in faits:
        faite, _ = figure(carton, taille)
        canevas = FigureCanvasAgg(faite)
        canevas.draw()
        large, haut = MODELE["tailles"][taille]["pixels"]
        boites = [t.get_window_extent(canevas.get_renderer()) for t in faite.findobj(Text) if t.get_text()]
        assert all(b.x0 >= 0 and b.y0 >= 0 and b.x1 <= large and b.y1 <= haut for b in boites), carton
        # Deux lignes voisines se frôlent par leurs jambages : seul un vrai chevauchement est une faute.
        milieux = [(b.x0, b.x1, b.y0 + b.height * 0.3, b.y1 - b.height * 0.3) for b in boites]
        for n, (x0, x1, y0, y1) in enumerate(milieux):
            for u0, u1, v0, v1 in milieux[n + 1 :]:
                assert not (x0 < u1 and u0 < x1 and y0 < v1 and v0 < y1), (carton, taille)


def test_les_textes_se_lisent_sur_leur_fond():
    def clarte(couleur):
        parts = [int(couleur[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        r, v, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * r + 0.7152 * v + 0.0722 * b

    teintes = MODELE["couleurs"]
    couples = [("sur_le_bandeau", "bandeau"), ("sur_l_alerte", "alerte"), ("sujet", None), ("valeur", None)]
    for encre, fond in couples:
        claire, sombre = sorted((clarte(teintes[encre]), clarte(teintes.get(fond, "#ffffff"))), reverse=True)
        assert (claire + 0.05) / (sombre + 0.05) >= 4.5, encre


def test_un_nom_piege_n_est_pas_une_formule_et_rien_ne_se_dessine_sans_chiffre(blocs, tmp_path):
    piegees = cartons(piege(blocs))
    assert len(piegees) == 4
    assert all(c.alternatif().startswith("=HYPERLINK") for c in piegees)
    unique = [*piege(blocs)[:-1], {"genre": "chiffres_cles", "chiffres": piege(blocs)[-1]["chiffres"][:1]}]
    ecrire_infographies(unique, "essai", tmp_path)
    lignes = (tmp_path / "legendes.csv").read_text("utf-8-sig").splitlines()[1:]
    assert all(";\"'=HYPERLINK" in ligne and ';"=' not in ligne for ligne in lignes)
    with pytest.raises(DonneeAbsente, match="Aucun chiffre clé"):
        ecrire_infographies([b for b in blocs if b["genre"] != "chiffres_cles"], "Ville", tmp_path / "vide")
