"""Les documents tirés d'un carnet : écrits dès que commence sa cellule d'exports, pendant qu'un autre cœur les exécute."""

from __future__ import annotations

from collections import deque
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbformat import NotebookNode

AVANCE: Final = ".avance.ipynb"
EXPORTS: Final = "exports"
COMPARAISON: Final = "comparaison"
EVOLUTIONS: Final = "evolutions"
FICHE: Final = "fiche"
# Ce qui rend les blocs d'un document, format par format : module, fonction.
RENDUS: Final = {
    "html": ("carnets.documents.rendu", "ecrire_html"),
    "docx": ("carnets.documents.word.word", "ecrire_docx"),
    "odt": ("carnets.documents.word.odt", "ecrire_odt"),
    "pdf": ("carnets.documents.pdf.pdf", "ecrire_pdf"),
    "pptx": ("carnets.documents.diapos.diapos", "ecrire_pptx"),
}
# Ce qui dessine d'avance les graphiques d'un format, pendant que le carnet s'exécute.
DESSINS: Final = {
    "docx": "carnets.documents.word.images",
    "odt": "carnets.documents.word.images",
    "pdf": "carnets.documents.pdf.figures",
}


class Documents:
    """La page et le document Word d'un carnet ; ``nom`` est celui de leurs fichiers."""

    def __init__(self, formats: tuple[str, ...], dossier: Path, titre: str, nom: str = "portrait") -> None:
        self.formats = tuple(f for f in RENDUS if f in formats)
        self.dossier, self.titre, self.nom = dossier, titre, nom
        self._ecrits = not self.formats
        self._lues, self._a_dessiner = 0, deque[tuple[str, dict[str, Any], dict[str, bool]]]()

    def pendant(self, carnet: NotebookNode, cellule: NotebookNode, repondu: Callable[[], bool]) -> None:
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
            return
        self._relever_les_dessins(carnet)
        # La cellule qui s'exécute n'attend jamais plus d'un dessin.
        while self._a_dessiner and not repondu():
            module, bloc, options = self._a_dessiner.popleft()
            import_module(module).dessiner(bloc, **options)

    def _relever_les_dessins(self, carnet: NotebookNode) -> None:
        """Lister ce que les formats demandés dessineront des cellules finies : graphiques, et ceux des fiches."""
        from carnets.documents.carnet_lu import blocs_d_une_cellule  # noqa: PLC0415 - import lent

        finies = [c for c in carnet.cells if c.cell_type == "code" and c.outputs]
        modules = dict.fromkeys(DESSINS[f] for f in self.formats if f in DESSINS)
        for bloc in chain.from_iterable(map(blocs_d_une_cellule, finies[self._lues :])):
            petits = [(d, c["valeur"]) for c in bloc.get("chiffres", ()) for d in c.get("graphiques", ())]
            dessins = [
                ({"demande": d, "largeur": FICHE, "valeur": valeur}, {"intitule": True})
                for d, valeur in petits
            ]
            if bloc["genre"] == "graphique":
                dessins.append((bloc, {}))
            self._a_dessiner += [(m, *dessin) for m in modules for dessin in dessins]
        self._lues = len(finies)

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
