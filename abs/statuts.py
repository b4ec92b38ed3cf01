"""Les statuts d'un chiffre et les degrés de fiabilité : identifiants ASCII, libellés accentués."""

from enum import StrEnum
from typing import Final

from abs.definitions import table


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


LIBELLES_STATUT: Final[dict[str, str]] = table("_libelles")["statuts"]
ABREGES_STATUT: Final[dict[str, str]] = table("_libelles")["statuts_abreges"]
LIBELLES_FIABILITE: Final[dict[str, str]] = table("_libelles")["fiabilites"]
SANS_VALEUR: frozenset[str] = frozenset({Statut.SECRET, Statut.INDISPONIBLE, Statut.SANS_OBJET})
