"""Emporter toute la base en une archive, et la reprendre ailleurs après l'avoir vérifiée octet par octet."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from donnees_insee.base import publications
from donnees_insee.base.base import Base
from donnees_insee.base.parts import part_lisible
from donnees_insee.base.recus import DEBUT, Recu, chemin_du_recu, lire_recu
from donnees_insee.chemins import creer_dossier, dossier_provisoire, fichier_provisoire
from donnees_insee.controle import inventaire
from donnees_insee.controle.base_refaite import annee_donnee
from donnees_insee.controle.colis import Suivre, ecrire_colis, ouvrir_colis
from donnees_insee.controle.verification import comparer, verifier
from donnees_insee.depot.depot import Depot, deposer
from donnees_insee.depot.journal import journal, retirer, seul_a_ecrire
from donnees_insee.erreurs import DonneeAbsente, FichierIllisible, ParametreInvalide, liste_de_fautes
from donnees_insee.telechargement.registre import lire_registre, noter


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
    # Un reçu abîmé est dit ici, où l'on peut le réparer.
    orphelines = {p.chemin for p in base.parts_sans_recu()}
    tous = inventaire.lister(base.dossier)
    emportes = {
        a: c
        for a, c in tous.items()
        if inventaire.nature(a)
        and not inventaire.est_en_cours(a)
        and not c.is_symlink()
        and c not in orphelines
    }
    if not any(inventaire.nature(a) == "recu" for a in emportes):
        raise DonneeAbsente(
            f"La base « {base.dossier} » est vide : il n'y a rien à exporter. Déposez d'abord des fichiers avec "
            "`abs sources deposer DOSSIER`."
        )
    internes = _fichiers_internes(base.dossier)
    with fichier_provisoire(fichier) as provisoire:
        entrees = ecrire_colis(provisoire, emportes, suivre)
    laisses = tuple(a for a in tous if a not in emportes and not inventaire.est_en_cours(a))
    return Export(fichier, len(entrees), sum(e.taille for e in entrees), internes, laisses)


# -- importer ----------------------------------------------------------------------------------


def importer(fichier: Path, base: Base, *, fusionner: bool = False, suivre: Suivre | None = None) -> Import:
    """Reprendre une base exportée : tout est vérifié avant que rien ne soit mis en place."""
    with ouvrir_colis(fichier) as colis:
        creer_dossier(base.dossier.parent)
        colis.exiger_la_place(base.dossier.parent)
        with dossier_provisoire(base.dossier.parent / "abs-import", en_place=False) as dossier:
            venue = Base(dossier / "base")
            colis.extraire(venue.dossier, suivre)
            recus = _lire_les_recus(venue.dossier, colis.nom)
            laisses = _oter_le_reste(venue.dossier, recus)
            vide = _est_vide(base.dossier)
            if vide:
                _exiger_les_preuves(venue, colis.nom, suivre)
            internes = _fichiers_internes(venue.dossier)
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
    return not dossier.exists() or (
        dossier.is_dir() and {f.name for f in dossier.iterdir()} <= inventaire.DE_SERVICE
    )


def _oter_le_reste(dossier: Path, recus: Sequence[Recu]) -> tuple[str, ...]:
    """Ôter les téléchargements que l'archive emporte sans les avoir déposés : aucun reçu n'en répond."""
    prouves = {r.sha256 for r in recus}
    adresses = [a for a in inventaire.lister(dossier) if inventaire.nature(a) == "telechargement"]
    versions = lire_registre(dossier)
    for adresse in adresses:
        (dossier / adresse).unlink()
    for url, vues in versions.items():
        for version in vues:
            if version.sha256 in prouves:
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
    with journal(base, [base.dossier / a for a in inventaire.lister(venue.dossier)]):
        for nom in noms:
            shutil.move(venue.dossier / nom, base.dossier / nom)
    base.oublier()


def _lire_les_recus(dossier: Path, nom: str) -> list[Recu]:
    trouve = inventaire.inventorier(dossier)
    if trouve.recus_abimes or not trouve.recus:
        raise FichierIllisible(
            f"« {nom} » contient {len(trouve.recus_abimes)} reçu(s) abîmé(s) et {len(trouve.recus)} reçu(s) "
            "lisible(s). Rien n'a été changé. Réparez la base d'origine en suivant `abs sources verifier`, puis "
            "exportez-la de nouveau."
        )
    return trouve.recus


def _completer(venue: Base, base: Base, recus: list[Recu], *, accord: bool) -> tuple[list[Recu], list[Depot]]:
    """Comparer à ce que la base tient, puis, si c'est demandé, déposer ce qu'elle ne tient pas."""
    tenus = {r.sha256 for r in base.recus()}
    nouveaux = [r for r in recus if r.sha256 not in tenus]
    ecarts = _ecarts_des_communs(venue, base)
    if accord:
        ajoutes, refuses = _fusionner(venue, base, nouveaux)
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


# -- réunir deux bases : ce qui se contredit est refusé -----------------------------------------


def _ecarts_des_communs(venue: Base, base: Base) -> list[Depot]:
    """Comparer les fichiers que deux bases tiennent toutes deux : mêmes années, mêmes chiffres."""
    ici = {r.sha256: r for r in base.recus()}
    trouve = inventaire.inventorier(venue.dossier)
    refus = []
    for recu in venue.recus():
        if recu.sha256 not in ici:
            continue
        raison = _autre_lecture(recu, ici[recu.sha256]) or _autres_chiffres(trouve.parts_de(recu), base)
        if raison:
            refus.append(Depot(recu.nom, "refuse", recu.lots, raison))
    return refus


def _autre_lecture(venu: Recu, tenu: Recu) -> str:
    la, ici = (sorted(f"{lot.source} {lot.millesime or 'sans date'}" for lot in r.lots) for r in (venu, tenu))
    if la == ici:
        return ""
    return (
        f"le même fichier est rangé ici comme {', '.join(ici)} et dans l'archive comme {', '.join(la)}. S'il est "
        f"mal daté ici, retirez-le avec `abs sources retirer {tenu.sha256[:12]}`, puis recommencez."
    )


def _autres_chiffres(parts: dict[str, Path], base: Base) -> str:
    """Comparer les parts d'un fichier commun ; deux écritures différentes des mêmes cellules sont égales."""
    for adresse, venue in parts.items():
        tenue = base.dossier / adresse
        ecarts: tuple[str, ...] = ("elle manque ici",)
        if tenue.is_file() and tenue.read_bytes() == venue.read_bytes():
            continue
        if tenue.is_file():
            with part_lisible(venue):
                ecarts = comparer(pd.read_parquet(tenue), pd.read_parquet(venue)).phrases
        if ecarts:
            ecart = ecarts[0].replace("dans le fichier", "dans l'archive")
            return (
                f"la part « {adresse} » n'est pas la même ici et dans l'archive ({ecart}). Voyez laquelle est abîmée "
                "avec `abs sources verifier --complet`."
            )
    return ""


def _fusionner(venue: Base, base: Base, nouveaux: Sequence[Recu]) -> tuple[list[Recu], list[Depot]]:
    """Déposer les fichiers qu'une base ne tient pas ; interrompue, la fusion retire ce qu'elle a déposé."""
    repris: list[Recu] = []
    refuses: list[Depot] = []
    try:
        for recu in nouveaux:
            repris.append(recu)
            refuses += _deposer(venue, base, recu)
            if not chemin_du_recu(base.dossier, recu.sha256).is_file():
                repris.pop()
    except BaseException:
        for recu in repris:
            if chemin_du_recu(base.dossier, recu.sha256).is_file():
                retirer(base, recu.sha256)
        raise
    return repris, refuses


def _deposer(venue: Base, base: Base, recu: Recu) -> list[Depot]:
    copie = inventaire.copie_saine(recu, sorted((venue.dossier / "brut" / recu.sha256[:16]).glob("*")))
    if copie is None:
        raison = (
            "sa copie manque dans l'archive ou n'est plus celle que le reçu annonce. Déposez ce fichier depuis "
            "son original."
        )
        return [Depot(recu.nom, "refuse", raison=raison)]
    depots = deposer(base, [copie], millesime=annee_donnee(recu))
    chemin = chemin_du_recu(base.dossier, recu.sha256)
    if chemin.is_file():
        # Le fichier garde la date et l'origine de son premier dépôt, non celles de la fusion.
        neuf = lire_recu(chemin)
        base.ranger_recu(replace(neuf, nom=recu.nom, date=recu.date, depose_depuis=recu.depose_depuis))
    return [d for d in depots if d.etat == "refuse" and d.nom not in recu.refuses]


def _fichiers_internes(dossier: Path) -> tuple[str, ...]:
    """Dire quels fichiers déposés portent au moins une ligne de diffusion interne."""
    trouve = inventaire.inventorier(dossier)
    locales = [chemin for adresse, chemin in trouve.parts.items() if adresse.split("/")[3] == "local"]
    internes = {chemin.name[:DEBUT] for chemin in locales if _est_interne(chemin)}
    return tuple(r.nom for r in trouve.recus if r.sha256[:DEBUT] in internes)


def _est_interne(part: Path) -> bool:
    try:
        diffusion = pd.read_parquet(part, columns=["DIFFUSION"])["DIFFUSION"]
    except Exception:  # noqa: BLE001 - un Parquet forgé fait lever n'importe quoi à ses lecteurs
        return True
    return bool((diffusion.fillna("").str.strip().str.lower() != "publique").any())
