"""Les adresses du site : elles ne dépendent que du niveau et du code, jamais d'un ordre ni d'une date."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from abs.territoires.territoires import Territoire

# Le plus long code officiel a neuf caractères, le plus long indicateur une quarantaine.
LONGUEUR_MAXIMALE: Final = 80
ACCUEIL: Final = "index.html"
COMPARER: Final = "comparer.html"
INDICATEURS: Final = "indicateurs.html"
TELECHARGER: Final = "telecharger.html"
LIRE: Final = "lire.html"
DOSSIER_DES_FICHIERS: Final = "telechargements"


def morceau(texte: str) -> str:
    """Rendre un code sûr dans un chemin et dans une ancre."""
    propre = re.sub(r"[^A-Za-z0-9_-]+", "-", texte)
    if len(propre) <= LONGUEUR_MAXIMALE:
        return propre
    return f"{propre[: LONGUEUR_MAXIMALE - 9]}-{hashlib.sha256(texte.encode()).hexdigest()[:8]}"


def cle_de(territoire: Territoire) -> str:
    """Donner la clé d'un territoire dans le site."""
    return f"{territoire.niveau}-{morceau(territoire.code)}"


def page_de(territoire: Territoire) -> str:
    """Donner l'adresse de la page d'un territoire, depuis la racine du site."""
    return f"territoires/{cle_de(territoire)}.html"


def ancre_d_iris(commune: Territoire, code: str) -> str:
    """Donner l'adresse d'un IRIS, montré dans la page de sa commune."""
    return f"{page_de(commune)}#iris-{morceau(code)}"


def page_d_indicateur(code: str) -> str:
    """Donner l'adresse de la page d'un indicateur."""
    return f"indicateurs/{morceau(code)}.html"


def carte_d_indicateur(code: str) -> str:
    """Donner l'adresse de la carte à inclure d'un indicateur."""
    return f"cartes/{morceau(code)}.html"


def fichier_d_indicateur(code: str, extension: str, suffixe: str = "") -> str:
    """Donner l'adresse d'un fichier à télécharger."""
    return f"{DOSSIER_DES_FICHIERS}/indicateurs/{morceau(code)}{suffixe}.{extension}"


def dossier_du_site(code: str) -> str:
    """Nommer le dossier d'un observatoire : il ne dépend que du code, pour que ses liens durent."""
    return f"observatoire-{morceau(code)}"
