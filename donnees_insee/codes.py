"""Les codes géographiques : toujours du texte, reconnus par leur forme, jamais devinés."""

from __future__ import annotations

import csv
import re
import unicodedata
from functools import lru_cache
from importlib import resources
from typing import Final

METROPOLE_DU_GRAND_PARIS: Final = "200054781"

NIVEAUX: Final = (
    "iris",
    "quartier",
    "commune",
    "epci",
    "bassin_de_vie",
    "departement",
    "region",
    "france",
    "qpv",
    "perimetre",
)

# Niveaux de la base qui ne sont pas des territoires d'un portrait.
NIVEAUX_TECHNIQUES: Final = (
    "carreau",
    "equipement",
    "local",
    "annee",
    "mouvement",
    "passage",
    "type_d_equipement",
)

# « [0-9] » et non « \d », qui admettrait les chiffres arabes ou thaïs.
FORMES: Final[dict[str, re.Pattern[str]]] = {
    "iris": re.compile(r"[0-9][0-9AB][0-9]{7}"),
    "commune": re.compile(r"[0-9][0-9AB][0-9]{3}"),
    "epci": re.compile(r"[0-9]{9}"),
    "departement": re.compile(r"[0-9]{2}|2[AB]|97[0-9]|98[0-9]"),
    "region": re.compile(r"[0-9]{2}"),
    "qpv": re.compile(r"Q[PN][0-9AB]{3}[0-9A-Z]{3}"),
    "france": re.compile(r"METRO|FRANCE|1"),
    "carreau": re.compile(r"CRS[0-9]+RES[0-9]+m?N-?[0-9]+E-?[0-9]+"),
    "type_d_equipement": re.compile(r"[A-G][0-9]{3}"),
}

ATTENDUS: Final[dict[str, str]] = {
    "iris": "neuf caractères, par exemple 010010000 ou 2A0040101",
    "commune": "cinq caractères, par exemple 01001 ou 2A004",
    "epci": "neuf chiffres, par exemple 243400017",
    "departement": "deux ou trois caractères, par exemple 01, 2A ou 974",
    "region": "deux chiffres, par exemple 76",
    "qpv": "huit caractères commençant par QP (2015) ou QN (2024), par exemple QP034005",
    "france": "METRO pour la France métropolitaine",
    "carreau": "un code comme CRS3035RES200mN2838600E3746000",
    "type_d_equipement": "une lettre et trois chiffres, par exemple D201",
}

# Communes à arrondissements municipaux : code de la ville → préfixe des codes d'arrondissement.
ARRONDISSEMENTS: Final[dict[str, str]] = {"75056": "751", "69123": "6938", "13055": "132"}


def conforme(code: str, niveau: str) -> bool:
    """Dire si un code a la forme attendue à un niveau.

    Parameters
    ----------
    code : str
        Code tel que lu.
    niveau : str
        Niveau géographique.

    Returns
    -------
    bool
        Vrai si la forme est celle du niveau (sans garantir que le code existe).
    """
    forme = FORMES.get(niveau)
    return forme is None or forme.fullmatch(code) is not None


def ville_de_l_arrondissement(commune: str) -> str:
    """Donner la ville d'un arrondissement de Paris, Lyon ou Marseille ; sinon la commune elle-même."""
    for ville, prefixe in ARRONDISSEMENTS.items():
        if commune.startswith(prefixe) and commune != ville:
            return ville
    return commune


def departement_de_la_commune(commune: str) -> str:
    """Donner le département d'une commune par les premiers caractères de son code.

    Parameters
    ----------
    commune : str
        Code de commune de cinq caractères.

    Returns
    -------
    str
        ``"34"``, ``"2A"`` ou, outre-mer, trois caractères comme ``"974"``.
    """
    return commune[:3] if commune.startswith(("97", "98")) else commune[:2]


def normaliser(texte: str) -> str:
    """Ramener un nom à ce qui se compare : sans accents, sans casse, sans ponctuation.

    Parameters
    ----------
    texte : str
        Nom écrit par l'analyste ou par un producteur.

    Returns
    -------
    str
        Mots séparés d'une espace ; « saint » pour « st ».
    """
    nu = unicodedata.normalize("NFKD", texte.lower().replace("œ", "oe"))
    nu = "".join(c for c in nu if not unicodedata.combining(c))
    mots = re.sub(r"[^a-z0-9]+", " ", nu).split()
    return " ".join({"st": "saint", "ste": "sainte"}.get(m, m) for m in mots)


@lru_cache(maxsize=2)
def noms_officiels(niveau: str) -> dict[str, str]:
    """Lire les noms des départements ou des régions (code officiel géographique)."""
    fichier = resources.files("donnees_insee.catalogue") / "reference" / f"{niveau}s.csv"
    with fichier.open(encoding="utf-8") as flux:
        return {ligne["code"]: ligne["nom"] for ligne in csv.DictReader(flux, delimiter=";")}


@lru_cache(maxsize=1)
def etablissements_territoriaux() -> dict[str, tuple[str, str]]:
    """Lire l'établissement public territorial de chaque commune de la Métropole du Grand Paris."""
    fichier = resources.files("donnees_insee.catalogue") / "reference" / "ept.csv"
    with fichier.open(encoding="utf-8") as flux:
        return {r["commune"]: (r["ept"], r["nom"]) for r in csv.DictReader(flux, delimiter=";")}
