"""Du carnet exécuté à comparaison.docx : le document commun, et chaque fiche de commune sur sa page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from carnets.documents.word import ecrire_docx

if TYPE_CHECKING:
    from pathlib import Path

# Les retours d'une page web et l'index de liens n'ont pas de sens sur le papier.
SANS_PAPIER: Final = re.compile(r'<p class="(?:retour|index)">.*?</p>', re.DOTALL)
# Dans un tableau, un lien échapperait à la taille des cellules.
LIENS_DE_TABLEAU: Final = re.compile(r'(<th scope="row"[^>]*>)<a href="#fiche-[^"]*">(.*?)</a>', re.DOTALL)
TITRE_DE_FICHE: Final = "Heading 3"
# Colonnes de texte, qui se lisent mal alignées à droite comme des nombres.
COLONNES_DE_TEXTE: Final = ("Communes", "Traits", "Écart établi")
# Une liste de noms prend la place que les nombres lui laissent.
LISTES_DE_NOMS: Final = ("Communes", "Traits")
UTILE_EN_CM, PREMIERE_EN_CM, NOMBRE_EN_CM = 17.4, 3.0, 2.6


def ecrire_comparaison_docx(corps: str, titre: str, communes: set[str], chemin: Path) -> Path:
    """Écrire le document Word de la comparaison.

    Parameters
    ----------
    corps : str
        Corps HTML du carnet exécuté.
    titre : str
        Titre du document.
    communes : set of str
        Noms des communes : chacune commence une page.
    chemin : pathlib.Path
        ``comparaison.docx``.

    Returns
    -------
    pathlib.Path
        Fichier écrit.
    """
    import docx  # noqa: PLC0415 - import réservé à la conversion

    from donnees_insee.chemins import fichier_provisoire  # noqa: PLC0415

    papier = LIENS_DE_TABLEAU.sub(r"\1\2", SANS_PAPIER.sub("", corps))
    ecrire_docx(papier, titre, chemin)
    document = docx.Document(str(chemin))
    for table in document.tables:
        _aligner_les_textes(table)
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
