"""Graphiques dessinés : textes lisibles et séparés, places justes, absences dites, SVG léger et reproductible."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from html import escape
from itertools import combinations, pairwise
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from abs.blocs.blocs import MARQUE, MIME
from abs.graphiques.demandes import DemandeDeGraphique, Serie, Valeur
from cartes.charte import CHARTE, lire_la_charte
from cartes.graphiques.chaleur import couleur_de
from cartes.graphiques.etiquettes import ecarter
from cartes.graphiques.graphique import Graphique
from cartes.palettes import clarte
from donnees_insee.erreurs import CarteImpossible, ParametreInvalide
from tests.cartes.daltonismes import DALTONISMES, vue

LONG = "Communauté d’agglomération du Val-d’Arzance-Est"
AGES = ("0-14 ans", "15-29 ans", "30-44 ans", "45-59 ans", "60-74 ans", "75 ans ou plus")
ABSENTE = {"texte": "nc", "raison": "secret statistique"}


def v(libelle: str, valeur: float = math.nan, role: str = "categorie", **reste) -> Valeur:
    texte = f"{valeur:.1f} %".replace(".", ",")
    return Valeur(
        libelle, valeur, **({"texte": texte, "role": role} | (ABSENTE if math.isnan(valeur) else {}) | reste)
    )


def suite(libelles: tuple[str, ...], *valeurs: float, **reste) -> tuple[Valeur, ...]:
    roles = ["reste" if libelle == "Reste" else "categorie" for libelle in libelles]
    return tuple(v(n, x, r, **reste) for n, x, r in zip(libelles, valeurs, roles, strict=False))


def demande(genre: str, *series: Serie, **reste) -> DemandeDeGraphique:
    dits = {
        "titre": "Un habitant sur cinq vit sous le seuil de pauvreté, plus que dans l’agglomération",
        "sous_titre": "Part de la population, en %, au lieu de résidence",
        "source": "Insee, recensement de la population, exploitation principale",
        "date": "2022",
    }
    return DemandeDeGraphique(f"essai_{genre}", genre, series=series, **(dits | reste))


def reglette(nom: str, sujet: float, *autres: float, mailles: int = 0, **reste) -> Serie:
    roles = ("epci", "departement", "france")
    noms = (LONG, "Hérault", "France métropolitaine")
    reperes = [v(n, x, r) for n, x, r in zip(noms, autres, roles, strict=False)]
    petits = [v(f"IRIS {i}", sujet + 12 * math.sin(i), "maille") for i in range(mailles)]
    return Serie(nom, (v("Arzance-la-Ville", sujet, "sujet", **reste), *reperes, *petits))


POINTS = demande(
    "points",
    reglette("Taux de pauvreté", 20.0, 17.0, 17.0, 15.0, mailles=90, marge=1.4),
    reglette("Valeurs égales", 15.0, 15.0, 15.0, 15.0),
    reglette("Valeurs très proches, au nom qui demande deux lignes", 15.0, 15.02, 14.99, 15.01, mailles=1),
    reglette("Sujet absent", math.nan, 17.0, 16.0, 15.0),
    reglette("Repères absents", 17.0, math.nan, math.nan, math.nan, fragile=True),
    reglette("Évolution par an", -0.4, 0.3, -1.2, 2.0, marge=9.0),
    Serie("Une seule maille", (v("La Plaine", 12.0, "maille"),)),
)
DECILES = demande(
    "points", *(reglette(n, x, x + 0.4) for n, x in (("1er décile", 11.4), ("médiane", 20.4), ("9e décile", 36.9))),
    echelle_commune=True, unite="€",
)  # fmt: skip
ANNEES = ("2012", "2014", "2016", "2017", "2018", "2020", "2021")


def ligne(nom: str, role: str, *valeurs: float, **reste) -> Serie:
    return Serie(nom, suite(ANNEES, *valeurs, **reste), role=role)


COURBE = demande(
    "courbe",
    ligne("Arzance-la-Ville", "sujet", 18.2, 18.5, math.nan, 19.2, 19.0, 19.1, 20.0, marge=0.6),
    ligne("CA Val-d’Arzance", "epci", 16.0, 16.1, 16.3, 16.2, 16.1, 15.7, 17.0),
    ligne("Hérault", "departement", 16.0, 16.1, 16.3, 16.2, 16.1, 15.8, 17.0),
    ligne("France", "france", 14.0, 14.1, 14.0, 14.1, 14.6, 14.5, math.nan),
    ruptures=(("2017", "2018"),),
)
COURBE_LONGUE = demande(
    "courbe",
    ligne(LONG, "sujet", 1.0, 1.0, -2.0),
    ligne(LONG.upper(), "epci", 1.0, 1.0, -2.1),
    ligne("nc", "france", math.nan),
)
PENTE = demande(
    "pente",
    *(
        Serie(nom, (v("2016", a), v("2022", b)), role=role)
        for nom, role, a, b in (
            ("Arzance-la-Ville", "sujet", 12.0, 14.0),
            ("CA Val-d’Arzance", "epci", 12.0, 14.0),
            ("Hérault", "departement", 12.1, 13.9),
            ("France", "france", -3.0, math.nan),
            ("Sans avant", "categorie", math.nan, 4.0),
        )
    ),
)
PARTS = ("Propriétaires", "Locataires d’un logement HLM", "Autres locataires", "Logés gratuitement", "Reste")
BARRES = demande(
    "barres",
    Serie("Arzance-la-Ville", suite(PARTS, 41.0, 22.5, 33.9, 0.9, 1.7)),
    Serie(LONG, suite(PARTS, 52.0, 13.0, 32.0, 1.0, 2.0), role="epci"),
    Serie("Hérault", suite(PARTS, 55.0, math.nan, 31.0, math.nan, 2.0), role="departement"),
)
GAUFRE = demande(
    "gaufre",
    Serie(
        "Arzance",
        (v("sous le seuil de pauvreté", 20.4, "sujet"), v("juste au-dessus", 0.2), v(LONG, 79.4, "reste")),
    ),
)
PYRAMIDE = demande(
    "pyramide",
    *(
        Serie(nom, tuple(v(a, x) for a, x in zip(AGES, valeurs, strict=True)), role=role)
        for nom, role, valeurs in (
            ("Hommes", "sujet", (8.1, 10.3, 9.2, 8.0, 7.1, 4.0)),
            ("Femmes", "sujet", (8.4, 10.9, 9.6, math.nan, 7.9, 6.3)),
            (f"Hommes, {LONG}", "reference", (9.2, 9.0, 9.4, 9.0, 8.0, 4.1)),
            (f"Femmes, {LONG}", "reference", (8.8, 9.1, 9.5, 9.3, 8.8, 6.1)),
        )
    ),
)
COLONNES = (
    "Taux de pauvreté",
    "Familles monoparentales",
    "Chômage",
    "Sans diplôme",
    "Locataires HLM",
    "Moins de 25 ans",
)
QUARTIERS = ("Les Tilleuls Nord", "Quartier de la Verrerie et des Coteaux de l’Ouest", "Bois-Joli", "Gare")


def quartier(nom: str, rang: int) -> Serie:
    niveaux = [math.nan if (rang + j) % 7 == 6 else 30.0 - 4 * rang + 3 * j for j in range(len(COLONNES))]
    return Serie(nom, suite(COLONNES, *niveaux, fragile=rang == 3))


CHALEUR = demande(
    "chaleur",
    Serie("Arzance-la-Ville", suite(COLONNES, 20.0, 18.0, 15.3, 24.0, 22.0, 31.0), "reference"),
    *(quartier(nom, rang) for rang, nom in enumerate(QUARTIERS)),
)
CAS = {
    "points": POINTS, "deciles": DECILES, "courbe": COURBE, "courbe_longue": COURBE_LONGUE, "pente": PENTE,
    "barres": BARRES, "gaufre": GAUFRE, "pyramide": PYRAMIDE, "chaleur": CHALEUR,
}  # fmt: skip


def textes(figure) -> list[Text]:
    return [t for t in figure.findobj(Text) if t.get_text()]


def traits(figure, *debuts: str) -> dict[str, Line2D]:
    return {t.get_gid(): t for t in figure.findobj(Line2D) if t.get_gid() and t.get_gid().startswith(debuts)}


def aplats(figure, debut: str) -> dict[str, Rectangle]:
    return {r.get_gid(): r for r in figure.findobj(Rectangle) if (r.get_gid() or "").startswith(debut)}


def dit(figure) -> str:
    return " ".join(t.get_text() for t in textes(figure))


def ecart_a_la_droite(valeurs, places) -> float:
    """Mesure ce qui sépare des places d'une fonction affine des valeurs, en points."""
    return float(np.abs(np.polyval(np.polyfit(valeurs, places, 1), valeurs) - places).max())


@pytest.mark.parametrize("largeur", ["pleine", "demi", "fiche"])
@pytest.mark.parametrize("cas", CAS)
def test_les_textes_se_lisent_sans_se_chevaucher(cas, largeur) -> None:
    figure = Graphique(CAS[cas], largeur).figure()
    toile = FigureCanvasAgg(figure)
    toile.draw()
    lus = textes(figure)
    assert min(t.get_fontsize() for t in lus) >= 8
    assert figure.get_figwidth() * 2.54 == pytest.approx(
        {"pleine": 17.4, "demi": 8.4, "fiche": 5.05}[largeur]
    )
    cadres = [(t.get_text(), t.get_window_extent(toile.get_renderer())) for t in lus]
    page = figure.bbox
    assert not [
        n for n, c in cadres if c.x0 < -0.5 or c.y0 < -0.5 or c.x1 > page.x1 + 0.5 or c.y1 > page.y1 + 0.5
    ]
    # Un pixel de tolérance : les cadres de matplotlib comptent l'accent et le jambage de toute ligne.
    serres = [(n, c.padded(-1)) for n, c in cadres]
    assert not [(n, m) for (n, a), (m, b) in combinations(serres, 2) if a.overlaps(b)]
    points = [
        lieu
        for trait in figure.findobj(Line2D)
        if trait.get_gid() and trait.get_linestyle() == "None"
        for lieu in trait.get_transform().transform(trait.get_xydata())
    ]
    assert not [n for n, c in serres for x, y in points if c.contains(x, y)]


def test_les_points_sont_a_leur_place_et_les_absents_n_y_sont_pas() -> None:
    figure = Graphique(DECILES).figure()
    places = {nom: t.get_xdata() for nom, t in traits(figure, "1er", "médiane", "9e").items()}
    attendus = {f"{s.nom} {x.role}": x.valeur for s in DECILES.series for x in s.valeurs}
    assert places.keys() == attendus.keys()
    assert ecart_a_la_droite(list(attendus.values()), np.concatenate([places[n] for n in attendus])) < 1e-6

    figure = Graphique(POINTS).figure()
    mailles = traits(figure, "Taux de pauvreté maille")["Taux de pauvreté maille"]
    assert (
        ecart_a_la_droite(
            [x.valeur for x in POINTS.series[0].valeurs if x.role == "maille"], mailles.get_xdata()
        )
        < 1e-6
    )
    assert set(traits(figure, "Sujet absent")) == {
        f"Sujet absent {r}" for r in ("epci", "departement", "france")
    }
    assert set(traits(figure, "Repères absents")) == {"Repères absents sujet"}
    assert "nc, secret statistique : Sujet absent, Arzance-la-Ville" in dit(figure)
    assert "17,0 %*" in dit(figure)
    # Un écart infime reste infime : la réglette n'est pas étirée d'une valeur à l'autre.
    proches = [t.get_xdata()[0] for t in traits(figure, "Valeurs très proches").values()]
    assert np.ptp(proches) < 2
    assert "* chiffre fragile" in dit(figure)


def test_la_courbe_suit_les_dates_et_ne_franchit_ni_trou_ni_rupture() -> None:
    figure = Graphique(COURBE).figure()
    points = traits(figure, "Arzance-la-Ville")["Arzance-la-Ville"]
    presentes = COURBE.series[0].presentes
    assert ecart_a_la_droite([int(x.libelle) for x in presentes], points.get_xdata()) < 1e-6
    assert ecart_a_la_droite([x.valeur for x in presentes], points.get_ydata()) < 1e-6
    assert points.get_ydata()[-1] == min(points.get_ydata())
    couleur = points.get_markerfacecolor()
    segments = {
        tuple(t.get_xdata())
        for t in figure.findobj(Line2D)
        if t.get_color() == couleur and t.get_linewidth() > 2
    }
    x = dict(zip((p.libelle for p in presentes), points.get_xdata(), strict=True))
    assert segments == {(x[a], x[b]) for a, b in (("2012", "2014"), ("2018", "2020"), ("2020", "2021"))}
    assert "rupture de série" in dit(figure)
    assert "14,5 % (2020)" in dit(figure)


def test_les_parts_ont_leur_largeur_et_des_clartes_qui_se_suivent() -> None:
    figure = Graphique(BARRES).figure()
    parts = list(aplats(figure, "Arzance-la-Ville").values())
    largeurs = np.array([p.get_width() for p in parts])
    assert largeurs / largeurs.sum() * 100 == pytest.approx([x.valeur for x in BARRES.series[0].valeurs])
    clartes = [clarte(to_hex(p.get_facecolor())) for p in parts]
    assert all(b - a > 8 for a, b in pairwise(clartes))
    # Une part absente ne prend pas de place : ce qui manque à cent reste hachuré.
    assert len(aplats(figure, "Hérault")) == 3


def test_la_gaufre_a_cent_carreaux() -> None:
    figure = Graphique(GAUFRE).figure()
    couleurs = [to_hex(r.get_facecolor()) for r in aplats(figure, "carreau").values()]
    assert [couleurs.count(c) for c in dict.fromkeys(couleurs)] == [20, 80]
    assert all(n in dit(figure) for n in ("20 sur 100", "moins de 1 sur 100", "80 sur 100"))
    manque = replace(GAUFRE, series=(Serie("", (v("oui", 30.0), v("non"))),))
    assert len(aplats(Graphique(manque).figure(), "carreau")) == 30


def test_la_pyramide_met_les_hommes_a_gauche_a_la_meme_echelle() -> None:
    figure = Graphique(PYRAMIDE).figure()
    hommes, femmes = (list(aplats(figure, nom).values()) for nom in ("Hommes", "Femmes"))
    assert (len(hommes), len(femmes)) == (6, 5)
    lues = [x.valeur for s in PYRAMIDE.series[:2] for x in s.presentes]
    largeurs = [r.get_width() for r in (*hommes, *femmes)]
    assert np.ptp(np.array(largeurs) / lues) < 1e-6
    assert max(r.get_x() + r.get_width() for r in hommes) <= min(r.get_x() for r in femmes) + 1e-6
    assert hommes[0].get_y() > hommes[-1].get_y()
    silhouette = traits(figure, f"Hommes, {LONG}")[f"Hommes, {LONG} 4.1"].get_xdata()[::2]
    assert ecart_a_la_droite([x.valeur for x in PYRAMIDE.series[2].valeurs], silhouette) < 1e-6
    gris = [clarte(to_hex(groupe[0].get_facecolor())) for groupe in (hommes, femmes)]
    assert abs(gris[0] - gris[1]) > 20


def test_la_chaleur_dit_le_cote_du_repere_en_couleur_et_en_gris() -> None:
    figure = Graphique(CHALEUR).figure()
    cases = {
        int(nom.split()[1]): clarte(to_hex(c.get_facecolor())) for nom, c in aplats(figure, "case").items()
    }
    assert {force > 0 for force in cases} == {True, False}
    # Plus l'écart est fort, plus la case est sombre, des deux côtés ; le triangle dit lequel, trois fois en légende.
    assert all(cases[a] - cases[b] > 5 for a in cases for b in cases if abs(a) < abs(b))
    repere = CHALEUR.series[0].valeurs
    ecarts = [x.valeur - r.valeur for s in CHALEUR.series for x, r in zip(s.valeurs, repere, strict=True)]
    triangles = [t.get_marker() for t in figure.findobj(Line2D) if t.get_marker() in ("^", "v")]
    assert triangles.count("^") == 3 + sum(e > 0 for e in ecarts)
    assert triangles.count("v") == 3 + sum(e < 0 for e in ecarts)
    nombreux = replace(
        CHALEUR,
        series=(CHALEUR.series[0], *(replace(CHALEUR.series[1], nom=f"Quartier {i}") for i in range(15))),
    )
    assert "12 lignes montrées sur 15." in dit(Graphique(nombreux).figure())
    exactes = replace(CHALEUR, series=(CHALEUR.series[0], replace(CHALEUR.series[0], nom="Le même")))
    assert not aplats(Graphique(exactes).figure(), "case")


@pytest.mark.parametrize("cas", CAS)
def test_le_svg_est_leger_reproductible_et_sans_adresse(cas) -> None:
    svg = Graphique(CAS[cas]).svg()
    assert svg == Graphique(CAS[cas]).svg()
    assert len(svg.encode()) <= 60_000
    racine = ET.fromstring(svg)
    assert racine.get("role") == "img"
    assert [e.text for e in racine[:2]] == [CAS[cas].titre, Graphique(CAS[cas]).texte_alternatif()]
    assert not re.findall(r"https?://", re.sub(r'xmlns(:xlink)?="[^"]*"', "", svg))
    # Ni date, ni style qui s'étendrait au reste de la page.
    assert not re.findall(r"\d\d:\d\d:\d\d|<style", svg)
    for reference in re.findall(r'(?:url\(#|href="#)([^)"]+)', svg):
        assert svg.count(f'id="{reference}"') == 1


def test_le_svg_reste_leger_pour_une_tres_grande_ville() -> None:
    """Six réglettes de neuf cents IRIS, un tableau de douze quartiers et huit colonnes."""
    lignes = (
        reglette(f"Indicateur {i}", 20.0 + i, 18.0, 17.0, 15.0, mailles=900, marge=1.0) for i in range(6)
    )
    colonnes = tuple(f"Colonne {i}" for i in range(8))
    quartiers = (Serie(f"Quartier {i}", suite(colonnes, *range(i, i + 8))) for i in range(12))
    repere = Serie("Ville", suite(colonnes, *[20.0] * 8), "reference")
    for dense in (demande("points", *lignes), demande("chaleur", repere, *quartiers)):
        assert len(Graphique(dense).svg().encode()) <= 60_000


def test_plusieurs_svg_cohabitent_dans_une_page() -> None:
    identifiants = [set(re.findall(r' id="([^"]*)"', Graphique(d).svg())) for d in CAS.values()]
    assert sum(map(bool, identifiants)) > 5
    assert not [1 for a, b in combinations(identifiants, 2) if a & b]


def test_l_affichage_garde_la_demande_pour_les_documents() -> None:
    affiche = Graphique(BARRES)._repr_mimebundle_()
    (bloc,) = json.loads(affiche[MIME])
    assert DemandeDeGraphique.depuis(bloc["demande"]).en_donnees() == BARRES.en_donnees()
    assert affiche["text/html"].startswith(f'{MARQUE}<figure class="graphique"><img src="data:image/svg+xml')
    assert escape(Graphique(BARRES).texte_alternatif()) in affiche["text/html"]
    assert "Propriétaires 41,0" in Graphique(BARRES).texte_alternatif()


def test_les_fichiers_se_deposent_entiers(tmp_path) -> None:
    ecrits = Graphique(GAUFRE, "demi").enregistrer(tmp_path, "gaufre")
    assert [f.name for f in ecrits] == ["gaufre.svg", "gaufre.png"]
    assert len(list(tmp_path.iterdir())) == 2
    assert ecrits[0].read_text(encoding="utf-8") == Graphique(GAUFRE, "demi").svg()
    with pytest.raises(CarteImpossible, match="attendu : svg, png"):
        Graphique(GAUFRE).enregistrer(tmp_path, "gaufre", ("gif",))


@pytest.mark.parametrize(
    ("genre", "series", "phrase"),
    [
        ("barres", (Serie("A", (v("x", 70.0), v("y", 60.0))),), "dépassent 100"),
        ("gaufre", (Serie("A", (v("x", -1.0),)),), "négative"),
        ("points", (), "aucune valeur"),
        ("pente", (Serie("A", (v("2016", 1.0),)),), "deux dates"),
    ],
)
def test_ce_qui_ne_se_dessine_pas_est_refuse(genre, series, phrase) -> None:
    with pytest.raises(CarteImpossible, match=phrase):
        Graphique(demande(genre, *series))


def test_ecarter_garde_l_ordre_et_ne_bouge_que_ce_qui_gene() -> None:
    assert ecarter([10, 50, 90], [8, 8, 8], 0, 100) == [10, 50, 90]
    places = ecarter([50, 50, 50, 10], [20, 20, 20, 10], 0, 100, jeu=2)
    assert places == [28, 50, 72, 10]
    serrees = ecarter([99, 98, 0], [10, 10, 10], 0, 100, jeu=0)
    assert serrees == [95, 85, 5]


@pytest.mark.parametrize("vision", DALTONISMES)
def test_les_couleurs_opposees_se_distinguent_sous_les_trois_daltonismes(vision) -> None:
    roles = CHARTE["graphiques"]["roles"]
    paires = [
        (roles["sujet"]["couleur"], roles["epci"]["couleur"]),
        (CHARTE["graphiques"]["hommes"], CHARTE["graphiques"]["femmes"]),
        *((couleur_de(force), couleur_de(-force)) for force in (1, 2, 3)),
    ]
    for paire in paires:
        vues = [vue(couleur, vision) for couleur in paire]
        assert np.linalg.norm(vues[0] - vues[1]) > 0.2


def test_une_ville_change_les_couleurs_et_une_palette_inconnue_est_refusee(tmp_path, monkeypatch) -> None:
    charte = tmp_path / "ville.toml"
    monkeypatch.setenv("ABS_CHARTE", str(charte))
    charte.write_text(
        '[graphiques.roles.sujet]\ncouleur = "#123456"\ntirets = [3.0, 1.0]\n', encoding="utf-8"
    )
    lue = lire_la_charte()["graphiques"]["roles"]
    assert (lue["sujet"]["couleur"], lue["sujet"]["forme"], lue["epci"]["plein"]) == ("#123456", "o", False)
    charte.write_text('[graphiques]\nparts = "roses"\n', encoding="utf-8")
    with pytest.raises(ParametreInvalide, match="roses"):
        lire_la_charte()
