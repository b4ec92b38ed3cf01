"""Le colis : une archive zip de toute la base et son manifeste, écrite sous des noms sûrs, lue sans la croire."""

import hashlib
import json
import re
import shutil
import stat
import sys
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final

from donnees_insee.controle.inventaire import SHA256, nature
from donnees_insee.erreurs import FichierIllisible, SortieImpossible, cause_en_clair
from donnees_insee.lecture.archives import verifier_taille

Suivre = Callable[[str, int, int], None]

MANIFESTE: Final = "MANIFESTE.json"
FORMAT: Final = "abs-base"
VERSION: Final = 1
BLOC: Final = 1 << 20
MANIFESTE_MAXIMAL: Final = 64 * 1024**2
REFAIRE: Final = (
    "Rien n'a été changé. Refaites l'archive avec `abs sources exporter`, ou copiez-la de nouveau."
)
# Déjà comprimés : les comprimer encore ne ferait que perdre du temps.
DEJA_COMPRIMES: Final = frozenset({".parquet", ".zip", ".7z", ".gz", ".xlsx", ".xlsm", ".ods"})
# Windows refuse ces signes, ces fins de noms et ces noms.
INTERDITS: Final = re.compile(r'[<>:"\\|?*\x00-\x1f\x7f\ud800-\udfff]')
RESERVES: Final = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)


@dataclass(frozen=True)
class Entree:
    """Un fichier du colis, tel que le manifeste l'annonce."""

    adresse: str
    sha256: str
    taille: int


def nom_sur(adresse: str) -> str:
    """Donner un nom de fichier que tout système accepte."""
    surs = []
    for partie in unicodedata.normalize("NFC", adresse).split("/"):
        propre = INTERDITS.sub("_", partie)
        garde = propre.rstrip(". ")
        propre = garde + "_" * (len(propre) - len(garde))
        surs.append(f"_{propre}" if RESERVES.fullmatch(propre) else propre)
    return "/".join(surs)


def ecrire_colis(
    chemin: Path, fichiers: Mapping[str, Path], suivre: Suivre | None = None
) -> tuple[Entree, ...]:
    """Écrire un colis, fichiers dans l'ordre des adresses, manifeste en dernier."""
    entrees: list[Entree] = []
    with zipfile.ZipFile(chemin, "w", allowZip64=True) as archive:
        for rang, (adresse, fichier) in enumerate(_sans_homonymes(fichiers), start=1):
            if suivre is not None:
                suivre(fichier.name, rang, len(fichiers))
            entrees.append(_ajouter(archive, adresse, fichier))
        manifeste = {
            "format": FORMAT,
            "version": VERSION,
            "date": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "fichiers": [asdict(e) for e in entrees],
        }
        texte = json.dumps(manifeste, ensure_ascii=False, indent=1)
        archive.writestr(_membre(MANIFESTE), texte.encode())
    return tuple(entrees)


def _sans_homonymes(fichiers: Mapping[str, Path]) -> Iterator[tuple[str, Path]]:
    """Donner à chaque fichier un nom sûr, distinct même pour un disque qui ignore la casse."""
    pris: set[str] = set()
    for adresse in sorted(fichiers):
        sure, rang = nom_sur(adresse), 1
        while sure.casefold() in pris:
            rang += 1
            modele = PurePosixPath(nom_sur(adresse))
            sure = str(modele.with_name(f"{modele.stem} ({rang}){modele.suffix}"))
        pris.add(sure.casefold())
        yield sure, fichiers[adresse]


def _membre(adresse: str) -> zipfile.ZipInfo:
    # Une date fixe : deux exports d'une même base ne diffèrent que par leur manifeste.
    info = zipfile.ZipInfo(adresse, (1980, 1, 1, 0, 0, 0))
    comprime = PurePosixPath(adresse).suffix.lower() in DEJA_COMPRIMES
    info.compress_type = zipfile.ZIP_STORED if comprime else zipfile.ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    return info


def _ajouter(archive: zipfile.ZipFile, adresse: str, fichier: Path) -> Entree:
    """Ajouter un fichier en le lisant une seule fois : l'empreinte est celle de ce qui est écrit."""
    info = _membre(adresse)
    info.file_size = fichier.stat().st_size
    with fichier.open("rb") as source, archive.open(info, "w", force_zip64=info.file_size > 1 << 30) as cible:
        return Entree(adresse, *_copier(source, cible))


def _copier(source: IO[bytes], cible: IO[bytes], au_plus: int = sys.maxsize) -> tuple[str, int]:
    """Copier un flux et donner l'empreinte et la taille copiées ; au-delà d'une taille, un octet suffit à la dépasser."""
    somme, taille = hashlib.sha256(), 0
    while taille <= au_plus and (bloc := source.read(min(BLOC, au_plus - taille + 1))):
        somme.update(bloc)
        taille += len(bloc)
        cible.write(bloc)
    return somme.hexdigest(), taille


# -- ouvrir ------------------------------------------------------------------------------------


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
            with (
                _archive_lisible(self.nom),
                self.archive.open(entree.adresse) as source,
                cible.open("wb") as flux,
            ):
                # Jamais un octet de plus que la taille annoncée : une archive ne peut pas gonfler.
                lus = _copier(source, flux, entree.taille)
            if lus != (entree.sha256, entree.taille):
                raise FichierIllisible(
                    f"« {self.nom} » : « {entree.adresse} » n'est pas le fichier que le manifeste annonce "
                    f"(empreinte ou taille différente). {REFAIRE}"
                )


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
