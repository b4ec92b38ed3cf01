"""Écrire dans la base : un seul programme à la fois, un journal, et ce qu'un programme tué y a laissé ôté d'abord."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import Final

from donnees_insee.base.base import Base
from donnees_insee.chemins import creer_dossier, ecrire_texte, purger_les_restes, tenir
from donnees_insee.depot.rangement import defaire

VERROU: Final = ".verrou"
JOURNAL: Final = ".journal.json"
# Le dépôt d'un département entier dure quelques minutes : au-delà, l'autre programme ne rendra pas la main.
ATTENTE: Final = 3600.0
_tenus: ContextVar[frozenset[Path]] = ContextVar("bases_tenues", default=frozenset())


@contextmanager
def seul_a_ecrire(base: Base, attendre: Callable[[], None] | None = None) -> Iterator[None]:
    """Tenir seul la base pour y écrire ; deux dépôts à la fois se suivent."""
    dossier = base.dossier.resolve()
    if dossier in _tenus.get():
        yield
        return
    pris = (
        f"Un autre programme écrit dans la base « {base.dossier} » depuis une heure. Attendez qu'il finisse, ou "
        "arrêtez-le, puis recommencez."
    )
    with tenir(creer_dossier(base.dossier) / VERROU, pris, attente=ATTENTE, attendre=attendre):
        avant = _tenus.set(_tenus.get() | {dossier})
        try:
            _oter_les_restes(base)
            base.oublier()
            yield
        finally:
            _tenus.reset(avant)


@contextmanager
def journal(base: Base, fichiers: Iterable[Path]) -> Iterator[None]:
    """Noter ce qui va être écrit ou ôté : un programme tué en route n'en laissera rien au suivant."""
    chemin = base.dossier / JOURNAL
    adresses = [f.relative_to(base.dossier).as_posix() for f in fichiers]
    ecrire_texte(chemin, json.dumps(adresses))
    try:
        yield
    finally:
        chemin.unlink(missing_ok=True)


def _oter_les_restes(base: Base) -> None:
    """Défaire l'écriture qu'un programme tué n'a pas menée jusqu'à son reçu."""
    chemin = base.dossier / JOURNAL
    with suppress(OSError, ValueError):
        attestees = {p.chemin for p in base.parts()}
        recus = {c.stem for c in (base.dossier / "recus").glob("[0-9a-f]*.json")}
        for adresse in json.loads(chemin.read_text(encoding="utf-8")):
            fichier = base.dossier / str(adresse)
            if ".." not in fichier.parts and fichier not in attestees and fichier.parent.name not in recus:
                defaire([fichier], base.dossier)
    with suppress(OSError):
        chemin.unlink(missing_ok=True)
    for dossier in ("recus", "brut", "base"):
        for sous in ((base.dossier / dossier), *(base.dossier / dossier).rglob("*/")):
            purger_les_restes(sous)
