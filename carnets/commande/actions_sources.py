"""Les actions de `abs sources` : lister, déposer, retirer, dire ce qui est tenu."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from carnets.commande import affichage
from donnees_insee.base.base import Base
from donnees_insee.base.recus import DEBUT

BILAN = {"range": "rangés", "deja_la": "déjà là", "refuse": "refusés", "documentation": "laissés"}
ETATS = {"range": "rangé", "deja_la": "déjà là", "refuse": "refusé", "documentation": "laissé"}


def sources_lister(identifiant: str) -> None:
    """Écrire le catalogue, ou les fichiers annoncés d'une source."""
    from donnees_insee.controle.presentation import lignes_des_fichiers, lignes_des_sources  # noqa: PLC0415

    if identifiant:
        from donnees_insee.catalogue.catalogue import source  # noqa: PLC0415

        affichage.tableau(
            f"{source(identifiant).titre} — {source(identifiant).producteur}, {source(identifiant).licence}",
            ("Année", "Contenu", "Géographie", "Adresse", "Où", "Fichier attendu", "À savoir"),
            [
                (f.annee, f.contenu, f.geographie, f.certitude, f.ou, f.membre, f.note)
                for f in lignes_des_fichiers(identifiant)
            ],
        )
        return
    lignes = lignes_des_sources(Base())
    affichage.tableau(
        f"Sources du catalogue ({len(lignes)})",
        ("Source", "Titre", "Famille", "Niveaux", "Catalogue", "État", "Adresses", "Tenu"),
        [(s.id, s.titre, s.famille, s.niveaux, s.annees, s.etat, s.certitude, s.tenu) for s in lignes],
    )
    affichage.dire(
        "`abs sources lister SOURCE` donne les fichiers d'une source, leurs adresses et leurs enquêtes."
    )


def sources_deposer(chemins: list[Path], millesime: int | None, *, malgre_les_ecarts: bool = False) -> None:
    """Déposer des fichiers et dire, fichier par fichier, pour quoi chacun est pris."""
    from donnees_insee.depot.depot import deposer, fichiers_a_deposer  # noqa: PLC0415
    from donnees_insee.erreurs import SourceNonReconnue  # noqa: PLC0415

    base = Base()
    total = len(fichiers_a_deposer(chemins))
    with affichage.progression() as barre:
        tache = barre.add_task("Dépôt", total=total)

        def suivre(fichier: Path) -> None:
            barre.update(tache, description=fichier.name[:40])
            barre.advance(tache)

        def attendre() -> None:
            barre.update(tache, description="Un autre dépôt est en cours : attente")

        resultats = deposer(
            base,
            chemins,
            millesime=millesime,
            suivre=suivre,
            attendre=attendre,
            malgre_les_ecarts=malgre_les_ecarts,
        )
    for r in resultats:
        if not r.lots:
            affichage.dire(f"{ETATS[r.etat]:8} {r.nom} : {r.raison}")
        for lot in r.lots:
            annee = "sans date" if lot.millesime is None else str(lot.millesime)
            precisions = [f"{lot.colonnes} colonnes", *lot.remarques]
            if lot.d_ou and lot.d_ou != "colonnes":
                precisions.append(f"année lue dans : {lot.d_ou}")
            if lot.ecartees:
                precisions.append(f"{len(lot.ecartees)} colonnes non reprises")
            affichage.dire(
                f"{ETATS[r.etat]:8} {r.nom} : {lot.source}, {annee}, {lot.niveau}, {lot.lignes} lignes "
                f"({' ; '.join(precisions)})"
            )
    comptes = {etat: sum(r.etat == etat for r in resultats) for etat in ETATS}
    affichage.dire(
        " ; ".join(f"{BILAN[e]} : {n}" for e, n in comptes.items() if n) + f". Base : {base.dossier}"
    )
    if comptes["refuse"] and not comptes["range"] and not comptes["deja_la"]:
        raise SourceNonReconnue("aucun des fichiers donnés n'a pu être rangé ; les raisons sont ci-dessus.")


def sources_retirer(fichier: str) -> None:
    """Retirer un fichier déposé."""
    from donnees_insee.depot.depot import retirer  # noqa: PLC0415

    recu = retirer(Base(), fichier)
    affichage.dire(f"Retiré : {recu.nom} ({len(recu.lots)} table(s), empreinte {recu.sha256[:12]}).")


def sources_etat() -> None:
    """Écrire ce que la base tient."""
    base = Base()
    orphelines = base.parts_sans_recu()
    for debut, nombre in sorted(Counter(p.chemin.name[:DEBUT] for p in orphelines).items()):
        affichage.dire(
            f"ATTENTION : {nombre} part(s) {debut}… n'ont pas de reçu (dépôt interrompu, ou fichier posé à la main) : "
            f"elles ne sont jamais lues. `abs sources retirer {debut}` les ôte."
        )
    base.exiger()
    lignes = [
        (
            r.nom,
            lot.source,
            "–" if lot.millesime is None else str(lot.millesime),
            lot.niveau,
            str(lot.lignes),
            "–" if lot.geographie is None else str(lot.geographie),
            r.date[:10],
            r.sha256[:12],
        )
        for r in base.recus()
        for lot in r.lots
    ]
    affichage.tableau(
        f"Base {base.dossier}",
        ("Fichier", "Source", "Millésime", "Niveau", "Lignes", "Géographie", "Déposé le", "Empreinte"),
        lignes,
    )
