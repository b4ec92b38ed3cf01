"""Dire ce que la base tient d'un quartier prioritaire : quelles parties, de quelles années, et ce qu'on peut en tirer."""

from __future__ import annotations

from abs.definitions import dire
from abs.langue import enumerer
from donnees_insee.base.base import Base
from donnees_insee.catalogue.catalogue import sources
from donnees_insee.geographie.dates_des_parties import dates


def ce_qui_est_tenu(base: Base, code: str) -> list[str]:
    """Lister les parties tenues d'un quartier, chacune avec l'année de ses données ou ses éditions."""
    lues = dates(base)
    tenues: dict[str, dict[int | None, set[int]]] = {}
    for s in (s for s in sources().values() if "qpv" in s.niveaux):
        for edition in base.millesimes(s.id, "qpv"):
            table = base.lire(s.id, edition, "qpv", codes=[code])
            if code not in table.index:
                continue
            for partie in s.parties or (None,):
                if partie is not None and not any(partie.motif.fullmatch(str(c)) for c in table.columns):
                    continue
                nom = s.titre.split(" : ")[-1] if partie is None else partie.nom
                connue = edition if partie is None or partie.du_millesime else lues.de(s.id, partie, edition)
                tenues.setdefault(nom, {}).setdefault(connue, set()).update({edition} - {connue})
    return [f"{nom} : {_annees(par_annee)}" for nom, par_annee in tenues.items()]


def _annees(par_annee: dict[int | None, set[int]]) -> str:
    annees = sorted(a for a in par_annee if a is not None)
    connues = [f"de {annee}{_editions(par_annee[annee])}" for annee in annees]
    dites = [f"données {enumerer(connues)}"] if connues else []
    if None in par_annee:
        dites.append(f"année des données inconnue{_editions(par_annee[None])}")
    return " ; ".join(dites)


def _editions(editions: set[int]) -> str:
    liste = enumerer([str(e) for e in sorted(editions)])
    return f" (édition{'s' if len(editions) > 1 else ''} {liste})" if editions else ""


def pourquoi_sans_evolution(base: Base, code: str, nom: str) -> str:
    """Dire qu'un quartier prioritaire n'a pas d'évolution, et ce que la base permet d'en lire."""
    tenu = ce_qui_est_tenu(base, code)
    suite = dire("territoires", "qpv_tenu" if tenu else "qpv_non_tenu", tenu=" ; ".join(tenu), code=code)
    return dire("territoires", "qpv_sans_evolution", nom=nom, code=code) + suite
