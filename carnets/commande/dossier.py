"""Le verbe qui fait le dossier de travail d'un territoire."""

from __future__ import annotations

from pathlib import Path

from carnets.commande.affichage import avertir, dire, enumerer, phrase
from carnets.commande.communs import ouvrir_la_base
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
