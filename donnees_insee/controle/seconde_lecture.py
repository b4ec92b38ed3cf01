"""Lire des cellules dans le texte d'un fichier publié, sans aucun lecteur du projet : la seconde voie du contrôle."""

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

# « P16_POP » et « P22_POP » sont la même variable : seule l'année y change.
ANNEE: Final = re.compile(r"([PC])\d\d_(\w+)")
NOMBRE: Final = re.compile(r"-?\d+(?:[.,]\d+)?(?:[eE][-+]?\d+)?")
TEXTES: Final = (".csv", ".txt")
CLES: Final = ("IRIS", "CODGEO")


def lignes_d_iris(copie: Path, codes: set[str]) -> dict[str, dict[str, float]]:
    """Lire les nombres de quelques IRIS dans un CSV publié, seul ou dans une archive ZIP."""
    trouvees: dict[str, dict[str, float]] = {}
    for texte in _textes(copie):
        lecteur = csv.reader(io.StringIO(texte), delimiter=max(";,\t", key=texte.partition("\n")[0].count))
        entete = [nom.strip() for nom in next(lecteur, [])]
        nom_de_la_cle = next((c for c in CLES if c in entete), None)
        if nom_de_la_cle is None:
            continue
        cle = entete.index(nom_de_la_cle)
        noms = [_sans_annee(nom) for nom in entete]
        for ligne in lecteur:
            if len(ligne) > cle and ligne[cle] in codes:
                couples = zip(noms, ("".join(lu.split()) for lu in ligne), strict=False)
                cellules = {n: float(v.replace(",", ".")) for n, v in couples if NOMBRE.fullmatch(v)}
                trouvees.setdefault(ligne[cle], {}).update(cellules)
    return trouvees


def _textes(copie: Path) -> Iterator[str]:
    if copie.suffix.lower() in TEXTES:
        yield _decoder(copie.read_bytes())
    elif copie.suffix.lower() == ".zip" and zipfile.is_zipfile(copie):
        with zipfile.ZipFile(copie) as archive:
            for nom in archive.namelist():
                if nom.lower().endswith(TEXTES) and not nom.lower().rpartition("/")[2].startswith("meta"):
                    yield _decoder(archive.read(nom))


def _decoder(octets: bytes) -> str:
    try:
        return octets.decode("utf-8-sig")
    except UnicodeDecodeError:
        return octets.decode("cp1252", "replace")


def _sans_annee(nom: str) -> str:
    trouve = ANNEE.fullmatch(nom)
    return f"{trouve[1]}_{trouve[2]}" if trouve else nom
