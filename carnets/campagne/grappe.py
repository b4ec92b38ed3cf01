"""La campagne sur une grappe Dask : un processus neuf par tâche, et le travail d'un mort est repris par un autre."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from carnets.campagne.file_de_taches import Evenement, Ordonnance, Suivi
from carnets.campagne.taches import TUE, Resultat, Tache, resultat_lu
from carnets.processus.demarrage import precharger
from carnets.textes import textes
from donnees_insee.erreurs import ErreurAbs, liste_de_fautes

if TYPE_CHECKING:
    from distributed import Client, Future

DELAI_DE_CONNEXION: Final = 15
ATTENTE: Final = 0.5
DITS: Final[dict[str, str]] = textes("carnets.campagne")["grappe"]
_tour = threading.Lock()


class GrappeInutilisable(ErreurAbs):
    """La grappe Dask ne répond pas, ou ses travailleurs ne voient pas les mêmes dossiers."""


def derouler_sur_une_grappe(
    adresse: str, taches: Sequence[Tache], essais: int, suivi: Suivi, *, reprendre: bool
) -> list[Resultat]:
    """Exécuter des tâches sur une grappe Dask existante."""
    with _connecte(adresse) as client:
        _verifier(client, adresse, taches[0])
        return list(_suivre(client, list(taches), essais, suivi, reprendre=reprendre))


@contextmanager
def _connecte(adresse: str) -> Iterator[Client]:
    """Joindre une grappe, et quitter proprement celle qui ne répond pas."""
    try:
        from distributed import Client  # noqa: PLC0415 - supplément facultatif et lent
    except ImportError as cause:
        raise GrappeInutilisable(DITS["sans_dask"]) from cause
    # Un client dont la connexion échoue n'est rendu à personne : sans le tenir d'avance, seul le ramasse-miettes
    # le fermerait, au milieu du démarrage du client suivant, en attendant le verrou que celui-ci tient.
    client = Client.__new__(Client)
    try:
        try:
            client.__init__(  # type: ignore[misc]  # un client créé vide, dont c'est la construction
                adresse, timeout=DELAI_DE_CONNEXION, set_as_default=False
            )
        except (OSError, TimeoutError, ValueError) as cause:
            raise GrappeInutilisable(DITS["muette"].format(adresse=adresse, cause=cause)) from cause
        yield client
    finally:
        client.close()
        # « close » ne fait rien d'un client qui n'a jamais été joint, et laisse vivre le fil de sa boucle.
        client._loop_runner.stop()  # noqa: SLF001 - distributed n'offre pas d'autre porte


def _verifier(client: Client, adresse: str, tache: Tache) -> None:
    """Refuser tôt : une version ou un dossier que les travailleurs n'ont pas ferait échouer chaque territoire."""
    try:
        client.wait_for_workers(1, timeout=DELAI_DE_CONNEXION)
    except TimeoutError as cause:
        raise GrappeInutilisable(f"La grappe « {adresse} » n'a aucun travailleur.") from cause
    temoin = tache.verrou.parent / f"temoin-{os.getpid()}"
    temoin.write_text("vu", encoding="utf-8")
    try:
        vus = client.run(constat, str(temoin), tache.parametres["dossier_donnees"])
    finally:
        temoin.unlink(missing_ok=True)
    attendue = metadata.version("abs-portrait")
    attendus = {"version": attendue, "sortie": True, "donnees": True}
    dossiers = {"sortie": tache.sortie, "donnees": tache.parametres["dossier_donnees"]}
    fautes = [
        dit.format(travailleur=travailleur, vue=vu["version"], attendue=attendue, **dossiers)
        for travailleur, vu in vus.items()
        for quoi, dit in textes("carnets.campagne")["travailleur"].items()
        if vu[quoi] != attendus[quoi]
    ]
    if fautes:
        raise GrappeInutilisable(liste_de_fautes(f"La grappe « {adresse} » ne convient pas :", fautes))


def constat(temoin: str, donnees: str) -> dict[str, Any]:
    """Dire ce qu'un travailleur voit."""
    return {
        "version": metadata.version("abs-portrait"),
        "sortie": Path(temoin).is_file(),
        "donnees": Path(donnees).is_dir(),
    }


def _suivre(
    client: Client, taches: list[Tache], essais: int, suivi: Suivi, *, reprendre: bool
) -> Iterator[Resultat]:
    attendues: dict[Future, Tache] = {}
    for tache in taches:
        future = client.submit(
            executer_sur_le_travailleur,
            asdict(tache),
            reprendre,
            key=f"abs-{tache.cle}-{tache.empreinte[:12]}-{os.getpid()}-{time.monotonic_ns()}",
            pure=False,
            retries=0,
        )
        attendues[future] = tache
        suivi(Evenement("debut", tache))
    while attendues:
        finies = [f for f in attendues if f.done()]
        for future in finies:
            tache = attendues.pop(future)
            resultat = _resultat(future, tache, essais)
            suivi(Evenement("fin", tache, resultat))
            yield resultat
        if attendues and not finies:
            if client.status not in {"running", "connecting"}:
                yield from _grappe_perdue(attendues, suivi)
                return
            time.sleep(ATTENTE)
            suivi(Evenement("battement"))


def _resultat(future: Future, tache: Tache, essais: int) -> Resultat:
    erreur = future.exception()
    if erreur is None:
        return resultat_lu(future.result())
    shutil.rmtree(tache.chantier, ignore_errors=True)
    return Resultat(tache.cle, TUE, DITS["morts"].format(erreur=type(erreur).__name__), essais=essais)


def _grappe_perdue(attendues: dict[Future, Tache], suivi: Suivi) -> Iterator[Resultat]:
    for tache in attendues.values():
        resultat = Resultat(tache.cle, TUE, DITS["disparue"])
        suivi(Evenement("fin", tache, resultat))
        yield resultat


def executer_sur_le_travailleur(tache: dict[str, Any], reprendre: bool) -> dict[str, Any]:
    """Exécuter une tâche dans un travailleur Dask, qui prépare un serveur de processus pour toutes les siennes."""
    voulue = Tache(**(tache | {"formats": tuple(tache["formats"])}))
    # Un travailleur surveillé par Dask est un processus « daemon », à qui Python refuse des enfants ; les nôtres
    # ne lui survivent pas.
    multiprocessing.current_process()._config.pop("daemon", None)  # type: ignore[attr-defined]  # noqa: SLF001
    with _tour:
        precharger(Path(voulue.parametres["dossier_donnees"]), campagne=True)
    (resultat,) = Ordonnance(1, 1, lambda _: None).derouler([voulue], reprendre=reprendre)
    return asdict(resultat)
