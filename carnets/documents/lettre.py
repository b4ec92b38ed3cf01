"""La lettre qui demande une source locale : composée en blocs, puis écrite en Word ou en texte."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any, Final

import docx
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt

from carnets.documents.modele_local import ecrire_sans_ecraser
from carnets.documents.modeles import MODELES
from carnets.documents.word.gabarit import mettre_en_page, nommer
from carnets.documents.word.styles import POLICE

if TYPE_CHECKING:
    from pathlib import Path

    from abs.territoires.territoires import Territoire
    from donnees_insee.catalogue.modeles_recus import Modele

    # L'objet de la lettre, et ses blocs : des textes, leur forme, ou les colonnes d'un tableau.
    Lettre = tuple[str, list[dict[str, Any]]]

NIVEAUX_DITS: Final = {"iris": "IRIS", "commune": "communes"}
# Ce que chaque mot d'un bloc règle dans un paragraphe Word, et son unité.
FORMES: Final[dict[str, tuple[str, Any]]] = {
    "retrait": ("left_indent", Cm),
    "apres": ("space_after", Pt),
    "avant": ("space_before", Pt),
    "tenu": ("keep_with_next", bool),
    "alignement": ("alignment", WD_ALIGN_PARAGRAPH),
}


def composer_la_lettre(modele: Modele, territoires: tuple[Territoire, ...], fichier: str) -> Lettre:
    """Composer la lettre de demande d'un modèle."""
    gabarit = tomllib.loads((MODELES / "lettre.toml").read_text(encoding="utf-8"))
    recente = "à la date la plus récente"
    mots = {
        **vars(modele),
        "lieu": territoires[0].nom if territoires else "[commune]",
        "libelle": modele.libelle[:1].lower() + modele.libelle[1:],
        "definition_min": modele.definition[:1].lower() + modele.definition[1:],
        "territoires": territoires_dits(territoires),
        "moment": f"{recente} ({modele.moment})" if modele.moment else recente,
        "diffusion_dite": gabarit["diffusion_dite"][modele.diffusion],
        "denominateur": modele.denominateur or "à laisser vide : l'indicateur est un effectif",
        "fichier": fichier,
    }
    mots["objet"] = gabarit["objet"].format(**mots)
    for bloc in gabarit["blocs"]:
        bloc["textes"] = [t.format(**mots) for t in bloc["textes"]]
        bloc["colonnes"] = [(nom, sens.format(**mots)) for nom, sens in bloc.get("colonnes", {}).items()]
    return mots["objet"], gabarit["blocs"]


def territoires_dits(territoires: tuple[Territoire, ...]) -> str:
    """Dire pour quels territoires la donnée est demandée."""
    if not territoires:
        return "la commune et chacun de ses IRIS [à préciser]"
    principal, *morceaux = territoires
    if not morceaux:
        return principal.nom
    nom = NIVEAUX_DITS.get(morceaux[0].niveau, "territoires")
    return f"{principal.nom} et ses {len(morceaux)} {nom}"


def ecrire_la_lettre(lettre: Lettre, chemin: Path) -> Path:
    """Écrire la lettre, sans jamais écraser un fichier."""
    return ecrire_sans_ecraser(chemin, {".docx": _docx, ".txt": _texte}, lettre, "la lettre")


def _texte(lettre: Lettre, chemin: Path) -> None:
    textes = []
    for bloc in lettre[1]:
        textes += [t.upper() if "titre" in bloc else t for t in bloc["textes"]]
        if bloc["colonnes"]:
            textes.append("\n".join(f"- {nom} : {sens}" for nom, sens in bloc["colonnes"]))
    chemin.write_text("\n\n".join(textes) + "\n", encoding="utf-8-sig")


def _docx(lettre: Lettre, chemin: Path) -> None:
    document = docx.Document()
    objet, blocs = lettre
    nommer(document, objet)
    mettre_en_page(document, 2.3)
    normal: Any = document.styles["Normal"]
    normal.font.name, normal.font.size = POLICE, Pt(10)
    normal.element.rPr.rFonts.set(qn("w:eastAsia"), POLICE)
    normal.paragraph_format.space_after = Pt(6)
    normal.paragraph_format.line_spacing = 1.08
    for bloc in blocs:
        for texte in bloc["textes"]:
            paragraphe = document.add_paragraph()
            morceau = paragraphe.add_run(texte)
            if "gras" in bloc:
                morceau.bold = True
            for nom, (reglage, unite) in FORMES.items():
                if nom in bloc:
                    setattr(paragraphe.paragraph_format, reglage, unite(bloc[nom]))
        if bloc["colonnes"]:
            _tableau(document, bloc["colonnes"])
    document.save(str(chemin))


def _tableau(document: Any, colonnes: list[tuple[str, str]]) -> None:
    """Écrire le tableau des colonnes demandées, en-tête répété."""
    lignes = [("Colonne", "Ce qu'elle contient"), *colonnes]
    table = document.add_table(rows=len(lignes), cols=2)
    table.style = "Table Grid"
    table.autofit = False
    largeurs = (Cm(3.6), Cm(12.8))
    for colonne, largeur in zip(table.columns, largeurs, strict=True):
        colonne.width = largeur
    table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))  # noqa: SLF001 - réglage non exposé
    for rang, (ligne, couple) in enumerate(zip(table.rows, lignes, strict=True)):
        for cellule, texte, largeur in zip(ligne.cells, couple, largeurs, strict=True):
            cellule.width = largeur
            paragraphe = cellule.paragraphs[0]
            paragraphe.paragraph_format.space_after = paragraphe.paragraph_format.space_before = Pt(2)
            morceau = paragraphe.add_run(texte)
            morceau.font.size, morceau.bold = Pt(9), rang == 0
    document.add_paragraph().paragraph_format.space_after = Pt(0)
