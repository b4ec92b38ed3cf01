"""Changer la comparaison intercommunale en fragments HTML et en pages, avec un sommaire et des liens internes."""

from __future__ import annotations

import base64
import html
from importlib import resources
from typing import TYPE_CHECKING, Final

from carnets.documents.fragments import rendre

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from abs.intercommunal.comparaison import ComparaisonIntercommunale
    from abs.portrait.tableaux import Tableau
    from cartes.carte import CarteThematique

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
    from datetime import date  # noqa: PLC0415

    from babel.dates import format_date  # noqa: PLC0415

    # La date du jour à l'horloge du poste : c'est celle que l'analyste attend sur sa page.
    aujourd_hui = format_date(date.today(), format="long", locale="fr_FR")  # noqa: DTZ011
    parties = [p for p in PARTIES if p[0] != "qpv" or comparaison.qpv]
    return rendre(
        "comparaison_titre.html.j2", comparaison=comparaison, etabli_le=aujourd_hui, parties=parties
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


def figure(image: bytes, remplacement: str, legende: str) -> str:
    """Inclure une planche dans la page."""
    source = base64.b64encode(image).decode("ascii")
    return (
        f'<figure class="planche"><img src="data:image/png;base64,{source}" alt="{html.escape(remplacement, quote=True)}">'
        f"<figcaption>{html.escape(legende)}</figcaption></figure>"
    )


def atlas(cartes: Sequence[CarteThematique], nom: str) -> str:
    """Rendre la carte interactive, une couche par indicateur."""
    from dataclasses import replace  # noqa: PLC0415

    from cartes.ecran.interactif import atlas as page_d_atlas  # noqa: PLC0415 - import lent, réservé aux cartes

    # Le nom de l'intercommunalité est déjà celui de la page : les boutons n'ont pas à le répéter.
    couches = [replace(c, titre=c.titre.removesuffix(f" · {nom}")) for c in cartes]
    page_entiere = page_d_atlas(couches, f"{nom}, commune par commune")
    return (
        '<section class="atlas-bloc"><h3>Carte interactive</h3>'
        '<iframe class="atlas" title="Carte interactive des communes" sandbox="allow-scripts" '
        f'srcdoc="{html.escape(page_entiere, quote=True)}"></iframe></section>'
    )


def ecrire_page(corps: str, titre_de_page: str, chemin: Path) -> Path:
    """Écrire la page autonome de la comparaison."""
    from markupsafe import Markup  # noqa: PLC0415

    from donnees_insee.chemins import fichier_provisoire  # noqa: PLC0415

    modeles = resources.files("carnets.documents") / "modeles"
    feuilles = "\n".join(
        (modeles / nom).read_text(encoding="utf-8") for nom in ("portrait.css", "comparaison.css")
    )
    style, interieur = Markup(feuilles), Markup(corps)  # noqa: S704 - feuilles du paquet, corps déjà échappé
    page = rendre(
        "comparaison_page.html.j2", titre=titre_de_page, corps=interieur, style=style, parties=PARTIES
    )
    with fichier_provisoire(chemin) as provisoire:
        provisoire.write_text(page, encoding="utf-8")
    return chemin
