"""Les erreurs du projet : une seule racine, des phrases complètes en français."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


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


def liste_de_fautes(entete: str, fautes: Iterable[str], *, maximum: int = 12) -> str:
    """Réunir toutes les fautes d'une table en un seul message lisible.

    Parameters
    ----------
    entete : str
        Phrase qui dit ce qui a été reçu.
    fautes : iterable of str
        Une phrase par faute.
    maximum : int, default 12
        Nombre de fautes écrites ; au-delà, leur nombre est annoncé.

    Returns
    -------
    str
        L'en-tête suivi d'une faute par ligne.
    """
    lignes = list(fautes)
    montrees = [f"  - {ligne}" for ligne in lignes[:maximum]]
    if len(lignes) > maximum:
        montrees.append(f"  - … et {len(lignes) - maximum} autres fautes de même nature.")
    return "\n".join([entete, *montrees])
