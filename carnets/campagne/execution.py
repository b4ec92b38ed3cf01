"""Exécuter une tâche : verrou, chantier à part, mise en place d'un geste, résultat toujours dit."""

from __future__ import annotations

import errno
import json
import os
import shutil
import socket
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from carnets.campagne.taches import (
    DEJA_FAIT,
    ECHEC,
    FAIT,
    Resultat,
    Tache,
    deja_faite,
    faite_par_cette_campagne,
    poser_la_marque,
)
from carnets.dossier_de_sortie import poser, sceller
from donnees_insee.chemins import creer_dossier, tenir
from donnees_insee.erreurs import ErreurAbs, cause_en_clair

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from carnets.moteur import Production

MOTS: Final = 1500
REMARQUE: Final = 400


def mener_une_tache(tube: Connection, tache: dict[str, Any], reprendre: bool) -> None:
    """Être le processus d'une tâche : l'exécuter, et en envoyer le résultat."""
    tube.send(executer(tache, reprendre=reprendre))


def executer(tache: dict[str, Any], *, reprendre: bool = False) -> dict[str, Any]:
    """Exécuter une tâche et dire ce qu'elle a donné, sans jamais lever d'erreur."""
    voulue = Tache(**(tache | {"formats": tuple(tache["formats"])}))
    debut, dossier = time.monotonic(), voulue.final
    try:
        etat, notes, dossier = _sous_verrou(voulue, reprendre=reprendre)
        message, fichiers = "", _noms(dossier)
    except ErreurAbs as cause:
        etat, message, fichiers, notes = ECHEC, str(cause), (), ()
    except OSError as cause:
        etat, message, fichiers, notes = ECHEC, _phrase_du_disque(cause, voulue), (), ()
    except Exception as cause:  # noqa: BLE001 - une tâche qui échoue n'arrête pas les autres
        etat, fichiers, notes = ECHEC, (), ()
        message = (
            f"Erreur inattendue ({type(cause).__name__} : {cause}). Signalez-la avec le nom du territoire."
        )
    finally:
        shutil.rmtree(voulue.chantier, ignore_errors=True)
    return asdict(
        Resultat(
            voulue.cle,
            etat,
            message[:MOTS],
            round(time.monotonic() - debut, 2),
            fichiers=fichiers,
            avertissements=notes,
            ou=f"{socket.gethostname()}:{os.getppid()}",
            memoire=_memoire(),
            dossier=dossier.name,
        )
    )


def _sous_verrou(tache: Tache, *, reprendre: bool) -> tuple[str, tuple[str, ...], Path]:
    creer_dossier(tache.verrou.parent)
    pris = f"Un autre programme écrit déjà le dossier de {tache.nom} ({tache.code}) dans « {tache.sortie} »."
    # Une tâche reprise d'un travailleur qu'on a cru mort attend qu'il ait fini, puis trouve son travail fait.
    with tenir(tache.verrou, pris, attente=tache.delai):
        if reprendre and (la := deja_faite(tache)) is not None:
            return DEJA_FAIT, (), la
        if (la := faite_par_cette_campagne(tache)) is not None:
            return FAIT, _remarques(la), la
        shutil.rmtree(tache.chantier, ignore_errors=True)
        creer_dossier(tache.chantier)
        tache.echec.unlink(missing_ok=True)
        production = _produire(tache)
        poser_la_marque(tache, production.dossier)
        sceller(production.dossier)
        place, avis = poser(production.dossier, tache.final, remplacer=tache.remplacer)
        # Un texte à relire, un carnet non repris se lisent au bilan comme à l'écran d'un seul portrait.
        dits = tuple(a[:REMARQUE] for a in (avis, *production.avis.splitlines()) if a)
        return FAIT, (*dits, *_remarques(place)), place


def _produire(tache: Tache) -> Production:
    from carnets.moteur import CarnetEnEchec, produire, produire_un_carnet  # noqa: PLC0415 - imports lents

    try:
        if tache.nom_du_carnet == "portrait":
            parametres = tache.parametres | {"formats": ",".join(tache.formats)}
            return produire(parametres, tache.chantier, seul=False, livraisons=Path(tache.sortie))
        if tache.nom_du_carnet == "comparaison":
            from carnets.production_comparaison import produire_la_comparaison  # noqa: PLC0415

            parametres = tache.parametres | {"formats": ",".join(tache.formats)}
            voulus = str(parametres.pop("indicateurs", ""))
            return produire_la_comparaison(parametres, voulus, tache.chantier)
        return produire_un_carnet(
            Path(tache.carnet), tache.parametres, tache.formats, tache.chantier / tache.dossier, tache.nom
        )
    except CarnetEnEchec as cause:
        raise CarnetEnEchec(_garder_le_carnet(tache, str(cause))) from cause


def _garder_le_carnet(tache: Tache, message: str) -> str:
    """Sortir du chantier le carnet arrêté, et corriger l'adresse que dit le message."""
    gardes = list(tache.chantier.glob("*-en-echec.ipynb"))
    if not gardes:
        return message
    try:
        creer_dossier(tache.echec.parent)
        shutil.copyfile(gardes[0], tache.echec)
    except (OSError, ErreurAbs):
        return message.replace(str(gardes[0]), "(non gardé : le dossier refuse l'écriture)")
    return message.replace(str(gardes[0]), str(tache.echec))


def _remarques(dossier: Path) -> tuple[str, ...]:
    """Relire ce que le portrait avertit lui-même, pour que le bilan le redise."""
    try:
        recu = json.loads((dossier / "preuve" / "recu.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ()
    return tuple(str(r)[:REMARQUE] for r in recu.get("remarques", ())[:20])


def _noms(dossier: Path) -> tuple[str, ...]:
    return tuple(sorted(f.relative_to(dossier).as_posix() for f in dossier.rglob("*") if f.is_file()))[:200]


def _phrase_du_disque(cause: OSError, tache: Tache) -> str:
    if cause.errno == errno.ENOSPC:
        return (
            f"Le disque de « {tache.sortie} » est plein. Libérez de la place ou choisissez un autre dossier avec "
            "--sortie, puis relancez avec --reprendre."
        )
    return f"Le dossier « {tache.sortie} » refuse l'écriture ({cause_en_clair(cause)}). Vérifiez vos droits."


def _memoire() -> int:
    """Mémoire la plus haute de ce processus, en kibioctets ; 0 là où le système ne la dit pas."""
    try:
        import resource  # noqa: PLC0415 - propre aux systèmes POSIX
    except ImportError:
        return 0
    return int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
