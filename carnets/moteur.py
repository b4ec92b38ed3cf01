"""Exécuter un carnet avec Papermill et en tirer les documents, dans un dossier mis en place d'un seul geste."""

from __future__ import annotations

import os
import re
import shutil
import unicodedata
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Final

from carnets.parametres import PARAMETRES, Reglages, verifier_parametres
from donnees_insee.chemins import dossier_provisoire
from donnees_insee.erreurs import ErreurAbs, SortieImpossible

CARNET: Final = "10_portrait_de_territoire.ipynb"
DELAI_PAR_CELLULE: Final = 900
BARRE: Final = {
    "desc": "Portrait",
    "unit": "étape",
    "bar_format": "{desc} : {percentage:3.0f} % |{bar:30}| étape {n_fmt} sur {total_fmt}, {elapsed} écoulées",
}
LONGUEUR_DE_NOM: Final = 60


class CarnetEnEchec(ErreurAbs):
    """Le carnet s'est arrêté sur une erreur ; il est gardé, l'erreur en tête."""


@dataclass(frozen=True)
class Production:
    """Ce qu'un portrait a produit."""

    dossier: Path
    fichiers: tuple[Path, ...]


def nom_de_fichier(texte: str) -> str:
    """Changer un nom de territoire en morceau de nom de fichier, sûr sur Windows comme sur Linux.

    Parameters
    ----------
    texte : str
        Nom quelconque.

    Returns
    -------
    str
        Lettres, chiffres et tirets ; ``"territoire"`` si rien n'en reste.
    """
    nu = "".join(c for c in unicodedata.normalize("NFKD", texte.lower()) if not unicodedata.combining(c))
    propre = re.sub(r"[^a-z0-9]+", "-", nu).strip("-")[:LONGUEUR_DE_NOM].strip("-")
    return propre or "territoire"


def nom_du_dossier(nom: str, code: str, millesime: int | None, diffusion: str = "publique") -> str:
    """Nommer le dossier d'un portrait.

    Parameters
    ----------
    nom : str
        Nom du territoire.
    code : str
        Code du territoire.
    millesime : int or None
        Millésime demandé.
    diffusion : str, default "publique"
        Une version interne a son propre dossier : elle ne remplace jamais la version publique.

    Returns
    -------
    str
        ``portrait-montpellier-34172-2016``, ``…-dernier``, suivi de ``-interne`` pour la version interne.
    """
    fin = "-interne" if diffusion == "interne" else ""
    return f"portrait-{nom_de_fichier(nom)}-{nom_de_fichier(code)}-{millesime or 'dernier'}{fin}"


def chemin_du_carnet() -> Path:
    """Donner le chemin du carnet livré avec le paquet.

    Returns
    -------
    pathlib.Path
        Fichier ``.ipynb`` installé.
    """
    return Path(str(resources.files("carnets") / CARNET))


def produire(parametres: dict[str, Any], sortie: Path, *, progression: bool = False) -> Production:
    """Exécuter le carnet de portrait et écrire ses documents.

    Parameters
    ----------
    parametres : dict
        Paramètres du carnet, vérifiés avant que Papermill démarre.
    sortie : pathlib.Path
        Dossier qui recevra le dossier du portrait.
    progression : bool, default False
        Montrer la barre de progression de Papermill.

    Returns
    -------
    Production
        Dossier et fichiers écrits.

    Raises
    ------
    ParametreInvalide
        Paramètre inconnu ou hors de son domaine.
    TerritoireInconnu, DonneeAbsente
        Territoire ou millésime que la base ne tient pas.
    CarnetEnEchec
        Le carnet s'est arrêté ; il est gardé près du dossier de sortie.
    SortieImpossible
        Le dossier de sortie refuse l'écriture.
    """
    from abs.diagnostic import Diagnostiqueur  # noqa: PLC0415 - imports lents, après la lecture des arguments

    reglages = verifier_parametres(parametres)
    sujet = Diagnostiqueur(reglages.base, reglages.demande).sujet
    # Le noyau travaille dans le dossier provisoire : un chemin relatif y désignerait autre chose.
    demande = reglages.demande
    dossier = nom_du_dossier(sujet.nom, sujet.code, demande.millesime, demande.diffusion)
    final = sortie.resolve() / dossier
    avis = "Document interne – ne pas diffuser · " if demande.diffusion == "interne" else ""
    titre = f"{avis}Portrait de territoire · {sujet.nom}"
    with dossier_provisoire(final) as provisoire:
        execute = provisoire / "carnet.ipynb"
        _executer(reglages, sujet.code, execute, final, progression=progression)
        _documents(reglages, execute, provisoire, titre)
    fichiers = tuple(sorted(f for f in final.rglob("*") if f.is_file()))
    return Production(final, fichiers)


def _executer(reglages: Reglages, territoire: str, execute: Path, final: Path, *, progression: bool) -> None:
    """Lancer Papermill ; en cas d'échec, garder le carnet avec l'erreur en tête."""
    import papermill  # noqa: PLC0415 - import lent

    demande = reglages.demande
    injectes = {p.nom: p.defaut for p in PARAMETRES} | {
        "territoire": territoire,
        "millesime": demande.millesime,
        "millesimes": ",".join(f"{k}={v}" for k, v in demande.millesimes.items()),
        "qpv": demande.qpv,
        "geographie": demande.geographie,
        "diffusion": demande.diffusion,
        "formats": ",".join(reglages.formats),
        "dossier_sortie": str(execute.parent),
        "dossier_donnees": str(reglages.base.dossier.resolve()),
    }
    # Le noyau doit être celui de cet environnement, même si un autre « python3 » est installé ailleurs.
    os.environ.setdefault("JUPYTER_PREFER_ENV_PATH", "1")
    os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    try:
        papermill.execute_notebook(
            str(chemin_du_carnet()),
            str(execute),
            parameters=injectes,
            progress_bar=BARRE if progression else False,
            execution_timeout=DELAI_PAR_CELLULE,
            cwd=str(execute.parent),
            log_output=False,
            # Les annonces techniques du noyau ne s'adressent pas à l'analyste.
            extra_arguments=["--Application.log_level=50"],
        )
    except papermill.PapermillExecutionError as cause:
        garde = final.parent / f"{final.name}-en-echec.ipynb"
        shutil.copyfile(execute, garde)
        raise CarnetEnEchec(
            f"Le carnet s'est arrêté à la cellule {cause.cell_index} : {cause.evalue}. "
            f"Il est gardé, l'erreur en tête, dans « {garde} »."
        ) from cause
    except OSError as cause:
        raise SortieImpossible(
            f"Le carnet ne peut pas être écrit dans « {execute.parent} » ({cause})."
        ) from cause


def _documents(reglages: Reglages, execute: Path, dossier: Path, titre: str) -> None:
    from carnets.documents.page_html import corps_du_carnet, ecrire_html  # noqa: PLC0415 - imports lents
    from carnets.documents.word import ecrire_docx  # noqa: PLC0415

    corps = corps_du_carnet(execute)
    if "html" in reglages.formats:
        ecrire_html(corps, titre, dossier / "portrait.html")
    if "docx" in reglages.formats:
        ecrire_docx(corps, titre, dossier / "portrait.docx")


def copier_les_carnets(dossier: Path) -> list[Path]:
    """Copier les carnets livrés dans un dossier de travail, sans écraser ceux de l'analyste.

    Parameters
    ----------
    dossier : pathlib.Path
        Dossier de travail.

    Returns
    -------
    list of pathlib.Path
        Carnets copiés.
    """
    from donnees_insee.chemins import creer_dossier  # noqa: PLC0415

    creer_dossier(dossier)
    copies = []
    for carnet in sorted(Path(str(resources.files("carnets"))).glob("*.ipynb")):
        copie = dossier / carnet.name
        if not copie.exists():
            shutil.copyfile(carnet, copie)
            copies.append(copie)
    return copies
