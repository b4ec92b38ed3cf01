"""Télécharger des sources du catalogue : recevoir en parallèle, vérifier, comparer, puis déposer."""

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
from donnees_insee.telechargement import choix, registre
from donnees_insee.telechargement.choix import Demande, annee_commune
from donnees_insee.telechargement.reception import Avancement, Reception, Reglages, recevoir
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
    with registre.verrou(base.dossier), ThreadPoolExecutor(max_workers=reglages.paralleles) as fils:
        vues = registre.lire_registre(base.dossier)
        attendus = [_Attendu(base, tuple(groupe), vues.get(url, ())) for url, groupe in groupes.items()]
        en_cours = {
            fils.submit(recevoir, a.url, a.partiel, reglages, connue=a.version_tenue(), suivre=suivre): a
            for a in attendus
        }
        try:
            for fini in as_completed(en_cours):
                attendu = en_cours[fini]
                try:
                    resultat = attendu.accepter(fini.result())
                except ErreurAbs as refus:
                    phrase = choix.avec_la_page(str(refus), attendu.page)
                    resultat = Resultat(attendu.demandes, "echec", phrase)
                finis[attendu.url] = resultat
                if annoncer is not None:
                    annoncer(resultat)
        except BaseException:
            # Un arrêt demandé laisse des fichiers partiels à reprendre, et rien d'autre.
            reglages.arret.set()
            fils.shutdown(wait=True, cancel_futures=True)
            raise
    return [finis[url] for url in groupes]


def deja_tenu(base: Base, demande: Demande) -> str:
    """Dire ce que la base tient d'une demande, sans réseau."""
    versions = registre.lire_registre(base.dossier).get(demande.millesime.url, ())
    attendu = _Attendu(base, (demande,), versions)
    for version in reversed(versions):
        if attendu.est_depose(version.sha256):
            return f"oui ({version.nom})"
    ou = (demande.source.id, demande.annee_attendue)
    tenue = not demande.jeu and any((p.source, p.millesime) == ou for p in base.parts())
    return "année tenue" if tenue else ""


@dataclass(frozen=True)
class _Attendu:
    """Ce qu'une adresse doit donner à la base, et les contenus qu'on y a déjà vus."""

    base: Base
    demandes: tuple[Demande, ...]
    connues: tuple[registre.Version, ...]

    @property
    def url(self) -> str:
        return self.demandes[0].millesime.url

    @property
    def page(self) -> str:
        return self.demandes[0].millesime.page

    @property
    def partiel(self) -> Path:
        """Nommer le fichier partiel d'une adresse : le même d'une commande à l'autre, sans rien du serveur."""
        cle = hashlib.sha256(self.url.encode()).hexdigest()[:16]
        return registre.dossier_de_travail(self.base.dossier) / f"{cle}.partiel"

    # -- ce qui est déjà tenu ------------------------------------------------------------------

    def est_depose(self, sha: str) -> bool:
        """Dire si un contenu est dans la base, avec tout ce qu'on attend de lui."""
        chemin = chemin_du_recu(self.base.dossier, sha)
        if not chemin.is_file():
            return False
        lots = lire_recu(chemin).lots
        return all(d.servie_par(lots) for d in self.demandes)

    def version_tenue(self) -> registre.Version | None:
        """Donner la dernière version vue si elle est encore là : elle seule peut être dite inchangée."""
        if not self.connues:
            return None
        derniere = self.connues[-1]
        return derniere if self.est_depose(derniere.sha256) or self._cote(derniere).is_file() else None

    def _cote(self, version: registre.Version) -> Path:
        """Dire où une version mise de côté est gardée : un dossier à son empreinte, son nom reste le sien."""
        return registre.dossier_de_travail(self.base.dossier) / version.sha256[:12] / version.nom

    # -- après la réception --------------------------------------------------------------------

    def accepter(self, reception: Reception) -> Resultat:
        """Vérifier ce qui est reçu et le déposer ; le fichier partiel disparaît dans tous les cas."""
        if reception.inchange and self.est_depose(self.connues[-1].sha256):
            derniere = replace(self.connues[-1], publie=self.demandes[0].publie)
            registre.noter(self.base.dossier, self.url, derniere)
            return self._inchange(derniere)
        # Sur le disque des données : le fichier accepté n'a plus qu'à changer de nom.
        racine = creer_dossier(registre.dossier_de_travail(self.base.dossier))
        with dossier_a_oter(racine, ".essai-", "Vérifiez vos droits.") as essai:
            fichier = self._mettre_a_l_essai(reception, essai)
            choix.verifier_nature(fichier, self.url, self.page)
            sha = empreinte(fichier)
            instant = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            nom, octets, publie = fichier.name, fichier.stat().st_size, self.demandes[0].publie
            version = registre.Version(sha, octets, instant, nom, reception.etag, reception.modifie, publie)
            if self.est_depose(sha):
                resultat = self._inchange(version)
            else:
                examines = choix.verifier_et_examiner(self.base, fichier, self.demandes)
                resultat = self._ranger_ou_mettre_de_cote(fichier, version, examines)
            registre.noter(self.base.dossier, self.url, version)
            return resultat

    def _inchange(self, version: registre.Version) -> Resultat:
        return Resultat(self.demandes, "inchange", choix.inchange(self.demandes, version))

    def _mettre_a_l_essai(self, reception: Reception, essai: Path) -> Path:
        """Mettre sous son nom le fichier reçu, ou celui qui attend de côté et que le serveur confirme."""
        try:
            if reception.inchange:
                de_cote = self._cote(self.connues[-1])
                return Path(shutil.copyfile(de_cote, essai / de_cote.name))
            nom = choix.nom_complet(reception.nom, self.partiel, self.demandes[0])
            return self.partiel.replace(essai / nom)
        except OSError as cause:
            raise SortieImpossible(
                f"Le fichier reçu de « {self.url} » ne peut pas être mis en place ({cause_en_clair(cause)}). Vérifiez "
                "la place sur le disque et vos droits."
            ) from cause
        finally:
            registre.oublier_partiel(self.partiel)

    def _ranger_ou_mettre_de_cote(
        self, fichier: Path, version: registre.Version, examines: Sequence[FichierExamine]
    ) -> Resultat:
        """Déposer ce qui ne contredit rien ; garder à part, sans toucher la base, ce qui changerait un chiffre."""
        sha = version.sha256
        examens = tuple(x for e in examines for x in e.examens)
        prefixe = choix.remplacement(self.demandes, [v for v in self.connues if v.sha256 != sha], sha)
        cote = self._cote(version)
        if any(x.contradiction for x in examens):
            creer_dossier(cote.parent)
            debut = prefixe or f"{choix.intitules(self.demandes)} : "
            phrase = debut + choix.consigne(self.base, examens, cote)
            fichier.replace(cote)
            return Resultat(self.demandes, "mis_de_cote", phrase, examens, cote)
        self._deposer(fichier, sha, examines)
        shutil.rmtree(cote.parent, ignore_errors=True)
        phrase = choix.depose(self.demandes, fichier.name, examens)
        return Resultat(
            self.demandes, "range", prefixe + choix.ajout(examens) if prefixe else phrase, examens
        )

    def _deposer(self, fichier: Path, sha: str, examines: Sequence[FichierExamine]) -> None:
        """Déposer le fichier vérifié ; un dépôt qui ne donnerait pas les lots attendus est défait."""
        connu = chemin_du_recu(self.base.dossier, sha)
        avait_un_recu = connu.is_file()
        annee, paru_le = annee_commune(self.demandes), self.demandes[0].publie
        depots = deposer(self.base, [fichier], millesime=annee, paru_le=paru_le)
        ranges = {lot.ou for d in depots for lot in d.lots}
        if not {lot.ou for e in examines for lot in e.lots} <= ranges:
            if ranges and not avait_un_recu:
                retirer(self.base, sha)
            raisons = " ".join(d.raison for d in depots if d.etat == "refuse")
            raise TelechargementImpossible(f"« {fichier.name} » n'a pas pu être déposé : {raisons}")
        self.base.ranger_recu(replace(lire_recu(connu), depose_depuis=self.url))
