"""Les statuts d'un chiffre et les degrés de fiabilité : identifiants ASCII, libellés accentués."""

from __future__ import annotations

from enum import StrEnum


class Statut(StrEnum):
    """Ce qu'est un chiffre, ou pourquoi il manque (contrat du diagnostic)."""

    PUBLIE = "publie"
    CALCULE = "calcule"
    ESTIME = "estime"
    PARTIEL = "partiel"
    SECRET = "secret"  # noqa: S105 - un statut, pas un mot de passe
    INDISPONIBLE = "indisponible"
    SANS_OBJET = "sans_objet"


class Fiabilite(StrEnum):
    """Ordre de grandeur de la précision d'un chiffre."""

    BONNE = "bonne"
    MOYENNE = "moyenne"
    FRAGILE = "fragile"
    NON_EVALUEE = "non_evaluee"


LIBELLES_STATUT: dict[str, str] = {
    Statut.PUBLIE: "publié",
    Statut.CALCULE: "calculé",
    Statut.ESTIME: "estimé",
    Statut.PARTIEL: "partiel",
    Statut.SECRET: "secret statistique",
    Statut.INDISPONIBLE: "indisponible",
    Statut.SANS_OBJET: "sans objet",
}

# Ce qui tient lieu de chiffre dans un tableau étroit.
ABREGES_STATUT: dict[str, str] = {
    Statut.SECRET: "secret",
    Statut.INDISPONIBLE: "nc",
    Statut.SANS_OBJET: "s. o.",
}

LIBELLES_FIABILITE: dict[str, str] = {
    Fiabilite.BONNE: "bonne",
    Fiabilite.MOYENNE: "moyenne",
    Fiabilite.FRAGILE: "fragile",
    Fiabilite.NON_EVALUEE: "non évaluée",
}

SANS_VALEUR: frozenset[str] = frozenset({Statut.SECRET, Statut.INDISPONIBLE, Statut.SANS_OBJET})
