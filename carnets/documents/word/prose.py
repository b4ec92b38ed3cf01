"""Le texte de l'analyste, de l'arbre aux paragraphes Word, entre deux signets par lesquels il se reprend."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from docx.opc.constants import RELATIONSHIP_TYPE

from carnets.documents.arbre_de_prose import en_arbre, suites, texte
from carnets.documents.word import images, tableaux
from carnets.documents.word.briques import signet
from carnets.documents.word.redaction import MOTS
from carnets.documents.word.styles import STYLES, TABLE, numero_de_liste

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carnets.documents.arbre_de_prose import Noeud, Noeuds
    from carnets.documents.word.redaction import Redaction


_STYLES_DE_MOTS: Final[dict[str, str]] = TABLE["mots_de_l_analyste"]
_DEUX_STYLES: Final = "Gras italique"
_LIEN: Final = re.compile(r"(?:https?://|mailto:)\S+", re.IGNORECASE)
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
    ecrit = "".join(_blocs(r, en_arbre(bloc["html"]), contexte)) or r.paragraphe(contexte.style, "")
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


def _blocs(r: Redaction, noeuds: Noeuds, contexte: _Contexte) -> Iterator[str]:
    """Écrire une suite de nœuds : les blocs à leur façon, les mots en paragraphes."""
    for bloc, mots in suites(noeuds):
        if bloc is not None:
            yield from _bloc(r, bloc, contexte)
        else:
            debut = [mots[0].lstrip(" "), *mots[1:]] if isinstance(mots[0], str) else mots
            yield r.paragraphe(contexte.style, _mots(r, debut, ""), contexte.proprietes)


def _bloc(r: Redaction, noeud: Noeud, contexte: _Contexte) -> Iterator[str]:
    forme, enfants = noeud["forme"], noeud.get("enfants", [])
    if forme == "titre":
        # Un titre de l'analyste est dans son chapitre : au plus de rang 3, celui des parties.
        yield r.titre(texte(enfants), max(noeud["rang"] + 1, 3))
    elif forme in ("puces", "numeros"):
        yield from _liste(r, enfants, contexte.niveau + 1, numerotee=forme == "numeros")
    elif forme == "citation":
        yield from _blocs(r, enfants, _Contexte("Quote"))
    elif forme == "table":
        yield from _table(r, noeud)
    elif forme == "brut":
        yield r.paragraphe("Préformaté", _mots(r, enfants, ""))
    elif forme == "image":
        yield _image(r, noeud)
    else:
        yield from _blocs(r, enfants, contexte)


def _liste(r: Redaction, points: Noeuds, niveau: int, *, numerotee: bool) -> Iterator[str]:
    """Écrire une liste et celles qu'elle contient ; une liste numérotée repart de un."""
    style = "List Number" if numerotee else "List Bullet"
    numero = numero_de_liste(r.document, r.styles[style], a_part=numerotee)
    a_dire = numero and (numerotee or niveau)
    rang = min(niveau, len(STYLES[style]["puces"]) - 1)
    puce = f'<w:numPr><w:ilvl w:val="{rang}"/><w:numId w:val="{numero}"/></w:numPr>' if a_dire else ""
    for point in points:
        if not isinstance(point, str):
            yield from _blocs(r, point["enfants"], _Contexte(style, puce, niveau))


def _table(r: Redaction, noeud: Noeud) -> Iterator[str]:
    """Écrire un tableau de l'analyste dans le style des nôtres."""
    lignes = [[_case(r, c, "Cellule") for c in ligne] for ligne in noeud["lignes"]]
    yield tableaux.ecrire(r, [_case(r, c, "En-tête de colonne") for c in noeud["entetes"]], lignes, "")
    yield tableaux.separateur(r)


def _case(r: Redaction, noeuds: Noeuds, style: str) -> tableaux.Case:
    return tableaux.Case(style, _mots(r, noeuds, ""), texte(noeuds).strip())


def _image(r: Redaction, noeud: Noeud) -> str:
    """Écrire une image incluse ; celle du dehors n'est jamais cherchée, et se dit."""
    alternatif = noeud["alternatif"] or "Image de l'analyste."
    points, vecteur = images.decoder(noeud["adresse"])
    if not points:
        return r.texte("Note", MOTS["sans_image"].format(alternatif=alternatif))
    largeur = min(r.utile_en_cm, TABLE["page"]["largeur_d_image_cm"], images.pixels(points) / _PIXELS_PAR_CM)
    return r.paragraphe(
        "Figure", images.poser(r.document, points, vecteur, alternatif, largeur, next(r.numeros))
    )


# -- mots ------------------------------------------------------------------------------------------


def _mots(r: Redaction, noeuds: Noeuds, style: str) -> str:
    """Écrire des mots, ceux qu'ils contiennent avec eux."""
    return "".join(r.mot(n, style) if isinstance(n, str) else _en_ligne(r, n, style) for n in noeuds)


def _en_ligne(r: Redaction, noeud: Noeud, style: str) -> str:
    forme = noeud["forme"]
    if forme == "ligne":
        return "<w:r><w:br/></w:r>"
    if forme == "image":
        return r.mot(MOTS["sans_image"].format(alternatif=noeud["alternatif"]), style)
    propre = _STYLES_DE_MOTS.get(forme, style)
    croise = {propre, style} == {"Strong", "Emphasis"}
    propre = _DEUX_STYLES if croise or style == _DEUX_STYLES else propre
    return _lien(r, noeud, propre) if forme == "lien" else _mots(r, noeud.get("enfants", []), propre)


def _lien(r: Redaction, noeud: Noeud, style: str) -> str:
    """Écrire un lien vers le document ou vers une adresse ; toute autre n'est que du texte."""
    adresse, dit = noeud["adresse"], texte(noeud["enfants"])
    if adresse.startswith("#"):
        return r.renvoi(adresse[1:], dit)
    if not _LIEN.fullmatch(adresse):
        return r.mot(dit, style)
    lien = r.document.part.relate_to(adresse, RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
    return f'<w:hyperlink r:id="{lien}" w:history="1">{r.mot(dit, "Hyperlink")}</w:hyperlink>'
