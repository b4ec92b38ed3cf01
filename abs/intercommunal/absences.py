"""Dire ce qui manque aux tableaux d'une intercommunalité : indicateurs peu remplis, communes sans chiffre, et pourquoi."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from abs.calcul.chiffre import Chiffre
from abs.calcul.table_longue import Diagnostic
from abs.definitions import dire
from abs.formats import nombre
from abs.indicateurs.indicateurs import Indicateur
from abs.intercommunal.plan import plan
from abs.statuts import LIBELLES_STATUT, Fiabilite

NOMS_CITES: Final = 12


def chiffrees(diagnostic: Diagnostic, code: str, *, solides: bool = False) -> dict[str, Chiffre]:
    """Donner, par commune, les chiffres d'un indicateur qui ont une valeur ; au besoin, sans les fragiles."""
    lus = {t.code: diagnostic.chiffre(t, code, "mailles") for t in diagnostic.ensembles.mailles}
    return {
        commune: c
        for commune, c in lus.items()
        if c is not None and c.a_une_valeur and not (solides and c.fiabilite == Fiabilite.FRAGILE)
    }


def remplissage(diagnostic: Diagnostic, indicateur: Indicateur) -> int:
    """Compter les communes qui ont un chiffre."""
    return len(chiffrees(diagnostic, indicateur.code))


def par_raison(couples: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Réunir des noms par la raison qu'ils partagent, dans leur ordre."""
    noms: dict[str, list[str]] = {}
    for raison, nom in couples:
        noms.setdefault(raison, []).append(nom)
    return noms


def indicateurs_du_theme(diagnostic: Diagnostic, theme: str, voulus: Sequence[str] = ()) -> list[Indicateur]:
    """Choisir les indicateurs montrés dans un thème."""
    codes = voulus or plan()["tableaux"][theme]
    minimum = 1.0 if voulus else plan()["tableaux"]["part_des_communes"] * len(diagnostic.ensembles.mailles)
    connus = [diagnostic.indicateurs[c] for c in codes if c in diagnostic.indicateurs]
    return [i for i in connus if i.theme == theme and remplissage(diagnostic, i) >= max(minimum, 1.0)]


def peu_remplis(diagnostic: Diagnostic, theme: str) -> list[str]:
    """Dire quels indicateurs du plan ne sont pas dans les tableaux, faute d'assez de communes chiffrées."""
    montres, du_plan = indicateurs_du_theme(diagnostic, theme), plan()["tableaux"][theme]
    autres = [i for c in du_plan if (i := diagnostic.indicateurs[c]) not in montres]
    comptes = [(i, remplissage(diagnostic, i)) for i in autres]
    cites = {
        "quelques": " ; ".join(f"{i.libelle} ({nombre(n)})" for i, n in comptes if n),
        "aucune": " ; ".join(i.libelle for i, n in comptes if not n),
    }
    total = nombre(len(diagnostic.ensembles.mailles))
    return [dire("absences", cas, cites=liste, total=total) for cas, liste in cites.items() if liste]


def raisons(diagnostic: Diagnostic, liste: Sequence[Indicateur]) -> list[str]:
    """Dire pourquoi des communes n'ont pas de chiffre, raison par raison."""
    libelles: dict[str, dict[tuple[str, ...], list[str]]] = {}
    for i in liste:
        lus = ((t, diagnostic.chiffre(t, i.code, "mailles")) for t in diagnostic.ensembles.mailles)
        noms = par_raison((_raison(c), t.nom) for t, c in lus if c is not None and not c.a_une_valeur)
        for raison, communes in noms.items():
            libelles.setdefault(raison, {}).setdefault(tuple(communes), []).append(i.libelle_court)
    return [
        f"Sans chiffre, {raison} : {_citer(communes)} ({' ; '.join(siens)})."
        for raison, groupes in libelles.items()
        for communes, siens in groupes.items()
    ]


def _raison(chiffre: Chiffre) -> str:
    premiere = chiffre.note.split(" ; ")[0]
    if premiere.startswith(("seulement", "aucun des")):
        return dire("absences", "partie")
    return premiere or LIBELLES_STATUT[chiffre.statut]


def _citer(noms: Sequence[str]) -> str:
    reste = len(noms) - NOMS_CITES
    return ", ".join(noms[:NOMS_CITES]) + (f" et {nombre(reste)} autres" if reste > 0 else "")
