"""Légende, apparence et textes : seuls les états présents, la référence à sa place, les effectifs exacts."""

from __future__ import annotations

import math
import re

import geopandas as gpd
import numpy as np
import pytest

from cartes.apparence import apparences, couleurs_des_classes, rayon, tailles
from cartes.ecran.interactif import atlas
from cartes.ecran.textes import lignes_d_infobulle
from cartes.papier.legende import lignes_de_legende
from cartes.specification import Superposition


def _textes(carte) -> list[str]:
    return [ligne.texte for ligne in lignes_de_legende(carte)]


def test_tous_les_etats_presents(carte, tous_les_statuts) -> None:
    textes = _textes(carte(territoires=tous_les_statuts))
    for attendu in (
        "Secret statistique (1)",
        "Indisponible (1)",
        "Sans objet (1)",
        "Chiffre fragile (1)",
        "Valeur estimée (1)",
        "Valeur partielle (1)",
    ):
        assert attendu in textes


def test_aucun_etat_absent(carte) -> None:
    textes = " ".join(_textes(carte()))
    assert not re.search(
        "Secret|Indisponible|Sans objet|fragile|estimée|partielle|nul|Particularités", textes
    )


def test_les_effectifs_de_la_legende_font_le_total(carte, tous_les_statuts, reference) -> None:
    specifiee = carte(territoires=tous_les_statuts, reference=reference)
    classes = [ligne.texte for ligne in lignes_de_legende(specifiee) if ligne.texte.startswith("de ")]
    assert len(classes) == 6
    assert sum(int(re.search(r"\((\d+)\)$", texte)[1]) for texte in classes) == 33


def test_la_reference_separe_les_classes(carte, reference) -> None:
    textes = _textes(carte(reference=reference))
    rang = textes.index("▸ Commune : 22,2\u00a0%")
    assert textes[rang - 1].startswith("de 22,2 à moins de")
    # Les mots disent le côté : une couleur ne dit pas à tout le monde ce qui est au-dessus.
    assert textes[0] == "Au-dessus de la référence (nombre)"
    assert textes[rang + 1] == "En dessous, en hachures"
    assert "à moins de 22,2\u00a0%" in textes[rang + 2]
    uni = _textes(carte(reference=reference, palette="bleus"))
    assert "En dessous" in uni
    assert not any("hachures" in texte for texte in uni)


def test_reference_au_milieu_d_une_classe_imposee(carte, reference) -> None:
    specifiee = carte(reference=reference, bornes=(0.0, 20.0, 30.0, 50.0))
    assert _textes(specifiee)[0] == "▸ Commune : 22,2\u00a0%"
    # Palette séquentielle : rien ne doit faire croire que la référence sépare deux classes.
    assert len(set(couleurs_des_classes(specifiee))) == 3


def test_effectif_nul(carte, territoires) -> None:
    table = territoires()
    table.loc[0, "valeur"] = 0.0
    specifiee = carte(territoires=table, nature="effectif", unite="habitants", decimales=0)
    assert apparences(specifiee)[0].etat == "zero"
    assert "Effectif nul (1)" in _textes(specifiee)
    # Un taux nul est un taux comme un autre.
    assert apparences(carte(territoires=table))[0].etat == ""


def test_un_motif_par_etat_meme_sans_couleur(carte, tous_les_statuts) -> None:
    marques = {(a.etat, a.fragile, a.contour) for a in apparences(carte(territoires=tous_les_statuts))}
    assert len(marques) == 7


def test_l_aire_du_cercle_est_proportionnelle() -> None:
    assert rayon(100, 400, 20) == pytest.approx(10)
    assert rayon(0, 0, 20) == 0


def test_legende_des_cercles(carte, territoires) -> None:
    specifiee = carte(nature="effectif", unite="habitants", decimales=0)
    cercles = [ligne for ligne in lignes_de_legende(specifiee) if ligne.genre == "cercle"]
    assert [ligne.texte for ligne in cercles] == ["20", "5", "1"]
    assert "Aire du cercle : habitants" in _textes(specifiee)
    colores = carte(territoires=territoires().assign(poids=900.0), forme="cercles_colores")
    assert set(tailles(colores)) == {900.0}
    assert "Aire du cercle : population" in _textes(colores)


def test_perimetres_en_legende(carte, quartiers_prioritaires) -> None:
    textes = _textes(carte(superpositions=(quartiers_prioritaires,)))
    assert "Quartiers prioritaires" in textes
    assert "1. La Rive" in textes
    # Hors de la carte, un périmètre n'a rien à faire en légende.
    assert not any("Le Lointain" in texte for texte in textes)


def test_superposition_vide(carte) -> None:
    vide = gpd.GeoDataFrame({"code": [], "nom": []}, geometry=[])
    specifiee = carte(superpositions=(Superposition("QPV", vide),))
    assert "QPV" not in _textes(specifiee)
    assert specifiee.figure() is not None
    assert '"perimetres":[]' in atlas([specifiee], "Atlas")


def test_infobulles(carte, tous_les_statuts) -> None:
    table = tous_les_statuts.assign(raison="moins de 11 ménages", infobulle="12 ménages\n30 logements")
    lignes = lignes_d_infobulle(carte(territoires=table))
    assert lignes[0] == [
        "Secret statistique",
        "moins de 11 ménages",
        "12 ménages",
        "30 logements",
        "Date : 2016",
    ]
    assert lignes[3][0] == "13,0\u00a0% (estimé)"
    assert "Fiabilité : fragile" in lignes[6]
    # La raison d'une absence ne s'écrit pas à côté d'un chiffre présent.
    assert "moins de 11 ménages" not in lignes[3]


def test_texte_alternatif(carte, tous_les_statuts, reference) -> None:
    texte = carte(territoires=tous_les_statuts, reference=reference).texte_alternatif()
    for attendu in (
        "Carte « Taux d'essai »",
        "Part des ménages d'essai parmi les ménages",
        "territoires avec une valeur : 33 sur 36",
        "valeurs de 13,0\u00a0% (Quartier 3) à 45,0\u00a0% (Quartier 35)",
        "nombre de classes : 6",
        "Commune : 22,2\u00a0%",
        "secret statistique : 1",
        "Source : Source d'essai. Date des données : 2016. Géographie : 2019.",
    ):
        assert attendu in texte


def test_carte_sans_aucune_valeur(carte, territoires, reference) -> None:
    table = territoires().assign(valeur=np.nan, statut="indisponible")
    specifiee = carte(territoires=table, reference=reference)
    assert _textes(specifiee) == ["▸ Commune : 22,2\u00a0%", "Particularités", "Indisponible (36)"]
    assert "territoires avec une valeur : 0 sur 36" in specifiee.texte_alternatif()
    assert all(math.isnan(v) for v in specifiee.territoires["valeur"])
