"""Les paramètres déclarés du carnet de portrait : leur type, leur domaine, leur refus avant que Papermill démarre."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from abs.territoires.demande import Demande, lire_millesimes
from donnees_insee.base.base import Base
from donnees_insee.erreurs import ParametreInvalide, liste_de_fautes

FORMATS: Final = ("html", "docx", "odt", "pdf", "pptx", "xlsx", "gpkg", "csv", "cartes")


# Les paramètres de la cellule étiquetée « parameters », et leur valeur par défaut.
PARAMETRES: Final[dict[str, Any]] = {
    "territoire": "99001",
    "millesime": None,
    "millesimes": "",
    "qpv": None,
    "geographie": None,
    "references": "",
    "diffusion": "publique",
    "formats": "xlsx,gpkg,csv,cartes",
    "dossier_sortie": "",
    "dossier_donnees": "",
}


@dataclass(frozen=True)
class Reglages:
    """Les paramètres d'un carnet, vérifiés."""

    demande: Demande
    formats: tuple[str, ...]
    dossier_sortie: Path | None
    base: Base

    def injectes(self, territoire: str, **propres: str) -> dict[str, Any]:
        """Donner à un carnet ces réglages et les siens ; le moteur y écrira le dossier de sortie."""
        return {
            "territoire": territoire,
            "millesime": self.demande.millesime,
            "millesimes": ",".join(f"{k}={v}" for k, v in self.demande.millesimes.items()),
            "qpv": self.demande.qpv,
            "geographie": self.demande.geographie,
            **propres,
            "formats": ",".join(self.formats),
            "dossier_sortie": "",
            "dossier_donnees": str(self.base.dossier.resolve()),
        }


def verifier_parametres(recus: Mapping[str, Any]) -> Reglages:
    """Vérifier les paramètres d'un carnet et les changer en réglages."""
    inconnus = [nom for nom in recus if nom not in PARAMETRES]
    attendus = ", ".join(PARAMETRES)
    fautes = [f"« {nom} » n'est pas un paramètre du carnet (on attend {attendus})." for nom in inconnus]
    valeurs = PARAMETRES | dict(recus)
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
        str(valeurs["references"] or ""),
    )
    sortie, dossier = (
        Path(valeurs[nom]) if valeurs[nom] else None for nom in ("dossier_sortie", "dossier_donnees")
    )
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
    liste = list(filter(None, liste))
    inconnus = [f for f in liste if f not in FORMATS]
    if inconnus:
        fautes.append(f"formats : {', '.join(inconnus)} inconnu(s) ; on attend {', '.join(FORMATS)}.")
    return tuple(dict.fromkeys(liste))
