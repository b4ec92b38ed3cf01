"""Recevoir un fichier : reprise là où la liaison s'est coupée, nouveaux essais espacés, taille vérifiée."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Final

from donnees_insee.erreurs import SortieImpossible, cause_en_clair
from donnees_insee.telechargement import registre, reseau

if TYPE_CHECKING:
    import requests

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
    connue: registre.Version | None = None,
    suivre: Callable[[Avancement], None] | None = None,
) -> Reception:
    """Recevoir un fichier dans son fichier partiel, en le continuant s'il est commencé."""
    dormir = reglages.dormir or reglages.arret.wait
    derniere = ""
    with closing(reseau.ouvrir_session()) as session:
        transfert = _Transfert(session, url, partiel, reglages, connue, suivre)
        for rang in range(reglages.tentatives):
            try:
                return transfert.essayer()
            except reseau.Passager as faute:
                registre.oublier_sans_fiche(partiel, url)
                derniere = str(faute)
                if rang + 1 < reglages.tentatives:
                    transfert.dire(registre.taille(partiel), None, f"{derniere} ; nouvel essai")
                    dormir(_delai(rang, faute.attente, reglages))
            except BaseException:
                registre.oublier_sans_fiche(partiel, url)
                raise
            transfert.s_arreter_si_demande()
    garde = registre.taille(partiel)
    suite = (
        f" Les {garde} octets reçus sont gardés : relancez la commande, le téléchargement reprendra là."
        if garde
        else " Relancez la commande plus tard, ou prenez le fichier depuis la page de la source."
    )
    raise reseau.TelechargementImpossible(
        f"« {url} » n'a pas pu être reçu en {reglages.tentatives} essais ; le dernier : {derniere}.{suite}"
    )


def _delai(rang: int, demande: float | None, reglages: Reglages) -> float:
    """Doubler l'attente à chaque essai, à un tirage près ; le serveur peut en demander plus, borné."""
    propre = reglages.premier_delai * 2**rang * reglages.hasard(0.5, 1.5)
    return min(propre if demande is None else demande, reglages.delai_maximal)


@dataclass(frozen=True)
class _Transfert:
    """Une adresse à recevoir, essai après essai, dans son fichier partiel."""

    session: requests.Session
    url: str
    partiel: Path
    reglages: Reglages
    connue: registre.Version | None
    suivre: Callable[[Avancement], None] | None

    def dire(self, recus: int, total: int | None, message: str = "") -> None:
        if self.suivre is not None:
            self.suivre(Avancement(self.url, recus, total, message))

    def s_arreter_si_demande(self) -> None:
        if self.reglages.arret.is_set():
            raise reseau.Interrompu(f"« {self.url} » a été interrompu.")

    def essayer(self) -> Reception:
        from requests.exceptions import RequestException  # noqa: PLC0415 - réservé aux téléchargements

        reglages = self.reglages
        registre.oublier_sans_fiche(self.partiel, self.url)
        delais = (reglages.connexion, reglages.lecture)
        try:
            reponse = reseau.demander(self.session, self.url, reglages.hotes, self._entetes(), delais)
        except RequestException as cause:
            raise reseau.traduire(cause, self.url) from cause
        with closing(reponse):
            inchange = reponse.status_code == 304 and self.connue is not None
            if not inchange:
                try:
                    self._accueillir(reponse)
                except reseau.Interrompu:
                    raise
                except reseau.TelechargementImpossible:
                    registre.oublier_partiel(self.partiel)
                    raise
            return Reception(
                reseau.nom_du_fichier(
                    (reponse.url, self.url), reponse.headers.get("Content-Disposition", "")
                ),
                reponse.headers.get("ETag", ""),
                reponse.headers.get("Last-Modified", ""),
                inchange,
            )

    def _entetes(self) -> dict[str, str]:
        if validateur := registre.lire_reprise(self.partiel, self.url):
            return {"Range": f"bytes={registre.taille(self.partiel)}-", "If-Range": validateur}
        if self.connue is not None and self.connue.etag:
            return {"If-None-Match": self.connue.etag}
        if self.connue is not None and self.connue.modifie:
            return {"If-Modified-Since": self.connue.modifie}
        return {}

    def _accueillir(self, reponse: requests.Response) -> None:
        """Lire une réponse selon son statut : contenu entier, suite, ou refus."""
        debut = registre.taille(self.partiel)
        reseau.refuser_le_statut(reponse, self.url)
        if reponse.status_code == 416:
            registre.oublier_partiel(self.partiel)
            raise reseau.Passager("le serveur ne reconnaît plus le début déjà reçu", 0.0)
        if reponse.headers.get("Content-Encoding", "identity").lower() not in {"", "identity"}:
            raise reseau.TelechargementImpossible(
                f"« {self.url} » est envoyé comprimé ({reponse.headers['Content-Encoding']}) alors qu'on a demandé le "
                "fichier tel quel : sa taille et son empreinte ne pourraient pas être vérifiées. Prenez-le depuis "
                "la page de la source, puis déposez-le."
            )
        if reponse.status_code == 206:
            total = reseau.total_de_la_suite(reponse, debut)
            if not debut or total is None:
                registre.oublier_partiel(self.partiel)
                raise reseau.Passager("le serveur a envoyé une suite qui ne part pas du bon octet", 0.0)
        else:
            debut = 0
            annonce = reponse.headers.get("Content-Length", "")
            total = int(annonce) if annonce.isdigit() else None
            reseau.refuser_la_taille(self.url, total or 0)
            registre.oublier_partiel(self.partiel)
            registre.ecrire_reprise(self.partiel, self.url, reponse.headers)
        recus = self._copier(reponse, debut, total)
        if total is not None and recus != total:
            if recus > total:
                registre.oublier_partiel(self.partiel)
            raise reseau.Passager(f"le serveur annonçait {total} octets et {recus} ont été reçus")
        registre.fiche(self.partiel).unlink(missing_ok=True)

    def _copier(self, reponse: requests.Response, debut: int, total: int | None) -> int:
        from urllib3.exceptions import HTTPError  # noqa: PLC0415 - réservé aux téléchargements

        recus = debut
        try:
            with self.partiel.open("ab" if debut else "wb") as flux:
                self.dire(recus, total)
                # read1 rend ce qui est arrivé : une coupure ne fait pas perdre le bloc commencé.
                while bloc := reponse.raw.read1(BLOC, decode_content=False):
                    self.s_arreter_si_demande()
                    flux.write(bloc)
                    recus += len(bloc)
                    reseau.refuser_la_taille(self.url, recus)
                    self.dire(recus, total)
        except HTTPError as cause:
            attendus = "" if total is None else f" sur {total} annoncés"
            raise reseau.Passager(f"la liaison s'est coupée après {recus} octets{attendus}") from cause
        except OSError as cause:
            raise SortieImpossible(
                f"« {self.partiel} » ne peut pas être écrit ({cause_en_clair(cause)}). Vérifiez la place sur le disque "
                "et vos droits, puis relancez : ce qui est reçu sera repris."
            ) from cause
        return recus
