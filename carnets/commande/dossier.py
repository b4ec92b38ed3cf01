"""Les verbes du dossier de travail : le faire, reprendre ses textes d'un document, les tenir pour relus."""

from __future__ import annotations

from pathlib import Path

from carnets.commande.affichage import avertir, dire, enumerer, phrase
from carnets.commande.communs import SORTIES, ouvrir_la_base
from carnets.commande.productions import TOUS_LES_FORMATS


def nouveau(dossier: Path, territoire: str, formats: str = TOUS_LES_FORMATS) -> None:
    """Faire le dossier de travail d'un territoire : réglages, carnets, textes à écrire, mode d'emploi."""
    from abs.territoires.territoires import Territoires  # noqa: PLC0415 - imports lents
    from carnets.dossier_de_travail import creer  # noqa: PLC0415

    base = ouvrir_la_base()
    verifie = bool(base.parts())
    sujet = Territoires(base).trouver(territoire) if verifie else None
    code, nom = (sujet.code, sujet.nom) if sujet else (territoire, territoire)
    enumerer("  ", (f.relative_to(dossier) for f in creer(dossier, code, nom, formats)))
    dire(phrase("dossier_fait", nom=nom, code=code, dossier=dossier))
    if not verifie:
        avertir(phrase("territoire_non_verifie", code=code))


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
