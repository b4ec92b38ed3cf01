"""Les actions de `abs sources` sur la base entière : la vérifier, l'emporter, la reprendre."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from carnets.commande import affichage
from donnees_insee.base.base import Base

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from rich.progress import Progress


def verifier(*, complet: bool, graine: int) -> bool:
    """Vérifier la base et dire toutes ses fautes."""
    from donnees_insee.controle.verification import verifier as verifier_la_base  # noqa: PLC0415 - import lent

    base = Base()
    base.exiger()
    with _suivi("Vérification") as suivre:
        v = verifier_la_base(base, complet=complet, graine=graine, suivre=suivre)
    for remarque in v.remarques:
        affichage.dire(f"remarque {remarque}")
    for faute in v.fautes:
        affichage.dire(f"faute    {faute}")
    affichage.dire(f"Base {base.dossier}")
    affichage.dire(
        f"{_nombre(v.recus)} reçus lus ; {_nombre(v.copies)} fichiers d'origine dont l'empreinte est recalculée ; "
        f"{_nombre(v.parts)} parts relues jusqu'au bout."
    )
    lesquels = "tous" if v.relus == v.a_relire else f"graine {v.graine}"
    affichage.dire(
        f"{_nombre(v.cellules)} cellules tirées de nouveau de {v.relus} fichiers sur {v.a_relire} ({lesquels}) et "
        "comparées à la base."
    )
    if v.graines > 1:
        affichage.dire(
            f"Les graines 0 à {v.graines - 1} (--graine) font le tour de tous les fichiers ; --complet les prend tous."
        )
    affichage.dire(f"Fautes : {len(v.fautes)}." if v.fautes else "Aucune faute.")
    return not v.fautes


def exporter(fichier: Path) -> None:
    """Écrire toute la base dans une archive."""
    from donnees_insee.controle.export_import import exporter as exporter_la_base  # noqa: PLC0415 - import lent

    with _suivi("Export") as suivre:
        e = exporter_la_base(Base(), fichier, suivre=suivre)
    affichage.dire(f"Archive écrite : {e.fichier} ({_taille(e.fichier.stat().st_size)}).")
    affichage.dire(f"Elle emporte {_nombre(e.fichiers)} fichiers, {_taille(e.octets)} une fois ouverte.")
    _dire_les_internes(e.internes)
    if e.laisses:
        affichage.dire(
            f"Laissés, car ils ne sont pas de abs : {', '.join(e.laisses[:5])} ({len(e.laisses)} fichiers)."
        )


def importer(fichier: Path, *, fusionner: bool) -> bool:
    """Reprendre une base exportée."""
    from donnees_insee.controle.export_import import importer as importer_la_base  # noqa: PLC0415 - import lent

    base = Base()
    with _suivi("Import") as suivre:
        i = importer_la_base(fichier, base, fusionner=fusionner, suivre=suivre)
    for nom in i.ajoutes:
        affichage.dire(f"repris   {nom}")
    for refus in i.refuses:
        affichage.dire(f"refusé   {refus.nom} : {refus.raison}")
    affichage.dire(
        f"Archive du {i.date[:10]} : {_nombre(i.fichiers)} fichiers vérifiés ; {len(i.ajoutes)} fichiers déposés "
        f"repris, {len(i.refuses)} refusés. Base : {base.dossier}"
    )
    if not i.ajoutes and not i.refuses:
        affichage.dire("La base tenait déjà tout ce que l'archive contient : rien n'a été changé.")
    _dire_les_internes(i.internes)
    if i.laisses:
        affichage.dire(
            f"{len(i.laisses)} téléchargement(s) de l'archive qu'aucun reçu ne prouve n'ont pas été repris : "
            "`abs sources telecharger` les redemandera."
        )
    return not i.refuses


def _dire_les_internes(noms: tuple[str, ...]) -> None:
    if noms:
        affichage.dire(
            f"ATTENTION : l'archive contient {len(noms)} fichier(s) de diffusion interne ({', '.join(noms[:5])}"
            f"{'…' if len(noms) > 5 else ''}). Ne la remettez qu'à qui peut les lire."
        )


@contextmanager
def _suivi(titre: str) -> Iterator[Callable[[str, int, int], None]]:
    """Montrer une barre de progression."""
    with affichage.progression() as barre:
        yield _avanceur(barre, titre)


def _avanceur(barre: Progress, titre: str) -> Callable[[str, int, int], None]:
    tache = barre.add_task(titre, total=None)

    def avancer(etape: str, rang: int, total: int) -> None:
        barre.update(tache, description=f"{titre} : {etape[:40]}", completed=rang, total=total)

    return avancer


def _nombre(n: int) -> str:
    return f"{n:,}".replace(",", "\u202f")


def _taille(octets: int) -> str:
    return f"{octets / 1024:.0f} Kio" if octets < 1024**2 else f"{octets / 1024**2:.1f} Mio".replace(".", ",")
