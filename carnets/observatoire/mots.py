"""Les mots du site : raisons d'absence sans code de fichier, sens de lecture, dates, ordre des listes."""

import re
from collections.abc import Collection
from datetime import date
from typing import Final

from abs.calcul.table_longue import Diagnostic
from abs.indicateurs.indicateurs import Indicateur
from abs.territoires.territoires import Territoire
from carnets.documents.tableur.definitions import SENS
from carnets.textes import textes
from donnees_insee.codes import normaliser

TEXTES: Final[dict[str, dict[str, str]]] = textes("carnets.observatoire")
VARIABLE_ABSENTE: Final = re.compile(r"le fichier déposé ne contient pas la variable \w+")
NON_PUBLIE: Final = "non publié dans le fichier déposé"
# Un drapeau de fichier, « NOTE_FILO = 1 », avec ou sans la parenthèse qui l'explique déjà.
DRAPEAU: Final = re.compile(r"\b([A-Z][A-Z0-9_]+) = [^\s;,()]+(?: \([^)]*\))?")
PRECAUTION: Final = ("DISP_NOTE", "DEC_NOTE", "NOTE_FILO")
# Un droit ouvert dit à la fois un besoin et un droit connu et demandé.
DROITS: Final = frozenset(
    {
        "part_allocataires_rsa", "part_rsa_ouvert", "rsa_pour_100_menages", "rsa_ouvert_pour_100_menages",
        "part_c2s", "beneficiaires_c2s",
    }
)  # fmt: skip
SENS_D_UN_DROIT: Final = "une valeur haute peut signaler une fragilité, ou un meilleur recours aux droits"


def phrase(genre: str, nom: str, /, **mots: object) -> str:
    """Composer une phrase de la table des textes."""
    return TEXTES[genre][nom].format(**mots)


def en_clair(note: str) -> str:
    """Dire une note de la base sans nom de variable ni drapeau de fichier."""

    def drapeau(trouve: re.Match[str]) -> str:
        precaution = trouve[1].startswith(PRECAUTION)
        return "note de précaution du producteur" if precaution else "qualité signalée par le producteur"

    dite = DRAPEAU.sub(drapeau, VARIABLE_ABSENTE.sub(NON_PUBLIE, note))
    return " ; ".join(dict.fromkeys(dite.split(" ; ")))


def absence_commune(groupe: str, absences: Collection[str]) -> str:
    """Dire une seule fois une raison qui vaut pour tout un tableau."""
    distinctes = set(absences)
    if len(absences) < 2 or len(distinctes) != 1:
        return ""
    raison = distinctes.pop().removeprefix("indisponible : ")
    raison = re.sub(r"^non (publié|transmis)", r"il n'est pas \1", raison)
    return phrase("absences", groupe, n=len(absences), raison=raison)


def sens_de_lecture(indicateur: Indicateur) -> str:
    """Dire comment se lit une valeur haute."""
    return SENS_D_UN_DROIT if indicateur.code in DROITS else SENS[indicateur.sens]


def raison_sans_carte(
    indicateur: Indicateur, comptes: dict[str, tuple[int, int]], *, contours: bool, recu: bool
) -> str:
    """Dire pourquoi un indicateur n'a pas de carte."""
    avec = {nom: compte for nom, compte in comptes.items() if compte[0]}
    if not avec:
        return phrase("sans_carte", "sans_chiffre")
    if not contours:
        return phrase("sans_carte", "sans_contour")
    connus = " et ".join(_sur(nom, *compte) for nom, compte in avec.items())
    connus += " a un chiffre" if [n for n, _ in avec.values()] == [1] else " ont un chiffre"
    raison = "recu" if recu else "non_classe" if indicateur.carte else "en_tableau"
    return phrase("sans_carte", raison, connus=connus)


def _sur(niveau: str, n: int, total: int) -> str:
    nom = "IRIS" if niveau == "iris" else "commune" if n == 1 else "communes"
    return f"{n} {nom} sur {total}"


def rang_alphabetique(territoire: Territoire) -> tuple[str, str]:
    """Donner la clé de tri d'un territoire dans toutes les listes du site."""
    return normaliser(territoire.nom).replace(" ", ""), territoire.code


def jour_lisible(jour: date) -> str:
    """Écrire un jour comme on le lit."""
    from babel.dates import format_date  # noqa: PLC0415 - données de langue, lues au dernier fichier

    ecrit = str(format_date(jour, format="d MMMM y", locale="fr_FR"))
    return f"1er{ecrit[1:]}" if jour.day == 1 else ecrit


def dates_lisibles(diagnostic: Diagnostic) -> str:
    """Dire en une phrase les dates demandées."""
    dernier = diagnostic.demande.millesime
    if dernier is None:
        return "Derniers millésimes disponibles, chaque chiffre à sa date."
    sauf = ", sauf les quartiers prioritaires" if diagnostic.posterieures else ""
    return f"Données de {dernier} ou d'avant{sauf}, chacune à sa date."
