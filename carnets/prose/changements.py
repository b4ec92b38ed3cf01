"""Comparer un portrait à un portrait gardé : le relire de son dossier, et poser la cellule qui montre ce qui a changé."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from carnets.documents.carnet_lu import blocs_du_carnet
from carnets.reprise import CHANGEMENTS
from carnets.textes import textes
from donnees_insee.erreurs import ParametreInvalide

if TYPE_CHECKING:
    from collections.abc import Iterator

    from abs.changements.ancien import Ancien
    from carnets.documents.montre import Montre

    Carnet = dict[str, Any]

DITS: Final[dict[str, str]] = textes("carnets")["changements"]
RECU: Final = Path("preuve") / "recu.json"
TABLE: Final = Path("preuve") / "diagnostic.parquet"
# La cellule se pose avant les annexes ; à défaut, avant celle qui écrit les fichiers.
AVANT: Final = ("annexes", "exporter")
CELLULE: Final = "from carnets.prose.changements import changements\n\nchangements(m, {ou})"


def lire_l_ancien(dossier: Path) -> Ancien:
    """Relire un portrait gardé, de sa preuve et de son carnet."""
    import pandas as pd  # noqa: PLC0415 - imports lents

    from abs.changements.ancien import Ancien  # noqa: PLC0415

    carnet = dossier / "carnet.ipynb"
    try:
        recu = json.loads((dossier / RECU).read_text(encoding="utf-8"))
        phrases = [
            (str(p["texte"]), tuple(p["references"]))
            for b in (blocs_du_carnet(carnet) if carnet.is_file() else ())
            if b["genre"] == "phrases"
            for p in b["phrases"]
        ]
        return Ancien.du_recu(recu, pd.read_parquet(dossier / TABLE), phrases)
    except (OSError, ValueError, KeyError, TypeError) as cause:
        raise ParametreInvalide(DITS["pas_un_portrait"].format(dossier=dossier, cause=cause)) from cause


def verifier(dossier: Path, code: str, nom: str, diffusion: str) -> None:
    """Refuser, avant tout calcul, un portrait gardé qui ne peut pas être rapproché de celui-ci."""
    ancien = lire_l_ancien(dossier)
    if ancien.code != code:
        raise ParametreInvalide(
            DITS["autre_territoire"].format(
                dossier=dossier, autre=f"{ancien.nom} ({ancien.code})", nom=f"{nom} ({code})"
            )
        )
    if ancien.diffusion == "interne" and diffusion != "interne":
        raise ParametreInvalide(DITS["interne"].format(dossier=dossier))


def poser_la_cellule(carnet: Carnet, dossier: Path) -> None:
    """Mettre dans un carnet la cellule qui montre ce qui a changé depuis un portrait gardé."""
    ou = json.dumps(str(dossier.resolve()), ensure_ascii=False)
    cellule: dict[str, Any] = {"cell_type": "code", "id": CHANGEMENTS, "metadata": {"tags": [CHANGEMENTS]}}
    cellule |= {"source": CELLULE.format(ou=ou), "outputs": [], "execution_count": None}
    noms = [c.get("id") for c in carnet["cells"]]
    place = next((noms.index(nom) for nom in AVANT if nom in noms), len(noms))
    carnet["cells"].insert(place, cellule)


def changements(ouvert: Any, dossier: str) -> Montre:
    """Montrer ce qui a changé depuis un portrait gardé : chiffres, phrases démenties, rangs, sources."""
    from carnets.documents.montre import Montre  # noqa: PLC0415 - imports lents

    if not (Path(dossier) / RECU).is_file():
        # Un carnet livré, rouvert ailleurs, se refait sans ce chapitre.
        return Montre([], texte=DITS["absent"].format(dossier=dossier))
    from abs.changements.ancien import lots_du_recu  # noqa: PLC0415
    from abs.changements.chiffres import Comparaison  # noqa: PLC0415
    from abs.changements.document import chapitre  # noqa: PLC0415
    from carnets.documents.preuve.preuve import contenu_du_recu  # noqa: PLC0415

    portrait, base = ouvert.compose, ouvert.reglages.base
    recu = json.loads(json.dumps(contenu_du_recu(portrait.diagnostic, base)))
    comparaison = Comparaison(
        lire_l_ancien(Path(dossier)), portrait.diagnostic, lots_du_recu(recu["fichiers"]), base
    )
    return Montre(chapitre(comparaison, dict.fromkeys(_phrases(portrait))))


def _phrases(donnees: object) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Trouver toutes les phrases d'un portrait, où que sa composition les range."""
    from abs.calcul.table_longue import Diagnostic  # noqa: PLC0415
    from abs.phrases.phrases import Phrase  # noqa: PLC0415

    if isinstance(donnees, Phrase):
        yield donnees.texte, donnees.references
    elif isinstance(donnees, tuple | list):
        for morceau in donnees:
            yield from _phrases(morceau)
    elif is_dataclass(donnees) and not isinstance(donnees, Diagnostic):
        for champ in fields(donnees):
            yield from _phrases(getattr(donnees, champ.name))
