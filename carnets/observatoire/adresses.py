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
    """Rendre un code sûr dans un chemin et dans une ancre.

    Parameters
    ----------
    texte : str
        Code officiel ou local.

    Returns
    -------
    str
        Le même code, où tout autre signe qu'une lettre, un chiffre, un tiret ou un soulignement devient un tiret ; un
        code trop long pour un nom de fichier est coupé, et finit par son empreinte.
    """
    propre = re.sub(r"[^A-Za-z0-9_-]+", "-", texte)
    if len(propre) <= LONGUEUR_MAXIMALE:
        return propre
    return f"{propre[: LONGUEUR_MAXIMALE - 9]}-{hashlib.sha256(texte.encode()).hexdigest()[:8]}"


def cle_de(territoire: Territoire) -> str:
    """Donner la clé d'un territoire dans le site.

    Parameters
    ----------
    territoire : Territoire
        Territoire du site.

    Returns
    -------
    str
        Par exemple ``"commune-34172"`` ou ``"qpv-QP034001"``.
    """
    return f"{territoire.niveau}-{morceau(territoire.code)}"


def page_de(territoire: Territoire) -> str:
    """Donner l'adresse de la page d'un territoire, depuis la racine du site.

    Parameters
    ----------
    territoire : Territoire
        Intercommunalité, commune ou QPV.

    Returns
    -------
    str
        Par exemple ``"territoires/commune-34172.html"``.
    """
    return f"territoires/{cle_de(territoire)}.html"


def ancre_d_iris(commune: Territoire, code: str) -> str:
    """Donner l'adresse d'un IRIS, montré dans la page de sa commune.

    Parameters
    ----------
    commune : Territoire
        Commune de l'IRIS.
    code : str
        Code de l'IRIS.

    Returns
    -------
    str
        Par exemple ``"territoires/commune-34172.html#iris-341720101"``.
    """
    return f"{page_de(commune)}#iris-{morceau(code)}"


def page_d_indicateur(code: str) -> str:
    """Donner l'adresse de la page d'un indicateur.

    Parameters
    ----------
    code : str
        Code de l'indicateur.

    Returns
    -------
    str
        Par exemple ``"indicateurs/part_hlm.html"``.
    """
    return f"indicateurs/{morceau(code)}.html"


def carte_d_indicateur(code: str) -> str:
    """Donner l'adresse de la carte à inclure d'un indicateur.

    Parameters
    ----------
    code : str
        Code de l'indicateur.

    Returns
    -------
    str
        Par exemple ``"cartes/part_hlm.html"``.
    """
    return f"cartes/{morceau(code)}.html"


def fichier_d_indicateur(code: str, extension: str, suffixe: str = "") -> str:
    """Donner l'adresse d'un fichier à télécharger.

    Parameters
    ----------
    code : str
        Code de l'indicateur.
    extension : str
        ``csv``, ``gpkg`` ou ``png``.
    suffixe : str, default ""
        ``"-iris"`` pour la carte des IRIS.

    Returns
    -------
    str
        Par exemple ``"telechargements/indicateurs/part_hlm.csv"``.
    """
    return f"{DOSSIER_DES_FICHIERS}/indicateurs/{morceau(code)}{suffixe}.{extension}"


def dossier_du_site(code: str) -> str:
    """Nommer le dossier d'un observatoire : il ne dépend que du code, pour que ses liens durent.

    Parameters
    ----------
    code : str
        Code de l'intercommunalité.

    Returns
    -------
    str
        Par exemple ``"observatoire-243400017"``.
    """
    return f"observatoire-{morceau(code)}"
