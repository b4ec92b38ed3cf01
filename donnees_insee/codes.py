"""Les codes géographiques : toujours du texte, reconnus par leur forme, jamais devinés."""

import csv
import re
import unicodedata
from functools import lru_cache
from importlib import resources
from typing import Final

METROPOLE_DU_GRAND_PARIS: Final = "200054781"


@lru_cache(maxsize=32)
def reference(nom: str) -> tuple[dict[str, str], ...]:
    """Lire une table livrée du catalogue, que l'analyste ne complète pas."""
    fichier = resources.files("donnees_insee.catalogue") / "reference" / f"{nom}.csv"
    with fichier.open(encoding="utf-8") as flux:
        return tuple(csv.DictReader(flux, delimiter=";"))


# « [0-9] » et non « \d », qui admettrait les chiffres arabes ou thaïs.
FORMES: Final = {r["niveau"]: re.compile(r["forme"]) for r in reference("codes")}
ATTENDUS: Final = {r["niveau"]: r["attendu"] for r in reference("codes")}

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

    Examples
    --------
    >>> conforme("01001", "commune")
    True
    >>> conforme("1001", "commune")
    False
    """
    forme = FORMES.get(niveau)
    return forme is None or forme.fullmatch(code) is not None


def ville_de_l_arrondissement(commune: str) -> str:
    """Donner la ville d'un arrondissement de Paris, Lyon ou Marseille ; sinon la commune elle-même."""
    villes = (v for v, prefixe in ARRONDISSEMENTS.items() if commune.startswith(prefixe))
    return next(villes, commune)


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

    Examples
    --------
    >>> departement_de_la_commune("2A004")
    '2A'
    >>> departement_de_la_commune("97411")
    '974'
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

    Examples
    --------
    >>> normaliser("L'Île-d'Yeu")
    'l ile d yeu'
    """
    nu = unicodedata.normalize("NFKD", texte.lower().replace("œ", "oe"))
    nu = "".join(c for c in nu if not unicodedata.combining(c))
    mots = re.sub(r"[^a-z0-9]+", " ", nu).split()
    return " ".join({"st": "saint", "ste": "sainte"}.get(m, m) for m in mots)


@lru_cache(maxsize=2)
def noms_officiels(niveau: str) -> dict[str, str]:
    """Lire les noms des départements ou des régions (code officiel géographique)."""
    return {r["code"]: r["nom"] for r in reference(f"{niveau}s")}


@lru_cache(maxsize=1)
def etablissements_territoriaux() -> dict[str, tuple[str, str]]:
    """Lire l'établissement public territorial de chaque commune de la Métropole du Grand Paris."""
    return {r["commune"]: (r["ept"], r["nom"]) for r in reference("ept")}
