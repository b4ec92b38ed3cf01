"""Les tableaux d'un PDF : largeur de chaque colonne d'après ce qu'elle porte, paysage et suites quand il y en a trop."""

from __future__ import annotations

import re
from math import ceil
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from carnets.documents.modeles import PDF

if TYPE_CHECKING:
    from collections.abc import Iterator

    Donnees = dict[str, Any]

# Lettres gardées ensemble dans un mot d'en-tête (la césure fait le reste) et dans un nom de la première colonne, corps
# réduit ou non : de moins en moins, jusqu'à ce que le tableau tienne debout.
_ESSAIS: Final = ((18, 26, False), (13, 26, False), (9, 26, False), (9, 0, False), (7, 0, True))
# Au-delà, un texte se plie sur plusieurs lignes.
_LIGNE: Final = 56
_ECRITES: Final = ("texte", "formule")
_GRAS: Final = 1.15
# Ce que prend, en caractères, le blanc autour d'une cellule.
_BLANC: Final = 2
_LONG: Final = re.compile(rf"[^\s\u200b-]{{{PDF['mot_insecable']},}}")
_COUPURE: Final = re.compile(r"[/_.,;:+=?&]|[^/_.,;:+=?&]{14}(?=[^/_.,;:+=?&]{4})")
_ZERO: Final = "\u200b"


def secable(texte: str) -> str:
    """Permettre la coupure d'un mot plus long qu'une colonne (adresse, formule), qui déborderait de la page."""
    return _LONG.sub(lambda vu: _COUPURE.sub(lambda c: c[0] + _ZERO, vu[0]), texte)


def tableaux(bloc: Donnees) -> Iterator[Donnees]:
    """Donner un tableau, ou ses suites : trop de colonnes ne tiennent pas, même en paysage."""
    colonnes = len(bloc["entetes"])
    if not colonnes:
        return
    essais = [(_colonnes(bloc, mot, nom), serre) for mot, nom, serre in _ESSAIS]
    larges, serre = next((essai for essai in essais if _tient(*essai)), essais[-1])
    paysage = not _tient(larges, serre)
    serre = serre or colonnes > PDF["colonnes_en_portrait"]
    place = PDF["caracteres_en_paysage" if paysage else "caracteres_en_portrait"]
    parts = _parts(colonnes)
    for rang, part in enumerate(parts):
        yield {
            "titre": bloc["titre"] + (f" {PDF['textes']['suite']}" if rang else ""),
            "entetes": [_cellule(bloc["entetes"][c]) for c in part],
            "lignes": [
                {"sujet": bool(ligne) and ligne[0].get("classe") == "sujet", "cellules": _ligne(ligne, part)}
                for ligne in bloc["lignes"]
            ],
            "largeurs": _largeurs([larges[c] for c in part], place),
            # Deux colonnes de chiffres étirées sur toute la page se liraient mal d'un bout à l'autre.
            "large": min(1.0, sum(larges[c].souhait for c in part) / (0.75 * place)),
            "textes": [c == 0 or larges[c].texte for c in part],
            "notes": list(bloc.get("notes", ())) if rang == len(parts) - 1 else [],
            "paysage": paysage,
            "serre": serre,
        }


def _parts(colonnes: int) -> list[list[int]]:
    """Répartir les colonnes, la première reprise dans chaque suite."""
    place = PDF["colonnes_en_paysage"] - 1
    suites = range(1, max(colonnes, 2), place)
    return [[0, *range(debut, min(debut + place, colonnes))] for debut in suites]


class Colonne(NamedTuple):
    """Ce qu'une colonne demande, en caractères : au moins son plus long mot, au mieux ce qu'elle porte d'ordinaire."""

    minimum: int
    souhait: int
    texte: bool


def _tient(colonnes: list[Colonne], serre: bool) -> bool:
    place = PDF["caracteres_en_portrait"] * (
        PDF["corps"]["tableau"] / PDF["corps"]["tableau_large"] if serre else 1
    )
    return sum(c.minimum for c in colonnes) <= place


def _colonnes(bloc: Donnees, mot: int, nom: int) -> list[Colonne]:
    rendues = [
        _colonne(entete, mot, [ligne[rang] for ligne in bloc["lignes"] if rang < len(ligne)])
        for rang, entete in enumerate(bloc["entetes"])
    ]
    # La première colonne porte les noms : pliés sur trois lignes, ils allongeraient tout le tableau.
    noms = rendues[0]
    return [noms._replace(minimum=max(noms.minimum, min(noms.souhait, nom))), *rendues[1:]]


def _colonne(entete: Donnees, mot_d_entete: int, cellules: list[Donnees]) -> Colonne:
    lignes = [(c.get("texte", ""), c.get("detail", "")) for c in cellules]
    textes = [t for ligne in lignes for t in ligne]
    mots = [len(m) for t in textes for m in re.split(r"[ \n\u200b-]", secable(t))]
    entetes = [min(len(m), mot_d_entete) for m in re.split(r"[ \-/]", entete.get("texte", ""))]
    minimum = max([3, *mots, *(ceil(_GRAS * m) for m in entetes)]) + _BLANC
    # Le détail d'une cellule est sur sa propre ligne.
    longueurs = sorted(max(map(len, ligne)) for ligne in lignes) or [0]
    ordinaire = longueurs[(len(longueurs) - 1) * 9 // 10]
    ecrite = bool(cellules) and cellules[0].get("classe") in _ECRITES
    return Colonne(minimum, max(minimum, min(ordinaire, _LIGNE)), ecrite)


def _largeurs(colonnes: list[Colonne], place: int) -> list[float]:
    """Donner à chaque colonne son plus long mot, puis partager ce qui reste selon ce qu'elle voudrait de plus."""
    minimum, souhait = (sum(c[rang] for c in colonnes) for rang in (0, 1))
    part = min(1.0, max(0, place - minimum) / max(1, souhait - minimum))
    return [c.minimum + part * (c.souhait - c.minimum) for c in colonnes]


def _ligne(ligne: list[Donnees], part: list[int]) -> list[Donnees]:
    return [_cellule(ligne[c]) if c < len(ligne) else _cellule({}) for c in part]


def _cellule(cellule: Donnees) -> Donnees:
    return {
        "texte": cellule.get("texte", ""),
        "detail": cellule.get("detail", ""),
        "formule": cellule.get("classe") == "formule",
        "fort": cellule.get("classe") == "sujet",
    }
