"""Les verbes de `abs sources` sur la base entière : la vérifier, l'emporter, la reprendre."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from carnets.commande import affichage
from carnets.commande.affichage import entier, taille
from carnets.commande.communs import ouvrir_la_base


def sources_verifier(
    complet: Annotated[
        bool, typer.Option("--complet", help="Comparer les cellules de tous les fichiers, non d'une partie.")
    ] = False,
    graine: Annotated[
        int, typer.Option("--graine", min=0, help="Quels fichiers relire : 0, 1, 2… font le tour de la base.")
    ] = 0,
) -> None:
    """Vérifier la base : reçus, empreintes, tables, et les cellules relues dans les fichiers d'origine."""
    from donnees_insee.controle.verification import verifier as verifier_la_base  # noqa: PLC0415 - import lent

    base = ouvrir_la_base(tenue=True)
    with _suivi("Vérification") as suivre:
        v = verifier_la_base(base, complet=complet, graine=graine, suivre=suivre)
    affichage.enumerer("remarque ", v.remarques)
    affichage.enumerer("faute    ", v.fautes)
    affichage.dire(f"Base {base.dossier}")
    affichage.dire(
        f"{entier(v.recus)} reçus lus ; {entier(v.copies)} fichiers d'origine dont l'empreinte est recalculée ; "
        f"{entier(v.parts)} parts relues jusqu'au bout."
    )
    lesquels = "tous" if v.relus == v.a_relire else f"graine {v.graine}"
    affichage.dire(
        f"{entier(v.cellules)} cellules tirées de nouveau de {v.relus} fichiers sur {v.a_relire} ({lesquels}) et "
        "comparées à la base."
    )
    if v.graines > 1:
        affichage.dire(
            f"Les graines 0 à {v.graines - 1} (--graine) font le tour de tous les fichiers ; --complet les prend tous."
        )
    affichage.dire(f"Fautes : {len(v.fautes)}." if v.fautes else "Aucune faute.")
    if v.fautes:
        raise typer.Exit(1)


def sources_exporter(
    fichier: Annotated[Path, typer.Argument(metavar="FICHIER.zip", help="Archive à écrire.")],
) -> None:
    """Écrire toute la base dans une archive, pour la sauver ou la remettre à un collègue."""
    from donnees_insee.controle.export_import import exporter as exporter_la_base  # noqa: PLC0415 - import lent

    with _suivi("Export") as suivre:
        e = exporter_la_base(ouvrir_la_base(), fichier, suivre=suivre)
    affichage.dire(f"Archive écrite : {e.fichier} ({taille(e.fichier.stat().st_size)}).")
    affichage.dire(f"Elle emporte {entier(e.fichiers)} fichiers, {taille(e.octets)} une fois ouverte.")
    _dire_les_internes(e.internes)
    if e.laisses:
        affichage.dire(
            f"Laissés, car ils ne sont pas de abs : {', '.join(e.laisses[:5])} ({len(e.laisses)} fichiers)."
        )


def sources_importer(
    fichier: Annotated[
        Path, typer.Argument(metavar="FICHIER.zip", help="Archive écrite par `abs sources exporter`.")
    ],
    fusionner: Annotated[
        bool, typer.Option("--fusionner", help="Ajouter à une base qui tient déjà des fichiers.")
    ] = False,
) -> None:
    """Reprendre une base exportée, après l'avoir vérifiée octet par octet."""
    from donnees_insee.controle.export_import import importer as importer_la_base  # noqa: PLC0415 - import lent

    base = ouvrir_la_base()
    with _suivi("Import") as suivre:
        i = importer_la_base(fichier, base, fusionner=fusionner, suivre=suivre)
    affichage.enumerer("repris   ", i.ajoutes)
    affichage.enumerer("refusé   ", (f"{refus.nom} : {refus.raison}" for refus in i.refuses))
    affichage.dire(
        f"Archive du {i.date[:10]} : {entier(i.fichiers)} fichiers vérifiés ; {len(i.ajoutes)} fichiers déposés "
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
    if i.refuses:
        raise typer.Exit(1)


def _dire_les_internes(noms: tuple[str, ...]) -> None:
    if noms:
        affichage.dire(
            f"ATTENTION : l'archive contient {len(noms)} fichier(s) de diffusion interne ({', '.join(noms[:5])}"
            f"{'…' if len(noms) > 5 else ''}). Ne la remettez qu'à qui peut les lire."
        )


@contextmanager
def _suivi(titre: str) -> Iterator[Callable[[str, int, int], None]]:
    """Montrer une barre de progression qui nomme son étape."""
    with affichage.suivi(titre) as avancer:
        yield lambda etape, rang, total: avancer(
            description=f"{titre} : {etape[:40]}", completed=rang, total=total
        )
