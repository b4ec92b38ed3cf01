"""Les erreurs du projet : une seule racine, des phrases complètes en français."""

import errno
import tomllib
from collections.abc import Iterable
from importlib import resources
from typing import Final
from unicodedata import category


class ErreurAbs(Exception):
    """Racine de toutes les erreurs que l'analyste peut rencontrer et corriger."""

    def _render_traceback_(self) -> list[str]:
        """Montrer dans un carnet la seule phrase : la pile d'appels n'apprend rien à qui doit déposer un fichier."""
        return [f"{type(self).__name__} : {self}"]


class FichierIllisible(ErreurAbs):
    """Le fichier reçu n'a pas pu être ouvert ou n'est pas de la nature annoncée."""


class SourceNonReconnue(ErreurAbs):
    """Aucune source du catalogue ne correspond aux colonnes du fichier."""


class TableNonConforme(ErreurAbs):
    """La table est reconnue mais ne respecte pas son contrat (codes, doublons, nombres)."""


class DonneeAbsente(ErreurAbs):
    """La base ne contient pas ce qui est demandé (source, millésime, territoire)."""


class TerritoireInconnu(ErreurAbs):
    """Le territoire demandé n'existe pas dans la base, ou le nom en désigne plusieurs."""


class IndicateurInconnu(ErreurAbs):
    """L'indicateur demandé n'est pas défini, ou sa définition est fautive."""


class ParametreInvalide(ErreurAbs):
    """Un paramètre de carnet ou de commande est inconnu ou hors de son domaine."""


class CarteImpossible(ErreurAbs):
    """La carte demandée ne peut pas être dessinée telle quelle."""


class SortieImpossible(ErreurAbs):
    """Le dossier ou le fichier de sortie ne peut pas être écrit."""


# Les signes d'Unicode qui inversent l'ordre d'affichage : un nom de fichier peut ainsi mentir sur son extension.
RENVERSEMENTS: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Lues d'emblée : quand trop de fichiers sont ouverts, il serait trop tard.
_CAUSES_ECRITES: Final = resources.files("donnees_insee").joinpath("causes.toml").read_text(encoding="utf-8")
CAUSES: Final = {getattr(errno, nom): phrase for nom, phrase in tomllib.loads(_CAUSES_ECRITES).items()}


def cause_en_clair(cause: OSError) -> str:
    """Dire en français pourquoi le système a refusé une lecture ou une écriture.

    Parameters
    ----------
    cause : OSError
        Faute du système.

    Returns
    -------
    str
        Cause et ce qu'elle demande ; le mot du système pour une cause sans traduction.

    Examples
    --------
    >>> import errno
    >>> cause_en_clair(OSError(errno.ENOSPC, "No space left on device"))
    'le disque est plein : faites de la place'
    """
    return CAUSES.get(cause.errno or 0, cause.strerror or str(cause) or type(cause).__name__)


def affichable(texte: str) -> str:
    r"""Remplacer ce qui, dans un nom, ne pourrait pas être affiché, piloterait le terminal ou renverserait le texte.

    Parameters
    ----------
    texte : str
        Texte à écrire à l'écran.

    Returns
    -------
    str
        Le même, fins de ligne gardées, tout autre signe de commande devenu « � ».

    Examples
    --------
    >>> affichable("caf\x1b[2J.csv")
    'caf�[2J.csv'
    """
    lisible = texte.encode("utf-8", "replace").decode()
    return "".join(
        "�" if c in RENVERSEMENTS or (category(c) == "Cc" and c not in "\n\t") else c for c in lisible
    )


def liste_de_fautes(entete: str, fautes: Iterable[str], *, maximum: int = 12) -> str:
    """Réunir toutes les fautes d'une table en un seul message lisible."""
    lignes = list(fautes)
    montrees = [f"  - {ligne}" for ligne in lignes[:maximum]]
    if len(lignes) > maximum:
        montrees.append(f"  - … et {len(lignes) - maximum} autres fautes de même nature.")
    return "\n".join([entete, *montrees])
