"""Le réseau : quand y aller, à quels hôtes, par quel mandataire, avec quels certificats, et ce qu'il répond."""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

from donnees_insee.catalogue.catalogue import sources
from donnees_insee.codes import reference
from donnees_insee.erreurs import ErreurAbs, cause_en_clair
from donnees_insee.lecture.archives import TAILLE_MAXIMALE

if TYPE_CHECKING:
    import requests

# Dans l'ordre où les outils usuels les lisent ; la première qui est posée l'emporte.
VARIABLES_DE_CERTIFICAT: Final = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
HORS_LIGNE: Final = "ABS_HORS_LIGNE"
SAUTS_MAXIMAUX: Final = 5
STATUTS_PASSAGERS: Final = frozenset({408, 425, 429, 500, 502, 503, 504})


class TelechargementImpossible(ErreurAbs):
    """Le fichier demandé n'a pas pu être obtenu, ou ce qui a été reçu n'est pas ce fichier."""


class Passager(Exception):
    """Un échec qui peut ne pas se reproduire."""

    def __init__(self, phrase: str, attente: float | None = None) -> None:
        super().__init__(phrase)
        self.attente = attente


class Interrompu(TelechargementImpossible):
    """L'analyste a arrêté la commande : ce qui est reçu reste à reprendre."""


# -- le droit d'aller sur le réseau ------------------------------------------------------------


def exiger_le_reseau() -> None:
    """Refuser toute connexion quand le poste est déclaré hors ligne."""
    if os.environ.get(HORS_LIGNE, "").strip().lower() not in {"", "0", "non", "false"}:
        raise TelechargementImpossible(
            f"La variable {HORS_LIGNE}={os.environ[HORS_LIGNE]} interdit le réseau : aucune connexion n'a été "
            f"ouverte. Ôtez cette variable (ou posez {HORS_LIGNE}=0) pour télécharger ; sinon, déposez des "
            "fichiers déjà obtenus avec `abs sources deposer FICHIERS`."
        )


def hotes_permis() -> frozenset[str]:
    """Lister les hôtes où un fichier peut être pris : ceux du catalogue, et ceux où ils renvoient."""
    adresses = (m.url for source in sources().values() for m in source.millesimes if m.url)
    return frozenset({_hote(urlsplit(a)) for a in adresses} | {r["hote"] for r in reference("hotes")})


def verifier_adresse(url: str, hotes: frozenset[str]) -> str:
    """Refuser une adresse qui n'est pas en https, ou dont l'hôte n'est pas déclaré."""
    try:
        parties = urlsplit(url)
        hote = _hote(parties)
    except ValueError as cause:
        raise TelechargementImpossible(f"L'adresse « {url} » est mal formée ({cause}).") from cause
    if parties.scheme != "https":
        raise TelechargementImpossible(
            f"L'adresse « {url} » n'est pas en https : un fichier reçu ainsi pourrait avoir été changé en "
            "chemin. Rien n'a été pris ; corrigez l'adresse dans le catalogue."
        )
    if parties.username or parties.password or hote not in hotes:
        raise TelechargementImpossible(
            f"L'adresse « {url} » mène à l'hôte « {hote} », qui n'est pas au catalogue. Hôtes admis : "
            f"{', '.join(sorted(hotes)) or 'aucun'}. Rien n'a été pris. Si le producteur publie désormais à cet "
            "endroit, ajoutez-le à donnees_insee/catalogue/reference/hotes.csv avec sa raison."
        )
    return url


def _hote(parties: SplitResult) -> str:
    nom = (parties.hostname or "").lower().rstrip(".")
    return nom if parties.port in (None, 443) else f"{nom}:{parties.port}"


# -- la session --------------------------------------------------------------------------------


def fichier_de_certificats() -> tuple[str, Path] | None:
    """Trouver le fichier d'autorités que l'environnement désigne."""
    for variable in VARIABLES_DE_CERTIFICAT:
        if valeur := os.environ.get(variable):
            chemin = Path(valeur).expanduser()
            if not chemin.exists():
                raise TelechargementImpossible(
                    f"La variable {variable} désigne « {chemin} », qui n'existe pas. Donnez-lui le chemin du "
                    "fichier PEM des autorités de certification de votre réseau, ou ôtez-la."
                )
            return variable, chemin
    return None


def contexte_de_confiance() -> ssl.SSLContext:
    """Construire la confiance TLS : le fichier désigné, sinon les autorités du système et de certifi."""
    designe = fichier_de_certificats()
    if designe is None:
        import certifi  # noqa: PLC0415 - réservé aux téléchargements

        # Sous Windows, le magasin du système porte déjà l'autorité d'un mandataire d'entreprise.
        contexte = ssl.create_default_context()
        contexte.load_verify_locations(certifi.where())
        return contexte
    variable, chemin = designe
    try:
        if chemin.is_dir():
            return ssl.create_default_context(capath=str(chemin))
        return ssl.create_default_context(cafile=str(chemin))
    except (OSError, ssl.SSLError) as cause:
        raise TelechargementImpossible(
            f"Le fichier « {chemin} », que désigne {variable}, n'est pas un fichier PEM de certificats lisible "
            f"({cause_en_clair(cause)}). Demandez à votre service informatique celui de votre réseau."
        ) from cause


def ouvrir_session() -> requests.Session:
    """Ouvrir une session https qui lit mandataires et certificats dans les variables usuelles."""
    exiger_le_reseau()
    import requests  # noqa: PLC0415 - réservé aux téléchargements
    from requests.adapters import HTTPAdapter  # noqa: PLC0415 - idem

    contexte = contexte_de_confiance()

    class Confiance(HTTPAdapter):
        """Adaptateur qui emploie le contexte de confiance, mandataire ou non."""

        def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
            super().init_poolmanager(*args, ssl_context=contexte, **kwargs)

        def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
            return super().proxy_manager_for(*args, ssl_context=contexte, **kwargs)

    session = requests.Session()
    # Sans cela, requests irait chercher un mot de passe dans le fichier .netrc de l'utilisateur.
    session.trust_env = False
    # Un fichier désigné remplace les autorités de certifi, que requests ajouterait sinon aux siennes.
    if designe := fichier_de_certificats():
        session.verify = str(designe[1])
    session.mount("https://", Confiance())
    session.headers["User-Agent"] = (
        f"abs-portrait/{version('abs-portrait')} python-requests/{version('requests')}"
    )
    # Les octets reçus doivent être ceux du fichier publié : ni compression de transport, ni reprise décalée.
    session.headers["Accept-Encoding"] = "identity"
    return session


def demander(
    session: requests.Session,
    url: str,
    hotes: frozenset[str],
    entetes: Mapping[str, str],
    delais: tuple[float, float],
) -> requests.Response:
    """Demander une adresse en vérifiant chaque renvoi avant de le suivre."""
    from requests.utils import get_environ_proxies  # noqa: PLC0415 - réservé aux téléchargements

    exiger_le_reseau()
    vues: list[str] = []
    while len(vues) <= SAUTS_MAXIMAUX:
        try:
            verifier_adresse(url, hotes)
        except TelechargementImpossible as cause:
            if not vues:
                raise
            raise TelechargementImpossible(f"Le site renvoie de « {vues[-1]} » ailleurs. {cause}") from cause
        reponse = session.get(
            url,
            headers=dict(entetes),
            timeout=delais,
            stream=True,
            allow_redirects=False,
            proxies=get_environ_proxies(url, no_proxy=None),
        )
        suite = reponse.headers.get("Location")
        if not reponse.is_redirect or not suite:
            return reponse
        reponse.close()
        vues.append(url)
        url = urljoin(url, suite)
    raise TelechargementImpossible(
        f"« {vues[0]} » renvoie plus de {SAUTS_MAXIMAUX} fois d'une adresse à l'autre : l'adresse n'est plus "
        "la bonne. Cherchez le fichier depuis la page de la source, puis déposez-le."
    )


def mandataire_en_clair(url: str) -> str:
    """Nommer le mandataire d'une adresse, son mot de passe ôté."""
    from requests.utils import get_environ_proxies, select_proxy  # noqa: PLC0415 - réservé aux téléchargements

    brut = select_proxy(url, get_environ_proxies(url, no_proxy=None)) or ""
    return brut.rsplit("@", 1)[-1].removeprefix("https://").removeprefix("http://").rstrip("/")


# -- ce qu'une liaison répond ------------------------------------------------------------------


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
        raise Passager(f"le serveur a répondu {statut} (surchargé ou en panne)", _attente_demandee(reponse))
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
