"""L'atelier d'un carnet : composer le portrait une fois, puis afficher chaque partie dans sa cellule."""

from __future__ import annotations

import html
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from abs.portrait.portrait import Portrait, composer
from abs.portrait.tableaux import DemandeDeCarte
from carnets.documents import fragments
from carnets.parametres import Reglages, verifier_parametres
from carnets.textes import textes
from cartes.carte import CarteThematique
from cartes.fonds import Fonds, carte
from donnees_insee.erreurs import CarteImpossible

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from carnets.processus.dessin_partage import DessinPartage

TEXTES: Final[dict[str, Any]] = textes("carnets.ateliers")


@dataclass(frozen=True)
class Fragment:
    """Un morceau de document affiché par une cellule."""

    html: str
    texte: str

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/html": self.html, "text/plain": self.texte}


SANS_DOSSIER: Final = Fragment("", TEXTES["sans_dossier"])


def fichiers_ecrits(ecrits: Iterable[Path], dossier: Path) -> Fragment:
    """Lister des fichiers écrits, depuis leur dossier."""
    return Fragment("", "\n".join(str(f.relative_to(dossier)) for f in ecrits))


class Atelier:
    """Ce qu'un carnet de portrait manipule."""

    def __init__(self, **parametres: Any) -> None:
        self.reglages: Reglages = verifier_parametres(parametres)
        self.cartes_refusees: dict[str, str] = {}
        self._refus_dits: set[str] = set()

    @cached_property
    def portrait(self) -> Portrait:
        """Portrait composé à la première lecture."""
        return composer(self.reglages.base, self.reglages.demande)

    @cached_property
    def fonds(self) -> Fonds:
        """Contours utiles au portrait."""
        return Fonds(self.reglages.base, self.portrait.diagnostic)

    @cached_property
    def cartes(self) -> dict[str, CarteThematique]:
        """Cartes du portrait, par code d'indicateur ; vide sans contours."""
        demandes = (demande for chapitre in self.portrait.chapitres for demande in chapitre.cartes)
        return {d.indicateur: trouvee for d in demandes if (trouvee := self._carte(d)) is not None}

    @cached_property
    def dessins(self) -> DessinPartage:
        """Images imprimées des cartes, peut-être dessinées à deux."""
        from carnets.processus.dessin_partage import DessinPartage  # noqa: PLC0415 - import lent, réservé aux cartes

        return DessinPartage(list(self.cartes.values()))

    def _carte(self, demande: DemandeDeCarte) -> CarteThematique | None:
        try:
            return carte(self.fonds, demande)
        except CarteImpossible as refus:
            # Sans aucun contour, l'avertissement du portrait dit déjà pourquoi la carte manque.
            if self.fonds.iris is not None:
                self.cartes_refusees[demande.indicateur] = str(refus)
            return None

    # -- affichage -----------------------------------------------------------------------------

    def titre(self) -> Fragment:
        """Montrer le titre, les avertissements et les chiffres clés."""
        return Fragment(fragments.titre(self.portrait), f"Portrait de territoire : {self.portrait.titre}")

    def atlas(self) -> Fragment:
        """Montrer la carte interactive, une couche par indicateur."""
        if not self.cartes:
            return Fragment("", TEXTES["portrait"]["sans_atlas"])
        # Avant la carte interactive : le second dessinateur commence pendant qu'elle se compose.
        _ = self.dessins
        # Le nom du territoire est déjà celui de la page : les boutons n'ont pas à le répéter.
        intertitre = '<h2 id="carte">Carte interactive</h2>'
        cadre = fragments.atlas(
            self.cartes.values(),
            self.portrait.titre,
            "indicateur par indicateur",
            intertitre,
            "Carte interactive",
        )
        return Fragment(cadre, f"Carte interactive de {len(self.cartes)} indicateurs")

    def chapitre(self, code: str) -> None:
        """Afficher un chapitre : phrases, tableaux, cartes, absences."""
        from IPython.display import display  # noqa: PLC0415 - n'existe que dans un carnet

        contenu = self.portrait.chapitre(code)
        if contenu is None:
            return
        display(Fragment(fragments.chapitre(self.portrait, contenu), contenu.titre))
        for demande in contenu.cartes:
            if demande.indicateur in self.cartes:
                display(self.figure(self.cartes[demande.indicateur]))
        refus = [r for d in contenu.cartes if (r := self.cartes_refusees.get(d.indicateur))]
        # Une même raison vaut pour toutes les cartes d'un fond : elle est dite une fois, au premier chapitre.
        refus = [r for r in dict.fromkeys(refus) if r not in self._refus_dits]
        self._refus_dits.update(refus)
        if refus:
            lignes = "".join(f'<p class="precision">{html.escape(r)}</p>' for r in refus)
            display(Fragment(lignes, "\n".join(refus)))
        display(Fragment(fragments.suite(self.portrait, contenu), f"{contenu.titre} (suite)"))

    def figure(self, dessin: CarteThematique) -> Fragment:
        """Montrer une carte imprimée, avec sa légende et son texte de remplacement."""
        absents = f" ; sans contour : {', '.join(dessin.manquants)}" if dessin.manquants else ""
        remplacement = dessin.texte_alternatif()
        legende = f"{dessin.titre}, {dessin.date}{absents}"
        return Fragment(fragments.figure(self.dessins.png(dessin), remplacement, legende), remplacement)

    def annexes(self) -> Fragment:
        """Montrer les sources, les définitions et la façon de lire."""
        return Fragment(fragments.annexes(self.portrait), "Sources et définitions")

    def _ecrire(self, dossier: Path) -> list[Path]:
        from carnets.documents.ensemble import ecrire_fichiers  # noqa: PLC0415 - imports lents

        diagnostic = self.portrait.diagnostic
        return ecrire_fichiers(dossier, self.reglages, diagnostic, self.fonds, lambda: self.cartes)

    def exporter(self) -> Fragment:
        """Écrire les fichiers demandés dans le dossier de sortie, s'il est donné."""
        from carnets.dossier_de_sortie import dossier_de_sortie, est_deja_ecrit  # noqa: PLC0415

        dossier = self.reglages.dossier_sortie
        if dossier is None:
            return SANS_DOSSIER
        if not est_deja_ecrit(dossier):
            return fichiers_ecrits(self._ecrire(dossier), dossier)
        with dossier_de_sortie(dossier) as chantier:
            ecrits = fichiers_ecrits(self._ecrire(chantier.provisoire), chantier.provisoire)
        return Fragment("", "\n".join(filter(None, (ecrits.texte, chantier.avis))))
