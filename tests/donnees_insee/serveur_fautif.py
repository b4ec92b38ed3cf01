"""Un serveur https local qui se conduit mal à la demande : coupures, mensonges, renvois, lenteurs."""

from __future__ import annotations

import ssl
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Page:
    """Une réponse, et ce qu'elle a de fautif."""

    corps: bytes = b""
    statut: int = 200
    entetes: dict[str, str] = field(default_factory=dict)
    couper_apres: int | None = None
    longueur: int | None = None
    lenteur: threading.Event | None = None
    silence: threading.Event | None = None
    reprise: bool = True
    reprise_mensongere: bool = False


class Serveur:
    """Des pages par chemin ; une liste de pages est servie l'une après l'autre, la dernière restant."""

    def __init__(self, contexte: ssl.SSLContext) -> None:
        self.pages: dict[str, list[Page]] = {}
        self.demandes: list[tuple[str, dict[str, str]]] = []
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Gestionnaire)
        self.http.maison = self  # type: ignore[attr-defined]
        self.http.daemon_threads = True
        self.http.handle_error = lambda *_: None  # type: ignore[method-assign]
        self.http.socket = contexte.wrap_socket(
            self.http.socket, server_side=True, do_handshake_on_connect=False
        )
        self.fil = threading.Thread(
            target=self.http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self.fil.start()

    @property
    def hote(self) -> str:
        return f"127.0.0.1:{self.http.server_address[1]}"

    def poser(self, chemin: str, *pages: Page) -> str:
        self.pages[chemin] = list(pages)
        return f"https://{self.hote}{chemin}"

    def vues(self, chemin: str) -> list[dict[str, str]]:
        """Les en-têtes des demandes faites à un chemin."""
        return [entetes for c, entetes in self.demandes if c == chemin]

    def prendre(self, chemin: str) -> Page:
        pages = self.pages.get(chemin)
        if not pages:
            return Page(b"rien ici", 404)
        return pages.pop(0) if len(pages) > 1 else pages[0]

    def fermer(self) -> None:
        self.http.shutdown()
        self.http.server_close()
        self.fil.join(5)


class Gestionnaire(BaseHTTPRequestHandler):
    """Répond à chaque demande par la page posée à son chemin."""

    protocol_version = "HTTP/1.1"
    timeout = 5

    def do_GET(self) -> None:
        serveur: Serveur = self.server.maison  # type: ignore[attr-defined]
        serveur.demandes.append((self.path, dict(self.headers.items())))
        page = serveur.prendre(self.path)
        if page.lenteur is not None:
            page.lenteur.wait(5)
        self._envoyer(page, *self._choisir(page))

    def _choisir(self, page: Page) -> tuple[int, bytes, dict[str, str]]:
        """Décider entre le contenu entier, sa suite, et « rien de neuf », comme un serveur ordinaire."""
        corps, entetes = page.corps, dict(page.entetes)
        etag = entetes.get("ETag", "")
        if page.statut != 200:
            return page.statut, corps, entetes
        if etag and self.headers.get("If-None-Match") == etag:
            return 304, b"", entetes
        debut = self._debut(page, etag)
        if debut is None:
            return 200, corps, entetes
        if debut >= len(corps):
            return 416, b"", entetes
        depart = 0 if page.reprise_mensongere else debut
        entetes["Content-Range"] = f"bytes {depart}-{len(corps) - 1}/{len(corps)}"
        return 206, corps[depart:], entetes

    def _envoyer(self, page: Page, statut: int, corps: bytes, entetes: dict[str, str]) -> None:
        self.send_response(statut)
        for nom, valeur in entetes.items():
            self.send_header(nom, valeur)
        longueur = len(corps) if page.longueur is None else page.longueur
        if statut != 304:
            self.send_header("Content-Length", str(longueur))
        self.end_headers()
        envoi = corps if page.couper_apres is None else corps[: page.couper_apres]
        self.wfile.write(envoi)
        if page.silence is not None:
            page.silence.wait(5)
        self.close_connection = len(envoi) != longueur

    def _debut(self, page: Page, etag: str) -> int | None:
        plage = self.headers.get("Range")
        si = self.headers.get("If-Range")
        if not plage or not page.reprise or si not in {etag, page.entetes.get("Last-Modified")}:
            return None
        return int(plage.removeprefix("bytes=").rstrip("-"))

    def log_message(self, *_: Any) -> None:
        return
