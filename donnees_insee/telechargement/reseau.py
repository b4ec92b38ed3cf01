"""Le réseau : quand y aller, à quels hôtes, par quel mandataire, avec quels certificats."""

from __future__ import annotations

import os
import ssl
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import SplitResult, urljoin, urlsplit

from donnees_insee.catalogue.catalogue import sources
from donnees_insee.codes import reference
from donnees_insee.erreurs import ErreurAbs, cause_en_clair

if TYPE_CHECKING:
    from collections.abc import Mapping

    import requests

# Dans l'ordre où les outils usuels les lisent ; la première qui est posée l'emporte.
VARIABLES_DE_CERTIFICAT: Final = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
HORS_LIGNE: Final = "ABS_HORS_LIGNE"
SAUTS_MAXIMAUX: Final = 5
STATUTS_DE_RENVOI: Final = frozenset({301, 302, 303, 307, 308})


class TelechargementImpossible(ErreurAbs):
    """Le fichier demandé n'a pas pu être obtenu, ou ce qui a été reçu n'est pas ce fichier."""


# -- le droit d'aller sur le réseau ------------------------------------------------------------


def hors_ligne() -> bool:
    """Dire si la variable ``ABS_HORS_LIGNE`` interdit le réseau."""
    return os.environ.get(HORS_LIGNE, "").strip().lower() not in {"", "0", "non", "false"}


def exiger_le_reseau() -> None:
    """Refuser toute connexion quand le poste est déclaré hors ligne."""
    if hors_ligne():
        raise TelechargementImpossible(
            f"La variable {HORS_LIGNE}={os.environ[HORS_LIGNE]} interdit le réseau : aucune connexion n'a été "
            f"ouverte. Ôtez cette variable (ou posez {HORS_LIGNE}=0) pour télécharger ; sinon, déposez des "
            "fichiers déjà obtenus avec `abs sources deposer FICHIERS`."
        )


def hotes_permis() -> frozenset[str]:
    """Lister les hôtes où un fichier peut être pris : ceux du catalogue, et ceux où ils renvoient."""
    du_catalogue = {
        _hote(urlsplit(m.url)) for source in sources().values() for m in source.millesimes if m.url
    }
    return frozenset(du_catalogue | {r["hote"] for r in reference("hotes.csv")})


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
        f"abs-portrait/{metadata.version('abs-portrait')} python-requests/{metadata.version('requests')}"
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
        if reponse.status_code not in STATUTS_DE_RENVOI or not suite:
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

    brut = select_proxy(url, get_environ_proxies(url, no_proxy=None))
    if not brut:
        return ""
    return brut.rsplit("@", 1)[-1].removeprefix("https://").removeprefix("http://").rstrip("/")
