"""Examiner des fichiers comme s'ils étaient déposés : pour quoi ils sont pris, ce qu'ils changeraient."""

from __future__ import annotations

import tempfile
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from donnees_insee.base.base import Base
from donnees_insee.base.recus import LotRecu, chemin_du_recu, lire_recu
from donnees_insee.catalogue.catalogue import source
from donnees_insee.chemins import dossier_de_passage
from donnees_insee.depot.avant_depot import Examen, examiner_table
from donnees_insee.depot.depot import EXTENSIONS_ARCHIVE, empreinte, fichiers_a_deposer
from donnees_insee.depot.rangement import Ecriture, preparer_fichier
from donnees_insee.erreurs import ErreurAbs
from donnees_insee.lecture import archives
from donnees_insee.preparation.preparation import TablePreparee

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


@dataclass(frozen=True)
class FichierExamine:
    """Le résultat de l'examen d'un fichier ou d'un membre d'archive."""

    nom: str
    etat: str
    raison: str = ""
    lots: tuple[LotRecu, ...] = ()
    examens: tuple[Examen, ...] = ()


def examiner(
    base: Base,
    chemins: Iterable[Path],
    *,
    millesime: int | None = None,
    suivre: Callable[[Path], None] | None = None,
) -> list[FichierExamine]:
    """Examiner des fichiers, des dossiers et des archives sans rien écrire dans la base."""
    resultats: list[FichierExamine] = []
    for fichier in fichiers_a_deposer(chemins):
        if suivre is not None:
            suivre(fichier)
        resultats += _examiner_un(base, fichier, millesime)
    return resultats


def _examiner_un(base: Base, fichier: Path, millesime: int | None) -> list[FichierExamine]:
    try:
        if not archives.est_utile(fichier.name):
            raison = "dictionnaire ou documentation, sans données"
            return [FichierExamine(fichier.name, "documentation", raison)]
        connu = chemin_du_recu(base.dossier, empreinte(fichier))
        if connu.is_file() and not (recu := lire_recu(connu)).refuses:
            return [FichierExamine(fichier.name, "deja_la", "même contenu déjà déposé", recu.lots)]
        if fichier.suffix.lower() not in EXTENSIONS_ARCHIVE:
            return [examiner_membre(base, fichier, fichier.name, millesime, [])]
        with dossier_de_passage("examen") as provisoire:
            membres = fichiers_a_deposer(archives.extraire(fichier, Path(provisoire)))
            return examiner_membres(base, fichier.name, membres, Path(provisoire), millesime)
    except ErreurAbs as refus:
        return [FichierExamine(fichier.name, "refuse", str(refus))]


def examiner_membres(
    base: Base, archive: str, membres: Iterable[Path], racine: Path, millesime: int | None
) -> list[FichierExamine]:
    """Examiner les membres extraits d'une archive."""
    ecritures: list[Ecriture] = []
    return [
        examiner_membre(base, m, f"{archive} → {m.relative_to(racine)}", millesime, ecritures)
        for m in membres
    ]


def examiner_membre(
    base: Base, fichier: Path, nom: str, millesime: int | None, ecritures: list[Ecriture]
) -> FichierExamine:
    """Préparer un fichier hors de la base, puis comparer chacune de ses tables à ce qui est tenu."""
    # Préparé contre une base vide : une contradiction avec la base est un constat du rapport, pas un refus.
    vide = Base(Path(tempfile.gettempdir()) / f"abs-{uuid.uuid4().hex}")
    try:
        lots, ecriture = preparer_fichier(
            vide, fichier, nom, "examen", millesime, ecritures, malgre_les_ecarts=True
        )
        ecritures.append(ecriture)
        examens = tuple(
            examiner_table(
                base, source(p.source), TablePreparee(p.donnees, p.niveau, p.millesime, ()), fichier.name
            )
            for p in ecriture.parts
        )
    except ErreurAbs as refus:
        return FichierExamine(nom, "refuse", str(refus))
    except Exception as imprevue:  # noqa: BLE001 - un fichier que rien n'avait prévu n'arrête pas les autres
        raison = (
            f"« {nom} » provoque une faute imprévue du programme ({type(imprevue).__name__} : {imprevue}). "
            "Signalez-la avec ce fichier."
        )
        return FichierExamine(nom, "refuse", raison)
    return FichierExamine(nom, "reconnu", "", tuple(lots), examens)
