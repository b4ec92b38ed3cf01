"""Du carnet exécuté à portrait.docx : titres, tableaux à en-tête répété, légendes et textes de remplacement."""

from __future__ import annotations

import base64
import re
from copy import deepcopy
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from donnees_insee.chemins import dossier_de_passage, fichier_provisoire

if TYPE_CHECKING:
    from collections.abc import Callable

    from docx.document import Document

# La carte interactive et les chiffres qu'une phrase déplie n'ont pas de sens sur le papier.
SANS_PAPIER: Final = re.compile(
    r'<section class="atlas-bloc">.*?</section>|<div class="preuve">.*?</div>', re.DOTALL
)
# Ce par quoi un essai relie un chiffre de la page à sa ligne : rien de tout cela n'entre dans un document Word.
SANS_RENVOIS: Final = re.compile(r' data-[a-z-]+="[^"]*"')
IMAGE_INCLUSE: Final = re.compile(r'src="data:image/png;base64,([A-Za-z0-9+/=\s]*)"')
# Une grande nursery épargne à pandoc un tiers de son temps, passé à ramasser sa mémoire.
MEMOIRE_DE_PANDOC: Final = ("+RTS", "-A64m", "-RTS")
# Présente ou remplacée à l'identique (Liberation Sans) sur tous les postes, donc même mise en page partout.
POLICE: Final = "Arial"
MARGE_EN_CM: Final = 1.8
LARGEUR_EN_CM: Final = 21.0
# Les textes des cartes sont faits pour cette largeur : à moins, ils passeraient sous sept points.
LARGEUR_D_IMAGE_EN_CM: Final = 17.0
PREMIERE_COLONNE: Final = 0.30
TABLE_LARGE: Final = 6


def ecrire_docx(corps: str, titre: str, chemin: Path) -> Path:
    """Écrire le document Word."""
    import pypandoc  # noqa: PLC0415 - import réservé à la conversion

    papier = SANS_RENVOIS.sub("", SANS_PAPIER.sub("", corps))
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
        _habiller(provisoire, titre)
    return chemin


def _sortir_les_images(corps: str, dossier: Path) -> str:
    """Écrire en fichiers les images incluses : pandoc les lirait lettre à lettre, ce qui double son travail."""
    rangs = count(1)

    def sortir(trouve: re.Match[str]) -> str:
        nom = f"carte-{next(rangs)}.png"
        (dossier / nom).write_bytes(base64.b64decode(trouve[1]))
        return f'src="{nom}"'

    return IMAGE_INCLUSE.sub(sortir, corps)


def _habiller(chemin: Path, titre: str) -> None:
    """Donner au document ses marges, ses polices, ses tableaux lisibles et sa langue."""
    import docx  # noqa: PLC0415 - import réservé à la conversion
    from docx.shared import Cm, Pt, RGBColor  # noqa: PLC0415

    document = docx.Document(str(chemin))
    document.core_properties.title = titre
    document.core_properties.language = "fr-FR"
    document.core_properties.author = ""
    for section in document.sections:
        section.page_width, section.page_height = Cm(LARGEUR_EN_CM), Cm(29.7)
        section.left_margin = section.right_margin = Cm(MARGE_EN_CM)
        section.top_margin = section.bottom_margin = Cm(MARGE_EN_CM)
    for style in document.styles:
        police = getattr(style, "font", None)
        if police is not None and style.name.startswith(
            ("Heading", "Title", "Normal", "Body", "Compact", "First")
        ):
            police.name = POLICE
            _police_partout(style)
        if style.name == "Table Caption":
            # Une légende ne reste pas seule au bas d'une page.
            style.paragraph_format.keep_with_next = True
        if police is not None and style.name.startswith("Heading"):
            police.color.rgb = RGBColor(0x0B, 0x4F, 0x8A)
    gabarits = Gabarits()
    for table in document.tables:
        _habiller_table(table, gabarits, Pt, Cm)
    for image in document.inline_shapes:
        largeur = Cm(LARGEUR_D_IMAGE_EN_CM)
        image.height, image.width = int(image.height * largeur / image.width), largeur
    _numeroter(document, titre)
    document.save(str(chemin))


def _police_partout(style: Any) -> None:
    """Effacer les polices de thème, qui l'emporteraient sur la police nommée."""
    from docx.oxml.ns import qn  # noqa: PLC0415

    polices = style.element.get_or_add_rPr().find(qn("w:rFonts"))
    if polices is not None:
        for attribut in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            polices.attrib.pop(qn(f"w:{attribut}"), None)
        for attribut in ("ascii", "hAnsi", "cs"):
            polices.set(qn(f"w:{attribut}"), POLICE)


class Gabarits:
    """Mises en forme déjà faites : une table a des milliers de cellules et une dizaine de formes.

    python-docx met en forme la première cellule de chaque sorte ; les suivantes en reçoivent la copie.
    """

    def __init__(self) -> None:
        self._faits: dict[tuple[object, ...], Any] = {}

    def appliquer(self, element: Any, nom: str, reglage: object, changer: Callable[[], None]) -> None:
        """Changer les propriétés d'un élément, ou recopier celles d'un élément semblable."""
        from docx.oxml.ns import qn  # noqa: PLC0415 - import réservé à la conversion
        from lxml import etree  # noqa: PLC0415

        avant = element.find(qn(nom))
        cle = (nom, reglage, None if avant is None else etree.tostring(avant))
        if cle not in self._faits:
            changer()
            self._faits[cle] = deepcopy(element.find(qn(nom)))
            return
        if avant is not None:
            element.remove(avant)
        if self._faits[cle] is not None:
            # Les propriétés sont toujours le premier enfant.
            element.insert(0, deepcopy(self._faits[cle]))


def _habiller_table(table: Any, gabarits: Gabarits, pt: Any, cm: Any) -> None:
    from docx.oxml import OxmlElement  # noqa: PLC0415
    from docx.oxml.ns import qn  # noqa: PLC0415

    colonnes = len(table.columns)
    table.autofit = False
    utile = LARGEUR_EN_CM - 2 * MARGE_EN_CM
    premiere = utile * (PREMIERE_COLONNE if colonnes > 2 else 0.4)
    largeurs = (
        [premiere] + [(utile - premiere) / (colonnes - 1)] * (colonnes - 1) if colonnes > 1 else [utile]
    )
    for colonne, largeur in zip(table.columns, largeurs, strict=True):
        colonne.width = cm(largeur)
    _resserrer(table)
    taille = pt(7.5) if colonnes > TABLE_LARGE else pt(8.5)
    texte_seul = "Source" in table.rows[0].cells[0].text or "Définition" in "".join(
        c.text for c in table.rows[0].cells
    )
    for rang, ligne in enumerate(table.rows):
        proprietes = ligne._tr.get_or_add_trPr()  # noqa: SLF001 - python-docx n'expose pas ces réglages
        insecable = OxmlElement("w:cantSplit")
        proprietes.append(insecable)
        if rang == 0 and proprietes.find(qn("w:tblHeader")) is None:
            proprietes.append(OxmlElement("w:tblHeader"))
        corps = pt(6.5) if rang == 0 and colonnes > TABLE_LARGE - 1 else taille
        for numero, cellule in enumerate(ligne.cells):
            largeur, a_droite = cm(largeurs[numero]), bool(numero) and not texte_seul
            gabarits.appliquer(cellule._tc, "w:tcPr", largeur, partial(_elargir, cellule, largeur))  # noqa: SLF001
            for paragraphe in cellule.paragraphs:
                reglage = (a_droite, pt(1))
                gabarits.appliquer(paragraphe._p, "w:pPr", reglage, partial(_serrer, paragraphe, *reglage))  # noqa: SLF001
                for morceau in paragraphe.runs:
                    forme = (corps, rang == 0)
                    gabarits.appliquer(morceau._r, "w:rPr", forme, partial(_composer, morceau, *forme))  # noqa: SLF001
    _filets(table)


def _elargir(cellule: Any, largeur: Any) -> None:
    cellule.width = largeur


def _serrer(paragraphe: Any, a_droite: bool, blanc: Any) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH  # noqa: PLC0415 - import réservé à la conversion

    paragraphe.paragraph_format.space_after = paragraphe.paragraph_format.space_before = blanc
    if a_droite:
        paragraphe.alignment = WD_ALIGN_PARAGRAPH.RIGHT


def _composer(morceau: Any, corps: Any, gras: bool) -> None:
    morceau.font.size = corps
    if gras:
        morceau.font.bold = True


def _resserrer(table: Any) -> None:
    """Réduire les marges des cellules, pour que les en-têtes ne se coupent pas au milieu d'un mot."""
    from docx.oxml import parse_xml  # noqa: PLC0415
    from docx.oxml.ns import nsdecls  # noqa: PLC0415

    marges = "".join(f'<w:{cote} w:w="45" w:type="dxa"/>' for cote in ("left", "right"))
    table._tbl.tblPr.append(parse_xml(f"<w:tblCellMar {nsdecls('w')}>{marges}</w:tblCellMar>"))  # noqa: SLF001


def _filets(table: Any) -> None:
    """Tracer de fins filets horizontaux et teinter l'en-tête."""
    from docx.oxml import parse_xml  # noqa: PLC0415
    from docx.oxml.ns import nsdecls  # noqa: PLC0415

    bords = "".join(
        f'<w:{cote} w:val="single" w:sz="4" w:space="0" w:color="C5CDD8"/>'
        for cote in ("top", "bottom", "insideH")
    )
    table._tbl.tblPr.append(parse_xml(f"<w:tblBorders {nsdecls('w')}>{bords}</w:tblBorders>"))  # noqa: SLF001
    for cellule in table.rows[0].cells:
        cellule._tc.get_or_add_tcPr().append(  # noqa: SLF001
            parse_xml(f'<w:shd {nsdecls("w")} w:val="clear" w:color="auto" w:fill="EAF0F7"/>')
        )


def _numeroter(document: Document, titre: str) -> None:
    """Écrire le titre et le numéro de page en pied de page."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH  # noqa: PLC0415
    from docx.oxml import parse_xml  # noqa: PLC0415
    from docx.oxml.ns import nsdecls  # noqa: PLC0415
    from docx.shared import Pt  # noqa: PLC0415

    pied = document.sections[0].footer.paragraphs[0]
    pied.alignment = WD_ALIGN_PARAGRAPH.CENTER
    pied.add_run(f"{titre} · page ").font.size = Pt(8)
    numero = '<w:r><w:rPr><w:sz w:val="16"/></w:rPr><w:t>1</w:t></w:r>'
    champ = f'<w:fldSimple {nsdecls("w")} w:instr="PAGE">{numero}</w:fldSimple>'
    pied._p.append(parse_xml(champ))  # noqa: SLF001
