"""Rendre les pages du site : modèles à échappement automatique, sans script ni style dans la page."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from carnets.observatoire import adresses

if TYPE_CHECKING:
    from jinja2 import Environment

# « file: » est nommé à part : sur un dossier ouvert sans serveur, « 'self' » n'a pas le même sens partout.
POLITIQUE: Final = (
    "default-src 'none'; script-src 'self' file:; style-src 'self' file:; img-src 'self' file: data:; "
    "base-uri 'none'; form-action 'none'"
)


@lru_cache(maxsize=1)
def _environnement() -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined  # noqa: PLC0415 - import réservé au rendu

    dossier = resources.files("carnets.observatoire") / "modeles"
    environnement = Environment(
        loader=FunctionLoader(lambda nom: (dossier / nom).read_text(encoding="utf-8")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environnement.globals.update(
        politique=POLITIQUE,
        page_de=adresses.page_de,
        ancre_d_iris=adresses.ancre_d_iris,
        page_d_indicateur=adresses.page_d_indicateur,
        ancre=adresses.morceau,
    )
    return environnement


def rendre(modele: str, racine: str, **valeurs: Any) -> str:
    """Rendre une page."""
    return _environnement().get_template(modele).render(racine=racine, **valeurs)


def ressource(nom: str) -> str:
    """Lire une feuille de style ou un script du site."""
    chemin = resources.files("carnets.observatoire") / "ressources" / nom
    return chemin.read_text(encoding="utf-8")


def leaflet() -> dict[str, str]:
    """Lire Leaflet, sans rien qui désigne une adresse ni une image."""
    from xstatic.pkg import leaflet as paquet  # noqa: PLC0415 - réservé au site

    dossier = Path(paquet.BASE_DIR)
    code = (dossier / "leaflet.js").read_text(encoding="utf-8")
    styles = (dossier / "leaflet.css").read_text(encoding="utf-8")
    # La carte des sources serait cherchée par l'inspecteur ; les images ne servent ni aux tracés ni aux cercles.
    code = re.sub(r"//# sourceMappingURL=\S+", "", code)
    styles = re.sub(r"url\([^)]*\)", "none", re.sub(r"/\*.*?\*/", "", styles, flags=re.DOTALL))
    return {"leaflet.js": code, "leaflet.css": styles}
