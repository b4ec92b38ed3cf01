"""Mesurer un texte avant de le poser : la plus grande police qui tient, sinon ce qui passe à la suite."""

from __future__ import annotations

import math
import re
import tomllib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from carnets.documents.modeles import MODELES

if TYPE_CHECKING:
    from collections.abc import Sequence

DIAPOS: Final[dict[str, Any]] = tomllib.loads((MODELES / "diapos.toml").read_text(encoding="utf-8"))
CORPS: Final[dict[str, Any]] = DIAPOS["corps"]
INTERLIGNE: Final[float] = DIAPOS["interligne"]
CORPS_MESURE: Final = 10.0
# Entre deux paragraphes, en part du corps.
ECART: Final = 0.45


@dataclass(frozen=True)
class Paragraphe:
    """Un paragraphe : son texte, sa taille rapportée au corps du cadre, sa graisse et sa couleur."""

    texte: str
    taille: float = 1.0
    gras: bool = False
    couleur: str = "encre"
    puce: bool = False


def hauteur(paragraphes: Sequence[Paragraphe], corps: float, largeur: float) -> float:
    """Mesurer, en points, la hauteur de paragraphes coupés à une largeur."""
    return sum(
        len(_lignes(p, corps, largeur)) * corps * p.taille * INTERLIGNE for p in paragraphes
    ) + ECART * corps * max(len(paragraphes) - 1, 0)


def _lignes(p: Paragraphe, corps: float, largeur: float) -> list[str]:
    from cartes.papier.trace import couper  # noqa: PLC0415 - matplotlib, seulement quand on mesure

    retrait = corps if p.puce else 0.0
    graisse = "bold" if p.gras else "normal"
    place = max((largeur - retrait) / DIAPOS["aisance"], corps)
    # La largeur suit le corps : mesurer toujours au même ne refait pas le travail d'une taille à l'autre.
    return couper(sans_blancs(p.texte), place * CORPS_MESURE / (corps * p.taille), CORPS_MESURE, graisse)


def sans_blancs(texte: str) -> str:
    """Réduire les blancs à un seul, les espaces insécables gardées : « 20 % » ne se coupe pas."""
    return re.sub(r"[ \t\r\n]+", " ", texte).strip(" ")


def tenir(
    paragraphes: Sequence[Paragraphe], tailles: Sequence[float], place: tuple[float, float]
) -> float | None:
    """Donner la plus grande taille à laquelle des paragraphes tiennent dans une place (largeur, hauteur), en points."""
    return next((t for t in tailles if hauteur(paragraphes, t, place[0]) <= place[1]), None)


def ajuster(
    paragraphes: Sequence[Paragraphe], tailles: Sequence[float], place: tuple[float, float]
) -> tuple[list[Paragraphe], float]:
    """Réduire la police, puis raccourcir le dernier paragraphe : dans un cadre qui ne peut avoir de suite."""
    taille = tenir(paragraphes, tailles, place)
    if taille is not None:
        return list(paragraphes), taille
    petite, gardes = tailles[-1], list[Paragraphe]()
    for p in paragraphes:
        if hauteur([*gardes, p], petite, place[0]) <= place[1]:
            gardes.append(p)
            continue
        reste = place[1] - hauteur([*gardes, replace(p, texte="")], petite, place[0])
        lignes = _lignes(p, petite, place[0])[
            : max(1 + math.floor(reste / (petite * p.taille * INTERLIGNE)), 0)
        ]
        if lignes:
            mots = " ".join(lignes).split(" ")
            gardes.append(replace(p, texte=" ".join(mots[:-1] or mots) + "…"))
        break
    return gardes, petite


def repartir(
    paragraphes: Sequence[Paragraphe], tailles: Sequence[float], place: tuple[float, float]
) -> list[tuple[list[Paragraphe], float]]:
    """Ranger des paragraphes sur autant de diapositives qu'il en faut, chacun entier s'il tient sur une."""
    taille = tenir(paragraphes, tailles, place)
    if taille is not None:
        return [(list(paragraphes), taille)]
    petite, pages = tailles[-1], [list[Paragraphe]()]
    for morceau in (m for p in paragraphes for m in _morceaux(p, petite, place)):
        if pages[-1] and hauteur([*pages[-1], morceau], petite, place[0]) > place[1]:
            pages.append([])
        pages[-1].append(morceau)
    return [(page, tenir(page, tailles, place) or petite) for page in pages]


def _morceaux(p: Paragraphe, corps: float, place: tuple[float, float]) -> list[Paragraphe]:
    """Couper un paragraphe plus haut que la place, entre deux lignes."""
    lignes = _lignes(p, corps, place[0])
    combien = max(int(place[1] / (corps * p.taille * INTERLIGNE)), 1)
    if len(lignes) <= combien:
        return [p]
    return [replace(p, texte=" ".join(lignes[n : n + combien])) for n in range(0, len(lignes), combien)]
