"""Emporter toute la base en une archive, et la reprendre ailleurs après l'avoir vérifiée octet par octet."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from donnees_insee.base import publications
from donnees_insee.base.base import Base
from donnees_insee.base.recus import lire_recu
from donnees_insee.chemins import creer_dossier, fichier_provisoire, marque, purger_les_restes
from donnees_insee.controle.archive_de_base import ecrire_colis
from donnees_insee.controle.archive_lue import ouvrir_colis
from donnees_insee.controle.inventaire import DE_SERVICE, est_en_cours, inventorier, lister, nature
from donnees_insee.controle.reunion import ecarts_des_communs, fichiers_internes
from donnees_insee.controle.reunion import fusionner as fusionner_les_bases
from donnees_insee.controle.verification import verifier
from donnees_insee.depot.journal import journal, seul_a_ecrire
from donnees_insee.erreurs import DonneeAbsente, FichierIllisible, ParametreInvalide, liste_de_fautes
from donnees_insee.telechargement.registre import lire_registre, noter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from donnees_insee.base.recus import Recu
    from donnees_insee.depot.depot import Depot

    Suivre = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Export:
    """Le bilan d'un export."""

    fichier: Path
    fichiers: int
    octets: int
    internes: tuple[str, ...]
    laisses: tuple[str, ...]


@dataclass(frozen=True)
class Import:
    """Le bilan d'un import."""

    fichiers: int
    ajoutes: tuple[str, ...]
    refuses: tuple[Depot, ...]
    internes: tuple[str, ...]
    laisses: tuple[str, ...]
    date: str


# -- exporter ----------------------------------------------------------------------------------


def exporter(base: Base, fichier: Path, *, suivre: Suivre | None = None) -> Export:
    """Écrire toute la base dans une seule archive zip, avec l'empreinte de chaque fichier."""
    fichier = fichier.resolve()
    if fichier.suffix.lower() != ".zip":
        raise ParametreInvalide(
            f"« {fichier.name} » n'est pas un nom d'archive. Donnez un nom qui finit par .zip."
        )
    if base.dossier.resolve() in fichier.parents:
        raise ParametreInvalide(
            f"« {fichier} » est dans le dossier des données, que cette archive doit emporter. Écrivez-la ailleurs."
        )
    for recu in (base.dossier / "recus").glob("[0-9a-f]*.json"):
        if '"depose_depuis": ""' not in recu.read_text(encoding="utf-8"):
            base.ranger_recu(lire_recu(recu))  # un chemin de cette machine n'a pas à voyager
    orphelines = {
        p.chemin for p in base.parts_sans_recu()
    }  # un reçu abîmé est dit ici, où l'on peut le réparer
    tous = lister(base.dossier)
    emportes = {
        a: c
        for a, c in tous.items()
        if nature(a) and not est_en_cours(a) and not c.is_symlink() and c not in orphelines
    }
    if not any(nature(a) == "recu" for a in emportes):
        raise DonneeAbsente(
            f"La base « {base.dossier} » est vide : il n'y a rien à exporter. Déposez d'abord des fichiers avec "
            "`abs sources deposer DOSSIER`."
        )
    internes = fichiers_internes(base.dossier)
    with fichier_provisoire(fichier) as provisoire:
        entrees = ecrire_colis(provisoire, emportes, suivre)
    return Export(
        fichier,
        len(entrees),
        sum(e.taille for e in entrees),
        internes,
        tuple(a for a in tous if a not in emportes and not est_en_cours(a)),
    )


# -- importer ----------------------------------------------------------------------------------


def importer(fichier: Path, base: Base, *, fusionner: bool = False, suivre: Suivre | None = None) -> Import:
    """Reprendre une base exportée : tout est vérifié avant que rien ne soit mis en place."""
    with ouvrir_colis(fichier) as colis:
        creer_dossier(base.dossier.parent)
        colis.exiger_la_place(base.dossier.parent)
        prefixe = f".abs-import-{marque()}-"
        purger_les_restes(base.dossier.parent, ".abs-import-")
        with tempfile.TemporaryDirectory(prefix=prefixe, dir=base.dossier.parent) as dossier:
            venue = Base(Path(dossier) / "base")
            colis.extraire(venue.dossier, suivre)
            recus = _lire_les_recus(venue.dossier, colis.nom)
            laisses = _oter_le_reste(venue.dossier, recus)
            vide = _est_vide(base.dossier)
            if vide:
                _exiger_les_preuves(venue, colis.nom, suivre)
            internes = fichiers_internes(venue.dossier)
            refuses: list[Depot] = []
            with seul_a_ecrire(base):
                if vide and _est_vide(base.dossier):
                    _mettre_en_place(venue, base)
                    ajoutes = recus
                else:
                    ajoutes, refuses = _completer(venue, base, recus, accord=fusionner)
                    if fusionner:
                        publications.reunir(venue.dossier, base.dossier)
        return Import(
            len(colis.entrees), tuple(r.nom for r in ajoutes), tuple(refuses), internes, laisses, colis.date
        )


def _est_vide(dossier: Path) -> bool:
    return not dossier.exists() or (dossier.is_dir() and {f.name for f in dossier.iterdir()} <= DE_SERVICE)


def _oter_le_reste(dossier: Path, recus: Sequence[Recu]) -> tuple[str, ...]:
    """Ôter les téléchargements que l'archive emporte sans les avoir déposés : aucun reçu n'en répond."""
    prouves = {r.sha256 for r in recus}
    adresses = [a for a in lister(dossier) if nature(a) == "telechargement"]
    versions = lire_registre(dossier)
    gardees = {
        url: sures for url, vues in versions.items() if (sures := [v for v in vues if v.sha256 in prouves])
    }
    for adresse in adresses:
        (dossier / adresse).unlink()
    for url, vues in gardees.items():
        for version in vues:
            noter(dossier, url, version)
    return tuple(a for a in adresses if "/" in a)


def _exiger_les_preuves(venue: Base, nom: str, suivre: Suivre | None) -> None:
    """Refaire chaque part depuis sa copie : l'archive n'est crue que sur ce que ses fichiers d'origine donnent."""
    fautes = verifier(venue, complet=True, suivre=suivre).fautes
    if fautes:
        raise FichierIllisible(
            liste_de_fautes(
                f"« {nom} » contient ce que ses fichiers d'origine ne prouvent pas. Rien n'a été changé. Réparez la "
                "base d'origine (`abs sources verifier --complet`) et exportez-la de nouveau, ou déposez vous-même les "
                "fichiers de son dossier « brut » :",
                [f.replace(f"{venue.dossier}/", "") for f in fautes],
            )
        )


def _mettre_en_place(venue: Base, base: Base) -> None:
    """Déplacer la base reçue, reçus en dernier : tant qu'ils n'y sont pas, rien n'est lu."""
    noms = sorted((f.name for f in venue.dossier.iterdir()), key=lambda n: n == "recus")
    with journal(base, [base.dossier / a for a in lister(venue.dossier)]):
        for nom in noms:
            shutil.move(venue.dossier / nom, base.dossier / nom)
    base.oublier()


def _lire_les_recus(dossier: Path, nom: str) -> list[Recu]:
    trouve = inventorier(dossier)
    if trouve.recus_abimes or not trouve.recus:
        raise FichierIllisible(
            f"« {nom} » contient {len(trouve.recus_abimes)} reçu(s) abîmé(s) et {len(trouve.recus)} reçu(s) "
            "lisible(s). Rien n'a été changé. Réparez la base d'origine en suivant `abs sources verifier`, puis "
            "exportez-la de nouveau."
        )
    return list(trouve.recus)


def _completer(venue: Base, base: Base, recus: list[Recu], *, accord: bool) -> tuple[list[Recu], list[Depot]]:
    """Comparer à ce que la base tient, puis, si c'est demandé, déposer ce qu'elle ne tient pas."""
    tenus = {r.sha256 for r in base.recus()}
    nouveaux = [r for r in recus if r.sha256 not in tenus]
    ecarts = ecarts_des_communs(venue, base)
    if accord:
        ajoutes, refuses = fusionner_les_bases(venue, base, nouveaux)
        return ajoutes, [*ecarts, *refuses]
    if nouveaux or ecarts:
        raise ParametreInvalide(
            liste_de_fautes(
                f"La base « {base.dossier} » n'est pas vide et ne tient pas la même chose que l'archive. Rien n'a "
                "été changé. Ajoutez --fusionner pour y déposer les fichiers qu'elle n'a pas (ceux qui la "
                "contredisent seront refusés), ou importez dans un dossier neuf que nomme la variable ABS_DONNEES.",
                [
                    *(f"« {r.nom} » n'est pas dans votre base." for r in nouveaux),
                    *(f"« {d.nom} » : {d.raison}" for d in ecarts),
                ],
            )
        )
    return [], []
