"""Les verbes des textes de l'analyste : les reprendre d'un document, les tenir pour relus."""

from __future__ import annotations

from pathlib import Path

from carnets.commande.affichage import avertir, dire, enumerer, phrase
from carnets.commande.communs import SORTIES


def textes_reprendre(fichier: Path, sortie: Path | None = None, livraison: Path | None = None) -> None:
    """Ranger dans textes/ ce qui a été écrit dans un document livré : Word, LibreOffice ou carnet."""
    from carnets.prose.documents_rapportes import rapporter  # noqa: PLC0415 - imports lents

    retour = rapporter(fichier, sortie, livraison)
    dire(phrase("textes_repris", combien=len(retour.repris), dossier=retour.dossier))
    enumerer("  ", retour.repris)
    avertir("\n".join(retour.dits))


def textes_relus(territoire: str, sortie: Path = SORTIES, diffusion: str = "publique") -> None:
    """Tenir pour relus les textes d'un territoire, à leurs chiffres d'aujourd'hui."""
    from carnets.prose.citations import dire_relus  # noqa: PLC0415
    from carnets.reprise import dossier_des_textes  # noqa: PLC0415

    dossier = dossier_des_textes(sortie, territoire, diffusion)
    relus = dire_relus(dossier)
    dire(phrase("textes_relus", combien=len(relus), dossier=dossier))
    enumerer("  ", relus)
