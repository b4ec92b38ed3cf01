"""Les documents tirés d'un carnet : écrits dès que commence sa cellule d'exports, pendant qu'un autre cœur les exécute."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from nbformat import NotebookNode

AVANCE: Final = ".avance.ipynb"
EXPORTS: Final = "exports"


class Documents:
    """La page et le document Word d'un carnet."""

    def __init__(self, formats: tuple[str, ...], dossier: Path, titre: str, nom: str = "portrait") -> None:
        self.formats = tuple(f for f in ("html", "docx") if f in formats)
        self.dossier, self.titre, self.nom = dossier, titre, nom
        self._ecrits = not self.formats

    def pendant(self, carnet: NotebookNode, cellule: NotebookNode) -> None:
        """Écrire les documents d'un carnet dont toutes les cellules affichées sont finies, sinon préparer de quoi."""
        if self._ecrits:
            return
        import nbformat  # noqa: PLC0415 - lent, et déjà importé par Papermill

        import carnets.documents.fragments  # noqa: PLC0415
        import carnets.documents.word  # noqa: F401, PLC0415

        if EXPORTS in cellule.metadata.get("tags", ()):
            avance = self.dossier / AVANCE
            avance.write_text(nbformat.writes(carnet), encoding="utf-8")
            self.finir(avance)
            avance.unlink()

    def finir(self, carnet: Path) -> None:
        """Écrire les documents qui ne le sont pas encore."""
        if self._ecrits:
            return
        from carnets.documents.fragments import corps_du_carnet, ecrire_html  # noqa: PLC0415 - imports lents
        from carnets.documents.word import ecrire_docx  # noqa: PLC0415

        corps = corps_du_carnet(carnet)
        if "html" in self.formats:
            ecrire_html(corps, self.titre, self.dossier / f"{self.nom}.html")
        if "docx" in self.formats:
            ecrire_docx(corps, self.titre, self.dossier / f"{self.nom}.docx")
        self._ecrits = True
