"""Les tours du français dont les phrases ont besoin : élision, énumération, pluriel, espaces insécables, mots refusés."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from abs.formats import ESPACE_INSECABLE, arrondir, nombre

VOYELLES: Final = "aeiouy"
DEUX: Final = 2
ARRONDISSEMENT: Final = re.compile(r"(?P<ville>\w+) (?P<ordinal>\d+e(?:r)?) Arrondissement", re.IGNORECASE)


def majuscule(texte: str) -> str:
    """Mettre une majuscule au premier mot."""
    return texte[:1].upper() + texte[1:]


def minuscule(texte: str) -> str:
    """Ôter la majuscule du premier mot."""
    return texte[:1].lower() + texte[1:]


def elider(mot: str, suite: str) -> str:
    """Joindre un mot et sa suite, avec l'élision."""
    initiale = unicodedata.normalize("NFD", suite)[:1].lower()
    return f"{mot[:-1]}'{suite}" if initiale in VOYELLES and initiale else f"{mot} {suite}"


def enumerer(morceaux: Sequence[str]) -> str:
    """Énumérer à la française."""
    if len(morceaux) <= 1:
        return "".join(morceaux)
    return f"{', '.join(morceaux[:-1])} et {morceaux[-1]}"


def abreger(noms: Sequence[str], combien: int) -> str:
    """Nommer les premiers, et compter les autres."""
    autres = len(noms) - combien
    return ", ".join(noms[:combien]) + (f" et {autres} autres" if autres > 0 else "")


def points(ecart: float, decimales: int) -> str:
    """Écrire un écart entre deux taux."""
    mot = "point" if abs(arrondir(abs(ecart), decimales)) < DEUX else "points"
    return f"{nombre(abs(ecart), decimales)}{ESPACE_INSECABLE}{mot}"


def lieu_de_commune(nom: str) -> str:
    """Écrire le complément de lieu d'une commune, article contracté."""
    arrondissement = ARRONDISSEMENT.fullmatch(nom)
    if arrondissement:
        ville, ordinal = arrondissement["ville"], arrondissement["ordinal"]
        return f"dans le {ordinal} arrondissement {elider('de', ville)}"
    if nom.startswith("Le "):
        return f"au {nom[3:]}"
    if nom.startswith("Les "):
        return f"aux {nom[4:]}"
    return f"à {nom}"


def typographier(texte: str) -> str:
    """Poser les espaces insécables des signes doubles."""
    texte = re.sub(r" ([;:!?»%€])", rf"{ESPACE_INSECABLE}\1", texte)
    return texte.replace("« ", f"«{ESPACE_INSECABLE}")
