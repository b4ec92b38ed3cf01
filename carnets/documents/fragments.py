"""Changer le portrait en fragments HTML : tout texte y est échappé, chaque chiffre garde sa référence."""

from __future__ import annotations

import base64
import html
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from abs.portrait.portrait import Chapitre, Portrait
from carnets.documents.modeles import MODELES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jinja2 import Environment

    from cartes.specification import CarteThematique


@lru_cache(maxsize=1)
def _environnement() -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined  # noqa: PLC0415 - import réservé au rendu

    return Environment(
        loader=FunctionLoader(lambda nom: (MODELES / nom).read_text(encoding="utf-8")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def rendre(modele: str, **valeurs: Any) -> str:
    """Rendre un modèle, échappement compris."""
    return _environnement().get_template(modele).render(**valeurs)


def _appuis(portrait: Portrait) -> Any:
    """Retrouver les lignes du diagnostic qui portent une phrase ; l'index n'est fait qu'une fois par portrait."""
    from abs.phrases.preuves import Appuis  # noqa: PLC0415 - réservé au rendu

    gardes = vars(portrait)
    if "_appuis" not in gardes:
        gardes["_appuis"] = Appuis(portrait.diagnostic).de
    return gardes["_appuis"]


def aujourd_hui() -> str:
    """Écrire la date du jour à l'horloge du poste : c'est celle que l'analyste attend sur sa page."""
    from babel.dates import format_date  # noqa: PLC0415 - import réservé au rendu

    return format_date(date.today(), format="long", locale="fr_FR")  # noqa: DTZ011


def titre(portrait: Portrait) -> str:
    """Rendre le titre, les avertissements, les chiffres clés, les forces et les faiblesses."""
    return rendre("titre.html.j2", portrait=portrait, etabli_le=aujourd_hui(), appuis=_appuis(portrait))


def chapitre(portrait: Portrait, contenu: Chapitre) -> str:
    """Rendre le début d'un chapitre : titre, phrases et tableau des références."""
    return rendre("chapitre.html.j2", portrait=portrait, chapitre=contenu, appuis=_appuis(portrait))


def suite(portrait: Portrait, contenu: Chapitre) -> str:
    """Rendre la fin d'un chapitre, sous ses cartes : mailles, absences, manques."""
    return rendre("suite.html.j2", portrait=portrait, chapitre=contenu)


def annexes(portrait: Portrait) -> str:
    """Rendre ce qui n'a pas été écrit, les sources, les définitions et la façon de lire les statuts."""
    from abs.indicateurs.indicateurs import THEMES, indicateurs  # noqa: PLC0415
    from abs.statuts import LIBELLES_STATUT  # noqa: PLC0415

    employes = {
        (c.indicateur, c.source, c.definition) for c in portrait.diagnostic.chiffres if c.a_une_valeur
    }
    definitions = [
        (
            i,
            [
                (le.source.titre_court, le.formule_lisible())
                for le in i.lectures
                if (i.code, le.source.id, le.definition) in employes
            ],
        )
        for i in indicateurs().values()
    ]
    locales = portrait.diagnostic.locales
    definitions += [
        (i, [("source locale", " / ".join(filter(None, locales.comptes[code])))])
        for code, i in locales.indicateurs.items()
    ]
    definitions = [(i, formules) for i, formules in definitions if formules]
    return rendre(
        "annexes.html.j2", portrait=portrait, definitions=definitions, themes=THEMES, statuts=LIBELLES_STATUT
    )


def figure(image: bytes, remplacement: str, legende: str, classe: str = "") -> str:
    """Inclure une image dans la page, avec sa légende et son texte de remplacement."""
    source = base64.b64encode(image).decode("ascii")
    debut = f'<figure class="{classe}">' if classe else "<figure>"
    return (
        f'{debut}<img src="data:image/png;base64,{source}" alt="{html.escape(remplacement, quote=True)}">'
        f"<figcaption>{html.escape(legende)}</figcaption></figure>"
    )


def atlas(cartes: Iterable[CarteThematique], nom: str, maille: str, intertitre: str, cadre: str) -> str:
    """Rendre la carte interactive, une couche par indicateur, sous un intertitre."""
    from cartes.ecran.interactif import atlas as page_d_atlas  # noqa: PLC0415 - import lent, réservé aux cartes

    # Le nom du territoire est déjà celui de la page : les boutons n'ont pas à le répéter.
    couches = [c.intitulee(c.titre.removesuffix(f" · {nom}")) for c in cartes]
    contenu = html.escape(page_d_atlas(couches, f"{nom}, {maille}"), quote=True)
    return (
        f'<section class="atlas-bloc">{intertitre}<iframe class="atlas" title="{cadre}" '
        f'sandbox="allow-scripts" srcdoc="{contenu}"></iframe></section>'
    )


def page(
    titre_de_page: str,
    corps: str,
    modele: str = "page.html.j2",
    feuilles: tuple[str, ...] = ("portrait.css",),
    **valeurs: Any,
) -> str:
    """Rendre une page complète et autonome autour d'un corps déjà rendu."""
    from markupsafe import Markup  # noqa: PLC0415 - import réservé au rendu

    lues = "\n".join((MODELES / nom).read_text(encoding="utf-8") for nom in feuilles)
    style, interieur = Markup(lues), Markup(corps)  # noqa: S704 - feuilles du paquet, corps déjà échappé
    return rendre(modele, titre=titre_de_page, corps=interieur, style=style, **valeurs)
