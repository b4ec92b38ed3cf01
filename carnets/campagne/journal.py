"""Le journal d'une campagne : une ligne par événement, écrite aussitôt, pour suivre de loin et comprendre après coup."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from carnets.campagne.file_de_taches import Evenement

NOM: Final = "journal.jsonl"


class Journal:
    """Écrire le journal d'une campagne."""

    def __init__(self, dossier: Path) -> None:
        self.chemin = dossier / NOM

    def noter(self, evenement: Evenement) -> None:
        """Noter un événement ; un disque plein ne doit pas arrêter la campagne."""
        if evenement.tache is None:
            return
        ligne: dict[str, Any] = {
            "quand": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "genre": evenement.genre,
            "tache": evenement.tache.cle,
        }
        if evenement.resultat is not None:
            ligne |= {nom: getattr(evenement.resultat, nom) for nom in ("etat", "message", "secondes", "ou")}
        with suppress(OSError), self.chemin.open("a", encoding="utf-8") as flux:
            flux.write(json.dumps(ligne, ensure_ascii=False) + "\n")
