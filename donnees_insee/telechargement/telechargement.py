"""Télécharger des sources du catalogue : recevoir en parallèle, vérifier, comparer, puis déposer."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from donnees_insee.base.base import Base
from donnees_insee.base.recus import chemin_du_recu, lire_recu
from donnees_insee.chemins import creer_dossier, dossier_a_oter
from donnees_insee.depot.avant_depot import Examen
from donnees_insee.depot.depot import deposer, empreinte, retirer
from donnees_insee.depot.examen import FichierExamine
from donnees_insee.erreurs import ErreurAbs, SortieImpossible, cause_en_clair
from donnees_insee.telechargement import choix as phrases
from donnees_insee.telechargement.choix import Demande
from donnees_insee.telechargement.contenu_recu import nom_complet, verifier_et_examiner, verifier_nature
from donnees_insee.telechargement.reception import Avancement, Reception, Reglages, recevoir
from donnees_insee.telechargement.registre import (
    Version,
    dossier_de_travail,
    lire_registre,
    noter,
    oublier_partiel,
    verrou,
)
from donnees_insee.telechargement.reseau import TelechargementImpossible, exiger_le_reseau


@dataclass(frozen=True)
class Resultat:
    """Ce qu'est devenue une adresse demandée."""

    demandes: tuple[Demande, ...]
    etat: str
    phrase: str
    examens: tuple[Examen, ...] = ()
    fichier: Path | None = None


def telecharger(
    base: Base,
    demandes: Sequence[Demande],
    reglages: Reglages,
    *,
    suivre: Callable[[Avancement], None] | None = None,
    annoncer: Callable[[Resultat], None] | None = None,
) -> list[Resultat]:
    """Télécharger des fichiers et déposer ceux qui conviennent."""
    exiger_le_reseau()
    groupes: dict[str, list[Demande]] = {}
    for demande in demandes:
        groupes.setdefault(demande.millesime.url, []).append(demande)
    if not groupes:
        return []
    finis: dict[str, Resultat] = {}
    with verrou(base.dossier), ThreadPoolExecutor(max_workers=reglages.paralleles) as fils:
        registre = lire_registre(base.dossier)
        connues = {
            url: _version_tenue(base, registre.get(url, ()), tuple(groupe)) for url, groupe in groupes.items()
        }
        en_cours = {
            fils.submit(recevoir, url, _partiel(base, url), reglages, connue=connues[url], suivre=suivre): url
            for url in groupes
        }
        try:
            for fini in as_completed(en_cours):
                url = en_cours[fini]
                groupe = tuple(groupes[url])
                try:
                    finis[url] = _accepter(base, groupe, fini.result(), registre.get(url, ()))
                except ErreurAbs as refus:
                    finis[url] = Resultat(groupe, "echec", phrases.avec_la_page(str(refus), groupe[0]))
                if annoncer is not None:
                    annoncer(finis[url])
        except BaseException:
            # Un arrêt demandé laisse des fichiers partiels à reprendre, et rien d'autre.
            reglages.arret.set()
            fils.shutdown(wait=True, cancel_futures=True)
            raise
    return [finis[url] for url in groupes]


def deja_tenu(base: Base, demande: Demande) -> str:
    """Dire ce que la base tient d'une demande, sans réseau."""
    versions = lire_registre(base.dossier).get(demande.millesime.url, ())
    for version in reversed(versions):
        if _est_depose(base, version.sha256, (demande,)):
            return f"oui ({version.nom})"
    tenue = any(p.source == demande.source.id and p.millesime == demande.annee_attendue for p in base.parts())
    return "année tenue" if tenue else ""


# -- après la réception ------------------------------------------------------------------------


def _accepter(
    base: Base, demandes: tuple[Demande, ...], reception: Reception, connues: tuple[Version, ...]
) -> Resultat:
    """Vérifier ce qui est reçu et le déposer ; le fichier partiel disparaît dans tous les cas."""
    url = demandes[0].millesime.url
    if reception.inchange and _est_depose(base, connues[-1].sha256, demandes):
        return Resultat(demandes, "inchange", phrases.inchange(demandes, connues[-1]))
    # Sur le disque des données : le fichier accepté n'a plus qu'à changer de nom.
    racine = creer_dossier(dossier_de_travail(base.dossier))
    with dossier_a_oter(racine, ".essai-", "Vérifiez vos droits.") as essai:
        fichier = _mettre_a_l_essai(base, demandes[0], reception, connues, essai)
        verifier_nature(fichier, url, demandes[0].millesime.page)
        sha = empreinte(fichier)
        instant = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        version = Version(
            sha, fichier.stat().st_size, instant, fichier.name, reception.etag, reception.modifie
        )
        if _est_depose(base, sha, demandes):
            noter(base.dossier, url, version)
            return Resultat(demandes, "inchange", phrases.inchange(demandes, version))
        examines = verifier_et_examiner(base, fichier, demandes)
        resultat = _ranger_ou_mettre_de_cote(base, fichier, demandes, examines, sha, connues)
        noter(base.dossier, url, version)
        return resultat


def _mettre_a_l_essai(
    base: Base, demande: Demande, reception: Reception, connues: tuple[Version, ...], essai: Path
) -> Path:
    """Mettre sous son nom le fichier reçu, ou celui qui attend de côté et que le serveur confirme."""
    partiel = _partiel(base, demande.millesime.url)
    try:
        if reception.inchange:
            de_cote = _cote(base, connues[-1])
            return Path(shutil.copyfile(de_cote, essai / de_cote.name))
        return partiel.replace(essai / nom_complet(reception.nom, partiel, demande))
    except OSError as cause:
        raise SortieImpossible(
            f"Le fichier reçu de « {demande.millesime.url} » ne peut pas être mis en place "
            f"({cause_en_clair(cause)}). Vérifiez la place sur le disque et vos droits."
        ) from cause
    finally:
        oublier_partiel(partiel)


def _ranger_ou_mettre_de_cote(
    base: Base,
    fichier: Path,
    demandes: tuple[Demande, ...],
    examines: tuple[FichierExamine, ...],
    sha: str,
    connues: tuple[Version, ...],
) -> Resultat:
    """Déposer ce qui ne contredit rien ; garder à part, sans toucher la base, ce qui changerait un chiffre."""
    examens = tuple(x for e in examines for x in e.examens)
    prefixe = phrases.remplacement(demandes, [v for v in connues if v.sha256 != sha], sha)
    cote = dossier_de_travail(base.dossier) / sha[:12] / fichier.name
    if any(x.contradiction for x in examens):
        creer_dossier(cote.parent)
        phrase = (prefixe or f"{phrases.intitules(demandes)} : ") + phrases.consigne(base, examens, cote)
        fichier.replace(cote)
        return Resultat(demandes, "mis_de_cote", phrase, examens, cote)
    _deposer(base, fichier, demandes, examines, sha)
    shutil.rmtree(cote.parent, ignore_errors=True)
    phrase = prefixe + phrases.ajout(examens) if prefixe else phrases.depose(demandes, fichier.name, examens)
    return Resultat(demandes, "range", phrase, examens)


def _deposer(
    base: Base, fichier: Path, demandes: tuple[Demande, ...], examines: tuple[FichierExamine, ...], sha: str
) -> None:
    """Déposer le fichier vérifié ; un dépôt qui ne donnerait pas les lots attendus est défait."""
    annees = {d.millesime.annee for d in demandes}
    avait_un_recu = chemin_du_recu(base.dossier, sha).is_file()
    depots = deposer(base, [fichier], millesime=next(iter(annees)) if len(annees) == 1 else None)
    attendus = {lot.ou for e in examines for lot in e.lots}
    ranges = {lot.ou for d in depots for lot in d.lots}
    if not attendus <= ranges:
        if ranges and not avait_un_recu:
            retirer(base, sha)
        raisons = " ".join(d.raison for d in depots if d.etat == "refuse")
        raise TelechargementImpossible(f"« {fichier.name} » n'a pas pu être déposé : {raisons}")
    recu = lire_recu(chemin_du_recu(base.dossier, sha))
    base.ranger_recu(replace(recu, depose_depuis=demandes[0].millesime.url))


# -- ce qui est déjà tenu ----------------------------------------------------------------------


def _est_depose(base: Base, sha: str, demandes: tuple[Demande, ...]) -> bool:
    """Dire si un contenu est dans la base, avec tout ce qu'on attend de lui."""
    chemin = chemin_du_recu(base.dossier, sha)
    if not chemin.is_file():
        return False
    lots = {(lot.source, lot.millesime) for lot in lire_recu(chemin).lots}
    return all((d.source.id, d.annee_attendue) in lots for d in demandes)


def _version_tenue(
    base: Base, versions: tuple[Version, ...], demandes: tuple[Demande, ...]
) -> Version | None:
    """Donner la dernière version vue si elle est encore là : elle seule peut être dite inchangée."""
    if not versions:
        return None
    derniere = versions[-1]
    la = _est_depose(base, derniere.sha256, demandes) or _cote(base, derniere).is_file()
    return derniere if la else None


def _cote(base: Base, version: Version) -> Path:
    """Dire où une version mise de côté est gardée : un dossier à son empreinte, son nom reste le sien."""
    return dossier_de_travail(base.dossier) / version.sha256[:12] / version.nom


# -- où vont les fichiers ----------------------------------------------------------------------


def _partiel(base: Base, url: str) -> Path:
    """Nommer le fichier partiel d'une adresse : le même d'une commande à l'autre, sans rien du serveur."""
    cle = hashlib.sha256(url.encode()).hexdigest()[:16]
    return dossier_de_travail(base.dossier) / f"{cle}.partiel"
