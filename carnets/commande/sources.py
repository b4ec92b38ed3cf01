"""Les verbes de `abs sources` sur les fichiers : lister, déposer, examiner, retirer, dire ce qui est tenu."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from carnets.commande import affichage
from carnets.commande.communs import ouvrir_la_base

if TYPE_CHECKING:
    from donnees_insee.base.recus import LotRecu

Chemins = Annotated[list[Path], typer.Argument(help="Fichiers, dossiers ou archives.")]
Annee = Annotated[
    int | None, typer.Option("--millesime", help="Année des données, si le fichier ne la dit pas.")
]

BILAN: Final = {"range": "rangés", "deja_la": "déjà là", "refuse": "refusés", "documentation": "laissés"}
ETATS: Final = {
    "range": "rangé",
    "reconnu": "reconnu",
    "deja_la": "déjà là",
    "refuse": "refusé",
    "documentation": "laissé",
}


def sources_lister(
    source: Annotated[str, typer.Argument(help="Source à détailler, par exemple rp_population.")] = "",
) -> None:
    """Lister les sources du catalogue : années, niveaux, état, certitude des adresses, ce qui est tenu."""
    from donnees_insee.catalogue.catalogue import source as source_du_catalogue  # noqa: PLC0415
    from donnees_insee.controle.presentation import lignes_des_fichiers, lignes_des_sources  # noqa: PLC0415

    if source:
        detail = source_du_catalogue(source)
        affichage.tableau(
            f"{detail.titre} — {detail.producteur}, {detail.licence}",
            ("Année", "Contenu", "Géographie", "Adresse", "Où", "Fichier attendu", "À savoir"),
            [
                (f.annee, f.contenu, f.geographie, f.certitude, f.ou, f.membre, f.note)
                for f in lignes_des_fichiers(source)
            ],
        )
        return
    lignes = lignes_des_sources(ouvrir_la_base())
    affichage.tableau(
        f"Sources du catalogue ({len(lignes)})",
        ("Source", "Titre", "Famille", "Niveaux", "Catalogue", "État", "Adresses", "Tenu"),
        [(s.id, s.titre, s.famille, s.niveaux, s.annees, s.etat, s.certitude, s.tenu) for s in lignes],
    )
    affichage.dire(
        "`abs sources lister SOURCE` donne les fichiers d'une source, leurs adresses et leurs enquêtes."
    )


def sources_deposer(
    chemins: Chemins,
    millesime: Annee = None,
    malgre_les_ecarts: Annotated[
        bool,
        typer.Option(
            "--malgre-les-ecarts", help="Ranger, en le notant, un fichier qui dit des choses impossibles."
        ),
    ] = False,
) -> None:
    """Déposer des fichiers : chacun est reconnu à ses colonnes, ou refusé avec sa raison."""
    from donnees_insee.depot.depot import deposer, fichiers_a_deposer  # noqa: PLC0415
    from donnees_insee.erreurs import SourceNonReconnue  # noqa: PLC0415

    base = ouvrir_la_base()
    with affichage.suivi("Dépôt", len(fichiers_a_deposer(chemins))) as avancer:
        resultats = deposer(
            base,
            chemins,
            millesime=millesime,
            suivre=lambda fichier: avancer(description=fichier.name[:40], advance=1),
            attendre=lambda: avancer(description="Un autre dépôt est en cours : attente"),
            malgre_les_ecarts=malgre_les_ecarts,
        )
    for r in resultats:
        if not r.lots:
            affichage.dire(f"{ETATS[r.etat]:8} {r.nom} : {r.raison}")
        for lot in r.lots:
            precisions = _precisions(lot)
            if lot.ecartees:
                precisions.append(f"{len(lot.ecartees)} colonnes non reprises")
            affichage.dire(
                f"{ETATS[r.etat]:8} {r.nom} : {lot.source}, {_annee(lot)}, {lot.niveau}, {lot.lignes} lignes "
                f"({' ; '.join(precisions)})"
            )
    comptes = {etat: sum(r.etat == etat for r in resultats) for etat in ETATS}
    affichage.dire(
        " ; ".join(f"{BILAN[e]} : {n}" for e, n in comptes.items() if n) + f". Base : {base.dossier}"
    )
    if comptes["refuse"] and not comptes["range"] and not comptes["deja_la"]:
        raise SourceNonReconnue("aucun des fichiers donnés n'a pu être rangé ; les raisons sont ci-dessus.")


def _annee(lot: LotRecu) -> str:
    return "sans date" if lot.millesime is None else str(lot.millesime)


def _precisions(lot: LotRecu) -> list[str]:
    precisions = [f"{lot.colonnes} colonnes", *lot.remarques]
    if lot.d_ou and lot.d_ou != "colonnes":
        precisions.append(f"année lue dans : {lot.d_ou}")
    return precisions


def sources_examiner(chemins: Chemins, millesime: Annee = None) -> None:
    """Examiner des fichiers sans rien déposer : pour quoi ils sont pris, ce qu'ils changeraient."""
    from donnees_insee.depot.depot import fichiers_a_deposer  # noqa: PLC0415
    from donnees_insee.depot.examen import examiner  # noqa: PLC0415
    from donnees_insee.erreurs import SourceNonReconnue  # noqa: PLC0415

    base = ouvrir_la_base()
    with affichage.suivi("Examen", len(fichiers_a_deposer(chemins))) as avancer:
        examines = examiner(
            base,
            chemins,
            millesime=millesime,
            suivre=lambda fichier: avancer(description=fichier.name[:40], advance=1),
        )
    for e in examines:
        affichage.dire(f"{ETATS[e.etat]:8} {e.nom}" + (f" : {e.raison}" if e.raison else ""))
        for lot in e.lots:
            affichage.dire(
                f"         pris pour {lot.source}, {_annee(lot)}, {lot.niveau} ({' ; '.join(_precisions(lot))})"
            )
        for examen in e.examens:
            affichage.enumerer("         ", examen.phrases())
    affichage.dire(f"Rien n'a été écrit. Base : {base.dossier}")
    if all(e.etat in {"refuse", "documentation"} for e in examines):
        raise SourceNonReconnue("aucun des fichiers donnés ne serait accepté ; les raisons sont ci-dessus.")


def sources_retirer(
    fichier: Annotated[str, typer.Argument(help="Nom du fichier déposé, ou début de son empreinte.")],
) -> None:
    """Retirer un fichier déposé : ses tables, son reçu et sa copie."""
    from donnees_insee.depot.depot import retirer  # noqa: PLC0415

    recu = retirer(ouvrir_la_base(), fichier)
    affichage.dire(f"Retiré : {recu.nom} ({len(recu.lots)} table(s), empreinte {recu.sha256[:12]}).")


def sources_etat() -> None:
    """Dire ce que la base tient, fichier par fichier."""
    from donnees_insee.base.recus import DEBUT  # noqa: PLC0415

    base = ouvrir_la_base()
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
