"""L'action de la commande qui compare les communes d'une intercommunalité."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carnets.commande import affichage

if TYPE_CHECKING:
    from pathlib import Path


def comparer(parametres: dict[str, Any], indicateurs: str, sortie: Path, *, remplacer: bool = False) -> None:
    """Écrire la comparaison d'une intercommunalité et lister ses fichiers."""
    from carnets.production_comparaison import produire_la_comparaison  # noqa: PLC0415 - imports lents

    affichage.dire(
        f"Comparaison des communes de « {parametres['territoire']} » : calcul, cartes et documents (une minute environ)…"
    )
    production = produire_la_comparaison(
        parametres, indicateurs, sortie, progression=True, remplacer=remplacer
    )
    affichage.dire(f"Comparaison écrite dans {production.dossier} :")
    for fichier in production.fichiers:
        octets = fichier.stat().st_size
        taille = (
            f"{octets / 1024:.0f} Kio"
            if octets < 1024**2
            else f"{octets / 1024**2:.1f} Mio".replace(".", ",")
        )
        affichage.dire(f"  {fichier.relative_to(production.dossier)}  ({taille})")
    affichage.avertir(production.avis)
