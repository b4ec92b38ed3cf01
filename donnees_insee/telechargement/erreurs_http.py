"""Ce qu'une liaison répond : échecs passagers ou définitifs, attente demandée, nom du fichier."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from donnees_insee.lecture.archives import TAILLE_MAXIMALE
from donnees_insee.telechargement.reseau import (
    VARIABLES_DE_CERTIFICAT,
    TelechargementImpossible,
    mandataire_en_clair,
)

if TYPE_CHECKING:
    import requests

STATUTS_PASSAGERS: Final = frozenset({408, 425, 429, 500, 502, 503, 504})


class Passager(Exception):
    """Un échec qui peut ne pas se reproduire."""

    def __init__(self, phrase: str, attente: float | None = None) -> None:
        super().__init__(phrase)
        self.attente = attente


class Interrompu(TelechargementImpossible):
    """L'analyste a arrêté la commande : ce qui est reçu reste à reprendre."""


def traduire(cause: requests.RequestException, url: str) -> Exception:
    """Traduire un échec de connexion : définitif avec ce qu'il faut corriger, ou à tenter de nouveau."""
    from requests import exceptions  # noqa: PLC0415 - réservé aux téléchargements

    if isinstance(cause, exceptions.ProxyError):
        return TelechargementImpossible(
            f"Le mandataire « {mandataire_en_clair(url)} » ne répond pas ou refuse « {url} » "
            f"({_au_fond(cause)}). Corrigez la variable HTTPS_PROXY, ou ôtez-la si votre réseau n'a pas de "
            "mandataire ; NO_PROXY dit les hôtes à joindre sans lui."
        )
    if isinstance(cause, exceptions.SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(cause):
        return TelechargementImpossible(
            f"Le certificat de « {urlsplit(url).hostname} » n'est signé par aucune autorité reconnue "
            f"({_au_fond(cause)}) : la connexion est refusée. Si votre réseau contrôle les échanges https, posez "
            f"{VARIABLES_DE_CERTIFICAT[0]} (ou {VARIABLES_DE_CERTIFICAT[-1]}) sur le fichier PEM de son autorité, "
            "que donne votre service informatique. La vérification ne peut pas être coupée."
        )
    if isinstance(cause, exceptions.SSLError):
        return Passager(f"la liaison chiffrée a été rompue ({_au_fond(cause)})")
    if isinstance(cause, exceptions.Timeout):
        return Passager("le serveur n'a pas répondu à temps")
    if isinstance(cause, exceptions.ConnectionError):
        return Passager(f"la connexion n'a pas abouti ({_au_fond(cause)})")
    return TelechargementImpossible(f"« {url} » ne peut pas être demandé ({cause}).")


def refuser_le_statut(reponse: requests.Response, url: str) -> None:
    """Refuser une réponse qui ne porte pas de contenu."""
    statut = reponse.status_code
    if statut in STATUTS_PASSAGERS:
        raise Passager(
            f"le serveur a répondu {statut} (surchargé ou en panne)",
            _attente_demandee(reponse),
        )
    if statut in {404, 410}:
        raise TelechargementImpossible(
            f"« {url} » n'existe plus (réponse {statut}) : le producteur a sans doute déplacé le fichier."
        )
    if statut not in {200, 206, 416}:
        raise TelechargementImpossible(f"« {url} » a été refusé par le serveur (réponse {statut}).")


def refuser_la_taille(url: str, taille: int) -> None:
    """Refuser un fichier démesuré."""
    if taille > TAILLE_MAXIMALE:
        raise TelechargementImpossible(
            f"« {url} » dépasse {TAILLE_MAXIMALE // 1024**3} Gio, ce qui n'est pas plausible pour un fichier de "
            "la statistique publique. Il est refusé."
        )


def total_de_la_suite(reponse: requests.Response, debut: int) -> int | None:
    """Lire la taille entière dans ``Content-Range``."""
    trouve = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", reponse.headers.get("Content-Range", "").strip())
    if trouve is None or int(trouve[1]) != debut or int(trouve[2]) + 1 != int(trouve[3]):
        return None
    return int(trouve[3])


def nom_du_fichier(adresses: tuple[str, ...], disposition: str = "") -> str:
    """Choisir le nom d'un fichier reçu, sans rien qui puisse sortir d'un dossier."""
    trouve = re.search(r"filename\s*=\s*\"?([^\";]+)", disposition)
    noms = [trouve[1]] if trouve else []
    noms += [unquote(urlsplit(a).path) for a in adresses]
    for brut in noms:
        nom = re.sub(r'[\x00-\x1f<>:"|?*]', "", PurePosixPath(brut.replace("\\", "/")).name).strip(" .")
        if PurePosixPath(nom).suffix:
            return nom[-120:]
    return ""


def _attente_demandee(reponse: requests.Response) -> float | None:
    """Lire ``Retry-After`` : des secondes, ou une date."""
    from urllib3.exceptions import InvalidHeader  # noqa: PLC0415 - réservé aux téléchargements
    from urllib3.util import Retry  # noqa: PLC0415 - idem

    try:
        return Retry().get_retry_after(reponse.raw)
    except InvalidHeader:
        return None


def _au_fond(cause: BaseException) -> str:
    """Tirer d'une pile d'exceptions la raison première, courte et sans adresse mémoire."""
    fond: BaseException = cause
    while isinstance(suivant := getattr(fond, "reason", None) or (fond.args or [None])[0], BaseException):
        fond = suivant
    texte = re.sub(r"<[^>]*>:?\s*|\(_ssl\.c:\d+\)|\[[A-Z]+: [A-Z_]+\]\s*", "", str(fond)).strip(" .:")
    return texte[:160] or type(fond).__name__
