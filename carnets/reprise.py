"""Reprendre d'un carnet livré ce que l'analyste y a fait : ses cellules, ses changements, ses textes."""

from __future__ import annotations

import hashlib
import json
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from carnets.documents.carnet_lu import PROSE, texte_saisi
from carnets.textes import textes
from donnees_insee.chemins import creer_dossier, fichier_provisoire
from donnees_insee.erreurs import FichierIllisible, ParametreInvalide

if TYPE_CHECKING:
    from collections.abc import Iterable

    Carnet = dict[str, Any]
    Cellule = dict[str, Any]

DITS: Final[dict[str, Any]] = textes("carnets")["reprise"]
# La cellule de comparaison à un portrait gardé : posée à la demande, elle ne passe pas au carnet suivant.
CHANGEMENTS: Final = "changements"
SERVICE: Final = frozenset({"parameters", "injected-parameters", "papermill-error-cell-tag", CHANGEMENTS})
LIVREE: Final = "livree"
INTERNE: Final = "-interne"


def texte_de(cellule: Cellule) -> str:
    """Donner le source d'une cellule."""
    source = cellule["source"]
    return source if isinstance(source, str) else "".join(source)


def empreinte(texte: str) -> str:
    """Résumer un texte, pour dire plus tard s'il a changé."""
    return hashlib.sha256(texte.strip().encode("utf-8")).hexdigest()[:16]


def _etiquettes(cellule: Cellule) -> set[str]:
    return set(cellule["metadata"].get("tags", ()))


def signer(carnet: Carnet) -> Carnet:
    """Noter dans chaque cellule livrée ce qu'elle disait : on saura ce que l'analyste a changé, ajouté ou ôté."""
    for cellule in carnet["cells"]:
        cellule["metadata"].setdefault("abs", {})[LIVREE] = empreinte(texte_de(cellule))
    carnet["metadata"].setdefault("abs", {})["cellules"] = [c.get("id", "") for c in carnet["cells"]]
    return carnet


def greffer(modele: Carnet, ancien: Carnet) -> Carnet:
    """Reporter sur un carnet neuf les cellules que l'analyste a ajoutées, changées ou ôtées dans l'ancien, à leur place."""
    neuf = deepcopy(modele)
    connues = {c.get("id"): c for c in neuf["cells"]}
    signees = set(ancien["metadata"].get("abs", {}).get("cellules", DITS["sans_signature"]))
    places: dict[str | None, list[Cellule]] = {}
    vues, precedente = set(), None
    for cellule in ancien["cells"]:
        if _etiquettes(cellule) & SERVICE:
            continue
        nom = cellule.get("id")
        if nom in connues:
            vues.add(nom)
            precedente = nom
            if PROSE not in _etiquettes(cellule) and _changee(cellule):
                connues[nom]["source"] = texte_de(cellule)
        elif nom not in signees:
            places.setdefault(precedente, []).append(_nue(cellule))
    otees = {n for n in signees & connues.keys() if n not in vues and not _etiquettes(connues[n]) & SERVICE}
    otees = otees if "cellules" in ancien["metadata"].get("abs", {}) else set()
    cellules = list(places.get(None, ()))
    for cellule in neuf["cells"]:
        if cellule.get("id") not in otees:
            cellules.append(cellule)
        cellules += places.get(cellule.get("id"), ())
    return neuf | {"cells": cellules}


def _changee(cellule: Cellule) -> bool:
    livree = cellule["metadata"].get("abs", {}).get(LIVREE)
    return livree is not None and livree != empreinte(texte_de(cellule))


def _nue(cellule: Cellule) -> Cellule:
    """Donner une cellule sans ce qu'elle avait affiché."""
    propre = {k: v for k, v in deepcopy(cellule).items() if k not in {"outputs", "execution_count"}}
    propre["metadata"] = {"tags": cellule["metadata"].get("tags", [])}
    return propre | ({"outputs": [], "execution_count": None} if cellule["cell_type"] == "code" else {})


# -- les textes de l'analyste --------------------------------------------------------------------


@dataclass
class Reprise:
    """Ce qui a été repris d'un carnet, et ce qui ne pouvait pas l'être."""

    repris: list[str] = field(default_factory=list)
    en_conflit: list[str] = field(default_factory=list)


def dossier_des_textes(sortie: Path, code: str, diffusion: str = "publique") -> Path:
    """Dire où sont les textes d'un territoire ; ceux d'une version interne n'entrent jamais dans la publique."""
    return sortie / "textes" / f"{code}{INTERNE if diffusion == 'interne' else ''}"


def chapitre_de(cellule: Cellule) -> str:
    """Donner le chapitre d'une cellule de texte."""
    return str(cellule.get("id", "")).removeprefix("texte-")


def remplir(carnet: Carnet, dossier: Path) -> Carnet:
    """Mettre dans les cellules « Ce qu'en dit le CCAS » les textes tenus."""
    for cellule in carnet["cells"]:
        if PROSE in _etiquettes(cellule):
            invitation = texte_de(cellule).rstrip()
            tenu = lire(dossier, chapitre_de(cellule))
            cellule["source"] = f"{invitation}\n\n{tenu}" if tenu else invitation
            cellule["metadata"].setdefault("abs", {})["texte"] = empreinte(tenu)
    return carnet


def lire(dossier: Path, chapitre: str) -> str:
    """Lire le texte d'un chapitre ; vide s'il n'y en a pas."""
    fichier = dossier / f"{chapitre}.md"
    try:
        return fichier.read_text(encoding="utf-8-sig").strip() if fichier.is_file() else ""
    except UnicodeDecodeError as cause:
        raise FichierIllisible(DITS["pas_en_utf8"].format(fichier=fichier)) from cause


def reprendre(carnet: Carnet, dossier: Path) -> Reprise:
    """Ranger dans ``textes/`` ce qui a été écrit dans un carnet ; un texte changé des deux côtés n'est pas écrasé."""
    reprise = Reprise()
    for cellule in (c for c in carnet["cells"] if PROSE in _etiquettes(c)):
        chapitre, saisi = chapitre_de(cellule), texte_saisi(texte_de(cellule))
        injecte = cellule["metadata"].get("abs", {}).get("texte", empreinte(""))
        tenu = lire(dossier, chapitre)
        if saisi == tenu or empreinte(saisi) == injecte:
            continue
        if tenu and empreinte(tenu) != injecte:
            reprise.en_conflit.append(chapitre)
            continue
        garder(dossier, chapitre, saisi)
        reprise.repris.append(chapitre)
    return reprise


def garder(dossier: Path, chapitre: str, texte: str) -> None:
    """Garder le texte d'un chapitre."""
    creer_dossier(dossier)
    with fichier_provisoire(dossier / f"{chapitre}.md") as provisoire:
        provisoire.write_text(f"{texte}\n" if texte else "", encoding="utf-8")


# -- au bord -------------------------------------------------------------------------------------


def lire_un_carnet(chemin: Path) -> Carnet:
    """Lire un carnet Jupyter."""
    try:
        lu: Carnet = json.loads(chemin.read_text(encoding="utf-8"))
        _ = [(c["cell_type"], c["source"], c["metadata"]) for c in lu["cells"]], lu["metadata"]
    except (OSError, ValueError, KeyError, TypeError) as cause:
        raise ParametreInvalide(DITS["illisible"].format(chemin=chemin, cause=cause)) from cause
    return lu


def dernier_carnet(dossiers: Iterable[Path], *, interne: bool) -> Path | None:
    """Donner, des documents déjà livrés d'un territoire, le carnet touché le dernier."""
    livres = [d / "carnet.ipynb" for d in dossiers if (INTERNE in d.name) == interne]
    livres = [c for c in livres if c.is_file()]
    return max(livres, key=lambda c: c.stat().st_mtime, default=None)


def preparer(modele: Path, anciens: Iterable[Path], dossier: Path, *, interne: bool) -> tuple[Carnet, str]:
    """Préparer le carnet à exécuter : le modèle, ce que l'analyste avait fait du précédent, et ses textes."""
    # Signé avant la greffe : une cellule que l'analyste a changée le restera aussi au millésime d'après.
    carnet, avis = signer(lire_un_carnet(modele)), ""
    precedent = dernier_carnet(anciens, interne=interne)
    ancien = None
    try:
        ancien = lire_un_carnet(precedent) if precedent is not None else None
    except ParametreInvalide as refus:
        # Un carnet abîmé n'empêche pas d'écrire le suivant ; il reste où il est.
        avis = DITS["non_repris"].format(refus=refus)
    if ancien is not None:
        reprise = reprendre(ancien, dossier)
        carnet = greffer(carnet, ancien)
        if reprise.en_conflit:
            avis = DITS["conflit"].format(
                carnet=precedent, chapitres=", ".join(reprise.en_conflit), dossier=dossier
            )
    return remplir(carnet, dossier), avis
