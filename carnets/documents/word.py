"""Du carnet exécuté au document Word : titres, tableaux à en-tête répété, légendes et textes de remplacement."""

from __future__ import annotations

import base64
import html
import re
from copy import deepcopy
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import docx
import pypandoc
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Cm, Pt, RGBColor
from lxml import etree

from carnets.documents.modeles import CLASSEURS
from carnets.documents.rendu import rendre_blocs
from cartes.charte import WORD
from donnees_insee.chemins import dossier_de_passage, fichier_provisoire

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from docx.document import Document

    # Mises en forme déjà faites, par élément, réglage et propriétés de départ.
    Gabarits = dict[tuple[object, ...], Any]

# Ce par quoi un essai relie un chiffre de la page à sa ligne : rien de tout cela n'entre dans un document Word.
SANS_RENVOIS: Final = re.compile(r' data-[a-z-]+="[^"]*"')
IMAGE_INCLUSE: Final = re.compile(r'src="data:image/png;base64,([A-Za-z0-9+/=\s]*)"')
# Une grande nursery épargne à pandoc un tiers de son temps, passé à ramasser sa mémoire.
MEMOIRE_DE_PANDOC: Final = ("+RTS", "-A64m", "-RTS")
# Présente ou remplacée à l'identique (Liberation Sans) sur tous les postes, donc même mise en page partout.
POLICE: Final = "Arial"
STYLES_DE_TEXTE: Final = ("Heading", "Title", "Normal", "Body", "Compact", "First")
MARGE_EN_CM: Final = 1.8
LARGEUR_EN_CM: Final = 21.0
# Les textes des cartes sont faits pour cette largeur : à moins, ils passeraient sous sept points.
LARGEUR_D_IMAGE_EN_CM: Final = 17.0
PREMIERE_COLONNE: Final = 0.30
TABLE_LARGE: Final = 6
FILET: Final = WORD["bord_d_encadre"].lstrip("#")
HABITS_DE_TABLE: Final[list[str]] = CLASSEURS["habits_de_table"]
NOTES: Final = re.compile(r'<ul class="notes">(.*?)</ul>', re.DOTALL)
FICHES: Final = re.compile(r'<h3 id="fiche-[^"]*">(.*?)</h3>')
REPERES: Final = re.compile(r'<tr class="repere"><th scope="row"[^>]*>(.*?)</th>', re.DOTALL)
# L'en-tête et les premières lignes restent sur la même page.
LIGNES_TENUES: Final = 2
# Colonnes de texte, qui se lisent mal alignées à droite comme des nombres.
COLONNES_DE_TEXTE: Final = ("Communes", "Traits", "Écart établi")
# Une liste de noms prend la place que les nombres lui laissent.
LISTES_DE_NOMS: Final = ("Communes", "Traits")
UTILE_EN_CM, PREMIERE_EN_CM, NOMBRE_EN_CM = 17.4, 3.0, 2.6


def ecrire_docx(blocs: Sequence[dict[str, Any]], titre: str, chemin: Path, sorte: str = "portrait") -> Path:
    """Écrire le document Word d'un portrait ou d'une comparaison."""
    corps = rendre_blocs(blocs, papier=True)
    return (ecrire_comparaison_docx if sorte == "comparaison" else ecrire_le_corps)(corps, titre, chemin)


def ecrire_le_corps(
    corps: str, titre: str, chemin: Path, completer: Callable[[Document], None] | None = None
) -> Path:
    """Écrire le document Word ; ce qui le complète vient après l'habillage commun."""
    papier = SANS_RENVOIS.sub("", corps)
    with fichier_provisoire(chemin) as provisoire, dossier_de_passage("word") as images:
        papier = _sortir_les_images(papier, Path(images))
        source = f'<html lang="fr"><head><title></title></head><body>{papier}</body></html>'
        pypandoc.convert_text(
            source,
            "docx",
            format="html",
            outputfile=str(provisoire),
            extra_args=[
                *("--metadata", "lang=fr-FR", "--metadata", f"pagetitle={titre}"),
                f"--resource-path={images}",
                *MEMOIRE_DE_PANDOC,
            ],
        )
        document = docx.Document(str(provisoire))
        _habiller(document, titre)
        if completer is not None:
            completer(document)
        document.save(str(provisoire))
    return chemin


def ecrire_comparaison_docx(corps: str, titre: str, chemin: Path) -> Path:
    """Écrire le document Word de la comparaison : le document commun, et chaque fiche de commune sur sa page."""
    # Une note commence parfois par son propre signe (*, p, e) : une puce le doublerait.
    papier = NOTES.sub(lambda liste: liste[1].replace("<li>", "<p>").replace("</li>", "</p>"), corps)
    reperes, communes = (
        {html.unescape(nom).strip() for nom in motif.findall(corps)} for motif in (REPERES, FICHES)
    )

    def completer(document: Document) -> None:
        for table in document.tables:
            _aligner_les_textes(table)
            for cellule in (c for ligne in table.rows[:LIGNES_TENUES] for c in ligne.cells):
                for paragraphe in cellule.paragraphs:
                    paragraphe.paragraph_format.keep_with_next = True
            _montrer_les_reperes(table, reperes)
        for paragraphe in document.paragraphs:
            style = paragraphe.style.name if paragraphe.style is not None else ""
            if style == "Heading 3" and paragraphe.text.strip() in communes:
                paragraphe.paragraph_format.page_break_before = True

    return ecrire_le_corps(papier, titre, chemin, completer)


def mettre_en_page(document: Document, titre: str, marges_en_cm: float) -> None:
    """Nommer le document, dire sa langue, et lui donner des pages A4."""
    document.core_properties.title = titre
    document.core_properties.language = "fr-FR"
    document.core_properties.author = ""
    for section in document.sections:
        section.page_width, section.page_height = Cm(LARGEUR_EN_CM), Cm(29.7)
        section.left_margin = section.right_margin = Cm(marges_en_cm)
        section.top_margin = section.bottom_margin = Cm(MARGE_EN_CM)


def _sortir_les_images(corps: str, dossier: Path) -> str:
    """Écrire en fichiers les images incluses : pandoc les lirait lettre à lettre, ce qui double son travail."""
    rangs = count(1)

    def sortir(trouve: re.Match[str]) -> str:
        nom = f"carte-{next(rangs)}.png"
        (dossier / nom).write_bytes(base64.b64decode(trouve[1]))
        return f'src="{nom}"'

    return IMAGE_INCLUSE.sub(sortir, corps)


def _habiller(document: Document, titre: str) -> None:
    """Donner au document ses marges, ses polices, ses tableaux lisibles et son pied de page."""
    mettre_en_page(document, titre, MARGE_EN_CM)
    for style in (s for s in document.styles if hasattr(s, "font")):
        if style.name.startswith(STYLES_DE_TEXTE):
            style.font.name = POLICE
            _police_partout(style)
        if style.name == "Table Caption":
            # Une légende ne reste pas seule au bas d'une page.
            style.paragraph_format.keep_with_next = True
        if style.name.startswith("Heading"):
            style.font.color.rgb = RGBColor(0x0B, 0x4F, 0x8A)
    gabarits: Gabarits = {}
    for table in document.tables:
        _habiller_table(table, gabarits)
    for image in document.inline_shapes:
        largeur = Cm(LARGEUR_D_IMAGE_EN_CM)
        image.height, image.width = int(image.height * largeur / image.width), largeur
    pied = document.sections[0].footer.paragraphs[0]
    pied.alignment = WD_ALIGN_PARAGRAPH.CENTER
    pied.add_run(f"{titre} · page ").font.size = Pt(8)
    numero = '<w:r><w:rPr><w:sz w:val="16"/></w:rPr><w:t>1</w:t></w:r>'
    champ = f'<w:fldSimple {nsdecls("w")} w:instr="PAGE">{numero}</w:fldSimple>'
    pied._p.append(parse_xml(champ))  # noqa: SLF001 - python-docx n'expose pas ces réglages


def _police_partout(style: Any) -> None:
    """Effacer les polices de thème, qui l'emporteraient sur la police nommée."""
    polices = style.element.get_or_add_rPr().find(qn("w:rFonts"))
    if polices is not None:
        for attribut in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            polices.attrib.pop(qn(f"w:{attribut}"), None)
        for attribut in ("ascii", "hAnsi", "cs"):
            polices.set(qn(f"w:{attribut}"), POLICE)


def _appliquer(
    gabarits: Gabarits, element: Any, nom: str, reglage: object, changer: Callable[[], None]
) -> None:
    """Changer les propriétés d'un élément, ou recopier celles d'un élément semblable.

    Une table a des milliers de cellules et une dizaine de formes : python-docx met en forme la première cellule de
    chaque sorte ; les suivantes en reçoivent la copie.
    """
    avant = element.find(qn(nom))
    cle = (nom, reglage, None if avant is None else etree.tostring(avant))
    if cle not in gabarits:
        changer()
        gabarits[cle] = deepcopy(element.find(qn(nom)))
        return
    if avant is not None:
        element.remove(avant)
    if gabarits[cle] is not None:
        # Les propriétés sont toujours le premier enfant.
        element.insert(0, deepcopy(gabarits[cle]))


def _habiller_table(table: Any, gabarits: Gabarits) -> None:
    colonnes = len(table.columns)
    table.autofit = False
    utile = LARGEUR_EN_CM - 2 * MARGE_EN_CM
    premiere = utile * (PREMIERE_COLONNE if colonnes > 2 else 0.4)
    largeurs = [Cm(utile)]
    if colonnes > 1:
        largeurs = [Cm(premiere)] + [Cm((utile - premiere) / (colonnes - 1))] * (colonnes - 1)
    for colonne, largeur in zip(table.columns, largeurs, strict=True):
        colonne.width = largeur
    tetes = [c.text for c in table.rows[0].cells]
    texte_seul = "Source" in tetes[0] or "Définition" in "".join(tetes)
    for rang, ligne in enumerate(table.rows):
        proprietes = ligne._tr.get_or_add_trPr()  # noqa: SLF001
        proprietes.append(OxmlElement("w:cantSplit"))
        if rang == 0 and proprietes.find(qn("w:tblHeader")) is None:
            proprietes.append(OxmlElement("w:tblHeader"))
        taille = Pt(7.5) if colonnes > TABLE_LARGE else Pt(8.5)
        forme = (Pt(6.5) if rang == 0 and colonnes >= TABLE_LARGE else taille, rang == 0)
        for numero, (cellule, largeur) in enumerate(zip(ligne.cells, largeurs, strict=True)):
            elargir = partial(setattr, cellule, "width", largeur)
            _appliquer(gabarits, cellule._tc, "w:tcPr", largeur, elargir)  # noqa: SLF001
            a_droite = bool(numero) and not texte_seul
            for paragraphe in cellule.paragraphs:
                serrer = partial(_serrer, paragraphe, a_droite)
                _appliquer(gabarits, paragraphe._p, "w:pPr", a_droite, serrer)  # noqa: SLF001
                for morceau in paragraphe.runs:
                    _appliquer(gabarits, morceau._r, "w:rPr", forme, partial(_composer, morceau, *forme))  # noqa: SLF001
    for habit in HABITS_DE_TABLE:
        table._tbl.tblPr.append(parse_xml(habit.format(w=nsdecls("w"), filet=FILET)))  # noqa: SLF001
    for cellule in table.rows[0].cells:
        _teinter(cellule, WORD["encadre"])


def _serrer(paragraphe: Any, a_droite: bool) -> None:
    paragraphe.paragraph_format.space_after = paragraphe.paragraph_format.space_before = Pt(1)
    if a_droite:
        paragraphe.alignment = WD_ALIGN_PARAGRAPH.RIGHT


def _composer(morceau: Any, corps: Any, gras: bool) -> None:
    morceau.font.size = corps
    if gras:
        morceau.font.bold = True


def _teinter(cellule: Any, couleur: str) -> None:
    proprietes = cellule._tc.get_or_add_tcPr()  # noqa: SLF001
    for ancien in proprietes.findall(qn("w:shd")):
        proprietes.remove(ancien)
    fond = f'<w:shd {nsdecls("w")} w:val="clear" w:color="auto" w:fill="{couleur.lstrip("#")}"/>'
    proprietes.append(parse_xml(fond))


# -- comparaison -------------------------------------------------------------------------------


def _aligner_les_textes(table: Any) -> None:
    """Aligner à gauche les colonnes de texte, et leur donner la place que les nombres ne prennent pas."""
    tetes = [c.text for c in table.rows[0].cells]
    textes = [rang for rang, tete in enumerate(tetes) if rang and tete.startswith(COLONNES_DE_TEXTE)]
    for cellule in (ligne.cells[rang] for rang in textes for ligne in table.rows):
        for paragraphe in cellule.paragraphs:
            paragraphe.alignment = WD_ALIGN_PARAGRAPH.LEFT
    if not any(tetes[rang].startswith(LISTES_DE_NOMS) for rang in textes):
        return
    autres = PREMIERE_EN_CM + NOMBRE_EN_CM * (len(tetes) - 1 - len(textes))
    large = (UTILE_EN_CM - autres) / len(textes)
    for rang, colonne in enumerate(table.columns):
        largeur = Cm(PREMIERE_EN_CM if rang == 0 else large if rang in textes else NOMBRE_EN_CM)
        for place in (colonne, *colonne.cells):
            place.width = largeur


def _montrer_les_reperes(table: Any, reperes: set[str]) -> None:
    """Écrire en gras sur gris les lignes de l'intercommunalité et de ses références."""
    for ligne in table.rows[1:]:
        if ligne.cells[0].text.strip() in reperes:
            for cellule in ligne.cells:
                _teinter(cellule, WORD["repere"])
                for morceau in (m for paragraphe in cellule.paragraphs for m in paragraphe.runs):
                    morceau.bold = True
