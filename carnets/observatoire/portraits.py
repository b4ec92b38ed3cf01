"""Joindre au site des portraits déjà écrits, après avoir lu dans leur preuve qu'ils sont publics et du bon territoire."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from abs.calcul.sources_recues import INTERNE
from carnets.documents.preuve.preuve_lue import Preuve, lire_preuve
from carnets.observatoire.adresses import cle_de
from carnets.observatoire.telechargements import Fichier, fichier
from donnees_insee.chemins import creer_dossier
from donnees_insee.erreurs import FichierIllisible, SortieImpossible

if TYPE_CHECKING:
    from pathlib import Path

    from abs.territoires.demande import Demande
    from abs.territoires.territoires import Territoire

PIECES: Final = {
    "portrait.html": "Portrait complet (page web)",
    "portrait.docx": "Portrait complet (Word)",
    "tableaux.xlsx": "Tableaux (classeur)",
}
BANDEAU_INTERNE: Final = "Document interne"


@dataclass
class PortraitsTrouves:
    """Ce qu'un dossier de portraits a donné."""

    dossiers: dict[str, Path] = field(default_factory=dict)
    ecartes: list[str] = field(default_factory=list)
    manquants: list[Territoire] = field(default_factory=list)


def trouver(dossier: Path | None, demande: Demande, territoires: list[Territoire]) -> PortraitsTrouves:
    """Choisir les portraits à joindre."""
    trouves = PortraitsTrouves()
    if dossier is None:
        return trouves
    if not dossier.is_dir():
        raise SortieImpossible(
            f"--portraits a reçu « {dossier} », qui n'est pas un dossier. Donnez celui où `abs portrait` ou une "
            "campagne a écrit ses dossiers portrait-…, ou ôtez l'option."
        )
    par_code = {t.code: t for t in territoires}
    for candidat in sorted(p for p in dossier.glob("portrait-*") if p.is_dir()):
        _examiner(candidat, demande, par_code, trouves)
    trouves.manquants = [t for t in territoires if cle_de(t) not in trouves.dossiers]
    return trouves


def _examiner(
    candidat: Path, demande: Demande, par_code: dict[str, Territoire], trouves: PortraitsTrouves
) -> None:
    try:
        preuve = lire_preuve(candidat)
    except FichierIllisible as refus:
        trouves.ecartes.append(f"{candidat.name} : {refus}")
        return
    raison = raison_d_ecarter(candidat, preuve, demande, par_code)
    territoire = par_code.get(str(preuve.recu.get("territoire", {}).get("code", "")))
    if raison or territoire is None:
        trouves.ecartes.append(f"{candidat.name} : {raison}.")
    elif cle_de(territoire) in trouves.dossiers:
        deja = trouves.dossiers[cle_de(territoire)].name
        trouves.ecartes.append(f"{candidat.name} : {deja} est déjà retenu pour {territoire.nom}.")
    else:
        trouves.dossiers[cle_de(territoire)] = candidat


def raison_d_ecarter(candidat: Path, preuve: Preuve, demande: Demande, connus: dict[str, Territoire]) -> str:
    """Dire pourquoi un portrait n'entre pas dans le site."""
    recue = preuve.demande
    if recue.diffusion != "publique" or _a_de_l_interne(candidat, preuve):
        return "il est de diffusion interne"
    code = str(preuve.recu.get("territoire", {}).get("code", ""))
    if code not in connus:
        return f"son territoire ({code or 'non dit'}) n'est pas de cet observatoire"
    if f"-{code.lower()}-" not in f"{candidat.name.lower()}-":
        return f"son nom ne porte pas le code {code} que dit sa preuve"
    reglages = ("millesime", "millesimes", "qpv", "geographie")
    autres = [nom for nom in reglages if getattr(recue, nom) != getattr(demande, nom)]
    if autres:
        dits = ", ".join(f"{nom} = {getattr(recue, nom) or 'dernier'}" for nom in autres)
        return f"il n'a pas les dates de l'observatoire ({dits})"
    return "" if (candidat / "portrait.html").is_file() else "portrait.html y manque"


def _a_de_l_interne(candidat: Path, preuve: Preuve) -> bool:
    """Ne pas se fier au seul réglage : une ligne interne ou le bandeau d'un document suffit à écarter."""
    notes = preuve.table["note"].fillna("").astype(str)
    if notes.str.split(" ; ").map(lambda mots: INTERNE in mots).any():
        return True
    page = candidat / "portrait.html"
    return page.is_file() and f"{BANDEAU_INTERNE} – ne pas diffuser" in page.read_text(encoding="utf-8")


def joindre(racine: Path, trouves: PortraitsTrouves) -> dict[str, list[Fichier]]:
    """Copier les portraits retenus dans le site."""
    copies: dict[str, list[Fichier]] = {}
    for cle, dossier in trouves.dossiers.items():
        creer_dossier(racine / "portraits" / cle)
        for nom, titre in PIECES.items():
            if (dossier / nom).is_file():
                adresse = f"portraits/{cle}/{nom}"
                shutil.copyfile(dossier / nom, racine / adresse)
                copies.setdefault(cle, []).append(fichier(racine, adresse, titre))
    return copies
