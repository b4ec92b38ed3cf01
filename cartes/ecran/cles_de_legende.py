"""Écrire en SVG et en HTML les motifs et la légende de la carte interactive, tout texte échappé."""

from collections.abc import Iterable
from html import escape

from cartes.apparence import FOND_DES_CERCLES, Apparence, rayon, tailles
from cartes.charte import COULEURS, ETATS
from cartes.palettes import contraste
from cartes.papier.legende import LigneLegende, lignes_de_legende
from cartes.specification import DonneesDeCarte

ENCRE, BORD_DE_CERCLE = COULEURS["encre"], COULEURS["bord_de_cercle"]
RAYON_MAXIMAL = 26.0  # en pixels
_TIRETS = {"plein": "", "tirets": "5 3", "points": "1 3"}


def echapper(texte: object) -> str:
    """Rendre un texte inoffensif dans une page : seule porte d'entrée des textes de la carte."""
    return escape(str(texte), quote=True)


def identifiant(apparence: Apparence) -> str:
    """Nommer le motif d'une apparence ; vide si un simple aplat suffit."""
    if apparence.etat and apparence.etat != "zero":
        return f"motif-{apparence.etat}"
    return f"motif-fragile-{apparence.couleur[1:]}" if apparence.fragile else ""


def remplissage(apparence: Apparence) -> str:
    """Donner la valeur de l'attribut ``fill``."""
    motif = identifiant(apparence)
    if motif:
        return f"url(#{motif})"
    return apparence.couleur or ETATS[apparence.etat].fond


def style_leaflet(apparence: Apparence, *, cercle: bool = False) -> dict[str, object]:
    """Traduire une apparence en options de tracé Leaflet."""
    pale = remplissage(apparence) in (FOND_DES_CERCLES, COULEURS["papier"]) or apparence.etat == "sans_objet"
    if apparence.contour != "plein":
        bord, epaisseur = ENCRE, 1.4
    elif cercle:
        bord, epaisseur = BORD_DE_CERCLE, 0.7
    else:
        bord, epaisseur = COULEURS["bord_sur_fond_pale" if pale else "papier"], 1
    return {
        "fillColor": remplissage(apparence),
        "fillOpacity": 0.92 if cercle else 1,
        "color": bord,
        "weight": epaisseur,
        "dashArray": _TIRETS[apparence.contour] or None,
    }


def definitions(apparences: Iterable[Apparence]) -> str:
    """Écrire une fois les motifs SVG dont la page a besoin."""
    motifs = {identifiant(a): _motif(a) for a in apparences if identifiant(a)}
    corps = "".join(motifs[nom] for nom in sorted(motifs))
    return f'<svg class="motifs" width="0" height="0" aria-hidden="true"><defs>{corps}</defs></svg>'


def _motif(apparence: Apparence) -> str:
    if apparence.etat:
        etat = ETATS[apparence.etat]
        fond, dessin = etat.fond, etat.motif
    else:
        fond = apparence.couleur
        encre = contraste(fond, COULEURS["hachures_sombres"])
        dessin = f'<path d="M-1 -1L8 8M-1 6L1 8M6 -1L8 1" stroke="{encre}" stroke-width="1"/>'
    return (
        f'<pattern id="{identifiant(apparence)}" width="7" height="7" patternUnits="userSpaceOnUse">'
        f'<rect width="7" height="7" fill="{fond}"/>{dessin}</pattern>'
    )


def legende_html(carte: DonneesDeCarte) -> str:
    """Écrire la légende d'une carte en HTML, dans le même ordre que sur la carte imprimée."""
    maximum = max(tailles(carte), default=0.0)
    lignes = "".join(_ligne_html(ligne, maximum) for ligne in lignes_de_legende(carte))
    return f'<ul class="legende">{lignes}</ul>'


def _ligne_html(ligne: LigneLegende, maximum: float) -> str:
    signe = ""
    if ligne.genre == "case":
        signe = _case_svg(ligne.apparence)
    elif ligne.genre == "cercle":
        signe = _cercle_svg(rayon(ligne.valeur, maximum, RAYON_MAXIMAL), ligne.apparence)
    elif ligne.genre == "contour":
        trait = f'fill="none" stroke="{echapper(ligne.couleur)}" stroke-width="2.5"'
        signe = _svg("26", "16", f'<rect x="2" y="2" width="22" height="12" {trait}/>')
    return f'<li class="{ligne.genre}">{signe}<span>{echapper(ligne.texte)}</span></li>'


def _svg(largeur: str, hauteur: str, dessin: str) -> str:
    return f'<svg width="{largeur}" height="{hauteur}" aria-hidden="true">{dessin}</svg>'


def _case_svg(apparence: Apparence) -> str:
    bord = COULEURS["ensemble"] if apparence.contour == "plein" else ENCRE
    trait = f'stroke="{bord}" stroke-dasharray="{_TIRETS[apparence.contour]}"'
    case = f'<rect x="1" y="1" width="24" height="14" fill="{remplissage(apparence)}" {trait}/>'
    croix = f'<path d="M10 5l6 6m0 -6l-6 6" stroke="{ENCRE}" stroke-width="1.3"/>'
    return _svg("26", "16", case + croix * (apparence.etat == "zero"))


def _cercle_svg(rayon_px: float, apparence: Apparence) -> str:
    cote, hauteur = 2 * RAYON_MAXIMAL + 2, 2 * rayon_px + 2
    place = f'cx="{cote / 2:.1f}" cy="{hauteur / 2:.1f}" r="{rayon_px:.1f}"'
    trait = f'fill="{remplissage(apparence)}" stroke="{BORD_DE_CERCLE}" stroke-width=".7"'
    return _svg(f"{cote:.0f}", f"{hauteur:.1f}", f"<circle {place} {trait}/>")
