"""Poser des éléments sur une page : un rectangle gradué, plus léger qu'un repère de matplotlib."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from matplotlib.text import Text
from matplotlib.transforms import Affine2D, Bbox, TransformedBbox

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.figure import Figure


class Toile(Protocol):
    """Là où l'on pose un élément : un repère de matplotlib, ou un :class:`Cadre`, plus léger."""

    def add_artist(self, artist: Any) -> Any:
        """Poser un élément."""


class Cadre:
    """Rectangle de la page gradué comme on veut.

    Un repère de matplotlib porte des graduations, des limites qui suivent chaque élément posé, un fond : rien de
    cela ne sert à une carte, et trois repères coûtent autant que tous les territoires.
    """

    def __init__(
        self,
        figure: Figure,
        rectangle: tuple[float, float, float, float],
        abscisses: tuple[float, float],
        ordonnees: tuple[float, float],
    ) -> None:
        gauche, bas, largeur, hauteur = (cote / 72 for cote in rectangle)
        self.figure = figure
        self.abscisses, self.ordonnees = abscisses, ordonnees
        echelles = (
            largeur / (abscisses[1] - abscisses[0]),
            hauteur / (ordonnees[1] - ordonnees[0]),
        )
        vers_les_pouces = (
            Affine2D().translate(-abscisses[0], -ordonnees[0]).scale(*echelles).translate(gauche, bas)
        )
        self._transformation = vers_les_pouces + figure.dpi_scale_trans
        self._bords = TransformedBbox(Bbox.from_bounds(gauche, bas, largeur, hauteur), figure.dpi_scale_trans)

    def add_artist(self, artist: Artist) -> Artist:
        """Poser un élément, rogné aux bords du cadre s'il n'est pas un texte."""
        artist.set_transform(self._transformation)
        self.figure.add_artist(artist)
        if not isinstance(artist, Text):
            artist.set_clip_box(self._bords)
        return artist
