"""Les adresses et les pages du site : une adresse ne dépend que du niveau et du code, une page n'a ni script ni style."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from carnets.textes import environnement
from cartes.charte import variables_css

if TYPE_CHECKING:
    from jinja2 import Environment

    from abs.territoires.territoires import Territoire

# Le plus long code officiel a neuf caractères, le plus long indicateur une quarantaine.
LONGUEUR_MAXIMALE: Final = 80
DOSSIER_DES_FICHIERS: Final = "telechargements"
# « file: » est nommé à part : sur un dossier ouvert sans serveur, « 'self' » n'a pas le même sens partout.
POLITIQUE: Final = (
    "default-src 'none'; script-src 'self' file:; style-src 'self' file:; img-src 'self' file: data:; "
    "base-uri 'none'; form-action 'none'"
)

# -- adresses ----------------------------------------------------------------------------------


def morceau(texte: str) -> str:
    """Rendre un code sûr dans un chemin et dans une ancre."""
    propre = re.sub(r"[^A-Za-z0-9_-]+", "-", texte)
    if len(propre) <= LONGUEUR_MAXIMALE:
        return propre
    return f"{propre[: LONGUEUR_MAXIMALE - 9]}-{hashlib.sha256(texte.encode()).hexdigest()[:8]}"


def cle_de(territoire: Territoire) -> str:
    """Donner la clé d'un territoire dans le site."""
    return f"{territoire.niveau}-{morceau(territoire.code)}"


def page_de(territoire: Territoire) -> str:
    """Donner l'adresse de la page d'un territoire, depuis la racine du site."""
    return f"territoires/{cle_de(territoire)}.html"


def ancre_d_iris(commune: Territoire, code: str) -> str:
    """Donner l'adresse d'un IRIS, montré dans la page de sa commune."""
    return f"{page_de(commune)}#iris-{morceau(code)}"


def page_d_indicateur(code: str) -> str:
    """Donner l'adresse de la page d'un indicateur."""
    return f"indicateurs/{morceau(code)}.html"


# -- pages -------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _environnement() -> Environment:
    from abs.indicateurs.indicateurs import THEMES  # noqa: PLC0415
    from abs.statuts import LIBELLES_STATUT  # noqa: PLC0415
    from abs.territoires.territoires import NOMS_DE_NIVEAU  # noqa: PLC0415
    from carnets.documents.tableur.definitions import unite_lisible  # noqa: PLC0415
    from carnets.observatoire.mots import sens_de_lecture  # noqa: PLC0415
    from cartes.ecran.cles_de_legende import legende_html  # noqa: PLC0415

    modeles = environnement("carnets.observatoire")
    appelables = (page_de, ancre_d_iris, page_d_indicateur, unite_lisible, sens_de_lecture, legende_html)
    modeles.globals |= {appelable.__name__: appelable for appelable in appelables}
    modeles.globals |= {"politique": POLITIQUE, "themes": THEMES, "ancre": morceau}
    modeles.globals |= {"niveaux_en_mots": NOMS_DE_NIVEAU, "libelles_statut": LIBELLES_STATUT}
    return modeles


def rendre(modele: str, racine: str, **valeurs: Any) -> str:
    """Rendre une page."""
    return _environnement().get_template(modele).render(racine=racine, **valeurs)


def ressources() -> dict[str, str]:
    """Lire les feuilles et les scripts du site, et Leaflet sans rien qui désigne une adresse ni une image."""
    from xstatic.pkg import leaflet  # noqa: PLC0415 - réservé au site

    siennes = (resources.files("carnets.observatoire") / "ressources").iterdir()
    code, styles = (
        (Path(leaflet.BASE_DIR) / nom).read_text(encoding="utf-8") for nom in ("leaflet.js", "leaflet.css")
    )
    # La carte des sources serait cherchée par l'inspecteur ; les images ne servent ni aux tracés ni aux cercles.
    code = re.sub(r"//# sourceMappingURL=\S+", "", code)
    styles = re.sub(r"url\([^)]*\)", "none", re.sub(r"/\*.*?\*/", "", styles, flags=re.DOTALL))
    lues = {f.name: f.read_text(encoding="utf-8") for f in siennes}
    lues["observatoire.css"] = f"{variables_css('observatoire')}\n{lues['observatoire.css']}"
    return lues | {"leaflet.js": code, "leaflet.css": styles}
