"""Composer la légende, une fois pour la carte imprimée et pour l'interactive."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal

import shapely

from abs.formats import nombre
from cartes.apparence import (
    COULEUR_DES_CERCLES,
    FOND_DES_CERCLES,
    Apparence,
    apparences,
    cotes_de_la_reference,
    couleurs_des_classes,
    tailles,
    une_fois,
)
from cartes.charte import COULEURS, ETATS
from cartes.geometrie import reprojeter, tailles_rondes

if TYPE_CHECKING:
    import geopandas as gpd

    from cartes.geometrie import Contours
    from cartes.specification import DonneesDeCarte, Superposition

Genre = Literal["titre", "case", "reference", "cercle", "contour", "numero"]

CLASSES: Final = "Classes (nombre de territoires)"
# Au-dessus, au-dessous de la référence ; puis là où une palette d'une seule teinte n'a pas de hachures.
_COTES_UNIS: Final = ("Au-dessus de la référence (nombre)", "En dessous")
_COTES: Final = (_COTES_UNIS[0], f"{_COTES_UNIS[1]}, en hachures")
_SANS_APPARENCE = Apparence()


@dataclass(frozen=True)
class LigneLegende:
    """Ligne de légende, à dessiner de haut en bas."""

    genre: Genre
    texte: str
    apparence: Apparence = _SANS_APPARENCE
    valeur: float = 0.0
    couleur: str = ""


@une_fois
def lignes_de_legende(carte: DonneesDeCarte) -> tuple[LigneLegende, ...]:
    """Composer la légende ; n'y figurent que les états présents sur la carte."""
    return (
        *_lignes_de_classes(carte),
        *_lignes_de_cercles(carte),
        *_lignes_d_etats(carte),
        *_lignes_de_superpositions(carte),
    )


def _lignes_de_classes(carte: DonneesDeCarte) -> list[LigneLegende]:
    """Écrire les classes de la plus haute à la plus basse, la référence à sa place entre elles."""
    reference = []
    if carte.reference is not None:
        texte = f"▸ {carte.reference.libelle} : {carte.ecrire(carte.reference.valeur)}"
        reference = [LigneLegende("reference", texte)]
    couleurs = couleurs_des_classes(carte)
    if not couleurs:
        return reference
    if carte.en_valeurs:
        rangees = carte.valides.sort_values(["valeur", "nom"], ascending=[False, True])[["nom", "valeur"]]
        titre = LigneLegende("titre", f"Valeurs écrites sur la carte : {carte.en_valeurs}")
        lignes = [LigneLegende("numero", f"{nom} : {carte.ecrire(v)}") for nom, v in rangees.to_numpy()]
        return [*reference, titre, *lignes]
    classes = carte.discretisation
    lues = zip(classes.libelles(carte.unite), classes.effectifs, couleurs, strict=True)
    cotes = cotes_de_la_reference(carte)
    sous = 0 if cotes is None else cotes[0]
    cases = [
        LigneLegende("case", f"{dite} ({effectif})", Apparence(couleur, dessous=rang < sous))
        for rang, (dite, effectif, couleur) in enumerate(lues)
    ]
    if classes.cotes is None:
        # La référence tombe dans une classe : écrite avant le titre, elle ne semble pas en séparer deux.
        return [*reference, LigneLegende("titre", CLASSES), *reversed(cases)]
    # La couleur ne dit pas seule de quel côté elle est : brun n'est pas « plus » pour tout le monde.
    dessous, (sur, sous_elle) = classes.cotes[0], _COTES if cotes is not None else _COTES_UNIS
    hautes, basses = cases[dessous:][::-1], cases[:dessous][::-1]
    lignes = [LigneLegende("titre", sur), *hautes] if hautes else []
    return [*lignes, *reference, *([LigneLegende("titre", sous_elle), *basses] if basses else [])]


def _lignes_de_cercles(carte: DonneesDeCarte) -> list[LigneLegende]:
    mesures = tailles(carte)
    rondes = tailles_rondes(max(mesures, default=0.0))
    if not rondes:
        return []
    if carte.forme == "cercles":
        dit, couleur = carte.unite or "effectif", COULEUR_DES_CERCLES
    else:
        dit, couleur = carte.libelle_poids, COULEURS["papier"]
    cercles = [LigneLegende("cercle", nombre(t), Apparence(couleur), t) for t in rondes]
    return [LigneLegende("titre", f"Aire du cercle : {dit}"), *cercles]


def _lignes_d_etats(carte: DonneesDeCarte) -> list[LigneLegende]:
    presentes = apparences(carte)
    comptes = Counter([a.etat for a in presentes] + [a.contour for a in presentes])
    neutre = FOND_DES_CERCLES if carte.en_cercles else COULEURS["fond_des_marques"]
    particularites = [
        *((dessin.libelle, Apparence(etat=etat), comptes[etat]) for etat, dessin in ETATS.items()),
        ("Chiffre fragile", Apparence(neutre, fragile=True), sum(a.fragile for a in presentes)),
        ("Valeur estimée", Apparence(neutre, contour="tirets"), comptes["tirets"]),
        ("Valeur partielle", Apparence(neutre, contour="points"), comptes["points"]),
    ]
    lignes = [LigneLegende("case", f"{texte} ({n})", a) for texte, a, n in particularites if n]
    return [LigneLegende("titre", "Particularités"), *lignes] if lignes else []


def _lignes_de_superpositions(carte: DonneesDeCarte) -> list[LigneLegende]:
    lignes: list[LigneLegende] = []
    for superposition in carte.superpositions:
        visibles = perimetres_visibles(carte, superposition)
        if not visibles.empty:
            noms = visibles[superposition.etiquette].astype(str) if superposition.etiquette else ()
            siennes: list[tuple[Genre, str]] = [("contour", superposition.nom)]
            siennes += [("numero", f"{rang}. {nom}") for rang, nom in enumerate(noms, start=1)]
            lignes += [LigneLegende(*ligne, couleur=superposition.couleur) for ligne in siennes]
    return [LigneLegende("titre", "Périmètres"), *lignes] if lignes else []


def perimetres_visibles(carte: DonneesDeCarte, superposition: Superposition) -> gpd.GeoDataFrame:
    """Garder les périmètres qui touchent l'emprise des territoires, et eux seuls en légende."""
    return _visibles(carte.contours, superposition)


@lru_cache(maxsize=64)
def _visibles(contours: Contours, superposition: Superposition) -> gpd.GeoDataFrame:
    couches = superposition.couches
    if couches.empty:
        return couches
    couches = reprojeter(couches, contours.couche.crs)
    ouest, sud, est, nord = contours.couche.total_bounds
    return couches[couches.intersects(shapely.box(ouest, sud, est, nord))]
