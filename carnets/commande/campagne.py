"""Le verbe `abs campagne` : mener une campagne, lire le plan, montrer l'avancée, dire ce qui reste à faire."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from carnets.commande.affichage import avertir, console, dire, enumerer, phrase
from carnets.dossier_de_sortie import quelques
from donnees_insee.chemins import dossier_des_donnees
from donnees_insee.erreurs import ErreurAbs

if TYPE_CHECKING:
    from carnets.campagne.bilan import Bilan
    from carnets.campagne.file_de_taches import Evenement

ECHECS_MONTRES: Final = 20


class CampagneIncomplete(ErreurAbs):
    """Des territoires manquent à la campagne."""


def campagne(
    fichier: Path | None = None,
    reprendre: bool = False,
    travailleurs: int | None = None,
    dask: str = "",
    exemple: bool = False,
    sortie: Path | None = None,
    remplacer: bool = False,
) -> None:
    """Mener le même travail sur beaucoup de territoires, sans qu'un échec arrête les autres."""
    from carnets.campagne.plan import EXEMPLE, lire_plan  # noqa: PLC0415

    if exemple:
        dire(EXEMPLE.rstrip())
        return
    if fichier is None:
        raise typer.BadParameter("Donnez un fichier de campagne, ou --exemple pour en écrire un.")
    from carnets.processus.demarrage import precharger  # noqa: PLC0415

    if not dask:
        # Le serveur chauffe pendant que le plan se lit et que ses territoires se cherchent.
        precharger(dossier_des_donnees(), campagne=True)
    from carnets.campagne.deroulement import mener, taches_du_plan  # noqa: PLC0415 - pandas, après le lancement du serveur
    from donnees_insee.base.base import Base  # noqa: PLC0415 - idem

    plan = replace(lire_plan(fichier, sortie=sortie, travailleurs=travailleurs), remplacer=remplacer)
    base = Base(dossier_des_donnees())
    taches = taches_du_plan(plan, base)
    ou = f"la grappe {dask}" if dask else f"cette machine, {plan.travailleurs} à la fois"
    dire(f"{plan.titre} : {len(taches)} à faire sur {ou}, dans {plan.sortie}")
    suivi = _Suivi(len(taches))
    with suivi.barre:
        bilan = mener(plan, base, suivi.noter, reprendre=reprendre, grappe=dask, taches=taches)
    _conclure(bilan)


def _conclure(bilan: Bilan) -> None:
    from carnets.campagne.bilan import comptes, duree  # noqa: PLC0415

    resume = ", ".join(f"{c['nombre']} {c['mots']}" for c in comptes(bilan.resultats))
    dire(f"Campagne finie en {duree(bilan.secondes)} : {resume}.")
    enumerer("  ", bilan.fichiers)
    for resultat in bilan.resultats:
        avertir(next((a for a in resultat.avertissements if "n'a pas été touché" in a), ""))
    if not bilan.echecs:
        return
    noms = {t.cle: f"{t.nom} ({t.code})" for t in bilan.taches}
    lignes = [f"{noms[r.cle]}, {r.etat} : {r.message}" for r in bilan.echecs[:ECHECS_MONTRES]]
    if len(bilan.echecs) > ECHECS_MONTRES:
        lignes.append(f"… et {len(bilan.echecs) - ECHECS_MONTRES} autres, dans le bilan.")
    detail = "\n".join(f"  - {une}" for une in lignes)
    total = len(bilan.resultats)
    raise CampagneIncomplete(phrase("campagne_incomplete", n=len(bilan.echecs), total=total, detail=detail))


class _Suivi:
    """La barre vivante : ce qui est fait, ce qui est en cours, le temps qui reste."""

    def __init__(self, total: int) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

        self.total = total
        self.finies = self.manquees = self.mesurees = 0
        self.en_cours: dict[str, str] = {}
        self.debut = time.monotonic()
        self.barre = Progress(
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[reste]}", markup=False),
            TextColumn("{task.description}", markup=False),
            console=console(erreurs=True),
            transient=True,
        )
        self.ligne = self.barre.add_task("", total=total, reste="")

    def noter(self, evenement: Evenement) -> None:
        tache, resultat = evenement.tache, evenement.resultat
        if evenement.genre == "debut" and tache is not None:
            self.en_cours[tache.cle] = tache.nom
        elif evenement.genre == "encore" and tache is not None:
            self._ecrire(f"↻ {tache.nom} ({tache.code}) : processus tué, nouvel essai")
        elif evenement.genre == "fin" and tache is not None and resultat is not None:
            self.en_cours.pop(tache.cle, None)
            self.finies += 1
            self.manquees += not resultat.reussi
            self.mesurees += bool(resultat.secondes)
            signe = "✓" if resultat.reussi else "✗"
            secondes = f", {resultat.secondes:.1f} s".replace(".", ",") if resultat.secondes else ""
            suite = f" : {resultat.message}" if resultat.message else ""
            self._ecrire(f"{signe} {tache.nom} ({tache.code}), {resultat.etat}{secondes}{suite}")
        manques = f"{self.manquees} en échec · " if self.manquees else ""
        description = manques + quelques(list(self.en_cours.values()), 3)
        self.barre.update(self.ligne, completed=self.finies, description=description, reste=self._reste())

    def _ecrire(self, texte: str) -> None:
        if console(erreurs=True).is_terminal:
            self.barre.console.print(texte, markup=False)
        else:
            dire(texte)

    def _reste(self) -> str:
        from carnets.campagne.bilan import duree  # noqa: PLC0415

        if not self.mesurees or self.finies >= self.total:
            return ""
        # Au rythme observé depuis le début, ce qui compte aussi les attentes.
        rythme = (time.monotonic() - self.debut) / self.finies
        return f"encore {duree(rythme * (self.total - self.finies))}"
