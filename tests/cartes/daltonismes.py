"""Ce que voit un protanope, un deutéranope, un tritanope : de quoi éprouver les couleurs des cartes et des graphiques."""

from __future__ import annotations

import numpy as np
from matplotlib.colors import to_hex, to_rgb

# Machado, Oliveira et Fernandes (2009), sévérité entière.
DALTONISMES = {
    "protanopie": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopie": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.01182, 0.04294, 0.968881),
    ),
    "tritanopie": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.3039),
    ),
}


def vue(couleur: str, vision: str) -> np.ndarray:
    """Donner une couleur telle qu'une vision la reçoit."""
    lumiere = np.array(DALTONISMES[vision]) @ np.array(to_rgb(couleur)) ** 2.2
    return np.clip(lumiere, 0, 1) ** (1 / 2.2)


def vue_en_hexadecimal(couleur: str, vision: str) -> str:
    """Écrire cette couleur."""
    return to_hex(vue(couleur, vision).tolist())
