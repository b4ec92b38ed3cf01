"""Écrire les rangs et les écarts des communes en CSV, lisible d'un double-clic dans un tableur français."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carnets.documents.csv_long import DEBUTS_DE_FORMULE
from donnees_insee.chemins import fichier_provisoire

if TYPE_CHECKING:
    from pathlib import Path

    from abs.intercommunal.comparaison import Valeur


def ecrire_lignes(lignes: list[dict[str, Valeur]], chemin: Path) -> Path:
    """Écrire des lignes de mêmes colonnes : séparateur ``;``, virgule décimale, UTF-8 avec marque d'ordre."""
    colonnes = list(lignes[0]) if lignes else []
    textes = [";".join(f'"{c}"' for c in colonnes)]
    textes += [";".join(_cellule(ligne[c]) for c in colonnes) for ligne in lignes]
    with fichier_provisoire(chemin) as provisoire:
        provisoire.write_text("\r\n".join(textes) + "\r\n", encoding="utf-8-sig", newline="")
    return chemin


def _cellule(valeur: Valeur) -> str:
    if valeur is None or valeur == "":
        return ""
    if isinstance(valeur, str):
        propre = " ".join(valeur.splitlines())
        # Un tableur prendrait ce début pour une formule, même entre guillemets.
        propre = f"'{propre}" if valeur.startswith(DEBUTS_DE_FORMULE) else propre
        return '"' + propre.replace('"', '""') + '"'
    return repr(valeur).removesuffix(".0").replace(".", ",")
