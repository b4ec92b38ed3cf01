"""Exécuter le carnet de comparaison intercommunale et en tirer les documents, dans un dossier mis en place d'un geste."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any, Final

from carnets.ateliers.comparaison import verifier_reglages
from carnets.dossier_de_sortie import dossier_de_sortie
from carnets.moteur import Production, executer_carnet, nom_de_fichier, production

CARNET: Final = "30_comparaison_intercommunale.ipynb"


def produire_la_comparaison(
    parametres: dict[str, Any],
    indicateurs: str,
    sortie: Path,
    *,
    progression: bool = False,
    remplacer: bool = False,
) -> Production:
    """Exécuter le carnet de comparaison et écrire ses documents."""
    from abs.intercommunal.releve import DiagnostiqueurIntercommunal  # noqa: PLC0415 - imports lents

    reglages, voulus = verifier_reglages(indicateurs, parametres)
    demande = reglages.demande
    diagnostiqueur = DiagnostiqueurIntercommunal(reglages.base, demande)
    sujet = diagnostiqueur.sujet
    nom = f"comparaison-{nom_de_fichier(sujet.nom)}-{sujet.code}-{demande.millesime or 'dernier'}"
    final = sortie.resolve() / nom
    with dossier_de_sortie(final, remplacer=remplacer) as chantier:
        provisoire = chantier.provisoire
        execute = provisoire / "carnet.ipynb"
        injectes = {
            "territoire": sujet.code,
            "millesime": demande.millesime,
            "millesimes": ",".join(f"{k}={v}" for k, v in demande.millesimes.items()),
            "qpv": demande.qpv,
            "geographie": demande.geographie,
            "indicateurs": ",".join(voulus),
            "formats": ",".join(reglages.formats),
            "dossier_sortie": str(provisoire),
            "dossier_donnees": str(reglages.base.dossier.resolve()),
        }
        executer_carnet(
            Path(str(resources.files("carnets"))) / CARNET,
            execute,
            injectes,
            garde=final.parent / f"{final.name}-en-echec.ipynb",
            progression=progression,
            barre="Comparaison",
        )
        communes = {t.nom for t in diagnostiqueur.communes}
        _documents(
            reglages.formats, execute, provisoire, f"Comparaison intercommunale · {sujet.nom}", communes
        )
    return production(chantier)


def _documents(
    formats: tuple[str, ...], execute: Path, dossier: Path, titre: str, communes: set[str]
) -> None:
    if not {"html", "docx"} & set(formats):
        return
    from carnets.documents.fragments import corps_du_carnet, ecrire_html  # noqa: PLC0415 - imports lents
    from carnets.documents.word import ecrire_comparaison_docx  # noqa: PLC0415

    corps = corps_du_carnet(execute)
    if "html" in formats:
        ecrire_html(corps, titre, dossier / "comparaison.html", "comparaison")
    if "docx" in formats:
        ecrire_comparaison_docx(corps, titre, communes, dossier / "comparaison.docx")
