"""Changer la comparaison intercommunale en fragments HTML et en pages, avec un sommaire et des liens internes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from carnets.documents.fragments import aujourd_hui, page, rendre
from donnees_insee.chemins import fichier_provisoire

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from abs.intercommunal.comparaison import ComparaisonIntercommunale
    from abs.portrait.tableaux import Tableau

# Ancre, titre du sommaire, mot de la barre de navigation.
PARTIES: Final[tuple[tuple[str, str, str], ...]] = (
    ("essentiel", "L'essentiel", "L'essentiel"),
    ("petites-cartes", "Petites cartes", "Cartes"),
    ("tableaux", "Communes et indicateurs", "Tableaux"),
    ("profils", "Profils de communes", "Profils"),
    ("comparables", "Parmi les communes comparables", "Comparables"),
    ("centre", "Ce que pèse la ville-centre", "Ville-centre"),
    ("qpv", "Quartiers prioritaires", "QPV"),
    ("fiches", "Une fiche par commune", "Fiches"),
    ("lire", "Lire ces chiffres, et ce qui n'a pas été écrit", "Lire"),
    ("sources", "Sources, dates et géographies", "Sources"),
    ("definitions", "Définitions", "Définitions"),
)


def titre(comparaison: ComparaisonIntercommunale) -> str:
    """Rendre le titre, les avertissements et le sommaire."""
    parties = [p for p in PARTIES if p[0] != "qpv" or comparaison.qpv]
    return rendre(
        "comparaison_titre.html.j2", comparaison=comparaison, etabli_le=aujourd_hui(), parties=parties
    )


def essentiel(comparaison: ComparaisonIntercommunale) -> str:
    """Rendre les étendues d'une commune à l'autre."""
    from abs.phrases.preuves import Appuis  # noqa: PLC0415 - réservé au rendu

    appuis = Appuis(comparaison.diagnostic).de
    return rendre("comparaison_essentiel.html.j2", comparaison=comparaison, appuis=appuis)


def partie(
    ancre: str,
    titre_de_partie: str,
    *,
    rang: int = 2,
    phrases: Sequence[str] = (),
    tableaux: Sequence[Tableau] = (),
    notes: Sequence[str] = (),
    fiches: Iterable[str] = (),
) -> str:
    """Rendre une partie : titre, phrases, tableaux, notes."""
    return rendre(
        "comparaison_partie.html.j2",
        ancre=ancre,
        titre=titre_de_partie,
        rang=rang,
        phrases=phrases,
        tableaux=tableaux,
        notes=notes,
        fiches=set(fiches),
    )


def fiches(comparaison: ComparaisonIntercommunale) -> str:
    """Rendre les fiches des communes, et l'index qui y mène."""
    from abs.phrases.preuves import Appuis  # noqa: PLC0415 - réservé au rendu

    appuis = Appuis(comparaison.diagnostic).de
    return rendre("comparaison_fiches.html.j2", fiches=comparaison.fiches, appuis=appuis)


def ecrire_page(corps: str, titre_de_page: str, chemin: Path) -> Path:
    """Écrire la page autonome de la comparaison."""
    feuilles = ("portrait.css", "comparaison.css")
    rendue = page(titre_de_page, corps, "comparaison_page.html.j2", feuilles, parties=PARTIES)
    with fichier_provisoire(chemin) as provisoire:
        provisoire.write_text(rendue, encoding="utf-8")
    return chemin
