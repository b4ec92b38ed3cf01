"""L'ordonnance d'une campagne sur cette machine : tant de tâches à la fois, un délai chacune, aucune n'arrête les autres."""

import shutil
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from multiprocessing.connection import wait
from typing import Any, Final

from carnets.campagne.execution import mener_une_tache
from carnets.campagne.taches import DELAI_PASSE, TUE, Resultat, Tache, resultat_lu
from carnets.processus.demarrage import Processus, ProcessusMort
from carnets.textes import textes
from donnees_insee.erreurs import ErreurAbs

BATTEMENT: Final = 0.5
DITS: Final[dict[str, str]] = textes("carnets.campagne")["tache"]


@dataclass(frozen=True)
class Evenement:
    """Ce qui arrive pendant une campagne : ``debut``, ``fin``, ``encore`` (nouvel essai) ou ``battement``."""

    genre: str
    tache: Tache | None = None
    resultat: Resultat | None = None


Suivi = Callable[[Evenement], None]


@dataclass
class _EnCours:
    tache: Tache
    processus: Processus
    debut: float
    essai: int

    def rendu(self) -> dict[str, Any] | None:
        """Lire le résultat, ou ``None`` si le processus est mort sans rien dire ; l'un et l'autre finissent la course."""
        try:
            return self.processus.recevoir()
        except ProcessusMort:
            return None


class Ordonnance:
    """Dérouler des tâches, chacune dans un processus neuf."""

    def __init__(self, travailleurs: int, essais: int, suivi: Suivi) -> None:
        self.travailleurs = travailleurs
        self.essais = essais
        self.suivi = suivi
        self._en_cours: list[_EnCours] = []
        self._attente: deque[tuple[Tache, int]] = deque()
        self._resultats: list[Resultat] = []

    def derouler(self, taches: Sequence[Tache], *, reprendre: bool) -> list[Resultat]:
        """Exécuter toutes les tâches."""
        self._attente.extend((t, 1) for t in taches)
        self._resultats = []
        try:
            while self._attente or self._en_cours:
                self._lancer(reprendre=reprendre)
                wait([a for e in self._en_cours for a in e.processus.attendables], timeout=self._patience())
                self._relever()
                self.suivi(Evenement("battement"))
        except KeyboardInterrupt:
            # Ctrl-C arrête la campagne, non son bilan : ce qui est fait reste fait, le reste est dit.
            restes = [e.tache for e in self._en_cours] + [t for t, _ in self._attente]
            self._resultats += [Resultat(t.cle, TUE, "La campagne a été arrêtée au clavier.") for t in restes]
        finally:
            for en_cours in self._en_cours:
                en_cours.processus.tuer()
                shutil.rmtree(en_cours.tache.chantier, ignore_errors=True)
        return self._resultats

    def _lancer(self, *, reprendre: bool) -> None:
        """Occuper les places libres ; une tâche qui ne peut pas être lancée est un échec, dit comme tel."""
        while self._attente and len(self._en_cours) < self.travailleurs:
            tache, essai = self._attente.popleft()
            self.suivi(Evenement("debut", tache))
            try:
                processus = Processus(mener_une_tache, asdict(tache), reprendre)
            except (ErreurAbs, OSError) as cause:
                self._dire(tache, Resultat(tache.cle, TUE, str(cause), essais=essai))
                continue
            self._en_cours.append(_EnCours(tache, processus, time.monotonic(), essai))

    def _patience(self) -> float:
        echeances = [e.debut + e.tache.delai - time.monotonic() for e in self._en_cours]
        return max(0.0, min([BATTEMENT, *echeances]))

    def _relever(self) -> None:
        for en_cours in list(self._en_cours):
            passe = time.monotonic() - en_cours.debut
            if en_cours.processus.attendre(0):
                self._en_cours.remove(en_cours)
                rendu = en_cours.rendu()
                en_cours.processus.tuer()
                if rendu is not None:
                    self._dire(en_cours.tache, replace(resultat_lu(rendu), essais=en_cours.essai))
                else:
                    self._apres_une_mort(en_cours, passe)
            elif passe >= en_cours.tache.delai:
                self._en_cours.remove(en_cours)
                en_cours.processus.tuer()
                shutil.rmtree(en_cours.tache.chantier, ignore_errors=True)
                dit = DITS["delai"].format(delai=en_cours.tache.delai)
                self._dire(en_cours.tache, _arretee(en_cours, DELAI_PASSE, dit, passe))

    def _apres_une_mort(self, en_cours: _EnCours, passe: float) -> None:
        tache = en_cours.tache
        shutil.rmtree(tache.chantier, ignore_errors=True)
        if en_cours.essai < self.essais:
            self._attente.append((tache, en_cours.essai + 1))
            self.suivi(Evenement("encore", tache))
            return
        self._dire(tache, _arretee(en_cours, TUE, DITS["tuee"].format(essai=en_cours.essai), passe))

    def _dire(self, tache: Tache, resultat: Resultat) -> None:
        self._resultats.append(resultat)
        self.suivi(Evenement("fin", tache, resultat))


def _arretee(en_cours: _EnCours, etat: str, message: str, passe: float) -> Resultat:
    return Resultat(en_cours.tache.cle, etat, message, round(passe, 2), en_cours.essai)
