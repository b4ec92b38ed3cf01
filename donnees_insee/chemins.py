"""Où sont les données, et comment écrire un fichier ou un dossier sans jamais le laisser à moitié fait."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from donnees_insee.erreurs import SortieImpossible

if TYPE_CHECKING:
    from collections.abc import Iterator


def dossier_des_donnees() -> Path:
    """Dire le dossier des données : la variable ``ABS_DONNEES``, sinon celui de l'utilisateur.

    Returns
    -------
    pathlib.Path
        Chemin absolu ; le dossier n'est pas créé tant que rien n'y est écrit.
    """
    choisi = os.environ.get("ABS_DONNEES")
    if choisi:
        return Path(choisi).expanduser().resolve()
    from platformdirs import user_data_path  # noqa: PLC0415 - évité au démarrage de la commande

    return Path(user_data_path("abs", appauthor=False)).resolve()


def creer_dossier(dossier: Path) -> Path:
    """Créer un dossier et ses parents, avec une phrase claire si c'est interdit.

    Parameters
    ----------
    dossier : pathlib.Path
        Dossier voulu.

    Returns
    -------
    pathlib.Path
        Le même dossier, existant.

    Raises
    ------
    SortieImpossible
        Si le dossier ne peut pas être créé.
    """
    try:
        dossier.mkdir(parents=True, exist_ok=True)
    except OSError as cause:
        raise SortieImpossible(
            f"Le dossier « {dossier} » ne peut pas être créé ({cause.strerror or cause}). Choisissez un "
            "dossier "
            "où vous avez le droit d'écrire, avec --sortie pour les documents ou la variable ABS_DONNEES "
            "pour les données."
        ) from cause
    return dossier


@contextmanager
def fichier_provisoire(final: Path) -> Iterator[Path]:
    """Donner un nom provisoire à côté du fichier final, puis le mettre en place d'un geste.

    Parameters
    ----------
    final : pathlib.Path
        Chemin définitif.

    Yields
    ------
    pathlib.Path
        Chemin provisoire, de même extension, à remplir.

    Raises
    ------
    SortieImpossible
        Si le dossier refuse l'écriture ou si le fichier final est ouvert ailleurs.
    """
    creer_dossier(final.parent)
    # Nom court et unique : un nom final très long, ou deux écritures à la fois, ne gênent pas.
    provisoire = final.with_name(f".{uuid.uuid4().hex[:12]}.en-cours{final.suffix}")
    try:
        yield provisoire
        provisoire.replace(final)
    except OSError as cause:
        raise SortieImpossible(
            f"Le fichier « {final} » ne peut pas être écrit ({cause.strerror or cause}). S'il est "
            "ouvert dans "
            "un tableur ou un traitement de texte, fermez-le ; sinon choisissez un autre dossier."
        ) from cause
    finally:
        with suppress(OSError):
            provisoire.unlink(missing_ok=True)


@contextmanager
def dossier_provisoire(final: Path, *, en_place: bool = True) -> Iterator[Path]:
    """Remplir un dossier provisoire, mis à la place du dossier final s'il est allé au bout.

    Parameters
    ----------
    final : pathlib.Path
        Dossier définitif ; s'il existe, il n'est remplacé qu'à la fin.
    en_place : bool, default True
        Faux quand l'appelant choisit lui-même la place avant de rendre la main.

    Yields
    ------
    pathlib.Path
        Dossier provisoire, voisin du définitif.

    Raises
    ------
    SortieImpossible
        Si le dossier parent refuse l'écriture.
    """
    creer_dossier(final.parent)
    try:
        provisoire = Path(tempfile.mkdtemp(prefix=f".{final.name[:40]}-", dir=final.parent))
    except OSError as cause:
        raise SortieImpossible(
            f"Le dossier « {final.parent} » refuse l'écriture ({cause.strerror or cause}). "
            "Choisissez un autre dossier avec --sortie."
        ) from cause
    try:
        provisoire.chmod(0o755)
        yield provisoire
        if en_place:
            mettre_en_place(provisoire, final)
    finally:
        shutil.rmtree(provisoire, ignore_errors=True)


def mettre_en_place(provisoire: Path, final: Path) -> None:
    """Mettre un dossier fini à la place du dossier final, d'un geste.

    Parameters
    ----------
    provisoire : pathlib.Path
        Dossier fini, sur le même disque.
    final : pathlib.Path
        Dossier définitif ; l'ancien est gardé si le remplacement échoue.

    Raises
    ------
    SortieImpossible
        Si le dossier ne peut pas être remplacé.
    """
    ancien = final.with_name(f".{final.name}-ancien")
    shutil.rmtree(ancien, ignore_errors=True)
    try:
        if final.exists():
            final.replace(ancien)
        provisoire.replace(final)
    except OSError as cause:
        if ancien.exists() and not final.exists():
            ancien.replace(final)
        raise SortieImpossible(
            f"Le dossier « {final} » ne peut pas être remplacé ({cause.strerror or cause}). "
            "Fermez les documents qu'il contient, puis relancez la commande."
        ) from cause
    shutil.rmtree(ancien, ignore_errors=True)
