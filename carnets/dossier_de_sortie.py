"""Écrire un dossier de documents sans jamais toucher à un dossier où l'analyste a changé ou ajouté quelque chose."""

from __future__ import annotations

import hashlib
import json
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

from donnees_insee.chemins import dossier_provisoire, fichier_provisoire, mettre_en_place
from donnees_insee.erreurs import SortieImpossible, cause_en_clair

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

EMPREINTES: Final = Path("preuve") / "empreintes.json"
# Ce que le système dépose de lui-même dans un dossier qu'on ouvre ; le reste est l'œuvre de quelqu'un.
DU_SYSTEME: Final = frozenset({"Thumbs.db", "desktop.ini", ".DS_Store", ".directory"})
# Ce que JupyterLab garde d'un carnet ouvert là.
DE_JUPYTER: Final = ".ipynb_checkpoints"
OUVERTS: Final = "ouvert dans un autre programme"
MODIFIES: Final = "modifié"
INCONNUS: Final = "inconnus"
NOMMES: Final = 3
PLACES_ESSAYEES: Final = 1000


@dataclass
class Chantier:
    """Un dossier en train d'être écrit."""

    provisoire: Path
    final: Path
    avis: str = ""


class Changements(dict[str, list[str]]):
    """Ce qui n'est plus, dans un dossier, comme la commande l'a écrit : les fichiers, par nature de changement."""

    @property
    def aucun(self) -> bool:
        """Dire si le dossier est tel que la commande l'a écrit."""
        return not any(self.values())

    @property
    def mots(self) -> str:
        """Énumérer les changements, pour un message."""
        return self.get(INCONNUS, [""])[0] or " ; ".join(
            f"{nature} : {quelques(noms, NOMMES)}" for nature, noms in self.items() if noms
        )


def quelques(noms: Sequence[str], combien: int, separateur: str = ", ") -> str:
    """Écrire les premiers noms, et dire combien il en reste."""
    autres = len(noms) - combien
    return separateur.join(noms[:combien]) + (f" et {autres} autres" if autres > 0 else "")


def sceller(dossier: Path) -> None:
    """Garder dans la preuve l'empreinte de chaque fichier d'un dossier fini."""
    empreintes = {
        nom: _empreinte(dossier / nom) for nom in _fichiers(dossier) if nom != EMPREINTES.as_posix()
    }
    with fichier_provisoire(dossier / EMPREINTES) as provisoire:
        provisoire.write_text(json.dumps(empreintes, ensure_ascii=False, indent=1), encoding="utf-8")


def est_deja_ecrit(dossier: Path) -> bool:
    """Dire si un dossier porte déjà une preuve : il ne s'écrit plus par-dessus."""
    return (dossier / EMPREINTES.parent).is_dir()


def changements(dossier: Path) -> Changements:
    """Relever ce qui a changé dans un dossier depuis que la commande l'a écrit."""
    try:
        connues: dict[str, str] = json.loads((dossier / EMPREINTES).read_text(encoding="utf-8"))
        presents = _fichiers(dossier)
        # Ce que Word et LibreOffice posent à côté d'un document ouvert.
        verrous = {n for n in presents if Path(n).name.startswith(("~$", ".~lock."))}
        vus = set(presents) - verrous - {EMPREINTES.as_posix()}
        modifies = [n for n in vus & connues.keys() if _empreinte(dossier / n) != connues[n]]
        natures = {
            OUVERTS: verrous,
            MODIFIES: modifies,
            "ajouté": vus - connues.keys(),
            "ôté": connues.keys() - vus,
        }
        return Changements({nature: sorted(noms) for nature, noms in natures.items()})
    except (OSError, ValueError, AttributeError, TypeError):
        vide = dossier.is_dir() and not any(dossier.iterdir())
        return Changements() if vide else Changements({INCONNUS: ["rien n'y dit comment il a été écrit"]})


def _fichiers(dossier: Path) -> list[str]:
    return [
        f.relative_to(dossier).as_posix()
        for f in sorted(dossier.rglob("*"))
        if (f.is_file() or f.is_symlink()) and f.name not in DU_SYSTEME and f.parent.name != DE_JUPYTER
    ]


def _empreinte(fichier: Path) -> str:
    return hashlib.sha256(fichier.read_bytes()).hexdigest()


@contextmanager
def dossier_de_sortie(
    voulu: Path, *, remplacer: bool = False, repris: tuple[str, ...] = ()
) -> Iterator[Chantier]:
    """Remplir un dossier, le sceller, puis le mettre en place à côté de ce que l'analyste a changé."""
    with dossier_provisoire(voulu, en_place=False) as provisoire:
        chantier = Chantier(provisoire, voulu)
        yield chantier
        _reprendre(provisoire, voulu, repris)
        sceller(provisoire)
        chantier.final, chantier.avis = poser(provisoire, voulu, remplacer=remplacer, repris=repris)


def _reprendre(provisoire: Path, voulu: Path, repris: tuple[str, ...]) -> None:
    """Garder, à côté du fichier refait, celui que l'analyste avait rempli."""
    for nom in repris:
        ancien, nouveau = voulu / nom, provisoire / nom
        if ancien.is_file() and not (nouveau.is_file() and _empreinte(nouveau) == _empreinte(ancien)):
            shutil.copyfile(ancien, nouveau.with_stem(f"{nouveau.stem}-precedent"))


def poser(
    provisoire: Path, voulu: Path, *, remplacer: bool = False, repris: tuple[str, ...] = ()
) -> tuple[Path, str]:
    """Mettre un dossier scellé à sa place, ou à côté si cette place ne doit pas être touchée."""
    vus = changements(voulu) if voulu.exists() else Changements()
    vus[MODIFIES] = [m for m in vus.get(MODIFIES, ()) if m not in repris]
    if vus.aucun:
        try:
            mettre_en_place(provisoire, voulu)
        except SortieImpossible:
            if not voulu.exists():
                raise
            # Sous Windows, un document ouvert interdit de déplacer son dossier.
            vus = Changements({OUVERTS: ["un document du dossier"]})
        else:
            return voulu, ""
    if remplacer:
        return voulu, _garder_puis_remplacer(provisoire, voulu, vus)
    a_cote = _place_libre(voulu)
    mettre_en_place(provisoire, a_cote)
    return a_cote, (
        f"Le dossier « {voulu} » n'a pas été touché ({vus.mots}) : le nouveau est à côté, dans « {a_cote} ». Pour le "
        "remplacer en gardant l'ancien sous un autre nom : --remplacer."
    )


def _garder_puis_remplacer(provisoire: Path, voulu: Path, vus: Changements) -> str:
    garde = _place_libre(voulu.with_name(f"{voulu.name}-garde"), vide=True)
    try:
        voulu.replace(garde)
    except OSError as cause:
        raise SortieImpossible(
            f"Le dossier « {voulu} » ne peut pas être mis de côté ({cause_en_clair(cause)}). Fermez les documents qu'il "
            "contient, puis relancez ; rien n'a été changé."
        ) from cause
    try:
        mettre_en_place(provisoire, voulu)
    except SortieImpossible:
        garde.replace(voulu)
        raise
    return f"Le dossier remplacé ({vus.mots}) est gardé dans « {garde} »."


def _place_libre(voulu: Path, *, vide: bool = False) -> Path:
    """Trouver une place à côté : le nom suivi du jour, puis d'un numéro ; un dossier intact du même jour se refait."""
    jour = date.today().isoformat()  # noqa: DTZ011 - le jour du poste de l'analyste
    for rang in range(1, PLACES_ESSAYEES + 1):
        place = voulu.with_name(f"{voulu.name}-{jour}" + (f"-{rang}" if rang > 1 else ""))
        if not place.exists() or (not vide and changements(place).aucun):
            return place
    raise SortieImpossible(
        f"{PLACES_ESSAYEES} dossiers du nom de « {voulu.name} » sont déjà dans « {voulu.parent} » : rangez-les, ou "
        "choisissez un autre dossier avec --sortie."
    )
