"""Les briques du XML de Word : texte échappé, morceau, paragraphe, champ, signet, lien."""

import re
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from lxml import etree

ESPACES: Final = {
    "w": "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    "r": "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    "wp": "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing",
    "a": "http://schemas.openxmlformats.org/drawingml/2006/main",
    "pic": "http://schemas.openxmlformats.org/drawingml/2006/picture",
    "asvg": "http://schemas.microsoft.com/office/drawing/2016/SVG/main",
}
W: Final = f"{{{ESPACES['w']}}}"
_DECLARES: Final = " ".join(f'xmlns:{prefixe}="{adresse}"' for prefixe, adresse in ESPACES.items())
# Ce que XML 1.0 n'admet pas : un texte de partenaire peut en porter.
_INTERDITS: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Les unités de Word : le vingtième de point, et pour les images 360 000 au centimètre.
PAR_POINT, PAR_CM, EMU_PAR_CM = 20, 1440 / 2.54, 360_000


def elements(xml: str) -> list[etree._Element]:
    """Lire des éléments dont les préfixes sont ceux de Word."""
    return list(etree.fromstring(f"<racine {_DECLARES}>{xml}</racine>"))


def propre(texte: str) -> str:
    """Ôter ce qu'un fichier XML ne peut pas porter."""
    return _INTERDITS.sub("", texte)


def attribut(texte: str) -> str:
    """Écrire un attribut, guillemets compris."""
    return quoteattr(propre(texte).replace("\n", " "))


def morceau(texte: str, style: str = "") -> str:
    """Écrire un morceau de texte, avec son seul style de caractère (un identifiant)."""
    if not texte:
        return ""
    habit = f'<w:rPr><w:rStyle w:val="{style}"/></w:rPr>' if style else ""
    lignes = escape(propre(texte)).split("\n")
    return (
        f"<w:r>{habit}" + "<w:br/>".join(f'<w:t xml:space="preserve">{li}</w:t>' for li in lignes) + "</w:r>"
    )


def paragraphe(style: str, contenu: str, proprietes: str = "") -> str:
    """Écrire un paragraphe d'un style (un identifiant)."""
    return f'<w:p><w:pPr><w:pStyle w:val="{style}"/>{proprietes}</w:pPr>{contenu}</w:p>'


def champ(instruction: str, resultat: str, style: str = "") -> str:
    """Écrire un champ déjà rempli."""
    habit = f'<w:rPr><w:rStyle w:val="{style}"/></w:rPr>' if style else ""
    bornes = [f'<w:r>{habit}<w:fldChar w:fldCharType="{b}"/></w:r>' for b in ("begin", "separate", "end")]
    ordre = f'<w:r>{habit}<w:instrText xml:space="preserve"> {escape(instruction)} </w:instrText></w:r>'
    return bornes[0] + ordre + bornes[1] + morceau(resultat, style) + bornes[2]


def signet(nom: str, numero: int, contenu: str = "") -> str:
    """Écrire un signet autour d'un contenu."""
    return (
        f'<w:bookmarkStart w:id="{numero}" w:name={attribut(nom)}/>{contenu}<w:bookmarkEnd w:id="{numero}"/>'
    )


def lien_interne(signet_vise: str, contenu: str) -> str:
    """Écrire un lien vers un signet du document."""
    return f'<w:hyperlink w:anchor={attribut(signet_vise)} w:history="1">{contenu}</w:hyperlink>'
