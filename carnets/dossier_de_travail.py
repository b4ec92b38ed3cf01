"""Le dossier de travail d'un territoire : le faire, puis le retrouver depuis n'importe lequel de ses sous-dossiers."""

from __future__ import annotations

import json
import re
import shutil
from importlib import resources
from pathlib import Path
from typing import Final

from carnets.documents.carnet_lu import PROSE
from carnets.moteur import chemin_du_carnet
from carnets.reglages import DITS, REGLAGES
from carnets.reprise import chapitre_de, dossier_des_textes, lire_un_carnet
from donnees_insee.chemins import creer_dossier, fichier_provisoire
from donnees_insee.erreurs import ParametreInvalide

CARNETS: Final = "carnets"
TERRITOIRE_DECLARE: Final = re.compile(r'^(territoire(?:: str)? = )"[^"]*"', re.MULTILINE)


def creer(dossier: Path, code: str, nom: str, formats: str) -> list[Path]:
    """Faire un dossier de travail ; ce qui y est déjà n'est jamais écrasé."""
    if (dossier / REGLAGES).exists():
        raise ParametreInvalide(DITS["deja_la"].format(dossier=dossier))
    creer_dossier(dossier)
    tenus = dossier_des_textes(dossier, code)
    mots = {
        "code": code,
        "nom": " ".join(nom.split()),
        "formats": formats,
        "textes": tenus.relative_to(dossier).as_posix(),
    }
    copies = copier_les_carnets(dossier / CARNETS)
    for carnet in copies:
        _nommer_le_territoire(carnet, code)
    textes = [tenus / f"{chapitre}.md" for chapitre in _chapitres()]
    contenus = {
        **dict.fromkeys(textes, ""),
        dossier / "charte.toml": DITS["charte"],
        dossier / "LISEZMOI.md": DITS["lisezmoi"].format(**mots),
        # En dernier : un dossier n'est un dossier de travail qu'une fois complet.
        dossier / REGLAGES: DITS["reglages"].format(
            nom=mots["nom"], code=json.dumps(code), formats=json.dumps(formats)
        ),
    }
    neufs = {fichier: contenu for fichier, contenu in contenus.items() if not fichier.exists()}
    for fichier, contenu in neufs.items():
        creer_dossier(fichier.parent)
        with fichier_provisoire(fichier) as provisoire:
            provisoire.write_text(contenu, encoding="utf-8")
    return [*copies, *neufs]


def _chapitres() -> list[str]:
    """Lister les chapitres où l'analyste peut écrire."""
    cellules = lire_un_carnet(chemin_du_carnet())["cells"]
    return [chapitre_de(c) for c in cellules if PROSE in c["metadata"].get("tags", ())]


def _nommer_le_territoire(carnet: Path, code: str) -> None:
    """Mettre dans un carnet copié le territoire du dossier à la place du territoire fictif."""
    lu = lire_un_carnet(carnet)
    for cellule in lu["cells"]:
        if "parameters" in cellule["metadata"].get("tags", ()):
            source = cellule["source"] if isinstance(cellule["source"], str) else "".join(cellule["source"])
            cellule["source"] = TERRITOIRE_DECLARE.sub(lambda t: t[1] + json.dumps(code), source)
    with fichier_provisoire(carnet) as provisoire:
        provisoire.write_text(json.dumps(lu, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def copier_les_carnets(dossier: Path) -> list[Path]:
    """Copier les carnets livrés dans un dossier de travail, sans écraser ceux de l'analyste."""
    creer_dossier(dossier)
    copies = []
    for carnet in sorted(Path(str(resources.files("carnets"))).glob("*.ipynb")):
        copie = dossier / carnet.name
        if not copie.exists():
            shutil.copyfile(carnet, copie)
            copies.append(copie)
    return copies
