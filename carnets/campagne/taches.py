"""Les tâches d'une campagne : un carnet sur un territoire, l'empreinte de ce qui y entre, ce qui en est sorti."""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from dataclasses import asdict, dataclass, field, replace
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from carnets.dossier_de_sortie import EMPREINTES

if TYPE_CHECKING:
    from abs.territoires.territoires import Territoire
    from carnets.campagne.plan import CarnetVoulu, Plan
    from donnees_insee.base.base import Base

# Ce que dit le bilan d'un territoire ; tout ce qui n'est pas FAIT ou DEJA_FAIT est un échec.
FAIT: Final = "fait"
DEJA_FAIT: Final = "déjà fait"
ECHEC: Final = "échec"
DELAI_PASSE: Final = "délai passé"
TUE: Final = "interrompu"
REUSSITES: Final = (FAIT, DEJA_FAIT)
MARQUE: Final = "preuve/campagne.json"


@dataclass(frozen=True)
class Tache:
    """Un carnet à exécuter sur un territoire ; tout y est texte ou nombre, pour passer d'une machine à l'autre."""

    code: str
    nom: str
    niveau: str
    nom_du_carnet: str
    carnet: str
    formats: tuple[str, ...]
    parametres: dict[str, Any]
    sortie: str
    dossier: str
    delai: float
    empreinte: str = ""
    campagne: str = ""
    remplacer: bool = False

    @property
    def cle(self) -> str:
        """Nom court et unique dans la campagne."""
        return f"{self.nom_du_carnet}-{self.code}"

    @property
    def final(self) -> Path:
        """Dossier que la tâche met en place."""
        return Path(self.sortie) / self.dossier

    @property
    def chantier(self) -> Path:
        """Dossier où la tâche travaille, que nulle autre n'emploie."""
        return Path(self.sortie) / ".en-cours" / self.cle

    @property
    def verrou(self) -> Path:
        """Verrou de la tâche."""
        return Path(self.sortie) / ".en-cours" / f"{self.cle}.verrou"

    @property
    def echec(self) -> Path:
        """Où est gardé le carnet qui s'est arrêté."""
        return Path(self.sortie) / "echecs" / f"{self.dossier}.ipynb"


@dataclass(frozen=True)
class Resultat:
    """Ce qu'une tâche a donné."""

    cle: str
    etat: str
    message: str = ""
    secondes: float = 0.0
    essais: int = 1
    fichiers: tuple[str, ...] = field(default=())
    avertissements: tuple[str, ...] = field(default=())
    ou: str = ""
    memoire: int = 0
    dossier: str = ""

    @property
    def reussi(self) -> bool:
        """Vrai si le dossier du territoire est complet."""
        return self.etat in REUSSITES


def resultat_lu(recu: dict[str, Any]) -> Resultat:
    """Refaire un résultat passé par JSON."""
    champs: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in recu.items()}
    return Resultat(**champs)


def preparer_taches(plan: Plan, base: Base, territoires: list[Territoire]) -> list[Tache]:
    """Croiser les territoires et les carnets d'un plan."""
    commun, campagne = empreinte_de_la_base(base), uuid.uuid4().hex
    return [
        avec_empreinte(replace(_tache(plan, base, territoire, carnet), campagne=campagne), commun)
        for carnet in plan.carnets
        for territoire in territoires
    ]


def _tache(plan: Plan, base: Base, territoire: Territoire, carnet: CarnetVoulu) -> Tache:
    from carnets.moteur import nom_de_fichier, nom_du_dossier  # noqa: PLC0415

    parametres = dict(plan.parametres) | dict(carnet.parametres)
    if carnet.nom == "portrait":
        dossier = nom_du_dossier(
            territoire.nom,
            territoire.code,
            parametres.get("millesime"),
            str(parametres.get("diffusion", "publique")),
        )
    else:
        dossier = f"{carnet.nom}-{nom_de_fichier(territoire.nom)}-{nom_de_fichier(territoire.code)}"
    parametres |= {"territoire": territoire.code, "dossier_donnees": str(base.dossier.resolve())}
    return Tache(
        territoire.code,
        territoire.nom,
        territoire.niveau,
        carnet.nom,
        str(carnet.chemin),
        carnet.formats,
        parametres,
        str(plan.sortie),
        dossier,
        plan.delai,
        remplacer=plan.remplacer,
    )


def empreinte_de_la_base(base: Base) -> str:
    """Résumer ce que la base contient : un fichier déposé ou retiré change l'empreinte."""
    entrees = sorted(f"{r.sha256} {[asdict(lot) for lot in r.lots]}" for r in base.recus())
    ajout = os.environ.get("ABS_CATALOGUE")
    if ajout and Path(ajout).is_dir():
        fichiers = sorted(f for f in Path(ajout).rglob("*") if f.is_file())
        entrees += [f"{f.name} {hashlib.sha256(f.read_bytes()).hexdigest()}" for f in fichiers]
    return hashlib.sha256("\n".join(entrees).encode()).hexdigest()


def avec_empreinte(tache: Tache, commun: str) -> Tache:
    """Donner à une tâche l'empreinte de ses entrées : carnet, paramètres, base, version."""
    entrees = {
        "base": commun,
        "carnet": hashlib.sha256(Path(tache.carnet).read_bytes()).hexdigest(),
        "formats": sorted(tache.formats),
        "parametres": {k: v for k, v in tache.parametres.items() if k != "dossier_donnees"},
        "version": metadata.version("abs-portrait"),
    }
    texte = json.dumps(entrees, sort_keys=True, default=str)
    return replace(tache, empreinte=hashlib.sha256(texte.encode()).hexdigest())


def faite_par_cette_campagne(tache: Tache) -> Path | None:
    """Chercher ce que cette même campagne a déjà fini : un travailleur qu'on croyait mort l'a menée au bout."""
    return next((d for d in _complets(tache) if _marque(d).get("campagne") == tache.campagne), None)


def _marque(dossier: Path) -> dict[str, Any]:
    try:
        lue = json.loads((dossier / MARQUE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return lue if isinstance(lue, dict) else {}


def deja_faite(tache: Tache) -> Path | None:
    """Chercher le dossier complet d'une tâche, tiré des mêmes entrées."""
    return next(iter(_complets(tache)), None)


def _complets(tache: Tache) -> list[Path]:
    """Lister les dossiers complets : à la place demandée, ou à côté de ce que l'analyste y a changé."""
    a_cote = sorted(tache.final.parent.glob(f"{tache.final.name}-[0-9][0-9][0-9][0-9]-*"), reverse=True)
    return [d for d in (tache.final, *a_cote) if _est_complet(d, tache.empreinte)]


def _est_complet(dossier: Path, empreinte: str) -> bool:
    marque = _marque(dossier)
    fichiers = marque.get("fichiers", {})
    return (
        marque.get("empreinte") == empreinte
        and bool(fichiers)
        and all(
            (dossier / nom).is_file() and (dossier / nom).stat().st_size == taille
            for nom, taille in fichiers.items()
        )
    )


def poser_la_marque(tache: Tache, dossier: Path) -> None:
    """Écrire dans un dossier fini de quoi reconnaître, plus tard, qu'il est complet et à jour."""
    from donnees_insee.chemins import fichier_provisoire  # noqa: PLC0415

    fichiers = {
        f.relative_to(dossier).as_posix(): f.stat().st_size
        for f in sorted(dossier.rglob("*"))
        # Les empreintes se refont une fois la marque posée.
        if f.is_file() and f != dossier / EMPREINTES
    }
    contenu = {
        "cle": tache.cle,
        "empreinte": tache.empreinte,
        "campagne": tache.campagne,
        "fichiers": fichiers,
    }
    with fichier_provisoire(dossier / MARQUE) as provisoire:
        provisoire.write_text(json.dumps(contenu, ensure_ascii=False, indent=1), encoding="utf-8")
