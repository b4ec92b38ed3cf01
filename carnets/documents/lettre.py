"""La lettre qui demande une source locale : composée en données, puis écrite en Word ou en texte."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from carnets.documents.modeles import MODELES
from donnees_insee.chemins import fichier_provisoire
from donnees_insee.erreurs import SortieImpossible

if TYPE_CHECKING:
    from pathlib import Path

    from abs.territoires.territoires import Territoire
    from donnees_insee.catalogue.modeles_recus import Modele

COMMUNE_A_REMPLIR: Final = "[commune]"
NIVEAUX_DITS: Final = {"iris": "IRIS", "commune": "communes"}
POLICE: Final = "Arial"
CORPS_EN_POINTS: Final = 10


@dataclass(frozen=True)
class Lettre:
    """Une lettre prête à écrire, paragraphe par paragraphe."""

    expediteur: tuple[str, ...]
    destinataire: tuple[str, ...]
    lieu_et_date: str
    objet: str
    appel: str
    parties: tuple[tuple[str, tuple[str, ...]], ...]
    colonnes: tuple[tuple[str, str], ...]
    signature: tuple[str, ...]
    pieces: str


@lru_cache(maxsize=1)
def _gabarit() -> dict[str, Any]:
    return tomllib.loads((MODELES / "lettre.toml").read_text(encoding="utf-8"))


def composer_la_lettre(modele: Modele, territoires: tuple[Territoire, ...], fichier: str) -> Lettre:
    """Composer la lettre de demande d'un modèle."""
    g = _gabarit()
    lieu = territoires[0].nom if territoires else COMMUNE_A_REMPLIR
    mots = {
        "lieu": lieu,
        "a_qui": modele.a_qui,
        "libelle": modele.libelle[:1].lower() + modele.libelle[1:],
        "definition_min": modele.definition[:1].lower() + modele.definition[1:],
        "territoires": territoires_dits(territoires),
        "moment": f"à la date la plus récente ({modele.moment})"
        if modele.moment
        else "à la date la plus récente",
        "seuil_dit": modele.seuil_dit,
        "diffusion": modele.diffusion,
        "diffusion_dite": g["diffusion_dite"][modele.diffusion],
        "cadre": modele.cadre,
        "code": modele.code,
        "numerateur": modele.numerateur,
        "denominateur": modele.denominateur or "à laisser vide : l'indicateur est un effectif",
        "fichier": fichier,
    }

    def dire(textes: list[str]) -> tuple[str, ...]:
        return tuple(t.format(**mots) for t in textes)

    return Lettre(
        expediteur=dire(g["expediteur"]),
        destinataire=dire(g["destinataire"]),
        lieu_et_date=g["lieu_et_date"].format(**mots),
        objet=g["objet"].format(**mots),
        appel=g["appel"],
        parties=(
            ("", dire(g["debut"])),
            (g["titre_donnees"], dire([g["avant_table"]])),
            (g["titre_secret"], dire(g["secret"])),
            (g["titre_usage"], dire(g["usage"])),
            ("", dire(g["fin"])),
        ),
        colonnes=tuple((nom, texte.format(**mots)) for nom, texte in g["colonnes"].items()),
        signature=dire(g["signature"]),
        pieces=g["pieces"].format(**mots),
    )


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
    if chemin.exists():
        raise SortieImpossible(f"« {chemin} » existe déjà et n'a pas été touché. Donnez un autre nom.")
    formes = {".docx": _docx, ".txt": _texte}
    if chemin.suffix.lower() not in formes:
        raise SortieImpossible(f"« {chemin} » : la lettre s'écrit en .docx ou en .txt.")
    with fichier_provisoire(chemin) as provisoire:
        formes[chemin.suffix.lower()](lettre, provisoire)
    return chemin


def _texte(lettre: Lettre, chemin: Path) -> None:
    blocs = ["\n".join(lettre.expediteur), "\n".join(lettre.destinataire), lettre.lieu_et_date, lettre.objet]
    blocs.append(lettre.appel)
    for rang, (titre, paragraphes) in enumerate(lettre.parties):
        blocs += [titre.upper()] if titre else []
        blocs += paragraphes
        if rang == 1:
            blocs.append("\n".join(f"- {nom} : {sens}" for nom, sens in lettre.colonnes))
    blocs += ["\n".join(lettre.signature), lettre.pieces]
    chemin.write_text("\n\n".join(blocs) + "\n", encoding="utf-8-sig")


def _docx(lettre: Lettre, chemin: Path) -> None:
    import docx  # noqa: PLC0415 - import réservé à l'écriture
    from docx.enum.text import WD_ALIGN_PARAGRAPH  # noqa: PLC0415
    from docx.shared import Cm, Pt  # noqa: PLC0415

    document = docx.Document()
    document.core_properties.title = lettre.objet
    document.core_properties.author = ""
    document.core_properties.language = "fr-FR"
    for section in document.sections:
        section.page_width, section.page_height = Cm(21), Cm(29.7)
        section.left_margin = section.right_margin = Cm(2.3)
        section.top_margin = section.bottom_margin = Cm(1.8)
    _police(document, Pt)
    _bloc(document, lettre.expediteur)
    destinataire = _bloc(document, lettre.destinataire)
    destinataire.paragraph_format.left_indent = Cm(8.6)
    lieu = document.add_paragraph(lettre.lieu_et_date)
    lieu.paragraph_format.left_indent = Cm(8.6)
    document.add_paragraph().add_run(lettre.objet).bold = True
    document.add_paragraph(lettre.appel)
    for rang, (titre, paragraphes) in enumerate(lettre.parties):
        if titre:
            intertitre = document.add_paragraph()
            intertitre.add_run(titre).bold = True
            intertitre.paragraph_format.keep_with_next = True
            intertitre.paragraph_format.space_before = Pt(8)
        for texte in paragraphes:
            document.add_paragraph(texte).alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
        if rang == 1:
            _tableau(document, lettre.colonnes, Pt, Cm)
    signature = _bloc(document, lettre.signature)
    signature.paragraph_format.left_indent = Cm(8.6)
    signature.paragraph_format.space_before = Pt(14)
    document.add_paragraph(lettre.pieces)
    document.save(str(chemin))


def _police(document: Any, pt: Any) -> None:
    """Donner au document sa police, partout, et des paragraphes serrés."""
    from docx.oxml.ns import qn  # noqa: PLC0415

    normal = document.styles["Normal"]
    normal.font.name, normal.font.size = POLICE, pt(CORPS_EN_POINTS)
    normal.element.rPr.rFonts.set(qn("w:eastAsia"), POLICE)
    normal.paragraph_format.space_after = pt(6)
    normal.paragraph_format.line_spacing = 1.08


def _bloc(document: Any, lignes: tuple[str, ...]) -> Any:
    """Écrire des lignes d'adresse en un seul paragraphe."""
    paragraphe = document.add_paragraph()
    for rang, ligne in enumerate(lignes):
        morceau = paragraphe.add_run(ligne)
        if rang < len(lignes) - 1:
            morceau.add_break()
    paragraphe.paragraph_format.space_after = 10 * 12700
    return paragraphe


def _tableau(document: Any, colonnes: tuple[tuple[str, str], ...], pt: Any, cm: Any) -> None:
    """Écrire le tableau des colonnes demandées, en-tête répété."""
    from docx.oxml import OxmlElement  # noqa: PLC0415

    table = document.add_table(rows=1, cols=2)
    table.style = "Table Grid"
    table.autofit = False
    largeurs = (3.6, 12.8)
    for colonne, largeur in zip(table.columns, largeurs, strict=True):
        colonne.width = cm(largeur)
    lignes = [("Colonne", "Ce qu'elle contient"), *colonnes]
    for rang, couple in enumerate(lignes):
        ligne = table.rows[0] if rang == 0 else table.add_row()
        if rang == 0:
            ligne._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))  # noqa: SLF001 - réglage non exposé
        for cellule, texte, largeur in zip(ligne.cells, couple, largeurs, strict=True):
            cellule.width = cm(largeur)
            paragraphe = cellule.paragraphs[0]
            paragraphe.paragraph_format.space_after = pt(2)
            paragraphe.paragraph_format.space_before = pt(2)
            morceau = paragraphe.add_run(texte)
            morceau.font.size, morceau.bold = pt(9), rang == 0
    document.add_paragraph().paragraph_format.space_after = pt(0)
