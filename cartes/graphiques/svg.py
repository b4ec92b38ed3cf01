"""Le SVG d'un graphique : reproductible, léger, accessible, et qui cohabite avec d'autres dans une page."""

from __future__ import annotations

import hashlib
import io
import re
from html import escape
from typing import TYPE_CHECKING, Any

import matplotlib as mpl

from cartes.charte import POLICE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# De même chasse que la police livrée avec matplotlib, et présente là où elle ne l'est pas (Windows, macOS).
_POLICES = f"'{POLICE}',Verdana,sans-serif"
_NOTICES: Any = dict.fromkeys(("Date", "Creator", "Format", "Type"))
# Posés sur la racine : la feuille de style de matplotlib, dans une page, s'appliquerait à toute la page.
_STYLE = f"max-width:100%;height:auto;stroke-linejoin:round;stroke-linecap:butt;font-family:{_POLICES}"
_ENTETE = re.compile(r"<svg\b[^>]*>", re.DOTALL)
_NOMBRES = re.compile(r'(?<=\s)((?:d|x|y|width|height|points)=")([^"]*)"')
_DECIMALES = re.compile(r"\d+\.\d+")
_REFERENCES = re.compile(r'(?:url\(#|href="#)([^)"]+)')


def rendre_svg(figure: Figure, titre: str, description: str, *, en_chemins: bool) -> str:
    """Rendre une figure en SVG, ses lettres en texte ou en chemins."""
    sortie = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": "graphique", "svg.fonttype": "path" if en_chemins else "none"}):
        figure.savefig(sortie, format="svg", metadata=_NOTICES)
    brut = sortie.getvalue().decode()
    corps = brut[brut.index("<svg") :]
    ouverture = _ENTETE.search(corps)
    taille = re.search(r'width="([\d.]+)pt" height="([\d.]+)pt"', corps)
    if ouverture is None or taille is None:
        raise RuntimeError("SVG de matplotlib illisible : sa racine n'a pas de taille en points.")
    largeur, hauteur = (f"{float(cote):.1f}" for cote in taille.groups())
    nomme = description if description.startswith(titre) else f"{titre}. {description}"
    racine = (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" role="img" '
        f'aria-label="{escape(nomme)}" width="{largeur}pt" height="{hauteur}pt" '
        f'viewBox="0 0 {largeur} {hauteur}" style="{_STYLE}">'
        f"<title>{escape(titre)}</title><desc>{escape(description)}</desc>"
    )
    return _distinguer(_alleger(racine + corps[ouverture.end() :]))


def _alleger(svg: str) -> str:
    """Ôter ce qui ne se voit pas : commentaires, notices, décimales sous le centième de point, blancs, redites."""
    svg = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->|<style.*?</style>", "", svg, flags=re.DOTALL)
    svg = _NOMBRES.sub(lambda vu: vu[1] + _arrondis(vu[2]) + '"', svg)
    svg = re.sub(r"(translate\()([^)]*)\)", lambda vu: vu[1] + _arrondis(vu[2]) + ")", svg)
    svg = re.sub(r' transform="rotate\(-?0 [^"]*"', "", svg).replace(f" font-family: '{POLICE}';", "")
    svg = re.sub(r'(?<= style=")[^"]*', lambda vu: vu[0].replace(": ", ":").replace("; ", ";"), svg)
    return re.sub(r">\s+<", "><", svg).strip()


def _arrondis(nombres: str) -> str:
    """Écrire des coordonnées au centième de point, sans zéro ni blanc de trop."""
    nombres = _DECIMALES.sub(lambda vu: f"{float(vu[0]):.2f}".rstrip("0").rstrip("."), nombres)
    return re.sub(r"\s+", " ", nombres).strip()


def _distinguer(svg: str) -> str:
    """Ne garder que les identifiants employés, courts et propres au contenu du dessin."""
    empreinte = hashlib.sha256(svg.encode()).hexdigest()[:8]
    noms = {lu: f"g{empreinte}{rang}" for rang, lu in enumerate(dict.fromkeys(_REFERENCES.findall(svg)))}
    svg = re.sub(r' id="([^"]*)"', lambda vu: f' id="{noms[vu[1]]}"' if vu[1] in noms else "", svg)
    svg = _REFERENCES.sub(lambda vu: vu[0].replace(vu[1], noms[vu[1]]), svg)
    svg = re.sub(r"<g>(<(?:path|text)\b[^>]*/>)</g>", r"\1", svg)
    return re.sub(r"<g>((?:<use\b[^>]*/>)+)</g>", _reunir, svg)


def _reunir(groupe: re.Match[str]) -> str:
    """Dire une fois le style de points tous semblables."""
    styles = set(re.findall(r' style="[^"]*"', groupe[1]))
    style = styles.pop() if len(styles) == 1 else ""
    return f"<g{style}>{groupe[1].replace(style, '') if style else groupe[1]}</g>"
