"""Dire, pour les sources qu'une base tient, les millésimes qui n'existent pas, ceux qui ont paru et ceux à attendre."""

from donnees_insee.base.base import Base
from donnees_insee.catalogue.catalogue import sources
from donnees_insee.catalogue.parutions import suite


def dire_les_parutions(base: Base) -> tuple[str, ...]:
    """Écrire une phrase par producteur et par date tenue ; les sources qui disent la même chose en font une."""
    phrases: dict[str, None] = {}
    for source in sources().values():
        tenus = base.millesimes(source.id)
        if tenus and (dites := suite(source, tenus[-1])):
            phrases[f"{source.titre_court} : {tenus[-1]} tenu ; {' ; '.join(dites)}."] = None
    return tuple(phrases)
