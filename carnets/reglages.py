"""Les réglages d'un dossier de travail, ``abs.toml`` : trouvés en remontant les dossiers, ils valent pour toute commande."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Final

from carnets.textes import textes
from donnees_insee.erreurs import ParametreInvalide, liste_de_fautes

REGLAGES: Final = "abs.toml"
DITS: Final[dict[str, Any]] = textes("carnets")["dossier_de_travail"]
# Un chemin y est relatif au dossier qui tient les réglages.
CHEMINS: Final = frozenset({"sortie", "donnees", "charte"})


def trouver(depart: Path) -> Path | None:
    """Trouver le dossier de travail où l'on est : celui-ci, ou le premier de ses parents qui a des réglages."""
    return next((d for d in (depart, *depart.parents) if (d / REGLAGES).is_file()), None)


def lire_les_reglages(racine: Path) -> dict[str, str | int | Path]:
    """Lire les réglages d'un dossier de travail."""
    fichier = racine / REGLAGES
    try:
        lus = tomllib.loads(fichier.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as cause:
        raise ParametreInvalide(DITS["illisible"].format(fichier=fichier, cause=cause)) from cause
    connus = DITS["connus"]
    fautes = [DITS["inconnu"].format(nom=n, attendus=", ".join(connus)) for n in lus if n not in connus]
    fautes += [
        DITS["mal_ecrit"].format(nom=n, recu=v, attendu=connus[n])
        for n, v in lus.items()
        if n in connus
        and (type(v).__name__ not in {"str", "int"} or (type(v) is int) != (connus[n] == "une année"))
    ]
    if fautes:
        raise ParametreInvalide(liste_de_fautes(DITS["fautes"].format(fichier=fichier), fautes))
    return {n: racine / Path(v).expanduser() if n in CHEMINS else v for n, v in lus.items() if v != ""}
