"""Changer le portrait en fragments HTML : tout texte y est échappé, chaque chiffre garde sa référence."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from abs.portrait.chapitre import Chapitre
from abs.portrait.portrait import Portrait

if TYPE_CHECKING:
    from jinja2 import Environment


@lru_cache(maxsize=1)
def _environnement() -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined  # noqa: PLC0415 - import réservé au rendu

    dossier = resources.files("carnets.documents") / "modeles"
    return Environment(
        loader=FunctionLoader(lambda nom: (dossier / nom).read_text(encoding="utf-8")),
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


def titre(portrait: Portrait) -> str:
    """Rendre le titre, les avertissements, les chiffres clés, les forces et les faiblesses."""
    from datetime import date  # noqa: PLC0415

    from babel.dates import format_date  # noqa: PLC0415

    # La date du jour à l'horloge du poste : c'est celle que l'analyste attend sur sa page.
    aujourd_hui = format_date(date.today(), format="long", locale="fr_FR")  # noqa: DTZ011
    return rendre("titre.html.j2", portrait=portrait, etabli_le=aujourd_hui, appuis=_appuis(portrait))


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


def page(titre_de_page: str, corps: str) -> str:
    """Rendre une page complète et autonome autour d'un corps déjà rendu."""
    from markupsafe import Markup  # noqa: PLC0415

    feuille = resources.files("carnets.documents") / "modeles" / "portrait.css"
    style = Markup(feuille.read_text(encoding="utf-8"))  # noqa: S704 - feuille de style du paquet
    return rendre("page.html.j2", titre=titre_de_page, corps=Markup(corps), style=style)  # noqa: S704
