"""Où sont les données, et comment écrire, seul, un fichier ou un dossier sans jamais le laisser à moitié fait."""

import errno
import hashlib
import os
import platform
import re
import shutil
import sys
import tempfile
import time
import unicodedata
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from io import BufferedRandom
from pathlib import Path
from typing import Final

from donnees_insee.erreurs import SortieImpossible, cause_en_clair

# Un nom provisoire dit la machine et le processus qui l'ont pris : ce qu'un programme tué laisse se reconnaît.
RESTE: Final = re.compile(r".*-(?P<hote>[0-9a-f]{4})-(?P<pid>\d+)-[a-z0-9_]{8}")
EN_COURS: Final = re.compile(r"\.(?P<hote>[0-9a-f]{4})-(?P<pid>\d+)-[0-9a-f]{8}\.en-cours(\..*)?")
# Secondes entre deux tentatives de prendre un verrou.
PAS: Final = 0.2
LONGUEUR_DE_NOM: Final = 60


class VerrouPris(SortieImpossible):
    """Un autre programme tient déjà ce verrou."""


def dossier_des_donnees() -> Path:
    """Dire le dossier des données : la variable ``ABS_DONNEES``, sinon celui de l'utilisateur."""
    choisi = os.environ.get("ABS_DONNEES")
    if choisi:
        return Path(choisi).expanduser().resolve()
    from platformdirs import user_data_path  # noqa: PLC0415 - évité au démarrage de la commande

    return Path(user_data_path("abs", appauthor=False)).resolve()


def creer_dossier(dossier: Path) -> Path:
    """Créer un dossier et ses parents, avec une phrase claire si c'est interdit."""
    try:
        dossier.mkdir(parents=True, exist_ok=True)
    except OSError as cause:
        raise SortieImpossible(
            f"Le dossier « {dossier} » ne peut pas être créé ({cause_en_clair(cause)}). Choisissez un dossier où vous "
            "avez le droit d'écrire, avec --sortie pour les documents ou la variable ABS_DONNEES pour les données."
        ) from cause
    return dossier


@contextmanager
def fichier_provisoire(final: Path) -> Iterator[Path]:
    """Donner un nom provisoire à côté du fichier final, puis le mettre en place d'un geste."""
    purger_les_restes(creer_dossier(final.parent))
    # Nom court et unique : un nom final très long, ou deux écritures à la fois, ne gênent pas.
    provisoire = final.with_name(f".{marque()}-{uuid.uuid4().hex[:8]}.en-cours{final.suffix}")
    try:
        yield provisoire
        provisoire.replace(final)
    except OSError as cause:
        conseil = "Rien n'en a été gardé, et ce qui existait n'a pas changé."
        if cause.errno in {errno.EACCES, errno.EPERM, errno.EBUSY}:
            conseil = (
                "S'il est ouvert dans un tableur ou un traitement de texte, fermez-le ; sinon choisissez un autre "
                "dossier."
            )
        raise SortieImpossible(
            f"Le fichier « {final} » ne peut pas être écrit : {cause_en_clair(cause)}. {conseil}"
        ) from cause
    finally:
        with suppress(OSError):
            provisoire.unlink(missing_ok=True)


def ecrire_texte(chemin: Path, texte: str) -> None:
    """Écrire un texte d'un seul geste ; un nom de fichier qui n'est pas de l'UTF-8 n'empêche pas de l'écrire."""
    with fichier_provisoire(chemin) as provisoire:
        provisoire.write_text(texte, encoding="utf-8", errors="replace")


@contextmanager
def dossier_provisoire(final: Path, *, en_place: bool = True) -> Iterator[Path]:
    """Remplir un dossier provisoire, mis à la place du dossier final s'il est allé au bout."""
    purger_les_restes(creer_dossier(final.parent), f".{final.name[:40]}-")
    ancien = _place_de_l_ancien(final)
    if ancien.exists() and not final.exists():
        ancien.replace(final)  # un programme tué entre les deux gestes de la mise en place
    prefixe, conseil = f".{final.name[:40]}-{marque()}-", "Choisissez un autre dossier avec --sortie."
    with dossier_a_oter(final.parent, prefixe, conseil) as provisoire:
        provisoire.chmod(0o755)
        yield provisoire
        if en_place:
            mettre_en_place(provisoire, final)


@contextmanager
def dossier_a_oter(parent: Path, prefixe: str, conseil: str) -> Iterator[Path]:
    """Prêter un dossier neuf, sur le disque de ce qu'il deviendra, et ôter ce qui en reste quoi qu'il arrive."""
    try:
        dossier = Path(tempfile.mkdtemp(prefix=prefixe, dir=parent))
    except OSError as cause:
        raise _refus_d_ecrire(parent, cause, conseil) from cause
    try:
        yield dossier
    finally:
        shutil.rmtree(dossier, ignore_errors=True)


def _refus_d_ecrire(dossier: Path, cause: OSError, conseil: str) -> SortieImpossible:
    return SortieImpossible(
        f"Le dossier « {dossier} » refuse l'écriture ({cause_en_clair(cause)}). {conseil}"
    )


def _place_de_l_ancien(final: Path) -> Path:
    return final.with_name(f".{final.name}-ancien")


def mettre_en_place(provisoire: Path, final: Path) -> None:
    """Mettre un dossier fini à la place du dossier final, d'un geste."""
    ancien = _place_de_l_ancien(final)
    shutil.rmtree(ancien, ignore_errors=True)
    try:
        if final.exists():
            final.replace(ancien)
        provisoire.replace(final)
    except OSError as cause:
        if ancien.exists() and not final.exists():
            ancien.replace(final)
        raise SortieImpossible(
            f"Le dossier « {final} » ne peut pas être remplacé ({cause_en_clair(cause)}). "
            "Fermez les documents qu'il contient, puis relancez la commande."
        ) from cause
    shutil.rmtree(ancien, ignore_errors=True)


# -- ce que laisse un programme tué ------------------------------------------------------------


@lru_cache(maxsize=1)
def _hote() -> str:
    return hashlib.sha256(platform.node().encode()).hexdigest()[:4]


def marque() -> str:
    """Donner ce qui, dans un nom provisoire, désigne cette machine et ce processus."""
    return f"{_hote()}-{os.getpid()}"


def purger_les_restes(dossier: Path, prefixe: str = "") -> None:
    """Ôter d'un dossier les fichiers et dossiers provisoires qu'un programme tué y a laissés."""
    with suppress(OSError):
        for entree in os.scandir(dossier):
            trouve = EN_COURS.fullmatch(entree.name)
            if trouve is None and prefixe and entree.name.startswith(prefixe):
                trouve = RESTE.fullmatch(entree.name)
            if trouve is None or trouve["hote"] != _hote() or _vit(int(trouve["pid"])):
                continue
            with suppress(OSError):
                if entree.is_dir(follow_symlinks=False):
                    shutil.rmtree(entree.path, ignore_errors=True)
                else:
                    Path(entree.path).unlink(missing_ok=True)


def _vit(pid: int) -> bool:
    import psutil  # noqa: PLC0415 - seulement s'il y a un reste

    return pid == os.getpid() or psutil.pid_exists(pid)


@lru_cache(maxsize=1)
def _purger_le_dossier_temporaire() -> None:
    purger_les_restes(Path(tempfile.gettempdir()), "abs-")


def creer_un_dossier_de_passage(but: str = "") -> Path:
    """Créer un dossier temporaire, que l'appelant ôtera ; ceux de programmes tués sont ôtés d'abord."""
    _purger_le_dossier_temporaire()
    return Path(tempfile.mkdtemp(prefix=f"abs-{but}-{marque()}-" if but else f"abs-{marque()}-"))


@contextmanager
def dossier_de_passage(but: str) -> Iterator[Path]:
    """Prêter un dossier temporaire, ôté en sortie."""
    dossier = creer_un_dossier_de_passage(but)
    try:
        yield dossier
    finally:
        shutil.rmtree(dossier, ignore_errors=True)


# -- écrire seul --------------------------------------------------------------------------------


@contextmanager
def tenir(
    chemin: Path, pris: str, *, attente: float = 0.0, attendre: Callable[[], None] | None = None
) -> Iterator[None]:
    """Tenir seul un fichier de verrou."""
    try:
        flux = chemin.open("a+b")
    except OSError as cause:
        raise _refus_d_ecrire(chemin.parent, cause, "Vérifiez vos droits.") from cause
    fin = time.monotonic() + attente
    with flux:
        while not _prendre(flux):
            if time.monotonic() >= fin:
                raise VerrouPris(pris)
            if attendre is not None:
                attendre()
                attendre = None
            time.sleep(PAS)
        yield


def _prendre(flux: BufferedRandom) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt  # noqa: PLC0415 - propre à Windows

            msvcrt.locking(flux.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl  # noqa: PLC0415 - propre aux systèmes POSIX

            fcntl.flock(flux, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def nom_de_fichier(texte: str) -> str:
    """Changer un nom de territoire en morceau de nom de fichier, sûr sur Windows comme sur Linux."""
    nu = "".join(c for c in unicodedata.normalize("NFKD", texte.lower()) if not unicodedata.combining(c))
    propre = re.sub(r"[^a-z0-9]+", "-", nu).strip("-")[:LONGUEUR_DE_NOM].strip("-")
    return propre or "territoire"
