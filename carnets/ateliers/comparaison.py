"""La comparaison intercommunale ouverte dans un carnet : composer une fois, puis montrer chaque partie dans sa cellule."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from abs.blocs.blocs import Bloc, CarteInteractive, Image, Liste, Puce, Titre
from abs.indicateurs.indicateurs import indicateur
from abs.intercommunal.comparaison import ComparaisonIntercommunale, comparer_l_intercommunalite
from abs.intercommunal.document import MOTS, DocumentDeComparaison
from carnets.ateliers.demonstration import base_ou_demonstration
from carnets.ateliers.donnees import TEXTES, adresse, exporter
from carnets.documents.comparaison.cartes import PetitesCartes, petites_cartes, texte_de_remplacement
from carnets.documents.montre import Montre
from carnets.documents.rendu import aujourd_hui, page_d_atlas
from carnets.parametres import Reglages, verifier_parametres
from cartes.fonds import Fonds

if TYPE_CHECKING:
    from pathlib import Path

DITS: Final[dict[str, str]] = TEXTES["comparaison"]


class ComparaisonOuverte:
    """Ce qu'un carnet manipule d'une comparaison ; s'ouvre par ``carnets.comparaison``."""

    def __init__(self, indicateurs: str = "", **parametres: Any) -> None:
        reglages, self.voulus = verifier_reglages(indicateurs, parametres)
        self.reglages = base_ou_demonstration(reglages)

    @cached_property
    def comparaison(self) -> ComparaisonIntercommunale:
        """Comparaison composée à la première lecture."""
        return comparer_l_intercommunalite(self.reglages.base, self.reglages.demande, self.voulus)

    @cached_property
    def document(self) -> DocumentDeComparaison:
        """Les blocs de la comparaison."""
        return DocumentDeComparaison(self.comparaison)

    @cached_property
    def fonds(self) -> Fonds:
        """Contours des communes."""
        return Fonds(self.reglages.base, self.comparaison.diagnostic)

    @cached_property
    def cartes(self) -> PetitesCartes:
        """Petites cartes et leurs notes."""
        return petites_cartes(self.fonds, self.comparaison.cartes)

    @cached_property
    def image(self) -> bytes:
        """Planche des petites cartes ; vide sans contours."""
        from carnets.documents.comparaison.planche import planche  # noqa: PLC0415 - import lent, réservé aux cartes

        return planche(list(self.cartes.cartes.values())) if self.cartes.cartes else b""

    def __repr__(self) -> str:
        """Nommer la comparaison."""
        sujet = self.comparaison.sujet
        return f"Comparaison des communes : {sujet.nom} ({sujet.code})"

    def _repr_html_(self) -> str:
        return self.titre()._repr_html_()

    def titre(self) -> Montre:
        """Montrer le titre et le sommaire."""
        return Montre(self.document.titre(aujourd_hui()), habille=True)

    def essentiel(self) -> Montre:
        """Montrer les étendues d'une commune à l'autre."""
        return Montre(self.document.essentiel())

    def graphique(self) -> Montre:
        """Montrer les communes sur des réglettes, un indicateur par ligne."""
        return Montre(self.document.graphique())

    def petites_cartes(self) -> Montre:
        """Montrer la planche des petites cartes, puis la carte à parcourir."""
        cartes, nom = list(self.cartes.cartes.values()), self.comparaison.sujet.nom
        notes = self.cartes.notes if cartes else (*self.cartes.notes, DITS["sans_carte"])
        blocs: list[Bloc] = [Titre(MOTS["petites_cartes"], ancre="petites-cartes")]
        blocs.append(Liste(tuple(map(Puce, notes)), "notes"))
        if not cartes:
            return Montre(blocs, texte=DITS["sans_carte"])
        legende = f"{nom} : {len(cartes)} indicateurs, commune par commune"
        page = page_d_atlas(cartes, nom, "commune par commune")
        blocs += [
            Image(adresse(self.image), texte_de_remplacement(cartes), legende, "planche"),
            Titre(MOTS["interactive"], 3),
            CarteInteractive(page, "Carte interactive des communes"),
        ]
        return Montre(blocs, texte=legende)

    def themes(self) -> Montre:
        """Montrer une page par thème : les communes sur des réglettes, les plus hautes et les plus basses."""
        return Montre(self.document.themes())

    def tableaux(self) -> Montre:
        """Montrer tous les tableaux communes × indicateurs, ceux du classeur."""
        return Montre(self.document.tableaux())

    def profils(self) -> Montre:
        """Montrer les groupes de communes, ou pourquoi il n'y en a pas."""
        return Montre(self.document.profils())

    def comparables(self) -> Montre:
        """Montrer la place de chaque commune parmi les communes qui lui ressemblent."""
        return Montre(self.document.comparables())

    def centre(self) -> Montre:
        """Montrer ce que pèse la ville-centre."""
        return Montre(self.document.centre())

    def qpv(self) -> Montre:
        """Montrer les quartiers prioritaires côte à côte."""
        return Montre(self.document.qpv())

    def fiches(self) -> Montre:
        """Montrer une fiche par commune."""
        return Montre(self.document.fiches())

    def annexes(self) -> Montre:
        """Montrer les sources, les définitions et la façon de lire."""
        return Montre(self.document.annexes())

    def exporter(self) -> Montre:
        """Écrire les fichiers demandés dans le dossier de sortie, s'il est donné."""
        return exporter(self.reglages, self._ecrire)

    def _ecrire(self, dossier: Path) -> list[Path]:
        from carnets.documents.ensemble import ecrire_fichiers  # noqa: PLC0415 - imports lents

        return ecrire_fichiers(
            dossier,
            self.reglages,
            self.comparaison.diagnostic,
            self.fonds,
            lambda: self.cartes.cartes,
            self.comparaison,
            self.voulus,
            lambda: self.image,
        )


def verifier_reglages(indicateurs: str, parametres: dict[str, Any]) -> tuple[Reglages, tuple[str, ...]]:
    """Vérifier les paramètres de la comparaison."""
    reglages = verifier_parametres(parametres)
    voulus = tuple(dict.fromkeys(c.strip() for c in indicateurs.split(",") if c.strip()))
    for code in voulus:
        indicateur(code)
    return reglages, voulus
