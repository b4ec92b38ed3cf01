"""Le verbe `abs sources telecharger` : choisir, montrer l'avancement, dire le résultat."""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING

from carnets.commande.affichage import barre, dire, enumerer, montrer, phrase
from carnets.commande.communs import ouvrir_la_base

if TYPE_CHECKING:
    from collections.abc import Sequence

    from donnees_insee.base.base import Base
    from donnees_insee.telechargement.choix import Demande
    from donnees_insee.telechargement.reception import Avancement
    from donnees_insee.telechargement.telechargement import Resultat

ETATS = {"range": "déposé", "inchange": "inchangé", "mis_de_cote": "de côté", "echec": "échec"}


def sources_telecharger(
    noms: list[str] | None = None, millesime: int | None = None, tout: bool = False, simuler: bool = False
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
        _simuler(base, choix.a_telecharger)
    enumerer("", map(a_prendre_a_la_main, choix.a_la_main))
    enumerer("", choix.remarques)
    if choix.a_telecharger and not simuler:
        _telecharger(base, choix.a_telecharger)
    elif not choix.a_telecharger:
        dire("Rien à télécharger : le catalogue n'a pas d'adresse pour ce qui est demandé.")


def _telecharger(base: Base, demandes: Sequence[Demande]) -> None:
    from rich.progress import DownloadColumn, TransferSpeedColumn  # noqa: PLC0415

    from donnees_insee.telechargement.reception import Reglages  # noqa: PLC0415
    from donnees_insee.telechargement.reseau import TelechargementImpossible, hotes_permis  # noqa: PLC0415
    from donnees_insee.telechargement.telechargement import telecharger  # noqa: PLC0415

    intitules = {d.millesime.url: d.intitule for d in demandes}
    colonnes = (DownloadColumn(binary_units=True), TransferSpeedColumn())
    with barre(*colonnes, cachee=not sys.stderr.isatty()) as montree:
        taches = {url: montree.add_task(nom, total=None) for url, nom in intitules.items()}

        def suivre(a: Avancement) -> None:
            texte = intitules[a.url] + (f" – {a.message[:60]}" if a.message else "")
            montree.update(taches[a.url], completed=a.recus, total=a.total, description=texte)

        def annoncer(r: Resultat) -> None:
            montree.update(taches[r.demandes[0].millesime.url], visible=False)

        resultats = telecharger(base, demandes, Reglages(hotes_permis()), suivre=suivre, annoncer=annoncer)
    for r in resultats:
        dire(f"{ETATS[r.etat]:8} {r.phrase}")
        for examen in r.examens:
            if examen.notable:
                dire("         À regarder :")
                enumerer("           ", examen.phrases(toutes=False))
    comptes = Counter(r.etat for r in resultats)
    bilan = " ; ".join(f"{dit} : {comptes[e]}" for e, dit in ETATS.items() if comptes[e])
    dire(f"{bilan}. Base : {base.dossier}")
    if comptes["echec"]:
        sujet = "1 adresse" if comptes["echec"] == 1 else f"{comptes['echec']} adresses"
        verbe = "n'a" if comptes["echec"] == 1 else "n'ont"
        raise TelechargementImpossible(phrase("sans_rien", sujet=sujet, total=len(resultats), verbe=verbe))


def _simuler(base: Base, demandes: Sequence[Demande]) -> None:
    """Lister ce qui serait pris, sans ouvrir de connexion."""
    from donnees_insee.catalogue.tables import CERTITUDES  # noqa: PLC0415
    from donnees_insee.telechargement.telechargement import deja_tenu  # noqa: PLC0415

    lignes = []
    for d in demandes:
        certitude = CERTITUDES.get(d.millesime.certitude, d.millesime.certitude)
        lignes.append((d.intitule, d.millesime.url, "inconnue", certitude, deja_tenu(base, d) or "non"))
    montrer("simulation", lignes)


def _dire_ce_qui_peut_l_etre(base: Base) -> None:
    from donnees_insee.catalogue.catalogue import sources  # noqa: PLC0415
    from donnees_insee.controle.presentation import en_plages  # noqa: PLC0415

    lignes = []
    for s in sources().values():
        avec = {m.annee for m in s.millesimes if m.url}
        sans = {m.annee for m in s.millesimes if not m.url} - avec
        if s.a_venir or not (avec or sans):
            continue
        tenus = ", ".join(map(str, base.millesimes(s.id))) or "–"
        lignes.append((s.famille, s.id, s.titre, en_plages(avec) or "–", en_plages(sans) or "–", tenus))
    montrer("a_telecharger", sorted(lignes))
    dire(phrase("a_telecharger"))
