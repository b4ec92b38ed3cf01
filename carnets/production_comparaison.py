"""Exécuter le carnet de comparaison intercommunale et en tirer les documents, dans un dossier mis en place d'un geste."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from carnets.ateliers.comparaison import verifier_reglages
from carnets.exports_anticipes import Documents
from carnets.moteur import Production, chemin_du_carnet, executer_et_ecrire, nom_de_fichier

if TYPE_CHECKING:
    from nbformat import NotebookNode

CARNET: Final = "30_comparaison_intercommunale.ipynb"


class DocumentsDeComparaison(Documents):
    """La page et le document Word d'une comparaison, écrits quand le carnet est fini."""

    def __init__(self, formats: tuple[str, ...], dossier: Path, titre: str, communes: set[str]) -> None:
        super().__init__(formats, dossier, titre)
        self.communes = communes

    def pendant(self, carnet: NotebookNode, cellule: NotebookNode) -> None:
        """N'anticiper rien : la comparaison se lit entière."""

    def _ecrire(self, carnet: Path) -> None:
        from carnets.documents.fragments import corps_du_carnet, ecrire_html  # noqa: PLC0415 - imports lents
        from carnets.documents.word import ecrire_comparaison_docx  # noqa: PLC0415

        corps = corps_du_carnet(carnet)
        if "html" in self.formats:
            ecrire_html(corps, self.titre, self.dossier / "comparaison.html", "comparaison")
        if "docx" in self.formats:
            ecrire_comparaison_docx(corps, self.titre, self.communes, self.dossier / "comparaison.docx")


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
    diagnostiqueur = DiagnostiqueurIntercommunal(reglages.base, reglages.demande)
    sujet = diagnostiqueur.sujet
    dates = reglages.demande.millesime or "dernier"
    titre, communes = f"Comparaison intercommunale · {sujet.nom}", {t.nom for t in diagnostiqueur.communes}
    return executer_et_ecrire(
        chemin_du_carnet(CARNET),
        reglages.injectes(sujet.code, indicateurs=",".join(voulus)),
        sortie.resolve() / f"comparaison-{nom_de_fichier(sujet.nom)}-{sujet.code}-{dates}",
        lambda dossier: DocumentsDeComparaison(reglages.formats, dossier, titre, communes),
        remplacer=remplacer,
        progression=progression,
        barre="Comparaison",
    )
