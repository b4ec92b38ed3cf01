"""Examiner des fichiers comme s'ils étaient déposés : pour quoi ils sont pris, ce qu'ils changeraient."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from donnees_insee.base.base import Base
from donnees_insee.base.recus import chemin_du_recu, lire_recu
from donnees_insee.catalogue.catalogue import source
from donnees_insee.depot.avant_depot import Examen, examiner_table
from donnees_insee.depot.depot import (
    SANS_DONNEES,
    Depot,
    empreinte,
    fichiers_a_deposer,
    membres,
    raison_du_refus,
)
from donnees_insee.depot.rangement import Part, base_vide, preparer_fichier
from donnees_insee.erreurs import ErreurAbs
from donnees_insee.lecture import archives
from donnees_insee.preparation.preparation import TablePreparee


@dataclass(frozen=True)
class FichierExamine(Depot):
    """Le résultat de l'examen d'un fichier ou d'un membre d'archive."""

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
            return [FichierExamine(fichier.name, "documentation", raison=SANS_DONNEES)]
        connu = chemin_du_recu(base.dossier, empreinte(fichier))
        if connu.is_file() and not (recu := lire_recu(connu)).refuses:
            return [FichierExamine(fichier.name, "deja_la", recu.lots, "même contenu déjà déposé")]
        with membres(fichier, fichier.name, "examen") as lus:
            return examiner_membres(base, lus, millesime)
    except ErreurAbs as refus:
        return [FichierExamine(fichier.name, "refuse", raison=str(refus))]


def examiner_membres(
    base: Base, lus: Iterable[tuple[Path, str, str]], millesime: int | None
) -> list[FichierExamine]:
    """Préparer des fichiers hors de la base, puis comparer chacune de leurs tables à ce qui est tenu."""
    # Préparés contre une base vide : une contradiction avec la base est un constat du rapport, pas un refus.
    vide = base_vide()
    vues: list[Part] = []
    examines = []
    for fichier, nom, prefixe in lus:
        try:
            parts = preparer_fichier(vide, fichier, nom, prefixe, millesime, vues, malgre_les_ecarts=True)
            vues += parts
            examens = tuple(_examiner_part(base, part, fichier.name) for part in parts)
            examines.append(FichierExamine(nom, "reconnu", tuple(p.lot for p in parts), "", examens))
        except Exception as cause:  # noqa: BLE001 - un fichier que rien n'avait prévu n'arrête pas les autres
            raison = raison_du_refus(nom, cause, "Signalez-la avec ce fichier.")
            examines.append(FichierExamine(nom, "refuse", raison=raison))
    return examines


def _examiner_part(base: Base, part: Part, nom: str) -> Examen:
    prepare = TablePreparee(part.donnees, part.lot.niveau, part.lot.millesime, ())
    return examiner_table(base, source(part.lot.source), prepare, nom)
