"""L'action de `abs observatoire` : fabriquer le site, puis dire ce qu'il contient et ce qui y manque."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from carnets.commande import affichage
from donnees_insee.base.base import Base

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

NOMMES: Final = 8
KIO: Final = 1024


def observatoire(
    territoire: str,
    millesime: int | None,
    millesimes: str,
    qpv: int | None,
    geographie: int | None,
    portraits: Path | None,
    sortie: Path,
    *,
    remplacer: bool = False,
) -> None:
    """Fabriquer l'observatoire d'une intercommunalité."""
    from abs.territoires.demande import Demande, lire_millesimes  # noqa: PLC0415 - imports lents, après les arguments
    from carnets.observatoire.fabrique import fabriquer  # noqa: PLC0415

    demande = Demande(territoire, millesime, lire_millesimes(millesimes), qpv, geographie)
    affichage.dire(f"Observatoire de « {territoire} » : chiffres, cartes et pages (quelques minutes)…")
    with affichage.progression() as barre:
        tache = barre.add_task("calcul", total=None)
        site = fabriquer(
            Base(), demande, sortie, portraits=portraits, suivre=_suivre(barre, tache), remplacer=remplacer
        )
    fichiers = [f for f in site.dossier.rglob("*") if f.is_file()]
    poids = sum(f.stat().st_size for f in fichiers) / KIO**2
    affichage.dire(f"Site écrit dans {site.dossier} : {site.pages} pages, {poids:.0f} Mio.")
    affichage.dire(f"  Ouvrir {site.dossier / 'index.html'}, ou publier le dossier tel quel.")
    affichage.avertir(site.avis)
    if site.sans_contour:
        affichage.dire(f"Sans contour dans la base, absents des cartes : {_quelques(site.sans_contour)}.")
    trouves = site.portraits
    if portraits is not None:
        affichage.dire(f"Portraits joints : {len(trouves.dossiers)}.")
        for phrase in trouves.ecartes:
            affichage.dire(f"  écarté : {phrase}")
        if trouves.manquants:
            affichage.dire(
                f"Sans portrait : {_quelques([f'{t.nom} ({t.code})' for t in trouves.manquants])}."
            )


def _suivre(barre: Progress, tache: TaskID) -> Callable[[str], None]:
    def suivre(nom: str) -> None:
        barre.update(tache, description=nom[:60], advance=1)

    return suivre


def _quelques(noms: list[str]) -> str:
    autres = len(noms) - NOMMES
    return ", ".join(noms[:NOMMES]) + (f" et {autres} autres" if autres > 0 else "")
