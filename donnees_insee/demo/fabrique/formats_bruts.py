"""Lire les tables de la fabrique ; écrire des nombres et des tables comme les écrivent les producteurs."""

import tomllib
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

_ICI = Path(__file__).parent
# Une date fixe : deux fabrications donnent les mêmes octets.
HORODATAGE = (2026, 3, 22, 0, 0, 0)
FINE = "\u202f"
Ligne = Sequence[object] | Mapping[str, object]
Tables = dict[str, Iterable[Ligne]]


def lire_toml(nom: str) -> dict[str, Any]:
    """Lire un fichier de paramètres de la fabrique."""
    return tomllib.loads((_ICI / nom).read_text(encoding="utf-8"))


def lire_csv(nom: str) -> pd.DataFrame:
    """Lire une table de paramètres de la fabrique, dont les codes restent des textes."""
    textes = dict.fromkeys(("code", "epci", "iris_2016", "iris_2022", "case"), str)
    return pd.read_csv(_ICI / nom, sep=";", dtype=textes, keep_default_na=False, float_precision="round_trip")


FORMATS = lire_toml("formats.toml")


def decimal(valeur: float) -> str:
    """Écrire un effectif pondéré du recensement, avec un point."""
    texte = f"{valeur:.6f}".rstrip("0").rstrip(".")
    return "0" if texte in {"-0", ""} else texte


def virgule(valeur: float, decimales: int = 1) -> str:
    """Écrire un nombre avec une virgule, comme Filosofi."""
    return f"{valeur:.{decimales}f}".replace(".", ",")


def milliers(valeur: float) -> str:
    """Écrire un entier avec une espace fine insécable entre les milliers."""
    return f"{round(valeur):,}".replace(",", FINE)


def table(
    entete: str, lignes: Iterable[Ligne], *, fin: str = "\r\n", bom: bool = False, vides: int = 0
) -> str:
    """Composer une table séparée par des points-virgules ; une case absente d'un dictionnaire reste vide."""
    colonnes, queue = entete.split(";"), ";" * vides
    corps = [entete + queue]
    for ligne in lignes:
        valeurs = [ligne.get(c.strip(), "") for c in colonnes] if isinstance(ligne, Mapping) else ligne
        if len(valeurs) != len(colonnes):
            message = f"{len(valeurs)} valeurs pour {len(colonnes)} colonnes."
            raise ValueError(message)
        corps.append(";".join(map(str, valeurs)) + queue)
    return ("\ufeff" if bom else "") + fin.join(corps) + fin


def ecrire(chemin: Path, texte: str, *, encodage: str = "utf-8") -> Path:
    """Écrire un texte sans que le système change les fins de ligne."""
    chemin.write_bytes(texte.encode(encodage))
    return chemin


def ecrire_table(dossier: Path, nom: str, lignes: Iterable[Ligne]) -> Path:
    """Écrire une table dans le format de son producteur ; le suffixe d'un nom n'en change pas toujours."""
    modele = FORMATS.get(nom) or FORMATS[nom.rpartition("_")[0]]
    return ecrire(dossier / f"{nom}.csv", table(lignes=lignes, **modele))


def archiver(chemin: Path, membres: dict[str, bytes], *, comprimer: bool = True) -> Path:
    """Écrire une archive dont les octets ne dépendent que du contenu."""
    methode = zipfile.ZIP_DEFLATED if comprimer else zipfile.ZIP_STORED
    with zipfile.ZipFile(chemin, "w", methode) as archive:
        for nom in sorted(membres):
            fiche = zipfile.ZipInfo(nom, HORODATAGE)
            fiche.compress_type = methode
            fiche.external_attr = 0o644 << 16
            # Sans quoi l'octet « système » diffère entre Windows et les autres.
            fiche.create_system = 3
            archive.writestr(fiche, membres[nom], compresslevel=9 if comprimer else None)
    return chemin
