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
from donnees_insee.base.couches import A_L_IRIS, CONSULTEES

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
CARNET_EXECUTE: Final = "carnet.ipynb"
TOUTES: Final = "toutes"


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
    sources: dict[str, str] = field(default_factory=dict)
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
    sources, campagne = empreintes_des_sources(base), uuid.uuid4().hex
    return [
        avec_empreinte(replace(_tache(plan, base, territoire, carnet), campagne=campagne, sources=sources))
        for carnet in plan.carnets
        for territoire in territoires
    ]


def _tache(plan: Plan, base: Base, territoire: Territoire, carnet: CarnetVoulu) -> Tache:
    from carnets.moteur import nom_du_dossier  # noqa: PLC0415
    from donnees_insee.chemins import nom_de_fichier  # noqa: PLC0415

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


def empreintes_des_sources(base: Base) -> dict[str, str]:
    """Résumer ce que la base tient de chaque source, de toutes celles à l'IRIS, et de toutes."""
    entrees: dict[str, list[str]] = {}
    for recu in base.recus():
        for lot in recu.lots:
            for nom in (lot.source, TOUTES, *((A_L_IRIS,) if lot.niveau == "iris" else ())):
                entrees.setdefault(nom, []).append(f"{recu.sha256} {asdict(lot)}")
    return {nom: _empreinte("\n".join(sorted(lignes))) for nom, lignes in entrees.items()}


def avec_empreinte(tache: Tache) -> Tache:
    """Donner à une tâche l'empreinte de ce qui n'est pas la base : carnet, paramètres, catalogue ajouté, version."""
    ajout = Path(os.environ.get("ABS_CATALOGUE") or os.devnull)
    fichiers = sorted(f for f in ajout.rglob("*") if f.is_file()) if ajout.is_dir() else []
    entrees = {
        "catalogue": [f"{f.name} {hashlib.sha256(f.read_bytes()).hexdigest()}" for f in fichiers],
        "carnet": hashlib.sha256(Path(tache.carnet).read_bytes()).hexdigest(),
        "formats": sorted(tache.formats),
        "parametres": {k: v for k, v in tache.parametres.items() if k != "dossier_donnees"},
        "version": metadata.version("abs-portrait"),
    }
    return replace(tache, empreinte=_empreinte(json.dumps(entrees, sort_keys=True, default=str)))


def _empreinte(texte: str) -> str:
    return hashlib.sha256(texte.encode()).hexdigest()


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
    return [d for d in (tache.final, *a_cote) if _est_complet(d, tache)]


def _est_complet(dossier: Path, tache: Tache) -> bool:
    marque = _marque(dossier)
    fichiers, lues = marque.get("fichiers", {}), marque.get("sources", {TOUTES: "marque d'avant 0.7"})
    return (
        marque.get("empreinte") == tache.empreinte
        and bool(fichiers)
        # Une source consultée en vain, et déposée depuis, périme aussi ce dossier.
        and all(tache.sources.get(nom, "") == empreinte for nom, empreinte in lues.items())
        and all(
            (dossier / nom).is_file() and (dossier / nom).stat().st_size == taille
            for nom, taille in fichiers.items()
        )
    )


def _sources_lues(carnet: Path) -> list[str]:
    """Lire dans un carnet exécuté les sources qu'il a consultées ; s'il n'en dit rien, toutes sont prises pour lues."""
    try:
        lues = json.loads(carnet.read_text(encoding="utf-8"))["metadata"]["abs"]["sources_consultees"]
    except (OSError, ValueError, KeyError, TypeError):
        lues = None
    return [TOUTES] if lues is None else sorted({*lues, *CONSULTEES})


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
        "sources": {nom: tache.sources.get(nom, "") for nom in _sources_lues(dossier / CARNET_EXECUTE)},
        "campagne": tache.campagne,
        "fichiers": fichiers,
    }
    with fichier_provisoire(dossier / MARQUE) as provisoire:
        provisoire.write_text(json.dumps(contenu, ensure_ascii=False, indent=1), encoding="utf-8")
