"""Les paramètres qu'un carnet déclare dans sa cellule étiquetée « parameters »."""

import ast
import json
from pathlib import Path

from donnees_insee.erreurs import ParametreInvalide


def parametres_declares(carnet: Path) -> set[str]:
    """Lire les noms affectés par la cellule de paramètres d'un carnet."""
    try:
        cellules = json.loads(carnet.read_text(encoding="utf-8"))["cells"]
        sources = ["".join(c["source"]) for c in cellules if "parameters" in c["metadata"].get("tags", ())]
        noms = {
            cible.id
            for source in sources
            for noeud in ast.parse(source).body
            if isinstance(noeud, ast.Assign | ast.AnnAssign)
            for cible in (noeud.targets if isinstance(noeud, ast.Assign) else [noeud.target])
            if isinstance(cible, ast.Name)
        }
    except (OSError, ValueError, KeyError, TypeError, SyntaxError) as cause:
        raise ParametreInvalide(
            f"Le carnet « {carnet} » ne peut pas être lu comme un carnet Jupyter ({cause})."
        ) from cause
    if "territoire" not in noms:
        raise ParametreInvalide(
            f"Le carnet « {carnet} » ne déclare pas le paramètre territoire. Ajoutez une cellule étiquetée « parameters » "
            '(menu des propriétés de la cellule) qui contient : territoire = "34172"'
        )
    return noms
