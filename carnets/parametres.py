"""Les paramètres déclarés du carnet de portrait : leur type, leur domaine, leur refus avant que Papermill démarre."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from abs.territoires.demande import Demande, lire_millesimes
from donnees_insee.base.base import Base
from donnees_insee.erreurs import ParametreInvalide, liste_de_fautes

FORMATS: Final = ("html", "docx", "xlsx", "gpkg", "csv", "cartes")


@dataclass(frozen=True)
class Parametre:
    """Un paramètre du carnet."""

    nom: str
    defaut: Any
    aide: str


PARAMETRES: Final = (
    Parametre("territoire", "99001", "code ou nom d'une commune, d'un EPCI, d'un QPV, d'un département"),
    Parametre("millesime", None, "dernier millésime admis ; None prend le dernier tenu de chaque source"),
    Parametre("millesimes", "", "millésime exact d'une famille de sources : caf=2018,filosofi=2016"),
    Parametre("qpv", None, "génération de QPV : 2015 ou 2024 ; None prend la plus récente tenue"),
    Parametre("geographie", None, "année du code officiel géographique ; None prend la plus récente tenue"),
    Parametre("diffusion", "publique", "publique ou interne"),
    Parametre(
        "formats", "xlsx,gpkg,csv,cartes", "fichiers écrits par le carnet quand dossier_sortie est donné"
    ),
    Parametre("dossier_sortie", "", "dossier des fichiers ; vide, le carnet n'écrit que lui-même"),
    Parametre("dossier_donnees", "", "dossier des données ; vide, celui de la variable ABS_DONNEES"),
)


@dataclass(frozen=True)
class Reglages:
    """Les paramètres d'un carnet, vérifiés."""

    demande: Demande
    formats: tuple[str, ...]
    dossier_sortie: Path | None
    base: Base


def verifier_parametres(recus: Mapping[str, Any]) -> Reglages:
    """Vérifier les paramètres d'un carnet et les changer en réglages."""
    connus = {p.nom: p for p in PARAMETRES}
    fautes = [
        f"« {nom} » n'est pas un paramètre du carnet (on attend {', '.join(connus)})."
        for nom in recus
        if nom not in connus
    ]
    valeurs = {nom: recus.get(nom, p.defaut) for nom, p in connus.items()}
    territoire = _territoire(valeurs["territoire"], fautes)
    annees = {nom: _annee(nom, valeurs[nom], fautes) for nom in ("millesime", "qpv", "geographie")}
    formats = _formats(valeurs["formats"], fautes)
    if valeurs["diffusion"] not in {"publique", "interne"}:
        fautes.append(f"diffusion = « {valeurs['diffusion']} » : on attend publique ou interne.")
    exacts: dict[str, int] = {}
    try:
        exacts = lire_millesimes(str(valeurs["millesimes"] or ""))
    except ParametreInvalide as cause:
        fautes.append(str(cause))
    if fautes:
        raise ParametreInvalide(liste_de_fautes("Les paramètres du carnet sont refusés :", fautes))
    demande = Demande(
        territoire,
        annees["millesime"],
        exacts,
        annees["qpv"],
        annees["geographie"],
        str(valeurs["diffusion"]),
    )
    sortie = Path(valeurs["dossier_sortie"]) if valeurs["dossier_sortie"] else None
    dossier = Path(valeurs["dossier_donnees"]) if valeurs["dossier_donnees"] else None
    return Reglages(demande, formats, sortie, Base(dossier))


def _territoire(recu: Any, fautes: list[str]) -> str:
    """Accepter un code devenu nombre, sauf s'il a perdu son zéro initial : on ne le devine pas."""
    texte = str(recu).strip()
    if isinstance(recu, bool) or not texte:
        fautes.append("territoire est vide : donnez un code ou un nom.")
    elif isinstance(recu, int) and len(texte) not in {5, 9}:
        fautes.append(
            f"territoire = {recu} a été lu comme un nombre et a pu perdre un zéro initial. "
            f"Avec la commande papermill, écrivez -r territoire 0{recu} (option -r, texte brut)."
        )
    return texte


def _annee(nom: str, recue: Any, fautes: list[str]) -> int | None:
    if recue in (None, "", 0):
        return None
    texte = str(recue)
    if not (texte.isdigit() and len(texte) == 4):
        fautes.append(f"{nom} = « {recue} » : on attend une année de quatre chiffres.")
        return None
    return int(texte)


def _formats(recus: Any, fautes: list[str]) -> tuple[str, ...]:
    liste = [f.strip().lower() for f in (recus.split(",") if isinstance(recus, str) else recus)]
    liste = [f for f in liste if f]
    inconnus = [f for f in liste if f not in FORMATS]
    if inconnus:
        fautes.append(f"formats : {', '.join(inconnus)} inconnu(s) ; on attend {', '.join(FORMATS)}.")
    return tuple(dict.fromkeys(liste))
