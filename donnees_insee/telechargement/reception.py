"""Recevoir un fichier : reprise là où la liaison s'est coupée, nouveaux essais espacés, taille vérifiée."""

from __future__ import annotations

import random
from contextlib import closing
from dataclasses import dataclass, field
from threading import Event
from typing import TYPE_CHECKING, Final

from donnees_insee.erreurs import SortieImpossible, cause_en_clair
from donnees_insee.telechargement.erreurs_http import (
    Interrompu,
    Passager,
    nom_du_fichier,
    refuser_la_taille,
    refuser_le_statut,
    total_de_la_suite,
    traduire,
)
from donnees_insee.telechargement.fichiers_partiels import (
    Reprise,
    ecrire_reprise,
    fiche,
    lire_reprise,
    oublier_partiel,
    oublier_sans_fiche,
    taille,
)
from donnees_insee.telechargement.reseau import TelechargementImpossible, demander, ouvrir_session

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import requests

    from donnees_insee.telechargement.registre import Version

BLOC: Final = 1 << 16


@dataclass(frozen=True)
class Reglages:
    """Ce qui règle un téléchargement ; les essais y remplacent l'attente."""

    hotes: frozenset[str]
    tentatives: int = 5
    premier_delai: float = 1.0
    delai_maximal: float = 60.0
    connexion: float = 15.0
    lecture: float = 60.0
    paralleles: int = 4
    dormir: Callable[[float], object] | None = None
    hasard: Callable[[float, float], float] = random.uniform
    arret: Event = field(default_factory=Event)


@dataclass(frozen=True)
class Avancement:
    """Où en est un fichier, pour une barre de progression."""

    url: str
    recus: int
    total: int | None
    message: str = ""


@dataclass(frozen=True)
class Reception:
    """Un fichier reçu en entier, ou déclaré inchangé par le serveur."""

    nom: str
    etag: str
    modifie: str
    inchange: bool = False


def recevoir(
    url: str,
    partiel: Path,
    reglages: Reglages,
    *,
    connue: Version | None = None,
    suivre: Callable[[Avancement], None] | None = None,
) -> Reception:
    """Recevoir un fichier dans son fichier partiel, en le continuant s'il est commencé."""
    dire = suivre or (lambda _: None)
    dormir = reglages.dormir or reglages.arret.wait
    derniere = ""
    with closing(ouvrir_session()) as session:
        for rang in range(reglages.tentatives):
            try:
                return _essayer(session, url, partiel, reglages, connue, dire)
            except Passager as faute:
                oublier_sans_fiche(partiel)
                derniere = str(faute)
                if rang + 1 < reglages.tentatives:
                    delai = _delai(rang, faute.attente, reglages)
                    dire(Avancement(url, taille(partiel), None, f"{derniere} ; nouvel essai"))
                    dormir(delai)
            except BaseException:
                oublier_sans_fiche(partiel)
                raise
            if reglages.arret.is_set():
                raise Interrompu(f"« {url} » a été interrompu.")
    garde = taille(partiel)
    suite = (
        f" Les {garde} octets reçus sont gardés : relancez la commande, le téléchargement reprendra là."
        if garde
        else " Relancez la commande plus tard, ou prenez le fichier depuis la page de la source."
    )
    raise TelechargementImpossible(
        f"« {url} » n'a pas pu être reçu en {reglages.tentatives} essais ; le dernier : {derniere}.{suite}"
    )


# -- un essai ----------------------------------------------------------------------------------


def _essayer(
    session: requests.Session,
    url: str,
    partiel: Path,
    reglages: Reglages,
    connue: Version | None,
    dire: Callable[[Avancement], None],
) -> Reception:
    from requests.exceptions import RequestException  # noqa: PLC0415 - réservé aux téléchargements

    reprise = lire_reprise(partiel)
    if reprise is not None and reprise.url != url:
        oublier_partiel(partiel)
        reprise = None
    entetes = _entetes(reprise, taille(partiel), connue)
    try:
        reponse = demander(session, url, reglages.hotes, entetes, (reglages.connexion, reglages.lecture))
    except RequestException as cause:
        raise traduire(cause, url) from cause
    with closing(reponse):
        inchange = reponse.status_code == 304 and connue is not None
        if not inchange:
            try:
                _accueillir(reponse, url, partiel, reprise, reglages, dire)
            except Interrompu:
                raise
            except TelechargementImpossible:
                oublier_partiel(partiel)
                raise
        return Reception(
            nom_du_fichier((reponse.url, url), reponse.headers.get("Content-Disposition", "")),
            reponse.headers.get("ETag", ""),
            reponse.headers.get("Last-Modified", ""),
            inchange,
        )


def _entetes(reprise: Reprise | None, debut: int, connue: Version | None) -> dict[str, str]:
    if reprise is not None and debut:
        return {"Range": f"bytes={debut}-", "If-Range": reprise.validateur}
    if connue is not None and connue.etag:
        return {"If-None-Match": connue.etag}
    if connue is not None and connue.modifie:
        return {"If-Modified-Since": connue.modifie}
    return {}


def _accueillir(
    reponse: requests.Response,
    url: str,
    partiel: Path,
    reprise: Reprise | None,
    reglages: Reglages,
    dire: Callable[[Avancement], None],
) -> None:
    """Lire une réponse selon son statut : contenu entier, suite, ou refus."""
    debut = taille(partiel)
    refuser_le_statut(reponse, url)
    if reponse.status_code == 416:
        oublier_partiel(partiel)
        raise Passager("le serveur ne reconnaît plus le début déjà reçu", 0.0)
    if reponse.headers.get("Content-Encoding", "identity").lower() not in {"", "identity"}:
        raise TelechargementImpossible(
            f"« {url} » est envoyé comprimé ({reponse.headers['Content-Encoding']}) alors qu'on a demandé le "
            "fichier tel quel : sa taille et son empreinte ne pourraient pas être vérifiées. Prenez-le depuis "
            "la page de la source, puis déposez-le."
        )
    if reponse.status_code == 206:
        total = total_de_la_suite(reponse, debut)
        if reprise is None or total is None:
            oublier_partiel(partiel)
            raise Passager("le serveur a envoyé une suite qui ne part pas du bon octet", 0.0)
    else:
        debut = 0
        annonce = reponse.headers.get("Content-Length", "")
        total = int(annonce) if annonce.isdigit() else None
        refuser_la_taille(url, total or 0)
        oublier_partiel(partiel)
        ecrire_reprise(
            partiel, url, reponse.headers.get("ETag", ""), reponse.headers.get("Last-Modified", "")
        )
    recus = _copier(reponse, url, partiel, debut, total, reglages, dire)
    if total is not None and recus != total:
        if recus > total:
            oublier_partiel(partiel)
        raise Passager(f"le serveur annonçait {total} octets et {recus} ont été reçus")
    fiche(partiel).unlink(missing_ok=True)


def _copier(
    reponse: requests.Response,
    url: str,
    partiel: Path,
    debut: int,
    total: int | None,
    reglages: Reglages,
    dire: Callable[[Avancement], None],
) -> int:
    from urllib3.exceptions import HTTPError  # noqa: PLC0415 - réservé aux téléchargements

    recus = debut
    try:
        with partiel.open("ab" if debut else "wb") as flux:
            dire(Avancement(url, recus, total))
            # read1 rend ce qui est arrivé : une coupure ne fait pas perdre le bloc commencé.
            while bloc := reponse.raw.read1(BLOC, decode_content=False):
                if reglages.arret.is_set():
                    raise Interrompu(f"« {url} » a été interrompu.")
                flux.write(bloc)
                recus += len(bloc)
                refuser_la_taille(url, recus)
                dire(Avancement(url, recus, total))
    except HTTPError as cause:
        attendus = "" if total is None else f" sur {total} annoncés"
        raise Passager(f"la liaison s'est coupée après {recus} octets{attendus}") from cause
    except OSError as cause:
        raise SortieImpossible(
            f"« {partiel} » ne peut pas être écrit ({cause_en_clair(cause)}). Vérifiez la place sur le disque "
            "et vos droits, puis relancez : ce qui est reçu sera repris."
        ) from cause
    return recus


def _delai(rang: int, demande: float | None, reglages: Reglages) -> float:
    """Doubler l'attente à chaque essai, à un tirage près ; le serveur peut en demander plus, borné."""
    propre = reglages.premier_delai * 2**rang * reglages.hasard(0.5, 1.5)
    voulu = propre if demande is None else demande
    return min(voulu, reglages.delai_maximal)
