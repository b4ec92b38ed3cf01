"""Décider de l'apparence de chaque territoire : couleur de classe, état, marques, taille de cercle."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Literal, TypeVar

from abs.statuts import SANS_VALEUR, Fiabilite, Statut
from cartes.charte import COULEURS, Etat
from cartes.palettes import (
    PALETTES_DIVERGENTES,
    PALETTES_SEQUENTIELLES,
    couleurs_divergentes,
    couleurs_sequentielles,
)
from cartes.specification import DonneesDeCarte

Rendu = TypeVar("Rendu")
Contour = Literal["plein", "tirets", "points"]

FOND_DES_CERCLES = COULEURS["fond_des_cercles"]
FOND_DES_VALEURS = COULEURS["fond_des_valeurs"]
COULEUR_DES_CERCLES = COULEURS["cercles"]
# Les classes sous la référence, au motif de matplotlib.
HACHURES_DU_DESSOUS = "---"


@dataclass(frozen=True)
class Apparence:
    """Façon de dessiner un territoire ; deux territoires d'apparence égale se dessinent de même."""

    couleur: str = ""
    etat: Etat = ""
    fragile: bool = False
    contour: Contour = "plein"
    # Sous la référence : des hachures le disent à qui ne voit pas les couleurs.
    dessous: bool = False


def une_fois(fonction: Callable[[DonneesDeCarte], Rendu]) -> Callable[[DonneesDeCarte], Rendu]:
    """Garder sur la carte ce qui s'en déduit : légende, dessin, infobulles le demandent tour à tour."""
    nom = f"_{fonction.__name__}"

    @wraps(fonction)
    def gardee(carte: DonneesDeCarte) -> Rendu:
        gardes = vars(carte)
        if nom not in gardes:
            gardes[nom] = fonction(carte)
        rendu: Rendu = gardes[nom]
        return rendu

    return gardee


@une_fois
def couleurs_des_classes(carte: DonneesDeCarte) -> tuple[str, ...]:
    """Donner la couleur de chaque classe : divergentes autour d'une référence qui les sépare, sinon séquentielles."""
    if not carte.en_classes or carte.valides.empty:
        return ()
    if carte.en_valeurs:
        return (FOND_DES_VALEURS,) * carte.discretisation.nombre
    cotes = cotes_de_la_reference(carte)
    if cotes is None:
        rampe = None if carte.palette in PALETTES_DIVERGENTES else carte.palette
        return couleurs_sequentielles(carte.discretisation.nombre, rampe)
    return couleurs_divergentes(*cotes, carte.palette)


def cotes_de_la_reference(carte: DonneesDeCarte) -> tuple[int, int] | None:
    """Compter les classes sous et sur la référence, si elle les sépare et si la palette a deux côtés."""
    deux_cotes = carte.en_classes and not carte.en_valeurs and carte.palette not in PALETTES_SEQUENTIELLES
    return carte.discretisation.cotes if deux_cotes and not carte.valides.empty else None


@une_fois
def apparences(carte: DonneesDeCarte) -> tuple[Apparence, ...]:
    """Décider de l'apparence de chaque territoire."""
    couleurs = couleurs_des_classes(carte)
    table = carte.territoires
    lignes = zip(table["valeur"], table["statut"], table["fiabilite"], strict=True)
    return tuple(_apparence(carte, couleurs, *ligne) for ligne in lignes)


def _apparence(
    carte: DonneesDeCarte, couleurs: tuple[str, ...], valeur: float, statut: str, fiabilite: str
) -> Apparence:
    if statut in SANS_VALEUR:
        return Apparence(etat=statut)  # type: ignore[arg-type]
    if carte.nature == "effectif" and valeur == 0:
        return Apparence(etat="zero")
    rang = carte.discretisation.classe(valeur) if couleurs else 0
    cotes = cotes_de_la_reference(carte)
    contours: dict[str, Contour] = {Statut.ESTIME: "tirets", Statut.PARTIEL: "points"}
    return Apparence(
        couleurs[rang] if couleurs else COULEUR_DES_CERCLES,
        fragile=fiabilite == Fiabilite.FRAGILE,
        contour=contours.get(statut, "plein"),
        dessous=cotes is not None and rang < cotes[0],
    )


@une_fois
def tailles(carte: DonneesDeCarte) -> tuple[float, ...]:
    """Donner le nombre que dit la taille du cercle de chaque territoire (0 : pas de cercle)."""
    if not carte.en_cercles:
        return (0.0,) * len(carte.territoires)
    colonne = "valeur" if carte.forme == "cercles" else "poids"
    nombres = carte.territoires[colonne].astype(float).where(carte.territoires["valeur"].notna(), 0.0)
    return tuple(float(n) for n in nombres)


def rayon(taille: float, maximum: float, rayon_maximal: float) -> float:
    """Calculer un rayon dont le *carré* est proportionnel au nombre : c'est l'aire que l'œil compare."""
    return rayon_maximal * math.sqrt(taille / maximum) if maximum > 0 else 0.0
