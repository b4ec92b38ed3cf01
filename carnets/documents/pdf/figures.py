"""Les figures d'un PDF : graphiques dessinés en vecteur, images reçues vérifiées, chacune un fichier et sa description."""

from __future__ import annotations

import base64
import binascii
import io
import json
import re
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote_to_bytes
from xml.etree import ElementTree as ET

from abs.graphiques.demandes import DemandeDeGraphique
from carnets.documents.modeles import PDF

if TYPE_CHECKING:
    Donnees = dict[str, Any]

# Ce que Typst lit à coup sûr, et l'extension sous laquelle il le reconnaît ; le reste est refait en PNG.
EXTENSIONS: Final = {"PNG": "png", "JPEG": "jpg"}
_MODES: Final = ("1", "L", "LA", "P", "RGB", "RGBA")
_ADRESSE: Final = re.compile(r"data:image/[\w.+-]+((?:;[\w=-]+)*),(.*)", re.DOTALL)
# Pixels au-delà desquels une image reçue n'est pas ouverte : une bombe de décompression n'est pas une carte.
_PIXELS: Final = 120_000_000


class Figures:
    """Les fichiers à donner au gabarit : une même image, ou un même dessin, n'y est qu'une fois."""

    def __init__(self) -> None:
        self.fichiers: dict[str, bytes] = {}
        self._noms: dict[bytes, str] = {}

    def image(self, adresse: str, alternatif: str, legende: str = "") -> Donnees:
        """Ranger une image reçue ; illisible ou venue d'ailleurs, elle laisse sa description."""
        decrit = alternatif.strip() or legende.strip() or PDF["textes"]["image_sans_texte"]
        octets = _octets(adresse)
        lue = _lire(octets)
        if lue is None:
            return {"genre": "illisible", "texte": PDF["textes"]["image_illisible"] + decrit}
        octets, extension, rapport = lue
        nom = self._ranger(octets, extension)
        return {"genre": "figure", "fichier": nom, "alternatif": decrit, "rapport": rapport}

    def graphique(self, donnees: Donnees, largeur: str, sans_nom: str = "") -> Donnees:
        """Dessiner un graphique sans son titre ni sa source : la légende les dit, en toutes lettres."""
        demande = DemandeDeGraphique.depuis(donnees)
        dessin, alternatif = _dessiner(json.dumps(donnees, sort_keys=True), largeur, sans_nom)
        return {
            "genre": "figure",
            "fichier": self._ranger(dessin, "svg"),
            "alternatif": alternatif,
            "titre": demande.titre,
            "sous_titre": demande.sous_titre,
            "legende": " ".join(f"{t.rstrip('.')}." for t in (demande.sous_titre, demande.mention) if t),
            "rapport": 0,
            # Réduire un graphique réduirait ses lettres : il prend la hauteur qu'il lui faut.
            "hauteur": PDF["hauteurs"]["graphique"],
        }

    def _ranger(self, octets: bytes, extension: str) -> str:
        nom = self._noms.setdefault(octets, f"figure-{len(self._noms)}.{extension}")
        self.fichiers[nom] = octets
        return nom


def largeur_de(bloc: Donnees) -> str:
    """Dire à quelle largeur un graphique est dessiné dans ce format."""
    return str(bloc["largeur"]) if bloc["largeur"] in ("pleine", "fiche") else "demi"


def dessiner(bloc: Donnees, *, intitule: bool = False) -> None:  # noqa: ARG001 - la légende dit toujours le titre
    """Dessiner un graphique d'avance, pendant que le carnet s'exécute."""
    _dessiner(json.dumps(bloc["demande"], sort_keys=True), largeur_de(bloc), bloc.get("valeur", ""))


# Gardé par son texte : deux demandes où une valeur manque (NaN) ne sont jamais égales.
@lru_cache(maxsize=64)
def _dessiner(texte: str, largeur: Any, sans_nom: str) -> tuple[bytes, str]:
    """Dessiner ; la réglette de la valeur ``sans_nom``, qu'une fiche écrit juste au-dessus, n'y est pas nommée."""
    from cartes.graphiques.graphique import Graphique  # noqa: PLC0415 - matplotlib, seulement quand on dessine

    demande = DemandeDeGraphique.depuis(json.loads(texte))
    nue = replace(demande, titre="", sous_titre="", source="")
    if sans_nom and demande.genre == "points":
        premiere = demande.series[0]
        if any(v.role == "sujet" and v.texte == sans_nom for v in premiere.valeurs):
            nue = replace(nue, series=(replace(premiere, nom=""), *demande.series[1:]))
    return Graphique(nue, largeur).svg().encode(), Graphique(demande).texte_alternatif()


def _octets(adresse: str) -> bytes:
    """Lire une adresse incluse ; rien pour une autre : un document ne va rien chercher."""
    vue = _ADRESSE.fullmatch(adresse.strip())
    if vue is None:
        return b""
    try:
        brut = unquote_to_bytes(vue[2])
        return base64.b64decode(brut, validate=False) if ";base64" in vue[1] else brut
    except binascii.Error:
        return b""


def _lire(octets: bytes) -> tuple[bytes, str, float] | None:
    """Donner une image, son extension et son rapport largeur / hauteur ; rien si elle ne se lit pas en entier."""
    debut = octets[:400].lstrip()
    return (
        _svg(octets) if debut.startswith((b"<svg", b"<?xml", b"<!--", b"<!DOCTYPE")) else _en_points(octets)
    )


def _svg(octets: bytes) -> tuple[bytes, str, float] | None:
    # Une entité déclarée n'a pas de raison d'être dans une carte, et sait faire grossir un texte sans fin.
    if b"<!ENTITY" in octets.upper():
        return None
    try:
        racine = ET.fromstring(octets)  # noqa: S314 - ni entité, ni ressource du dehors : expat n'en va pas chercher
    except (ET.ParseError, ValueError):
        return None
    cadre = [float(n) for n in re.findall(r"-?\d+\.?\d*", racine.get("viewBox", ""))]
    if not racine.tag.endswith("svg"):
        return None
    return octets, "svg", cadre[2] / cadre[3] if len(cadre) == 4 and cadre[3] > 0 else 1.0


def _en_points(octets: bytes) -> tuple[bytes, str, float] | None:
    from PIL import Image  # noqa: PLC0415 - seulement quand il y a une image

    try:
        with Image.open(io.BytesIO(octets)) as image:
            large, haute = image.size
            if large * haute > _PIXELS:
                return None
            image.load()
            extension = EXTENSIONS.get(str(image.format)) if image.mode in _MODES else None
            if extension is None:
                sortie = io.BytesIO()
                image.convert("RGBA").save(sortie, "PNG")
                octets, extension = sortie.getvalue(), "png"
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    return octets, extension, large / haute
