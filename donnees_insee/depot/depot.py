"""Déposer des fichiers : les reconnaître, garder l'original et un reçu, écrire la base."""

import hashlib
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from donnees_insee.base import publications
from donnees_insee.base.base import Base
from donnees_insee.base.essai import est_d_essai, marquer
from donnees_insee.base.recus import LotRecu, Recu, chemin_du_recu, lire_recu
from donnees_insee.chemins import dossier_de_passage, fichier_provisoire
from donnees_insee.depot.journal import journal, retirer, seul_a_ecrire
from donnees_insee.depot.rangement import COMPAGNONS, Part, compagnons, defaire, preparer_fichier
from donnees_insee.erreurs import (
    ErreurAbs,
    FichierIllisible,
    ParametreInvalide,
    SortieImpossible,
    affichable,
    cause_en_clair,
)
from donnees_insee.lecture import archives
from donnees_insee.preparation.sources_recues import SOURCE as LOCALE

__all__ = ["Depot", "deposer", "empreinte", "fichiers_a_deposer", "retirer"]

EXTENSIONS_ARCHIVE: Final = {".zip", ".7z"}
ANNEES_PLAUSIBLES: Final = range(1990, 2040)
SUITE_IMPREVUE: Final = "Rien n'a été changé. Signalez-la avec ce fichier, et déposez les autres."
SANS_DONNEES: Final = "dictionnaire ou documentation, sans données"


@dataclass(frozen=True)
class Depot:
    """Le résultat du dépôt d'un fichier."""

    nom: str
    etat: str
    lots: tuple[LotRecu, ...] = ()
    raison: str = ""


def fichiers_a_deposer(chemins: Iterable[Path]) -> list[Path]:
    """Lister les fichiers à examiner, dossiers parcourus, compagnons de shapefile laissés à leur couche."""
    trouves: list[Path] = []
    for chemin in map(Path, chemins):
        try:
            if chemin.is_dir():
                trouves += [f for f in chemin.rglob("*") if f.is_file() and not f.name.startswith(".")]
            elif chemin.is_file():
                trouves.append(chemin)
            else:
                raise FichierIllisible(
                    f"Le chemin « {chemin} » n'existe pas, ou n'est ni un fichier ni un dossier. Vérifiez-le, puis "
                    "relancez la commande."
                )
        except OSError as cause:
            raise FichierIllisible(
                f"Le chemin « {chemin} » ne peut pas être lu ({cause_en_clair(cause)}). Vérifiez-le, puis relancez la "
                "commande."
            ) from cause
    return sorted({f for f in trouves if f.suffix.lower() not in COMPAGNONS})


def deposer(
    base: Base,
    chemins: Iterable[Path],
    *,
    millesime: int | None = None,
    suivre: Callable[[Path], None] | None = None,
    attendre: Callable[[], None] | None = None,
    malgre_les_ecarts: bool = False,
    paru_le: str = "",
    essai: bool = False,
) -> list[Depot]:
    """Déposer des fichiers, des dossiers et des archives.

    Parameters
    ----------
    base : Base
        Base à compléter.
    chemins : iterable of pathlib.Path
        Ce que l'analyste dépose.
    millesime : int or None, default None
        Année des données, pour les fichiers qui ne la portent pas.
    suivre : callable or None, default None
        Appelé à chaque fichier, pour une barre de progression.
    attendre : callable or None, default None
        Appelé une fois si un autre programme écrit dans la base ; le dépôt attend qu'il finisse.
    malgre_les_ecarts : bool, default False
        Ranger, en le gardant au reçu, un fichier qui dit des choses impossibles.
    paru_le : str, default ""
        Date de parution (AAAA-MM-JJ) d'un fichier de Melodi : le plus récent d'une même édition est lu.
    essai : bool, default False
        Marquer au reçu des fichiers d'essai : tout portrait tiré d'eux porte la bannière « données d'essai ».

    Returns
    -------
    list of Depot
        Un résultat par fichier ou par membre d'archive ; un refus n'arrête pas les autres.

    Raises
    ------
    ParametreInvalide
        Si le millésime n'est pas une année plausible.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from donnees_insee.demo import extraire_demo
    >>> with tempfile.TemporaryDirectory() as dossier:
    ...     recu = next(extraire_demo(Path(dossier) / "recus").rglob("quartiers.csv"))
    ...     print([d.etat for d in deposer(Base(Path(dossier) / "base"), [recu])])
    ['range']
    """
    if millesime is not None and millesime not in ANNEES_PLAUSIBLES:
        raise ParametreInvalide(
            f"--millesime {millesime} n'est pas une année plausible : on attend une année sur quatre chiffres, de "
            f"{ANNEES_PLAUSIBLES.start} à {ANNEES_PLAUSIBLES.stop - 1}."
        )
    resultats: list[Depot] = []
    a_deposer = fichiers_a_deposer(chemins)
    with seul_a_ecrire(base, attendre):
        for fichier in a_deposer:
            if suivre is not None:
                suivre(fichier)
            resultats += _deposer_un(
                base,
                fichier,
                millesime,
                malgre_les_ecarts=malgre_les_ecarts,
                paru_le=paru_le,
                essai=essai,
            )
    return [replace(d, nom=affichable(d.nom), raison=affichable(d.raison)) for d in resultats]


def empreinte(chemin: Path) -> str:
    """Calculer le sha256 d'un fichier, compagnons compris pour un shapefile."""
    somme = hashlib.sha256()
    try:
        for fichier in [chemin, *compagnons(chemin)]:
            with fichier.open("rb") as flux:
                while bloc := flux.read(1 << 20):
                    somme.update(bloc)
    except OSError as cause:
        raise FichierIllisible(
            f"« {chemin} » ne peut pas être lu ({cause_en_clair(cause)}). Vérifiez les droits sur ce fichier."
        ) from cause
    return somme.hexdigest()


def _deposer_un(
    base: Base,
    fichier: Path,
    millesime: int | None,
    *,
    malgre_les_ecarts: bool,
    paru_le: str,
    essai: bool,
) -> list[Depot]:
    try:
        if not archives.est_utile(fichier.name):
            return [Depot(fichier.name, "documentation", raison=SANS_DONNEES)]
        sha = empreinte(fichier)
        connu = chemin_du_recu(base.dossier, sha)
        if connu.is_file():
            recu = lire_recu(connu)
            if not recu.refuses:
                return [_deja_la(recu, fichier, millesime, essai=essai)]
        if fichier.suffix.lower() in EXTENSIONS_ARCHIVE:
            return _deposer_archive(
                base,
                fichier,
                sha,
                millesime,
                malgre_les_ecarts=malgre_les_ecarts,
                paru_le=paru_le,
                essai=essai,
            )
        parts = preparer_fichier(
            base,
            fichier,
            fichier.name,
            sha[:14],
            millesime,
            malgre_les_ecarts=malgre_les_ecarts,
            paru_le=paru_le,
        )
    except Exception as cause:  # noqa: BLE001 - un fichier que rien n'avait prévu n'arrête pas les autres
        return [Depot(fichier.name, "refuse", raison=raison_du_refus(fichier.name, cause, SUITE_IMPREVUE))]
    parts = _marquees(parts, essai=essai)
    _ecrire(base, fichier, sha, parts)
    return [Depot(fichier.name, "range", _lots(parts))]


def _marquees(parts: Sequence[Part], *, essai: bool) -> list[Part]:
    return [replace(p, lot=marquer(p.lot)) for p in parts] if essai else list(parts)


def _commencer_le_registre(base: Base, lots: Iterable[LotRecu]) -> None:
    """Ouvrir le registre des publications au premier fichier reçu d'un partenaire : rien n'en a encore été publié."""
    premier = LOCALE in {lot.source for lot in lots} and LOCALE not in {p.source for p in base.parts()}
    if premier and not (base.dossier / publications.NOM).exists():
        publications.commencer(base.dossier)


def raison_du_refus(nom: str, cause: Exception, suite: str) -> str:
    """Dire pourquoi un fichier n'est pas préparé : ce qui le fait refuser, ou une faute que rien n'avait prévue."""
    if isinstance(cause, ErreurAbs):
        return str(cause)
    return f"« {nom} » provoque une faute imprévue du programme ({type(cause).__name__} : {cause}). {suite}"


def _deja_la(recu: Recu, fichier: Path, millesime: int | None, *, essai: bool) -> Depot:
    """Dire qu'un contenu est déjà tenu ; une autre année, ou une marque d'essai, que celle donnée d'abord est refusée."""
    retirer_d_abord = f"retirez-le avec `abs sources retirer {recu.sha256[:12]}`, puis redéposez-le."
    if recu.lots and essai != all(map(est_d_essai, recu.lots)):
        tenu, demande = ("sans --essai", "avec") if essai else ("avec --essai", "sans")
        raison = f"« {fichier.name} » a déjà été déposé {tenu}. Pour le tenir {demande}, {retirer_d_abord}"
        return Depot(fichier.name, "refuse", recu.lots, raison)
    dates = {lot.millesime for lot in recu.lots if lot.d_ou == "option --millesime"}
    if millesime is not None and dates and dates != {millesime}:
        raison = (
            f"« {fichier.name} » a déjà été déposé avec --millesime {', '.join(map(str, dates))}. Si cette année était "
            f"fausse, {retirer_d_abord}"
        )
        return Depot(fichier.name, "refuse", recu.lots, raison)
    sous = "" if recu.nom == fichier.name else f" sous le nom « {recu.nom} »"
    return Depot(fichier.name, "deja_la", recu.lots, f"même contenu déjà déposé{sous}")


@contextmanager
def membres(fichier: Path, nom: str, sha: str) -> Iterator[list[tuple[Path, str, str]]]:
    """Donner ce qu'un fichier, archive ou non, fait lire : chaque fichier, son nom et le début du nom de ses parts."""
    if fichier.suffix.lower() not in EXTENSIONS_ARCHIVE:
        yield [(fichier, nom, sha[:14])]
        return
    with dossier_de_passage("archive") as dossier:
        extraits = enumerate(fichiers_a_deposer(archives.extraire(fichier, dossier)))
        yield [(m, f"{nom} → {m.relative_to(dossier)}", f"{sha[:12]}{rang:02d}") for rang, m in extraits]


def _deposer_archive(
    base: Base,
    archive: Path,
    sha: str,
    millesime: int | None,
    *,
    malgre_les_ecarts: bool,
    paru_le: str,
    essai: bool,
) -> list[Depot]:
    """Préparer tous les membres d'une archive, puis écrire ensemble ceux qui conviennent."""
    resultats: list[Depot] = []
    ranges: list[Part] = []
    with membres(archive, archive.name, sha) as lus:
        for membre, nom, prefixe in lus:
            if membre.suffix.lower() in EXTENSIONS_ARCHIVE:
                raison = "archive dans une archive : extrayez-la, puis déposez-la seule."
                resultats.append(Depot(nom, "refuse", raison=raison))
                continue
            try:
                parts = preparer_fichier(
                    base,
                    membre,
                    nom,
                    prefixe,
                    millesime,
                    ranges,
                    malgre_les_ecarts=malgre_les_ecarts,
                    paru_le=paru_le,
                )
            except Exception as cause:  # noqa: BLE001 - un membre imprévu n'arrête pas les autres
                raison = raison_du_refus(nom, cause, SUITE_IMPREVUE)
                resultats.append(Depot(nom, "refuse", raison=raison))
                continue
            parts = _marquees(parts, essai=essai)
            ranges += parts
            resultats.append(Depot(nom, "range", _lots(parts)))
    if not resultats:
        return [Depot(archive.name, "refuse", raison="l'archive ne contient aucun fichier de données.")]
    if ranges:
        refuses = tuple(r.nom for r in resultats if r.etat == "refuse")
        _ecrire(base, archive, sha, ranges, refuses)
    return resultats


def _lots(parts: Iterable[Part]) -> tuple[LotRecu, ...]:
    return tuple(p.lot for p in parts)


def _ecrire(
    base: Base, fichier: Path, sha: str, parts: Sequence[Part], refuses: tuple[str, ...] = ()
) -> None:
    """Copier l'original, écrire les parts, puis le reçu ; un échec en route n'en laisse rien."""
    instant = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    recu = Recu(sha, fichier.name, "", fichier.stat().st_size, instant, _lots(parts), refuses)
    connu = chemin_du_recu(base.dossier, sha)
    if connu.is_file() and (ancien := lire_recu(connu)).lots == recu.lots and ancien.refuses == refuses:
        return
    copies = {f: base.dossier / "brut" / sha[:16] / f.name for f in [fichier, *compagnons(fichier)]}
    nouveaux = [f for f in (*copies.values(), *(p.chemin for p in parts)) if not f.exists()]
    with journal(base, nouveaux):
        try:
            for original, copie in copies.items():
                with fichier_provisoire(copie) as provisoire:
                    shutil.copyfile(original, provisoire)
            for part in parts:
                base.ranger(part.contenu, part.chemin)
            _commencer_le_registre(base, recu.lots)
            base.ranger_recu(recu)
        except BaseException as cause:
            defaire(nouveaux, base.dossier)
            base.oublier()
            if isinstance(cause, OSError):
                raise SortieImpossible(
                    f"« {fichier.name} » n'a pas pu être rangé dans « {base.dossier} » ({cause_en_clair(cause)}). "
                    "Rien n'en a été gardé : vérifiez la place sur le disque et vos droits, puis recommencez."
                ) from cause
            raise
