"""Couleurs : distinctes en gris comme en couleur, quel que soit le nombre de classes."""

from __future__ import annotations

from itertools import combinations, pairwise, product

import numpy as np
import pytest

from cartes.palettes import (
    PALETTES_DIVERGENTES,
    PALETTES_SEQUENTIELLES,
    clarte,
    couleurs_divergentes,
    couleurs_sequentielles,
)
from tests.cartes.daltonismes import DALTONISMES, vue, vue_en_hexadecimal

ECART_VISIBLE = 8  # en clarté L* : deux gris qu'un lecteur distingue dans une légende


def _assez_distinctes(couleurs: tuple[str, ...]) -> bool:
    return all(abs(clarte(a) - clarte(b)) >= ECART_VISIBLE for a, b in combinations(couleurs, 2))


@pytest.mark.parametrize("palette", PALETTES_SEQUENTIELLES)
@pytest.mark.parametrize("nombre", range(1, 7))
def test_sequentielle_distincte_en_gris(palette: str, nombre: int) -> None:
    couleurs = couleurs_sequentielles(nombre, palette)
    assert len(couleurs) == nombre
    assert _assez_distinctes(couleurs)
    assert sorted(couleurs, key=clarte, reverse=True) == list(couleurs)


@pytest.mark.parametrize("palette", PALETTES_DIVERGENTES)
@pytest.mark.parametrize(("dessous", "dessus"), [(a, b) for a in range(7) for b in range(7) if 0 < a + b < 7])
def test_divergente_distincte_en_gris(palette: str, dessous: int, dessus: int) -> None:
    couleurs = couleurs_divergentes(dessous, dessus, palette)
    assert len(couleurs) == dessous + dessus
    assert _assez_distinctes(couleurs)
    # De chaque côté, on fonce en s'éloignant de la référence.
    bas, haut = couleurs[:dessous], couleurs[dessous:]
    assert [clarte(c) for c in bas] == sorted(clarte(c) for c in bas)
    assert [clarte(c) for c in haut] == sorted((clarte(c) for c in haut), reverse=True)


def test_clarte_des_extremes() -> None:
    assert clarte("#000000") == pytest.approx(0)
    assert clarte("#ffffff") == pytest.approx(100, abs=0.01)


@pytest.mark.parametrize("palette", PALETTES_DIVERGENTES)
@pytest.mark.parametrize(
    ("dessous", "dessus"), [(a, b) for a in range(1, 6) for b in range(1, 6) if a + b <= 6]
)
def test_la_clarte_suit_la_distance_a_la_reference_et_dit_son_cote(
    palette: str, dessous: int, dessus: int
) -> None:
    """Avant : les deux côtés alternaient, si bien qu'un tirage gris ne disait plus de quel côté on est."""
    gris = [clarte(c) for c in couleurs_divergentes(dessous, dessus, palette)]
    bas, haut = gris[:dessous][::-1], gris[dessous:]
    for cote in (bas, haut):
        assert all(proche > loin for proche, loin in pairwise(cote))
    # Tout un côté est plus clair que l'autre, d'un écart plus grand qu'entre deux classes voisines.
    pas = [abs(a - b) for cote in (bas, haut) for a, b in pairwise(cote)]
    assert min(bas) - max(haut) > 1.5 * max(pas, default=0)


@pytest.mark.parametrize("vision", DALTONISMES)
@pytest.mark.parametrize("palette", PALETTES_SEQUENTIELLES)
def test_l_ordre_des_classes_reste_lisible_sous_les_trois_daltonismes(palette: str, vision: str) -> None:
    vues = [vue_en_hexadecimal(c, vision) for c in couleurs_sequentielles(6, palette)]
    assert all(clarte(a) - clarte(b) >= ECART_VISIBLE / 2 for a, b in pairwise(vues))


@pytest.mark.parametrize("vision", DALTONISMES)
@pytest.mark.parametrize("palette", PALETTES_DIVERGENTES)
def test_les_deux_cotes_restent_distincts_sous_les_trois_daltonismes(palette: str, vision: str) -> None:
    bas, haut = couleurs_divergentes(3, 0, palette), couleurs_divergentes(0, 3, palette)
    for cote in (bas[::-1], haut):
        vues = [vue_en_hexadecimal(c, vision) for c in cote]
        assert all(clarte(a) - clarte(b) >= ECART_VISIBLE / 2 for a, b in pairwise(vues))
    assert all(np.linalg.norm(vue(a, vision) - vue(b, vision)) > 0.15 for a, b in product(bas, haut))
