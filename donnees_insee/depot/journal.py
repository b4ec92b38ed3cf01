"""Écrire dans la base ou en retirer un fichier : un seul programme à la fois, un journal, les restes ôtés d'abord."""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import Final

from donnees_insee.base.base import Base
from donnees_insee.base.recus import DEBUT, Recu, chemin_du_recu
from donnees_insee.chemins import creer_dossier, ecrire_texte, purger_les_restes, tenir
from donnees_insee.depot.rangement import defaire
from donnees_insee.erreurs import DonneeAbsente, ParametreInvalide, SortieImpossible

VERROU: Final = ".verrou"
JOURNAL: Final = ".journal.json"
# Le dépôt d'un département entier dure quelques minutes : au-delà, l'autre programme ne rendra pas la main.
ATTENTE: Final = 3600.0
DEBUT_MINIMAL: Final = 6
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


# -- retirer un fichier déposé : ses parts, la copie de l'original, puis son reçu -----------------


def retirer(base: Base, sha_ou_nom: str) -> Recu:
    """Retirer un fichier déposé."""
    demande = sha_ou_nom.strip()
    with seul_a_ecrire(base):
        recu = _reste(base, demande) or _choisir(base, demande)
        connu = chemin_du_recu(base.dossier, recu.sha256)
        originaux = sorted((base.dossier / "brut").glob(f"{recu.sha256[:16]}*/*"))
        parts = [
            p.chemin
            for p in (*base.parts(), *base.parts_sans_recu())
            if p.chemin.name.startswith(recu.sha256[:DEBUT])
        ]
        # Sans son reçu, plus rien n'est lu : un retrait interrompu est défait au prochain dépôt, ou relancé.
        with journal(base, [*parts, *originaux]):
            for fichier in [connu, *parts, *originaux]:
                defaire([fichier], base.dossier)
                if fichier.exists():
                    raise SortieImpossible(
                        f"« {fichier} » ne peut pas être ôté. Fermez-le s'il est ouvert et vérifiez vos droits, puis "
                        "relancez la commande : le retrait reprendra."
                    )
        base.oublier()
    return recu


def _reste(base: Base, demande: str) -> Recu | None:
    """Reconnaître le début du nom de parts sans reçu, et en faire un reçu vide à retirer."""
    debuts = {p.chemin.name[:DEBUT] for p in base.parts_sans_recu()}
    trouves = [d for d in debuts if len(demande) >= DEBUT_MINIMAL and d.startswith(demande.lower()[:DEBUT])]
    if len(trouves) != 1 or any(r.sha256.startswith(trouves[0]) for r in base.recus()):
        return None
    return Recu(trouves[0], "parts sans reçu, jamais lues", "", 0, "")


def _choisir(base: Base, demande: str) -> Recu:
    recus = base.recus()
    trouves = [r for r in recus if r.nom == demande]
    if not trouves and len(demande) >= DEBUT_MINIMAL:
        trouves = [r for r in recus if r.sha256.startswith(demande.lower())]
    if not trouves:
        noms = ", ".join(f"« {r.nom} »" for r in recus[-8:]) or "aucun"
        raise DonneeAbsente(
            f"Aucun fichier déposé ne s'appelle « {demande} » ni n'a cette empreinte. Fichiers déposés (les "
            f"derniers) : {noms}. `abs sources etat` les dit tous."
        )
    if len(trouves) > 1:
        choix = " ; ".join(f"{r.sha256[:12]} ({r.nom}, déposé le {r.date[:10]})" for r in trouves)
        raise ParametreInvalide(
            f"« {demande} » désigne {len(trouves)} fichiers déposés : {choix}. Donnez l'empreinte de "
            "celui à retirer."
        )
    return trouves[0]
