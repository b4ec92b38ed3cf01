"""Lancer les bancs de la campagne sur le territoire fictif : ``python tests/bancs/lancer_campagne.py [--base DOSSIER]``."""

# ruff: noqa: T201 - un banc écrit ses mesures sur la sortie
from __future__ import annotations

import argparse
import compileall
import os
import subprocess
import sys
import tempfile
from pathlib import Path

RACINE = Path(__file__).resolve().parents[2]
BANCS = ("depart", "carnet", "portrait", "debit", "trente")


def compiler() -> None:
    """Compiler d'abord, bibliothèques comprises : un import recompilé ne doit fausser aucune mesure."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    sys.path.insert(0, str(RACINE))
    for piece in ("donnees_insee", "abs", "cartes", "carnets", "tests/bancs"):
        compileall.compile_dir(RACINE / piece, quiet=2)
    subprocess.run(
        [sys.executable, "-m", "compileall", "-q", *[p for p in sys.path if "site-packages" in p]],
        check=False,
    )


def main() -> int:
    """Déposer le territoire fictif, lancer les bancs, dire les verdicts ; rend 1 si un but est manqué."""
    lecteur = argparse.ArgumentParser(description=__doc__)
    lecteur.add_argument("--repetitions", type=int, default=5)
    lecteur.add_argument("--base", type=Path, default=None, help="base du territoire fictif déjà déposée")
    lecteur.add_argument("--seulement", nargs="*", choices=BANCS, default=BANCS)
    choix = lecteur.parse_args()
    compiler()
    from carnets.processus.prechauffage import VARIABLES_SANS_FILS

    # Le plancher et les cartes nues tournent ici : un cœur chacun, comme un travailleur.
    os.environ |= VARIABLES_SANS_FILS
    import campagne
    from outils import Ligne, machine, tableau

    from donnees_insee.base.base import Base
    from donnees_insee.demo import extraire_demo
    from donnees_insee.depot.depot import deposer

    lignes: list[Ligne] = []

    def montrer(titre: str, neuves: list[Ligne]) -> None:
        lignes.extend(neuves)
        print(tableau(titre, neuves), flush=True)

    with tempfile.TemporaryDirectory(prefix="abs-bancs-") as provisoire:
        base = choix.base
        if base is None:
            base = Path(provisoire) / "donnees"
            deposer(Base(base), [extraire_demo(Path(provisoire) / "bruts")])
        print(
            f"{machine()}\n{campagne.environnement()}\n{choix.repetitions} répétitions, un essai à blanc d'abord"
        )
        if "depart" in choix.seulement:
            montrer("Démarrage", campagne.depart(choix.repetitions))
        if "carnet" in choix.seulement:
            montrer("Travail propre du carnet", campagne.travail_du_carnet(base, "99001", choix.repetitions))
        if "portrait" in choix.seulement:
            montrer("Un portrait seul", campagne.portrait_seul(base, "99001", choix.repetitions))
        if "debit" in choix.seulement:
            titre = f"{len(campagne.VINGT)} territoires, le même carnet"
            montrer(titre, campagne.debit(base, campagne.VINGT, choix.repetitions))
        if "trente" in choix.seulement:
            montrer("Trente territoires d'une traite", campagne.trente(base))
    manques = [ligne.bras for ligne in lignes if ligne.tenu is False]
    print(
        f"\n{sum(ligne.tenu is True for ligne in lignes)} but(s) tenu(s), {len(manques)} manqué(s) {' ; '.join(manques)}"
    )
    return 1 if manques else 0


if __name__ == "__main__":
    sys.exit(main())
