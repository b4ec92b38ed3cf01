"""Qui était en tête ou en queue parmi les quartiers ou les communes d'un territoire, et qui l'est maintenant."""

from dataclasses import dataclass
from typing import Final

from abs.calcul.table_longue import Chiffre, chiffres_de
from abs.changements.chiffres import Comparaison
from abs.formats import arrondir
from abs.indicateurs.indicateurs import Indicateur
from abs.phrases.ecriture import decimales
from abs.phrases.significativite import DIFFERENTS, comparer
from abs.statuts import Fiabilite
from abs.territoires.territoires import Territoire

RANGES_MINIMUM: Final = 3


@dataclass(frozen=True)
class Place:
    """Un bout du classement, avant et maintenant."""

    indicateur: Indicateur
    haut: bool
    avant: tuple[Territoire, Chiffre]
    apres: tuple[Territoire, Chiffre]
    sur: int


def places_changees(comparaison: Comparaison, indicateurs: list[Indicateur]) -> list[Place]:
    """Lister les bouts de classement dont le tenant a changé, entre chiffres qui se comparent."""
    ensembles = comparaison.diagnostic.ensembles
    groupes = {"mailles": ensembles.mailles, "qpv": ensembles.qpv}
    trouvees = []
    for indicateur in indicateurs:
        for groupe, territoires in groupes.items():
            trouvees += _du_groupe(comparaison, indicateur, groupe, territoires)
    return trouvees


def _du_groupe(
    comparaison: Comparaison, indicateur: Indicateur, groupe: str, territoires: tuple[Territoire, ...]
) -> list[Place]:
    apres = dict(chiffres_de(comparaison.diagnostic.lus(territoires, indicateur.code, groupe)))
    avant = dict(
        chiffres_de((t, comparaison.ancien.chiffre(t, indicateur.code, groupe)) for t in territoires)
    )
    # Un classement où il manque quelqu'un n'est pas le même classement.
    if len(apres) < RANGES_MINIMUM or avant.keys() != apres.keys():
        return []
    temoin = next(iter(apres))
    if comparaison.refus(indicateur, avant[temoin], apres[temoin]):
        return []
    places = []
    for haut in (True, False):
        tenant, nouveau = (_bout(indicateur, lus, haut=haut) for lus in (avant, apres))
        if tenant and nouveau and tenant[0].code != nouveau[0].code:
            # Deux places échangées à l'intérieur des marges ne disent rien.
            t, n = tenant[0], nouveau[0]
            ecarts = [comparer(indicateur, lus[t], lus[n]).verdict for lus in (avant, apres)]
            if not {*ecarts} <= DIFFERENTS:
                continue
            places.append(Place(indicateur, haut, tenant, nouveau, len(apres)))
    return places


def _bout(
    indicateur: Indicateur, lus: dict[Territoire, Chiffre], *, haut: bool
) -> tuple[Territoire, Chiffre] | None:
    """Donner le seul territoire d'un bout ; aucun, s'ils sont plusieurs une fois arrondis, ou si son chiffre est fragile."""
    ecrits = {t: arrondir(c.valeur, decimales(indicateur, c)) for t, c in lus.items()}
    borne = (max if haut else min)(ecrits.values())
    tenants = [t for t, e in ecrits.items() if e == borne]
    if len(tenants) != 1 or lus[tenants[0]].fiabilite == Fiabilite.FRAGILE:
        return None
    return tenants[0], lus[tenants[0]]
