"""Retirer de la base un fichier déposé : ses parts, la copie de l'original, puis son reçu."""

from __future__ import annotations

from typing import Final

from donnees_insee.base.base import Base
from donnees_insee.base.recus import DEBUT, Recu, chemin_du_recu
from donnees_insee.depot.journal import journal, seul_a_ecrire
from donnees_insee.depot.rangement import defaire
from donnees_insee.erreurs import DonneeAbsente, ParametreInvalide, SortieImpossible

DEBUT_MINIMAL: Final = 6


def retirer(base: Base, sha_ou_nom: str) -> Recu:
    """Retirer un fichier déposé."""
    demande = sha_ou_nom.strip()
    with seul_a_ecrire(base):
        recu = _reste(base, demande) or _choisir(base, demande)
        connu = chemin_du_recu(base.dossier, recu.sha256)
        originaux = sorted((base.dossier / "brut").glob(f"{recu.sha256[:16]}*/*"))
        parts = [
            p.chemin
            for p in (*base.parts(), *base.parts_sans_recu())
            if p.chemin.name.startswith(recu.sha256[:DEBUT])
        ]
        # Sans son reçu, plus rien n'est lu : un retrait interrompu est défait au prochain dépôt, ou relancé.
        with journal(base, [*parts, *originaux]):
            for fichier in [connu, *parts, *originaux]:
                defaire([fichier], base.dossier)
                if fichier.exists():
                    raise SortieImpossible(
                        f"« {fichier} » ne peut pas être ôté. Fermez-le s'il est ouvert et vérifiez vos droits, puis "
                        "relancez la commande : le retrait reprendra."
                    )
        base.oublier()
    return recu


def _reste(base: Base, demande: str) -> Recu | None:
    """Reconnaître le début du nom de parts sans reçu, et en faire un reçu vide à retirer."""
    debuts = {p.chemin.name[:DEBUT] for p in base.parts_sans_recu()}
    trouves = [d for d in debuts if len(demande) >= DEBUT_MINIMAL and d.startswith(demande.lower()[:DEBUT])]
    if len(trouves) != 1 or any(r.sha256.startswith(trouves[0]) for r in base.recus()):
        return None
    return Recu(trouves[0], "parts sans reçu, jamais lues", "", 0, "")


def _choisir(base: Base, demande: str) -> Recu:
    recus = base.recus()
    trouves = [r for r in recus if r.nom == demande]
    if not trouves and len(demande) >= DEBUT_MINIMAL:
        trouves = [r for r in recus if r.sha256.startswith(demande.lower())]
    if not trouves:
        noms = ", ".join(f"« {r.nom} »" for r in recus[-8:]) or "aucun"
        raise DonneeAbsente(
            f"Aucun fichier déposé ne s'appelle « {demande} » ni n'a cette empreinte. Fichiers déposés (les "
            f"derniers) : {noms}. `abs sources etat` les dit tous."
        )
    if len(trouves) > 1:
        choix = " ; ".join(f"{r.sha256[:12]} ({r.nom}, déposé le {r.date[:10]})" for r in trouves)
        raise ParametreInvalide(
            f"« {demande} » désigne {len(trouves)} fichiers déposés : {choix}. Donnez l'empreinte de "
            "celui à retirer."
        )
    return trouves[0]
