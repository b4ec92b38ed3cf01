"""Un serveur https local et sa confiance : aucun essai de téléchargement ne va plus loin que ce poste."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import pytest
import trustme

from tests.donnees_insee.serveur_fautif import Serveur

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROXYS = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
CERTIFICATS = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")


@pytest.fixture(scope="session")
def autorite() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def serveur_de_session(autorite: trustme.CA) -> Iterator[Serveur]:
    contexte = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    autorite.issue_cert("127.0.0.1", "localhost").configure_cert(contexte)
    serveur = Serveur(contexte)
    yield serveur
    serveur.fermer()


@pytest.fixture
def serveur(serveur_de_session: Serveur) -> Serveur:
    serveur_de_session.pages.clear()
    serveur_de_session.demandes.clear()
    return serveur_de_session


@pytest.fixture
def en_ligne(tmp_path: Path, autorite: trustme.CA, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Le réseau permis, sans mandataire, et le fichier de la seule autorité crue : celle du serveur d'essai."""
    for variable in (*PROXYS, *(p.lower() for p in PROXYS), *CERTIFICATS, "ABS_HORS_LIGNE"):
        monkeypatch.delenv(variable, raising=False)
    ca = tmp_path / "autorite.pem"
    autorite.cert_pem.write_to_path(str(ca))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(ca))
    return ca
