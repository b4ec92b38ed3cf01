"""Choisir au catalogue ce qui sera téléchargé, vérifier ce qui est reçu, et dire ce qu'il en est."""

import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from donnees_insee.base.base import Base
from donnees_insee.base.recus import LotRecu
from donnees_insee.catalogue.catalogue import Source
from donnees_insee.catalogue.tables import Millesime
from donnees_insee.depot.avant_depot import Examen
from donnees_insee.depot.depot import EXTENSIONS_ARCHIVE, membres
from donnees_insee.depot.examen import FichierExamine, examiner_membres
from donnees_insee.erreurs import FichierIllisible, ParametreInvalide
from donnees_insee.lecture.brut import nature
from donnees_insee.telechargement.registre import Version
from donnees_insee.telechargement.reseau import TelechargementImpossible

NATURES_PAR_EXTENSION: Final = {
    **{extension: {"texte"} for extension in (".csv", ".tsv", ".txt", ".geojson", ".json", ".topojson")},
    **{extension: {"zip"} for extension in (".zip", ".xlsx", ".ods")},
    **{f".{format_}": {format_} for format_ in ("7z", "gpkg", "parquet")},
    ".xls": {"xls", "zip"},
}
EN_MOTS: Final = {"html": "une page web", "texte": "du texte", "vide": "un fichier vide", "pdf": "un PDF"}


@dataclass(frozen=True)
class Demande:
    """Un fichier voulu : une source, et la ligne du catalogue qui dit où il est."""

    source: Source
    millesime: Millesime
    jeu: str = ""
    publie: str = ""
    octets: int | None = None

    @property
    def intitule(self) -> str:
        """Nommer la demande."""
        if self.jeu:
            return f"{self.jeu} ({self.millesime.annee})"
        contenu = f" ({self.millesime.contenu})" if self.millesime.contenu else ""
        return f"{self.source.id} {self.millesime.annee}{contenu}"

    @property
    def annee_attendue(self) -> int | None:
        """Dire sous quel millésime la base range ce fichier."""
        return None if self.source.sans_millesime else self.millesime.annee

    @property
    def attendu(self) -> str:
        """Dire ce que le fichier doit être."""
        if self.jeu:
            return f"on attendait le jeu {self.jeu} de Melodi"
        return f"on attendait « {self.source.titre} » {self.millesime.annee}"

    def servie_par(self, lots: Iterable[LotRecu]) -> bool:
        """Dire si des tables rangées sont ce qui était demandé ; un jeu de Melodi en donne de plusieurs sources et dates."""
        if self.jeu:
            return any(lot.source != self.source.id for lot in lots)
        return any(lot.ou[:2] == (self.source.id, self.annee_attendue) for lot in lots)


def annee_commune(demandes: Iterable[Demande]) -> int | None:
    """Donner l'année de demandes d'une même adresse, si elles n'en ont qu'une et que le fichier ne la porte pas."""
    annees = {None if d.jeu else d.millesime.annee for d in demandes}
    return annees.pop() if len(annees) == 1 else None


@dataclass(frozen=True)
class Choix:
    """Ce qui a été demandé, traduit en lignes du catalogue."""

    a_telecharger: tuple[Demande, ...]
    a_la_main: tuple[Demande, ...]
    remarques: tuple[str, ...]


def choisir(
    noms: Iterable[str], catalogue: Mapping[str, Source], *, millesime: int | None = None, tout: bool = False
) -> Choix:
    """Traduire des noms de sources ou de familles en lignes du catalogue."""
    choisies = _sources_nommees(list(noms), catalogue, tout=tout)
    demandes: list[Demande] = []
    remarques: list[str] = []
    for source in choisies:
        annees = sorted({m.annee for m in source.millesimes})
        voulues = annees if tout and millesime is None else [millesime or max(annees, default=0)]
        for annee in voulues:
            lignes = [Demande(source, m) for m in source.millesimes if m.annee == annee]
            demandes += lignes
            if not lignes:
                remarques.append(_absence(source, annee, annees))
    avec_adresse = tuple(d for d in demandes if d.millesime.url)
    sans_adresse = tuple(d for d in demandes if not d.millesime.url)
    return Choix(avec_adresse, sans_adresse, tuple(remarques))


def _sources_nommees(noms: list[str], catalogue: Mapping[str, Source], *, tout: bool) -> list[Source]:
    connues = [s for s in catalogue.values() if not s.a_venir]
    if not noms:
        return connues if tout else []
    familles = {s.famille for s in connues}
    inconnus = [n for n in noms if n not in familles and n not in {s.id for s in connues}]
    if inconnus:
        raise ParametreInvalide(
            f"{', '.join(f'« {n} »' for n in inconnus)} : ni source ni famille du catalogue. Familles : "
            f"{', '.join(sorted(familles))}. Sources : {', '.join(s.id for s in connues)}."
        )
    return [s for s in connues if s.id in noms or s.famille in noms]


def _absence(source: Source, annee: int, annees: list[int]) -> str:
    """Dire pourquoi une source n'a rien pour une année."""
    if not annees:
        return (
            f"{source.id} : le catalogue n'a pas d'adresse. Prenez à la main {source.rappel_demande}, puis "
            "déposez-le avec `abs sources deposer`."
        )
    if raison := source.absences.get(annee):
        return f"{source.id} {annee} : {raison}."
    return f"{source.id} {annee} : pas au catalogue. Années connues : {', '.join(map(str, annees))}."


def a_prendre_a_la_main(demande: Demande) -> str:
    """Dire quelle page visiter et quel fichier déposer."""
    millesime = demande.millesime
    quoi = f"« {millesime.membre} »" if millesime.membre else demande.source.rappel_demande
    ou = f"sur la page {millesime.page}" if millesime.page else "sur le site du producteur"
    return (
        f"{demande.intitule} : à prendre à la main. Téléchargez {quoi} {ou}, puis déposez le fichier avec "
        "`abs sources deposer FICHIER`." + (f" Note : {millesime.note}." if millesime.note else "")
    )


# -- ce qu'est devenu un téléchargement ---------------------------------------------------------


def intitules(demandes: Sequence[Demande]) -> str:
    """Nommer ce qu'une adresse devait donner."""
    return " et ".join(d.intitule for d in demandes)


def depose(demandes: Sequence[Demande], nom: str, examens: Sequence[Examen]) -> str:
    """Dire qu'un fichier est reçu et déposé."""
    tables = ", ".join(f"{x.niveau} : {x.lignes} lignes" for x in examens)
    return f"{intitules(demandes)} : « {nom} » reçu, vérifié et déposé ({tables})."


def inchange(demandes: Sequence[Demande], version: Version) -> str:
    """Dire qu'un fichier est celui que la base tient."""
    return f"{intitules(demandes)} : déjà là, inchangé (« {version.nom} », empreinte {version.sha256[:12]})."


def remplacement(demandes: Sequence[Demande], anciennes: Sequence[Version], sha: str) -> str:
    """Dire que le producteur a remplacé son fichier."""
    if not anciennes:
        return ""
    ancienne = anciennes[-1]
    if publie := demandes[0].publie:
        return (
            f"{intitules(demandes)} : révision publiée le {publie[:10]} ; le fichier tenu l'était le "
            f"{(ancienne.publie or ancienne.date)[:10]}. "
        )
    return (
        f"{intitules(demandes)} : le producteur a remplacé son fichier (empreinte {ancienne.sha256[:12]} vue le "
        f"{ancienne.date[:10]}, {sha[:12]} aujourd'hui). "
    )


def consigne(base: Base, examens: Sequence[Examen], cote: Path) -> str:
    """Nommer les fichiers déposés qu'une version contredit, et les gestes qui la feraient préférer."""
    touches = {(x.source, x.millesime, x.niveau) for x in examens if x.contradiction}
    anciens = [recu for recu in base.recus() if any(lot.ou in touches for lot in recu.lots)]
    retraits = " puis ".join(f"`abs sources retirer {r.sha256[:12]}` (« {r.nom} »)" for r in anciens)
    return (
        "Des chiffres déjà tenus y sont différents : la base n'a pas été changée et la version reçue est gardée "
        f"dans « {cote} ». Si vous préférez la nouvelle, lancez {retraits}, puis `abs sources deposer {cote}`."
    )


def ajout(examens: Sequence[Examen]) -> str:
    """Dire qu'une nouvelle version complète l'ancienne, et ce qui ne vient plus que de l'ancienne."""
    phrase = "Rien n'y contredit ce qui était tenu : la nouvelle version est déposée à côté de l'ancienne."
    if any(x.meme_millesime and (x.codes_perdus or x.colonnes_perdues) for x in examens):
        phrase += " Ce qu'elle ne porte plus reste lu dans l'ancienne."
    return phrase


def avec_la_page(phrase: str, page: str) -> str:
    """Ajouter à un refus la page à visiter, si elle n'y est pas."""
    return phrase if not page or page in phrase else f"{phrase} Page à visiter : {page}"


# -- vérifier ce qui est reçu avant de le garder -------------------------------------------------


def nom_complet(nom: str, recu: Path, demande: Demande) -> str:
    """Donner au fichier reçu un nom qui porte l'extension de sa nature, si son adresse n'en donne pas."""
    if PurePosixPath(nom).suffix.lower() in NATURES_PAR_EXTENSION:
        return nom
    contenu = nature(recu)
    membre = PurePosixPath(demande.millesime.membre).name
    if contenu == "texte":
        return nom + (PurePosixPath(membre).suffix or ".csv") if nom else membre or f"{demande.source.id}.csv"
    return (nom or demande.source.id) + (f".{contenu}" if f".{contenu}" in NATURES_PAR_EXTENSION else "")


def verifier_nature(fichier: Path, url: str, page: str) -> None:
    """Refuser une page web, un fichier vide, ou un contenu qui n'est pas celui de l'extension."""
    contenu = nature(fichier)
    attendus = NATURES_PAR_EXTENSION.get(fichier.suffix.lower())
    if contenu == "html":
        raise TelechargementImpossible(
            f"« {url} » : le site a répondu par une page web et non par le fichier. La page a sans doute été "
            f"déplacée, ou le site est en panne ; rien n'a été gardé.{_visiter(page)}"
        )
    if contenu == "vide" or (attendus is not None and contenu not in attendus):
        attendu = f"un fichier {fichier.suffix.lower().lstrip('.')}" if attendus else "un fichier de données"
        raise TelechargementImpossible(
            f"« {url} » : on attendait {attendu} et le site a envoyé {EN_MOTS.get(contenu, contenu)}. Rien n'a "
            f"été gardé.{_visiter(page)}"
        )


def verifier_et_examiner(
    base: Base, fichier: Path, demandes: Sequence[Demande]
) -> tuple[FichierExamine, ...]:
    """Ouvrir un fichier reçu, vérifier qu'il est bien ce qui était demandé, et le comparer à la base."""
    url, page = demandes[0].millesime.url, demandes[0].millesime.page
    archive = fichier.suffix.lower() in EXTENSIONS_ARCHIVE
    try:
        with membres(fichier, fichier.name, "examen") as lus:
            if archive:
                _verifier_l_archive(fichier)
                _exiger_les_membres([m.name for m, _, _ in lus], demandes, page)
            examines = examiner_membres(base, lus, annee_commune(demandes))
    except FichierIllisible as cause:
        raise TelechargementImpossible(f"« {url} » : {cause} Rien n'a été gardé.") from cause
    fautes = [f for d in demandes if (f := _ce_qui_manque(d, examines, archive=archive))]
    if fautes:
        raise TelechargementImpossible(f"« {url} » : {' '.join(fautes)} Rien n'a été gardé.{_visiter(page)}")
    return tuple(examines)


def _verifier_l_archive(fichier: Path) -> None:
    """Relire tous les membres, dictionnaires compris : un octet faux quelque part condamne l'archive."""
    if fichier.suffix.lower() != ".zip":
        return  # le format 7z vérifie ses sommes en extrayant, et tout y est extrait
    try:
        with zipfile.ZipFile(fichier) as ouverte:
            abime = ouverte.testzip()
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as cause:
        raise FichierIllisible(f"« {fichier.name} » est une archive abîmée ({cause}).") from cause
    if abime is not None:
        raise FichierIllisible(f"« {fichier.name} » est abîmée : le membre « {abime} » n'a pas sa somme.")


def _exiger_les_membres(noms: Sequence[str], demandes: Sequence[Demande], page: str) -> None:
    presents = {PurePosixPath(n).stem.lower() for n in noms}
    absents = [
        d.millesime.membre
        for d in demandes
        if d.millesime.membre and PurePosixPath(d.millesime.membre).stem.lower() not in presents
    ]
    if absents:
        raise TelechargementImpossible(
            f"« {demandes[0].millesime.url} » : l'archive devait contenir {', '.join(f'« {a} »' for a in absents)} "
            f"et contient {', '.join(f'« {n} »' for n in noms[:5]) or 'aucun fichier de données'}. Rien n'a été "
            f"gardé.{_visiter(page)}"
        )


def _ce_qui_manque(demande: Demande, examines: Sequence[FichierExamine], *, archive: bool) -> str:
    """Dire pour quoi le fichier est pris, s'il ne l'est pas pour la source et l'année demandées."""
    voulu = PurePosixPath(demande.millesime.membre).stem.lower() if archive else ""
    concernes = [e for e in examines if not voulu or _racine(e) == voulu]
    lots = [lot for e in concernes for lot in e.lots]
    if demande.servie_par(lots):
        return ""
    attendu = demande.attendu
    if lots:
        pris = dict.fromkeys(
            f"{lot.source} {'sans date' if lot.millesime is None else lot.millesime}" for lot in lots
        )
        return f"le fichier est pris pour {' et '.join(pris)} ; {attendu}. L'adresse du catalogue mène à un autre fichier."
    raisons = " ".join(e.raison for e in concernes if e.raison)
    return f"{attendu}, et le fichier n'est pas accepté. {raisons}"


def _racine(examine: FichierExamine) -> str:
    """Donner le nom d'un membre d'archive, sans dossier ni extension."""
    return PurePosixPath(examine.nom.rpartition(" → ")[2].replace("\\", "/")).stem.lower()


def _visiter(page: str) -> str:
    return f" Cherchez le fichier sur {page}, puis déposez-le avec `abs sources deposer`." if page else ""
