"""Ce qu'une cellule affiche : des blocs, montrés ici et gardés en données pour les documents."""

from __future__ import annotations

from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any, Final

from abs.blocs.blocs import MARQUE, MIME, Bloc, en_texte, retourner
from carnets.documents.modeles import MODELES
from carnets.documents.rendu import rendre_blocs
from cartes.charte import variables_css

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

SANS_RIEN: Final = "Rien à montrer ici."


@cache
def style() -> str:
    """Lire le style de nos affichages, à l'écran de JupyterLab ; un carnet qui n'est pas approuvé ne l'a pas."""
    feuille = (MODELES / "carnet.css").read_text(encoding="utf-8")
    return f"<style>{variables_css('portrait').replace(':root', '.abs')}\n{feuille}</style>"


class Montre:
    """Des blocs à montrer dans un carnet.

    Attributes
    ----------
    blocs : list of Bloc
        Ce qui est montré, en données.
    donnees : pandas.DataFrame or None
        La table d'où vient ce qui est montré, quand il y en a une.

    Examples
    --------
    >>> from abs.blocs.blocs import Note
    >>> Montre([Note("Trois quartiers.")])
    Trois quartiers.
    """

    # Un style vaut pour toute la page : le premier affichage du noyau le porte, et les titres, qu'on exécute de nouveau.
    habillee = False

    def __init__(
        self,
        blocs: Iterable[Bloc],
        donnees: pd.DataFrame | None = None,
        texte: str = "",
        *,
        habille: bool = False,
    ) -> None:
        self.blocs, self.donnees, self._texte, self._habille = list(blocs), donnees, texte, habille

    def __repr__(self) -> str:
        """Dire en une ligne ce qui est montré."""
        return self._texte or _premiers_mots(self.blocs) or SANS_RIEN

    def _repr_html_(self) -> str:
        if not self.blocs:
            # Dit à qui regarde le carnet ; les documents n'en gardent rien.
            return f'<p style="color:#5b6675">{escape(repr(self)).replace(chr(10), "<br>")}</p>'
        habit = style() if self._habille or not Montre.habillee else ""
        Montre.habillee = True
        return f'{habit}<div class="abs">{rendre_blocs(retourner(self.blocs), marque=MARQUE)}</div>'

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return {
            MIME: en_texte(retourner(self.blocs)),
            "text/html": self._repr_html_(),
            "text/plain": repr(self),
        }


def _premiers_mots(blocs: list[Bloc]) -> str:
    """Prendre le premier texte qui se lit."""
    for bloc in blocs:
        for nom in ("texte", "titre", "alternatif"):
            if isinstance(texte := getattr(bloc, nom, ""), str) and texte:
                return texte
        demande = getattr(bloc, "demande", None)
        if demande is not None:
            return str(demande.titre)
        phrases = getattr(bloc, "phrases", ())
        if phrases:
            return str(phrases[0].texte)
    return ""
