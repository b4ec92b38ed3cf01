"""Ce qui peut passer d'une maille à un périmètre dessiné : des comptes, jamais un taux ni une médiane."""

import math
from dataclasses import dataclass
from typing import Any, Final

from abs.calcul.table_longue import Chiffre
from abs.definitions import dire, table
from abs.formats import nombre
from abs.indicateurs.indicateurs import Indicateur, Lecture
from abs.statuts import Statut
from donnees_insee.catalogue.tables import nature_non_additive
from donnees_insee.erreurs import ErreurAbs

# Des bornes plus écartées que cette part de l'estimation ne disent plus rien : le chiffre n'est pas donné.
ECART_MAXIMAL: Final = 0.5
METHODES: Final[dict[str, str]] = table("_etudes")["methodes"]
PUBLIABLES: Final = frozenset({"carreaux", "iris_reponderes"})


class TransfertRefuse(ErreurAbs):
    """Le chiffre demandé ne peut pas passer d'une maille à un périmètre."""


@dataclass(frozen=True)
class Estimation:
    """Un compte estimé pour un périmètre, avec ses bornes et la méthode qui l'a donné."""

    methode: str
    valeur: float
    basse: float = math.nan
    haute: float = math.nan
    numerateur: float = math.nan
    denominateur: float = math.nan
    exacte: bool = False
    note: str = ""
    manque: str = ""


def publier(estimation: Estimation, *, territoire: str, indicateur: str, **origine: Any) -> Chiffre:
    """Changer une estimation en chiffre, si sa méthode et ses bornes le permettent ; l'origine dit source et date."""
    if estimation.methode not in PUBLIABLES:
        methode = METHODES.get(estimation.methode, estimation.methode)
        mots = {"indicateur": indicateur, "territoire": territoire, "methode": methode}
        raise TransfertRefuse(dire("perimetres", "non_publiable", **mots))
    statut = Statut.CALCULE if estimation.exacte else Statut.ESTIME
    valeur, note = estimation.valeur, estimation.note
    if estimation.manque:
        statut, valeur, note = Statut.INDISPONIBLE, math.nan, estimation.manque
    elif not estimation.haute - estimation.basse <= ECART_MAXIMAL * estimation.valeur:
        statut, valeur = Statut.INDISPONIBLE, math.nan
        basse, haute = (nombre(v, 0 if abs(v) >= 100 else 1) for v in (estimation.basse, estimation.haute))
        note = f"bornes trop écartées : de {basse} à {haute}, plus de la moitié de l'estimation"
    comptes = {"numerateur": estimation.numerateur, "denominateur": estimation.denominateur}
    bornes = {"borne_basse": estimation.basse, "borne_haute": estimation.haute}
    nombres: dict[str, Any] = {"valeur": valeur, **bornes, **(comptes if math.isfinite(valeur) else {})}
    return Chiffre(territoire, "perimetre", indicateur, statut=statut, note=note, **nombres, **origine)


def exiger_un_compte(indicateur: Indicateur) -> Lecture:
    """Donner la lecture sommable d'un indicateur, ou refuser un taux, une médiane ou un quantile."""
    lectures = (le for le in indicateur.lectures if "iris" in le.source.niveaux)
    compte = next((le for le in lectures if not le.est_publiee and le.denominateur is None), None)
    if indicateur.nature == "effectif" and compte is not None:
        for variable in compte.variables:
            exiger_une_variable_sommable(variable)
        return compte
    quoi = table("_etudes")["natures"][indicateur.nature]
    raise TransfertRefuse(dire("perimetres", "non_transferable", indicateur=indicateur, quoi=quoi))


def exiger_une_variable_sommable(variable: str) -> None:
    """Refuser de sommer ou de répartir une variable qui n'est pas un compte."""
    nature = nature_non_additive(variable)
    if nature is not None:
        raise TransfertRefuse(dire("perimetres", "non_additive", variable=variable, nature=nature))
