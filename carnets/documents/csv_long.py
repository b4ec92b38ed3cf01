"""Écrire la table longue du diagnostic en CSV, lisible d'un double-clic dans un tableur français."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from abs.calcul.table_longue import TEXTES
from abs.indicateurs.indicateurs import THEMES
from donnees_insee.chemins import fichier_provisoire

if TYPE_CHECKING:
    from pathlib import Path

    from abs.calcul.diagnostic import Diagnostic

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
    absentes. Les textes sont entre guillemets et les codes gardent leurs zéros de tête ; Excel les ôte quand
    on ouvre un CSV d'un double-clic : importer le fichier (Données, Fichier texte) ou prendre le XLSX.
    """
    table = table_lisible(diagnostic)
    textes = {*TEXTES, *LISIBLES}
    colonnes = [
        [_texte(v) if nom in textes else _nombre(v) for v in table[nom].tolist()] for nom in table.columns
    ]
    lignes = [";".join(f'"{nom}"' for nom in table.columns), *map(";".join, zip(*colonnes, strict=True))]
    with fichier_provisoire(chemin) as provisoire:
        provisoire.write_text("\r\n".join(lignes) + "\r\n", encoding="utf-8-sig", newline="")
    return chemin


def table_lisible(diagnostic: Diagnostic) -> pd.DataFrame:
    """Ajouter à la table longue ce qu'un lecteur attend : noms, libellés, thèmes, unités."""
    table = diagnostic.table()
    noms = {(t.code, t.niveau): t.nom for t in diagnostic.ensembles.tous()}
    connus = diagnostic.indicateurs
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


def _texte(valeur: object) -> str:
    if not isinstance(valeur, str) or not valeur:
        return ""
    propre = " ".join(valeur.splitlines())
    if valeur.startswith(DEBUTS_DE_FORMULE):
        propre = f"'{propre}"
    return '"' + propre.replace('"', '""') + '"'


def _nombre(valeur: float) -> str:
    """Écrire un nombre en entier : la plus courte écriture qui se relit à l'identique."""
    if pd.isna(valeur):
        return ""
    return repr(valeur).removesuffix(".0").replace(".", ",")
