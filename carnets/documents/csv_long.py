"""Écrire en CSV la table longue, une comparaison ou des évolutions, pour un double-clic dans un tableur français."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import pandas as pd

from abs.indicateurs.indicateurs import THEMES
from carnets.documents.paquet_tabulaire import accompagner, ecrire_csvt
from donnees_insee.chemins import fichier_provisoire

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from abs.calcul.diagnostic import Diagnostic
    from abs.evolutions.releve import Releve
    from abs.intercommunal.comparaison import Valeur

# Débuts de cellule qu'un tableur prendrait pour une formule, même entre guillemets.
DEBUTS_DE_FORMULE: Final = ("=", "+", "-", "@", "\t", "\r")
LISIBLES: Final = {
    "nom_territoire": "territoire",
    "libelle": "indicateur",
    "theme": "libelle",
    "unite": "theme",
}


def ecrire_csv(diagnostic: Diagnostic, chemin: Path) -> Path:
    """Écrire la table longue, avec les noms des territoires et les libellés des indicateurs.

    Séparateur ``;``, virgule décimale, UTF-8 avec marque d'ordre des octets, cellules vides pour les valeurs
    absentes. Les textes sont entre guillemets et les codes gardent leurs zéros de tête : le .csvt écrit à côté le dit
    à QGIS et à R. Excel les ôte quand on ouvre un CSV d'un double-clic : importer le fichier (Données, Fichier texte)
    ou prendre le XLSX.
    """
    table = table_lisible(diagnostic)
    colonnes = [map(_cellule, table[nom].tolist()) for nom in table.columns]
    return _enregistrer(table.columns, zip(*colonnes, strict=True), chemin)


def ecrire_lignes(lignes: Sequence[Mapping[str, Valeur]], chemin: Path, colonnes: Iterable[str] = ()) -> Path:
    """Écrire des lignes de mêmes colonnes, dites quand il peut n'y avoir aucune ligne, comme ``ecrire_csv`` les écrit."""
    colonnes = list(lignes[0]) if lignes else list(colonnes)
    return _enregistrer(colonnes, ([_cellule(ligne[c]) for c in colonnes] for ligne in lignes), chemin)


def ecrire_evolutions(releve: Releve, dossier: Path) -> Path:
    """Écrire toutes les évolutions, à pleine précision."""
    from abs.evolutions.tableaux import table  # noqa: PLC0415 - réservé aux évolutions

    lignes = table(releve)
    cellules = ([_cellule_d_evolution(v) for v in ligne] for ligne in lignes.itertuples(index=False))
    chemin = _enregistrer(
        lignes.columns, cellules, dossier / f"evolutions_{releve.sujet.code}_{releve.de}_{releve.a}.csv"
    )
    accompagner(chemin, f"Évolutions de {releve.sujet.nom}, de {releve.de} à {releve.a}")
    return chemin


def _enregistrer(colonnes: Iterable[str], lignes: Iterable[Iterable[str]], chemin: Path) -> Path:
    """Enregistrer des cellules déjà écrites sous leurs en-têtes, d'une pièce, et leurs types à côté."""
    colonnes = list(colonnes)
    textes = [";".join(f'"{nom}"' for nom in colonnes), *map(";".join, lignes)]
    with fichier_provisoire(chemin) as provisoire:
        provisoire.write_text("\r\n".join(textes) + "\r\n", encoding="utf-8-sig", newline="")
    ecrire_csvt(chemin, colonnes)
    return chemin


def table_lisible(diagnostic: Diagnostic) -> pd.DataFrame:
    """Ajouter à la table longue ce qu'un lecteur attend : noms, libellés, thèmes, unités."""
    table = diagnostic.table()
    noms = {(t.code, t.niveau): t.nom for t in diagnostic.ensembles.tous()}
    connus = diagnostic.definitions
    codes = [connus.get(c) for c in table["indicateur"]]
    lisibles = {
        "nom_territoire": [
            noms.get(cle, "") for cle in zip(table["territoire"], table["niveau"], strict=True)
        ],
        "libelle": [i.libelle if i else "" for i in codes],
        "theme": [THEMES[i.theme] if i else "" for i in codes],
        "unite": [i.unite if i else "" for i in codes],
    }
    for nom, avant in LISIBLES.items():
        table.insert(list(table.columns).index(avant) + 1, nom, lisibles[nom])
    return table


def _cellule(valeur: object) -> str:
    """Écrire un texte entre guillemets, un nombre en entier : la plus courte écriture qui se relit à l'identique."""
    if isinstance(valeur, str):
        propre = " ".join(valeur.splitlines())
        propre = f"'{propre}" if valeur.startswith(DEBUTS_DE_FORMULE) else propre
        return '"' + propre.replace('"', '""') + '"' if valeur else ""
    return "" if pd.isna(valeur) else repr(valeur).removesuffix(".0").replace(".", ",")


def _cellule_d_evolution(valeur: object) -> str:
    if isinstance(valeur, float):
        return "" if math.isnan(valeur) else repr(valeur).replace(".", ",")
    if isinstance(valeur, int):
        return str(valeur)
    texte = str(valeur).replace('"', '""').replace("\n", " ")
    # Un tableur prendrait ce début pour une formule.
    return f'"\'{texte}"' if texte.startswith(DEBUTS_DE_FORMULE) else f'"{texte}"'
