"""Lancer les bancs à la taille de la France : ``python tests/bancs/lancer.py [--iris N] [--repetitions N]``."""

# ruff: noqa: T201 - un banc écrit ses mesures sur la sortie
from __future__ import annotations

import argparse
import compileall
import os
import sys
import tempfile
from pathlib import Path

RACINE = Path(__file__).resolve().parents[2]
CHOIX = ["preparation", "zips", "memoire", "lecture", "melodi"]


def compiler() -> None:
    """Compiler d'abord : un import recompilé ne doit fausser aucune mesure."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    os.environ["PYTHONPATH"] = os.pathsep.join([str(RACINE), os.environ.get("PYTHONPATH", "")])
    sys.path[:0] = [str(RACINE / "tests" / "bancs"), str(RACINE)]
    for piece in ("donnees_insee", "abs", "tests/bancs"):
        compileall.compile_dir(RACINE / piece, quiet=2)


def options() -> argparse.Namespace:
    """Lire les options : la France entière et cinq répétitions par défaut."""
    lecteur = argparse.ArgumentParser(description=__doc__)
    lecteur.add_argument("--iris", type=int, default=49_104, help="nombre d'IRIS de la France fictive")
    lecteur.add_argument("--repetitions", type=int, default=5)
    lecteur.add_argument(
        "--lignes", type=int, default=10_000_000, help="lignes du fichier national de Melodi"
    )
    lecteur.add_argument("--france", type=Path, default=None, help="dossier où garder la France fabriquée")
    lecteur.add_argument("--seulement", nargs="*", choices=CHOIX)
    return lecteur.parse_args()


def main() -> int:
    """Fabriquer la France, lancer les bancs, dire les verdicts ; rend 1 si un but est manqué."""
    compiler()
    import lecture
    import melodi
    import preparation
    from france import fabriquer
    from outils import Ligne, machine, tableau

    from donnees_insee.base.base import Base
    from donnees_insee.depot.depot import deposer

    choix = options()
    voulus = set(choix.seulement or CHOIX)
    lignes: list[Ligne] = []

    def montrer(titre: str, neuves: list[Ligne]) -> None:
        lignes.extend(neuves)
        print(tableau(titre, neuves), flush=True)

    with tempfile.TemporaryDirectory(prefix="abs-bancs-") as provisoire:
        france = choix.france or Path(provisoire) / "france"
        fichiers = sorted(france.glob("*.CSV"))
        zips = sorted((france / "zips").glob("*.zip"))
        if not zips and voulus != {"melodi"}:
            fichiers = sorted(fabriquer(france, choix.iris, zips=True))
            zips = sorted((france / "zips").glob("*.zip"))
        taille = sum(f.stat().st_size for f in fichiers) / 1e6
        print(
            f"{machine()}\n{choix.iris} IRIS, cinq bases, {taille:.0f} Mo de CSV ; {choix.repetitions} répétitions"
        )
        if "preparation" in voulus:
            montrer("Préparer les cinq CSV", preparation.temps(fichiers, choix.repetitions))
        if "zips" in voulus:
            montrer("Préparer les cinq zips publiés", preparation.temps(zips, choix.repetitions, zips=True))
        if "memoire" in voulus:
            montrer("Mémoire de la préparation", [preparation.memoire(fichiers), preparation.memoire(zips)])
        base = Path(provisoire) / "base"
        if "lecture" in voulus:
            deposer(Base(base), fichiers, malgre_les_ecarts=True)
            montrer("Lire une commune de cinquante IRIS", lecture.temps(base, fichiers, choix.repetitions))
        if "melodi" in voulus:
            fichier = melodi.fabriquer(Path(provisoire), choix.lignes)
            montrer(f"Déposer {choix.lignes} lignes de Melodi", melodi.temps(fichier, choix.repetitions))
    manques = [ligne.bras for ligne in lignes if ligne.tenu is False]
    tenus = sum(ligne.tenu is True for ligne in lignes)
    print(
        f"\n{tenus} but(s) tenu(s), {len(manques)} manqué(s){' : ' if manques else ''}{' ; '.join(manques)}"
    )
    return 1 if manques else 0


if __name__ == "__main__":
    sys.exit(main())
