"""Les documents tirés d'un carnet : écrits dès que commence sa cellule d'exports, pendant qu'un autre cœur les exécute."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from nbformat import NotebookNode

AVANCE: Final = ".avance.ipynb"
EXPORTS: Final = "exports"
COMPARAISON: Final = "comparaison"
EVOLUTIONS: Final = "evolutions"
# Ce qui rend les blocs d'un document, format par format : module, fonction.
RENDUS: Final = {
    "html": ("carnets.documents.rendu", "ecrire_html"),
    "docx": ("carnets.documents.word.word", "ecrire_docx"),
    "odt": ("carnets.documents.word.odt", "ecrire_odt"),
    "pdf": ("carnets.documents.pdf.pdf", "ecrire_pdf"),
    "pptx": ("carnets.documents.diapos.diapos", "ecrire_pptx"),
}


class Documents:
    """La page et le document Word d'un carnet ; ``nom`` est celui de leurs fichiers."""

    def __init__(self, formats: tuple[str, ...], dossier: Path, titre: str, nom: str = "portrait") -> None:
        self.formats = tuple(f for f in RENDUS if f in formats)
        self.dossier, self.titre, self.nom = dossier, titre, nom
        self._ecrits = not self.formats
        self._lues, self._a_dessiner = 0, list[dict[str, Any]]()

    def pendant(self, carnet: NotebookNode, cellule: NotebookNode) -> None:
        """Écrire les documents d'un carnet dont toutes les cellules affichées sont finies, sinon préparer de quoi."""
        if self._ecrits:
            return
        import nbformat  # noqa: PLC0415 - lent, et déjà importé par Papermill

        import carnets.documents.carnet_lu  # noqa: PLC0415
        import carnets.documents.word.word  # noqa: F401, PLC0415

        if EXPORTS in cellule.metadata.get("tags", ()):
            avance = self.dossier / AVANCE
            avance.write_text(nbformat.writes(carnet), encoding="utf-8")
            self.finir(avance)
            avance.unlink()
        elif {"docx", "odt"} & {*self.formats}:
            self._dessiner_un_graphique(carnet)

    def _dessiner_un_graphique(self, carnet: NotebookNode) -> None:
        """Dessiner pour Word un graphique affiché, un seul à la fois : la cellule qui s'exécute n'attend pas."""
        from carnets.documents.carnet_lu import blocs_d_une_cellule  # noqa: PLC0415 - imports lents
        from carnets.documents.word.images import dessiner  # noqa: PLC0415

        finies = [c for c in carnet.cells if c.cell_type == "code" and c.outputs]
        for cellule in finies[self._lues :]:
            self._a_dessiner += [b for b in blocs_d_une_cellule(cellule) if b["genre"] == "graphique"]
        self._lues = len(finies)
        if self._a_dessiner:
            dessiner(self._a_dessiner.pop(0))

    def finir(self, carnet: Path) -> None:
        """Écrire les documents qui ne le sont pas encore."""
        if not self._ecrits:
            self._ecrire(carnet)
            self._ecrits = True

    def _ecrire(self, carnet: Path) -> None:
        from carnets.documents.carnet_lu import blocs_du_carnet  # noqa: PLC0415 - imports lents

        blocs = blocs_du_carnet(carnet)
        for nom in self.formats:
            module, fonction = RENDUS[nom]
            ecrire = getattr(import_module(module), fonction)
            ecrire(blocs, self.titre, self.dossier / f"{self.nom}.{nom}", self.nom)
