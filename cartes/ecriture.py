"""Écrire une carte en fichiers (PNG, SVG, HTML), à l'identique d'une fois sur l'autre."""

from __future__ import annotations

import base64
import io
import re
from contextlib import suppress
from functools import lru_cache, partial
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from abs.blocs.blocs import MARQUE, MIME, Image, en_texte
from cartes.ecran.textes import texte_alternatif
from cartes.specification import FORMATS_D_IMAGE
from donnees_insee.erreurs import CarteImpossible, SortieImpossible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from matplotlib.figure import Figure
    from PIL.Image import Image as ImageEnPoints

    from cartes.specification import DonneesDeCarte

# Classes, états, fonds, encres : une carte en a une vingtaine au plus.
APLATS: Final = 32
BLANC: Final = (255, 255, 255)
VOISINAGE: Final = 8
PPP_D_AFFICHE: Final = 300
_NOM_DE_FICHIER = re.compile(r"[^/\\:*?\"<>|\x00-\x1f]+")


# Le carnet montre la carte puis l'enregistre : la dessiner une fois suffit.
@lru_cache(maxsize=64)
def images_tenues(_: DonneesDeCarte) -> list[bytes]:
    """Tenir l'image d'une carte : une liste vide, ou d'une image, d'ici ou d'un autre processus."""
    return []


def en_png(carte: DonneesDeCarte) -> bytes:
    """Rendre la carte en PNG (1 500 pixels de large), texte de remplacement compris."""
    from cartes.papier.dessin import dessiner  # noqa: PLC0415 - matplotlib seulement quand on dessine

    tenues = images_tenues(carte)
    if not tenues:
        notices = {"Title": carte.titre, "Description": texte_alternatif(carte)}
        tenues.append(rendre_png(dessiner(carte), notices))
    return tenues[0]


def en_affiche(carte: DonneesDeCarte) -> bytes:
    """Rendre la carte en PNG pour la première page, à la taille où elle s'y imprime."""
    from cartes.papier.dessin import dessiner  # noqa: PLC0415 - matplotlib seulement quand on dessine
    from cartes.papier.mise_en_page import AFFICHE  # noqa: PLC0415

    figure = dessiner(carte, AFFICHE)
    figure.set_dpi(PPP_D_AFFICHE)
    return rendre_png(figure, {"Title": carte.titre, "Description": texte_alternatif(carte)})


def en_situation(carte: DonneesDeCarte) -> bytes:
    """Rendre en PNG la place du territoire dans son ensemble ; rien si la forme de celui-ci ne se reconnaîtrait pas."""
    from cartes.geometrie import projetes  # noqa: PLC0415 - seulement quand on dessine
    from cartes.papier.reperes import dessiner_situation  # noqa: PLC0415

    if carte.alentours is None or not carte.alentours.entier:
        return b""
    figure = dessiner_situation(carte, projetes(carte.contours).couche)
    figure.set_dpi(PPP_D_AFFICHE)
    return rendre_png(figure, {"Title": carte.alentours.nom})


def rendre_png(figure: Figure, notices: dict[str, str], imprimee: float = 0) -> bytes:
    """Rendre une figure en PNG à palette : trois fois plus léger, deux fois plus vite écrit qu'en couleurs vraies.

    Une carte a une vingtaine d'aplats, gardés exacts ; seuls les fondus du lissage passent à la teinte la plus
    proche d'une palette de 256. ``imprimee`` : points par pouce à l'impression, si ce n'est ceux du dessin.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - seulement quand on dessine
    from PIL import Image, PngImagePlugin  # noqa: PLC0415

    canevas: Any = FigureCanvasAgg(figure)
    canevas.draw()
    largeur, hauteur = canevas.get_width_height()
    pixels = Image.frombuffer("RGBA", (largeur, hauteur), canevas.buffer_rgba(), "raw", "RGBA", 0, 1)
    entetes = PngImagePlugin.PngInfo()
    for nom, texte in notices.items():
        entetes.add_itxt(nom, texte)
    sortie = io.BytesIO()
    points = (imprimee or figure.dpi,) * 2
    _en_palette(pixels.convert("RGB")).save(sortie, format="png", dpi=points, pnginfo=entetes)
    return sortie.getvalue()


def _en_palette(image: ImageEnPoints) -> ImageEnPoints:
    """Réduire à 256 couleurs, les plus répandues à l'identique."""
    from PIL import Image as Images  # noqa: PLC0415 - seulement quand on dessine

    # Un pixel sur huit dans chaque sens suffit à reconnaître un aplat, et se compte soixante fois plus vite.
    vues = image.resize((max(image.width // 8, 1), max(image.height // 8, 1)), Images.Resampling.NEAREST)
    comptees: list[Any] = sorted(vues.getcolors(vues.width * vues.height) or [], reverse=True)
    echantillon = image.resize(
        (max(image.width // 3, 1), max(image.height // 3, 1)), Images.Resampling.NEAREST
    ).quantize(256 - APLATS, Images.Quantize.FASTOCTREE, dither=Images.Dither.NONE)
    fondus = echantillon.getpalette()
    teintes = _distinctes([couleur for _, couleur in comptees[: 4 * APLATS]], APLATS, [])
    teintes = _distinctes(zip(*[iter(fondus or [])] * 3, strict=True), 256, teintes)
    modele = Images.new("P", (1, 1))
    modele.putpalette(
        [nombre for teinte in teintes + [teintes[0]] * (256 - len(teintes)) for nombre in teinte]
    )
    rendue = image.quantize(palette=modele, dither=Images.Dither.NONE)
    if BLANC not in teintes:
        return rendue
    # Pillow cherche la teinte la plus proche à quelques niveaux près : le papier, lui, doit être tout à fait blanc.
    papier = image.convert("L").point([255 * (niveau == 255) for niveau in range(256)])
    rendue.paste(teintes.index(BLANC), mask=papier)
    return rendue


def _distinctes(
    couleurs: Iterable[tuple[int, ...]], maximum: int, gardees: list[tuple[int, ...]]
) -> list[tuple[int, ...]]:
    """Ajouter des couleurs assez éloignées de celles qui sont déjà là.

    Pillow cherche la plus proche à quatre niveaux près : entre deux voisines, il pourrait prendre la mauvaise.
    """
    choisies = list(gardees)
    places = np.full((maximum, 3), -1000)
    places[: len(choisies)] = choisies or np.empty((0, 3))
    for couleur in couleurs:
        if len(choisies) == maximum:
            break
        if ((places - couleur) ** 2).sum(axis=1).min() > VOISINAGE**2:
            places[len(choisies)] = couleur
            choisies.append(couleur)
    return choisies


def en_svg(carte: DonneesDeCarte) -> bytes:
    """Rendre la carte en SVG reproductible : ni date, ni identifiants tirés au sort."""
    import matplotlib as mpl  # noqa: PLC0415 - seulement quand on dessine

    from cartes.papier.dessin import dessiner  # noqa: PLC0415

    sortie = io.BytesIO()
    notices = {"Date": None, "Creator": None, "Title": carte.titre, "Description": texte_alternatif(carte)}
    with mpl.rc_context({"svg.hashsalt": f"carte-{carte.code}", "svg.fonttype": "path"}):
        dessiner(carte).savefig(sortie, format="svg", metadata=notices)
    return sortie.getvalue()


def en_html(carte: DonneesDeCarte) -> bytes:
    """Rendre la carte interactive en une page autonome."""
    from cartes.ecran.interactif import atlas  # noqa: PLC0415 - folium seulement quand on dessine

    return atlas([carte], carte.titre).encode()


_RENDUS: dict[str, Callable[[DonneesDeCarte], bytes]] = {"png": en_png, "svg": en_svg, "html": en_html}


def enregistrer(
    carte: DonneesDeCarte, dossier: str | Path, nom: str, formats: Sequence[str] = FORMATS_D_IMAGE
) -> list[Path]:
    """Écrire la carte sous un nom provisoire, puis la déplacer : jamais de fichier à moitié écrit."""
    return deposer(
        {extension: partial(rendu, carte) for extension, rendu in _RENDUS.items()}, dossier, nom, formats
    )


def deposer(
    rendus: Mapping[str, Callable[[], bytes]], dossier: str | Path, nom: str, formats: Sequence[str]
) -> list[Path]:
    """Rendre tous les formats demandés, puis les écrire : un format fautif ne laisse aucun fichier."""
    inconnus = [extension for extension in formats if extension not in rendus]
    if inconnus:
        raise CarteImpossible(f"Formats inconnus : {', '.join(inconnus)} ; attendu : {', '.join(rendus)}.")
    if not _NOM_DE_FICHIER.fullmatch(nom) or nom.startswith("."):
        raise SortieImpossible(
            f"Le nom de fichier {nom!r} est refusé : écrire un nom simple, sans dossier ni extension."
        )
    contenus = {extension: rendus[extension]() for extension in formats}
    return [_deposer(Path(dossier) / f"{nom}.{extension}", octets) for extension, octets in contenus.items()]


def _deposer(chemin: Path, octets: bytes) -> Path:
    provisoire = chemin.with_name(f".{chemin.name}.partiel")
    try:
        chemin.parent.mkdir(parents=True, exist_ok=True)
        provisoire.write_bytes(octets)
        provisoire.replace(chemin)
    except OSError as erreur:
        with suppress(OSError):
            provisoire.unlink()
        raise SortieImpossible(
            f"Impossible d'écrire {chemin} ({erreur.strerror}) : vérifier que le dossier existe, qu'il reste "
            "de la place et que le fichier n'est pas ouvert ailleurs."
        ) from erreur
    return chemin


def paquet_mime(carte: DonneesDeCarte) -> dict[str, Any]:
    """Préparer l'affichage dans un carnet, et ce que les documents en reprennent."""
    alternatif = texte_alternatif(carte)
    source = f"data:image/png;base64,{base64.b64encode(en_png(carte)).decode('ascii')}"
    figure = (
        f'{MARQUE}<figure><img src="{source}" alt="{escape(alternatif)}" style="max-width:100%"></figure>'
    )
    bloc = Image("", alternatif, f"{carte.titre}, {carte.date}")
    return {MIME: en_texte([bloc.en_donnees()]), "text/html": figure, "text/plain": carte.titre}
