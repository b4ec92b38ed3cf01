"""Le dossier des téléchargements : l'empreinte de chaque fichier, notée à la première vue, et les fichiers partiels."""

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from donnees_insee.chemins import creer_dossier, ecrire_texte, tenir
from donnees_insee.erreurs import FichierIllisible

NOM_DU_REGISTRE: Final = "telechargements.json"
NOM_DU_DOSSIER: Final = "telechargements"


@dataclass(frozen=True)
class Version:
    """Un contenu vu à une adresse ; ``publie`` est la date que le catalogue de Melodi donnait alors au fichier."""

    sha256: str
    taille: int
    date: str
    nom: str
    etag: str = ""
    modifie: str = ""
    publie: str = ""


def dossier_de_travail(donnees: Path) -> Path:
    """Dire où vont les téléchargements en cours et les versions mises de côté."""
    return donnees / NOM_DU_DOSSIER


def lire_registre(donnees: Path) -> dict[str, tuple[Version, ...]]:
    """Lire le registre."""
    chemin = donnees / NOM_DU_REGISTRE
    if not chemin.exists():
        return {}
    try:
        contenu = json.loads(chemin.read_text(encoding="utf-8"))
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
        version = replace(version, date=ancienne.date)
        if version == ancienne == connues[-1]:
            return
    # Le contenu vu en dernier reste en dernier : c'est le sien que le serveur doit confirmer.
    registre[url] = (*(v for v in connues if v.sha256 != version.sha256), version)
    contenu = {u: [asdict(v) for v in versions] for u, versions in sorted(registre.items())}
    texte = json.dumps(contenu, ensure_ascii=False, indent=1)
    ecrire_texte(donnees / NOM_DU_REGISTRE, texte + "\n")


def verrou(donnees: Path) -> AbstractContextManager[None]:
    """Tenir seul le dossier des téléchargements : deux commandes n'écrivent pas le même fichier partiel."""
    pris = f"Une autre commande télécharge déjà dans « {donnees} ». Attendez qu'elle finisse, puis relancez."
    return tenir(creer_dossier(dossier_de_travail(donnees)) / ".verrou", pris)


# -- fichiers partiels -------------------------------------------------------------------------


def taille(partiel: Path) -> int:
    """Donner la taille d'un fichier partiel."""
    try:
        return partiel.stat().st_size
    except OSError:
        return 0


def fiche(partiel: Path) -> Path:
    """Dire où est la fiche qui permet de continuer un fichier partiel sans mêler deux contenus."""
    return partiel.with_name(partiel.name + ".json")


def lire_reprise(partiel: Path, url: str) -> str | None:
    """Lire l'étiquette du contenu dont un fichier partiel est le début ; ``None`` si rien ne permet de le continuer."""
    try:
        lue = json.loads(fiche(partiel).read_text(encoding="utf-8"))
        return str(lue["validateur"]) if taille(partiel) and lue["url"] == url else None
    except (OSError, ValueError, TypeError, KeyError):
        return None


def ecrire_reprise(partiel: Path, url: str, entetes: Mapping[str, str]) -> None:
    """Noter l'étiquette du contenu avant son premier octet."""
    creer_dossier(partiel.parent)
    etag = entetes.get("ETag", "")
    validateur = etag if etag and not etag.startswith("W/") else entetes.get("Last-Modified", "")
    if validateur:
        ecrire_texte(fiche(partiel), json.dumps({"url": url, "validateur": validateur}))


def oublier_partiel(partiel: Path) -> None:
    """Ôter un fichier partiel et sa fiche de reprise."""
    for fichier in (partiel, fiche(partiel)):
        with suppress(OSError):
            fichier.unlink(missing_ok=True)


def oublier_sans_fiche(partiel: Path, url: str) -> None:
    """Ôter un début que rien ne permet de continuer : la suite serait peut-être d'un autre contenu."""
    if lire_reprise(partiel, url) is None:
        oublier_partiel(partiel)
