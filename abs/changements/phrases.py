"""Les phrases d'un portrait gardé qui ne sont plus vraies : ce qu'elles affirmaient n'est plus affirmé."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

# D'une phrase, ses chiffres, ses dates et ses parenthèses passent ; ce qu'elle affirme reste.
NOMBRES: Final = re.compile(r"(?:[+−-][\s\u00a0]?)?\d[\d\s\u00a0\u202f.,]*")
PARENTHESES: Final = re.compile(r"\s*\([^()]*\)")
MOTS_DE_NOMBRE: Final = re.compile(r"#\s*(?:%|€|points?|ans?)?")
PRECISIONS: Final = re.compile(
    r"(?:,? soit\b|\benviron\b|,|\bsur(?: des)? (?=IRIS|quartiers|communes)|\bde (?=plus|moins))"
)
MEME_SENS: Final = re.compile(r"\b(plus|moins)( que [^;.]*?) et \1 que\b")
Ecrite = tuple[str, tuple[str, ...]]


@dataclass(frozen=True)
class Dementie:
    """Une phrase qui n'est plus vraie, et celle qui la remplace s'il y en a une."""

    avant: str
    apres: str = ""


def squelette(texte: str) -> str:
    """Donner ce qu'une phrase affirme, sans les nombres qu'elle cite ni leur précision."""
    sans = NOMBRES.sub("# ", PARENTHESES.sub("", texte))
    mots = " ".join(MOTS_DE_NOMBRE.sub(" ", sans).split())
    plat = " ".join(PRECISIONS.sub(" ", mots).split())
    # « 4 points de moins que A et 3 points de moins que B » affirme ce qu'affirme « moins que A et que B ».
    return MEME_SENS.sub(r"\1\2 et que", plat)


def dementies(anciennes: Iterable[Ecrite], nouvelles: Iterable[Ecrite]) -> list[Dementie]:
    """Lister les phrases d'avant que rien, dans les nouvelles, ne redit du même indicateur et du même territoire."""
    par_sujet: dict[str, list[str]] = {}
    for texte, references in nouvelles:
        par_sujet.setdefault(_sujet(references), []).append(texte)
    trouvees = []
    for texte, references in anciennes:
        sujet = _sujet(references)
        redites = par_sujet.get(sujet, [])
        if sujet and squelette(texte) not in map(squelette, redites):
            trouvees.append(Dementie(texte, redites[0] if redites else ""))
    return trouvees


def _sujet(references: tuple[str, ...]) -> str:
    """Dire de quoi parle une phrase : l'indicateur et le niveau de ses chiffres, le territoire quand il est seul."""
    parties = [r.split("|") for r in references if r.count("|") >= 2]
    if not parties:
        return ""
    niveau, indicateur = parties[0][1], parties[0][2]
    return f"{'' if niveau in {'iris', 'qpv'} else parties[0][0]}|{niveau}|{indicateur}"
