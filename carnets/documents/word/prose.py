"""Le texte de l'analyste, du HTML aux paragraphes Word, entre deux signets par lesquels il se reprend."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import lxml.html
from docx.opc.constants import RELATIONSHIP_TYPE

from carnets.documents.word import images, tableaux
from carnets.documents.word.briques import signet
from carnets.documents.word.redaction import MOTS
from carnets.documents.word.styles import STYLES, TABLE, numero_de_liste

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.html import HtmlElement

    from carnets.documents.word.redaction import Redaction


_HTML: Final[dict[str, Any]] = TABLE["html"]
_STYLES_DE_MOTS: Final[dict[str, str]] = _HTML["mots"]
_BLOCS, _TUS = frozenset(_HTML["blocs"]), frozenset(_HTML["tus"])
_DEUX_STYLES: Final = "Gras italique"
_TITRE: Final = re.compile(r"h([1-6])")
_LIEN: Final = re.compile(r"(?:https?://|mailto:)\S+", re.IGNORECASE)
_BLANCS: Final = re.compile(r"[ \t\r\n]+")
_PIXELS_PAR_CM: Final = 96 / 2.54


@dataclass(frozen=True)
class _Contexte:
    """Où l'on en est : le style du paragraphe en cours, sa puce, et le niveau de la liste."""

    style: str = "Normal"
    proprietes: str = ""
    niveau: int = -1


def prose(r: Redaction, bloc: dict[str, Any]) -> str:
    """Écrire un texte de l'analyste, sa signature avant lui."""
    signature = r.texte("Signature de l'analyste", bloc["signature"]) if bloc.get("signature") else ""
    contexte = _Contexte("Prose" if signature else "Normal")
    racine = lxml.html.fragment_fromstring(bloc["html"] or "<p></p>", create_parent="div")
    ecrit = "".join(_blocs(r, racine, contexte)) or r.paragraphe(contexte.style, "")
    return signature + _entre_signets(r, ecrit)


def _entre_signets(r: Redaction, xml: str) -> str:
    """Poser les deux signets au début du premier paragraphe et à la fin du dernier : LibreOffice les garde."""
    if not xml.startswith("<w:p>"):
        xml = tableaux.separateur(r) + xml
    if not xml.endswith("</w:p>"):
        xml += tableaux.separateur(r)
    debut, fin = r.signets_de_texte()
    apres_proprietes = xml.index("</w:pPr>") + len("</w:pPr>")
    ouverture, cloture = signet(debut, next(r.numeros)), signet(fin, next(r.numeros))
    xml = xml[:apres_proprietes] + ouverture + xml[apres_proprietes:]
    return xml.removesuffix("</w:p>") + cloture + "</w:p>"


# -- blocs -----------------------------------------------------------------------------------------


def _blocs(r: Redaction, parent: HtmlElement, contexte: _Contexte) -> Iterator[str]:
    """Écrire les enfants d'un élément : les blocs à leur façon, les mots en paragraphes."""
    en_cours = _mots(r, parent.text, "")
    for enfant in parent:
        nom = enfant.tag if isinstance(enfant.tag, str) else ""
        if nom in _BLOCS or (nom == "img" and not en_cours.strip()):
            yield from _paragraphe(r, en_cours, contexte)
            en_cours = ""
            yield from _bloc(r, enfant, nom, contexte)
        else:
            en_cours += _en_ligne(r, enfant, "")
        suite = enfant.tail or ""
        en_cours += _mots(r, suite if en_cours else suite.lstrip(), "")
    yield from _paragraphe(r, en_cours, contexte)


def _paragraphe(r: Redaction, contenu: str, contexte: _Contexte) -> Iterator[str]:
    if contenu.strip():
        yield r.paragraphe(contexte.style, contenu, contexte.proprietes)


def _bloc(r: Redaction, element: HtmlElement, nom: str, contexte: _Contexte) -> Iterator[str]:
    titre = _TITRE.fullmatch(nom)
    if titre is not None:
        # Un titre de l'analyste est dans son chapitre : au plus de rang 3, celui des parties.
        yield r.titre(_texte_de(element), max(int(titre[1]) + 1, 3))
    elif nom in {"ul", "ol"}:
        yield from _liste(r, element, nom, contexte.niveau + 1)
    elif nom == "blockquote":
        yield from _blocs(r, element, _Contexte("Quote"))
    elif nom == "table":
        yield from _table(r, element)
    elif nom == "pre":
        yield r.texte("Préformaté", element.text_content().strip("\n"))
    elif nom == "img":
        yield _image(r, element)
    else:
        yield from _blocs(r, element, contexte)


def _liste(r: Redaction, element: HtmlElement, nom: str, niveau: int) -> Iterator[str]:
    """Écrire une liste et celles qu'elle contient ; une liste numérotée repart de un."""
    style = "List Number" if nom == "ol" else "List Bullet"
    numero = numero_de_liste(r.document, r.styles[style], a_part=nom == "ol")
    a_dire = numero and (nom == "ol" or niveau)
    rang = min(niveau, len(STYLES[style]["puces"]) - 1)
    puce = f'<w:numPr><w:ilvl w:val="{rang}"/><w:numId w:val="{numero}"/></w:numPr>' if a_dire else ""
    for li in element.iterchildren("li"):
        yield from _blocs(r, li, _Contexte(style, puce, niveau))


def _table(r: Redaction, element: HtmlElement) -> Iterator[str]:
    """Écrire un tableau de l'analyste dans le style des nôtres."""
    lignes = [[_case(r, c) for c in ligne.iterchildren("th", "td")] for ligne in element.iter("tr")]
    lignes = [ligne for ligne in lignes if ligne]
    if not lignes:
        return
    colonnes = max(map(len, lignes))
    vide = tableaux.Case("Cellule", "", "")
    completes = [[*ligne, *[vide] * (colonnes - len(ligne))] for ligne in lignes]
    entete = [tableaux.Case("En-tête de colonne", c.contenu, c.texte) for c in completes[0]]
    yield tableaux.ecrire(r, entete, completes[1:], "")
    yield tableaux.separateur(r)


def _case(r: Redaction, cellule: HtmlElement) -> tableaux.Case:
    contenu = _mots(r, cellule.text, "")
    contenu += "".join(_en_ligne(r, e, "") + _mots(r, e.tail, "") for e in cellule)
    return tableaux.Case("Cellule", contenu, _texte_de(cellule))


def _image(r: Redaction, element: HtmlElement) -> str:
    """Écrire une image incluse ; celle du dehors n'est jamais cherchée, et se dit."""
    alternatif = element.get("alt") or element.get("title") or "Image de l'analyste."
    points, vecteur = images.decoder(element.get("src", ""))
    if not points:
        return r.texte("Note", MOTS["sans_image"].format(alternatif=alternatif))
    largeur = min(r.utile_en_cm, TABLE["page"]["largeur_d_image_cm"], images.pixels(points) / _PIXELS_PAR_CM)
    return r.paragraphe(
        "Figure", images.poser(r.document, points, vecteur, alternatif, largeur, next(r.numeros))
    )


# -- mots ------------------------------------------------------------------------------------------


def _en_ligne(r: Redaction, element: HtmlElement, style: str) -> str:
    """Écrire un élément dans la ligne, ses enfants avec lui."""
    nom = element.tag if isinstance(element.tag, str) else "script"
    if nom in _TUS:
        return ""
    if nom == "br":
        return "<w:r><w:br/></w:r>"
    if nom == "img":
        return _mots(r, MOTS["sans_image"].format(alternatif=element.get("alt", "")), style)
    propre = _STYLES_DE_MOTS.get(nom, style)
    croise = {propre, style} == {"Strong", "Emphasis"}
    propre = _DEUX_STYLES if croise or style == _DEUX_STYLES else propre
    if nom == "a":
        return _lien(r, element, propre)
    enfants = "".join(_en_ligne(r, e, propre) + _mots(r, e.tail, propre) for e in element)
    return _mots(r, element.text, propre) + enfants


def _lien(r: Redaction, element: HtmlElement, style: str) -> str:
    """Écrire un lien vers le document ou vers une adresse ; toute autre n'est que du texte."""
    adresse, texte = (element.get("href") or "").strip(), _texte_de(element)
    if adresse.startswith("#"):
        return r.renvoi(adresse[1:], texte)
    if not _LIEN.fullmatch(adresse):
        return _mots(r, texte, style)
    lien = r.document.part.relate_to(adresse, RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
    return f'<w:hyperlink r:id="{lien}" w:history="1">{r.mot(texte, "Hyperlink")}</w:hyperlink>'


def _mots(r: Redaction, texte: str | None, style: str) -> str:
    return r.mot(_BLANCS.sub(" ", texte), style) if texte and (texte.strip() or "\n" not in texte) else ""


def _texte_de(element: HtmlElement) -> str:
    for tu in [e for e in element.iter() if not isinstance(e.tag, str) or e.tag in _TUS]:
        tu.drop_tree()
    return _BLANCS.sub(" ", element.text_content()).strip()
