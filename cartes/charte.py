"""Lire une fois la charte, celle de la ville par-dessus : couleurs, polices, palettes et apparence des états."""

import os
import re
import tomllib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Final, Literal

from donnees_insee.erreurs import ParametreInvalide

Etat = Literal["", "secret", "indisponible", "sans_objet", "zero"]


@dataclass(frozen=True)
class DessinDEtat:
    """Façon de dessiner un état sans valeur."""

    libelle: str
    fond: str
    hachures: str = ""
    encre_imprimee: str = ""
    encre_a_l_ecran: str = ""
    trace: str = ""

    @property
    def motif(self) -> str:
        """Dessin SVG du motif, dans son encre."""
        return self.trace.format(encre=self.encre_a_l_ecran)


VARIABLE: Final = "ABS_CHARTE"
FICHIER: Final = "charte.toml"
# Tables où une ville peut ajouter une ligne.
_OUVERTES: Final = ("rampes", "divergentes", "palettes.indicateurs")
_COULEUR: Final = re.compile(r"#[0-9a-fA-F]{6}")


def _charte_du_projet() -> dict[str, Any]:
    return tomllib.loads(resources.files("cartes").joinpath(FICHIER).read_text(encoding="utf-8"))


def lire_la_charte() -> dict[str, Any]:
    """Lire la charte du projet, et fondre par-dessus celle de la ville quand il y en a une."""
    charte = _charte_du_projet()
    nommee = os.environ.get(VARIABLE)
    chemin = Path(nommee or FICHIER)
    if not nommee and not chemin.is_file():
        return charte
    try:
        fondue = _fondre(charte, tomllib.loads(chemin.read_text(encoding="utf-8")))
        _controler_les_palettes(fondue)
    except (OSError, ValueError) as cause:
        raise ParametreInvalide(f"La charte {chemin} est refusée : {cause}") from cause
    return fondue


def _controler_les_palettes(charte: dict[str, Any]) -> None:
    """Refuser une palette que rien ne définit."""
    rampes, divergentes, palettes = charte["rampes"], charte["divergentes"], charte["palettes"]
    graphiques = charte["graphiques"]
    choisies = {*palettes["themes"].values(), *palettes["indicateurs"].values()} - {""}
    sequentielles = {r for deux in divergentes.values() for r in deux}
    sequentielles |= {graphiques["parts"], graphiques["parts_du_reste"]}
    inconnues = (choisies - {*rampes, *divergentes}) | (sequentielles - {*rampes})
    inconnues |= {graphiques["divergente"]} - {*divergentes}
    if inconnues:
        connues = ", ".join([*rampes, *divergentes])
        raise ValueError(f"palette inconnue ({', '.join(sorted(inconnues))}) ; attendu : {connues}")


def _fondre(base: dict[str, Any], ajout: dict[str, Any], table: str = "") -> dict[str, Any]:
    """Fondre une table par-dessus une autre, en refusant toute clé que la première ne connaît pas."""
    rendue = dict(base)
    for cle, valeur in ajout.items():
        nom = f"{table}.{cle}".lstrip(".")
        if cle not in base and table not in _OUVERTES:
            raise ValueError(f"clé « {nom} » inconnue ; attendu : {', '.join(base)}")
        attendue = base.get(cle, next(iter(base.values()), ""))
        ecrites = valeur if isinstance(valeur, list) else [valeur]
        en_couleurs = str(attendue).lstrip("['").startswith("#")
        lisibles = not en_couleurs or all(_COULEUR.fullmatch(str(une)) for une in ecrites)
        if type(valeur) is not type(attendue) or not lisibles:
            modele = f"une table [{nom}]" if isinstance(attendue, dict) else repr(attendue)
            raise ValueError(f"« {nom} » ne se lit pas ; l'écrire comme celle du projet : {modele}")
        rendue[cle] = _fondre(attendue, valeur, nom) if isinstance(attendue, dict) else valeur
    return rendue


def _charte_tenue() -> tuple[dict[str, Any], str]:
    """Lire la charte, ou celle du projet et la phrase qui refuse celle de la ville."""
    try:
        return lire_la_charte(), ""
    except ParametreInvalide as cause:
        return _charte_du_projet(), str(cause)


CHARTE, REFUS = _charte_tenue()
POLICE: Final[str] = CHARTE["police"]
COULEURS: Final[dict[str, str]] = CHARTE["couleurs"]
TABLEUR: Final[dict[str, str]] = CHARTE["tableur"]
MODELE: Final[dict[str, str]] = CHARTE["modele"]
WORD: Final[dict[str, str]] = CHARTE["word"]
ETATS: Final[dict[Etat, DessinDEtat]] = {nom: DessinDEtat(**dit) for nom, dit in CHARTE["etats"].items()}


def palette_de(indicateur: str, theme: str) -> str | None:
    """Donner la palette choisie pour un indicateur, sinon pour son thème ; rien si la charte n'en dit pas."""
    palettes = CHARTE["palettes"]
    return palettes["indicateurs"].get(indicateur) or palettes["themes"].get(theme) or None


def variables_css(page: str) -> str:
    """Écrire les couleurs d'une page web (atlas, portrait, observatoire, bilan) en variables de style."""
    roles = COULEURS | CHARTE["ecran"][page]
    return ":root{" + ";".join(f"--{role.replace('_', '-')}:{roles[role]}" for role in roles) + "}"
