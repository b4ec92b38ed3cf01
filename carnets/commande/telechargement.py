"""Le verbe `abs sources telecharger` : choisir, montrer l'avancement, dire le résultat."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from carnets.commande import affichage
from carnets.commande.communs import ouvrir_la_base

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.progress import Progress

    from donnees_insee.base.base import Base
    from donnees_insee.telechargement.choix import Choix, Demande
    from donnees_insee.telechargement.telechargement import Resultat

ETATS = {"range": "déposé", "inchange": "inchangé", "mis_de_cote": "de côté", "echec": "échec"}


def sources_telecharger(
    noms: Annotated[
        list[str] | None, typer.Argument(metavar="[SOURCES]...", help="Sources ou familles du catalogue.")
    ] = None,
    millesime: Annotated[
        int | None, typer.Option("--millesime", help="Année voulue ; par défaut la plus récente.")
    ] = None,
    tout: Annotated[bool, typer.Option("--tout", help="Tous les millésimes de ce qui est nommé.")] = False,
    simuler: Annotated[bool, typer.Option("--simuler", help="Lister, sans ouvrir de connexion.")] = False,
) -> None:
    """Télécharger des fichiers du catalogue, les vérifier, les comparer, puis les déposer."""
    from donnees_insee.catalogue.catalogue import sources  # noqa: PLC0415
    from donnees_insee.telechargement.choix import a_prendre_a_la_main, choisir  # noqa: PLC0415

    base = ouvrir_la_base()
    if not noms and not tout:
        _dire_ce_qui_peut_l_etre(base)
        return
    choix = choisir(noms or [], sources(), millesime=millesime, tout=tout)
    if simuler:
        _simuler(base, choix)
    for demande in choix.a_la_main:
        affichage.dire(a_prendre_a_la_main(demande))
    affichage.enumerer("", choix.remarques)
    if choix.a_telecharger and not simuler:
        _telecharger(base, choix.a_telecharger)
    elif not choix.a_telecharger:
        affichage.dire("Rien à télécharger : le catalogue n'a pas d'adresse pour ce qui est demandé.")


def _telecharger(base: Base, demandes: Sequence[Demande]) -> None:
    from donnees_insee.telechargement.reception import Avancement, Reglages  # noqa: PLC0415
    from donnees_insee.telechargement.reseau import TelechargementImpossible, hotes_permis  # noqa: PLC0415
    from donnees_insee.telechargement.telechargement import telecharger  # noqa: PLC0415

    intitules = {d.millesime.url: d.intitule for d in demandes}
    with _barre() as barre:
        taches = {url: barre.add_task(nom, total=None) for url, nom in intitules.items()}

        def suivre(a: Avancement) -> None:
            texte = intitules[a.url] + (f" – {a.message[:60]}" if a.message else "")
            barre.update(taches[a.url], completed=a.recus, total=a.total, description=texte)

        def annoncer(r: Resultat) -> None:
            barre.update(taches[r.demandes[0].millesime.url], visible=False)

        resultats = telecharger(base, demandes, Reglages(hotes_permis()), suivre=suivre, annoncer=annoncer)
    for r in resultats:
        affichage.dire(f"{ETATS[r.etat]:8} {r.phrase}")
        for examen in r.examens:
            if examen.notable:
                affichage.dire("         À regarder :")
                affichage.enumerer("           ", examen.phrases(toutes=False))
    comptes = {etat: sum(r.etat == etat for r in resultats) for etat in ETATS}
    bilan = " ; ".join(f"{ETATS[e]} : {n}" for e, n in comptes.items() if n)
    affichage.dire(f"{bilan}. Base : {base.dossier}")
    if comptes["echec"]:
        adresses = "1 adresse" if comptes["echec"] == 1 else f"{comptes['echec']} adresses"
        verbe = "n'a" if comptes["echec"] == 1 else "n'ont"
        raise TelechargementImpossible(
            f"{adresses} sur {len(resultats)} {verbe} rien donné ; les raisons sont ci-dessus."
        )


def _barre() -> Progress:
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TransferSpeedColumn,
    )

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(binary_units=True),
        TransferSpeedColumn(),
        console=affichage.console(erreurs=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    )


def _simuler(base: Base, choix: Choix) -> None:
    """Lister ce qui serait pris, sans ouvrir de connexion."""
    from donnees_insee.catalogue.catalogue import CERTITUDES  # noqa: PLC0415
    from donnees_insee.telechargement.telechargement import deja_tenu  # noqa: PLC0415

    lignes = [
        (
            d.intitule,
            d.millesime.url,
            "inconnue",
            CERTITUDES.get(d.millesime.certitude, d.millesime.certitude),
            deja_tenu(base, d) or "non",
        )
        for d in choix.a_telecharger
    ]
    affichage.tableau(
        f"Ce qui serait demandé ({len(lignes)}) ; rien n'a été téléchargé",
        ("Fichier", "Adresse", "Taille", "Certitude de l'adresse", "Déjà tenu"),
        lignes,
    )


def _dire_ce_qui_peut_l_etre(base: Base) -> None:
    from donnees_insee.catalogue.catalogue import sources  # noqa: PLC0415

    lignes = []
    for s in sources().values():
        avec = sorted({m.annee for m in s.millesimes if m.url})
        sans = sorted({m.annee for m in s.millesimes if not m.url} - set(avec))
        if s.a_venir or not (avec or sans):
            continue
        tenus = ", ".join(map(str, base.millesimes(s.id))) or "–"
        lignes.append((s.famille, s.id, s.titre, _annees(avec) or "–", _annees(sans) or "–", tenus))
    affichage.tableau(
        "Ce qui peut être téléchargé",
        ("Famille", "Source", "Titre", "Par la commande", "À la main", "Tenu"),
        sorted(lignes),
    )
    affichage.dire("Choisissez une source ou une famille, par exemple :")
    affichage.dire("  abs sources telecharger recensement --millesime 2022")
    affichage.dire("  abs sources telecharger filosofi            (le millésime le plus récent)")
    affichage.dire("  abs sources telecharger caf --tout          (tous les millésimes)")
    affichage.dire("  abs sources telecharger --tout --simuler    (tout le catalogue, sans rien télécharger)")


def _annees(annees: list[int]) -> str:
    """Écrire des années, les suites consécutives en plages."""
    plages: list[list[int]] = []
    for annee in annees:
        if plages and annee == plages[-1][-1] + 1:
            plages[-1].append(annee)
        else:
            plages.append([annee])
    return ", ".join(f"{p[0]}–{p[-1]}" if len(p) > 1 else str(p[0]) for p in plages)
