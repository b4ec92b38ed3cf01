"""Ouvrir un colis sans croire à rien de ce qu'il annonce : noms, manifeste, tailles et empreintes."""

from __future__ import annotations

import hashlib
import json
import shutil
import stat
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from donnees_insee.controle.archive_de_base import BLOC, FORMAT, MANIFESTE, VERSION, Entree, nom_sur
from donnees_insee.controle.inventaire import SHA256, nature
from donnees_insee.erreurs import FichierIllisible, SortieImpossible, cause_en_clair
from donnees_insee.lecture.archives import verifier_taille

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Suivre = Callable[[str, int, int], None]

MANIFESTE_MAXIMAL: Final = 64 * 1024**2
REFAIRE: Final = (
    "Rien n'a été changé. Refaites l'archive avec `abs sources exporter`, ou copiez-la de nouveau."
)


@dataclass(frozen=True)
class Colis:
    """Un colis ouvert, dont les noms et le manifeste sont déjà vérifiés."""

    archive: zipfile.ZipFile
    nom: str
    date: str
    entrees: tuple[Entree, ...]

    def exiger_la_place(self, dossier: Path) -> None:
        """Vérifier que le disque peut recevoir tout ce que le manifeste annonce."""
        total, libre = sum(e.taille for e in self.entrees), shutil.disk_usage(dossier).free
        if total > libre:
            raise SortieImpossible(
                f"« {self.nom} » contient {total / 1024**2:.0f} Mio et il n'en reste que {libre / 1024**2:.0f} "
                f"sur le disque de « {dossier} ». Rien n'a été changé : faites de la place, puis recommencez."
            )

    def extraire(self, dossier: Path, suivre: Suivre | None = None) -> None:
        """Extraire tout le colis dans un dossier provisoire, chaque fichier étant vérifié à mesure."""
        for rang, entree in enumerate(self.entrees, start=1):
            if suivre is not None:
                suivre(PurePosixPath(entree.adresse).name, rang, len(self.entrees))
            cible = dossier / entree.adresse
            cible.parent.mkdir(parents=True, exist_ok=True)
            with _archive_lisible(self.nom):
                intact = self._copier(entree, cible)
            if not intact:
                raise FichierIllisible(
                    f"« {self.nom} » : « {entree.adresse} » n'est pas le fichier que le manifeste annonce "
                    f"(empreinte ou taille différente). {REFAIRE}"
                )

    def _copier(self, entree: Entree, cible: Path) -> bool:
        somme, lus = hashlib.sha256(), 0
        with self.archive.open(entree.adresse) as source, cible.open("wb") as flux:
            # Jamais un octet de plus que la taille annoncée : une archive ne peut pas gonfler.
            while lus <= entree.taille and (bloc := source.read(min(BLOC, entree.taille - lus + 1))):
                lus += len(bloc)
                somme.update(bloc)
                flux.write(bloc)
        return lus == entree.taille and somme.hexdigest() == entree.sha256


@contextmanager
def ouvrir_colis(chemin: Path) -> Iterator[Colis]:
    """Ouvrir un colis et vérifier ses noms et son manifeste, avant d'en extraire quoi que ce soit."""
    with _archive_lisible(chemin.name):
        archive = zipfile.ZipFile(chemin)
    with archive:
        with _archive_lisible(chemin.name):
            manifeste = _lire_le_manifeste(archive, chemin.name)
        entrees = _entrees(manifeste, chemin.name)
        _verifier_les_membres(archive, entrees, chemin.name)
        verifier_taille(chemin, sum(e.taille for e in entrees), chemin.stat().st_size)
        yield Colis(archive, chemin.name, str(manifeste.get("date", "")), entrees)


@contextmanager
def _archive_lisible(nom: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as cause:
        raise FichierIllisible(f"« {nom} » n'existe pas. Vérifiez le chemin, puis recommencez.") from cause
    except OSError as cause:
        raise SortieImpossible(
            f"« {nom} » n'a pas pu être lu ou extrait ({cause_en_clair(cause)}). Rien n'a été changé : vérifiez "
            "vos droits et la place sur le disque, puis recommencez."
        ) from cause
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, ValueError) as cause:
        raise FichierIllisible(
            f"« {nom} » n'est pas une archive zip entière : elle est tronquée, abîmée ou protégée. {REFAIRE}"
        ) from cause


def _lire_le_manifeste(archive: zipfile.ZipFile, nom: str) -> dict[str, Any]:
    infos = [i for i in archive.infolist() if i.filename == MANIFESTE]
    if len(infos) != 1 or infos[0].file_size > MANIFESTE_MAXIMAL:
        raise FichierIllisible(
            f"« {nom} » n'est pas un export de `abs` : {MANIFESTE} y manque, ou n'est pas celui d'un export. "
            "Pour ranger une archive de données, employez `abs sources deposer`."
        )
    with archive.open(infos[0]) as flux:
        texte = flux.read(MANIFESTE_MAXIMAL + 1)
    try:
        manifeste = json.loads(texte)
    except (ValueError, RecursionError):
        manifeste = None
    if not isinstance(manifeste, dict) or manifeste.get("format") != FORMAT:
        raise FichierIllisible(f"« {nom} » : {MANIFESTE} est abîmé ou n'est pas celui d'un export. {REFAIRE}")
    if manifeste.get("version") != VERSION:
        raise FichierIllisible(
            f"« {nom} » est un export de version {manifeste.get('version')}, et ce logiciel lit la version "
            f"{VERSION}. Mettez `abs` à jour, ou refaites l'archive avec la même version des deux côtés."
        )
    return manifeste


def _entrees(manifeste: dict[str, Any], nom: str) -> tuple[Entree, ...]:
    try:
        entrees = tuple(Entree(**ligne) for ligne in manifeste["fichiers"])
        corrects = all(
            isinstance(e.adresse, str)
            and isinstance(e.sha256, str)
            and SHA256.fullmatch(e.sha256)
            and type(e.taille) is int
            and e.taille >= 0
            for e in entrees
        )
    except (KeyError, TypeError):
        entrees, corrects = (), False
    if not corrects or not entrees:
        raise FichierIllisible(f"« {nom} » : la liste de {MANIFESTE} est abîmée ou vide. {REFAIRE}")
    return entrees


def _verifier_les_membres(archive: zipfile.ZipFile, entrees: tuple[Entree, ...], nom: str) -> None:
    """Refuser tout membre qui n'est pas exactement un fichier annoncé, à sa place dans la base."""
    infos = [i for i in archive.infolist() if i.filename != MANIFESTE]
    tailles = {e.adresse: e.taille for e in entrees}
    fautes = [
        *(f"« {a} » n'a pas sa place dans une base" for a in tailles if not _est_a_sa_place(a)),
        *(f"« {i.filename} » n'est pas annoncé" for i in infos if i.filename not in tailles),
        *(f"« {a} » manque" for a in tailles.keys() - {i.filename for i in infos}),
        *(f"« {i.filename} » n'est pas un fichier ordinaire" for i in infos if not _est_ordinaire(i)),
        *(
            f"« {i.filename} » n'a pas la taille annoncée"
            for i in infos
            if i.file_size != tailles.get(i.filename, i.file_size)
        ),
    ]
    if len({a.casefold() for a in tailles}) < len(entrees) or len({i.filename for i in infos}) < len(infos):
        fautes.append("un même nom y revient deux fois")
    if fautes:
        suite = f" (et {len(fautes) - 1} autre(s) faute(s))" if len(fautes) > 1 else ""
        raise FichierIllisible(f"« {nom} » a été abîmée ou retouchée : {min(fautes)}{suite}. {REFAIRE}")


def _est_a_sa_place(adresse: str) -> bool:
    parties = adresse.split("/")
    return nature(adresse) is not None and nom_sur(adresse) == adresse and not {"", ".", ".."} & set(parties)


def _est_ordinaire(info: zipfile.ZipInfo) -> bool:
    genre = stat.S_IFMT(info.external_attr >> 16)
    return not info.is_dir() and genre in {0, stat.S_IFREG} and not info.flag_bits & 0x1
