"""Le registre des téléchargements : l'empreinte de chaque fichier, notée à la première vue et comparée ensuite."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from donnees_insee.base.verrous import tenir
from donnees_insee.chemins import creer_dossier, fichier_provisoire
from donnees_insee.erreurs import FichierIllisible

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOM_DU_REGISTRE: Final = "telechargements.json"
NOM_DU_DOSSIER: Final = "telechargements"


@dataclass(frozen=True)
class Version:
    """Un contenu vu à une adresse."""

    sha256: str
    taille: int
    date: str
    nom: str
    etag: str = ""
    modifie: str = ""


def dossier_de_travail(donnees: Path) -> Path:
    """Dire où vont les téléchargements en cours et les versions mises de côté."""
    return donnees / NOM_DU_DOSSIER


def lire_registre(donnees: Path) -> dict[str, tuple[Version, ...]]:
    """Lire le registre."""
    chemin = donnees / NOM_DU_REGISTRE
    if not chemin.exists():
        return {}
    try:
        contenu: dict[str, list[dict[str, Any]]] = json.loads(chemin.read_text(encoding="utf-8"))
        return {url: tuple(Version(**v) for v in versions) for url, versions in contenu.items()}
    except (OSError, ValueError, TypeError, AttributeError) as cause:
        raise FichierIllisible(
            f"Le registre « {chemin} » est abîmé ({cause}). Renommez-le pour le garder, puis relancez : les "
            "fichiers déjà déposés ne sont pas touchés, seules les empreintes seront notées de nouveau."
        ) from cause


def noter(donnees: Path, url: str, version: Version) -> None:
    """Ajouter un contenu au registre, d'un seul geste ; un contenu déjà noté garde sa première date."""
    registre = lire_registre(donnees)
    connues = registre.get(url, ())
    ancienne = next((v for v in connues if v.sha256 == version.sha256), None)
    if ancienne is not None:
        version = Version(**{**asdict(version), "date": ancienne.date})
        if version == ancienne == connues[-1]:
            return
    # Le contenu vu en dernier reste en dernier : c'est le sien que le serveur doit confirmer.
    registre[url] = (*(v for v in connues if v.sha256 != version.sha256), version)
    texte = json.dumps(
        {u: [asdict(v) for v in versions] for u, versions in sorted(registre.items())},
        ensure_ascii=False,
        indent=1,
    )
    with fichier_provisoire(donnees / NOM_DU_REGISTRE) as provisoire:
        provisoire.write_text(texte + "\n", encoding="utf-8", errors="replace")


@contextmanager
def verrou(donnees: Path) -> Iterator[None]:
    """Tenir seul le dossier des téléchargements : deux commandes n'écrivent pas le même fichier partiel."""
    pris = f"Une autre commande télécharge déjà dans « {donnees} ». Attendez qu'elle finisse, puis relancez."
    with tenir(creer_dossier(dossier_de_travail(donnees)) / ".verrou", pris):
        yield
