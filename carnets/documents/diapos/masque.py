"""La présentation où l'on écrit : 16:9 et sobre, ou le gabarit de la ville ; la place que ses dispositions laissent."""

from __future__ import annotations

import io
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from carnets.documents.diapos.mesure import DIAPOS
from donnees_insee.erreurs import ParametreInvalide

VARIABLE: Final = "ABS_GABARIT_POTX"
FICHIER: Final = "gabarit.potx"
PAGE: Final[dict[str, float]] = DIAPOS["page"]
PAR_POUCE: Final = 914_400
PAR_POINT: Final = 12_700
_TYPES: Final = "[Content_Types].xml"
_DE_GABARIT: Final = b"presentationml.template.main+xml"
_DE_PRESENTATION: Final = b"presentationml.presentation.main+xml"


@dataclass(frozen=True)
class Place:
    """Un rectangle d'une diapositive, en unités du format."""

    x: int
    y: int
    largeur: int
    hauteur: int

    @property
    def points(self) -> tuple[float, float]:
        """Largeur et hauteur, en points."""
        return self.largeur / PAR_POINT, self.hauteur / PAR_POINT


@dataclass(frozen=True)
class Masque:
    """Une présentation vide : la disposition d'une couverture, celle d'un message, et où poser chaque chose."""

    presentation: Any
    couverture: Any
    message: Any
    titre: Place
    sous_titre: Place
    corps: Place
    notes: Place
    pied: Place
    numero: Place


def ouvrir(gabarit: Path | None = None) -> Masque:
    """Ouvrir le gabarit demandé, celui du dossier de travail, ou une présentation neuve."""
    from pptx import Presentation  # noqa: PLC0415 - import lent

    nomme = os.environ.get(VARIABLE)
    choisi = gabarit or (Path(nomme) if nomme else Path(FICHIER))
    if gabarit is None and not nomme and not choisi.is_file():
        presentation: Any = Presentation()
        _mettre_en_large(presentation)
    else:
        presentation = _lire(choisi)
    return _mesurer(presentation, choisi)


def _lire(chemin: Path) -> Any:
    """Ouvrir un gabarit : une présentation dont le type seul diffère ; ses diapositives d'exemple sont ôtées."""
    from pptx import Presentation  # noqa: PLC0415

    try:
        contenu = io.BytesIO()
        with zipfile.ZipFile(chemin) as lu, zipfile.ZipFile(contenu, "w", zipfile.ZIP_DEFLATED) as ecrit:
            for nom in lu.namelist():
                octets = lu.read(nom)
                ecrit.writestr(
                    nom, octets.replace(_DE_GABARIT, _DE_PRESENTATION) if nom == _TYPES else octets
                )
        contenu.seek(0)
        presentation = Presentation(contenu)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as cause:
        raise _refus("gabarit_illisible", chemin, cause) from cause
    liste = presentation.slides._sldIdLst  # noqa: SLF001 - python-pptx n'ôte pas de diapositive autrement
    for diapo in list(liste):
        presentation.part.drop_rel(diapo.rId)
        liste.remove(diapo)
    return presentation


def _refus(cas: str, chemin: Path, cause: object = "") -> ParametreInvalide:
    return ParametreInvalide(DIAPOS["erreurs"][cas].format(chemin=chemin, cause=cause))


def _pouces(*cotes: float) -> Place:
    return Place(*(round(c * PAR_POUCE) for c in cotes))


def _poser(forme: Any, place: Place) -> None:
    forme.left, forme.top, forme.width, forme.height = place.x, place.y, place.largeur, place.hauteur


def _mettre_en_large(presentation: Any) -> None:
    """Mettre la présentation livrée avec python-pptx, carrée, en 16:9, titres à gauche."""
    from pptx.enum.text import MSO_ANCHOR  # noqa: PLC0415 - import lent

    p, large = PAGE, PAGE["largeur"] - 2 * PAGE["marge"]
    presentation.slide_width, presentation.slide_height = (
        round(c * PAR_POUCE) for c in (p["largeur"], p["hauteur"])
    )
    titre = _pouces(p["marge"], p["titre_haut"], large, p["titre_hauteur"])
    corps = _pouces(p["marge"], 2.0, large, 4.5)
    places = {
        "TITLE": titre,
        "BODY": corps,
        "OBJECT": corps,
        "CENTER_TITLE": _pouces(p["marge"], 1.5, large, 2.2),
        "SUBTITLE": _pouces(p["marge"], 3.9, large, 1.2),
        "DATE": _pouces(p["largeur"] - 4.2, p["pied_haut"], 2.4, p["pied_hauteur"]),
        "FOOTER": _pouces(p["marge"], p["pied_haut"], large - 1.0, p["pied_hauteur"]),
        "SLIDE_NUMBER": _pouces(p["largeur"] - p["marge"] - 0.9, p["pied_haut"], 0.9, p["pied_hauteur"]),
    }
    master = presentation.slide_master
    for disposition in (
        master,
        *(d for d in master.slide_layouts if d.name in ("Title Slide", "Title Only")),
    ):
        for forme in disposition.placeholders:
            sorte = forme.placeholder_format.type
            if sorte is not None and sorte.name in places:
                _poser(forme, places[sorte.name])
                if sorte.name in ("TITLE", "CENTER_TITLE"):
                    forme.text_frame.vertical_anchor = MSO_ANCHOR.BOTTOM
    for style in master._element.xpath(".//p:titleStyle/a:lvl1pPr"):  # noqa: SLF001 - le style des titres n'a pas d'autre accès
        style.set("algn", "l")
    for style in master.slide_layouts.get_by_name("Title Slide")._element.xpath(".//a:lvl1pPr"):  # noqa: SLF001
        style.set("algn", "l")
    for inutile in [d for d in master.slide_layouts if d.name not in ("Title Slide", "Title Only")]:
        master.slide_layouts.remove(inutile)


def _mesurer(presentation: Any, chemin: Path) -> Masque:
    """Choisir les deux dispositions, et partager la hauteur que leur titre laisse."""
    dispositions = list(presentation.slide_layouts)
    sortes = [{f.placeholder_format.type.name for f in d.placeholders} for d in dispositions]
    avec_titre = [n for n, s in enumerate(sortes) if s & {"TITLE", "CENTER_TITLE"}]
    if not avec_titre:
        raise _refus("gabarit_sans_titre", chemin)
    seuls = [n for n in avec_titre if "TITLE" in sortes[n]] or avec_titre
    message = dispositions[min(seuls, key=lambda n: len(sortes[n]))]
    couverture = dispositions[next((n for n in avec_titre if "CENTER_TITLE" in sortes[n]), avec_titre[0])]
    forme = next(
        f for f in message.placeholders if f.placeholder_format.type.name in ("TITLE", "CENTER_TITLE")
    )
    large, haut = presentation.slide_width or 0, presentation.slide_height or 0
    titre = Place(forme.left, forme.top, forme.width, forme.height)
    unite = haut / PAGE["hauteur"]
    x, largeur = titre.x, min(titre.largeur, large - 2 * titre.x) if titre.x * 2 < large else titre.largeur
    pied_haut, pied_hauteur = (round(PAGE[c] * unite) for c in ("pied_haut", "pied_hauteur"))
    sous = Place(x, titre.y + titre.hauteur, largeur, round(PAGE["sous_titre_hauteur"] * unite))
    notes_hauteur, numero = round(PAGE["notes_hauteur"] * unite), round(0.9 * unite)
    debut = sous.y + sous.hauteur + round(0.1 * unite)
    notes = Place(x, pied_haut - notes_hauteur, largeur, notes_hauteur)
    return Masque(
        presentation,
        couverture,
        message,
        titre,
        sous,
        Place(x, debut, largeur, notes.y - debut - round(0.05 * unite)),
        notes,
        Place(x, pied_haut, largeur - numero, pied_hauteur),
        Place(x + largeur - numero, pied_haut, numero, pied_hauteur),
    )


def rgb(couleur: str) -> Any:
    """Donner une couleur de la charte à python-pptx."""
    from pptx.dml.color import RGBColor  # noqa: PLC0415 - import lent

    lire: Any = RGBColor.from_string
    return lire(couleur.lstrip("#").upper())
