"""Les tableaux du document : en-tête répété, lignes d'un seul tenant, aucune mise en forme hors des styles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from carnets.documents.word.briques import PAR_POINT, attribut
from carnets.documents.word.mesures import largeurs_de_colonnes
from carnets.documents.word.styles import STYLES, TABLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from carnets.documents.word.redaction import Redaction

    Donnees = dict[str, Any]

POINTS_PAR_CM: Final = 72 / 2.54
CORPS: Final[float] = STYLES["Cellule"]["corps"]
TENU: Final = "<w:keepNext/>"
ENTETES: Final = {"Cellule": "En-tête de colonne", "Cellule de chiffre": "En-tête de chiffres"}


@dataclass(frozen=True)
class Case:
    """Une case prête à écrire : son style de paragraphe, son contenu, et le texte qu'on y mesure."""

    style: str
    contenu: str
    texte: str


def tableau(r: Redaction, bloc: Donnees) -> str:
    """Écrire un tableau, son titre numéroté et ses notes."""
    lignes = [_ligne(r, ligne) for ligne in bloc["lignes"]]
    premiere = lignes[0] if lignes else []
    entetes = [
        Case(
            ENTETES[premiere[rang].style if rang < len(premiere) else "Cellule"], _contenu(r, e, ""), _dit(e)
        )
        for rang, e in enumerate(bloc["entetes"])
    ]
    titre = r.legende("Titre de tableau", bloc["repere"], bloc["titre"])
    notes = "".join(r.texte("Note", note) for note in bloc.get("notes", ()))
    return titre + ecrire(r, entetes, lignes, bloc["titre"]) + separateur(r) + notes


def separateur(r: Redaction) -> str:
    """Écrire le petit paragraphe qui suit un tableau : sans lui, deux tableaux voisins n'en feraient qu'un."""
    return r.paragraphe("Suite de tableau", "")


def _ligne(r: Redaction, ligne: Sequence[Donnees]) -> list[Case]:
    """Écrire une ligne ; celle d'un repère est en gras d'un bout à l'autre."""
    repere = "Repère" if ligne[0].get("classe") == "sujet" else ""
    cases = []
    for cellule in ligne:
        style, caractere = TABLE["cellules"].get(cellule.get("classe", ""), TABLE["cellules"]["texte"])
        cases.append(Case(style, _contenu(r, cellule, repere or caractere), _dit(cellule)))
    return cases


def _contenu(r: Redaction, cellule: Donnees, style: str) -> str:
    detail = r.mot(f"\n{cellule['detail']}", "Détail") if cellule.get("detail") else ""
    return r.mot(cellule.get("texte", ""), style) + detail


def _dit(cellule: Donnees) -> str:
    return "\n".join(filter(None, (cellule.get("texte", ""), cellule.get("detail", ""))))


def ecrire(r: Redaction, entetes: Sequence[Case], lignes: Sequence[Sequence[Case]], titre: str) -> str:
    """Écrire la table elle-même, ses colonnes à la mesure de ce qu'elles disent."""
    if not entetes:
        return ""
    utile = r.utile_en_cm * POINTS_PAR_CM
    colonnes = [
        [li[rang].texte for li in (entetes, *lignes) if rang < len(li)] for rang in range(len(entetes))
    ]
    marge = sum(STYLES["Tableau"]["marges_de_cellule"]) + 2
    largeurs = largeurs_de_colonnes(colonnes, CORPS, utile, marge)
    # Un tableau court tient d'un bloc ; d'un long, l'en-tête ne reste jamais seul au bas d'une page.
    tenues = len(lignes) - 1 if len(lignes) <= TABLE["page"]["lignes_solidaires"] else 1
    rangees = [_rangee(r, entetes, largeurs, entete=True)]
    rangees += [_rangee(r, ligne, largeurs, tenue=rang < tenues) for rang, ligne in enumerate(lignes)]
    return grille(r, "Tableau", largeurs, rangees, titre, entete=True)


def _rangee(
    r: Redaction,
    cases: Sequence[Case],
    largeurs: Sequence[float],
    *,
    entete: bool = False,
    tenue: bool = False,
) -> str:
    ecrites = [
        cellule(largeur, r.paragraphe(case.style, case.contenu, TENU if tenue or entete else ""))
        for case, largeur in zip(cases, largeurs, strict=False)
    ]
    # Une ligne plus courte que l'en-tête est complétée : Word refuserait la table.
    ecrites += [cellule(largeur, r.paragraphe("Cellule", "")) for largeur in largeurs[len(cases) :]]
    return rangee("".join(ecrites), entete=entete)


def rangee(cellules: str, *, entete: bool = False) -> str:
    """Écrire une ligne de table, jamais coupée entre deux pages."""
    return f"<w:tr><w:trPr><w:cantSplit/>{'<w:tblHeader/>' if entete else ''}</w:trPr>{cellules}</w:tr>"


def cellule(largeur: float, contenu: str) -> str:
    """Écrire une cellule, de largeur donnée en points."""
    return f'<w:tc><w:tcPr><w:tcW w:w="{round(largeur * PAR_POINT)}" w:type="dxa"/></w:tcPr>{contenu}</w:tc>'


def grille(
    r: Redaction,
    style: str,
    largeurs: Sequence[float],
    rangees: Sequence[str],
    titre: str,
    *,
    entete: bool = False,
) -> str:
    """Écrire une table de ses lignes ; son titre sert aussi de texte de remplacement."""
    colonnes = "".join(f'<w:gridCol w:w="{round(largeur * PAR_POINT)}"/>' for largeur in largeurs)
    dit = f"<w:tblCaption w:val={attribut(titre)}/>" if titre else ""
    return (
        f'<w:tbl><w:tblPr><w:tblStyle w:val="{r.styles[style]}"/>'
        f'<w:tblW w:w="{round(sum(largeurs) * PAR_POINT)}" w:type="dxa"/><w:tblLayout w:type="fixed"/>'
        f'<w:tblLook w:val="{"0020" if entete else "0000"}" w:firstRow="{int(entete)}" w:lastRow="0" w:firstColumn="0" '
        f'w:lastColumn="0" w:noHBand="1" w:noVBand="1"/>{dit}</w:tblPr>'
        f"<w:tblGrid>{colonnes}</w:tblGrid>{''.join(rangees)}</w:tbl>"
    )


def place_de_front(r: Redaction, de_front: int) -> float:
    """Donner en centimètres la place de chacun des contenus posés côte à côte."""
    return r.utile_en_cm / de_front - sum(STYLES["Fiches"]["marges_de_cellule"]) / POINTS_PAR_CM


def cote_a_cote(r: Redaction, contenus: Sequence[str], de_front: int) -> str:
    """Poser des contenus côte à côte, sans bord, de gauche à droite puis de haut en bas."""
    if not contenus:
        return ""
    largeurs = [r.utile_en_cm * POINTS_PAR_CM / de_front] * de_front
    vide = r.paragraphe("Normal", "")
    rangees = []
    for debut in range(0, len(contenus), de_front):
        poses = list(contenus[debut : debut + de_front])
        poses += [vide] * (de_front - len(poses))
        rangees.append(rangee("".join(cellule(largeurs[0], pose) for pose in poses)))
    return grille(r, "Fiches", largeurs, rangees, "") + separateur(r)
