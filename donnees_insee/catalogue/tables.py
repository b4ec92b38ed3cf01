"""Les tables du catalogue : millésimes, plans de variables, enquêtes, marques, formes des fichiers à remettre en forme."""

import csv
import os
import re
import tomllib
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Final

from donnees_insee.codes import reference
from donnees_insee.erreurs import TableNonConforme, liste_de_fautes

# Ce que vaut une adresse, du plus sûr au moins sûr (légende de formats_insee et de `abs sources lister`).
CERTITUDES: Final = {r["certitude"]: r["sens"] for r in reference("certitudes")}


@dataclass(frozen=True)
class Millesime:
    """Un fichier annoncé d'une source : où le trouver, et à quel point on en est sûr."""

    annee: int
    contenu: str = ""
    geographie: int | None = None
    page: str = ""
    url: str = ""
    membre: str = ""
    certitude: str = "inconnue"
    note: str = ""


@dataclass(frozen=True)
class Variable:
    """Une variable du plan d'une base, et les années où elle est publiée."""

    nom: str
    de: int
    a: int | None
    libelle: str


def dossiers() -> list[Traversable]:
    """Lister les dossiers de tables : celui du paquet, puis celui que nomme ``ABS_CATALOGUE``."""
    du_paquet: list[Traversable] = [resources.files("donnees_insee.catalogue")]
    ajoute = os.environ.get("ABS_CATALOGUE")
    if not ajoute:
        return du_paquet
    dossier = Path(ajoute).expanduser()
    if not dossier.is_dir():
        raise TableNonConforme(
            f"La variable ABS_CATALOGUE nomme « {ajoute} », qui n'est pas un dossier. Donnez-lui le dossier "
            "qui porte vos lignes (reference/millesimes.csv, reference/enquetes_annuelles.csv, plans/…), ou "
            "effacez-la."
        )
    return [*du_paquet, dossier]


def fichiers_toml(dossier: str) -> list[tuple[str, str]]:
    """Lire les fichiers TOML d'un dossier du paquet : le nom et le texte de chacun, dans l'ordre des noms."""
    entrees = (resources.files("donnees_insee.catalogue") / dossier).iterdir()
    return sorted((f.name, f.read_text(encoding="utf-8")) for f in entrees if f.name.endswith(".toml"))


@lru_cache(maxsize=1)
def millesimes() -> dict[str, tuple[Millesime, ...]]:
    """Lire tous les fichiers annoncés, rangés par source."""
    lus: dict[str, list[Millesime]] = {}
    fautes: list[str] = []
    for origine, rang, ligne in lignes("reference/millesimes.csv"):
        try:
            certitude = ligne["certitude"] or "inconnue"
            if certitude not in CERTITUDES:
                fautes.append(f"{origine}, ligne {rang} : certitude « {certitude} » inconnue.")
            textes = {nom: ligne[nom] for nom in ("contenu", "page", "url", "membre", "note")}
            geographie = int(ligne["geographie"]) if ligne["geographie"] else None
            lu = Millesime(int(ligne["annee"]), geographie=geographie, certitude=certitude, **textes)
            lus.setdefault(ligne["source"], []).append(lu)
        except (KeyError, ValueError, TypeError) as cause:
            fautes.append(f"{origine}, ligne {rang} : {cause}.")
    if fautes:
        raise TableNonConforme(
            liste_de_fautes(
                "La table des millésimes est fautive ; colonnes attendues : source;annee;contenu;geographie;"
                "page;url;membre;certitude;note.",
                fautes,
            )
        )
    return {s: tuple(sorted(m, key=lambda x: (x.annee, x.contenu))) for s, m in lus.items()}


@lru_cache(maxsize=16)
def plan(identifiant: str) -> tuple[Variable, ...]:
    """Lire le plan des variables d'une base du recensement."""
    lues: dict[tuple[str, int], Variable] = {}
    for _, _, r in lignes(f"plans/{identifiant}.csv"):
        de, a = int(r["de"]), int(r["a"]) if r["a"] else None
        lues[r["variable"], de] = Variable(r["variable"], de, a, r["libelle"])
    return tuple(lues.values())


@lru_cache(maxsize=1)
def enquetes_annuelles() -> dict[int, tuple[int, ...]]:
    """Lire les enquêtes annuelles de recensement (EAR) dont chaque millésime est fait."""
    return {
        int(r["millesime"]): tuple(int(a) for a in r["enquetes"].split())
        for _, _, r in lignes("reference/enquetes_annuelles.csv")
    }


@lru_cache(maxsize=1)
def marques() -> dict[str, tuple[str, str]]:
    """Lire les marques des producteurs (``s``, ``ns``, ``nd``, ``so``…)."""
    return {r["marque"]: (r["statut"], r["libelle"]) for _, _, r in lignes("reference/marques.csv")}


@lru_cache(maxsize=1)
def dates_des_parties() -> dict[tuple[str, str, int], tuple[int, str]]:
    """Lire l'année des données des parties d'édition où elle est établie."""
    return {
        (r["source"], r["partie"], int(r["edition"])): (int(r["annee"]), r["preuve"])
        for _, _, r in lignes("reference/dates_des_parties.csv")
    }


@lru_cache(maxsize=8)
def completee(nom: str) -> tuple[dict[str, str], ...]:
    """Lire une table de référence du paquet, suivie des lignes qu'y ajoute l'analyste."""
    return tuple(ligne for _, _, ligne in lignes(f"reference/{nom}.csv"))


def oublier() -> None:
    """Oublier les tables lues : elles, ou ``ABS_CATALOGUE``, viennent de changer."""
    for lecture in (millesimes, plan, enquetes_annuelles, marques, dates_des_parties, completee):
        lecture.cache_clear()


def nature_non_additive(variable: str) -> str | None:
    """Dire pourquoi une variable ne s'additionne pas."""
    regles = reference("non_additives")
    return next((r["nature"] for r in regles if re.fullmatch(r["motif"], variable, re.IGNORECASE)), None)


def lignes(nom: str) -> list[tuple[str, int, dict[str, str]]]:
    """Lire une table du paquet, puis les lignes ajoutées au même endroit du dossier de l'analyste."""
    lues = []
    for dossier in dossiers():
        fichier = dossier.joinpath(*nom.split("/"))
        if fichier.is_file():
            with fichier.open(encoding="utf-8-sig") as flux:
                suite = csv.DictReader(flux, delimiter=";")
                lues += [(nom, rang, ligne) for rang, ligne in enumerate(suite, start=2)]
    return lues


# -- formes déclarées : à quels noms de colonnes reconnaître un fichier à remettre en forme --------


@dataclass(frozen=True)
class Forme:
    """Une mise en forme déclarée dans ``reference/formes.toml``."""

    nom: str
    colonnes: frozenset[str]
    genre: str
    reglages: dict[str, Any] = field(default_factory=dict)


@lru_cache(maxsize=1)
def formes() -> tuple[Forme, ...]:
    """Lire les mises en forme déclarées."""
    fichier = resources.files("donnees_insee.catalogue") / "reference" / "formes.toml"
    lues = tomllib.loads(fichier.read_text(encoding="utf-8"))["formes"]
    return tuple(
        Forme(f.pop("nom"), frozenset(f.pop("colonnes")), f.pop("genre"), f) for f in map(dict, lues)
    )


def en_capitales(nom: str) -> str:
    """Ramener un nom de colonne ou une modalité à des capitales sans accents ni espaces de bord."""
    nu = unicodedata.normalize("NFKD", nom.replace("’", "'").strip().upper())
    return " ".join("".join(c for c in nu if not unicodedata.combining(c)).split())


def colonnes_libellees() -> frozenset[str]:
    """Donner les noms en toutes lettres qui, dans un classeur, font une ligne d'en-tête."""
    return frozenset(c for forme in formes() for c in forme.colonnes if " " in c)
