"""Les images du document : un graphique en points et en vecteur, une carte reçue, chacune avec ce qu'elle montre."""

from __future__ import annotations

import base64
import binascii
import io
import json
import re
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from docx.image.image import Image
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from lxml import etree

from abs.graphiques.demandes import DemandeDeGraphique
from carnets.documents.word.briques import EMU_PAR_CM, attribut
from carnets.documents.word.styles import TABLE
from cartes.graphiques.style import LARGEURS

if TYPE_CHECKING:
    from docx.document import Document

PPP: Final = 220
_ADRESSE: Final = re.compile(r"data:(image/[a-z+.-]+)(?:;[a-z0-9=-]+)*?(;base64)?,(.*)", re.DOTALL)
_VECTEUR: Final = "image/svg+xml"
_EXECUTE: Final = frozenset({"script", "foreignObject", "iframe", "handler", "set", "animate"})


def dessiner(bloc: dict[str, Any], *, intitule: bool = False) -> tuple[bytes, bytes, str]:
    """Dessiner un graphique, en points et en vecteur, et dire ce qu'il montre ; sans titre, la légende l'écrit."""
    return _dessiner(json.dumps(bloc["demande"], sort_keys=True), bloc["largeur"], intitule)


# Gardé par son texte : deux demandes où une valeur manque (NaN) ne sont jamais égales.
@lru_cache(maxsize=64)
def _dessiner(texte: str, largeur: Any, intitule: bool) -> tuple[bytes, bytes, str]:
    from cartes.ecriture import rendre_png  # noqa: PLC0415 - matplotlib, seulement quand on dessine
    from cartes.graphiques.graphique import Graphique  # noqa: PLC0415
    from cartes.graphiques.svg import rendre_svg  # noqa: PLC0415

    demande = DemandeDeGraphique.depuis(json.loads(texte))
    complet = Graphique(demande, largeur)
    notices = {"Title": demande.titre, "Description": complet.texte_alternatif()}
    figure = (complet if intitule else Graphique(replace(demande, titre="", sous_titre=""), largeur)).figure()
    # En chemins : la police de la charte n'est pas sur le poste de l'élu.
    svg = rendre_svg(figure, *notices.values(), en_chemins=True)
    figure.set_dpi(PPP)
    return rendre_png(figure, notices), svg.encode(), notices["Description"]


def largeur_dessinee(nom: Any) -> float:
    """Donner en centimètres la largeur pour laquelle un graphique est dessiné, où ses lettres ont leur corps."""
    return float(LARGEURS[nom] * 2.54 / 72)


def decoder(adresse: str) -> tuple[bytes, bytes]:
    """Lire une image incluse, en points et en vecteur ; rien pour une adresse du dehors, ou illisible."""
    trouve = _ADRESSE.fullmatch(adresse.strip())
    if trouve is None or not trouve[2]:
        return b"", b""
    try:
        octets = base64.b64decode(trouve[3])
    except binascii.Error:
        return b"", b""
    if trouve[1] != _VECTEUR:
        return octets, b""
    vecteur = _sans_action(octets)
    return (_remplacant(vecteur), vecteur) if vecteur else (b"", b"")


def _sans_action(svg: bytes) -> bytes:
    """Ôter d'un dessin de l'analyste tout ce qui agirait ou appellerait le dehors."""
    try:
        racine = etree.fromstring(svg, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError:
        return b""
    for element in list(racine.iter()):
        nom = etree.QName(element).localname if isinstance(element.tag, str) else "script"
        if nom in _EXECUTE and element.getparent() is not None:
            element.getparent().remove(element)
            continue
        for cle, valeur in element.attrib.items():
            appelle = cle.endswith("href") and not valeur.startswith(("#", "data:image/"))
            if etree.QName(cle).localname.startswith("on") or appelle:
                del element.attrib[cle]
    return etree.tostring(racine)


def _remplacant(svg: bytes) -> bytes:
    """Tenir la place d'un dessin vectoriel là où il ne se montre pas."""
    from PIL import Image as Points  # noqa: PLC0415 - seulement pour un dessin de l'analyste
    from PIL import ImageDraw, ImageFont  # noqa: PLC0415

    racine = etree.fromstring(svg, etree.XMLParser(resolve_entities=False, no_network=True))
    cotes = [float(n) for n in re.findall(r"[\d.]+", racine.get("viewBox", ""))[2:4]]
    largeur, hauteur = cotes if len(cotes) == 2 and min(cotes) > 0 else (16.0, 9.0)
    image = Points.new("L", (1200, max(60, min(2400, round(1200 * hauteur / largeur)))), 244)
    police = ImageFont.load_default(size=30)
    ImageDraw.Draw(image).text((40, 20), TABLE["mots"]["sans_vecteur"], fill=80, font=police)
    rendue = io.BytesIO()
    image.save(rendue, "png")
    return rendue.getvalue()


def pixels(octets: bytes) -> int:
    """Compter les pixels d'une image en largeur."""
    return int(Image.from_blob(octets).px_width)


def poser(
    document: Document, octets: bytes, vecteur: bytes, alternatif: str, largeur_en_cm: float, numero: int
) -> str:
    """Poser une image dans un morceau : les points que tous lisent, et leur vecteur à côté (Word 2016 et suivants)."""
    lien, image = document.part.get_or_add_image(io.BytesIO(octets))
    largeur, hauteur = largeur_en_cm, largeur_en_cm * image.px_height / image.px_width
    plafond = TABLE["page"]["hauteur_d_image_cm"]
    if hauteur > plafond:
        largeur, hauteur = largeur * plafond / hauteur, plafond
    cotes = f'cx="{round(largeur * EMU_PAR_CM)}" cy="{round(hauteur * EMU_PAR_CM)}"'
    extension = _vecteur(document, vecteur, numero) if vecteur else ""
    description = attribut(re.sub(r"\s+", " ", alternatif).strip())
    return (
        f'<w:r><w:drawing><wp:inline distT="0" distB="0" distL="0" distR="0"><wp:extent {cotes}/>'
        f'<wp:docPr id="{numero}" name="Image {numero}" descr={description}/>'
        '<wp:cNvGraphicFramePr><a:graphicFrameLocks noChangeAspect="1"/></wp:cNvGraphicFramePr>'
        '<a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic>'
        f'<pic:nvPicPr><pic:cNvPr id="{numero}" name="Image {numero}"/><pic:cNvPicPr/></pic:nvPicPr>'
        f'<pic:blipFill><a:blip r:embed="{lien}">{extension}</a:blip><a:stretch><a:fillRect/></a:stretch></pic:blipFill>'
        f'<pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext {cotes}/></a:xfrm><a:prstGeom prst="rect"><a:avLst/></a:prstGeom>'
        "</pic:spPr></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r>"
    )


def _vecteur(document: Document, svg: bytes, numero: int) -> str:
    uri = PackURI(f"/word/media/dessin{numero}.svg")
    lien = document.part.relate_to(Part(uri, _VECTEUR, svg, document.part.package), RELATIONSHIP_TYPE.IMAGE)
    nom = "{96DAC541-7B7A-43D3-8B79-37D633B846F1}"
    return f'<a:extLst><a:ext uri="{nom}"><asvg:svgBlip r:embed="{lien}"/></a:ext></a:extLst>'
