"""Contrôler une carte avant de la dessiner : toutes les fautes en un seul message."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from abs.statuts import SANS_VALEUR, Fiabilite, Statut
from cartes.palettes import PALETTES_DIVERGENTES, PALETTES_SEQUENTIELLES
from donnees_insee.erreurs import CarteImpossible, liste_de_fautes

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from cartes.specification import DonneesDeCarte, Superposition

COLONNES_ATTENDUES: tuple[str, ...] = ("code", "nom", "geometry", "valeur", "statut", "fiabilite")
_AVEC_CLASSES = ("classes", "cercles_colores")
FORMES_PAR_NATURE: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("taux", "mediane", "indice"), _AVEC_CLASSES),
    "effectif": ("cercles",),
}
# Lignes fautives citées.
EXEMPLES = 5
_COULEUR = re.compile(r"#[0-9a-fA-F]{6}")
_NATURES_EN_CLAIR = {"mediane": "une médiane"}


def controler(carte: DonneesDeCarte) -> None:
    """Refuser une carte fautive en disant tout ce qu'il faut corriger."""
    fautes = [*_fautes_de_texte(carte), *_fautes_de_forme(carte), *_fautes_de_table(carte)]
    for superposition in carte.superpositions:
        fautes.extend(_fautes_de_superposition(superposition))
    if fautes:
        entete = f"La carte {carte.code!r} ({carte.titre!r}) ne peut pas être dessinée :"
        raise CarteImpossible(liste_de_fautes(entete, fautes))


def _fautes_de_texte(carte: DonneesDeCarte) -> Iterator[str]:
    for champ in ("code", "titre", "source", "date", "geographie"):
        valeur = getattr(carte, champ)
        if not isinstance(valeur, str) or not valeur.strip():
            yield f"le champ {champ!r} est vide ({valeur!r}) : toute carte le porte, écrire un texte."


def _fautes_de_forme(carte: DonneesDeCarte) -> Iterator[str]:
    palettes = (*PALETTES_SEQUENTIELLES, *PALETTES_DIVERGENTES)
    permises = FORMES_PAR_NATURE.get(carte.nature)
    if permises is None:
        yield f"nature {carte.nature!r} inconnue ; attendu : {', '.join(FORMES_PAR_NATURE)}."
    elif carte.forme not in permises:
        yield (
            f"{_NATURES_EN_CLAIR.get(carte.nature, f'un {carte.nature}')} ne se dessine pas sous la forme {carte.forme!r} ; "
            f"demander : {' ou '.join(permises)}."
        )
    if carte.methode not in ("quantiles", "arrondies"):
        yield f"méthode {carte.methode!r} inconnue ; attendu : quantiles ou arrondies."
    if carte.reference is not None and not math.isfinite(carte.reference.valeur):
        yield f"la référence {carte.reference.libelle!r} n'a pas de valeur : ne pas la donner."
    if carte.palette in PALETTES_DIVERGENTES and carte.reference is None:
        yield f"la palette {carte.palette!r} oppose deux côtés d'une référence : en donner une."
    if carte.palette not in (None, *palettes):
        yield f"palette {carte.palette!r} inconnue ; attendu : {', '.join(palettes)}."


def _fautes_de_table(carte: DonneesDeCarte) -> Iterator[str]:
    """Examiner la table des territoires ; sans ses colonnes, le reste n'aurait pas de sens."""
    table = carte.territoires
    attendues = COLONNES_ATTENDUES + (("poids",) if carte.forme == "cercles_colores" else ())
    manquantes = _colonnes_manquantes(table, attendues)
    if manquantes:
        yield f"colonnes absentes de la table des territoires : {', '.join(manquantes)}."
        return
    if table.empty:
        yield "la table des territoires est vide : il en faut au moins un."
        return
    yield from _fautes_de_geometrie(table, "territoires")
    yield from _fautes_de_code(table)
    yield from _fautes_de_statut(table)
    yield from _fautes_de_valeur(table, carte.nature)
    if carte.forme == "cercles_colores":
        poids = table.loc[~table["statut"].isin(SANS_VALEUR), "poids"].astype(float)
        if (poids.isna() | (poids < 0)).any():
            yield (
                "des territoires qui portent une valeur ont un poids absent ou négatif ; il dit la taille "
                "du cercle : compléter la colonne 'poids'."
            )


def _colonnes_manquantes(table: Any, attendues: tuple[str, ...]) -> list[str]:
    """Lister les colonnes absentes ; la géométrie compte absente si la table n'est pas géographique."""
    colonnes = set(getattr(table, "columns", ()))
    if not hasattr(table, "crs"):
        colonnes -= {"geometry"}
    return [colonne for colonne in attendues if colonne not in colonnes]


def _fautes_de_geometrie(table: Any, quoi: str) -> Iterator[str]:
    if table.crs is None:
        yield f"{quoi} : système de coordonnées inconnu ; le déclarer avec set_crs (2154 ou 4326)."
    vides = table.geometry.isna() | table.geometry.is_empty
    autres = ~table.geom_type.isin(["Polygon", "MultiPolygon"]) & ~vides
    fautes = {
        "géométries vides : {}.": vides,
        "des géométries ne sont pas des polygones ({}) ; fournir des contours.": autres,
    }
    yield from (f"{quoi} : {phrase}" for phrase in _citer(table["code"], fautes))


def _citer(valeurs: pd.Series, fautes: dict[str, Any]) -> Iterator[str]:
    """Dire chaque faute qui se trouve dans la table, en citant quelques-unes des lignes fautives."""
    for phrase, fautives in fautes.items():
        if fautives.any():
            cites = [repr(valeur) for valeur in valeurs[fautives].head(EXEMPLES)]
            suite = ["…"] if fautives.sum() > EXEMPLES else []
            yield phrase.format(", ".join(cites + suite))


def _fautes_de_code(table: pd.DataFrame) -> Iterator[str]:
    codes = table["code"]
    pas_texte = ~codes.map(lambda code: isinstance(code, str)).astype(bool)
    fautes = {
        "des codes ne sont pas du texte ({}) : un code lu comme un nombre perd ses zéros, le relire en texte.": pas_texte,
        "codes en double : {} ; un territoire, une ligne.": codes.duplicated(keep="first"),
    }
    yield from _citer(codes, fautes)


def _fautes_de_statut(table: pd.DataFrame) -> Iterator[str]:
    for colonne, connus in (("statut", set(Statut)), ("fiabilite", set(Fiabilite))):
        recus = table[colonne].dropna() if colonne == "fiabilite" else table[colonne]
        inconnus = sorted({repr(valeur) for valeur in recus if valeur not in connus})
        if inconnus:
            yield f"{colonne} inconnu : {', '.join(inconnus)} ; attendu : {', '.join(sorted(connus))}."


def _fautes_de_valeur(table: pd.DataFrame, nature: str) -> Iterator[str]:
    valeurs, sans_valeur = table["valeur"], table["statut"].isin(SANS_VALEUR)
    nombres = valeurs.map(_en_nombre).astype(float)
    illisibles = nombres.isna() & valeurs.notna()
    yield from _citer(valeurs, {"valeurs qui ne sont pas des nombres : {}.": illisibles})
    fautes = {
        "un statut sans valeur porte une valeur ({}) : retirer la valeur, un chiffre couvert par le secret ne se "
        "dessine pas.": sans_valeur & nombres.notna(),
        "un statut qui annonce une valeur n'en porte pas ({}) : écrire secret, indisponible ou sans_objet.": ~sans_valeur
        & valeurs.isna(),
        "effectifs négatifs : {}.": (nombres < 0) & (nature == "effectif"),
    }
    yield from _citer(table["code"], fautes)


def _en_nombre(valeur: Any) -> float:
    """Lire un nombre fini, sinon NaN."""
    try:
        lu = float(valeur)
    except (TypeError, ValueError):
        return math.nan
    return lu if math.isfinite(lu) else math.nan


def _fautes_de_superposition(superposition: Superposition) -> Iterator[str]:
    quoi = f"superposition {superposition.nom!r}"
    attendues = ("code", "nom", "geometry", *filter(None, [superposition.etiquette]))
    manquantes = _colonnes_manquantes(superposition.couches, attendues)
    if manquantes:
        yield f"{quoi} : colonnes absentes : {', '.join(manquantes)}."
    elif not superposition.couches.empty:
        yield from _fautes_de_geometrie(superposition.couches, quoi)
    if not _COULEUR.fullmatch(superposition.couleur):
        yield f"{quoi} : couleur {superposition.couleur!r} illisible ; l'écrire sous la forme #rrvvbb."
