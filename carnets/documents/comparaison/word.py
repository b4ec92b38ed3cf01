"""Du carnet exécuté à comparaison.docx : le document commun, et chaque fiche de commune sur sa page."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any, Final

from carnets.documents.word import ecrire_docx

if TYPE_CHECKING:
    from pathlib import Path

# Les retours d'une page web et l'index de liens n'ont pas de sens sur le papier.
SANS_PAPIER: Final = re.compile(r'<p class="(?:retour|index)">.*?</p>', re.DOTALL)
# Dans un tableau, un lien échapperait à la taille des cellules.
LIENS_DE_TABLEAU: Final = re.compile(r'(<th scope="row"[^>]*>)<a href="#fiche-[^"]*">(.*?)</a>', re.DOTALL)
NOTES: Final = re.compile(r'<ul class="notes">(.*?)</ul>', re.DOTALL)
REPERES: Final = re.compile(r'<tr class="repere"><th scope="row"[^>]*>(.*?)</th>', re.DOTALL)
FOND_DE_REPERE: Final = "E8E8E8"
# L'en-tête et les premières lignes restent sur la même page.
LIGNES_TENUES: Final = 2
TITRE_DE_FICHE: Final = "Heading 3"
# Colonnes de texte, qui se lisent mal alignées à droite comme des nombres.
COLONNES_DE_TEXTE: Final = ("Communes", "Traits", "Écart établi")
# Une liste de noms prend la place que les nombres lui laissent.
LISTES_DE_NOMS: Final = ("Communes", "Traits")
UTILE_EN_CM, PREMIERE_EN_CM, NOMBRE_EN_CM = 17.4, 3.0, 2.6


def ecrire_comparaison_docx(corps: str, titre: str, communes: set[str], chemin: Path) -> Path:
    """Écrire le document Word de la comparaison."""
    import docx  # noqa: PLC0415 - import réservé à la conversion

    from donnees_insee.chemins import fichier_provisoire  # noqa: PLC0415

    papier = LIENS_DE_TABLEAU.sub(r"\1\2", SANS_PAPIER.sub("", corps))
    # Une note commence parfois par son propre signe (*, p, e) : une puce le doublerait.
    papier = NOTES.sub(lambda liste: liste[1].replace("<li>", "<p>").replace("</li>", "</p>"), papier)
    reperes = {html.unescape(nom).strip() for nom in REPERES.findall(corps)}
    ecrire_docx(papier, titre, chemin)
    document = docx.Document(str(chemin))
    for table in document.tables:
        _aligner_les_textes(table)
        _tenir_le_debut(table)
        _montrer_les_reperes(table, reperes)
    for paragraphe in document.paragraphs:
        style = paragraphe.style.name if paragraphe.style is not None else ""
        if style == TITRE_DE_FICHE and paragraphe.text.strip() in communes:
            paragraphe.paragraph_format.page_break_before = True
    with fichier_provisoire(chemin) as provisoire:
        document.save(str(provisoire))
    return chemin


def _aligner_les_textes(table: Any) -> None:
    """Aligner à gauche les colonnes de texte, et leur donner la place que les nombres ne prennent pas."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH  # noqa: PLC0415
    from docx.shared import Cm  # noqa: PLC0415

    tetes = [c.text for c in table.rows[0].cells]
    textes = [rang for rang, tete in enumerate(tetes) if rang and tete.startswith(COLONNES_DE_TEXTE)]
    for rang in textes:
        for cellule in (ligne.cells[rang] for ligne in table.rows):
            for paragraphe in cellule.paragraphs:
                paragraphe.alignment = WD_ALIGN_PARAGRAPH.LEFT
    if not any(tetes[rang].startswith(LISTES_DE_NOMS) for rang in textes):
        return
    autres = PREMIERE_EN_CM + NOMBRE_EN_CM * (len(tetes) - 1 - len(textes))
    large = (UTILE_EN_CM - autres) / len(textes)
    for rang, colonne in enumerate(table.columns):
        largeur = Cm(PREMIERE_EN_CM if rang == 0 else large if rang in textes else NOMBRE_EN_CM)
        colonne.width = largeur
        for cellule in colonne.cells:
            cellule.width = largeur


def _tenir_le_debut(table: Any) -> None:
    """Garder l'en-tête avec les deux premières lignes : jamais seul en bas d'une page."""
    for ligne in table.rows[:LIGNES_TENUES]:
        for cellule in ligne.cells:
            for paragraphe in cellule.paragraphs:
                paragraphe.paragraph_format.keep_with_next = True


def _montrer_les_reperes(table: Any, reperes: set[str]) -> None:
    """Écrire en gras sur gris les lignes de l'intercommunalité et de ses références."""
    from docx.oxml import OxmlElement  # noqa: PLC0415
    from docx.oxml.ns import qn  # noqa: PLC0415

    for ligne in table.rows[1:]:
        cellules = ligne.cells
        if cellules[0].text.strip() not in reperes:
            continue
        for cellule in cellules:
            proprietes = cellule._tc.get_or_add_tcPr()  # noqa: SLF001 - python-docx n'expose pas ce réglage
            for ancien in proprietes.findall(qn("w:shd")):
                proprietes.remove(ancien)
            fond = OxmlElement("w:shd")
            for nom, valeur in (("val", "clear"), ("color", "auto"), ("fill", FOND_DE_REPERE)):
                fond.set(qn(f"w:{nom}"), valeur)
            proprietes.append(fond)
            for paragraphe in cellule.paragraphs:
                for morceau in paragraphe.runs:
                    morceau.bold = True
