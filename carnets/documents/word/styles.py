"""Les styles du document : de la table et de la charte au XML de Word, ajoutés là où le gabarit n'en a pas."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from typing import TYPE_CHECKING, Any, Final

from carnets.documents.modeles import MODELES
from carnets.documents.word.briques import PAR_CM, PAR_POINT, W, attribut, elements
from cartes.charte import WORD

if TYPE_CHECKING:
    from docx.document import Document

TABLE: Final[dict[str, Any]] = tomllib.loads((MODELES / "word.toml").read_text(encoding="utf-8"))
STYLES: Final[dict[str, dict[str, Any]]] = {style["nom"]: style for style in TABLE["styles"]}
GENRES: Final = {"paragraphe": "paragraph", "caractere": "character", "tableau": "table"}
# Présente ou remplacée à l'identique (Liberation Sans) sur tous les postes, donc même mise en page partout.
POLICE: Final = "Arial"
_BORDS: Final = {"filet_dessus": "top", "filet_gauche": "left", "filet_dessous": "bottom"}


def poser_les_styles(document: Document, largeur: float) -> dict[str, str]:
    """Ajouter les styles que le gabarit n'a pas ; rendre l'identifiant de chacun, par son nom."""
    racine = document.styles.element
    tenus = {
        s.find(f"{W}name").get(f"{W}val").lower(): s.get(f"{W}styleId") for s in racine.findall(f"{W}style")
    }
    manquants = [nom for nom in STYLES if nom.lower() not in tenus]
    pris = set(tenus.values())
    noms = {nom: tenus.get(nom.lower()) or _identifiant(nom, pris) for nom in STYLES}
    for nom in manquants:
        racine.extend(
            elements(_style(STYLES[nom], noms, _numerotation(document, STYLES[nom], noms[nom]), largeur))
        )
    return noms


def _identifiant(nom: str, pris: set[str]) -> str:
    """Faire d'un nom un identifiant sans accent ni blanc, que personne n'a."""
    sans_accent = unicodedata.normalize("NFKD", nom.title()).encode("ascii", "ignore").decode()
    identifiant = re.sub(r"[^A-Za-z0-9]", "", sans_accent)
    while identifiant in pris:
        identifiant += "Abs"
    pris.add(identifiant)
    return identifiant


def _style(dit: dict[str, Any], noms: dict[str, str], numero: int, largeur: float) -> str:
    """Écrire un style ; ses propriétés sont dans l'ordre que Word exige."""
    genre, nom = dit.get("genre", "paragraphe"), dit["nom"]
    base = dit.get("base") or ("Normal" if genre == "paragraphe" and nom != "Normal" else "")
    herite = f'<w:basedOn w:val="{noms[base]}"/>' if base else ""
    suite = f'<w:next w:val="{noms[dit["suivant"]]}"/>' if "suivant" in dit else ""
    corps = (
        _du_tableau(dit)
        if genre == "tableau"
        else _du_paragraphe(dit, numero, largeur) * (genre != "caractere") + _du_texte(dit)
    )
    par_defaut = ' w:default="1"' if dit.get("par_defaut") else ""
    return (
        f'<w:style w:type="{GENRES[genre]}"{par_defaut} w:styleId="{noms[nom]}"><w:name w:val={attribut(nom)}/>'
        f"{herite}{suite}<w:qFormat/>{corps}</w:style>"
    )


def _du_paragraphe(dit: dict[str, Any], numero: int, largeur: float) -> str:
    drapeaux = (("tenu", "keepNext"), ("solidaire", "keepLines"))
    ecrit = "".join(f'<w:{mot} w:val="{int(dit[cle])}"/>' for cle, mot in drapeaux if cle in dit)
    ecrit += f'<w:numPr><w:numId w:val="{numero}"/></w:numPr>' if numero else ""
    bords = "".join(_filet(sens, *dit[cle]) for cle, sens in _BORDS.items() if cle in dit)
    ecrit += f"<w:pBdr>{bords}</w:pBdr>" if bords else ""
    ecrit += _fond(dit["fond"]) if "fond" in dit else ""
    ecrit += _onglet(largeur) if dit.get("tabulation") else ""
    lignes = f' w:line="{round(dit["interligne"] * 240)}" w:lineRule="auto"' if "interligne" in dit else ""
    places = (("avant", "before"), ("apres", "after"))
    blancs = "".join(f' w:{mot}="{round(dit[cle] * PAR_POINT)}"' for cle, mot in places if cle in dit)
    ecrit += f"<w:spacing{blancs}{lignes}/>" if blancs or lignes else ""
    retraits = (("retrait", "left"), ("retrait_a_droite", "right"))
    marges = "".join(f' w:{mot}="{dit[cle] * PAR_POINT}"' for cle, mot in retraits if cle in dit)
    ecrit += f"<w:ind{marges}/>" if marges else ""
    ecrit += f'<w:jc w:val="{dit["aligne"]}"/>' if "aligne" in dit else ""
    ecrit += f'<w:outlineLvl w:val="{dit["niveau"]}"/>' if "niveau" in dit else ""
    return f"<w:pPr>{ecrit}</w:pPr>"


def _onglet(largeur_en_cm: float) -> str:
    """Écrire la tabulation à points de conduite d'un sommaire, au bord droit."""
    place = round(largeur_en_cm * PAR_CM)
    return f'<w:tabs><w:tab w:val="right" w:leader="dot" w:pos="{place}"/></w:tabs>'


def _du_texte(dit: dict[str, Any]) -> str:
    drapeaux = (("gras", "b"), ("italique", "i"), ("capitales", "caps"), ("barre", "strike"))
    police = dit.get("police", POLICE if dit["nom"] == "Normal" else "")
    ecrit = (
        f'<w:rFonts w:ascii="{police}" w:hAnsi="{police}" w:cs="{police}" w:eastAsia="{police}"/>'
        if police
        else ""
    )
    ecrit += "".join(f'<w:{mot} w:val="{int(dit[cle])}"/>' for cle, mot in drapeaux if cle in dit)
    ecrit += f'<w:color w:val="{_couleur(dit["couleur"])}"/>' if "couleur" in dit else ""
    ecrit += "".join(
        f'<w:{mot} w:val="{round(dit["corps"] * 2)}"/>' for mot in ("sz", "szCs") if "corps" in dit
    )
    ecrit += '<w:u w:val="single"/>' if dit.get("souligne") else ""
    ecrit += '<w:lang w:val="fr-FR" w:eastAsia="fr-FR" w:bidi="ar-SA"/>' if dit["nom"] == "Normal" else ""
    return f"<w:rPr>{ecrit}</w:rPr>"


def _du_tableau(dit: dict[str, Any]) -> str:
    """Écrire un style de tableau : de fins filets entre les lignes, un en-tête sur fond pâle."""
    marges = zip(("left", "right"), dit.get("marges_de_cellule", [0, 0]), strict=True)
    cotes = "".join(f'<w:{c} w:w="{round(marge * PAR_POINT)}" w:type="dxa"/>' for c, marge in marges)
    filets = (
        "".join(_filet(c, *dit["filets"]) for c in ("top", "bottom", "insideH")) if "filets" in dit else ""
    )
    bords = f"<w:tblBorders>{filets}</w:tblBorders>" if filets else ""
    entete = ""
    if "entete" in dit:
        fond, couleur, epaisseur = dit["entete"]
        souligne = f"<w:tcBorders>{_filet('bottom', couleur, epaisseur)}</w:tcBorders>"
        habit = f'<w:tcPr>{souligne}{_fond(fond)}<w:vAlign w:val="bottom"/></w:tcPr>'
        entete = f'<w:tblStylePr w:type="firstRow">{habit}</w:tblStylePr>'
    return f"<w:tblPr>{bords}<w:tblCellMar>{cotes}</w:tblCellMar></w:tblPr>{entete}"


def _filet(sens: str, couleur: str, huitiemes: int, ecart: int = 0) -> str:
    return f'<w:{sens} w:val="single" w:sz="{huitiemes}" w:space="{ecart}" w:color="{_couleur(couleur)}"/>'


def _fond(couleur: str) -> str:
    return f'<w:shd w:val="clear" w:color="auto" w:fill="{_couleur(couleur) if couleur else "auto"}"/>'


def _couleur(nom: str) -> str:
    return WORD[nom].lstrip("#")


# -- puces et numéros ------------------------------------------------------------------------------


def _numerotation(document: Document, dit: dict[str, Any], identifiant: str) -> int:
    """Ajouter les puces d'un style de liste, une par niveau, et rendre leur numéro ; zéro pour un style sans puce."""
    if "puces" not in dit:
        return 0
    racine = document.part.numbering_part.element
    abstraits = racine.findall(f"{W}abstractNum")
    rang = 1 + max((int(a.get(f"{W}abstractNumId")) for a in abstraits), default=0)
    niveaux = "".join(_niveau(n, puce, identifiant) for n, puce in enumerate(dit["puces"]))
    (abstrait,) = elements(
        f'<w:abstractNum w:abstractNumId="{rang}"><w:multiLevelType w:val="multilevel"/>{niveaux}</w:abstractNum>'
    )
    # Toutes les définitions précèdent leurs emplois.
    emploi = racine.find(f"{W}num")
    racine.insert(len(racine) if emploi is None else racine.index(emploi), abstrait)
    return _ajouter_un_numero(document, rang)


def _niveau(rang: int, puce: str, identifiant: str) -> str:
    genre = "decimal" if "%" in puce else "bullet"
    style = f'<w:pStyle w:val="{identifiant}"/>' if rang == 0 else ""
    return (
        f'<w:lvl w:ilvl="{rang}"><w:start w:val="1"/><w:numFmt w:val="{genre}"/>{style}<w:lvlText w:val="{puce}"/>'
        f'<w:lvlJc w:val="left"/><w:pPr><w:ind w:left="{284 * (rang + 1)}" w:hanging="227"/></w:pPr></w:lvl>'
    )


def _ajouter_un_numero(document: Document, abstrait: int, *, reprendre: bool = False) -> int:
    """Ajouter l'emploi d'une numérotation ; à reprendre du début, il fait une liste à part."""
    racine = document.part.numbering_part.element
    numero = 1 + max((int(n.get(f"{W}numId")) for n in racine.findall(f"{W}num")), default=0)
    debut = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride>' if reprendre else ""
    racine.extend(elements(f'<w:num w:numId="{numero}"><w:abstractNumId w:val="{abstrait}"/>{debut}</w:num>'))
    return numero


def numero_de_liste(document: Document, identifiant: str, *, a_part: bool) -> int:
    """Donner le numéro d'un style de liste, ou un autre qui repart de un ; zéro si la ville n'en a pas mis."""
    (style,) = [
        s for s in document.styles.element.findall(f"{W}style") if s.get(f"{W}styleId") == identifiant
    ]
    tenu = style.find(f"{W}pPr/{W}numPr/{W}numId")
    if tenu is None:
        return 0
    emplois = document.part.numbering_part.element.findall(f"{W}num")
    vise = [n.find(f"{W}abstractNumId") for n in emplois if n.get(f"{W}numId") == tenu.get(f"{W}val")]
    if not a_part or not vise:
        return int(tenu.get(f"{W}val"))
    return _ajouter_un_numero(document, int(vise[0].get(f"{W}val")), reprendre=True)
