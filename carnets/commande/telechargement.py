"""Les verbes qui vont chercher, `abs sources telecharger` et `nouveautes` : choisir, suivre, dire le résultat."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from carnets.commande.affichage import barre, dire, enumerer, montrer, phrase, suivi, taille
from carnets.commande.communs import ouvrir_la_base

if TYPE_CHECKING:
    from collections.abc import Sequence

    from donnees_insee.base.base import Base
    from donnees_insee.telechargement.choix import Choix, Demande
    from donnees_insee.telechargement.reception import Avancement
    from donnees_insee.telechargement.telechargement import Resultat

ETATS = {
    "range": "déposé",
    "inchange": "inchangé",
    "mis_de_cote": "de côté",
    "vide": "vide",
    "echec": "échec",
}


def sources_telecharger(
    noms: list[str] | None = None,
    millesime: int | None = None,
    tout: bool = False,
    simuler: bool = False,
    territoire: str = "",
) -> None:
    """Télécharger des fichiers du catalogue, les vérifier, les comparer, puis les déposer."""
    from donnees_insee.telechargement.choix import a_prendre_a_la_main  # noqa: PLC0415

    base = ouvrir_la_base()
    if territoire:
        _prendre_un_territoire(base, noms or [], territoire)
        return
    if not noms and not tout:
        _dire_ce_qui_peut_l_etre(base)
        return
    choix = _choisir(base, noms or [], millesime=millesime, tout=tout, simuler=simuler)
    if simuler:
        _simuler(base, choix.a_telecharger)
    enumerer("", map(a_prendre_a_la_main, choix.a_la_main))
    enumerer("", choix.remarques)
    if choix.a_telecharger and not simuler:
        _telecharger(base, choix.a_telecharger)
    elif not choix.a_telecharger:
        dire("Rien à télécharger : le catalogue n'a pas d'adresse pour ce qui est demandé.")


def _choisir(base: Base, noms: list[str], *, millesime: int | None, tout: bool, simuler: bool) -> Choix:
    """Traduire ce qui est nommé : les sources par la table du catalogue, les jeux de Melodi par le leur."""
    from donnees_insee.catalogue.catalogue import sources  # noqa: PLC0415
    from donnees_insee.telechargement.catalogue_melodi import choisir_jeux, est_un_jeu  # noqa: PLC0415
    from donnees_insee.telechargement.choix import Choix, choisir  # noqa: PLC0415

    jeux = [n for n in noms if est_un_jeu(n)]
    autres = [n for n in noms if not est_un_jeu(n)]
    choisis = [choisir(autres, sources(), millesime=millesime, tout=tout)] if autres or not noms else []
    if jeux:
        if not simuler:
            _rafraichir_le_catalogue(base)
        choisis.append(choisir_jeux(jeux, base, millesime))
    a_telecharger, a_la_main, remarques = zip(
        *((c.a_telecharger, c.a_la_main, c.remarques) for c in choisis), strict=True
    )
    return Choix(sum(a_telecharger, ()), sum(a_la_main, ()), sum(remarques, ()))


def _rafraichir_le_catalogue(base: Base) -> None:
    """Demander le catalogue de Melodi du jour ; sans réseau, dire qu'on lit celui qui est tenu."""
    from donnees_insee.telechargement.catalogue_melodi import lignes_tenues, recuperer  # noqa: PLC0415
    from donnees_insee.telechargement.reception import Reglages  # noqa: PLC0415
    from donnees_insee.telechargement.reseau import TelechargementImpossible, hotes_permis  # noqa: PLC0415

    try:
        dire(recuperer(base, Reglages(hotes_permis())))
    except TelechargementImpossible as refus:
        suite = "celui qui est tenu est employé" if lignes_tenues(base) else "et aucun n'est tenu"
        dire(f"Catalogue de Melodi non récupéré, {suite}. {refus}")


def _prendre_un_territoire(base: Base, noms: list[str], territoire: str) -> None:
    """Prendre à l'API de Melodi les jeux nommés, à défaut tous ceux qui sont lus, pour un seul territoire."""
    from donnees_insee.telechargement import reseau  # noqa: PLC0415
    from donnees_insee.telechargement.catalogue_melodi import noms_du_jour  # noqa: PLC0415
    from donnees_insee.telechargement.reception import Reglages  # noqa: PLC0415
    from donnees_insee.telechargement.territoire_melodi import telecharger_un_territoire  # noqa: PLC0415

    reseau.exiger_le_reseau()
    jeux = noms_du_jour(base, noms)
    with suivi("API de Melodi", len(jeux)) as avancer:
        resultats = telecharger_un_territoire(
            base,
            jeux,
            territoire,
            Reglages(reseau.hotes_permis()),
            annoncer=lambda jeu: avancer(description=jeu, advance=1),
        )
    for r in resultats:
        dire(f"{ETATS[r.etat]:8} {r.phrase}")
    comptes = Counter(r.etat for r in resultats)
    dire(
        " ; ".join(f"{dit} : {comptes[e]}" for e, dit in ETATS.items() if comptes[e])
        + f". Base : {base.dossier}"
    )
    if not comptes["range"] and not comptes["inchange"]:
        raise reseau.TelechargementImpossible(phrase("rien_de_l_api", territoire=territoire))


def sources_nouveautes(catalogue: Path | None = None) -> None:
    """Dire ce que l'Insee a publié ou révisé dans Melodi depuis ce qui est tenu."""
    from donnees_insee.erreurs import DonneeAbsente  # noqa: PLC0415
    from donnees_insee.telechargement.catalogue_melodi import lignes_d_un_fichier, lignes_tenues  # noqa: PLC0415
    from donnees_insee.telechargement.nouveautes import ETATS as ETATS_DES_JEUX  # noqa: PLC0415
    from donnees_insee.telechargement.nouveautes import nouveautes  # noqa: PLC0415

    base = ouvrir_la_base()
    if catalogue is None:
        _rafraichir_le_catalogue(base)
    lignes = lignes_tenues(base) if catalogue is None else lignes_d_un_fichier(catalogue)
    if not lignes:
        raise DonneeAbsente(phrase("sans_catalogue"))
    trouvees = nouveautes(base, lignes)
    montrer(
        "nouveautes",
        [
            (
                n.jeu.nom,
                n.jeu.contenu,
                ETATS_DES_JEUX[n.etat],
                "–" if n.publie is None else f"{n.publie.edition or 'sans date'}, le {n.publie.publie[:10]}",
                "–" if n.publie is None or n.publie.taille is None else taille(n.publie.taille),
                n.tenu or "–",
                n.raison,
            )
            for n in trouvees
        ],
        dernier=max(r["MODIFIE"] for r in lignes)[:10],
    )
    if a_prendre := [n.jeu.nom for n in trouvees if n.a_prendre and n.etat != "jamais"]:
        dire(f"À reprendre : abs sources telecharger {' '.join(a_prendre)}")
    comptes = Counter(n.etat for n in trouvees)
    dire(" ; ".join(f"{dit} : {comptes[e]}" for e, dit in ETATS_DES_JEUX.items() if comptes[e]) + ".")


def _telecharger(base: Base, demandes: Sequence[Demande]) -> None:
    from rich.progress import DownloadColumn, TransferSpeedColumn  # noqa: PLC0415

    from donnees_insee.telechargement.reception import Reglages  # noqa: PLC0415
    from donnees_insee.telechargement.reseau import TelechargementImpossible, hotes_permis  # noqa: PLC0415
    from donnees_insee.telechargement.telechargement import telecharger  # noqa: PLC0415

    intitules = {d.millesime.url: d.intitule for d in demandes}
    colonnes = (DownloadColumn(binary_units=True), TransferSpeedColumn())
    with barre(*colonnes, cachee=not sys.stderr.isatty()) as montree:
        taches = {url: montree.add_task(nom, total=None) for url, nom in intitules.items()}

        def suivre(a: Avancement) -> None:
            texte = intitules[a.url] + (f" – {a.message[:60]}" if a.message else "")
            montree.update(taches[a.url], completed=a.recus, total=a.total, description=texte)

        def annoncer(r: Resultat) -> None:
            montree.update(taches[r.demandes[0].millesime.url], visible=False)

        resultats = telecharger(base, demandes, Reglages(hotes_permis()), suivre=suivre, annoncer=annoncer)
    for r in resultats:
        dire(f"{ETATS[r.etat]:8} {r.phrase}")
        for examen in r.examens:
            if examen.notable:
                dire("         À regarder :")
                enumerer("           ", examen.phrases(toutes=False))
    comptes = Counter(r.etat for r in resultats)
    bilan = " ; ".join(f"{dit} : {comptes[e]}" for e, dit in ETATS.items() if comptes[e])
    dire(f"{bilan}. Base : {base.dossier}")
    if comptes["echec"]:
        sujet = "1 adresse" if comptes["echec"] == 1 else f"{comptes['echec']} adresses"
        verbe = "n'a" if comptes["echec"] == 1 else "n'ont"
        raise TelechargementImpossible(phrase("sans_rien", sujet=sujet, total=len(resultats), verbe=verbe))


def _simuler(base: Base, demandes: Sequence[Demande]) -> None:
    """Lister ce qui serait pris, sans ouvrir de connexion."""
    from donnees_insee.catalogue.tables import CERTITUDES  # noqa: PLC0415
    from donnees_insee.telechargement.telechargement import deja_tenu  # noqa: PLC0415

    lignes = []
    for d in demandes:
        certitude = CERTITUDES.get(d.millesime.certitude, d.millesime.certitude)
        octets = "inconnue" if d.octets is None else taille(d.octets)
        lignes.append((d.intitule, d.millesime.url, octets, certitude, deja_tenu(base, d) or "non"))
    montrer("simulation", lignes)


def _dire_ce_qui_peut_l_etre(base: Base) -> None:
    from donnees_insee.catalogue.catalogue import sources  # noqa: PLC0415
    from donnees_insee.controle.presentation import en_plages  # noqa: PLC0415

    lignes = []
    for s in sources().values():
        avec = {m.annee for m in s.millesimes if m.url}
        sans = {m.annee for m in s.millesimes if not m.url} - avec
        if s.a_venir or not (avec or sans):
            continue
        tenus = ", ".join(map(str, base.millesimes(s.id))) or "–"
        lignes.append((s.famille, s.id, s.titre, en_plages(avec) or "–", en_plages(sans) or "–", tenus))
    montrer("a_telecharger", sorted(lignes))
    dire(phrase("a_telecharger"))
