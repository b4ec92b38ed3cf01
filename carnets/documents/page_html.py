"""Du carnet exécuté à portrait.html : un seul fichier, code caché, cartes vivantes, sans réseau."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from carnets.documents.fragments import page
from donnees_insee.chemins import fichier_provisoire

# Les cellules de service (mode d'emploi, paramètres, écriture des fichiers) ne sont pas pour le lecteur.
ETIQUETTES_OTEES: Final = ("notice", "parameters", "injected-parameters", "exports")


def corps_du_carnet(carnet: Path) -> str:
    """Convertir un carnet exécuté en HTML nu : les sorties seules, sans code ni invite."""
    cellules = json.loads(carnet.read_text(encoding="utf-8"))["cells"]
    montrees = [c for c in cellules if not set(c["metadata"].get("tags", ())) & set(ETIQUETTES_OTEES)]
    fragments = [_fragments(cellule) for cellule in montrees]
    if any(f is None for f in fragments):
        return _par_nbconvert(carnet)
    return "\n".join(f'<div class="cell">\n{f}\n</div>' for f in fragments if f)


def _fragments(cellule: dict[str, Any]) -> str | None:
    """Mettre bout à bout les fragments d'une cellule ; ``None`` si elle montre autre chose."""
    if cellule["cell_type"] != "code":
        return None
    morceaux = []
    for sortie in cellule["outputs"]:
        if (
            sortie["output_type"] not in {"display_data", "execute_result"}
            or "text/html" not in sortie["data"]
        ):
            return None
        contenu = sortie["data"]["text/html"]
        morceaux.append(contenu if isinstance(contenu, str) else "".join(contenu))
    return "\n".join(m for m in morceaux if m)


def _par_nbconvert(carnet: Path) -> str:
    from nbconvert import HTMLExporter  # noqa: PLC0415 - import lent
    from traitlets.config import Config  # noqa: PLC0415

    reglages = Config()
    reglages.TagRemovePreprocessor.enabled = True
    reglages.TagRemovePreprocessor.remove_cell_tags = ETIQUETTES_OTEES
    exportateur = HTMLExporter(
        config=reglages,
        template_name="basic",
        exclude_input=True,
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        exclude_anchor_links=True,
    )
    exportateur.register_preprocessor("nbconvert.preprocessors.TagRemovePreprocessor", enabled=True)
    corps, _ = exportateur.from_filename(str(carnet))
    return str(corps)


def ecrire_html(corps: str, titre: str, chemin: Path) -> Path:
    """Écrire la page autonome."""
    with fichier_provisoire(chemin) as provisoire:
        provisoire.write_text(page(titre, corps), encoding="utf-8")
    return chemin
