"""Les phrases d'un téléchargement : ce qui est déposé, ce qui n'a pas changé, ce qu'il faut décider."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from donnees_insee.base.base import Base
    from donnees_insee.depot.avant_depot import Examen
    from donnees_insee.telechargement.choix import Demande
    from donnees_insee.telechargement.registre import Version


def intitules(demandes: Sequence[Demande]) -> str:
    """Nommer ce qu'une adresse devait donner."""
    return " et ".join(d.intitule for d in demandes)


def depose(demandes: Sequence[Demande], nom: str, examens: Sequence[Examen]) -> str:
    """Dire qu'un fichier est reçu et déposé."""
    tables = ", ".join(f"{x.niveau} : {x.lignes} lignes" for x in examens)
    return f"{intitules(demandes)} : « {nom} » reçu, vérifié et déposé ({tables})."


def inchange(demandes: Sequence[Demande], version: Version) -> str:
    """Dire qu'un fichier est celui que la base tient."""
    return f"{intitules(demandes)} : déjà là, inchangé (« {version.nom} », empreinte {version.sha256[:12]})."


def remplacement(demandes: Sequence[Demande], anciennes: Sequence[Version], sha: str) -> str:
    """Dire que le producteur a remplacé son fichier."""
    if not anciennes:
        return ""
    ancienne = anciennes[-1]
    return (
        f"{intitules(demandes)} : le producteur a remplacé son fichier (empreinte {ancienne.sha256[:12]} vue le "
        f"{ancienne.date[:10]}, {sha[:12]} aujourd'hui). "
    )


def consigne(base: Base, examens: Sequence[Examen], cote: Path) -> str:
    """Nommer les fichiers déposés qu'une version contredit, et les gestes qui la feraient préférer."""
    touches = {(x.source, x.millesime, x.niveau) for x in examens if x.contradiction}
    anciens = [recu for recu in base.recus() if any(lot.ou in touches for lot in recu.lots)]
    retraits = " puis ".join(f"`abs sources retirer {r.sha256[:12]}` (« {r.nom} »)" for r in anciens)
    return (
        "Des chiffres déjà tenus y sont différents : la base n'a pas été changée et la version reçue est gardée "
        f"dans « {cote} ». Si vous préférez la nouvelle, lancez {retraits}, puis `abs sources deposer {cote}`."
    )


def ajout(examens: Sequence[Examen]) -> str:
    """Dire qu'une nouvelle version complète l'ancienne, et ce qui ne vient plus que de l'ancienne."""
    phrase = "Rien n'y contredit ce qui était tenu : la nouvelle version est déposée à côté de l'ancienne."
    if any(x.meme_millesime and (x.codes_perdus or x.colonnes_perdues) for x in examens):
        phrase += " Ce qu'elle ne porte plus reste lu dans l'ancienne."
    return phrase


def avec_la_page(phrase: str, demande: Demande) -> str:
    """Ajouter à un refus la page à visiter, si elle n'y est pas."""
    page = demande.millesime.page
    return phrase if not page or page in phrase else f"{phrase} Page à visiter : {page}"
