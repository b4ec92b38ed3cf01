"""Conduire une campagne de bout en bout : choisir, exécuter, vérifier sur le disque, écrire le bilan."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from carnets.campagne.bilan import Bilan, ecrire_bilan
from carnets.campagne.file_de_taches import Evenement, Ordonnance, Suivi
from carnets.campagne.journal import Journal
from carnets.campagne.taches import DEJA_FAIT, ECHEC, Resultat, Tache, deja_faite, preparer_taches
from carnets.processus.demarrage import precharger
from carnets.textes import textes
from donnees_insee.chemins import creer_dossier, tenir

if TYPE_CHECKING:
    from carnets.campagne.plan import Plan
    from donnees_insee.base.base import Base

VERROU: Final = "campagne.verrou"
DITS: Final[dict[str, str]] = textes("carnets.campagne")["tache"]


def taches_du_plan(plan: Plan, base: Base) -> list[Tache]:
    """Résoudre les territoires d'un plan."""
    from abs.territoires.territoires import Territoires  # noqa: PLC0415 - pandas est lent
    from carnets.campagne.choix import choisir  # noqa: PLC0415

    base.exiger()
    annee, qpv = plan.parametres.get("geographie"), plan.parametres.get("qpv")
    territoires = choisir(Territoires(base, annee), plan.choix, qpv)
    return preparer_taches(plan, base, territoires)


def mener(
    plan: Plan,
    base: Base,
    suivi: Suivi,
    *,
    reprendre: bool = False,
    grappe: str = "",
    taches: Sequence[Tache] = (),
) -> Bilan:
    """Mener une campagne."""
    debut = time.monotonic()
    chantiers = creer_dossier(plan.sortie / ".en-cours")
    pris = f"Une autre campagne écrit déjà dans « {plan.sortie} ». Attendez qu'elle finisse, ou changez --sortie."
    with tenir(chantiers / VERROU, pris):
        journal = Journal(plan.sortie)

        def noter(evenement: Evenement) -> None:
            journal.noter(evenement)
            suivi(evenement)

        toutes = tuple(taches) or tuple(taches_du_plan(plan, base))
        resultats = _executer(plan, toutes, noter, reprendre=reprendre, grappe=grappe)
        ou = f"grappe {grappe}" if grappe else f"cette machine, {plan.travailleurs} à la fois"
        bilan = Bilan(
            plan.titre, plan.sortie, toutes, verifies(toutes, resultats), time.monotonic() - debut, ou
        )
        bilan = replace(bilan, fichiers=ecrire_bilan(bilan))
    shutil.rmtree(chantiers, ignore_errors=True)
    return bilan


def _executer(
    plan: Plan, taches: tuple[Tache, ...], suivi: Suivi, *, reprendre: bool, grappe: str
) -> list[Resultat]:
    # Ce qui est déjà fait ne vaut ni un processus ni un voyage jusqu'à la grappe.
    resultats = [Resultat(t.cle, DEJA_FAIT) for t in taches if reprendre and deja_faite(t)]
    faites = {r.cle: r for r in resultats}
    for tache in taches:
        if tache.cle in faites:
            suivi(Evenement("fin", tache, faites[tache.cle]))
    reste = [t for t in taches if t.cle not in faites]
    if not reste:
        return resultats
    if grappe:
        from carnets.campagne.grappe import derouler_sur_une_grappe  # noqa: PLC0415 - distributed est lent

        return resultats + derouler_sur_une_grappe(grappe, reste, plan.essais, suivi, reprendre=reprendre)
    precharger(Path(reste[0].parametres["dossier_donnees"]), campagne=True)
    return resultats + Ordonnance(plan.travailleurs, plan.essais, suivi).derouler(reste, reprendre=reprendre)


def verifies(taches: Sequence[Tache], resultats: Sequence[Resultat]) -> tuple[Resultat, ...]:
    """Confronter les résultats au disque : le bilan dit ce qui y est, non ce qu'on a cru écrire."""
    par_cle = {r.cle: r for r in resultats}
    sortis = []
    for tache in taches:
        resultat = par_cle.get(tache.cle) or Resultat(tache.cle, ECHEC, DITS["sans_resultat"])
        if resultat.reussi and not deja_faite(tache):
            perdu = DITS["perdue"].format(dossier=tache.dossier)
            resultat = replace(resultat, etat=ECHEC, message=perdu)
        with suppress(OSError):
            shutil.rmtree(tache.chantier, ignore_errors=True)
        sortis.append(resultat)
    return tuple(sortis)
