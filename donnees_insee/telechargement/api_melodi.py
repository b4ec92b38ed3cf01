"""Demander à l'API de Melodi un jeu pour un seul territoire : attendre son tour, suivre les pages, reprendre."""

from __future__ import annotations

import json
import re
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from donnees_insee.codes import reference, ville_de_l_arrondissement
from donnees_insee.erreurs import ParametreInvalide
from donnees_insee.telechargement import reseau
from donnees_insee.telechargement.reception import Reglages
from donnees_insee.telechargement.reseau import Passager, TelechargementImpossible

if TYPE_CHECKING:
    import requests

API: Final = "https://api.insee.fr/melodi"
# Quota de l'API, et ce qu'elle veut qu'on attende quand il est dépassé.
REQUETES_PAR_MINUTE: Final = 30
ATTENTE_DU_QUOTA: Final = 30.0
TAILLE_D_UNE_PAGE: Final = 64 * 1024**2
PAGES_MAXIMALES: Final = 50
SANS_TERRITOIRE: Final = "aucun territoire trouvé"


class JeuInconnu(TelechargementImpossible):
    """L'API ne connaît pas le jeu demandé."""


@dataclass
class Cadence:
    """Trente requêtes par minute au plus ; les essais y remplacent l'horloge."""

    par_minute: int = REQUETES_PAR_MINUTE
    maintenant: Callable[[], float] = time.monotonic
    dormir: Callable[[float], object] = time.sleep
    passees: deque[float] = field(default_factory=deque)

    def attendre_son_tour(self) -> None:
        """Attendre que la trentième requête avant celle-ci ait plus d'une minute."""
        if len(self.passees) >= self.par_minute and (reste := 60 - (self.maintenant() - self.passees[0])) > 0:
            self.dormir(reste)
        self.passees.append(self.maintenant())
        while len(self.passees) > self.par_minute:
            self.passees.popleft()


def territoire_de_l_api(code: str) -> str:
    """Écrire un code de territoire comme l'API l'attend.

    Examples
    --------
    >>> territoire_de_l_api("44109"), territoire_de_l_api("13201"), territoire_de_l_api("244400404")
    ('COM-44109', 'ARM-13201', 'EPCI-244400404')
    """
    formes = {r["objet"]: r["forme"] for r in reference("territoires_melodi")}
    demande = re.sub(r"^\d{4}-", "", code.strip().upper())
    objet, tiret, nu = demande.partition("-")
    if tiret and re.fullmatch(formes.get(objet, "(?!)"), nu):
        return demande
    sans_objet = [o for o in ("COM", "EPCI", "DEP") if re.fullmatch(formes[o], demande)]
    if not sans_objet:
        admis = " ; ".join(f"{r['niveau']} : {r['exemple']}" for r in reference("territoires_melodi"))
        raise ParametreInvalide(
            f"« {code} » n'est pas un territoire que l'API de Melodi sait donner. On attend un seul code ({admis}). "
            "Pour toutes les communes d'un territoire, prenez le fichier du jeu : `abs sources telecharger JEU`."
        )
    arrondissement = ville_de_l_arrondissement(demande) != demande
    return f"{'ARM' if arrondissement else sans_objet[0]}-{demande}"


# -- demander ----------------------------------------------------------------------------------


def observations(
    jeu: str, territoire: str, reglages: Reglages, cadence: Cadence, *, api: str = API
) -> list[dict[str, Any]]:
    """Demander à l'API toutes les observations d'un jeu pour un territoire, page après page."""
    adresse = f"{api}/data/{jeu}?GEO={quote(territoire)}&idTerritoire=TRUE&maxResult=100000"
    lues: list[dict[str, Any]] = []
    vues: set[str] = set()
    with closing(reseau.ouvrir_session()) as session:
        while adresse:
            if adresse in vues or len(vues) >= PAGES_MAXIMALES:
                raise TelechargementImpossible(
                    f"« {adresse} » : l'API de Melodi renvoie sans fin d'une page à l'autre. Rien n'a été gardé ; prenez "
                    f"plutôt le fichier du jeu avec `abs sources telecharger {jeu}`."
                )
            vues.add(adresse)
            page = _page(session, adresse, reglages, cadence)
            lues += page.get("observations") or []
            paging = page.get("paging") or {}
            adresse = "" if paging.get("isLast") is True else str(paging.get("next") or "")
    annonce = paging.get("count")
    if annonce is not None and int(annonce) != len(lues):
        raise TelechargementImpossible(
            f"{jeu} : l'API annonce {annonce} observations et {len(lues)} ont été reçues. Rien n'a été gardé ; relancez."
        )
    return lues


def _page(session: requests.Session, adresse: str, reglages: Reglages, cadence: Cadence) -> dict[str, Any]:
    """Demander une page, autant de fois qu'il le faut."""
    derniere = ""
    for rang in range(reglages.tentatives):
        cadence.attendre_son_tour()
        try:
            return _essayer(session, adresse, reglages)
        except Passager as faute:
            derniere = str(faute)
            if rang + 1 < reglages.tentatives:
                propre = reglages.premier_delai * 2**rang * reglages.hasard(0.5, 1.5)
                cadence.dormir(min(faute.attente or propre, reglages.delai_maximal))
    raise TelechargementImpossible(
        f"« {adresse} » n'a pas pu être reçu en {reglages.tentatives} essais ; le dernier : {derniere}. Relancez la "
        "commande plus tard."
    )


def _essayer(session: requests.Session, adresse: str, reglages: Reglages) -> dict[str, Any]:
    from requests import exceptions  # noqa: PLC0415 - réservé aux téléchargements

    try:
        delais = (reglages.connexion, reglages.lecture)
        with closing(reseau.demander(session, adresse, reglages.hotes, {}, delais)) as reponse:
            _refuser_le_statut(reponse, adresse)
            corps = b"".join(_blocs(reponse, adresse))
    except (exceptions.ChunkedEncodingError, exceptions.ContentDecodingError) as cause:
        raise Passager("la liaison s'est coupée avant la fin de la réponse") from cause
    except exceptions.RequestException as cause:
        raise reseau.traduire(cause, adresse) from cause
    return _lire(corps, adresse)


def _refuser_le_statut(reponse: requests.Response, adresse: str) -> None:
    """Refuser une réponse sans contenu ; l'API dit par une erreur 500 en texte qu'elle ne connaît pas un jeu."""
    texte = reponse.headers.get("Content-Type", "").startswith("text/plain")
    if reponse.status_code == 500 and texte:
        raise JeuInconnu(
            f"« {adresse} » : l'API de Melodi répond par son erreur 500, ce qu'elle fait pour un jeu qu'elle ne connaît "
            "pas. Vérifiez le nom du jeu avec `abs sources nouveautes` ; s'il est bon, l'API est en panne : relancez plus "
            "tard."
        )
    try:
        reseau.refuser_le_statut(reponse, adresse)
    except Passager as faute:
        if reponse.status_code == 429:
            attente = max(faute.attente or 0.0, ATTENTE_DU_QUOTA)
            raise Passager("le quota de l'API est dépassé (réponse 429)", attente) from faute
        raise


def _blocs(reponse: requests.Response, adresse: str) -> Iterable[bytes]:
    recus = 0
    for bloc in reponse.iter_content(1 << 16):
        recus += len(bloc)
        if recus > TAILLE_D_UNE_PAGE:
            raise TelechargementImpossible(
                f"« {adresse} » dépasse {TAILLE_D_UNE_PAGE // 1024**2} Mio : c'est trop pour un seul territoire. Prenez "
                "le fichier du jeu."
            )
        yield bloc


def _lire(corps: bytes, adresse: str) -> dict[str, Any]:
    """Lire une page ; un texte « Aucun territoire trouvé » est une réponse vide."""
    texte = corps.decode("utf-8", errors="replace")
    try:
        # Les nombres restent le texte publié : « 327734.0 » n'est pas récrit.
        lu = json.loads(texte, parse_float=str, parse_int=str)
    except ValueError:
        lu = None
    if isinstance(lu, dict) and isinstance(lu.get("observations"), list):
        return lu
    if SANS_TERRITOIRE in texte.lower():
        return {"observations": []}
    raise TelechargementImpossible(
        f"« {adresse} » : l'API a répondu autre chose que des observations (« {texte[:80]} »). Rien n'a été gardé."
    )
