"""Les documents tirés d'un carnet : commencés dès sa dernière cellule affichée, pendant qu'il écrit ses fichiers."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, Final

AVANCE: Final = ".avance.ipynb"


class Documents:
    """La page et le document Word d'un carnet."""

    def __init__(self, formats: tuple[str, ...], dossier: Path, titre: str, nom: str = "portrait") -> None:
        self.formats = tuple(f for f in ("html", "docx") if f in formats)
        self.dossier, self.titre, self.nom = dossier, titre, nom
        self._fil: threading.Thread | None = None
        self._faute: Exception | None = None

    def importer(self) -> None:
        """Importer ce que les documents demanderont ; le noyau, lui, occupe un autre cœur."""
        if self.formats:
            import carnets.documents.fragments  # noqa: PLC0415
        if "docx" in self.formats:
            import carnets.documents.word  # noqa: F401, PLC0415

    def commencer(self, carnet: Any) -> None:
        """Commencer les documents d'un carnet dont toutes les cellules affichées sont finies."""
        if not self.formats or self._fil is not None:
            return
        import nbformat  # noqa: PLC0415 - lent, et déjà importé par Papermill

        avance = self.dossier / AVANCE
        avance.write_text(nbformat.writes(carnet), encoding="utf-8")
        self._fil = threading.Thread(target=self._essayer, args=(avance,))
        self._fil.start()

    def _essayer(self, carnet: Path) -> None:
        try:
            self._ecrire(carnet)
        except Exception as cause:  # noqa: BLE001 - gardée : le fil principal refera, et lèvera s'il le faut
            self._faute = cause

    def attendre(self) -> None:
        """Attendre les documents commencés, que le carnet ait réussi ou non."""
        if self._fil is not None:
            self._fil.join()
            (self.dossier / AVANCE).unlink(missing_ok=True)

    def finir(self, carnet: Path) -> None:
        """Rendre la main quand les documents sont écrits."""
        self.attendre()
        if self._fil is None or self._faute is not None:
            self._ecrire(carnet)

    def _ecrire(self, carnet: Path) -> None:
        if not self.formats:
            return
        from carnets.documents.fragments import corps_du_carnet, ecrire_html  # noqa: PLC0415 - imports lents
        from carnets.documents.word import ecrire_docx  # noqa: PLC0415

        corps = corps_du_carnet(carnet)
        if "html" in self.formats:
            ecrire_html(corps, self.titre, self.dossier / f"{self.nom}.html")
        if "docx" in self.formats:
            ecrire_docx(corps, self.titre, self.dossier / f"{self.nom}.docx")
