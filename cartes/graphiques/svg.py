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
_SECOURS = "Verdana, sans-serif"
_NOTICES: Any = dict.fromkeys(("Date", "Creator", "Format", "Type"))
_ENTETE = re.compile(r"<svg\b[^>]*>", re.DOTALL)
_NOMBRES = re.compile(r'(?<=\s)((?:d|x|y|width|height|points)=")([^"]*)"')
_DECIMALES = re.compile(r"(\.\d\d)\d+")
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
    racine = (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" role="img" '
        f'aria-label="{escape(f"{titre}. {description}")}" width="{largeur}pt" height="{hauteur}pt" '
        f'viewBox="0 0 {largeur} {hauteur}" style="max-width:100%;height:auto">'
        f"<title>{escape(titre)}</title><desc>{escape(description)}</desc>"
    )
    return _distinguer(_alleger(racine + corps[ouverture.end() :]))


def _alleger(svg: str) -> str:
    """Ôter ce qui ne se voit pas : commentaires, notices, décimales sous le centième de point, blancs."""
    svg = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = _NOMBRES.sub(lambda vu: vu[1] + _DECIMALES.sub(r"\1", vu[2]).replace("\n", " ") + '"', svg)
    svg = re.sub(r"(translate\()([^)]*)\)", lambda vu: vu[1] + _DECIMALES.sub(r"\1", vu[2]) + ")", svg)
    svg = re.sub(r' transform="rotate\(-?0 [^"]*"', "", svg)
    svg = svg.replace(f"'{POLICE}'", f"'{POLICE}', {_SECOURS}")
    return re.sub(r">\s+<", "><", svg).strip()


def _distinguer(svg: str) -> str:
    """Ne garder que les identifiants employés, et leur donner un suffixe propre au contenu du dessin."""
    suffixe = hashlib.sha256(svg.encode()).hexdigest()[:8]
    employes = set(_REFERENCES.findall(svg))
    svg = re.sub(r' id="([^"]*)"', lambda vu: f' id="{vu[1]}-{suffixe}"' if vu[1] in employes else "", svg)
    svg = _REFERENCES.sub(lambda vu: f"{vu[0]}-{suffixe}", svg)
    return re.sub(r"<g>(<(?:path|text)\b[^>]*/>)</g>", r"\1", svg)
