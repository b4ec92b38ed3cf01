"""Les absences d'un tableau : pourquoi un chiffre manque, dit à qui ne lit pas les fichiers."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from abs.calcul.chiffre import Chiffre
from abs.indicateurs.indicateurs import Indicateur
from abs.statuts import LIBELLES_STATUT
from abs.territoires.territoires import Territoire

SANS_VARIABLE: Final = re.compile(r"(fichier déposé) ne contient pas la variable [^;]+")
FICHIER: Final = re.compile(r"(fichiers? déposés?)(?! de\b)")
Lire = Callable[[Territoire, Indicateur], Chiffre | None]


def raison_publique(chiffre: Chiffre, raison: str | None = None) -> str:
    """Dire la raison d'une absence à qui ne lit pas les fichiers : sans nom de colonne, avec l'année du fichier."""
    texte = SANS_VARIABLE.sub(r"\1 ne donne pas ce chiffre", chiffre.note if raison is None else raison)
    if chiffre.millesime is None:
        return (
            f"{texte} (aucune année n'en est déposée)" if texte.startswith("il manque le fichier") else texte
        )
    return FICHIER.sub(rf"\1 de {chiffre.millesime}", texte)


def raisons_des_absences(
    territoires: Sequence[Territoire],
    liste: Sequence[Indicateur],
    lire: Lire,
) -> list[str]:
    """Dire pourquoi des mailles n'ont pas de chiffre, raison par raison."""
    par_raison: dict[tuple[str, str], list[str]] = {}
    for indicateur in liste:
        for t in territoires:
            chiffre = lire(t, indicateur)
            if chiffre is not None and not chiffre.a_une_valeur:
                raison = chiffre.note.split(" ; ", maxsplit=1)[0] or LIBELLES_STATUT[chiffre.statut]
                if raison.startswith(("seulement", "aucun des")):
                    # Le compte exact est dans l'infobulle ; ici, une ligne par cause suffit.
                    raison = "une partie seulement de la commune a un chiffre dans les fichiers déposés"
                cle = (indicateur.libelle_court, raison_publique(chiffre, raison))
                par_raison.setdefault(cle, []).append(t.nom)
    par_noms: dict[tuple[str, str], list[str]] = {}
    for (libelle, raison), noms in par_raison.items():
        par_noms.setdefault(
            (raison, ", ".join(noms[:12]) + (f" et {len(noms) - 12} autres" if len(noms) > 12 else "")), []
        ).append(libelle)
    return [
        f"Sans chiffre, {raison} : {noms} ({' ; '.join(libelles)})."
        for (raison, noms), libelles in par_noms.items()
    ]
